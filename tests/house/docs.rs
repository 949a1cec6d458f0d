//! Docs that name a file or folder name one that is there.

use std::path::Path;

use crate::{files, none, root};

/// First parts of paths that docs name from the top of the repository.
const TOPS: &[&str] = &[
    "src-tauri",
    "ui",
    "tests",
    "docs",
    "icons",
    "samples",
    "benches",
    ".ci",
    ".cargo",
];
/// Made by a build, so not there in a fresh clone.
const BUILT: &[&str] = &["ui/dist", "ui/node_modules", "docs/images/"];

#[test]
fn paths_in_docs_exist() {
    let mut offences = Vec::new();
    for (doc, text) in files(&["md"]) {
        let folder = root().join(&doc).parent().unwrap().to_owned();
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let path = link.split('#').next().unwrap();
            let is_address = path.contains("://") || path.starts_with("mailto:");
            if !path.is_empty() && !is_address && !folder.join(path).exists() {
                offences.push(format!("{doc} links to {path}"));
            }
        }
        for code in text.split('`').skip(1).step_by(2) {
            let path = code.trim_end_matches('/');
            let plain = path
                .chars()
                .all(|c| c.is_alphanumeric() || "._-/".contains(c));
            let ours =
                path.contains('/') && TOPS.iter().any(|top| path.starts_with(&format!("{top}/")));
            let built = BUILT.iter().any(|built| code.starts_with(built));
            if plain && ours && !built && !Path::new(&root()).join(path).exists() {
                offences.push(format!("{doc} names `{path}`"));
            }
        }
    }
    none("These are not there:", &offences);
}

#[test]
fn the_pictures_of_the_readme_exist() {
    let text = crate::read("README.md");
    let pictures: Vec<&str> = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .filter(|p| p.ends_with(".png"))
        .collect();
    assert!(!pictures.is_empty(), "the README shows the window");
    let gone: Vec<String> = pictures
        .iter()
        .filter(|p| !root().join(p).exists())
        .map(|&p| p.to_owned())
        .collect();
    none("Pictures that the README shows:", &gone);
}
