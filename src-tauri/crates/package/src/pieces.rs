//! The smaller files: coverage, custody, rejects, rules, review, controls.
//!
//! Owns: their shapes. Never touches: events. Each is JSON with sorted keys, or a table for spreadsheets.

use serde_json::{Value, json};
use witnessmark_model::Instant;

use crate::bag::Bag;
use crate::custody;
use crate::error::Result;
use crate::json::canonical;
use crate::material::{CaseFacts, CustodyLine, SourceFacts};
use crate::population::{Census, DAY};
use crate::table;
use crate::tree;
use crate::words;

/// JSON for people too: sorted keys, indented.
pub(crate) fn readable(value: &Value) -> String {
    // The canonical text parses again; a text that did not would be written as it is.
    let sorted = serde_json::from_str::<Value>(&canonical(value))
        .ok()
        .and_then(|v| serde_json::to_string_pretty(&v).ok());
    sorted.unwrap_or_else(|| canonical(value)) + "\n"
}

/// A day since 1970 as `2024-04-22`.
pub(crate) fn day(day: i64) -> String {
    let text = Instant(day.saturating_mul(DAY)).rfc3339();
    text.get(..10).unwrap_or(&text).to_owned()
}

/// Days without an event between days with some: first day, last day. Longest first, at most `most`.
pub(crate) fn gaps(source: &SourceFacts, most: usize) -> Vec<(i64, i64)> {
    let mut gaps: Vec<(i64, i64)> = source
        .days
        .windows(2)
        .filter(|w| w[1].day - w[0].day > 1)
        .map(|w| (w[0].day + 1, w[1].day - 1))
        .collect();
    gaps.sort_by_key(|(from, to)| (from - to, *from));
    gaps.truncate(most);
    gaps
}

/// `coverage.json`: what each source covers, and what it does not say.
pub(crate) fn coverage(facts: &CaseFacts, census: &Census, query: &str) -> Value {
    let sources = facts.sources.iter().map(|s| {
        if !census.covers(s.id, query) {
            return json!({"source": s.id, "scope": "not in scope"});
        }
        json!({
            "source": s.id,
            "name": s.name,
            "system": s.title,
            "state": s.state,
            "in_scope": census.by_source.get(&s.id).copied().unwrap_or(0),
            "entries": s.entries, "stored": s.stored, "duplicates": s.duplicates, "rejected": s.rejected,
            "events": s.events, "undated": s.undated,
            "got": {"from": s.first.map(Instant::rfc3339), "to": s.last.map(Instant::rfc3339)},
            "asked": Value::Null,
            "asked_reason": "the interval that was asked of the system is not part of an export; ask whoever made it",
            "time_zone": s.zone.clone().unwrap_or_else(|| "every time names its own".to_owned()),
            "days": s.days.iter().map(|d| json!([day(d.day), d.events])).collect::<Vec<_>>(),
            "days_without_events": gaps(s, 1_000).iter().map(|(from, to)| json!({
                "from": day(*from), "to": day(*to), "days": to - from + 1,
                "reason": "not known: the export has no entry on these days",
            })).collect::<Vec<_>>(),
            "blind_spots": s.blind_spots,
            "warnings": s.warnings,
        })
    });
    json!({"sources": sources.collect::<Vec<_>>(), "days": "UTC"})
}

/// `index.csv` of the evidence: how each source came.
pub(crate) fn index(
    facts: &CaseFacts,
    census: &Census,
    query: &str,
    how: impl Fn(&SourceFacts) -> String,
) -> String {
    let mut out = String::new();
    table::row(
        [
            "source",
            "name",
            "system",
            "sha256",
            "bytes",
            "entries",
            "merkle_root",
            "obtained",
            "obtained_by",
            "how",
            "time_zone",
            "profiles",
            "encoding",
            "shape",
            "columns",
            "in_package",
        ],
        &mut out,
    );
    for s in &facts.sources {
        if !census.covers(s.id, query) {
            let mut cells = vec![String::new(); 16];
            cells[0] = s.id.to_string();
            cells[15] = "not in scope".to_owned();
            table::row(cells.iter().map(String::as_str), &mut out);
            continue;
        }
        let shown = if census.places.contains_key(&s.id) {
            how(s)
        } else {
            "not in scope".to_owned()
        };
        let zone = s
            .zone
            .clone()
            .unwrap_or_else(|| "stated in the log".to_owned());
        table::row(
            [
                &s.id.to_string(),
                &s.name,
                &s.title,
                &s.sha256,
                &s.bytes.to_string(),
                &s.entries.to_string(),
                &s.merkle_root,
                &s.imported,
                s.imported_by.as_deref().unwrap_or("not known"),
                "file import",
                &zone,
                &s.profiles.join(" "),
                &s.encoding,
                &s.shape,
                &s.header.join(" | "),
                &shown,
            ]
            .map(|c| -> &str { c }),
            &mut out,
        );
    }
    out
}

