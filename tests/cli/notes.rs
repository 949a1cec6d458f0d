//! Notes, tags, bookmarks and entries from outside: on what they can be, how they are found, and that they go along.
//!
//! Owns: these cases. Never touches: the engine.

use serde_json::{Value, json};

use crate::{Bench, PAYMONGO};

fn bench() -> Bench {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    bench
}

fn run(bench: &Bench, args: &[&str]) -> Value {
    let mut all = args.to_vec();
    all.push("--json");
    bench.run(&all).json(0)
}

fn notes(bench: &Bench, more: &[&str]) -> Vec<Value> {
    let mut args = vec!["notes", "case.wmcase"];
    args.extend(more);
    run(bench, &args)["notes"].as_array().unwrap().clone()
}

#[test]
fn notes_stand_on_events_actors_records_and_findings_and_are_searched() {
    let bench = bench();
    run(
        &bench,
        &["note", "case.wmcase", "2", "Asked Alice: NOT hers"],
    );
    run(&bench, &["tag", "case.wmcase", "event:3", "money"]);
    run(&bench, &["bookmark", "case.wmcase", "3"]);
    run(
        &bench,
        &[
            "note",
            "case.wmcase",
            "actor:alice@example.com",
            "On leave since Monday",
        ],
    );
    run(
        &bench,
        &["tag", "case.wmcase", "record:api_key/Secret Key", "exposed"],
    );
    run(
        &bench,
        &[
            "entry",
            "case.wmcase",
            "2024-04-22 16:00",
            "Called the bank",
            "--zone",
            "Asia/Manila",
        ],
    );
    let all = notes(&bench, &[]);
    assert_eq!(all.len(), 6);
    let entry = all.iter().find(|n| n["kind"] == "entry").unwrap();
    assert_eq!(entry["time"], "2024-04-22T08:00:00.000000000Z");
    let order: Vec<&str> = all.iter().map(|n| n["kind"].as_str().unwrap()).collect();
    assert_eq!(
        order[..4],
        ["note", "tag", "bookmark", "entry"],
        "by the time of what they are about: {order:?}"
    );
    let found = notes(&bench, &["not hers"]);
    assert_eq!(
        (found.len(), &found[0]["event"], &found[0]["entry"]),
        (1, &json!(2), &json!(2))
    );
    assert_eq!(found[0]["source_sha256"].as_str().unwrap().len(), 64);
    assert_eq!(
        notes(&bench, &["alice@example.com"]).len(),
        1,
        "what a note is on is searched too"
    );
    assert_eq!(notes(&bench, &["--kind", "tag"]).len(), 2);
    // The filter beside each finds what it is about.
    for note in notes(&bench, &["--kind", "note", "--kind", "tag"]) {
        let count = run(
            &bench,
            &["count", "case.wmcase", note["filter"].as_str().unwrap()],
        );
        assert!(count["count"].as_u64().unwrap() > 0, "{note}");
    }
    run(
        &bench,
        &[
            "note",
            "case.wmcase",
            "actor:alice@example.com",
            "On leave since Monday",
            "--take-back",
        ],
    );
    assert_eq!(notes(&bench, &["leave"]).len(), 0);
    let id = entry["id"].to_string();
    run(&bench, &["entry", "case.wmcase", "--take-back", &id]);
    assert_eq!(notes(&bench, &["--kind", "entry"]).len(), 0);
    for (subject, code) in [
        ("actor:nobody", "no_such_item"),
        ("record:none/1", "no_such_item"),
        ("finding:F-000000000000", "no_such_item"),
        ("event:99", "no_such_item"),
        ("thing:1", "invalid_option"),
    ] {
        let error = bench
            .run(&["note", "case.wmcase", subject, "x", "--json"])
            .error();
        assert_eq!(error["code"], code, "{subject}");
    }
    assert_eq!(
        bench
            .run(&["note", "case.wmcase", "2", " ", "--json"])
            .error()["code"],
        "invalid_option"
    );
}

