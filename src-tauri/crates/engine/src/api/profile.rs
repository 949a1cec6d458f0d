//! What is told of profiles: the list, and what one would make of a file.
//!
//! Owns: the types. Never touches: how profiles are read.

use serde::Serialize;

use super::{EventJson, Question, WarningPart};

/// One profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ProfilePart {
    /// Short id, such as `paymongo`.
    pub id: String,
    /// Rises when the profile reads the same entry in another way.
    pub version: u32,
    /// What people call the log.
    pub title: String,
    /// The vendor's page that documents the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor_page: Option<String>,
    /// Value of `event.provider`.
    pub provider: String,
    /// Words with a meaning.
    pub verbs: u32,
    /// What the log does not show.
    pub blind_spots: Vec<String>,
    /// Whether it comes with the program; else it is the person's own.
    pub builtin: bool,
}

/// A file that is no profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct RefusedProfile {
    /// Its name.
    pub file: String,
    /// Line, from 1; absent when the whole file is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Dotted key; empty when no single one is meant.
    pub key: String,
    /// Why.
    pub message: String,
}

/// Every profile at hand, and the files that are none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ProfilesReport {
    /// By id.
    pub profiles: Vec<ProfilePart>,
    /// Files that were refused; the others are used all the same.
    pub refused: Vec<RefusedProfile>,
}

/// How often a word stands without a meaning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnmappedPart {
    /// The vendor's word.
    pub value: String,
    /// Events with it.
    pub count: u32,
}

/// How many events have a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct FilledPart {
    /// The field's name.
    pub field: String,
    /// Events that have it.
    pub count: u32,
}

/// What a profile would make of the first part of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProfileTestReport {
    /// Profiles that read it, such as `paymongo@1`.
    pub profiles: Vec<String>,
    /// How the file is arranged, for people.
    pub shape: String,
    /// Entries that were looked at.
    pub entries: u32,
    /// Events that they hold.
    pub events: u32,
    /// What must be chosen first; nothing else is known then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// The first ten events as they will become.
    pub preview: Vec<EventJson>,
    /// Problems, counted.
    pub problems: Vec<WarningPart>,
    /// Words without a meaning, most frequent first.
    pub unmapped: Vec<UnmappedPart>,
    /// Which fields are filled, and how often.
    pub filled: Vec<FilledPart>,
    /// Why the file is read so; for a guess, the reason of each field.
    pub reasons: Vec<String>,
}
