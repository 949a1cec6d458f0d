/** Owns: the keys of the timeline, as commands. Never touches: what they move (the grid) and what they filter (the lens). */
import { offsetMinutes } from "../../components/clock";
import type { Command } from "../../components/commands.svelte";
import type { Lens } from "../../lens/lens.svelte";
import type { Cell } from "./columns";
import type { Timeline } from "./timeline.svelte";
import { zoomed } from "./zoom";

type GridHand = { move: (by: number) => void; beside: (by: number) => number; page: (by: number) => void; start: () => void; end: () => void; select: (index: number) => void; show: (index: number) => void };
type Hands = {
  timeline: Timeline; lens: Lens; grid: () => GridHand | undefined;
  /** The values of the selected row, and which of them the keys stand on. */
  cells: () => Cell[]; cell: () => number | undefined; setCell: (to: number | undefined) => void;
  menu: () => void; ask: (what: "tag" | "note" | "columns") => void; rail: () => void; chart: () => void; values: () => void;
  copy: (how: "text" | "csv" | "json" | "filter") => void;
};

const DAY = 86_400_000;

/** First instant of the day that holds a moment, in a zone; a zone change inside the day is followed. */
export function dayStart(ms: number, zone: string): number {
  const local = ms + offsetMinutes(ms, zone) * 60_000;
  const midnight = Math.floor(local / DAY) * DAY;
  const guess = midnight - offsetMinutes(ms, zone) * 60_000;
  return midnight - offsetMinutes(guess, zone) * 60_000;
}

