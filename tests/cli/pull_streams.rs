//! Several streams of one connector at once: each entry once, each stream with its own position and gaps, one server that is
//! asked in turns, credentials that are refused once for all, and a custody log in which whatever begins also ends.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use witnessmark_tests::generate::Dice;

use crate::pull::SECRET;
use crate::server::{Reply, Request, Server};
use crate::{Bench, PAYMONGO, Ran};

const STREAMS: [&str; 6] = ["login", "admin", "drive", "token", "mobile", "rules"];
const PAGE: usize = 100;
/// How long the server waits for others to come; far beyond what is normal.
const PATIENCE: Duration = Duration::from_secs(20);

const CONNECTOR: &str = r#"
language = 1
[connector]
id = "many"
version = 1
title = "Many logs"
vendor_page = "https://example.com/docs"
streams = ["login", "admin", "drive", "token", "mobile", "rules"]
[address]
base = "https://logs.example.com"
[auth]
kind = "bearer"
[request]
path = "/logs/{stream}"
query = { since = "{since}", until = "{until}" }
[items]
path = "items"
id = "id"
[paging]
kind = "cursor"
from = "next"
to = "query.cursor"
[window]
kind = "span"
format = "rfc3339"
first = "365d"
"#;

/// What the server has of each stream.
fn truth(entries: usize) -> Arc<AtomicUsize> {
    Arc::new(AtomicUsize::new(entries))
}

fn stream_of(r: &Request) -> &str {
    r.path.strip_prefix("/logs/").unwrap()
}

fn place_of(r: &Request) -> usize {
    r.get("cursor").map_or(0, |t| t.parse().unwrap())
}

/// The logs as a server keeps them: of every stream so many entries; entry `n` came in the `n`th second before last midnight.
fn logs(entries: &AtomicUsize, r: &Request) -> Reply {
    if r.header("authorization") != Some(&format!("Bearer {SECRET}")) {
        return Reply::new(401, "{\"message\":\"who are you\"}");
    }
    let (stream, at) = (stream_of(r), place_of(r));
    let all = entries.load(Ordering::Relaxed);
    let midnight = chrono::Utc::now().timestamp() / 86_400 * 86_400;
    let written = |n: usize| {
        let at = chrono::DateTime::from_timestamp(midnight - 20_000 + n as i64, 0);
        at.unwrap()
            .to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    };
    // By the server's own filter: an entry that came before `since` was told in an earlier pull.
    let since = r.get("since").unwrap_or_default().to_owned();
    let asked: Vec<usize> = (0..all)
        .filter(|n| arrived(*n, all) || written(*n) >= since)
        .collect();
    let end = (at + PAGE).min(asked.len());
    let list: Vec<Value> = asked[at.min(end)..end]
        .iter()
        .map(|n| {
            json!({
                "id": format!("{stream}-{n}"), "timestamp": written(*n), "user": format!("user{}@example.com", n % 7),
                "action": format!("{stream}.done"),
            })
        })
        .collect();
    let next = (end < asked.len()).then(|| end.to_string());
    Reply::json(&json!({"items": list, "next": next}))
}

/// Entries beyond the first thousand are those that came after the first pull, and are told whatever is asked.
fn arrived(number: usize, all: usize) -> bool {
    number >= 1_000 && all > 1_000
}

fn command(bench: &Bench, server: &Server, secret: &str, extra: &[&str]) -> Command {
    bench.file("many.toml", CONNECTOR);
    let mut command = Command::new(env!("CARGO_BIN_EXE_witnessmark"));
    command
        .args([
            "pull",
            "case.wmcase",
            "many.toml",
            "--allow-private",
            "--json",
        ])
        .args(["--base", &server.base()])
        .args(extra)
        .current_dir(bench.path("."))
        .env("WITNESSMARK_SECRET", secret)
        .env("WITNESSMARK_KEYRING", "none")
        .env("USER", "tester")
        .env("HOSTNAME", "bench")
        .stdin(Stdio::null());
    command
}

