//! Biographies of records: exact answers where the truth is known, and what a log cannot know.
//!
//! Owns: those cases. Never touches: the engine.

use serde_json::{Value, json};

use crate::Bench;

/// One record made, changed, deleted, made again; A, B, A; a change that no event tells; a failure; a tie; an undated one.
const LIFE: &str = r#"[
{"id":"1","model":"Role","recordId":"r1","action":"create","actorType":"user","actorId":"ann","when":"2024-01-01T00:00:00Z","changes":{"added":{"name":"ops","limits":{"daily":100,"note":"first"}}}},
{"id":"2","model":"Role","recordId":"r1","action":"update","actorType":"user","actorId":"bob","when":"2024-01-02T00:00:00Z","changes":{"updated":{"limits":{"daily":{"old":100,"new":900}}}}},
{"id":"3","model":"Role","recordId":"r1","action":"update","actorType":"user","actorId":"bob","when":"2024-01-03T00:00:00Z","changes":{"updated":{"limits":{"daily":{"old":900,"new":100}}}}},
{"id":"4","model":"Role","recordId":"r1","action":"update","actorType":"user","actorId":"eve","when":"2024-01-04T00:00:00Z","changes":{"updated":{"limits":{"daily":{"old":500,"new":700}}}}},
{"id":"5","model":"Role","recordId":"r1","action":"update","actorType":"user","actorId":"eve","outcome":"failure","when":"2024-01-05T00:00:00Z","changes":{"updated":{"limits":{"daily":{"old":700,"new":1}}}}},
{"id":"6","model":"Role","recordId":"r1","action":"delete","actorType":"user","actorId":"ann","when":"2024-01-06T00:00:00Z"},
{"id":"7","model":"Role","recordId":"r1","action":"create","actorType":"user","actorId":"ann","when":"2024-01-07T00:00:00Z","changes":{"added":{"name":"ops again"}}},
{"id":"8","model":"Role","recordId":"r1","action":"update","actorType":"user","actorId":"cy","when":"2024-01-08T00:00:00Z","changes":{"updated":{"name":{"old":"ops again","new":"a"}}}},
{"id":"9","model":"Role","recordId":"r1","action":"update","actorType":"user","actorId":"dan","when":"2024-01-08T00:00:00Z","changes":{"updated":{"name":{"old":"a","new":"b"}}}},
{"id":"10","model":"Role","recordId":"r1","action":"read","actorType":"user","actorId":"dan","when":"2024-01-09T00:00:00Z"},
{"id":"11","model":"Role","recordId":"r1","action":"update","actorType":"user","actorId":"dan","changes":{"updated":{"name":{"old":"b","new":"c"}}}},
{"id":"12","model":"Role","recordId":"r2","action":"update","actorType":"user","actorId":"dan","when":"2024-01-09T00:00:00Z","changes":{"added":{"x":"1"}}}
]"#;

fn bench() -> Bench {
    let bench = Bench::new();
    let file = bench.file("life.json", LIFE);
    bench.import(&file, &[]).json(0);
    bench
}

fn record(bench: &Bench, extra: &[&str]) -> Value {
    let mut args = vec!["record", "case.wmcase", "Role", "r1", "--json"];
    args.extend(extra);
    bench.run(&args).json(0)
}

/// field -> (value, certainty, event)
fn state(report: &Value) -> Vec<(String, Option<String>, String, Option<u64>)> {
    let text = |v: &Value| v.as_str().map(str::to_owned);
    (report["state"].as_array().unwrap().iter())
        .map(|f| {
            (
                text(&f["field"]).unwrap(),
                text(&f["value"]),
                text(&f["certainty"]).unwrap(),
                f["event"].as_u64(),
            )
        })
        .collect()
}

fn field(
    name: &str,
    value: Option<&str>,
    certainty: &str,
    event: u64,
) -> (String, Option<String>, String, Option<u64>) {
    (
        name.to_owned(),
        value.map(str::to_owned),
        certainty.to_owned(),
        Some(event),
    )
}

