//! User agents: versions and devices beside the stored client and system, and the list of those behind a filter.

use crate::Bench;
use serde_json::{Value, json};

const PIXEL: &str = "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Mobile Safari/537.36";
const EDGE: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.2849.46";

fn log() -> String {
    let agents = [
        PIXEL.to_owned(),
        EDGE.to_owned(),
        PIXEL.to_owned(),
        "aws-cli/2.15.30 Python/3.11.8 Linux/5.15.0".to_owned(),
        "Signed in from the till".to_owned(),
        format!("{}\u{202e}", "Chrome/1 ".repeat(2_000)),
    ];
    let mut out = String::new();
    for (n, agent) in (0_u64..).zip(&agents) {
        let at = 1_709_287_200_123 + n * 1_000;
        let line = json!({"@timestamp": at, "_document_id": format!("d-{n}"), "action": "user.login", "actor": "gil", "created_at": at, "org": "example", "user_agent": agent});
        out.push_str(&format!("{line}\n"));
    }
    let bare = json!({"@timestamp": 1_709_287_900_123_u64, "_document_id": "d-9", "action": "user.login", "actor": "gil", "created_at": 1_709_287_900_123_u64, "org": "example"});
    out.push_str(&format!("{bare}\n"));
    out
}

#[test]
fn an_event_tells_the_versions_and_the_device_that_its_user_agent_names() {
    let bench = Bench::new();
    bench.file("github.ndjson", log());
    bench.run(&["import", "a.wmcase", "github.ndjson"]);
    let events = bench.run(&["--json", "events", "a.wmcase"]).events();
    let agents: Vec<&Value> = events.iter().map(|e| &e["user_agent"]).collect();
    assert_eq!(
        agents[0],
        &json!({"original": PIXEL, "name": "Chrome", "version": "129.0.0.0", "os": {"name": "Android", "version": "14"}, "device": {"name": "Pixel 8"}})
    );
    assert_eq!(
        agents[1],
        &json!({"original": EDGE, "name": "Edge", "version": "130.0.2849.46", "os": {"name": "Windows", "version": "10"}})
    );
    assert_eq!(agents[3]["version"], "2.15.30");
    assert_eq!(agents[4], &json!({"original": "Signed in from the till"}));
    assert!(agents[5]["device"].is_null());
    assert!(agents[6].is_null(), "no user agent, none told");
    // What is read as it is shown changes nothing of what is stored: a filter finds the same client.
    let count = bench.run(&["--json", "count", "a.wmcase", "browser:Chrome"]);
    assert_eq!(count.json(0)["count"], 3);
}

#[test]
fn the_user_agents_behind_a_filter_are_listed_in_words() {
    let bench = Bench::new();
    bench.file("github.ndjson", log());
    bench.run(&["import", "a.wmcase", "github.ndjson"]);
    let report = bench.run(&["--json", "agents", "a.wmcase"]).json(0);
    assert_eq!(
        (&report["distinct"], &report["absent"]),
        (&json!(5), &json!(1))
    );
    let first = &report["agents"][0];
    assert_eq!(first["text"], "Chrome 129.0.0.0 on Android 14, Pixel 8");
    assert_eq!(
        (&first["device"], &first["events"]),
        (&json!("Pixel 8"), &json!(2))
    );
    for agent in report["agents"].as_array().unwrap() {
        let filter = agent["filter"].as_str().unwrap();
        let found = bench.run(&["--json", "count", "a.wmcase", filter]).json(0);
        assert_eq!(found["count"], agent["events"], "{filter:.80}");
    }
    let some = bench.run(&["agents", "a.wmcase", "os:Windows"]).text();
    assert!(
        some.contains("Edge 130.0.2849.46 on Windows 10 or later"),
        "{some}"
    );
    assert!(some.contains("1 user agents; 0 events name none"), "{some}");
}
