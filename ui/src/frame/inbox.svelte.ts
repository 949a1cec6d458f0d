/** Owns: the files that wait to be imported, what was found out about each, the answers a person gave, and the running
 * import. Never touches: what is stored (the program does, and tells with a receipt). */
import { asError, type Backend } from "../backend/backend";
import type { BackendError, ImportChoices, ImportProgress, InputFile, InspectionReport, SourceReport } from "../backend/types";

export class Waiting {
  readonly file: InputFile;
  choices = $state.raw<ImportChoices>({ labels: [] });
  inspection = $state.raw<InspectionReport | undefined>();
  error = $state.raw<BackendError | undefined>();
  progress = $state.raw<ImportProgress | undefined>();
  state = $state<"inspecting" | "asking" | "ready" | "importing" | "cancelling" | "refused">("inspecting");
  job = "";
  asked = 0;

  constructor(file: InputFile) {
    this.file = file;
  }
  get running(): boolean {
    return this.state === "importing" || this.state === "cancelling";
  }
}

export class Inbox {
  waiting = $state<Waiting[]>([]);
  /** What the last import gave, newest first; they are shown as receipts. */
  receipts = $state.raw<SourceReport[]>([]);

  #backend: Backend;
  #imported: (sources: SourceReport[]) => Promise<void>;
  #jobs = 0;

  /** `imported` is told after each import, when the case has changed. */
  constructor(backend: Backend, imported: (sources: SourceReport[]) => Promise<void>) {
    this.#backend = backend;
    this.#imported = imported;
  }

  get ready(): Waiting[] {
    return this.waiting.filter((one) => one.state === "ready");
  }
  get busy(): boolean {
    return this.waiting.some((one) => one.running);
  }

  clear(): void {
    this.waiting = [];
    this.receipts = [];
  }

  add(files: InputFile[]): Waiting[] {
    const added = files.filter((file) => !this.waiting.some((one) => one.file.token === file.token)).map((file) => new Waiting(file));
    this.waiting = [...this.waiting, ...added];
    for (const one of added) void this.inspect(one);
    return added;
  }

  remove(one: Waiting): void {
    if (!one.running) this.waiting = this.waiting.filter((other) => other !== one);
  }

  /** Looks at a file with other choices; nothing is stored. */
  choose(one: Waiting, choices: ImportChoices): Promise<void> {
    one.choices = choices;
    return this.inspect(one);
  }

  async inspect(one: Waiting): Promise<void> {
    one.asked += 1;
    const mine = one.asked;
    if (one.inspection === undefined) one.state = "inspecting";
    try {
      const report = await this.#backend.importInspect(one.file.token, one.choices);
      if (mine !== one.asked || one.running) return;
      one.inspection = report;
      one.error = undefined;
      one.state = report.question ? "asking" : "ready";
    } catch (thrown) {
      if (mine !== one.asked || one.running) return;
      one.error = asError(thrown);
      one.state = "refused";
    }
  }

  /** Imports one file after another; the next begins when the receipt of the one before is there. */
  async run(which: Waiting[]): Promise<void> {
    for (const one of which) await this.#import(one);
  }

  async cancel(one: Waiting): Promise<void> {
    if (one.state !== "importing") return;
    one.state = "cancelling";
    try {
      await this.#backend.importCancel(one.job);
    } catch (thrown) {
      one.error = asError(thrown);
    }
  }

  async #import(one: Waiting): Promise<void> {
    if (one.running) return;
    this.#jobs += 1;
    one.job = `import-${this.#jobs}`;
    one.state = "importing";
    one.error = undefined;
    one.progress = undefined;
    try {
      const report = await this.#backend.importStart(one.job, [one.file.token], one.choices, (progress) => {
        if (one.running) one.progress = progress;
      });
      one.state = "ready";
      this.waiting = this.waiting.filter((other) => other !== one);
      this.receipts = [...report.sources, ...this.receipts];
      await this.#imported(report.sources);
    } catch (thrown) {
      const error = asError(thrown);
      one.error = error;
      one.state = error.code.endsWith("_required") ? "asking" : "ready";
      // A cancelled import leaves its entry in the custody log, so the case is asked anew.
      await this.#imported([]);
    }
  }
}
