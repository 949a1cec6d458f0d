//! ECS output against the field list of ECS 9.4.0.
//!
//! The list was taken from `ecs_flat` of the npm package `@elastic/ecs` 9.4.0 (Apache-2.0), which Elastic generates from
//! its schema: type, and whether the field is normalised to an array.

use std::collections::BTreeMap;

use serde_json::Value;
use witnessmark_export::{Lines, ecs};
use witnessmark_model::Field;

use crate::{bare, every_kind, full, set, written};

/// Field, type, whether it is an array.
const FIELDS: &[(&str, &str, bool)] = &[
    ("@timestamp", "date", false),
    ("message", "match_only_text", false),
    ("ecs.version", "keyword", false),
    ("event.kind", "keyword", false),
    ("event.category", "keyword", true),
    ("event.type", "keyword", true),
    ("event.outcome", "keyword", false),
    ("event.action", "keyword", false),
    ("event.id", "keyword", false),
    ("event.provider", "keyword", false),
    ("event.original", "keyword", false),
    ("event.timezone", "keyword", false),
    ("event.reason", "keyword", false),
    ("related.ip", "ip", true),
    ("related.user", "keyword", true),
    ("user.id", "keyword", false),
    ("user.name", "keyword", false),
    ("user.email", "keyword", false),
    ("user.target.id", "keyword", false),
    ("user.target.name", "keyword", false),
    ("user.target.email", "keyword", false),
    ("group.id", "keyword", false),
    ("group.name", "keyword", false),
    ("source.ip", "ip", false),
    ("source.address", "keyword", false),
    ("source.geo.country_iso_code", "keyword", false),
    ("source.geo.country_name", "keyword", false),
    ("source.geo.city_name", "keyword", false),
    ("user_agent.original", "keyword", false),
    ("user_agent.name", "keyword", false),
    ("user_agent.os.name", "keyword", false),
    ("error.type", "keyword", false),
    ("error.message", "match_only_text", false),
    ("service.name", "keyword", false),
    ("service.version", "keyword", false),
    ("service.environment", "keyword", false),
    ("organization.id", "keyword", false),
    ("organization.name", "keyword", false),
];

/// `event.category` and the types that ECS expects under each.
const CATEGORIES: &[(&str, &str)] = &[
    (
        "api",
        "access admin allowed change creation deletion denied end info start user",
    ),
    ("authentication", "start end info"),
    ("configuration", "access change creation deletion info"),
    ("file", "access change creation deletion info"),
    ("iam", "admin change creation deletion group info user"),
    (
        "network",
        "access allowed connection denied end info protocol start",
    ),
    ("session", "start end info"),
];

/// `event.type`.
const TYPES: &str = "access admin allowed change connection creation deletion denied end error group indicator info \
     installation protocol start user";

/// The leaves of an object by dotted path; lists are leaves.
fn leaves(value: &Value, path: &str, out: &mut BTreeMap<String, Value>) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                leaves(value, &path, out);
            }
        }
        leaf => drop(out.insert(path.to_owned(), leaf.clone())),
    }
}

fn fits(kind: &str, value: &Value) -> bool {
    match (kind, value.as_str()) {
        ("ip", Some(text)) => text.parse::<std::net::IpAddr>().is_ok(),
        ("date", Some(text)) => text.len() == 30 && text.ends_with('Z'),
        (_, text) => text.is_some_and(|t| !t.is_empty()),
    }
}

#[test]
fn every_field_is_one_of_ecs_with_its_type_and_its_closed_lists() {
    for event in every_kind() {
        let made = ecs::event(&event, Some(b"raw"));
        let mut found = BTreeMap::new();
        leaves(&made, "", &mut found);
        for (path, value) in &found {
            if path.starts_with("witnessmark.") {
                continue;
            }
            let (_, kind, list) = FIELDS
                .iter()
                .find(|(name, ..)| name == path)
                .unwrap_or_else(|| panic!("ECS has no field {path}: {made}"));
            let all = match value {
                Value::Array(items) if *list => items.iter().all(|v| fits(kind, v)),
                value => !list && fits(kind, value),
            };
            assert!(all, "{path} is {value}, ECS says {kind}, list: {list}");
        }
        assert_eq!(found["event.kind"], "event");
        assert_eq!(found["ecs.version"], "9.4.0");
        let words = |path: &str| -> Vec<String> {
            let list = found.get(path).and_then(Value::as_array).cloned();
            let texts = list.unwrap_or_default();
            texts
                .iter()
                .map(|v| v.as_str().unwrap().to_owned())
                .collect()
        };
        for word in words("event.type") {
            assert!(TYPES.split(' ').any(|t| t == word), "{word}");
            for category in words("event.category") {
                let expected = CATEGORIES.iter().find(|(c, _)| *c == category).unwrap().1;
                assert!(
                    expected.split(' ').any(|t| t == word),
                    "{word} is not expected under {category}"
                );
            }
        }
    }
}

#[test]
fn nothing_is_lost_and_nothing_is_made_up() {
    let event = full(17);
    let made = ecs::event(&event, Some(b"a,b"));
    let text = made.to_string();
    for (field, value) in &event.fields {
        let quoted = serde_json::to_string(value).unwrap();
        assert!(text.contains(&quoted), "{field:?} {value} in {text}");
    }
    assert_eq!(made["event"]["original"], "a,b");
    assert_eq!(made["@timestamp"], "2024-04-22T06:32:15.123456789Z");
    assert_eq!(made["event"]["timezone"], "Asia/Manila");
    assert_eq!(made["user"]["target"]["email"], "bob@example.com");
    assert_eq!(
        made["related"]["ip"],
        serde_json::json!(["203.0.113.45", "198.51.100.7"])
    );
    assert_eq!(
        made["witnessmark"]["related_addresses"],
        serde_json::json!(["gateway"])
    );
    let nothing = ecs::event(&bare(2), None);
    assert!(nothing.get("@timestamp").is_none() && nothing.get("user").is_none());
    let bytes = ecs::event(&bare(2), Some(b"\xff\x00"));
    assert_eq!(bytes["witnessmark"]["original_hex"], "ff00");
    assert!(bytes["event"].get("original").is_none());
}

#[test]
fn payments_have_no_category_rather_than_a_wrong_one() {
    let mut event = full(1);
    set(&mut event, Field::EventCategory, Some("payout"));
    let made = ecs::event(&event, None);
    assert!(made["event"].get("category").is_none());
    assert_eq!(made["witnessmark"]["category"], "payout");
}

#[test]
fn one_event_is_one_line_without_control_characters() {
    let mut out = Vec::new();
    let events = [full(1), bare(2)];
    written(&events, None, Box::new(Lines::ecs(&mut out)));
    let text = String::from_utf8(out).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
}
