import { expect, test } from "vitest";
import { changeCounts, changeTree } from "./changes";

test("paths nest, and a path can hold a change and further paths", () => {
  const changes = [
    { field: "payout.bank.code", kind: "updated", old: "a", new: "b" },
    { field: "payout.bank", kind: "added", new: "{}" },
    { field: "payout.note", kind: "added", new: "x" },
    { field: "payout.note", kind: "deleted", old: "x" },
    { kind: "deleted", old: "1" },
  ];
  const tree = changeTree(changes);
  expect(tree.map((branch) => branch.name)).toEqual(["payout", ""]);
  const bank = tree[0]?.branches[0];
  expect(bank).toMatchObject({ path: "payout.bank", leaf: changes[1] });
  expect(bank?.branches[0]?.leaf).toBe(changes[0]);
  expect(tree[0]?.branches.filter((branch) => branch.name === "note").length, "two changes of one field are two lines").toBe(2);
  expect(changeCounts(changes)).toBe("1 updated, 2 added, 2 deleted");
  expect(changeTree([])).toEqual([]);
});
