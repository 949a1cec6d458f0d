/** Owns: a source that a person considers to read anew: the choices, what would become of them, and the running work.
 * Never touches: what is stored (the program does). */
import { asError, type Backend } from "../../backend/backend";
import type { BackendError, ImportChoices, ImportProgress, InspectionReport } from "../../backend/types";

export class Rereading {
  readonly source: number;
  /** As they would hold. */
  choices = $state.raw<ImportChoices>({ labels: [] });
  report = $state.raw<InspectionReport | undefined>();
  error = $state.raw<BackendError | undefined>();
  progress = $state.raw<ImportProgress | undefined>();
  state = $state<"looking" | "asking" | "ready" | "refused" | "running" | "cancelling">("looking");

  #backend: Backend;
  #asked = 0;
  #job = "";

  constructor(backend: Backend, source: number) {
    this.#backend = backend;
    this.source = source;
  }

  get running(): boolean {
    return this.state === "running" || this.state === "cancelling";
  }

  /** Begins with what was chosen before, and with a profile if one is to be used. */
  async begin(profile?: string): Promise<void> {
    try {
      const before = await this.#backend.sourceChoices(this.source);
      this.choices = profile === undefined ? before : { ...before, profile };
      await this.#look();
    } catch (thrown) {
      this.error = asError(thrown);
      this.state = "refused";
    }
  }

  /** Looks at the source with another choice; nothing is changed. An empty text takes a choice back to what was. */
  choose(change: Partial<Record<"profile" | "zone" | "date_order" | "encoding", string>>): Promise<void> {
    const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== ""));
    this.choices = { ...this.choices, ...given };
    return this.#look();
  }

  async #look(): Promise<void> {
    this.#asked += 1;
    const mine = this.#asked;
    try {
      const report = await this.#backend.sourceInspect(this.source, this.choices);
      if (mine !== this.#asked || this.running) return;
      this.report = report;
      this.error = undefined;
      this.state = report.question ? "asking" : "ready";
    } catch (thrown) {
      if (mine !== this.#asked || this.running) return;
      this.error = asError(thrown);
      this.state = "refused";
    }
  }

  /** Reads it anew; gives whether that was done. */
  async run(): Promise<boolean> {
    if (this.state !== "ready") return false;
    this.state = "running";
    this.error = undefined;
    this.#job = `reread-${this.source}-${this.#asked}`;
    try {
      await this.#backend.sourceReread(this.#job, this.source, this.choices, (progress) => (this.progress = progress));
      return true;
    } catch (thrown) {
      this.error = asError(thrown);
      return false;
    } finally {
      this.state = "ready";
      this.progress = undefined;
    }
  }

  async cancel(): Promise<void> {
    if (this.state !== "running") return;
    this.state = "cancelling";
    await this.#backend.importCancel(this.#job).catch((thrown: unknown) => (this.error = asError(thrown)));
  }
}
