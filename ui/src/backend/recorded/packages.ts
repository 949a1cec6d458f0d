/** Owns: the recorded answers about packages, keys and checks. Never in the program. */
import type { Backend } from "../backend";
import type { PackagePreview, PackageReport, RowPart, VerifyReport } from "../types";
import { made, row } from "./corpus";
import type { RecordedState } from "./cases";

export type PackagePart = Pick<Backend, "packagePreview" | "packageChoose" | "packageWrite" | "keysList" | "keyMake" | "keyForget" | "packagePick" | "packageDisclose" | "verifyChoose" | "caseVerify" | "caseCopy">;
const layer = (name: string, detail: string) => ({ layer: name, ok: true, proves: "what stands in it is what was written", does_not_prove: "what happened before", detail });
const holds = (kind: string): VerifyReport => ({
  ok: true, kind, signature: kind === "package" ? "valid" : "absent",
  layers: [layer("custody", "62 entries, head 4c19"), layer("evidence", "3 files, 1,024 bytes"), layer("events", "1 segment")],
});
const hidden = (one: RowPart): RowPart => ({ ...one, sentence: one.sentence.map((part) => (part.kind === "actor" ? { ...part, text: "actor-7F2KQ-3ZD9M" } : part)) });

export function packagesOf(state: RecordedState): PackagePart {
  let kept: string[] = [];
  const keys = [{ name: "Compliance-2026", public: "RWTm6ZOCL7QKUXwPYLaKq5K+0jwyNOqWyAebHveshk7uusFJQ3YKX46N", protected: true }];
  return {
    async packagePreview(_job, choices): Promise<PackagePreview> {
      const total = state.sources === 0 ? 0 : state.recording.events;
      const events = choices.query ? Math.ceil(total / 25) : total;
      const example = row(made(7, Math.max(total, 8)), state.zone, false, []);
      const rules = choices.redact?.match(/do = "(\w+)"/g) ?? [];
      return {
        events, undated: Math.floor(events * 0.002), total, marks: 4, notes: 3,
        systems: [{ value: "PayMongo security logs", count: Math.floor(events * 0.3) }, { value: "Payment Nexus auditing", count: Math.ceil(events * 0.7) }],
        gaps: [{ source: 3, name: "EdfaPay logs", from: "2026-11-10", to: "2026-11-11", days: 2 }],
        effects: rules.map((rule) => rule.slice(6, -1)).map((act) => act === "keep"
          ? { what: "", act, places: 0, values: 0 }
          : { what: "", act, places: Math.ceil(events / 2), values: 12, before: "maria.santos@example.com", after: act === "mask" ? "••••••93" : "actor-7F2KQ-3ZD9M" }),
        examples: choices.redact ? [{ before: example, after: hidden(example) }] : [],
      };
    },
    packageChoose: (name) => Promise.resolve({ token: "out-1", name, is_case: false }),
    async packageWrite(_job, _token, choices, signing, seen): Promise<PackageReport> {
      seen({ step: "events", done: 1, of: 2 });
      if (signing?.keep && signing.passphrase) kept = [signing.key];
      state.custody += 1;
      const file = (name: string, bytes: number) => ({ name, bytes, sha256: "9b1f40d2".repeat(8) });
      return {
        package: "8be0".repeat(16), binds: "1d44".repeat(16), signature: signing ? "valid" : "absent", ...(signing ? { signed_by: keys[0]?.public ?? "" } : {}),
        events: 4_912, undated: 0, custody_size: state.custody - 1, custody_head: "4c190fd3".repeat(8), custody_root: `${"q83vEjRW".repeat(5)}eJA=`, recorded: state.custody,
        files: [file("data/events/events.ndjson", 3_800_000), file("data/report/report.pdf", 24_000), ...(choices.redact ? [file("data/redaction/redactions.ndjson", 1_400_000)] : []), file("manifest-sha256.txt", 1_900)],
      };
    },
    keysList: () => Promise.resolve({ keys: [...keys], kept }),
    keyForget: () => {
      kept = [];
      return Promise.resolve({ keys: [...keys], kept });
    },
    async keyMake(name, passphrase) {
      const one = { name, public: `RW${name}`, protected: passphrase !== "" };
      keys.push(one);
      return Promise.resolve(one);
    },
    packagePick: (folder) => Promise.resolve({ token: "package-1", name: folder ? "payout-change-01" : "payout-change-01.zip", is_case: false }),
    packageDisclose: (_token, choices) => Promise.resolve({
      package: "5f1c".repeat(16), unopened: [], recorded: 12, entries: [],
      values: ["maria.santos@example.com", "Maria Santos"].map((value) => ({ kind: "value", replacement: choices.tokens[0] ?? "actor-7Q2MX-9K4TD", value, salt: "a93b".repeat(16), commitment: "0c77".repeat(16) })),
    }),
    verifyChoose: () => Promise.resolve({ name: "payout-change-01.zip", report: holds("package") }),
    caseVerify: () => Promise.resolve(holds("case")),
    caseCopy: () => Promise.resolve(true),
  };
}
