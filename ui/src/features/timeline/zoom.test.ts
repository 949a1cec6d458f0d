import { expect, test } from "vitest";
import { zoomed } from "./zoom";

const whole = { first: 0, last: 1000 };

test("what is under the pointer stays under it", () => {
  expect(zoomed(whole, whole, 0.5, 250, 0)).toEqual({ first: 125, last: 625 });
});

test("the span stays inside the whole, and the whole is no zoom", () => {
  expect(zoomed(whole, { first: 800, last: 1000 }, 1, 800, 500)).toEqual({ first: 800, last: 1000 });
  expect(zoomed(whole, { first: 100, last: 900 }, 2, 500, 0)).toBeUndefined();
});

test("it ends at ten milliseconds", () => {
  expect(zoomed(whole, { first: 500, last: 510 }, 0.5, 505, 0)).toEqual({ first: 500, last: 510 });
});