#[test]
fn a_life_is_told_step_by_step() {
    let report = record(&bench(), &[]);
    let steps: Vec<(u64, &str, u64)> = (report["steps"].as_array().unwrap().iter())
        .map(|s| {
            (
                s["event"].as_u64().unwrap(),
                s["step"].as_str().unwrap(),
                s["life"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        steps,
        [
            (1, "create", 1),
            (2, "update", 1),
            (3, "update", 1),
            (4, "update", 1),
            (5, "update", 1),
            (6, "delete", 1),
            (7, "create", 2),
            (8, "update", 2),
            (9, "update", 2),
            (11, "update", 2),
        ]
    );
    assert_eq!(
        (&report["lives"], &report["condition"]),
        (&json!(2), &json!("present"))
    );
    assert_eq!(
        (&report["events"], &report["reads"][0]["events"]),
        (&json!(11), &json!(1))
    );
    let ties: Vec<u64> = (report["steps"].as_array().unwrap().iter())
        .filter(|s| s["tie"] == true)
        .map(|s| s["event"].as_u64().unwrap())
        .collect();
    assert_eq!(ties, [8, 9]);
}

#[test]
fn the_state_is_that_of_the_moment_asked_for() {
    let bench = bench();
    let at = |time: &str| {
        let report = record(&bench, &["--at", time]);
        (
            report["condition"].as_str().unwrap().to_owned(),
            state(&report),
        )
    };
    assert_eq!(at("2023-12-31"), ("not_made_yet".to_owned(), vec![]));
    assert_eq!(
        at("2024-01-01T00:00:00Z"),
        (
            "present".to_owned(),
            vec![
                field("limits.daily", Some("100"), "logged", 1),
                field("limits.note", Some("first"), "logged", 1),
                field("name", Some("ops"), "logged", 1),
            ]
        )
    );
    assert_eq!(
        at("2024-01-02T12:00:00Z").1[0],
        field("limits.daily", Some("900"), "logged", 2)
    );
    // The failed change changed nothing.
    assert_eq!(
        at("2024-01-05T12:00:00Z").1[0],
        field("limits.daily", Some("700"), "logged", 4)
    );
    assert_eq!(at("2024-01-06T12:00:00Z").0, "deleted");
    // Of a new life the last one says nothing.
    assert_eq!(
        at("2024-01-07T12:00:00Z").1,
        vec![
            field("limits.daily", None, "unknown", 7),
            field("limits.note", None, "unknown", 7),
            field("name", Some("ops again"), "logged", 7),
        ]
    );
    // Of two changes at one instant the later in the log stands; the undated one changes nothing.
    let end = record(&bench, &[]);
    assert_eq!(state(&end)[2], field("name", Some("b"), "logged", 9));
    assert_eq!(end["state"][2]["actor"], "dan");
}

#[test]
fn what_came_back_and_what_cannot_be_known_are_told() {
    let report = record(&bench(), &[]);
    let reverts = report["reverts"].as_array().unwrap();
    assert_eq!(reverts.len(), 1, "{reverts:?}");
    let back = &reverts[0];
    assert_eq!(
        (
            &back["field"],
            &back["value"],
            &back["between"],
            &back["left"],
            &back["back"]
        ),
        (
            &json!("limits.daily"),
            &json!("100"),
            &json!(["900"]),
            &json!(2),
            &json!(3)
        )
    );
    assert_eq!(back["away_seconds"], 86_400.0);
    let gaps: Vec<(&str, u64)> = (report["gaps"].as_array().unwrap().iter())
        .map(|g| (g["code"].as_str().unwrap(), g["event"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        gaps,
        [("unlogged_change", 4), ("failed", 5), ("undated", 11)]
    );
    let text = report["gaps"][0]["text"].as_str().unwrap();
    assert!(text.contains("from `100` to `500`"), "{text}");
}

#[test]
fn where_only_new_values_are_logged_old_ones_are_inferred_and_said_to_be() {
    let bench = Bench::new();
    let text = r#"[
{"id":"1","model":"Tenant","recordId":"t","action":"update","actorType":"user","actorId":"a","when":"2024-01-01T00:00:00Z","changes":[{"field":"mode","kind":"updated","new":"x"}]},
{"id":"2","model":"Tenant","recordId":"t","action":"update","actorType":"user","actorId":"b","when":"2024-01-02T00:00:00Z","changes":[{"field":"mode","kind":"updated","new":"y"}]},
{"id":"3","model":"Tenant","recordId":"t","action":"update","actorType":"user","actorId":"c","when":"2024-01-03T00:00:00Z","changes":[{"field":"mode","kind":"updated","new":"x"},{"field":"limit","kind":"updated","old":"5","new":"6"}]}
]"#;
    let file = bench.file("new.json", text);
    bench.import(&file, &[]).json(0);
    let report = bench
        .run(&["record", "case.wmcase", "tenant", "T", "--json"])
        .json(0);
    let change = &report["steps"][1]["changes"][0];
    assert_eq!(
        (&change["inferred_old"], &change["inferred_from"]),
        (&json!("x"), &json!(1))
    );
    assert!(change.get("old").is_none());
    let fields = report["state"].as_array().unwrap();
    assert_eq!(
        (
            &fields[1]["field"],
            &fields[1]["inferred"],
            &fields[1]["value"]
        ),
        (&json!("mode"), &json!(true), &json!("x"))
    );
    assert_eq!(
        (&fields[0]["field"], &fields[0]["inferred"]),
        (&json!("limit"), &json!(false))
    );
    assert_eq!(report["reverts"][0]["between"], json!(["y"]));
    assert_eq!(report["gaps"][0]["code"], "begins_late");
    // Before its first change the old value is what is known.
    let early = bench
        .run(&[
            "record",
            "case.wmcase",
            "Tenant",
            "t",
            "--at",
            "2024-01-02",
            "--json",
        ])
        .json(0);
    assert_eq!(
        (&early["state"][0]["value"], &early["state"][0]["certainty"]),
        (&json!("5"), &json!("before"))
    );
}

#[test]
fn the_list_of_records_counts_and_leads_to_rows() {
    let bench = bench();
    let report = bench.run(&["records", "case.wmcase", "--json"]).json(0);
    assert_eq!(report["total"], 2);
    for row in report["records"].as_array().unwrap() {
        let filter = row["filter"].as_str().unwrap();
        let counted = bench
            .run(&["count", "case.wmcase", filter, "--json"])
            .json(0);
        assert_eq!(counted["count"], row["events"], "{filter}");
    }
    assert_eq!(
        (
            &report["records"][0]["writes"],
            &report["records"][0]["actors"]
        ),
        (&json!(10), &json!(5))
    );
    let none = bench.run(&["record", "case.wmcase", "Role", "r9", "--json"]);
    assert_eq!(none.error()["code"], "no_such_item");
}

#[test]
fn one_id_of_two_organizations_and_one_name_of_another_record_are_told_apart() {
    let bench = Bench::new();
    let text = r#"[
{"id":"1","model":"Role","recordId":"r1","tenantId":"t1","action":"create","actorType":"user","actorId":"ann","when":"2024-01-01T00:00:00Z","changes":{"added":{"limit":"100"}}},
{"id":"2","model":"Role","recordId":"r9","recordName":"r1","tenantId":"t1","action":"delete","actorType":"user","actorId":"eve","when":"2024-01-02T00:00:00Z"},
{"id":"3","model":"Role","recordName":"r1","tenantId":"t1","action":"create","actorType":"user","actorId":"dan","when":"2024-01-03T00:00:00Z","changes":{"added":{"limit":"7"}}},
{"id":"4","model":"Role","recordId":"r1","tenantId":"t1","action":"update","actorType":"user","actorId":"ann","when":"2024-01-04T00:00:00Z","changes":{"updated":{"limit":{"old":"100","new":"200"}}}},
{"id":"5","model":"Role","recordId":"r1","tenantId":"t2","action":"delete","actorType":"user","actorId":"zed","when":"2024-01-05T00:00:00Z"}
]"#;
    let file = bench.file("roles.json", text);
    bench.import(&file, &[]).json(0);
    let told = |extra: &[&str]| {
        let report = record(&bench, extra);
        let limit = report["state"][0]["value"].as_str().map(str::to_owned);
        let condition = report["condition"].as_str().unwrap().to_owned();
        (report["events"].as_u64().unwrap(), condition, limit)
    };
    let is = |events: u64, condition: &str, limit: Option<&str>| {
        (events, condition.to_owned(), limit.map(str::to_owned))
    };
    assert_eq!(told(&[]), is(2, "present", Some("200")));
    assert_eq!(told(&["org:t2"]), is(1, "deleted", None));
    assert_eq!(told(&["--named"]), is(1, "present", Some("7")));
    let scopes = record(&bench, &[])["scopes"].clone();
    assert_eq!(
        (&scopes[0]["organization"], &scopes[1]["organization"]),
        (&json!("t1"), &json!("t2"))
    );
    let words = bench.run(&["record", "case.wmcase", "Role", "r1"]);
    let words = words.text();
    assert!(
        words.contains("2 systems or organizations have a record of this id"),
        "{words}"
    );
}
