/** Owns: which rows of a long list are in memory. One page is fetched at a time, the one that is looked at first; an
 * answer for a list that is no longer shown is dropped. Never touches: what a row is, where it stands. */

/** Rows in a page, the most that one call gives. */
export const PAGE = 200;
/** Pages kept: 12,000 rows, of which a screen shows about 60. */
const KEPT = 60;

export class Pages<Row> {
  #pages = new Map<number, Row[]>();
  #fetch: ((first: number, len: number) => Promise<Row[]>) | undefined;
  #changed: () => void;
  #failed: (thrown: unknown) => void;
  #generation = 0;
  #rows = 0;
  #running = false;
  #wanted: [number, number] = [0, 0];

  constructor(changed: () => void, failed: (thrown: unknown) => void) {
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Another list; what was kept of the one before goes. */
  reset(rows: number, fetch: (first: number, len: number) => Promise<Row[]>): void {
    this.#generation += 1;
    this.#pages.clear();
    this.#rows = rows;
    this.#fetch = fetch;
    this.#running = false;
    this.#wanted = [0, 0];
  }

  get(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** A row was changed by a person; the copy in memory follows. */
  update(index: number, change: (row: Row) => Row): void {
    const page = this.#pages.get(Math.floor(index / PAGE));
    const row = page?.[index % PAGE];
    if (page && row !== undefined) page[index % PAGE] = change(row);
    this.#changed();
  }

  /** These rows are looked at now: their pages come before all others, then the page before and after. */
  want(first: number, end: number): void {
    this.#wanted = [first, end];
    if (!this.#running) void this.#run();
  }

  #next(): number | undefined {
    const last = Math.max(0, Math.ceil(this.#rows / PAGE) - 1);
    const from = Math.min(last, Math.floor(this.#wanted[0] / PAGE));
    const to = Math.min(last, Math.floor(Math.max(this.#wanted[0], this.#wanted[1] - 1) / PAGE));
    const order = [];
    for (let page = from; page <= to; page++) order.push(page);
    order.push(to + 1, from - 1);
    return order.find((page) => page >= 0 && page <= last && !this.#pages.has(page));
  }

  async #run(): Promise<void> {
    const generation = this.#generation;
    this.#running = true;
    for (let page = this.#next(); page !== undefined && this.#rows > 0 && this.#fetch; page = this.#next()) {
      try {
        const rows = await this.#fetch(page * PAGE, Math.min(PAGE, this.#rows - page * PAGE));
        if (generation !== this.#generation) return;
        this.#pages.set(page, rows);
        // The oldest fetched goes first; what is looked at has just been fetched or is fetched again at once.
        while (this.#pages.size > KEPT) this.#pages.delete(this.#pages.keys().next().value as number);
        this.#changed();
      } catch (thrown) {
        if (generation !== this.#generation) return;
        this.#running = false;
        this.#failed(thrown);
        return;
      }
    }
    this.#running = false;
  }
}
