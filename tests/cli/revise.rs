//! Sources that are in the case already: read anew, taken out, held against a later export.

use serde_json::{Value, json};

use crate::{Bench, PAYMONGO, Ran, receipt};

const ZONE: &[&str] = &["--zone", "Asia/Manila"];

fn reread(bench: &Bench, source: &str, extra: &[&str]) -> Ran {
    let mut args = vec!["reread", "case.wmcase", source, "--json"];
    args.extend(extra);
    bench.run(&args)
}

fn withdraw(bench: &Bench, source: &str) -> Value {
    bench
        .run(&[
            "withdraw",
            "case.wmcase",
            source,
            "--why",
            "wrong account",
            "--json",
        ])
        .json(0)
}

fn missing(bench: &Bench, source: &str) -> Value {
    bench
        .run(&["missing", "case.wmcase", source, "--json"])
        .json(0)
}

fn count(bench: &Bench, query: &str) -> u64 {
    let report = bench
        .run(&["count", "case.wmcase", query, "--json"])
        .json(0);
    report["count"].as_u64().unwrap()
}

/// Number, source, entry and time of every event.
fn places(bench: &Bench) -> Vec<(u64, u64, u64, String)> {
    bench
        .events("")
        .iter()
        .map(|e| {
            let at = &e["witnessmark"];
            let n = |key: &str| at[key].as_u64().unwrap();
            let time = e["@timestamp"].as_str().unwrap_or("").to_owned();
            (n("event"), n("source"), n("entry"), time)
        })
        .collect()
}

/// Every event leads back to its bytes, and the receipts tell what is seen.
fn sound(bench: &Bench) {
    let sources = bench.run(&["sources", "case.wmcase", "--json"]).json(0);
    let mut told = 0;
    for source in sources["sources"].as_array().unwrap() {
        let n = |key: &str| source[key].as_u64().unwrap();
        assert_eq!(
            n("entries"),
            n("stored") + n("duplicates") + n("rejected"),
            "{source}"
        );
        if source["state"] == "complete" {
            told += n("events");
        }
    }
    let events = bench.events("");
    assert_eq!(told, events.len() as u64);
    for event in &events {
        let at = &event["witnessmark"];
        let id = at["source"].to_string();
        let out = format!("back-{id}");
        if !bench.path(&out).exists() {
            bench.run(&["extract", "case.wmcase", &id, &out]);
        }
        let whole = std::fs::read(bench.path(&out)).unwrap();
        let from = at["offset"].as_u64().unwrap() as usize;
        let until = from + at["length"].as_u64().unwrap() as usize;
        let raw = bench.run(&["raw", "case.wmcase", &at["event"].to_string()]);
        assert_eq!(raw.stdout, &whole[from..until], "{event}");
        let first = &at["attested"][0];
        assert_eq!(
            (&first["source"], &first["entry"]),
            (&at["source"], &at["entry"])
        );
    }
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    assert_eq!(custody["intact"], true);
}

fn last_action(bench: &Bench) -> (String, Value) {
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let last = custody["entries"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    let detail = serde_json::from_str(last["detail"].as_str().unwrap()).unwrap();
    (last["action"].as_str().unwrap().to_owned(), detail)
}

#[test]
fn another_zone_moves_times_and_nothing_else() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "UTC"]).json(0);
    let before = places(&bench);
    assert_eq!(before[0].3, "2024-04-22T14:32:15.000000000Z");
    let report = reread(&bench, "1", ZONE).json(0);
    let source = receipt(&report);
    assert_eq!(source["zone"], "Asia/Manila (chosen)");
    assert_eq!(
        (&source["generation"], &source["stored"]),
        (&json!(2), &json!(4))
    );
    let after = places(&bench);
    assert_eq!(after[0].3, "2024-04-22T06:32:15.000000000Z");
    let same = |places: &[(u64, u64, u64, String)]| -> Vec<(u64, u64, u64)> {
        places.iter().map(|p| (p.0, p.1, p.2)).collect()
    };
    assert_eq!(same(&before), same(&after), "numbers and places stay");
    assert_eq!(
        count(
            &bench,
            "after:2024-04-22T14:00:00Z before:2024-04-22T15:00:00Z"
        ),
        0
    );
    let (action, detail) = last_action(&bench);
    assert_eq!(action, "reread");
    assert_eq!(detail["choices"]["zone"], "Asia/Manila");
    assert_eq!(detail["before"]["zone"], "UTC (chosen)");
    sound(&bench);
    // What is not said again stays as it was chosen.
    let label = ["--label", "organization.name=Example Goods"];
    let source = receipt(&reread(&bench, "1", &label).json(0));
    assert_eq!(source["zone"], "Asia/Manila (chosen)");
    assert_eq!(count(&bench, "org:\"Example Goods\""), 4);
    sound(&bench);
}

