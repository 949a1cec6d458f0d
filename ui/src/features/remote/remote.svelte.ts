/** Owns: what a person is doing with remote logs: which connector is filled in, what runs, what came of it. Never touches:
 * secrets beyond the field they are typed into; the program holds them for one address, or the keyring of the system does. */
import { asError, type Backend } from "../../backend/backend";
import type { BackendError, ConnectorPart, OwnAuthorities, OwnConnector, PlanState, PulledStream, PullProgress, PullReport, PullRequest, SecretState, TriedReport } from "../../backend/types";

/** How often it is looked how repeated pulls stand, in milliseconds. */
const LOOK = 5000;

export class Remote {
  readonly #backend: Backend;
  readonly #changed: () => Promise<void>;
  connectors = $state.raw<ConnectorPart[]>([]);
  /** Connectors from files that the person chose; known until the window is closed. */
  own = $state.raw<OwnConnector[]>([]);
  streams = $state.raw<PulledStream[]>([]);
  chosen = $state.raw<ConnectorPart | PulledStream | undefined>();
  settings = $state<Record<string, string>>({});
  base = $state("");
  since = $state("");
  /** How far back to ask once more at the end; empty: not at all. */
  settle = $state("");
  /** The streams of the connector that are to be pulled. */
  wanted = $state<string[]>([]);
  /** Certificates that are trusted beside those of the system. */
  authorities = $state.raw<OwnAuthorities | undefined>();
  secret = $state("");
  /** Whether the keyring of the system is to keep what is typed. */
  keep = $state(false);
  /** Whether the program has a secret for what is filled in; absent until enough is. */
  known = $state.raw<SecretState | undefined>();
  allowPrivate = $state(false);
  /** How often the pull is to be repeated; empty: not. */
  every = $state("");
  /** What is repeated while the case is open. */
  plans = $state.raw<PlanState[]>([]);
  /** What runs. */
  busy = $state<"trying" | "pulling" | "planning" | "stopping" | undefined>();
  progress = $state.raw<PullProgress | undefined>();
  tried = $state.raw<TriedReport | undefined>();
  report = $state.raw<PullReport | undefined>();
  error = $state.raw<BackendError | undefined>();
  /** Origins on this machine or in a private network that the person allowed since the window was opened. */
  readonly #private = new Set<string>();
  #job = 0;
  #asked = 0;
  #watch: ReturnType<typeof setInterval> | undefined;

  constructor(backend: Backend, changed: () => Promise<void>) {
    this.#backend = backend;
    this.#changed = changed;
  }

