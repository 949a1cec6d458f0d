/** Owns: a made-up log whose fields are mapped in tests: a text of lines `"slot" = ["field", …]` stands for a profile. */
import type { MappingBackend, MappingOf } from "../mapping";
import type { BackendError, EventJson, MappingEdits, MappingReport, OwnProfile, ProfilesShown } from "../types";
import type { RecordedState } from "./cases";

type Row = Record<string, string>;
type Fail = (code: BackendError["code"], message: string, hint: string) => never;

const ROWS: Row[] = Array.from({ length: 12 }, (_, i): Row => ({
  occurred_at: i === 5 ? "" : `2026-11-12T02:${10 + i}:00Z`, user_email: ["alice@example.com", "bob@example.com", "carol@example.com"][i % 3] as string, staff: i % 2 ? "mo@example.net" : "kim@example.net",
  activity: ["invoice.exported", "vault.sealed", "user.invited"][i % 3] as string, client_ip: `203.0.113.${4 + (i % 3)}`, "note \u202egpj": i % 4 === 0 ? "by phone" : "",
}));
const NAMES = Object.keys(ROWS[0] as Row);
const DRAFT = 'language = 1\n"id" = ["shop"]\n"title" = ["Shop"]\n"time" = ["occurred_at"]\n"event.action" = ["activity"]\n"user.email" = ["user_email"]\n"source.ip" = ["client_ip"]\n[verbs]\n"invoice.exported" = ["export", "data", "", ""]\n';
const quoted = (name: string) => JSON.stringify(name);

/** The lines of a text, or the number of the one that is none. */
function lines(text: string): { slots: Map<string, string[]>; verbs: Map<string, string[]> } | number {
  const slots = new Map<string, string[]>();
  const verbs = new Map<string, string[]>();
  let into = slots;
  for (const [i, line] of text.split("\n").entries()) {
    if (line === "[verbs]") into = verbs;
    else if (line !== "" && !line.startsWith("language")) {
      const [, key, values] = /^("(?:[^"\\]|\\.)*") = (\[.*\])$/.exec(line) ?? [];
      if (!key || !values) return i + 1;
      into.set(JSON.parse(key) as string, JSON.parse(values) as string[]);
    }
  }
  return { slots, verbs };
}

function written(slots: Map<string, string[]>, verbs: Map<string, string[]>): string {
  const all = (of: Map<string, string[]>) => [...of].map(([key, values]) => `${quoted(key)} = [${values.map(quoted).join(", ")}]\n`).join("");
  return `language = 1\n${all(slots)}[verbs]\n${all(verbs)}`;
}

function changed(text: string, edits: MappingEdits): string {
  const read = lines(text);
  if (typeof read === "number") return text;
  for (const { slot, values } of edits.slots) {
    const plain = values.map((value) => (value.startsWith('"') ? (JSON.parse(value) as string) : value));
    if (plain.length) read.slots.set(slot, plain);
    else read.slots.delete(slot);
  }
  for (const { word, operation, category, outcome, sensitivity } of edits.verbs) {
    if (operation) read.verbs.set(word, [operation, category ?? "other", outcome ?? "", sensitivity ?? ""]);
    else read.verbs.delete(word);
  }
  return edits.slots.length + edits.verbs.length ? written(read.slots, read.verbs) : text;
}

