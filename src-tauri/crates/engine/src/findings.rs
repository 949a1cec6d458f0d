//! The review of a case: every detection over every event, kept until data or rules change.
//!
//! Owns: running the detections, keeping what they found, what-if. Never touches: how a detection works.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use witnessmark_detect::about::{Overrides, Parameter};
use witnessmark_detect::feed::Feed;
use witnessmark_detect::finding::{Baseline, Finding};
use witnessmark_detect::review::{self, Review};
use witnessmark_model::{Instant, Zone};
use witnessmark_store::case::Derived;

use crate::api::{
    BaselinePart, CannotTellPart, DetectReport, FindingPart, UnlearnedPart, WhatIfExample,
    WhatIfPart,
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
    /// Only findings that have a row in this filter; all if empty.
    pub query: String,
    /// `P=V` or `P=V,V,…`: how often a detection would find at other values of a parameter.
    pub what_if: Vec<String>,
    /// Sigma rules to run beside the detections.
    pub rules: RuleFiles,
}

/// The columns that detections look at, and what they found: kept while the case is open and no data comes in.
#[derive(Default)]
pub(crate) struct Reviewed {
    inner: Mutex<Option<(String, Held)>>,
    /// The last review as the case keeps it, read once.
    kept: Mutex<Option<Kept>>,
    /// The marks of findings on events, read once.
    pub(crate) marks: Mutex<Option<Arc<Marked>>>,
}

/// A review that the case keeps, with what it depended on.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) basis: String,
    pub(crate) report: Arc<DetectReport>,
}

/// The gravest severity, as a position in [`SEVERITIES`], of the open findings that hold an event.
pub(crate) type Marked = HashMap<u64, u8>;

