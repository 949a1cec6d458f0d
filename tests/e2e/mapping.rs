//! A log that nobody described: what was guessed wrong is corrected with the events in sight, kept as a profile, and the
//! timeline reads by it; words get a meaning later, and the source is read anew.

use serde_json::json;
use witnessmark_xtask::RealWindow;

use crate::{Home, new_case, place};

/// The customer stands in the column that looks like the actor.
const LOG: &str = "\
occurred_at,user_email,staff,activity,client_ip,note
2026-01-01T00:00:00Z,alice@example.com,mo@example.net,invoice.exported,203.0.113.1,
2026-01-01T00:00:01Z,bob@example.com,mo@example.net,vault.sealed,203.0.113.2,<img src=x onerror=\"window.__pwned=1\">
2026-01-01T00:00:02Z,alice@example.com,kim@example.net,vault.sealed,203.0.113.1,
,alice@example.com,kim@example.net,invoice.exported,203.0.113.1,
";

/// Pastes the log in Sources and opens its mapping.
fn opened(home: &Home) -> RealWindow {
    let window = home.open(&[]);
    new_case(&window, "Mapping");
    place(&window, "sources");
    window.click("paste-open").unwrap();
    window.insert("paste-text", LOG).unwrap();
    window.click("paste-add").unwrap();
    window.click("mapping-open").unwrap();
    window
        .text_with("mapping-fields", "mo@example.net")
        .unwrap();
    window
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_wrong_guess_is_corrected_in_sight_kept_and_used() {
    let home = Home::new();
    let window = opened(&home);
    window
        .text_with("mapping-preview", "alice@example.com")
        .unwrap();
    window.picture().unwrap();

    // Another column is the actor, and the events below say so at once.
    window.choose("slot-user.email", "\"staff\"").unwrap();
    window
        .text_with("mapping-preview", "mo@example.net")
        .unwrap();
    // By the keyboard: a field's menu, then a part.
    let focus = "const fields = [...document.querySelectorAll('[data-testid=mapping-field]')];
        const field = fields.find((one) => one.textContent.includes(arguments[0]));
        field?.focus();
        return field !== undefined";
    window.wait("a field", focus, &[json!("note")]).unwrap();
    window.press("\u{e007}").unwrap();
    window.click("use-message").unwrap();
    window.text_with("mapping-preview", "<img src=x").unwrap();

    // A problem leads to an entry that shows it.
    window.click("problem-undated").unwrap();
    window
        .text_with("mapping-problem", ",alice@example.com,kim@example.net")
        .unwrap();
    window.picture().unwrap();

    // What cannot be is refused with its place, and what stood there stands.
    window.type_into("mapping-id", "No Id!\u{e007}").unwrap();
    window
        .text_with("mapping-refused", "lower-case letters")
        .unwrap();
    window.type_into("mapping-id", "shop\u{e007}").unwrap();
    window
        .wait(
            "nothing refused",
            "return document.querySelector('[data-testid=mapping-refused]') === null",
            &[],
        )
        .unwrap();
    window.click("mapping-keep").unwrap();
    window
        .wait(
            "the chosen profile",
            "return document.querySelector('[data-testid=import-profile]')?.value === 'shop'",
            &[],
        )
        .unwrap();
    window.click("import-run").unwrap();
    window.text_with("receipt", "shop@1").unwrap();
    place(&window, "timeline");
    window
        .type_into("query", "actor:mo@example.net\u{e007}")
        .unwrap();
    window.text_with("status-count", "2 of 4").unwrap();

    // Words without a meaning are counted, given one, and the source is read anew.
    place(&window, "sources");
    window.click("receipt-words").unwrap();
    window.text_with("mapping-words", "vault.sealed").unwrap();
    window.choose("word-operation-0", "disable").unwrap();
    window
        .text_with("mapping-words", "Every word of the source has a meaning")
        .unwrap();
    window.picture().unwrap();
    window.click("mapping-keep").unwrap();
    window.click("reread-run").unwrap();
    window.text_with("receipt", "shop@2").unwrap();
    place(&window, "timeline");
    window.type_into("query", "op:disable\u{e007}").unwrap();
    window.text_with("status-count", "1 of 4").unwrap();
    assert_eq!(
        window.run("return typeof window.__pwned", &[]).unwrap(),
        "undefined",
        "a log ran as a script"
    );
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_field_is_dragged_on_a_part_and_the_text_can_be_written() {
    let home = Home::new();
    let window = opened(&home);
    let drag = "const fields = [...document.querySelectorAll('[data-testid=mapping-field]')];
        const field = fields.find((one) => one.textContent.startsWith('staff'));
        const part = document.querySelector('[data-slot=\"user.email\"]');
        if (!field || !part) return null;
        part.scrollIntoView({ block: 'center' });
        const at = (node) => { const box = node.getBoundingClientRect(); return { clientX: box.x + 20, clientY: box.y + box.height / 2, button: 0, bubbles: true }; };
        field.dispatchEvent(new PointerEvent('pointerdown', at(field)));
        window.dispatchEvent(new PointerEvent('pointermove', at(part)));
        window.dispatchEvent(new PointerEvent('pointerup', at(part)));
        return true";
    window.wait("a drag", drag, &[]).unwrap();
    window
        .text_with("mapping-preview", "mo@example.net")
        .unwrap();

    let tab = "const tab = [...document.querySelectorAll('[data-testid=mapping] [role=radio]')].find((one) => one.textContent === 'Text');
        tab?.click();
        return tab !== undefined";
    window.wait("the text", tab, &[]).unwrap();
    let hostile = "language = 1\n[profile]\nid = \"x\"\nversion = 1\ntitle = \"X\"\n[time]\nvalue = { path = \"a\", capture = '((a{100}){100}){100}' }\n[fields]\n";
    for (text, told) in [
        ("language = 9\n", "this program reads language 1"),
        ("language = 1\n[profile\n", "Line 2"),
        (hostile, "time.value.capture"),
    ] {
        window.insert("mapping-text", text).unwrap();
        window.text_with("mapping-refused", told).unwrap();
    }
    window.picture().unwrap();
    let keep = "return document.querySelector('[data-testid=mapping-keep]').disabled";
    assert_eq!(window.run(keep, &[]).unwrap(), true);
    window.click("mapping-close").unwrap();
    window.text("inspection").unwrap();
}

const TILL: &str = "language = 1\n[profile]\nid = \"till\"\nversion = 1\ntitle = \"The till\"\n[[recognise]]\nshape = \"json\"\nrequired = [\"rung_at\", \"button\"]\n[time]\nvalue = \"rung_at\"\n[fields]\n\"event.action\" = \"button\"\n\"user.name\" = \"clerk\"\n";

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_remembered_folder_of_profiles_reads_logs_and_a_kept_one_is_taken_out() {
    let home = Home::new();
    let own = home.folder.path().join("my profiles");
    std::fs::create_dir_all(&own).unwrap();
    std::fs::write(own.join("till.toml"), TILL).unwrap();
    std::fs::write(own.join("broken.toml"), "language = 1\n[profile\n").unwrap();
    // As the dialog of the system leaves it; the window itself has no way to name a folder.
    std::fs::create_dir_all(home.folder.path().join("config")).unwrap();
    let remembered = json!(own.to_str().unwrap()).to_string();
    std::fs::write(
        home.folder.path().join("config").join("profiles.json"),
        remembered,
    )
    .unwrap();

    let window = home.open(&[]);
    new_case(&window, "Profiles");
    place(&window, "sources");
    window.click("paste-open").unwrap();
    let log = "{\"rung_at\":\"2026-02-01T00:00:00Z\",\"button\":\"sale\",\"clerk\":\"Kim\"}\n{\"rung_at\":\"2026-02-01T00:00:01Z\",\"button\":\"void\",\"clerk\":\"Kim\"}\n";
    window.insert("paste-text", log).unwrap();
    window.click("paste-add").unwrap();
    window.text_with("inspection", "The till").unwrap();
    window.click("profiles-open").unwrap();
    window.text_with("profiles", "my profiles").unwrap();
    window.text_with("profiles", "till@1").unwrap();
    let told = window
        .text_with("profiles-refused", "broken.toml:2")
        .unwrap();
    let shown = window.text("profiles").unwrap();
    let above = home.folder.path().join("").to_string_lossy().into_owned();
    assert!(!shown.contains(&above), "a path is shown: {shown} {told}");
    window.picture().unwrap();

    window.click("profiles-open").unwrap();
    window.click("import-run").unwrap();
    window.text_with("receipt", "till@1").unwrap();
    window.click("profiles-open").unwrap();
    window.text_with("kept-profile", "read 1 source").unwrap();
    window.click("profile-leave").unwrap();
    window.click("profile-forget").unwrap();
    window
        .text_with("kept-profile", "Recognises nothing more")
        .unwrap();
    window.picture().unwrap();
    // The folder is put away, and what was read stays as it was read.
    window.click("profiles-put-away").unwrap();
    window.text_with("profiles", "None is chosen").unwrap();
    window.click("profiles-open").unwrap();
    window.text_with("receipt", "till@1").unwrap();
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn a_member_of_an_archive_is_mapped_before_it_is_imported() {
    let home = Home::new();
    let zip = witnessmark_tests::archive::zip(&[
        ("notes.txt", &b"no log"[..]),
        ("shop.csv", LOG.as_bytes()),
        (
            "moves.csv",
            &b"when,who,what\n2026-03-01T00:00:00Z,kim@example.com,shelf.filled\n"[..],
        ),
    ]);
    let file = home.folder.path().join("both.zip");
    std::fs::write(&file, zip).unwrap();
    let window = home.open(&[]);
    new_case(&window, "Members");
    drop(window);
    let case = home.folder.path().join("cases/Members.wmcase");
    let window = home.open(&[case.to_str().unwrap(), "--import", file.to_str().unwrap()]);
    place(&window, "sources");
    window.click("mapping-open").unwrap();
    window.choose("mapping-member", "shop.csv").unwrap();
    window
        .text_with("mapping-fields", "mo@example.net")
        .unwrap();
    window.choose("slot-user.email", "\"staff\"").unwrap();
    window
        .text_with("mapping-preview", "mo@example.net")
        .unwrap();
    window.picture().unwrap();
    window.click("mapping-keep").unwrap();
    window.text("inspection").unwrap();
    window.click("import-run").unwrap();
    window.text_with("receipt", "both.zip").unwrap();
    place(&window, "timeline");
    window
        .type_into("query", "actor:mo@example.net\u{e007}")
        .unwrap();
    // Four of the shop, one of the moves, and the text that is no log as one undated event.
    window.text_with("status-count", "2 of 6").unwrap();
}
