import { expect, it, vi } from "vitest";
import type { Backend } from "../../backend/backend";
import { recorded } from "../../backend/recorded";
import { Rereading } from "./reread.svelte";

const backend = (): Backend => recorded({ events: 500, open: true });

it("begins with what was chosen, and another choice is only looked at", async () => {
  const all = backend();
  const reread = vi.spyOn(all, "sourceReread");
  const work = new Rereading(all, 2);
  await work.begin();
  expect(work.choices.zone).toBe("Asia/Manila");
  expect(work.state).toBe("ready");
  const before = work.report?.preview[0];
  await work.choose({ zone: "UTC" });
  expect(work.report?.preview[0]).not.toEqual(before);
  expect(reread).not.toHaveBeenCalled();
});

it("an answer that comes late does not undo a later choice", async () => {
  const all = backend();
  const work = new Rereading(all, 2);
  await work.begin();
  const slow = all.sourceInspect.bind(all);
  vi.spyOn(all, "sourceInspect").mockImplementation(async (source, choices) => {
    const report = await slow(source, choices);
    if (choices.zone === "Europe/Kyiv") await new Promise((next) => setTimeout(next, 30));
    return { ...report, name: choices.zone ?? "" };
  });
  await Promise.all([work.choose({ zone: "Europe/Kyiv" }), work.choose({ zone: "UTC" })]);
  expect(work.report?.name).toBe("UTC");
});

it("what is refused says why and can be mended", async () => {
  const all = backend();
  const work = new Rereading(all, 2);
  await work.begin();
  const right = all.sourceInspect.bind(all);
  const spy = vi.spyOn(all, "sourceInspect").mockRejectedValueOnce({ code: "invalid_option", message: "`x` is no encoding", hint: "Use another.", where: {} });
  await work.choose({ encoding: "x" });
  expect(work.state).toBe("refused");
  expect(await work.run()).toBe(false);
  spy.mockImplementation(right);
  await work.choose({ encoding: "utf-8" });
  expect(await work.run()).toBe(true);
  expect((await all.caseSummary()).sources[1]?.generation).toBe(2);
});
