//! From a list to one actor, to a session, to a record, to the rows and back, in the real window.
//!
//! Owns: that journey. Never touches: what the engine counts (its own tests do).

use crate::{Home, PAYMONGO, new_case, paste, place};

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn every_place_leads_to_the_others_and_back() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "Who did what");
    paste(&window, PAYMONGO, Some("Asia/Manila"));

    place(&window, "actors");
    window.text_with("actors", "alice@example.com").unwrap();
    window
        .click_css("[data-testid=actors] tbody tr:first-child button.name")
        .unwrap();
    window.text_with("actor", "Active hours").unwrap();
    window.text_with("addresses", "203.0.113.45").unwrap();
    window.picture().unwrap();

    // From the session of the actor to everything done in it, the payout account first.
    window
        .click_css("[data-testid=sessions] tbody tr:last-child button.link")
        .unwrap();
    let acts = window.text_with("acts", "payout account").unwrap();
    assert!(
        acts.find("payout account") < acts.find("API key"),
        "money comes before keys: {acts}"
    );
    window.picture().unwrap();

    place(&window, "signins");
    window.text_with("signins", "alice@example.com").unwrap();
    window.text_with("signin", "What followed").unwrap();
    window.picture().unwrap();

    place(&window, "records");
    window.text_with("records", "Secret Key").unwrap();
    window
        .click_css("[data-testid=records] tbody tr:last-child button.name")
        .unwrap();
    window.text_with("biography", "step").unwrap();
    window.picture().unwrap();

    place(&window, "errors");
    window.text_with("errors", "Trend").unwrap();

    // Back walks the places; a number leads to its rows.
    place(&window, "actors");
    window.text("actors").unwrap();
    window
        .click_css("[data-testid=actors] tbody tr:first-child td.num button.link")
        .unwrap();
    window.text_with("status-count", "3 of 4").unwrap();
    window.click("back").unwrap();
    window.text_with("actors", "bob@example.com").unwrap();
}
