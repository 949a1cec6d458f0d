/** Owns: the keys of the timeline, as commands. Never touches: what they move (the grid) and what they filter (the lens). */
import { offsetMinutes } from "../../components/clock";
import type { Command } from "../../components/commands.svelte";
import type { Lens } from "../../lens/lens.svelte";
import type { Timeline } from "./timeline.svelte";

type GridHand = { move: (by: number) => void; page: (by: number) => void; start: () => void; end: () => void; select: (index: number) => void };
type Hands = {
  timeline: Timeline; lens: Lens; grid: () => GridHand | undefined;
  cell: () => string | undefined; setCell: (field: string | undefined) => void;
  menu: () => void; tag: () => void; rail: () => void;
};

const DAY = 86_400_000;
const CELLS = [undefined, "source.ip", "source.geo.country_iso_code"];

/** First instant of the day that holds a moment, in a zone; a zone change inside the day is followed. */
export function dayStart(ms: number, zone: string): number {
  const local = ms + offsetMinutes(ms, zone) * 60_000;
  const midnight = Math.floor(local / DAY) * DAY;
  const guess = midnight - offsetMinutes(ms, zone) * 60_000;
  return midnight - offsetMinutes(guess, zone) * 60_000;
}

export function keysOf({ timeline, lens, grid, cell, setCell, menu, tag, rail }: Hands): Command[] {
  const chosen = () => timeline.row !== undefined;
  const nextCell = (by: number) => {
    const at = CELLS.indexOf(cell());
    setCell(CELLS[Math.min(CELLS.length - 1, Math.max(0, at + by))]);
  };

  /** To the first row of the day after, in reading order, or before. */
  async function day(by: 1 | -1) {
    const time = timeline.row?.time ?? timeline.get(0)?.time;
    if (!time) return;
    const start = dayStart(Date.parse(time.utc), lens.zone);
    // Newest first reads back in time: the next day there ends a moment before this one starts.
    const later = (lens.sort === "oldest") === (by === 1);
    const to = later ? dayStart(start + 1.5 * DAY, lens.zone) : start - 1;
    const rank = await timeline.locate(later ? (lens.sort === "oldest" ? to : to + DAY - 1) : lens.sort === "oldest" ? dayStart(to, lens.zone) : to);
    if (rank !== null) grid()?.select(rank);
  }

  const same = (field: string, value: string | undefined) => () => {
    if (value !== undefined) void lens.only(field, value);
  };
  const go = "Go";
  const filter = "Filter";
  const mark = "Mark";
  return [
    { id: "row.next", title: "Row below", group: go, keys: ["j", "ArrowDown"], run: () => grid()?.move(1), quiet: true },
    { id: "row.before", title: "Row above", group: go, keys: ["k", "ArrowUp"], run: () => grid()?.move(-1), quiet: true },
    { id: "row.page", title: "Page down", group: go, keys: ["PageDown"], run: () => grid()?.page(1), quiet: true },
    { id: "row.pageback", title: "Page up", group: go, keys: ["PageUp"], run: () => grid()?.page(-1), quiet: true },
    { id: "row.first", title: "First row", group: go, keys: ["g", "Home"], run: () => grid()?.start() },
    { id: "row.last", title: "Last row", group: go, keys: ["G", "End"], run: () => grid()?.end() },
    { id: "day.next", title: "Next day", group: go, keys: ["d"], run: () => void day(1) },
    { id: "day.before", title: "Day before", group: go, keys: ["D"], run: () => void day(-1) },
    { id: "cell.next", title: "Next value of the row", group: go, keys: ["ArrowRight"], run: () => nextCell(1), when: chosen, quiet: true },
    { id: "cell.before", title: "Value before", group: go, keys: ["ArrowLeft"], run: () => nextCell(-1), when: chosen, quiet: true },
    { id: "cell.menu", title: "Menu of the value", group: go, keys: ["Enter"], run: menu, when: () => chosen() && cell() !== undefined, quiet: true },
    {
      id: "detail.open", title: "Open the detail", group: go, keys: ["Enter"], when: () => timeline.selected >= 0 && cell() === undefined,
      run: () => timeline.show(timeline.selected),
    },
    { id: "detail.close", title: "Close the detail", group: go, keys: ["Escape"], run: timeline.close, when: () => timeline.open },
    {
      id: "lens.escape", title: "Back to the filter before", group: filter, keys: ["Escape"], run: () => void lens.back(),
      when: () => !timeline.open && lens.view?.count === 0 && lens.canBack, quiet: true,
    },
    { id: "same.actor", title: "Only this actor", group: filter, keys: ["a"], run: () => same("user.name", timeline.row?.actor)(), when: chosen },
    { id: "same.operation", title: "Only this operation", group: filter, keys: ["o"], run: () => same("event.operation", timeline.row?.operation)(), when: chosen },
    {
      id: "exclude", title: "Without this action", group: filter, keys: ["x"], when: chosen,
      run: () => { if (timeline.row?.action !== undefined) void lens.exclude("event.action", timeline.row.action); },
    },
    { id: "order", title: "Turn the order around", group: filter, keys: ["r"], run: () => void lens.setSort(lens.sort === "oldest" ? "newest" : "oldest") },
    { id: "bookmark", title: "Bookmark the event, or take it off", group: mark, keys: ["m"], run: () => void timeline.bookmark(), when: chosen },
    { id: "tag", title: "Tag the event", group: mark, keys: ["t"], run: tag, when: chosen },
    { id: "rail", title: "Show or fold the values", group: "Window", keys: ["f"], run: rail },
  ];
}
