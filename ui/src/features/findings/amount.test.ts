import { expect, test } from "vitest";
import { after, amount } from "./amount";

test("numbers of detections carry their unit and spans read as people say them", () => {
  expect(amount(800, "km/h")).toBe("800 km/h");
  expect(amount(1258.4, "km/h")).toBe("1,258 km/h");
  expect(amount(0.6, "")).toBe("0.6");
  expect(amount(24, "h")).toBe("24 h");
  expect(amount(0.1269, "h")).toBe("7 min 37 s");
  expect(amount(7.6166, "min")).toBe("7 min 37 s");
  expect(amount(36.5, "h")).toBe("36 h 30 min");
  expect(amount(0, "min")).toBe("0 min");
  expect(amount(10, "")).toBe("10");
});

test("how long after the first row", () => {
  expect(after(0)).toBe("0:00");
  expect(after(457_000)).toBe("7:37");
  expect(after(7_449_000)).toBe("2:04:09");
  expect(after(273_000_000)).toBe("3 d 03:50");
});
