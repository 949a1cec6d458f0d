//! What a pull may call read: clocks that differ, lists that end without saying so, positions that a server forgets.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};
use witnessmark_model::Instant;
use witnessmark_pull::connector::{Connector, Span};
use witnessmark_pull::cursor::{Coverage, Cursor};
use witnessmark_pull::{Fault, PullError};

use crate::server::{Deed, Reply, Request, Server};
use crate::support::{Clock, Kept, NOW, SECOND, connector, entry, job, list, log, run, try_run};

const ITEMS: &str = "path = \"items\"\nid = \"id\"";
const BY_TIME: &str = "path = \"/log\"\nquery = { since = \"{since}\", until = \"{until}\" }";
const SPAN: &str = "kind = \"span\"\nformat = \"epoch_ms\"";
const CURSOR: &str = "kind = \"cursor\"\nfrom = \"next\"\nto = \"query.cursor\"";
const DAY: i64 = 86_400 * SECOND;

/// One run with a position; what came is kept beside what was there.
fn pull(
    server: &Server,
    connector: &Connector,
    clock: &Clock,
    kept: &mut Kept,
) -> Option<PullError> {
    let cursor = kept.cursor.clone();
    run(job(connector, &server.base(), cursor), clock, kept).stopped
}

fn once(
    paging: &str,
    items: &str,
    handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> (Option<PullError>, Kept, Server, Clock) {
    let server = Server::start(handler);
    let connector = connector(paging, items, "path = \"/log\"", "");
    let (clock, mut kept) = (Clock::new(), Kept::default());
    let stopped = pull(&server, &connector, &clock, &mut kept);
    (stopped, kept, server, clock)
}

fn number(request: &Request, name: &str) -> usize {
    request.get(name).map_or(0, |text| text.parse().unwrap())
}

fn date(at: Instant) -> String {
    at.to_utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Whether an instant is covered: a span that was read once stays so, as the case has it.
fn covered(coverage: &[Coverage], at: Instant) -> bool {
    coverage
        .iter()
        .any(|c| c.complete && c.from <= at && at < c.to)
}

fn gap<'c>(coverage: &'c [Coverage], word: &str) -> &'c Coverage {
    let found = coverage
        .iter()
        .find(|c| !c.complete && c.reason.contains(word));
    found
        .ok_or_else(|| format!("no gap says `{word}`: {coverage:?}"))
        .unwrap()
}

#[test]
fn what_the_clock_of_the_server_has_not_come_to_is_not_counted() {
    // Ours is two hours ahead. What happens in these two hours is asked for by the next pull.
    let behind = 7_200 * SECOND;
    let theirs = Arc::new(std::sync::atomic::AtomicI64::new(NOW.0 - behind));
    let server = {
        let theirs = Arc::clone(&theirs);
        Server::start(move |r| {
            let now = theirs.load(Ordering::Relaxed);
            let ms = |name| r.get(name).map_or(0, |t: &str| t.parse::<i64>().unwrap()) * 1_000_000;
            let inside: Vec<Value> = (0..80_usize)
                .map(|n| {
                    (
                        n,
                        Instant(NOW.0 - behind - 3_000 * SECOND + n as i64 * 60 * SECOND),
                    )
                })
                .filter(|(_, at)| at.0 <= now && at.0 >= ms("since") && at.0 < ms("until"))
                .map(|(n, at)| entry(n, at))
                .collect();
            Reply::json(&json!({"items": inside})).with("date", date(Instant(now)))
        })
    };
    let connector = connector(CURSOR, ITEMS, BY_TIME, &format!("{SPAN}\nlongest = \"1d\""));
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(pull(&server, &connector, &clock, &mut kept), None);
    assert_eq!(kept.distinct("items"), 49);
    let edge = Instant(NOW.0 - behind - 60 * SECOND);
    assert_eq!(kept.cursor.high_water, Some(edge));
    assert!(
        kept.coverage.iter().all(|c| !c.complete || c.to <= edge),
        "{:?}",
        kept.coverage
    );
    assert!(gap(&kept.coverage, "120 minutes behind").to > edge);
    clock.now.set(Instant(NOW.0 + 3_600 * SECOND));
    theirs.store(NOW.0 + 3_600 * SECOND - behind, Ordering::Relaxed);
    assert_eq!(pull(&server, &connector, &clock, &mut kept), None);
    assert_eq!(kept.distinct("items"), 80);
}

