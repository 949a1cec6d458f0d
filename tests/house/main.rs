//! The laws of the house: who may import whom, what a source file looks like, what the window may call, what docs name.
//!
//! Owns: how the repository is walked. Each law is a module. Never touches: behaviour; other tests hold that.

mod docs;
mod imports;
mod permissions;
mod tidy;

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that are built, downloaded or kept by tools.
const NOT_OURS: &[&str] = &["target", "gen", "out", "node_modules", "dist", ".git"];

/// The top folder of the repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// The text of a file, by its path from the top.
fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// Every file of ours with one of these endings, as its path from the top with `/`, and its text.
fn files(endings: &[&str]) -> Vec<(String, String)> {
    let (root, mut found) = (root(), Vec::new());
    walk(&root, &mut |path| {
        if path
            .extension()
            .is_some_and(|e| endings.iter().any(|x| e == *x))
        {
            let name = path
                .strip_prefix(&root)
                .unwrap()
                .to_string_lossy()
                .replace('\\', "/");
            found.push((name, fs::read_to_string(path).unwrap_or_default()));
        }
    });
    found.sort();
    assert!(
        !found.is_empty(),
        "no file ends in {endings:?}: the walk is broken"
    );
    found
}

fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).unwrap() {
        let (path, kind) = entry.map(|e| (e.path(), e.file_type().unwrap())).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if kind.is_dir() && !NOT_OURS.contains(&name.as_str()) {
            walk(&path, visit);
        } else if kind.is_file() {
            visit(&path);
        }
    }
}

/// Fails with every offence on a line of its own.
fn none(law: &str, offences: &[String]) {
    assert!(offences.is_empty(), "{law}\n  {}", offences.join("\n  "));
}