fn pull(bench: &Bench, server: &Server, secret: &str, extra: &[&str]) -> Ran {
    let out = command(bench, server, secret, extra).output().unwrap();
    Ran {
        code: out.status.code().unwrap_or(-1),
        stdout: out.stdout,
        stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
    }
}

/// Ids of all events with how often each is there.
fn ids(bench: &Bench) -> BTreeMap<String, usize> {
    let mut ids = BTreeMap::new();
    for event in bench.events("") {
        let id = event["event"]["id"].as_str().unwrap().to_owned();
        *ids.entry(id).or_default() += 1;
    }
    ids
}

fn each_once(bench: &Bench, entries: usize) {
    let ids = ids(bench);
    assert_eq!(ids.len(), STREAMS.len() * entries);
    for stream in STREAMS {
        for n in 0..entries {
            assert_eq!(ids.get(&format!("{stream}-{n}")), Some(&1), "{stream}-{n}");
        }
    }
}

/// Begins and ends of pulls in the custody log, in order: kind, stream, why it stopped.
fn told(bench: &Bench) -> Vec<(String, u64, Option<String>)> {
    let custody = bench.run(&["custody", "case.wmcase", "--json"]).json(0);
    let entries = custody["entries"].as_array().unwrap().iter();
    entries
        .filter_map(|entry| {
            let kind = entry["action"].as_str()?;
            let detail: Value = serde_json::from_str(entry["detail"].as_str()?).unwrap();
            matches!(kind, "pull.begin" | "pull.end").then(|| {
                (
                    kind.to_owned(),
                    detail["stream"].as_u64().unwrap(),
                    detail["stopped"].as_str().map(str::to_owned),
                )
            })
        })
        .collect()
}

/// Each begin of a stream is followed by its end before the next begin of the same.
fn every_begin_has_its_end(bench: &Bench) -> usize {
    let mut open = BTreeSet::new();
    let mut begins = 0;
    for (kind, stream, _) in told(bench) {
        if kind == "pull.begin" {
            begins += 1;
            assert!(open.insert(stream), "stream {stream} began twice");
        } else {
            assert!(open.remove(&stream), "stream {stream} ended twice");
        }
    }
    assert!(open.is_empty(), "no end of {open:?}");
    begins
}

fn of<'r>(report: &'r Value, stream: &str) -> &'r Value {
    let all = report["streams"].as_array().unwrap();
    all.iter().find(|s| s["stream"] == stream).unwrap()
}

/// The gaps of a stream, but for what lies before the year that a first pull asks for.
fn gaps(stream: &Value) -> Vec<&Value> {
    let coverage = stream["coverage"].as_array().unwrap().iter();
    let gaps = coverage.filter(|c| c["complete"] == false);
    gaps.filter(|c| !c["reason"].as_str().unwrap().contains("365 days"))
        .collect()
}