#[test]
fn a_server_that_promises_more_and_names_nothing_is_no_end() {
    for more in [json!(true), json!("true"), json!(1), Value::Null] {
        let (stopped, kept, ..) = once(&format!("{CURSOR}\nmore = \"more\""), ITEMS, move |_| {
            Reply::json(&json!({"items": [entry(1, NOW)], "more": more}))
        });
        assert_eq!(stopped.unwrap().fault, Fault::Shape);
        assert_eq!(kept.distinct("items"), 1, "what came is kept");
        assert!(kept.coverage.iter().all(|c| !c.complete));
    }
    // A full page without a sign of the next one, and a last entry without an id.
    let (stopped, kept, ..) = once(
        &format!("{CURSOR}\nsize = 2\nstop = \"short\""),
        ITEMS,
        |_| Reply::json(&json!({"items": [entry(1, NOW), entry(2, NOW)]})),
    );
    assert_eq!(stopped.unwrap().fault, Fault::Shape);
    assert!(kept.coverage.iter().all(|c| !c.complete));
    for stop in ["absent", "short"] {
        let paging =
            format!("kind = \"since_id\"\nto = \"query.from\"\nsize = 2\nstop = \"{stop}\"");
        let (stopped, kept, ..) = once(&paging, ITEMS, |_| {
            Reply::json(&json!({"items": [entry(1, NOW), {"action": "x"}]}))
        });
        assert_eq!(stopped.unwrap().fault, Fault::Shape);
        assert!(kept.coverage.iter().all(|c| !c.complete));
    }
}

#[test]
fn a_rest_that_is_too_long_ends_the_run_with_what_it_has() {
    for reset in [
        (NOW.0 / SECOND + 86_400).to_string(),
        u64::MAX.to_string(),
        (u64::MAX - 1).to_string(),
    ] {
        let (stopped, kept, server, clock) = once(CURSOR, ITEMS, move |_| {
            Reply::json(&json!({"items": [entry(1, NOW)], "next": "2"}))
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", reset.clone())
        });
        assert_eq!(stopped.unwrap().fault, Fault::Limited);
        assert_eq!(kept.distinct("items"), 1);
        assert_eq!(server.seen().len(), 1);
        assert!(clock.waits.borrow().is_empty());
    }
}

#[test]
fn a_sign_of_the_next_page_that_holds_the_secret_comes_into_no_case() {
    for (paging, next) in [
        (CURSOR, "x tok%5FCANARY_0123456789"),
        (
            "kind = \"next_url\"\nfrom = \"next\"",
            "/log?access_token=tok%5fCANARY_0123456789",
        ),
        (
            "kind = \"next_url\"\nfrom = \"next\"",
            "/log?t=tok_CANARY_0123456789",
        ),
    ] {
        let (stopped, kept, ..) = once(paging, ITEMS, move |_| {
            Reply::json(&json!({"items": [entry(1, NOW)], "next": next}))
        });
        let error = stopped.unwrap();
        assert_eq!(error.fault, Fault::Shape);
        let said = format!(
            "{error:?} {:?} {:?} {:?}",
            kept.pages, kept.cursor, kept.coverage
        );
        assert!(!said.contains("CANARY"), "{said}");
    }
    // A redirect elsewhere is told, and not what it carries.
    let (stopped, ..) = once(CURSOR, ITEMS, |_| {
        Reply::new(302, "").with(
            "location",
            "http://other.example/?t=tok%5FCANARY%5F0123456789",
        )
    });
    assert!(!stopped.unwrap().message.contains("CANARY"));
}

