//! What is told of errors of threat logs: which there are, since when, whether they rise, where they were last seen.
//!
//! Owns: shapes. Never touches: how messages are folded.

use serde::Serialize;

use super::SpanValue;

/// One error: a type, a message whose variable parts are folded, an origin.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ErrorTrend {
    /// Class of the error; absent when the log has none.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The message with its variable parts as `<number>`, `<id>`, `<address>`, ...; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// One message as it stood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<String>,
    /// Distinct messages behind the template.
    pub messages: u64,
    /// SDK, API, or what the log has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Count, moments and filter; the value is empty.
    #[serde(flatten)]
    #[cfg_attr(feature = "bindings", ts(flatten))]
    pub span: SpanValue,
    /// Versions in their order.
    pub versions: Vec<SpanValue>,
    /// Environments, most frequent first.
    pub environments: Vec<SpanValue>,
    /// Organizations, most frequent first.
    pub organizations: Vec<SpanValue>,
    /// Counts over the span of all errors, in equal parts.
    pub bars: Vec<u64>,
    /// `new` (only in the last quarter of the span), `rising`, `steady`, `falling`, `gone` (not in the last quarter),
    /// `unknown` (it has no time, or all errors are of one moment).
    pub trend: String,
    /// Events of the last quarter of the span.
    pub last_quarter: u64,
    /// Events of the quarter before.
    pub quarter_before: u64,
    /// The first version that has later errors of the same origin and not this one; absent when none can be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fixed_in: Option<String>,
    /// What that rests on, as a sentence.
    pub fixed_why: String,
    /// Whether the filter may find messages of other templates as well: there are too many messages, or too long ones, to
    /// list, so it goes by their fixed words.
    pub wider: bool,
}

/// `errors`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ErrorsReport {
    /// The filter of all errors that are counted.
    pub filter: String,
    /// Errors.
    pub events: u64,
    /// Those without a time.
    pub undated: u64,
    /// Start of the bars, RFC 3339; absent when nothing is dated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// End of the bars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Errors, most frequent first, a page of them.
    pub trends: Vec<ErrorTrend>,
    /// All of them.
    pub total: u64,
    /// Types, most frequent first.
    pub types: Vec<SpanValue>,
    /// Origins.
    pub origins: Vec<SpanValue>,
    /// Versions.
    pub versions: Vec<SpanValue>,
    /// Environments.
    pub environments: Vec<SpanValue>,
}
