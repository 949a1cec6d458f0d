//! What is told while a person says which field of a log is what, and what that person asks.
//!
//! Owns: the types. Never touches: how profiles are read or changed.

use serde::{Deserialize, Serialize};

use super::{EventJson, FilledPart, Question, RefusedProfile};

/// Other alternatives for a part of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SlotEdit {
    /// `time`, `zone`, `order`, `identity`, `id`, `title`, `target.type`, `target.id`, `target.name`, or a field of an event.
    pub slot: String,
    /// As the profile language writes them, the first that gives a value counts; plain words for a zone, an order, an id, a
    /// title and an identity. None takes the part out.
    pub values: Vec<String>,
}

/// What a word of the vendor's is to mean.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct VerbEdit {
    /// The word.
    pub word: String,
    /// Our operation; absent: the word is taken out of the profile's table.
    pub operation: Option<String>,
    /// Our category; `other` when absent.
    pub category: Option<String>,
    /// Outcome, where the word alone tells it.
    pub outcome: Option<String>,
    /// How much a misuse would hurt.
    pub sensitivity: Option<String>,
}

/// Changes to the text of a profile.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct MappingEdits {
    /// Parts that are filled from elsewhere.
    pub slots: Vec<SlotEdit>,
    /// Words that get a meaning.
    pub verbs: Vec<VerbEdit>,
}

/// A field of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct MappingField {
    /// As the log names it.
    pub name: String,
    /// As the profile language takes it.
    pub expression: String,
    /// The same from one element of the list that the first rule for objects walks; absent outside of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inside: Option<String>,
    /// The first different values.
    pub examples: Vec<String>,
    /// Entries of the sample that have it.
    pub filled: u32,
    /// Different values in the sample.
    pub distinct: u32,
}

/// One alternative of a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SlotValue {
    /// As the profile's text has it.
    pub expression: String,
    /// For people.
    pub text: String,
}

/// One part of the profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct MappingSlot {
    /// What it is called; see [`SlotEdit`].
    pub slot: String,
    /// Its alternatives, in order.
    pub values: Vec<SlotValue>,
}

/// Something that is not as it should be in the sample.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct MappingProblem {
    /// `undated`, `no_actor`, `no_action`, `unmapped_verbs`, `rejected`, or the code of a flag.
    pub code: String,
    /// For people.
    pub message: String,
    /// Events, or entries, that show it.
    pub count: u64,
    /// Line of the first entry that shows it.
    pub line: u64,
    /// The beginning of that entry as it stands in the source.
    pub raw: String,
    /// The first event that shows it; absent for a rejected entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<EventJson>,
}

/// A word of the vendor's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct MappingWord {
    /// The word.
    pub word: String,
    /// Events with it.
    pub count: u64,
    /// Our operation; absent while it means nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Our category.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Outcome, where the word alone tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// How much a misuse would hurt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sensitivity: Option<String>,
    /// Whether the profile names this very word, and no pattern that it fits.
    pub exact: bool,
}

/// What a profile makes of the first part of a log; nothing is stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct MappingReport {
    /// Name of the file or source.
    pub name: String,
    /// The member of an archive, or the sheet of a workbook, that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// All of its members or sheets, in their order; empty for a plain file.
    pub members: Vec<String>,
    /// `csv`, `json`, `line`, … for people.
    pub shape: String,
    /// Entries that were looked at.
    pub entries: u32,
    /// Events that they hold.
    pub events: u32,
    /// The profile; everything else follows from it.
    pub text: String,
    /// Why the text is no profile, or why a change could not be made; what was there before stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedProfile>,
    /// Fields found in the sample.
    pub fields: Vec<MappingField>,
    /// Parts that the profile fills.
    pub slots: Vec<MappingSlot>,
    /// What must be chosen first; nothing is known of events then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// The first ten events as they will become.
    pub preview: Vec<EventJson>,
    /// Which fields are filled, and how often.
    pub filled: Vec<FilledPart>,
    /// Problems, counted.
    pub problems: Vec<MappingProblem>,
    /// The words of the log, those without a meaning first.
    pub words: Vec<MappingWord>,
    /// Whether the words were counted over the whole source; else over the sample.
    pub words_of_all: bool,
    /// Operations that a word can mean.
    pub operations: Vec<String>,
    /// Categories that a word can mean.
    pub categories: Vec<String>,
    /// Outcomes that a word can tell.
    pub outcomes: Vec<String>,
    /// Sensitivities that a word can have.
    pub sensitivities: Vec<String>,
}

/// A profile that the case keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct KeptProfile {
    /// Its id.
    pub id: String,
    /// Its version; raised where the case holds another text of this id.
    pub version: u32,
    /// What people call the log.
    pub title: String,
    /// The text as it is kept.
    pub text: String,
}

/// The profiles of a person's own that a case has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct KeptProfiles {
    /// By id, newest version first.
    pub profiles: Vec<OwnProfile>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct OwnProfile {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: u32,
    /// What people call the log.
    pub title: String,
    /// Whether it recognises exports in this case; else it only speaks for what it has read.
    pub recognises: bool,
    /// Sources that it read, and that were not taken out.
    pub sources: Vec<u32>,
    /// The text as it is kept.
    pub text: String,
}
