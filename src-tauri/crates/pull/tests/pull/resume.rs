//! Runs that end in the middle go on where they were: nothing is lost, and little is asked for twice.

use serde_json::{Value, json};
use witnessmark_pull::Fault;
use witnessmark_pull::cursor::Cursor;

use crate::server::{Deed, Reply, Server};
use crate::support::{Clock, Kept, NOW, connector, entry, job, run};

const ALL: usize = 60_000;
const PAGE: usize = 500;

/// A log of 60,000 entries whose server refuses, breaks and stumbles by the number of the request.
fn stumbling() -> Server {
    let count = std::sync::atomic::AtomicUsize::new(0);
    Server::start(move |r| {
        let n = count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let at: usize = r.get("cursor").map_or(0, |t| t.parse().unwrap());
        let entries: Vec<Value> = (at..at + PAGE).map(|n| entry(n, NOW)).collect();
        let next = if at + PAGE < ALL {
            json!((at + PAGE).to_string())
        } else {
            Value::Null
        };
        let good = Reply::json(&json!({"items": entries, "next": next}));
        match n % 13 {
            3 => Reply::new(429, "slow down").with("retry-after", "0"),
            6 => Reply::new(503, "").with("retry-after", "0"),
            9 => Reply::new(403, "{\"message\":\"API rate limit exceeded\"}")
                .with("retry-after", "0"),
            11 if n.is_multiple_of(2) => good.but(Deed::Cut),
            _ => good,
        }
    })
}

#[test]
fn sixty_thousand_entries_come_once_through_refusals_breaks_and_crashes() {
    let server = stumbling();
    let connector = connector(
        "kind = \"cursor\"\nfrom = \"next\"\nto = \"query.cursor\"\nnewest_first = true",
        "path = \"items\"\nid = \"id\"",
        "path = \"/log\"",
        "",
    );
    let clock = Clock::new();
    let mut kept = Kept::default();
    // Each run is ended by a sink that fails, as if the process had died before its commit.
    for crash in [1, 4, 9] {
        kept.refuse_at = Some(crash);
        let cursor = kept.cursor.clone();
        let outcome = run(job(&connector, &server.base(), cursor), &clock, &mut kept);
        assert_eq!(outcome.stopped.unwrap().fault, Fault::Sink);
        assert_eq!(
            kept.ids("items").len(),
            kept.distinct("items"),
            "what was committed is whole"
        );
    }
    kept.refuse_at = None;
    let cursor = kept.cursor.clone();
    assert_eq!(
        run(job(&connector, &server.base(), cursor), &clock, &mut kept).stopped,
        None
    );
    let ids = kept.ids("items");
    // After the rest of the walk two pages are asked for again, to see whether anything new has come meanwhile.
    assert_eq!(ids.len(), ALL + 2 * PAGE);
    let in_order = (0..ALL).map(|n| format!("e{n}"));
    assert!(ids.iter().zip(in_order).all(|(a, b)| *a == b));
    let last = &kept.coverage.last().unwrap().reason;
    assert!(
        last.starts_with("everything that the vendor still had was read"),
        "{last}"
    );
}

#[test]
fn a_run_that_is_stopped_keeps_what_it_has_and_goes_on() {
    let connector = connector(
        "kind = \"cursor\"\nfrom = \"next\"\nto = \"query.cursor\"\nnewest_first = true",
        "path = \"items\"\nid = \"id\"",
        "path = \"/log\"",
        "",
    );
    let (clock, mut kept) = (Clock::new(), Kept::default());
    let held = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let server = {
        let held = std::sync::Arc::clone(&held);
        Server::start(move |r| {
            let at: usize = r.get("cursor").map_or(0, |t| t.parse().unwrap());
            if at == 200 && held.load(std::sync::atomic::Ordering::Relaxed) {
                return Reply::new(429, "").with("retry-after", "600");
            }
            let entries: Vec<Value> = (at..at + 100).map(|n| entry(n, NOW)).collect();
            let next = if at + 100 < 500 {
                json!((at + 100).to_string())
            } else {
                Value::Null
            };
            Reply::json(&json!({"items": entries, "next": next}))
        })
    };
    // The person stops it during the wait; the answer comes within a second.
    let begun = std::time::Instant::now();
    let port = witnessmark_pull::sync::Port {
        now: &|| clock.now.get(),
        chance: &|| 0.0,
        stop: &|| clock.stop.get(),
        waiting: &|wait| {
            assert_eq!(wait.as_secs(), 600);
            clock.stop.set(true);
        },
    };
    let stopped = witnessmark_pull::sync::run(
        job(&connector, &server.base(), Cursor::default()),
        &port,
        &mut kept,
    )
    .unwrap();
    assert_eq!(stopped.stopped.unwrap().fault, Fault::Cancelled);
    assert!(begun.elapsed().as_secs() < 5);
    assert_eq!(kept.ids("items").len(), 200);
    assert!(
        kept.coverage.iter().any(|c| !c.complete),
        "a gap with its reason"
    );
    clock.stop.set(false);
    held.store(false, std::sync::atomic::Ordering::Relaxed);
    let (seen, cursor) = (server.seen().len(), kept.cursor.clone());
    assert_eq!(
        run(job(&connector, &server.base(), cursor), &clock, &mut kept).stopped,
        None
    );
    assert_eq!(kept.distinct("items"), 500);
    let seen = server.seen().split_off(seen);
    let asked: Vec<_> = seen.iter().map(|r| r.get("cursor").unwrap_or("")).collect();
    assert_eq!(
        asked,
        ["200", "300", "400", "", "100"],
        "it went on where it was, then looked for new entries"
    );
}

#[test]
fn a_token_that_the_server_has_forgotten_begins_the_span_anew() {
    let server = Server::start(|r| {
        if r.get("cursor") == Some("gone") {
            return Reply::new(400, "{\"error\":\"invalid cursor\"}");
        }
        Reply::json(&json!({"items": [entry(1, NOW)]}))
    });
    let connector = connector(
        "kind = \"cursor\"\nfrom = \"next\"\nto = \"query.cursor\"\nnewest_first = true",
        "path = \"items\"\nid = \"id\"",
        "path = \"/log\"",
        "",
    );
    let cursor: Cursor =
        serde_json::from_value(json!({"walk": {"until": NOW, "next": {"value": "gone"}}})).unwrap();
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(
        run(job(&connector, &server.base(), cursor), &clock, &mut kept).stopped,
        None
    );
    assert_eq!(kept.distinct("items"), 1);
}