const KNOWN_FIRST: &str = "language = 1\n[connector]\nid = \"t\"\nversion = 1\ntitle = \"T\"\nvendor_page = \"\"\nlag = \"1m\"\n";

fn own(about: &str, paging: &str) -> Connector {
    let text = format!(
        "{KNOWN_FIRST}{about}\n[address]\nbase = \"https://vendor.example\"\n[auth]\nkind = \"none\"\n\
         [request]\npath = \"/log\"\n[items]\npath = \"items\"\nid = \"id\"\n[paging]\n{paging}\n"
    );
    witnessmark_pull::connector::read(&text).unwrap()
}

/// A log that is read on by the last id; of ids before `kept` nothing is known any more.
fn by_id(
    kept: Arc<AtomicUsize>,
    all: Arc<AtomicUsize>,
) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |r| {
        let (kept, all) = (kept.load(Ordering::Relaxed), all.load(Ordering::Relaxed));
        let from = match r.get("from") {
            Some(id) => id[1..].parse::<usize>().unwrap() + 1,
            None => kept,
        };
        if from < kept {
            return Reply::new(400, "{\"error\":\"the checkpoint has expired\"}");
        }
        let rows: Vec<Value> = (from..(from + 50).min(all))
            .map(|n| entry(n, NOW))
            .collect();
        Reply::json(&json!({"items": rows}))
    }
}

const BY_ID: &str =
    "kind = \"since_id\"\nto = \"query.from\"\nsize = 50\nstop = \"short\"\ndurable = true";

#[test]
fn what_expired_between_two_pulls_is_a_gap_and_the_first_pull_does_not_claim_all_time() {
    let (oldest, all) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(120)),
    );
    let server = Server::start(by_id(Arc::clone(&oldest), Arc::clone(&all)));
    let unknown = own("", BY_ID);
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(pull(&server, &unknown, &clock, &mut kept), None);
    assert!(
        !covered(&kept.coverage, Instant(NOW.0 - DAY)),
        "{:?}",
        kept.coverage
    );
    let first = kept.cursor.high_water.unwrap();
    // The position has expired, and so have 300 entries.
    oldest.store(420, Ordering::Relaxed);
    all.store(500, Ordering::Relaxed);
    clock.now.set(Instant(NOW.0 + 30 * DAY));
    assert_eq!(pull(&server, &unknown, &clock, &mut kept), None);
    assert!(kept.ids("items").contains(&"e499".to_owned()));
    assert!(
        !covered(&kept.coverage, Instant(first.0 + DAY)),
        "{:?}",
        kept.coverage
    );
    gap(&kept.coverage, "may have been lost");
    // The next pull goes on from the new position, and covers what it read only.
    all.store(510, Ordering::Relaxed);
    clock.now.set(Instant(NOW.0 + 31 * DAY));
    assert_eq!(pull(&server, &unknown, &clock, &mut kept), None);
    assert!(!covered(&kept.coverage, Instant(first.0 + DAY)));
    assert!(covered(
        &kept.coverage,
        Instant(NOW.0 + 30 * DAY + 3_600 * SECOND)
    ));

    // Where the vendor says how long it keeps entries, the gap ends there, also where the token still leads on.
    let known = own("retention = \"7d\"", BY_ID);
    let server = Server::start(by_id(Arc::default(), Arc::new(AtomicUsize::new(10))));
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(pull(&server, &known, &clock, &mut kept), None);
    assert!(covered(&kept.coverage, Instant(NOW.0 - DAY)));
    clock.now.set(Instant(NOW.0 + 30 * DAY));
    assert_eq!(pull(&server, &known, &clock, &mut kept), None);
    let lost = gap(&kept.coverage, "7 days");
    assert_eq!(
        (lost.from, lost.to),
        (Instant(NOW.0 - 60 * SECOND), Instant(NOW.0 + 23 * DAY))
    );
    assert!(!covered(&kept.coverage, Instant(NOW.0 + DAY)));
}

