/** Owns: made-up findings, so that the place can be tested and looked at without the program. They are the story of the
 * other made-up answers: a sign-in from a new country and what followed it. */
import type { FindingsBackend } from "../findings";
import type { BackendError, FindingPage, FindingPart, FindingRow, RowPart, SuppressionPart, VerdictPart } from "../types";
import type { RecordedState } from "./cases";

const MARIA = "maria.santos@example.com";
const AT = Date.parse("2026-11-11T18:14:07Z");
const iso = (ms: number): string => new Date(ms).toISOString();

type Story = { id: string; detection: string; title: string; severity: string; actor?: string; sentence: string; minutes: number[]; measured: Record<string, number>; thresholds: Record<string, number>; habit?: boolean };
const STORIES: Story[] = [
  { id: "F-3f91c07be2d4", detection: "money_path", title: "Money path after an unfamiliar sign-in", severity: "critical", actor: MARIA, sentence: `${MARIA} changed the payout account 7 minutes after signing in from a country this account had never used.`, minutes: [0, 7.6, 8, 17], measured: { signs: 4, hours: 0.127 }, thresholds: { signs: 2, hours: 24, follow_hours: 24, learn_days: 14 }, habit: true },
  { id: "F-a10b44d2e901", detection: "impossible_travel", title: "Impossible travel", severity: "high", actor: MARIA, sentence: `${MARIA} signed in from the Philippines and from the Netherlands at 1,258 km/h.`, minutes: [-495, 0], measured: { km: 10_120, kmh: 1258 }, thresholds: { km: 500, kmh: 800, within_hours: 24 } },
  { id: "F-77d2be10c3aa", detection: "new_country", title: "Sign-in from a new country", severity: "medium", actor: MARIA, sentence: `${MARIA} signed in from NL; none of the last 10 of 118 sign-ins came from there.`, minutes: [0], measured: { last: 10 }, thresholds: { last: 10, learn_days: 14, learn_sign_ins: 10 }, habit: true },
  { id: "F-0c9e51ab77f2", detection: "short_lived", title: "Short-lived account, member or recipient", severity: "medium", actor: MARIA, sentence: "The recipient “Sample Trade” existed for 18 minutes.", minutes: [13, 31], measured: { hours: 0.3 }, thresholds: { hours: 24 } },
  { id: "F-5e5512ff0b18", detection: "off_hours", title: "Work at unusual hours", severity: "low", actor: MARIA, sentence: `${MARIA} did 17 things on Thursday between 02:00 and 03:00, hours in which they are never seen.`, minutes: [0, 2, 7, 8, 13], measured: { events: 17 }, thresholds: { events: 3, days: 3, learn_days: 28 }, habit: true },
  { id: "F-91aa03c7d6e0", detection: "sigma:5d2f…", title: "Payout schedule changed <b>at night</b>", severity: "informational", sentence: "Payout schedule changed <b>at night</b>: 1 event", minutes: [19], measured: {}, thresholds: {} },
];
const PARAMETERS: Record<string, [string, string, number[]]> = {
  signs: ["how unfamiliar the sign-in must be: a new country counts two, a new network and a new device one each", "", [1, 2, 3, 4]],
  hours: ["how long after the sign-in", "h", [3, 6, 12, 18, 24, 30, 36, 48, 96, 192]],
  km: ["least distance", "km", [63, 125, 250, 375, 500, 625, 750, 1000, 2000]],
  kmh: ["least speed", "km/h", [100, 200, 400, 600, 800, 1000, 1200, 1600, 3200]],
};

