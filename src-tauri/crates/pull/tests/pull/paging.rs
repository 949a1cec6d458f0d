//! Every way of paging: each entry once, in as few requests as there are pages.

use serde_json::{Value, json};
use witnessmark_model::Instant;
use witnessmark_pull::connector::{Span, Values};
use witnessmark_pull::cursor::Cursor;

use crate::server::{Reply, Request, Server};
use crate::support::{Clock, Kept, NOW, SECOND, connector, entry, job, list, log, run};

const ALL: usize = 250;
const PAGE: usize = 40;

fn number(request: &Request, name: &str) -> usize {
    request.get(name).map_or(0, |text| text.parse().unwrap())
}

fn part(from: usize) -> Vec<Value> {
    let log = log(ALL);
    list(&log[from.min(ALL)..(from + PAGE).min(ALL)])
}

fn page(from: usize) -> Value {
    json!({"items": part(from)})
}

/// Pulls once; each entry came once, and the server saw so many requests.
fn once(
    paging: &str,
    items: &str,
    path: &str,
    requests: usize,
    handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) {
    let server = Server::start(handler);
    let connector = connector(paging, items, "path = \"/log\"", "");
    let (clock, mut kept) = (Clock::new(), Kept::default());
    let outcome = run(
        job(&connector, &server.base(), Cursor::default()),
        &clock,
        &mut kept,
    );
    assert_eq!(outcome.stopped, None, "{paging}");
    let ids = kept.ids(path);
    assert_eq!(ids.len(), ALL, "{paging}");
    assert_eq!(kept.distinct(path), ALL, "{paging}");
    assert_eq!(server.seen().len(), requests, "{paging}");
    let whole = |reason: &str| reason.starts_with("everything that the vendor still had was read");
    assert!(
        kept.coverage.iter().all(|c| c.complete || whole(&c.reason)),
        "{paging}"
    );
    assert!(
        server
            .seen()
            .iter()
            .all(|r| r.header("authorization") == Some("Bearer tok_CANARY_0123456789"))
    );
}

#[test]
fn links_cursors_addresses_numbers_and_ids_lead_to_each_entry_once() {
    once("kind = \"link\"", "", "", 7, |r| {
        let at = number(r, "after");
        let reply = Reply::json(&json!(part(at)));
        if at + PAGE < ALL {
            reply.with(
                "Link",
                format!(
                    "</log?before=0>; rel=\"prev\", </log?after={}>; rel=\"next\"",
                    at + PAGE
                ),
            )
        } else {
            reply
        }
    });
    once(
        "kind = \"cursor\"\nfrom = \"meta.next\"\nto = \"query.cursor\"",
        "path = \"items\"\nid = \"id\"",
        "items",
        7,
        |r| {
            let at = number(r, "cursor");
            let next = if at + PAGE < ALL {
                json!((at + PAGE).to_string())
            } else {
                json!("")
            };
            Reply::json(&json!({"items": part(at), "meta": {"next": next}}))
        },
    );
    once(
        "kind = \"cursor\"\nfrom = \"header:Next-Token\"\nto = \"query.t\"",
        "path = \"items\"",
        "items",
        7,
        |r| {
            let at = number(r, "t");
            let reply = Reply::json(&page(at));
            if at + PAGE < ALL {
                reply.with("Next-Token", (at + PAGE).to_string())
            } else {
                reply
            }
        },
    );
    once(
        "kind = \"next_url\"\nfrom = \"@odata.nextLink\"",
        "path = \"items\"",
        "items",
        7,
        |r| {
            let at = number(r, "skip");
            let mut page = page(at);
            if at + PAGE < ALL {
                page["@odata.nextLink"] = json!(format!("?skip={}", at + PAGE));
            }
            Reply::json(&page)
        },
    );
    once(
        "kind = \"page\"\nto = \"query.page\"\nfirst = 1\nstop = \"empty\"",
        "path = \"items\"",
        "items",
        8,
        |r| Reply::json(&page((number(r, "page").max(1) - 1) * PAGE)),
    );
    once(
        "kind = \"offset\"\nto = \"query.offset\"\nsize = 40\nstop = \"short\"",
        "path = \"items\"",
        "items",
        7,
        |r| Reply::json(&page(number(r, "offset"))),
    );
    once(
        "kind = \"since_id\"\nto = \"query.from\"\nsize = 40\nstop = \"short\"",
        "path = \"items\"\nid = \"id\"",
        "items",
        7,
        |r| {
            Reply::json(&page(
                r.get("from")
                    .map_or(0, |id| id[1..].parse::<usize>().unwrap() + 1),
            ))
        },
    );
}

