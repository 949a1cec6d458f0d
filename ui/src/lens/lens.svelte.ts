/** Owns: the one filter of the window, the place it is looked at in, the history of both, and the view that answers it.
 * Every panel reads this and none keeps a filter of its own, so they cannot disagree. Never touches: rows, facets, charts. */
import { asError, type Backend, type Sort } from "../backend/backend";
import type { BackendError, ViewSummary } from "../backend/types";
import { bounds, compose, during, indexOfByte, isTime, only, piece, type Piece, split, term, without } from "./compose";
import { History, sameAsked, type Step } from "./history.svelte";
import { HOME, type Where } from "./where";

/** What is asked of the program. */
type Asked = { pieces: Piece[]; sort: Sort };

/** A filter that the program refused, with the place inside the text that was being typed, if it is there. */
export type Refusal = { error: BackendError; query: string; place: [number, number] | undefined; draft: [number, number] | undefined };

export class Lens {
  pieces = $state<Piece[]>([]);
  sort = $state<Sort>("newest");
  /** The place that is shown and what it is about; one history holds it and the filter. */
  where = $state.raw<Where>(HOME);
  readonly history = new History();
  zone = $state("UTC");
  /** The answer to the filter; the last true one while the next is on its way. */
  view = $state.raw<ViewSummary | undefined>();
  /** The same filter without its time bounds, for the histogram around the brush; the view itself without bounds. */
  around = $state.raw<ViewSummary | undefined>();
  refusal = $state.raw<Refusal | undefined>();
  busy = $state(false);
  /** Grows with each answered filter; what was fetched for an older one is stale. */
  revision = $state(0);

