/** Owns: the words for fields that something can be new in. Never touches: what is new. */

/** Names as `first-seen --by` takes them, with their titles. */
export const FIELDS: [string, string][] = [
  ["action", "Verbs"], ["ip", "Addresses"], ["device", "Devices"], ["country", "Countries"], ["actor", "Actors"], ["record", "Records"], ["target.type", "Kinds of record"],
  ["op", "Operations"], ["category", "Categories"], ["outcome", "Outcomes"], ["session", "Sessions"], ["org", "Organizations"], ["provider", "Systems"], ["field", "Changed fields"],
  ["error.type", "Types of error"], ["version", "Versions"],
];

/** What is asked about when nothing is chosen. */
export const USUAL = ["action", "ip", "device", "country", "target.type", "actor", "actor+action", "actor+country"];

/** Canonical names, as answers give them, beside those of `FIELDS`. */
const CANONICAL: Record<string, string> = {
  "event.action": "action", "source.ip": "ip", "source.geo.country_iso_code": "country", "event.operation": "op", "event.category": "category", "event.outcome": "outcome",
  "session.id": "session", "organization.id": "org", "organization.name": "org", "event.provider": "provider", "change.field": "field", "service.version": "version",
};

const one = (name: string): string => FIELDS.find(([known]) => known === (CANONICAL[name] ?? name))?.[1] ?? name;

/** `Verbs`, `Actors with countries`. */
export function titleOf(by: string): string {
  const [first, second] = by.split("+");
  return second === undefined ? one(first ?? "") : `${one(first ?? "")} with ${one(second).toLowerCase()}`;
}
