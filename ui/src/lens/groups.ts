/** Owns: what a person sees of the pieces: bounds of one time range as one chip, and the words on each chip. */
import { moment, span } from "../components/clock";
import { isTime, type Piece, short } from "./compose";

export type Group = { pieces: Piece[]; key: string; value: string; negated: boolean; suspended: boolean };

const asMs = (text: string): number => (/T.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN);

/** Chips in the order of the pieces; `after:` and `before:` that follow each other are one. */
export function groups(pieces: Piece[], zone: string): Group[] {
  const out: Group[] = [];
  for (let i = 0; i < pieces.length; i++) {
    const one = pieces[i] as Piece;
    const next = pieces[i + 1];
    const from = asMs(one.value);
    if (one.key === "after" && next?.key === "before" && !one.negated && !next.negated && one.suspended === next.suspended) {
      const to = asMs(next.value);
      const value = Number.isFinite(from) && Number.isFinite(to) ? span(from, to, zone) : `${one.value} to ${next.value}`;
      out.push({ pieces: [one, next], key: "time", value, negated: false, suspended: one.suspended });
      i += 1;
    } else if (one.key === "") {
      const negated = one.negated && /^[-!]/.test(one.text);
      out.push({ pieces: [one], key: "", value: negated ? one.text.slice(1) : one.text, negated, suspended: one.suspended });
    } else {
      const value = isTime(one) && Number.isFinite(from) ? moment(from, zone) : one.value;
      out.push({ pieces: [one], key: short(one.key), value, negated: one.negated, suspended: one.suspended });
    }
  }
  return out;
}
