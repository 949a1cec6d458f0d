/** Owns: the values of the made-up events by field, and how often each stands. */
import type { FacetValue } from "../types";
import type { Made } from "./corpus";

const READ: Record<string, (one: Made) => string[]> = {
  "event.outcome": (m) => [m.outcome], "event.operation": (m) => [m.operation], "event.action": (m) => [m.action],
  "event.category": (m) => [m.operation === "authenticate" ? "authentication" : "payment"], "user.email": (m) => [m.email], "user.name": (m) => [m.actor],
  "source.ip": (m) => [m.ip], "source.geo.country_iso_code": (m) => [m.country], "event.provider": (m) => [m.provider],
  "witnessmark.profile": (m) => [`${m.provider}@1`],
  "target.id": (m) => (m.target ? [m.target.id] : []), "target.type": (m) => (m.target ? [m.target.type] : []), "changes.field": (m) => m.changes.flatMap((one) => one.field ?? []),
  "session.id": (m) => [`s-${Math.floor(m.event / 7)}`],
};

export const valueOf = (one: Made, field: string): string[] => READ[field]?.(one) ?? [];

/** By count, then by bytes; counts are multiplied where only a part of a large case was counted. */
export function countsOf(all: Made[], field: string, scale: number): FacetValue[] {
  const counts = new Map<string, number>();
  for (const one of all) for (const value of new Set(valueOf(one, field))) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].map(([value, n]) => ({ value, count: Math.max(1, Math.round(n * scale)) })).sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}