#[test]
fn streams_are_read_at_once_and_each_entry_comes_once() {
    let entries = truth(1_000);
    let met = Arc::new((Mutex::new(BTreeSet::new()), Condvar::new()));
    let alone = Arc::new(AtomicBool::new(false));
    let server = {
        let (entries, met, alone) = (Arc::clone(&entries), Arc::clone(&met), Arc::clone(&alone));
        Server::start(move |r| {
            // The second page of a stream is held back until those of four streams are asked for: one after the other would
            // wait in vain.
            if place_of(r) == PAGE && entries.load(Ordering::Relaxed) == 1_000 {
                let (set, changed) = &*met;
                let mut set = set.lock().unwrap();
                set.insert(stream_of(r).to_owned());
                changed.notify_all();
                let waited = changed.wait_timeout_while(set, PATIENCE, |set| set.len() < 4);
                alone.fetch_or(waited.unwrap().1.timed_out(), Ordering::Relaxed);
            }
            logs(&entries, r)
        })
    };
    let bench = Bench::new();
    let report = pull(&bench, &server, SECRET, &[]).json(0);
    assert!(!alone.load(Ordering::Relaxed), "they are asked at once");
    for stream in STREAMS {
        let one = of(&report, stream);
        assert_eq!(one["stored"], 1_000, "{one}");
        assert_eq!(one["duplicates"], 0, "{one}");
        assert!(one.get("stopped").is_none(), "{one}");
        assert!(gaps(one).is_empty(), "{one}");
    }
    each_once(&bench, 1_000);
    assert_eq!(every_begin_has_its_end(&bench), STREAMS.len());

    // Later each goes on from its own position; of two that are named, twice in one case, only those are asked.
    entries.store(1_050, Ordering::Relaxed);
    let before = server.seen().len();
    let some = [
        "--stream", "drive", "--stream", "login", "--stream", "drive",
    ];
    let report = pull(&bench, &server, SECRET, &some).json(0);
    assert_eq!(report["streams"].as_array().unwrap().len(), 2);
    assert_eq!(of(&report, "drive")["stored"], 50);
    for request in &server.seen()[before..] {
        assert!(["drive", "login"].contains(&stream_of(request)));
    }
    let report = pull(&bench, &server, SECRET, &[]).json(0);
    assert_eq!(of(&report, "rules")["stored"], 50);
    assert_eq!(of(&report, "drive")["stored"], 0);
    each_once(&bench, 1_050);
    let pulled = bench.run(&["pulled", "case.wmcase", "--json"]).json(0);
    for one in pulled["streams"].as_array().unwrap() {
        let coverage = one["coverage"].as_array().unwrap().iter();
        let read = coverage.filter(|c| c["complete"] == true).count();
        assert_eq!((read, gaps(one).len()), (1, 0), "one span: {one}");
    }
}

#[test]
fn one_that_fails_is_named_and_stops_no_other() {
    let entries = truth(600);
    let sick = Arc::new(AtomicBool::new(true));
    let server = {
        let (entries, sick) = (Arc::clone(&entries), Arc::clone(&sick));
        Server::start(move |r| {
            if stream_of(r) == "drive" && place_of(r) >= 200 && sick.load(Ordering::Relaxed) {
                // As where a token may read some logs of a system and not others.
                return Reply::new(403, "{\"message\":\"not this log\"}");
            }
            logs(&entries, r)
        })
    };
    let bench = Bench::new();
    let ran = pull(&bench, &server, SECRET, &[]);
    assert_eq!(ran.code, 2, "a part is missing, and the exit code says so");
    assert!(ran.stderr.contains("not this log"), "{}", ran.stderr);
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    for stream in STREAMS {
        let one = of(&report, stream);
        if stream == "drive" {
            assert_eq!(one["stored"], 200, "what came before is kept: {one}");
            assert_eq!(one["stopped"]["code"], "credentials_refused");
            assert_eq!(gaps(one).len(), 1, "{one}");
        } else {
            assert_eq!(one["stored"], 600, "{one}");
            assert!(one.get("stopped").is_none(), "{one}");
        }
    }
    let pulled = bench.run(&["pulled", "case.wmcase", "--json"]).json(0);
    for one in pulled["streams"].as_array().unwrap() {
        let gaps = gaps(one);
        assert_eq!(!gaps.is_empty(), one["stream"] == "drive", "{one}");
        if let Some(gap) = gaps.first() {
            assert!(
                gap["reason"].as_str().unwrap().contains("not this log"),
                "{gap}"
            );
        }
    }
    let ended: Vec<_> = told(&bench).into_iter().filter(|t| t.2.is_some()).collect();
    assert_eq!(ended.len(), 1, "{ended:?}");

    sick.store(false, Ordering::Relaxed);
    let report = pull(&bench, &server, SECRET, &[]).json(0);
    assert_eq!(
        of(&report, "drive")["stored"],
        400,
        "it goes on where it was"
    );
    each_once(&bench, 600);
    assert_eq!(every_begin_has_its_end(&bench), 2 * STREAMS.len());
}

