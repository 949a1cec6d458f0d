/** Owns: made-up answers about checklists, so that the place can be tested and looked at without the program. The story is
 * the one of `drill.ts`. Never in the program. */
import type { ChecklistBackend } from "../checklists";
import type { BackendError, CheckedChecklist, ChecklistCoverage, ChecklistInfo, ChecklistReport, ChecklistStep, LookPart, RowPart } from "../types";
import type { RecordedState } from "./cases";

const START = "2026-11-11T18:14:07Z";
const END = "2026-11-13T02:02:00Z";
const SPOTS = ["Only successful logins are logged; failed attempts leave no trace.", "Viewing or regenerating an API key is logged, using a key is not.", "Changes made through internal API calls may not appear.", "Some backend configuration changes are not logged.", "The export does not name the account it is of."];
const coverage: ChecklistCoverage = {
  from: START, to: END, from_ms: Date.parse(START), to_ms: Date.parse(END), covered: true, gap_days: 7,
  logs: [{ system: "PayMongo security logs", provider: "paymongo", sources: [1], events: 1204, first: "2026-08-15T00:12:00Z", last: END, days: 2, days_with_events: 2, uncovered: [], by_source: [], rejected: 12, undated: 37, cannot_show: ["failed_sign_ins"], blind_spots: SPOTS }],
};
const row = (event: number, at: string, verb: string, ip?: string, country?: string): RowPart => ({
  event, time: { day: "Thu 12 Nov 2026", clock: new Date(Date.parse(at) + 28_800_000).toISOString().slice(11, 19), offset: "+08:00", utc: at }, cells: [],
  sentence: [{ kind: "actor", text: "Maria Santos" }, { kind: "verb", text: ` ${verb}` }], ...(ip ? { ip } : {}), ...(country ? { country } : {}), system: "PayMongo security logs", source: 1, problems: [], bookmarked: false, tags: [],
} as RowPart);
const look = (what: string, query: string, answer: string, reason: string, events: number[], decides = true): LookPart => ({ kind: "rows", what, decides, answer, reason, count: events.length, events, query, baseline: "", values: [], findings: [], set_aside: [], statement: "" });

function step(id: string, title: string, question: string, answer: string, sign: string, reason: string, means: string, rows: RowPart[], looks: LookPart[], more: Partial<ChecklistStep> = {}): ChecklistStep {
  const events = rows.map((one) => one.event);
  return {
    id, title, question, guidance: "Compare the address of the sign-in before it.", answer, sign, reason, means, next: "", needs_person: false, manual: looks.length === 0, found: { answer, sign, reason, unneeded: false },
    events, count: events.length, looks, statement: "", coverage: looks.length === 0 ? coverage : coverage, pins: [], rows, ...more,
  };
}

function story(): ChecklistStep[] {
  const query = 'actor:"Maria Santos" time:2026-11-11T18:14:07Z..';
  return [
    step("password", "Change your password immediately", "Was the password changed after the last unfamiliar sign-in?", "yes", "reassuring", "Change of the password: 1 event at 12 Nov 2026 09:12:40, by Maria Santos.", "The password was changed after the last unfamiliar sign-in; a person has to confirm who changed it.", [row(64, "2026-11-12T01:12:40Z", "changed their own password", "203.0.113.45", "PH")], [look("change of the password", `${query} action:~password`, "yes", "1 event.", [64])], { needs_person: true }),
    step("logs", "Check security logs for unfamiliar logins or API key access", "Does the log show an unfamiliar sign-in, or access to an API key after one?", "yes", "worrying", "Unfamiliar sign-in: 1 of 119 sign-ins: 12 Nov 2026 02:14:07, Maria Santos from 198.51.100.77 (3rd country in 3 months, 118 earlier sign-ins).", "The log shows a sign-in that does not look like the person's own, or access to an API key after one.", [row(60, START, "signed in with Firefox on Linux", "198.51.100.77", "NL"), row(63, "2026-11-11T18:16:52Z", "viewed an API key: Secret Key", "198.51.100.77", "NL")], [look("unfamiliar sign-in", `op:authenticate ${query}`, "yes", "1 of 119.", [60]), look("access to an API key after an unfamiliar sign-in", `${query} category:credential action:~key`, "yes", "1 event.", [63])]),
    step("keys", "Regenerate your API keys if necessary", "Were the API keys regenerated after the last access to one?", "no", "worrying", "No regeneration of an API key was found.", "A key was looked at or regenerated after an unfamiliar sign-in, and the log shows no regeneration after that.", [], [look("regeneration of an API key", "category:credential op:update action:~key", "no", "No regeneration of an API key was found.", [])], {
      next: "Regenerate the keys now.", statement: "No regeneration of an API key stands in the logs between 12 Nov 2026 02:16:52 and 13 Nov 2026 10:02:00 (Asia/Manila).",
      stale: { text: "41 events concerning this arrived since with source 3 (paymongo-nov.csv).", events: 41, sources: [3] },
    }),
    step("support", "Contact PayMongo support to report the incident", "Was PayMongo support told?", "cannot_tell", "neutral", "No log records this; a person answers it.", "Nobody has said whether PayMongo was told.", [], [], { needs_person: true }),
    step("investigation", "Support will investigate and may require additional identity verification", "Did support investigate, and was identity verified again?", "cannot_tell", "neutral", "No log records this; a person answers it.", "Nobody has said what came of it.", [], [look("change of a verification document", "category:kyc", "no", "No change of a verification document was found.", [], false)], { needs_person: true, manual: true }),
  ];
}

