/** Owns: the filter as a row of pieces: how pieces become one text, how the chips that the program found in that text
 * become pieces again, and how a clicked value becomes a piece. Never touches: the grammar (the program's alone); a
 * piece is text here, and only its ends are known. */
import type { Chip } from "../backend/types";

export type Piece = {
  text: string;
  /** Key as written, empty for free text and for groups. */
  key: string;
  value: string;
  negated: boolean;
  /** Left out of the query that is sent, kept for the person. */
  suspended: boolean;
};

const encoder = new TextEncoder();

/** UTF-16 index of a UTF-8 byte offset; the program counts bytes. */
export function indexOfByte(text: string, byte: number): number {
  let bytes = 0;
  let index = 0;
  for (const char of text) {
    if (bytes >= byte) break;
    bytes += encoder.encode(char).length;
    index += char.length;
  }
  return index;
}

/** UTF-8 byte offset of a UTF-16 index. */
export const byteOfIndex = (text: string, index: number): number => encoder.encode(text.slice(0, index)).length;

export const piece = (text: string): Piece => ({ text, key: "", value: text, negated: false, suspended: false });

/** Whether one pair of parentheses holds the whole text. */
function wrapped(text: string): boolean {
  if (!text.startsWith("(") || !text.endsWith(")")) return false;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (quoted && char === "\\") i++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && char === "(") depth++;
    else if (!quoted && char === ")" && --depth === 0) return i === text.length - 1;
  }
  return false;
}

/** Whether the text holds an OR that its neighbours must not be drawn into. */
const loose = (text: string): boolean => /(^|\s)OR(\s|$)/.test(text.replaceAll(/"(?:[^"\\]|\\.)*"/gs, '""')) && !wrapped(text);

/** The query of the pieces that hold, and where each stands in it. */
export function compose(pieces: Piece[]): { query: string; ranges: ([number, number] | undefined)[] } {
  const held = pieces.filter((one) => !one.suspended && one.text.trim() !== "");
  let query = "";
  const ranges: ([number, number] | undefined)[] = [];
  for (const one of pieces) {
    if (!held.includes(one)) {
      ranges.push(undefined);
      continue;
    }
    const text = held.length > 1 && loose(one.text) ? `(${one.text.trim()})` : one.text.trim();
    if (query !== "") query += " ";
    ranges.push([query.length, query.length + text.length]);
    query += text;
  }
  return { query, ranges };
}

/** The value that a chip's text means: without its quotes, their escapes, and the sign of a negation. */
export function meant(written: string): string {
  const bare = written.replace(/^!/, "");
  return /^"(?:[^"\\]|\\.)*"$/s.test(bare) ? bare.slice(1, -1).replaceAll(/\\(["\\])/g, "$1") : bare;
}

/** The pieces anew, each active one split at the chips that the program found in it. A piece with anything but blanks
 * between its chips (an OR, a parenthesis) stays one, because taking a part out of it could change its meaning. */
export function split(pieces: Piece[], query: string, ranges: ([number, number] | undefined)[], chips: Chip[]): Piece[] {
  const placed = chips.map((chip) => ({ chip, from: indexOfByte(query, chip.start), to: indexOfByte(query, chip.end) }));
  return pieces.flatMap((old, i): Piece[] => {
    const range = ranges[i];
    if (!range) return old.suspended ? [old] : [];
    const [from, to] = range;
    const text = query.slice(from, to);
    const inside = placed.filter((one) => one.from >= from && one.to <= to);
    let at = from;
    let plain = inside.length > 0;
    for (const one of inside) {
      plain &&= query.slice(at, one.from).trim() === "";
      at = one.to;
    }
    plain &&= query.slice(at, to).trim() === "";
    // The program names no chips where a query has groups; what was known of an unchanged piece still holds.
    if (!plain && old.text === text) return [old];
    if (!plain) return [{ text, key: "", value: text, negated: false, suspended: false }];
    return inside.map(({ chip, from, to }) => ({
      text: query.slice(from, to), key: chip.key, value: meant(chip.value), negated: chip.negated, suspended: false,
    }));
  });
}

