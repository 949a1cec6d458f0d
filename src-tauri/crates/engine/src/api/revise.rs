//! What is told of a source that is taken out, and of what a later export lacks.

use serde::Serialize;

use super::{AttestedPart, SourceReport};

/// What came of a withdrawal.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct WithdrawalReport {
    /// The source that was taken out.
    pub source: u32,
    /// Events of it that stay, because another source attests them; they are read from that one now.
    pub kept: u64,
    /// Events that are not seen any more.
    pub gone: u64,
    /// The source, and those whose receipts changed because they took events over.
    pub sources: Vec<SourceReport>,
}

/// One event that the later export lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct MissingPart {
    /// Event number.
    pub event: u64,
    /// The first source that attests it.
    pub source: u32,
    /// Its entry there.
    pub entry: u64,
    /// Line of the entry's first byte.
    pub line: u64,
    /// Offset of its first byte.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// When, RFC 3339.
    #[serde(rename = "@timestamp", skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The vendor's verb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// E-mail, name or id of the actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The vendor's sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Every entry that attests it.
    pub attested: Vec<AttestedPart>,
}

/// What earlier sources hold that a later, covering export lacks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct MissingReport {
    /// The later export.
    pub source: u32,
    /// Its name.
    pub name: String,
    /// The first instant that it covers, RFC 3339; absent when it has no dated event, and then nothing can be compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Systems that it speaks of.
    pub providers: Vec<String>,
    /// Organizations that it speaks of, by id or else by name; empty when it names none.
    pub organizations: Vec<String>,
    /// Earlier sources with events of these systems and organizations in that time.
    pub compared: Vec<u32>,
    /// How many events it lacks.
    pub count: u64,
    /// Undated events of earlier sources that it lacks; whether it should hold them cannot be told.
    pub undated: u64,
    /// The events, earliest first.
    pub missing: Vec<MissingPart>,
}
