import { describe, expect, test } from "vitest";
import { clamp, height, isScaled, last, MOST_DRAWN, place, positionAt, reveal, scrollOf, TALLEST, type Measure } from "./scale";

const measure = (rows: number, extra = 0): Measure => ({ rows, row: 26, view: 600, extra });
const never = () => false;

describe.each([10_000_000, 100_000_000])("%i rows", (rows) => {
  const m = measure(rows);

  test("the spacer stays below what WebKitGTK paints", () => {
    expect(height(m)).toBe(TALLEST);
    expect(isScaled(m)).toBe(true);
  });

  test("the scroll bar reaches the first and the last row", () => {
    expect(positionAt(m, 0)).toBe(0);
    const end = positionAt(m, height(m) - m.view);
    const bottom = place(m, end, never).at(-1);
    expect(bottom?.index).toBe(rows - 1);
    expect((bottom?.y ?? 0) + m.row, "the last row is wholly in sight").toBeCloseTo(m.view, 3);
  });

  test("every row can be reached by small moves from where the scroll bar lands", () => {
    for (const at of [1, 12_345, rows / 2 + 1, rows - 30]) {
      const position = clamp(m, at + 0.5);
      expect(place(m, position, never)[0]?.index).toBe(Math.floor(position));
      expect(positionAt(m, scrollOf(m, position)), "scroll offset and position agree").toBeCloseTo(position, 4);
    }
  });

  test("one row down from any position shows the next row", () => {
    let position = rows - 1000;
    for (let i = 0; i < 900; i++) position = clamp(m, position + 1);
    expect(place(m, position, never)[0]?.index).toBe(rows - 100);
  });
});

test("a short list scrolls by the pixel", () => {
  const m = measure(1000);
  expect(isScaled(m)).toBe(false);
  expect(height(m)).toBe(26_000);
  expect(positionAt(m, 26)).toBeCloseTo(1, 9);
  expect(positionAt(m, 39)).toBeCloseTo(1.5, 9);
});

test("a list that fits does not scroll", () => {
  const m = measure(5);
  expect(last(m)).toBe(0);
  expect(positionAt(m, 100)).toBe(0);
  expect(place(m, 0, never).map((one) => one.y)).toEqual([0, 26, 52, 78, 104]);
  expect(place(measure(0), 0, never)).toEqual([]);
});

test("separators take room and scroll away without a jump", () => {
  const m = measure(1000);
  const breaks = (index: number) => index === 3;
  const before = place(m, 3.999, breaks);
  const after = place(m, 4, breaks);
  expect(before[1]?.index).toBe(4);
  expect(before[1]?.y).toBeCloseTo(after[0]?.y ?? 1, 0);
  expect(place(m, 3, breaks)[1]?.y).toBe(52);
});

test("revealing moves no further than needed", () => {
  const m = measure(1000);
  expect(reveal(m, 10, 5, never)).toBe(5);
  expect(reveal(m, 10, 12, never)).toBe(10);
  const position = reveal(m, 0, 100, never);
  const row = place(m, position, never).find((one) => one.index === 100);
  expect((row?.y ?? 0) + m.row).toBeCloseTo(m.view, 6);
  const broken = (index: number) => index % 2 === 0;
  const among = reveal(m, 0, 100, broken);
  const found = place(m, among, broken).find((one) => one.index === 100);
  expect((found?.y ?? 0) + m.row, "also between separators").toBeCloseTo(m.view, 6);
});

test("no position draws more rows than the cap", () => {
  expect(place({ rows: 5000, row: 2, view: 4000, extra: 0 }, 0, never).length).toBe(MOST_DRAWN);
});

test("lines before a row take room, scroll away without a jump, and the end of the list is reached", () => {
  const before = (index: number) => (index === 0 ? 2 : index === 4 ? 1 : index === 999 ? 3 : 0);
  const m: Measure = { ...measure(1000), tall: (index) => before(index) + 1 };
  expect(place(m, 0, never, before)[0]?.y, "the first row stands under what comes before it").toBe(52);
  expect(place(m, 3, never, before)[1]?.y).toBe(52);
  expect(place(m, 3.999, never, before)[1]?.y).toBeCloseTo(place(m, 4, never, before)[0]?.y ?? 1, 0);
  const bottom = place(m, last(m), never, before).at(-1);
  expect(bottom?.index).toBe(999);
  expect((bottom?.y ?? 0) + m.row).toBeCloseTo(m.view, 3);
  const shown = place(m, reveal(m, 0, 999, never, before), never, before).find((one) => one.index === 999);
  expect((shown?.y ?? 0) + m.row).toBeLessThanOrEqual(m.view + 0.001);
  expect(last({ ...measure(3), tall: () => 2 })).toBe(0);
});
