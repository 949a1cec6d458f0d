//! Log content is text: whatever a log writer put into a field, the window shows it and does nothing else.

use serde_json::json;

use crate::{Home, new_case, paste};

/// What a hostile log writer would try, one event each.
const TRAPS: &[&str] = &[
    "<img src=x onerror=\"window.__pwned=1\">",
    "</script><svg onload=\"window.__pwned=2\">",
    "javascript:window.__pwned=3",
    "{{constructor.constructor('window.__pwned=4')()}}",
    "<style>*{background:url(//192.0.2.1/x)}</style>",
    "![x](https://192.0.2.1/x.png)",
];

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn hostile_text_is_shown_and_does_nothing() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "Traps");
    let events: Vec<_> = TRAPS
        .iter()
        .enumerate()
        .map(|(n, trap)| json!({ "timestamp": format!("2024-04-22T14:0{n}:00Z"), "user": trap, "action": trap, "message": trap }))
        .collect();
    paste(&window, &serde_json::to_string(&events).unwrap(), None);
    window.click("tab-timeline").unwrap();
    window.text_with("status-count", "6").unwrap();
    window.text("row").unwrap();
    let shown = window.text("grid").unwrap();
    for trap in TRAPS {
        assert!(
            shown.contains(trap),
            "the grid shows {trap:?} as it is\nshown: {shown}"
        );
    }
    window.click("row").unwrap();
    window.text_with("detail-raw", "192.0.2.1").unwrap();
    let born = "return document.querySelectorAll('img[src=x], svg[onload], a[href^=\"javascript:\"], [data-testid=grid] style').length";
    assert_eq!(window.run(born, &[]).unwrap(), 0, "a log made elements");
    assert_eq!(
        window.run("return typeof window.__pwned", &[]).unwrap(),
        "undefined",
        "a log ran as a script"
    );
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn hidden_characters_are_visible() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "Hidden");
    let events = json!([{ "timestamp": "2024-04-22T14:00:00Z", "user": "al\u{202e}ice\u{200b}", "action": "login" }]);
    paste(&window, &events.to_string(), None);
    window.click("tab-timeline").unwrap();
    let row = window.text_with("row", "al").unwrap();
    for name in ["202E", "200B"] {
        assert!(row.contains(name), "the row names U+{name}: {row:?}");
    }
    assert!(
        !row.contains('\u{202e}'),
        "a character that turns the line around must not reach the screen: {row:?}"
    );
}
