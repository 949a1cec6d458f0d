/** Owns: made-up answers about actors, records, sessions, sign-ins and errors, so that the places can be tested and looked
 * at without the program. They are one story: a sign-in from a new country and what followed it. */
import type { DrillBackend } from "../drill";
import type { AgainstPart, BackendError, BlindPart, IdentityPart, RowPart, SessionRow, SigninRow, SpanValue } from "../types";
import type { RecordedState } from "./cases";

const MARIA = 'actor:"maria.santos@example.com"';
const span = (value: string, events: number, first: string, last: string, filter = `${MARIA} "${value}"`): SpanValue => ({ value, events, first, last, first_ms: Date.parse(first), last_ms: Date.parse(last), filter });
const AUG = "2026-08-17T00:37:00Z";
const NOV = "2026-11-13T01:09:00Z";
const ATTACK = "2026-11-11T18:14:07Z";
const END = "2026-11-11T18:46:33Z";
const blind: BlindPart[] = [{ system: "PayMongo security logs", spots: ["Failed sign-ins are not logged."] }];

const identity = (provider: string, value: string, names: string[], events: number): IdentityPart => ({
  key: JSON.stringify([provider, "", "email", value]), provider, organization: "", kind: "email", value, ids: [], emails: [value], names, kinds: ["user"], events, filter: `provider:"${provider}" ${MARIA}`,
});
const session = (event: number, start: string, end: string, events: number, sensitive: number, address: string, country: string, device: string): SessionRow => ({
  event, start, end, seconds: (Date.parse(end) - Date.parse(start)) / 1000, events, sensitive, failures: 0, address, addresses: 1, device, country, on_trust: 0, contested: 0, filter: `${MARIA} ip:${address}`,
});
const SESSIONS = [
  session(61, "2026-11-12T01:05:48Z", "2026-11-12T09:56:50Z", 74, 2, "203.0.113.45", "PH", "Chrome on Windows"),
  session(60, ATTACK, END, 17, 6, "198.51.100.77", "NL", "Firefox on Linux"),
  session(52, "2026-11-11T00:39:20Z", "2026-11-11T09:58:00Z", 61, 1, "203.0.113.45", "PH", "Chrome on Windows"),
];
const against = (value: string, state: string, times: number, text: string): AgainstPart => ({ value, state, times, distinct: 2, text });
const row = (event: number, at: string, verb: string): RowPart => ({
  event, time: { day: "Thu 12 Nov 2026", clock: new Date(Date.parse(at) + 28_800_000).toISOString().slice(11, 19), offset: "+08:00", utc: at }, cells: [],
  sentence: [{ kind: "actor", text: "maria.santos@example.com" }, { kind: "verb", text: ` ${verb}` }], system: "PayMongo security logs", source: 1, problems: [], bookmarked: false, tags: [], noted: false,
} as RowPart);

const SIGNIN: SigninRow = {
  event: 60, time: ATTACK, actor: "maria.santos@example.com", actor_filter: MARIA, action: "Login", system: "PayMongo security logs", outcome: "success", earlier: 118, days: 87, enough: true,
  address: against("198.51.100.77", "new", 0, "3rd address in 3 months, 118 earlier sign-ins"), network: against("198.51.100.0/24", "new", 0, "3rd network in 3 months, 118 earlier sign-ins"),
  device: against("Firefox on Linux", "new", 0, "3rd device in 3 months, 118 earlier sign-ins"), country: against("NL", "new", 0, "3rd country in 3 months, 118 earlier sign-ins"),
  shared_by: 1, failed_from: 0, places: [{ value: "NL", source: "log", date: "2026-11-11" }], disagree: false, answer: "unfamiliar", why: ["3rd country in 3 months, 118 earlier sign-ins"],
  travel: { from_event: 52, from: "Philippines", km: 10_120, seconds: 29_700, km_h: 1226.7, precision: "country", judged: "too_fast", reason: "" },
};
const USUAL: SigninRow = {
  ...SIGNIN, event: 61, time: "2026-11-12T01:05:48Z", address: against("203.0.113.45", "seen", 98, "98 of 118 earlier sign-ins"), network: against("203.0.113.0/24", "seen", 112, "112 of 118 earlier sign-ins"),
  device: against("Chrome on Windows", "seen", 101, "101 of 118 earlier sign-ins"), country: against("PH", "seen", 116, "116 of 118 earlier sign-ins"), shared_by: 41, failed_from: 2, places: [], answer: "familiar", why: [],
};

