//! The case as a whole, and its custody log.

use serde::Serialize;

use super::SourceReport;

/// What is in a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct CaseSummary {
    /// Its id, a UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its file name, without folder.
    pub file: String,
    /// Whether it is encrypted.
    pub encrypted: bool,
    /// Zone in which times are shown.
    pub zone: String,
    /// Offset of that zone at the last event (or now), such as `+08:00`.
    pub zone_offset: String,
    /// Every source, also withdrawn ones.
    pub sources: Vec<SourceReport>,
    /// Events.
    pub events: u64,
    /// Events without a time.
    pub undated: u64,
    /// Rejected entries.
    pub rejected: u64,
    /// First instant, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Last instant, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Number of the last custody entry.
    pub custody_size: u64,
    /// Hash of the last custody entry, hex.
    pub custody_head: String,
    /// What was set right on opening (a half-finished import that was discarded), for people.
    pub notices: Vec<String>,
}

/// One entry of the custody log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct CustodyEntry {
    /// From 1, without holes.
    pub seq: u64,
    /// RFC 3339 in UTC.
    pub at: String,
    /// Who, as the operating system names them.
    pub who: String,
    /// Program and version.
    pub tool: String,
    /// What was done.
    pub action: String,
    /// The same as a sentence, where it was done to what a person said: on what, and what kind of change; else empty.
    pub says: String,
    /// Details as canonical JSON.
    pub detail: String,
    /// Hash of this entry and all before, hex.
    pub hash: String,
}

/// The custody log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct CustodyReport {
    /// In order.
    pub entries: Vec<CustodyEntry>,
    /// Whether each entry's hash follows from those before.
    pub intact: bool,
    /// Entries in it.
    pub size: u64,
    /// Hash of the last one, hex: number and hash together are the head that is kept elsewhere.
    pub head: String,
    /// The head as a C2SP checkpoint: origin, size, base64 of the Merkle root over the entries.
    pub checkpoint: String,
    /// What an intact log proves.
    pub proves: String,
    /// What it cannot prove.
    pub does_not_prove: String,
    /// What to know of the file that holds it, for people.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<Vec<String>>", optional))]
    pub notices: Vec<String>,
}
