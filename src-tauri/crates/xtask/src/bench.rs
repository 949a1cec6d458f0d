//! `cargo xtask bench`: the benchmarks, in a release build, beside their peers in the same run.
//!
//! Owns: building what they run. Never touches: what they measure (`src-tauri/benches`).

use crate::steps::{cargo, go, program, step, target};
use witnessmark_xtask::Result;

/// Builds the command and the examples that make data and time the lens, then hands the words on to the benchmarks.
pub(crate) fn bench(words: &[String]) -> Result<()> {
    step("programs", || {
        let packages = ["witnessmark-cli", "witnessmark-engine", "witnessmark-tests"];
        let mut command = cargo();
        command.args(["build", "--release", "--locked", "--bins", "--examples"]);
        for package in packages {
            command.args(["--package", package]);
        }
        go(&mut command)
    })?;
    step("benchmarks", || {
        let target = target()?;
        go(program("python3")
            .arg("src-tauri/benches/run.py")
            .arg("--bin")
            .arg(target.join("release"))
            .arg("--folder")
            .arg(target.join("bench"))
            .args(words))
    })
}
