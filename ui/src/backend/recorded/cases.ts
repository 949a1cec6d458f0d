/** Owns: made-up cases, sources, files and custody for tests and for looking at the window. */
import type { PackagePart } from "./packages";
import type { RemotePart } from "./remote";
import type { Backend } from "../backend";
import type { ChecklistBackend } from "../checklists";
import type { NotesBackend } from "../notes";
import type { DrillBackend } from "../drill";
import type { FindingsBackend } from "../findings";
import type { MappingBackend } from "../mapping";
import type { BackendError, CaseSummary, CustodyEntry, InputFile, SourceReport } from "../types";
import type { Recording } from "../recorded";
import { json, made } from "./corpus";

export type RecordedState = {
  recording: Recording; marks: Map<number, { bookmarked: boolean; tags: string[] }>; open: boolean;
  /** Sources in the case. */
  sources: number;
  /** Why sources were taken out, and what was chosen when they were read anew. */
  withdrawn: Map<number, string>; choices: Map<number, { zone?: string; read: number }>;
  custody: number; name: string; zone: string;
};

const HEX = "4c19e2a70fd3b1c298ae5d0c71e903ab5577e0ac41cc0090b6a1d2c3e4f50617";
const ZONES = ["Asia/Manila", "UTC", "Europe/Kyiv", "Asia/Riyadh", "America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Europe/London"];
const SPOTS = ["Failed sign-ins are not logged.", "Changes made by internal API calls, outside the dashboard, may not appear.", "The use of an API key is not logged, only that it was viewed."];
const KINDS = [
  { name: "nexus-audit-2026-08_11.ndjson.gz", title: "Payment Nexus auditing", profile: "nexus@1", entries: 1_180_249, duplicates: 0, rejected: 0, undated: 0, bytes: 959_411_208, zone: undefined },
  { name: "security_logs_2026-08-15_2026-11-13.csv", title: "PayMongo security logs", profile: "paymongo@1", entries: 6431, duplicates: 7, rejected: 12, undated: 0, bytes: 908_901, zone: "Asia/Manila (chosen)" },
  { name: "edfapay-logs-2026.csv", title: "EdfaPay logs", profile: "edfapay@1", entries: 17_727, duplicates: 0, rejected: 0, undated: 37, bytes: 50_112_000, zone: "Asia/Riyadh (chosen)" },
];

type Part = Omit<Backend, keyof RemotePart | keyof DrillBackend | keyof FindingsBackend | keyof ChecklistBackend | keyof NotesBackend | keyof MappingBackend | keyof PackagePart | "viewOpen" | "viewRows" | "viewFacets" | "viewHistogram" | "viewLocate" | "viewValues" | "viewHolds" | "viewEvents" | "exportView" | "savedViews" | "saveView" | "forgetView" | "queryComplete" | "eventDetail" | "importStart" | "importCancel">;

