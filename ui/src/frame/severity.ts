/** Owns: how grave findings are, in order, with the shape and the words for each. Never touches: what was found. */
export const SEVERITIES = ["critical", "high", "medium", "low", "informational"] as const;
export type Severity = (typeof SEVERITIES)[number];

const SHAPE: Record<string, string> = { critical: "◆", high: "▲", medium: "■", low: "●", informational: "○" };
const WORD: Record<string, string> = { critical: "Critical", high: "High", medium: "Medium", low: "Low", informational: "Note" };
/** The class of a severity's colour; it never comes from a log. */
const TONE: Record<string, string> = { critical: "critical", high: "high", medium: "medium", low: "low", informational: "info" };

export const shapeOf = (severity: string): string => SHAPE[severity] ?? "○";
export const wordOf = (severity: string): string => WORD[severity] ?? "Note";
export const toneOf = (severity: string): string => TONE[severity] ?? "info";

/** What a person can find out, in words. */
export const VERDICTS = [
  { value: "confirmed_compromised", title: "Confirmed compromised", text: "The account was used by somebody else" },
  { value: "confirmed_safe", title: "Confirmed safe", text: "It was the person, as expected" },
  { value: "benign_true_positive", title: "Benign true positive", text: "The rule is right, the act was allowed" },
  { value: "remediated", title: "Remediated", text: "Compromised, and since put right" },
] as const;
export const verdictOf = (verdict: string): string => VERDICTS.find((one) => one.value === verdict)?.title ?? verdict;
