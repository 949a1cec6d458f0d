//! What a package tells of a case: findings and verdicts, lists that say when they are a part, and nothing of other merchants.

use serde_json::Value;

use crate::Bench;
use crate::package::{bench, files, package, verify};
use crate::redaction::holds;

fn json(bench: &Bench, name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(bench.path(name)).unwrap()).unwrap()
}

fn html(bench: &Bench, package: &str) -> String {
    std::fs::read_to_string(bench.path(package).join("data/report/report.html")).unwrap()
}

/// Working days of one person, then a stranger who takes the money.
fn robbed() -> Bench {
    let mut log = String::from("Timestamp,Event type,User,Device,IP,Details\n");
    for day in 1..=22 {
        log.push_str(&format!(
            "2024-03-{day:02} 09:00:00,Login,alice@example.com,Chrome on Windows,198.51.100.7,\n"
        ));
    }
    log.push_str("2024-03-24 03:00:00,Login,alice@example.com,Firefox on Linux,203.0.113.9,\n");
    log.push_str("2024-03-24 03:04:00,API Key Viewed,alice@example.com,,,Secret Key\n");
    log.push_str("2024-03-24 03:05:00,Edited the bank information,alice@example.com,,,\n");
    log.push_str("2024-03-24 03:09:00,Created a disbursement,alice@example.com,,,\n");
    let bench = Bench::new();
    let file = bench.file("logs.csv", log);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    bench
}

