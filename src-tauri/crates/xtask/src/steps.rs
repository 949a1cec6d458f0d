//! One step after the other, each with its name and its time.
//!
//! Owns: how programs are started from here, and where the repository is. Never touches: what they do.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use witnessmark_xtask::Result;

/// Prints a line for the person at the terminal.
pub(crate) fn say(text: &str) {
    // A closed terminal is no reason to stop a build.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Announces a step, does it, and tells how long it took.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    say(&format!("\n=== {name}"));
    let begun = Instant::now();
    let done = work().map_err(|e| format!("{name}: {e}"))?;
    say(&format!(
        "--- {name}: {:.1} s",
        begun.elapsed().as_secs_f64()
    ));
    Ok(done)
}

/// The top folder of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(3).unwrap_or(here).to_owned()
}

/// A program to be started at the top of the repository.
pub(crate) fn program(name: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root());
    command
}

/// The cargo that started this.
pub(crate) fn cargo() -> Command {
    let mut command = program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // These describe this very package and would make cargo rebuild others that look at them.
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        if name.starts_with("CARGO_PKG_")
            || name.starts_with("CARGO_MANIFEST_")
            || name == "CARGO_PRIMARY_PACKAGE"
        {
            command.env_remove(&key);
        }
    }
    command
}

/// npm in the folder of the window.
pub(crate) fn npm() -> Command {
    npm_in(root().join("ui"))
}

/// npm in a folder: that of [`own_node`] where it is there, else the system's.
pub(crate) fn npm_in(folder: impl AsRef<Path>) -> Command {
    let own = own_node().ok().filter(|folder| folder.join("npm").exists());
    let mut command = match &own {
        Some(folder) => Command::new(folder.join("npm")),
        None => Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" }),
    };
    if let Some(folder) = own {
        let before = std::env::var_os("PATH").unwrap_or_default();
        let all = std::iter::once(folder).chain(std::env::split_paths(&before));
        // A path with a colon in it cannot be named; then npm finds the system's Node and says that it is too old.
        if let Ok(path) = std::env::join_paths(all) {
            command.env("PATH", path);
        }
    }
    command.current_dir(folder);
    command
}

/// The folder of programs of a Node that was installed for this repository alone, beside the build.
pub(crate) fn own_node() -> Result<PathBuf> {
    Ok(target()?.join("node").join("node_modules").join(".bin"))
}

/// Runs a program to its end; anything but success is an error.
pub(crate) fn go(command: &mut Command) -> Result<()> {
    go_allowing(command, &[0])
}

/// Runs a program to its end; these exit codes are fine.
pub(crate) fn go_allowing(command: &mut Command, fine: &[i32]) -> Result<()> {
    let line = shown(command);
    let status = command
        .status()
        .map_err(|e| format!("`{line}` does not start: {e}"))?;
    match status.code() {
        Some(code) if fine.contains(&code) => Ok(()),
        _ => Err(format!("`{line}` failed ({status})").into()),
    }
}

/// What a program prints, when it succeeds.
pub(crate) fn output(command: &mut Command) -> Option<String> {
    let done = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    done.status
        .success()
        .then(|| String::from_utf8_lossy(&done.stdout).into_owned())
}

/// Whether a program is there.
pub(crate) fn is_there(name: &str, argument: &str) -> bool {
    output(program(name).arg(argument)).is_some()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> Result<PathBuf> {
    let text = output(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))
        .ok_or("`cargo metadata` failed")?;
    let metadata: serde_json::Value = serde_json::from_str(&text)?;
    let folder = metadata["target_directory"]
        .as_str()
        .ok_or("cargo names no target folder")?;
    Ok(folder.into())
}

/// A program of ours, as built in a profile folder (`debug`, `release`).
pub(crate) fn built(profile: &str, name: &str) -> Result<PathBuf> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    Ok(target()?.join(profile).join(file))
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words
        .map(|w| w.to_string_lossy().into_owned())
        .collect::<Vec<_>>()
        .join(" ")
}
