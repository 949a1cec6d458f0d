//! What is written, held against the published schemas and read back by other readers.
//!
//! Owns: the events of the tests, one for each combination of category, operation, outcome, object and knowledge of the
//! actor. Events are made up; addresses are those of RFC 5737, mail those of RFC 2606.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on must say so at once, also in what tests share"
)]

mod columns;
mod ecs;
mod ocsf;

use witnessmark_export::EventWriter;
use witnessmark_model::{
    Attestation, Change, ChangeKind, Event, Field, Instant, Locator, Target, verbs,
};

/// An event that has every field; further ones are made by leaving out.
pub(crate) fn full(number: u64) -> Event {
    let mut fields: Vec<(Field, String)> = [
        (Field::EventId, "evt_17"),
        (Field::EventAction, "member.updated"),
        (Field::EventCategory, "iam"),
        (Field::EventType, "MEMBER"),
        (Field::EventOperation, "update"),
        (Field::EventOutcome, "success"),
        (Field::EventReason, "asked \"for\""),
        (Field::EventProvider, "example"),
        (Field::EventOriginalTime, "2024-04-22 14:32:15"),
        (Field::EventZone, "Asia/Manila (chosen)"),
        (Field::EventSensitivity, "high"),
        (Field::OrganizationId, "org_1"),
        (Field::OrganizationName, "Acme"),
        (Field::UserId, "u-1"),
        (Field::UserEmail, "alice@example.com"),
        (Field::UserName, "Alice"),
        (Field::UserType, "user"),
        (Field::SourceIp, "203.0.113.45"),
        (Field::SourceCountry, "PH"),
        (Field::SourceCountryName, "Philippines"),
        (Field::SourceCity, "Manila"),
        (Field::UserAgentOriginal, "Safari on macOS"),
        (Field::UserAgentName, "Safari"),
        (Field::UserAgentOs, "macOS"),
        (Field::SessionId, "s-1"),
        (Field::ErrorType, "validation"),
        (Field::ErrorMessage, "no\u{9b}31m"),
        (Field::ServiceName, "API"),
        (Field::ServiceVersion, "2"),
        (Field::ServiceEnvironment, "production"),
        (Field::Message, "=1+1"),
        (Field::Profile, "example@1"),
    ]
    .map(|(f, v)| (f, v.to_owned()))
    .to_vec();
    fields.sort_by_key(|(f, _)| *f);
    Event {
        number,
        time: Some(Instant(1_713_767_535_123_456_789)),
        locator: Locator {
            source: 1,
            entry: number,
            part: 1,
            line: number + 1,
            offset: 97 * number,
            length: 96,
        },
        fields,
        targets: vec![target(Some("user"), Some("u-2"), Some("bob@example.com"))],
        changes: vec![
            Change {
                field: "email".into(),
                kind: Some(ChangeKind::Updated),
                old: Some("bob@example.com".into()),
                new: Some("rob@example.com".into()),
            },
            Change {
                field: "phone".into(),
                kind: Some(ChangeKind::Deleted),
                old: Some("1".into()),
                new: None,
            },
        ],
        related_ips: vec!["198.51.100.7".into(), "gateway".into()],
        problems: vec!["out_of_range".into()],
        attested: vec![
            Attestation {
                source: 1,
                entry: number,
            },
            Attestation {
                source: 2,
                entry: 5,
            },
        ],
    }
}

pub(crate) fn target(kind: Option<&str>, id: Option<&str>, name: Option<&str>) -> Target {
    let text = |t: Option<&str>| t.map(str::to_owned);
    Target {
        r#type: text(kind),
        id: text(id),
        name: text(name),
    }
}

/// An event with nothing but its place.
pub(crate) fn bare(number: u64) -> Event {
    Event {
        number,
        locator: full(number).locator,
        ..Event::default()
    }
}

pub(crate) fn set(event: &mut Event, field: Field, value: Option<&str>) {
    event.fields.retain(|(f, _)| *f != field);
    if let Some(value) = value {
        event.fields.push((field, value.to_owned()));
        event.fields.sort_by_key(|(f, _)| *f);
    }
}

/// Every combination of what the mappings look at.
pub(crate) fn every_kind() -> Vec<Event> {
    let mut out = vec![full(1), bare(2)];
    let objects = [
        None,
        Some(target(
            Some("AppUser"),
            Some("u-2"),
            Some("bob@example.com"),
        )),
        Some(target(Some("team"), None, Some("finance"))),
        Some(target(Some("payout_account"), Some("pa_9"), None)),
        Some(target(Some("webhook"), None, None)),
    ];
    for category in verbs::CATEGORIES {
        for operation in verbs::OPERATIONS {
            for object in &objects {
                for knows in 0..4 {
                    let mut event = full(out.len() as u64 + 1);
                    set(&mut event, Field::EventCategory, Some(category));
                    set(&mut event, Field::EventOperation, Some(operation));
                    let outcome = verbs::OUTCOMES[out.len() % 3];
                    set(&mut event, Field::EventOutcome, Some(outcome));
                    event.targets = object.iter().cloned().collect();
                    if knows & 1 == 0 {
                        for field in [Field::UserId, Field::UserName, Field::UserEmail] {
                            set(&mut event, field, None);
                        }
                    }
                    if knows & 2 == 0 {
                        set(&mut event, Field::SourceIp, None);
                    }
                    out.push(event);
                }
            }
        }
    }
    let mut odd = full(out.len() as u64 + 1);
    set(&mut odd, Field::SourceIp, Some("unknown host"));
    set(&mut odd, Field::SourceCountry, Some("Philippines"));
    set(&mut odd, Field::UserType, Some("customer"));
    set(&mut odd, Field::UserId, None);
    set(&mut odd, Field::UserName, None);
    odd.time = Some(Instant(-1));
    out.push(odd);
    out
}

/// Everything that a writer made of events.
pub(crate) fn written<'o>(
    events: &[Event],
    original: Option<&[u8]>,
    mut writer: Box<dyn EventWriter + 'o>,
) {
    for event in events {
        writer.write(event, original).unwrap();
    }
    writer.end().unwrap();
}
