//! What is asked to be opened of a redacted package, and what is given for it.

use serde::{Deserialize, Serialize};

/// What of a redacted package is opened; at least one thing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct DiscloseChoices {
    /// Pseudonyms, such as `actor-7Q2MX-9K4TD`: every value behind each.
    pub tokens: Vec<String>,
    /// Commitments of single values, hex, as `redactions.ndjson` has them.
    pub commitments: Vec<String>,
    /// Values that the holder of the case knows.
    pub values: Vec<String>,
    /// Numbers of events, whose whole entries are given with everything in them.
    pub events: Vec<u64>,
}

/// One value that was opened: a line of the openings file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct OpenedValuePart {
    /// `value`.
    pub kind: String,
    /// What stands for it in the package.
    pub replacement: String,
    /// The value.
    pub value: String,
    /// Its salt, hex.
    pub salt: String,
    /// SHA-256 of the bytes of the salt and the value, hex.
    pub commitment: String,
}

/// One entry that was opened: a line of the openings file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct OpenedEntryPart {
    /// `entry`.
    pub kind: String,
    /// Number of an event in it.
    pub event: u64,
    /// Its bytes as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Its bytes as base64, where they are not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
    /// Its salt, hex.
    pub salt: String,
    /// SHA-256 of the bytes of the salt and the leaf, hex.
    pub commitment: String,
}

/// What was opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct DiscloseReport {
    /// SHA-256 of `manifest-sha256.txt` of the package, hex.
    pub package: String,
    /// Values.
    pub values: Vec<OpenedValuePart>,
    /// Entries.
    pub entries: Vec<OpenedEntryPart>,
    /// Commitments that were asked for and that no value of the case gives: it stood in the title that was typed, or in a
    /// source or note that is no longer there.
    pub unopened: Vec<String>,
    /// Number of the custody entry that records it.
    pub recorded: u64,
}
