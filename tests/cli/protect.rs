//! A case at rest: its passphrase, nothing of it on the disk without that, and its own log as something to keep elsewhere.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::package::{files, verify};
use crate::{Bench, PAYMONGO};

const WORD: (&str, &str) = ("WITNESSMARK_PASSPHRASE", "correct horse battery");
const OTHER: (&str, &str) = ("WITNESSMARK_PASSPHRASE", "another word");
const NEW: (&str, &str) = ("WITNESSMARK_NEW_PASSPHRASE", "another word");

fn refused(bench: &Bench, environment: &[(&str, &str)]) {
    let ran = bench.run_in(&["count", "case.wmcase", "--json"], environment);
    let error = ran.error();
    assert_eq!(error["code"], "passphrase_required", "{error}");
    assert!(error["message"].as_str().unwrap().contains("passphrase"));
}

fn count(bench: &Bench, environment: &[(&str, &str)]) -> Value {
    bench
        .run_in(&["count", "case.wmcase", "--json"], environment)
        .json(0)["count"]
        .clone()
}

#[test]
fn a_passphrase_is_set_changed_and_removed() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let before = bench.events("");
    std::fs::write(bench.path("case.wmcase.rekeyed"), "gold").unwrap();
    let set = [("WITNESSMARK_NEW_PASSPHRASE", WORD.1)];
    let done = bench
        .run_in(&["passphrase", "case.wmcase", "--json"], &set)
        .json(0);
    assert_eq!(done["encrypted"], true);
    refused(&bench, &[]);
    refused(&bench, &[("WITNESSMARK_PASSPHRASE", "wrong")]);
    assert_eq!(count(&bench, &[WORD]), 4);
    let bytes = std::fs::read(bench.path("case.wmcase")).unwrap();
    assert!(
        !bytes.starts_with(b"SQLite format 3"),
        "the file tells nothing, not even what it is"
    );
    let wrong = bench.run_in(&["passphrase", "case.wmcase", "--json"], &[OTHER, NEW]);
    assert_eq!(wrong.error()["code"], "passphrase_required");
    assert_eq!(
        std::fs::read(bench.path("case.wmcase")).unwrap(),
        bytes,
        "a wrong passphrase changes nothing"
    );
    bench
        .run_in(&["passphrase", "case.wmcase", "--json"], &[WORD, NEW])
        .json(0);
    refused(&bench, &[WORD]);
    let checked = bench
        .run_in(&["verify", "case.wmcase", "--json"], &[OTHER])
        .json(0);
    assert_eq!(checked["ok"], true, "{checked}");
    bench
        .run_in(
            &["passphrase", "case.wmcase", "--remove", "--json"],
            &[OTHER],
        )
        .json(0);
    assert_eq!(bench.events(""), before, "the events are what they were");
    verify(&bench, "case.wmcase", &[]).json(0);
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let told: Vec<&str> = custody["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["action"] == "case.passphrase")
        .map(|e| e["detail"].as_str().unwrap())
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert!(
        !custody.to_string().contains(WORD.1),
        "the log does not hold the word"
    );
    let left: Vec<_> = files(bench.path("").as_path())
        .into_iter()
        .filter(|(n, _)| n.contains("rekeyed"))
        .collect();
    // A file of that name is not ours to remove.
    assert_eq!(left, [("case.wmcase.rekeyed".to_owned(), b"gold".to_vec())]);
}

/// Whether a word lies in a file as it is written in memory or in JSON.
fn holds(bytes: &[u8], word: &str) -> bool {
    let wide: Vec<u8> = word.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.windows(word.len()).any(|w| w == word.as_bytes())
        || bytes.windows(wide.len()).any(|w| w == wide)
}

fn nothing_readable(folder: &Path, word: &str) {
    for (name, bytes) in files(folder) {
        assert!(
            !holds(&bytes, word),
            "{name} holds what should be encrypted"
        );
    }
}

