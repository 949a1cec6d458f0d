import { expect, test } from "vitest";
import type { RowPart } from "../../backend/types";
import { columnsOf } from "./columns";
import { asCsv, asFilter, asText, cell } from "./copying";

const row = (event: number, actor: string): RowPart => ({
  event, time: { day: "Thu 12 Nov 2026", clock: "02:14:07", offset: "+08:00", utc: "2026-11-11T18:14:07Z" }, original_time: "2026-11-12 02:14:07",
  sentence: [{ kind: "actor", text: actor, field: "user.name" }, { kind: "verb", text: " signed in" }, { kind: "tail", text: ", first time" }],
  system: "PayMongo", source: 1, ip: "203.0.113.5", problems: [], bookmarked: false, tags: [], cells: [],
});

test("a cell that a spreadsheet would run is made harmless, whatever stands before the sign", () => {
  for (const bad of ["=1+1", "+1", "-2+3", "@SUM(A1)", " =1", "\t=1", "\u200B=cmd", "|calc"]) expect(cell(bad).replace(/^"/, ""), bad).toMatch(/^'/);
  expect(cell("alice@example.com")).toBe("alice@example.com");
  expect(cell('say "hi", now')).toBe('"say ""hi"", now"');
  expect(cell("'=1")).toBe(`"'=1"`);
});

test("text names the zone, and a sentence reads as in the row", () => {
  expect(asText([row(1, "Alice")])).toBe("Thu 12 Nov 2026 02:14:07 +08:00  Alice signed in, first time  203.0.113.5  PayMongo");
});

test("CSV has the columns that are shown, the exact instant and the text of the source", () => {
  const csv = asCsv([row(7, '=HYPERLINK("x")')], columnsOf([], 1280), []).split("\r\n");
  expect(csv[0]).toBe("event,time_utc,time_as_recorded,Event,Address,Country,Source");
  expect(csv[1]).toBe(`7,2026-11-11T18:14:07Z,2026-11-12 02:14:07,"'=HYPERLINK(""x"") signed in, first time",203.0.113.5,,PayMongo`);
});

test("a filter of rows names each event", () => {
  expect(asFilter([row(3, "a"), row(9, "b")])).toBe("event:3 event:9");
});
