import { expect, test } from "vitest";
import { brief, lines, stack, tall } from "./bars";

test("a single event among millions can be seen, and nothing is nothing", () => {
  expect(tall(1, 5_000_000, 80, "linear")).toBe(1.5);
  expect(tall(0, 5, 80, "linear")).toBe(0);
  expect(tall(5, 5, 80, "linear")).toBe(80);
  expect(tall(9, 99, 80, "log")).toBeCloseTo(40, 5);
});

test("lines are round and inside", () => {
  expect(lines(13, "linear")).toEqual([5, 10]);
  expect(lines(1, "linear")).toEqual([]);
  expect(lines(2, "linear")).toEqual([1, 2]);
  expect(lines(48_210, "linear")).toEqual([20_000, 40_000]);
  expect(lines(48_210, "log")).toEqual([100, 10_000]);
  for (const most of [3, 7, 99, 1234, 10_000_000]) for (const at of lines(most, "linear")) expect(at).toBeLessThanOrEqual(most);
});

test("counts on an axis are short", () => {
  expect([5, 1200, 20_000, 1_250_000].map(brief)).toEqual(["5", "1,200", "20 k", "1.3 M"]);
});

test("a stack keeps its order and shows what has no value", () => {
  const split = [{ value: "failure", count: 2 }, { value: "success", count: 5 }];
  expect(stack(8, split, ["success", "failure", "unknown"])).toEqual([
    { value: "success", from: 0, to: 5 }, { value: "failure", from: 5, to: 7 }, { value: "", from: 7, to: 8 },
  ]);
});
