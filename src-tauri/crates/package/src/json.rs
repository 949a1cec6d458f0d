//! Canonical JSON (RFC 8785): sorted keys, no spaces, so that the same object is the same bytes everywhere.
//!
//! Owns: the line of an event, written without a tree in between, and the canonical text of small objects. Never touches:
//! which events. Numbers are whole and below 2^53, keys are ASCII, so the order of bytes is the order of the RFC.

use std::fmt::Write as _;

use serde_json::Value;
use witnessmark_model::{Event, Field};

use crate::tree::Hash;

/// The canonical text of a small object.
#[must_use]
pub(crate) fn canonical(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let mut keys: Vec<_> = members.iter().collect();
                keys.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
                Value::Object(
                    keys.into_iter()
                        .map(|(k, v)| (k.clone(), sorted(v)))
                        .collect(),
                )
            }
            Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    sorted(value).to_string()
}

/// A text as JSON.
pub(crate) fn text(value: &str, out: &mut String) {
    out.push('"');
    let mut plain = 0;
    for (at, byte) in value.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x0c => "\\f",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&value[plain..at]);
        plain = at + 1;
        if escape.is_empty() {
            // Writing into a text cannot fail.
            let _ = write!(out, "\\u{byte:04x}");
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&value[plain..]);
    out.push('"');
}

/// What stands in a package for the bytes of an event's entry.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bound<'b> {
    /// The leaf of the entry in the tree of its source.
    Leaf(&'b Hash),
    /// The leaf behind a salt that stays in the case.
    Commitment(&'b Hash),
}

fn key(key: &str, line: &mut String) {
    if !line.ends_with(['{', '[']) {
        line.push(',');
    }
    let _ = write!(line, "\"{key}\":");
}

fn member(name: &str, value: Option<&str>, line: &mut String) {
    if let Some(value) = value {
        key(name, line);
        text(value, line);
    }
}

/// An object of those members that are there; nothing when none is.
fn object(name: &str, members: &[(&str, Option<&str>)], line: &mut String) {
    if members.iter().all(|(_, value)| value.is_none()) {
        return;
    }
    key(name, line);
    line.push('{');
    for (name, value) in members {
        member(name, *value, line);
    }
    line.push('}');
}

fn list<T>(name: &str, items: &[T], line: &mut String, mut each: impl FnMut(&T, &mut String)) {
    key(name, line);
    line.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            line.push(',');
        }
        each(item, line);
    }
    line.push(']');
}

