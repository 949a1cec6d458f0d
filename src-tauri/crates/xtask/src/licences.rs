//! Licences of everything that is compiled in, against the list in deny.toml.
//!
//! Owns: the check where cargo-deny is not installed. Never touches: the list.

use serde_json::Value;

use crate::steps::{cargo, go, output, root, say};
use witnessmark_xtask::Result;

/// Fails when something has a licence that deny.toml does not allow.
pub(crate) fn check() -> Result<()> {
    if output(cargo().args(["deny", "--version"])).is_some() {
        say("checked by cargo-deny");
        return go(cargo().args([
            "deny",
            "--all-features",
            "check",
            "licenses",
            "bans",
            "sources",
        ]));
    }
    say("cargo-deny is not installed; the licences are read from `cargo metadata` instead");
    let list = read()?;
    let text = output(cargo().args([
        "metadata",
        "--locked",
        "--all-features",
        "--format-version",
        "1",
    ]))
    .ok_or("`cargo metadata` failed")?;
    let metadata: Value = serde_json::from_str(&text)?;
    let packages = metadata["packages"]
        .as_array()
        .ok_or("cargo lists no packages")?;
    let refused: Vec<String> = packages
        .iter()
        .filter_map(|package| {
            let name = package["name"].as_str().unwrap_or_default();
            let licence = package["license"].as_str().unwrap_or("none named");
            let refused = !satisfies(licence, &list.for_package(name));
            refused.then(|| format!("{name} {}: {licence}", package["version"]))
        })
        .collect();
    if refused.is_empty() {
        say(&format!(
            "{} packages, all under licences that deny.toml allows",
            packages.len()
        ));
        return Ok(());
    }
    Err(format!(
        "licences that deny.toml does not allow:\n{}",
        refused.join("\n")
    )
    .into())
}

/// What deny.toml allows: everywhere, and for single packages.
struct List {
    everywhere: Vec<String>,
    single: Vec<(String, Vec<String>)>,
}

impl List {
    fn for_package(&self, name: &str) -> Vec<String> {
        let own = self.single.iter().filter(|(package, _)| package == name);
        let own = own.flat_map(|(_, licences)| licences);
        self.everywhere.iter().chain(own).cloned().collect()
    }
}

fn read() -> Result<List> {
    let deny: toml::Table = std::fs::read_to_string(root().join("deny.toml"))?.parse()?;
    let licences = deny.get("licenses").ok_or("deny.toml has no licences")?;
    let words = |value: Option<&toml::Value>| -> Vec<String> {
        let list = value.and_then(toml::Value::as_array).into_iter().flatten();
        list.filter_map(toml::Value::as_str)
            .map(str::to_owned)
            .collect()
    };
    let exceptions = licences.get("exceptions").and_then(toml::Value::as_array);
    let single = exceptions.into_iter().flatten().filter_map(|entry| {
        let name = entry.get("crate")?.as_str()?.to_owned();
        Some((name, words(entry.get("allow"))))
    });
    Ok(List {
        everywhere: words(licences.get("allow")),
        single: single.collect(),
    })
}

/// Whether an SPDX expression can be met with these licences. `AND` binds closer than `OR`; a slash is an old `OR`.
fn satisfies(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    either(&words, &mut at, allowed) && at == words.len()
}

fn either(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut met = both(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        met |= both(words, at, allowed);
    }
    met
}

fn both(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let mut met = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        met &= one(words, at, allowed);
    }
    met
}

fn one(words: &[&str], at: &mut usize, allowed: &[String]) -> bool {
    let Some(&word) = words.get(*at) else {
        return false;
    };
    *at += 1;
    if word == "(" {
        let met = either(words, at, allowed);
        *at += 1;
        return met;
    }
    let mut name = word.to_owned();
    if words.get(*at) == Some(&"WITH") {
        name = format!("{word} WITH {}", words.get(*at + 1).unwrap_or(&""));
        *at += 2;
    }
    allowed.contains(&name)
}
