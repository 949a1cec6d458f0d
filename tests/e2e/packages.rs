//! Handing over in the window: a redacted package is looked at before it is written, written with its report, checked, and
//! checked again after a byte was changed; and sources go into another case with what was said of them. Where files are
//! asked for, the dialog of the system is answered.

use std::path::Path;

use serde_json::json;
use witnessmark_xtask::RealWindow;

use crate::{Home, PAYMONGO, new_case, paste, place};

/// A picture for people, kept where `WITNESSMARK_PICTURES` says; one of a blank window fails either way.
fn picture(window: &RealWindow, name: &str) {
    let picture = window.settled_picture().unwrap();
    if let Some(folder) = std::env::var_os("WITNESSMARK_PICTURES") {
        picture
            .save(&Path::new(&folder).join(format!("{name}.png")))
            .unwrap();
    }
}

/// Presses the button with these words.
fn press(window: &RealWindow, words: &str) {
    let script = "const found = [...document.querySelectorAll('button:not([role])')].find((one) => one.textContent.trim() === arguments[0] && !one.disabled);
        found?.click();
        return found !== undefined";
    window
        .wait(&format!("the button {words}"), script, &[json!(words)])
        .unwrap();
}

/// Turns to one of the sides of the place.
fn side(window: &RealWindow, words: &str) {
    let script = "const found = [...document.querySelectorAll('[role=radiogroup][aria-label=Packages] [role=radio]')].find((one) => one.textContent === arguments[0]);
        found?.click();
        return found !== undefined";
    window
        .wait(&format!("the side {words}"), script, &[json!(words)])
        .unwrap();
}

/// Checks a folder in the window, and gives what it says of each layer.
fn verdict(window: &RealWindow, folder: &Path, says: &str) -> Vec<(String, bool)> {
    press(window, "Choose a folder");
    window.answer_chooser(folder).unwrap();
    window.text_with("verdict", says).unwrap();
    let script = "return [...document.querySelectorAll('[data-testid=verdict] ~ ul > li')].map((one) => [one.querySelector('b').textContent, !one.classList.contains('bad')])";
    let layers = window.run(script, &[]).unwrap();
    let layers = layers.as_array().unwrap().iter();
    layers
        .map(|one| {
            (
                one[0].as_str().unwrap().to_owned(),
                one[1].as_bool().unwrap(),
            )
        })
        .collect()
}

