/** Owns: the rows in memory, the row that is selected and its detail. Never touches: the filter (the lens does). */
import { asError, type Backend } from "../../backend/backend";
import type { BackendError, EventDetail, RowPart } from "../../backend/types";
import type { Lens } from "../../lens/lens.svelte";
import { Pages } from "../../table/pages";

export class Timeline {
  /** Grows when rows arrive or change. */
  version = $state(0);
  /** Rank in the view, from 0; -1 when no row is selected. */
  selected = $state(-1);
  /** Whether the detail is shown. */
  open = $state(false);
  detail = $state.raw<EventDetail | undefined>();
  error = $state.raw<BackendError | undefined>();

  #backend: Backend;
  #lens: Lens;
  #event: number | undefined;
  #asked = 0;
  #pages = new Pages<RowPart>(() => this.#arrived(), (thrown) => this.#failed(thrown));

  constructor(backend: Backend, lens: Lens) {
    this.#backend = backend;
    this.#lens = lens;
  }

  get = (index: number): RowPart | undefined => this.#pages.get(index);
  want = (first: number, end: number): void => this.#pages.want(first, end);

  get row(): RowPart | undefined {
    void this.version;
    return this.selected < 0 ? undefined : this.get(this.selected);
  }

  /** Follows the lens to another view; the selected event stays selected where the view still holds it. Gives its rank. */
  async follow(): Promise<number | undefined> {
    const view = this.#lens.view;
    if (!view) return undefined;
    this.error = undefined;
    this.#pages.reset(view.count, (first, len) => this.#backend.viewRows(view.view, first, len));
    this.version += 1;
    if (this.#event === undefined) return undefined;
    this.selected = -1;
    try {
      const rank = await this.#backend.viewLocate(view.view, { event: this.#event });
      if (this.#lens.view !== view) return undefined;
      if (rank === null) {
        this.close();
        this.#event = undefined;
        return undefined;
      }
      this.selected = rank;
      this.want(rank, rank + 1);
      // The zone may be another one now.
      if (this.open) void this.#load();
      return rank;
    } catch (thrown) {
      this.#failed(thrown);
      return undefined;
    }
  }

  select = (index: number): void => {
    this.selected = index;
    this.#event = this.get(index)?.event;
    this.want(index, index + 1);
    if (this.open) void this.#load();
  };

  show = (index: number): void => {
    this.open = true;
    this.select(index);
  };

  close = (): void => {
    this.open = false;
    this.detail = undefined;
  };

  /** Rank of the row nearest to a moment, in the view's order. */
  async locate(timeMs: number): Promise<number | null> {
    const view = this.#lens.view;
    if (!view) return null;
    try {
      return await this.#backend.viewLocate(view.view, { timeMs });
    } catch (thrown) {
      this.#failed(thrown);
      return null;
    }
  }

  #failed(thrown: unknown): void {
    if (!this.#lens.lost(thrown)) this.error = asError(thrown);
  }

  async bookmark(): Promise<void> {
    const row = this.row;
    if (row) await this.#mark("bookmark", "", !row.bookmarked, (one) => ({ ...one, bookmarked: !row.bookmarked }));
  }

  async tag(value: string, on: boolean): Promise<void> {
    await this.#mark("tag", value, on, (one) => ({
      ...one, tags: on ? [...new Set([...one.tags, value])] : one.tags.filter((tag) => tag !== value),
    }));
  }

  async #mark(kind: "bookmark" | "tag", value: string, on: boolean, change: (row: RowPart) => RowPart): Promise<void> {
    const [index, row] = [this.selected, this.row];
    if (!row) return;
    try {
      await this.#backend.mark(row.event, kind, value, on);
      this.#pages.update(index, change);
      if (this.detail?.event.witnessmark.event === row.event) this.detail = { ...this.detail, row: change(this.detail.row) };
    } catch (thrown) {
      this.error = asError(thrown);
    }
  }

  #arrived(): void {
    this.version += 1;
    const row = this.row;
    if (row && this.#event !== row.event) {
      this.#event = row.event;
      if (this.open) void this.#load();
    }
  }

  async #load(): Promise<void> {
    const event = this.#event;
    if (event === undefined) return;
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const detail = await this.#backend.eventDetail(event, this.#lens.zone);
      if (asked === this.#asked && this.open) this.detail = detail;
    } catch (thrown) {
      if (asked === this.#asked) this.error = asError(thrown);
    }
  }
}
