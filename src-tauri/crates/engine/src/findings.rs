//! The review of a case: every detection over every event, kept until data or rules change.
//!
//! Owns: running the detections, keeping what they found, what-if. Never touches: how a detection works.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use witnessmark_detect::about::{Overrides, Parameter};
use witnessmark_detect::feed::Feed;
use witnessmark_detect::finding::{Baseline, Finding};
use witnessmark_detect::review::{self, Review};
use witnessmark_model::Instant;
use witnessmark_store::case::Derived;

use crate::api::{
    BaselinePart, CannotTellPart, DetectReport, FindingPart, UnlearnedPart, WhatIfPart,
};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::rules::{RuleFiles, Ruled};

/// Where the last review is kept in the case.
const KEPT: &str = "review";

/// What is asked of a review.
#[derive(Clone, Debug, Default)]
pub struct DetectChoices {
    /// `P=V` or `P=V,V,…`: how often a detection would find at other values of a parameter.
    pub what_if: Vec<String>,
    /// Sigma rules to run beside the detections.
    pub rules: RuleFiles,
}

/// The columns that detections look at, and what they found: kept while the case is open and no data comes in.
#[derive(Default)]
pub(crate) struct Reviewed {
    inner: Mutex<Option<(String, Held)>>,
}

/// What was looked at, and what was found in it.
type Held = Arc<(Feed, Review, Ruled)>;

impl Case {
    /// Looks at every event with every detection. What was found is kept in the case, where `finding:` finds it.
    ///
    /// # Errors
    /// When the case cannot be read, or a parameter is not there.
    pub fn detect(&self, choices: &DetectChoices) -> Result<DetectReport> {
        let asked = choices
            .what_if
            .iter()
            .map(|text| what_if(text))
            .collect::<Result<Vec<_>>>()?;
        let basis = self.review_basis(&choices.rules)?;
        if asked.is_empty()
            && let Some(mut report) = self.kept_review(&basis)?
        {
            self.with_words(&mut report)?;
            return Ok(report);
        }
        let held = self.reviewed(&basis, &choices.rules)?;
        let (feed, found, ruled) = &*held;
        let mut report = self.report(feed, found, ruled);
        self.keep_review(&basis, &report)?;
        for (name, values) in asked {
            let (detection, parameter) =
                review::parameter(&name).map_err(|why| no_parameter(&why))?;
            for value in &values {
                check_value(&name, parameter, *value)?;
            }
            let answers = review::what_if(
                feed,
                detection,
                parameter.name,
                &values,
                &Overrides::new(),
                &found.findings,
            );
            report
                .what_if
                .extend(answers.into_iter().map(|a| WhatIfPart {
                    parameter: a.parameter,
                    value: a.value,
                    findings: a.findings,
                    gone: a.gone,
                    new: a.new,
                }));
        }
        self.with_words(&mut report)?;
        Ok(report)
    }

    /// What the answer depends on: the events that are there, what persons joined, and the program.
    fn review_basis(&self, rules: &RuleFiles) -> Result<String> {
        let sources: Vec<String> = self
            .store
            .sources()?
            .iter()
            .map(|s| {
                format!(
                    "{}{}:{}:{}",
                    s.id, s.state, s.receipt.events, s.receipt.sha256
                )
            })
            .collect();
        let merges =
            serde_json::to_string(&self.store.merges()?).map_err(|e| internal(e.to_string()))?;
        let mut rules_of = String::new();
        for (name, text) in &rules.files {
            rules_of.push_str(&format!(
                "{name}\u{1}{}\u{1}",
                witnessmark_store::sha256_hex(text.as_bytes())
            ));
        }
        let text = format!(
            "{}\u{1}{}\u{1}{merges}\u{1}{rules_of}",
            self.setting.tool,
            sources.join(",")
        );
        Ok(witnessmark_store::sha256_hex(text.as_bytes()))
    }

    /// What the last review found, whatever came in since.
    pub(crate) fn last_review(&self) -> Result<Option<DetectReport>> {
        let kept = self.store.derived(KEPT, "")?;
        Ok(kept.and_then(|k| serde_json::from_slice(&k.value).ok()))
    }

    fn kept_review(&self, basis: &str) -> Result<Option<DetectReport>> {
        let kept = self.store.derived(KEPT, "")?;
        // What an older program kept in another shape is made again.
        Ok(kept
            .filter(|k| k.basis == basis)
            .and_then(|k| serde_json::from_slice(&k.value).ok()))
    }

    fn keep_review(&self, basis: &str, report: &DetectReport) -> Result<()> {
        let value = serde_json::to_vec(report).map_err(|e| internal(e.to_string()))?;
        let kept = Derived {
            basis: basis.to_owned(),
            at: (self.setting.now)(),
            value,
        };
        self.store.keep_derived(KEPT, "", &kept)?;
        let events: BTreeMap<&str, &[u64]> = report
            .findings
            .iter()
            .map(|f| (f.id.as_str(), f.events.as_slice()))
            .collect();
        let value = serde_json::to_vec(&events).map_err(|e| internal(e.to_string()))?;
        let kept = Derived {
            basis: basis.to_owned(),
            at: (self.setting.now)(),
            value,
        };
        self.store
            .keep_derived(witnessmark_store::case::FINDINGS, "", &kept)?;
        self.results.forget();
        Ok(())
    }

