/** Owns: which run is shown, what is asked of the program about it, and what changes it. Never touches: how it looks. */
import type { Backend, ChecklistSubject } from "../../backend/backend";
import { asError } from "../../backend/backend";
import type { BackendError, ChecklistReport, ChecklistsReport } from "../../backend/types";

export const ANSWERS = [
  { value: "yes", title: "Yes" },
  { value: "no", title: "No" },
  { value: "cannot_tell", title: "Cannot tell" },
] as const;
export type Answer = (typeof ANSWERS)[number]["value"];
export const answerWord = (answer: string): string => ANSWERS.find((one) => one.value === answer)?.title ?? answer;

export class Checklists {
  list = $state.raw<ChecklistsReport | undefined>();
  report = $state.raw<ChecklistReport | undefined>();
  error = $state.raw<BackendError | undefined>();
  busy = $state(false);
  #backend: Backend;
  #turn = 0;

  constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Asks for the list, and for the run that is shown; a late answer is dropped. */
  async load(zone: string, run?: number): Promise<void> {
    this.#turn += 1;
    const mine = this.#turn;
    try {
      const list = await this.#backend.checklistsList();
      if (mine !== this.#turn) return;
      const there = (n: number | undefined) => n !== undefined && list.runs.some((one) => one.run === n);
      const wanted = [run, this.report?.run].find(there) ?? list.runs[0]?.run;
      const report = wanted === undefined ? undefined : await this.#backend.checklistRun(wanted, zone);
      if (mine !== this.#turn) return;
      [this.list, this.report, this.error] = [list, report, undefined];
    } catch (thrown) {
      if (mine === this.#turn) this.error = asError(thrown);
    }
  }

  ask = (name: string, about: ChecklistSubject, zone: string) => this.#change(zone, () => this.#backend.checklistAsk(name, about, zone));
  again = (run: number, zone: string) => this.#change(zone, () => this.#backend.checklistAgain(run, zone));
  answer = (run: number, step: string, answer: string | undefined, note: string, zone: string) =>
    this.#change(zone, async () => void (await this.#backend.checklistAnswer(run, step, answer, note)), run);
  pin = (run: number, step: string, event: number, on: boolean, zone: string) =>
    this.#change(zone, async () => void (await this.#backend.checklistPin(run, step, event, on)), run);
  withdraw = (run: number, zone: string) => this.#change(zone, async () => void (await this.#backend.checklistWithdraw(run)));

  /** Does something to the case and asks anew. True when it was done. */
  async #change(zone: string, what: () => Promise<ChecklistReport | void>, run?: number): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    try {
      const report = await what();
      await this.load(zone, report?.run ?? run);
      return true;
    } catch (thrown) {
      this.error = asError(thrown);
      return false;
    } finally {
      this.busy = false;
    }
  }
}
