//! What the timeline shows: counts, rows, facets, histogram, one event in full.

use serde::Serialize;

use super::EventJson;

/// `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct CountReport {
    /// Events that match, undated ones included.
    pub count: u64,
    /// Those without a time.
    pub undated: u64,
}

/// How far a search in the originals is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SearchProgress {
    /// Events looked at.
    pub done: u64,
    /// Events to look at.
    pub total: u64,
    /// Hits among those looked at.
    pub found: u64,
    /// The newest hits among those looked at, at most 20.
    pub first: Vec<RowPart>,
}

/// One value of a facet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct FacetValue {
    /// The value.
    pub value: String,
    /// Events that hold it (each counted once).
    pub count: u64,
    /// When it was first seen among the events that match, RFC 3339, where that was asked for; absent also when none of
    /// them has a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// When it was last seen, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
}

/// The values of one field among the events that match.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct FacetPart {
    /// Canonical field name.
    pub field: String,
    /// Exact number of distinct values.
    pub distinct: u64,
    /// Events without the field.
    pub absent: u64,
    /// Exact number of distinct values that contain the text that was asked for; absent when none was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<u64>,
    /// By count, greatest first (least first where rare ones were asked for), then by bytes.
    pub values: Vec<FacetValue>,
}

/// `facets`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct FacetsReport {
    /// In the order asked.
    pub fields: Vec<FacetPart>,
}

/// One bar.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct BinPart {
    /// First instant, RFC 3339.
    pub start: String,
    /// First instant of the next bar.
    pub end: String,
    /// The same in milliseconds since 1970 UTC (fractions kept).
    pub start_ms: f64,
    /// The same in milliseconds since 1970 UTC.
    pub end_ms: f64,
    /// Events.
    pub count: u64,
    /// Events by value of the split field, of its twelve most frequent values; empty without a split. Events without the field
    /// are not in it.
    pub split: Vec<FacetValue>,
}

/// `histogram`: equal half-open intervals.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct HistogramReport {
    /// Start of the first bin; absent when nothing is dated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// End of the last bin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// The bins.
    pub bins: Vec<BinPart>,
    /// Matching events without a time.
    pub undated: u64,
    /// Matching dated events outside the range.
    pub outside: u64,
    /// Where to write which time on the axis, in the display zone.
    pub ticks: Vec<Tick>,
    /// Distinct values of the split field among the events that match, where that was counted; the bins have the twelve most
    /// frequent ones only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distinct: Option<u64>,
}

/// A mark on a time axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct Tick {
    /// Milliseconds since 1970 UTC.
    pub at_ms: f64,
    /// Text in the display zone, such as `Tue 10` or `12:00`.
    pub text: String,
    /// Whether a day (or larger unit) begins here.
    pub major: bool,
}

/// An opened view: one filter, one order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ViewSummary {
    /// Handle for rows, facets, histogram.
    pub view: u32,
    /// Events that match, undated ones included.
    pub count: u64,
    /// Those without a time.
    pub undated: u64,
    /// Events in the case.
    pub total: u64,
    /// Undated events in the case.
    pub total_undated: u64,
    /// Rejected entries in the case.
    pub rejected: u64,
    /// First matching instant, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Last matching instant, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// The pieces of the filter for the bar.
    pub chips: Vec<Chip>,
    /// For an empty result: how many events each piece alone leaves, in order.
    pub ladder: Vec<Rung>,
}

/// One piece of the filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct Chip {
    /// Its text in the filter.
    pub text: String,
    /// First byte in the filter text.
    pub start: u32,
    /// First byte after it.
    pub end: u32,
    /// The key, empty for free text.
    pub key: String,
    /// The value.
    pub value: String,
    /// Whether it excludes.
    pub negated: bool,
}

/// How many events are left when the pieces up to this one hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct Rung {
    /// Text of the piece.
    pub text: String,
    /// Events left.
    pub count: u64,
}