#[test]
fn a_body_carries_settings_once_and_then_the_cursor_alone() {
    let server = Server::start(|r| {
        assert_eq!(r.method, "POST");
        let body = r.json();
        let at = body["cursor"].as_str().map_or(0, |c| c.parse().unwrap());
        assert_eq!(
            body.as_object().unwrap().len(),
            if at == 0 { 2 } else { 1 },
            "{body}"
        );
        let end = (at + PAGE).min(ALL);
        Reply::json(&json!({"items": part(at), "cursor": end.to_string(), "has_more": end < ALL}))
    });
    let connector = connector(
        "kind = \"cursor\"\nfrom = \"cursor\"\nto = \"body.cursor\"\nalone = true\nmore = \"has_more\"\ndurable = true",
        "path = \"items\"\nid = \"id\"",
        "method = \"POST\"\npath = \"/log\"\nbody = { limit = 40, start_time = \"{since}\" }",
        "kind = \"since\"",
    );
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(
        run(
            job(&connector, &server.base(), Cursor::default()),
            &clock,
            &mut kept
        )
        .stopped,
        None
    );
    assert_eq!(kept.ids("items").len(), ALL);
    // The token after the last page is where the next run begins; it finds nothing and reads nothing twice.
    let before = server.seen().len();
    let cursor = kept.cursor.clone();
    assert_eq!(
        run(job(&connector, &server.base(), cursor), &clock, &mut kept).stopped,
        None
    );
    assert_eq!(kept.ids("items").len(), ALL);
    assert_eq!(server.seen().len(), before + 1);
}

/// A server that is asked by time, with pages by cursor inside a span.
fn by_time(log: Vec<(Instant, Value)>, page: usize) -> impl Fn(&Request) -> Reply + Send + Sync {
    move |r| {
        let ms = |name| r.get(name).map_or(0, |t: &str| t.parse::<i64>().unwrap()) * 1_000_000;
        let (since, until, at) = (ms("since"), ms("until"), number(r, "cursor"));
        let inside: Vec<_> = log
            .iter()
            .filter(|(t, _)| t.0 >= since && t.0 < until)
            .cloned()
            .collect();
        let end = (at + page).min(inside.len());
        let next = if end < inside.len() {
            json!(end.to_string())
        } else {
            Value::Null
        };
        Reply::json(&json!({"items": list(&inside[at..end]), "next": next}))
    }
}

const BY_TIME: (&str, &str) = (
    "kind = \"cursor\"\nfrom = \"next\"\nto = \"query.cursor\"",
    "path = \"/log\"\nquery = { since = \"{since}\", until = \"{until}\" }",
);
const ITEMS: &str = "path = \"items\"\nid = \"id\"";

#[test]
fn equal_times_at_the_edge_of_a_page_lose_nothing() {
    let at = Instant(NOW.0 - 7_200 * SECOND);
    let same: Vec<_> = (0..250).map(|n| (at, entry(n, at))).collect();
    let server = Server::start(by_time(same, 100));
    let connector = connector(
        BY_TIME.0,
        ITEMS,
        BY_TIME.1,
        "kind = \"span\"\nformat = \"epoch_ms\"\nlongest = \"1d\"",
    );
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(
        run(
            job(&connector, &server.base(), Cursor::default()),
            &clock,
            &mut kept
        )
        .stopped,
        None
    );
    assert_eq!(kept.distinct("items"), 250);
}

