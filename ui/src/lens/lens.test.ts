import { expect, test } from "vitest";
import type { Backend } from "../backend/backend";
import { recorded } from "../backend/recorded";
import { groups } from "./groups";
import { Lens } from "./lens.svelte";

async function lab(change: (backend: Backend) => Backend = (backend) => backend) {
  const lens = new Lens(change(recorded({ events: 400, open: true })));
  await lens.reset("Asia/Manila");
  return lens;
}
const texts = (lens: Lens) => lens.pieces.map((one) => one.text);

test("typed text becomes pieces, and back and forward walk the filters", async () => {
  const lens = await lab();
  expect(await lens.type("op:update country:NL")).toBe(true);
  expect(texts(lens)).toEqual(["op:update", "country:NL"]);
  const both = lens.view?.count;
  await lens.only("event.operation", "read");
  expect(texts(lens)).toEqual(["country:NL", "op:read"]);
  await lens.back();
  expect(texts(lens)).toEqual(["op:update", "country:NL"]);
  expect(lens.view?.count).toBe(both);
  await lens.forward();
  expect(texts(lens)).toEqual(["country:NL", "op:read"]);
  expect(lens.canForward).toBe(false);
});

test("a suspended piece is kept but does not filter", async () => {
  const lens = await lab();
  await lens.type("country:NL op:update");
  const [country] = lens.pieces;
  if (country) await lens.suspend([country], true);
  expect(lens.query).toBe("op:update");
  expect(lens.suspended).toBe(1);
  expect(texts(lens)).toEqual(["country:NL", "op:update"]);
  expect(lens.view?.chips.map((chip) => chip.text)).toEqual(["op:update"]);
});

test("a refused filter changes nothing and names its place in what was typed", async () => {
  const lens = await lab();
  await lens.type("country:NL");
  const before = lens.view;
  expect(await lens.type("žofie colour:red")).toBe(false);
  expect(lens.view).toBe(before);
  expect(texts(lens)).toEqual(["country:NL"]);
  expect(lens.refusal?.error.code).toBe("invalid_query");
  expect(lens.refusal?.draft, "in UTF-16 units of the draft").toEqual([6, 12]);
});

test("of questions asked at once the first and the last are sent, and only the last is answered", async () => {
  const sent: string[] = [];
  const lens = await lab((backend) => ({ ...backend, viewOpen: (query, sort, zone) => { sent.push(query); return backend.viewOpen(query, sort, zone); } }));
  sent.length = 0;
  const answers = await Promise.all([lens.type("op:read"), lens.type("op:update"), lens.type("op:delete")]);
  expect(sent).toEqual(["op:read", "op:delete"]);
  expect(answers).toEqual([false, false, true]);
  expect(texts(lens)).toEqual(["op:delete"]);
});

test("with a time range the view around it has none", async () => {
  const lens = await lab();
  await lens.during({ from: Date.UTC(2026, 10, 10), to: Date.UTC(2026, 10, 11) });
  expect(lens.around?.count).toBeGreaterThan(lens.view?.count ?? 0);
  expect(groups(lens.pieces, "Asia/Manila")).toMatchObject([{ key: "time", value: "10 Nov 08:00 to 11 Nov 08:00" }]);
  await lens.during(undefined);
  expect(lens.around).toBe(lens.view);
});

test("an empty result comes with the ladder of its filters", async () => {
  const lens = await lab();
  await lens.type("country:NL op:nothing");
  expect(lens.view?.count).toBe(0);
  expect(lens.view?.ladder.map((rung) => rung.text)).toEqual(["country:NL", "op:nothing"]);
});

test("a view that the program let go is asked again, once a second at most", async () => {
  const lens = await lab();
  const before = lens.revision;
  expect(lens.lost({ code: "internal", message: "" })).toBe(false);
  expect(lens.lost({ code: "no_such_item", message: "" })).toBe(true);
  expect(lens.lost({ code: "no_such_item", message: "" }), "the second in a row is told").toBe(false);
  await new Promise((next) => setTimeout(next, 30));
  expect(lens.revision).toBe(before + 1);
});
