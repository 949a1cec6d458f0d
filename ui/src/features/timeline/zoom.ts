/** Owns: which span the histogram shows after a turn of the wheel or a key. Never touches: the filter. */

export type Span = { first: number; last: number };

/** No span is shorter: ten milliseconds, where bars are single events. */
const SHORTEST = 10;

/** A span nearer (`factor` below 1) or farther, with `at` staying in its place, moved by `by`; never beyond the whole.
 * Nothing when it is the whole again. */
export function zoomed(whole: Span, now: Span, factor: number, at: number, by: number): Span | undefined {
  const most = Math.max(1, whole.last - whole.first);
  const wide = Math.min(most, Math.max(Math.min(SHORTEST, most), (now.last - now.first) * factor));
  const part = now.last > now.first ? (at - now.first) / (now.last - now.first) : 0.5;
  const first = Math.min(whole.last - wide, Math.max(whole.first, at - part * wide + by));
  return wide >= most ? undefined : { first, last: first + wide };
}
