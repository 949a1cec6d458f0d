/** Owns: what the window can ask while a person says which field of a log is what. Never touches: how a call travels. */
import type { ImportChoices, KeptProfile, MappingEdits, MappingReport, ProfileFile, ProfilesShown } from "./types";

/** A file that waits to be imported, or a source of the case. */
export type MappingOf = { token: string; /** Of an archive or a workbook; absent: the first that is a log. */ member?: string } | { source: number };

export interface MappingBackend {
  /** What a profile makes of the first part of a log, after changes to its text; nothing is stored. Without a text: the one
   * that reads the log now, or a guess. */
  mappingLook(of: MappingOf, choices: ImportChoices, text: string | undefined, edits: MappingEdits): Promise<MappingReport>;
  /** Keeps a profile in the case; its version is raised where the case holds another text of its id. */
  profileKeep(text: string): Promise<KeptProfile>;
  /** A dialog of the system; the name of the file, or null when the person went back. */
  profileSave(text: string): Promise<string | null>;
  /** A dialog of the system; null when the person went back. */
  profileRead(): Promise<ProfileFile | null>;
  /** The profiles that the case keeps, and those of the person's folder as they stand there now. */
  profilesList(): Promise<ProfilesShown>;
  /** Takes a kept profile out; what it has read stays as it was read. */
  profileForget(id: string): Promise<ProfilesShown>;
  /** A dialog of the system for the folder, which is remembered; null when the person went back. */
  profilesChoose(): Promise<ProfilesShown | null>;
  /** Forgets which folder it is; nothing in it is touched. */
  profilesPutAway(): Promise<ProfilesShown>;
}
