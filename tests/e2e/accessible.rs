//! WCAG 2.2 AA by axe-core in the real window: every place, the menus and dialogs over it, in each theme; and 200 % zoom.

use serde_json::{Value, json};
use witnessmark_xtask::RealWindow;

use crate::{Home, place};

/// What axe must find nothing of.
const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']";

/// The rules as code, from the packages of the window's tests.
fn axe() -> String {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let path = root.join("ui/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path)
        .unwrap_or_else(|e| panic!("{}: {e}; `cargo xtask test` installs it", path.display()))
}

fn look(window: &RealWindow, axe: &str, what: &str) {
    window.settled_picture().unwrap();
    window
        .run(&format!("if (!window.axe) {{ {axe} }} return true"), &[])
        .unwrap();
    let found = window
        .run_async(&format!(
            "window.axe.run(document, {{ runOnly: {RULES} }}).then((all) => done(all.violations.flatMap((one) =>
                 one.nodes.map((node) => `${{one.id}}: ${{node.html.slice(0, 160)}} (${{node.failureSummary}})`))), (e) => done([String(e)]))"
        ))
        .unwrap();
    let found: Vec<&str> = found
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(found.is_empty(), "{what}:\n{}", found.join("\n"));
}

fn set(settings: &Value) -> Home {
    let home = Home::new();
    let config = home.folder.path().join("config");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("settings.json"), settings.to_string()).unwrap();
    home
}

/// Every place and what can lie over it.
fn walk(theme: &str) {
    let home = set(&json!({ "theme": theme, "density": "compact" }));
    let axe = axe();
    let window = home.open(&[]);
    window.text("start-sample").unwrap();
    look(&window, &axe, "start");
    window.click("start-sample").unwrap();
    window.text("row").unwrap();
    look(&window, &axe, "timeline");
    window.click_css("[data-testid=row] .time").unwrap();
    window.text("detail-raw").unwrap();
    window.click("detail-around").unwrap();
    window.text("context-count").unwrap();
    look(&window, &axe, "detail and context");
    window.click_css("[data-testid=row] .cell").unwrap();
    look(&window, &axe, "menu of a value");
    window.press("\u{e00c}").unwrap();
    let names = "return [...document.querySelectorAll('[data-testid^=\"tab-\"]')].map((one) => one.dataset.testid.slice(4))";
    let names = window.run(names, &[]).unwrap();
    for name in names.as_array().unwrap().iter().filter_map(Value::as_str) {
        place(&window, name);
        look(&window, &axe, name);
    }
    // The pages that places lead to.
    for (from, css, what) in [
        ("actors", "[data-testid=actors] .name", "an actor"),
        ("", "[data-testid=compare-open]", "with whom to compare"),
        ("", "[data-testid=compare-with] li button", "two actors"),
        ("", ".back", "all actors"),
        ("", "[data-testid=new-choose]", "what is new"),
        ("records", "[data-testid=records] tbody button", "a record"),
        ("signins", "[data-testid=signin] .button.main", "a session"),
        (
            "sources",
            "[data-testid=mapping-open]",
            "a mapping, its fields",
        ),
        (
            "",
            "[data-testid=mapping] [role=radio]:nth-child(2)",
            "a mapping, its words",
        ),
        (
            "",
            "[data-testid=mapping] [role=radio]:nth-child(3)",
            "a mapping, its text",
        ),
    ] {
        if !from.is_empty() {
            place(&window, from);
        }
        window.click_css(css).unwrap();
        look(&window, &axe, what);
    }
    place(&window, "timeline");
    for (open, what) in [
        ("command", "palette"),
        ("columns", "columns"),
        ("save-view", "kept filters"),
        ("steps", "steps"),
        ("zone", "zones"),
    ] {
        window.click(open).unwrap();
        window
            .wait(
                what,
                "return document.querySelector('dialog') !== null",
                &[],
            )
            .unwrap();
        look(&window, &axe, what);
        window.press("\u{e00c}").unwrap();
        window
            .wait(
                "no dialog",
                "return document.querySelector('dialog') === null",
                &[],
            )
            .unwrap();
    }
    window.type_into("query", "country:XX\u{e007}").unwrap();
    window.text("empty").unwrap();
    look(&window, &axe, "empty result");
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn axe_finds_nothing_in_the_light_theme() {
    walk("light");
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn axe_finds_nothing_in_the_dark_theme() {
    walk("dark");
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn axe_finds_nothing_in_high_contrast() {
    walk("contrast");
}
