//! What stands around an event, rare values, search within values, first and last seen, one and the same change.

use serde_json::{Value, json};

use std::fmt::Write;

use crate::{Bench, PAYMONGO};

fn bench() -> Bench {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    bench
}

#[test]
fn facets_are_rare_found_within_and_seen() {
    let bench = bench();
    let facets = |extra: &[&str]| -> Value {
        let mut args = vec!["facets", "case.wmcase", "--by", "user.email", "--json"];
        args.extend(extra);
        bench.run(&args).json(0)["fields"][0].clone()
    };
    let rare = facets(&["--rare", "--limit", "1"]);
    assert_eq!(
        rare["values"],
        json!([{"value": "bob@example.com", "count": 1}])
    );
    assert_eq!(rare["distinct"], 2);
    let within = facets(&["--contains", "ALICE"]);
    assert_eq!(within["found"], 1);
    assert_eq!(
        within["distinct"], 2,
        "distinct stays that of the whole selection"
    );
    assert_eq!(within["values"][0]["value"], "alice@example.com");
    let seen = facets(&["--seen"]);
    assert_eq!(
        seen["values"][0],
        json!({"value": "alice@example.com", "count": 3,
               "first": "2024-04-22T06:32:15.000000000Z", "last": "2024-04-22T07:10:00.000000000Z"})
    );
}

#[test]
fn context_shows_what_the_filter_leaves_out_and_marks_it() {
    let bench = bench();
    let args = [
        "context",
        "case.wmcase",
        "2",
        "op:authenticate",
        "--span",
        "1h",
        "--json",
    ];
    let report = bench.run(&args).json(0);
    let matches: Vec<(u64, bool)> = (report["events"].as_array().unwrap().iter())
        .map(|e| {
            let number = e["event"]["witnessmark"]["event"].as_u64().unwrap();
            (number, e["matches"].as_bool().unwrap())
        })
        .collect();
    assert_eq!(matches, [(1, true), (2, false), (3, false)]);
    assert_eq!(
        (&report["before"], &report["after"]),
        (&json!(1), &json!(1))
    );
    let rows = bench.run(&["context", "case.wmcase", "4", "--rows", "1", "--json"]);
    assert_eq!(rows.json(0)["events"].as_array().unwrap().len(), 2);
    let none = bench
        .run(&["context", "case.wmcase", "99", "--json"])
        .error();
    assert_eq!(none["code"], "no_such_item");
    let span = bench.run(&["context", "case.wmcase", "1", "--span", "long", "--json"]);
    assert_eq!(span.error()["code"], "invalid_option");
}

#[test]
fn one_and_the_same_change() {
    let bench = bench();
    let count = |query: &str| {
        let report = bench
            .run(&["count", "case.wmcase", query, "--json"])
            .json(0);
        report["count"].as_u64().unwrap()
    };
    assert_eq!(count("change:(field:email old:bob@example.com)"), 1);
    assert_eq!(count("change:(field:email old:rob@example.com)"), 0);
    assert_eq!(count("-change:(field:email)"), 3);
}

/// Text search equals a scan of the originals, whatever the text: the words meet quotes, accents, other scripts, folds.
#[test]
fn every_text_that_the_originals_hold_is_found() {
    let bench = Bench::new();
    let words = [
        "alice@example.com",
        "Straße",
        "STRASSE",
        "東京",
        "ref-0042",
        "say \"hi\"",
        "k\u{212a}",
        "203.0.113.9",
        "naïve",
        "O'Neil",
        "a,b",
        "back\\slash",
        "",
    ];
    let mut sheet = String::from("time,action,who,note\n");
    let mut rows: Vec<[&str; 3]> = Vec::new();
    for at in 0..4_000_usize {
        let pick = |n: usize| words[(at * n + at / 7) % words.len()];
        let row = [pick(3), pick(5), pick(11)];
        let cell = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        writeln!(
            sheet,
            "2024-05-01T{:02}:{:02}:{:02}Z,{},{},{}",
            at / 3_600 % 24,
            at / 60 % 60,
            at % 60,
            cell(row[0]),
            cell(row[1]),
            cell(row[2])
        )
        .unwrap();
        rows.push(row);
    }
    let file = bench.file("words.csv", sheet);
    bench.import(&file, &[]).json(0);
    for (query, held) in [
        ("alice@", "alice@"),
        ("strasse", "strasse"),
        ("\"straß\"", "strass"),
        ("東", "東"),
        ("ref-00", "ref-00"),
        ("\"say \\\"h\"", "say \"h"),
        ("kk", "kk"),
        ("0.113", "0.113"),
        ("naïv", "naïv"),
        ("o'nei", "o'nei"),
        ("\"a,b\"", "a,b"),
        ("\"back\\\\sl\"", "back\\sl"),
        ("nothing", "nothing"),
    ] {
        let folded = |text: &str| {
            text.to_lowercase()
                .replace('ß', "ss")
                .replace('\u{212a}', "k")
        };
        let expected = (rows.iter())
            .filter(|row| row.iter().any(|text| folded(text).contains(held)))
            .count();
        let found = bench
            .run(&["count", "case.wmcase", query, "--json"])
            .json(0);
        assert_eq!(found["count"], expected, "{query}");
    }
    let facet = bench.run(&[
        "facets",
        "case.wmcase",
        "raw.who:~example",
        "--by",
        "raw.who,raw.none",
        "--json",
    ]);
    let facet = facet.json(0);
    assert_eq!(
        facet["fields"][0]["values"][0]["value"],
        "alice@example.com"
    );
    assert_eq!(facet["fields"][0]["distinct"], 1);
    assert_eq!(facet["fields"][1]["distinct"], 0);
}
