/** Owns: which columns the timeline can show, which it shows, and how wide they are. Never touches: the values. */
import type { ColumnSetting, RowPart } from "../../backend/types";

export type Column = {
  /** `sentence`, `system`, or a field. */
  field: string;
  title: string;
  /** Pixels; 0: what the others leave. */
  width: number;
  mono?: boolean;
};

/** Every column there is, in the order of the chooser. */
export const COLUMNS: Column[] = [
  { field: "sentence", title: "Event", width: 0 },
  { field: "source.ip", title: "Address", width: 124, mono: true },
  { field: "source.geo.country_iso_code", title: "Country", width: 66 },
  { field: "system", title: "Source", width: 118 },
  { field: "user.name", title: "Name", width: 140 }, { field: "user.email", title: "E-mail", width: 190 }, { field: "user.id", title: "Actor id", width: 130, mono: true },
  { field: "user.type", title: "Kind of actor", width: 96 }, { field: "organization.name", title: "Organization", width: 140 }, { field: "organization.id", title: "Org. id", width: 120, mono: true },
  { field: "event.action", title: "Action", width: 170 }, { field: "event.operation", title: "Operation", width: 100 }, { field: "event.category", title: "Category", width: 110 },
  { field: "event.type", title: "Class", width: 120 }, { field: "event.outcome", title: "Outcome", width: 84 }, { field: "event.reason", title: "Reason", width: 150 },
  { field: "event.sensitivity", title: "Sensitivity", width: 96 }, { field: "target.type", title: "Record type", width: 130 }, { field: "target.id", title: "Record id", width: 130, mono: true },
  { field: "target.name", title: "Record name", width: 150 }, { field: "changes.field", title: "Changed fields", width: 180 }, { field: "changes.old", title: "Old values", width: 150 },
  { field: "changes.new", title: "New values", width: 150 }, { field: "source.geo.city_name", title: "City", width: 110 }, { field: "related.ip", title: "Further addresses", width: 140, mono: true },
  { field: "user_agent.name", title: "Client", width: 100 }, { field: "user_agent.os.name", title: "System of the device", width: 120 }, { field: "user_agent.original", title: "Device as recorded", width: 200 },
  { field: "session.id", title: "Session", width: 130, mono: true }, { field: "service.name", title: "Origin", width: 90 }, { field: "service.version", title: "Version", width: 80 },
  { field: "service.environment", title: "Environment", width: 100 }, { field: "error.type", title: "Error", width: 140 }, { field: "error.message", title: "Error text", width: 220 },
  { field: "message", title: "Message", width: 260 }, { field: "event.original_time", title: "Time as recorded", width: 170 }, { field: "event.provider", title: "System", width: 100 },
  { field: "witnessmark.profile", title: "Read by", width: 110, mono: true }, { field: "event.id", title: "Vendor id", width: 140, mono: true },
];

const USUAL = COLUMNS.slice(0, 4).map(({ field }): ColumnSetting => ({ field, width: 0 }));
export const NARROWEST = 40;
export const WIDEST = 900;

/** The columns as kept in the settings; unknown ones are left out, and without any the usual ones stand. */
export function columnsOf(kept: ColumnSetting[], window: number): Column[] {
  const chosen = (kept.length ? kept : USUAL).flatMap((one) => {
    const known = COLUMNS.find((column) => column.field === one.field);
    return known ? [{ ...known, width: one.width || wide(known, window) }] : [];
  });
  return chosen.length ? chosen : columnsOf([], window);
}

/** On a wide window the short columns get air. */
const wide = (column: Column, window: number): number => (window >= 2000 && column.width > 0 ? Math.round(column.width * 1.4) : column.width);

/** What is kept of columns: a width only where a person set one. */
export const kept = (columns: Column[], window: number): ColumnSetting[] =>
  columns.map((one) => {
    const known = COLUMNS.find((column) => column.field === one.field);
    return { field: one.field, width: known && one.width !== wide(known, window) ? one.width : 0 };
  });

/** Marks and time, then the columns; the sentence takes what the others leave and never less than a sentence needs. */
export const template = (columns: Column[]): string =>
  ["44px", "84px", ...columns.map((one) => (one.width ? `${one.width}px` : "minmax(220px, 1fr)"))].join(" ");

/** Least width of a row in px. */
export const least = (columns: Column[]): number => columns.reduce((sum, one) => sum + (one.width || 220), 128);

/** Fields that a row must be asked for beside what every row has. */
const GIVEN = new Set(["sentence", "system", "source.ip", "source.geo.country_iso_code"]);
export const asked = (columns: Column[]): string[] => columns.map((one) => one.field).filter((field) => !GIVEN.has(field));

/** The values of a row in a column. `fields` is what the row was asked for. */
export function valuesOf(row: RowPart, field: string, fields: string[]): string[] {
  if (field === "source.ip") return row.ip === undefined ? [] : [row.ip];
  if (field === "source.geo.country_iso_code") return row.country === undefined ? [] : [row.country];
  if (field === "system") return [row.system];
  return row.cells[fields.indexOf(field)] ?? [];
}

export type Cell = { field: string; value: string };

/** The values of a row that have a menu, in reading order. */
export function cellsOf(row: RowPart, columns: Column[], fields: string[]): Cell[] {
  return columns.flatMap(({ field }): Cell[] => {
    if (field === "sentence") return row.sentence.flatMap((part) => (part.field === undefined ? [] : [{ field: part.field, value: part.text }]));
    if (field === "system") return [];
    return valuesOf(row, field, fields).slice(0, 1).map((value) => ({ field, value }));
  });
}

/** A column moved by one place. */
export function moved(columns: Column[], field: string, by: -1 | 1): Column[] {
  const from = columns.findIndex((one) => one.field === field);
  const to = from + by;
  if (from < 0 || to < 0 || to >= columns.length) return columns;
  const next = [...columns];
  [next[from], next[to]] = [next[to] as Column, next[from] as Column];
  return next;
}
