//! Who may import whom. The law is the table in ARCHITECTURE.md; this reads it and the manifests, and compares.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::{none, read, root};

const PREFIX: &str = "witnessmark-";
/// The heading under which the table stands.
const HEADING: &str = "## Who may import whom";

/// What a package names in its manifest, without what only its tests need.
struct Package {
    ours: BTreeSet<String>,
    outside: BTreeSet<String>,
    tests: BTreeSet<String>,
}

fn packages() -> BTreeMap<String, Package> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let out = Command::new(cargo)
        .args([
            "metadata",
            "--offline",
            "--no-deps",
            "--format-version",
            "1",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&out.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages
        .map(|package| {
            let (mut ours, mut outside, mut tests) =
                (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
            for dependency in package["dependencies"].as_array().unwrap() {
                let name = dependency["name"].as_str().unwrap();
                match (dependency["kind"].as_str(), name.strip_prefix(PREFIX)) {
                    (Some("dev"), _) => drop(tests.insert(name.to_owned())),
                    (_, Some(short)) => drop(ours.insert(short.to_owned())),
                    (_, None) => drop(outside.insert(name.to_owned())),
                }
            }
            let name = package["name"]
                .as_str()
                .unwrap()
                .trim_start_matches(PREFIX)
                .to_owned();
            (
                name,
                Package {
                    ours,
                    outside,
                    tests,
                },
            )
        })
        .collect()
}

/// The rows of the table: package, ours, outside.
fn table() -> BTreeMap<String, [BTreeSet<String>; 2]> {
    let text = read("ARCHITECTURE.md");
    let after = text
        .split(HEADING)
        .nth(1)
        .unwrap_or_else(|| panic!("ARCHITECTURE.md has no `{HEADING}`"));
    let rows = after
        .lines()
        .skip_while(|l| !l.starts_with('|'))
        .take_while(|l| l.starts_with('|'))
        .skip(2);
    let words = |cell: &str| -> BTreeSet<String> {
        let parts = cell
            .split([',', ' '])
            .map(|word| word.trim().trim_matches('`'));
        parts
            .filter(|word| !word.is_empty() && *word != "-")
            .map(str::to_owned)
            .collect()
    };
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let name = cells[0].trim().trim_matches('`').to_owned();
        (name, [words(cells[1]), words(cells[2])])
    })
    .collect()
}

#[test]
fn every_package_imports_what_the_table_says_and_nothing_else() {
    let (table, packages) = (table(), packages());
    let mut offences = Vec::new();
    for (name, package) in &packages {
        let Some([ours, outside]) = table.get(name) else {
            offences.push(format!("`{name}` has no row"));
            continue;
        };
        for (what, used, allowed) in [
            ("ours", &package.ours, ours),
            ("outside", &package.outside, outside),
        ] {
            let extra = used
                .difference(allowed)
                .map(|x| format!("`{name}` imports `{x}` ({what}), its row does not"));
            let stale = allowed.difference(used).map(|x| {
                format!("the row of `{name}` names `{x}` ({what}), it does not import it")
            });
            offences.extend(extra.chain(stale));
        }
    }
    let gone = table.keys().filter(|name| !packages.contains_key(*name));
    offences.extend(gone.map(|name| format!("the row of `{name}` has no package")));
    none(
        "The manifests and the table in ARCHITECTURE.md must say the same:",
        &offences,
    );
}

/// The two sentences an auditor can check in a minute, and the one that keeps tests free of a web view.
#[test]
fn sql_sockets_windows_and_keyrings_have_one_place_each() {
    let places: [(&[&str], &[&str]); 4] = [
        (&["rusqlite", "libsqlite3-sys"], &["store", "verify"]),
        (&["reqwest", "hyper", "ureq", "curl", "socket2"], &["pull"]),
        (
            &["tauri", "tauri-build", "tauri-plugin-dialog", "wry"],
            &["desktop"],
        ),
        (
            &[
                "dbus",
                "dbus-secret-service",
                "zbus",
                "keyring-core",
                "apple-native-keyring-store",
                "windows-native-keyring-store",
            ],
            &["keyring"],
        ),
    ];
    let mut offences = Vec::new();
    for (name, package) in packages() {
        for (crates, allowed) in places {
            let all = package.outside.union(&package.tests);
            let used =
                all.filter(|x| crates.contains(&x.as_str()) && !allowed.contains(&name.as_str()));
            offences
                .extend(used.map(|x| format!("`{name}` names `{x}`, which only {allowed:?} may")));
        }
    }
    none(
        "SQL, sockets, windows and keyrings have one place each:",
        &offences,
    );
}
