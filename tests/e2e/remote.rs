//! Remote logs: a server of ours is connected through the form, looked at, pulled with its progress, and pulled again; wrong
//! credentials are told in plain words; several logs of one system are read at once with a connector of the person's own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use witnessmark_xtask::RealWindow;

use crate::server::{Reply, Request, Server};
use crate::{Home, new_case, place};

const SECRET: &str = "tok_CANARY_9f8e7d6c5b4a";
/// The dialog in which a person agrees to an address.
const AGREE: &str = "Pull a remote log";
const PAGE: usize = 100;

/// Four hours before now, in milliseconds: entries of then are late for nobody.
fn begin() -> i64 {
    (chrono::Utc::now().timestamp() - 4 * 3_600) * 1_000
}

/// An entry of a GitHub audit log, after the vendor's documentation, made up. One of them is hostile.
fn entry(number: usize, begin: i64) -> Value {
    let actor = match number {
        7 => "<img src=x onerror=\"window.__pwned=1\">".to_owned(),
        _ => format!("user{}", number % 9),
    };
    json!({
        "@timestamp": begin + number as i64 * 1_000, "_document_id": format!("doc{number}"), "actor": actor,
        "action": if number.is_multiple_of(2) { "repo.create" } else { "org.update_member" }, "org": "octo-org",
        "created_at": begin + number as i64 * 1_000, "actor_ip": "203.0.113.9", "user_agent": "curl/8.0",
    })
}

fn authorised(r: &Request) -> bool {
    r.header("authorization") == Some(&format!("Bearer {SECRET}"))
}

/// The audit log of an organisation, pages by link, slow enough to be watched.
fn github(entries: Arc<AtomicUsize>) -> Server {
    let begin = begin();
    Server::start(move |r| {
        if !authorised(r) {
            return Reply::new(401, "{\"message\":\"Bad credentials\"}");
        }
        std::thread::sleep(Duration::from_millis(250));
        let all = entries.load(Ordering::Relaxed);
        let at = r.get("after").map_or(0, |t| t.parse().unwrap());
        let end = (at + PAGE).min(all);
        let list: Vec<Value> = (at..end).map(|n| entry(n, begin)).collect();
        let reply = Reply::json(&json!(list)).with("x-ratelimit-remaining", "1700");
        if end < all {
            reply.with(
                "link",
                format!("</orgs/octo-org/audit-log?order=asc&after={end}>; rel=\"next\""),
            )
        } else {
            reply
        }
    })
}

/// Ticks a box.
fn tick(window: &RealWindow, test_id: &str) {
    window.click(test_id).unwrap();
}

/// Fills the form of the organisation's log with the address of a server of ours.
fn fill(window: &RealWindow, server: &Server) {
    place(window, "remote");
    window.click("connector-github-organization").unwrap();
    window
        .type_into("setting-organization", "octo-org")
        .unwrap();
    window.type_into("pull-base", &server.base()).unwrap();
    tick(window, "pull-private");
}

fn report(window: &RealWindow, part: &str) -> String {
    window.text_with("pull-report", part).unwrap()
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_log_is_connected_looked_at_pulled_and_pulled_again() {
    let entries = Arc::new(AtomicUsize::new(1_200));
    let server = github(Arc::clone(&entries));
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "Remote");
    place(&window, "remote");
    window
        .text_with("remote-none", "Choose a connector")
        .unwrap();
    window.picture().unwrap();
    fill(&window, &server);

    // Nothing is sent before the person agrees to the address, in a dialog that the page cannot press.
    window.type_into("pull-secret", "tok_WRONG_0000").unwrap();
    window.click("pull-try").unwrap();
    window.dialog(AGREE).unwrap().press(1, 2).unwrap();
    window.text_with("error", "you did not agree").unwrap();
    assert!(server.seen().is_empty(), "it was asked all the same");

    // Wrong credentials: what is wrong and what to do, once.
    window.type_into("pull-secret", "tok_WRONG_0000").unwrap();
    window.click("pull-try").unwrap();
    window.dialog(AGREE).unwrap().press(0, 2).unwrap();
    let told = window.text_with("error", "Check the credentials").unwrap();
    assert!(told.contains("Bad credentials"), "{told}");
    assert!(!told.contains("WRONG"), "{told}");
    assert_eq!(server.seen().len(), 1, "they are not tried again");
    window.picture().unwrap();

    window.type_into("pull-secret", SECRET).unwrap();
    window.click("pull-try").unwrap();
    window.text_with("tried", "100 entries").unwrap();
    window.text_with("tried", "<img src=x onerror").unwrap();
    window.picture().unwrap();

    window.click("pull").unwrap();
    window.text_with("pull-progress", "entries").unwrap();
    window.picture().unwrap();
    let told = report(&window, "1,200 stored");
    assert!(told.contains("read to its last page"), "{told}");
    window.settled_picture().unwrap();

    // The transcript: what was asked, and what is covered.
    window.click("stream").unwrap();
    window.text_with("requests", "12 requests").unwrap();
    let drawn = "return document.querySelectorAll('[data-testid=coverage] rect').length > 0";
    window
        .wait("a strip of what is covered", drawn, &[])
        .unwrap();
    window.picture().unwrap();

    // The second pull brings what is new, and nothing twice; the secret and the address are still held.
    entries.store(1_230, Ordering::Relaxed);
    window.click("pull-again").unwrap();
    window.text_with("secret-state", "Held in memory").unwrap();
    window.click("pull").unwrap();
    report(&window, "30 stored");
    place(&window, "timeline");
    window.text_with("status-count", "1,230").unwrap();
    place(&window, "custody");
    let log = "return document.querySelector('main, body').textContent.includes('pull.end')";
    window.wait("the ends of the pulls", log, &[]).unwrap();
    let shown = "return document.body.textContent + document.body.innerHTML";
    let shown = window.run(shown, &[]).unwrap();
    assert!(!shown.as_str().unwrap().contains("CANARY"));
    assert_eq!(
        window.run("return typeof window.__pwned", &[]).unwrap(),
        "undefined",
        "a log ran as a script"
    );
}