#[test]
fn nothing_of_an_encrypted_case_lies_on_the_disk_in_clear() {
    let bench = Bench::new();
    let canary = "canary-7f3e1c";
    std::fs::create_dir_all(bench.path("work/tmp")).unwrap();
    let temporary = bench.path("work/tmp");
    let environment = [
        WORD,
        ("TMPDIR", temporary.to_str().unwrap()),
        ("SQLITE_TMPDIR", temporary.to_str().unwrap()),
    ];
    // Rows that do not compress away, so that the canary stands in many pages.
    let rows: String = (0..60_000)
        .map(|i| {
            format!(
                "2024-05-01T10:00:00Z,{canary}-{i}@example.com,action{},\"{canary} text {}\"\n",
                i % 90,
                i * 7_919
            )
        })
        .collect();
    let input = bench.file(
        "in/log.csv",
        format!("time,actor_email,action,details\n{rows}"),
    );
    let case = bench.path("work/case.wmcase");
    // What is long is compressed; a name and a few rows stand in the file as they are.
    let small = bench.file(
        &format!("in/{canary}.csv"),
        format!("time,actor_email,action\n2024-05-01T10:00:00Z,{canary}@example.com,x\n"),
    );
    let made = bench.run_in(
        &[
            "import",
            case.to_str().unwrap(),
            small.to_str().unwrap(),
            "--json",
        ],
        &environment,
    );
    assert_eq!(made.code, 0, "{}", made.stderr);
    let import = [
        "import",
        case.to_str().unwrap(),
        input.to_str().unwrap(),
        "--json",
    ];
    // A crash in the middle: what is left then is looked at first.
    let mut child = Command::new(env!("CARGO_BIN_EXE_witnessmark"))
        .args(import)
        .envs(environment)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(1_500));
    // It may have ended already on a fast machine; then there is nothing to kill.
    let _ = child.kill();
    child.wait().unwrap();
    nothing_readable(&bench.path("work"), canary);
    let imported = bench.run_in(&import, &environment);
    assert_eq!(imported.code, 0, "{}", imported.stderr);
    nothing_readable(&bench.path("work"), canary);
    for query in [format!("raw:{canary}"), format!("\"{canary} text 7919\"")] {
        bench
            .run_in(
                &["count", case.to_str().unwrap(), &query, "--json"],
                &environment,
            )
            .json(0);
    }
    let change = [WORD, NEW, environment[1], environment[2]];
    bench
        .run_in(&["passphrase", case.to_str().unwrap(), "--json"], &change)
        .json(0);
    nothing_readable(&bench.path("work"), canary);
    // The same search finds the canary in a case without a passphrase, so it can fail.
    let remove = [OTHER, environment[1], environment[2]];
    bench
        .run_in(
            &["passphrase", case.to_str().unwrap(), "--remove", "--json"],
            &remove,
        )
        .json(0);
    assert!(
        files(&bench.path("work"))
            .iter()
            .any(|(_, bytes)| holds(bytes, canary))
    );
}

#[test]
fn the_log_tells_its_head_and_what_it_proves() {
    let bench = Bench::new();
    let file = bench.file("logs.csv", PAYMONGO);
    bench.import(&file, &["--zone", "Asia/Manila"]).json(0);
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    assert_eq!(custody["intact"], true);
    let checkpoint = custody["checkpoint"].as_str().unwrap();
    let lines: Vec<&str> = checkpoint.lines().collect();
    assert!(lines[0].starts_with("witnessmark/"), "{checkpoint}");
    assert_eq!(lines[1], custody["size"].to_string());
    assert_eq!(lines[2].len(), 44, "base64 of 32 bytes");
    assert!(
        custody["does_not_prove"]
            .as_str()
            .unwrap()
            .contains("written anew")
    );
    let text = bench.run(&["custody", "case.wmcase"]).text();
    assert!(text.contains(custody["head"].as_str().unwrap()), "{text}");
    assert!(text.contains("does not prove"), "{text}");
    let head = format!("{}:{}", custody["size"], custody["head"].as_str().unwrap());
    verify(&bench, "case.wmcase", &["--head", &head]).json(0);
}