const SHORT: Record<string, string> = {
  "event.action": "action", "event.category": "category", "event.type": "type", "event.operation": "op",
  "event.outcome": "outcome", "event.provider": "provider", "event.sensitivity": "sensitivity", "source.ip": "ip",
  "source.geo.country_iso_code": "country", "source.geo.city_name": "city", "user.email": "actor", "user.name": "actor",
  "user.id": "actor", "session.id": "session", "service.name": "origin", "service.version": "version",
  "service.environment": "env", "user_agent.name": "browser", "user_agent.os.name": "os", "user_agent.original": "ua",
  "changes.field": "field", "witnessmark.profile": "profile", "witnessmark.problems": "problem", operation: "op",
  system: "provider", email: "actor",
};

/** The word for a field in the bar; canonical names without a short one stay as they are. */
export const short = (field: string): string => SHORT[field.toLowerCase()] ?? field;

/** Values of these are plain words or addresses and need no quotes; all others are quoted, which means exactly. */
const BARE = new Set(["op", "outcome", "country", "ip", "category", "in", "event", "problem", "has", "provider"]);

/** `ip:203.0.113.45`, `actor:"Maria Santos"`, `-op:read` */
export function term(field: string, value: string, negated: boolean): Piece {
  const key = short(field);
  const bare = BARE.has(key) && /^[\p{L}\p{N}._:-]+$/u.test(value);
  const written = bare ? value : `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
  return { text: `${negated ? "-" : ""}${key}:${written}`, key, value, negated, suspended: false };
}

const same = (a: Piece, b: Piece): boolean => short(a.key) === short(b.key) && a.value === b.value;

/** "Only this": takes the place of what the bar said of the same field before, because terms of one key are alternatives. */
export function only(pieces: Piece[], wanted: Piece): Piece[] {
  return [...pieces.filter((one) => short(one.key) !== short(wanted.key) || (one.negated && !same(one, wanted))), wanted];
}

/** "Not this": what the bar said for this value goes. */
export const without = (pieces: Piece[], unwanted: Piece): Piece[] => [...pieces.filter((one) => !same(one, unwanted)), unwanted];

/** Whether the bar asks for this value (true), excludes it (false), or says nothing of it. */
export function stance(pieces: Piece[], field: string, value: string): boolean | undefined {
  const found = pieces.find((one) => !one.suspended && short(one.key) === short(field) && one.value === value);
  return found && !found.negated;
}

/** Whether a piece bounds the time. */
export const isTime = (one: Piece): boolean => one.key === "after" || one.key === "before" || one.key === "time" || one.key === "@timestamp";

/** The pieces with the time bounded to a half-open range, or unbounded. */
export function during(pieces: Piece[], range: { from: number; to: number } | undefined): Piece[] {
  const rest = pieces.filter((one) => !isTime(one) || one.suspended);
  if (!range) return rest;
  const iso = (ms: number) => new Date(ms).toISOString().replace(".000Z", "Z");
  const bound = (key: string, ms: number): Piece => ({ text: `${key}:${iso(ms)}`, key, value: iso(ms), negated: false, suspended: false });
  return [...rest, bound("after", range.from), bound("before", range.to)];
}

/** The instants that active `after:` and `before:` pieces name, as far as they are full instants. */
export function bounds(pieces: Piece[]): { from: number | undefined; to: number | undefined } {
  const of = (key: string): number | undefined => {
    const found = pieces.find((one) => one.key === key && !one.suspended && !one.negated);
    const ms = found && /T.*(Z|[+-]\d\d:\d\d)$/.test(found.value) ? Date.parse(found.value) : Number.NaN;
    return Number.isFinite(ms) ? ms : undefined;
  };
  return { from: of("after"), to: of("before") };
}