/// One line of `events.ndjson`, with its line feed: the event in the shape of the contract, its keys in canonical order.
pub(crate) fn event(event: &Event, bound: Bound<'_>, line: &mut String) {
    use Field as F;
    let get = |field: Field| event.get(field);
    line.clear();
    line.push('{');
    let time = event.time.map(|t| t.rfc3339());
    member("@timestamp", time.as_deref(), line);
    if !event.changes.is_empty() {
        list("changes", &event.changes, line, |change, line| {
            line.push('{');
            member("field", Some(&change.field), line);
            member("kind", change.kind.map(|k| k.as_str()), line);
            member("new", change.new.as_deref(), line);
            member("old", change.old.as_deref(), line);
            line.push('}');
        });
    }
    let error = [
        ("message", get(F::ErrorMessage)),
        ("type", get(F::ErrorType)),
    ];
    object("error", &error, line);
    let what = [
        ("action", get(F::EventAction)),
        ("category", get(F::EventCategory)),
        ("id", get(F::EventId)),
        ("operation", get(F::EventOperation)),
        ("original_time", get(F::EventOriginalTime)),
        ("outcome", get(F::EventOutcome)),
        ("provider", get(F::EventProvider)),
        ("reason", get(F::EventReason)),
        ("sensitivity", get(F::EventSensitivity)),
        ("type", get(F::EventType)),
        ("zone", get(F::EventZone)),
    ];
    object("event", &what, line);
    member("message", get(F::Message), line);
    let organization = [
        ("id", get(F::OrganizationId)),
        ("name", get(F::OrganizationName)),
    ];
    object("organization", &organization, line);
    if !event.related_ips.is_empty() {
        key("related", line);
        line.push('{');
        list("ip", &event.related_ips, line, |ip, line| text(ip, line));
        line.push('}');
    }
    let service = [
        ("environment", get(F::ServiceEnvironment)),
        ("name", get(F::ServiceName)),
        ("version", get(F::ServiceVersion)),
    ];
    object("service", &service, line);
    object("session", &[("id", get(F::SessionId))], line);
    source(event, line);
    if !event.targets.is_empty() {
        list("target", &event.targets, line, |target, line| {
            line.push('{');
            member("id", target.id.as_deref(), line);
            member("name", target.name.as_deref(), line);
            member("type", target.r#type.as_deref(), line);
            line.push('}');
        });
    }
    let user = [
        ("email", get(F::UserEmail)),
        ("id", get(F::UserId)),
        ("name", get(F::UserName)),
        ("type", get(F::UserType)),
    ];
    object("user", &user, line);
    agent(event, line);
    place(event, bound, line);
    line.push_str("}\n");
}

fn source(event: &Event, line: &mut String) {
    use Field as F;
    let ip = event.get(F::SourceIp);
    let geo = [
        ("city_name", event.get(F::SourceCity)),
        ("country_iso_code", event.get(F::SourceCountry)),
        ("country_name", event.get(F::SourceCountryName)),
    ];
    if ip.is_none() && geo.iter().all(|(_, v)| v.is_none()) {
        return;
    }
    key("source", line);
    line.push('{');
    object("geo", &geo, line);
    member("ip", ip, line);
    line.push('}');
}

fn agent(event: &Event, line: &mut String) {
    use Field as F;
    let (name, original) = (event.get(F::UserAgentName), event.get(F::UserAgentOriginal));
    let os = [("name", event.get(F::UserAgentOs))];
    if name.is_none() && original.is_none() && os[0].1.is_none() {
        return;
    }
    key("user_agent", line);
    line.push('{');
    member("name", name, line);
    member("original", original, line);
    object("os", &os, line);
    line.push('}');
}

fn place(event: &Event, bound: Bound<'_>, line: &mut String) {
    let at = &event.locator;
    key("witnessmark", line);
    line.push('{');
    list("attested", &event.attested, line, |a, line| {
        let _ = write!(line, "{{\"entry\":{},\"source\":{}}}", a.entry, a.source);
    });
    if let Bound::Commitment(hash) = bound {
        member("commitment", Some(&hex::encode(hash)), line);
    }
    let _ = write!(line, ",\"entry\":{},\"event\":{}", at.entry, event.number);
    if let Bound::Leaf(hash) = bound {
        member("leaf", Some(&hex::encode(hash)), line);
    }
    let _ = write!(
        line,
        ",\"length\":{},\"line\":{},\"offset\":{},\"part\":{}",
        at.length, at.line, at.offset, at.part
    );
    list("problems", &event.problems, line, |code, line| {
        text(code, line)
    });
    member("profile", event.get(Field::Profile), line);
    let _ = write!(line, ",\"source\":{}}}", at.source);
}

#[cfg(test)]
mod tests {
    use super::*;
    use witnessmark_model::{Attestation, Change, ChangeKind, Instant, Locator, Target};

    #[test]
    fn the_line_of_an_event_is_canonical_json() {
        let all = |field: &Field| !field.is_list();
        let full = Event {
            number: 7,
            time: Some(Instant(1_713_767_535_000_000_000)),
            locator: Locator {
                source: 1,
                entry: 7,
                part: 1,
                line: 8,
                offset: 90,
                length: 30,
            },
            fields: Field::ALL
                .iter()
                .copied()
                .filter(all)
                .map(|f| (f, format!("{} \"\\\u{1}\u{7f}é\n", f.name())))
                .collect(),
            targets: vec![
                Target::default(),
                Target {
                    id: Some("42".into()),
                    ..Target::default()
                },
            ],
            changes: vec![Change {
                field: "a.b".into(),
                kind: Some(ChangeKind::Updated),
                old: Some("1".into()),
                new: None,
            }],
            related_ips: vec!["203.0.113.1".into()],
            problems: vec!["nul".into()],
            attested: vec![Attestation {
                source: 1,
                entry: 7,
            }],
        };
        for event_ in [full, Event::default()] {
            for bound in [Bound::Leaf(&[1; 32]), Bound::Commitment(&[2; 32])] {
                let mut line = String::new();
                event(&event_, bound, &mut line);
                let value: Value = serde_json::from_str(&line).unwrap();
                assert_eq!(format!("{}\n", canonical(&value)), line);
            }
        }
    }
}
