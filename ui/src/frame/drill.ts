/** Owns: small words and ways that actors, records, sign-ins and errors share: moments in the zone, links to rows, the
 * filter of a person. Never touches: places. */
import type { Backend } from "../backend/backend";
import { moment } from "../components/clock";
import { piece, type Piece } from "../lens/compose";

/** `13 Nov 08:44:11` in the zone of the header; empty when undated. */
export const short = (at: string | undefined, zone: string): string => (at === undefined ? "" : moment(Date.parse(at), zone, false));
/** The same with the year. */
export const long = (at: string | undefined, zone: string): string => (at === undefined ? "undated" : moment(Date.parse(at), zone));

/** A filter that the program made, as one piece: it has groups that must not be taken apart. */
export const asPieces = (filter: string): Piece[] => (filter === "" ? [] : [piece(filter)]);

/** Whether a text is a filter that a list gave, and not a name that a person typed. */
export const isFilter = (who: string): boolean => /^[(-]*(actor|provider|ip|session|user\.\w+|organization\.\w+|email):/.test(who);

/** `exact`: `who` is a name that a log gave, so it is neither a filter nor a pattern, whatever it looks like. */
export const filterOf = async (backend: Backend, who: string, exact = false): Promise<string> => (isFilter(who) && !exact ? who : backend.actorFilter(who, exact));

/** How grave an act is: shape and word of the severities. */
export const LEVELS = ["low", "medium", "high", "critical"] as const;
export const SHAPES = ["●", "■", "▲", "◆"] as const;

/** Minutes without an event that end a session where the log names none: one limit (`frame.kept("idle", usualIdle)`) for the list of
 * an actor's sessions and for a session's own page, or a row would lead to another session than it counts. */
export const usualIdle = () => ({ minutes: 30 });