#[test]
fn a_note_on_a_finding_stands_by_its_id() {
    let bench = Bench::new();
    let sample = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../samples/paymongo-security-logs.csv"
    ))
    .unwrap();
    let file = bench.file("logs.csv", sample);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let findings = bench.run(&["detect", "case.wmcase", "--json"]).json(1);
    let id = findings["findings"][0]["id"].as_str().unwrap().to_owned();
    run(
        &bench,
        &[
            "note",
            "case.wmcase",
            &format!("finding:{id}"),
            "Checked with Alice",
        ],
    );
    let found = notes(&bench, &["checked with"]);
    assert_eq!(found[0]["subject"], format!("finding:{id}"));
}

#[test]
fn marks_find_their_entries_again_when_a_source_comes_back() {
    let bench = bench();
    run(&bench, &["note", "case.wmcase", "3", "This is the change"]);
    run(&bench, &["tag", "case.wmcase", "3", "money"]);
    run(
        &bench,
        &["withdraw", "case.wmcase", "1", "--why", "wrong export"],
    );
    let gone = notes(&bench, &["the change"]);
    assert_eq!((gone.len(), &gone[0]["gone"]), (1, &json!(true)));
    bench
        .import(&bench.path("logs.csv"), &["--zone", "Asia/Manila"])
        .json(0);
    let back: Vec<Value> = notes(&bench, &["the change"])
        .into_iter()
        .filter(|n| n["gone"] == false)
        .collect();
    assert_eq!(back.len(), 1);
    let event = back[0]["event"].to_string();
    assert_ne!(event, "3", "event numbers are never used again");
    assert_eq!(
        (&back[0]["carried"]["event"], &back[0]["carried"]["who"]),
        (&json!(3), &json!("tester@bench"))
    );
    let tagged = run(
        &bench,
        &[
            "count",
            "case.wmcase",
            "tag:money action:\"Payout Account Updated\"",
        ],
    );
    assert_eq!(tagged["count"], 1);
    // Reading it anew keeps numbers, so nothing is carried.
    run(&bench, &["reread", "case.wmcase", "2", "--zone", "UTC"]);
    assert_eq!(
        notes(&bench, &["the change"])
            .iter()
            .filter(|n| n["gone"] == false)
            .count(),
        1
    );
}

#[test]
fn chosen_sources_are_copied_with_their_marks_and_not_twice() {
    let bench = bench();
    let other = bench.file("other.csv", PAYMONGO.replace("alice", "amy"));
    bench.import(&other, &["--zone", "UTC"]).json(0);
    run(&bench, &["note", "case.wmcase", "2", "Look here"]);
    run(&bench, &["note", "case.wmcase", "6", "Not copied"]);
    for who in ["alice", "amy"] {
        let subject = format!("actor:{who}@example.com");
        run(&bench, &["note", "case.wmcase", &subject, "On leave"]);
    }
    let copied = run(
        &bench,
        &["copy", "second.wmcase", "case.wmcase", "--source", "1"],
    );
    assert_eq!(
        (&copied["marks"], &copied["sources"][0]["zone"]),
        (&json!(2), &json!("Asia/Manila (chosen)"))
    );
    let sources = run(&bench, &["sources", "case.wmcase"]);
    assert_eq!(
        copied["sources"][0]["sha256"],
        sources["sources"][0]["sha256"]
    );
    let notes = run(&bench, &["notes", "second.wmcase"]);
    assert_eq!(notes["notes"].as_array().unwrap().len(), 2);
    assert_eq!(
        (
            &notes["notes"][1]["subject"],
            &notes["notes"][1]["carried"]["who"]
        ),
        (&json!("actor:alice@example.com"), &json!("tester@bench")),
        "and nothing of whom the source does not name"
    );
    assert_eq!(
        (&notes["notes"][0]["text"], &notes["notes"][0]["event"]),
        (&json!("Look here"), &json!(2))
    );
    assert!(notes["notes"][0]["carried"]["case"].as_str().unwrap().len() > 30);
    let again = run(
        &bench,
        &["copy", "second.wmcase", "case.wmcase", "--source", "1"],
    );
    assert_eq!((&again["marks"], &again["known"]), (&json!(0), &json!(2)));
    assert_eq!(run(&bench, &["count", "second.wmcase", ""])["count"], 4);
    let custody = run(&bench, &["custody", "second.wmcase"]);
    assert!(
        custody["entries"]
            .as_array()
            .unwrap()
            .iter()
            .any(|e| e["action"] == "case.copy_from")
    );
    let none = bench
        .run(&[
            "copy",
            "second.wmcase",
            "case.wmcase",
            "--source",
            "9",
            "--json",
        ])
        .error();
    assert_eq!(none["code"], "no_such_item");
}

