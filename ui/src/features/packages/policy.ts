/** Owns: what a person chooses to hide, and the same as the text of a policy (docs/package-format.md). Never touches:
 * values; the program finds and replaces them. */

export const ACTS = ["keep", "pseudonym", "mask", "remove"] as const;
export type Act = (typeof ACTS)[number];

export type Choice = {
  what: string;
  /** Fields of an event, or nothing when it is a pattern. */
  fields: string[];
  pattern?: "email" | "ip" | "card" | "name";
  act: Act;
  /** First part of a token. */
  prefix: string;
  /** Characters that a mask leaves. */
  last: number;
};

/** What can be hidden, most telling first; of several rules that catch a value, the first one wins. */
export const usual = (): Choice[] => [
  { what: "E-mail, name and id", fields: ["user.email", "user.name", "user.id"], act: "pseudonym", prefix: "actor", last: 0 },
  { what: "Objects by name", fields: ["target.name"], act: "keep", prefix: "target", last: 0 },
  { what: "Account numbers", fields: ["changes.*.account_number", "changes.*.iban"], act: "mask", prefix: "account", last: 2 },
  { what: "Addresses", fields: ["source.ip", "related.ip"], act: "keep", prefix: "address", last: 0 },
  { what: "Sessions", fields: ["session.id"], act: "keep", prefix: "session", last: 0 },
  { what: "Device", fields: ["user_agent.original"], act: "keep", prefix: "device", last: 0 },
  { what: "Free text", fields: ["message"], act: "keep", prefix: "text", last: 0 },
  { what: "E-mail in any text", fields: [], pattern: "email", act: "pseudonym", prefix: "person", last: 0 },
  { what: "Names in any text", fields: [], pattern: "name", act: "pseudonym", prefix: "actor", last: 0 },
  { what: "Cards in any text", fields: [], pattern: "card", act: "mask", prefix: "card", last: 4 },
  { what: "Addresses in any text", fields: [], pattern: "ip", act: "keep", prefix: "address", last: 0 },
];

const quoted = (text: string): string => JSON.stringify(text);

/** The policy as the program reads it. */
export function policyText(name: string, choices: Choice[]): string {
  const rules = choices.map((one) => {
    const lines = ["[[rule]]"];
    if (one.fields.length) lines.push(`fields = [${one.fields.map(quoted).join(", ")}]`);
    if (one.pattern) lines.push(`pattern = ${quoted(one.pattern)}`);
    lines.push(`do = ${quoted(one.act)}`);
    if (one.act === "pseudonym") lines.push(`prefix = ${quoted(one.prefix)}`);
    if (one.act === "mask" && one.last) lines.push(`last = ${one.last}`);
    return lines.join("\n");
  });
  return [`name = ${quoted(name)}`, ...rules].join("\n\n") + "\n";
}
