/** Owns: fields with dotted paths, and values that are JSON, as a tree that opens. Never touches: how it is drawn. */
import type { FieldState } from "../../backend/types";

export type Branch = { name: string; path: string; field: FieldState | undefined; children: Branch[] };

/** The fields as a tree by the parts of their paths, in order. */
export function treeOf(fields: FieldState[]): Branch[] {
  const root: Branch = { name: "", path: "", field: undefined, children: [] };
  for (const field of fields) {
    let at = root;
    const parts = field.field.split(".");
    parts.forEach((name, i) => {
      const path = parts.slice(0, i + 1).join(".");
      let child = at.children.find((one) => one.path === path);
      if (!child) {
        child = { name, path, field: undefined, children: [] };
        at.children.push(child);
      }
      at = child;
    });
    at.field = field;
  }
  return root.children;
}

export type Leaf = { name: string; value: string; children: Leaf[] };

/** A value that is a JSON object or list, as a tree; nothing for any other text. */
export function inside(value: string): Leaf[] | undefined {
  if (!/^[{[]/.test(value)) return undefined;
  try {
    const parsed: unknown = JSON.parse(value);
    return typeof parsed === "object" && parsed !== null ? leaves(parsed, 0) : undefined;
  } catch {
    return undefined;
  }
}

/** Deeper than this a value is shown as text: whoever writes a log could nest without end. */
const DEEP = 12;

function leaves(value: object, depth: number): Leaf[] {
  return Object.entries(value).map(([name, child]: [string, unknown]) => {
    const nested = typeof child === "object" && child !== null && depth < DEEP;
    return { name, value: nested ? "" : typeof child === "string" ? child : JSON.stringify(child), children: nested ? leaves(child, depth + 1) : [] };
  });
}
