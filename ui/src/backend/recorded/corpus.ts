/** Owns: made-up events for tests and for looking at the window without the program. The same number gives the same
 * event in every run; nothing here comes from a real log. */
import { clock } from "./time";
import type { ChangePart, EventJson, RowPart, SentencePart } from "../types";

export type Made = {
  event: number; ms: number | undefined; original: string; zone: string; actor: string; email: string; action: string; operation: string;
  outcome: string; sentence: [string, string, string?]; target: { type: string; id: string } | undefined; ip: string; country: string; provider: string; system: string;
  source: number; changes: ChangePart[]; problems: string[]; hidden: boolean;
};

type Act = [action: string, operation: string, verb: string, object: string, tail: string, type: string];
const ACTS: Act[] = [
  ["read", "read", "opened", "PSP customer account", "", "PspCustomerAccount"], ["read", "read", "opened", "payment intent", "", "PaymentIntent"],
  ["update", "update", "changed", "tenant customer", ", 2 fields", "TenantCustomer"], ["login", "authenticate", "signed in", "", "", "User"],
  ["Refunded a payment", "update", "refunded", "payment", "", "Payment"], ["list", "list", "listed", "payouts", "", "Payout"],
  ["Exported payments", "export", "exported", "payments", "", "Payment"], ["create", "create", "created", "a disbursement", ", PHP 1,480,000.00", "Disbursement"],
  ["API Key Viewed", "read", "viewed", "an API key", ", Secret Key", "ApiKey"], ["delete", "delete", "deleted", "a disbursement recipient", "", "Recipient"],
];
const PEOPLE = ["Maria Santos", "Alice Merchant", "Juan Cruz", "Omar Riyadh", "System", "Žofie Nováková", "Мария Орлова"];
const SYSTEMS: [string, string][] = [["nexus", "Payment Nexus"], ["paymongo", "PayMongo"], ["edfapay", "EdfaPay"]];
const BANK: ChangePart[] = [
  { field: "payout.bank.account_name", kind: "updated", old: "Example Goods Inc.", new: "Sample Trade" },
  { field: "payout.bank.account_number", kind: "updated", old: "••••••8841", new: "••••••0093" },
  { field: "payout.bank.bank_code", kind: "updated", old: "EXMPPHMM", new: "TESTPHM2" },
  { field: "payout.note", kind: "added", new: "urgent vendor change" }, { field: "hold_until", kind: "deleted", old: "2026-11-16" },
];

/** A number between 0 and 1 that looks random and is the same each time. */
function dice(n: number, salt: number): number {
  let x = Math.imul(n ^ (salt * 0x9e3779b9), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 0) / 4294967296;
}

const LAST = Date.UTC(2026, 10, 13, 2, 2, 49);

