/** Owns: the rows in memory, the row that is selected with its detail, the rows that are picked beside it, what people mark
 * on them, the span of the chart. Never touches: the filter (the lens does). */
import { asError, type Backend } from "../../backend/backend";
import type { BackendError, EventDetail, EventJson, OwnEntryPart, RowPart, ViewSummary } from "../../backend/types";
import { compose, piece } from "../../lens/compose";
import type { Lens } from "../../lens/lens.svelte";
import { PAGE, Pages } from "../../table/pages";
import type { Span } from "./zoom";

/** Rows that can be picked at a time; more is an export. */
export const MOST_PICKED = 1000;
export type MarkKind = "bookmark" | "tag" | "note";

export class Timeline {
  /** Grows when rows arrive or change. */
  version = $state(0);
  /** Rank in the view, from 0; -1 when no row is selected. */
  selected = $state(-1);
  /** Whether the detail is shown. */
  open = $state(false);
  detail = $state.raw<EventDetail | undefined>();
  error = $state.raw<BackendError | undefined>();

  /** Ranks of rows picked together; empty when only the selected one is meant. */
  picked = $state.raw<ReadonlySet<number>>(new Set());
  /** The span of the histogram that the wheel chose; the lens has the filter. */
  zoom = $state.raw<Span | undefined>();
  span = $state.raw<{ whole: Span; now: Span } | undefined>();
  /** Fields that a person added to the rail. */
  rail = $state.raw<string[]>([]);
  /** Whether the chart is shown; without a choice the height of the window decides. */
  chart = $state<boolean | undefined>();
  /** Whether everything around the selected row is shown. */
  context = $state(false);
  /** The examiner's own entries by the rank of the row before which they stand. They are no rows. */
  entries = $state.raw<ReadonlyMap<number, OwnEntryPart[]>>(new Map());
  /** Fields that rows are asked for beside what every row has. */
  fields = $state.raw<string[]>([]);

