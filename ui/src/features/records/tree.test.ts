import { expect, test } from "vitest";
import type { FieldState } from "../../backend/types";
import { inside, treeOf } from "./tree";

const field = (name: string, value: string): FieldState => ({ field: name, value, certainty: "logged", inferred: false, changes: 1, filter: "" });

test("fields stand in a tree by their paths, and a whole keeps its own value", () => {
  const tree = treeOf([field("bank", "{}"), field("bank.account", "2"), field("bank.branch.city", "x"), field("name", "n")]);
  expect(tree.map((one) => one.path)).toEqual(["bank", "name"]);
  expect(tree[0]?.field?.value).toBe("{}");
  expect(tree[0]?.children.map((one) => one.path)).toEqual(["bank.account", "bank.branch"]);
  expect(tree[0]?.children[1]?.children[0]?.field?.value).toBe("x");
});

test("a value that is JSON opens, other text does not", () => {
  expect(inside('{"a":{"b":[1,"two"]},"c":null}')).toEqual([
    { name: "a", value: "", children: [{ name: "b", value: "", children: [{ name: "0", value: "1", children: [] }, { name: "1", value: "two", children: [] }] }] },
    { name: "c", value: "null", children: [] },
  ]);
  expect(inside("[not json")).toBeUndefined();
  expect(inside("plain")).toBeUndefined();
  const deep = "[".repeat(400) + "]".repeat(400);
  expect(inside(deep)).toBeDefined();
});