/** Event `n` of `total`; numbers rise with time, the last few per mille have none. */
export function made(n: number, total: number): Made {
  const undated = n > total - Math.max(1, Math.floor(total * 0.002));
  const days = Math.max(4, Math.min(400, total / 90));
  const slot = LAST - ((total - n) / total) * days * 86_400_000;
  // Office hours of Manila: the minute of the day is drawn towards them, the day stays in order.
  const ms = Math.floor(slot / 86_400_000) * 86_400_000 + Math.floor(((slot % 86_400_000) / 86_400_000) * 36_000_000) + Math.floor(dice(n, 1) * 999) + (n % 97 === 0 ? 50_000_000 : 0);
  const foreign = n % 41 < 4;
  const act = ACTS[Math.floor(dice(n, 2) * ACTS.length)] as Act;
  const [actor, email] = ((who) => [who, `${who.normalize("NFKD").replace(/[^A-Za-z ]/g, "").trim().toLowerCase().replaceAll(" ", ".") || "orlova"}@example.com`])(foreign ? "Maria Santos" : (PEOPLE[Math.floor(dice(n, 3) ** 2 * PEOPLE.length)] ?? "System"));
  const [provider, system] = SYSTEMS[Math.floor(dice(n, 4) ** 1.6 * 3)] as [string, string];
  const failed = act[0] === "login" && dice(n, 5) < 0.3;
  const bank = act[0] === "update" && foreign;
  const id = `${act[5].slice(0, 3).toLowerCase()}_${20_000 + Math.floor(dice(n, 6) * 900)}`;
  const v6 = n % 53 === 0;
  return {
    event: n, ms: undated ? undefined : ms, original: undated ? "3 hours ago" : clock(ms, "UTC").utc, zone: provider === "paymongo" ? "Asia/Manila (chosen)" : "UTC (stated)", actor, email,
    action: act[0], operation: act[1], outcome: failed ? "failure" : provider === "edfapay" && n % 7 === 0 ? "unknown" : "success",
    sentence: [failed ? "failed to sign in" : act[2], act[3] && act[4] === "" && act[3].split(" ").length < 4 && !act[3].startsWith("pay") ? `${act[3]} ${id}` : act[3], bank ? ", 5 fields" : act[4]],
    target: act[3] ? { type: act[5], id } : undefined, ip: v6 ? "2001:db8:85a3::8a2e:370:7334" : foreign ? "198.51.100.77" : dice(n, 7) < 0.8 ? "203.0.113.45" : "203.0.113.112",
    country: foreign ? "NL" : "PH", provider, system, source: SYSTEMS.findIndex(([name]) => name === provider) + 1,
    changes: act[0] === "update" ? (bank ? BANK : BANK.slice(0, 2)) : [], problems: undated ? ["time_relative"] : n % 199 === 0 ? ["time_ambiguous"] : [], hidden: n % 67 === 0,
  };
}

export function sentence(one: Made): SentencePart[] {
  const [verb, object, tail] = one.sentence;
  const parts: SentencePart[] = [{ kind: "actor", text: one.hidden ? `${one.actor.slice(0, 5)}\u202E${one.actor.slice(5)}` : one.actor, field: "user.name" }, { kind: "verb", text: verb, field: "event.action" }];
  if (object) parts.push({ kind: "object", text: object, field: "target.id" });
  if (tail) parts.push({ kind: "tail", text: tail });
  return parts;
}

export function row(one: Made, zone: string, bookmarked: boolean, tags: string[]): RowPart {
  return {
    event: one.event, ...(one.ms === undefined ? {} : { time: clock(one.ms, zone) }), original_time: one.original, sentence: sentence(one), action: one.action,
    operation: one.operation, actor: one.actor, ip: one.ip, country: one.country, outcome: one.outcome, system: one.system, source: one.source,
    problems: one.problems, bookmarked, tags, cells: [],
  };
}

export function json(one: Made): EventJson {
  return {
    ...(one.ms === undefined ? {} : { "@timestamp": new Date(one.ms).toISOString() }),
    event: { id: `al_01JC9${one.event}`, action: one.action, operation: one.operation, outcome: one.outcome, provider: one.provider, original_time: one.original, zone: one.zone, category: one.operation === "authenticate" ? "authentication" : "payment" },
    user: { id: `usr_${1000 + (one.actor.length * 37) % 900}`, email: one.email, name: one.actor, type: one.actor === "System" ? "system" : "user" },
    ...(one.target ? { target: [one.target] } : {}), source: { ip: one.ip, geo: { country_iso_code: one.country, city_name: one.country === "NL" ? "Amsterdam" : "Makati" } },
    user_agent: { original: "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0", name: "Firefox 145", os: { name: "Linux" } },
    session: { id: "nx_7f3c9e21" }, ...(one.changes.length ? { changes: one.changes } : {}),
    witnessmark: { event: one.event, source: one.source, entry: one.event, part: 1, line: one.event + 1, offset: one.event * 842, length: 842, profile: `${one.provider}@1`, attested: [{ source: one.source, entry: one.event }], problems: one.problems },
  };
}

export function raw(one: Made): string {
  const body = { id: `al_01JC9${one.event}`, actor: { type: "user", id: "usr_1188", name: one.hidden ? `${one.actor.slice(0, 5)}\u202E${one.actor.slice(5)}\u200B` : one.actor }, model: one.target?.type, recordId: one.target?.id, action: one.action, ip: one.ip, note: "<img src=x onerror=alert(1)>", at: one.original };
  return JSON.stringify(body);
}
