/** Owns: a mapping that a person works at: the profile's text, what it makes of the log, the changes one after the other.
 * Never touches: what a change means (the program says), what is stored. */
import { asError, type Backend, type MappingOf } from "../../backend/backend";
import type { BackendError, ImportChoices, KeptProfile, MappingEdits, MappingField, MappingReport, SlotValue, VerbEdit } from "../../backend/types";

const NONE: MappingEdits = { slots: [], verbs: [] };

export class Mapping {
  /** Of an archive or a workbook, with the member or sheet that was chosen. */
  of: MappingOf;
  /** Zone, order and the like, as they would hold for the import. */
  choices = $state.raw<ImportChoices>({ labels: [] });
  /** The answer to the last change; its text is the profile. */
  report = $state.raw<MappingReport | undefined>();
  error = $state.raw<BackendError | undefined>();
  /** What was done last, in words. */
  said = $state("");
  busy = $state(false);

  #backend: Backend;
  #queue: Promise<void> = Promise.resolve();
  #written = 0;

  constructor(backend: Backend, of: MappingOf, choices: ImportChoices) {
    this.#backend = backend;
    this.of = of;
    this.choices = choices;
  }

  get ready(): boolean {
    return this.report !== undefined && this.report.refused === undefined;
  }

  /** The alternatives of a part. */
  values(slot: string): SlotValue[] {
    return this.report?.slots.find((one) => one.slot === slot)?.values ?? [];
  }

  /** How a part takes a field: inside a list of objects by its place in one of them. */
  expression(slot: string, field: MappingField): string {
    return slot.startsWith("target.") ? field.inside ?? field.expression : field.expression;
  }

  begin(): Promise<void> {
    return this.#look(undefined, NONE);
  }

  /** Another member of an archive, or sheet of a workbook: its mapping begins anew, for it is another log. */
  pick(member: string): Promise<void> {
    if (!("token" in this.of)) return Promise.resolve();
    this.of = { token: this.of.token, member };
    return this.begin();
  }

  /** Whether what is mapped is one of several logs in a file. */
  get isOne(): boolean {
    return (this.report?.members.length ?? 0) > 1;
  }

  /** Fills a part from elsewhere; with none it stays empty. */
  set(slot: string, values: string[]): Promise<void> {
    return this.#change({ slots: [{ slot, values }], verbs: [] });
  }

  /** Puts a field before the others of a part, or in the place of the first. */
  use(slot: string, field: MappingField, how: "instead" | "or_else"): Promise<void> {
    const taken = this.expression(slot, field);
    const before = this.values(slot).map((one) => one.expression).filter((one) => one !== taken);
    return this.set(slot, how === "instead" ? [taken, ...before.slice(1)] : [...before, taken]);
  }

  /** Gives a word a meaning; without an operation it is taken out. */
  give(verb: VerbEdit): Promise<void> {
    return this.#change({ slots: [], verbs: [verb] });
  }

  /** Takes the text as a person wrote it. */
  write(text: string): Promise<void> {
    this.#written += 1;
    const mine = this.#written;
    // Of two texts that wait, only the later counts.
    return this.#look(() => text, NONE, () => mine !== this.#written);
  }

  choose(choices: ImportChoices): Promise<void> {
    this.choices = choices;
    return this.#look(() => this.report?.text, NONE);
  }

  /** Keeps the profile in the case. */
  async keep(): Promise<KeptProfile | undefined> {
    let kept: KeptProfile | undefined;
    await this.#do(async () => {
      await this.#queue;
      // The last change may have been refused a moment ago.
      if (!this.ready) return;
      kept = await this.#backend.profileKeep(this.report?.text ?? "");
      if (this.report) this.report = { ...this.report, text: kept.text };
    });
    return kept;
  }

  /** Writes the profile to a file that a dialog names. */
  share(): Promise<void> {
    return this.#do(async () => {
      await this.#queue;
      const name = await this.#backend.profileSave(this.report?.text ?? "");
      if (name !== null) this.said = `Written to ${name}`;
    });
  }

  /** Takes the profile of a file that a dialog asks for. */
  read(): Promise<void> {
    return this.#do(async () => {
      const file = await this.#backend.profileRead();
      if (file === null) return;
      await this.write(file.text);
      this.said = `Read from ${file.name}`;
    });
  }

  async #do(act: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.said = "";
    try {
      await act();
      this.error = undefined;
    } catch (thrown) {
      this.error = asError(thrown);
    } finally {
      this.busy = false;
    }
  }

  #change(edits: MappingEdits): Promise<void> {
    return this.#look(() => this.report?.text, edits);
  }

  /** One after the other: each change is made to what the one before left. */
  #look(text: (() => string | undefined) | undefined, edits: MappingEdits, late: () => boolean = () => false): Promise<void> {
    this.said = "";
    this.#queue = this.#queue.then(async () => {
      if (late()) return;
      try {
        this.report = await this.#backend.mappingLook(this.of, this.choices, text?.(), edits);
        this.error = undefined;
      } catch (thrown) {
        this.error = asError(thrown);
      }
    });
    return this.#queue;
  }
}
