import { expect, test } from "vitest";
import { dayStart } from "./keys";

test("days begin at local midnight, also where clocks change", () => {
  expect(dayStart(Date.parse("2026-11-11T18:21:44Z"), "Asia/Manila")).toBe(Date.parse("2026-11-11T16:00:00Z"));
  expect(dayStart(Date.parse("2026-03-29T20:00:00Z"), "Europe/Berlin")).toBe(Date.parse("2026-03-28T23:00:00Z"));
  expect(dayStart(Date.parse("2026-10-25T20:00:00Z"), "Europe/Berlin")).toBe(Date.parse("2026-10-24T22:00:00Z"));
});
