//! What is told of checklists: which there are, which were run, and the steps of one with answers and what they rest on.
//!
//! Owns: shapes. Never touches: how something is found or kept.

use serde::{Deserialize, Serialize};

use super::RowPart;

/// A checklist of one's own, as a file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ChecklistText {
    /// Name of the file.
    pub file: String,
    /// What stands in it.
    pub text: String,
}

/// A checklist that can be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ChecklistInfo {
    /// Its name on the command line.
    pub id: String,
    /// Raised with every change of its meaning.
    pub version: u32,
    /// Name for people.
    pub title: String,
    /// When to use it.
    pub when: String,
    /// Where its steps come from.
    pub origin: String,
    /// Providers that it speaks of; empty: any.
    pub systems: Vec<String>,
    /// What it can be about: `actor`, `address`, `everyone`.
    pub about: Vec<String>,
    /// Titles of its steps.
    pub steps: Vec<String>,
    /// SHA-256 of its file, hex.
    pub sha256: String,
    /// Whether it comes with the program.
    pub shipped: bool,
}

/// A file that is no checklist.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct RefusedChecklist {
    /// Name of the file.
    pub file: String,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Dotted key; empty when the whole file is meant.
    pub key: String,
    /// What is wrong.
    pub message: String,
}

/// What is to be said of the text of a checklist: it is one, or why not.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct CheckedChecklist {
    /// The checklist, when it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checklist: Option<ChecklistInfo>,
    /// The first mistake, when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<RefusedChecklist>,
}

/// What a checklist was asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct SubjectPart {
    /// `actor`, `address` or `everyone`.
    pub kind: String,
    /// Who or which; empty for everyone.
    pub value: String,
    /// Start of the span, RFC 3339; absent: the start of the log.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<String>,
    /// End of the span, exclusive; absent: the end of the log.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<String>,
    /// As words, for a heading.
    #[serde(default)]
    pub text: String,
}

/// A checklist that was run in this case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ChecklistRun {
    /// Its number in the case.
    pub run: u64,
    /// Id of the checklist.
    pub checklist: String,
    /// Version of the checklist.
    pub version: u32,
    /// Title of the checklist.
    pub title: String,
    /// What it was asked about.
    pub subject: SubjectPart,
    /// The answer of each step: `yes`, `no`, `cannot_tell`.
    pub answers: Vec<String>,
    /// The sign of each step: `worrying`, `reassuring`, `neutral`.
    pub signs: Vec<String>,
    /// Steps that are answered: yes or no, or by a person.
    pub answered: u32,
    /// Steps that a person has to look at.
    pub open: u32,
    /// Steps for which data has arrived since.
    pub stale: u32,
    /// When it was begun, RFC 3339.
    pub at: String,
    /// By whom.
    pub who: String,
}

/// `checklist CASE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ChecklistsReport {
    /// Those that can be run.
    pub checklists: Vec<ChecklistInfo>,
    /// Those that were run in this case, the latest first.
    pub runs: Vec<ChecklistRun>,
    /// Files that are none.
    pub refused: Vec<RefusedChecklist>,
    /// Open and stale steps of all runs.
    pub open: u32,
}

/// A stretch of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct StretchPart {
    /// Start, RFC 3339.
    pub from: String,
    /// End.
    pub to: String,
    /// Milliseconds since 1970 UTC.
    pub from_ms: f64,
    /// Milliseconds since 1970 UTC.
    pub to_ms: f64,
    /// As words.
    pub text: String,
}

/// What one log covers of the span.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct LogCoverage {
    /// The system, with its organization where the subject has several.
    pub system: String,
    /// Its provider.
    pub provider: String,
    /// Numbers of the sources with events of it.
    pub sources: Vec<u32>,
    /// Its events in the span, by anybody.
    pub events: u64,
    /// Its first event of all, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Its last event of all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Days of the span.
    pub days: u32,
    /// Days of them with an event.
    pub days_with_events: u32,
    /// Parts of the span that it does not cover: before its first event, after its last, and gaps.
    pub uncovered: Vec<StretchPart>,
    /// What each of its sources covers by itself, the first twenty; empty where there is one.
    #[serde(default)]
    pub by_source: Vec<SourceCoverage>,
    /// Entries of these sources that could not be read.
    pub rejected: u64,
    /// Its events without a time.
    pub undated: u64,
    /// Words of what it cannot show.
    pub cannot_show: Vec<String>,
    /// What it does not log, one sentence each.
    pub blind_spots: Vec<String>,
}

/// What one source of a log covers of the span by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct SourceCoverage {
    /// Its number.
    pub source: u32,
    /// Its events of this log in the span.
    pub events: u64,
    /// Its first event of this log, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<String>,
    /// Its last one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last: Option<String>,
    /// Days of the span on which it has an event.
    pub days_with_events: u32,
    /// Parts of the span without an event of it, as words.
    pub uncovered: Vec<String>,
}

/// What the logs cover of the span.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ChecklistCoverage {
    /// Start of the span, RFC 3339; absent when there is no log.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<String>,
    /// End of the span, exclusive.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to: Option<String>,
    /// The same in milliseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from_ms: Option<f64>,
    /// The same in milliseconds since 1970 UTC.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub to_ms: Option<f64>,
    /// Whether there is a log and every log covers all of it.
    pub covered: bool,
    /// Days without an event that count as a gap.
    pub gap_days: u32,
    /// The logs in question.
    pub logs: Vec<LogCoverage>,
}

