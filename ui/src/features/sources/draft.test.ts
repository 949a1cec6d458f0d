import { expect, it, vi } from "vitest";
import type { Backend } from "../../backend/backend";
import { recorded } from "../../backend/recorded";
import { Mapping } from "./draft.svelte";

const backend = (): Backend => recorded({ events: 500, open: true });
async function begun(all = backend()): Promise<Mapping> {
  const mapping = new Mapping(all, { token: "t1" }, { labels: [] });
  await mapping.begin();
  return mapping;
}
const actor = (mapping: Mapping) => mapping.report?.preview[0]?.user?.email;
const field = (mapping: Mapping, name: string) => {
  const found = mapping.report?.fields.find((one) => one.name === name);
  if (!found) throw new Error(name);
  return found;
};

it("a wrong guess is corrected and seen at once", async () => {
  const mapping = await begun();
  expect(actor(mapping)).toBe("alice@example.com");
  await mapping.use("user.email", field(mapping, "staff"), "instead");
  expect(actor(mapping)).toBe("kim@example.net");
  await mapping.use("user.email", field(mapping, "user_email"), "or_else");
  expect(mapping.values("user.email").map((one) => one.text)).toEqual(["staff", "user_email"]);
  await mapping.set("user.email", []);
  expect(mapping.report?.problems.find((one) => one.code === "no_actor")?.count).toBe(12);
});

it("changes that are made at once are made one after the other, none is lost", async () => {
  const all = backend();
  const mapping = await begun(all);
  const plain = all.mappingLook.bind(all);
  let first = true;
  vi.spyOn(all, "mappingLook").mockImplementation(async (...asked) => {
    if (first) await new Promise((next) => setTimeout(next, 30));
    first = false;
    return plain(...asked);
  });
  await Promise.all([mapping.set("user.email", ['"staff"']), mapping.set("user.name", ['"user_email"']), mapping.give({ word: "vault.sealed", operation: "disable" })]);
  expect(mapping.values("user.email")[0]?.text).toBe("staff");
  expect(mapping.values("user.name")[0]?.text).toBe("user_email");
  expect(mapping.report?.words.find((one) => one.word === "vault.sealed")?.operation).toBe("disable");
});

it("a text that is no profile is told with its line, and cannot be kept", async () => {
  const mapping = await begun();
  const good = mapping.report?.text ?? "";
  await mapping.write(`${good}nonsense`);
  expect(mapping.report?.refused?.line).toBe(good.split("\n").length);
  expect(mapping.ready).toBe(false);
  expect(await mapping.keep()).toBeUndefined();
  await Promise.all([mapping.write("x"), mapping.write(good)]);
  expect(mapping.ready).toBe(true);
  expect(mapping.report?.text).toBe(good);
});

it("a word that is given a meaning has one, and one that is taken back has none", async () => {
  const mapping = await begun();
  const without = () => mapping.report?.problems.find((one) => one.code === "unmapped_verbs")?.count;
  expect(without()).toBe(8);
  await mapping.give({ word: "vault.sealed", operation: "disable", category: "data", sensitivity: "high" });
  expect(without()).toBe(4);
  await mapping.give({ word: "vault.sealed" });
  expect(without()).toBe(8);
});

it("what is kept is another version each time, and a file can be read and written", async () => {
  const mapping = await begun();
  expect((await mapping.keep())?.version).toBe(1);
  await mapping.set("title", ["Our shop"]);
  expect((await mapping.keep())?.version).toBe(2);
  await mapping.share();
  expect(mapping.said).toBe("Written to shop.toml");
  await mapping.read();
  expect(mapping.said).toBe("Read from other.toml");
  expect(actor(mapping)).toBe("kim@example.net");
});

it("another member of an archive begins a mapping of its own", async () => {
  const all = backend();
  const mapping = await begun(all);
  await mapping.use("user.email", field(mapping, "staff"), "instead");
  const asked = vi.spyOn(all, "mappingLook");
  await mapping.pick("moves.csv");
  expect(asked.mock.calls.at(-1)?.[0]).toEqual({ token: "t1", member: "moves.csv" });
  expect(asked.mock.calls.at(-1)?.[2]).toBeUndefined();
  expect(actor(mapping)).toBe("alice@example.com");
  await mapping.use("user.email", field(mapping, "staff"), "instead");
  expect(asked.mock.calls.at(-1)?.[0]).toEqual({ token: "t1", member: "moves.csv" });
});
