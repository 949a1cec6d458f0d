//! `cargo xtask test`: every check and every test, the cheap ones first.
//!
//! Owns: their order and their names. Never touches: what they check.

use crate::steps::{built, cargo, go, npm, output, say, step};
use crate::{bindings, licences, peers, system};
use witnessmark_xtask::Result;

type Step = (&'static str, fn() -> Result<()>);

const STEPS: &[Step] = &[
    ("system", || system::prepare(true)),
    ("format", || go(cargo().args(["fmt", "--all", "--check"]))),
    ("packages", system::window_packages),
    ("types", || go(npm().args(["run", "check"]))),
    ("lint", || go(npm().args(["run", "lint"]))),
    ("vitest", || go(npm().args(["run", "test"]))),
    ("window", || go(npm().args(["run", "build"]))),
    ("clippy", clippy),
    ("licences", licences::check),
    ("programs", programs),
    ("stock tools", system::install_stock_tools),
    ("peers", peers::install),
    ("rust", rust),
    ("bindings", bindings::check),
    ("journeys", journeys),
];

/// Runs every step, or those that are named.
pub(crate) fn test(only: &[String]) -> Result<()> {
    if only.iter().any(|word| word == "--list") {
        STEPS.iter().for_each(|(name, _)| say(name));
        return Ok(());
    }
    if let Some(unknown) = only
        .iter()
        .find(|word| STEPS.iter().all(|(name, _)| name != word))
    {
        return Err(
            format!("there is no step `{unknown}`; `cargo xtask test --list` names them").into(),
        );
    }
    let chosen = STEPS
        .iter()
        .filter(|(name, _)| only.is_empty() || only.iter().any(|word| word == name));
    for (name, work) in chosen {
        step(name, work)?;
    }
    say("\nAll is well.");
    Ok(())
}

fn clippy() -> Result<()> {
    go(cargo().args([
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))
}

/// The programs that tests start. Each of these steps builds the whole workspace with all features, so that nothing is
/// compiled twice.
fn programs() -> Result<()> {
    go(cargo().args([
        "build",
        "--locked",
        "--workspace",
        "--all-features",
        "--bins",
    ]))
}

fn rust() -> Result<()> {
    let nextest = output(cargo().args(["nextest", "--version"])).is_some();
    let mut command = cargo();
    if nextest {
        command.args(["nextest", "run"]);
    } else {
        say(
            "cargo-nextest is not installed; `cargo test` does the same, one program after the other",
        );
        command.arg("test");
    }
    go(command
        .args(["--locked", "--workspace", "--all-features"])
        .env("WITNESSMARK_STOCK_TOOLS", system::stock_tools()?)
        .env("WITNESSMARK_PEERS", peers::folder()?)
        .env("TS_RS_EXPORT_DIR", crate::steps::target()?.join("bindings")))
}

/// The tests in the real window; one at a time, because each brings its own screen and the machine may be small.
fn journeys() -> Result<()> {
    if !cfg!(target_os = "linux") {
        say("left out: WebDriver reaches the system's web view on Linux only");
        return Ok(());
    }
    go(cargo()
        .args([
            "test",
            "--locked",
            "--workspace",
            "--all-features",
            "--test",
            "window",
        ])
        .args(["--", "--ignored", "--test-threads=1"])
        .env("WITNESSMARK_APP", built("debug", "witnessmark-desktop")?)
        .env("WITNESSMARK_COMMAND", built("debug", "witnessmark")?))
}