#[test]
fn spans_cover_the_time_without_a_gap_and_the_next_run_asks_for_the_overlap_only() {
    let server = Server::start(by_time(log(3_000), 100));
    let connector = connector(
        BY_TIME.0,
        ITEMS,
        BY_TIME.1,
        "kind = \"span\"\nformat = \"epoch_ms\"\nlongest = \"1d\"",
    );
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(
        run(
            job(&connector, &server.base(), Cursor::default()),
            &clock,
            &mut kept
        )
        .stopped,
        None
    );
    assert_eq!(kept.ids("items").len(), 3_000);
    assert_eq!(kept.distinct("items"), 3_000);
    let mut spans: Vec<_> = kept.coverage.iter().map(|c| (c.from, c.to)).collect();
    spans.sort();
    assert_eq!(
        spans.first().unwrap().0,
        Instant(NOW.0 - 10 * 86_400 * SECOND)
    );
    assert_eq!(spans.last().unwrap().1, Instant(NOW.0 - 60 * SECOND));
    assert!(spans.windows(2).all(|w| w[0].1 == w[1].0), "{spans:?}");
    assert_eq!(kept.cursor.high_water, Some(Instant(NOW.0 - 60 * SECOND)));

    clock.now.set(Instant(NOW.0 + 600 * SECOND));
    let requests = server.seen().len();
    let cursor = kept.cursor.clone();
    assert_eq!(
        run(job(&connector, &server.base(), cursor), &clock, &mut kept).stopped,
        None
    );
    let asked = &server.seen()[requests..];
    assert_eq!(asked.len(), 1);
    let since: i64 = asked[0].get("since").unwrap().parse().unwrap();
    assert_eq!(since, (NOW.0 - 60 * SECOND - 3_600 * SECOND) / 1_000_000);
    // What is settled at the end of a case is asked for once more, as far back as the person says.
    let mut settling = job(&connector, &server.base(), kept.cursor.clone());
    settling.settle = Some(Span::parse("2d").unwrap());
    assert_eq!(run(settling, &clock, &mut kept).stopped, None);
    let oldest = server
        .seen()
        .iter()
        .filter_map(|r| r.get("since")?.parse::<i64>().ok())
        .skip(requests + 1)
        .min();
    assert_eq!(
        oldest,
        Some((NOW.0 + 540 * SECOND - 2 * 86_400 * SECOND) / 1_000_000)
    );
}

#[test]
fn an_entry_that_comes_late_with_an_older_time_is_met_by_the_overlap() {
    let late = Instant(NOW.0 - 90 * SECOND);
    let shown = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let server = {
        let shown = std::sync::Arc::clone(&shown);
        Server::start(move |r| {
            let mut all = log(50);
            if shown.load(std::sync::atomic::Ordering::Relaxed) {
                all.push((late, entry(777, late)));
            }
            by_time(all, 100)(r)
        })
    };
    let connector = connector(
        BY_TIME.0,
        ITEMS,
        BY_TIME.1,
        "kind = \"span\"\nformat = \"epoch_ms\"",
    );
    let (clock, mut kept) = (Clock::new(), Kept::default());
    run(
        job(&connector, &server.base(), Cursor::default()),
        &clock,
        &mut kept,
    );
    assert!(!kept.ids("items").contains(&"e777".to_owned()));
    shown.store(true, std::sync::atomic::Ordering::Relaxed);
    clock.now.set(Instant(NOW.0 + 90 * SECOND));
    let cursor = kept.cursor.clone();
    run(job(&connector, &server.base(), cursor), &clock, &mut kept);
    assert!(kept.ids("items").contains(&"e777".to_owned()));
}

