//! `cargo xtask conformance`: what the profiles make of real exports, as a table.
//!
//! Owns: where the table is kept. Never touches: the comparison, which is a test of the crate `ingest`.

use crate::steps::{cargo, go, root, say};
use witnessmark_xtask::Result;

/// Reads the folder that `WITNESSMARK_CORPUS` names, prints the tables, and writes them to docs/conformance.md.
pub(crate) fn conformance() -> Result<()> {
    let Some(folder) = std::env::var_os("WITNESSMARK_CORPUS") else {
        say("WITNESSMARK_CORPUS is not set: there are no real exports to compare with");
        return Ok(());
    };
    let folder = std::path::absolute(folder)?;
    go(cargo()
        .args(["test", "--locked", "-p", "witnessmark-ingest"])
        .args(["--test", "conformance", "--", "--nocapture"])
        .env("WITNESSMARK_CORPUS", folder)
        .env(
            "WITNESSMARK_CONFORMANCE_OUT",
            root().join("docs/conformance.md"),
        ))
}
