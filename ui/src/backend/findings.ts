/** Owns: what the window can ask about what detections and rules found. Never touches: how a call travels. */
import type { FindingPage, FindingsReport, FindingsWanted, RulesChosen, WhatIfPart } from "./types";

export interface FindingsBackend {
  /** The findings that have a row in the filter; null when nobody looked for any yet. */
  findingsList(query: string, zone: string, wanted: FindingsWanted): Promise<FindingsReport | null>;
  /** Looks at every event with the rules that were chosen; at once where nothing changed. */
  findingsLook(): Promise<void>;
  findingPage(id: string, zone: string): Promise<FindingPage>;
  /** How often a detection would find at other values of `detection.parameter`, over the whole case. */
  findingsWhatIf(parameter: string, values: number[]): Promise<WhatIfPart[]>;
  findingJudge(id: string, verdict: string, note: string): Promise<void>;
  findingUnjudge(id: string): Promise<void>;
  /** Hides findings of a detection, of an actor, or of both, for a reason; until a moment (RFC 3339) if one is given. */
  findingsSuppress(detection: string | undefined, actor: string | undefined, reason: string, until: string | undefined): Promise<void>;
  findingsUnsuppress(id: number): Promise<void>;
  /** A dialog of the system for Sigma rules; null when the person went back. */
  rulesChoose(folder: boolean): Promise<RulesChosen | null>;
  /** What was chosen; a choice without files means that rules were put away. */
  rulesChosen(): Promise<RulesChosen | null>;
  rulesPutAway(): Promise<void>;
}
