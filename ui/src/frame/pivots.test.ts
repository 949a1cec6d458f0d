import { expect, test } from "vitest";
import { waysFrom } from "./pivots";

test("a way leads to a place only where that place is part of this version", () => {
  const all = { has: () => true };
  expect(waysFrom(all, "user.email", "a@example.com")).toEqual([{ title: "Open the actor", place: "actors", subject: { kind: "actor", who: "a@example.com", exact: true } }]);
  expect(waysFrom(all, "target.id", "pca_1", "Account").map((one) => one.subject)).toEqual([{ kind: "record", id: "pca_1", type: "Account" }]);
  expect(waysFrom({ has: (place) => place !== "signins" }, "session.id", "s")).toEqual([]);
  expect(waysFrom(all, "event.action", "login")).toEqual([]);
});
