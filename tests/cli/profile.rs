//! `profile`: the list, a draft, a trial, a person's own profiles, and that a case keeps the one it used.

use crate::Bench;
use serde_json::Value;

const LOG: &str = r#"{"meta":{"occurred_at":"2026-03-02T08:00:00Z","event_id":"x1"},"actor":{"id":"7","email":"lee@example.com"},"activity":"invoice.exported","resource":{"type":"invoice","id":"INV-9"},"client":{"ip":"192.0.2.40"}}
{"meta":{"occurred_at":"2026-03-02T08:01:00Z","event_id":"x2"},"actor":{"id":"7","email":"lee@example.com"},"activity":"vault.sealed","resource":{"type":"vault","id":"V-1"},"client":{"ip":"192.0.2.40"}}
"#;

#[test]
fn the_list_names_every_profile_and_one_is_shown() {
    let bench = Bench::new();
    let list = bench.run(&["--json", "profile", "list"]).json(0);
    let profiles = list["profiles"].as_array().unwrap();
    assert!(profiles.len() >= 44, "{}", profiles.len());
    for p in profiles {
        let id = p["id"].as_str().unwrap();
        assert!(!p["blind_spots"].as_array().unwrap().is_empty(), "{id}");
    }
    let shown = bench.run(&["profile", "show", "okta"]);
    assert!(shown.text().contains("id = \"okta\""), "{}", shown.stderr);
    let error = bench
        .run(&["--json", "profile", "show", "nonesuch"])
        .error();
    assert_eq!(error["code"], "unknown_profile");
}

#[test]
fn a_draft_reads_its_own_file_and_a_case_keeps_it() {
    let bench = Bench::new();
    bench.file("shop.ndjson", LOG);
    let drafted = bench.run(&[
        "profile",
        "new",
        "shop.ndjson",
        "--id",
        "shop",
        "--out",
        "shop.toml",
    ]);
    assert_eq!(drafted.code, 0, "{}", drafted.stderr);
    let again = bench.run(&[
        "--json",
        "profile",
        "new",
        "shop.ndjson",
        "--out",
        "shop.toml",
    ]);
    assert_eq!(again.error()["code"], "io", "nothing is overwritten");

    let trial = bench
        .run(&["--json", "profile", "test", "shop.ndjson", "shop.toml"])
        .json(0);
    assert_eq!(trial["profiles"], serde_json::json!(["shop@1"]));
    assert_eq!(
        (&trial["entries"], &trial["events"]),
        (&Value::from(2), &Value::from(2))
    );
    assert_eq!(trial["preview"].as_array().unwrap().len(), 2);
    assert_eq!(
        trial["unmapped"],
        serde_json::json!([{"value": "vault.sealed", "count": 1}])
    );

    bench.run(&[
        "import",
        "a.wmcase",
        "shop.ndjson",
        "--profile",
        "shop.toml",
    ]);
    let events = bench.run(&["--json", "events", "a.wmcase"]).events();
    assert_eq!(events[0]["witnessmark"]["profile"], "shop@1");
    assert_eq!(events[0]["event"]["action"], "invoice.exported");

    // The file is gone, the case still knows the log and reads the next export of it by the same profile.
    std::fs::remove_file(bench.path("shop.toml")).unwrap();
    bench.file("next.ndjson", LOG.replace("x1", "x3").replace("x2", "x4"));
    let receipt = bench
        .run(&["--json", "import", "a.wmcase", "next.ndjson"])
        .json(0);
    assert_eq!(
        receipt["sources"][0]["profiles"],
        serde_json::json!(["shop@1"])
    );
}

