//! Pulls through the real binary, against servers of ours: each entry once, secrets nowhere, kills in the middle.

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use witnessmark_tests::generate::Dice;

use crate::server::{Deed, Reply, Request, Server};
use crate::{Bench, Ran};

pub(crate) const SECRET: &str = "tok_CANARY_9f8e7d6c5b4a";
/// 2026-11-01T00:00:00Z in milliseconds.
const BEGIN: u64 = 1_793_491_200_000;

/// An entry of a GitHub audit log, after the vendor's documentation, made up.
fn entry(number: usize) -> Value {
    json!({
        "@timestamp": BEGIN + number as u64 * 1_000, "_document_id": format!("doc{number}"),
        "action": if number.is_multiple_of(2) { "repo.create" } else { "org.update_member" },
        "actor": format!("user{}", number % 7), "actor_ip": "203.0.113.9", "org": "octo-org",
        "created_at": BEGIN + number as u64 * 1_000, "user_agent": "curl/8.0",
    })
}

/// The audit log of an organisation as GitHub serves it: newest last, pages by link.
pub(crate) fn github(
    entries: Arc<AtomicUsize>,
    page: usize,
) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |r| {
        if r.header("authorization") != Some(&format!("Bearer {SECRET}")) {
            return Reply::new(401, "{\"message\":\"Bad credentials\"}");
        }
        assert_eq!(r.path, "/orgs/octo-org/audit-log");
        assert_eq!(r.get("order"), Some("asc"));
        let all = entries.load(Ordering::Relaxed);
        let at = r.get("after").map_or(0, |t| t.parse().unwrap());
        let end = (at + page).min(all);
        let list: Vec<Value> = (at..end).map(entry).collect();
        let reply = Reply::json(&json!(list)).with("x-ratelimit-remaining", "1700");
        if end < all {
            reply.with(
                "link",
                format!("</orgs/octo-org/audit-log?order=asc&after={end}>; rel=\"next\""),
            )
        } else {
            reply
        }
    }
}

fn command(bench: &Bench, server: &Server, extra: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_witnessmark"));
    command
        .args([
            "pull",
            "case.wmcase",
            "github-organization",
            "--set",
            "organization=octo-org",
            "--allow-private",
            "--since",
            "2026-10-01",
            "--json",
        ])
        .args(["--base", &server.base()])
        .args(extra)
        .current_dir(bench.path("."))
        .env("WITNESSMARK_SECRET", SECRET)
        .env("WITNESSMARK_KEYRING", "none")
        .env("USER", "tester")
        .env("HOSTNAME", "bench");
    command
}

fn pull(bench: &Bench, server: &Server, extra: &[&str]) -> Ran {
    let out = command(bench, server, extra).output().unwrap();
    Ran {
        code: out.status.code().unwrap_or(-1),
        stdout: out.stdout,
        stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
    }
}

#[test]
fn a_pull_brings_each_entry_once_and_the_next_only_what_is_new() {
    let all = Arc::new(AtomicUsize::new(1_250));
    let server = Server::start(github(Arc::clone(&all), 100));
    let bench = Bench::new();
    let report = pull(&bench, &server, &[]).json(0);
    let stream = &report["streams"][0];
    assert_eq!(stream["pages"], 13);
    assert_eq!(stream["entries"], 1_250);
    assert_eq!(stream["stored"], 1_250);
    assert_eq!(stream["duplicates"], 0);
    assert_eq!(stream["rejected"], 0);
    assert!(stream.get("stopped").is_none(), "{stream}");
    assert!(stream["coverage"][0]["complete"].as_bool().unwrap());
    let events = bench.events("");
    assert_eq!(events.len(), 1_250);
    assert_eq!(events[3]["event"]["action"], "org.update_member");
    assert_eq!(
        events[3]["witnessmark"]["profile"]
            .as_str()
            .unwrap()
            .split('@')
            .next(),
        Some("github")
    );
    // The bytes of an event are those of its entry in the page.
    let raw: Value =
        serde_json::from_slice(&bench.run(&["raw", "case.wmcase", "1000"]).stdout).unwrap();
    assert_eq!(raw, entry(999));

    all.store(1_300, Ordering::Relaxed);
    let report = pull(&bench, &server, &[]).json(0);
    assert_eq!(report["streams"][0]["stored"], 50);
    assert_eq!(bench.events("").len(), 1_300);

    let pulled = bench.run(&["pulled", "case.wmcase", "--json"]).json(0);
    let stream = &pulled["streams"][0];
    assert_eq!(stream["connector"], "github-organization");
    assert_eq!(stream["settings"], json!({"organization": "octo-org"}));
    assert_eq!(stream["pages"].as_array().unwrap().len(), 13 + 13);
    assert_eq!(
        stream["coverage"].as_array().unwrap().len(),
        1,
        "one span without a gap: {}",
        stream["coverage"]
    );
    assert_eq!(
        stream["pages"][0]["headers"]["x-ratelimit-remaining"],
        "1700"
    );

    // Each page of the transcript is the evidence: its hash is in the custody log, its bytes in the source.
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).text();
    for page in stream["pages"].as_array().unwrap() {
        assert!(custody.contains(page["sha256"].as_str().unwrap()));
    }
    for word in ["pull.stream", "pull.begin", "pull.end"] {
        assert!(custody.contains(word), "{word}");
    }
}

