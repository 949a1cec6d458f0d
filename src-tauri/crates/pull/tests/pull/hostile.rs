//! Servers that lead away, go round in circles, stall, lie and shout: rows N1 to N7 of the threat model.

use serde_json::json;
use witnessmark_pull::Fault;
use witnessmark_pull::cursor::Cursor;

use crate::server::{Deed, Reply, Request, Server};
use crate::support::{Clock, Kept, NOW, connector, entry, job, run};

const CURSOR: &str = "kind = \"cursor\"\nfrom = \"next\"\nto = \"query.cursor\"";
const ITEMS: &str =
    "path = \"items\"\nid = \"id\"\nerror = \"error\"\nok = { path = \"ok\", is = true }";
const PLAIN: &str = "path = \"items\"\nid = \"id\"";

/// How a run against a server ends, with what was kept.
fn ends(
    paging: &str,
    items: &str,
    handler: impl Fn(&Request) -> Reply + Send + Sync + 'static,
) -> (Option<witnessmark_pull::PullError>, Kept, Server, Clock) {
    let server = Server::start(handler);
    let connector = connector(paging, items, "path = \"/log\"", "");
    let (clock, mut kept) = (Clock::new(), Kept::default());
    let outcome = run(
        job(&connector, &server.base(), Cursor::default()),
        &clock,
        &mut kept,
    );
    (outcome.stopped, kept, server, clock)
}

#[test]
fn credentials_never_reach_another_origin() {
    let elsewhere = Server::start(|_| Reply::json(&json!({"items": []})));
    let target = elsewhere.base();
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{target}/log");
        let (stopped, ..) = ends(CURSOR, PLAIN, move |_| {
            Reply::new(status, "").with("location", to.clone())
        });
        assert_eq!(stopped.unwrap().fault, Fault::Address);
    }
    for next in [
        format!("{target}/log"),
        target.replace("http:", ""),
        "https://api@evil.example/".into(),
        "http://169.254.169.254/".into(),
    ] {
        let named = next.clone();
        let (stopped, kept, ..) = ends("kind = \"next_url\"\nfrom = \"next\"", PLAIN, move |_| {
            Reply::json(&json!({"items": [entry(1, NOW)], "next": named}))
        });
        assert_eq!(stopped.unwrap().fault, Fault::Address, "{next}");
        assert_eq!(kept.distinct("items"), 1, "what came before is kept");
        let link = format!("<{next}>; rel=\"next\"");
        let (stopped, ..) = ends("kind = \"link\"", "", move |_| {
            Reply::json(&json!([entry(1, NOW)])).with("link", link.clone())
        });
        assert_eq!(stopped.unwrap().fault, Fault::Address, "{next}");
    }
    assert!(elsewhere.seen().is_empty(), "{:?}", elsewhere.seen());
}

#[test]
fn a_redirect_on_the_same_origin_is_followed_five_times_at_most() {
    let (stopped, kept, ..) = ends(CURSOR, PLAIN, |r| match r.path.as_str() {
        "/log" => Reply::new(307, "").with("location", "/moved"),
        _ => Reply::json(&json!({"items": [entry(1, NOW)]})),
    });
    assert_eq!(stopped, None);
    assert_eq!(kept.distinct("items"), 1);
    let (stopped, _, server, _) = ends(CURSOR, PLAIN, |_| {
        Reply::new(302, "").with("location", "/log")
    });
    assert_eq!(stopped.unwrap().fault, Fault::Address);
    assert_eq!(server.seen().len(), 6);
}

#[test]
fn circles_are_left_and_what_was_read_is_kept() {
    let (stopped, kept, ..) = ends(CURSOR, PLAIN, |_| {
        Reply::json(&json!({"items": [entry(1, NOW)], "next": "same"}))
    });
    assert_eq!(stopped.as_ref().unwrap().fault, Fault::Loop);
    assert!(stopped.unwrap().message.contains("pagination loop at page"));
    assert_eq!(kept.distinct("items"), 1);
    assert!(kept.coverage.iter().all(|c| !c.complete));
    assert_eq!(
        kept.cursor.walk, None,
        "the next run does not go into the circle again"
    );
    let (stopped, _, server, _) = ends(CURSOR, PLAIN, |r| {
        let next = if r.get("cursor") == Some("a") {
            "b"
        } else {
            "a"
        };
        Reply::json(&json!({"items": [entry(1, NOW)], "next": next}))
    });
    assert_eq!(stopped.unwrap().fault, Fault::Loop);
    assert!(server.seen().len() <= 4);
    let (stopped, _, server, _) = ends(CURSOR, PLAIN, |r| {
        let n: u64 = r.get("cursor").map_or(0, |t| t.parse().unwrap());
        Reply::json(&json!({"items": [], "next": (n + 1).to_string()}))
    });
    assert_eq!(stopped.unwrap().fault, Fault::Loop);
    assert_eq!(server.seen().len(), 3);
}

