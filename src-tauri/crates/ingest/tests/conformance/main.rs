//! What the profiles make of real exports, against parsers that nobody here wrote.
//!
//! Owns: two tables (system by field), one with every profile and one with the system's own profile switched off, and the
//! shares below which this fails. Never touches: the exports, whose licences allow checking and no more; they are read
//! from the folder of `WITNESSMARK_CORPUS`, and where that is not set the tests say so.
//!
//! `cargo xtask conformance` runs this and writes docs/conformance.md.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a test may stop at what it did not expect, and prints the table that it is for"
)]

mod corpus;
mod oracle;
mod read;
mod table;

use corpus::{Case, Corpus};
use oracle::{FIELDS, Tally};
use read::{Outcome, Reader};
use std::collections::BTreeSet;
use table::Table;

/// Systems whose samples are no audit log, or whose samples an independent parser reads as something else than one: they
/// are read and kept, and their shares are shown and bind nobody.
const NO_AUDIT_LOG: &[&str] = &[
    "cyberark_pas",
    "f5_xc",
    "keycloak_text",
    "lacework",
    "mimecast",
    "mysql_enterprise",
    "ngrok",
    "o365_messagetrace",
    "ocsf_native",
];

/// Shares of every audit-log system.
const LITERAL: f64 = 0.97;
const TIME_AND_ACTION: f64 = 0.99;
/// Means over all systems without their profiles; the aim is 0.9 for each.
const GUESSED: &[(&str, f64)] = &[
    ("time", 0.95),
    ("action", 0.85),
    ("actor", 0.85),
    ("ip", 0.94),
];

#[test]
fn real_exports_are_read_as_independent_parsers_read_them() {
    let Some(corpus) = Corpus::open() else {
        eprintln!("WITNESSMARK_CORPUS is not set: no real export was compared");
        return;
    };
    let reader = Reader::with_all();
    let mut with = Table::new("Every profile");
    let mut without = Table::new("Without the system's own profiles");
    let mut failures: Vec<String> = Vec::new();
    for (system, cases) in corpus.systems() {
        let mut own = BTreeSet::new();
        let tally = tally(&reader, &cases, false, &mut failures, &mut |read| {
            own.extend(read.profiles.iter().cloned());
        });
        let judged = !NO_AUDIT_LOG.contains(&system.as_str());
        if judged {
            failures.extend(tally.below(&system, LITERAL, TIME_AND_ACTION));
        }
        with.add(&system, judged, &tally);
        if judged {
            let blind = Reader::without(&own);
            let tally = self::tally(&blind, &cases, true, &mut failures, &mut |_| {});
            without.add(&system, judged, &tally);
        }
    }
    let panther = panther(&corpus, &reader, &mut failures);
    let text = format!("{}\n{}\n{}", with.markdown(), without.markdown(), panther);
    println!("{text}");
    table::keep(&text);
    for (field, least) in GUESSED {
        let share = without.mean(field);
        if share < *least {
            failures.push(format!("guessed {field}: {:.1} %", share * 100.0));
        }
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

/// Reads the cases of a system and compares.
fn tally(
    reader: &Reader,
    cases: &[Case],
    blind: bool,
    failures: &mut Vec<String>,
    seen: &mut dyn FnMut(&read::Source),
) -> Tally {
    let mut tally = Tally::default();
    for case in cases {
        match reader.read(&case.bytes, &case.name) {
            Outcome::Read(source) => {
                failures.extend(source.lost(&case.name));
                if source.entries != case.entries && !case.is_text() {
                    failures.push(format!(
                        "{}: {} entries, {} read",
                        case.name, case.entries, source.entries
                    ));
                }
                seen(&source);
                tally.add(case, &source, blind);
            }
            Outcome::Refused(why) if case.is_text() => tally.refused.push(why),
            Outcome::Refused(why) => failures.push(format!("{}: refused: {why}", case.name)),
        }
    }
    tally
}

/// The rule tests have no oracle: what is found in them is counted, and no entry may be lost.
fn panther(corpus: &Corpus, reader: &Reader, failures: &mut Vec<String>) -> String {
    let mut out = String::from(
        "## Found without an oracle\n\nShare of the entries in which a value was found at all; nobody says whether it should be there.\n\n",
    );
    let names: Vec<&str> = FIELDS.iter().map(|f| f.name).collect();
    out.push_str(&table::head(&["log", "entries", "profiles"], &names));
    for case in corpus.unlabelled() {
        match reader.read(&case.bytes, &case.name) {
            Outcome::Read(source) => {
                failures.extend(source.lost(&case.name));
                if source.entries != case.entries {
                    failures.push(format!("{}: {} read", case.name, source.entries));
                }
                out.push_str(&table::found(&case.name, &source));
            }
            Outcome::Refused(why) => failures.push(format!("{}: refused: {why}", case.name)),
        }
    }
    out
}
