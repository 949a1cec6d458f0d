/** Owns: how wide the bars of the histogram are and which span it shows. Never touches: counting, drawing. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
const WIDTHS: [number, string][] = [
  [1, "1 ms"], [10, "10 ms"], [100, "100 ms"], [SECOND, "1 s"], [5 * SECOND, "5 s"], [10 * SECOND, "10 s"], [30 * SECOND, "30 s"],
  [MINUTE, "1 min"], [5 * MINUTE, "5 min"], [10 * MINUTE, "10 min"], [30 * MINUTE, "30 min"], [HOUR, "1 h"], [2 * HOUR, "2 h"],
  [3 * HOUR, "3 h"], [6 * HOUR, "6 h"], [12 * HOUR, "12 h"], [DAY, "1 day"], [2 * DAY, "2 day"], [7 * DAY, "7 day"],
  [14 * DAY, "14 day"], [30 * DAY, "30 day"], [90 * DAY, "90 day"], [365 * DAY, "365 day"],
];

export type Bins = { from: number; to: number; count: number; width: number; title: string };

/** The narrowest round bars (none narrower than `least` milliseconds) with which a span fits into at most `most`; they
 * begin at round local times by one offset from UTC, so that all are of one width: where the clocks change within the span,
 * those behind the change begin an hour beside, and whoever shows them says which offset it is. */
export function bins(first: number, last: number, most: number, offsetMinutes: number, least = 0): Bins {
  const shift = offsetMinutes * MINUTE;
  for (const [width, title] of WIDTHS) {
    if (width < least) continue;
    const from = Math.floor((first + shift) / width) * width - shift;
    const count = Math.floor((last - from) / width) + 1;
    if (count <= Math.max(1, most)) return { from, to: from + count * width, count, width, title };
  }
  const width = Math.ceil((last - first + 1) / Math.max(1, most));
  return { from: first, to: first + width * most, count: most, width, title: `${Math.round(width / DAY)} day` };
}

/** The part of a span that shows a brushed range with room around it: all of it, unless the range would be a sliver. */
export function around(first: number, last: number, range: { from: number; to: number } | undefined): { first: number; last: number; part: boolean } {
  const whole = Math.max(1, last - first);
  if (!range || range.to <= range.from || (range.to - range.from) / whole > 0.04) return { first, last, part: false };
  const room = (range.to - range.from) * 5;
  const from = Math.max(Math.min(first, range.from), range.from - room);
  const to = Math.min(Math.max(last, range.to), range.to + room);
  return { first: from, last: to, part: true };
}