/// `custody.ndjson` and `checkpoint.txt`.
pub(crate) fn custody(
    bag: &mut Bag<'_>,
    case: &str,
    log: &[CustodyLine],
    withheld: &dyn Fn(&CustodyLine) -> bool,
) -> Result<()> {
    bag.begin("data/custody/custody.ndjson")?;
    for line in log {
        let value = if withheld(line) {
            // The leaf lets the root of the log be computed all the same; the text can be shown later against it.
            let leaf = hex::encode(tree::leaf(line.entry.as_bytes()));
            json!({"seq": line.seq, "leaf": leaf, "prev": line.prev, "hash": line.hash})
        } else {
            json!({"seq": line.seq, "entry": line.entry, "prev": line.prev, "hash": line.hash})
        };
        bag.push((canonical(&value) + "\n").as_bytes())?;
    }
    let text = custody::checkpoint(case, log.iter().map(|l| l.entry.as_str()));
    bag.file("data/custody/checkpoint.txt", text.as_bytes())
}

/// Whether an entry of the log tells of a source that is not in scope.
pub(crate) fn tells_of_others(line: &CustodyLine, covers: &dyn Fn(u32) -> bool) -> bool {
    let entry: Value = serde_json::from_str(&line.entry).unwrap_or(Value::Null);
    let detail = &entry["detail"];
    let listed = detail["sources"].as_array().into_iter().flatten();
    let mut named = listed.map(|s| &s["id"]).chain([&detail["source"]]);
    named.any(|id| {
        let id = id.as_u64().and_then(|id| u32::try_from(id).ok());
        id.is_some_and(|id| !covers(id))
    })
}

/// `rejects.ndjson`: place and reason of every entry that holds no event; its content stays in the case.
pub(crate) fn rejects(
    bag: &mut Bag<'_>,
    facts: &CaseFacts,
    census: &Census,
    query: &str,
) -> Result<()> {
    bag.begin("data/coverage/rejects.ndjson")?;
    for r in facts
        .rejects
        .iter()
        .filter(|r| census.covers(r.source, query))
    {
        let value = json!({
            "source": r.source, "entry": r.entry, "line": r.line, "offset": r.offset, "length": r.length, "code": r.code,
        });
        bag.push((canonical(&value) + "\n").as_bytes())?;
    }
    Ok(())
}

/// `notes.ndjson`: what persons said, a line each. None of it is of a log.
pub(crate) fn notes(bag: &mut Bag<'_>, facts: &CaseFacts) -> Result<()> {
    bag.begin("data/notes/notes.ndjson")?;
    for n in &facts.notes {
        let mut value = json!({"kind": n.kind, "who": n.who, "at": n.at});
        let mut add = |key: &str, to: Value| {
            value[key] = to;
        };
        if !n.subject.is_empty() {
            add("subject", json!(n.subject));
        }
        if !n.text.is_empty() {
            add("text", json!(n.text));
        }
        if let Some(time) = n.time {
            add("time", json!(time.rfc3339()));
        }
        if let Some(event) = n.event {
            add("event", json!(event));
            if n.gone {
                add("gone", json!(true));
            } else {
                add("source_sha256", json!(n.source_sha256));
                add("entry", json!(n.entry));
            }
        }
        bag.push((canonical(&value) + "\n").as_bytes())?;
    }
    Ok(())
}

/// `review.json`: what a reviewer needs to sign off.
pub(crate) fn review(facts: &CaseFacts, census: &Census, title: &str, query: &str) -> Value {
    let mut marks: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for note in &facts.notes {
        *marks.entry(&note.kind).or_default() += 1;
    }
    json!({
        "title": title,
        "prepared_by": facts.who,
        "prepared_with": facts.tool,
        "period": {"from": census.first.map(Instant::rfc3339), "to": census.last.map(Instant::rfc3339)},
        "population": census.events,
        "sample": census.sample.len(),
        "exceptions": {
            "undated": census.undated,
            "rejected_entries": facts.sources.iter().filter(|s| census.covers(s.id, query)).map(|s| s.rejected).sum::<u64>(),
            "flags": census.problems,
        },
        "marks": marks,
        "review": crate::reviewed::record(facts),
        "disposition": Value::Null,
        "reviewed_by": Value::Null,
        "signed_off": Value::Null,
        "note": "disposition, reviewed_by and signed_off are for the reviewer; they are empty when the package is written",
    })
}

/// `controls.json`: where each control of a framework finds its evidence in this package.
pub(crate) fn controls() -> Value {
    let rows = words::CONTROLS.iter().map(|c| {
        json!({"framework": c.framework, "control": c.control, "asks": c.asks, "evidence": c.evidence, "not_shown": c.not_shown})
    });
    json!({"controls": rows.collect::<Vec<_>>()})
}
