/** Owns: every step a person took through places and filters, as a tree: going back and choosing another way makes a
 * branch and loses nothing. Never touches: the answer to a step. */
import type { Sort } from "../backend/backend";
import type { Piece } from "./compose";
import { sameWhere, type Where } from "./where";

export type Step = { where: Where; pieces: Piece[]; sort: Sort };
export type Visit = {
  id: number;
  step: Step;
  /** The step it was taken from; absent for the first one, and where older ones were let go. */
  from: number | undefined;
  /** Events that the filter matched then. */
  count: number | undefined;
};

/** Steps kept; of more, the oldest go. */
const KEPT = 300;

const written = (pieces: Piece[]): string => JSON.stringify(pieces.filter((one) => one.text.trim() !== "").map((one) => [one.text, one.suspended]));

/** Whether two steps ask the same of the program. */
export const sameAsked = (a: Step, b: Step): boolean => a.sort === b.sort && written(a.pieces) === written(b.pieces);
export const sameStep = (a: Step, b: Step): boolean => sameAsked(a, b) && sameWhere(a.where, b.where);

export class History {
  visits = $state.raw<Visit[]>([]);
  /** Where a person is now. */
  at = $state(0);
  /** The branch that was gone last from each step, so that forward retraces it. */
  #ahead = $state.raw<ReadonlyMap<number, number>>(new Map());
  #last = 0;

  /** Begins anew at a step. */
  reset(step: Step): void {
    this.visits = [];
    this.#ahead = new Map();
    this.at = 0;
    this.push(step, undefined);
  }

  get now(): Visit | undefined {
    return this.visits.find((one) => one.id === this.at);
  }
  get before(): Visit | undefined {
    const from = this.now?.from;
    return from === undefined ? undefined : this.visits.find((one) => one.id === from);
  }
  get after(): Visit | undefined {
    const ahead = this.#ahead.get(this.at);
    return ahead === undefined ? undefined : this.visits.find((one) => one.id === ahead);
  }

  /** A step was taken from where a person is. The same step taken again from there is not a second branch. */
  push(step: Step, count: number | undefined): void {
    const now = this.now;
    if (now && sameStep(now.step, step)) {
      this.visits = this.visits.map((one) => (one === now ? { ...one, count: count ?? one.count } : one));
      return;
    }
    const known = now && this.visits.find((one) => one.from === now.id && sameStep(one.step, step));
    if (known) return void this.go(known.id);
    this.#last += 1;
    const made: Visit = { id: this.#last, step, from: now?.id, count };
    this.visits = [...this.visits, made].slice(-KEPT);
    const oldest = this.visits[0]?.id ?? 0;
    this.visits = this.visits.map((one) => (one.from !== undefined && one.from < oldest ? { ...one, from: undefined } : one));
    this.#step(now?.id, made.id);
  }

  /** Goes to a step of before; gives it, or nothing when it is not kept any more. */
  go(id: number): Step | undefined {
    const found = this.visits.find((one) => one.id === id);
    if (!found) return undefined;
    this.#step(found.from, id);
    return found.step;
  }

  #step(from: number | undefined, to: number): void {
    if (from !== undefined) this.#ahead = new Map(this.#ahead).set(from, to);
    this.at = to;
  }
}
