import { expect, test } from "vitest";
import type { Backend } from "../../backend/backend";
import { recorded } from "../../backend/recorded";
import { Lens } from "../../lens/lens.svelte";
import { MOST_PICKED, Timeline } from "./timeline.svelte";

async function lab(change: (backend: Backend) => Backend = (one) => one) {
  const backend = change(recorded({ events: 2000, open: true }));
  const lens = new Lens(backend);
  await lens.reset("UTC");
  const timeline = new Timeline(backend, lens);
  await timeline.follow();
  return { lens, timeline };
}
const settled = () => new Promise((next) => setTimeout(next, 60));

test("one page of rows is asked at a time, and a page of the filter before is dropped", async () => {
  let [running, most] = [0, 0];
  const asked: number[] = [];
  const { lens, timeline } = await lab((backend) => ({
    ...backend,
    viewRows: async (view, first, len, fields) => {
      [running, most] = [running + 1, Math.max(most, running + 1)];
      asked.push(len);
      const rows = await backend.viewRows(view, first, len, fields);
      running -= 1;
      return rows;
    },
  }));
  for (let i = 0; i < 5; i++) timeline.want(i * 300, i * 300 + 40);
  await lens.type("op:update");
  await timeline.follow();
  timeline.want(0, 40);
  await settled();
  expect(most, "pages asked at once, of one filter and of the next").toBeLessThanOrEqual(2);
  expect(Math.max(...asked)).toBeLessThanOrEqual(200);
  expect(timeline.get(0)?.operation).toBe("update");
});

test("rows are picked from the selected one on, one more or less, and never too many", async () => {
  const { timeline } = await lab();
  timeline.select(3);
  timeline.pick(6, "through");
  expect(timeline.meant).toEqual([3, 4, 5, 6]);
  timeline.pick(5, "toggle");
  expect(timeline.meant).toEqual([3, 4, 6]);
  timeline.pick(1990, "through");
  expect(timeline.meant).toHaveLength(MOST_PICKED);
  timeline.select(1);
  expect(timeline.meant).toEqual([1]);
});

test("rows that are not in memory are asked before they are copied", async () => {
  const { timeline } = await lab();
  timeline.select(150);
  timeline.pick(450, "through");
  const rows = await timeline.rows();
  expect(rows).toHaveLength(301);
  expect(new Set(rows.map((row) => row.event)).size).toBe(301);
  expect((await timeline.json()).map((one) => one.witnessmark.event)).toEqual(rows.map((row) => row.event));
});

test("the next marked row is found in both directions, and none beyond the last", { timeout: 20_000 }, async () => {
  const marks: number[] = [];
  const { timeline } = await lab((backend) => ({
    ...backend,
    // The marked rows of the made-up case: what the filter behind `n` finds.
    viewOpen: (query, sort, zone) => backend.viewOpen(query.replace(/\(has:finding[^)]*\)/, "country:NL op:export"), sort, zone),
  }));
  timeline.selected = -1;
  for (let rank = await timeline.nextMarked(1); rank !== null && marks.length < 60; rank = await timeline.nextMarked(1)) {
    marks.push(rank);
    timeline.selected = rank;
  }
  expect(marks).toEqual([...marks].sort((a, b) => a - b));
  expect(new Set(marks).size).toBe(marks.length);
  expect(marks.length).toBeGreaterThan(5);
  expect(await timeline.nextMarked(1)).toBeNull();
  expect(await timeline.nextMarked(-1)).toBe(marks.at(-2));
});
