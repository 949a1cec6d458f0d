//! Recognition where it is hard: from one entry, inside what a collector wraps around it, in a cell, with more columns
//! than usual.
//!
//! Owns: the wrapping. Never touches: what the entries mean.

use crate::support::{folders, import, library};
use serde_json::{Value, json};

/// The entries of the fixtures that are JSON: folder, file, entry.
fn entries() -> Vec<(String, String, Value)> {
    let mut out = Vec::new();
    for (folder, files) in folders() {
        if matches!(folder.as_str(), "mixed" | "unknown") {
            continue;
        }
        for (name, bytes) in files {
            let text = String::from_utf8(bytes).unwrap();
            let found: Vec<Value> = if name.ends_with(".ndjson") {
                text.lines()
                    .map(|line| serde_json::from_str(line).unwrap())
                    .collect()
            } else if name.ends_with(".json") {
                longest(&serde_json::from_str(&text).unwrap())
            } else {
                continue;
            };
            out.extend(found.into_iter().map(|e| (folder.clone(), name.clone(), e)));
        }
    }
    out
}

/// The list of entries in a document, wherever an envelope has it.
fn longest(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(list) => list.clone(),
        Value::Object(map) => {
            let inside = [
                "value",
                "records",
                "Records",
                "items",
                "entries",
                "results",
                "result",
                "data",
                "events",
                "response",
                "_embedded",
                "activities",
                "authlogs",
                "audit_logs",
                "operation_logs",
            ];
            let found = inside.iter().find_map(|key| map.get(*key));
            found.map_or_else(|| vec![value.clone()], longest)
        }
        _ => Vec::new(),
    }
}

fn recognised(folder: &str, name: &str, bytes: &[u8]) -> Option<String> {
    let source = import(&library(), bytes, name, "UTC");
    let own = source.profiles.iter().any(|p| p.starts_with(folder));
    (!own).then(|| format!("{folder}/{name}: {:?}", source.profiles))
}

#[test]
fn one_entry_is_enough() {
    let wrong: Vec<_> = entries()
        .iter()
        .filter_map(|(folder, name, entry)| {
            recognised(folder, name, format!("{entry}\n").as_bytes())
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_a_collector_wraps_around_an_entry_is_taken_off() {
    let mut wrong = Vec::new();
    for (folder, name, entry) in entries() {
        let text = entry.to_string();
        for wrapped in [
            json!({"_index": "audit", "_id": "1", "_source": entry}),
            json!({"preview": false, "result": {"_time": "2026-03-02T00:00:00.000+00:00", "_raw": text}}),
            json!({"@timestamp": "2026-03-02T00:00:00Z", "message": text, "agent": {"type": "filebeat"}}),
            json!({"id": "0001", "detail-type": "audit", "detail": entry}),
        ] {
            let lines = format!("{wrapped}\n{wrapped}\n");
            wrong.extend(recognised(&folder, &name, lines.as_bytes()));
        }
        let cell = text.replace('"', "\"\"");
        let csv = format!(
            "received,host,payload\n2026-03-02T00:00:00Z,h1,\"{cell}\"\n2026-03-02T00:00:00Z,h2,\"{cell}\"\n"
        );
        wrong.extend(recognised(
            &folder,
            &format!("{name} in a cell"),
            csv.as_bytes(),
        ));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn further_keys_do_not_matter() {
    let wrong: Vec<_> = entries()
        .into_iter()
        .filter_map(|(folder, name, mut entry)| {
            let map = entry.as_object_mut()?;
            map.insert("collector_version".to_owned(), json!("9.1"));
            map.insert("tags".to_owned(), json!(["forwarded"]));
            recognised(&folder, &name, format!("{entry}\n").as_bytes())
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lines_that_hold_named_values_are_guessed_and_other_lines_are_kept() {
    use witnessmark_model::Field;
    let first = |text: &str, field: Field| {
        let source = import(&library(), text.as_bytes(), "server.log", "UTC");
        assert_eq!(source.entries as usize, text.lines().count());
        let event = &source.events[0];
        (
            event.time.is_some(),
            event.all(field).next().map(str::to_owned),
        )
    };
    let pairs = "<13>1 2026-03-02T08:00:00Z gate audit: user=ann action=\"key created\" src=192.0.2.9 outcome=ok session=s1\n<13>1 2026-03-02T08:01:00Z gate audit: user=bo action=login src=198.51.100.9 outcome=denied session=s2\n";
    let json = "Mar  2 08:00:00 vault1 audit {\"time\":\"2026-03-02T08:00:00Z\",\"who\":{\"email\":\"ann@example.com\"},\"operation\":\"key.create\",\"remote_ip\":\"192.0.2.9\"}\nMar  2 08:01:00 vault1 audit {\"time\":\"2026-03-02T08:01:00Z\",\"who\":{\"email\":\"bo@example.com\"},\"operation\":\"key.delete\",\"remote_ip\":\"192.0.2.9\"}\n";
    let prose = "Nothing of note happened.\nThen = nothing else.\n";
    for (text, field, value) in [
        (pairs, Field::EventAction, Some("key created")),
        (pairs, Field::UserName, Some("ann")),
        (pairs, Field::SourceIp, Some("192.0.2.9")),
        (pairs, Field::EventOutcome, Some("success")),
        (pairs, Field::SessionId, Some("s1")),
        (json, Field::EventAction, Some("key.create")),
        (json, Field::UserEmail, Some("ann@example.com")),
        (json, Field::SourceIp, Some("192.0.2.9")),
    ] {
        assert_eq!(
            first(text, field),
            (true, value.map(str::to_owned)),
            "{field:?}\n{text}"
        );
    }
    assert_eq!(
        first(prose, Field::Problems),
        (false, Some("opaque".to_owned()))
    );
}
