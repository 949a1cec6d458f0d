/** Owns: rows as text that leaves the window: sentences, CSV that no spreadsheet runs, JSON, a filter. Never touches: the
 * clipboard, which rows. */
import type { EventJson, RowPart } from "../../backend/types";
import { type Column, valuesOf } from "./columns";

/** `2026-11-12 02:14:07 +08:00  Maria Santos signed in  203.0.113.45  PayMongo`: with the zone, because it leaves the window. */
export function asText(rows: RowPart[]): string {
  return rows.map((row) => [when(row), sentence(row), row.ip, row.country, row.system].filter(Boolean).join("  ")).join("\n");
}

const when = (row: RowPart): string => (row.time ? `${row.time.day} ${row.time.clock} ${row.time.offset}` : `undated (${row.original_time ?? "no time"})`);

/** A sentence as it is read in the row. */
export const sentence = (row: RowPart): string =>
  row.sentence.reduce((text, part, i) => text + (i > 0 && !/^[,.;: ]/.test(part.text) && !text.endsWith(" ") ? " " : "") + part.text, "").trim();

/** Begins as a formula does in a spreadsheet; also behind blanks, which some programs take away first. */
const FORMULA = /^[\s\u200B\uFEFF]*[=+\-@|]|^[\t\r\n]/;

/** A cell of CSV (RFC 4180). What a spreadsheet would run gets an apostrophe before it. */
export function cell(value: string): string {
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n\t]|^\s|\s$|^'/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function asCsv(rows: RowPart[], columns: Column[], fields: string[]): string {
  const head = ["event", "time_utc", "time_as_recorded", ...columns.map((one) => one.title)];
  const line = (row: RowPart): string[] => [
    String(row.event), row.time?.utc ?? "", row.original_time ?? "",
    ...columns.map((one) => (one.field === "sentence" ? sentence(row) : valuesOf(row, one.field, fields).join("; "))),
  ];
  return [head, ...rows.map(line)].map((cells) => cells.map(cell).join(",")).join("\r\n");
}

/** One event on each line, as the command prints them. */
export const asJson = (events: EventJson[]): string => events.map((one) => JSON.stringify(one)).join("\n");

/** A filter that finds these events and no others. */
export const asFilter = (rows: RowPart[]): string => rows.map((row) => `event:${row.event}`).join(" ");