/// The names of the layers that do not hold.
fn failed(layers: &[(String, bool)]) -> Vec<&str> {
    let failed = layers.iter().filter(|(_, ok)| !ok);
    failed.map(|(name, _)| name.as_str()).collect()
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_redacted_package_is_written_checked_and_found_changed() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "Handing over");
    paste(&window, PAYMONGO, Some("Asia/Manila"));
    place(&window, "packages");
    picture(&window, "packages-open");

    // Before anything is written: what each rule hides, how often, and one event before and after.
    window.click("redact").unwrap();
    let counted = "const rows = [...document.querySelectorAll('table tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
        const emails = rows.find((row) => row[5].includes('alice@example.com') || row[5].includes('bob@example.com'));
        return emails && Number(emails[3]) > 0 && emails[6].startsWith('actor-') ? rows : null";
    window
        .wait("the counts of the policy", counted, &[])
        .unwrap();
    picture(&window, "packages-preview");

    // A folder, so that a byte of it can be changed below.
    let zip = "const box = [...document.querySelectorAll('label')].find((one) => one.textContent.includes('one .zip file'))?.querySelector('input');
        box?.click();
        return box !== undefined";
    window.wait("the choice of a folder", zip, &[]).unwrap();
    let out = home.folder.path().join("handed-over");
    window.click("package-write").unwrap();
    window.answer_chooser(&out).unwrap();
    window.text_with("package-signature", "absent").unwrap();
    let files = window
        .text_with("package-files", "data/report/report.pdf")
        .unwrap();
    assert!(
        files.contains("data/redaction/redactions.ndjson"),
        "{files}"
    );
    picture(&window, "packages-written");
    let pdf = std::fs::read(out.join("data/report/report.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-"));
    let events = std::fs::read_to_string(out.join("data/events/events.ndjson")).unwrap();
    assert!(
        events.contains("actor-") && !events.contains("alice@example.com"),
        "{events}"
    );

    // The other side's check, in the same place.
    side(&window, "Verify");
    let held = verdict(&window, &out, "Its parts agree; it is not signed");
    assert!(failed(&held).is_empty(), "{held:?}");
    assert!(held.iter().any(|(name, _)| name == "redaction"), "{held:?}");
    picture(&window, "packages-held");

    // The holder opens a pseudonym; the other side holds what it got against the package.
    side(&window, "Open");
    window.click("disclose-folder").unwrap();
    window.answer_chooser(&out).unwrap();
    window.text_with("disclose-target", "handed-over").unwrap();
    let token = events.split("actor-").nth(1).unwrap();
    let token = format!("actor-{}", &token[..11]);
    window.type_into("disclose-text", &token).unwrap();
    window.click("disclose-show").unwrap();
    window.text_with("disclosed", "alice@example.com").unwrap();
    picture(&window, "packages-opened");
    let openings = home.folder.path().join("openings.ndjson");
    window.click("disclose-save").unwrap();
    window.answer_chooser(&openings).unwrap();
    window
        .wait(
            "the file of openings",
            "return document.querySelector('[data-testid=disclose-save]:not(:disabled)') !== null",
            &[],
        )
        .unwrap();
    side(&window, "Verify");
    window.click("verify-openings-pick").unwrap();
    window.answer_chooser(&openings).unwrap();
    window
        .text_with("verify-openings", "openings.ndjson")
        .unwrap();
    let held = verdict(&window, &out, "Its parts agree; it is not signed");
    assert!(held.contains(&("openings".to_owned(), true)), "{held:?}");
    picture(&window, "packages-openings-held");
    press(&window, "Leave them out");

    // One byte of the report, which only its hash can tell.
    let report = out.join("data/report/report.html");
    let mut bytes = std::fs::read(&report).unwrap();
    let last = bytes.len() - 2;
    bytes[last] ^= 1;
    std::fs::write(&report, &bytes).unwrap();
    let changed = verdict(&window, &out, "This package does not hold");
    assert_eq!(failed(&changed), ["files"]);
    let said = window
        .run(
            "return document.querySelector('[data-testid=verdict] ~ ul .bad').textContent",
            &[],
        )
        .unwrap();
    assert!(
        said.as_str()
            .unwrap()
            .contains("`data/report/report.html` was changed"),
        "{said}"
    );
    picture(&window, "packages-changed");
    bytes[last] ^= 1;
    std::fs::write(&report, &bytes).unwrap();

    // A commitment under another value: the hash tells, and so does what the package says of itself.
    let redactions = out.join("data/redaction/redactions.ndjson");
    let good = std::fs::read_to_string(&redactions).unwrap();
    std::fs::write(
        &redactions,
        good.replacen("\"commitment\":\"", "\"commitment\":\"z", 1),
    )
    .unwrap();
    let changed = verdict(&window, &out, "This package does not hold");
    assert_eq!(failed(&changed), ["files", "redaction"]);
    std::fs::write(&redactions, good).unwrap();
    let held = verdict(&window, &out, "Its parts agree; it is not signed");
    assert!(failed(&held).is_empty(), "{held:?}");
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn sources_go_into_another_case_with_their_notes() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "First");
    paste(&window, PAYMONGO, Some("Asia/Manila"));
    place(&window, "timeline");
    window.text_with("status-count", "4").unwrap();
    window
        .click_css("[data-testid=row][data-event='2'] .time")
        .unwrap();
    window.text("detail-raw").unwrap();
    window.press("t").unwrap();
    window.type_into("tag-text", "suspicious\u{e007}").unwrap();
    window
        .wait(
            "the tag in its row",
            "return document.querySelector('[data-event=\"2\"] .tag')?.textContent === 'suspicious'",
            &[],
        )
        .unwrap();
    place(&window, "sources");
    window.click("copy-open").unwrap();
    let run = "return document.querySelector('[data-testid=copy-run]').disabled";
    assert_eq!(window.run(run, &[]).unwrap(), true, "no case is chosen");
    picture(&window, "copy-open");
    let second = home.folder.path().join("second.wmcase");
    window.click("copy-new").unwrap();
    window.answer_chooser(&second).unwrap();
    window.text_with("copy-target", "second.wmcase").unwrap();
    picture(&window, "copy-chosen");
    window.click("copy-run").unwrap();
    let said = window.text_with("copy-done", "came over").unwrap();
    assert!(said.contains("1 source and 1 mark"), "{said}");
    picture(&window, "copy-done");
    window.click("copy-close").unwrap();

    // Again: nothing is doubled. And never into itself.
    window.click("copy-open").unwrap();
    window.click("copy-choose").unwrap();
    window.answer_chooser(&second).unwrap();
    window.click("copy-run").unwrap();
    let said = window.text_with("copy-done", "came over").unwrap();
    assert!(said.contains("1 mark was there already"), "{said}");
    window.click("copy-close").unwrap();
    window.click("copy-open").unwrap();
    window.click("copy-choose").unwrap();
    window
        .answer_chooser(&home.folder.path().join("cases/First.wmcase"))
        .unwrap();
    window.click("copy-run").unwrap();
    window
        .wait(
            "the refusal",
            "return document.querySelector('dialog')?.textContent.includes('this is the case that is open')",
            &[],
        )
        .unwrap();
    drop(window);
    let window = home.open(&[second.to_str().unwrap()]);
    place(&window, "custody");
    window
        .wait(
            "the entry of the copy",
            "return document.body.textContent.includes('Copied sources and 1 marks')",
            &[],
        )
        .unwrap();
}
