//! From an actor to a session to its rows, a record's life, sign-ins on the map, errors, what is new: and back again.
//!
//! Owns: one story whose numbers are known. Never touches: how they are counted (tests/cli does).

use serde_json::json;
use witnessmark_xtask::RealWindow;

use crate::{Home, PAYMONGO, new_case, paste, place};

/// Twenty days of an office, a record with a value that came back, then a sign-in from abroad and what followed.
fn nexus() -> String {
    let mut lines = Vec::new();
    let mut line = |day: u32, time: &str, rest: &str, who: &str, from: &str| {
        let id = lines.len() + 1;
        lines.push(format!(
            r#"{{"id":"n{id}","actorType":"user","actorId":"{who}","actorEmail":"{who}@example.com",{from}"when":"2024-05-{day:02}T{time}Z",{rest}}}"#
        ));
    };
    const OFFICE: &str = r#""actorIp":"203.0.113.9","actorCountry":"PH","actorUserAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36","#;
    const ABROAD: &str = r#""actorIp":"198.51.100.77","actorCountry":"NL","actorUserAgent":"Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0","#;
    const ACCOUNT: &str = r#""model":"PSP Customer Account","recordId":"p4""#;
    for day in 1..=20 {
        let login =
            format!(r#""model":"User","recordId":"maria","action":"login","sessionId":"m{day}""#);
        line(day, "01:00:00", &login, "maria", OFFICE);
        if day % 4 == 0 {
            let login =
                format!(r#""model":"User","recordId":"ben","action":"login","sessionId":"b{day}""#);
            line(day, "02:00:00", &login, "ben", OFFICE);
        }
    }
    let change = |what: &str| format!(r#"{ACCOUNT},{what}"#);
    let update = |old: &str, new: &str| {
        change(&format!(
            r#""action":"update","changes":{{"updated":{{"bank":{{"account":{{"old":"{old}","new":"{new}"}}}}}}}}"#
        ))
    };
    line(
        2,
        "03:00:00",
        &change(r#""action":"create","changes":{"added":{"bank":{"account":"0001"}}}"#),
        "ben",
        OFFICE,
    );
    line(5, "03:00:00", &update("0001", "0002"), "ben", OFFICE);
    line(6, "03:00:00", &update("0002", "0001"), "ben", OFFICE);
    let session = r#""sessionId":"s-abroad","#;
    line(
        21,
        "03:00:00",
        &format!(r#"{session}"model":"User","recordId":"maria","action":"login""#),
        "maria",
        ABROAD,
    );
    line(
        21,
        "03:05:00",
        &format!("{session}{}", update("0001", "6666")),
        "maria",
        ABROAD,
    );
    line(
        21,
        "03:09:00",
        &format!(r#"{session}"model":"Tenant","action":"list""#),
        "maria",
        ABROAD,
    );
    format!("[{}]", lines.join(",\n"))
}

const THREATS: &str = r#"[
{"timestamp":"2024-05-01T00:00:00Z","errorType":"Timeout","errorMessage":"Timeout after 31s for order ord_1a2b3c4d5e6f","source":"SDK","version":"1.9.0","environment":"production"},
{"timestamp":"2024-05-02T00:00:00Z","errorType":"Timeout","errorMessage":"Timeout after 30s for order ord_9a8b7c6d5e4f","source":"SDK","version":"1.9.0","environment":"production"},
{"timestamp":"2024-05-03T00:00:00Z","errorType":"Validation failure","errorMessage":"Field 'amount' is missing","source":"API","version":"2.0.0","environment":"sandbox"}
]"#;

fn opened(home: &Home) -> RealWindow {
    let window = home.open(&[]);
    new_case(&window, "Abroad");
    paste(&window, &nexus(), None);
    place(&window, "timeline");
    window.text_with("status-count", "31").unwrap();
    window
}

/// Waits until some element that a selector finds holds a text, and clicks the first that does.
fn click_text(window: &RealWindow, css: &str, text: &str) {
    let click = "const found = [...document.querySelectorAll(arguments[0])].find((e) => e.textContent.includes(arguments[1]));
        if (!found || found.disabled) return null;
        found.scrollIntoView({ block: 'center' });
        found.click();
        return true";
    let what = format!("`{text}` in {css}");
    window
        .wait(&what, click, &[json!(css), json!(text)])
        .unwrap();
}

/// Waits until some element that a selector finds holds a text.
fn see(window: &RealWindow, css: &str, text: &str) {
    let find = "return [...document.querySelectorAll(arguments[0])].some((e) => e.textContent.includes(arguments[1]))";
    let what = format!("`{text}` in {css}");
    window
        .wait(&what, find, &[json!(css), json!(text)])
        .unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn an_actor_leads_to_a_session_to_its_rows_and_back() {
    let home = Home::new();
    let window = opened(&home);
    place(&window, "actors");
    window.text_with("actors", "maria@example.com").unwrap();
    window.settled_picture().unwrap();
    click_text(&window, "[data-testid=actors] .name", "maria@example.com");
    see(&window, "[data-testid=actor]", "Sessions 21");
    see(&window, "[data-testid=addresses] li", "198.51.100.77");
    window.settled_picture().unwrap();
    // The newest session comes first; it is the one from abroad, with the change of the account.
    window
        .click_css("[data-testid=sessions] tbody tr:first-child .link")
        .unwrap();
    see(&window, "[data-testid=acts] li:first-child", "bank.account");
    see(&window, "[aria-label='About the session']", "money");
    window.settled_picture().unwrap();
    click_text(
        &window,
        "[aria-label='About the session'] button",
        "Show 3 in timeline",
    );
    window.text_with("status-count", "3 of 31").unwrap();
    window.click("back").unwrap();
    see(&window, "[data-testid=acts] li", "bank.account");
    window.click("back").unwrap();
    see(&window, "[data-testid=actor]", "Sessions 21");
    window.click("back").unwrap();
    window.text_with("actors", "ben@example.com").unwrap();
    window.press("]").unwrap();
    see(&window, "[data-testid=actor]", "Sessions 21");
    // A number of the page leads to its rows.
    click_text(&window, "[aria-label='Identity'] .bar", "authenticate");
    window.text_with("status-count", "21 of 31").unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn where_no_session_is_logged_the_idle_limit_says_what_belongs_together() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "Idle");
    paste(&window, PAYMONGO, Some("Asia/Manila"));
    place(&window, "actors");
    click_text(&window, "[data-testid=actors] .name", "alice");
    // The payout account was changed thirty-five minutes after the key was looked at: half an hour parts the two.
    see(&window, "[data-testid=actor]", "Sessions 2");
    window
        .click_css("[data-testid=sessions] tbody tr:last-child .link")
        .unwrap();
    see(&window, "[data-testid=acts]", "API key");
    let alone =
        "return !document.querySelector('[data-testid=acts]').textContent.includes('ayout')";
    window
        .wait("a session without the payout", alone, &[])
        .unwrap();
    window.click("back").unwrap();
    see(&window, "[data-testid=actor]", "Sessions 2");
    window.choose("idle", "60").unwrap();
    see(&window, "[data-testid=actor]", "Sessions 1");
    window
        .click_css("[data-testid=sessions] tbody tr:last-child .link")
        .unwrap();
    // The limit goes with the row, so that the page holds what the row counted.
    see(&window, "[data-testid=acts] li:first-child", "ayout");
    see(
        &window,
        "[aria-label='About the session']",
        "Show 3 in timeline",
    );
    window.settled_picture().unwrap();
    window.choose("session-idle", "30").unwrap();
    see(
        &window,
        "[aria-label='About the session']",
        "Show 2 in timeline",
    );
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn two_actors_are_compared_side_by_side() {
    let home = Home::new();
    let window = opened(&home);
    place(&window, "actors");
    click_text(&window, "[data-testid=actors] .name", "maria@example.com");
    window.click("compare-open").unwrap();
    click_text(
        &window,
        "[data-testid=compare-with] li button",
        "ben@example.com",
    );
    see(&window, "[aria-label='Addresses'] .both", "203.0.113.9");
    see(
        &window,
        "[aria-label='Addresses'] .columns",
        "198.51.100.77",
    );
    window.settled_picture().unwrap();
    window
        .click_css("[aria-label='Addresses'] .both li .link:last-child")
        .unwrap();
    window.text_with("status-count", "8 of 31").unwrap();
    window.click("back").unwrap();
    see(&window, "[data-testid=compare]", "ben@example.com");
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_record_tells_its_life_and_its_state_at_a_moment() {
    let home = Home::new();
    let window = opened(&home);
    place(&window, "records");
    click_text(&window, "[data-testid=records] button", "p4");
    see(&window, "[data-testid=biography]", "4 steps");
    see(&window, "[aria-label='State']", "6666");
    see(&window, "[aria-label='State']", "maria@example.com");
    see(&window, "[aria-label='State'] .revert", "0002");
    window.settled_picture().unwrap();
    // The state just after the second step.
    window
        .click_css("[data-testid=biography] ol > li:nth-child(2) .time")
        .unwrap();
    see(&window, "[aria-label='State'] h2", "5 May 2024");
    see(&window, "[aria-label='State']", "0002");
    let gone =
        "return !document.querySelector(\"[aria-label='State']\").textContent.includes('6666')";
    window
        .wait("a state without what came later", gone, &[])
        .unwrap();
    window.settled_picture().unwrap();
    click_text(
        &window,
        "[data-testid=biography] ol > li:nth-child(4) .name",
        "maria",
    );
    see(&window, "[data-testid=actor]", "Sessions 21");
    window.click("back").unwrap();
    see(&window, "[data-testid=biography]", "4 steps");
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn sign_ins_are_reviewed_on_the_map_and_lead_to_what_followed() {
    let home = Home::new();
    let window = opened(&home);
    place(&window, "signins");
    see(&window, "h1", "26 sign-ins");
    see(
        &window,
        "[data-testid=signins] tbody tr:first-child",
        "unfamiliar",
    );
    see(&window, "[data-testid=signin]", "2nd country");
    let map = "return document.querySelectorAll('[data-testid=map] svg circle').length >= 2
        && document.querySelectorAll('[data-testid=map] svg path.way').length === 1";
    window.wait("two places on a drawn map", map, &[]).unwrap();
    window.settled_picture().unwrap();
    click_text(
        &window,
        "[aria-label='Which sign-ins'] button",
        "Unfamiliar 1",
    );
    let one = "return document.querySelectorAll('[data-testid=signins] tbody tr').length === 1";
    window.wait("one unfamiliar sign-in", one, &[]).unwrap();
    click_text(&window, "[data-testid=signin] button", "Blast radius, 3");
    see(&window, "[data-testid=acts] li:first-child", "bank.account");
    window.click("back").unwrap();
    see(&window, "[data-testid=signin]", "2nd country");
    click_text(&window, "[data-testid=signin] button", "Actor");
    see(&window, "[data-testid=actor]", "Sessions 21");
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn errors_are_trends_that_lead_to_their_events() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "Errors");
    paste(&window, THREATS, None);
    place(&window, "errors");
    see(&window, "h1", "3 errors in 2 trends");
    see(
        &window,
        "[data-testid=errors] tbody tr:first-child",
        "Timeout after <number> for order ord_<id>",
    );
    window.settled_picture().unwrap();
    click_text(&window, "[data-testid=errors] .name", "Validation failure");
    see(&window, "[data-testid=trend]", "Field 'amount' is missing");
    click_text(&window, "[data-testid=trend] button", "Show 1 event");
    window.text_with("status-count", "1 of 3").unwrap();
    window.click("back").unwrap();
    window
        .click_css("[data-testid=errors] tbody tr:first-child .link")
        .unwrap();
    window.text_with("status-count", "2 of 3").unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn what_is_new_is_asked_for_any_span_and_field() {
    let home = Home::new();
    let window = opened(&home);
    place(&window, "actors");
    see(&window, "[data-testid=first-seen]", "198.51.100.77");
    window.click("new-choose").unwrap();
    see(
        &window,
        "[data-testid=first-seen-page] [aria-label='Countries']",
        "NL",
    );
    // A pair that is not among the usual ones, in a span that a person typed.
    let pair = "const [first, second] = ['Field to add', 'Second field of a pair'].map((label) => document.querySelector(`[aria-label='${label}']`));
        if (!first || !second) return null;
        for (const [select, value] of [[first, 'ip'], [second, 'record']]) {
            select.value = value;
            select.dispatchEvent(new Event('change', { bubbles: true }));
        }
        return true";
    window.wait("the choice of a pair", pair, &[]).unwrap();
    window.click("new-add").unwrap();
    see(
        &window,
        "[data-testid=first-seen-page] [aria-label='Addresses with records']",
        "198.51.100.77 · PSP Customer Account/p4",
    );
    let from = "const field = document.querySelector(\"[aria-label='Start of the span']\");
        field.value = '2024-05-05';
        field.dispatchEvent(new Event('change', { bubbles: true }));
        return true";
    window.wait("the start of the span", from, &[]).unwrap();
    see(
        &window,
        "[data-testid=first-seen-page]",
        "from 5 May 2024 00:00",
    );
    window.settled_picture().unwrap();
    click_text(
        &window,
        "[data-testid=first-seen-page] [aria-label='Addresses with records'] .link",
        "1",
    );
    window.text_with("status-count", "1 of 31").unwrap();
    window.click("back").unwrap();
    see(
        &window,
        "[data-testid=first-seen-page]",
        "from 5 May 2024 00:00",
    );
}
