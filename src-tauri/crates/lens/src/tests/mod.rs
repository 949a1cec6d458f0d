//! Tests of the filter language through its public functions: text in, numbers of events out.
//!
//! Owns: the small case that the tables ask. Never touches: the grammar's own types.

mod errors;
mod pieces;
mod properties;
mod semantics;
mod times;

use std::borrow::Cow;

use witnessmark_model::{Attestation, Change, ChangeKind, Event, Field, Instant, Target, Zone};

use crate::{Context, Query, QueryError, naive, naive::Facts, parse};

/// 2024-04-22T06:32:15Z, which is 14:32:15 in Manila.
const NOW: Instant = Instant(1_713_767_535_000_000_000);

fn lists(name: &str) -> Result<Vec<String>, String> {
    let items: &[&str] = match name {
        "bad-ips" => &["203.0.113.45", " 2001:db8::/32 ", "", "proxy.example"],
        "people" => &["Alice@Example.com", "bob"],
        "numbers" => &["1", "4"],
        "empty" => &[],
        "indicators" => &["203.0.113.45", "203[.]0[.]113[.]6"],
        "ports" => &["203.0.113.6:443"],
        "beyond" => &["203.0.113.300"],
        _ => return Err(format!("there is no list {name}")),
    };
    Ok(items.iter().map(|i| (*i).to_owned()).collect())
}

fn context(zone: &str) -> Context<'static> {
    Context {
        now: NOW,
        zone: Zone::parse(zone).unwrap(),
        lists: &lists,
    }
}

fn read(text: &str) -> Result<Query, QueryError> {
    parse(text, &context("UTC"))
}

/// The numbers of the events that pass.
fn found(text: &str) -> Vec<u64> {
    found_in(text, "UTC")
}

fn found_in(text: &str, zone: &str) -> Vec<u64> {
    let query = parse(text, &context(zone)).unwrap_or_else(|e| panic!("{text}: {e}"));
    let events = events();
    let passes = |e: &&Event| naive::matches(&query.expr, e, &Case);
    events.iter().filter(passes).map(|e| e.number).collect()
}

fn event(number: u64, at: &str, fields: &[(Field, &str)]) -> Event {
    Event {
        number,
        time: (!at.is_empty()).then(|| Instant::from_utc(at.parse().unwrap()).unwrap()),
        fields: fields.iter().map(|(f, v)| (*f, (*v).to_owned())).collect(),
        attested: vec![Attestation {
            source: 1,
            entry: number,
        }],
        ..Event::default()
    }
}

fn target(kind: &str, id: &str, name: &str) -> Target {
    let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Target {
        r#type: part(kind),
        id: part(id),
        name: part(name),
    }
}

fn change(field: &str, old: &str, new: &str) -> Change {
    let part = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Change {
        field: field.to_owned(),
        kind: Some(ChangeKind::Updated),
        old: part(old),
        new: part(new),
    }
}

/// Five events: 1 a sign-in, 2 a change, 3 a read of two targets, 4 a key, 5 an undated line.
fn events() -> Vec<Event> {
    use Field as F;
    let mut two = event(
        2,
        "2024-04-02T00:00:00Z",
        &[
            (F::EventAction, "payout.updated"),
            (F::EventOperation, "update"),
            (F::UserEmail, "alice@example.com"),
            (F::UserName, "Alice Merchant"),
            (F::SourceIp, "::ffff:203.0.113.46"),
            (F::SourceCountry, "DE"),
            (F::OrganizationId, "org-7"),
            (F::OrganizationName, "Straße & Söhne"),
        ],
    );
    two.changes = vec![
        change("bank.account", "DE11", "DE22"),
        change("limit", "100", "2500"),
    ];
    two.targets = vec![target("tenant", "42", "Main")];
    two.attested.push(Attestation {
        source: 2,
        entry: 9,
    });
    let mut three = event(
        3,
        "2024-04-22T06:00:00Z",
        &[
            (F::EventAction, "Payout.Read"),
            (F::EventOperation, "read"),
            (F::UserId, "bob"),
            (F::SourceIp, "2001:0db8:0::1"),
        ],
    );
    three.targets = vec![target("tenant", "43", ""), target("user", "42", "a/b")];
    three.related_ips = vec!["198.51.100.7".to_owned()];
    vec![
        event(
            1,
            "2024-04-01T23:59:59.5Z",
            &[
                (F::EventAction, "Login"),
                (F::EventCategory, "authentication"),
                (F::EventOutcome, "failure"),
                (F::UserName, "alice"),
                (F::SourceIp, "203.0.113.45"),
                (F::SourceCountry, "PH"),
                (F::UserAgentOriginal, "Safari on macOS"),
                (F::ErrorMessage, "Wrong password"),
                (F::ServiceVersion, "1.10"),
            ],
        ),
        two,
        three,
        event(
            4,
            "2024-04-22T06:31:00Z",
            &[
                (F::EventAction, "org.api_key:created"),
                (F::EventOperation, "create"),
                (F::SourceIp, "cloud.example"),
                (F::ErrorType, "validation"),
                (F::SessionId, "12345678901234567891"),
            ],
        ),
        event(5, "", &[(F::Message, "half a* line (cut) \"here\" \\")]),
    ]
}

/// What the small case knows besides its events.
struct Case;

impl Facts for Case {
    fn leaves(&self, event: &Event, visit: &mut dyn FnMut(&[&str], &str)) {
        match event.number {
            1 => {
                visit(&["Event Type"], "Login");
                visit(&["note"], "free text of the GROSSE Straße");
                visit(&["empty"], "");
            }
            2 => {
                visit(&["requestParameters", "bucketName"], "Logs");
                visit(&["requestParameters", "size"], "10");
            }
            3 => visit(&["requestParameters.bucketName"], "other"),
            5 => visit(&["line"], "undated OR -x key:value 12:30"),
            _ => {}
        }
    }

    fn raw(&self, event: &Event) -> Cow<'_, [u8]> {
        Cow::Borrowed(match event.number {
            1 => b"time,action\tLogin\n\xff",
            5 => br#"a "quote" \ back*"#,
            _ => b"{}",
        })
    }

    fn tags(&self, event: &Event) -> Vec<String> {
        let tags: &[&str] = match event.number {
            1 => &["benign", "seen"],
            2 => &["Benign"],
            3 => &["seen"],
            _ => &[],
        };
        tags.iter().map(|t| (*t).to_owned()).collect()
    }

    fn findings(&self, event: &Event) -> Vec<String> {
        if event.number == 2 {
            vec!["F-3".to_owned()]
        } else {
            Vec::new()
        }
    }

    fn source_name(&self, source: u32) -> Option<String> {
        Some(
            ["logs.csv", "okta.json"]
                .get(source as usize - 1)?
                .to_string(),
        )
    }

    fn joined_names(&self, _: &Event) -> Vec<String> {
        Vec::new()
    }
    fn overlays(&self, event: &Event, kind: &str) -> Vec<String> {
        match (event.number, kind) {
            (4, "note") => vec!["asked Bob by phone".to_owned()],
            (3, "bookmark") => vec![String::new()],
            _ => Vec::new(),
        }
    }
}
