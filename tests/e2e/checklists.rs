//! The checklist of PayMongo from a fresh import to the page that is printed.

use serde_json::{Value, json};
use witnessmark_xtask::RealWindow;

use crate::{Home, new_case, place};

/// What a step says it is answered.
fn answer(window: &RealWindow, step: &str, wanted: &str) {
    window
        .wait(
            &format!("step {step} to be {wanted}"),
            "return document.querySelector(`[data-step=\"${arguments[0]}\"]`)?.dataset.answer === arguments[1]",
            &[json!(step), json!(wanted)],
        )
        .unwrap();
}

fn words(window: &RealWindow, css: &str) -> String {
    let script = "return document.querySelector(arguments[0])?.textContent ?? ''";
    let text = window.run(script, &[json!(css)]).unwrap();
    text.as_str().unwrap_or_default().to_owned()
}

fn case_of(home: &Home, name: &str) -> std::path::PathBuf {
    home.folder.path().join(format!("cases/{name}.wmcase"))
}

/// A new case with the sample export of PayMongo in it.
fn imported(home: &Home, name: &str) -> RealWindow {
    let window = home.open(&[]);
    new_case(&window, name);
    drop(window);
    let case = case_of(home, name);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let logs = root.join("samples/paymongo-security-logs.csv");
    let window = home.open(&[case.to_str().unwrap(), "--import", logs.to_str().unwrap()]);
    window.choose("import-zone", "Asia/Manila").unwrap();
    window.click("import-run").unwrap();
    window.text_with("receipt", "364").unwrap();
    window
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn paymongo_suspected_compromise_from_an_import_to_the_printed_page() {
    let home = Home::new();
    let window = imported(&home, "Suspected compromise");

    place(&window, "checklists");
    window.click("offer-paymongo-suspected-compromise").unwrap();
    window.type_into("ask-who", "Alice Merchant").unwrap();
    window.click("ask-run").unwrap();
    window.text("checklist").unwrap();
    let steps = window
        .run("return [...document.querySelectorAll('[data-testid=step] h2')].map((one) => one.textContent)", &[])
        .unwrap();
    assert_eq!(
        steps,
        json!([
            "Change your password immediately",
            "Check security logs for unfamiliar logins or API key access",
            "Regenerate your API keys if necessary",
            "Contact PayMongo support to report the incident",
            "Support will investigate and may require additional identity verification"
        ])
    );
    for (step, wanted) in [
        ("password", "no"),
        ("logs", "yes"),
        ("keys", "no"),
        ("support", "cannot_tell"),
        ("investigation", "cannot_tell"),
    ] {
        answer(&window, step, wanted);
    }
    let why = words(&window, "[data-step=logs] [data-testid=step-reason]");
    assert!(
        why.contains("198.51.100.77"),
        "the unfamiliar address is named: {why}"
    );
    window.settled_picture().unwrap();

    // A person answers what no log can, with the number of a ticket.
    window
        .click_css("[data-step=support] [data-testid=step-by-hand]")
        .unwrap();
    window.click("answer-yes").unwrap();
    window
        .type_into("answer-note", "Ticket 4711, told by telephone")
        .unwrap();
    window.click("answer-keep").unwrap();
    answer(&window, "support", "yes");
    window.text_with("step-given", "Answered").unwrap();

    // And pins the row that shows it.
    window.click_css("[data-step=logs] .pin button").unwrap();
    window
        .wait("the pin", "return document.querySelector('[data-step=logs] .pin button')?.getAttribute('aria-pressed') === 'true'", &[])
        .unwrap();

    window.click("checklist-print").unwrap();
    let page = window.text_with("print-view", "Ticket 4711").unwrap();
    for part in [
        "PayMongo: suspected compromise",
        "Alice Merchant",
        "198.51.100.77",
        "(pinned)",
        "What the logs cover",
        "using a key is not",
        "Signature",
    ] {
        assert!(page.contains(part), "the page says {part}");
    }
    window.settled_picture().unwrap();
    window.click("print-close").unwrap();
    window.text("checklist").unwrap();

    // Everything stands in the custody log, and in the case when it is opened again.
    place(&window, "custody");
    for says in [
        "Began the checklist paymongo-suspected-compromise@2 about actor:Alice Merchant.",
        "Gave the answer yes at step support of checklist run",
        "at step logs of checklist run",
    ] {
        let told = window
            .wait(
                "the custody log",
                "return document.body.textContent.includes(arguments[0]) || null",
                &[json!(says)],
            )
            .unwrap();
        assert_ne!(told, Value::Null, "{says}");
    }
    drop(window);
    let case = case_of(&home, "Suspected compromise");
    let window = home.open(&[case.to_str().unwrap()]);
    place(&window, "overview");
    window
        .text_with("overview-checklists", "All checklists")
        .unwrap();
    window.click("overview-checklists").unwrap();
    answer(&window, "support", "yes");
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_checklist_a_note_and_a_dated_entry_of_ones_own() {
    let home = Home::new();
    let window = imported(&home, "Own words");

    // A checklist begun from another, with a mistake that is told by line and key, then kept and asked.
    place(&window, "checklists");
    window.click("checklist-write-first").unwrap();
    window
        .text_with("editor-state", "my-paymongo-suspected-compromise")
        .unwrap();
    let change = |from: &str, to: &str| {
        window
            .run(
                "const area = document.querySelector('[data-testid=editor-text]'); \
                 area.value = area.value.replace(arguments[0], arguments[1]); \
                 area.dispatchEvent(new Event('input', { bubbles: true })); return true;",
                &[json!(from), json!(to)],
            )
            .unwrap();
    };
    change("id = \"my-paymongo-suspected-compromise\"", "id = \"ours\"");
    change(
        "title = \"PayMongo: suspected compromise\"",
        "title = \"Our own list\"",
    );
    change("kind = \"sign_ins\"", "kind = \"sign_in\"");
    let wrong = window.text_with("editor-state", "Line").unwrap();
    assert!(
        wrong.contains("kind") && wrong.contains("sign_in"),
        "{wrong}"
    );
    window.settled_picture().unwrap();
    change("kind = \"sign_in\"", "kind = \"sign_ins\"");
    window.text_with("editor-state", "Our own list").unwrap();
    window.click("editor-save").unwrap();
    window.type_into("ask-who", "Alice Merchant").unwrap();
    window.click("ask-run").unwrap();
    window.text_with("checklist", "Our own list").unwrap();
    answer(&window, "logs", "yes");

    // An entry of one's own stands among the rows as what it is, and the count of events stays.
    place(&window, "notes");
    window.click("entry-new").unwrap();
    window.type_into("entry-time", "2024-05-02 09:00").unwrap();
    window
        .type_into("entry-text", "Called the bank <b>at once</b>")
        .unwrap();
    window.click("note-keep").unwrap();
    window.text_with("notes-table", "Called the bank").unwrap();
    window.click("note-new").unwrap();
    window.type_into("note-name", "Alice Merchant").unwrap();
    window.type_into("note-says", "On leave until May").unwrap();
    window.click("note-keep").unwrap();
    window
        .text_with("notes-table", "On leave until May")
        .unwrap();
    window.type_into("notes-search", "until may").unwrap();
    window
        .wait(
            "the search",
            "return document.querySelectorAll('[data-testid=note-row]').length === 1 || null",
            &[],
        )
        .unwrap();
    window.settled_picture().unwrap();
    place(&window, "timeline");
    let entry = window
        .text_with("own-entry", "Called the bank <b>")
        .unwrap();
    assert!(entry.contains("Examiner\u{2019}s entry"), "{entry}");
    let rows = window
        .run(
            "return document.querySelector('[data-testid=grid]').getAttribute('aria-rowcount')",
            &[],
        )
        .unwrap();
    assert_eq!(rows, json!("364"), "an entry is no row");
    window.settled_picture().unwrap();
}