export function casesOf(state: RecordedState): Part & { receipt: (id: number, zone?: string) => SourceReport } {
  const receipt = (id: number, zone?: string): SourceReport => {
    const kind = KINDS[(id - 1) % KINDS.length] as (typeof KINDS)[number];
    const chosen = zone ?? state.choices.get(id)?.zone;
    const given = chosen ? `${chosen} (chosen)` : kind.zone;
    return {
      id, name: kind.name, sha256: `${HEX.slice(id)}${HEX.slice(0, id)}`, bytes: kind.bytes, profiles: [kind.profile], title: kind.title, confidence: 0.98, ...(given ? { zone: given } : {}),
      entries: kind.entries, stored: kind.entries - kind.duplicates - kind.rejected, duplicates: kind.duplicates, rejected: kind.rejected, events: kind.entries - kind.duplicates - kind.rejected,
      undated: kind.undated, first: "2026-08-14T16:04:31Z", last: "2026-11-13T02:02:49Z", merkle_root: HEX, state: state.withdrawn.has(id) ? "withdrawn" : "complete", ...(state.withdrawn.has(id) ? { withdrawn: state.withdrawn.get(id) as string } : {}), generation: 1 + (state.choices.get(id)?.read ?? 0),
      ...(kind.name.endsWith(".gz") ? { container: { kind: "gzip", name: kind.name, bytes: Math.round(kind.bytes / 11), sha256: HEX } } : {}), imported: "2026-11-13T02:19:00Z", blind_spots: id % 3 === 2 ? SPOTS : ["Sign-outs are not logged."],
      warnings: id > 3 ? [{ code: "same_file", count: 1, message: "The case already holds a source with these bytes; each entry is counted as a duplicate." }] : [],
    };
  };
  const summary = (): CaseSummary => {
    const sources = Array.from({ length: state.sources }, (_, i) => receipt(i + 1));
    const events = state.sources ? state.recording.events : 0;
    return {
      id: "0197", name: state.name, file: "payout-change-12-nov.wmcase", encrypted: true, zone: state.zone, zone_offset: state.zone === "Asia/Manila" ? "+08:00" : "+00:00", sources, events,
      undated: events ? Math.max(1, Math.floor(events * 0.002)) : 0, rejected: state.sources ? 12 : 0, ...(events ? { first: "2026-08-14T16:04:31Z", last: "2026-11-13T02:02:49Z" } : {}),
      custody_size: state.custody, custody_head: HEX, notices: [],
    };
  };
  const opened = (): CaseSummary => {
    state.open = true;
    return summary();
  };
  const files: InputFile[] = [
    { token: "t1", name: "activity_log_export.csv", bytes: 412_000, is_case: false }, { token: "t2", name: "nexus-audit.ndjson", bytes: 88_120_340, is_case: false },
  ];
  return {
    receipt,
    appInfo: async () => ({
      version: "0.1.0", settings: { theme: state.recording.theme ?? "system", density: state.recording.density ?? "compact", columns: [], split: "event.outcome", scale: "linear", zoom: 1 }, local_zone: "Asia/Manila", zones: ZONES, case_folder: "/home/ana/Documents/Witnessmark", inputs: [],
      ...(state.open ? { case: summary() } : {}),
      recent: [
        { token: "r1", name: "Payout change, 12 Nov", file: "payout-change-12-nov.wmcase", systems: ["PayMongo", "Payment Nexus", "EdfaPay"], events: 1_204_388, encrypted: true, opened: "2026-11-13T02:42:00Z" },
        { token: "r2", name: "Access review Q3 2026", file: "access-review-q3-2026.wmcase", systems: ["Payment Nexus"], events: 3_918_204, encrypted: true, opened: "2026-11-06T03:10:00Z" },
        { token: "r3", name: "SDK errors since 4.2", file: "sdk-errors.wmcase", systems: ["EdfaPay threat logs"], events: 482_110, encrypted: false, opened: "2026-11-02T09:00:00Z" },
        { token: "r4", name: "Route change, October", file: "route-change.wmcase", systems: ["Corefy activity log"], events: 18_442, encrypted: false, opened: "2026-10-29T09:00:00Z" },
      ],
    }),
    settingsSave: async () => undefined,
    caseCreate: async (name, _passphrase, zone) => {
      Object.assign(state, { name, zone, sources: 0, custody: 1 });
      return opened();
    },
    caseOpen: async (token, passphrase) => {
      if (token === "r2" && passphrase !== "correct") throw { code: "passphrase_required", message: "The case is encrypted.", hint: "Give its passphrase.", where: {} } satisfies BackendError;
      Object.assign(state, { sources: 3, custody: 9 });
      return opened();
    },
    caseChoose: async () => ({ token: "r1", name: "payout-change-12-nov.wmcase", is_case: true }),
    caseSample: async () => {
      Object.assign(state, { name: "Sample case", sources: 3, custody: 5 });
      return opened();
    },
    caseSummary: async () => summary(),
    caseClose: async () => void (state.open = false),
    inputsChoose: async () => files,
    inputPaste: async (text) => ({ token: "p1", name: "pasted lines", bytes: text.length, is_case: false }),
    onInputsDropped: async () => () => undefined,
    importInspect: async (token, choices) => {
      await new Promise((next) => setTimeout(next, 5));
      const asks = token !== "t2" && !choices.zone;
      return {
        name: files.find((file) => file.token === token)?.name ?? "pasted lines", bytes: 412_000, shape: token === "t2" ? "JSON lines" : "CSV with a header",
        candidates: [{ profile: "corefy@1", title: "Corefy activity log", confidence: 0.71, reason: "Recognised by 7 of 8 columns." }, { profile: "generic@1", title: "Any table", confidence: 0.3, reason: "Columns are mapped by their names." }],
        ...(asks ? { question: { code: "zone_required", message: "Which zone is “12.11.2026 09:31:07” in? The file does not say.", example: "12.11.2026 09:31:07", answers: ["Asia/Manila", "UTC", "Europe/Kyiv"] } } : {}),
        preview: asks ? [] : Array.from({ length: 9 }, (_, i) => json(made(500 + i, 1000))),
      };
    },
    rejects: async (source) => ({
      rejects: [
        [2118, 2119, 298_411, "too_few_fields", "The line has 4 of 6 fields.", "2026-09-14 11:02:18 | Login | Alice Merchant"], [2119, 2120, 298_455, "too_few_fields", "The line has 2 of 6 fields.", "| Safari on macOS | IP: 203.0.113.45"],
        [3904, 3906, 551_020, "unclosed_quote", "A quote that opens in field 6 is never closed.", "2026-10-06 15:47:33,Edited a page,\"page pg_8"], [5550, 5553, 783_914, "not_utf8", "Byte 0xE9 is not UTF-8.", "2026-10-30 09:20:05,Created a link,⟨E9⟩"],
      ].map(([entry, line, offset, code, message, preview]) => ({ source: source ?? 2, entry: entry as number, line: line as number, offset: offset as number, length: 44, code: code as string, message: message as string, preview: preview as string })),
    }),
    sqlRun: async () => ({
      columns: ["user_email", "events", "first", "last"],
      rows: [["maria.santos@example.com", 14, "2026-10-02T01:14:07.000000000Z", "2026-11-12T02:20:44.000000000Z"], ["ops\u202e@example.com", 2, null, null]],
      cut: false,
    }),
    sqlSave: async () => "statement.csv",
    rejectsSave: async (source) => `rejected-of-source-${source}.ndjson`,
    sourceChoices: async (source) => ({ labels: [], zone: state.choices.get(source)?.zone ?? "Asia/Manila" }),
    sourceInspect: async (source, choices) => {
      const kind = KINDS[(source - 1) % KINDS.length] as (typeof KINDS)[number];
      const shift = choices.zone === "UTC" ? 500 : 0;
      return {
        name: kind.name, bytes: kind.bytes, shape: "CSV, 6 columns, delimiter `,`", candidates: [{ profile: kind.profile, title: kind.title, confidence: 0.98, reason: "256 of 256 sampled entries show what it requires." }],
        preview: Array.from({ length: 9 }, (_, i) => json(made(300 + shift + i, 1000))),
      };
    },
    sourceReread: async (_job, source, choices, seen) => {
      seen({ name: "", bytes: 454_000, total: 908_901, entries: 3215, rate: 41_200, seconds_left: 1 });
      state.choices.set(source, { ...(choices.zone ? { zone: choices.zone } : {}), read: (state.choices.get(source)?.read ?? 0) + 1 });
      state.custody += 1;
      return { sources: [receipt(source)] };
    },
    sourceWithdraw: async (source, why) => {
      state.withdrawn.set(source, why);
      state.custody += 1;
      return { source, kept: 7, gone: 6405, sources: [receipt(source)] };
    },
    copyChoose: (fresh) => Promise.resolve({ token: "case-2", name: fresh ? "Copied sources.wmcase" : "Second opinion.wmcase", is_case: true }),
    sourcesCopy: async (_job, _token, sources, _passphrase, seen) => {
      seen({ name: "", bytes: 454_000, total: 908_901, entries: 3215, rate: 41_200, seconds_left: 1 });
      state.custody += 1;
      return { sources: sources.map((one) => receipt(one)), marks: 12, known: 2, left: 1 };
    },
    sourceMissing: async (source) => ({
      source, name: receipt(source).name, from: "2026-08-14T16:04:31Z", to: "2026-11-13T02:02:49Z", providers: ["paymongo"], organizations: [], compared: source > 1 ? [1] : [], count: source > 1 ? 3 : 0, undated: source > 1 ? 2 : 0,
      missing: source > 1 ? [["2026-11-12T06:10:00Z", "Payout Account Updated", "alice@example.com", 41], ["2026-11-12T06:11:20Z", "Payout Requested", "alice@example.com", 42], ["2026-11-12T06:31:07Z", "API Key Viewed", "bob@example.com", 57]].map(([at, action, user, line]) => ({
        event: line as number, source: 1, entry: (line as number) - 1, line: line as number, offset: 4021, length: 88, "@timestamp": at as string, action: action as string, user: user as string, attested: [{ source: 1, entry: (line as number) - 1 }],
      })) : [],
    }),
    custody: async () => ({
      intact: true, size: state.custody, head: "4c190fd3".repeat(8),
      checkpoint: `witnessmark/32d27ae0-cb79-4255-835d-7b5432e4c36f\n${state.custody}\nJ0nMn6B1rY8v0d0b5nS3q1m7v8c2l0pXk1yQe7dQm3o=\n`,
      proves: "each entry follows from the one before", does_not_prove: "that the whole log was not written anew",
      entries: Array.from({ length: state.custody }, (_, i): CustodyEntry => ({
        seq: i + 1, at: new Date(Date.UTC(2026, 10, 13, 2, 10 + i, 4)).toISOString(), who: "ana", tool: "Witnessmark 0.1.0", action: ["case_created", "import_finished", "import_finished", "import_cancelled", "case_opened", "bookmarked"][i % 6] as string,
        says: i % 6 === 5 ? `Put a bookmark on event ${i} (entry ${i} of source ${HEX.slice(0, 12)}).` : "",
        detail: JSON.stringify({ source: i, name: "security_logs.csv", entries: 6431, sha256: HEX }), hash: `${HEX.slice(i)}${HEX.slice(0, i)}`,
      })),
    }),
    mark: async (event, kind, value, on) => {
      const now = state.marks.get(event) ?? { bookmarked: event % 811 === 0, tags: [] };
      state.marks.set(event, kind === "bookmark" ? { ...now, bookmarked: on } : { ...now, tags: on ? [...now.tags, value] : now.tags.filter((tag) => tag !== value) });
    },
  };
}