const CONNECTOR: &str = r#"
language = 1
[connector]
id = "gateway"
version = 1
title = "Our gateway"
vendor_page = "https://example.com/docs"
streams = ["login", "admin", "drive", "token"]
[address]
base = "https://logs.example.com"
[auth]
kind = "bearer"
hint = "A token that may read logs."
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

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn several_logs_are_read_at_once_with_files_of_the_persons_own() {
    let begin = begin();
    let server = Server::start(move |r| {
        let stream = r.path.strip_prefix("/logs/").unwrap_or_default().to_owned();
        if !authorised(r) {
            return Reply::new(401, "{}");
        }
        if stream == "admin" {
            return Reply::new(
                403,
                "{\"message\":\"this token may not read the log admin\"}",
            );
        }
        std::thread::sleep(Duration::from_millis(300));
        let at: usize = r.get("cursor").map_or(0, |t| t.parse().unwrap());
        let list: Vec<Value> = (at..at + PAGE)
            .map(|n| {
                json!({
                    "id": format!("{stream}-{n}"), "timestamp": begin + n as i64 * 1_000,
                    "user": format!("user{}@example.com", n % 5), "action": format!("{stream}.done"),
                })
            })
            .collect();
        let next = (at + PAGE < 800).then(|| (at + PAGE).to_string());
        Reply::json(&json!({"items": list, "next": next}))
    });
    let home = Home::new();
    let own = home.file("gateway.toml", CONNECTOR);
    let certificates = home.file(
        "authority.pem",
        "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n",
    );
    let window = home.open(&[]);
    new_case(&window, "Several");
    place(&window, "remote");
    window.click("connector-choose").unwrap();
    window.answer_chooser(&own).unwrap();
    window.text_with("own-connector", "gateway.toml").unwrap();
    window.type_into("pull-base", &server.base()).unwrap();
    tick(&window, "pull-private");
    window.type_into("pull-secret", SECRET).unwrap();

    window.click("authorities-choose").unwrap();
    window.answer_chooser(&certificates).unwrap();
    window.text_with("authorities", "authority.pem").unwrap();
    let page =
        "return document.body.textContent + JSON.stringify(window.__TAURI_INTERNALS__ ?? '')";
    let page = window.run(page, &[]).unwrap();
    let folder = home.folder.path().to_str().unwrap();
    assert!(
        !page.as_str().unwrap().contains(folder),
        "the window never learns a path"
    );
    window.picture().unwrap();
    window.click("authorities-away").unwrap();

    // One that is not wanted is not asked; one that is refused is named, and the others are read.
    tick(&window, "stream-token");
    window.choose("pull-settle", "24h").unwrap();
    window.click("pull").unwrap();
    window.dialog(AGREE).unwrap().press(0, 2).unwrap();
    window.text_with("pull-progress", "being read").unwrap();
    window.picture().unwrap();
    let reports = "return [...document.querySelectorAll('[data-testid=pull-report]')].map((one) => one.textContent)";
    let ended = format!("const all = (() => {{ {reports} }})(); return all.length === 3 && all");
    let told = window.wait("three reports", &ended, &[]).unwrap();
    let of = |name: &str| {
        let all = told.as_array().unwrap().iter().filter_map(Value::as_str);
        all.into_iter()
            .find(|t| t.starts_with(name))
            .unwrap()
            .to_owned()
    };
    assert!(of("login").contains("800 stored"), "{told}");
    assert!(of("drive").contains("800 stored"), "{told}");
    assert!(of("admin").contains("this token may not read"), "{told}");
    window.settled_picture().unwrap();
    assert!(server.seen().iter().all(|r| r.path != "/logs/token"));
    place(&window, "timeline");
    window.text_with("status-count", "1,600").unwrap();
}