#[test]
fn findings_verdicts_and_what_could_not_be_told_go_into_a_package() {
    let bench = robbed();
    package(&bench, "before", &[]);
    assert_eq!(
        json(&bench, "before/data/rules/detections.json")["reviewed"],
        false
    );
    assert!(html(&bench, "before").contains("Not reviewed"));
    let found = bench.run(&["detect", "case.wmcase", "--json"]).json(1);
    let all = found["findings"].as_array().unwrap();
    let money = all.iter().find(|f| f["detection"] == "money_path").unwrap();
    let id = money["id"].as_str().unwrap();
    bench
        .run(&[
            "verdict",
            "case.wmcase",
            id,
            "confirmed_compromised",
            "--note",
            "alice@example.com called us",
            "--json",
        ])
        .json(0);
    package(&bench, "pkg", &[]);
    verify(&bench, "pkg", &[]).json(0);
    let told = json(&bench, "pkg/data/rules/detections.json");
    assert_eq!(
        told["findings"].as_array().unwrap().len(),
        all.len(),
        "{told}"
    );
    let of = |id: &str| {
        let all = told["detections"].as_array().unwrap().iter();
        all.clone().find(|d| d["id"] == id).unwrap().clone()
    };
    assert_eq!(of("money_path")["result"], "found");
    assert_eq!(of("impossible_travel")["result"], "not evaluated");
    assert!(
        of("impossible_travel")["not_evaluated"]
            .to_string()
            .contains("reason")
    );
    assert!(
        !of("money_path")["parameters"]
            .as_object()
            .unwrap()
            .is_empty()
    );
    let review = json(&bench, "pkg/data/review/review.json");
    assert_eq!(
        review["review"]["verdicts"][0]["verdict"],
        "confirmed_compromised"
    );
    assert_eq!(review["review"]["verdicts"][0]["finding"], id);
    let report = html(&bench, "pkg");
    for words in [
        money["sentence"].as_str().unwrap(),
        "confirmed compromised",
        "called us",
        "Not evaluated",
    ] {
        let shown = words
            .replace('&', "&amp;")
            .replace('\'', "&#39;")
            .replace('<', "&lt;");
        assert!(report.contains(words) || report.contains(&shown), "{words}");
    }
    // The same again, to the byte.
    package(&bench, "again", &[]);
    let part = |name: &str| std::fs::read(bench.path(name).join("manifest-sha256.txt")).unwrap();
    assert_eq!(part("pkg"), part("again"));
    // Hidden with the rest, and its id, which is a hash of whom it accuses.
    package(&bench, "red", &["--redact", "external-audit"]);
    verify(&bench, "red", &[]).json(0);
    for (name, bytes) in files(&bench.path("red")) {
        for text in ["alice", id] {
            assert!(!holds(&bytes, text.as_bytes()), "{text} in {name}");
        }
    }
    assert!(html(&bench, "red").contains("confirmed compromised"));
    // A scope that holds a part of a finding tells that it is there, and not what it says of the rest.
    package(
        &bench,
        "part",
        &["--query", "action:\"Created a disbursement\""],
    );
    let part = json(&bench, "part/data/rules/detections.json");
    let money = part["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|f| f["id"] == id)
        .unwrap();
    assert!(
        money["sentence"]
            .as_str()
            .unwrap()
            .contains("outside the scope"),
        "{money}"
    );
    assert_eq!(money["verdict"]["note"], "");
    assert!(money.get("actor").is_none());
    // Data that came in later is not covered by what was found before.
    let more = bench.file("more.csv", "Timestamp,Event type,User,Device,IP,Details\n2024-03-25 03:30:00,Login,alice@example.com,,,\n");
    bench.import(&more, &["--zone", "Asia/Manila"]).json(0);
    package(&bench, "later", &[]);
    assert_eq!(
        json(&bench, "later/data/rules/detections.json")["of_these_events"],
        false
    );
    assert!(html(&bench, "later").contains("after this review"));
}

#[test]
fn lists_on_paper_say_when_they_are_a_part() {
    let mut log = String::from("time,actor_email,action\n");
    for n in 0..700 {
        log.push_str(&format!(
            "2024-05-01T10:{:02}:{:02}Z,a@example.com,act-{n:04}\n",
            n / 60,
            n % 60
        ));
    }
    let bench = Bench::new();
    let file = bench.file("log.csv", log);
    bench.import(&file, &[]).json(0);
    for event in ["601", "602", "603"] {
        bench
            .run(&[
                "note",
                "case.wmcase",
                &format!("event:{event}"),
                "look",
                "--json",
            ])
            .json(0);
    }
    package(&bench, "pkg", &["--sample", "600"]);
    let report = html(&bench, "pkg");
    assert!(report.contains("250 of 600 shown"), "the sample is a part");
    let sample = json(&bench, "pkg/data/scope/sample.json");
    let first = sample["sample"][0]["event"].as_u64().unwrap();
    let start = report.find("The sample").unwrap();
    let rows = &report[start..];
    let row = rows.find("act-").unwrap();
    assert_eq!(
        &rows[row..row + 8],
        format!("act-{:04}", first - 1),
        "the first of the draw is the first row"
    );
    package(&bench, "all", &[]);
    let report = html(&bench, "all");
    assert!(
        report.contains("Further events, the first 250 by number"),
        "as many as it says"
    );
    assert_eq!(
        report.matches("act-0600").count(),
        1,
        "a marked event stands once"
    );
    assert_eq!(report.matches("act-0249").count(), 1);
    assert_eq!(report.matches("act-0250").count(), 0);
}

#[test]
fn a_slice_tells_nothing_of_other_logs() {
    let bench = bench();
    let other = bench.file("other-merchant.csv", "time,actor_email,action,merchant\n2024-05-06T10:00:00Z,zed@other.example,login,Other\nbroken,,,\n");
    bench.import(&other, &[]);
    package(&bench, "pkg", &["--query", "actor:alice@example.com"]);
    verify(&bench, "pkg", &[]).json(0);
    let coverage = json(&bench, "pkg/data/coverage/coverage.json");
    assert_eq!(
        coverage["sources"][1],
        serde_json::json!({"source": 2, "scope": "not in scope"})
    );
    let population = json(&bench, "pkg/data/scope/population.json");
    assert_eq!(population["conservation"]["read"], 4, "of the log in scope");
    for (name, bytes) in files(&bench.path("pkg")) {
        if name != "data/custody/custody.ndjson" {
            assert!(!holds(&bytes, b"other-merchant"), "{name}");
        }
    }
    // Only a redacted package may withhold entries of the log.
    package(
        &bench,
        "red",
        &[
            "--query",
            "actor:alice@example.com",
            "--redact",
            "no-persons",
        ],
    );
    verify(&bench, "red", &[]).json(0);
    for (name, bytes) in files(&bench.path("red")) {
        assert!(!holds(&bytes, b"other-merchant"), "{name}");
    }
    // Nothing found says something about every log.
    package(&bench, "none", &["--query", "actor:nobody@example.com"]);
    let coverage = json(&bench, "none/data/coverage/coverage.json");
    assert_eq!(coverage["sources"][1]["name"], "other-merchant.csv");
    verify(&bench, "none", &[]).json(0);
}
