/** Owns: the program's answers for tests and for looking at the window in a browser, from made-up data held in memory.
 * Never in the program: nothing that index.html loads imports this. */
import type { Backend, Sort } from "./backend";
import { json, made, type Made, raw, row } from "./recorded/corpus";
import { keys, matches, parse } from "./recorded/filter";
import { checklistsOf } from "./recorded/checklists";
import { notesOf } from "./recorded/notes";
import { mappingOf } from "./recorded/mapping";
import { drillOf } from "./recorded/drill";
import { findingsOf } from "./recorded/findings";
import { packagesOf } from "./recorded/packages";
import { casesOf, type RecordedState } from "./recorded/cases";
import { ticks } from "./recorded/time";
import { remote } from "./recorded/remote";
import { countsOf, valueOf } from "./recorded/values";
import type { BackendError, FacetPart, ImportProgress, RowPart, SavedView, ViewSummary } from "./types";

export type Recording = {
  /** Events in the case. */
  events: number;
  /** Whether a case is open from the start. */
  open: boolean;
  theme?: string;
  density?: string;
};

type View = { count: number; at: (rank: number) => Made; rankOf: (event: number) => number | null; all: Made[]; zone: string; undated: number; sort: Sort };
/** Above this a case is only counted, never scanned. */
const SCANNED = 60_000;
const fail = (code: BackendError["code"], message: string, hint: string): never => {
  throw { code, message, hint, where: {} } satisfies BackendError;
};
const pause = (ms: number) => new Promise((next) => setTimeout(next, ms));

