//! What the command line asks for, and whether there is a screen to show it on.
//!
//! Owns: arguments, and messages about starting. Never touches: the case.

use std::path::PathBuf;

use witnessmark_engine::{Code, Error, Result};

/// Witnessmark in a window. The same without a window is the command `witnessmark`.
#[derive(Debug, Default, clap::Parser)]
#[command(name = "witnessmark-desktop", version)]
pub(crate) struct Launch {
    /// Case to open (`*.wmcase`).
    pub(crate) case: Option<PathBuf>,
    /// Files or folders to show in Sources, ready to be imported.
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "case")]
    pub(crate) import: Vec<PathBuf>,
}

/// Fails when no screen can be reached; the toolkit would end the program with a stack trace instead.
pub(crate) fn display_is_there() -> Result<()> {
    let named = |key: &str| std::env::var_os(key).is_some_and(|v| !v.is_empty());
    if cfg!(not(target_os = "linux")) || named("DISPLAY") || named("WAYLAND_DISPLAY") {
        return Ok(());
    }
    Err(Error::new(
        Code::Io,
        "there is no display to open a window on (neither DISPLAY nor WAYLAND_DISPLAY is set)",
        "Start it in a desktop session, or use the command `witnessmark`, which does the same as text.",
    ))
}

/// The error of a toolkit that did not start.
pub(crate) fn cannot_start(error: &tauri::Error) -> Error {
    Error::new(
        Code::Io,
        format!("the window could not be opened: {error}"),
        "Check that the display can be reached and that the web view of the system is installed.",
    )
}
