//! Records where the truth is known: what was there, what came back, and what must not be said of it.

use serde_json::{Value, json};
use witnessmark_model::Zone;

use super::{empty, import};
use crate::api::RecordReport;
use crate::{Case, RecordOf, RecordsWanted};

/// Day of January, action, who, what else the event says.
type Act<'a> = (u32, &'a str, &'a str, Value);

fn line(kind: &str, id: &str, (day, action, who, more): &Act<'_>, number: usize) -> Value {
    let mut line = json!({
        "id": format!("{kind}-{id}-{number}"), "model": kind, "recordId": id, "action": action,
        "actorType": "user", "actorId": who, "when": format!("2024-01-{day:02}T00:00:00Z"),
    });
    for (key, value) in more.as_object().unwrap() {
        line[key] = value.clone();
        if value.is_null() {
            line.as_object_mut().unwrap().remove(key);
        }
    }
    line
}

/// A case of records: kind, id, acts.
fn case(folder: &tempfile::TempDir, records: &[(&str, &str, Vec<Act<'_>>)]) -> Case {
    let case = empty(folder);
    let mut lines = Vec::new();
    for (kind, id, acts) in records {
        for act in acts {
            lines.push(line(kind, id, act, lines.len()));
        }
    }
    import(&case, "a.json", &Value::from(lines).to_string());
    case
}

fn record(case: &Case, kind: &str, id: &str, at: &str) -> RecordReport {
    let at = Some(at).filter(|at| !at.is_empty());
    case.record(&RecordOf::new(kind, id), at, &Zone::UTC, (0, 100))
        .unwrap()
}

fn state(report: &RecordReport) -> Vec<(&str, &str, &str)> {
    let told = report.state.iter().map(|f| {
        let value = f.value.as_deref().unwrap_or_default();
        (f.field.as_str(), value, f.certainty.as_str())
    });
    told.collect()
}

fn gaps(report: &RecordReport) -> Vec<&str> {
    report.gaps.iter().map(|g| g.code.as_str()).collect()
}

fn updated(field: &str, old: &str, new: &str) -> Value {
    json!({"changes": {"updated": {field: {"old": old, "new": new}}}})
}

#[test]
fn what_is_only_called_like_a_record_is_another() {
    let folder = tempfile::tempdir().unwrap();
    let made = |limit: u32, name: &str| json!({"recordName": name, "changes": {"added": {"limit": limit}}});
    let nameless = |limit: u32| json!({"recordId": null, "recordName": "r1", "changes": {"added": {"limit": limit}}});
    let case = case(
        &folder,
        &[
            ("Role", "r1", vec![(1, "create", "ann", made(100, "ops"))]),
            (
                "Role",
                "r9",
                vec![
                    (2, "create", "eve", made(999_999, "r1")),
                    (3, "delete", "eve", json!({"recordName": "r1"})),
                ],
            ),
            ("Role", "none", vec![(4, "create", "dan", nameless(7))]),
        ],
    );
    let r1 = record(&case, "Role", "r1", "");
    assert_eq!((r1.condition.as_str(), r1.events), ("present", 1));
    assert_eq!(state(&r1), [("limit", "100", "logged")]);
    assert_eq!(r1.names, ["ops"]);
    let alone = RecordOf {
        named: true,
        ..RecordOf::new("Role", "r1")
    };
    let alone = case.record(&alone, None, &Zone::UTC, (0, 9)).unwrap();
    assert_eq!(state(&alone), [("limit", "7", "logged")]);
    // By a name that only a record with an id has, that record is meant.
    assert_eq!(state(&record(&case, "role", "OPS", "")), state(&r1));
    let wanted = RecordsWanted {
        limit: 9,
        ..RecordsWanted::default()
    };
    let list = case.records("", &Zone::UTC, &wanted).unwrap();
    let mut told: Vec<_> = (list.records.iter())
        .map(|r| {
            let found = super::events(&case, &case.expr(&r.span.filter, &Zone::UTC).unwrap());
            (r.id.as_str(), r.named, r.span.events, found.len())
        })
        .collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [("r1", false, 1, 1), ("r1", true, 1, 1), ("r9", false, 2, 2)]
    );
    // Two records with one name are not one.
    let folder = tempfile::tempdir().unwrap();
    let twins = self::case(
        &folder,
        &[
            ("Role", "a", vec![(1, "create", "ann", made(1, "same"))]),
            ("Role", "b", vec![(1, "create", "ann", made(2, "same"))]),
        ],
    );
    let error = twins
        .record(&RecordOf::new("Role", "same"), None, &Zone::UTC, (0, 9))
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("2 records are called Role same: a, b"),
        "{error}"
    );
}

