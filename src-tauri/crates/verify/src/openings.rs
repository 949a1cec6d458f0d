//! Values and entries that the holder of the case has opened, against the commitments that a redacted package holds.
//!
//! Owns: the lines of an openings file (docs/package-format.md, "Opening a commitment"), from the receiver's side, and the
//! commitments of a package. Never touches: the case, which the receiver does not have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::EVENTS;
use crate::bag::told;
use crate::content::lines;
use crate::files::Files;
use crate::report::{Layer, VerifyError};
use crate::tree::{self, Hash};

pub(crate) const REDACTIONS: &str = "data/redaction/redactions.ndjson";
/// Opened values that are told by name.
const NAMED: usize = 5;

/// One line of `redactions.ndjson`: a hidden value by what stands for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Redaction {
    /// What the rule is of.
    #[serde(default)]
    pub what: String,
    /// `pseudonym`, `mask`, `remove`.
    #[serde(rename = "do", default)]
    pub act: String,
    /// What stands for the value.
    pub replacement: String,
    /// SHA-256 of its salt and the value, hex.
    pub commitment: String,
}

/// The entry of an event of a package, by place and commitment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CommittedEvent {
    /// Its number.
    pub event: u64,
    /// Source of its entry.
    pub source: u64,
    /// Entry in the source.
    pub entry: u64,
    /// Where the entry begins in the source.
    pub offset: u64,
    /// Bytes of the entry.
    pub length: u64,
    /// SHA-256 of its salt and the leaf of the entry, hex; absent in a package that hides nothing.
    pub commitment: Option<String>,
}

#[derive(Deserialize)]
struct EventLine {
    witnessmark: CommittedEvent,
}

/// What an openings file says of one commitment.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Opening {
    Value {
        commitment: String,
        replacement: String,
        salt: String,
        value: String,
    },
    Entry {
        event: u64,
        commitment: String,
        salt: String,
        text: Option<String>,
        base64: Option<String>,
    },
}

/// The commitments of a package.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commitments {
    /// Of hidden values, in the order of the package.
    pub values: Vec<Redaction>,
    /// Of the entries of the events that were asked for, by event.
    pub events: BTreeMap<u64, CommittedEvent>,
}

/// Reads the commitments of a package (folder or `.zip`): of all hidden values, and of the entries of some events.
///
/// # Errors
/// When there is no redacted package at the path, or a line of it is not what it should be.
pub fn commitments(path: &Path, events: &BTreeSet<u64>) -> Result<Commitments, VerifyError> {
    let files = Files::open(path)?;
    let read = || -> Result<Commitments, String> {
        if !files.has(REDACTIONS) {
            return Err("it hides nothing: it holds no record of a redaction".to_owned());
        }
        Ok(Commitments {
            values: redactions(&files)?,
            events: committed(&files, events)?,
        })
    };
    read().map_err(|why| VerifyError::Unknown {
        path: path.to_owned(),
        why,
    })
}

fn no_json(error: &serde_json::Error) -> String {
    format!("it is not the JSON it should be: {error}")
}

fn redactions(files: &Files) -> Result<Vec<Redaction>, String> {
    let mut found = Vec::new();
    lines(files, REDACTIONS, &mut |_, text| {
        found.push(serde_json::from_str(text).map_err(|e| no_json(&e))?);
        Ok(())
    })?;
    Ok(found)
}

fn committed(
    files: &Files,
    wanted: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, CommittedEvent>, String> {
    let mut found = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(found);
    }
    lines(files, EVENTS, &mut |_, text| {
        let line: EventLine = serde_json::from_str(text).map_err(|e| no_json(&e))?;
        let event = line.witnessmark;
        if wanted.contains(&event.event) {
            found.insert(event.event, event);
        }
        Ok(())
    })?;
    Ok(found)
}

fn salted(salt: &str, bytes: &[u8]) -> Result<Hash, String> {
    let salt = tree::hash(salt).ok_or("its salt is not 64 hex digits")?;
    Ok(Sha256::new_with_prefix(salt)
        .chain_update(bytes)
        .finalize()
        .into())
}

