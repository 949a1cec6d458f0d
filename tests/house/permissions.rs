//! What the window may call: the list in Rust, the permission file, the capability, and what the window asks for.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{files, none, read};

/// The commands that the shell answers, from the one list of them.
fn commands() -> BTreeSet<String> {
    let text = read("src-tauri/app/src/commands/mod.rs");
    let list = text
        .split("commands! {")
        .nth(1)
        .unwrap()
        .split('}')
        .next()
        .unwrap();
    let names = list
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(',').split_once("::"));
    let names: BTreeSet<String> = names.map(|(_, name)| name.to_owned()).collect();
    assert!(
        names.len() > 10,
        "the list of commands was not found: {names:?}"
    );
    names
}

#[test]
fn the_permission_names_the_commands_and_no_other() {
    let text = read("src-tauri/app/permissions/window.toml");
    let quoted = text
        .split("commands.allow")
        .nth(1)
        .unwrap()
        .split('"')
        .skip(1)
        .step_by(2);
    let allowed: BTreeSet<String> = quoted.map(str::to_owned).collect();
    assert_eq!(
        allowed,
        commands(),
        "permissions/window.toml and commands/mod.rs name different commands"
    );
}

#[test]
fn the_capability_is_for_one_window_and_grants_nothing_but_our_commands_and_listening() {
    let all = files(&["json"]);
    let capabilities: Vec<_> = all
        .iter()
        .filter(|(p, _)| p.starts_with("src-tauri/app/capabilities/"))
        .collect();
    assert_eq!(capabilities.len(), 1, "one window, one capability");
    let capability: Value = serde_json::from_str(&capabilities[0].1).unwrap();
    assert_eq!(capability["windows"], serde_json::json!(["main"]));
    assert!(
        capability.get("remote").is_none(),
        "no address elsewhere may call anything"
    );
    let expected = serde_json::json!([
        "core:event:allow-listen",
        "core:event:allow-unlisten",
        "window-commands"
    ]);
    assert_eq!(capability["permissions"], expected);
}

#[test]
fn the_content_policy_lets_nothing_in() {
    let config: Value = serde_json::from_str(&read("tauri.conf.json")).unwrap();
    let app = &config["app"];
    assert_eq!(app["withGlobalTauri"], false);
    assert_eq!(app["security"]["freezePrototype"], true);
    assert!(
        app["security"]
            .get("dangerousDisableAssetCspModification")
            .is_none()
    );
    let csp = app["security"]["csp"].as_str().unwrap();
    let law = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; \
               connect-src ipc: http://ipc.localhost; object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'";
    assert_eq!(csp, law);
}

#[test]
fn the_window_asks_only_for_commands_that_exist() {
    let text = read("ui/src/backend/tauri.ts");
    let words: BTreeSet<&str> = text.split(['"', '`', '\'']).skip(1).step_by(2).collect();
    let unasked: Vec<String> = commands()
        .into_iter()
        .filter(|name| !words.contains(name.as_str()))
        .collect();
    none(
        "Commands that the window never asks for are an open door for nothing:",
        &unasked,
    );
}