#[test]
fn a_span_that_the_server_cannot_answer_is_halved_until_it_can() {
    // 60,000 entries in five minutes; more than 20,000 in one span are too many.
    let begin = NOW.0 - 7_200 * SECOND;
    let burst: Vec<_> = (0..60_000_i64)
        .map(|n| {
            let at = Instant(begin + n * 300 * SECOND / 60_000);
            (at, entry(n as usize, at))
        })
        .collect();
    let answer = by_time(burst.clone(), 1_000);
    let server = Server::start(move |r| {
        let ms = |name| r.get(name).map_or(0, |t: &str| t.parse::<i64>().unwrap()) * 1_000_000;
        let inside = burst
            .iter()
            .filter(|(t, _)| t.0 >= ms("since") && t.0 < ms("until"))
            .count();
        if inside > 20_000 && (ms("until") - ms("since")) > 60 * SECOND {
            return Reply::new(500, "{\"errorCode\":\"E0000009\"}").with("retry-after", "0");
        }
        answer(r)
    });
    let connector = connector(
        BY_TIME.0,
        ITEMS,
        BY_TIME.1,
        "kind = \"span\"\nformat = \"epoch_ms\"\nlongest = \"1d\"",
    );
    let (clock, mut kept) = (Clock::new(), Kept::default());
    let mut job = job(&connector, &server.base(), Cursor::default());
    job.since = Some(Instant(NOW.0 - 86_400 * SECOND));
    assert_eq!(run(job, &clock, &mut kept).stopped, None);
    assert_eq!(kept.ids("items").len(), 60_000);
    assert_eq!(kept.distinct("items"), 60_000);
}

#[test]
fn a_log_that_cannot_be_asked_by_time_is_walked_until_it_is_known() {
    let more = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(1_000));
    let server = {
        let more = std::sync::Arc::clone(&more);
        Server::start(move |r| {
            let all = more.load(std::sync::atomic::Ordering::Relaxed);
            let mut newest: Vec<Value> = (0..all).map(|n| entry(n, NOW)).collect();
            newest.reverse();
            let at = number(r, "cursor");
            let end = (at + 50).min(all);
            let next = if end < all {
                json!(end.to_string())
            } else {
                Value::Null
            };
            Reply::json(&json!({"items": newest[at..end], "next": next}))
        })
    };
    let paging = format!("{}\nnewest_first = true", BY_TIME.0);
    let connector = connector(&paging, ITEMS, "path = \"/log\"", "");
    let (clock, mut kept) = (Clock::new(), Kept::default());
    run(
        job(&connector, &server.base(), Cursor::default()),
        &clock,
        &mut kept,
    );
    assert_eq!(kept.distinct("items"), 1_000);
    assert_eq!(server.seen().len(), 20);
    more.store(1_130, std::sync::atomic::Ordering::Relaxed);
    let cursor = kept.cursor.clone();
    run(job(&connector, &server.base(), cursor), &clock, &mut kept);
    assert_eq!(kept.distinct("items"), 1_130);
    // Three pages with new entries, then two that are known as a whole.
    assert_eq!(server.seen().len(), 20 + 5);
}

#[test]
fn new_entries_at_the_end_of_a_log_are_not_missed_behind_known_ones() {
    let more = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(400));
    let server = {
        let more = std::sync::Arc::clone(&more);
        Server::start(move |r| {
            let all = more.load(std::sync::atomic::Ordering::Relaxed);
            let at = (number(r, "page").max(1) - 1) * 50;
            let rows: Vec<Value> = (at.min(all)..(at + 50).min(all))
                .map(|n| entry(n, NOW))
                .collect();
            Reply::json(&json!({"items": rows}))
        })
    };
    let connector = connector(
        "kind = \"page\"\nto = \"query.page\"\nfirst = 1\nstop = \"empty\"",
        ITEMS,
        "path = \"/log\"",
        "",
    );
    let (clock, mut kept) = (Clock::new(), Kept::default());
    run(
        job(&connector, &server.base(), Cursor::default()),
        &clock,
        &mut kept,
    );
    assert_eq!(kept.distinct("items"), 400);
    more.store(430, std::sync::atomic::Ordering::Relaxed);
    let cursor = kept.cursor.clone();
    run(job(&connector, &server.base(), cursor), &clock, &mut kept);
    assert_eq!(kept.distinct("items"), 430);
}

