//! The TypeScript types of the window, written from the Rust types.
//!
//! Owns: where they are written, and the comparison with what is committed. Never touches: their content (ts-rs writes it).

use std::collections::BTreeMap;
use std::path::Path;

use crate::steps::{cargo, go, root, target};
use witnessmark_xtask::Result;

const COMMITTED: &str = "ui/src/backend/bindings";

/// Writes them where the window looks for them.
pub(crate) fn write() -> Result<()> {
    export(&root().join(COMMITTED))
}

/// Fails when the committed ones are not what the Rust types say.
pub(crate) fn check() -> Result<()> {
    let fresh = target()?.join("bindings");
    if fresh.exists() {
        std::fs::remove_dir_all(&fresh)?;
    }
    export(&fresh)?;
    let (fresh, committed) = (read(&fresh)?, read(&root().join(COMMITTED))?);
    let stale: Vec<&str> = fresh
        .keys()
        .chain(committed.keys())
        .filter(|name| fresh.get(*name) != committed.get(*name))
        .map(String::as_str)
        .collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{COMMITTED} is stale ({}): run `cargo xtask bindings` and commit it",
        stale.join(", ")
    )
    .into())
}

fn export(folder: &Path) -> Result<()> {
    // A test of each exported type writes its file, which is how ts-rs works.
    // The whole workspace, as everywhere in the tests: other packages would mean other features, and building anew.
    go(cargo()
        .args([
            "test",
            "--quiet",
            "--locked",
            "--workspace",
            "--all-features",
        ])
        .args(["--lib", "export_bindings"])
        .env("TS_RS_EXPORT_DIR", folder))
}

fn read(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.insert(
                entry.file_name().to_string_lossy().into_owned(),
                std::fs::read_to_string(entry.path())?,
            );
        }
    }
    Ok(files)
}
