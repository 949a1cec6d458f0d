//! One event in the Elastic Common Schema.
//!
//! Owns: the mapping to ECS 9.4.0 (<https://www.elastic.co/docs/reference/ecs>): field names and types, and the closed
//! lists of `event.kind`, `event.category`, `event.type` and `event.outcome`. Never touches: what an event means.
//!
//! What ECS has no place for stands under `witnessmark.`, which no ECS field begins with, so nothing is lost and nothing
//! of ours is taken for ECS. A category of ours that ECS has no word for (payments, payouts, know-your-customer) gives no
//! `event.category`: a wrong bucket is worse than none.

use serde_json::{Map, Value, json};
use witnessmark_model::{Event, Field};

use crate::{
    json::{put, put_text},
    subject::{Subject, address, addresses, first_of},
};

/// The version of the schema that is written into `ecs.version`.
pub const VERSION: &str = "9.4.0";

/// Fields that mean the same in ECS under the same name, all of type keyword or text.
const SAME: &[Field] = &[
    Field::EventId,
    Field::EventAction,
    Field::EventOutcome,
    Field::EventReason,
    Field::EventProvider,
    Field::OrganizationId,
    Field::OrganizationName,
    Field::UserId,
    Field::UserEmail,
    Field::UserName,
    Field::SourceCountry,
    Field::SourceCountryName,
    Field::SourceCity,
    Field::UserAgentOriginal,
    Field::UserAgentName,
    Field::UserAgentOs,
    Field::ErrorType,
    Field::ErrorMessage,
    Field::ServiceName,
    Field::ServiceVersion,
    Field::ServiceEnvironment,
    Field::Message,
];

/// Fields that ECS has no place for, or whose ECS namesake means something else, and where they stand instead.
const OURS: &[(Field, &str)] = &[
    (Field::EventCategory, "witnessmark.category"),
    (Field::EventOperation, "witnessmark.operation"),
    // ECS `event.type` is a closed list; the vendor's class of the event is none of its words.
    (Field::EventType, "witnessmark.vendor_type"),
    (Field::EventSensitivity, "witnessmark.sensitivity"),
    (Field::EventOriginalTime, "witnessmark.original_time"),
    (Field::EventZone, "witnessmark.zone"),
    (Field::UserType, "witnessmark.user_type"),
    (Field::SessionId, "witnessmark.session.id"),
    (Field::Profile, "witnessmark.profile"),
];

/// The event as ECS JSON; `original` becomes `event.original`, or `witnessmark.original_hex` where it is no UTF-8.
/// An event without a time has no `@timestamp`, although ECS asks for one: a time that is not known is not made up.
#[must_use]
pub fn event(event: &Event, original: Option<&[u8]>) -> Value {
    let mut out = Value::Object(Map::new());
    if let Some(at) = event.time {
        put(&mut out, "@timestamp", at.rfc3339());
    }
    put(&mut out, "ecs.version", VERSION);
    put(&mut out, "event.kind", "event");
    let category = category(event);
    if let Some(category) = category {
        put(&mut out, "event.category", json!([category]));
    }
    let types = types(event, category);
    if !types.is_empty() {
        put(&mut out, "event.type", types);
    }
    for field in SAME {
        put_text(&mut out, field.name(), event.get(*field));
    }
    put_text(&mut out, "event.timezone", zone(event));
    match original.map(|bytes| (bytes, std::str::from_utf8(bytes))) {
        Some((_, Ok(text))) => put(&mut out, "event.original", text),
        Some((bytes, Err(_))) => put(&mut out, "witnessmark.original_hex", hex::encode(bytes)),
        None => {}
    }
    if let Some(ip) = event.get(Field::SourceIp) {
        put(&mut out, "source.address", ip);
        put_text(&mut out, "source.ip", address(ip).as_deref());
    }
    done_to(event, &mut out);
    let ips = addresses(event);
    if !ips.is_empty() {
        put(&mut out, "related.ip", ips);
    }
    let users = users(event);
    if !users.is_empty() {
        put(&mut out, "related.user", users);
    }
    for (field, path) in OURS {
        put_text(&mut out, path, event.get(*field));
    }
    lists(event, &mut out);
    place(event, &mut out);
    out
}

/// The word of ECS's closed list for our category, where it has one.
fn category(event: &Event) -> Option<&'static str> {
    Some(match event.get(Field::EventCategory)? {
        "authentication" => "authentication",
        "session" => "session",
        "iam" | "credential" => "iam",
        "configuration" | "organization" => "configuration",
        "file" => "file",
        "network" => "network",
        "api" => "api",
        _ => return None,
    })
}

/// What ECS expects as `event.type` under a category; everything where there is none.
fn expected(category: Option<&str>) -> &'static [&'static str] {
    match category {
        Some("authentication" | "session") => &["start", "end", "info"],
        Some("iam") => &[
            "admin", "change", "creation", "deletion", "group", "info", "user",
        ],
        Some("configuration" | "file") => &["access", "change", "creation", "deletion", "info"],
        Some("network") => &[
            "access",
            "allowed",
            "connection",
            "denied",
            "end",
            "info",
            "protocol",
            "start",
        ],
        Some("api") => &[
            "access", "admin", "allowed", "change", "creation", "deletion", "denied", "end",
            "info", "start", "user",
        ],
        _ => &[
            "access", "allowed", "change", "creation", "deletion", "denied", "end", "error",
            "info", "start",
        ],
    }
}

