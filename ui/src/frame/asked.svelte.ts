/** Owns: asking the program for one answer at a time; a late answer to an older question is dropped. Never touches: what
 * is asked. */
import { asError } from "../backend/backend";
import type { BackendError } from "../backend/types";

export class Asked<T> {
  value = $state.raw<T | undefined>();
  error = $state.raw<BackendError | undefined>();
  busy = $state(false);
  #turn = 0;

  async ask(question: () => Promise<T>): Promise<void> {
    this.#turn += 1;
    const mine = this.#turn;
    this.busy = true;
    try {
      const value = await question();
      if (mine !== this.#turn) return;
      this.value = value;
      this.error = undefined;
    } catch (thrown) {
      if (mine !== this.#turn) return;
      this.error = asError(thrown);
      this.value = undefined;
    }
    this.busy = false;
  }
}
