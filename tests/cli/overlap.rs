//! The identity rule: what is met again is attested, never doubled and never dropped.

use serde_json::json;

use crate::{Bench, PAYMONGO, receipt};

const ZONE: &[&str] = &["--zone", "Asia/Manila"];

#[test]
fn the_same_file_again_adds_no_event_and_attests_each() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, ZONE).json(0);
    let again = receipt(&bench.import(&file, ZONE).json(0));
    assert_eq!(again["id"], 2);
    assert_eq!(
        (&again["stored"], &again["duplicates"]),
        (&json!(0), &json!(4))
    );
    assert!(
        again["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .any(|w| w["code"] == "same_file"),
        "{again}"
    );
    let events = bench.events("");
    assert_eq!(events.len(), 4);
    assert_eq!(
        events[2]["witnessmark"]["attested"],
        json!([{"source": 1, "entry": 3}, {"source": 2, "entry": 3}])
    );
    assert_eq!(
        bench
            .run(&["count", "case.wmcase", "in:2", "--json"])
            .json(0)["count"],
        4
    );
}

#[test]
fn rows_in_another_order_and_a_longer_export_add_only_what_is_new() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, ZONE).json(0);
    let mut lines: Vec<_> = PAYMONGO.lines().collect();
    lines[1..].reverse();
    lines.push("2024-04-24 10:00:00,Login,bob@example.com,Firefox on Linux,198.51.100.7,");
    let longer = bench.file("longer.csv", lines.join("\n"));
    let source = receipt(&bench.import(&longer, ZONE).json(0));
    assert_eq!(
        (&source["stored"], &source["duplicates"]),
        (&json!(1), &json!(4))
    );
    assert_eq!(bench.events("").len(), 5);
}

#[test]
fn equal_lines_in_one_export_are_several_events_and_stay_so() {
    let bench = Bench::new();
    let line = "2024-04-22 14:32:15,Login,alice@example.com,Safari on macOS,203.0.113.45,\n";
    let header = "Timestamp,Event type,User,Device,IP,Details\n";
    let twice = bench.file("twice.csv", format!("{header}{line}{line}"));
    assert_eq!(receipt(&bench.import(&twice, ZONE).json(0))["stored"], 2);
    let again = bench.file("again.csv", format!("{header}\n{line}{line}"));
    assert_eq!(
        receipt(&bench.import(&again, ZONE).json(0))["duplicates"],
        2
    );
    let thrice = bench.file("thrice.csv", format!("{header}{line}{line}{line}"));
    let source = receipt(&bench.import(&thrice, ZONE).json(0));
    assert_eq!(
        (&source["stored"], &source["duplicates"]),
        (&json!(1), &json!(2)),
        "the multiplicity is the maximum"
    );
    assert_eq!(bench.events("").len(), 3);
}

#[test]
fn one_vendor_id_with_two_contents_keeps_both_and_flags_them() {
    let bench = Bench::new();
    let mut lines = Vec::new();
    witnessmark_tests::generate::ndjson(3, 5, &mut lines).unwrap();
    let text = String::from_utf8(lines).unwrap();
    let first = bench.file("a.ndjson", &text);
    bench.import(&first, &[]).json(0);
    let changed = text.replacen("Payment ", "Refund ", 1);
    let second = bench.file("b.ndjson", &changed);
    let source = receipt(&bench.import(&second, &[]).json(0));
    assert_eq!(
        (&source["stored"], &source["duplicates"]),
        (&json!(1), &json!(2))
    );
    let flagged = bench.events("problem:id_conflict");
    assert_eq!(flagged.len(), 2, "both sides say so: {flagged:?}");
}
