/** Owns: every command of the window with its keys: what the keyboard does, what the palette lists and what the sheet of
 * shortcuts prints are this one list. Never touches: what a command does. */

import { untrack } from "svelte";

export type Command = {
  id: string;
  title: string;
  /** Where it stands in the palette and on the sheet. */
  group: string;
  /** As `KeyboardEvent.key`, with `Ctrl+` or `Alt+` before where it is held: `j`, `ArrowDown`, `Ctrl+k`, `Alt+ArrowLeft`, `?`. */
  keys?: string[];
  run: () => void;
  /** False where it would do nothing now. */
  when?: () => boolean;
  /** Kept out of the palette: moves that only make sense on a key. */
  quiet?: boolean;
};

export class Commands {
  #lists = $state.raw<Command[][]>([]);

  /** All that can be done now. */
  get all(): Command[] {
    return this.#lists.flat();
  }

  /** Adds commands until the returned function is called. */
  provide(list: Command[]): () => void {
    // Called from effects, which must not wake for what they themselves change.
    untrack(() => (this.#lists = [...this.#lists, list]));
    return () => untrack(() => (this.#lists = this.#lists.filter((one) => one !== list)));
  }

  /** Runs what the key means; false when it means nothing here. */
  press(event: KeyboardEvent): boolean {
    if (event.defaultPrevented || event.isComposing) return false;
    const held = event.ctrlKey || event.metaKey;
    const target = event.target instanceof Element ? event.target : undefined;
    const typing = target?.closest("input, textarea, select, [contenteditable]") !== null && target !== undefined;
    const acting = target?.closest("button, a, [role=radio]") ?? undefined;
    if (typing && (!held || event.altKey)) return false;
    if (acting && (event.key === "Enter" || event.key === " ")) return false;
    const key = (held ? "Ctrl+" : "") + (event.altKey ? "Alt+" : "") + (held ? event.key.toLowerCase() : event.key);
    // The list added last is the innermost place and wins.
    const found = this.#lists.toReversed().flat().find((one) => one.keys?.includes(key) && (one.when?.() ?? true));
    if (!found) return false;
    event.preventDefault();
    found.run();
    return true;
  }
}

const WORDS: Record<string, string> = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", PageUp: "PgUp", PageDown: "PgDn", Escape: "Esc" };

/** `Ctrl K`, `↓`, `?` */
export const written = (key: string): string =>
  key.split(/\+(?=.)/).map((part) => WORDS[part] ?? part).map((part, i, all) => (all.length > 1 && i === all.length - 1 ? part.toUpperCase() : part)).join(" ");
