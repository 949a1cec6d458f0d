//! Drill-downs against plain walks over whole events, on made-up logs.
//!
//! Owns: those logs and what is read back of them. Never touches: the ways in which a drill-down counts; what stands here
//! is as plain as can be, so that it is right by reading.

mod actor;
mod errors;
mod lives;
mod record;
mod seen;
mod sessions;
mod signins;
mod strange;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;
use witnessmark_lens::Expr;
use witnessmark_model::{ActorParts, Event, Field, IdentityKey, Instant, Zone, actor as who};
use witnessmark_store::query::{Order, View};

use crate::api::ImportChoices;
use crate::{Case, Input, Setting};

/// One line of a log. Small numbers choose values, so that they repeat.
#[derive(Clone, Debug)]
pub(super) struct Line {
    action: usize,
    model: Option<(usize, usize, bool)>,
    /// Hours since the start; some fall together.
    hour: Option<u32>,
    who: Option<(usize, usize)>,
    address: Option<usize>,
    country: Option<usize>,
    agent: Option<usize>,
    session: Option<usize>,
    tenant: Option<usize>,
    failed: bool,
    change: Option<(usize, Option<usize>, Option<usize>)>,
    second: bool,
}

const ACTIONS: [&str; 6] = ["login", "read", "list", "create", "update", "delete"];
const MODELS: [&str; 3] = ["Role", "User", "PSP Customer Account"];
const AGENTS: [&str; 3] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "curl/8.9",
];
const FIELDS: [&str; 3] = ["name", "limits.daily", "limits"];
const COUNTRIES: [&str; 4] = ["PH", "SG", "DE", "BR"];

pub(super) fn line() -> impl Strategy<Value = Line> {
    let few = |n: usize| prop_oneof![3 => 0..2_usize, 1 => 0..n];
    let maybe = |share: f64, n: usize| {
        let few = prop_oneof![3 => 0..2_usize, 1 => 0..n];
        prop::option::weighted(share, few)
    };
    let model = (few(3), few(4), prop::bool::weighted(0.2));
    (
        (
            prop_oneof![2 => Just(0_usize), 3 => 0..6_usize],
            prop::option::weighted(0.7, model),
            prop::option::weighted(0.92, prop_oneof![0..40_u32, 0..1_500_u32]),
            prop::option::weighted(0.93, (few(4), few(3))),
        ),
        (maybe(0.8, 7), maybe(0.7, 4), maybe(0.6, 3)),
        (maybe(0.4, 4), maybe(0.3, 3)),
        (
            prop::bool::weighted(0.2),
            prop::option::weighted(0.5, (few(3), maybe(0.6, 4), maybe(0.8, 4))),
            prop::bool::weighted(0.25),
        ),
    )
        .prop_map(
            |((action, model, hour, who), (address, country, agent), (session, tenant), rest)| {
                let (failed, change, second) = rest;
                Line {
                    action,
                    model,
                    hour,
                    who,
                    address,
                    country,
                    agent,
                    session,
                    tenant,
                    failed,
                    change,
                    second,
                }
            },
        )
}

impl Line {
    /// The line as Payment Nexus writes it; `second` is another system with the same people.
    fn text(&self, at: usize) -> String {
        let mut out = BTreeMap::from([("id".to_owned(), format!("e{at}"))]);
        let mut put = |key: &str, value: Option<String>| {
            out.extend(value.map(|value| (key.to_owned(), value)));
        };
        put("action", Some(ACTIONS[self.action].to_owned()));
        put(
            "model",
            Some(MODELS[self.model.map_or(0, |m| m.0)].to_owned()),
        );
        put(
            "recordId",
            self.model.filter(|m| !m.2).map(|m| format!("r{}", m.1)),
        );
        // What has no id is called by names that nothing with an id has: by name alone the two cannot be told apart.
        put(
            "recordName",
            self.model.map(|m| match (m.2, self.failed) {
                (true, _) => format!("nameless {}", m.1),
                (false, true) => format!("renamed {}", m.1),
                (false, false) => format!("record {}", m.1),
            }),
        );
        put("when", self.hour.map(|hour| moment(hour).rfc3339()));
        put("actorType", self.who.map(|_| "user".to_owned()));
        if let Some((person, how)) = self.who {
            // Known by id, by e-mail alone, or by name alone.
            match how {
                0 => {
                    put("actorId", Some(format!("u{person}")));
                    put("actorEmail", Some(format!("P{person}@example.com")));
                }
                1 => put("actorEmail", Some(format!("p{person}@example.com"))),
                _ => put("actorName", Some(format!("Person {person}"))),
            }
        }
        put("actorIp", self.address.map(|a| format!("203.0.113.{a}")));
        put(
            "actorCountry",
            self.country.map(|c| COUNTRIES[c].to_owned()),
        );
        put("actorUserAgent", self.agent.map(|a| AGENTS[a].to_owned()));
        put("sessionId", self.session.map(|s| format!("s{s}")));
        put("tenantId", self.tenant.map(|t| format!("t{t}")));
        put("outcome", self.failed.then(|| "failure".to_owned()));
        let mut value = serde_json::to_value(&out).unwrap();
        if let Some((field, old, new)) = self.change {
            value["changes"] = serde_json::json!([{
                "field": FIELDS[field],
                "kind": "updated",
                "old": old.map(|v| format!("v{v}")),
                "new": new.map(|v| format!("v{v}")),
            }]);
        }
        value.to_string()
    }
}

