/** Owns: what the fields are called in the rail, in menus and in the detail. */

export type Facet = { title: string; fields: string[]; mono?: boolean };

/** The rail. Several fields in one group: the one that most events have is shown (a log names people by e-mail, by name
 * or by id, seldom by all). */
export const FACETS: Facet[] = [
  { title: "Outcome", fields: ["event.outcome"] },
  { title: "Operation", fields: ["event.operation"] },
  { title: "Action", fields: ["event.action"] },
  { title: "Actor", fields: ["user.email", "user.name", "user.id"] },
  { title: "Address", fields: ["source.ip"], mono: true },
  { title: "Country", fields: ["source.geo.country_iso_code"] },
  { title: "Kind of record", fields: ["target.type"] },
  { title: "System", fields: ["event.provider"] },
];

/** What the bars can be stacked by. */
export const SPLITS = [
  { field: "event.outcome", title: "Outcome" }, { field: "event.category", title: "Category" }, { field: "event.operation", title: "Operation" },
  { field: "event.provider", title: "System" }, { field: "event.sensitivity", title: "Sensitivity" }, { field: "", title: "Not stacked" },
];
export const OUTCOMES = ["success", "failure", "unknown"];

const NOUNS: Record<string, string> = {
  "event.outcome": "outcome", "event.operation": "operation", "event.action": "action", "user.email": "actor", "user.name": "actor",
  "user.id": "actor", "source.ip": "address", "related.ip": "address", "source.geo.country_iso_code": "country",
  "source.geo.city_name": "city", "event.provider": "system", "session.id": "session", "event.category": "category",
  "organization.id": "organization", "organization.name": "organization", "target.id": "record", "target.name": "record",
  "target.type": "kind of record", "user_agent.original": "device", "user_agent.name": "client", "user_agent.os.name": "system",
  "changes.field": "field", "service.name": "origin", "service.version": "version", "service.environment": "environment",
  "error.type": "error", "event.reason": "reason", "event.type": "class", "user.type": "kind of actor",
};

/** `address` in "Only this address". */
export const noun = (field: string): string => NOUNS[field] ?? "value";

/** The network a person means when they say "from there": /24 of an IPv4 address, /64 of an IPv6 address. */
export function network(address: string): string | undefined {
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(address)) return `${address.split(".").slice(0, 3).join(".")}.0/24`;
  if (!/^[0-9a-f:]+$/i.test(address) || !address.includes(":")) return undefined;
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = tail === undefined ? left : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0"), ...right];
  return groups.length === 8 ? `${groups.slice(0, 4).join(":")}::/64` : undefined;
}
