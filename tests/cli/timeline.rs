//! The timeline: order, formats, filters, the undated.

use crate::{Bench, PAYMONGO};

fn bench() -> Bench {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    bench
}

#[test]
fn a_filter_is_the_same_on_every_command() {
    let bench = bench();
    let filters = [
        ("", 4),
        ("actor:alice@example.com", 3),
        ("actor:ALICE*", 3),
        ("-actor:alice*", 1),
        ("ip:203.0.113.0/24", 1),
        // "Bank account changed" tells a field without its values.
        ("has:changes", 2),
        ("field:email old:bob@example.com", 1),
        ("after:2024-04-23", 1),
        ("before:2024-04-23 op:authenticate", 1),
        ("\"secret key\"", 1),
        ("action:\"login\"", 0),
        ("action:login", 1),
        ("(action:login OR actor:bob*)", 2),
        ("in:1", 4),
        ("in:logs.csv", 4),
        ("undated", 0),
        ("raw:\"Safari on\"", 1),
    ];
    for (filter, expected) in filters {
        let count = bench.run(&[
            "count",
            "case.wmcase",
            filter,
            "--zone",
            "Asia/Manila",
            "--json",
        ]);
        assert_eq!(count.json(0)["count"], expected, "count {filter}");
        let events = bench
            .run(&[
                "events",
                "case.wmcase",
                filter,
                "--zone",
                "Asia/Manila",
                "--json",
            ])
            .events();
        assert_eq!(events.len(), expected, "events {filter}");
    }
}

#[test]
fn a_source_that_is_not_there_is_no_empty_answer() {
    let error = bench()
        .run(&["count", "case.wmcase", "in:99", "--json"])
        .error();
    assert_eq!(error["code"], "invalid_query");
    assert!(
        error["hint"].as_str().unwrap().contains("1 (logs.csv)"),
        "{error}"
    );
}

#[test]
fn order_and_limit_hold() {
    let bench = bench();
    let numbers = |args: &[&str]| -> Vec<u64> {
        let mut all = vec!["events", "case.wmcase", "--json"];
        all.extend(args);
        bench
            .run(&all)
            .events()
            .iter()
            .map(|e| e["witnessmark"]["event"].as_u64().unwrap())
            .collect()
    };
    assert_eq!(numbers(&[]), [1, 2, 3, 4]);
    assert_eq!(numbers(&["--sort", "newest"]), [4, 3, 2, 1]);
    assert_eq!(numbers(&["--sort", "oldest", "--limit", "2"]), [1, 2]);
}

#[test]
fn undated_events_come_last_in_both_orders_and_are_counted() {
    let bench = Bench::new();
    let text = "Event code,Actor,Action,Target,Timestamp\n\
                org.api_key:created,jane@example.com,created,API key ak_1,2026-11-12 09:31:07\n\
                org.member:invited,jane@example.com,invited,bob@example.com,5 minutes ago\n\
                org.profile:updated,jane@example.com,updated,Example Goods,2026-11-10 09:31:07\n";
    let file = bench.file("corefy.csv", text);
    let report = bench.import(&file, &["--zone", "Europe/Kyiv"]).json(0);
    assert_eq!(
        report["sources"][0]["undated"], 1,
        "a relative time is no time: {report}"
    );
    for sort in ["newest", "oldest"] {
        let events = bench
            .run(&["events", "case.wmcase", "--sort", sort, "--json"])
            .events();
        assert!(
            events[2].get("@timestamp").is_none(),
            "{sort}: the undated come last"
        );
    }
    let count = bench.run(&["count", "case.wmcase", "--json"]).json(0);
    assert_eq!(
        (count["count"].as_u64(), count["undated"].as_u64()),
        (Some(3), Some(1))
    );
    assert_eq!(bench.events("problem:relative_time").len(), 1);
}

#[test]
fn a_spreadsheet_gets_no_formula() {
    let bench = Bench::new();
    let file = bench.file(
        "logs.csv",
        PAYMONGO.replace("Secret Key", "\"=HYPERLINK(\"\"http://x\"\")\""),
    );
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let csv = bench
        .run(&["events", "case.wmcase", "--format", "csv"])
        .text();
    assert!(csv.contains("\"'=HYPERLINK"), "{csv}");
    assert!(!csv.contains(",\"=") && !csv.contains(",="), "{csv}");
}

#[test]
fn a_terminal_gets_no_escape() {
    let bench = Bench::new();
    let file = bench.file(
        "logs.csv",
        PAYMONGO.replace("Payout Account Updated", "Payout \u{1b}[31mred\u{202e}"),
    );
    bench.import(&file, &["--zone", "Asia/Manila"]);
    let table = bench.run(&["events", "case.wmcase"]).text();
    assert!(
        !table.contains('\u{1b}') && !table.contains('\u{202e}'),
        "{table}"
    );
    assert!(table.contains("␛[31mred⟨U+202E⟩"), "{table}");
}