#[test]
fn a_walk_that_meets_nothing_known_is_a_gap() {
    let begin = Arc::new(AtomicUsize::new(0));
    let server = {
        let begin = Arc::clone(&begin);
        Server::start(move |_| {
            let begin = begin.load(Ordering::Relaxed);
            let rows: Vec<Value> = (begin..begin + 20).rev().map(|n| entry(n, NOW)).collect();
            Reply::json(&json!({"items": rows}))
        })
    };
    let connector = own("", &format!("{CURSOR}\nnewest_first = true"));
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(pull(&server, &connector, &clock, &mut kept), None);
    for (at, moved, lost) in [(1, 15, false), (2, 600, true)] {
        begin.store(moved, Ordering::Relaxed);
        clock.now.set(Instant(NOW.0 + at * DAY));
        assert_eq!(pull(&server, &connector, &clock, &mut kept), None);
        let covered = covered(&kept.coverage, Instant(NOW.0 + at * DAY - 3_600 * SECOND));
        assert_eq!(covered, !lost, "{:?}", kept.coverage);
    }
    gap(&kept.coverage, "met again");
}

#[test]
fn a_server_that_gives_smaller_pages_than_it_is_asked_for_loses_nothing() {
    let log = log(1_000);
    for stop in ["empty", "short"] {
        let entries = list(&log);
        let paging =
            format!("kind = \"offset\"\nto = \"query.offset\"\nsize = 500\nstop = \"{stop}\"");
        let (stopped, kept, ..) = once(&paging, ITEMS, move |r| {
            let at = number(r, "offset").min(entries.len());
            Reply::json(&json!({"items": entries[at..(at + 100).min(entries.len())]}))
        });
        assert_eq!(stopped, None);
        assert_eq!(kept.distinct("items"), 1_000, "{stop}");
    }
    for kind in ["page", "offset"] {
        let text = format!(
            "{KNOWN_FIRST}[address]\nbase = \"https://v.example\"\n[auth]\nkind = \"none\"\n[request]\npath = \"/\"\n[paging]\nkind = \"{kind}\"\nto = \"query.p\"\nsize = 5\n"
        );
        let error = witnessmark_pull::connector::read(&text).unwrap_err();
        assert!(error.message.contains("needs `stop`"), "{}", error.message);
    }
}

#[test]
fn entries_without_an_id_are_never_known_and_a_wrong_key_is_told() {
    let (stopped, kept, ..) = once(CURSOR, "path = \"items\"\nid = \"uuid\"", |_| {
        Reply::json(&json!({"items": [entry(1, NOW)]}))
    });
    let error = stopped.unwrap();
    assert!(
        error.message.contains("no entry has `uuid`"),
        "{}",
        error.message
    );
    assert!(kept.coverage.iter().all(|c| !c.complete));
    // Pages with entries that lack an id do not end a walk.
    let more = Arc::new(AtomicUsize::new(0));
    let server = {
        let more = Arc::clone(&more);
        Server::start(move |r| {
            let at = number(r, "cursor");
            let more = more.load(Ordering::Relaxed);
            let rows = json!([entry(at * 10, NOW), {"note": at + more}]);
            let next = if at < 9 {
                json!((at + 1).to_string())
            } else {
                Value::Null
            };
            Reply::json(&json!({"items": rows, "next": next}))
        })
    };
    let connector = own("", &format!("{CURSOR}\nnewest_first = true"));
    let (clock, mut kept) = (Clock::new(), Kept::default());
    for seen in [10, 20] {
        assert_eq!(pull(&server, &connector, &clock, &mut kept), None);
        assert_eq!(server.seen().len(), seen);
        more.store(100, Ordering::Relaxed);
    }
}

