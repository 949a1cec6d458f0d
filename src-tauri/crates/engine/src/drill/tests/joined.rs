//! Actors that a person joined: one on every page, and two again on every page once that is taken back.

use serde_json::{Value, json, to_value};
use witnessmark_model::Zone;

use super::{empty, import};
use crate::{
    ActorsWanted, Case, FirstSeen, RecordOf, RecordsWanted, SessionOf, SessionOrder, Signins,
};

/// Two accounts of one person and one of another, who sign in by turns and change a record.
fn log() -> String {
    let mut lines = Vec::new();
    for day in 1..=24_u32 {
        let who = ["ann", "ann.admin", "bo"][day as usize % 3];
        for (minute, action) in [(0, "login"), (5, "update")] {
            lines.push(json!({
                "id": format!("{day}-{minute}"), "model": "Role", "recordId": "r1", "action": action,
                "actorType": "user", "actorId": who, "actorIp": "203.0.113.9", "actorCountry": "PH",
                "when": format!("2024-01-{day:02}T08:{minute:02}:00Z"),
            }));
        }
    }
    // The other account goes on in the middle of a session.
    lines.push(json!({
        "id": "last", "model": "Role", "recordId": "r1", "action": "delete", "actorType": "user",
        "actorId": "ann", "actorIp": "203.0.113.9", "when": "2024-01-22T08:09:00Z",
    }));
    Value::from(lines).to_string()
}

/// Every page that speaks of actors.
fn pages(case: &Case) -> Vec<Value> {
    let zone = &Zone::UTC;
    let ann = case.actor_named("ann").unwrap();
    let bo = case.actor_named("bo").unwrap();
    let actors = ActorsWanted {
        limit: 50,
        ..ActorsWanted::default()
    };
    let records = RecordsWanted {
        limit: 50,
        ..RecordsWanted::default()
    };
    let signins = Signins {
        limit: 100,
        ..Signins::default()
    };
    let event = case.expr("op:delete", zone).unwrap();
    let event = super::events(case, &event)[0].number;
    let of = SessionOf::Event(event);
    vec![
        to_value(case.actors("", zone, &actors).unwrap()).unwrap(),
        to_value(case.actor(&ann, "", zone, 30, 100).unwrap()).unwrap(),
        to_value(case.records("", zone, &records).unwrap()).unwrap(),
        to_value(
            case.record(&RecordOf::new("Role", "r1"), None, zone, (0, 100))
                .unwrap(),
        )
        .unwrap(),
        to_value(
            case.session(&of, 30, SessionOrder::Time, (0, 100), zone)
                .unwrap(),
        )
        .unwrap(),
        to_value(case.signins("", zone, &signins).unwrap()).unwrap(),
        to_value(case.compare([&ann, &bo], "", zone).unwrap()).unwrap(),
        to_value(case.first_seen("", zone, &FirstSeen::default()).unwrap()).unwrap(),
    ]
}

/// What the joining is told to change, page by page.
fn figures(pages: &[Value]) -> [u64; 8] {
    let n = |v: &Value| v.as_u64().unwrap_or_else(|| panic!("no number: {v}"));
    let len = |v: &Value| v.as_array().map_or(0, Vec::len) as u64;
    let rows = pages[5]["rows"].as_array().unwrap();
    [
        n(&pages[0]["total"]),
        n(&pages[1]["events"]),
        n(&pages[2]["records"][0]["actors"]),
        len(&pages[3]["actors"]),
        len(&pages[4]["acts"]),
        // Earlier sign-ins of the latest one of all.
        n(&rows[0]["earlier"]),
        n(&rows[0]["shared_by"]),
        n(&pages[6]["events"][0]),
    ]
}

#[test]
fn a_joining_is_on_every_page_and_taken_back_from_every_page() {
    let folder = tempfile::tempdir().unwrap();
    let case = empty(&folder);
    import(&case, "a.json", &log());
    let before = pages(&case);
    // Each account has eight sign-ins; day 24 is of ann.
    assert_eq!(figures(&before), [3, 17, 3, 3, 1, 7, 3, 17]);
    let merge = case
        .merge(&["ann".to_owned(), "ann.admin".to_owned()])
        .unwrap();
    let joined = pages(&case);
    let told = figures(&joined);
    assert_eq!(told[0], 2);
    assert_eq!((told[1], told[7]), (33, 33));
    assert_eq!((told[2], told[3]), (2, 2));
    assert_eq!(told[4], 3, "{}", joined[4]);
    assert_eq!(told[6], 2, "two accounts of one person share nothing");
    case.unmerge(merge.id).unwrap();
    let after = pages(&case);
    for (page, (a, b)) in before.iter().zip(&after).enumerate() {
        assert_eq!(a, b, "page {page}");
    }
}
