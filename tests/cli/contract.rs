//! The JSON shapes and exit codes that other programs rely on.

use serde_json::{Value, json};

use crate::{Bench, PAYMONGO, receipt};

fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .map(|o| o.keys().map(String::as_str).collect())
        .unwrap_or_default()
}

fn has(value: &Value, wanted: &[&str]) {
    for key in wanted {
        assert!(
            value.get(key).is_some(),
            "{key} is part of the contract; there are {:?}",
            keys(value)
        );
    }
}

#[test]
fn import_prints_the_receipt_of_the_contract() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    let report = bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let source = receipt(&report);
    has(
        &source,
        &[
            "id",
            "name",
            "sha256",
            "bytes",
            "profiles",
            "confidence",
            "zone",
            "entries",
            "stored",
            "duplicates",
            "rejected",
            "events",
            "undated",
            "first",
            "last",
            "warnings",
        ],
    );
    assert_eq!(source["id"], 1);
    assert_eq!(source["name"], "logs.csv");
    assert_eq!(source["bytes"], PAYMONGO.len());
    assert_eq!(source["profiles"], json!(["paymongo@1"]));
    assert_eq!(source["entries"], 4);
    assert_eq!(source["stored"], 4);
    assert_eq!(source["first"], "2024-04-22T06:32:15.000000000Z");
    let sources = bench.run(&["sources", "case.wmcase", "--json"]).json(0);
    assert_eq!(
        sources["sources"][0]["sha256"], source["sha256"],
        "sources repeats the receipt"
    );
}

#[test]
fn an_event_has_the_shape_of_the_contract() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let events = bench.events("");
    let login = &events[0];
    assert_eq!(login["@timestamp"], "2024-04-22T06:32:15.000000000Z");
    assert_eq!(login["event"]["action"], "Login");
    assert_eq!(login["event"]["category"], "authentication");
    assert_eq!(login["event"]["operation"], "authenticate");
    assert_eq!(login["event"]["outcome"], "success");
    assert_eq!(login["event"]["provider"], "paymongo");
    assert_eq!(login["event"]["original_time"], "2024-04-22 14:32:15");
    assert_eq!(login["event"]["zone"], "Asia/Manila (chosen)");
    assert_eq!(login["user"]["email"], "alice@example.com");
    assert_eq!(login["source"]["ip"], "203.0.113.45");
    assert_eq!(login["user_agent"]["original"], "Safari on macOS");
    let line = "2024-04-22 14:32:15,Login,alice@example.com,Safari on macOS,203.0.113.45,";
    let place = &login["witnessmark"];
    assert_eq!(place["event"], 1);
    assert_eq!(place["source"], 1);
    assert_eq!(place["entry"], 1);
    assert_eq!(place["part"], 1);
    assert_eq!(place["line"], 2);
    assert_eq!(place["offset"], PAYMONGO.find(line).unwrap());
    assert_eq!(place["length"], line.len());
    assert_eq!(place["profile"], "paymongo@1");
    assert_eq!(place["attested"], json!([{"source": 1, "entry": 1}]));
    assert_eq!(place["problems"], json!([]));
    let changed = &events[3];
    assert_eq!(
        changed["changes"],
        json!([{"field": "email", "kind": "updated", "old": "bob@example.com", "new": "rob@example.com"}])
    );
    assert!(
        changed.get("source").is_none(),
        "absent fields are left out: {changed}"
    );
}

#[test]
fn raw_of_every_event_equals_its_bytes_in_the_source() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let lines: Vec<_> = PAYMONGO.lines().skip(1).collect();
    for (i, line) in lines.iter().enumerate() {
        let raw = bench.run(&["raw", "case.wmcase", &(i + 1).to_string()]);
        assert_eq!(raw.text(), *line);
    }
    bench.run(&["extract", "case.wmcase", "1", "back.csv"]);
    assert_eq!(
        std::fs::read(bench.path("back.csv")).unwrap(),
        PAYMONGO.as_bytes()
    );
}

#[test]
fn numbers_have_the_shapes_of_the_contract() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let count = bench
        .run(&["count", "case.wmcase", "actor:alice@example.com", "--json"])
        .json(0);
    assert_eq!(count, json!({"count": 3, "undated": 0}));
    let facets = bench.run(&[
        "facets",
        "case.wmcase",
        "--by",
        "actor,event.action",
        "--json",
    ]);
    assert_eq!(
        facets.code, 2,
        "actor is no field of its own, so a facet by it would be ambiguous"
    );
    let facets = bench
        .run(&["facets", "case.wmcase", "--by", "user.email,ip", "--json"])
        .json(0);
    assert_eq!(
        facets["fields"][0],
        json!({"field": "user.email", "distinct": 2, "absent": 0,
               "values": [{"value": "alice@example.com", "count": 3}, {"value": "bob@example.com", "count": 1}]})
    );
    assert_eq!(facets["fields"][1]["field"], "source.ip");
    assert_eq!(facets["fields"][1]["absent"], 3);
    let histogram = bench
        .run(&["histogram", "case.wmcase", "--bins", "4", "--json"])
        .json(0);
    let bins = histogram["bins"].as_array().unwrap();
    assert_eq!(bins.len(), 4);
    assert_eq!(
        bins.iter()
            .map(|b| b["count"].as_u64().unwrap())
            .sum::<u64>(),
        4
    );
    assert_eq!(
        bins[0]["end"], bins[1]["start"],
        "the intervals are half-open and meet"
    );
    has(&histogram, &["from", "to", "bins", "undated"]);
}

#[test]
fn errors_are_one_json_line_with_code_message_hint_where() {
    let bench = Bench::new();
    let missing = bench.run(&["count", "nowhere.wmcase", "--json"]).error();
    assert_eq!(missing["code"], "not_found");
    let file = bench.file("logs.csv", PAYMONGO);
    assert_eq!(bench.import(&file, &[]).error()["code"], "zone_required");
    assert!(
        !bench.path("case.wmcase").exists(),
        "a refused first import leaves no case behind"
    );
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let query = bench
        .run(&["count", "case.wmcase", "nosuchkey:x", "--json"])
        .error();
    assert_eq!(query["code"], "invalid_query");
    assert_eq!(query["where"]["start"], 0);
    assert_eq!(
        bench.run(&["count", "--json"]).error()["code"],
        "invalid_option"
    );
    assert_eq!(
        bench.import(&file, &["--zone", "Middle/Earth"]).error()["code"],
        "invalid_option"
    );
    assert_eq!(
        bench.run(&["raw", "case.wmcase", "99", "--json"]).error()["code"],
        "no_such_item"
    );
}
