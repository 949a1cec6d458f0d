//! Files dropped on the window from another program.

use serde_json::json;

use crate::{Home, PAYMONGO, new_case};

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_dropped_file_is_looked_at_and_imported() {
    let home = Home::new();
    let logs = home.file("logs ü #1.csv", PAYMONGO);
    let window = home.open(&[]);
    new_case(&window, "Dropped");

    let held = window.drag(&[&logs]).unwrap();
    window.text_with("veil", "Let go").unwrap();
    window.picture().unwrap();
    held.leave().unwrap();
    window
        .wait(
            "the veil to go",
            "return document.querySelector('[data-testid=veil]') === null",
            &[],
        )
        .unwrap();
    let waiting = "return document.querySelectorAll('[data-testid=waiting]').length";
    assert_eq!(
        window.run(waiting, &[]).unwrap(),
        json!(0),
        "nothing was let go"
    );

    window.drag(&[&logs]).unwrap().let_go().unwrap();
    window.text_with("waiting", "logs ü #1.csv").unwrap();
    let path = home.folder.path().to_str().unwrap().to_owned();
    let told = window
        .run(
            "return document.body.textContent + JSON.stringify(window.__TAURI_INTERNALS__ ?? '')",
            &[],
        )
        .unwrap();
    assert!(
        !told.as_str().unwrap().contains(&path),
        "the window never learns the path"
    );
    window.choose("import-zone", "Asia/Manila").unwrap();
    window.click("import-run").unwrap();
    let receipt = window.text_with("receipt", "logs ü #1.csv").unwrap();
    assert!(
        receipt.contains('4'),
        "the receipt counts the entries: {receipt}"
    );
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn files_dropped_on_the_start_screen_wait_for_a_case() {
    let home = Home::new();
    let first = home.file("first.csv", PAYMONGO);
    let second = home.file("second.csv", PAYMONGO);
    let window = home.open(&[]);
    window.text("start-drop").unwrap();
    window.drag(&[&first, &second]).unwrap().let_go().unwrap();
    window.text_with("start-drop", "2 files ready").unwrap();
    window.text_with("start-drop", "second.csv").unwrap();
    new_case(&window, "Waited");
    window.text_with("waiting", "first.csv").unwrap();
}
