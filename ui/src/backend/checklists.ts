/** Owns: what the window can ask about checklists. Never touches: how a call travels. */
import type { CheckedChecklist, ChecklistInfo, ChecklistReport, ChecklistsReport } from "./types";

/** `actor:…`, `address:…`, or empty for everyone; times as in `after:` and `before:`. */
export type ChecklistSubject = { subject: string; from?: string; to?: string };

export interface ChecklistBackend {
  checklistsList(): Promise<ChecklistsReport>;
  /** The text of a checklist, to begin one of one's own with or to change one's own. */
  checklistText(name: string): Promise<string>;
  /** Whether a text is a checklist; else the first mistake with its line and key. */
  checklistCheck(text: string): Promise<CheckedChecklist>;
  /** Keeps a checklist of one's own in the case. */
  checklistSave(text: string): Promise<ChecklistInfo>;
  checklistForget(id: string): Promise<void>;
  /** Asks every step and keeps the answers; the same checklist about the same goes on with its run. */
  checklistAsk(name: string, about: ChecklistSubject, zone: string): Promise<ChecklistReport>;
  checklistRun(run: number, zone: string): Promise<ChecklistReport>;
  checklistAgain(run: number, zone: string): Promise<ChecklistReport>;
  /** Without an answer, what was said is taken back. */
  checklistAnswer(run: number, step: string, answer: string | undefined, note: string): Promise<void>;
  checklistPin(run: number, step: string, event: number, on: boolean): Promise<void>;
  checklistWithdraw(run: number): Promise<void>;
  /** A dialog of the system for the printable page; the name of the file, or null when the person went back. */
  checklistPage(run: number, zone: string): Promise<string | null>;
  /** Says in the custody log that a run was handed to a printer. */
  checklistPrinted(run: number): Promise<void>;
  /** The print dialog of the system, for what the window shows. */
  windowPrint(): Promise<void>;
}
