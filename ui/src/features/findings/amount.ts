/** Owns: how the numbers of detections are written: with their unit, spans of time in words. Never touches: thresholds. */
import { count } from "../../components/words";

const SECONDS: Record<string, number> = { s: 1, min: 60, h: 3600, d: 86_400 };

const plain = (value: number): string => (Number.isInteger(value) || Math.abs(value) >= 100 ? count(Math.round(value)) : String(Math.round(value * 100) / 100));

/** `15 min`, `7 min 37 s`, `24 h`, `800 km/h`, `60 %` where the unit is a share. */
export function amount(value: number, unit: string): string {
  const seconds = SECONDS[unit];
  if (seconds === undefined) return unit === "" ? plain(value) : `${plain(value)} ${unit}`;
  if (Number.isInteger(value)) return `${count(value)} ${unit}`;
  const all = Math.round(value * seconds);
  if (all >= 86_400 && unit === "d") return `${plain(value)} d`;
  const [h, m, s] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
  return [h ? `${count(h)} h` : "", m ? `${m} min` : "", s && !h ? `${s} s` : ""].filter(Boolean).join(" ") || "0 s";
}

/** `greatest_day` as `greatest day`. */
export const named = (name: string): string => name.replaceAll("_", " ");

/** `0:32`, `7:37`, `2:04:09`, `3 d 04:10`: how long after the first row. */
export function after(ms: number): string {
  const all = Math.floor(Math.abs(ms) / 1000);
  const [d, h, m, s] = [Math.floor(all / 86_400), Math.floor((all % 86_400) / 3600), Math.floor((all % 3600) / 60), all % 60];
  const two = (n: number) => String(n).padStart(2, "0");
  return d ? `${count(d)} d ${two(h)}:${two(m)}` : h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