  #backend: Backend;
  #lens: Lens;
  #anchor = -1;
  #marks = 0;
  #markedView: { of: string; view: ViewSummary } | undefined;
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
    this.#pages.reset(view.count, (first, len) => this.#backend.viewRows(view.view, first, len, this.fields));
    this.version += 1;
    this.picked = new Set();
    this.entries = new Map();
    this.#anchor = -1;
    await this.#among(view);
    if (this.#lens.view !== view || this.#event === undefined) return undefined;
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

  async #among(view: ViewSummary): Promise<void> {
    try {
      const entries = await this.#backend.viewEntries(view.view);
      if (this.#lens.view !== view) return;
      const by = new Map<number, OwnEntryPart[]>();
      for (const one of entries) by.set(one.before, [...(by.get(one.before) ?? []), one]);
      this.entries = by;
    } catch (thrown) {
      this.#failed(thrown);
    }
  }

  select = (index: number): void => {
    this.picked = new Set();
    this.#anchor = index;
    this.#focus(index);
  };

  /** Picks rows beside the selected one: all up to `index`, or this one more or less. */
  pick(index: number, how: "through" | "toggle"): void {
    const from = this.#anchor < 0 ? (this.selected < 0 ? index : this.selected) : this.#anchor;
    if (how === "through") {
      const [low, high] = [Math.min(from, index), Math.min(Math.max(from, index), Math.min(from, index) + MOST_PICKED - 1)];
      this.picked = new Set(Array.from({ length: high - low + 1 }, (_, i) => low + i));
    } else {
      const next = new Set(this.picked.size ? this.picked : this.selected >= 0 ? [this.selected] : []);
      if (!next.delete(index) && next.size < MOST_PICKED) next.add(index);
      this.picked = next;
      this.#anchor = index;
    }
    this.#focus(index);
  }

  /** Ranks that an act is meant for, in order. */
  get meant(): number[] {
    if (this.picked.size) return [...this.picked].sort((a, b) => a - b);
    return this.selected < 0 ? [] : [this.selected];
  }

  /** The rows that an act is meant for, those that are not in memory too. */
  async rows(): Promise<RowPart[]> {
    const view = this.#lens.view;
    const wanted = this.meant;
    const known = new Map<number, RowPart>();
    for (const rank of wanted) {
      const row = known.get(rank) ?? this.get(rank);
      if (row) known.set(rank, row);
      else if (view) {
        const found = await this.#backend.viewRows(view.view, rank, Math.min(PAGE, (wanted.at(-1) ?? rank) - rank + 1), this.fields);
        found.forEach((one, i) => known.set(rank + i, one));
      }
    }
    return wanted.flatMap((rank) => known.get(rank) ?? []);
  }

  /** The same as JSON of the contract. */
  async json(): Promise<EventJson[]> {
    const view = this.#lens.view;
    const wanted = this.meant;
    const [first, last] = [wanted[0], wanted.at(-1)];
    if (!view || first === undefined || last === undefined) return [];
    if (last - first < MOST_PICKED) {
      const all = await this.#backend.viewEvents(view.view, first, last - first + 1);
      return wanted.flatMap((rank) => all[rank - first] ?? []);
    }
    const each: EventJson[] = [];
    for (const rank of wanted) each.push(...(await this.#backend.viewEvents(view.view, rank, 1)));
    return each;
  }

  #focus(index: number): void {
    this.selected = index;
    this.#event = this.get(index)?.event;
    this.want(index, index + 1);
    if (this.open) void this.#load();
  }

  /** Shows an event that may not be in the view. */
  showEvent(event: number): void {
    this.open = true;
    this.#event = event;
    void this.#load();
  }

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

  /** Rank of the next row, in reading order, on which a person or a finding left a mark; null when there is none. */
  async nextMarked(by: 1 | -1): Promise<number | null> {
    const view = this.#lens.view;
    if (!view) return null;
    try {
      const marked = await this.#marked();
      let [low, high] = [0, marked.count];
      const here = this.selected;
      const rankOf = async (at: number): Promise<number> => {
        const [row] = await this.#backend.viewRows(marked.view, at, 1, []);
        return (row && (await this.#backend.viewLocate(view.view, { event: row.event }))) ?? -1;
      };
      // The two views have one order, so the place is found by halving.
      while (low < high) {
        const middle = (low + high) >> 1;
        const rank = await rankOf(middle);
        if (by === 1 ? rank > here : rank >= here) high = middle;
        else low = middle + 1;
      }
      const at = by === 1 ? low : low - 1;
      return at < 0 || at >= marked.count ? null : await rankOf(at);
    } catch (thrown) {
      this.#failed(thrown);
      return null;
    }
  }

  /** The marked rows of the same filter are a view of their own, asked once for a filter and its marks. */
  async #marked(): Promise<ViewSummary> {
    const of = `${this.#lens.revision} ${this.#marks}`;
    if (this.#markedView?.of !== of) {
      const query = compose([...this.#lens.pieces, piece("(has:finding OR has:bookmark OR has:tag OR has:note)")]).query;
      this.#markedView = { of, view: await this.#backend.viewOpen(query, this.#lens.sort, this.#lens.zone) };
    }
    return this.#markedView.view;
  }

  /** Marks the meant rows, or takes a mark off them. */
  async mark(kind: MarkKind, value: string, on: boolean): Promise<void> {
    try {
      const ranks = this.meant;
      const rows = await this.rows();
      this.#marks += 1;
      for (const row of rows) await this.#backend.mark(row.event, kind, value, on);
      for (const rank of ranks) this.#pages.update(rank, (row) => marked(row, kind, value, on));
      const detail = this.detail;
      if (detail && rows.some((row) => row.event === detail.event.witnessmark.event)) {
        const notes = kind === "note" ? (on ? [...new Set([...detail.notes, value])] : detail.notes.filter((one) => one !== value)) : detail.notes;
        this.detail = { ...detail, row: marked(detail.row, kind, value, on), notes };
      }
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

function marked(row: RowPart, kind: MarkKind, value: string, on: boolean): RowPart {
  if (kind === "bookmark") return { ...row, bookmarked: on };
  if (kind === "tag") return { ...row, tags: on ? [...new Set([...row.tags, value])] : row.tags.filter((tag) => tag !== value) };
  return row;
}