fn types(event: &Event, category: Option<&str>) -> Vec<&'static str> {
    let failed = event.get(Field::EventOutcome) == Some("failure");
    let word = match event.get(Field::EventOperation) {
        Some("authenticate") => "start",
        Some("logout") => "end",
        Some("authorize") if failed => "denied",
        Some("authorize") => "allowed",
        Some("list" | "read" | "export" | "execute") => "access",
        Some("create" | "import" | "invite" | "join") => "creation",
        Some("delete") => "deletion",
        Some(
            "update" | "grant" | "revoke" | "enable" | "disable" | "approve" | "reject"
            | "transfer",
        ) => "change",
        Some("fail") => "error",
        Some(_) => "info",
        None if category.is_some() => "info",
        None => return Vec::new(),
    };
    let allowed = expected(category);
    let mut out = vec![if allowed.contains(&word) {
        word
    } else {
        "info"
    }];
    if category == Some("iam") {
        if first_of(event, Subject::User).is_some() {
            out.push("user");
        } else if first_of(event, Subject::Group).is_some() {
            out.push("group");
        }
    }
    out
}

/// The zone in which the source's times were read, without the reason that stands behind it.
fn zone(event: &Event) -> Option<&str> {
    let zone = event.get(Field::EventZone)?;
    let name = zone.split(" (").next().unwrap_or(zone);
    (!name.is_empty()).then_some(name)
}

/// The person or group that something was done to.
fn done_to(event: &Event, out: &mut Value) {
    if let Some(user) = first_of(event, Subject::User) {
        put_text(out, "user.target.id", user.id.as_deref());
        let name = user.name.as_deref();
        let path = match name {
            Some(name) if name.contains('@') => "user.target.email",
            _ => "user.target.name",
        };
        put_text(out, path, name);
    }
    if let Some(group) = first_of(event, Subject::Group) {
        put_text(out, "group.id", group.id.as_deref());
        put_text(out, "group.name", group.name.as_deref());
    }
}

/// Every name under which a person appears in the event.
fn users(event: &Event) -> Vec<&str> {
    let mut out: Vec<&str> = Vec::new();
    let actor = [Field::UserId, Field::UserEmail, Field::UserName]
        .into_iter()
        .filter_map(|f| event.get(f));
    let target = first_of(event, Subject::User)
        .into_iter()
        .flat_map(|t| [t.id.as_deref(), t.name.as_deref()])
        .flatten();
    for name in actor.chain(target) {
        if !out.contains(&name) {
            out.push(name);
        }
    }
    out
}

/// Lists that ECS has no place for.
fn lists(event: &Event, out: &mut Value) {
    let targets: Vec<Value> = event.targets.iter().map(target).collect();
    if !targets.is_empty() {
        put(out, "witnessmark.target", targets);
    }
    let changes: Vec<Value> = event.changes.iter().map(change).collect();
    if !changes.is_empty() {
        put(out, "witnessmark.changes", changes);
    }
    // What is no address cannot stand in `related.ip`, whose type is `ip`.
    let odd: Vec<&String> = (event.related_ips.iter())
        .filter(|ip| address(ip).is_none())
        .collect();
    if !odd.is_empty() {
        put(out, "witnessmark.related_addresses", json!(odd));
    }
}

/// One target as JSON, absent parts left out.
pub(crate) fn target(target: &witnessmark_model::Target) -> Value {
    let mut out = Value::Object(Map::new());
    put_text(&mut out, "type", target.r#type.as_deref());
    put_text(&mut out, "id", target.id.as_deref());
    put_text(&mut out, "name", target.name.as_deref());
    out
}

/// One change as JSON, absent parts left out.
pub(crate) fn change(change: &witnessmark_model::Change) -> Value {
    let mut out = json!({ "field": change.field });
    put_text(&mut out, "kind", change.kind.map(|k| k.as_str()));
    put_text(&mut out, "old", change.old.as_deref());
    put_text(&mut out, "new", change.new.as_deref());
    out
}

/// Where the event stands in the case, in the words of `events --json`.
pub(crate) fn place(event: &Event, out: &mut Value) {
    let at = &event.locator;
    put(out, "witnessmark.event", event.number);
    put(out, "witnessmark.source", at.source);
    put(out, "witnessmark.entry", at.entry);
    put(out, "witnessmark.part", at.part);
    put(out, "witnessmark.line", at.line);
    put(out, "witnessmark.offset", at.offset);
    put(out, "witnessmark.length", at.length);
    let attested: Vec<Value> = (event.attested.iter())
        .map(|a| json!({ "source": a.source, "entry": a.entry }))
        .collect();
    put(out, "witnessmark.attested", attested);
    put(out, "witnessmark.problems", json!(event.problems));
}