fn blobs(at: &str) -> Connector {
    witnessmark_pull::connector::read(&format!(
        "{KNOWN_FIRST}[address]\nbase = \"https://vendor.example\"\n[auth]\nkind = \"none\"\n[request]\npath = \"/content\"\n\
         query = {{ since = \"{{since}}\", until = \"{{until}}\" }}\n[items]\nid = \"contentId\"\nfetch = \"contentUri\"\n{at}\n[window]\n{SPAN}\n"
    ))
    .unwrap()
}

#[test]
fn a_part_that_is_refused_is_a_gap_of_its_hour_and_the_others_come() {
    let hour = Instant((NOW.0 - 2 * DAY) / (3_600 * SECOND) * (3_600 * SECOND));
    let server = Server::start(move |r| match r.path.as_str() {
        "/content" => {
            let part = |n: i64| {
                let at = Instant(hour.0 + n * 3_600 * SECOND + 60 * SECOND).to_utc();
                json!({"contentId": format!("blob{n}"), "contentUri": format!("/blob/{n}"), "contentCreated": at.format("%Y-%m-%dT%H:%M:%S.000Z").to_string()})
            };
            Reply::json(&json!((0..5).map(part).collect::<Vec<_>>()))
        }
        "/blob/2" => Reply::new(404, "{\"error\":{\"code\":\"AF20051\"}}"),
        path => {
            let n: usize = path.trim_start_matches("/blob/").parse().unwrap();
            Reply::json(&json!([entry(n, NOW)]))
        }
    });
    let (clock, mut kept) = (Clock::new(), Kept::default());
    let connector = blobs("at = \"contentCreated\"");
    assert_eq!(pull(&server, &connector, &clock, &mut kept), None);
    assert_eq!(kept.ids("").len(), 4);
    let lost = gap(&kept.coverage, "blob2");
    let at = Instant(hour.0 + 2 * 3_600 * SECOND);
    assert_eq!((lost.from, lost.to), (at, Instant(at.0 + 3_600 * SECOND)));
    assert!(lost.reason.contains("AF20051"), "{}", lost.reason);
    assert!(!covered(&kept.coverage, at));
    assert!(covered(&kept.coverage, Instant(at.0 - SECOND)));
    assert!(covered(&kept.coverage, Instant(at.0 + 3_600 * SECOND)));
    // Without a time of its own, the whole span is in doubt.
    let mut kept = Kept::default();
    assert_eq!(pull(&server, &blobs(""), &clock, &mut kept), None);
    assert_eq!(kept.ids("").len(), 4);
    assert!(kept.coverage.iter().all(|c| !c.complete));
}

#[test]
fn an_entry_that_names_no_part_is_told() {
    let server = Server::start(|r| match r.path.as_str() {
        "/content" => {
            Reply::json(&json!([{"contentId": "1", "contentUri": "/blob/1"}, {"contentId": "2"}]))
        }
        _ => Reply::json(&json!([entry(1, NOW)])),
    });
    let (clock, mut kept) = (Clock::new(), Kept::default());
    let error = pull(&server, &blobs(""), &clock, &mut kept).unwrap();
    assert_eq!(error.fault, Fault::Shape);
    assert!(error.message.contains("contentUri"), "{}", error.message);
    assert_eq!(kept.ids("").len(), 1, "the other part is kept");
    assert!(kept.coverage.iter().all(|c| !c.complete));
}

#[test]
fn a_page_of_maintenance_does_not_cost_the_position() {
    let down = Arc::new(AtomicBool::new(false));
    let server = {
        let down = Arc::clone(&down);
        let answer = by_id(Arc::default(), Arc::new(AtomicUsize::new(120)));
        Server::start(move |r| {
            if down.load(Ordering::Relaxed) {
                return Reply::new(200, "<html>We are back soon</html>");
            }
            answer(r)
        })
    };
    let connector = own("", BY_ID);
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(pull(&server, &connector, &clock, &mut kept), None);
    let place = kept.cursor.resume.clone();
    assert!(place.is_some());
    down.store(true, Ordering::Relaxed);
    assert_eq!(
        pull(&server, &connector, &clock, &mut kept).unwrap().fault,
        Fault::Shape
    );
    assert_eq!(kept.cursor.resume, place);
    down.store(false, Ordering::Relaxed);
    let before = kept.ids("items").len();
    assert_eq!(pull(&server, &connector, &clock, &mut kept), None);
    assert_eq!(kept.ids("items").len(), before, "nothing was read again");
}