export function recorded(recording: Recording): Backend {
  const state: RecordedState = { recording, marks: new Map(), open: recording.open, sources: recording.open ? 3 : 0, withdrawn: new Map(), choices: new Map(), custody: recording.open ? 9 : 1, name: "Payout change, 12 Nov", zone: "Asia/Manila" };
  const cases = casesOf(state);
  const views = new Map<number, View>();
  const cancelled = new Set<string>();
  let saved: SavedView[] = [];
  const undatedOf = (total: number) => Math.max(1, Math.floor(total * 0.002));
  let corpus: Made[] | undefined;

  function everything(): Made[] {
    corpus ??= Array.from({ length: Math.min(recording.events, SCANNED) }, (_, i) => made(i + 1, Math.min(recording.events, SCANNED)));
    return corpus;
  }
  const view = (id: number): View => views.get(id) ?? fail("no_such_item", `View ${id} is not open.`, "Ask again.");
  const drawn = (one: Made, zone: string): RowPart => {
    const mark = state.marks.get(one.event);
    return row(one, zone, mark?.bookmarked ?? one.event % 811 === 0, mark?.tags ?? []);
  };

  function order(all: Made[], sort: Sort): Made[] {
    const dated = all.filter((one) => one.ms !== undefined).sort((a, b) => (a.ms as number) - (b.ms as number) || a.event - b.event);
    return [...(sort === "newest" ? dated.reverse() : dated), ...all.filter((one) => one.ms === undefined)];
  }

  return {
    ...cases,
    ...drillOf(state, fail),
    ...findingsOf(state, fail),
    ...checklistsOf(state, fail),
    ...notesOf(state, fail),
    ...mappingOf(state, fail),
    ...packagesOf(state),
    ...remote,
    async viewOpen(query, sort, zone): Promise<ViewSummary> {
      await pause(2);
      const terms = parse(query);
      const total = state.sources === 0 ? 0 : recording.events;
      const huge = total > SCANNED;
      const all = total === 0 ? [] : huge && terms.length === 0 ? [] : order(everything().filter(matches(terms)), sort);
      const count = huge && terms.length === 0 ? total : all.length;
      const undated = huge && terms.length === 0 ? undatedOf(total) : all.filter((one) => one.ms === undefined).length;
      const id = views.size + 1;
      const numbered = (rank: number) => (rank >= total - undated ? rank + 1 : sort === "newest" ? total - undated - rank : rank + 1);
      views.set(id, {
        count, undated, zone, sort, all, at: huge && terms.length === 0 ? (rank) => made(numbered(rank), total) : (rank) => all[rank] as Made,
        rankOf: (event) => (huge && terms.length === 0 ? (sort === "newest" ? total - undated - event : event - 1) : ((i) => (i < 0 ? null : i))(all.findIndex((one) => one.event === event))),
      });
      const dated = all.filter((one) => one.ms !== undefined).map((one) => one.ms as number);
      const span = dated.length ? { first: new Date(Math.min(...dated.slice(0, 1), ...dated.slice(-1))).toISOString(), last: new Date(Math.max(...dated.slice(0, 1), ...dated.slice(-1))).toISOString() } : {};
      const ladder = count > 0 || terms.length === 0 ? [] : terms.map((term, i) => ({ text: term.text, count: everything().filter(matches(terms.slice(0, i + 1))).length }));
      return { view: id, count, undated, total, total_undated: total ? undatedOf(total) : 0, rejected: state.sources ? 12 : 0, ...span, chips: terms.map(({ test: _test, ...chip }) => chip), ladder };
    },
    async viewRows(id, first, len, fields) {
      await pause(4);
      const open = view(id);
      if (len > 200) fail("limit_exceeded", "At most 200 rows can be asked at once.", "Ask for fewer.");
      return Array.from({ length: Math.max(0, Math.min(len, open.count - first)) }, (_, i) => ({ ...drawn(open.at(first + i), open.zone), cells: fields.map((field) => valueOf(open.at(first + i), field)) }));
    },
    async viewValues(id, field, contains, rare, limit) {
      await pause(3);
      const open = view(id);
      const all = open.all.length || open.count === 0 ? open.all : everything();
      const values = countsOf(all, field, all.length ? open.count / all.length : 1);
      const found = values.filter((one) => one.value.toLowerCase().includes(contains.toLowerCase()));
      return { field, distinct: values.length, found: found.length, absent: 0, values: (rare ? found.toReversed() : found).slice(0, limit) };
    },
    viewHolds: async (id, events) => events.map((event) => view(id).rankOf(event) !== null),
    viewEvents: async (id, first, len) => {
      const open = view(id);
      return Array.from({ length: Math.max(0, Math.min(len, open.count - first)) }, (_, i) => json(open.at(first + i)));
    },
    exportView: async (_job, query, _zone, format, seen) => {
      for (let i = 1; i <= 10; i++) {
        await pause(60);
        seen({ done: 2000 * i, total: 20_000 });
      }
      return { name: `events.${format}`, format, query, count: 20_000, bytes: 4_120_004, sha256: "9b1f40d2c0ffee00000000000000000000000000000000000000000000e2a777ce", custody: 10 };
    },
    savedViews: async () => ({ views: saved }),
    saveView: async (name, query, suspended, zone) => {
      const made: SavedView = { id: saved.length + 1, name, query, suspended, zone, at: "2026-11-13T02:42:00Z", who: "ana" };
      saved = [...saved.filter((one) => one.name !== name), made];
      return made;
    },
    forgetView: async (id) => void (saved = saved.filter((one) => one.id !== id)),
    async viewFacets(id, fields, limit) {
      const open = view(id);
      const all = open.all.length || open.count === 0 ? open.all : everything();
      const scale = all.length ? open.count / all.length : 1;
      return {
        fields: fields.map((field): FacetPart => {
          const values = countsOf(all, field, scale);
          return { field, distinct: values.length, absent: values.length ? 0 : open.count, values: values.slice(0, limit) };
        }),
      };
    },
    async viewHistogram(id, bins, by, fromMs, toMs) {
      await pause(3);
      const open = view(id);
      const all = open.all.length || open.count === 0 ? open.all : everything();
      const scale = all.length ? open.count / all.length : 1;
      const times = all.flatMap((one) => one.ms ?? []);
      if (times.length === 0) return { bins: [], undated: open.undated, outside: 0, ticks: [] };
      const from = fromMs ?? times.reduce((a, b) => Math.min(a, b));
      const to = toMs ?? times.reduce((a, b) => Math.max(a, b)) + 1;
      const width = (to - from) / bins;
      const made = Array.from({ length: bins }, (_, i) => ({ n: 0, split: {} as Record<string, number>, start: from + i * width, end: from + (i + 1) * width }));
      let outside = 0;
      for (const one of all) {
        if (one.ms === undefined) continue;
        const bin = made[Math.floor((one.ms - from) / width)];
        if (!bin) outside += 1;
        else {
          bin.n += 1;
          const value = (by && valueOf(one, by)[0]) || "";
          bin.split[value] = (bin.split[value] ?? 0) + 1;
        }
      }
      return {
        from: new Date(from).toISOString(), to: new Date(to).toISOString(), undated: open.undated, outside: Math.round(outside * scale), ticks: ticks(from, to, open.zone),
        bins: made.map((bin) => ({
          start: new Date(bin.start).toISOString(), end: new Date(bin.end).toISOString(), start_ms: bin.start, end_ms: bin.end, count: Math.round(bin.n * scale),
          split: by ? Object.entries(bin.split).filter(([value]) => value !== "").map(([value, n]) => ({ value, count: Math.round(n * scale) })) : [],
        })),
      };
    },
    async viewLocate(id, at) {
      const open = view(id);
      if ("event" in at) return open.rankOf(at.event);
      const rank = open.all.findIndex((one) => one.ms !== undefined && (open.sort === "newest" ? one.ms <= at.timeMs : one.ms >= at.timeMs));
      return rank < 0 ? null : rank;
    },
    async queryComplete(text, cursor) {
      const word = /[^\s]*$/.exec(new TextDecoder().decode(new TextEncoder().encode(text).slice(0, cursor)))?.[0] ?? "";
      const start = cursor - new TextEncoder().encode(word).length;
      const [, key, value = ""] = /^[-!]?(\w+):(.*)$/.exec(word) ?? [];
      if (key === "op") return { start: start + word.length - value.length, end: cursor, choices: ["read", "update", "authenticate", "export", "create", "delete"].filter((op) => op.startsWith(value)).map((op, i) => ({ insert: op, label: op, hint: "", count: 4000 >> i })) };
      return { start, end: cursor, choices: key ? [] : keys.filter((one) => one.startsWith(word)).map((one) => ({ insert: `${one}:`, label: `${one}:`, hint: one === "op" ? "what was done, in our words" : one === "actor" ? "id, e-mail or name" : "" })) };
    },
    async eventDetail(event, zone) {
      await pause(4);
      const one = made(event, recording.events > SCANNED && event > SCANNED ? recording.events : Math.min(recording.events, SCANNED));
      return {
        event: json(one), row: drawn(one, zone), raw: raw(one), raw_bytes: raw(one).length, raw_cut: false, raw_sha256: "9b1f40d2c0ffee00000000000000000000000000000000000000000000e2a777ce", raw_matches: true,
        source_name: "nexus-audit-2026-08_11.ndjson.gz", source_sha256: "5d0c71e903ab0000000000000000000000000000000000000000000000aac4f8",
        blind_spots: one.provider === "paymongo" ? ["Failed sign-ins are not logged.", "Changes made by internal API calls may not appear."] : ["Sign-outs are not logged."],
        problems: one.problems.map((code) => ({ code, text: code === "time_relative" ? "The time is relative (“3 hours ago”); no instant can be derived, so the event is undated." : "The clock showed this hour twice; the earlier one is assumed." })), notes: [],
      };
    },
    async importStart(job, tokens, choices, seen) {
      const total = 908_901;
      for (let i = 1; i <= 12; i++) {
        await pause(recording.events > 1000 ? 250 : 2);
        if (cancelled.delete(job)) fail("cancelled", "The import was cancelled; nothing of it is in the case.", "The custody log says so.");
        const progress: ImportProgress = { name: tokens[0] ?? "", bytes: (total * i) / 12, total, entries: Math.floor((6431 * i) / 12), rate: 41_200, seconds_left: 3 - i / 4 };
        seen(progress);
      }
      state.sources += 1;
      state.custody += 1;
      return { sources: [cases.receipt(state.sources, choices.zone)] };
    },
    importCancel: async (job) => void cancelled.add(job),
  };
}
