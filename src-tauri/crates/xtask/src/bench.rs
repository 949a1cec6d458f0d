//! `cargo xtask bench`: the benchmarks, in a release build, beside their peers in the same run.
//!
//! Owns: building what they run. Never touches: what they measure (`src-tauri/benches`).

use crate::steps::{cargo, go, program, step, target};
use witnessmark_xtask::Result;

/// Builds the command and the examples that make data and time the lens, then hands the words on to the benchmarks: those of
/// the drill-downs or of the review when the first word says so.
pub(crate) fn bench(words: &[String]) -> Result<()> {
    let (script, words) = match words.split_first() {
        // These have data and peers of their own.
        Some((first, rest)) if first == "drill" => ("src-tauri/benches/drill.py", rest),
        Some((first, rest)) if first == "detect" => ("src-tauri/benches/detect.py", rest),
        _ => ("src-tauri/benches/run.py", words),
    };
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
            .arg(script)
            .arg("--bin")
            .arg(target.join("release"))
            .arg("--folder")
            .arg(target.join("bench"))
            .args(words))
    })
}