#[test]
fn the_secret_is_nowhere_but_in_the_requests() {
    let server = Server::start(github(Arc::new(AtomicUsize::new(300)), 100));
    let bench = Bench::new();
    let ran = pull(&bench, &server, &[]);
    assert_eq!(ran.code, 0);
    let mut everything = ran.stdout.clone();
    everything.extend(ran.stderr.as_bytes());
    for file in std::fs::read_dir(bench.path(".")).unwrap() {
        everything.extend(std::fs::read(file.unwrap().path()).unwrap());
    }
    let wide: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let forms: [&[u8]; 4] = [
        SECRET.as_bytes(),
        &wide,
        b"dG9rX0NBTkFSWV85ZjhlN2Q2YzViNGE",
        b"tok%5FCANARY",
    ];
    for form in forms {
        assert!(
            !everything.windows(form.len()).any(|w| w == form),
            "{form:?}"
        );
    }
    assert!(
        everything.windows(8).any(|w| w == b"octo-org"),
        "the search would have found it"
    );
}

#[test]
fn sixty_thousand_entries_come_once_through_refusals_and_kills() {
    const ALL: usize = 60_000;
    let count = AtomicUsize::new(0);
    let proper = github(Arc::new(AtomicUsize::new(ALL)), 500);
    let server = Server::start(move |r| match count.fetch_add(1, Ordering::Relaxed) % 17 {
        4 => Reply::new(429, "").with("retry-after", "0"),
        9 => Reply::new(503, "").with("retry-after", "0"),
        13 => proper(r).but(Deed::Cut),
        _ => proper(r),
    });
    let bench = Bench::new();
    let mut dice = Dice::new(7);
    for _ in 0..4 {
        let mut child = command(&bench, &server, &[])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(300 + dice.below(900)));
        // SIGKILL: the process cannot tidy up.
        child.kill().unwrap();
        child.wait().unwrap();
        if bench.path("case.wmcase").exists() {
            let count = bench.run(&["count", "case.wmcase", "--json"]);
            if count.code == 0 {
                // Whole pages only, and each entry once.
                let n = count.json(0)["count"].as_u64().unwrap();
                assert_eq!(n % 500, 0);
            } else {
                std::fs::remove_file(bench.path("case.wmcase")).unwrap();
            }
        }
    }
    let report = pull(&bench, &server, &[]).json(0);
    assert!(report["streams"][0].get("stopped").is_none());
    let facets = bench
        .run(&[
            "facets",
            "case.wmcase",
            "--by",
            "event.id",
            "--limit",
            "1",
            "--json",
        ])
        .json(0);
    assert_eq!(facets["fields"][0]["distinct"], ALL);
    let count = bench.run(&["count", "case.wmcase", "--json"]).json(0);
    assert_eq!(count["count"], ALL);
}

