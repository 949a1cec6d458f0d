//! What a review of a case found, and what it could not judge.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The habit against which something was judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct BaselinePart {
    /// What was counted.
    pub of: String,
    /// How many.
    pub n: u64,
    /// The first of them, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The last of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Numbers of the last of these events, where it counts events.
    pub events: Vec<u64>,
    /// What was usual, in words; empty where there is nothing to name.
    pub usual: String,
}

/// What a person found out about a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct VerdictPart {
    /// `confirmed_compromised`, `confirmed_safe`, `benign_true_positive`, `remediated`.
    pub verdict: String,
    /// In the person's words; may be empty.
    pub note: String,
    /// Who said it.
    pub who: String,
    /// When, RFC 3339.
    pub at: String,
    /// Whether the finding has other events than when it was judged.
    pub stale: bool,
}

/// Which findings are not to be shown, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct SuppressionPart {
    /// Its number.
    pub id: u64,
    /// Of this detection; any if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detection: Option<String>,
    /// Of this actor; anyone if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Why.
    pub reason: String,
    /// Until when, RFC 3339; absent: until it is taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// Whether that time has come.
    pub expired: bool,
    /// Who said it.
    pub who: String,
    /// When.
    pub at: String,
}

/// `suppress` without a detection or actor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SuppressionsReport {
    /// In the order they were made.
    pub suppressions: Vec<SuppressionPart>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct FindingPart {
    /// The same in every run: a hash of detection, subject and trigger.
    pub id: String,
    /// Detection, or `sigma:` and the id of a rule.
    pub detection: String,
    /// Title of the detection or rule.
    pub title: String,
    /// `informational`, `low`, `medium`, `high`, `critical`.
    pub severity: String,
    /// Whom it accuses; absent where it accuses nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What happened, in one sentence.
    pub sentence: String,
    /// Event numbers in order of time.
    pub events: Vec<u64>,
    /// Further events of the finding that are not listed.
    pub left_out: u64,
    /// First event, RFC 3339; empty when none of them has a time.
    pub first: String,
    /// Last event.
    pub last: String,
    /// The same in milliseconds since 1970 UTC.
    pub first_ms: f64,
    /// The same in milliseconds since 1970 UTC.
    pub last_ms: f64,
    /// What was measured, by name.
    pub measured: BTreeMap<String, f64>,
    /// What it was measured against, by the same names.
    pub thresholds: BTreeMap<String, f64>,
    /// The habit it was judged against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<BaselinePart>,
    /// What would make this no finding.
    pub would_change: Vec<String>,
    /// Innocent reasons that are known to look the same.
    pub benign: Vec<String>,
    /// What the source cannot show that would help here.
    pub cannot_show: Vec<String>,
    /// What a person found out about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictPart>,
    /// Why it is not to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<SuppressionPart>,
}

/// Something that could not be judged because there is too little history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct UnlearnedPart {
    /// Detection.
    pub detection: String,
    /// Actor; empty where it is a whole source.
    pub actor: String,
    /// How much there is and how much is needed.
    pub reason: String,
}

/// A detection that a source cannot answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct CannotTellPart {
    /// Detection.
    pub detection: String,
    /// Provider and organization of the log.
    pub source: String,
    /// Why.
    pub reason: String,
}

/// A rule that was given and did not run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct RuleNotRun {
    /// Id of the rule; its file where it has none.
    pub id: String,
    /// Title, where it could be read.
    pub title: String,
    /// Why.
    pub reason: String,
}

/// How a detection would find at another value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct WhatIfPart {
    /// `detection.parameter`.
    pub parameter: String,
    /// The value.
    pub value: f64,
    /// Findings at that value.
    pub findings: u64,
    /// Findings that stand now and would not.
    pub gone: Vec<String>,
    /// Findings that would stand and do not now.
    pub new: Vec<String>,
    /// The gravest of those, twenty at most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<WhatIfExample>,
}

/// A finding that would stand at another value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct WhatIfExample {
    /// The id it would have.
    pub id: String,
    /// How grave it would be.
    pub severity: String,
    /// Whom it would accuse.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What happened.
    pub sentence: String,
    /// First event, RFC 3339; empty when none has a time.
    pub first: String,
    /// A filter that finds the first hundred of its events.
    pub filter: String,
}

/// `detect`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct DetectReport {
    /// Most severe first, then by time.
    pub findings: Vec<FindingPart>,
    /// What could not be judged yet.
    pub not_enough_history: Vec<UnlearnedPart>,
    /// How many more actors lack history than are listed, by detection.
    pub not_enough_history_more: BTreeMap<String, u64>,
    /// What a source cannot answer.
    pub cannot_tell: Vec<CannotTellPart>,
    /// Rules that were given and did not run.
    pub rules_not_run: Vec<RuleNotRun>,
    /// Rules that ran.
    pub rules_run: u64,
    /// Findings that nobody has judged innocent or put right, and that are not hidden.
    pub open: u64,
    /// Findings at other values, where that was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub what_if: Vec<WhatIfPart>,
    /// Events that were looked at: those with a time that can be true.
    pub events: u64,
    /// Events without a time, which no detection looks at.
    pub undated: u64,
    /// Events whose time cannot be true, which no detection looks at.
    pub out_of_range: u64,
    /// When it was found, RFC 3339.
    pub at: String,
}