fn moment(hour: u32) -> Instant {
    Instant(1_710_000_000_000_000_000 + i64::from(hour) * 3_600_000_000_000)
}

/// A case of a log, and its events as they are read back.
pub(super) struct World {
    pub(super) case: Case,
    /// In order of time, undated ones last.
    pub(super) events: Vec<Event>,
    _folder: tempfile::TempDir,
}

/// A case without a source.
pub(super) fn empty(folder: &tempfile::TempDir) -> Case {
    let setting = Arc::new(Setting {
        now: Box::new(|| Instant(1_800_000_000_000_000_000)),
        random: Box::new(|buffer| buffer.fill(7)),
        who: "ana".into(),
        tool: "test".into(),
        lists: Box::new(|_| Ok(Vec::new())),
    });
    let path = folder.path().join("a.wmcase");
    Case::create(&path, "A", None, &Zone::UTC, setting).unwrap()
}

/// Imports a log of Payment Nexus.
pub(super) fn import(case: &Case, name: &str, text: &str) {
    import_as(case, "payment-nexus", name, text);
}

/// Imports a log by a profile.
pub(super) fn import_as(case: &Case, profile: &str, name: &str, text: &str) {
    let input = Input::Stream {
        name: name.into(),
        reader: Box::new(std::io::Cursor::new(text.to_owned())),
    };
    let choices = ImportChoices {
        profile: Some(profile.into()),
        ..ImportChoices::default()
    };
    let seen = &mut |_: &_| ControlFlow::Continue(());
    case.import(vec![input], &choices, seen).unwrap();
}

impl World {
    pub(super) fn new(lines: &[Line]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let case = empty(&folder);
        for second in [false, true] {
            let of = lines.iter().enumerate().filter(|(_, l)| l.second == second);
            let texts: Vec<String> = of.map(|(at, line)| line.text(at)).collect();
            if !texts.is_empty() {
                import(
                    &case,
                    &format!("log-{second}.json"),
                    &format!("[{}]", texts.join(",\n")),
                );
            }
        }
        let events = events(&case, &Expr::All);
        assert_eq!(events.len(), lines.len());
        Self {
            case,
            events,
            _folder: folder,
        }
    }

    /// The events of a filter, found by asking for it.
    pub(super) fn of(&self, filter: &str) -> Vec<Event> {
        events(&self.case, &self.case.expr(filter, &Zone::UTC).unwrap())
    }
}

fn events(case: &Case, expr: &Expr) -> Vec<Event> {
    let answer = case.answer_expr(expr).unwrap();
    let view = View::new(answer.snapshot.clone(), answer.mask.clone(), Order::Oldest);
    let rows = view.rows(0, answer.mask.len() as usize).unwrap();
    case.query(&answer.snapshot).events(&rows).unwrap()
}

pub(super) fn get(event: &Event, field: Field) -> Option<String> {
    event.get(field).map(str::to_owned)
}

pub(super) fn identity(event: &Event) -> Option<IdentityKey> {
    let text = |field| event.get(field).unwrap_or_default();
    ActorParts {
        provider: text(Field::EventProvider),
        organization_id: text(Field::OrganizationId),
        organization_name: text(Field::OrganizationName),
        id: text(Field::UserId),
        email: text(Field::UserEmail),
        name: text(Field::UserName),
        kind: text(Field::UserType),
    }
    .key()
}

pub(super) fn device(event: &Event) -> Option<String> {
    let text = |field| event.get(field).unwrap_or_default();
    who::device(
        text(Field::UserAgentName),
        text(Field::UserAgentOs),
        text(Field::UserAgentOriginal),
    )
}

/// Values with their events, first and last moment: most events first, then by text.
pub(super) type Counted = Vec<(String, u64, Option<String>, Option<String>)>;

pub(super) fn counted(events: &[Event], value: impl Fn(&Event) -> Vec<String>) -> Counted {
    let mut found: BTreeMap<String, (u64, Option<Instant>, Option<Instant>)> = BTreeMap::new();
    for event in events {
        let mut values = value(event);
        values.sort();
        values.dedup();
        for value in values {
            let at = found.entry(value).or_default();
            at.0 += 1;
            if let Some(time) = event.time {
                at.1 = Some(at.1.map_or(time, |t| t.min(time)));
                at.2 = at.2.max(Some(time));
            }
        }
    }
    let text = |at: Option<Instant>| at.map(Instant::rfc3339);
    let mut found: Counted = (found.into_iter())
        .map(|(value, (n, first, last))| (value, n, text(first), text(last)))
        .collect();
    found.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    found
}

pub(super) fn one(value: Option<String>) -> Vec<String> {
    value.into_iter().collect()
}
