//! Journeys through the real window: the built application on a virtual screen, driven through WebKitWebDriver.
//!
//! Owns: how a journey is begun. Each module is one part of the window. Never touches: the engine; a journey sees what a
//! person sees. They are left out of a plain `cargo test`, because they need the built application: `cargo xtask test`
//! builds it and runs them.

mod accessible;
mod checklists;
mod drill;
mod dropping;
mod findings;
mod hostile;
mod journey;
mod mapping;
mod packages;
mod remote;
#[path = "../../src-tauri/crates/pull/tests/pull/server.rs"]
mod server;
mod sockets;
mod sql;
mod timeline;
mod walls;

use std::path::PathBuf;

use serde_json::json;
use witnessmark_xtask::{Launch, RealWindow};

/// Pixels of the window.
const SIZE: (u32, u32) = (1280, 800);

/// PayMongo security logs after the example of its documentation, with names of nobody.
const PAYMONGO: &str = "\
Timestamp,Event type,User,Device,IP,Details
2024-04-22 14:32:15,Login,alice@example.com,Safari on macOS,203.0.113.45,
2024-04-22 14:35:02,API Key Viewed,alice@example.com,,,Secret Key
2024-04-22 15:10:00,Payout Account Updated,alice@example.com,,,Bank account changed
2024-04-23 09:00:00,Account Settings Changed,bob@example.com,,,Email changed from bob@example.com to rob@example.com
";

/// A home of its own for one journey: no settings, no recent cases.
struct Home {
    folder: tempfile::TempDir,
}

impl Home {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// Writes a file beside the cases and gives its path.
    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path
    }

    /// Opens the window.
    fn open(&self, args: &[&str]) -> RealWindow {
        let app = std::env::var_os("WITNESSMARK_APP").map_or_else(built_app, PathBuf::from);
        assert!(
            app.is_file(),
            "{} is not built; `cargo xtask test` builds it",
            app.display()
        );
        let launch = Launch {
            app: &app,
            args,
            home: self.folder.path(),
            size: SIZE,
        };
        RealWindow::open(launch).unwrap()
    }
}

/// The application beside this test, as cargo lays them out.
fn built_app() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    here.ancestors().nth(2).unwrap().join("witnessmark-desktop")
}

/// A new case from the start screen.
fn new_case(window: &RealWindow, name: &str) {
    window.type_into("start-new-name", name).unwrap();
    window.click("start-create").unwrap();
    window.text("tab-sources").unwrap();
}

/// Shows a place; where the header has no room for its name, by the menu of the others.
fn place(window: &RealWindow, name: &str) {
    // Before a case is open there are no places, and none that are folded either.
    window.text("case-menu").unwrap();
    let tab = format!("tab-{name}");
    // Which of the two is there changes when a number beside a name takes or gives back room.
    let click = "const there = (id) => document.querySelector(`[data-testid=\"${id}\"]`);
        const tab = there(arguments[0]);
        if (tab) { tab.click(); return true; }
        there('tabs-more')?.click();
        return false";
    window
        .wait(&format!("the place {name}"), click, &[json!(tab)])
        .unwrap();
}

/// Pastes text in Sources and imports it with a zone, where one is asked for.
fn paste(window: &RealWindow, text: &str, zone: Option<&str>) {
    place(window, "sources");
    window.click("paste-open").unwrap();
    window.insert("paste-text", text).unwrap();
    window.click("paste-add").unwrap();
    if let Some(zone) = zone {
        window.choose("import-zone", zone).unwrap();
    }
    window.click("import-run").unwrap();
    window.text("receipt").unwrap();
}
