//! Every command that writes into a case leaves one that `verify` calls whole and that opens again.
//!
//! Owns: the list of commands by whether they write; a command that is in neither list fails here. `verify` shares no code with
//! what wrote.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use serde_json::Value;

use crate::pull::{SECRET, github};
use crate::server::Server;
use crate::sigma::VIEWED;
use crate::{Bench, PAYMONGO};

const WRITES: &[&str] = &[
    "import",
    "reread",
    "withdraw",
    "export",
    "detect",
    "checklist",
    "merge",
    "verdict",
    "suppress",
    "note",
    "tag",
    "bookmark",
    "entry",
    "copy",
    "package",
    "disclose",
    "passphrase",
    "profile",
    "pull",
];

const READS: &[&str] = &[
    "sources",
    "missing",
    "rejects",
    "raw",
    "extract",
    "events",
    "count",
    "facets",
    "context",
    "histogram",
    "finding",
    "actors",
    "actor",
    "records",
    "record",
    "session",
    "signins",
    "errors",
    "first-seen",
    "agents",
    "notes",
    "sql",
    "custody",
    "verify",
    "key",
    "connectors",
    "pulled",
    "completions",
    "help",
];

const WORD: (&str, &str) = ("WITNESSMARK_PASSPHRASE", "one two three four");

/// A profile of a person's own.
const TILL: &str = "language = 1\n[profile]\nid = \"till\"\nversion = 1\ntitle = \"Till\"\n[[recognise]]\nshape = \"json\"\nrequired = [\"rung_at\", \"button\"]\n[time]\nvalue = \"rung_at\"\n[fields]\n\"event.action\" = \"button\"\n";

struct Walk {
    bench: Bench,
    done: BTreeSet<String>,
    environment: Vec<(&'static str, &'static str)>,
}

impl Walk {
    /// Does it, then holds every layer of the case against what the log tells.
    fn step(&mut self, args: &[&str]) -> Value {
        let ran = self
            .bench
            .run_in(&[args, &["--json"]].concat(), &self.environment);
        assert!(
            [0, 1, 3].contains(&ran.code),
            "{args:?}: {} {}",
            ran.code,
            ran.stderr
        );
        self.done.insert(args[0].to_owned());
        if args[0] != "passphrase" {
            // Of the commands about profiles, the case stands behind what is done with them.
            let case = args[1 + usize::from(args[0] == "profile")];
            self.whole(case, &format!("{args:?}"));
        }
        serde_json::from_slice(&ran.stdout).unwrap_or_default()
    }

    fn whole(&self, case: &str, after: &str) {
        let report = self
            .bench
            .run_in(&["verify", case, "--json"], &self.environment);
        assert_eq!(
            report.code,
            0,
            "{after}: {} {}",
            report.text(),
            report.stderr
        );
        let report = report.json(0);
        let rows = report["layers"].as_array().unwrap().iter();
        let rows = rows.clone().find(|l| l["layer"] == "rows").unwrap();
        let proves = rows["proves"].as_str().unwrap();
        assert!(proves.contains("no row was changed"), "{after}: {rows}");
    }
}

