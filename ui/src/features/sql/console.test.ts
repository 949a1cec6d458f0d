import { describe, expect, it } from "vitest";
import { EXAMPLES, remembered, TABLES } from "./console";

describe("statements run before", () => {
  it("stand newest first, each once, and not without end", () => {
    let before: string[] = [];
    for (let n = 0; n < 40; n++) before = remembered(before, ` SELECT ${n % 35} `);
    expect(before.slice(0, 3)).toEqual(["SELECT 4", "SELECT 3", "SELECT 2"]);
    expect(before.length).toBe(30);
    expect(new Set(before).size).toBe(30);
  });
});

describe("what the console begins with", () => {
  it("asks only tables that are there", () => {
    const names = new Set(TABLES.map((table) => table.name));
    for (const { statement } of EXAMPLES) {
      for (const [, name] of statement.matchAll(/(?:FROM|JOIN) (\w+)/g)) expect(names.has(name ?? "")).toBe(true);
    }
  });
});