#[test]
fn one_id_in_two_organizations_is_two_records() {
    let folder = tempfile::tempdir().unwrap();
    let of = |tenant: &str, more: Value| {
        let mut all = json!({"tenantId": tenant, "tenantName": format!("Shop {tenant}")});
        for (key, value) in more.as_object().unwrap() {
            all[key] = value.clone();
        }
        all
    };
    let added = |role: &str| json!({"changes": {"added": {"role": role}}});
    let case = case(
        &folder,
        &[(
            "User",
            "1",
            vec![
                (1, "create", "ann", of("t1", added("admin"))),
                (2, "create", "zed", of("t2", added("viewer"))),
                (
                    3,
                    "update",
                    "ann",
                    of("t1", updated("role", "admin", "owner")),
                ),
                (4, "delete", "zed", of("t2", json!({}))),
                (
                    5,
                    "update",
                    "ann",
                    of("t1", updated("role", "owner", "admin")),
                ),
            ],
        )],
    );
    let first = record(&case, "User", "1", "");
    assert_eq!(
        (first.events, first.lives, first.condition.as_str()),
        (3, 1, "present")
    );
    assert_eq!(state(&first), [("role", "admin", "logged")]);
    assert_eq!((gaps(&first), first.reverts.len()), (vec![], 1));
    let scopes: Vec<_> = (first.scopes.iter())
        .map(|s| (s.organization.as_str(), s.name.as_str(), s.events, s.event))
        .collect();
    assert_eq!(scopes, [("t1", "Shop t1", 3, 1), ("t2", "Shop t2", 2, 2)]);
    for query in [first.scopes[1].filter.as_str(), "org:t2"] {
        let of = RecordOf {
            query: query.to_owned(),
            ..RecordOf::new("User", "1")
        };
        let other = case.record(&of, None, &Zone::UTC, (0, 9)).unwrap();
        assert_eq!((other.events, other.condition.as_str()), (2, "deleted"));
        assert_eq!(state(&other), [("role", "viewer", "logged")]);
        assert!(other.gaps.is_empty() && other.reverts.is_empty() && other.scopes.is_empty());
    }
}

#[test]
fn what_failed_made_nothing_and_what_was_looked_at_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let failed = json!({"outcome": "failure", "changes": {"added": {"name": "x"}}});
    let none = || json!({});
    let case = case(
        &folder,
        &[
            ("Role", "failed", vec![(1, "create", "ann", failed)]),
            (
                "Role",
                "read",
                vec![(1, "read", "ann", none()), (5, "delete", "ann", none())],
            ),
        ],
    );
    assert_eq!(record(&case, "Role", "failed", "").condition, "unknown");
    let at = |at: &str| record(&case, "Role", "read", at).condition;
    assert_eq!(
        [at("2023-12-31"), at("2024-01-03"), at("2024-01-06")],
        ["unknown", "present", "deleted"]
    );
    let read = record(&case, "Role", "read", "");
    assert_eq!(gaps(&read), ["begins_late"]);
    assert!(
        read.gaps[0].text.ends_with("from event 2 on"),
        "{:?}",
        read.gaps
    );
}