#[test]
fn a_reading_that_is_refused_changes_nothing() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, ZONE).json(0);
    let before = places(&bench);
    assert_eq!(
        reread(&bench, "1", &["--profile", "nosuch"]).error()["code"],
        "unknown_profile"
    );
    assert_eq!(reread(&bench, "7", ZONE).error()["code"], "no_such_item");
    assert_eq!(
        reread(&bench, "1", &["--zone", "Middle/Earth"]).error()["code"],
        "invalid_option"
    );
    assert_eq!(places(&bench), before);
    assert_eq!(last_action(&bench).0, "import");
}

#[test]
fn a_date_order_and_an_encoding_can_be_mended() {
    let bench = Bench::new();
    let text = b"time,user,action\n03/04/2024 10:00:00Z,J\xf6rg,login\n05/04/2024 11:00:00Z,Zo\xeb,logout\n";
    let file = bench.file("dates.csv", text);
    let wrong = ["--date-order", "mdy", "--encoding", "iso-8859-5"];
    bench.import(&file, &wrong).json(0);
    assert!(places(&bench)[0].3.starts_with("2024-03-04"));
    let right = ["--date-order", "dmy", "--encoding", "latin1"];
    reread(&bench, "1", &right).json(0);
    assert!(places(&bench)[0].3.starts_with("2024-04-03"));
    assert_eq!(bench.events("")[0]["user"]["name"], "J\u{f6}rg");
    assert_eq!(
        count(&bench, "\"j\u{f6}rg\""),
        1,
        "free text reads as the source is read now"
    );
    sound(&bench);
}

#[test]
fn copies_part_and_come_together_with_their_readings() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, ZONE).json(0);
    bench.import(&file, ZONE).json(0);
    assert_eq!(bench.events("").len(), 4);
    reread(&bench, "1", &["--zone", "UTC"]).json(0);
    assert_eq!(
        bench.events("").len(),
        8,
        "two readings of one file are not the same events"
    );
    assert_eq!(count(&bench, "in:2"), 4);
    sound(&bench);
    reread(&bench, "2", &["--zone", "UTC"]).json(0);
    let events = bench.events("");
    assert_eq!(events.len(), 4);
    assert_eq!(events[0]["witnessmark"]["event"], 1);
    assert_eq!(
        events[0]["witnessmark"]["attested"],
        json!([{"source": 1, "entry": 1}, {"source": 2, "entry": 1}])
    );
    sound(&bench);
}

#[test]
fn members_of_an_archive_and_parts_of_entries_take_part() {
    let bench = Bench::new();
    let later = PAYMONGO.replace("2024-04", "2024-05");
    let members = [("a.csv", PAYMONGO.as_bytes()), ("b.csv", later.as_bytes())];
    let zip = bench.file("both.zip", witnessmark_tests::archive::zip(&members));
    bench.import(&zip, &["--zone", "UTC"]).json(0);
    let google = concat!(
        r#"{"kind":"admin#reports#activity","id":{"time":"2024-04-22T06:32:15.000Z","uniqueQualifier":"17","applicationName":"login","customerId":"C01"},"#,
        r#""actor":{"email":"alice@example.com","profileId":"1"},"ipAddress":"203.0.113.45","events":[{"type":"login","name":"login_success"},{"type":"login","name":"login_challenge"}]}"#
    );
    let file = bench.file("google.ndjson", format!("{google}\n"));
    bench.import(&file, &[]).json(0);
    bench.import(&file, &[]).json(0);
    assert_eq!(bench.events("in:3").len(), 2, "one record, two events");
    reread(&bench, "2", ZONE).json(0);
    assert!(places(&bench)[4].3.starts_with("2024-05-22T06:32:15"));
    let report = withdraw(&bench, "3");
    assert_eq!((&report["kept"], &report["gone"]), (&json!(2), &json!(0)));
    let events = bench.events("in:4");
    assert_eq!(events.len(), 2);
    let parts: Vec<_> = events
        .iter()
        .map(|e| (&e["witnessmark"]["part"], &e["event"]["action"]))
        .collect();
    assert_eq!(
        parts,
        [
            (&json!(1), &json!("login_success")),
            (&json!(2), &json!("login_challenge"))
        ]
    );
    sound(&bench);
}

