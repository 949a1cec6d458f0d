/** Owns: what the window can ask about notes, tags, bookmarks and the examiner's own entries. Never touches: how a call
 * travels. */
import type { NotesReport, OwnEntryPart } from "./types";

export type NoteKind = "note" | "tag" | "bookmark" | "entry";

export interface NotesBackend {
  /** What persons wrote that contains a text; no kinds: all. */
  notesList(contains: string, kinds: NoteKind[]): Promise<NotesReport>;
  /** Puts a mark on `event:17`, `actor:…`, `record:type/id` or `finding:F-…`, or takes it off. */
  notePut(subject: string, kind: "note" | "tag" | "bookmark", text: string, on: boolean): Promise<void>;
  /** Adds a dated entry of one's own; gives its number. */
  entryAdd(time: string, text: string, zone: string): Promise<number>;
  /** Takes back an entry, or a mark that is on no event. */
  noteTakeBack(id: number): Promise<void>;
  /** Entries that the filter of a view holds of, each with the rank of the row before which it stands. */
  viewEntries(view: number): Promise<OwnEntryPart[]>;
}
