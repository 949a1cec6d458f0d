//! Opening what a redacted package of this case hides, for the party that has the package.
//!
//! Owns: what may be opened (a package that this case's own log tells of, unchanged), the entry in the custody log, the
//! openings file. Never touches: how a commitment is made (the package crate) or read (the verify crate).

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::json;
use witnessmark_model::{Locator, Zone};
use witnessmark_package::{commitment_of, open_entry, open_values};
use witnessmark_verify::{self as checking, Commitments, Redaction};

use crate::api::{DiscloseChoices, DiscloseReport, OpenedEntryPart, OpenedValuePart};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::package::{Scope, told};
use crate::verify::{VerifyOptions, told as unchecked};
use crate::visible::visible;

/// Commitments that an error names.
const NAMED: usize = 5;

type Hash = [u8; 32];

/// A hash of 64 hex digits.
fn hash(text: &str) -> Option<Hash> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(out)
}

fn hex(hash: &Hash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unknown(what: String, hint: &str) -> Error {
    Error::new(Code::NoSuchItem, what, hint)
}

/// The redactions that are asked for, each once, in the order of the package.
fn wanted<'r>(
    held: &'r Commitments,
    choices: &DiscloseChoices,
    of_value: &dyn Fn(&str) -> String,
) -> Result<Vec<&'r Redaction>> {
    let mut chosen: BTreeSet<&str> = BTreeSet::new();
    for token in &choices.tokens {
        let behind: Vec<&Redaction> = held
            .values
            .iter()
            .filter(|r| r.replacement == *token)
            .collect();
        if behind.is_empty() {
            return Err(unknown(
                format!("the package has no pseudonym `{}`", visible(token)),
                "Copy it as it stands in the package, such as actor-7Q2MX-9K4TD.",
            ));
        }
        if let Some(other) = behind.iter().find(|r| r.act != "pseudonym") {
            let several: Vec<&str> = behind
                .iter()
                .take(NAMED)
                .map(|r| r.commitment.as_str())
                .collect();
            return Err(Error::new(
                Code::InvalidOption,
                format!(
                    "`{}` is no pseudonym (its rule is `{}`): it can stand for the values of many",
                    visible(token),
                    other.act
                ),
                format!("Name one by its commitment: {}.", several.join(", ")),
            ));
        }
        chosen.extend(behind.iter().map(|r| r.commitment.as_str()));
    }
    let known = |commitment: &str| {
        held.values
            .iter()
            .find(|r| r.commitment.eq_ignore_ascii_case(commitment))
            .map(|r| r.commitment.as_str())
    };
    for commitment in &choices.commitments {
        let found = known(commitment).ok_or_else(|| {
            unknown(
                format!("the package holds no commitment `{}`", visible(commitment)),
                "Copy it from data/redaction/redactions.ndjson of the package.",
            )
        })?;
        chosen.insert(found);
    }
    for value in &choices.values {
        let found = known(&of_value(value)).ok_or_else(|| {
            unknown(
                format!("the package hides no value `{}`", visible(value)),
                "A value is asked for as it stands in the case, to the letter.",
            )
        })?;
        chosen.insert(found);
    }
    let in_order = held.values.iter();
    Ok(in_order
        .filter(|r| chosen.contains(r.commitment.as_str()))
        .collect())
}

impl Case {
    /// Opens values and entries that a redacted package of this case hides: each with the salt of its commitment. That it was
    /// done stands in the custody log, without the values.
    ///
    /// # Errors
    /// When there is no such package, it is not as this case wrote it, it does not hold what is asked for, or the case cannot
    /// be written.
    pub fn disclose(&self, package: &Path, choices: &DiscloseChoices) -> Result<DiscloseReport> {
        if self.store.is_read_only() {
            return Err(witnessmark_store::StoreError::ReadOnly.into());
        }
        if choices == &DiscloseChoices::default() {
            return Err(Error::new(
                Code::InvalidOption,
                "nothing was named that should be opened",
                "Name a pseudonym, a commitment, a value or an event of the package.",
            ));
        }
        let id = self.written_here(package)?;
        let events: BTreeSet<u64> = choices.events.iter().copied().collect();
        let held =
            checking::commitments(package, &events).map_err(|error| unchecked(package, &error))?;
        let facts = self.package_facts("", &Zone::UTC, false)?;
        let of_value = |value: &str| hex(&commitment_of(&facts, value));
        let wanted = wanted(&held, choices, &of_value)?;
        let hashes: Vec<Hash> = wanted.iter().filter_map(|r| hash(&r.commitment)).collect();
        let mut go_on = |_: &crate::api::PackageProgress| std::ops::ControlFlow::Continue(());
        let scope = Scope::new(self, facts, "", Zone::UTC, &mut go_on);
        let mut found = if hashes.is_empty() {
            BTreeMap::new()
        } else {
            open_values(&scope, &hashes).map_err(told)?
        };
        let (mut values, mut unopened) = (Vec::new(), Vec::new());
        for redaction in &wanted {
            match hash(&redaction.commitment).and_then(|h| found.remove(&h)) {
                Some(opened) => values.push(OpenedValuePart {
                    kind: "value".to_owned(),
                    replacement: redaction.replacement.clone(),
                    value: opened.value,
                    salt: hex(&opened.salt),
                    commitment: redaction.commitment.clone(),
                }),
                None => unopened.push(redaction.commitment.clone()),
            }
        }
        let mut entries = Vec::new();
        for event in &events {
            entries.push(opened_entry(&scope, &held, *event)?);
        }
        let detail = json!({
            "package": id, "values": values.len(), "entries": entries.len(),
            "commitments": values.iter().map(|v| v.commitment.as_str()).collect::<Vec<_>>(),
            "events": events,
        });
        let recorded = self.store.record(&self.stamp(), "disclose", &detail)?;
        Ok(DiscloseReport {
            package: id,
            values,
            entries,
            unopened,
            recorded,
        })
    }

