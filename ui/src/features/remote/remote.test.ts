import { expect, test, vi } from "vitest";
import type { Backend } from "../../backend/backend";
import type { PlanState, PullRequest } from "../../backend/types";
import { remote as recorded } from "../../backend/recorded/remote";
import { isConnector, Remote } from "./remote.svelte";

test("a secret that is kept is told of, used without being typed, and can be forgotten", async () => {
  const sent: (string | undefined)[] = [];
  const backend = { ...recorded, pullStart: (job, request, secret, keep, seen) => (sent.push(secret), recorded.pullStart(job, request, secret, keep, seen)) } as Backend;
  const remote = new Remote(backend, async () => undefined);
  await remote.load();
  const github = remote.connectors[0];
  if (!github || !isConnector(github)) throw new Error("no connector");
  remote.fill(github);
  await remote.look();
  expect(remote.known, "nothing is asked before the form is filled in").toBeUndefined();
  remote.settings["organization"] = "octo-org";
  await remote.look();
  expect(remote.known).toMatchObject({ kept: false, keyring: true });
  remote.secret = "tok_1";
  remote.keep = true;
  await remote.pull();
  expect(remote.known).toMatchObject({ kept: true });
  expect(remote.secret, "the page has no more use for it").toBe("");
  await remote.pull();
  expect(sent).toEqual(["tok_1", undefined]);
  await remote.forget();
  expect(remote.known).toMatchObject({ kept: false });
});

test("a repeated pull begins when it is started, is looked at until it ends, and brings the case up to date", async () => {
  vi.useFakeTimers();
  try {
    let [asked, changes] = [0, 0];
    const plan = { id: 1, connector: "github-organization", origin: "https://api.github.com", settings: {}, every: "1h", running: false, events: 0, failures: 0 };
    const stopped = { code: "credentials_refused" as const, message: "no", hint: "", where: {} };
    const states: PlanState[] = [{ ...plan, pulls: 0, next: "2026-11-13T03:00:00Z" }, { ...plan, pulls: 1, next: "2026-11-13T04:00:00Z" }, { ...plan, pulls: 2, stopped }];
    const backend: Partial<Backend> = { ...recorded, plans: async () => { asked += 1; return states.slice(Math.min(asked, 2)).slice(0, 1); }, planStart: async () => states.slice(0, 1) };
    const remote = new Remote(backend as Backend, async () => { changes += 1; });
    remote.connectors = (await recorded.pullConnectors()).connectors;
    const github = remote.connectors[0];
    if (!github || !isConnector(github)) throw new Error("no connector");
    remote.fill(github);
    remote.settings["organization"] = "octo-org";
    await remote.repeat();
    await vi.advanceTimersByTimeAsync(20_000);
    expect([asked, remote.plans.length], "nothing is repeated that nobody chose").toEqual([0, 0]);
    remote.every = "1h";
    await remote.repeat();
    expect(remote.plans).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(5_000);
    expect([asked, changes]).toEqual([1, 1]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([asked, changes], "one that has ended is not looked at any more").toEqual([2, 2]);
    expect(remote.plans[0]?.stopped?.code).toBe("credentials_refused");
  } finally {
    vi.useRealTimers();
  }
});

test("files of the person's own go by their tokens, and of several streams those that are wanted", async () => {
  const asked: PullRequest[] = [];
  const backend = { ...recorded, pullStart: (job, request, secret, keep, seen) => (asked.push(request), recorded.pullStart(job, request, secret, keep, seen)) } as Backend;
  const remote = new Remote(backend, async () => undefined);
  await remote.load();
  await remote.chooseConnector();
  expect(remote.chosen).toBe(remote.own[0]?.connector);
  expect(remote.wanted, "all of them until the person takes some away").toEqual(["login", "admin", "drive"]);
  await remote.pull();
  expect(asked[0]).toMatchObject({ text: "input-9", streams: [] });
  expect(asked[0]).not.toHaveProperty("authorities");

  remote.wanted = ["admin"];
  remote.settle = "24h";
  await remote.chooseAuthorities();
  await remote.pull();
  expect(asked[1]).toMatchObject({ text: "input-9", authorities: "input-10", streams: ["admin"], settle: "24h" });
  remote.wanted = [];
  expect(remote.ready, "nothing is pulled of no stream").toBe(false);

  // The same file, chosen anew, takes the place of the one before; a connector of the program sends no file.
  await remote.chooseConnector();
  expect(remote.own).toHaveLength(1);
  const github = remote.connectors[0];
  if (!github || !isConnector(github)) throw new Error("no connector");
  remote.fill(github);
  remote.settings["organization"] = "octo-org";
  await remote.pull();
  expect(asked[2]).not.toHaveProperty("text");
  expect(remote.authorities, "certificates are for the one form").toBeUndefined();
});