#[test]
fn what_goes_wrong_is_one_error_with_a_code_and_leaves_no_empty_case() {
    let server = Server::start(|_| Reply::new(401, format!("{{\"message\":\"no {SECRET}\"}}")));
    let bench = Bench::new();
    let ran = pull(&bench, &server, &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("credentials_refused"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("CANARY"));
    assert!(!bench.path("case.wmcase").exists());

    let refused = |args: &[&str], code: &str| {
        let bench = Bench::new();
        let mut all = vec!["pull", "case.wmcase", "github-organization", "--json"];
        all.extend(args);
        let error = bench.run(&all).error();
        assert_eq!(error["code"], code, "{error}");
        assert!(!bench.path("case.wmcase").exists());
    };
    refused(&[], "invalid_connector");
    refused(&["--set", "organization=octo-org"], "credentials_refused");
    refused(
        &[
            "--set",
            "organization=octo-org",
            "--base",
            "http://127.0.0.1:1",
        ],
        "address_refused",
    );
    refused(
        &[
            "--set",
            "organization=octo-org",
            "--base",
            "https://169.254.169.254",
            "--allow-private",
        ],
        "address_refused",
    );
    refused(
        &["--set", "organization=octo-org", "--since", "yesterday"],
        "invalid_option",
    );
}

#[test]
fn a_page_can_be_tried_and_connectors_listed_copied_and_changed() {
    let server = Server::start(github(Arc::new(AtomicUsize::new(300)), 100));
    let bench = Bench::new();
    let tried = pull(&bench, &server, &["--try"]).json(0);
    assert_eq!(tried["entries"], 100);
    assert!(tried["next"].as_str().unwrap().contains("after=100"));
    assert!(tried["beginning"].as_str().unwrap().contains("doc0"));
    assert!(!bench.path("case.wmcase").exists());

    let list = bench.run(&["connectors", "--json"]).json(0);
    let ids: Vec<&str> = list["connectors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 17);
    let text = bench.run(&["connectors", "generic"]).text();
    let own = text
        .replace("id = \"generic\"", "id = \"mine\"")
        .replace(
            "kind = \"bearer\"",
            "kind = \"header\"\nheader = \"X-Api-Key\"",
        )
        .replace("path = \"data\"", "path = \"result.rows\"");
    bench.file("mine.toml", own);
    let rows = Server::start(|r| {
        assert_eq!(r.header("x-api-key"), Some("k-123456"));
        let page: usize = r.get("page").map_or(1, |p| p.parse().unwrap());
        let rows: Vec<Value> = match page {
            1 | 2 => (0..3).map(|n| json!({"id": page * 10 + n, "timestamp": "2026-11-01T10:00:00Z", "user": "a@example.com", "action": format!("thing.done{n}")})).collect(),
            _ => Vec::new(),
        };
        Reply::json(&json!({"result": {"rows": rows}}))
    });
    let out = Command::new(env!("CARGO_BIN_EXE_witnessmark"))
        .args([
            "pull",
            "own.wmcase",
            "mine.toml",
            "--set",
            "path=audit-log",
            "--allow-private",
            "--json",
            "--base",
            &rows.base(),
        ])
        .current_dir(bench.path("."))
        .env("WITNESSMARK_SECRET", "k-123456")
        .output()
        .unwrap();
    assert_eq!(
        out.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report["streams"][0]["stored"], 6);
    let bad = bench.file(
        "bad.toml",
        "language = 1\n[connector]\nid = \"x\"\nnonsense = 1\n",
    );
    let error = bench
        .run(&["pull", "own.wmcase", bad.to_str().unwrap(), "--json"])
        .error();
    assert_eq!(error["code"], "invalid_connector");
    assert!(
        error["message"].as_str().unwrap().contains("line 4"),
        "{error}"
    );
}

/// A pull with a connector of one's own.
fn own(bench: &Bench, server: &Server, text: &str, extra: &[&str]) -> Ran {
    bench.file("own.toml", text);
    let out = Command::new(env!("CARGO_BIN_EXE_witnessmark"))
        .args([
            "pull",
            "own.wmcase",
            "own.toml",
            "--allow-private",
            "--json",
        ])
        .args(["--base", &server.base()])
        .args(extra)
        .current_dir(bench.path("."))
        .output()
        .unwrap();
    Ran {
        code: out.status.code().unwrap_or(-1),
        stdout: out.stdout,
        stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
    }
}

const OWN: &str = "language = 1\n[connector]\nid = \"own\"\nversion = 1\ntitle = \"Own\"\nvendor_page = \"\"\n\
    [address]\nbase = \"https://v.example\"\n[auth]\nkind = \"none\"\n[request]\npath = \"/log\"\n[items]\npath = \"data\"\nid = \"id\"\n";

#[test]
fn the_list_that_the_connector_names_becomes_events_and_not_a_longer_one() {
    let server = Server::start(|_| {
        let events: Vec<Value> = (0..25)
            .map(|n| json!({"id": format!("e{n}"), "timestamp": "2026-11-01T10:00:00Z", "user": "a@example.com", "action": format!("thing.done{n}")}))
            .collect();
        let users: Vec<Value> = (0..30)
            .map(|n| json!({"id": format!("u{n}"), "created_at": "2026-10-01T10:00:00Z", "user": format!("u{n}@example.com"), "type": "user"}))
            .collect();
        Reply::json(&json!({"items": users, "data": events}))
    });
    let bench = Bench::new();
    let report = own(&bench, &server, OWN, &[]).json(0);
    assert_eq!(report["streams"][0]["stored"], 25);
    let events = bench.run(&["events", "own.wmcase", "", "--json"]).events();
    assert_eq!(events.len(), 25);
    for event in &events {
        let action = event["event"]["action"].as_str().unwrap();
        assert!(action.starts_with("thing.done"), "{event}");
    }
    let tried = own(&bench, &server, OWN, &["--try"]).json(0);
    assert_eq!(tried["ids"], 25);
}

#[test]
fn a_pull_that_was_answered_with_nothing_leaves_its_case_and_settling_what_cannot_be_asked_is_refused()
 {
    let server = Server::start(|_| Reply::json(&json!({"data": []})));
    let bench = Bench::new();
    let refused = own(&bench, &server, OWN, &["--settle", "1d"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("cannot be asked by time"),
        "{}",
        refused.stderr
    );
    assert!(server.seen().is_empty());
    assert!(!bench.path("own.wmcase").exists());
    let report = own(&bench, &server, OWN, &["--since", "2026-10-01"]).json(0);
    assert_eq!(report["streams"][0]["entries"], 0);
    let notes = report["notes"].to_string();
    assert!(notes.contains("cannot be asked by time"), "{notes}");
    let pulled = bench.run(&["pulled", "own.wmcase", "--json"]).json(0);
    assert_eq!(pulled["streams"][0]["pages"].as_array().unwrap().len(), 1);
    assert_eq!(
        report["streams"][0]["coverage"],
        pulled["streams"][0]["coverage"]
    );
}