  async load(): Promise<void> {
    try {
      if (this.connectors.length === 0) this.connectors = (await this.#backend.pullConnectors()).connectors;
      this.streams = (await this.#backend.pulled()).streams;
      this.#seen(await this.#backend.plans());
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
    this.since = this.settle = "";
    this.wanted = from?.stream ? [from.stream] : [...connector.streams];
    this.authorities = undefined;
    this.secret = "";
    this.keep = false;
    this.known = undefined;
    this.allowPrivate = false;
    this.tried = this.report = this.error = undefined;
  }

  /** The connector of a log: the person's own file goes before one of the program with the same id. */
  connectorOf(stream: { connector: string }): ConnectorPart | undefined {
    return [...this.own.map((one) => one.connector), ...this.connectors].find((one) => one.id === stream.connector);
  }

  async chooseConnector(): Promise<void> {
    try {
      const got = await this.#backend.connectorChoose();
      if (!got) return;
      this.own = [...this.own.filter((one) => one.connector.id !== got.connector.id), got];
      this.fill(got.connector);
    } catch (thrown) {
      this.chosen = undefined;
      this.error = asError(thrown);
    }
  }

  async chooseAuthorities(): Promise<void> {
    try {
      this.authorities = (await this.#backend.authoritiesChoose()) ?? this.authorities;
    } catch (thrown) {
      this.error = asError(thrown);
    }
  }

  again(stream: PulledStream): void {
    const connector = this.connectorOf(stream);
    if (!connector) return;
    this.fill(connector, stream);
    // Another origin than the connector's own was the person's server.
    const own = connector.settings.reduce((text, one) => text.replaceAll(`{${one.name}}`, this.settings[one.name] ?? ""), connector.base);
    if (!own.startsWith(stream.origin)) this.base = stream.origin;
    this.allowPrivate = this.#private.has(stream.origin);
  }

  get ready(): boolean {
    const chosen = this.chosen;
    return chosen !== undefined && isConnector(chosen) && this.busy === undefined && this.#complete(chosen);
  }

  #request(connector: ConnectorPart): PullRequest {
    const file = this.own.find((one) => one.connector === connector)?.token;
    const some = this.wanted.length < connector.streams.length;
    return {
      connector: connector.id, settings: { ...this.settings }, allow_private: this.allowPrivate, streams: some ? [...this.wanted] : [],
      ...(file ? { text: file } : {}), ...(this.authorities ? { authorities: this.authorities.token } : {}), ...(this.settle ? { settle: this.settle } : {}),
      ...(this.base.trim() ? { base: this.base.trim() } : {}), ...(this.since ? { since: this.since } : {}),
    };
  }

  /** Asks whether there is a secret for what is filled in. An address that cannot be asked is told when it is pulled. */
  async look(): Promise<void> {
    const [mine, chosen] = [++this.#asked, this.chosen];
    const got = chosen && isConnector(chosen) && chosen.auth !== "none" && this.#complete(chosen)
      ? await this.#backend.pullSecret(this.#request(chosen)).catch(() => undefined)
      : undefined;
    if (mine === this.#asked) this.known = got;
  }

  async forget(): Promise<void> {
    const chosen = this.chosen;
    if (!chosen || !isConnector(chosen)) return;
    try {
      this.known = await this.#backend.pullForget(this.#request(chosen));
    } catch (thrown) {
      this.error = asError(thrown);
    }
  }

  #complete(connector: ConnectorPart): boolean {
    return connector.settings.every((one) => this.settings[one.name]?.trim()) && (connector.streams.length === 0 || this.wanted.length > 0);
  }

  async try(): Promise<void> {
    await this.#run("trying", async (connector) => {
      this.tried = await this.#backend.pullTrial(this.#request(connector), this.secret || undefined, this.keep);
    });
  }

  async pull(): Promise<void> {
    await this.#run("pulling", async (connector) => {
      this.#job += 1;
      this.report = await this.#backend.pullStart(`pull-${this.#job}`, this.#request(connector), this.secret || undefined, this.keep, (now) => (this.progress = now));
      if (this.allowPrivate) this.#private.add(this.report.origin);
    });
    await this.load();
    await this.#changed();
  }

  /** Begins to repeat the pull that is filled in. */
  async repeat(): Promise<void> {
    const every = this.every;
    if (!every) return;
    await this.#run("planning", async (connector) => {
      this.#seen(await this.#backend.planStart({ ...this.#request(connector), schedule: every }, this.secret || undefined));
    });
  }

  async unplan(id: number): Promise<void> {
    try {
      this.#seen(await this.#backend.planStop(id));
    } catch (thrown) {
      this.error = asError(thrown);
    }
  }

  /** Takes the present state of what is repeated, and looks again while any goes on, also while another place is shown. */
  #seen(plans: PlanState[]): void {
    const pulls = (all: PlanState[]) => all.reduce((n, one) => n + one.pulls, 0);
    const brought = plans.length > 0 && pulls(plans) > pulls(this.plans);
    this.plans = plans;
    const on = plans.some((one) => one.next !== undefined);
    if (on) this.#watch ??= setInterval(() => void this.#look(), LOOK);
    else if (this.#watch !== undefined) {
      clearInterval(this.#watch);
      this.#watch = undefined;
    }
    if (brought) void this.#changed();
  }

  async #look(): Promise<void> {
    // A case that was closed has no plans; nothing else can go wrong with asking for them.
    this.#seen(await this.#backend.plans().catch(() => []));
  }

  async stop(): Promise<void> {
    if (this.busy !== "pulling") return;
    this.busy = "stopping";
    await this.#backend.importCancel(`pull-${this.#job}`).catch((thrown: unknown) => (this.error = asError(thrown)));
  }

  async #run(what: "trying" | "pulling" | "planning", work: (connector: ConnectorPart) => Promise<void>): Promise<void> {
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
      await this.look();
    }
  }
}

export const isConnector = (one: ConnectorPart | PulledStream): one is ConnectorPart => "auth" in one;
