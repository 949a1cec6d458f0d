//! The window goes nowhere, loads nothing, and may call nothing but its own commands.

use serde_json::json;

use crate::{Home, new_case};

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn the_window_cannot_be_led_away() {
    let home = Home::new();
    let window = home.open(&[]);
    window.text("start-drop").unwrap();
    let here = window.run("return location.href", &[]).unwrap();
    for way in [
        "location.href = 'https://192.0.2.1/'; return true",
        "const opened = window.open('https://192.0.2.1/'); return opened === null || opened === undefined",
        "const a = document.createElement('a'); a.href = 'https://192.0.2.1/'; a.target = '_blank'; document.body.append(a); a.click(); a.remove(); return true",
        "const f = document.createElement('iframe'); f.src = 'https://192.0.2.1/'; document.body.append(f); f.remove(); return true",
    ] {
        window.run(way, &[]).unwrap();
        window.text("start-drop").unwrap();
        assert_eq!(
            window.run("return location.href", &[]).unwrap(),
            here,
            "after {way}"
        );
    }
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn the_content_policy_holds_in_the_page() {
    let home = Home::new();
    let window = home.open(&[]);
    window.text("start-drop").unwrap();
    let inline = "const s = document.createElement('script'); s.textContent = 'window.__pwned = 1';
        document.head.append(s); s.remove(); return typeof window.__pwned";
    assert_eq!(
        window.run(inline, &[]).unwrap(),
        "undefined",
        "a script in the page must not run"
    );
    assert_eq!(
        window.run("return typeof window.__TAURI__", &[]).unwrap(),
        "undefined"
    );
    // The violation is waited for, because a refused connection alone could be a machine without a network.
    let sent = "document.addEventListener('securitypolicyviolation', (e) => done(e.effectiveDirective), { once: true });
        fetch('https://192.0.2.1/').catch(() => {})";
    assert_eq!(
        window.run_async(sent).unwrap(),
        "connect-src",
        "the policy refuses it, not the network"
    );
}

#[test]
#[ignore = "drives the built window; `cargo xtask test` runs it"]
fn the_window_may_call_its_own_commands_only_and_never_with_a_path() {
    let home = Home::new();
    let window = home.open(&[]);
    new_case(&window, "Walls");
    let secret = home.file("secret.csv", "a,b\n1,2\n");
    let secret = secret.to_str().unwrap();
    let calls = [
        ("plugin:dialog|open", json!({ "options": {} })),
        ("plugin:fs|read_text_file", json!({ "path": secret })),
        ("plugin:shell|open", json!({ "path": "https://192.0.2.1/" })),
        (
            "plugin:event|emit",
            json!({ "event": "inputs-dropped", "payload": {} }),
        ),
        (
            "plugin:window|create",
            json!({ "options": { "label": "other" } }),
        ),
        (
            "import_inspect",
            json!({ "token": secret, "choices": { "labels": [] } }),
        ),
        (
            "import_inspect",
            json!({ "token": "../secret.csv", "choices": { "labels": [] } }),
        ),
        ("case_open", json!({ "token": secret })),
        (
            "view_rows",
            json!({ "view": "one", "first": -1, "len": 1e9 }),
        ),
        ("event_detail", json!({ "event": -1, "zone": 7 })),
        ("mark", json!({})),
        ("no_such_command", json!({})),
    ];
    for (command, args) in calls {
        let script = format!(
            "window.__TAURI_INTERNALS__.invoke({}, {args}).then(() => done('answered'), () => done('refused'))",
            json!(command)
        );
        assert_eq!(
            window.run_async(&script).unwrap(),
            "refused",
            "{command} with {args}"
        );
    }
    let still = "window.__TAURI_INTERNALS__.invoke('app_info', {}).then((i) => done(typeof i.version), () => done('refused'))";
    assert_eq!(
        window.run_async(still).unwrap(),
        "string",
        "the program answers on"
    );
}
