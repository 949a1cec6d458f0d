/** Owns: made-up remote logs for tests and for looking at the window. */
import type { Backend } from "../backend";
import type { PlanState, PullRequest, SecretState } from "../types";

const PAGES = Array.from({ length: 40 }, (_, i) => ({
  at: `2026-11-13T02:${String(10 + Math.floor(i / 4)).padStart(2, "0")}:${String((i % 4) * 15).padStart(2, "0")}Z`, url: `https://api.github.com/orgs/octo-org/audit-log?order=asc&per_page=100&after=${i * 100}`,
  status: i === 17 ? 429 : 200, headers: { "x-ratelimit-remaining": String(1700 - i) }, sha256: "4c19e2a70fd3b1c298ae5d0c71e903ab5577e0ac41cc0090b6a1d2c3e4f50617", entries: i === 17 ? 0 : 100,
}));

export type RemotePart = Pick<Backend, "pullConnectors" | "connectorChoose" | "authoritiesChoose" | "pullTrial" | "pullStart" | "pulled" | "pullSecret" | "pullForget" | "planStart" | "plans" | "planStop">;
let kept = false;
let plans: PlanState[] = [];
const secret = (request: PullRequest): SecretState => ({ origin: request.base ?? "https://api.github.com", held: kept, kept, keyring: true });

export const remote: RemotePart = {
  pullConnectors: async () => ({
    connectors: [
      { id: "github-organization", title: "GitHub organisation audit log", vendor_page: "https://docs.github.com/en/enterprise-cloud@latest/rest/orgs/orgs", base: "https://api.github.com", auth: "bearer", secret_hint: "A token with read:audit_log.", settings: [{ name: "organization", title: "Organisation", hint: "The name in the address of the organisation, such as octo-org." }], streams: [], notes: ["Events of git are kept for 7 days only."], retention: "180 days" },
      { id: "okta", title: "Okta System Log", vendor_page: "https://developer.okta.com/docs", base: "https://{domain}", auth: "header", secret_hint: "An API token.", settings: [{ name: "domain", title: "Okta domain", hint: "Such as example.okta.com." }], streams: [], notes: [], retention: "90 days" },
    ],
  }),
  connectorChoose: async () => ({
    token: "input-9", name: "mine.toml",
    connector: { id: "mine", title: "Our own gateway", vendor_page: "https://example.com/docs", base: "https://logs.example.com", auth: "bearer", secret_hint: "A token.", settings: [], streams: ["login", "admin", "drive"], notes: [], retention: "" },
  }),
  authoritiesChoose: async () => ({ token: "input-10", name: "our-authority.pem", certificates: 2 }),
  pullTrial: async () => ({ pages: PAGES.slice(0, 1), entries: 100, beginning: '[{"@timestamp":1793491200000,"action":"repo.create"}]', next: '{"address":"https://api.github.com/…"}' }),
  pullStart: async (_job, _request, typed, keep, seen) => {
    kept ||= keep && Boolean(typed);
    seen({ pages: 12, entries: 1200, bytes: 812_000, rate: 840, left: 1688, streams: [] });
    return { connector: "github-organization@1", origin: "https://api.github.com", sources: [], notes: [], streams: [{ id: 1, stream: "", pages: 40, entries: 3900, stored: 3900, duplicates: 0, rejected: 0, events: 3900, coverage: [{ from: "2026-05-20T00:00:00Z", to: "2026-11-13T02:10:00Z", complete: true, reason: "" }] }] };
  },
  pullSecret: async (request) => secret(request),
  pullForget: async (request) => {
    kept = false;
    return secret(request);
  },
  planStart: async (request) => (plans = [{ id: 1, connector: request.connector, origin: "https://api.github.com", settings: request.settings, every: request.schedule ?? "1h", running: false, pulls: 1, events: 12, failures: 0, next: "2026-11-13T03:10:00Z" }]),
  plans: async () => plans,
  planStop: async () => (plans = []),
  pulled: async () => ({
    streams: [{
      id: 1, connector: "github-organization", origin: "https://api.github.com", settings: { organization: "octo-org" }, stream: "", pages: PAGES,
      coverage: [{ from: "2026-04-01T00:00:00Z", to: "2026-05-20T00:00:00Z", complete: false, reason: "the vendor keeps 180 days only, so it no longer had this" }, { from: "2026-05-20T00:00:00Z", to: "2026-11-13T02:10:00Z", complete: true, reason: "" }],
    }],
  }),
};
