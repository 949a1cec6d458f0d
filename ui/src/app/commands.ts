/** Owns: the commands that work in every place. */
import type { Command } from "../components/commands.svelte";
import { DENSITIES, look, THEMES } from "../theme/theme.svelte";
import { places, usesLens } from "./places";
import type { Session } from "./session.svelte";

type Bar = { focus: () => void; openViews: () => void; openSteps: () => void };

export function appCommands(session: Session, bar: () => Bar | undefined): Command[] {
  const open = () => session.summary !== undefined;
  const window = "Window";
  const go = "Go";
  const filter = "Filter";
  /** Does something with the bar, which may have to be drawn first. */
  const atBar = (act: (bar: Bar) => void) => () => {
    if (!usesLens(session.place)) session.go("timeline");
    requestAnimationFrame(() => {
      const there = bar();
      if (there) act(there);
    });
  };
  return [
    { id: "palette", title: "Every command", group: window, keys: ["Ctrl+k"], run: () => (session.asking = "palette"), quiet: true },
    { id: "shortcuts", title: "Shortcuts", group: window, keys: ["?"], run: () => (session.asking = "shortcuts") },
    ...places.map((place) => ({ id: `go.${place.name}`, title: place.title, group: go, keys: [place.key], run: () => session.go(place.name), when: open })),
    { id: "query", title: "Type a filter", group: filter, keys: ["/", "Ctrl+f"], run: atBar((one) => one.focus()), when: open },
    { id: "query.views", title: "Kept filters, and keep this one", group: filter, keys: ["s"], run: atBar((one) => one.openViews()), when: open },
    { id: "query.steps", title: "All steps, and back to any of them", group: filter, keys: ["h"], run: atBar((one) => one.openSteps()), when: open },
    { id: "query.suspend", title: "Suspend all filters, or use them again", group: filter, keys: ["Ctrl+\\"], run: () => void session.lens.suspend(session.lens.pieces, session.lens.suspended < session.lens.pieces.length), when: () => open() && session.lens.pieces.length > 0 },
    { id: "query.back", title: "Back: the place and filter before", group: go, keys: ["[", "Alt+ArrowLeft"], run: () => void session.lens.back(), when: () => open() && session.lens.canBack },
    { id: "query.forward", title: "Forward again", group: go, keys: ["]", "Alt+ArrowRight"], run: () => void session.lens.forward(), when: () => open() && session.lens.canForward },
    { id: "query.clear", title: "Clear the filter", group: filter, run: () => void session.lens.clear(), when: () => open() && session.lens.pieces.length > 0 },
    { id: "query.undated", title: "Only undated events", group: filter, run: () => session.showUndated(), when: open },
    { id: "export", title: "Export the events of the filter", group: "Case", keys: ["e"], run: () => (session.asking = "export"), when: open },
    { id: "files", title: "Add files", group: "Case", keys: ["Ctrl+i"], run: () => void session.backend.inputsChoose(false).then((files) => session.take(files), () => undefined) },
    { id: "folder", title: "Add a folder", group: "Case", run: () => void session.backend.inputsChoose(true).then((files) => session.take(files), () => undefined) },
    { id: "paste", title: "Paste lines", group: "Case", run: () => (session.asking = "paste") },
    { id: "case.open", title: "Open a case", group: "Case", keys: ["Ctrl+o"], run: () => void session.choose() },
    { id: "case.sample", title: "Try the sample case", group: "Case", run: () => void session.sample(), when: () => !open() },
    { id: "case.close", title: "Close the case", group: "Case", keys: ["Ctrl+w"], run: () => void session.close(), when: () => open() && !session.inbox.busy },
    { id: "zone", title: "Display zone", group: window, keys: ["z"], run: () => (session.asking = "zone"), when: open },
    { id: "zoom.larger", title: "Larger", group: window, keys: ["Ctrl+=", "Ctrl++"], run: () => session.zoom(1) },
    { id: "zoom.smaller", title: "Smaller", group: window, keys: ["Ctrl+-"], run: () => session.zoom(-1) },
    { id: "zoom.usual", title: "Usual size", group: window, keys: ["Ctrl+0"], run: () => session.zoom(0) },
    ...THEMES.map((theme) => ({ id: `theme.${theme}`, title: `Theme: ${theme === "contrast" ? "high contrast" : theme}`, group: window, run: () => session.setLook(theme, look.density) })),
    ...DENSITIES.map((density) => ({ id: `density.${density}`, title: `Density: ${density}`, group: window, run: () => session.setLook(look.theme, density) })),
  ];
}
