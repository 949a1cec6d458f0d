/** Owns: which findings are listed, which one is looked at, and the answers for both. Never touches: how they are drawn. */
import type { FindingPage, FindingRow, FindingShow, FindingsReport } from "../../backend/types";
import { Asked } from "../../frame/asked.svelte";
import type { Frame } from "../../frame/frame";

/** Findings of the first page; each further one adds as many, up to what the program gives at once. */
const PAGE = 200;
export const MOST = 1000;

export class Queue {
  show = $state<FindingShow>("open");
  byTime = $state(false);
  search = $state("");
  /** Only findings of this detection. */
  detection = $state<string | undefined>();
  limit = $state(PAGE);
  chosen = $state<string | undefined>();
  /** Whether the middle tells what could not be judged. */
  why = $state(false);
  readonly list = new Asked<FindingsReport | null>();
  readonly page = new Asked<FindingPage>();

  #frame: Frame;

  constructor(frame: Frame) {
    this.#frame = frame;
  }

  get rows(): FindingRow[] {
    return this.list.value?.findings ?? [];
  }
  get row(): FindingRow | undefined {
    return this.rows.find((one) => one.id === this.chosen) ?? (this.chosen === undefined ? this.rows[0] : undefined);
  }
  /** The finding that is shown: the chosen one, even where the list does not hold it. */
  get shown(): string | undefined {
    return this.chosen ?? this.rows[0]?.id;
  }

  ask(): void {
    const { backend, lens } = this.#frame;
    const [query, zone] = [lens.query, lens.zone];
    const wanted = { show: this.show, by_time: this.byTime, search: this.search, first: 0, limit: this.limit, ...(this.detection === undefined ? {} : { detection: this.detection }) };
    void this.list.ask(() => backend.findingsList(query, zone, wanted));
  }

  open(id: string): void {
    const { backend, lens } = this.#frame;
    const zone = lens.zone;
    void this.page.ask(() => backend.findingPage(id, zone));
  }

  choose(id: string): void {
    this.chosen = id;
    this.why = false;
  }

  /** The neighbour in the list; the first one where nothing of the list is chosen. */
  move(by: number): void {
    const at = this.rows.findIndex((one) => one.id === this.shown);
    const next = this.rows[at < 0 ? 0 : Math.min(this.rows.length - 1, Math.max(0, at + by))];
    if (next) this.choose(next.id);
  }

  /** After a suppression of `from` the next one of the list is what a person wants to see, not an empty pane; who has
   * turned to something else meanwhile stays there. */
  step(from: string | undefined): void {
    if (this.why || this.shown !== from) return;
    const at = this.rows.findIndex((one) => one.id === this.shown);
    const next = this.rows[at + 1] ?? this.rows[at - 1];
    if (next) this.choose(next.id);
  }

  more(): void {
    this.limit = Math.min(MOST, this.limit + PAGE);
  }
}
