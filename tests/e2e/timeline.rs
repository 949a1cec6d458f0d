//! Reading a timeline: values, context, columns, marks, copies, kept filters, the way back.

use serde_json::json;
use witnessmark_xtask::RealWindow;

use crate::{Home, PAYMONGO, new_case, paste, place};

/// A case with the four events, shown as a timeline.
fn opened(home: &Home) -> RealWindow {
    let window = home.open(&[]);
    new_case(&window, "Reading");
    paste(&window, PAYMONGO, Some("Asia/Manila"));
    place(&window, "timeline");
    window.text_with("status-count", "4").unwrap();
    window.text("row").unwrap();
    window
}

fn filter(window: &RealWindow, text: &str) {
    window
        .type_into("query", &format!("{text}\u{e007}"))
        .unwrap();
}

/// Runs a command by the words of its title.
fn command(window: &RealWindow, title: &str) {
    window.click("command").unwrap();
    window
        .type_into("palette", &format!("{title}\u{e007}"))
        .unwrap();
}

fn rows(window: &RealWindow) -> u64 {
    let count = "return document.querySelectorAll('[data-testid=grid] [data-testid=row]').length";
    window.run(count, &[]).unwrap().as_u64().unwrap()
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn values_narrow_the_filter_and_the_steps_lead_back() {
    let home = Home::new();
    let window = opened(&home);
    window
        .click_css("[data-facet='user.email'][title^='alice']")
        .unwrap();
    window.text_with("status-count", "3 of 4").unwrap();
    // With Shift held the value is excluded; the key on a value does the same as the mouse.
    let shift = "const value = [...document.querySelectorAll('[data-facet=\"event.action\"]')].find((one) => one.title.startsWith('Login'));
        value.focus();
        value.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', shiftKey: true, bubbles: true, cancelable: true }));
        return true";
    window.run(shift, &[]).unwrap();
    window.text_with("status-count", "2 of 4").unwrap();

    window.click("facet-seek-event.action").unwrap();
    window.type_into("facet-text-event.action", "KEY").unwrap();
    let found = "const all = [...document.querySelectorAll('[data-facet=\"event.action\"]')];
        return all.length === 1 && all[0].title.startsWith('API Key Viewed')";
    window
        .wait("the one value with this text", found, &[])
        .unwrap();

    place(&window, "overview");
    window.text_with("overview-events", "2").unwrap();
    window.click("overview-events").unwrap();
    window.text_with("status-count", "2 of 4").unwrap();
    for _ in 0..4 {
        window.click("back").unwrap();
    }
    window.text_with("status-count", "4 of 4").unwrap();
    window.click("steps").unwrap();
    let steps = "return document.querySelectorAll('[data-testid=visit]').length";
    assert!(window.run(steps, &[]).unwrap().as_u64().unwrap() >= 5);
    window.picture().unwrap();
    window
        .click_css("[data-testid=visit]:last-of-type")
        .unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn everything_around_a_row_shows_what_the_filter_hides() {
    let home = Home::new();
    let window = opened(&home);
    filter(&window, "action:Login");
    window.text_with("status-count", "1 of 4").unwrap();
    window.click("row").unwrap();
    window.click("detail-around").unwrap();
    window
        .click_css("[data-testid=context] [role=radio]:nth-child(5)")
        .unwrap();
    let told = window
        .text_with("context-count", "outside the filter")
        .unwrap();
    assert!(told.starts_with("2 events, 1 "), "{told}");
    let dimmed =
        "return document.querySelectorAll('[data-testid=context] .row.dimmed').length === 1";
    window
        .wait("the row outside the filter, dimmed", dimmed, &[])
        .unwrap();
    window.picture().unwrap();
    assert_eq!(rows(&window), 3, "the filtered row, and both around it");
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn marks_are_put_on_rows_and_found_again() {
    let home = Home::new();
    let window = opened(&home);
    window
        .click_css("[data-testid=row][data-event='2'] .time")
        .unwrap();
    window.text("detail-raw").unwrap();
    window.press("t").unwrap();
    window.type_into("tag-text", "suspicious\u{e007}").unwrap();
    let tagged =
        "return document.querySelector('[data-event=\"2\"] .tag')?.textContent === 'suspicious'";
    window.wait("the tag in its row", tagged, &[]).unwrap();
    window.click("detail-note").unwrap();
    window
        .type_into("note-text", "<b>seen</b> at the desk")
        .unwrap();
    window.click_css("[form=note]").unwrap();
    window
        .text_with("detail", "<b>seen</b> at the desk")
        .unwrap();

    window
        .click_css("[data-testid=row][data-event='4'] .time")
        .unwrap();
    window.text_with("detail-raw", "bob@example.com").unwrap();
    window.press("n").unwrap();
    window.text_with("detail-raw", "API Key Viewed").unwrap();
    filter(&window, "tag:suspicious has:note");
    window.text_with("status-count", "1 of 4").unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn picked_rows_are_copied_and_no_spreadsheet_runs_them() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "Copies");
    let hostile = PAYMONGO.replace("Bank account changed", "\"=HYPERLINK(\"\"http://x\"\")\"");
    paste(&window, &hostile, Some("UTC"));
    place(&window, "timeline");
    let listen = "Object.defineProperty(navigator, 'clipboard', { configurable: true, value: { writeText: (text) => { window.copied = text; return Promise.resolve(); } } }); return true";
    window.run(listen, &[]).unwrap();
    window.click("columns").unwrap();
    window.click("column-message").unwrap();
    window.click_css("dialog footer .main").unwrap();

    window
        .click_css("[data-testid=row][data-event='4'] .time")
        .unwrap();
    window.press("J").unwrap();
    window.press("J").unwrap();
    command(&window, "Copy the rows as CSV");
    let copied = window
        .wait(
            "three rows as CSV",
            "return window.copied?.split('\\r\\n').length === 4 && window.copied",
            &[],
        )
        .unwrap();
    let copied = copied.as_str().unwrap();
    assert!(
        copied.starts_with("event,time_utc,time_as_recorded,Event,"),
        "{copied}"
    );
    assert!(
        !copied.contains(",=HYPER") && !copied.contains("\"=HYPER"),
        "{copied}"
    );
    command(&window, "Copy the rows as a filter");
    window
        .wait(
            "the rows as a filter",
            "return window.copied === 'event:4 event:3 event:2'",
            &[],
        )
        .unwrap();
    command(&window, "Copy the rows as JSON");
    let json = "return window.copied.split('\\n').map((line) => JSON.parse(line).witnessmark?.event).join() === '4,3,2'";
    window.wait("the rows as JSON", json, &[]).unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn columns_and_kept_filters_are_there_again() {
    let home = Home::new();
    let window = opened(&home);
    window.click("columns").unwrap();
    // Every column there is must be a field that the program knows.
    let add = "const next = document.querySelector('[data-testid^=\"column-\"]'); next?.click(); return next === null";
    window.wait("all columns to be chosen", add, &[]).unwrap();
    window.click_css("dialog footer .main").unwrap();
    window
        .wait(
            "a row with all its columns",
            "return document.querySelectorAll('[data-event=\"4\"] [role=gridcell]').length > 30",
            &[],
        )
        .unwrap();
    assert_eq!(
        window
            .run(
                "return document.querySelector('[data-testid=error]') === null",
                &[]
            )
            .unwrap(),
        json!(true)
    );
    window.picture().unwrap();
    window.click("columns").unwrap();
    window.click_css("dialog footer .left").unwrap();
    window.click("column-user.email").unwrap();
    window.click_css("dialog footer .main").unwrap();

    filter(&window, "actor:alice@example.com -action:Login");
    window.text_with("status-count", "2 of 4").unwrap();
    window.click("save-view").unwrap();
    window
        .type_into("view-name", "What Alice did\u{e007}")
        .unwrap();
    window
        .wait(
            "the dialog to close",
            "return document.querySelector('dialog') === null",
            &[],
        )
        .unwrap();
    drop(window);

    let case = home.folder.path().join("cases/Reading.wmcase");
    let window = home.open(&[case.to_str().unwrap()]);
    place(&window, "timeline");
    window.text_with("grid", "E-mail").unwrap();
    window.click("save-view").unwrap();
    window.click("view-take").unwrap();
    window.text_with("status-count", "2 of 4").unwrap();
    place(&window, "custody");
    window.click_css("[data-testid=tab-custody]").unwrap();
    window
        .wait(
            "the kept filter in the custody log",
            "return document.body.textContent.includes('statement.add')",
            &[],
        )
        .unwrap();
}