#[test]
fn marks_outlive_taking_out_reading_anew_and_importing_again_in_any_order() {
    let bench = bench();
    run(&bench, &["note", "case.wmcase", "3", "This is the change"]);
    run(&bench, &["bookmark", "case.wmcase", "3"]);
    run(&bench, &["tag", "case.wmcase", "2", "key"]);
    let standing = || -> Vec<(String, Value)> {
        let mut all: Vec<(String, Value)> = notes(&bench, &[])
            .into_iter()
            .filter(|n| n["gone"] == false)
            .map(|n| (n["kind"].as_str().unwrap().to_owned(), n["entry"].clone()))
            .collect();
        all.sort_by_key(|(kind, _)| kind.clone());
        all
    };
    let wanted: Vec<(String, Value)> = [("bookmark", 3), ("note", 3), ("tag", 2)]
        .map(|(kind, entry)| (kind.to_owned(), json!(entry)))
        .into();
    assert_eq!(standing(), wanted);
    let mut source = 1;
    for round in 0..2 {
        run(
            &bench,
            &[
                "reread",
                "case.wmcase",
                &source.to_string(),
                "--zone",
                "UTC",
            ],
        );
        assert_eq!(standing(), wanted, "read anew, round {round}");
        run(
            &bench,
            &[
                "withdraw",
                "case.wmcase",
                &source.to_string(),
                "--why",
                "wrong export",
            ],
        );
        assert_eq!(standing(), []);
        let back = bench
            .import(&bench.path("logs.csv"), &["--zone", "Asia/Manila"])
            .json(0);
        source = back["sources"][0]["id"].as_u64().unwrap();
        assert_eq!(standing(), wanted, "imported again, round {round}");
    }
    assert_eq!(
        run(&bench, &["count", "case.wmcase", "tag:key note:~change"])["count"],
        0,
        "each on its own event"
    );
    assert_eq!(
        run(&bench, &["count", "case.wmcase", "note:~change"])["count"],
        1
    );
}

#[test]
fn own_entries_stand_among_events_only_where_asked_for_and_are_counted_nowhere() {
    let bench = bench();
    let add = |time: &str, text: &str| {
        run(&bench, &["entry", "case.wmcase", time, text]);
    };
    let before = run(&bench, &["count", "case.wmcase", ""]);
    add("2024-04-22 07:00", "Called the bank");
    add("2024-04-30 07:00", "=Wrote \u{1b}[31m the report");
    add("2024-04-01 00:00", "Hired");
    assert_eq!(run(&bench, &["count", "case.wmcase", ""]), before);
    let plain = bench.events("");
    assert_eq!(plain.len(), 4);
    let among = |query: &str, sort: &str| -> Vec<Value> {
        let args = [
            "events",
            "case.wmcase",
            query,
            "--sort",
            sort,
            "--with-entries",
            "--json",
        ];
        bench.run(&args).events()
    };
    let shape = |rows: &[Value]| -> Vec<String> {
        rows.iter()
            .map(|row| match row["witnessmark"]["event"].as_u64() {
                Some(n) => n.to_string(),
                None => row["message"].as_str().unwrap().chars().take(6).collect(),
            })
            .collect()
    };
    assert_eq!(
        shape(&among("", "oldest")),
        ["Hired", "1", "2", "Called", "3", "4", "=Wrote"]
    );
    assert_eq!(
        shape(&among("", "newest")),
        ["=Wrote", "4", "3", "Called", "2", "1", "Hired"]
    );
    let rows = among("", "oldest");
    let entry = rows
        .iter()
        .find(|r| r["message"] == "Called the bank")
        .unwrap();
    assert_eq!(
        entry["witnessmark"]["examiner_entry"]["who"],
        "tester@bench"
    );
    assert!(entry.get("event").is_none(), "it is no event: {entry}");
    // A filter holds of an entry as of an event with a time and a message.
    assert_eq!(
        shape(&among("after:2024-04-20 before:2024-04-25 bank", "oldest")),
        ["Called", "3"]
    );
    let alices = among("actor:alice@example.com", "oldest");
    assert_eq!(shape(&alices), ["1", "2", "3"]);
    let table = bench
        .run(&[
            "events",
            "case.wmcase",
            "--sort",
            "oldest",
            "--with-entries",
        ])
        .text();
    assert!(
        table
            .lines()
            .next()
            .unwrap()
            .trim_start()
            .starts_with("entry"),
        "{table}"
    );
    assert!(!table.contains('\u{1b}'));
    let csv = bench.run(&[
        "events",
        "case.wmcase",
        "--sort",
        "oldest",
        "--with-entries",
        "--format",
        "csv",
        "--json",
    ]);
    assert_eq!(csv.error()["code"], "invalid_option");
    let unsorted = bench.run(&["events", "case.wmcase", "--with-entries", "--json"]);
    assert_eq!(unsorted.code, 2);
}