#[test]
fn a_token_that_is_lost_stays_until_the_walk_in_its_place_has_ended() {
    let (oldest, all) = (
        Arc::new(AtomicUsize::new(0)),
        Arc::new(AtomicUsize::new(120)),
    );
    let broken = Arc::new(AtomicBool::new(false));
    let server = {
        let (broken, answer) = (
            Arc::clone(&broken),
            by_id(Arc::clone(&oldest), Arc::clone(&all)),
        );
        Server::start(move |r| {
            if broken.load(Ordering::Relaxed) && r.get("from") == Some("e469") {
                return Reply::new(200, "<html>");
            }
            answer(r)
        })
    };
    let connector = own("", BY_ID);
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(pull(&server, &connector, &clock, &mut kept), None);
    let first = kept.cursor.high_water.unwrap();
    oldest.store(420, Ordering::Relaxed);
    all.store(560, Ordering::Relaxed);
    broken.store(true, Ordering::Relaxed);
    clock.now.set(Instant(NOW.0 + 30 * DAY));
    assert_eq!(
        pull(&server, &connector, &clock, &mut kept).unwrap().fault,
        Fault::Shape
    );
    broken.store(false, Ordering::Relaxed);
    assert_eq!(pull(&server, &connector, &clock, &mut kept), None);
    assert_eq!(kept.distinct("items"), 120 + 140);
    assert!(
        !covered(&kept.coverage, Instant(first.0 + DAY)),
        "{:?}",
        kept.coverage
    );
}

#[test]
fn a_server_that_does_not_heed_the_page_is_asked_twice() {
    let paging = "kind = \"page\"\nto = \"query.page\"\nfirst = 1\nstop = \"empty\"";
    let (stopped, kept, server, _) = once(paging, ITEMS, |_| {
        Reply::json(&json!({"items": [entry(1, NOW)]}))
    });
    let error = stopped.unwrap();
    assert_eq!(error.fault, Fault::Loop);
    assert!(error.message.contains("does not heed"), "{}", error.message);
    assert_eq!(server.seen().len(), 2);
    assert_eq!(kept.distinct("items"), 1);
}

#[test]
fn an_old_token_that_a_server_fails_at_begins_the_walk_anew() {
    for status in [500, 403] {
        let server = Server::start(move |r| match r.get("cursor") {
            Some("old") => Reply::new(status, ""),
            _ => Reply::json(&json!({"items": [entry(1, NOW)]})),
        });
        let window = format!("{SPAN}\nlongest = \"1d\"");
        for (window, since) in [
            ("", Value::Null),
            (window.as_str(), json!(NOW.0 - 3_600 * SECOND)),
        ] {
            let mut walk = json!({"until": NOW.0 - 60 * SECOND, "next": {"value": "old"}});
            if since.is_number() {
                walk["since"] = since;
            }
            let connector = connector(CURSOR, ITEMS, BY_TIME, window);
            let mut kept = Kept {
                cursor: serde_json::from_value(json!({"walk": walk})).unwrap(),
                ..Kept::default()
            };
            assert_eq!(
                pull(&server, &connector, &Clock::new(), &mut kept),
                None,
                "{status}"
            );
            assert_eq!(kept.distinct("items"), 1);
            assert_eq!(kept.cursor.walk, None);
        }
    }
}