#[test]
fn a_server_that_stalls_or_breaks_off_is_asked_five_times() {
    for deed in [Deed::Cut, Deed::Stall, Deed::Silent] {
        let (stopped, kept, server, clock) = ends(CURSOR, PLAIN, move |r| {
            let good = Reply::json(&json!({"items": [entry(1, NOW)], "next": "2"}));
            if r.get("cursor").is_some() {
                good.but(deed)
            } else {
                good
            }
        });
        // What is slow may be too much at once; what breaks off is not.
        let fault = if deed == Deed::Cut {
            Fault::Connection
        } else {
            Fault::Busy
        };
        assert_eq!(stopped.unwrap().fault, fault, "{deed:?}");
        assert_eq!(kept.pages.len(), 1, "a page that is not whole is no page");
        assert_eq!(server.seen().len(), 1 + 5, "{deed:?}");
        assert_eq!(clock.waits.borrow().len(), 4);
        assert!(
            kept.cursor.walk.is_some(),
            "the next run goes on at that page"
        );
    }
}

#[test]
fn an_answer_that_is_too_large_or_unfolds_without_end_is_refused() {
    let (stopped, ..) = ends(CURSOR, PLAIN, |_| {
        Reply::new(200, vec![b' '; (1 << 20) + 1])
    });
    assert_eq!(stopped.unwrap().fault, Fault::Size);
    // 64 MiB of zeros as gzip; the limit of these tests is 1 MiB.
    let bomb = gzip_of_zeros(64 << 20);
    assert!(bomb.len() < 1 << 20);
    let (stopped, ..) = ends(CURSOR, PLAIN, move |_| {
        Reply::new(200, bomb.clone()).with("content-encoding", "gzip")
    });
    assert_eq!(stopped.unwrap().fault, Fault::Size);
    let (stopped, ..) = ends(CURSOR, PLAIN, |_| {
        Reply::new(200, "{\"items\":[]}").with("content-encoding", "gzip")
    });
    assert_eq!(stopped.unwrap().fault, Fault::Connection);
}

/// Many zeros in few bytes, made by the program gzip.
fn gzip_of_zeros(bytes: usize) -> Vec<u8> {
    use std::io::Write;
    let mut child = std::process::Command::new("gzip")
        .arg("-9c")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let zeros = vec![0; 1 << 20];
        for _ in 0..bytes >> 20 {
            stdin.write_all(&zeros).unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output.stdout
}

#[test]
fn what_is_no_page_stores_nothing_and_is_shown_without_secrets() {
    for body in [
        "<html><title>Sign in</title>tok_CANARY_0123456789</html>",
        "{\"error\":\"invalid_auth\"}",
        "{\"ok\":false,\"error\":\"feature_not_enabled\",\"items\":[]}",
        "{\"ok\":true,\"items\":null}",
        "{\"ok\":true,\"items\":{}}",
        "[]",
        "{\"ok\":true,\"items\":[1]}",
    ] {
        let (stopped, kept, server, _) = ends(CURSOR, ITEMS, move |_| Reply::new(200, body));
        let error = stopped.unwrap();
        assert_eq!(error.fault, Fault::Shape, "{body}");
        assert!(!error.message.contains("CANARY"), "{}", error.message);
        assert_eq!(kept.pages.len(), 0);
        assert_eq!(server.seen().len(), 1);
    }
}

#[test]
fn credentials_that_are_refused_are_not_tried_again_and_a_limit_is_waited_for() {
    for status in [401, 403] {
        let (stopped, _, server, _) = ends(CURSOR, PLAIN, move |r| {
            Reply::new(
                status,
                format!("bad {}", r.header("authorization").unwrap()),
            )
        });
        let error = stopped.unwrap();
        assert_eq!(error.fault, Fault::Credentials);
        assert!(!error.message.contains("CANARY"), "{}", error.message);
        assert_eq!(server.seen().len(), 1);
    }
    let (stopped, _, server, clock) = ends(CURSOR, PLAIN, |_| {
        Reply::new(429, "").with("retry-after", "86400")
    });
    assert_eq!(stopped.unwrap().fault, Fault::Limited);
    assert_eq!(server.seen().len(), 1);
    assert!(
        clock.waits.borrow().is_empty(),
        "a wait of a day is told, not waited for"
    );
    let (stopped, _, server, _) = ends(CURSOR, PLAIN, |_| {
        Reply::new(429, "").with("retry-after", "0")
    });
    assert_eq!(stopped.unwrap().fault, Fault::Limited);
    assert_eq!(server.seen().len(), 5);
}

#[test]
fn no_secret_stands_in_pages_positions_or_coverage() {
    let (stopped, kept, ..) = ends(CURSOR, PLAIN, |r| {
        let echo = r.header("authorization").unwrap();
        let next = if r.get("cursor").is_some() {
            json!(null)
        } else {
            json!("2")
        };
        Reply::json(&json!({"items": [entry(1, NOW)], "next": next})).with("x-request-id", echo)
    });
    assert_eq!(stopped, None);
    for page in &kept.pages {
        assert!(!page.address.contains("CANARY"), "{}", page.address);
        assert!(!format!("{:?}", page.headers).contains("CANARY"));
    }
    assert!(!format!("{:?}", kept.coverage).contains("CANARY"));
}