/// Severities as the filter `finding:` takes them, gravest first.
pub(crate) const SEVERITIES: [&str; 5] = ["critical", "high", "medium", "low", "informational"];

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
        let within = self.parse(&choices.query, &Zone::UTC)?;
        let basis = self.review_basis(&choices.rules)?;
        self.make_review(&basis, &choices.rules)?;
        let mut report = self
            .kept_review()?
            .map(|kept| DetectReport::clone(&kept.report))
            .unwrap_or_default();
        for (name, values) in asked {
            let held = self.reviewed(&basis, &choices.rules)?;
            report.what_if.extend(values_of(&held, &name, &values)?);
        }
        if !choices.query.trim().is_empty() {
            let answer = self.answer_to(&within)?;
            let inside = self.findings_in(&report, &answer)?;
            let mut inside = inside.into_iter();
            report.findings.retain(|_| inside.next() == Some(true));
        }
        self.with_words(&mut report)?;
        Ok(report)
    }

    /// Looks at every event, unless nothing that the answer depends on has changed. `rules` absent: whatever rules the last
    /// review ran will do, as long as its events are still those of the case.
    ///
    /// # Errors
    /// When the case cannot be read.
    pub fn look_for_findings(&self, rules: Option<&RuleFiles>) -> Result<()> {
        let none = RuleFiles::default();
        if rules.is_none()
            && let Some(kept) = self.kept_review()?
            && self.is_of_now(&kept)?
        {
            return self.end_what_is_over();
        }
        let rules = rules.unwrap_or(&none);
        self.make_review(&self.review_basis(rules)?, rules)
    }

    /// The review that somebody else's question goes by, and whether the case keeps it. One that a person made with rules of
    /// their own is never replaced: where its events are no longer those of the case, another is made beside it and not kept.
    pub(crate) fn review_for_questions(&self) -> Result<(DetectReport, bool)> {
        let with_rules = |kept: &Kept| kept.report.rules_run > 0;
        if let Some(kept) = self.kept_review()?
            && with_rules(&kept)
            && !self.is_of_now(&kept)?
        {
            let none = RuleFiles::default();
            let held = self.reviewed(&self.review_basis(&none)?, &none)?;
            let (feed, found, ruled) = &*held;
            let mut report = self.report(feed, found, ruled);
            self.with_words(&mut report)?;
            return Ok((report, false));
        }
        self.look_for_findings(None)?;
        let mut report = self
            .kept_review()?
            .map_or_else(DetectReport::default, |kept| {
                DetectReport::clone(&kept.report)
            });
        self.with_words(&mut report)?;
        Ok((report, true))
    }

    /// Marks findings anew where a suppression ended since they were marked.
    fn end_what_is_over(&self) -> Result<()> {
        let marked = self.store.derived(witnessmark_store::case::FINDINGS, "")?;
        let Some(at) = marked.map(|m| m.at.rfc3339()) else {
            return Ok(());
        };
        let over = |s: &crate::api::SuppressionPart| {
            s.expired && s.until.as_ref().is_some_and(|until| *until > at)
        };
        if self.suppressions()?.suppressions.iter().any(over) {
            self.lay_marks()?;
        }
        Ok(())
    }

    /// How often a detection would find at other values of a parameter, `detection.parameter`, over the whole case.
    ///
    /// # Errors
    /// When the parameter or a value is not there, or the case cannot be read.
    pub fn what_if(
        &self,
        name: &str,
        values: &[f64],
        rules: Option<&RuleFiles>,
    ) -> Result<Vec<WhatIfPart>> {
        let none = RuleFiles::default();
        let rules = rules.unwrap_or(&none);
        let kept = self.kept_review()?;
        if name.starts_with("several_weak_signs.")
            && rules.is_empty()
            && kept.is_some_and(|k| k.report.rules_run > 0)
        {
            return Err(Error::new(
                Code::InvalidOption,
                "the rules whose findings were weighed are not at hand",
                "Choose the rules again, then ask.",
            ));
        }
        let held = self.reviewed(&self.review_basis(rules)?, rules)?;
        values_of(&held, name, values)
    }

    /// Keeps the review of this basis, which is made where it is not kept yet.
    fn make_review(&self, basis: &str, rules: &RuleFiles) -> Result<()> {
        if self.kept_review()?.is_some_and(|kept| kept.basis == basis) {
            return Ok(());
        }
        let held = self.reviewed(basis, rules)?;
        let (feed, found, ruled) = &*held;
        self.keep_review(basis, self.report(feed, found, ruled))
    }

    /// Whether a review is of the events that are in the case now.
    pub(crate) fn is_of_now(&self, kept: &Kept) -> Result<bool> {
        let data = self.data_basis()?;
        Ok(kept.basis.split_once(' ').is_some_and(|(of, _)| of == data))
    }

    /// What the answer depends on: the events that are there, what persons joined, databases of addresses, the program, and
    /// the rules.
    fn review_basis(&self, rules: &RuleFiles) -> Result<String> {
        let mut of = String::new();
        for (name, text) in &rules.files {
            of.push_str(&format!(
                "{name}\u{1}{}\u{1}",
                witnessmark_store::sha256_hex(text.as_bytes())
            ));
        }
        let of = witnessmark_store::sha256_hex(of.as_bytes());
        Ok(format!("{} {of}", self.data_basis()?))
    }

    fn data_basis(&self) -> Result<String> {
        let sources: Vec<String> = self
            .store
            .sources()?
            .iter()
            .map(|s| {
                // A source that was read anew by another profile may have as many events as before.
                let anew = match s.generation {
                    0 | 1 => String::new(),
                    more => format!(":{more}"),
                };
                format!(
                    "{}{}:{}:{}{anew}",
                    s.id, s.state, s.receipt.events, s.receipt.sha256
                )
            })
            .collect();
        let merges =
            serde_json::to_string(&self.store.merges()?).map_err(|e| internal(e.to_string()))?;
        let databases: Vec<String> = self
            .databases()
            .iter()
            .map(|d| format!("{}:{}", d.name(), d.built()))
            .collect();
        // What a log cannot show is said by its profiles; those of the program change with it.
        let library = self.library();
        let own = library.own().iter();
        let own: String = own
            .map(|p| format!("\u{1}{}", witnessmark_store::sha256_hex(p.text.as_bytes())))
            .collect();
        let text = format!(
            "{}\u{1}{}\u{1}{merges}\u{1}{}{own}",
            self.setting.tool,
            sources.join(","),
            databases.join(",")
        );
        Ok(witnessmark_store::sha256_hex(text.as_bytes()))
    }

    /// What the last review found, whatever came in since.
    pub(crate) fn last_review(&self) -> Result<Option<Arc<DetectReport>>> {
        Ok(self.kept_review()?.map(|kept| kept.report))
    }

    pub(crate) fn kept_review(&self) -> Result<Option<Kept>> {
        let mut held = self
            .reviewed
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            // What an older program kept in another shape is made again.
            *held = self.store.derived(KEPT, "")?.and_then(|kept| {
                Some(Kept {
                    basis: kept.basis,
                    report: Arc::new(serde_json::from_slice(&kept.value).ok()?),
                })
            });
        }
        Ok(held.clone())
    }

    fn keep_review(&self, basis: &str, report: DetectReport) -> Result<()> {
        let value = serde_json::to_vec(&report).map_err(|e| internal(e.to_string()))?;
        let kept = Derived {
            basis: basis.to_owned(),
            at: (self.setting.now)(),
            value,
        };
        self.store.keep_derived(KEPT, "", &kept)?;
        *self
            .reviewed
            .kept
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Kept {
            basis: basis.to_owned(),
            report: Arc::new(report),
        });
        self.lay_marks()
    }

    /// Lays the events of findings over the case, for the filter `finding:`: by the id of each, and by severity those that
    /// still ask for somebody. Asked for again when a person judged or hid something.
    pub(crate) fn lay_marks(&self) -> Result<()> {
        let Some(kept) = self.kept_review()? else {
            return Ok(());
        };
        let words = self.words()?;
        let mut events: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        let mut marked = Marked::new();
        for finding in &kept.report.findings {
            events.insert(&finding.id, finding.events.clone());
            let rank = SEVERITIES.iter().position(|s| *s == finding.severity);
            if let Some(rank) = rank
                && words.state(finding) == "open"
            {
                for event in &finding.events {
                    let mark = marked.entry(*event).or_insert(rank as u8);
                    *mark = (*mark).min(rank as u8);
                }
            }
        }
        let mut by_severity: [BTreeSet<u64>; 5] = Default::default();
        for finding in &kept.report.findings {
            if let Some(rank) = SEVERITIES.iter().position(|s| *s == finding.severity)
                && words.state(finding) == "open"
            {
                by_severity[rank].extend(&finding.events);
            }
        }
        for (word, of) in SEVERITIES.iter().zip(by_severity) {
            if !of.is_empty() {
                events.insert(word, of.into_iter().collect());
            }
        }
        let value = serde_json::to_vec(&events).map_err(|e| internal(e.to_string()))?;
        let kept = Derived {
            basis: kept.basis,
            at: (self.setting.now)(),
            value,
        };
        self.store
            .keep_derived(witnessmark_store::case::FINDINGS, "", &kept)?;
        *self
            .reviewed
            .marks
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(marked));
        self.results.forget();
        Ok(())
    }

    /// The marks of open findings on events.
    pub(crate) fn finding_marks(&self) -> Result<Arc<Marked>> {
        let mut held = self
            .reviewed
            .marks
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(marked) = &*held {
            return Ok(Arc::clone(marked));
        }
        let mut marked = Marked::new();
        let kept = self.store.derived(witnessmark_store::case::FINDINGS, "")?;
        let events: HashMap<String, Vec<u64>> = kept
            .and_then(|kept| serde_json::from_slice(&kept.value).ok())
            .unwrap_or_default();
        // From the least to the gravest, so that the gravest stays.
        for (rank, word) in SEVERITIES.iter().enumerate().rev() {
            for event in events.get(*word).into_iter().flatten() {
                marked.insert(*event, rank as u8);
            }
        }
        let marked = Arc::new(marked);
        *held = Some(Arc::clone(&marked));
        Ok(marked)
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

/// What one detection would find at other values of one of its parameters.
fn values_of(held: &Held, name: &str, values: &[f64]) -> Result<Vec<WhatIfPart>> {
    let (feed, found, _) = &**held;
    let (detection, parameter) = review::parameter(name).map_err(|why| no_parameter(&why))?;
    for value in values {
        check_value(name, parameter, *value)?;
    }
    let answers = review::what_if(
        feed,
        detection,
        parameter.name,
        values,
        &Overrides::new(),
        &found.findings,
    );
    let told = answers.into_iter().map(|a| WhatIfPart {
        parameter: a.parameter,
        value: a.value,
        findings: a.findings,
        gone: a.gone,
        new: a.new,
        examples: a.examples.iter().map(example).collect(),
    });
    Ok(told.collect())
}

fn example(finding: &Finding) -> WhatIfExample {
    WhatIfExample {
        id: finding.id.clone(),
        severity: finding.severity.word().to_owned(),
        actor: finding.actor.clone(),
        sentence: finding.sentence.clone(),
        first: time(finding.first),
        filter: of_events(&finding.events),
    }
}

/// A filter that finds events by their numbers, the first hundred of them.
pub(crate) fn of_events(events: &[u64]) -> String {
    let terms: Vec<String> = events
        .iter()
        .take(100)
        .map(|n| format!("event:{n}"))
        .collect();
    terms.join(" ")
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
