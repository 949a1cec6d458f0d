/** Owns: what the console offers to begin with: the tables and statements worth starting from. Never touches: running them. */

export type Table = { name: string; what: string; columns: string[] };

/** The tables of docs/sql.md. A field stands under its name with `_` for the dot. */
export const TABLES: Table[] = [
  {
    name: "events", what: "one row for each event",
    columns: [
      "event", "timestamp", "time", "event_action", "event_operation", "event_outcome", "event_category", "event_sensitivity", "event_provider",
      "user_email", "user_name", "user_id", "source_ip", "source_country", "session_id", "organization_id", "target", "changes", "source", "entry", "line", "raw",
    ],
  },
  { name: "targets", what: "one row for each target of an event", columns: ["event", "timestamp", "ordinal", "type", "id", "name"] },
  { name: "changes", what: "one row for each change of an event", columns: ["event", "timestamp", "ordinal", "field", "kind", "old", "new"] },
  { name: "sources", what: "one row for each source", columns: ["source", "name", "state", "sha256", "entries", "stored", "duplicates", "rejected", "zone", "profiles", "first", "last"] },
];

export const EXAMPLES: { title: string; statement: string }[] = [
  {
    title: "Who exported, first and last time",
    statement: "SELECT user_email, count(*) AS events, min(timestamp) AS first, max(timestamp) AS last\nFROM events WHERE event_operation = 'export'\nGROUP BY 1 ORDER BY 2 DESC",
  },
  {
    title: "Old and new values of a field",
    statement: "SELECT c.timestamp, c.event, e.user_email, c.field, c.old, c.new\nFROM changes c JOIN events e USING (event)\nWHERE c.field LIKE '%bank%' ORDER BY c.time DESC",
  },
  {
    title: "Events for each day and outcome",
    statement: "SELECT substr(timestamp, 1, 10) AS day, event_outcome, count(*) AS events\nFROM events GROUP BY 1, 2 ORDER BY 1",
  },
  {
    title: "Addresses that several people used",
    statement: "SELECT source_ip, count(DISTINCT user_email) AS people, count(*) AS events\nFROM events WHERE source_ip IS NOT NULL\nGROUP BY 1 HAVING people > 1 ORDER BY people DESC",
  },
];

/** A statement with the one before it gone: newest first, each once, at most thirty. */
export function remembered(before: string[], statement: string): string[] {
  const text = statement.trim();
  return [text, ...before.filter((one) => one !== text)].slice(0, 30);
}

