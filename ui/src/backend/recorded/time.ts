/** Owns: local times of the made-up events, as the program would write them. */
import type { LocalTime, Tick } from "../types";

const formats = new Map<string, Intl.DateTimeFormat>();

export function clock(ms: number, zone: string): LocalTime {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "longOffset" });
    formats.set(zone, format);
  }
  const f = Object.fromEntries(format.formatToParts(ms).map((part) => [part.type, part.value]));
  const fraction = ms % 1000 ? `.${String(ms % 1000).padStart(3, "0")}` : "";
  return {
    day: `${f["weekday"]} ${f["day"]} ${f["month"]} ${f["year"]}`, clock: `${f["hour"]}:${f["minute"]}:${f["second"]}${fraction}`,
    offset: (f["timeZoneName"] ?? "").replace("GMT", "") || "+00:00", utc: new Date(ms).toISOString().replace("Z", "000000Z"),
  };
}

/** Round marks, about eight. */
export function ticks(from: number, to: number, zone: string): Tick[] {
  const hour = 3_600_000;
  const step = [hour / 60, hour / 6, hour, 3 * hour, 6 * hour, 12 * hour, 24 * hour, 7 * 24 * hour, 30 * 24 * hour].find((one) => (to - from) / one <= 11) ?? 60 * 24 * hour;
  const [sign, h, m] = [clock(from, zone).offset[0] === "-" ? -1 : 1, Number(clock(from, zone).offset.slice(1, 3)), Number(clock(from, zone).offset.slice(4, 6))];
  const shift = sign * (h * hour + m * 60_000);
  const out: Tick[] = [];
  for (let at = Math.ceil((from + shift) / step) * step - shift; at < to; at += step) {
    const local = clock(at, zone);
    const major = local.clock.startsWith("00:00:00");
    out.push({ at_ms: at, text: major || step >= 24 * hour ? local.day.split(" ").slice(0, 3).join(" ") : local.clock.slice(0, 5), major });
  }
  return out;
}