#[test]
fn what_the_vendor_keeps_no_longer_is_a_gap_with_its_reason() {
    let server = Server::start(by_time(log(50), 100));
    let text = "language = 1\n[connector]\nid = \"t\"\nversion = 1\ntitle = \"T\"\nvendor_page = \"\"\nretention = \"7d\"\n\
        [address]\nbase = \"https://vendor.example\"\n[auth]\nkind = \"none\"\n[request]\npath = \"/log\"\nquery = { since = \"{since}\", until = \"{until}\" }\n\
        [items]\npath = \"items\"\n[window]\nkind = \"span\"\nformat = \"epoch_ms\"\n";
    let connector = witnessmark_pull::connector::read(text).unwrap();
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(
        run(
            job(&connector, &server.base(), Cursor::default()),
            &clock,
            &mut kept
        )
        .stopped,
        None
    );
    let gap = kept.coverage.iter().find(|c| !c.complete).unwrap();
    assert_eq!(gap.from, Instant(NOW.0 - 10 * 86_400 * SECOND));
    assert_eq!(gap.to, Instant(NOW.0 - 7 * 86_400 * SECOND));
    assert!(gap.reason.contains("7 days"), "{}", gap.reason);
}

#[test]
fn an_answer_can_name_others_that_hold_the_entries() {
    let server = Server::start(|r| match r.path.as_str() {
        "/start" => Reply::new(400, "{\"error\":{\"code\":\"AF20024\"}}"),
        "/content" => {
            let at = number(r, "page");
            let blobs: Vec<Value> = (at..at + 2)
                .map(|n| json!({"contentUri": format!("/blob/{n}")}))
                .collect();
            let reply = Reply::json(&json!(blobs));
            if at < 4 {
                reply.with("NextPageUri", format!("/content?page={}", at + 2))
            } else {
                reply
            }
        }
        path => {
            let n: usize = path.trim_start_matches("/blob/").parse().unwrap();
            Reply::json(&json!(
                (0..10).map(|i| entry(n * 10 + i, NOW)).collect::<Vec<_>>()
            ))
        }
    });
    let connector = witnessmark_pull::connector::read(
        "language = 1\n[connector]\nid = \"t\"\nversion = 1\ntitle = \"T\"\nvendor_page = \"\"\n[address]\nbase = \"https://vendor.example\"\n\
         [auth]\nkind = \"none\"\n[[before]]\nmethod = \"POST\"\npath = \"/start\"\ndone = \"AF20024\"\n[request]\npath = \"/content\"\n\
         [items]\nfetch = \"contentUri\"\n[paging]\nkind = \"next_url\"\nfrom = \"header:NextPageUri\"\n",
    )
    .unwrap();
    let (clock, mut kept) = (Clock::new(), Kept::default());
    assert_eq!(
        run(
            job(&connector, &server.base(), Cursor::default()),
            &clock,
            &mut kept
        )
        .stopped,
        None
    );
    assert_eq!(kept.ids("").len(), 60);
    assert_eq!(
        server
            .seen()
            .iter()
            .filter(|r| r.path == "/content")
            .count(),
        3
    );
}

#[test]
fn settings_must_be_there_and_look_right() {
    let (connector, _) = witnessmark_pull::connector::find("github-organization").unwrap();
    let (clock, mut kept) = (Clock::new(), Kept::default());
    for (settings, says) in [
        (Values::new(), "needs the setting `organization`"),
        (
            Values::from([("organization".into(), "../../evil".into())]),
            "not what it should look like",
        ),
        (
            Values::from([("org".into(), "x".into())]),
            "has no setting `org`",
        ),
    ] {
        let mut job = job(&connector, "http://127.0.0.1:1", Cursor::default());
        job.settings = settings;
        let error = crate::support::try_run(job, &clock, &mut kept).unwrap_err();
        assert!(error.message.contains(says), "{}", error.message);
    }
}