/// A piece of the sentence of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct SentencePart {
    /// `actor`, `verb`, `object`, `tail`.
    pub kind: String,
    /// Text.
    pub text: String,
    /// Field it stands for, so that it can be clicked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

/// A time in the display zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct LocalTime {
    /// `Wed 11 Nov 2026`.
    pub day: String,
    /// `17:05:12`, with a fraction where the source has one.
    pub clock: String,
    /// `+08:00`.
    pub offset: String,
    /// RFC 3339 in UTC.
    pub utc: String,
}

/// One row of the grid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct RowPart {
    /// Event number.
    pub event: u64,
    /// Absent when undated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<LocalTime>,
    /// The source's own text of the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub original_time: Option<String>,
    /// The row as a sentence.
    pub sentence: Vec<SentencePart>,
    /// Vendor's verb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Our operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Actor as shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Country code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// `success`, `failure`, `unknown`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// System title.
    pub system: String,
    /// Source number.
    pub source: u32,
    /// Flag codes.
    pub problems: Vec<String>,
    /// Whether a person bookmarked it.
    pub bookmarked: bool,
    /// Tags.
    pub tags: Vec<String>,
    /// The gravest severity of an open finding that holds it; absent when none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
    /// The values of the further fields that were asked for, in their order; a field without a value has none.
    pub cells: Vec<Vec<String>>,
}

/// Values of one field in a view: the most or the least frequent, of all or of those that contain a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ValuesReport {
    /// Canonical field name.
    pub field: String,
    /// Exact number of distinct values in the view.
    pub distinct: u64,
    /// Exact number of distinct values that contain the text.
    pub found: u64,
    /// Events without the field.
    pub absent: u64,
    /// By count, then bytes; the rarest first where they were asked for.
    pub values: Vec<FacetValue>,
}

/// A filter that a person kept under a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SavedView {
    /// Its number in the case, from 1.
    pub id: u64,
    /// What a person calls it.
    pub name: String,
    /// The filter.
    pub query: String,
    /// Pieces of the filter that were suspended when it was kept.
    pub suspended: Vec<String>,
    /// The zone in which its dates are read, an IANA name.
    pub zone: String,
    /// When it was kept, RFC 3339.
    pub at: String,
    /// Who kept it.
    pub who: String,
}

/// `views`: kept filters, in the order of their names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SavedViewsReport {
    /// The filters.
    pub views: Vec<SavedView>,
}

/// One event in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct EventDetail {
    /// The event.
    pub event: EventJson,
    /// As a row.
    pub row: RowPart,
    /// Client and system with versions, and the device, as its user agent says; absent when nothing in it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Raw entry as text, hidden characters kept (the window shows them as chips); at most 256 KiB.
    pub raw: String,
    /// Bytes of the raw entry.
    pub raw_bytes: u64,
    /// Whether `raw` was cut.
    pub raw_cut: bool,
    /// SHA-256 of the entry's bytes as read again just now, hex.
    pub raw_sha256: String,
    /// Whether the whole source, read again since the case was opened, has the hash of its import; absent when it was
    /// not read again (large sources are not on their own account).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw_matches: Option<bool>,
    /// Source name.
    pub source_name: String,
    /// SHA-256 of the source, hex.
    pub source_sha256: String,
    /// What the system does not log.
    pub blind_spots: Vec<String>,
    /// Flags with their sentences.
    pub problems: Vec<ProblemPart>,
    /// Notes and the like.
    pub notes: Vec<String>,
}

/// A flag with its sentence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ProblemPart {
    /// Code.
    pub code: String,
    /// Sentence.
    pub text: String,
}

/// What can stand at the cursor of the query bar.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct CompletionReport {
    /// First byte that the choice replaces.
    pub start: u32,
    /// First byte after what it replaces.
    pub end: u32,
    /// Choices, best first.
    pub choices: Vec<CompletionChoice>,
}

/// One choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct CompletionChoice {
    /// Text to insert.
    pub insert: String,
    /// Text to show.
    pub label: String,
    /// Meaning of a field, or nothing.
    pub hint: String,
    /// Events with this value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
}
