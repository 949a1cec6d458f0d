/** Owns: made-up notes, so that their place can be tested and looked at without the program. Never in the program. */
import type { NotesBackend } from "../notes";
import type { BackendError, NotePart, OwnEntryPart } from "../types";
import type { RecordedState } from "./cases";

type Fail = (code: BackendError["code"], message: string, hint: string) => never;
const WHO = "ana@office";
const note = (id: number, kind: string, subject: string, text: string, more: Partial<NotePart> = {}): NotePart => ({
  id, subject, kind, text, who: WHO, at: "2026-11-13T02:10:00.000000000Z", source_sha256: "", entry: 0, filter: subject, gone: false, ...more,
});

export function notesOf(state: RecordedState, fail: Fail): NotesBackend {
  let notes: NotePart[] = state.sources === 0 ? [] : [
    note(1, "note", "event:63", "Maria says that she was asleep at this time.", { event: 63, time: "2026-11-11T18:16:52.000000000Z", source_sha256: "3f8a11c0".repeat(8), entry: 63 }),
    note(2, "tag", "actor:maria.santos@example.com", "on leave", { filter: "actor:maria.santos@example.com" }),
    note(3, "entry", "", "Called PayMongo support, ticket 4711", { time: "2026-11-12T02:10:00.000000000Z", filter: "" }),
  ];
  let next = 4;
  return {
    async notesList(contains, kinds) {
      const wanted = contains.trim().toLowerCase();
      const found = notes.filter((one) => (kinds.length === 0 || kinds.includes(one.kind as "note")) && `${one.text}\n${one.subject}`.toLowerCase().includes(wanted));
      return { notes: found, total: notes.length };
    },
    async notePut(subject, kind, text, on) {
      if (!/^(event|actor|record|finding):/.test(subject)) fail("invalid_option", `\`${subject}\` is nothing that marks are put on`, "Write event:17, actor:\u2026, record:type/id or finding:F-\u2026.");
      const rest = notes.filter((one) => !(one.subject === subject && one.kind === kind && one.text === text));
      notes = on ? [...rest, note(next++, kind, subject, text, subject.startsWith("event:") ? { event: Number(subject.slice(6)) } : {})] : rest;
    },
    async entryAdd(time, text) {
      const at = new Date(time.includes("T") ? time : `${time.replace(" ", "T")}Z`);
      if (Number.isNaN(at.getTime())) fail("invalid_query", `\`${time}\` is no time`, "Write such as 2026-11-12 10:10.");
      notes = [...notes, note(next++, "entry", "", text, { time: at.toISOString(), filter: "" })];
      return next - 1;
    },
    async noteTakeBack(id) {
      notes = notes.filter((one) => one.id !== id);
    },
    async viewEntries() {
      return notes.filter((one) => one.kind === "entry").map((one): OwnEntryPart => ({
        id: one.id, text: one.text, who: one.who, at: one.at, before: 2,
        time: { day: "Thu 12 Nov 2026", clock: "10:10:00", offset: "+08:00", utc: one.time ?? "" },
      }));
    },
  };
}
