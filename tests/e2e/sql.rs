//! SQL in the window: a statement, its rows, a refusal, and the way to an event.

use crate::{Home, PAYMONGO, new_case, paste, place};

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_statement_is_run_and_leads_to_its_event() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "SQL");
    paste(&window, PAYMONGO, Some("Asia/Manila"));
    place(&window, "sql");
    let state = |statement: &str| {
        window.type_into("sql-statement", statement).unwrap();
        window.click("sql-run").unwrap();
    };
    state("SELECT event, timestamp, event_action FROM events WHERE event_action LIKE 'API%'");
    window.text_with("sql-told", "1 row").unwrap();
    let rows = window.text("sql-rows").unwrap();
    assert!(rows.contains("2024-04-22T06:35:02.000000000Z"), "{rows}");
    assert!(rows.contains("API Key Viewed"), "{rows}");
    state("DELETE FROM events");
    window.text_with("error", "cannot be run").unwrap();
    window.click_css("[data-testid='sql-rows'] button").unwrap();
    window.text_with("detail", "API Key Viewed").unwrap();
}