#[test]
fn a_withdrawn_source_leaves_its_bytes_and_what_others_attest() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, ZONE).json(0);
    let lines: Vec<_> = PAYMONGO.lines().collect();
    let part = format!("{}\n{}\n{}\n", lines[0], lines[3], lines[1]);
    let other = bench.file("part.csv", &part);
    bench.import(&other, ZONE).json(0);
    let refused = bench.run(&["withdraw", "case.wmcase", "1", "--why", " ", "--json"]);
    assert_eq!(refused.error()["code"], "invalid_option");
    let report = withdraw(&bench, "1");
    assert_eq!((&report["kept"], &report["gone"]), (&json!(2), &json!(2)));
    let places = places(&bench);
    let rows: Vec<_> = places.iter().map(|p| (p.0, p.1, p.2)).collect();
    assert_eq!(
        rows,
        [(1, 2, 2), (3, 2, 1)],
        "the same numbers, read from the other source"
    );
    assert_eq!(bench.run(&["raw", "case.wmcase", "1"]).text(), lines[1]);
    assert_eq!(
        bench.run(&["raw", "case.wmcase", "2", "--json"]).error()["code"],
        "no_such_item"
    );
    let sources = bench.run(&["sources", "case.wmcase", "--json"]).json(0);
    assert_eq!(sources["sources"][0]["state"], "withdrawn");
    assert_eq!(sources["sources"][0]["withdrawn"], "wrong account");
    assert_eq!(sources["sources"][1]["stored"], 2);
    let (action, detail) = last_action(&bench);
    assert_eq!(
        (action.as_str(), &detail["why"]),
        ("withdraw", &json!("wrong account"))
    );
    bench.run(&["extract", "case.wmcase", "1", "whole.csv"]);
    assert_eq!(
        std::fs::read(bench.path("whole.csv")).unwrap(),
        PAYMONGO.as_bytes()
    );
    sound(&bench);
    // Twice is an error, and so is reading what is out.
    let again = bench.run(&["withdraw", "case.wmcase", "1", "--why", "again", "--json"]);
    assert_eq!(again.error()["code"], "no_such_item");
    assert_eq!(reread(&bench, "1", &[]).error()["code"], "no_such_item");
    // The same file again is a new source.
    let source = receipt(&bench.import(&file, ZONE).json(0));
    assert_eq!(
        (&source["stored"], &source["duplicates"]),
        (&json!(2), &json!(2))
    );
    sound(&bench);
}

#[test]
fn many_rows_are_read_anew_too() {
    let bench = Bench::new();
    let mut text = String::from("timestamp,actor_email,action,target_id\n");
    for i in 0..20_000 {
        let (hour, minute, second) = (i / 3600, i / 60 % 60, i % 60);
        text.push_str(&format!(
            "2024-04-22 {hour:02}:{minute:02}:{second:02},user{}@example.com,payment.viewed,p{}\n",
            i % 90,
            i % 7_000
        ));
    }
    let file = bench.file("big.csv", &text);
    bench.import(&file, &["--zone", "UTC"]).json(0);
    bench.import(&file, &["--zone", "UTC"]).json(0);
    reread(&bench, "1", &["--zone", "+01:00"]).json(0);
    assert_eq!(count(&bench, ""), 40_000);
    assert_eq!(count(&bench, "in:2"), 20_000);
    assert_eq!(count(&bench, "in:1 -in:2"), 20_000);
    withdraw(&bench, "1");
    assert_eq!(count(&bench, ""), 20_000);
    let numbers: Vec<u64> = places(&bench).iter().map(|p| p.0).collect();
    assert!(
        numbers.iter().all(|n| *n > 20_000),
        "the other copy has numbers of its own by now"
    );
    reread(&bench, "2", &["--zone", "+01:00"]).json(0);
    assert_eq!(count(&bench, "after:2024-04-21 before:2024-04-22"), 3_600);
}

#[test]
fn what_a_later_export_lacks_is_told_entry_by_entry() {
    let bench = Bench::new();
    let file = bench.file("april.csv", PAYMONGO);
    bench.import(&file, ZONE).json(0);
    let lines: Vec<_> = PAYMONGO.lines().collect();
    let without = format!("{}\n{}\n{}\n{}\n", lines[0], lines[1], lines[2], lines[4]);
    let later = bench.file("april-later.csv", &without);
    bench.import(&later, ZONE).json(0);
    let report = missing(&bench, "2");
    assert_eq!(report["count"], 1);
    assert_eq!(report["compared"], json!([1]));
    assert_eq!(report["providers"], json!(["paymongo"]));
    let one = &report["missing"][0];
    assert_eq!(
        (&one["event"], &one["source"], &one["entry"], &one["line"]),
        (&json!(3), &json!(1), &json!(3), &json!(4))
    );
    assert_eq!(one["action"], "Payout Account Updated");
    assert_eq!(one["@timestamp"], "2024-04-22T07:10:00.000000000Z");
    let from = one["offset"].as_u64().unwrap() as usize;
    let until = from + one["length"].as_u64().unwrap() as usize;
    assert_eq!(&PAYMONGO[from..until], lines[3]);
    assert_eq!(
        missing(&bench, "1")["count"],
        0,
        "an earlier source is held against nothing"
    );
    // Outside its time, and of another system or account, nothing is missing.
    let short = bench.file(
        "short.csv",
        format!("{}\n{}\n{}\n", lines[0], lines[1], lines[2]),
    );
    bench.import(&short, ZONE).json(0);
    assert_eq!(missing(&bench, "3")["count"], 0);
    let mut other = Vec::new();
    witnessmark_tests::generate::ndjson(20, 5, &mut other).unwrap();
    let other = String::from_utf8(other).unwrap().replace("2025-", "2024-");
    let file = bench.file("okta.ndjson", other);
    bench.import(&file, &[]).json(0);
    assert_eq!(missing(&bench, "4")["count"], 0);
    let text = bench.run(&["missing", "case.wmcase", "2"]).text();
    assert!(
        text.contains("1 events are missing") && text.contains("event 3"),
        "{text}"
    );
    // What was withdrawn attests nothing any more.
    withdraw(&bench, "1");
    assert_eq!(missing(&bench, "2")["count"], 0);
}
