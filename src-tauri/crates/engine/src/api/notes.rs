//! What is told of notes, tags, bookmarks and the examiner's own entries.
//!
//! Owns: shapes. Never touches: how they are kept.

use serde::Serialize;

/// Something that a person put on an event, an actor, a record or a finding, or an entry of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct NotePart {
    /// Number, for taking it back: that of the mark on an event, or of the statement.
    pub id: u64,
    /// `event:17`, `actor:alice@example.com`, `record:tenant/42`, `finding:F-…`; empty for an entry of one's own.
    pub subject: String,
    /// `note`, `tag`, `bookmark`, `entry`.
    pub kind: String,
    /// What it says; empty for a bookmark.
    pub text: String,
    /// Who said it.
    pub who: String,
    /// When it was said, RFC 3339.
    pub at: String,
    /// The event, where it is on one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// SHA-256 of the source of the event, hex; empty when it is on no event, or the event is gone.
    pub source_sha256: String,
    /// Number of the entry in that source; 0 likewise.
    pub entry: u64,
    /// Moment of the event or of the entry, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// A filter that finds what it is about; empty where none does.
    pub filter: String,
    /// Set when it was said of an event that is no longer seen.
    pub gone: bool,
    /// Who said it first and when, where it was carried over from another event or case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried: Option<CarriedPart>,
}

/// An entry of the examiner's own as it stands among rows. It is no event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct OwnEntryPart {
    /// Its number, for taking it back.
    pub id: u64,
    /// When it happened.
    pub time: super::LocalTime,
    /// What it says.
    pub text: String,
    /// Who wrote it.
    pub who: String,
    /// When it was written, RFC 3339.
    pub at: String,
    /// Rank of the row before which it stands; the number of dated rows where it stands after them.
    pub before: u64,
}

/// Where a mark was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct CarriedPart {
    /// Id of the case; the same as this one's when its source was imported again.
    pub case: String,
    /// Number of the event there; 0 where it was on an actor or a record.
    pub event: u64,
    /// Who said it.
    pub who: String,
    /// When, RFC 3339.
    pub at: String,
}

/// `notes`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct NotesReport {
    /// Those asked for, in the order of their times; entries and marks on undated things last.
    pub notes: Vec<NotePart>,
    /// All of the case.
    pub total: u64,
}

/// `copy`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct CopyReport {
    /// The sources as they are in the case that they were copied to.
    pub sources: Vec<super::SourceReport>,
    /// Marks that were copied: on events of the sources, and on actors and records with an event in them.
    pub marks: u64,
    /// Marks that were there already.
    pub known: u64,
    /// Marks whose entry is not in the other case.
    pub left: u64,
}
