import { expect, test } from "vitest";
import { PAGE, Pages } from "./pages";

type Call = { first: number; len: number; answer: (rows: number[]) => void; fail: (why: unknown) => void };

function lab(rows: number) {
  const calls: Call[] = [];
  const failures: unknown[] = [];
  let changes = 0;
  const pages = new Pages<number>(() => changes++, (why) => failures.push(why));
  const fetch = (first: number, len: number) => new Promise<number[]>((answer, fail) => calls.push({ first, len, answer, fail }));
  pages.reset(rows, fetch);
  const reply = async (call: Call | undefined) => {
    call?.answer(Array.from({ length: call.len }, (_, i) => call.first + i));
    await new Promise((next) => setTimeout(next));
  };
  return { pages, calls, failures, fetch, reply, changes: () => changes };
}

test("one query is in flight; the page looked at now is next", async () => {
  const { pages, calls, reply } = lab(10_000_000);
  pages.want(0, 30);
  pages.want(5_000_000, 5_000_030);
  pages.want(9_999_970, 10_000_000);
  expect(calls.map((call) => call.first)).toEqual([0]);
  await reply(calls[0]);
  expect(calls[1]?.first, "what was passed over is never asked for").toBe(9_999_800);
  await reply(calls[1]);
  expect(pages.get(9_999_999)).toBe(9_999_999);
  expect(calls[2]?.first, "then the page beside it").toBe(9_999_600);
});

test("the last page is as short as the list", async () => {
  const { pages, calls, reply } = lab(250);
  pages.want(200, 250);
  expect(calls[0]).toMatchObject({ first: 200, len: 50 });
  await reply(calls[0]);
  expect(pages.get(249)).toBe(249);
  expect(pages.get(250)).toBeUndefined();
});

test("a late answer for another list is dropped", async () => {
  const { pages, calls, fetch, reply } = lab(1000);
  pages.want(0, 30);
  pages.reset(1000, fetch);
  pages.want(0, 30);
  await reply(calls[0]);
  expect(pages.get(0)).toBeUndefined();
  await reply(calls[1]);
  expect(pages.get(0)).toBe(0);
});

test("a failure is told once and asking again works", async () => {
  const { pages, calls, failures, reply } = lab(1000);
  pages.want(0, 30);
  calls[0]?.fail("gone");
  await new Promise((next) => setTimeout(next));
  expect(failures).toEqual(["gone"]);
  pages.want(0, 30);
  await reply(calls[1]);
  expect(pages.get(PAGE - 1)).toBe(PAGE - 1);
});

test("an empty list asks for nothing", () => {
  const { pages, calls } = lab(0);
  pages.want(0, 30);
  expect(calls).toEqual([]);
});
