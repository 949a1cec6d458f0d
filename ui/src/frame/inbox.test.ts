import { expect, test } from "vitest";
import { recorded } from "../backend/recorded";
import { Inbox } from "./inbox.svelte";

async function lab() {
  const backend = recorded({ events: 50, open: true });
  const told: number[] = [];
  const inbox = new Inbox(backend, async (sources) => void told.push(sources.length));
  const files = await backend.inputsChoose(false);
  return { inbox, files, told };
}
const settled = () => new Promise((next) => setTimeout(next, 30));

test("a file whose times name no zone asks, and is ready when answered", async () => {
  const { inbox, files } = await lab();
  const [one] = inbox.add(files.slice(0, 1));
  await settled();
  expect(one?.state).toBe("asking");
  expect(one?.inspection?.question?.code).toBe("zone_required");
  if (one) await inbox.choose(one, { zone: "Asia/Manila", labels: [] });
  expect(one?.state).toBe("ready");
  expect(inbox.ready).toHaveLength(1);
});

test("an import ends with a receipt that adds up and leaves the list", async () => {
  const { inbox, files, told } = await lab();
  const [one] = inbox.add(files.slice(0, 1));
  await settled();
  if (one) await inbox.choose(one, { zone: "UTC", labels: [] });
  await inbox.run(inbox.ready);
  expect(inbox.waiting).toHaveLength(0);
  const [receipt] = inbox.receipts;
  expect(receipt && receipt.stored + receipt.duplicates + receipt.rejected).toBe(receipt?.entries);
  expect(told).toEqual([1]);
});

test("a cancelled import stays in the list with the reason", async () => {
  const { inbox, files } = await lab();
  const [one] = inbox.add(files.slice(0, 1));
  await settled();
  if (!one) throw new Error("no file");
  await inbox.choose(one, { zone: "UTC", labels: [] });
  const run = inbox.run([one]);
  await inbox.cancel(one);
  await run;
  expect(one.error?.code).toBe("cancelled");
  expect(one.state).toBe("ready");
});

test("the same file is listed once", async () => {
  const { inbox, files } = await lab();
  inbox.add(files.slice(0, 1));
  inbox.add(files.slice(0, 1));
  expect(inbox.waiting).toHaveLength(1);
});
