import { expect, test } from "vitest";
import { policyText, usual } from "./policy";

test("a choice becomes a rule, and a name cannot end its text", () => {
  const text = policyText('a"\nx = 1', usual().slice(0, 3));
  expect(text.split("\n")[0]).toBe('name = "a\\"\\nx = 1"');
  expect(text.match(/\[\[rule\]\]/g)).toHaveLength(3);
  expect(text).toContain('fields = ["user.email", "user.name", "user.id"]\ndo = "pseudonym"\nprefix = "actor"');
  expect(text).toContain('do = "mask"\nlast = 2');
});