#[test]
fn refused_credentials_reach_the_server_once_and_every_begin_ends() {
    let entries = truth(600);
    let server = Server::start(move |r| logs(&entries, r));
    let bench = Bench::new();
    let logs = bench.file("logs.csv", PAYMONGO);
    assert_eq!(bench.import(&logs, &["--zone", "UTC"]).code, 0);

    let ran = pull(&bench, &server, "tok_WRONG_0000", &[]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("credentials_refused"), "{}", ran.stderr);
    assert_eq!(server.seen().len(), 1, "not once for each stream");
    let begun = every_begin_has_its_end(&bench);
    assert!(begun >= 1);
    for (kind, _, why) in told(&bench) {
        let expected = (kind == "pull.end").then_some("credentials_refused");
        assert_eq!(why.as_deref(), expected, "{kind}");
    }

    // Without any, and with certificates that are none, nothing is asked; what was begun ends all the same.
    let none = pull(&bench, &server, "", &[]);
    assert_eq!(none.error()["code"], "credentials_refused");
    let bad = bench.file(
        "bad.pem",
        "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n",
    );
    let bad = pull(&bench, &server, SECRET, &["--ca", bad.to_str().unwrap()]);
    assert_eq!(bad.error()["code"], "invalid_connector");
    assert_eq!(server.seen().len(), 1);
    assert!(every_begin_has_its_end(&bench) > begun);
    let reasons: BTreeSet<String> = told(&bench).into_iter().filter_map(|t| t.2).collect();
    let expected = ["credentials_refused", "invalid_connector"];
    assert_eq!(reasons, expected.map(str::to_owned).into());
}

#[test]
fn a_server_that_asks_one_stream_to_wait_is_left_alone_by_all() {
    let entries = truth(1_000);
    let limited: Arc<Mutex<Option<Instant>>> = Arc::default();
    let asked: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let server = {
        let (limited, asked) = (Arc::clone(&limited), Arc::clone(&asked));
        Server::start(move |r| {
            asked.lock().unwrap().push(Instant::now());
            let mut limited = limited.lock().unwrap();
            if limited.is_none() && stream_of(r) == "admin" && place_of(r) == 300 {
                *limited = Some(Instant::now());
                return Reply::new(429, "slow down").with("retry-after", "3");
            }
            drop(limited);
            logs(&entries, r)
        })
    };
    let bench = Bench::new();
    pull(&bench, &server, SECRET, &[]).json(0);
    each_once(&bench, 1_000);
    let at = limited.lock().unwrap().unwrap();
    // Requests that were on their way when it said so come a moment after it.
    let quiet = at + Duration::from_millis(1_000)..at + Duration::from_millis(2_900);
    let asked = asked.lock().unwrap();
    let early = asked.iter().filter(|when| quiet.contains(when)).count();
    assert_eq!(early, 0, "it was asked while it had asked to wait");
    assert!(
        asked.iter().any(|when| *when > quiet.end),
        "then it goes on"
    );
}

#[test]
fn streams_come_once_through_kills() {
    const ENTRIES: usize = 4_000;
    let entries = truth(ENTRIES);
    let count = AtomicUsize::new(0);
    let server = Server::start(move |r| match count.fetch_add(1, Ordering::Relaxed) % 23 {
        7 => Reply::new(503, ""),
        _ => logs(&entries, r),
    });
    let bench = Bench::new();
    let mut dice = Dice::new(11);
    for _ in 0..3 {
        let mut child = command(&bench, &server, SECRET, &[])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(400 + dice.below(1_200)));
        // SIGKILL: the process cannot tidy up.
        child.kill().unwrap();
        child.wait().unwrap();
        if bench.path("case.wmcase").exists()
            && bench.run(&["count", "case.wmcase", "--json"]).code != 0
        {
            std::fs::remove_file(bench.path("case.wmcase")).unwrap();
        }
    }
    pull(&bench, &server, SECRET, &[]).json(0);
    each_once(&bench, ENTRIES);
}
