//! From what happened to a verdict: the queue, one finding with its rows, other values, a person's word, marks elsewhere.

use serde_json::json;
use witnessmark_xtask::RealWindow;

use crate::{Home, new_case, paste, place};

/// What a log writer would put where a device stands.
const TRAP: &str = "<img src=x onerror=\"window.__pwned=1\">";

/// Twenty-two working days of one person, then a sign-in by somebody else who changes the bank account and sends money.
fn months(device: &str) -> String {
    let mut log = String::from("Timestamp,Event type,User,Device,IP,Details\n");
    let who = "alice@example.com";
    let signed = format!("\"{}\",203.0.113.9", device.replace('"', "\"\""));
    for day in 1..=22 {
        log.push_str(&format!(
            "2024-03-{day:02} 09:00:00,Login,{who},Chrome on Windows,198.51.100.7,\n"
        ));
    }
    for (clock, action, device) in [
        ("03:00:00", "Login", signed.as_str()),
        ("03:04:00", "API Key Viewed", ","),
        ("03:05:00", "Edited the bank information", ","),
        ("03:09:00", "Created a disbursement", ","),
    ] {
        log.push_str(&format!("2024-03-24 {clock},{action},{who},{device},\n"));
    }
    log
}

/// A case of these months, with the queue in sight.
fn opened(home: &Home, device: &str) -> RealWindow {
    let window = home.open(&[]);
    new_case(&window, "Findings");
    paste(&window, &months(device), Some("Asia/Manila"));
    place(&window, "findings");
    window.text("finding-sentence").unwrap();
    window
}

