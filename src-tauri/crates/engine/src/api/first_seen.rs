//! What is new in a span of time against the time before it.
//!
//! Owns: shapes. Never touches: which fields are asked about.

use serde::Serialize;

/// A value, or a pair of values, that stands in the span and not in the time before.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct NewValue {
    /// One value for each field.
    pub values: Vec<String>,
    /// Systems (`event.provider`) of an actor that stands among the values, since two systems may know two actors by one
    /// name; empty without an actor.
    pub systems: Vec<String>,
    /// Events in the span.
    pub events: u64,
    /// First of them, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Number of the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<u64>,
    /// A filter that finds them.
    pub filter: String,
}

/// New values of one field or pair of fields.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct NewField {
    /// `actor`, `device`, `record` or a field's canonical name; two of them for pairs.
    pub fields: Vec<String>,
    /// Distinct values in the span.
    pub in_span: u64,
    /// Distinct values in the time before.
    pub before: u64,
    /// Those that stand in both.
    pub known: u64,
    /// New values, most events first, a page of them.
    pub new: Vec<NewValue>,
    /// All new values.
    pub total: u64,
}

/// `first-seen`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct FirstSeenReport {
    /// Start of the span, RFC 3339; absent when nothing is dated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// End of the span, exclusive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Start of the time before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before_from: Option<String>,
    /// Events in the span.
    pub events: u64,
    /// Events in the time before.
    pub before_events: u64,
    /// Days of the time before that hold an event, of how many.
    pub before_days: [u32; 2],
    /// Whether there is enough before to call anything new: an event on at least half of its days.
    pub enough: bool,
    /// What that means, as a sentence.
    pub coverage: String,
    /// Events without a time, which are in neither.
    pub undated: u64,
    /// One for each field or pair.
    pub fields: Vec<NewField>,
}
