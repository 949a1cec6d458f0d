/** Owns: as much of the filter language as tests and a look at the window need. The program has the real one. */
import type { BackendError, Chip } from "../types";
import type { Made } from "./corpus";

export type Term = Chip & { test: (one: Made) => boolean };
const bytes = (text: string): number => new TextEncoder().encode(text).length;

const KEYS: Record<string, (one: Made) => string[]> = {
  actor: (one) => [one.actor, one.email], op: (one) => [one.operation], action: (one) => [one.action], outcome: (one) => [one.outcome], ip: (one) => [one.ip],
  country: (one) => [one.country], provider: (one) => [one.provider], in: (one) => [String(one.source)], event: (one) => [String(one.event)], session: (one) => [`s-${Math.floor(one.event / 7)}`], profile: (one) => [`${one.provider}@1`], has: (one) => (one.event % 811 === 0 ? ["bookmark"] : []), finding: (one) => (one.changes.length > 4 ? ["critical"] : []), category: (one) => [one.operation === "authenticate" ? "authentication" : "payment"],
  "target.id": (one) => (one.target ? [one.target.id] : []), "target.type": (one) => (one.target ? [one.target.type] : []), field: (one) => one.changes.flatMap((c) => c.field ?? []),
};

export const keys = Object.keys(KEYS);

function refuse(message: string, hint: string, start: number, end: number): never {
  throw { code: "invalid_query", message, hint, where: { start, end } } satisfies BackendError;
}

export function parse(query: string): Term[] {
  const terms: Term[] = [];
  for (const found of query.matchAll(/[-!]?(?:[\w.@]+:)?(?:"(?:[^"\\]|\\.)*"?|[^\s"]+)/g)) {
    const text = found[0];
    const start = bytes(query.slice(0, found.index));
    const end = start + bytes(text);
    if (text.split('"').length % 2 === 0) refuse("A quote is not closed.", 'Write a closing " at the end of the value.', start, end);
    const [, sign, key = "", rest = ""] = /^([-!]?)(?:([\w.@]+):)?(.*)$/s.exec(text) ?? [];
    const exact = rest.startsWith('"');
    const value = exact ? rest.slice(1, -1).replaceAll(/\\(.)/g, "$1") : rest;
    const negated = sign !== "" || value.startsWith("!");
    const wanted = value.replace(/^!/, "");
    let holds: (one: Made) => boolean;
    if (key === "after" || key === "before") {
      const at = Date.parse(wanted);
      if (Number.isNaN(at)) refuse(`“${wanted}” is not a time.`, "Write a date such as 2026-11-12 or an instant such as 2026-11-12T02:14:00Z.", start + bytes(text) - bytes(rest), end);
      holds = key === "after" ? (one) => one.ms !== undefined && one.ms >= at : (one) => one.ms !== undefined && one.ms < at;
    } else if (key === "" && wanted === "undated") holds = (one) => one.ms === undefined;
    else if (key === "") holds = (one) => JSON.stringify(one).toLowerCase().includes(wanted.toLowerCase());
    else {
      const get = KEYS[key];
      if (!get) refuse(`There is no field “${key}”.`, `Fields are ${keys.join(", ")}; or write the text in quotes.`, start + (sign === "" ? 0 : 1), start + (sign === "" ? 0 : 1) + bytes(key));
      const net = /^(\d+\.\d+\.\d+)\.0\/24$/.exec(wanted)?.[1];
      holds = (one) => get(one).some((has) => (net ? has.startsWith(`${net}.`) : exact ? has === wanted : has.toLowerCase() === wanted.toLowerCase()));
    }
    // As the program tells it: the value as written, with its quotes.
    terms.push({ text, start, end, key, value: rest, negated, test: negated ? (one) => !holds(one) : holds });
  }
  return terms;
}

/** Different keys AND, the same positive key ORs. */
export function matches(terms: Term[]): (one: Made) => boolean {
  const groups = new Map<string, Term[]>();
  terms.forEach((term, i) => {
    const name = term.negated || term.key === "" ? `#${i}` : term.key;
    groups.set(name, [...(groups.get(name) ?? []), term]);
  });
  const all = [...groups.values()];
  return (one) => all.every((group) => group.some((term) => term.test(one)));
}
