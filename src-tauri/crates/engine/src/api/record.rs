//! What is told of audited objects: the list, and the biography of one.
//!
//! Owns: shapes. Never touches: how a biography is put together.

use serde::Serialize;

use super::{BlindPart, CountedFilter, SpanValue};

/// One record of the list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct RecordRow {
    /// Kind of object; empty when the log does not say.
    pub kind: String,
    /// Its id, or its name where it has no id.
    pub id: String,
    /// Whether `id` is a name, because the log gives no id.
    pub named: bool,
    /// Count, moments and filter.
    #[serde(flatten)]
    #[cfg_attr(feature = "bindings", ts(flatten))]
    pub span: SpanValue,
    /// Events that are neither reads nor lists.
    pub writes: u64,
    /// Distinct actors.
    pub actors: u64,
}

/// A system or organization in which something has an id that others have as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ScopePart {
    /// The system, as `event.provider` has it.
    pub system: String,
    /// Id of the organization, or its name; empty where the log gives none.
    pub organization: String,
    /// Name of the organization; empty where the log gives none.
    pub name: String,
    /// Events.
    pub events: u64,
    /// Number of the first of them.
    pub event: u64,
    /// A filter of the system and organization.
    pub filter: String,
}

/// `records`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct RecordsReport {
    /// Kinds of object, most events first.
    pub kinds: Vec<SpanValue>,
    /// Records that match, a page of them.
    pub records: Vec<RecordRow>,
    /// All records that match.
    pub total: u64,
    /// Events that name no record.
    pub without: u64,
}

/// One change of one field, as an event tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct FieldChange {
    /// Dotted path.
    pub field: String,
    /// `added`, `updated`, `deleted`; absent when the log does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The old value that the log gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The new value that the log gives.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The old value as it follows from an earlier event, where the log gives none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferred_old: Option<String>,
    /// The event that set the inferred old value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inferred_from: Option<u64>,
}

/// One step of a biography.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct StepPart {
    /// Event number.
    pub event: u64,
    /// RFC 3339; absent when undated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// `create`, `update`, `delete`, `read` or `other`.
    pub step: String,
    /// The vendor's verb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// `success`, `failure`, `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Which life of the record, from 1; a record that is made again after its deletion begins another.
    pub life: u32,
    /// Changed fields. None of a failed act: it changed nothing.
    pub changes: Vec<FieldChange>,
    /// Other targets of the same event; its changes may be theirs.
    pub other_targets: u64,
    /// Whether another event on this record has the same instant, so that their order is that of the log.
    pub tie: bool,
}

/// The value of one field at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct FieldState {
    /// Dotted path.
    pub field: String,
    /// The value; absent when it is not set or not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `logged`: the last change before the time gave it. `before`: the old value of a later change, so it was the value
    /// unless something unlogged changed it. `removed`: the field was taken away. `unknown`: the log says that it changed
    /// and not to what, or it was only told in a former life of the record.
    pub certainty: String,
    /// Whether the log gives only new values here, so that nothing confirms the value between its changes.
    pub inferred: bool,
    /// The event that set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// When, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Who set it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Changes of this field in all.
    pub changes: u64,
    /// A filter that finds the changes of this field of the record.
    pub filter: String,
}

/// A value that came back.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct RevertPart {
    /// Dotted path.
    pub field: String,
    /// The value that came back (A).
    pub value: String,
    /// Values between, in order (B), the first twenty; empty text where it had none.
    pub between: Vec<String>,
    /// All of them.
    pub between_total: u64,
    /// The event that took it away; the first event when the value stood before the log begins.
    pub left: u64,
    /// The event that brought it back.
    pub back: u64,
    /// Seconds that it was away; absent when an end is undated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub away_seconds: Option<f64>,
}

/// What the log cannot know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct GapPart {
    /// `unlogged_change`, `begins_late`, `value_not_logged`, `after_delete`, `undated`, `failed`.
    pub code: String,
    /// Dotted path, where the gap is of one field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The event that shows the gap.
    pub event: u64,
    /// The sentence.
    pub text: String,
}

/// `record`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct RecordReport {
    /// Kind of object.
    #[serde(rename = "type")]
    pub kind: String,
    /// Id or name that was asked for.
    pub id: String,
    /// Names that the log gives it.
    pub names: Vec<String>,
    /// Where several systems or organizations have a record of this type and id, all of them; the first is the one that
    /// is told here. Empty where there is one.
    pub scopes: Vec<ScopePart>,
    /// Systems that speak of it.
    pub systems: Vec<String>,
    /// A filter that finds every event of it.
    pub filter: String,
    /// Events, reads included.
    pub events: u64,
    /// First dated event, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Last dated event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Number of lives: one more than the times it was made anew after a deletion.
    pub lives: u32,
    /// `present`, `deleted`, `not_made_yet` (the log tells of its making, later than that) or `unknown`, at the time asked
    /// for, as far as the log tells.
    pub condition: String,
    /// Creates, updates, deletes and others in order; reads are counted beside them.
    pub steps: Vec<StepPart>,
    /// Steps in all, when `steps` is a page.
    pub steps_total: u64,
    /// Reads and lists of it.
    pub reads: Vec<CountedFilter>,
    /// The time asked for, RFC 3339; absent for the end of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Every field that was ever known, at that time.
    pub state: Vec<FieldState>,
    /// Values that came back, in order of their return, the first thousand.
    pub reverts: Vec<RevertPart>,
    /// All of them.
    pub reverts_total: u64,
    /// What the log cannot know: the first thousand, and beyond them those of the steps told here.
    pub gaps: Vec<GapPart>,
    /// All of them.
    pub gaps_total: u64,
    /// Who acted on it.
    pub actors: Vec<SpanValue>,
    /// What the systems behind it do not log.
    pub blind_spots: Vec<BlindPart>,
}