    fn reviewed(&self, basis: &str, rules: &RuleFiles) -> Result<Held> {
        let mut inner = self
            .reviewed
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some((known, held)) = &*inner
            && known == basis
        {
            return Ok(Arc::clone(held));
        }
        *inner = None;
        let feed = self.feed(&self.store.snapshot()?)?;
        let mut ruled = self.run_rules(rules, &feed)?;
        let of_rules = std::mem::take(&mut ruled.findings);
        let found = review::review(&feed, &Overrides::new(), of_rules);
        let held = Arc::new((feed, found, ruled));
        *inner = Some((basis.to_owned(), Arc::clone(&held)));
        Ok(held)
    }

    fn report(&self, feed: &Feed, found: &Review, ruled: &Ruled) -> DetectReport {
        DetectReport {
            findings: found.findings.iter().map(part).collect(),
            not_enough_history: found
                .unlearned
                .iter()
                .map(|u| UnlearnedPart {
                    detection: u.detection.clone(),
                    actor: u.actor.clone(),
                    reason: u.reason.clone(),
                })
                .collect(),
            not_enough_history_more: found.unlearned_more.iter().cloned().collect(),
            cannot_tell: found
                .cannot_tell
                .iter()
                .map(|c| CannotTellPart {
                    detection: c.detection.clone(),
                    source: c.source.clone(),
                    reason: c.reason.clone(),
                })
                .collect(),
            rules_not_run: ruled.not_run.clone(),
            rules_run: ruled.run,
            open: 0,
            what_if: Vec::new(),
            events: feed.len() as u64,
            undated: feed.undated,
            out_of_range: feed.out_of_range,
            at: (self.setting.now)().rfc3339(),
        }
    }
}

fn part(finding: &Finding) -> FindingPart {
    FindingPart {
        id: finding.id.clone(),
        detection: finding.detection.clone(),
        title: finding.title.clone(),
        severity: finding.severity.word().to_owned(),
        actor: finding.actor.clone(),
        sentence: finding.sentence.clone(),
        events: finding.events.clone(),
        left_out: finding.left_out,
        first: time(finding.first),
        last: time(finding.last),
        first_ms: milliseconds(finding.first),
        last_ms: milliseconds(finding.last),
        measured: finding
            .measured
            .iter()
            .map(|m| (m.name.to_owned(), rounded(m.value)))
            .collect(),
        thresholds: finding
            .thresholds
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect(),
        baseline: finding.baseline.as_ref().map(baseline),
        would_change: finding.would_change.clone(),
        benign: finding.benign.clone(),
        cannot_show: finding.cannot_show.clone(),
        verdict: None,
        suppressed: None,
    }
}

/// Empty where no event of a finding has a time.
fn time(nanos: i64) -> String {
    if nanos == i64::MIN {
        String::new()
    } else {
        Instant(nanos).rfc3339()
    }
}

fn milliseconds(nanos: i64) -> f64 {
    if nanos == i64::MIN {
        0.0
    } else {
        nanos as f64 / 1e6
    }
}

fn baseline(baseline: &Baseline) -> BaselinePart {
    BaselinePart {
        of: baseline.of.clone(),
        n: baseline.n,
        from: baseline.from.map(|t| Instant(t).rfc3339()),
        to: baseline.to.map(|t| Instant(t).rfc3339()),
        events: baseline.events.clone(),
        usual: baseline.usual.clone(),
    }
}

/// Three digits after the point; more would only claim what was not measured.
fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// `P=V,V,…`.
fn what_if(text: &str) -> Result<(String, Vec<f64>)> {
    let wrong = || {
        Error::new(
            Code::InvalidOption,
            format!("`{text}` is no parameter with values"),
            "Write such as impossible_travel.kmh=500,800,1000.",
        )
    };
    let (name, values) = text.split_once('=').ok_or_else(wrong)?;
    let values = values
        .split(',')
        .map(|v| v.trim().parse::<f64>().map_err(|_| wrong()))
        .collect::<Result<Vec<f64>>>()?;
    Ok((name.trim().to_owned(), values))
}

fn no_parameter(why: &str) -> Error {
    Error::new(
        Code::InvalidOption,
        why,
        "docs/detections.md lists every detection with its parameters.",
    )
}

fn check_value(name: &str, parameter: &Parameter, value: f64) -> Result<()> {
    if value.is_finite() && value >= parameter.least && value <= parameter.most {
        return Ok(());
    }
    let unit = if parameter.unit.is_empty() {
        String::new()
    } else {
        format!(" {}", parameter.unit)
    };
    Err(Error::new(
        Code::InvalidOption,
        format!("{value} is no value of `{name}`"),
        format!(
            "It lies from {} to {}{unit}.",
            parameter.least, parameter.most
        ),
    ))
}
