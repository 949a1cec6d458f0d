//! `cargo xtask bench`: the benchmarks, in a release build.
//!
//! Owns: nothing but starting them. Never touches: what they measure.

use crate::steps::{cargo, go, step};
use witnessmark_xtask::Result;

/// Runs every benchmark; words are handed on to them.
pub(crate) fn bench(words: &[String]) -> Result<()> {
    step("benchmarks", || {
        go(cargo()
            .args(["bench", "--locked", "--workspace", "--"])
            .args(words))
    })
}
