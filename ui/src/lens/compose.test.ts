import { expect, test } from "vitest";
import type { Chip } from "../backend/types";
import { bounds, byteOfIndex, compose, during, indexOfByte, meant, only, piece, split, stance, term, without } from "./compose";
import { tokens } from "./tokens";

const texts = (pieces: { text: string }[]) => pieces.map((one) => one.text);
const chip = (query: string, text: string, key = "", value = text, negated = false): Chip => {
  const start = byteOfIndex(query, query.indexOf(text));
  return { text, key, value, negated, start, end: start + new TextEncoder().encode(text).length };
};

test("bytes and indexes agree beyond ASCII", () => {
  const text = "actor:žofie 😀 x";
  for (const index of [0, 6, 7, 8, 12, 14, text.length]) expect(indexOfByte(text, byteOfIndex(text, index))).toBe(index);
});

test("an OR draws its neighbours in unless it stands in quotes", () => {
  expect(compose([piece('action:"x OR y"'), piece("action:login")]).query).toBe('action:"x OR y" action:login');
  expect(compose([piece('actor:"say \\"hi\\" OR x" OR b'), piece("c")]).query).toBe('(actor:"say \\"hi\\" OR x" OR b) c');
});

test("a suspended piece is left out of the query and kept in the bar", () => {
  const pieces = [piece("op:update"), { ...piece("country:!PH"), suspended: true }, piece("x")];
  const { query, ranges } = compose(pieces);
  expect(query).toBe("op:update x");
  const anew = split(pieces, query, ranges, [chip(query, "op:update", "op", "update"), chip(query, "x")]);
  expect(texts(anew)).toEqual(["op:update", "country:!PH", "x"]);
  expect(anew[1]?.suspended).toBe(true);
});

test("typed text becomes one piece for each chip", () => {
  const query = 'actor:"Žofie N" -op:read free';
  const typed = [piece(query)];
  const chips = [chip(query, 'actor:"Žofie N"', "actor", "Žofie N"), chip(query, "-op:read", "op", "read", true), chip(query, "free")];
  const made = compose(typed);
  const anew = split(typed, made.query, made.ranges, chips);
  expect(texts(anew)).toEqual(['actor:"Žofie N"', "-op:read", "free"]);
  expect(anew[1]?.negated).toBe(true);
});

test("what an OR binds stays one piece and is wrapped beside others", () => {
  const typed = [piece("op:read OR op:list"), piece("x")];
  const { query, ranges } = compose(typed);
  expect(query).toBe("(op:read OR op:list) x");
  const chips = [chip(query, "op:read", "op", "read"), chip(query, "op:list", "op", "list"), chip(query, "x")];
  const anew = split(typed, query, ranges, chips);
  expect(texts(anew)).toEqual(["(op:read OR op:list)", "x"]);
  expect(compose(anew).query, "wrapping happens once").toBe(query);
});

test("a chip means its value without quotes and signs", () => {
  expect(['"Maria \\"M\\" Santos"', "!PH", '!"a b"', "plain", '"open'].map(meant)).toEqual(['Maria "M" Santos', "PH", "a b", "plain", '"open']);
});

test("beside a group, where no chips are named, known pieces stay what they are", () => {
  const pieces = [term("user.name", "Maria Santos", false), piece("(op:read OR op:list)")];
  const { query, ranges } = compose(pieces);
  expect(split(pieces, query, ranges, [])).toEqual([pieces[0], { ...pieces[1], value: "(op:read OR op:list)" }]);
});

test("a clicked value is written so that it means itself", () => {
  expect(term("source.ip", "203.0.113.45", false).text).toBe("ip:203.0.113.45");
  expect(term("source.ip", "2001:db8::1", true).text).toBe("-ip:2001:db8::1");
  expect(term("event.action", "Exported payments", false).text).toBe('action:"Exported payments"');
  expect(term("user.name", 'a "b" \\', true).text).toBe('-actor:"a \\"b\\" \\\\"');
  expect(term("event.operation", "up*", false).text, "a star would be a pattern").toBe('op:"up*"');
});

test("only and without take the place of what stood there", () => {
  const read = term("event.operation", "read", false);
  const update = term("event.operation", "update", false);
  expect(texts(only([read, piece("x")], update))).toEqual(["x", "op:update"]);
  const none = without([read], term("event.operation", "read", true));
  expect(texts(none)).toEqual(["-op:read"]);
  expect(texts(only(none, update)), "other exclusions stay").toEqual(["-op:read", "op:update"]);
  expect(texts(only(none, read))).toEqual(["op:read"]);
  expect(stance(none, "event.operation", "read")).toBe(false);
  expect(stance([read], "event.operation", "read")).toBe(true);
  expect(stance([{ ...read, suspended: true }], "event.operation", "read")).toBeUndefined();
});

test("a brushed range is half-open, in UTC, and replaces the one before", () => {
  const range = { from: Date.UTC(2026, 10, 11, 8), to: Date.UTC(2026, 10, 11, 22, 0, 0, 500) };
  const once = during([piece("x")], range);
  expect(texts(once)).toEqual(["x", "after:2026-11-11T08:00:00Z", "before:2026-11-11T22:00:00.500Z"]);
  expect(bounds(once)).toEqual(range);
  expect(texts(during(once, undefined))).toEqual(["x"]);
});

test("tokens joined are the text", () => {
  for (const text of ['actor:alice -op:read (a OR "b c") !x ~y ip:2001:db8::1 action:org.api_key:created', 'country:!PH "open', ""]) {
    expect(tokens(text).map((token) => token.text).join("")).toBe(text);
  }
  const kinds = tokens("country:!PH -op:read free").filter((token) => token.kind !== "blank").map((token) => `${token.kind} ${token.text}`);
  expect(kinds).toEqual(["key country:", "sign !", "value PH", "sign -", "key op:", "value read", "text free"]);
});
