/** Owns: which place tells more of a value, so that every menu of a value offers the same ways. Never touches: places. */
import type { Frame, PlaceName, Subject } from "./frame";

export type Way = { title: string; place: PlaceName; subject: Subject };

const ACTOR = new Set(["user.id", "user.email", "user.name", "actor"]);

/** The ways that lead from a value of a field to a place of this version. `type` is the kind of record, where it is known. */
export function waysFrom(frame: Pick<Frame, "has">, field: string, value: string, type?: string): Way[] {
  const all: Way[] = [];
  if (ACTOR.has(field)) all.push({ title: "Open the actor", place: "actors", subject: { kind: "actor", who: value, exact: true } });
  if (field === "target.id") all.push({ title: "Open the record's history", place: "records", subject: { kind: "record", id: value, ...(type === undefined ? {} : { type }) } });
  if (field === "session.id") all.push({ title: "Open what this session did", place: "signins", subject: { kind: "session", id: value } });
  return all.filter((one) => frame.has(one.place));
}