#[test]
fn a_value_that_was_cleared_and_put_back_came_back() {
    let folder = tempfile::tempdir().unwrap();
    let set = |changes: Value| json!({"changes": changes});
    let case = case(
        &folder,
        &[(
            "Tenant",
            "t",
            vec![
                (
                    1,
                    "create",
                    "ann",
                    set(
                        json!({"added": {"allow": "198.51.100.0/24", "payout": "NL01", "gone": "1"}}),
                    ),
                ),
                (
                    2,
                    "update",
                    "eve",
                    set(json!({"updated": {"allow": {"old": "198.51.100.0/24", "new": null}}})),
                ),
                (
                    3,
                    "update",
                    "eve",
                    set(json!({"updated": {"allow": {"old": null, "new": "198.51.100.0/24"}}})),
                ),
                (
                    4,
                    "update",
                    "eve",
                    set(json!({"deleted": {"payout": "NL01", "gone": "1"}})),
                ),
                (
                    5,
                    "update",
                    "eve",
                    set(json!({"added": {"payout": "NL01"}})),
                ),
            ],
        )],
    );
    let report = record(&case, "Tenant", "t", "");
    let told: Vec<_> = (report.reverts.iter())
        .map(|r| {
            (
                r.field.as_str(),
                r.value.as_str(),
                r.between.clone(),
                r.left,
                r.back,
            )
        })
        .collect();
    let nothing = || vec![String::new()];
    assert_eq!(
        told,
        [
            ("allow", "198.51.100.0/24", nothing(), 2, 3),
            ("payout", "NL01", nothing(), 4, 5),
        ]
    );
}

#[test]
fn a_whole_that_was_set_anew_is_no_return_of_its_parts() {
    let folder = tempfile::tempdir().unwrap();
    let case = case(
        &folder,
        &[(
            "Tenant",
            "t",
            vec![
                (1, "update", "ann", updated("limits.daily", "5", "100")),
                (2, "update", "ann", updated("limits", "a", "b")),
                (3, "update", "ann", updated("limits.daily", "100", "900")),
            ],
        )],
    );
    let report = record(&case, "Tenant", "t", "");
    assert_eq!(report.reverts, []);
    assert_eq!(gaps(&report), ["begins_late"]);
}

#[test]
fn a_new_life_is_told_nothing_by_the_former_one() {
    let folder = tempfile::tempdir().unwrap();
    let none = || json!({});
    let made = json!({"changes": {"added": {"name": "ops", "level": "9"}}});
    let case = case(
        &folder,
        &[
            (
                "Role",
                "re",
                vec![
                    (1, "create", "ann", none()),
                    (2, "update", "ann", updated("status", "A", "B")),
                    (3, "delete", "ann", none()),
                    (4, "create", "ann", none()),
                    (6, "update", "ann", updated("status", "A", "C")),
                ],
            ),
            (
                "Role",
                "ad",
                vec![
                    (1, "create", "ann", made),
                    (2, "delete", "ann", none()),
                    (5, "update", "ann", updated("name", "new", "newer")),
                ],
            ),
            (
                "Role",
                "b",
                vec![
                    (5, "create", "ann", none()),
                    (6, "update", "ann", updated("status", "A", "B")),
                ],
            ),
        ],
    );
    // Made anew without a list of values: that it began with A again is no secret change.
    assert_eq!(gaps(&record(&case, "Role", "re", "")), [""; 0]);
    let between = record(&case, "Role", "re", "2024-01-05");
    assert_eq!(state(&between), [("status", "A", "before")]);
    let changed = record(&case, "Role", "ad", "");
    assert_eq!(
        state(&changed),
        [("level", "", "unknown"), ("name", "newer", "logged")]
    );
    assert_eq!(gaps(&changed), ["after_delete"]);
    let told = |at: &str| {
        let report = record(&case, "Role", "b", at);
        let state: Vec<String> = state(&report).iter().map(|f| f.1.to_owned()).collect();
        (report.condition.clone(), state)
    };
    assert_eq!(told("2024-01-01"), ("not_made_yet".to_owned(), vec![]));
    let there = "present".to_owned();
    assert_eq!(told("2024-01-05"), (there.clone(), vec!["A".to_owned()]));
    assert_eq!(told("2024-01-07"), (there, vec!["B".to_owned()]));
}
