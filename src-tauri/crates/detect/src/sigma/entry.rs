//! Fields of a raw entry as rules name them.
//!
//! Owns: how a dotted name leads into JSON, and what is compared there. Never touches: rules. A name is first a key as it
//! stands, then a path; a list on the way means any of its elements; an object is compared as its compact JSON; absent and
//! null are the same. Keys are compared exactly, and where none fits without regard to case.

use serde_json::{Map, Value};

use super::pattern::fold;

/// One value: as it stands, and without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) raw: String,
    pub(crate) folded: String,
}

impl Found {
    fn new(raw: String) -> Self {
        let folded = fold(&raw);
        Self { raw, folded }
    }
}

/// Lists and objects that may stand in each other.
const DEEPEST: usize = 64;

/// Every value that a name leads to.
pub(crate) fn values(entry: &Value, name: &str, out: &mut Vec<Found>) {
    lead(entry, name, DEEPEST, out);
}

fn lead(value: &Value, rest: &str, depth: usize, out: &mut Vec<Found>) {
    if depth == 0 {
        return;
    }
    match value {
        Value::Array(items) => items
            .iter()
            .for_each(|item| lead(item, rest, depth - 1, out)),
        Value::Object(map) => {
            if let Some(value) = member(map, rest) {
                end(value, out);
                return;
            }
            for (at, _) in rest.match_indices('.') {
                if let Some(value) = member(map, &rest[..at]) {
                    lead(value, &rest[at + 1..], depth - 1, out);
                    return;
                }
            }
        }
        _ => {}
    }
}

fn member<'v>(map: &'v Map<String, Value>, key: &str) -> Option<&'v Value> {
    map.get(key).or_else(|| {
        map.iter()
            .find(|(k, _)| k.len() == key.len() && k.eq_ignore_ascii_case(key))
            .map(|(_, v)| v)
    })
}

fn end(value: &Value, out: &mut Vec<Found>) {
    match value {
        Value::Null => {}
        Value::String(text) => out.push(Found::new(text.clone())),
        Value::Number(n) => out.push(Found::new(n.to_string())),
        Value::Bool(b) => out.push(Found::new(b.to_string())),
        Value::Array(items) => items.iter().for_each(|item| end(item, out)),
        Value::Object(_) => out.push(Found::new(value.to_string())),
    }
}

/// Every leaf, for rules that look for words wherever they stand.
pub(crate) fn leaves(entry: &Value, out: &mut Vec<Found>) {
    let mut open = vec![entry];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(map) => open.extend(map.values()),
            leaf => end(leaf, out),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_lead_through_keys_lists_and_dots() {
        let entry = json!({
            "eventName": "StopLogging", "userIdentity": {"type": "Root"}, "actor.alternateId": "x",
            "target": [{"id": 1, "type": "User"}, {"id": 2}], "tags": ["a", null, "b"], "nothing": null, "deep": {"a.b": {"c": true}}
        });
        let of = |name: &str| {
            let mut out = Vec::new();
            values(&entry, name, &mut out);
            out.into_iter().map(|f| f.raw).collect::<Vec<_>>()
        };
        assert_eq!(of("eventName"), ["StopLogging"]);
        assert_eq!(of("eventname"), ["StopLogging"]);
        assert_eq!(of("userIdentity.type"), ["Root"]);
        assert_eq!(of("actor.alternateId"), ["x"]);
        assert_eq!(of("target.id"), ["1", "2"]);
        assert_eq!(of("tags"), ["a", "b"]);
        assert_eq!(of("deep.a.b.c"), ["true"]);
        assert_eq!(of("userIdentity"), [r#"{"type":"Root"}"#]);
        assert!(
            of("nothing").is_empty() && of("absent").is_empty() && of("eventName.x").is_empty()
        );
    }
}