export function keysOf({ timeline, lens, grid, cells, cell, setCell, menu, ask, rail, chart, values, copy }: Hands): Command[] {
  const chosen = () => timeline.row !== undefined;
  const nextCell = (by: number) => {
    const at = (cell() ?? -1) + by;
    setCell(at < 0 ? undefined : Math.min(cells().length - 1, at));
  };
  const through = (by: number) => {
    const hand = grid();
    if (!hand) return;
    const to = hand.beside(by);
    timeline.pick(to, "through");
    hand.show(to);
  };
  const zoom = (factor: number, part = 0) => {
    const span = timeline.span;
    if (!span) return;
    // A key zooms to the selected row, or to the middle.
    const time = timeline.row?.time && Date.parse(timeline.row.time.utc);
    const middle = time && time >= span.now.first && time <= span.now.last ? time : (span.now.first + span.now.last) / 2;
    timeline.zoom = zoomed(span.whole, span.now, factor, middle, part * (span.now.last - span.now.first));
  };
  async function marked(by: 1 | -1) {
    const rank = await timeline.nextMarked(by);
    if (rank !== null && rank >= 0) grid()?.select(rank);
  }

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
    { id: "marked.next", title: "Next row with a finding or a mark", group: go, keys: ["n"], run: () => void marked(1) },
    { id: "marked.before", title: "Row with a finding or a mark before", group: go, keys: ["N"], run: () => void marked(-1) },
    { id: "pick.down", title: "Pick the row below too", group: go, keys: ["J"], run: () => through(1), when: chosen, quiet: true },
    { id: "pick.up", title: "Pick the row above too", group: go, keys: ["K"], run: () => through(-1), when: chosen, quiet: true },
    { id: "day.next", title: "Next day", group: go, keys: ["d"], run: () => void day(1) },
    { id: "day.before", title: "Day before", group: go, keys: ["D"], run: () => void day(-1) },
    { id: "cell.next", title: "Next value of the row", group: go, keys: ["ArrowRight"], run: () => nextCell(1), when: chosen, quiet: true },
    { id: "cell.before", title: "Value before", group: go, keys: ["ArrowLeft"], run: () => nextCell(-1), when: chosen, quiet: true },
    { id: "cell.menu", title: "Menu of the value", group: go, keys: ["Enter"], run: menu, when: () => chosen() && cell() !== undefined, quiet: true },
    { id: "context", title: "Everything around the row", group: go, keys: ["c"], run: () => (timeline.context = !timeline.context), when: () => timeline.row?.time !== undefined },
    { id: "context.close", title: "Close the context", group: go, keys: ["Escape"], run: () => (timeline.context = false), when: () => timeline.context, quiet: true },
    { id: "picked.none", title: "Pick one row only", group: go, keys: ["Escape"], run: () => timeline.select(timeline.selected), when: () => timeline.picked.size > 0, quiet: true },
    {
      id: "detail.open", title: "Open the detail", group: go, keys: ["Enter"], when: () => timeline.selected >= 0 && cell() === undefined,
      run: () => timeline.show(timeline.selected),
    },
    { id: "detail.close", title: "Close the detail", group: go, keys: ["Escape"], run: timeline.close, when: () => timeline.open },
    {
      id: "lens.escape", title: "Back to the filter before", group: filter, keys: ["Escape"], run: () => void lens.back(),
      when: () => !timeline.open && lens.view?.count === 0 && lens.canBack, quiet: true,
    },
    { id: "same.actor", title: "Only this actor", group: filter, keys: ["a"], run: () => same("actor", timeline.row?.actor)(), when: chosen },
    { id: "same.operation", title: "Only this operation", group: filter, keys: ["o"], run: () => same("event.operation", timeline.row?.operation)(), when: chosen },
    {
      id: "exclude", title: "Without this value, or without this action", group: filter, keys: ["x"], when: chosen,
      run: () => {
        const at = cell() === undefined ? undefined : cells()[cell() as number];
        if (at) void lens.exclude(at.field, at.value);
        else if (timeline.row?.action !== undefined) void lens.exclude("event.action", timeline.row.action);
      },
    },
    { id: "order", title: "Turn the order around", group: filter, keys: ["r"], run: () => void lens.setSort(lens.sort === "oldest" ? "newest" : "oldest") },
    { id: "bookmark", title: "Bookmark the event, or take it off", group: mark, keys: ["m"], run: () => void timeline.mark("bookmark", "", timeline.picked.size > 0 || !timeline.row?.bookmarked), when: chosen },
    { id: "tag", title: "Tag the event", group: mark, keys: ["t"], run: () => ask("tag"), when: chosen },
    { id: "note", title: "Write a note on the event", group: mark, keys: ["w"], run: () => ask("note"), when: chosen },
    { id: "copy.text", title: "Copy the rows as text", group: "Copy", keys: ["Ctrl+c"], run: () => copy("text"), when: () => chosen() && String(getSelection() ?? "") === "" },
    { id: "copy.csv", title: "Copy the rows as CSV", group: "Copy", run: () => copy("csv"), when: chosen },
    { id: "copy.json", title: "Copy the rows as JSON", group: "Copy", keys: ["Ctrl+j"], run: () => copy("json"), when: chosen },
    { id: "copy.filter", title: "Copy the rows as a filter", group: "Copy", run: () => copy("filter"), when: chosen },
    { id: "chart", title: "Show or fold the chart", group: "Chart", keys: ["i"], run: chart },
    { id: "zoom.in", title: "Zoom the chart in", group: "Chart", keys: ["+", "="], run: () => zoom(0.5) },
    { id: "zoom.out", title: "Zoom the chart out", group: "Chart", keys: ["-"], run: () => zoom(2) },
    { id: "zoom.earlier", title: "Chart: earlier", group: "Chart", keys: ["<"], run: () => zoom(1, -0.5) },
    { id: "zoom.later", title: "Chart: later", group: "Chart", keys: [">"], run: () => zoom(1, 0.5) },
    { id: "zoom.whole", title: "Chart: the whole span", group: "Chart", keys: ["_"], run: () => (timeline.zoom = timeline.span?.whole) },
    { id: "rail", title: "Show or fold the values", group: "Window", keys: ["f"], run: rail },
    { id: "rail.focus", title: "Keys to the values", group: "Window", keys: ["v"], run: values },
    { id: "columns", title: "Columns", group: "Window", keys: [","], run: () => ask("columns") },
  ];
}
