/** Owns: the places of this version: a name of `lens/where.ts` and the component that is shown for it. A place is added
 * here by one import and one line; header, keys, palette and history follow. */
import type { Component } from "svelte";
import ActorsPlace from "../features/actors/ActorsPlace.svelte";
import ChecklistsPlace from "../features/checklists/ChecklistsPlace.svelte";
import CustodyPlace from "../features/custody/CustodyPlace.svelte";
import NotesPlace from "../features/notes/NotesPlace.svelte";
import OverviewPlace from "../features/overview/OverviewPlace.svelte";
import FindingsPlace from "../features/findings/FindingsPlace.svelte";
import ErrorsPlace from "../features/errors/ErrorsPlace.svelte";
import RecordsPlace from "../features/records/RecordsPlace.svelte";
import SigninsPlace from "../features/signins/SigninsPlace.svelte";
import PackagesPlace from "../features/packages/PackagesPlace.svelte";
import RemotePlace from "../features/remote/RemotePlace.svelte";
import SqlPlace from "../features/sql/SqlPlace.svelte";
import SourcesPlace from "../features/sources/SourcesPlace.svelte";
import TimelinePlace from "../features/timeline/TimelinePlace.svelte";
import type { PlaceProps } from "../frame/frame";
import { PLACES, type PlaceName } from "../lens/where";

const COMPONENTS: Partial<Record<PlaceName, Component<PlaceProps>>> = {
  overview: OverviewPlace,
  timeline: TimelinePlace,
  actors: ActorsPlace,
  records: RecordsPlace,
  signins: SigninsPlace,
  errors: ErrorsPlace,
  findings: FindingsPlace,
  checklists: ChecklistsPlace,
  notes: NotesPlace,
  sources: SourcesPlace,
  packages: PackagesPlace,
  remote: RemotePlace,
  sql: SqlPlace,
  custody: CustodyPlace,
};

/** The places that are there, in the order of the header. */
export const places = PLACES.filter((one) => COMPONENTS[one.name] !== undefined);

export const componentOf = (place: PlaceName): Component<PlaceProps> | undefined => COMPONENTS[place];
export const has = (place: PlaceName): boolean => COMPONENTS[place] !== undefined;
/** Whether the filter is shown in a place. */
export const usesLens = (place: PlaceName): boolean => PLACES.find((one) => one.name === place)?.lens ?? false;