    /// The id of a package that holds and that this case wrote, byte for byte as its custody log tells. Any other could ask for
    /// one value under the name of another.
    fn written_here(&self, package: &Path) -> Result<String> {
        let report = checking::verify(package, &VerifyOptions::default())
            .map_err(|error| unchecked(package, &error))?;
        let shown = package.to_string_lossy();
        if report.kind != "package" {
            let message = format!("`{shown}` is a case, not a package");
            let hint = "Give the folder or the .zip of a redacted package.";
            return Err(Error::new(Code::InvalidOption, message, hint).at(shown));
        }
        if report.ok && !report.layers.iter().any(|l| l.layer == "redaction") {
            let message = format!("`{shown}` hides nothing: it was written without a policy");
            let hint = "Every value stands in it; nothing has to be opened.";
            return Err(Error::new(Code::InvalidOption, message, hint).at(shown));
        }
        let log = self.store.custody()?;
        let same = |e: &&witnessmark_store::case::CustodyEntry| {
            e.entry["action"] == "package"
                && report
                    .binds
                    .as_deref()
                    .is_some_and(|binds| e.entry["detail"]["binds"] == binds)
        };
        let written = log.iter().rev().find(same).filter(|_| report.ok);
        let id = written.and_then(|e| e.entry["detail"]["package"].as_str());
        id.map(str::to_owned).ok_or_else(|| {
            Error::new(
                Code::InvalidOption,
                format!("`{shown}` is not, as it stands, a package that this case wrote"),
                "Give the package as it was written, with the case that wrote it; `witnessmark verify` says what was changed.",
            )
            .at(shown)
        })
    }
}

fn opened_entry(
    scope: &Scope<'_, '_, '_>,
    held: &Commitments,
    event: u64,
) -> Result<OpenedEntryPart> {
    let stands = held.events.get(&event).ok_or_else(|| {
        unknown(
            format!("the package holds no event {event}"),
            "Give the number that stands in its events.ndjson under witnessmark.event.",
        )
    })?;
    let source = u32::try_from(stands.source)
        .map_err(|_| internal(format!("source {} is no source", stands.source)))?;
    let place = Locator {
        source,
        entry: stands.entry,
        offset: stands.offset,
        length: stands.length,
        ..Locator::default()
    };
    let opened = open_entry(scope, &place).map_err(told)?;
    let commitment = hex(&opened.commitment);
    if stands.commitment.as_deref() != Some(commitment.as_str()) {
        return Err(Error::new(
            Code::CaseDamaged,
            format!("the entry of event {event} is not the one that the package was written of"),
            "Check the case with `witnessmark verify`.",
        ));
    }
    Ok(OpenedEntryPart {
        kind: "entry".to_owned(),
        event,
        text: opened.text,
        base64: opened.base64,
        salt: hex(&opened.salt),
        commitment,
    })
}

impl DiscloseReport {
    /// The openings file: a JSON object a line, which `verify` holds against the package.
    ///
    /// # Errors
    /// Never in practice: all of it is text.
    pub fn lines(&self) -> Result<String> {
        let mut out = String::new();
        let values = self.values.iter().map(serde_json::to_string);
        let entries = self.entries.iter().map(serde_json::to_string);
        for line in values.chain(entries) {
            out.push_str(&line.map_err(|e| internal(e.to_string()))?);
            out.push('\n');
        }
        Ok(out)
    }
}