const INFO: ChecklistInfo[] = [
  { id: "paymongo-suspected-compromise", version: 1, title: "PayMongo: suspected compromise", when: "You notice unusual sign-in activity on a PayMongo account, or believe that it was compromised.", origin: "PayMongo documentation, “Security logs”, section “Suspected compromise”.", systems: ["paymongo"], about: ["actor", "everyone"], steps: story().map((one) => one.title), sha256: "e21a90c4".repeat(8), shipped: true },
  { id: "monthly-review", version: 1, title: "Monthly log review", when: "Once a month, with the month as the span.", origin: "Ours.", systems: [], about: ["everyone"], steps: ["Completeness"], sha256: "0f".repeat(32), shipped: true },
];

type Fail = (code: BackendError["code"], message: string, hint: string) => never;

export function checklistsOf(state: RecordedState, fail: Fail): ChecklistBackend {
  let reports: ChecklistReport[] = [];
  let begun = false;
  const told = (report: ChecklistReport): ChecklistReport => {
    const count = (holds: (one: ChecklistStep) => boolean) => report.steps.filter(holds).length;
    return { ...report, answered: count((one) => one.given !== undefined || one.answer !== "cannot_tell"), worrying: count((one) => one.sign === "worrying"), open: count((one) => one.needs_person), stale: count((one) => one.stale !== undefined) };
  };
  const make = (name: string, subject: string): ChecklistReport => {
    const info = INFO.find((one) => one.id === name) ?? fail("no_such_item", `there is no checklist \`${name}\``, "Choose one of the list.");
    const value = subject.replace(/^\w+:/, "");
    return told({
      checklist: info.id, run: reports.length + 7, version: 1, title: info.title, when: info.when, origin: info.origin, sha256: info.sha256, subject: { kind: subject ? "actor" : "everyone", value, text: `${value || "Everyone"}, from 12 Nov 2026 02:14:07 to the end of the log` },
      zone: state.zone, at: END, who: "ana@office", steps: story(), answered: 0, worrying: 0, open: 0, stale: 0,
      supports: "The log shows a sign-in that does not look like the person's own. A key was looked at and not regenerated in what the log covers. 2 steps cannot be told.", rests_on: "PayMongo security logs: 2 of 2 days with events, no gap. 3 steps need a person.",
    });
  };
  const all = (): ChecklistReport[] => {
    if (!begun && state.sources > 0) reports = [make("paymongo-suspected-compromise", "actor:Maria Santos")];
    begun = true;
    return reports;
  };
  const of = (run: number): ChecklistReport => all().find((one) => one.run === run) ?? fail("no_such_item", `there is no run ${run}`, "Choose one of the list.");
  const change = (run: number, id: string, how: (step: ChecklistStep) => ChecklistStep) => {
    const report = of(run);
    reports = reports.map((one) => (one === report ? told({ ...report, steps: report.steps.map((step) => (step.id === id ? how(step) : step)) }) : one));
    state.custody += 1;
  };
  const parsed = (text: string): CheckedChecklist => {
    const id = /^id = "([^"]+)"/m.exec(text)?.[1];
    const title = /^title = "([^"]+)"/m.exec(text)?.[1];
    const bad = text.split("\n").findIndex((line) => line.includes("kind = \"row\""));
    if (bad >= 0) return { refused: { file: "checklist", line: bad + 1, key: "step[0].look[0].kind", message: "`row` is none of rows, values, detections, sign_ins, new, rate, acts, shared, coverage" } };
    if (id === undefined || title === undefined) return { refused: { file: "checklist", line: 1, key: "checklist", message: "an id and a title are missing" } };
    if (INFO.some((one) => one.id === id)) return { refused: { file: "checklist", line: 4, key: "checklist.id", message: `\`${id}\` is a checklist of the program; give yours a name of its own` } };
    return { checklist: { ...(INFO[0] as ChecklistInfo), id, title, shipped: false, steps: text.split("[[step]]").slice(1).map((_, i) => `Step ${i + 1}`) } };
  };
  let own: ChecklistInfo[] = [];
  const texts = new Map<string, string>();
  return {
    async checklistText(name) {
      const info = INFO.find((one) => one.id === name);
      return texts.get(name) ?? (info ? `language = 1\n\n[checklist]\nid = "${info.id}"\nversion = 1\ntitle = "${info.title}"\nwhen = "${info.when}"\nabout = ["actor"]\n\n[[step]]\nid = "keys"\ntitle = "Look for keys"\nquestion = "Was a key looked at?"\n[[step.look]]\nkind = "rows"\nfilter = "category:credential op:read"\n` : fail("no_such_item", `there is no checklist \`${name}\``, "Choose one of the list."));
    },
    checklistCheck: async (text) => parsed(text),
    async checklistSave(text) {
      const { checklist, refused } = parsed(text);
      if (!checklist) return fail("invalid_option", refused?.message ?? "", "Mend the text.");
      own = [...own.filter((one) => one.id !== checklist.id), checklist];
      texts.set(checklist.id, text);
      return checklist;
    },
    async checklistForget(id) {
      own = own.filter((one) => one.id !== id);
    },
    async checklistsList() {
      const runs = all().map((one) => ({ run: one.run ?? 0, checklist: one.checklist, version: one.version, title: one.title, subject: one.subject, answers: one.steps.map((step) => step.answer), signs: one.steps.map((step) => step.sign), answered: one.answered, open: one.open, stale: one.stale, at: one.at, who: one.who }));
      return { checklists: [...own, ...INFO], runs, refused: [], open: runs.reduce((n, one) => n + one.open + one.stale, 0) };
    },
    async checklistAsk(name, about) {
      all();
      const report = make(name, about.subject);
      reports = [report, ...reports];
      return report;
    },
    checklistRun: async (run) => of(run),
    async checklistAgain(run) {
      const report = of(run);
      for (const step of report.steps) change(run, step.id, ({ stale: _stale, ...rest }) => rest);
      return of(run);
    },
    async checklistAnswer(run, id, answer, note) {
      change(run, id, ({ given: _given, ...step }) => (answer === undefined ? { ...step, answer: step.found.answer, sign: step.found.sign, reason: step.found.reason, needs_person: step.manual } : {
        ...step, answer, reason: note || step.found.reason, needs_person: false, given: { answer, note, who: "ana@office", at: END, overrides: !step.manual && answer !== step.found.answer },
      }));
    },
    async checklistPin(run, id, event, on) {
      change(run, id, (step) => ({ ...step, pins: on ? [...step.pins, event] : step.pins.filter((one) => one !== event) }));
    },
    async checklistWithdraw(run) {
      const gone = of(run);
      reports = reports.filter((one) => one !== gone);
    },
    checklistPage: async () => "paymongo-suspected-compromise-7.html",
    async checklistPrinted() {
      state.custody += 1;
    },
    windowPrint: async () => undefined,
  };
}
