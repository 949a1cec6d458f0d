import { expect, test } from "vitest";
import { around, bins } from "./bins";

const at = (text: string) => Date.parse(text);

test("bars are round and hold the span", () => {
  const made = bins(at("2026-11-09T01:12:00Z"), at("2026-11-13T10:02:00Z"), 220, 480);
  expect(made.title).toBe("30 min");
  expect(made.from).toBe(at("2026-11-09T01:00:00Z"));
  expect(made.count).toBeLessThanOrEqual(220);
  expect(made.to).toBeGreaterThan(at("2026-11-13T10:02:00Z"));
});

test("days begin at local midnight", () => {
  const made = bins(at("2026-01-01T03:00:00Z"), at("2026-06-01T00:00:00Z"), 200, 480);
  expect(made.title).toBe("1 day");
  expect(made.from).toBe(at("2025-12-31T16:00:00Z"));
});

test("one instant is one bar, and centuries still fit", () => {
  expect(bins(5, 5, 200, 0)).toMatchObject({ count: 1 });
  expect(bins(at("1700-01-01T00:00:00Z"), at("2260-01-01T00:00:00Z"), 100, 0).count).toBe(100);
});

test("a sliver of a range gets room around it, a wide one leaves the whole", () => {
  const [first, last] = [at("2024-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z")];
  const hour = { from: at("2025-03-01T10:00:00Z"), to: at("2025-03-01T11:00:00Z") };
  expect(around(first, last, hour)).toEqual({ first: at("2025-03-01T05:00:00Z"), last: at("2025-03-01T16:00:00Z"), part: true });
  expect(around(first, last, { from: first, to: last }).part).toBe(false);
  expect(around(first, last, undefined)).toEqual({ first, last, part: false });
});
