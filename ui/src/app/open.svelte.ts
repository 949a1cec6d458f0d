/** Owns: the open case as its places see it: the frame. Never touches: opening and closing (session.svelte.ts does). */
import { untrack } from "svelte";
import type { CaseSummary, Settings } from "../backend/types";
import type { Frame, Pivot } from "../frame/frame";
import { Review } from "../frame/review.svelte";
import { type Piece, piece } from "../lens/compose";
import type { PlaceName, Subject } from "../lens/where";
import { has } from "./places";
import type { Session } from "./session.svelte";

export class OpenCase implements Frame {
  summary: CaseSummary = $state.raw() as CaseSummary;
  badges = $state.raw<Partial<Record<PlaceName, number>>>({});
  remarked = $state("");
  readonly review: Review;

  #session: Session;
  #kept = new Map<string, unknown>();

  constructor(session: Session, summary: CaseSummary) {
    this.#session = session;
    this.summary = summary;
    this.review = new Review(session.backend, (open) => this.badge("findings", open), () => this.reload());
    void this.review.load();
  }

  get backend() {
    return this.#session.backend;
  }
  get lens() {
    return this.#session.lens;
  }
  get commands() {
    return this.#session.commands;
  }
  get inbox() {
    return this.#session.inbox;
  }
  get info() {
    return this.#session.known;
  }
  get settings(): Settings {
    return this.#session.settings;
  }
  keep = (change: Partial<Settings>): void => this.#session.keep(change);
  get subject(): Subject | undefined {
    return this.lens.where.subject;
  }

  has = (place: PlaceName): boolean => has(place);

  go(place: PlaceName, pivot?: Pivot): void {
    this.remarked = "";
    void this.lens.visit({ place, subject: pivot?.subject }, pivot?.pieces);
  }

  rows = (pieces: Piece[]): void => this.go("timeline", { pieces });
  rowsOf = (query: string): void => this.rows(query.trim() === "" ? [] : [piece(query)]);

  badge(place: PlaceName, n: number | undefined): void {
    // A place tells its number in an effect, which must not wait for the numbers of the others.
    const { [place]: before, ...rest } = untrack(() => this.badges);
    if (before === n) return;
    this.badges = n === undefined ? rest : { ...rest, [place]: n };
  }

  remark(text: string): void {
    this.remarked = text;
  }

  kept<T>(name: string, make: () => T): T {
    if (!this.#kept.has(name)) this.#kept.set(name, make());
    return this.#kept.get(name) as T;
  }

  fail = (thrown: unknown): void => this.#session.fail(thrown);

  async reload(): Promise<void> {
    await this.recount();
    await this.lens.refresh();
  }

  /** Asks for the summary anew, where no event changed: the custody log did. */
  async recount(): Promise<void> {
    try {
      this.summary = await this.backend.caseSummary();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  askPaste(): void {
    this.#session.asking = "paste";
  }
}
