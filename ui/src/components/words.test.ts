import { expect, test } from "vitest";
import { city, knows, moment, offset, span, trimmed } from "./clock";
import { duration, fileStem, hash, middle, size } from "./words";

test("sizes, durations and hashes", () => {
  expect([0, 842, 412_000, 1_010_000_000].map(size)).toEqual(["0 B", "842 B", "412 kB", "1.01 GB"]);
  expect([3, 200, 120, 7500].map(duration)).toEqual(["3 s", "3 min 20 s", "2 min", "2 h 5 min"]);
  expect(hash("9b1f40d2aaaabbbbcccc77ce")).toBe("9b1f 40d2 … 77ce");
  expect(middle("security_logs_2026-08-15_2026-11-13.csv", 21)).toBe("security_l…-11-13.csv");
  expect(fileStem("Réview, 12 Nov.")).toBe("review-12-nov");
});

test("moments stand in the display zone", () => {
  const at = Date.UTC(2026, 10, 11, 18, 21, 44);
  expect(moment(at, "Asia/Manila")).toBe("12 Nov 2026 02:21:44");
  expect(span(at, at + 4_000, "UTC")).toBe("11 Nov 18:21:44 to 18:21:48");
  expect(span(Date.UTC(2025, 11, 31), Date.UTC(2026, 0, 1), "UTC")).toBe("31 Dec 2025 00:00 to 1 Jan 2026 00:00");
  expect(offset(at, "Asia/Kathmandu")).toBe("+05:45");
  expect(offset(Date.UTC(2026, 6, 1), "America/New_York")).toBe("-04:00");
  expect(["2026-11-12T06:04:30Z", "2026-11-12T06:04:30.000000000Z", "2026-11-12T06:04:30.770000000Z"].map(trimmed)).toEqual([
    "2026-11-12T06:04:30Z", "2026-11-12T06:04:30Z", "2026-11-12T06:04:30.77Z",
  ]);
  expect(city("America/Argentina/Buenos_Aires")).toBe("Buenos Aires");
});

test("a zone that the web view does not know is told in UTC, and says so", () => {
  expect(knows("America/Nowhere")).toBe(false);
  expect(offset(Date.UTC(2026, 10, 11), "America/Nowhere")).toBe("");
  expect(moment(Date.UTC(2026, 10, 11), "America/Nowhere")).toMatch(/ UTC$/);
});

test("a zone that is an offset needs no zone database", () => {
  expect(offset(0, "+05:45")).toBe("+05:45");
  expect(offset(0, "-03:30")).toBe("-03:30");
});
