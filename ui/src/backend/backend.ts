/** Owns: everything that the window can ask of the program, as one interface, so that the window runs in tests without
 * the program. Never touches: how a call travels (tauri.ts knows). */
import type {
  AppInfo, BackendError, CaseSummary, Checked, CompletionReport, ConnectorsReport, CopyReport, CustodyReport, DiscloseChoices, DiscloseReport, ErrorCode,
  EventDetail, EventJson, ExportProgress, ExportReport, FacetsReport, HistogramReport, ImportChoices, ImportProgress,
  InputFile, InputsDropped, InspectionReport, KeyPart, KeysShown, MissingReport, OwnAuthorities, OwnConnector, PackageChoices, PackagePreview,
  PackageProgress, PackageReport, PlanState, PullProgress, PullReport, PullRequest, PulledReport, RejectsReport, RowPart,
  SavedView, SavedViewsReport, SecretState, Settings, Signing, SourcesReport, SqlReport, TriedReport, ValuesReport, VerifyReport, ViewSummary,
  WithdrawalReport,
} from "./types";
import type { ChecklistBackend } from "./checklists";
import type { NotesBackend } from "./notes";
import type { DrillBackend } from "./drill";
import type { FindingsBackend } from "./findings";
import type { MappingBackend } from "./mapping";

export type Sort = "newest" | "oldest";
export type * from "./checklists";
export type * from "./notes";
export type * from "./drill";
export type * from "./mapping";

/** Each call rejects with a BackendError and with nothing else; see `asError`. */
export interface Backend extends DrillBackend, FindingsBackend, ChecklistBackend, NotesBackend, MappingBackend {
  appInfo(): Promise<AppInfo>;
  settingsSave(settings: Settings): Promise<void>;

  caseCreate(name: string, passphrase: string | undefined, zone: string): Promise<CaseSummary>;
  caseOpen(token: string, passphrase: string | undefined): Promise<CaseSummary>;
  /** A dialog of the system; null when the person went back. */
  caseChoose(): Promise<InputFile | null>;
  caseSample(): Promise<CaseSummary>;
  caseSummary(): Promise<CaseSummary>;
  caseClose(): Promise<void>;

  /** A dialog of the system; empty when the person went back. */
  inputsChoose(folder: boolean): Promise<InputFile[]>;
  inputPaste(text: string): Promise<InputFile>;
  /** Calls back for files dragged over or dropped on the window, until the returned function is called. */
  onInputsDropped(seen: (dropped: InputsDropped) => void): Promise<() => void>;
  importInspect(token: string, choices: ImportChoices): Promise<InspectionReport>;
  importStart(job: string, tokens: string[], choices: ImportChoices, seen: (progress: ImportProgress) => void): Promise<SourcesReport>;
  importCancel(job: string): Promise<void>;

  pullConnectors(): Promise<ConnectorsReport>;
  /** Dialogs of the system. A request names what was chosen by its token, in `text` and `authorities`; null when the person went back. */
  connectorChoose(): Promise<OwnConnector | null>;
  authoritiesChoose(): Promise<OwnAuthorities | null>;
  /** Asks for one page and keeps nothing of it. A dialog of the system asks the person to agree to the address first. */
  pullTrial(request: PullRequest, secret: string | undefined, keep: boolean): Promise<TriedReport>;
  /** Pulls up to the present; `importCancel` stops it. The secret is held in memory for this address until the program ends;
   * with `keep` the keyring of the system keeps it once the server has taken it. */
  pullStart(job: string, request: PullRequest, secret: string | undefined, keep: boolean, seen: (progress: PullProgress) => void): Promise<PullReport>;
  pulled(): Promise<PulledReport>;
  /** Whether there is a secret for what a request would ask. It is never told. */
  pullSecret(request: PullRequest): Promise<SecretState>;
  pullForget(request: PullRequest): Promise<SecretState>;
  /** Repeats a pull while the case is open, as often as `schedule` of the request says; the first begins at once. */
  planStart(request: PullRequest, secret: string | undefined): Promise<PlanState[]>;
  plans(): Promise<PlanState[]>;
  planStop(id: number): Promise<PlanState[]>;

