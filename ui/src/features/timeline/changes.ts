/** Owns: changed fields as a tree of their dotted paths. Never touches: the values. */
import type { ChangePart } from "../../backend/types";

export type Branch = { name: string; path: string; leaf: ChangePart | undefined; branches: Branch[] };

/** The tree in the order of the log; a change without a field stands at the root with an empty name. */
export function changeTree(changes: ChangePart[]): Branch[] {
  const roots: Branch[] = [];
  for (const change of changes) {
    const names = change.field ? change.field.split(".") : [""];
    let level = roots;
    names.forEach((name, depth) => {
      const path = names.slice(0, depth + 1).join(".");
      const isLeaf = depth === names.length - 1;
      let branch = level.find((one) => one.name === name && (!isLeaf || one.leaf === undefined));
      if (!branch) {
        branch = { name, path, leaf: undefined, branches: [] };
        level.push(branch);
      }
      if (isLeaf) branch.leaf = change;
      level = branch.branches;
    });
  }
  return roots;
}

/** `3 updated, 1 added, 1 deleted` */
export function changeCounts(changes: ChangePart[]): string {
  return ["updated", "added", "deleted"]
    .map((kind) => [changes.filter((change) => (change.kind ?? "updated") === kind).length, kind] as const)
    .filter(([n]) => n > 0)
    .map(([n, kind]) => `${n} ${kind}`)
    .join(", ");
}