export function findingsOf(state: RecordedState, fail: (code: BackendError["code"], message: string, hint: string) => never): FindingsBackend {
  let looked = false;
  let rules = false;
  const verdicts = new Map<string, VerdictPart>();
  let hidden: SuppressionPart[] = [];
  const row = (event: number, minutes: number, verb: string): RowPart => {
    const at = AT + minutes * 60_000;
    return {
      event, time: { day: "Thu 12 Nov 2026", clock: new Date(at + 28_800_000).toISOString().slice(11, 19), offset: "+08:00", utc: iso(at) }, cells: [],
      sentence: [{ kind: "actor", text: MARIA }, { kind: "verb", text: verb }], ip: "198.51.100.77", country: "NL", outcome: "success", system: "PayMongo security logs", source: 1, problems: [], bookmarked: false, tags: [],
    };
  };
  const part = (story: Story): FindingPart => {
    const [first, last] = [AT + (story.minutes[0] ?? 0) * 60_000, AT + (story.minutes.at(-1) ?? 0) * 60_000];
    const [verdict, suppressed] = [verdicts.get(story.id), hides(story)];
    return {
      id: story.id, detection: story.detection, title: story.title, severity: story.severity, ...(story.actor === undefined ? {} : { actor: story.actor }), sentence: story.sentence, events: story.minutes.map((_, i) => 60 + i), left_out: 0,
      first: iso(first), last: iso(last), first_ms: first, last_ms: last, measured: story.measured, thresholds: story.thresholds,
      ...(story.habit ? { baseline: { of: "sign-ins with a country", n: 118, from: "2026-08-17T00:37:00Z", to: "2026-11-11T00:39:20Z", events: [50, 51, 52], usual: "PH (116), SG (2)" } } : {}),
      would_change: Object.entries(story.measured).map(([name, value]) => `\`${name}\` above ${value} (it is ${story.thresholds[name] ?? 0})`), benign: ["the actor themselves, travelling or with a new device, doing their work", "a handover to a colleague"],
      cannot_show: ["Failed sign-ins are not logged.", "Changes made by internal API calls, outside the dashboard, may not appear."], ...(verdict ? { verdict } : {}), ...(suppressed ? { suppressed } : {}),
    };
  };
  const hides = (story: Story): SuppressionPart | undefined => hidden.find((one) => (one.detection === undefined || one.detection === story.detection) && (one.actor === undefined || one.actor === story.actor));
  const stateOf = (story: Story): string => ((v) => (v && v.verdict !== "confirmed_compromised" ? "judged" : hides(story) ? "hidden" : "open"))(verdicts.get(story.id));
  const listed = (story: Story): FindingRow => {
    const { id, detection, title, severity, actor, sentence, events, first, last, verdict, suppressed } = part(story);
    return { id, detection, title, severity, ...(actor === undefined ? {} : { actor }), sentence, events: events.length, first, last, state: stateOf(story), ...(verdict ? { verdict } : {}), ...(suppressed ? { suppressed } : {}) };
  };
  const there = () => (state.sources === 0 ? [] : STORIES.filter((one) => rules || !one.detection.startsWith("sigma:")));
  return {
    async findingsList(_query, _zone, wanted) {
      if (!looked) return null;
      const all = there();
      const asked = all.filter((one) => wanted.show === "all" || stateOf(one) === wanted.show).filter((one) => wanted.detection === undefined || one.detection === wanted.detection).filter((one) => one.sentence.toLowerCase().includes(wanted.search.toLowerCase()));
      const n = (which: string) => all.filter((one) => stateOf(one) === which).length;
      return {
        findings: (wanted.by_time ? asked.toReversed() : asked).slice(wanted.first, wanted.first + wanted.limit).map(listed), total: asked.length, open: n("open"), judged: n("judged"), hidden: n("hidden"), outside: 0, outside_open: 0,
        severities: ["critical", "high", "medium", "low", "informational"].map((severity) => ({ severity, open: all.filter((one) => one.severity === severity && stateOf(one) === "open").length, all: all.filter((one) => one.severity === severity).length })),
        detections: Object.fromEntries(all.map((one) => [one.detection, 1])),
        cannot_tell: [{ detection: "brute_force_user", source: "paymongo", reason: "this log does not show failed sign ins. Only successful logins are logged; failed attempts leave no trace." }, { detection: "session_two_places", source: "paymongo", reason: "none of its events names a session" }],
        not_enough_history: [{ detection: "new_country", actor: "omar.riyadh@example.com", reason: "4 earlier sign-ins over 3 days; 10 over 14 days are needed" }], not_enough_history_total: 1,
        rules_not_run: rules ? [{ id: "1", title: "Okta admin role assigned", reason: "no event of such a log (okta) in the case" }] : [], rules_not_run_total: rules ? 1 : 0, rules_run: rules ? 311 : 0, suppressions: hidden,
        events: state.recording.events, undated: 37, out_of_range: 0, at: "2026-11-13T02:20:00Z", stale: false,
      };
    },
    async findingsLook() {
      await new Promise((next) => setTimeout(next, state.recording.events > 1000 ? 200 : 1));
      looked = true;
    },
    async findingPage(id) {
      const story = there().find((one) => one.id === id) ?? fail("no_such_item", `there is no finding \`${id}\``, "List them with `detect`.");
      const finding = part(story);
      const verbs = ["signed in, first time from NL", "changed the payout account", "viewed an API key, Secret Key", "created a disbursement, PHP 1,480,000.00", "signed out"];
      const page: FindingPage = {
        finding, state: stateOf(story), filter: `finding:${id}`, gone: 0, stale: false,
        rows: story.minutes.map((minutes, i) => ({ row: row(60 + i, minutes, verbs[i % verbs.length] as string), after_ms: (minutes - (story.minutes[0] ?? 0)) * 60_000 })),
        baseline_rows: story.habit ? [52, 51, 50].map((event, i) => ({ ...row(event, -1055 - i * 1440, "signed in"), ip: "203.0.113.45", country: "PH" })) : [], baseline_filter: story.habit ? "event:52 event:51 event:50" : "",
      };
      if (story.detection.startsWith("sigma:")) return page;
      const parameters = Object.entries(story.thresholds).map(([name, value]) => ((known) => ({ name, says: known?.[0] ?? name.replaceAll("_", " "), unit: known?.[1] ?? "", value, steps: known?.[2] ?? [value - 1, value, value + 1], ...(story.measured[name] === undefined ? {} : { measured: story.measured[name] }) }))(PARAMETERS[name]));
      return { ...page, detection: { what: "After a sign-in that is not like the actor’s, a payout account, bank detail, recipient, verification document, payout schedule or permission is changed by the same actor.", parameters, needs: ["sign_ins", "changes"], after: "no public rule set has it; the red flags are those that payment companies name." } };
    },
    async findingsWhatIf(parameter, values) {
      const of = STORIES.find((one) => parameter.startsWith(`${one.detection}.`));
      return values.map((value, i) => ({ parameter, value, findings: Math.max(0, values.length - i - 2), gone: i > values.length - 4 && of ? [of.id] : [], new: i < 2 ? ["F-000000000001"] : [], examples: i < 2 ? [{ id: "F-000000000001", severity: "medium", sentence: "alice.merchant@example.com changed the payout account after signing in with a new device.", first: "2026-10-02T01:00:00Z", filter: "event:7" }] : [] }));
    },
    async findingJudge(id, verdict, note) {
      verdicts.set(id, { verdict, note, who: "ana@desk", at: "2026-11-13T02:42:00Z", stale: false });
      state.custody += 1;
    },
    findingUnjudge: async (id) => void verdicts.delete(id),
    async findingsSuppress(detection, actor, reason, until) {
      hidden = [...hidden, { id: hidden.length + 1, ...(detection === undefined ? {} : { detection }), ...(actor === undefined ? {} : { actor }), reason, ...(until === undefined ? {} : { until }), expired: false, who: "ana@desk", at: "2026-11-13T02:42:00Z" }];
      state.custody += 1;
    },
    findingsUnsuppress: async (id) => void (hidden = hidden.filter((one) => one.id !== id)),
    async rulesChoose() {
      rules = true;
      return { name: "rules", files: 312 };
    },
    rulesChosen: async () => (rules ? { name: "rules", files: 312 } : null),
    rulesPutAway: async () => void (rules = false),
  };
}