fn count(window: &RealWindow, css: &str) -> u64 {
    let script = "return document.querySelectorAll(arguments[0]).length";
    window.run(script, &[json!(css)]).unwrap().as_u64().unwrap()
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_finding_explains_itself_and_takes_a_verdict() {
    let home = Home::new();
    let window = opened(&home, "Firefox on Linux");
    let all = window.text("findings-count").unwrap();
    let tab = window.text("tab-findings").unwrap();
    let number = all.split(' ').next().unwrap();
    assert!(tab.contains(number), "the badge counts them: {tab}, {all}");

    // The gravest stands first and is shown, with its rows, its habit and its numbers.
    window
        .click_css("[data-testid=finding][data-detection=money_path]")
        .unwrap();
    window.text_with("finding-page", "money_path").unwrap();
    window.text_with("finding-baseline", "22").unwrap();
    window.text_with("finding-measures", "threshold 2").unwrap();
    window.text_with("finding-change", "signs").unwrap();
    window
        .text_with("finding-cannot-show", "failed attempts")
        .unwrap();
    window.text_with("finding-benign", "handover").unwrap();
    assert_eq!(
        count(
            &window,
            "[aria-label='Rows of the finding'] [data-testid=finding-row]"
        ),
        3
    );
    window.picture().unwrap();

    // What cannot be told stands beside what was found.
    window.click("findings-why").unwrap();
    let why = window.text_with("not-judged", "Cannot tell").unwrap();
    assert!(why.contains("brute_force_user"), "{why}");
    window.picture().unwrap();
    window
        .click_css("[data-testid=finding][data-detection=money_path]")
        .unwrap();

    // Other values are counted over the whole case.
    window.click("what-if-open").unwrap();
    window.choose("what-if-parameter", "signs").unwrap();
    window.text_with("what-if-told", "At 2: 1 finding").unwrap();
    window.choose("what-if-slider", "3").unwrap();
    window
        .text_with("what-if-told", "At 4: 0 findings. This one would be gone")
        .unwrap();
    window.picture().unwrap();

    // A person's word, with a note; the list and the custody log know it.
    window.click("verdict-confirmed_safe").unwrap();
    window
        .type_into("verdict-note", "Called Alice: it was she")
        .unwrap();
    window.click("verdict-record").unwrap();
    window
        .text_with("verdict-said", "Confirmed safe by")
        .unwrap();
    let judged = "[data-testid=finding][data-detection=money_path]";
    window
        .wait(
            "the queue without it",
            "return document.querySelector(arguments[0]) === null",
            &[json!(judged)],
        )
        .unwrap();
    window.click("verdict-take-back").unwrap();
    window
        .wait(
            "the queue with it again",
            "return document.querySelector(arguments[0]) !== null",
            &[json!(judged)],
        )
        .unwrap();

    // Hidden for a reason, and shown again.
    window.click("suppress-open").unwrap();
    window
        .type_into("suppress-reason", "told by her lead")
        .unwrap();
    window.click("suppress-do").unwrap();
    window
        .wait(
            "the queue without it",
            "return document.querySelector(arguments[0]) === null",
            &[json!(judged)],
        )
        .unwrap();
    place(&window, "custody");
    window.picture().unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn the_rows_of_a_finding_are_marked_in_the_timeline_and_on_the_actor() {
    let home = Home::new();
    let window = opened(&home, "Firefox on Linux");
    window
        .click_css("[data-testid=finding][data-detection=money_path]")
        .unwrap();
    window.text_with("finding-page", "money_path").unwrap();
    // A row leads to itself among the rows of the finding.
    window
        .click_css("[aria-label='Rows of the finding'] [data-event='25'] button")
        .unwrap();
    window.text_with("status-count", "3 of 26").unwrap();
    window
        .text_with("detail-raw", "Edited the bank information")
        .unwrap();
    window
        .wait(
            "each of the three rows to say that the gravest open finding holds it",
            "return document.querySelectorAll('[data-testid=grid] .found.critical').length === 3",
            &[],
        )
        .unwrap();
    window.type_into("query", "has:finding\u{e007}").unwrap();
    window
        .wait(
            "a mark above the bars",
            "return document.querySelector('[data-testid=histogram] .flag.critical') !== null",
            &[],
        )
        .unwrap();
    window.picture().unwrap();

    place(&window, "findings");
    window.click("finding-actor").unwrap();
    window.text("actor-finding").unwrap();
    window.picture().unwrap();
    window.click("actor-finding").unwrap();
    window.text_with("finding-page", "money_path").unwrap();

    place(&window, "overview");
    window.text_with("overview-findings", "open of").unwrap();
    window.picture().unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn new_data_is_looked_at_and_the_answer_before_is_called_old() {
    let home = Home::new();
    let window = opened(&home, "Firefox on Linux");
    let before = window.text("findings-count").unwrap();
    let later = "Timestamp,Event type,User,Device,IP,Details\n2024-03-24 03:30:00,Exported payments,alice@example.com,,,\n";
    paste(&window, later, Some("Asia/Manila"));
    place(&window, "findings");
    window
        .click_css("[data-testid=finding][data-detection=money_path]")
        .unwrap();
    window
        .wait(
            "four rows",
            "return document.querySelectorAll(\"[aria-label='Rows of the finding'] [data-testid=finding-row]\").length === 4",
            &[],
        )
        .unwrap();
    assert_eq!(window.text("findings-count").unwrap(), before);
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn hostile_text_in_findings_stay_text() {
    let home = Home::new();
    let window = opened(&home, TRAP);
    let shown = window.text("finding-sentence").unwrap();
    assert!(shown.contains("<img src=x"), "{shown}");
    window.click("suppress-open").unwrap();
    window
        .type_into("suppress-reason", "<svg onload=\"window.__pwned=2\">")
        .unwrap();
    window.click("suppress-do").unwrap();
    window.click("findings-why").unwrap();
    window.text_with("not-judged", "<svg onload").unwrap();
    let born = "return document.querySelectorAll('img[src=x], svg[onload]').length";
    assert_eq!(window.run(born, &[]).unwrap(), 0, "a log made elements");
    assert_eq!(
        window.run("return typeof window.__pwned", &[]).unwrap(),
        "undefined"
    );
}
