/** Owns: what the window can ask about actors, records, sessions, sign-ins, errors and what is new. Never touches: how a
 * call travels. Every number of an answer stands beside a filter that finds its rows. */
import type {
  ActorReport, ActorsReport, AgentsReport, CompareReport, ErrorsReport, FirstSeenReport, GeoDatabase, MergePart, RecordReport, RecordsReport,
  SessionReport, SigninsReport,
} from "./types";

export type ActorSort = "events" | "name" | "last" | "first" | "failures";
export type ActorsWanted = { search: string; sort: ActorSort; first: number; limit: number };
export type RecordsWanted = { kind: string; search: string; first: number; limit: number };
/** `named`: the id is a name, of a record that has no id in the log. `query`: only the events of this filter, empty for all. */
export type RecordOf = { kind: string; id: string; named: boolean; query: string };
export type SigninShow = "all" | "unfamiliar" | "cannot_tell" | "failed" | "new" | "too_fast";
export type SigninsWanted = { show: SigninShow; oldest_first: boolean; first: number; limit: number };
export type SessionOrder = "time" | "sensitivity";
/** Times as in `after:`; `days` is how far back "before" reaches, 0 for ninety; `by` empty for the usual fields. */
export type FirstSeenWanted = { from?: string; to?: string; days: number; by: string[]; limit: number };

export interface DrillBackend {
  actorsList(query: string, zone: string, wanted: ActorsWanted): Promise<ActorsReport>;
  /** The filter of a person who was named. `exact`: by a name that a log gave, which is no pattern, whatever it looks like. */
  actorFilter(who: string, exact: boolean): Promise<string>;
  /** `who` is a filter; the page speaks of what it finds within `query`. */
  actorPage(who: string, query: string, zone: string, idleMinutes: number): Promise<ActorReport>;
  /** The filter behind a square of the heat map: a day of the week (Monday is 0) and an hour of the zone. */
  actorHour(who: string, query: string, zone: string, day: number, hour: number): Promise<string>;
  actorsCompare(first: string, second: string, query: string, zone: string): Promise<CompareReport>;
  /** Says that identities are one actor, by their keys. */
  actorsMerge(keys: string[]): Promise<MergePart>;
  /** Takes a joining back. */
  actorsPart(id: number): Promise<void>;
  recordsList(query: string, zone: string, wanted: RecordsWanted): Promise<RecordsReport>;
  recordPage(of: RecordOf, at: string | undefined, zone: string): Promise<RecordReport>;
  /** By the vendor's id, or from an event. */
  sessionPage(of: { id: string } | { event: number }, idleMinutes: number, order: SessionOrder, zone: string): Promise<SessionReport>;
  signinsReview(query: string, zone: string, wanted: SigninsWanted): Promise<SigninsReport>;
  /** A dialog of the system for a database of addresses; null when the person went back. */
  addressesChoose(): Promise<GeoDatabase | null>;
  errorsList(query: string, zone: string): Promise<ErrorsReport>;
  firstSeen(query: string, zone: string, wanted: FirstSeenWanted): Promise<FirstSeenReport>;
  /** The user agents of a filter in words, the thirty most frequent. */
  agentsList(query: string, zone: string): Promise<AgentsReport>;
}