/// A value that was counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct LookValue {
    /// Field or fields.
    pub field: String,
    /// Value or values.
    pub value: String,
    /// Events.
    pub count: u64,
}

/// One thing that was looked at for a step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct LookPart {
    /// `rows`, `detections`, `sign_ins`, `new`, `acts`, `shared`, `rate`, `values`, `coverage`.
    pub kind: String,
    /// What was looked for.
    pub what: String,
    /// Whether it counts for the answer.
    pub decides: bool,
    /// `yes`, `no`, `cannot_tell`.
    pub answer: String,
    /// Why.
    pub reason: String,
    /// Events found.
    pub count: u64,
    /// Their numbers, the first 200 in order of time.
    pub events: Vec<u64>,
    /// The filter that was asked, whole; empty where no filter says it.
    pub query: String,
    /// What it was compared with; empty where nothing was.
    pub baseline: String,
    /// Values, where values were counted.
    pub values: Vec<LookValue>,
    /// Ids of findings.
    pub findings: Vec<String>,
    /// Ids of findings that a person judged innocent, or hid, and that do not count.
    #[serde(default)]
    pub set_aside: Vec<String>,
    /// What can be said of the absence, where nothing was found; else empty.
    pub statement: String,
}

/// What a person said of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct GivenAnswer {
    /// `yes`, `no`, `cannot_tell`.
    pub answer: String,
    /// In the person's words; may be empty.
    pub note: String,
    /// Who.
    pub who: String,
    /// When, RFC 3339.
    pub at: String,
    /// Whether it is another answer than the logs gave then.
    pub overrides: bool,
}

/// Data that arrived after an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct StalePart {
    /// What arrived or went, as a sentence.
    pub text: String,
    /// Events that arrived in these logs and this span.
    pub events: u64,
    /// Sources that came, went or were read anew.
    pub sources: Vec<u32>,
}

/// What another run changed in a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ChangedPart {
    /// The answer of the logs before.
    pub answer: String,
    /// Why, before.
    pub reason: String,
    /// Events before.
    pub count: u64,
    /// When that was, RFC 3339.
    pub at: String,
}

/// The answer that the logs give.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct FoundAnswer {
    /// `yes`, `no`, `cannot_tell`.
    pub answer: String,
    /// `worrying`, `reassuring`, `neutral`.
    pub sign: String,
    /// Why.
    pub reason: String,
    /// Whether the step was not needed, because the one it comes after found nothing.
    pub unneeded: bool,
}

/// A step with its answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ChecklistStep {
    /// Its name within the checklist.
    pub id: String,
    /// What is to be done or looked at.
    pub title: String,
    /// The question.
    pub question: String,
    /// How to look at it.
    pub guidance: String,
    /// The answer that stands: a person's if one answered, else that of the logs.
    pub answer: String,
    /// Whether it should worry somebody.
    pub sign: String,
    /// Why.
    pub reason: String,
    /// What the answer means.
    pub means: String,
    /// What to do then; may be empty.
    pub next: String,
    /// Whether a person has to answer or confirm it and has not.
    pub needs_person: bool,
    /// Whether only a person can answer it.
    pub manual: bool,
    /// What the logs say.
    pub found: FoundAnswer,
    /// Events behind the answer, the first 200 in order of time.
    pub events: Vec<u64>,
    /// All of them.
    pub count: u64,
    /// Each thing that was looked at.
    pub looks: Vec<LookPart>,
    /// What can be said of the absence, where the answer rests on one; else empty.
    pub statement: String,
    /// What the logs in question cover.
    pub coverage: ChecklistCoverage,
    /// What a person said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<GivenAnswer>,
    /// Set when data has arrived since the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<StalePart>,
    /// Set when the last run gave another answer than the one before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<ChangedPart>,
    /// Events that a person pinned to it.
    pub pins: Vec<u64>,
    /// Rows to show: the pinned ones first, then the first of those found.
    pub rows: Vec<RowPart>,
}

/// `checklist CASE NAME`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ChecklistReport {
    /// Id of the checklist.
    pub checklist: String,
    /// Number of the run; absent when it was only looked at and not kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<u64>,
    /// Version that was used.
    pub version: u32,
    /// Title.
    pub title: String,
    /// When to use it.
    pub when: String,
    /// Where its steps come from.
    pub origin: String,
    /// SHA-256 of the text that was used, hex.
    pub sha256: String,
    /// The version that the program has now, when that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newer: Option<u32>,
    /// What it is about.
    pub subject: SubjectPart,
    /// Zone of the times in sentences.
    pub zone: String,
    /// When the logs were looked at, RFC 3339.
    pub at: String,
    /// By whom.
    pub who: String,
    /// The steps.
    pub steps: Vec<ChecklistStep>,
    /// Steps that are answered: yes or no, or by a person.
    pub answered: u32,
    /// Steps whose standing answer is worrying.
    pub worrying: u32,
    /// Steps that a person has to look at.
    pub open: u32,
    /// Steps for which data has arrived since.
    pub stale: u32,
    /// What the answers support, in one or two sentences.
    pub supports: String,
    /// What that rests on.
    pub rests_on: String,
}
