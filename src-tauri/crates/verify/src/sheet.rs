//! The table of events, cell by cell: each row must say what the line of its event says.
//!
//! Owns: how an event stands in `events.csv` (docs/package-format.md), from the reader's side. Never touches: the events
//! themselves. Of each line only a hash of the row that it should give is kept, so that neither file is held in memory.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::content::lines;
use crate::files::Files;
use crate::tree::Hash;

const TABLE: &str = "data/events/events.csv";

/// The columns after number, time, source and entry, by their path in an event.
const COLUMNS: &[&str] = &[
    "event.original_time",
    "event.zone",
    "event.provider",
    "event.action",
    "event.category",
    "event.operation",
    "event.outcome",
    "event.reason",
    "organization.id",
    "organization.name",
    "user.id",
    "user.email",
    "user.name",
    "user.type",
    "target.type",
    "target.id",
    "target.name",
    "source.ip",
    "source.geo.country_iso_code",
    "user_agent.original",
    "session.id",
    "changes.field",
    "changes.old",
    "changes.new",
    "error.type",
    "error.message",
    "service.name",
    "service.version",
    "service.environment",
    "message",
];

/// A text as it stands in a cell: where a spreadsheet would take it for a formula, behind an apostrophe.
fn cell(text: &str, row: &mut Vec<u8>) {
    if !row.is_empty() {
        row.push(b',');
    }
    row.push(b'"');
    let dangerous = text.trim_start_matches(['\u{feff}', ' ']).starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\0', '＝', '＋', '－', '＠',
    ]);
    if dangerous {
        row.push(b'\'');
    }
    row.extend_from_slice(text.replace('"', "\"\"").as_bytes());
    row.push(b'"');
}

/// The values of a path; those of a list are apart by semicolons, an absent one keeps its place.
fn at_path(event: &Value, path: &str) -> String {
    let mut value = event;
    let mut parts = path.split('.');
    while let Some(part) = parts.next() {
        value = &value[part];
        if let (Value::Array(all), Some(name)) = (value, parts.clone().next()) {
            let each = all.iter().map(|v| v[name].as_str().unwrap_or_default());
            return each.collect::<Vec<_>>().join("; ");
        }
    }
    value.as_str().unwrap_or_default().to_owned()
}

/// The hash of the row that an event gives.
pub(crate) fn row_of(event: &Value) -> Hash {
    let mut row = Vec::new();
    let number = |key: &str| event["witnessmark"][key].as_u64().unwrap_or_default();
    cell(&number("event").to_string(), &mut row);
    cell(event["@timestamp"].as_str().unwrap_or_default(), &mut row);
    cell(&number("source").to_string(), &mut row);
    cell(&number("entry").to_string(), &mut row);
    for path in COLUMNS {
        cell(&at_path(event, path), &mut row);
    }
    Sha256::digest(row).into()
}

/// Holds the table against the rows that the events give; how many there are.
pub(crate) fn table(files: &Files, rows: &[Hash], numbers: &[u64]) -> Result<u64, String> {
    let own = ["event", "@timestamp", "source", "entry"];
    let header = [&own, COLUMNS].concat().join("\",\"");
    let header = format!("\"{header}\"");
    let (mut hash, mut quoted, mut begun, mut done) = (Sha256::new(), false, false, 0_usize);
    lines(files, TABLE, &mut |at, text| {
        if at == 1 {
            return if text == header {
                Ok(())
            } else {
                Err("its columns are not those of a table of events".to_owned())
            };
        }
        if begun {
            hash.update(b"\n");
        }
        hash.update(text.as_bytes());
        begun = true;
        quoted ^= text.bytes().filter(|b| *b == b'"').count() % 2 == 1;
        if !quoted {
            let found: Hash = hash.finalize_reset().into();
            if rows.get(done) != Some(&found) {
                return Err(match numbers.get(done) {
                    Some(event) => format!("its row is not what event {event} says"),
                    None => "its row belongs to no event".to_owned(),
                });
            }
            done += 1;
            begun = false;
        }
        Ok(())
    })?;
    if begun || done != rows.len() {
        return Err(format!(
            "`{TABLE}` has {done} rows for {} events",
            rows.len()
        ));
    }
    Ok(done as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_keep_their_places_in_a_cell() {
        let event = serde_json::json!({
            "target": [{"id": "a"}, {"name": "n"}], "source": {"geo": {"country_iso_code": "PH"}},
        });
        assert_eq!(at_path(&event, "target.id"), "a; ");
        assert_eq!(at_path(&event, "target.name"), "; n");
        assert_eq!(at_path(&event, "source.geo.country_iso_code"), "PH");
        assert_eq!(at_path(&event, "message"), "");
        let mut row = Vec::new();
        cell("=1+1", &mut row);
        cell("say \"hi\"", &mut row);
        assert_eq!(row, b"\"'=1+1\",\"say \"\"hi\"\"\"");
    }
}