#[test]
fn a_package_holds_what_persons_said_of_its_scope() {
    let bench = bench();
    run(
        &bench,
        &["note", "case.wmcase", "2", "Asked Alice: not hers"],
    );
    run(&bench, &["tag", "case.wmcase", "3", "money"]);
    run(&bench, &["bookmark", "case.wmcase", "4"]);
    run(
        &bench,
        &[
            "note",
            "case.wmcase",
            "actor:bob@example.com",
            "On leave <b>",
        ],
    );
    run(
        &bench,
        &[
            "entry",
            "case.wmcase",
            "2024-04-22 07:00",
            "Called the bank",
        ],
    );
    let made = |out: &str, more: &[&str]| -> Vec<Value> {
        let mut args = vec!["package", "case.wmcase", out];
        args.extend(more);
        run(&bench, &args);
        assert_eq!(run(&bench, &["verify", out])["ok"], true);
        let text =
            std::fs::read_to_string(bench.path(out).join("data/notes/notes.ndjson")).unwrap();
        text.lines()
            .map(|l| serde_json::from_str(l).unwrap())
            .collect()
    };
    let kinds = |notes: &[Value]| -> Vec<String> {
        let mut kinds: Vec<String> = notes
            .iter()
            .map(|n| {
                format!(
                    "{} {}",
                    n["kind"].as_str().unwrap(),
                    n["subject"].as_str().unwrap_or("")
                )
            })
            .collect();
        kinds.sort();
        kinds
    };
    let whole = made("whole", &[]);
    assert_eq!(
        kinds(&whole),
        [
            "bookmark event:4",
            "entry ",
            "note actor:bob@example.com",
            "note event:2",
            "tag event:3"
        ]
    );
    let note = whole.iter().find(|n| n["event"] == 2).unwrap();
    let source = run(&bench, &["sources", "case.wmcase"])["sources"][0]["sha256"].clone();
    assert_eq!(
        (
            &note["text"],
            &note["source_sha256"],
            &note["entry"],
            &note["who"]
        ),
        (
            &json!("Asked Alice: not hers"),
            &source,
            &json!(2),
            &json!("tester@bench")
        )
    );
    let html = std::fs::read_to_string(bench.path("whole/data/report/report.html")).unwrap();
    for part in [
        "Entries of the examiner",
        "stand in no log",
        "Called the bank",
        "Notes, tags and bookmarks",
        "Asked Alice: not hers",
        "On leave &lt;b&gt;",
    ] {
        assert!(html.contains(part), "{part}");
    }
    let review: Value = serde_json::from_slice(
        &std::fs::read(bench.path("whole/data/review/review.json")).unwrap(),
    )
    .unwrap();
    assert_eq!(
        review["marks"],
        json!({"bookmark": 1, "entry": 1, "note": 2, "tag": 1})
    );
    assert_eq!(review["population"], 4, "an entry is no event");
    assert_eq!(
        kinds(&made("alice", &["--query", "actor:alice@example.com"])),
        ["note event:2", "tag event:3"]
    );
    assert_eq!(
        kinds(&made("day", &["--query", "before:2024-04-23"])),
        ["entry ", "note event:2", "tag event:3"]
    );
}
