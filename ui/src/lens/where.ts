/** Owns: the words for the places of the window, their order and keys, and what a place can be about. Never touches:
 * which of them are there (the registry in app/places.ts says), how they look. */

/** Every place there can be, in the order of the header. A place is shown once it is in the registry. */
export const PLACES = [
  { name: "overview", title: "Overview", key: "1", group: "events", lens: true },
  { name: "timeline", title: "Timeline", key: "2", group: "events", lens: true },
  { name: "actors", title: "Actors", key: "3", group: "events", lens: true },
  { name: "records", title: "Records", key: "4", group: "events", lens: true },
  { name: "signins", title: "Sign-ins", key: "5", group: "events", lens: true },
  { name: "errors", title: "Errors", key: "6", group: "events", lens: true },
  { name: "findings", title: "Findings", key: "7", group: "review", lens: true },
  { name: "checklists", title: "Checklists", key: "8", group: "review", lens: true },
  { name: "notes", title: "Notes", key: "M", group: "review", lens: false },
  { name: "sources", title: "Sources", key: "9", group: "case", lens: false },
  { name: "remote", title: "Remote logs", key: "R", group: "case", lens: false },
  { name: "packages", title: "Packages", key: "0", group: "case", lens: true },
  { name: "sql", title: "SQL", key: "Q", group: "case", lens: false },
  { name: "custody", title: "Custody", key: "C", group: "case", lens: false },
] as const satisfies { name: string; title: string; key: string; group: string; lens: boolean }[];

export type PlaceName = (typeof PLACES)[number]["name"];

/** What a place can be about, so that one place can lead to another without knowing it. */
export type Subject =
  /** An actor by id, e-mail or name, as the filter `actor:` takes it, or `exact` as a log gave it; or two of them side by side. */
  | { kind: "actor"; who: string; beside?: string; exact?: true }
  /** What is new in a span against the time before. */
  | { kind: "new" }
  /** A record; without a type every record of that id is meant. `named`: by its name, where the log gives it no id. */
  | { kind: "record"; type?: string; id: string; named?: true }
  | { kind: "session"; id: string }
  /** One event by its number, 1 and up. */
  | { kind: "event"; event: number }
  | { kind: "finding"; id: string }
  | { kind: "checklist"; name: string; actor?: string }
  | { kind: "source"; source: number };

/** Where a person is: a place, and what it shows in particular. */
export type Where = { place: PlaceName; subject: Subject | undefined };

export const HOME: Where = { place: "timeline", subject: undefined };

const text = (subject: Subject | undefined): string => (subject ? JSON.stringify(Object.entries(subject).sort()) : "");
export const sameWhere = (a: Where, b: Where): boolean => a.place === b.place && text(a.subject) === text(b.subject);

export const titleOf = (place: PlaceName): string => PLACES.find((one) => one.name === place)?.title ?? place;
