/** Owns: whether the case was looked at for findings, the look that runs, the rules that were chosen. What was found is
 * asked for by whoever shows it, when `revision` grows. Never touches: how something is found. */
import { asError, type Backend } from "../backend/backend";
import type { BackendError, FindingsReport, RulesChosen } from "../backend/types";

export class Review {
  /** Counts over the whole case; absent before the first look. */
  all = $state.raw<FindingsReport | undefined>();
  rules = $state.raw<RulesChosen | undefined>();
  error = $state.raw<BackendError | undefined>();
  /** When the running look began, as `performance.now()`. */
  since = $state<number | undefined>();
  /** Grows when what was found, judged or hidden changed. */
  revision = $state(0);
  /** Whether the case was asked at all. */
  known = $state(false);

  #backend: Backend;
  #told: (open: number | undefined) => void;
  #changed: () => Promise<void>;
  #again = false;

  /** `told` is told how many findings are open; `changed` asks the rest of the window anew. */
  constructor(backend: Backend, told: (open: number | undefined) => void, changed: () => Promise<void>) {
    this.#backend = backend;
    this.#told = told;
    this.#changed = changed;
  }

  /** Asks what the last look found. */
  async load(): Promise<void> {
    try {
      this.all = (await this.#backend.findingsList("", "UTC", { show: "open", by_time: false, search: "", first: 0, limit: 1 })) ?? undefined;
      this.rules = (await this.#backend.rulesChosen()) ?? undefined;
      this.#told(this.all?.open);
      this.known = true;
      this.revision += 1;
    } catch (thrown) {
      this.error = asError(thrown);
    }
  }

  /** Looks at every event. While one look runs, another that is asked for follows it. */
  async look(): Promise<void> {
    if (this.since !== undefined) {
      this.#again = true;
      return;
    }
    this.since = performance.now();
    this.error = undefined;
    try {
      do {
        this.#again = false;
        await this.#backend.findingsLook();
      } while (this.#again);
    } catch (thrown) {
      this.error = asError(thrown);
    } finally {
      this.since = undefined;
    }
    await this.load();
    await this.#changed();
  }

  /** A word of a person on findings, then everything that shows them anew. */
  async say(act: () => Promise<unknown>): Promise<boolean> {
    this.error = undefined;
    try {
      await act();
    } catch (thrown) {
      this.error = asError(thrown);
      return false;
    }
    await this.load();
    await this.#changed();
    return true;
  }

  /** Rules to run beside the detections, from a dialog of the system. */
  async choose(folder: boolean): Promise<void> {
    try {
      if (await this.#backend.rulesChoose(folder)) await this.look();
    } catch (thrown) {
      this.error = asError(thrown);
    }
  }

  async putAway(): Promise<void> {
    try {
      await this.#backend.rulesPutAway();
      await this.look();
    } catch (thrown) {
      this.error = asError(thrown);
    }
  }
}