#[test]
fn reading_anew_with_a_newer_profile_changes_events_and_no_evidence() {
    let bench = Bench::new();
    bench.file("shop.ndjson", LOG);
    bench.run(&[
        "profile",
        "new",
        "shop.ndjson",
        "--id",
        "shop",
        "--out",
        "shop.toml",
    ]);
    let first = bench
        .run(&[
            "--json",
            "import",
            "a.wmcase",
            "shop.ndjson",
            "--profile",
            "shop.toml",
        ])
        .json(0);
    let text = std::fs::read_to_string(bench.path("shop.toml")).unwrap();
    let newer = text
        .replace("version = 1\ntitle", "version = 2\ntitle")
        .replace(
            "[verbs]\n",
            "[verbs]\n\"vault.sealed\" = { category = \"credential\", operation = \"disable\" }\n",
        );
    bench.file("shop2.toml", newer);
    let again = bench
        .run(&[
            "--json",
            "reread",
            "a.wmcase",
            "1",
            "--profile",
            "shop2.toml",
        ])
        .json(0);
    assert_eq!(
        again["sources"][0]["profiles"],
        serde_json::json!(["shop@2"])
    );
    assert_eq!(again["sources"][0]["sha256"], first["sources"][0]["sha256"]);
    let events = bench.run(&["--json", "events", "a.wmcase"]).events();
    assert_eq!(events[1]["event"]["operation"], "disable");
    assert_eq!(events[1]["witnessmark"]["event"], 2);
}

#[test]
fn a_broken_profile_is_refused_with_its_place_and_spoils_nothing_else() {
    let bench = Bench::new();
    bench.file("shop.ndjson", LOG);
    bench.run(&[
        "profile",
        "new",
        "shop.ndjson",
        "--id",
        "shop",
        "--out",
        "own/good.toml",
    ]);
    bench.file("own/placeholder", "");
    bench.run(&[
        "profile",
        "new",
        "shop.ndjson",
        "--id",
        "shop",
        "--out",
        "own/good.toml",
    ]);
    for (name, text, line, key) in [
        ("own/syntax.toml", "language = 1\n[profile\n", 2, ""),
        (
            "own/unknown.toml",
            "language = 1\ncolour = 2\n[profile]\nid = \"x\"\nversion = 1\ntitle = \"X\"\n[time]\nvalue = \"at\"\n[fields]\n",
            2,
            "colour",
        ),
        ("own/future.toml", "language = 9\n", 1, "language"),
        (
            "own/hostile.toml",
            "language = 1\n[profile]\nid = \"x\"\nversion = 1\ntitle = \"X\"\n[time]\nvalue = { path = \"a\", capture = '((a{100}){100}){100}' }\n[fields]\n",
            7,
            "time.value.capture",
        ),
    ] {
        bench.file(name, text);
        let list = bench
            .run(&["--json", "profile", "list", "--profiles", "own"])
            .json(0);
        let refused = list["refused"].as_array().unwrap();
        assert_eq!(refused.len(), 1, "{name}: {refused:?}");
        assert_eq!(
            (&refused[0]["line"], &refused[0]["key"]),
            (&Value::from(line), &Value::from(key)),
            "{name}"
        );
        assert!(
            list["profiles"]
                .as_array()
                .unwrap()
                .iter()
                .any(|p| p["id"] == "shop" && p["builtin"] == false)
        );
        // Named on its own it is an error; among others it is left out.
        let error = bench
            .run(&["--json", "profile", "test", "shop.ndjson", name])
            .error();
        assert_eq!(error["where"]["line"], line, "{name}");
        let receipt = bench
            .run_in(
                &["--json", "import", "a.wmcase", "shop.ndjson"],
                &[("WITNESSMARK_PROFILES", "own")],
            )
            .json(0);
        assert_eq!(
            receipt["sources"][0]["profiles"],
            serde_json::json!(["shop@1"]),
            "{name}"
        );
        std::fs::remove_file(bench.path(name)).unwrap();
    }
}

#[test]
fn words_without_a_meaning_are_told_with_a_filter_and_only_where_there_are_some() {
    let bench = Bench::new();
    bench.file("shop.ndjson", LOG);
    let report = bench
        .run(&["--json", "import", "a.wmcase", "shop.ndjson"])
        .json(0);
    let warning = &report["sources"][0]["warnings"][0];
    assert_eq!(
        (&warning["code"], &warning["count"]),
        (&Value::from("unmapped_verbs"), &Value::from(1)),
        "{report}"
    );
    let filter = warning["filter"].as_str().unwrap();
    let events = bench
        .run(&["--json", "events", "a.wmcase", filter])
        .events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["event"]["action"], "vault.sealed");
    let told = bench.run(&["sources", "a.wmcase"]).text();
    assert!(told.contains("unmapped_verbs, 1"), "{told}");
    assert!(told.contains(filter), "{told}");
    let trial = bench.run(&["profile", "test", "shop.ndjson"]).text();
    assert!(trial.contains("problem unmapped_verbs"), "{trial}");

    // A log whose words all mean something is warned of nothing.
    bench.file("logs.csv", crate::PAYMONGO);
    let zone = ["--zone", "Asia/Manila"];
    let import = ["--json", "import", "a.wmcase", "logs.csv"];
    let report = bench.run(&[&import[..], &zone].concat()).json(0);
    assert_eq!(report["sources"][0]["warnings"], serde_json::json!([]));
}

