/** Owns: what the window offers to a place, and what a place must be. A place gets the frame as its one property and
 * reaches everything through it, so that it can be added without touching another. Never touches: how places look. */
import type { Backend } from "../backend/backend";
import type { AppInfo, CaseSummary, Settings } from "../backend/types";
import type { Commands } from "../components/commands.svelte";
import type { Piece } from "../lens/compose";
import type { Lens } from "../lens/lens.svelte";
import type { PlaceName, Subject } from "../lens/where";
import type { Inbox } from "./inbox.svelte";
import type { Review } from "./review.svelte";

export type { PlaceName, Subject };

/** Where to go: what the place is about, and the filter that holds there; what is left out stays as it is. */
export type Pivot = { subject?: Subject; pieces?: Piece[] };

export interface Frame {
  readonly backend: Backend;
  /** The one filter; `lens.view` is its answer and `lens.revision` grows with each. */
  readonly lens: Lens;
  /** What the keyboard and the palette can do; a place provides its own while it is shown. */
  readonly commands: Commands;
  /** Files on their way into the case. */
  readonly inbox: Inbox;
  /** What was found in the case. */
  readonly review: Review;
  readonly info: AppInfo;
  /** What a person set; kept outside the case. */
  readonly settings: Settings;
  keep(change: Partial<Settings>): void;
  /** The open case. It is another object after each import. */
  readonly summary: CaseSummary;
  /** What this place is about; it changes when a person comes by another pivot, or back. */
  readonly subject: Subject | undefined;

  /** Whether a place is part of this version; a pivot to one that is not must not be offered. */
  has(place: PlaceName): boolean;
  /** Shows a place; one step of the history. */
  go(place: PlaceName, pivot?: Pivot): void;
  /** Shows the rows behind a number: Timeline, with these pieces and no others. */
  rows(pieces: Piece[]): void;
  /** The same for a filter as text. */
  rowsOf(query: string): void;
  /** The number beside the name of a place in the header; none when absent. */
  badge(place: PlaceName, n: number | undefined): void;
  /** What the place says at the end of the status line; empty again when another place is shown. */
  remark(text: string): void;
  /** State of a place that outlives its being shown, until the case is closed. `name` is the folder of the place. */
  kept<T>(name: string, make: () => T): T;
  /** Tells of a failure above the place. */
  fail(thrown: unknown): void;
  /** After a place changed the case: the summary, the custody head and the filter's answer are asked anew. */
  reload(): Promise<void>;
  /** Opens the dialog for pasted lines. */
  askPaste(): void;
}

/** A place: a component with the frame as its property. */
export type PlaceProps = { frame: Frame };