export function drillOf(state: RecordedState, fail: (code: BackendError["code"], message: string, hint: string) => never): DrillBackend {
  const there = () => state.sources > 0;
  let joined: string[] = [];
  const two = [identity("paymongo", "maria.santos@example.com", ["Maria Santos"], 1044), identity("payment-nexus", "maria.santos@example.com", [], 3741)];
  const proposals = () => (joined.length > 0 ? [] : [{ identities: two, reasons: [{ code: "same_email", value: "maria.santos@example.com", text: "both have the e-mail maria.santos@example.com" }] }]);
  const merges = () => (joined.length > 0 ? [{ id: 1, keys: joined, names: ["maria.santos@example.com (paymongo)", "maria.santos@example.com (payment-nexus)"], at: NOV, who: "ana@desk" }] : []);
  return {
    async actorsList(_query, _zone, wanted) {
      const all = there() ? ["maria.santos@example.com", "alice.merchant@example.com", "svc-settle"] : [];
      const found = all.filter((name) => name.includes(wanted.search.toLowerCase()));
      const actors = found.map((name, i) => ({ name, filter: `actor:"${name}"`, providers: ["paymongo"], kinds: ["user"], identities: i === 0 && joined.length > 0 ? 2 : 1, events: 4912 >> i, first: AUG, last: NOV, sign_ins: 127 >> i, failures: i === 0 ? 5 : 0, addresses: 4 - i, devices: 3 - i, countries: 3 - i }));
      return { actors, total: found.length, without: there() ? 37 : 0, proposals: there() ? proposals() : [], merges: merges() };
    },
    actorFilter: async (who) => `actor:"${who}"`,
    async actorPage(who, _query, zone) {
      if (!there() || /nobody/.test(who)) return fail("no_such_item", `no event matches \`${who}\``, "List the actors with `actors`.");
      const week = Array.from({ length: 7 }, (_, day) => Array.from({ length: 24 }, (_, hour) => (day < 5 && hour > 7 && hour < 19 ? 60 + ((day * 7 + hour * 3) % 60) : day === 3 && hour === 2 ? 19 : 0)));
      return {
        name: "maria.santos@example.com", filter: MARIA, zone, events: 4912, undated: 0, first: AUG, last: NOV, identities: two, confirmed: joined.length > 0, merges: merges(), proposals: proposals(),
        sign_ins: { total: 127, success: 122, failure: 5, unknown: 0 }, failures: 5, failed_verbs: [span("Login", 5, ATTACK, NOV)], week,
        operations: [span("read", 3108, AUG, NOV), span("update", 902, AUG, NOV), span("export", 214, AUG, NOV)], verbs: [{ ...span("Exported payouts", 214, AUG, NOV), first_of_all: AUG }], verbs_total: 1,
        addresses: [{ ...span("203.0.113.45", 3604, AUG, NOV), countries: ["PH"], others: 40 }, { ...span("198.51.100.77", 19, ATTACK, END), countries: ["NL"], others: 0 }], addresses_total: 2,
        devices: [span("Chrome on Windows", 4386, AUG, NOV), span("Firefox on Linux", 19, ATTACK, END)], devices_total: 2, countries: [span("PH", 4811, AUG, NOV), span("NL", 19, ATTACK, END)], organizations: [],
        sessions: SESSIONS, sessions_total: 97, idle_minutes: 30, records: [{ ...span("PSP customer account/pca_20417", 6, ATTACK, END), kind: "PSP customer account", id: "pca_20417", named: false, writes: 6, level: 3 }], records_total: 1386, blind_spots: blind, findings: [], findings_total: 0, findings_stale: false,
      };
    },
    actorHour: async (who) => `${who} (time:2026-11-12T02:14:07..2026-11-12T02:46:33)`,
    async actorsCompare(first, second) {
      const week = (from: number) => Array.from({ length: 7 }, (_, day) => Array.from({ length: 24 }, (_, hour) => (day < 5 && hour >= from && hour < from + 9 ? 20 + ((day * 5 + hour * 7) % 40) : 0)));
      const side = (name: string, events: number, from: number) => ({ name, first: AUG, last: NOV, sign_ins: { total: events >> 5, success: events >> 5, failure: 0, unknown: 0 }, failures: 0, week: week(from) });
      const field = (name: string, distinct: [number, number, number], shared: [string, number, number, number][], a: [string, number][], b: [string, number][]) => ({
        field: name, distinct, shared: shared.map(([value, x, y, others]) => ({ value, events: [x, y] as [number, number], filters: [`${first} "${value}"`, `${second} "${value}"`] as [string, string], others })),
        only: [a.map(([value, n]) => span(value, n, AUG, NOV)), b.map(([value, n]) => span(value, n, AUG, NOV))] as [SpanValue[], SpanValue[]],
      });
      return {
        filters: [first, second], events: [4912, 2456], sides: [side("maria.santos@example.com", 4912, 8), side("alice.merchant@example.com", 2456, 10)],
        fields: [
          field("address", [3, 1, 2], [["203.0.113.45", 3604, 1200, 39]], [["203.0.113.46", 802], ["198.51.100.77", 19], ["192.0.2.4", 3]], [["203.0.113.90", 1101], ["192.0.2.77", 155]]),
          field("device", [2, 1, 0], [["Chrome on Windows", 4386, 2456, 311]], [["Firefox on Linux", 19], ["Safari on iOS", 12]], []),
          field("verb", [4, 2, 1], [["Login", 127, 88, 411], ["Exported payouts", 214, 90, 12]], [["Payout Account Updated", 2]], [["Settings Updated", 4]]),
        ],
      };
    },
    async actorsMerge(keys) {
      joined = keys;
      return merges()[0] ?? fail("internal", "nothing was joined", "");
    },
    actorsPart: async () => void (joined = []),
    async recordsList(_query, _zone, wanted) {
      const one = { ...span("PSP customer account/pca_20417", 9, AUG, END, 'target:"PSP customer account"/"pca_20417"'), kind: "PSP customer account", id: "pca_20417", named: false, writes: 6, actors: 2 };
      const records = there() && one.id.includes(wanted.search) && (wanted.kind === "" || wanted.kind === one.kind) ? [one] : [];
      return { kinds: there() ? [span("PSP customer account", 9, AUG, END)] : [], records, total: records.length, without: there() ? 120 : 0 };
    },
    async recordPage({ kind, id }, at) {
      if (!there()) return fail("no_such_item", `no event speaks of the record ${kind} ${id}`, "List the records with `records`.");
      const filter = `target:"${kind}"/"${id}"`;
      const field = (name: string, value: string, event: number, since: string) => ({ field: name, value, certainty: "logged", inferred: false, event, since, actor: "maria.santos@example.com", changes: 2, filter: `${filter} field:"${name}"` });
      return {
        type: kind, id, names: [], scopes: [], systems: ["Payment Nexus"], filter, events: 9, first: AUG, last: END, lives: 1, condition: "present", steps_total: 2, reads: [{ name: "read", events: 3, filter: `${filter} op:read` }], ...(at === undefined ? {} : { at }),
        steps: [
          { event: 3, time: AUG, step: "create", action: "create", actor: "ops@example.com", outcome: "success", life: 1, changes: [{ field: "bank.account", kind: "added", new: "0001" }], other_targets: 0, tie: false },
          { event: 62, time: "2026-11-11T18:21:44Z", step: "update", action: "update", actor: "maria.santos@example.com", outcome: "success", life: 1, changes: [{ field: "bank.account", kind: "updated", old: "0001", new: "0002" }], other_targets: 0, tie: false },
        ],
        state: [field("bank.account", at === AUG ? "0001" : "0002", 62, ATTACK), field("limits", '{"daily":100}', 3, AUG)], reverts: [{ field: "active", value: "true", between: ["false"], between_total: 1, left: 4, back: 5, away_seconds: 3600 }], reverts_total: 1,
        gaps: [{ code: "unlogged_change", field: "alias", event: 62, text: "between event 3 and event 62 `alias` went from `a` to `b`, and no event says when or by whom" }], gaps_total: 1, actors: [span("maria.santos@example.com", 6, ATTACK, END)], blind_spots: blind,
      };
    },
    async sessionPage(of, idle) {
      if (!there()) return fail("no_such_item", "no event names this session", "Give an event instead.");
      const found = SESSIONS.find((one) => "event" in of && one.event === of.event) ?? SESSIONS[1] ?? fail("internal", "no session", "");
      const act = (event: number, at: string, verb: string, level: number, kind: string) => ({ row: row(event, at, verb), after_seconds: (Date.parse(at) - Date.parse(ATTACK)) / 1000, level, kind, on_trust: event > 61, contested: false });
      return {
        session: found, ...("event" in of ? { from_event: of.event } : {}), by: "idle", rule: `The log names no session: what one actor did from one address and device, until nothing happened for ${idle} minutes.`, idle_minutes: idle,
        actors: [{ name: "maria.santos@example.com", events: 17, filter: MARIA }], counts: [{ name: "update", events: 4, filter: `${MARIA} op:update` }], kinds: [{ name: "money", events: 2, filter: `${MARIA} category:payout` }],
        acts: [act(62, "2026-11-11T18:21:44Z", "changed the payout account", 3, "money"), act(63, "2026-11-11T18:16:52Z", "viewed an API key", 2, "key"), act(60, ATTACK, "signed in", 0, "other")], contested: 0, scopes: [], blind_spots: blind,
      };
    },
    async signinsReview(_query, _zone, wanted) {
      const all = there() ? [USUAL, SIGNIN] : [];
      const rows = all.filter((one) => wanted.show === "all" || one.answer === wanted.show || (wanted.show === "new" && one.country.state === "new") || (wanted.show === "too_fast" && one.travel !== undefined));
      return {
        filter: "op:authenticate", counts: { total: there() ? 412 : 0, success: there() ? 406 : 0, failure: there() ? 6 : 0, unknown: 0 }, undated: 0, familiar: there() ? 405 : 0, unfamiliar: there() ? 4 : 0, cannot_tell: there() ? 3 : 0,
        new_address: 4, new_network: 4, new_device: 4, new_country: 4, too_fast: 1, located: there() ? 410 : 0,
        places: there() ? [{ name: "Philippines", country: "PH", latitude: 14.6, longitude: 121, sign_ins: 343, failed: 0, unfamiliar: 0, filter: "op:authenticate country:PH" }, { name: "Netherlands", country: "NL", latitude: 52.3, longitude: 5.6, sign_ins: 4, failed: 2, unfamiliar: 4, filter: "op:authenticate country:NL" }] : [],
        arcs: there() && SIGNIN.travel ? [{ event: 60, actor: "maria.santos@example.com", from: [14.6, 121], to: [52.3, 5.6], travel: SIGNIN.travel }] : [], rows, rows_total: rows.length,
        rules: { enough_sign_ins: 10, enough_days: 14, settle_hours: 24, speed_limit: 800, shared_by: 5 }, databases: [], blind_spots: blind,
      };
    },
    addressesChoose: async () => null,
    async errorsList() {
      const filter = 'category:error error.type:"SDK runtime issue"';
      const trend = { type: "SDK runtime issue", template: "Timeout after <number> for order <id>", example: "Timeout after 30s for order ord_91a9f8b7c6", messages: 214, origin: "SDK", ...span("", 214, AUG, "2026-10-02T00:00:00Z", filter), versions: [span("4.2.0", 200, AUG, "2026-10-02T00:00:00Z", `${filter} version:4.2.0`)], environments: [span("production", 214, AUG, NOV)], organizations: [], bars: Array.from({ length: 28 }, (_, i) => (i < 15 ? (i * 7) % 19 : 0)), trend: "gone", last_quarter: 0, quarter_before: 12, fixed_in: "4.3.0", fixed_why: "not among 61 errors of 4.3.0, which go on after its last in 4.2.0", wider: false };
      return { filter: "category:error", events: there() ? 214 : 0, undated: 0, ...(there() ? { from: AUG, to: NOV } : {}), trends: there() ? [trend] : [], total: there() ? 1 : 0, types: there() ? [span("SDK runtime issue", 214, AUG, NOV)] : [], origins: [], versions: [], environments: [] };
    },
    async agentsList() {
      const original = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
      return { agents: there() ? [{ text: "Firefox 145.0 on Linux", original, events: 17, filter: `ua:"${original}"` }] : [], distinct: there() ? 1 : 0, absent: 0 };
    },
    async firstSeen() {
      if (!there()) return { events: 0, before_events: 0, before_days: [0, 0], enough: false, coverage: "No event that matches has a time.", undated: 0, fields: [] };
      return { from: "2026-11-06T01:09:00Z", to: NOV, before_from: "2026-08-08T01:09:00Z", events: 1204, before_events: 18_221, before_days: [84, 90], enough: true, coverage: "84 of the 90 days before hold an event.", undated: 37, fields: [{ fields: ["source.geo.country_iso_code"], in_span: 4, before: 3, known: 3, new: [{ values: ["NL"], systems: [], events: 19, first: ATTACK, event: 60, filter: "country:NL" }], total: 1 }] };
    },
  };
}