#[test]
fn a_case_keeps_a_profile_until_it_is_taken_out() {
    let bench = Bench::new();
    bench.file("shop.ndjson", LOG);
    bench.run(&[
        "profile",
        "new",
        "shop.ndjson",
        "--id",
        "shop",
        "--out",
        "shop.toml",
    ]);
    bench.run(&[
        "import",
        "a.wmcase",
        "shop.ndjson",
        "--profile",
        "shop.toml",
    ]);
    let kept = || {
        bench
            .run(&["--json", "profile", "kept", "a.wmcase"])
            .json(0)
    };
    let one = &kept()["profiles"][0];
    assert_eq!(
        (&one["id"], &one["recognises"], &one["sources"]),
        (
            &Value::from("shop"),
            &Value::from(true),
            &serde_json::json!([1])
        )
    );
    let text = std::fs::read_to_string(bench.path("shop.toml")).unwrap();
    bench.file("other.toml", text.replace("title = \"", "title = \"The "));
    let newer = bench
        .run(&["--json", "profile", "keep", "a.wmcase", "other.toml"])
        .json(0);
    assert_eq!(newer["version"], 2, "it takes the place of the other");
    let gone = bench.run(&["profile", "forget", "a.wmcase", "shop"]);
    assert_eq!(gone.code, 0, "{}", gone.stderr);
    let left = kept();
    assert_eq!(left["profiles"].as_array().unwrap().len(), 1);
    assert_eq!(left["profiles"][0]["recognises"], false);
    let told = bench.run(&["profile", "kept", "a.wmcase"]).text();
    assert!(told.contains("only what it has read; sources 1"), "{told}");
    let again = bench
        .run(&["--json", "profile", "forget", "a.wmcase", "shop"])
        .error();
    assert_eq!(again["code"], "no_such_item");
    let log = bench.run(&["custody", "a.wmcase"]).text();
    assert!(log.contains("statement.retract"), "{log}");
    assert_eq!(bench.run(&["verify", "a.wmcase"]).code, 0);

    // A file that cannot be read is told like one that is no profile, and the others are used.
    std::fs::create_dir_all(bench.path("own/folder.toml")).unwrap();
    bench.file("own/shop.toml", &text);
    let list = bench
        .run(&["--json", "profile", "list", "--profiles", "own"])
        .json(0);
    assert_eq!(list["refused"][0]["message"], "it is no file");
    let ids = list["profiles"].as_array().unwrap();
    assert!(ids.iter().any(|p| p["id"] == "shop"));
}

#[test]
fn a_draft_is_made_from_one_member_of_an_archive() {
    let bench = Bench::new();
    let zip = witnessmark_tests::archive::zip(&[
        ("readme.txt", &b"no log"[..]),
        ("in/shop.ndjson", LOG.as_bytes()),
    ]);
    std::fs::write(bench.path("both.zip"), zip).unwrap();
    let draft = bench
        .run(&["profile", "new", "both.zip", "--member", "in/shop.ndjson"])
        .text();
    assert!(draft.contains("activity"), "{draft}");
    bench.file("shop.toml", &draft);
    let test = ["--json", "profile", "test", "both.zip", "shop.toml"];
    let trial = bench
        .run(&[&test[..], &["--member", "in/shop.ndjson"]].concat())
        .json(0);
    assert_eq!(trial["events"], 2, "{trial}");
    let none = bench
        .run(&[&test[..], &["--member", "in/nothing"]].concat())
        .error();
    assert_eq!(none["code"], "no_such_item");
}
