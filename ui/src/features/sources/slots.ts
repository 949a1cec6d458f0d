/** Owns: the parts of a profile that the mapping screen fills, in its order and words. Never touches: the profile language. */
export type SlotName = { slot: string; title: string };
export type SlotGroup = { title: string; slots: SlotName[] };

export const GROUPS: SlotGroup[] = [
  { title: "When", slots: [{ slot: "time", title: "Time" }] },
  { title: "What", slots: [{ slot: "event.action", title: "Action" }, { slot: "event.outcome", title: "Outcome" }, { slot: "message", title: "Sentence" }, { slot: "event.id", title: "Id of the event" }] },
  { title: "Who", slots: [{ slot: "user.email", title: "Actor’s e-mail" }, { slot: "user.name", title: "Actor’s name" }, { slot: "user.id", title: "Actor’s id" }, { slot: "user.type", title: "Kind of actor" }] },
  { title: "Where from", slots: [{ slot: "source.ip", title: "IP address" }, { slot: "source.geo.country_iso_code", title: "Country" }, { slot: "user_agent.original", title: "User agent" }, { slot: "session.id", title: "Session" }] },
  { title: "On what", slots: [{ slot: "target.type", title: "Kind of record" }, { slot: "target.id", title: "Record’s id" }, { slot: "target.name", title: "Record’s name" }, { slot: "organization.name", title: "Account" }] },
];

/** Every part that takes a field. */
export const SLOTS: SlotName[] = GROUPS.flatMap((group) => group.slots);

export const titleOfSlot = (slot: string): string => SLOTS.find((one) => one.slot === slot)?.title ?? slot;
