/** Owns: what a person is doing with remote logs: which connector is filled in, what runs, what came of it. Never touches:
 * secrets beyond the field they are typed into; the program holds them, for one address, until it ends. */
import { asError, type Backend } from "../../backend/backend";
import type { BackendError, ConnectorPart, PulledStream, PullProgress, PullReport, PullRequest, TriedReport } from "../../backend/types";

export class Remote {
  readonly #backend: Backend;
  readonly #changed: () => Promise<void>;
  connectors = $state.raw<ConnectorPart[]>([]);
  streams = $state.raw<PulledStream[]>([]);
  chosen = $state.raw<ConnectorPart | PulledStream | undefined>();
  settings = $state<Record<string, string>>({});
  base = $state("");
  since = $state("");
  secret = $state("");
  allowPrivate = $state(false);
  /** What runs. */
  busy = $state<"trying" | "pulling" | "stopping" | undefined>();
  progress = $state.raw<PullProgress | undefined>();
  tried = $state.raw<TriedReport | undefined>();
  report = $state.raw<PullReport | undefined>();
  error = $state.raw<BackendError | undefined>();
  #job = 0;

  constructor(backend: Backend, changed: () => Promise<void>) {
    this.#backend = backend;
    this.#changed = changed;
  }

  async load(): Promise<void> {
    try {
      if (this.connectors.length === 0) this.connectors = (await this.#backend.pullConnectors()).connectors;
      this.streams = (await this.#backend.pulled()).streams;
      const shown = this.chosen;
      if (shown && !isConnector(shown)) this.chosen = this.streams.find((one) => one.id === shown.id);
    } catch (thrown) {
      this.error = asError(thrown);
    }
  }

  /** Fills the form of a connector, from what was pulled before where there is something. */
  fill(connector: ConnectorPart, from?: PulledStream): void {
    this.chosen = connector;
    this.settings = Object.fromEntries(connector.settings.map((one) => [one.name, from?.settings[one.name] ?? one.default ?? ""]));
    this.base = "";
    this.since = "";
    this.secret = "";
    this.allowPrivate = false;
    this.tried = this.report = this.error = undefined;
  }

  again(stream: PulledStream): void {
    const connector = this.connectors.find((one) => one.id === stream.connector);
    if (!connector) return;
    this.fill(connector, stream);
    // Another origin than the connector's own was the person's server.
    const own = connector.settings.reduce((text, one) => text.replaceAll(`{${one.name}}`, this.settings[one.name] ?? ""), connector.base);
    if (!own.startsWith(stream.origin)) this.base = stream.origin;
  }

  get ready(): boolean {
    const chosen = this.chosen;
    return chosen !== undefined && isConnector(chosen) && this.busy === undefined && chosen.settings.every((one) => this.settings[one.name]?.trim());
  }

  #request(connector: ConnectorPart): PullRequest {
    return {
      connector: connector.id, settings: { ...this.settings }, allow_private: this.allowPrivate, streams: [],
      ...(this.base.trim() ? { base: this.base.trim() } : {}), ...(this.since ? { since: this.since } : {}),
    };
  }

  async try(): Promise<void> {
    await this.#run("trying", async (connector) => {
      this.tried = await this.#backend.pullTrial(this.#request(connector), this.secret || undefined);
    });
  }

  async pull(): Promise<void> {
    await this.#run("pulling", async (connector) => {
      this.#job += 1;
      this.report = await this.#backend.pullStart(`pull-${this.#job}`, this.#request(connector), this.secret || undefined, (now) => (this.progress = now));
    });
    await this.load();
    await this.#changed();
  }

  async stop(): Promise<void> {
    if (this.busy !== "pulling") return;
    this.busy = "stopping";
    await this.#backend.importCancel(`pull-${this.#job}`).catch((thrown: unknown) => (this.error = asError(thrown)));
  }

  async #run(what: "trying" | "pulling", work: (connector: ConnectorPart) => Promise<void>): Promise<void> {
    const chosen = this.chosen;
    if (!chosen || !isConnector(chosen) || this.busy) return;
    this.busy = what;
    this.tried = this.report = this.error = this.progress = undefined;
    try {
      await work(chosen);
      // It is held by the program now; the page has no more use for it.
      this.secret = "";
    } catch (thrown) {
      this.error = asError(thrown);
    } finally {
      this.busy = undefined;
      this.progress = undefined;
    }
  }
}

export const isConnector = (one: ConnectorPart | PulledStream): one is ConnectorPart => "auth" in one;
