//! Views out: `events --format` and `export`, streaming, without limit, named in the custody log.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Bench, PAYMONGO};

fn bench() -> Bench {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    bench
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect()
}

#[test]
fn events_come_as_ecs_and_ocsf() {
    let bench = bench();
    let ecs = bench.run(&["events", "case.wmcase", "--format", "ecs"]);
    let events = ecs.events();
    assert_eq!(events.len(), 4);
    assert_eq!(events[0]["ecs"]["version"], "9.4.0");
    assert_eq!(events[0]["event"]["category"], json!(["authentication"]));
    assert_eq!(events[0]["event"]["type"], json!(["start"]));
    assert_eq!(
        events[0]["event"]["original"],
        PAYMONGO.lines().nth(1).unwrap(),
        "the original is kept"
    );
    let ocsf = bench.run(&[
        "events",
        "case.wmcase",
        "op:authenticate",
        "--format",
        "ocsf",
    ]);
    let sign_in = &ocsf.events()[0];
    assert_eq!(sign_in["class_uid"], 3002);
    assert_eq!(sign_in["type_uid"], 300_201);
    assert_eq!(sign_in["time"], 1_713_767_535_000_i64);
    assert_eq!(sign_in["raw_data"], PAYMONGO.lines().nth(1).unwrap());
}

#[test]
fn entries_in_another_encoding_come_as_their_text() {
    let bench = Bench::new();
    let text = "Timestamp,Event type,User\n2024-04-22 06:32:15,Login,zoe@example.com\n2024-04-22 06:33:15,Login,żółw@example.com\n";
    let wide: Vec<u8> = std::iter::once(0xFEFF)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let file = bench.file("wide.csv", wide);
    bench.import(&file, &["--zone", "UTC"]).json(0);
    let written: Vec<&str> = text.lines().skip(1).collect();
    for (format, pointer) in [("ecs", "/event/original"), ("ocsf", "/raw_data")] {
        let ran = bench.run(&[
            "events",
            "case.wmcase",
            "--sort",
            "oldest",
            "--format",
            format,
        ]);
        let events = ran.events();
        let given: Vec<&str> = (events.iter())
            .map(|e| e.pointer(pointer).unwrap().as_str().unwrap())
            .collect();
        assert_eq!(given, written, "{format}");
    }
    let sql = "SELECT raw FROM events WHERE raw LIKE '%Login%' ORDER BY time";
    let rows = bench.run(&["sql", "case.wmcase", "--json", sql]).json(0);
    assert_eq!(rows["rows"], json!([[written[0]], [written[1]]]));
}

#[test]
fn a_file_is_what_events_prints_and_custody_names_its_hash() {
    let bench = bench();
    let query = "actor:alice@example.com";
    let args = [
        "export",
        "case.wmcase",
        "out.ndjson",
        "--query",
        query,
        "--json",
    ];
    let report = bench.run(&args).json(0);
    let bytes = std::fs::read(bench.path("out.ndjson")).unwrap();
    let printed = bench.run(&["events", "case.wmcase", query, "--json"]);
    assert_eq!(bytes, printed.stdout);
    assert_eq!(report["count"], 3);
    assert_eq!(report["bytes"], bytes.len());
    let hash = Sha256::digest(&bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect::<String>();
    assert_eq!(report["sha256"], hash);
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let entry = custody["entries"].as_array().unwrap().last().unwrap();
    assert_eq!(entry["action"], "export");
    assert_eq!(entry["seq"], report["custody"]);
    let detail: Value = serde_json::from_str(entry["detail"].as_str().unwrap()).unwrap();
    assert_eq!(
        detail,
        json!({"query": query, "zone": "UTC", "format": "ndjson", "name": "out.ndjson",
               "count": 3, "bytes": bytes.len(), "sha256": hash})
    );
}

#[test]
fn every_format_is_chosen_by_ending_or_option() {
    let bench = bench();
    for (name, extra) in [
        ("a.csv", None),
        ("a.ndjson", None),
        ("a.json", None),
        ("a.parquet", None),
        ("a.log", Some("ecs")),
        ("a.ocsf.json", Some("ocsf")),
    ] {
        let mut args = vec!["export", "case.wmcase", name, "--json"];
        if let Some(format) = extra {
            args.extend(["--format", format]);
        }
        assert_eq!(bench.run(&args).json(0)["count"], 4, "{name}");
    }
    let read = |name: &str| std::fs::read(bench.path(name)).unwrap();
    assert_eq!(
        read("a.json"),
        read("a.ndjson"),
        "one object a line, so that it can be a stream"
    );
    let sheet = bench.run(&["events", "case.wmcase", "--format", "csv"]);
    assert_eq!(read("a.csv"), sheet.stdout);
    assert!(read("a.parquet").starts_with(b"PAR1") && read("a.parquet").ends_with(b"PAR1"));
    assert_eq!(lines(&read("a.log"))[3]["ecs"]["version"], "9.4.0");
    assert_eq!(lines(&read("a.ocsf.json"))[0]["class_uid"], 3002);
}

#[test]
fn nothing_is_overwritten_and_nothing_half_written_is_left() {
    let bench = bench();
    bench.file("taken.csv", "mine");
    let error = bench
        .run(&["export", "case.wmcase", "taken.csv", "--json"])
        .error();
    assert_eq!(error["code"], "io");
    assert_eq!(std::fs::read(bench.path("taken.csv")).unwrap(), b"mine");
    let error = bench
        .run(&["export", "case.wmcase", "out.txt", "--json"])
        .error();
    assert_eq!(error["code"], "invalid_option");
    let args = [
        "export",
        "case.wmcase",
        "out.csv",
        "--query",
        "nokey:1",
        "--json",
    ];
    assert_eq!(bench.run(&args).error()["code"], "invalid_query");
    assert!(!bench.path("out.csv").exists());
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let exports = custody["entries"].as_array().unwrap().iter();
    assert_eq!(exports.filter(|e| e["action"] == "export").count(), 0);
}

#[test]
fn an_empty_view_is_an_empty_file_of_its_format() {
    let bench = bench();
    for name in ["e.csv", "e.ndjson", "e.parquet"] {
        let args = [
            "export",
            "case.wmcase",
            name,
            "--query",
            "action:nothing",
            "--json",
        ];
        assert_eq!(bench.run(&args).json(0)["count"], 0);
    }
    assert_eq!(std::fs::read(bench.path("e.ndjson")).unwrap(), b"");
    let sheet = std::fs::read_to_string(bench.path("e.csv")).unwrap();
    assert!(sheet.starts_with("\"event\",\"@timestamp\""));
    assert!(
        std::fs::read(bench.path("e.parquet"))
            .unwrap()
            .ends_with(b"PAR1")
    );
}
