//! Every profile on exports of its own, through the readers, as one snapshot each; and recognition where it is hard.
//!
//! Owns: the folder tests/fixtures/exports from outside. Never touches: real exports (`conformance` does).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test may stop at what it did not expect"
)]

mod consoles;
mod guesses;
mod hostile;
mod recognition;
mod strangers;
mod support;

use std::collections::BTreeSet;
use std::fmt::Write;
use support::{folders, import, library};
use witnessmark_model::{Field, Instant};

/// Folders of which other tests take snapshots, or that stand for no profile.
const ELSEWHERE: &[&str] = &["mixed", "unknown"];

#[test]
fn every_profile_reads_its_own_exports() {
    let library = library();
    let mut read = BTreeSet::new();
    for (folder, files) in folders() {
        if ELSEWHERE.contains(&folder.as_str()) {
            continue;
        }
        let mut out = String::new();
        for (name, bytes) in files {
            let source = import(&library, &bytes, &name, "UTC");
            assert_eq!(source.rejected, 0, "{folder}/{name}");
            writeln!(
                out,
                "# {name}: {} ({:.2})",
                source.profiles.join(" "),
                source.confidence
            )
            .unwrap();
            let own = source.profiles.iter().all(|p| p.starts_with(&folder));
            assert!(own, "{folder}/{name} is read by {:?}", source.profiles);
            for event in &source.events {
                let flags = event.all(Field::Problems).collect::<Vec<_>>();
                assert!(!flags.contains(&"opaque"), "{folder}/{name}");
                let time = event.time.map_or("undated".to_owned(), Instant::rfc3339);
                writeln!(out, "\n{time}").unwrap();
                for (field, element, text) in &event.values {
                    writeln!(out, "  {}[{element}] = {text}", field.name()).unwrap();
                }
            }
            out.push('\n');
        }
        read.insert(folder.clone());
        insta::assert_snapshot!(folder, out);
    }
    let all: BTreeSet<String> = library.profiles().iter().map(|p| p.id.clone()).collect();
    let without: Vec<_> = all.difference(&read).collect();
    assert!(
        without.is_empty(),
        "profiles without a fixture: {without:?}"
    );
}

#[test]
fn every_action_of_the_fixtures_is_a_word_that_its_profile_knows() {
    let library = library();
    let mut unknown = Vec::new();
    for (folder, files) in folders() {
        if ELSEWHERE.contains(&folder.as_str()) {
            continue;
        }
        for (name, bytes) in files {
            for event in import(&library, &bytes, &name, "UTC").events {
                let action = event.all(Field::EventAction).next().map(str::to_owned);
                if event.all(Field::EventOperation).next().is_none() {
                    unknown.push(format!("{folder}/{name}: {action:?}"));
                }
            }
        }
    }
    // One word of the catalogue's fixture is of no catalogue on purpose, and a log line is opaque on purpose.
    unknown.retain(|line| !line.starts_with("paymongo/team.csv"));
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}
