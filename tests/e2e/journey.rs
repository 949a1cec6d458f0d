//! From an export to a row, to its bytes, and back after the case was closed.

use serde_json::json;

use crate::{Home, PAYMONGO, new_case, paste, place};

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn from_a_paste_to_its_bytes_and_back() {
    let home = Home::new();
    let window = home.open(&[]);
    window.text("start-drop").unwrap();
    window.picture().unwrap();

    new_case(&window, "Payout review");
    paste(&window, PAYMONGO, Some("Asia/Manila"));
    place(&window, "timeline");
    window.text_with("status-count", "4").unwrap();
    window.picture().unwrap();

    window
        .type_into("query", "actor:bob@example.com\u{e007}")
        .unwrap();
    window.text_with("status-count", "1 of 4").unwrap();

    window.click("row").unwrap();
    let line = PAYMONGO.lines().nth(4).unwrap();
    let raw = window.text_with("detail-raw", "bob@example.com").unwrap();
    assert!(
        raw.contains(line),
        "the raw entry is the line of the source\nshown: {raw}\nline:  {line}"
    );
    window.picture().unwrap();
    window.click("detail-close").unwrap();

    window.click("case-close").unwrap();
    let recent = window.text_with("recent-case", "Payout review").unwrap();
    assert!(
        recent.contains('4'),
        "a recent case tells how much is in it: {recent}"
    );
    window.click("recent-case").unwrap();
    place(&window, "timeline");
    window.text_with("status-count", "4").unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_case_named_on_the_command_line_opens_again_in_a_new_process() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "Second look");
    paste(&window, PAYMONGO, Some("UTC"));
    drop(window);

    let case = home.folder.path().join("cases/Second look.wmcase");
    let window = home.open(&[case.to_str().unwrap()]);
    place(&window, "timeline");
    window.text_with("status-count", "4").unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn files_named_on_the_command_line_stand_ready_in_sources() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "From a file");
    drop(window);

    let case = home.folder.path().join("cases/From a file.wmcase");
    let logs = home.file("logs.csv", PAYMONGO);
    let window = home.open(&[case.to_str().unwrap(), "--import", logs.to_str().unwrap()]);
    window.choose("import-zone", "Asia/Manila").unwrap();
    window.click("import-run").unwrap();
    let receipt = window.text_with("receipt", "logs.csv").unwrap();
    assert!(
        receipt.contains('4'),
        "the receipt counts the entries: {receipt}"
    );
    place(&window, "timeline");
    window.text_with("status-count", "4").unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn the_sample_case_shows_rows_and_bars() {
    let home = Home::new();
    let window = home.open(&[]);
    window.click("start-sample").unwrap();
    place(&window, "timeline");
    window.text("row").unwrap();
    let counts = window.text("status-count").unwrap();
    let all = counts.split(' ').next().unwrap();
    // Many bars of the samples hold no event with an outcome; each must be drawn all the same.
    let drawn = "const panel = document.querySelector('[aria-label=Histogram]');
        return panel.textContent.includes(arguments[0]) && panel.querySelectorAll('svg *').length > 60";
    window
        .wait(
            &format!("a histogram of {all} events"),
            drawn,
            &[json!(all)],
        )
        .unwrap();
    window.picture().unwrap();
}