  viewOpen(query: string, sort: Sort, zone: string): Promise<ViewSummary>;
  /** At most 200 rows from rank `first` (from 0), each with the values of further fields as `cells`. */
  viewRows(view: number, first: number, len: number, fields: string[]): Promise<RowPart[]>;
  viewFacets(view: number, fields: string[], limit: number): Promise<FacetsReport>;
  viewHistogram(view: number, bins: number, by?: string, fromMs?: number, toMs?: number): Promise<HistogramReport>;
  /** Rank of an event in the view, or of the first row at or after a moment in the view's order; null when there is none. */
  viewLocate(view: number, at: { event: number } | { timeMs: number }): Promise<number | null>;
  /** Values of one field: the most frequent or the rarest, of all or of those that contain a text; at most 1000. */
  viewValues(view: number, field: string, contains: string, rare: boolean, limit: number): Promise<ValuesReport>;
  /** Which of at most 200 events a view holds, in the order given. */
  viewHolds(view: number, events: number[]): Promise<boolean[]>;
  /** At most 1000 events from rank `first` on, as JSON of the contract. */
  viewEvents(view: number, first: number, len: number): Promise<EventJson[]>;
  queryComplete(text: string, cursor: number): Promise<CompletionReport>;

  /** Asks for a file and writes the events of a filter into it; null when the person went back. `importCancel` stops it. */
  exportView(job: string, query: string, zone: string, format: string, seen: (progress: ExportProgress) => void): Promise<ExportReport | null>;
  /** At most 10,000 rows of one SELECT over the events (docs/sql.md). */
  sqlRun(statement: string): Promise<SqlReport>;
  /** A dialog of the system, then every row as CSV; the name of the file, or null when the person went back. */
  sqlSave(statement: string): Promise<string | null>;
  savedViews(): Promise<SavedViewsReport>;
  /** Keeps a filter in the case; one of the same name is taken back. */
  saveView(name: string, query: string, suspended: string[], zone: string): Promise<SavedView>;
  forgetView(id: number): Promise<void>;

  eventDetail(event: number, zone: string): Promise<EventDetail>;
  rejects(source?: number): Promise<RejectsReport>;
  /** A dialog of the system; the name of the file, or null when the person went back. */
  rejectsSave(source: number): Promise<string | null>;
  /** What was chosen when a source was read last. */
  sourceChoices(source: number): Promise<ImportChoices>;
  /** What a source would look like with other choices; nothing is changed. */
  sourceInspect(source: number, choices: ImportChoices): Promise<InspectionReport>;
  sourceReread(job: string, source: number, choices: ImportChoices, seen: (progress: ImportProgress) => void): Promise<SourcesReport>;
  sourceWithdraw(source: number, why: string): Promise<WithdrawalReport>;
  /** Asks for the case that sources are copied into: one that is there, or a new one. */
  copyChoose(fresh: boolean): Promise<InputFile | null>;
  sourcesCopy(job: string, token: string, sources: number[], passphrase: string | undefined, seen: (progress: ImportProgress) => void): Promise<CopyReport>;
  sourceMissing(source: number): Promise<MissingReport>;
  custody(): Promise<CustodyReport>;
  /** What a package would hold; `job` can be cancelled as an import can. */
  packagePreview(job: string, choices: PackageChoices): Promise<PackagePreview>;
  /** A dialog of the system; null when the person went back. */
  packageChoose(name: string): Promise<InputFile | null>;
  packageWrite(job: string, token: string, choices: PackageChoices, signing: Signing | undefined, seen: (progress: PackageProgress) => void): Promise<PackageReport>;
  keysList(): Promise<KeysShown>;
  keyMake(name: string, passphrase: string): Promise<KeyPart>;
  /** Takes the passphrase of a key out of the keyring of the system. */
  keyForget(name: string): Promise<KeysShown>;
  /** Asks for a package that is opened, or for openings that came with one. */
  packagePick(folder: boolean): Promise<InputFile | null>;
  /** Opens what a redacted package hides; with `save`, a dialog asks first where the openings go. Null when the person went back. */
  packageDisclose(token: string, choices: DiscloseChoices, save: boolean): Promise<DiscloseReport | null>;
  /** Checks a package or case that a dialog asks for, with the openings behind a token; null when the person went back. */
  verifyChoose(folder: boolean, key: string | undefined, opened: string | undefined): Promise<Checked | null>;
  /** Checks every byte of the open case; an encrypted one needs its passphrase again. */
  caseVerify(passphrase: string | undefined): Promise<VerifyReport>;
  /** Writes a copy where a dialog says; false when the person went back. */
  caseCopy(): Promise<boolean>;
  mark(event: number, kind: "bookmark" | "tag" | "note", value: string, on: boolean): Promise<void>;
}

/** What a call failed with. Anything that is not one of ours is a defect and is shown as one. */
export function asError(thrown: unknown): BackendError {
  if (typeof thrown === "object" && thrown !== null && "code" in thrown && "message" in thrown) {
    const given = thrown as Partial<BackendError>;
    return {
      code: given.code as ErrorCode,
      message: String(given.message),
      hint: given.hint ?? "",
      where: given.where ?? {},
    };
  }
  return {
    code: "internal",
    message: thrown instanceof Error ? thrown.message : String(thrown),
    hint: "This is a defect of the program; what it did before is safe in the case file.",
    where: {},
  };
}
