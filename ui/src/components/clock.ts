/** Owns: times of the window's own marks (filter chips, brush, custody) in the display zone. Times of events come from
 * the program as text, in its own zone database. */

const parts = new Map<string, Intl.DateTimeFormat>();

function made(zone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat("en-GB", {
      timeZone: zone, hourCycle: "h23", weekday: "short", year: "numeric", month: "short", day: "numeric",
      hour: "2-digit", minute: "2-digit", second: "2-digit",
    });
  } catch {
    // The zone database of the web view can be older than the program's, and some know no zones such as +08:00.
    return undefined;
  }
}

function format(zone: string): Intl.DateTimeFormat | undefined {
  const found = parts.get(zone) ?? made(zone);
  if (found) parts.set(zone, found);
  return found;
}

/** Whether the web view can tell times in a zone. */
export const knows = (zone: string): boolean => fixed(zone) !== undefined || format(zone) !== undefined;

/** Minutes of a zone such as `+08:00`. */
function fixed(zone: string): number | undefined {
  const [, sign, hours, minutes] = /^([+-])(\d\d):(\d\d)$/.exec(zone) ?? [];
  return sign ? (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) : undefined;
}

function fields(ms: number, zone: string): Record<string, string> {
  const shift = fixed(zone);
  const told = shift === undefined ? format(zone) : undefined;
  // A zone that is not known here is told in UTC, and says so (`note`).
  const at = told ? ms : ms + (shift ?? 0) * 60_000;
  return Object.fromEntries((told ?? format("UTC"))?.formatToParts(at).map((part) => [part.type, part.value]) ?? []);
}

const note = (zone: string): string => (knows(zone) ? "" : " UTC");

// English month names of some engines are four letters long (Sept); rows of the program are not.
const month = (f: Record<string, string>): string => (f["month"] ?? "").slice(0, 3);

/** `12 Nov 2026` */
export function day(ms: number, zone: string): string {
  const f = fields(ms, zone);
  return `${f["day"]} ${month(f)} ${f["year"]}${note(zone)}`;
}

/** `12 Nov 2026 02:14`, with seconds where there are some. */
export function moment(ms: number, zone: string, year = true): string {
  const f = fields(ms, zone);
  const seconds = f["second"] === "00" ? "" : `:${f["second"]}`;
  return `${f["day"]} ${month(f)}${year ? ` ${f["year"]}` : ""} ${f["hour"]}:${f["minute"]}${seconds}${note(zone)}`;
}

/** `11 Nov 16:00 to 12 Nov 06:00`; the year stands where the two differ. */
export function span(from: number, to: number, zone: string): string {
  const a = fields(from, zone);
  const b = fields(to, zone);
  const year = a["year"] !== b["year"];
  const sameDay = !year && a["month"] === b["month"] && a["day"] === b["day"];
  const end = sameDay ? moment(to, zone, false).split(" ").slice(2).join(" ") : moment(to, zone, year);
  return `${moment(from, zone, year)} to ${end}`;
}

/** Minutes that the zone is ahead of UTC at a moment. */
export function offsetMinutes(ms: number, zone: string): number {
  const f = fields(ms, zone);
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const local = Date.UTC(
    Number(f["year"]), months.indexOf(month(f)), Number(f["day"]), Number(f["hour"]), Number(f["minute"]), Number(f["second"]),
  );
  return Math.round((local - Math.floor(ms / 1000) * 1000) / 60_000);
}

/** `+08:00`; nothing when the web view does not know the zone. */
export function offset(ms: number, zone: string): string {
  if (!knows(zone)) return "";
  const minutes = offsetMinutes(ms, zone);
  const two = (n: number) => String(Math.floor(n)).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}

/** `Manila` from `Asia/Manila`. */
export const city = (zone: string): string => (zone.split("/").pop() ?? zone).replaceAll("_", " ");

/** An instant without the zeros after its last digit: `…:44.318000000Z` reads `…:44.318Z`. */
export const trimmed = (utc: string): string => (utc.includes(".") ? utc.replace(/\.?0+Z$/, "Z") : utc);
