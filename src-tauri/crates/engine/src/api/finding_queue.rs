//! The findings of a case as a queue that a person works through: the list, one finding in full.
//!
//! Owns: shapes. Never touches: how they are found. What a list leaves out is counted beside it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    CannotTellPart, FindingPart, RowPart, RuleNotRun, SuppressionPart, UnlearnedPart, VerdictPart,
};

/// Which findings are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "lowercase")]
pub enum FindingShow {
    /// Those that still ask for somebody.
    #[default]
    Open,
    /// Those that a person judged innocent or put right.
    Judged,
    /// Those that a person hid for a reason.
    Hidden,
    /// Every one.
    All,
}

/// A page of the queue that is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
#[serde(default)]
pub struct FindingsWanted {
    /// Which.
    pub show: FindingShow,
    /// Latest first instead of most severe first.
    pub by_time: bool,
    /// Only of this detection.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection: Option<String>,
    /// Only those whose sentence, title, actor or id holds this text.
    pub search: String,
    /// The first of the page, from 0.
    pub first: u32,
    /// The most of a page; 1,000 at most.
    pub limit: u32,
}

/// One finding of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct FindingRow {
    /// The same in every run.
    pub id: String,
    /// Detection, or `sigma:` and the id of a rule.
    pub detection: String,
    /// Title of the detection or rule.
    pub title: String,
    /// `informational`, `low`, `medium`, `high`, `critical`.
    pub severity: String,
    /// Whom it accuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What happened.
    pub sentence: String,
    /// Events it is made of.
    pub events: u64,
    /// First of them, RFC 3339; empty when none of them has a time.
    pub first: String,
    /// Last of them.
    pub last: String,
    /// `open`, `judged` or `hidden`.
    pub state: String,
    /// What a person found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictPart>,
    /// Why it is not to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<SuppressionPart>,
}

/// Findings of one severity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SeverityCount {
    /// `critical` down to `informational`.
    pub severity: String,
    /// Those that still ask for somebody.
    pub open: u64,
    /// All of them.
    pub all: u64,
}

/// The queue of findings, as the last review left it. Counts are of the findings that have a row in the filter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct FindingsReport {
    /// A page of the findings that were asked for.
    pub findings: Vec<FindingRow>,
    /// All that were asked for.
    pub total: u64,
    /// Those that still ask for somebody.
    pub open: u64,
    /// Those that a person judged innocent or put right.
    pub judged: u64,
    /// Those that a person hid.
    pub hidden: u64,
    /// Findings that have no row in the filter.
    pub outside: u64,
    /// Those of them that still ask for somebody.
    pub outside_open: u64,
    /// By severity, gravest first; every severity stands there.
    pub severities: Vec<SeverityCount>,
    /// Findings by detection, all of them.
    pub detections: BTreeMap<String, u64>,
    /// What a source cannot answer.
    pub cannot_tell: Vec<CannotTellPart>,
    /// What has too little history; the first of them.
    pub not_enough_history: Vec<UnlearnedPart>,
    /// All that has too little history.
    pub not_enough_history_total: u64,
    /// Rules that were given and did not run; the first of them.
    pub rules_not_run: Vec<RuleNotRun>,
    /// All such rules.
    pub rules_not_run_total: u64,
    /// Rules that ran.
    pub rules_run: u64,
    /// What is hidden, and why.
    pub suppressions: Vec<SuppressionPart>,
    /// Events that were looked at.
    pub events: u64,
    /// Events without a time, which no detection looks at.
    pub undated: u64,
    /// Events whose time cannot be true, which no detection looks at.
    pub out_of_range: u64,
    /// When it was found, RFC 3339.
    pub at: String,
    /// Whether data came in, was taken out or was joined since.
    pub stale: bool,
}

/// One parameter of a detection beside what was measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ParameterPart {
    /// Name within its detection.
    pub name: String,
    /// What it says.
    pub says: String,
    /// Unit; empty for a count.
    pub unit: String,
    /// The value that decided.
    pub value: f64,
    /// What was measured under the same name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub measured: Option<f64>,
    /// Values worth trying, in order, with the one that decided among them.
    pub steps: Vec<f64>,
}

/// A detection in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct DetectionPart {
    /// What it looks for, and what it does not take for it.
    pub what: String,
    /// The numbers that decide.
    pub parameters: Vec<ParameterPart>,
    /// What a log must show for it.
    pub needs: Vec<String>,
    /// Where the defaults come from.
    pub after: String,
}

/// One event of a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct FindingEvent {
    /// The event as a row.
    pub row: RowPart,
    /// Milliseconds after the first event of the finding; absent where either has no time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_ms: Option<i64>,
}

/// `finding`: one finding in full.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct FindingPage {
    /// What was found.
    pub finding: FindingPart,
    /// `open`, `judged` or `hidden`.
    pub state: String,
    /// A filter that finds its events.
    pub filter: String,
    /// The first of its events, in order of time.
    pub rows: Vec<FindingEvent>,
    /// Events of it that are not in the case any more.
    pub gone: u64,
    /// The last of the events of its baseline, latest first.
    pub baseline_rows: Vec<RowPart>,
    /// A filter that finds the events of the baseline that are known by number; empty where there are none.
    pub baseline_filter: String,
    /// The detection; absent for a rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection: Option<DetectionPart>,
    /// Whether data came in, was taken out or was joined since it was found.
    pub stale: bool,
}