/// Holds each line of an openings file against the package.
pub(crate) fn check(files: &Files, text: &str) -> Layer {
    match read(files, text) {
        Err(why) => Layer::failed("openings", why),
        Ok((opened, faults)) if faults.is_empty() => Layer::held(
            "openings",
            opened,
            "each opened value is the one that this package has held behind its replacement since it was written, and each opened entry the one behind its event",
            "that nothing else stands behind the same pseudonym (an address, an id and a name of one person share one), and nothing of what was not opened",
        ),
        Ok((_, faults)) => Layer::failed("openings", told(faults)),
    }
}

/// What was opened, and what does not hold.
fn read(files: &Files, text: &str) -> Result<(String, Vec<String>), String> {
    let mut openings = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let opening: Opening = serde_json::from_str(line)
            .map_err(|e| format!("line {} of the openings is none: {e}", at + 1))?;
        openings.push((at + 1, opening));
    }
    if openings.is_empty() {
        return Err("the openings hold no line".to_owned());
    }
    if !files.has(REDACTIONS) {
        return Err("the package hides nothing, so there is nothing to open".to_owned());
    }
    let events = openings.iter().filter_map(|(_, o)| match o {
        Opening::Entry { event, .. } => Some(*event),
        Opening::Value { .. } => None,
    });
    let events = committed(files, &events.collect())?;
    let values: BTreeMap<String, String> = redactions(files)?
        .into_iter()
        .map(|r| (r.commitment, r.replacement))
        .collect();
    let (mut named, mut counts, mut faults) = (Vec::new(), (0, 0), Vec::new());
    for (line, opening) in &openings {
        match holds(opening, &values, &events) {
            Err(why) => faults.push(format!("line {line} of the openings: {why}")),
            Ok(Some(name)) => {
                counts.0 += 1;
                named.push(name);
            }
            Ok(None) => counts.1 += 1,
        }
    }
    let more = named.len().saturating_sub(NAMED);
    named.truncate(NAMED);
    let mut opened = format!("{} values, {} entries", counts.0, counts.1);
    if !named.is_empty() {
        opened.push_str(&format!(": {}", named.join("; ")));
    }
    if more > 0 {
        opened.push_str(&format!("; and {more} more"));
    }
    Ok((opened, faults))
}

/// Whether one opening holds; of a value, its words.
fn holds(
    opening: &Opening,
    values: &BTreeMap<String, String>,
    events: &BTreeMap<u64, CommittedEvent>,
) -> Result<Option<String>, String> {
    match opening {
        Opening::Value {
            commitment,
            replacement,
            salt,
            value,
        } => {
            let Some(held) = values.get(commitment) else {
                return Err("the package holds no such commitment".to_owned());
            };
            if held != replacement {
                return Err(format!(
                    "the package holds this commitment for `{held}`, not for `{replacement}`"
                ));
            }
            if hex::encode(salted(salt, value.as_bytes())?) != *commitment {
                return Err(format!(
                    "the value that is given for `{replacement}` is not the one that was committed to"
                ));
            }
            Ok(Some(format!("`{replacement}` is `{value}`")))
        }
        Opening::Entry {
            event,
            commitment,
            salt,
            text,
            base64,
        } => {
            let bytes = match (text, base64) {
                (Some(text), None) => text.as_bytes().to_vec(),
                (None, Some(coded)) => STANDARD
                    .decode(coded)
                    .map_err(|_| "its base64 is none".to_owned())?,
                _ => return Err("it holds no bytes".to_owned()),
            };
            let held = events
                .get(event)
                .and_then(|e| Some((e, e.commitment.as_ref()?)));
            let Some((held, expected)) = held else {
                return Err(format!("the package holds no event {event}"));
            };
            let found = hex::encode(salted(salt, &tree::leaf(&bytes))?);
            if expected != commitment || found != *expected || held.length != bytes.len() as u64 {
                return Err(format!(
                    "the entry that is given for event {event} is not the one that was committed to"
                ));
            }
            Ok(None)
        }
    }
}
