/** Owns: what the window as a whole is doing: which case is open, which files wait, what a person is asked. Never
 * touches: how places look, what a filter means, which place is shown (the lens keeps that with its history). */
import { asError, type Backend } from "../backend/backend";
import type { AppInfo, BackendError, CaseSummary, InputFile, InputsDropped, Settings, SourceReport } from "../backend/types";
import { Commands } from "../components/commands.svelte";
import { Inbox } from "../frame/inbox.svelte";
import { piece } from "../lens/compose";
import { Lens } from "../lens/lens.svelte";
import type { PlaceName } from "../lens/where";
import { look } from "../theme/theme.svelte";
import { OpenCase } from "./open.svelte";

export type Asking = "palette" | "shortcuts" | "paste" | "zone" | "export" | undefined;

export class Session {
  readonly backend: Backend;
  readonly lens: Lens;
  readonly inbox: Inbox;
  readonly commands = new Commands();

  info = $state.raw<AppInfo | undefined>();
  settings = $state.raw<Settings>({ theme: "system", density: "compact", columns: [], split: "event.outcome", scale: "linear", zoom: 1 });
  /** The open case. */
  open = $state.raw<OpenCase | undefined>();
  asking = $state<Asking>();
  /** The case whose passphrase is asked for. */
  locked = $state.raw<{ token: string; name: string; wrong: boolean } | undefined>();
  /** Files that wait until there is a case. */
  files = $state.raw<InputFile[]>([]);
  hovering = $state(false);
  busy = $state<string | undefined>();
  error = $state.raw<BackendError | undefined>();
  notices = $state.raw<string[]>([]);

  constructor(backend: Backend) {
    this.backend = backend;
    this.lens = new Lens(backend);
    this.inbox = new Inbox(backend, (sources) => this.#imported(sources));
  }

  get summary(): CaseSummary | undefined {
    return this.open?.summary;
  }
  get place(): PlaceName {
    return this.lens.where.place;
  }
  /** What the program told of itself; a case is only open after that. */
  get known(): AppInfo {
    if (!this.info) throw new Error("the program has not told of itself yet");
    return this.info;
  }

  fail(thrown: unknown): void {
    this.error = asError(thrown);
  }

  async start(): Promise<void> {
    try {
      this.info = await this.backend.appInfo();
      this.settings = this.info.settings;
      look.set(this.info.settings.theme, this.info.settings.density);
      await this.backend.onInputsDropped((dropped) => this.#dropped(dropped));
      if (this.info.case) await this.#opened(this.info.case);
      if (this.info.inputs.length) await this.take(this.info.inputs);
    } catch (thrown) {
      this.error = asError(thrown);
    }
  }

  setLook(theme: string, density: string): void {
    look.set(theme, density);
    this.keep({ theme: look.theme, density: look.density });
  }

  /** Larger (by 1), smaller (by -1) or as it is (0). */
  zoom(by: -1 | 0 | 1): void {
    const next = by === 0 ? 1 : Math.min(3, Math.max(0.5, Math.round((this.settings.zoom + by * 0.1) * 10) / 10));
    this.keep({ zoom: next });
  }

  keep(change: Partial<Settings>): void {
    this.settings = { ...this.settings, ...change };
    this.backend.settingsSave(this.settings).catch((thrown: unknown) => (this.error = asError(thrown)));
  }

  create = (name: string, passphrase: string | undefined, zone: string): Promise<void> =>
    this.#do("Making the case…", async () => this.#opened(await this.backend.caseCreate(name, passphrase, zone)));

  sample = (): Promise<void> => this.#do("Making the sample case…", async () => this.#opened(await this.backend.caseSample()));

  async openCase(token: string, name: string, passphrase?: string): Promise<void> {
    await this.#do("Opening the case…", async () => {
      try {
        const summary = await this.backend.caseOpen(token, passphrase);
        this.locked = undefined;
        await this.#opened(summary);
      } catch (thrown) {
        if (asError(thrown).code !== "passphrase_required") throw thrown;
        this.locked = { token, name, wrong: passphrase !== undefined };
      }
    });
  }

  async choose(): Promise<void> {
    const chosen = await this.backend.caseChoose().catch((thrown: unknown) => void (this.error = asError(thrown)));
    if (chosen) {
      await this.close();
      await this.openCase(chosen.token, chosen.name);
    }
  }

  async close(): Promise<void> {
    if (!this.summary || this.inbox.busy) return;
    await this.#do("Closing the case…", async () => {
      await this.backend.caseClose();
      this.open = undefined;
      this.inbox.clear();
      this.info = await this.backend.appInfo();
    });
  }

  /** Files to import: into the open case, or kept until there is one. A case among them is opened instead. */
  async take(files: InputFile[]): Promise<void> {
    const found = files.find((file) => file.is_case);
    if (found) {
      if (this.summary) await this.close();
      await this.openCase(found.token, found.name);
      return;
    }
    if (!this.summary) {
      this.files = [...this.files, ...files.filter((file) => !this.files.some((one) => one.token === file.token))];
      return;
    }
    this.inbox.add(files);
    if (files.length) this.go("sources");
  }

  async paste(text: string): Promise<void> {
    this.asking = undefined;
    await this.#do("Taking the lines…", async () => this.take([await this.backend.inputPaste(text)]));
  }

  go(place: PlaceName): void {
    this.open?.go(place);
  }

  /** The undated events of the filter. */
  showUndated(): void {
    const pieces = this.lens.pieces.some((one) => one.text === "undated" && !one.suspended) ? this.lens.pieces : [...this.lens.pieces, piece("undated")];
    this.open?.rows(pieces);
  }

  async setZone(zone: string): Promise<void> {
    this.asking = undefined;
    this.lens.zone = zone;
    await this.lens.refresh();
  }

  async #opened(summary: CaseSummary): Promise<void> {
    this.error = undefined;
    this.notices = summary.notices;
    const waiting = this.files;
    this.files = [];
    await this.lens.reset(summary.zone, { place: waiting.length || summary.sources.length === 0 ? "sources" : "timeline", subject: undefined });
    this.open = new OpenCase(this, summary);
    if (waiting.length) this.inbox.add(waiting);
  }

  async #imported(sources: SourceReport[]): Promise<void> {
    try {
      const summary = await this.backend.caseSummary();
      if (this.open) this.open.summary = summary;
      if (sources.length) await this.lens.refresh();
      if (sources.length) await this.open?.review.load();
    } catch (thrown) {
      this.error = asError(thrown);
    }
  }

  #dropped(dropped: InputsDropped): void {
    this.hovering = dropped.phase === "hover";
    if (dropped.phase === "drop") void this.take(dropped.files);
  }

  async #do(what: string, work: () => Promise<void>): Promise<void> {
    if (this.busy) return;
    this.busy = what;
    this.error = undefined;
    try {
      await work();
    } catch (thrown) {
      this.error = asError(thrown);
    } finally {
      this.busy = undefined;
    }
  }
}