  #backend: Backend;
  #lostAt = Number.NEGATIVE_INFINITY;
  #running = false;
  #waiting: { step: Asked; keep: boolean; draft: Piece | undefined; done: (ok: boolean) => void } | undefined;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  get canBack(): boolean {
    return this.history.before !== undefined;
  }
  get canForward(): boolean {
    return this.history.after !== undefined;
  }
  get query(): string {
    return compose(this.pieces).query;
  }
  get suspended(): number {
    return this.pieces.filter((one) => one.suspended).length;
  }
  get range(): { from: number | undefined; to: number | undefined } {
    return bounds(this.pieces);
  }

  /** Starts anew, for a case that was just opened. */
  async reset(zone: string, where: Where = HOME): Promise<void> {
    this.where = where;
    this.history.reset({ where, pieces: [], sort: "newest" });
    this.zone = zone;
    this.view = undefined;
    this.around = undefined;
    this.refusal = undefined;
    await this.#ask({ pieces: [], sort: "newest" }, false);
  }

  /** Asks again, after data or the zone changed. */
  refresh = (): Promise<boolean> => this.#ask({ pieces: this.pieces, sort: this.sort }, false);

  apply = (pieces: Piece[]): Promise<boolean> => this.#ask({ pieces, sort: this.sort }, true);

  /** Adds what was typed; false when the program refused it (then `refusal` says why and nothing changed). */
  type(text: string): Promise<boolean> {
    const typed = text.trim();
    if (typed === "") return Promise.resolve(true);
    const added = piece(typed);
    return this.#ask({ pieces: [...this.pieces, added], sort: this.sort }, true, added);
  }

  only = (field: string, value: string): Promise<boolean> => this.apply(only(this.pieces, term(field, value, false)));
  exclude = (field: string, value: string): Promise<boolean> => this.apply(without(this.pieces, term(field, value, true)));
  /** Beside other values of the same field; terms of one key are alternatives. */
  also = (field: string, value: string): Promise<boolean> => this.apply([...this.pieces, term(field, value, false)]);
  during = (range: { from: number; to: number } | undefined): Promise<boolean> => this.apply(during(this.pieces, range));
  remove = (...gone: Piece[]): Promise<boolean> => this.apply(this.pieces.filter((one) => !gone.includes(one)));
  clear = (): Promise<boolean> => this.apply([]);

  suspend(which: Piece[], suspended: boolean): Promise<boolean> {
    return this.apply(this.pieces.map((one) => (which.includes(one) ? { ...one, suspended } : one)));
  }

  setSort(sort: Sort): Promise<boolean> {
    return this.#ask({ pieces: this.pieces, sort }, true);
  }

  /** Shows another place, with the same filter or another one: one step of the history. False when the filter was
   * refused; then the place is shown with the filter before. */
  visit(where: Where, pieces?: Piece[], sort: Sort = this.sort): Promise<boolean> {
    this.where = where;
    const step = { where, pieces: pieces ?? this.pieces, sort };
    if (!sameAsked(step, this.#now)) return this.#ask(step, true);
    this.history.push(step, this.view?.count);
    return Promise.resolve(true);
  }

  back = (): Promise<void> => this.jump(this.history.before?.id);
  forward = (): Promise<void> => this.jump(this.history.after?.id);

  /** To any step of the history. */
  async jump(id: number | undefined): Promise<void> {
    const step = id === undefined ? undefined : this.history.go(id);
    if (!step) return;
    this.where = step.where;
    if (!sameAsked(step, this.#now)) await this.#ask(step, false);
  }

  get #now(): Step {
    return { where: this.where, pieces: this.pieces, sort: this.sort };
  }

  /** The program keeps the last views only. When it has let this one go the filter is asked again, and true is given;
   * not more often than once a second, so that a view that is lost each time becomes an error that is seen. */
  lost(thrown: unknown): boolean {
    if (asError(thrown).code !== "no_such_item" || performance.now() - this.#lostAt < 1000) return false;
    this.#lostAt = performance.now();
    void this.refresh();
    return true;
  }

  /** One question at a time; of those that come meanwhile only the last is asked. */
  #ask(step: Asked, keep: boolean, draft?: Piece): Promise<boolean> {
    return new Promise((done) => {
      this.#waiting?.done(false);
      this.#waiting = { step, keep, draft, done };
      if (!this.#running) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    this.busy = true;
    while (this.#waiting) {
      const { step, keep, draft, done } = this.#waiting;
      this.#waiting = undefined;
      const { query, ranges } = compose(step.pieces);
      try {
        const view = await this.#backend.viewOpen(query, step.sort, this.zone);
        const pieces = split(step.pieces, query, ranges, view.chips);
        const around = pieces.some((one) => isTime(one) && !one.suspended)
          ? await this.#backend.viewOpen(compose(pieces.filter((one) => !isTime(one))).query, step.sort, this.zone)
          : view;
        // A newer question has been asked meanwhile: this answer is late and is dropped.
        if (this.#waiting) {
          done(false);
          continue;
        }
        this.pieces = pieces;
        this.sort = step.sort;
        if (keep) this.history.push(this.#now, view.count);
        this.view = view;
        this.around = around;
        this.refusal = undefined;
        this.revision += 1;
        done(true);
      } catch (thrown) {
        this.refusal = refusalOf(asError(thrown), query, draft && ranges[step.pieces.indexOf(draft)]);
        // The place may be another one by now; that step was taken all the same.
        if (keep) this.history.push(this.#now, this.view?.count);
        done(false);
      }
    }
    this.#running = false;
    this.busy = false;
  }
}

function refusalOf(error: BackendError, query: string, draft: [number, number] | undefined): Refusal {
  const { start, end } = error.where;
  if (start === undefined) return { error, query, place: undefined, draft: undefined };
  const from = indexOfByte(query, start);
  const to = Math.max(from + 1, end === undefined ? from + 1 : indexOfByte(query, end));
  const inDraft = draft && to > draft[0] && from <= draft[1];
  return {
    error, query, place: [from, to],
    draft: inDraft ? [Math.max(0, from - draft[0]), Math.min(draft[1], to) - draft[0]] : undefined,
  };
}