#[test]
fn after_every_command_that_writes_the_case_is_whole() {
    let mut walk = Walk {
        bench: Bench::new(),
        done: BTreeSet::new(),
        environment: Vec::new(),
    };
    walk.bench.file("logs.csv", PAYMONGO);
    walk.bench.file(
        "bad.csv",
        format!("{PAYMONGO}2024-13-45 09:00:00,Login,eve,,,\n"),
    );
    walk.bench
        .file("later.csv", PAYMONGO.replace("2024-04-2", "2024-05-1"));
    let zone = ["--zone", "Asia/Manila"];
    for file in ["logs.csv", "logs.csv", "bad.csv", "later.csv"] {
        walk.step(&[&["import", "case.wmcase", file], &zone[..]].concat());
    }
    walk.step(&["export", "case.wmcase", "all.ndjson"]);
    walk.bench.file("rules/viewed.yml", VIEWED);
    let detect = ["detect", "case.wmcase", "--rules", "rules"];
    let found = walk.step(&detect);
    // Kept results are used, not made again.
    walk.step(&detect);
    let finding = found["findings"][0]["id"].as_str().unwrap().to_owned();
    walk.step(&[
        "verdict",
        "case.wmcase",
        &finding,
        "confirmed_safe",
        "--note",
        "asked her",
    ]);
    walk.step(&["verdict", "case.wmcase", &finding, "--take-back"]);
    walk.step(&[
        "suppress",
        "case.wmcase",
        "--actor",
        "bob@example.com",
        "--reason",
        "known",
    ]);
    let hidden = walk.step(&["suppress", "case.wmcase"]);
    let hidden = hidden["suppressions"][0]["id"].to_string();
    walk.step(&["suppress", "case.wmcase", "--take-back", &hidden]);
    walk.step(&["note", "case.wmcase", "2", "Look here"]);
    walk.step(&["note", "case.wmcase", "2", "Look here", "--take-back"]);
    walk.step(&["note", "case.wmcase", "actor:alice@example.com", "On leave"]);
    walk.step(&["tag", "case.wmcase", "3", "money"]);
    walk.step(&["bookmark", "case.wmcase", &format!("finding:{finding}")]);
    walk.step(&[
        "entry",
        "case.wmcase",
        "2024-04-22 16:00",
        "Called the bank",
    ]);
    let notes = walk
        .bench
        .run(&["notes", "case.wmcase", "--kind", "entry", "--json"])
        .json(0);
    let entry = notes["notes"][0]["id"].to_string();
    walk.step(&["entry", "case.wmcase", "--take-back", &entry]);
    let key = |email: &str| format!("[\"\",\"\",\"email\",\"{email}\"]");
    let (alice, bob) = (key("alice@example.com"), key("bob@example.com"));
    let merged = walk.step(&["merge", "case.wmcase", &alice, &bob]);
    walk.step(&["merge", "case.wmcase", "--undo", &merged["id"].to_string()]);
    let asked = walk.step(&[
        "checklist",
        "case.wmcase",
        "payout-diversion",
        "--page",
        "page.html",
    ]);
    let run = asked["run"].to_string();
    let first = asked["steps"][0]["id"].as_str().unwrap().to_owned();
    walk.step(&[
        "checklist",
        "case.wmcase",
        &run,
        "--step",
        &first,
        "--answer",
        "no",
        "--note",
        "asked",
    ]);
    walk.step(&[
        "checklist",
        "case.wmcase",
        &run,
        "--step",
        &first,
        "--pin",
        "3",
    ]);
    walk.step(&[
        "checklist",
        "case.wmcase",
        &run,
        "--step",
        &first,
        "--unpin",
        "3",
    ]);
    walk.step(&[
        "checklist",
        "case.wmcase",
        &run,
        "--step",
        &first,
        "--take-back",
    ]);
    walk.step(&["checklist", "case.wmcase", &run, "--again"]);
    walk.step(&["checklist", "case.wmcase", &run, "--withdraw"]);
    walk.bench.file("till.toml", TILL);
    walk.step(&["profile", "keep", "case.wmcase", "till.toml"]);
    walk.bench.file(
        "till.ndjson",
        "{\"rung_at\":\"2024-04-20T00:00:00Z\",\"button\":\"sale\"}\n",
    );
    walk.step(&["import", "case.wmcase", "till.ndjson"]);
    walk.step(&["profile", "forget", "case.wmcase", "till"]);
    walk.step(&["profile", "keep", "case.wmcase", "till.toml"]);
    walk.step(&["reread", "case.wmcase", "1", "--zone", "UTC"]);
    walk.step(&["withdraw", "case.wmcase", "3", "--why", "wrong export"]);
    walk.step(&["copy", "second.wmcase", "case.wmcase", "--source", "4"]);
    walk.step(&["copy", "second.wmcase", "case.wmcase", "--source", "1"]);
    walk.step(&["package", "case.wmcase", "pkg.zip"]);
    walk.step(&[
        "package",
        "case.wmcase",
        "hidden.zip",
        "--redact",
        "no-persons",
    ]);
    walk.step(&[
        "disclose",
        "case.wmcase",
        "hidden.zip",
        "--value",
        "alice@example.com",
    ]);
    pulls(&mut walk);

    walk.step(&["package", "case.wmcase", "again.zip"]);
    walk.environment = vec![("WITNESSMARK_NEW_PASSPHRASE", WORD.1)];
    walk.step(&["passphrase", "case.wmcase"]);
    walk.environment = vec![WORD];
    walk.whole("case.wmcase", "a passphrase was set");
    walk.step(&["note", "case.wmcase", "1", "under a passphrase"]);
    walk.step(&["passphrase", "case.wmcase", "--remove"]);
    walk.environment.clear();
    walk.whole("case.wmcase", "the passphrase was removed");

    let written: BTreeSet<String> = WRITES.iter().map(|w| (*w).to_owned()).collect();
    assert_eq!(walk.done, written);
}

/// Twice, so that a page without a new entry is kept too.
fn pulls(walk: &mut Walk) {
    let server = Server::start(github(Arc::new(AtomicUsize::new(130)), 100));
    for _ in 0..2 {
        let out = Command::new(env!("CARGO_BIN_EXE_witnessmark"))
            .args([
                "pull",
                "case.wmcase",
                "github-organization",
                "--set",
                "organization=octo-org",
            ])
            .args([
                "--allow-private",
                "--since",
                "2026-10-01",
                "--base",
                &server.base(),
            ])
            .current_dir(walk.bench.path("."))
            .env("WITNESSMARK_SECRET", SECRET)
            .output()
            .unwrap();
        assert!(
            out.status.success(),
            "{}",
            String::from_utf8_lossy(&out.stderr)
        );
        walk.whole("case.wmcase", "pull");
    }
    walk.done.insert("pull".to_owned());
}

#[test]
fn every_command_is_known_to_write_or_to_read() {
    let help = Bench::new().run(&["--help"]).text();
    let list = help.split("Commands:").nth(1).unwrap();
    let list = list.split("Options:").next().unwrap();
    let there: BTreeSet<&str> = list
        .lines()
        .filter(|l| l.starts_with("  ") && !l.starts_with("   "))
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    let known: BTreeSet<&str> = [WRITES, READS].concat().into_iter().collect();
    assert_eq!(there, known);
}
