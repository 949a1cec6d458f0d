//! OCSF output against the attributes of OCSF 1.7.0.
//!
//! The lists were taken from <https://schema.ocsf.io/1.7.0/export/schema> (Apache-2.0), as the PyPI package
//! `ocsf-json-schema` 1.2.0 carries it; with that package every kind of event here was also validated as JSON Schema.
//! Attributes that belong to a profile which is not used (`cloud`, `host`, `osint`) are not in the lists.

use serde_json::{Map, Value};
use witnessmark_export::{Lines, ocsf};
use witnessmark_model::{Field, Instant};

use crate::{bare, every_kind, full, set, written};

/// A type of an attribute, as far as JSON shows it.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Number,
    Ip,
    /// Any members.
    Open,
    Object(&'static [(&'static str, Kind)], &'static [&'static str]),
    List(&'static Kind),
}

use Kind::{Ip, List, Number, Object, Open, Text};

/// Attributes, and the names of which at least one must be there.
const USER: Kind = Object(
    &[
        ("uid", Text),
        ("name", Text),
        ("email_addr", Text),
        ("type_id", Number),
        ("type", Text),
    ],
    &["name", "uid", "account"],
);
const SESSION: Kind = Object(&[("uid", Text)], &[]);
const ACTOR: Kind = Object(
    &[("user", USER), ("session", SESSION)],
    &["user", "session"],
);
const SERVICE: Kind = Object(&[("name", Text), ("version", Text)], &["name", "uid"]);
const ENDPOINT: Kind = Object(
    &[
        ("ip", Ip),
        ("name", Text),
        (
            "location",
            Object(&[("country", Text), ("city", Text)], &["country", "city"]),
        ),
        ("intermediate_ips", List(&Ip)),
    ],
    &["ip", "name"],
);
const REQUEST: Kind = Object(&[("user_agent", Text)], &[]);
const METADATA: Kind = Object(
    &[
        ("version", Text),
        (
            "product",
            Object(&[("name", Text), ("vendor_name", Text)], &["name", "uid"]),
        ),
        ("uid", Text),
        ("event_code", Text),
        ("original_time", Text),
        ("tenant_uid", Text),
        ("sequence", Number),
    ],
    &["version"],
);
const OBSERVABLE: Kind = Object(
    &[
        ("name", Text),
        ("type_id", Number),
        ("type", Text),
        ("value", Text),
    ],
    &["type_id"],
);
const NAMED: &[(&str, Kind)] = &[("uid", Text), ("name", Text), ("type", Text)];
const ENTITY: Kind = Object(
    &[
        ("uid", Text),
        ("name", Text),
        ("type", Text),
        ("type_id", Number),
    ],
    &["uid", "name"],
);
const API: Kind = Object(
    &[("operation", Text), ("service", SERVICE), ("version", Text)],
    &["operation"],
);

const BASE: &[(&str, Kind)] = &[
    ("activity_id", Number),
    ("activity_name", Text),
    ("category_uid", Number),
    ("category_name", Text),
    ("class_uid", Number),
    ("class_name", Text),
    ("type_uid", Number),
    ("type_name", Text),
    ("severity_id", Number),
    ("severity", Text),
    ("time", Number),
    ("metadata", METADATA),
    ("status_id", Number),
    ("status", Text),
    ("status_detail", Text),
    ("message", Text),
    ("observables", List(&OBSERVABLE)),
    ("raw_data", Text),
    ("raw_data_size", Number),
    ("unmapped", Open),
];
const REQUIRED: &[&str] = &[
    "activity_id",
    "type_uid",
    "severity_id",
    "metadata",
    "class_uid",
    "category_uid",
];

/// A class: number, activities, attributes beside the base, what it requires beside the base.
type Class = (
    u64,
    &'static [(u64, &'static str)],
    &'static [(&'static str, Kind)],
    &'static [&'static str],
);

const CLASSES: &[Class] = &[
    (0, &[], &[], &[]),
    (
        3001,
        &[(1, "Create"), (2, "Enable"), (5, "Disable"), (6, "Delete")],
        &[
            ("actor", ACTOR),
            ("user", USER),
            ("src_endpoint", ENDPOINT),
            ("http_request", REQUEST),
        ],
        &["user"],
    ),
    (
        3002,
        &[(1, "Logon"), (2, "Logoff")],
        &[
            ("actor", ACTOR),
            ("user", USER),
            ("session", SESSION),
            ("service", SERVICE),
            ("src_endpoint", ENDPOINT),
            ("http_request", REQUEST),
        ],
        // The class asks for one of `service` and `dst_endpoint`.
        &["user", "service"],
    ),
    (
        3004,
        &[
            (1, "Create"),
            (2, "Read"),
            (3, "Update"),
            (4, "Delete"),
            (5, "Move"),
            (6, "Enroll"),
            (8, "Enable"),
            (9, "Disable"),
        ],
        &[
            ("actor", ACTOR),
            ("entity", ENTITY),
            ("src_endpoint", ENDPOINT),
            ("http_request", REQUEST),
        ],
        &["entity"],
    ),
    (
        3006,
        &[
            (1, "Assign Privileges"),
            (2, "Revoke Privileges"),
            (5, "Delete"),
            (6, "Create"),
        ],
        &[
            ("actor", ACTOR),
            ("group", Object(NAMED, &["uid", "name"])),
            ("src_endpoint", ENDPOINT),
            ("http_request", REQUEST),
        ],
        &["group"],
    ),
    (
        6003,
        &[(1, "Create"), (2, "Read"), (3, "Update"), (4, "Delete")],
        &[
            ("actor", ACTOR),
            ("api", API),
            ("resources", List(&Object(NAMED, &["uid", "name"]))),
            ("src_endpoint", ENDPOINT),
            ("http_request", REQUEST),
        ],
        &["actor", "api", "src_endpoint"],
    ),
    (6008, &[(1, "General Error")], &[], &[]),
];

