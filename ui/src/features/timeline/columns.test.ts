import { expect, test } from "vitest";
import type { RowPart } from "../../backend/types";
import { asked, cellsOf, columnsOf, kept, moved, template, valuesOf } from "./columns";

const row: RowPart = {
  event: 1, sentence: [{ kind: "actor", text: "Alice", field: "user.name" }, { kind: "verb", text: "signed in" }], system: "PayMongo", source: 1, ip: "203.0.113.5",
  problems: [], bookmarked: false, tags: [], cells: [["a@example.com"], []],
};

test("the usual columns stand without a choice, and an unknown field is left out", () => {
  const usual = columnsOf([], 1280).map((one) => one.field);
  expect(usual).toEqual(["sentence", "source.ip", "source.geo.country_iso_code", "system"]);
  expect(columnsOf([{ field: "no.such", width: 0 }], 1280).map((one) => one.field)).toEqual(usual);
});

test("only a width that a person set is kept", () => {
  const columns = columnsOf([{ field: "sentence", width: 0 }, { field: "source.ip", width: 200 }, { field: "system", width: 0 }], 1280);
  expect(kept(columns, 1280)).toEqual([{ field: "sentence", width: 0 }, { field: "source.ip", width: 200 }, { field: "system", width: 0 }]);
  expect(template(columns)).toBe("44px 84px minmax(220px, 1fr) 200px 118px");
});

test("values of further fields stand in the order they were asked for", () => {
  const columns = columnsOf([{ field: "user.email", width: 0 }, { field: "source.ip", width: 0 }, { field: "target.id", width: 0 }], 1280);
  const fields = asked(columns);
  expect(fields).toEqual(["user.email", "target.id"]);
  expect(valuesOf(row, "user.email", fields)).toEqual(["a@example.com"]);
  expect(valuesOf(row, "target.id", fields)).toEqual([]);
  expect(cellsOf(row, columns, fields)).toEqual([{ field: "user.email", value: "a@example.com" }, { field: "source.ip", value: "203.0.113.5" }]);
});

test("a column moves by one place and not beyond the ends", () => {
  const columns = columnsOf([], 1280);
  expect(moved(columns, "source.ip", -1).map((one) => one.field).slice(0, 2)).toEqual(["source.ip", "sentence"]);
  expect(moved(columns, "sentence", -1)).toBe(columns);
});