function report(of: MappingOf, text: string): MappingReport {
  const read = lines(text);
  const bare: MappingReport = {
    name: "source" in of ? "shop.csv" : "activity_log_export.csv", shape: "csv", entries: ROWS.length, events: 0, text, slots: [], preview: [], filled: [], problems: [], words: [], words_of_all: "source" in of, members: [],
    fields: NAMES.map((name) => {
      const values = ROWS.map((row) => row[name] as string).filter(Boolean);
      return { name, expression: quoted(name), examples: [...new Set(values)].slice(0, 3), filled: values.length, distinct: new Set(values).size };
    }),
    operations: ["authenticate", "read", "create", "update", "delete", "export", "invite", "disable", "other"], categories: ["authentication", "iam", "data", "other"], outcomes: ["success", "failure", "unknown"], sensitivities: ["low", "medium", "high", "critical"],
  };
  if (typeof read === "number") return { ...bare, refused: { file: "profile", line: read, key: "", message: "this line cannot be read" } };
  const { slots, verbs } = read;
  const value = (row: Row, slot: string): string => slots.get(slot)?.map((name) => row[name] ?? "").find(Boolean) ?? "";
  const event = (row: Row): EventJson => {
    const action = value(row, "event.action");
    const [operation, category] = verbs.get(action) ?? [];
    const [time, email, ip] = [value(row, "time"), value(row, "user.email"), value(row, "source.ip")];
    return { ...(time ? { "@timestamp": time } : {}), event: { action, ...(operation ? { operation, category: category as string } : {}) }, ...(email ? { user: { email } } : {}), ...(ip ? { source: { ip } } : {}) } as EventJson;
  };
  const problem = (code: string, message: string, holds: (row: Row) => boolean) => {
    const found = ROWS.filter(holds);
    const first = found[0];
    return first ? [{ code, message, count: found.length, line: ROWS.indexOf(first) + 2, raw: Object.values(first).join(","), event: event(first) }] : [];
  };
  const counts = new Map<string, number>();
  for (const row of ROWS) counts.set(value(row, "event.action"), (counts.get(value(row, "event.action")) ?? 0) + 1);
  return {
    ...bare, events: ROWS.length, preview: ROWS.slice(0, 10).map(event), slots: [...slots].map(([slot, values]) => ({ slot, values: values.map((one) => ({ expression: quoted(one), text: one })) })),
    problems: [
      ...problem("undated", "no time", (row) => !value(row, "time")), ...problem("no_actor", "no actor", (row) => !value(row, "user.email")),
      ...problem("no_action", "no action", (row) => !value(row, "event.action")), ...problem("unmapped_verbs", "an action without a meaning", (row) => value(row, "event.action") !== "" && !verbs.has(value(row, "event.action"))),
    ],
    words: [...counts].filter(([word]) => word !== "").map(([word, n]) => {
      const [operation, category, outcome, sensitivity] = verbs.get(word) ?? [];
      return { word, count: n, exact: operation !== undefined, ...(operation ? { operation } : {}), ...(category ? { category } : {}), ...(outcome ? { outcome } : {}), ...(sensitivity ? { sensitivity } : {}) };
    }).sort((a, b) => Number("operation" in a) - Number("operation" in b) || b.count - a.count),
  };
}

export function mappingOf(state: RecordedState, fail: Fail): MappingBackend {
  const versions = new Map<string, string[]>();
  let kept: OwnProfile[] = [];
  let folder: ProfilesShown["folder"];
  const shown = (): ProfilesShown => ({ kept, ...(folder ? { folder } : {}) });
  return {
    mappingLook: async (of, _choices, text, edits) => {
      await new Promise((next) => setTimeout(next, 3));
      return report(of, changed(text ?? DRAFT, edits));
    },
    async profileKeep(text) {
      const read = lines(text);
      if (typeof read === "number") return fail("invalid_option", `the profile cannot be used: profile:${read}: this line cannot be read`, "Mend the file.");
      const id = read.slots.get("id")?.[0] ?? "shop";
      const all = versions.get(id) ?? [];
      if (!all.includes(text)) versions.set(id, [...all, text]);
      state.custody += 1;
      const [version, title] = [(versions.get(id) ?? []).indexOf(text) + 1, read.slots.get("title")?.[0] ?? ""];
      kept = [{ id, version, title, recognises: true, sources: [], text }, ...kept.filter((one) => one.id !== id)];
      return { id, version, title, text };
    },
    profilesList: async () => shown(),
    async profileForget(id) {
      if (!kept.some((one) => one.id === id)) return fail("no_such_item", `the case keeps no profile \`${id}\` of your own`, "");
      kept = kept.filter((one) => one.id !== id);
      state.custody += 1;
      return shown();
    },
    async profilesChoose() {
      folder = { name: "my profiles", profiles: [{ id: "till", version: 1, title: "Till", provider: "till", verbs: 3, blind_spots: ["Nothing is known."], builtin: false }], refused: [{ file: "old.toml", line: 3, key: "profile.id", message: "a text is wanted here" }] };
      return shown();
    },
    async profilesPutAway() {
      folder = undefined;
      return shown();
    },
    profileSave: async () => "shop.toml",
    profileRead: async () => ({ name: "other.toml", text: DRAFT.replace("user_email", "staff") }),
  };
}