fn check(kind: &Kind, value: &Value, at: &str) {
    match kind {
        Text => assert!(value.as_str().is_some_and(|t| !t.is_empty()), "{at}"),
        Number => assert!(value.is_i64() || value.is_u64(), "{at}"),
        Ip => {
            let text = value.as_str().unwrap();
            assert!(text.parse::<std::net::IpAddr>().is_ok(), "{at}: {text}");
        }
        Open => assert!(value.is_object(), "{at}"),
        List(kind) => {
            let items = value.as_array().unwrap();
            assert!(!items.is_empty(), "{at}");
            items.iter().for_each(|item| check(kind, item, at));
        }
        Object(attributes, one_of) => {
            let members = value.as_object().unwrap();
            members_of(members, &[attributes], at);
            assert!(
                one_of.is_empty() || one_of.iter().any(|a| members.contains_key(*a)),
                "{at} needs one of {one_of:?}: {value}"
            );
        }
    }
}

fn members_of(members: &Map<String, Value>, lists: &[&[(&str, Kind)]], at: &str) {
    for (key, value) in members {
        let known = lists
            .iter()
            .copied()
            .flatten()
            .find(|(name, _)| name == key);
        let (_, kind) = known.unwrap_or_else(|| panic!("{at} has no attribute {key}"));
        check(kind, value, &format!("{at}.{key}"));
    }
}

#[test]
fn every_event_is_valid_in_its_class() {
    let mut seen = std::collections::BTreeSet::new();
    for event in every_kind() {
        let made = ocsf::event(&event, Some(b"raw"));
        let members = made.as_object().unwrap();
        let uid = made["class_uid"].as_u64().unwrap();
        seen.insert(uid);
        let (_, activities, attributes, required) = CLASSES.iter().find(|c| c.0 == uid).unwrap();
        members_of(members, &[BASE, attributes], &format!("class {uid}"));
        for name in REQUIRED.iter().chain(*required) {
            assert!(
                members.contains_key(*name),
                "class {uid} needs {name}: {made}"
            );
        }
        assert_eq!(made.get("time").is_some(), event.time.is_some());
        let activity = made["activity_id"].as_u64().unwrap();
        assert_eq!(made["type_uid"], uid * 100 + activity);
        assert_eq!(made["category_uid"], uid / 1000);
        let caption = made["activity_name"].as_str().unwrap();
        match activity {
            0 => assert_eq!(caption, "Unknown"),
            99 => assert_eq!(event.get(Field::EventOperation), Some(caption)),
            known => assert!(
                activities.contains(&(known, caption)),
                "{uid} {known} {caption}"
            ),
        }
    }
    let all: Vec<u64> = CLASSES.iter().map(|c| c.0).collect();
    assert_eq!(
        seen.into_iter().collect::<Vec<_>>(),
        all,
        "every class is met"
    );
}

#[test]
fn nothing_is_lost() {
    for mut event in every_kind() {
        event.related_ips.clear();
        let text = ocsf::event(&event, None).to_string();
        for (field, value) in &event.fields {
            // The code of a country in capitals, the word of the outcome as the caption of a status.
            let folded = serde_json::to_string(value).unwrap().to_lowercase();
            assert!(
                text.to_lowercase().contains(folded.trim_matches('"')),
                "{field:?} {value} in {text}"
            );
        }
    }
}

#[test]
fn a_sign_in_an_account_and_an_object_have_their_classes() {
    let class = |category: &str, operation: &str, object: Option<usize>| {
        let mut event = full(1);
        set(&mut event, Field::EventCategory, Some(category));
        set(&mut event, Field::EventOperation, Some(operation));
        match object {
            None => event.targets.clear(),
            Some(0) => {}
            Some(_) => event.targets[0].r#type = Some("payout_account".into()),
        }
        let made = ocsf::event(&event, None);
        (
            made["class_uid"].as_u64().unwrap(),
            made["activity_id"].as_u64().unwrap(),
        )
    };
    assert_eq!(class("authentication", "authenticate", None), (3002, 1));
    assert_eq!(class("session", "logout", None), (3002, 2));
    assert_eq!(class("iam", "create", Some(0)), (3001, 1));
    assert_eq!(class("iam", "update", Some(0)), (3001, 99));
    assert_eq!(class("payout", "update", Some(1)), (3004, 3));
    assert_eq!(class("data", "read", Some(1)), (6003, 2));
    assert_eq!(class("error", "fail", None), (6008, 1));
}

#[test]
fn milliseconds_round_down_also_before_1970() {
    let mut event = full(1);
    event.time = Some(Instant(-1));
    assert_eq!(ocsf::event(&event, None)["time"], -1);
    event.time = Some(Instant(1_999_999));
    assert_eq!(ocsf::event(&event, None)["time"], 1);
}

#[test]
fn one_event_is_one_line() {
    let mut out = Vec::new();
    let events = [full(1), bare(2)];
    written(&events, None, Box::new(Lines::ocsf(&mut out)));
    assert_eq!(String::from_utf8(out).unwrap().lines().count(), 2);
}
