//! The tables as Markdown.
//!
//! Owns: their look, and where they are kept. Never touches: the figures.

use crate::oracle::{FIELDS, Share, Tally};
use crate::read::Source;
use std::collections::BTreeMap;
use std::fmt::Write;

/// One table: a row for each system.
pub(crate) struct Table {
    title: &'static str,
    rows: String,
    shares: Vec<BTreeMap<&'static str, Share>>,
}

impl Table {
    pub(crate) fn new(title: &'static str) -> Self {
        Self {
            title,
            rows: String::new(),
            shares: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, system: &str, judged: bool, tally: &Tally) {
        let profiles: Vec<&str> = tally.profiles.iter().map(String::as_str).collect();
        let name = if judged {
            system.to_owned()
        } else {
            format!("*{system}*")
        };
        let _ = write!(
            self.rows,
            "| {name} | {} | {} | {} | {} ",
            tally.entries,
            profiles.join(" "),
            percent(tally.literal()),
            tally.disputed
        );
        for column in FIELDS {
            let share = tally.shares.get(column.name).copied().unwrap_or_default();
            let _ = match (column.name, share.of) {
                ("changes", _) if share.found == 0 => write!(self.rows, "| "),
                ("changes", _) => write!(self.rows, "| {} ", share.found),
                (_, 0) => write!(self.rows, "| "),
                _ => write!(self.rows, "| {} ", percent(share)),
            };
        }
        self.rows.push_str("|\n");
        if judged {
            self.shares.push(tally.shares.clone());
        }
    }

    /// The mean over the systems that have the field.
    pub(crate) fn mean(&self, field: &str) -> f64 {
        let shares: Vec<f64> = self
            .shares
            .iter()
            .filter_map(|row| row.get(field))
            .filter(|share| share.of > 0)
            .map(|share| share.value())
            .collect();
        if shares.is_empty() {
            return 1.0;
        }
        shares.iter().sum::<f64>() / shares.len() as f64
    }

    pub(crate) fn markdown(&self) -> String {
        let names: Vec<&str> = FIELDS.iter().map(|f| f.name).collect();
        let mut out = format!(
            "## {}\n\n{}{}| **mean over systems** | | | | ",
            self.title,
            head(
                &["system", "entries", "profiles", "literal", "disputed"],
                &names
            ),
            self.rows
        );
        for column in FIELDS {
            match column.name {
                "changes" => out.push_str("| "),
                name => {
                    let _ = write!(out, "| {:.1} ", self.mean(name) * 100.0);
                }
            }
        }
        out.push_str("|\n");
        out
    }
}

fn percent(share: Share) -> String {
    let value = share.value() * 100.0;
    if share.of == 0 {
        String::new()
    } else if share.found == share.of {
        "100".to_owned()
    } else {
        format!("{value:.1}")
    }
}

/// The head of a table.
pub(crate) fn head(first: &[&str], names: &[&str]) -> String {
    let all: Vec<&str> = first.iter().chain(names).copied().collect();
    format!("| {} |\n|{}\n", all.join(" | "), "---|".repeat(all.len()))
}

/// The row of a log without an oracle.
pub(crate) fn found(name: &str, source: &Source) -> String {
    let profiles: Vec<&str> = source.profiles.iter().map(String::as_str).collect();
    let mut out = format!("| {name} | {} | {} ", source.entries, profiles.join(" "));
    for column in FIELDS {
        let with = source
            .events
            .values()
            .filter(|events| {
                events.iter().any(|event| match column.name {
                    "time" => event.time.is_some(),
                    _ => column.ours.iter().any(|f| event.all(*f).next().is_some()),
                })
            })
            .count();
        let share = 100.0 * with as f64 / source.entries.max(1) as f64;
        let _ = if with == 0 {
            write!(out, "| ")
        } else {
            write!(out, "| {share:.0} ")
        };
    }
    out.push_str("|\n");
    out
}

/// Writes the tables where the environment says, which is how docs/conformance.md is made.
pub(crate) fn keep(text: &str) {
    let Some(path) = std::env::var_os("WITNESSMARK_CONFORMANCE_OUT") else {
        return;
    };
    const BEFORE: &str = "# Conformance\n\nWhat the profiles make of real exports, against parsers that nobody here wrote. Made by `cargo xtask conformance`\nwith a folder of such exports in `WITNESSMARK_CORPUS`; the exports themselves are not part of this repository.\n\nA figure is the share, in percent, of the values that stand literally in an entry and were found in the same field; the\ncolumn `changes` counts entries with at least one changed field. An actor's id, mail address and name each count, and each\nmay stand in any actor field. Times agree to the second. `literal` is the share over all fields. `disputed` counts values\nof a parser that were set aside, because two parsers differ or because the value is another field's; each has its reason in\n`src-tauri/crates/ingest/tests/conformance/oracle.rs`. Systems in italics are no audit logs, or lines of text; they bind nobody.\n\nThe second table is read without the profiles that read the system in the first, so that the mapping is guessed (`guess@1`)\nor another profile takes the log for its own; there no value of a parser is set aside. It is\nthe honest figure for systems that nobody has described.\n\n";
    std::fs::write(path, format!("{BEFORE}{text}")).unwrap();
}
