import { expect, test } from "vitest";
import { recorded } from "../backend/recorded";
import { Review } from "./review.svelte";

function lab() {
  const backend = recorded({ events: 50, open: true });
  const told: (number | undefined)[] = [];
  let changed = 0;
  let looks = 0;
  const look = backend.findingsLook;
  const review = new Review({ ...backend, findingsLook: () => ((looks += 1), look()) }, (open) => told.push(open), async () => void (changed += 1));
  return { backend, review, told, changes: () => changed, looks: () => looks };
}

test("before anybody looked nothing is claimed, and after it the badge counts what is open", async () => {
  const { review, told, changes } = lab();
  await review.load();
  expect(review.known).toBe(true);
  expect(review.all).toBeUndefined();
  await review.look();
  expect(told).toEqual([undefined, 5]);
  expect(changes()).toBe(1);
  expect(review.since).toBeUndefined();
});

test("a look that is asked for while one runs follows it, once", async () => {
  const { review, looks } = lab();
  const first = review.look();
  await Promise.all([first, review.look(), review.look()]);
  expect(looks()).toBe(2);
});

test("a verdict is told everywhere, and a refused one says why and changes nothing", async () => {
  const { backend, review, told } = lab();
  await review.look();
  expect(await review.say(() => backend.findingJudge("F-3f91c07be2d4", "confirmed_safe", ""))).toBe(true);
  expect(told.at(-1)).toBe(4);
  const before = review.revision;
  expect(await review.say(() => Promise.reject({ code: "invalid_option", message: "no", hint: "", where: {} }))).toBe(false);
  expect(review.error?.code).toBe("invalid_option");
  expect(review.revision).toBe(before);
});

test("rules that were chosen are run and can be put away", async () => {
  const { review } = lab();
  await review.choose(true);
  expect(review.all?.rules_run).toBe(311);
  expect(review.rules?.name).toBe("rules");
  await review.putAway();
  expect(review.all?.rules_run).toBe(0);
});
