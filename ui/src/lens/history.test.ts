import { expect, test } from "vitest";
import { recorded } from "../backend/recorded";
import { piece } from "./compose";
import { Lens } from "./lens.svelte";
import { HOME } from "./where";

async function lab() {
  const lens = new Lens(recorded({ events: 400, open: true }));
  await lens.reset("UTC");
  return lens;
}
const here = (lens: Lens) => `${lens.where.place} ${lens.query}`.trim();

test("places and filters are one history", async () => {
  const lens = await lab();
  await lens.type("op:update");
  await lens.visit({ place: "actors", subject: { kind: "actor", who: "alice" } });
  await lens.visit({ place: "timeline", subject: undefined }, [piece("country:NL")]);
  expect(here(lens)).toBe("timeline country:NL");
  await lens.back();
  expect(here(lens)).toBe("actors op:update");
  expect(lens.where.subject).toEqual({ kind: "actor", who: "alice" });
  await lens.back();
  expect(here(lens)).toBe("timeline op:update");
  await lens.back();
  expect(here(lens)).toBe("timeline");
  expect(lens.canBack).toBe(false);
  for (let i = 0; i < 3; i++) await lens.forward();
  expect(here(lens)).toBe("timeline country:NL");
});

test("another way from an earlier step is a branch, and the one before is still there", async () => {
  const lens = await lab();
  await lens.type("op:update");
  const first = lens.history.at;
  await lens.back();
  await lens.type("op:read");
  expect(lens.history.visits.map((one) => one.from)).toEqual([undefined, 1, 1]);
  await lens.back();
  await lens.forward();
  expect(here(lens), "forward follows the branch that was gone last").toBe("timeline op:read");
  await lens.jump(first);
  expect(here(lens)).toBe("timeline op:update");
});

test("the same step taken twice stands once", async () => {
  const lens = await lab();
  await lens.visit(HOME);
  await lens.type("op:update");
  await lens.back();
  await lens.type("op:update");
  expect(lens.history.visits).toHaveLength(2);
});

test("a refused filter on the way to a place leaves the filter and shows the place", async () => {
  const lens = await lab();
  await lens.type("op:update");
  expect(await lens.visit({ place: "errors", subject: undefined }, [piece("colour:red")])).toBe(false);
  expect(here(lens)).toBe("errors op:update");
  expect(lens.refusal?.query).toBe("colour:red");
  await lens.back();
  expect(here(lens)).toBe("timeline op:update");
});

test("old steps are let go, and back ends where they did", async () => {
  const lens = await lab();
  for (let i = 0; i < 320; i++) await lens.visit({ place: "records", subject: { kind: "record", id: String(i) } });
  expect(lens.history.visits).toHaveLength(300);
  expect(lens.history.visits[0]?.from).toBeUndefined();
});
