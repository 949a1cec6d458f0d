/** Owns: the heights of bars and the marks of their axis. Never touches: what is counted, drawing. */

export type Measure = "linear" | "log";

/** A mark above the bars: what a person marked, or the severity of what the engine found. */
export type Flag = { at_ms: number; kind: "human" | "critical" | "high" | "medium" | "low" | "info"; text: string };
/** Where there is data, in milliseconds since 1970 UTC. */
export type Line = { title: string; spans: [number, number][] };

/** Height in px of a count; any count above zero can be seen. A log scale begins at zero: it draws log(1 + n). */
export function tall(n: number, most: number, px: number, measure: Measure): number {
  if (n <= 0 || most <= 0) return 0;
  const part = measure === "log" ? Math.log1p(n) / Math.log1p(most) : n / most;
  return Math.max(1.5, part * px);
}

/** At most two counts to draw a line at, round and below the highest. */
export function lines(most: number, measure: Measure): number[] {
  if (most < 2) return [];
  if (measure === "log") {
    const top = 10 ** Math.floor(Math.log10(most));
    const low = 10 ** Math.floor(Math.log10(most) / 2);
    return top > 1 ? (low < top && low > 1 ? [low, top] : [top]) : [];
  }
  const rough = most / 2.2;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 2.5, 5, 10].map((n) => n * unit).findLast((n) => n <= rough && Number.isInteger(n)) ?? 1);
  return step * 2 <= most ? [step, step * 2] : [step];
}

/** `1.2 M`, `14 k`: counts on an axis, short. */
export const brief = (n: number): string =>
  n >= 1e6 ? `${+(n / 1e6).toFixed(1)} M` : n >= 1e4 ? `${+(n / 1e3).toFixed(0)} k` : new Intl.NumberFormat("en-US").format(n);

/** A stack in the order of `order`; what no value of it explains stands on top with an empty name. */
export function stack(total: number, split: { value: string; count: number }[], order: string[]): { value: string; from: number; to: number }[] {
  const out: { value: string; from: number; to: number }[] = [];
  let at = 0;
  for (const value of order) {
    const n = split.find((one) => one.value === value)?.count ?? 0;
    if (n > 0) out.push({ value, from: at, to: at + n });
    at += n;
  }
  if (at < total) out.push({ value: "", from: at, to: total });
  return out;
}