#[test]
fn a_server_that_answers_nothing_does_not_cost_the_place_of_a_walk() {
    let server = Server::start(|_| Reply::new(503, ""));
    let walk = json!({"until": NOW.0 - 60 * SECOND, "next": {"value": "place"}, "met": [1, 2]});
    let connector = connector(CURSOR, ITEMS, "path = \"/log\"", "");
    let cursor: Cursor = serde_json::from_value(json!({"walk": walk})).unwrap();
    let mut kept = Kept {
        cursor: cursor.clone(),
        ..Kept::default()
    };
    let stopped = pull(&server, &connector, &Clock::new(), &mut kept);
    assert_eq!(stopped.unwrap().fault, Fault::Busy);
    assert_eq!(kept.cursor.walk, cursor.walk);
}

#[test]
fn a_span_that_is_not_answered_in_time_is_halved_after_two_tries() {
    let server = Server::start(|r| {
        let ms = |name| r.get(name).map_or(0, |t: &str| t.parse::<i64>().unwrap()) * 1_000_000;
        let reply = Reply::json(&json!({"items": [entry((ms("since") / DAY) as usize, NOW)]}));
        if ms("until") - ms("since") > DAY {
            reply.but(Deed::Silent)
        } else {
            reply
        }
    });
    let connector = connector(CURSOR, ITEMS, BY_TIME, SPAN);
    let (clock, mut kept) = (Clock::new(), Kept::default());
    let mut job = job(&connector, &server.base(), Cursor::default());
    job.since = Some(Instant(NOW.0 - 2 * DAY));
    assert_eq!(run(job, &clock, &mut kept).stopped, None);
    assert_eq!(server.seen().len(), 2 + 2);
    assert!(covered(&kept.coverage, Instant(NOW.0 - 2 * DAY)));
    assert!(covered(&kept.coverage, Instant(NOW.0 - DAY)));
}

#[test]
fn options_that_can_change_nothing_are_refused_and_an_earlier_beginning_is_carried_out() {
    let listed = own("", BY_ID);
    let mut settling = job(&listed, "http://127.0.0.1:1", Cursor::default());
    settling.settle = Some(Span::parse("1d").unwrap());
    let error = try_run(settling, &Clock::new(), &mut Kept::default()).unwrap_err();
    assert!(
        error.message.contains("cannot be asked by time"),
        "{}",
        error.message
    );

    let server = Server::start(|r| {
        let ms = |name| r.get(name).map_or(0, |t: &str| t.parse::<i64>().unwrap()) * 1_000_000;
        let inside: Vec<Value> = (0..40_usize)
            .map(|n| (n, Instant(NOW.0 - (40 - n as i64) * DAY)))
            .filter(|(_, at)| at.0 >= ms("since") && at.0 < ms("until"))
            .map(|(n, at)| entry(n, at))
            .collect();
        Reply::json(&json!({"items": inside}))
    });
    let connector = connector(CURSOR, ITEMS, BY_TIME, &format!("{SPAN}\nfirst = \"10d\""));
    let (clock, mut kept) = (Clock::new(), Kept::default());
    let mut first = job(&connector, &server.base(), Cursor::default());
    first.since = None;
    assert_eq!(run(first, &clock, &mut kept).stopped, None);
    assert_eq!(kept.distinct("items"), 10);
    let before = gap(&kept.coverage, "10 days");
    assert_eq!(before.to, Instant(NOW.0 - 10 * DAY));
    for (seen, expected) in [(30, 30), (30, 30)] {
        let mut earlier = job(&connector, &server.base(), kept.cursor.clone());
        earlier.since = Some(Instant(NOW.0 - seen * DAY));
        assert_eq!(run(earlier, &clock, &mut kept).stopped, None);
        assert_eq!(kept.distinct("items"), expected);
        assert!(covered(&kept.coverage, Instant(NOW.0 - 20 * DAY)));
    }
    let asked = server.seen();
    let early = asked
        .iter()
        .filter(|r| r.get("since") == Some(&((NOW.0 - 30 * DAY) / 1_000_000).to_string()));
    assert_eq!(
        early.count(),
        1,
        "once carried out, it is not asked for again"
    );
}
