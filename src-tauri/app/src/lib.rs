//! The desktop shell: starts the window and lets it speak to the engine.
//!
//! Owns: start-up, the one window, what the window may call. Never touches: logs, filters, SQL (the engine does).
//! Read next: [`commands`] for what the window can call, [`state`] for what is open.

mod commands;
mod launch;
mod places;
mod plans;
mod sample;
mod setting;
mod state;
mod tokens;
mod window;
pub mod wire;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser as _;
use tauri::{Manager as _, RunEvent};

/// Exit code when the program cannot do what it was asked to.
const FAILED: u8 = 2;

/// Runs the program until its window closes.
#[must_use]
pub fn run() -> ExitCode {
    let launch = match launch::Launch::try_parse() {
        Ok(launch) => launch,
        Err(message) => {
            // Nothing is left to be done when the terminal is gone.
            let _ = message.print();
            return ExitCode::from(if message.use_stderr() { FAILED } else { 0 });
        }
    };
    match launch::display_is_there().and_then(|()| start(&launch)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&error);
            ExitCode::from(FAILED)
        }
    }
}

fn start(launch: &launch::Launch) -> witnessmark_engine::Result<()> {
    let app = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .invoke_handler(commands::handler())
        .on_window_event(window::on_event)
        .build(context())
        .map_err(|e| launch::cannot_start(&e))?;
    // Not in Tauri's setup hook: an error there ends the program with a stack trace.
    let places = places::Places::find(app.path())?;
    let desk = state::Desk::new(places, setting::real(), setting::keyring());
    let desk = Arc::new(desk);
    if let Err(error) = desk.take(launch) {
        complain(&error);
    }
    app.manage(Arc::clone(&desk));
    window::open(&app, &desk)?;
    app.run(move |_, event| {
        // A running import is stopped in order, and the case is closed in order, before the program ends.
        if let RunEvent::Exit = event {
            desk.close();
        }
    });
    Ok(())
}

/// The configuration, the pages of the window and what it may call, compiled in.
#[expect(
    clippy::exit,
    reason = "it stands in the code that Tauri's macro writes"
)]
fn context() -> tauri::Context {
    tauri::generate_context!()
}

fn complain(error: &witnessmark_engine::Error) {
    // Nothing is left to be done when the terminal is gone.
    let _ = writeln!(
        std::io::stderr(),
        "error: {}\nhint: {}",
        error.message,
        error.hint
    );
}
