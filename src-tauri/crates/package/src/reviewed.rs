//! What the detections of a case found, as it goes into a package: `data/rules/detections.json` and the record of the review.
//!
//! Owns: their shapes, and what is said where nothing was looked at. Never touches: how something is found, or hidden.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use crate::material::CaseFacts;

/// What a person found out about a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerdictFacts {
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

/// Why a finding is not shown in the case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SuppressedFacts {
    /// In the person's words.
    pub reason: String,
    /// Who said it.
    pub who: String,
    /// When, RFC 3339.
    pub at: String,
    /// Until when, RFC 3339; absent: until it is taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// A finding with an event in the scope.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct FindingFacts {
    /// Its id in the case; in a redacted package one of the package's own, since the id is a hash of who is accused.
    pub id: String,
    /// Detection, or `sigma:` and the id of a rule.
    pub detection: String,
    /// Title of the detection or rule.
    pub title: String,
    /// `critical` to `informational`.
    pub severity: String,
    /// Whom it accuses; absent where it accuses nobody, and where it speaks of events outside the scope.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// What was found, in one sentence; that it is left out where it speaks of events outside the scope.
    pub sentence: String,
    /// Numbers of its events that are in the scope.
    pub events: Vec<u64>,
    /// Further events of it, which are outside the scope or not listed one by one.
    pub further_events: u64,
    /// What was measured, by name.
    pub measured: BTreeMap<String, f64>,
    /// What it was measured against, by the same names.
    pub thresholds: BTreeMap<String, f64>,
    /// The habit it was judged against, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usual: Option<String>,
    /// What would make this no finding.
    pub would_change: Vec<String>,
    /// Innocent reasons that are known to look the same.
    pub benign: Vec<String>,
    /// What the source cannot show that would help here.
    pub cannot_show: Vec<String>,
    /// What a person found out about it.
    pub verdict: Option<VerdictFacts>,
    /// Why it is not shown in the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suppressed: Option<SuppressedFacts>,
}

/// Why a detection could not be evaluated somewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UntoldFacts {
    /// The log; absent in a package of a part of the case, which must not name others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// Why.
    pub reason: String,
}

/// A detection, exactly as it ran, and what came of it in the scope.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DetectionFacts {
    /// Name, such as `impossible_travel`.
    pub id: String,
    /// For people.
    pub title: String,
    /// What it looks for.
    pub what: String,
    /// The numbers that decided.
    pub parameters: BTreeMap<String, f64>,
    /// `found`, `nothing found`, `not evaluated`: the last wherever nothing was found and a log or an actor could not be judged.
    pub result: String,
    /// Findings in the scope.
    pub findings: u64,
    /// Logs for which it could not be told.
    pub not_evaluated: Vec<UntoldFacts>,
    /// Actors with too little history to be judged.
    pub without_history: u64,
}

/// A rule that was given and did not run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NotRunFacts {
    /// Its id, or its file where it has none.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// One look of all detections at all events.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ReviewFacts {
    /// When, RFC 3339.
    pub at: String,
    /// Whether the events are still those that were looked at.
    pub of_these_events: bool,
    /// Events that were looked at, in all of the case.
    pub events: u64,
    /// Events without a time, which no detection looks at.
    pub undated: u64,
    /// Events whose time cannot be true, which no detection looks at.
    pub out_of_range: u64,
    /// The detections, with their results.
    pub detections: Vec<DetectionFacts>,
    /// Sigma rules that ran beside them. The case keeps no text of theirs.
    pub rules_run: u64,
    /// Rules that were given and did not run.
    pub rules_not_run: Vec<NotRunFacts>,
    /// Findings of the scope, gravest first.
    pub findings: Vec<FindingFacts>,
}

/// What is said of a case that no detection looked at.
pub(crate) const NOT_REVIEWED: &str = "not reviewed: no detection has looked at this case, so nothing follows from findings that are not here";
/// What is said of a review that is older than the data.
pub(crate) const OLDER: &str =
    "data came in or changed after this review: it speaks of other events than the case holds now";

/// `detections.json`.
pub(crate) fn detections(facts: &CaseFacts) -> Value {
    match &facts.review {
        None => json!({"reviewed": false, "note": NOT_REVIEWED}),
        Some(review) => {
            let mut value = json!(review);
            value["reviewed"] = json!(true);
            value["program"] = json!(facts.tool);
            if !review.of_these_events {
                value["note"] = json!(OLDER);
            }
            value
        }
    }
}

/// The review in `review.json`: figures, and every verdict of the scope.
pub(crate) fn record(facts: &CaseFacts) -> Value {
    let Some(review) = &facts.review else {
        return json!({"reviewed": false, "note": NOT_REVIEWED});
    };
    let mut by_severity: BTreeMap<&str, u64> = BTreeMap::new();
    for finding in &review.findings {
        *by_severity.entry(&finding.severity).or_default() += 1;
    }
    let of = |result: &str| {
        let with = review.detections.iter().filter(|d| d.result == result);
        with.map(|d| d.id.as_str()).collect::<Vec<_>>()
    };
    let verdicts = review.findings.iter().filter_map(|f| {
        let said = f.verdict.as_ref()?;
        Some(json!({
            "finding": f.id, "verdict": said.verdict, "note": said.note, "who": said.who, "at": said.at, "stale": said.stale,
        }))
    });
    json!({
        "reviewed": true,
        "at": review.at,
        "of_these_events": review.of_these_events,
        "findings": review.findings.len(),
        "by_severity": by_severity,
        "without_verdict": review.findings.iter().filter(|f| f.verdict.is_none()).count(),
        "verdicts": verdicts.collect::<Vec<_>>(),
        "nothing_found": of("nothing found"),
        "not_evaluated": of("not evaluated"),
    })
}
