//! Running the detections over a feed: all of them, or one at other parameters.
//!
//! Owns: the order, what cannot be told, what-if. Never touches: how a detection works.

use std::collections::BTreeSet;

use rayon::prelude::*;

use crate::{
    about::{Detection, Overrides, Settings},
    detections::{ALL, by_id, several},
    feed::{Feed, Need},
    finding::{CannotTell, Finding, Out, Unlearned},
};

/// What a review of a case found.
#[derive(Clone, Debug, Default)]
pub struct Review {
    /// Findings, most severe first, then by time.
    pub findings: Vec<Finding>,
    /// What could not be judged yet.
    pub unlearned: Vec<Unlearned>,
    /// For each detection, how many more actors lack history than are listed.
    pub unlearned_more: Vec<(String, u64)>,
    /// What a source cannot answer.
    pub cannot_tell: Vec<CannotTell>,
}

/// How a detection would find at another value of a parameter.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WhatIf {
    /// `detection.parameter`.
    pub parameter: String,
    /// The value.
    pub value: f64,
    /// Findings at that value.
    pub findings: u64,
    /// Ids of findings that stand now and would not.
    pub gone: Vec<String>,
    /// Ids of findings that would stand and do not now.
    pub new: Vec<String>,
    /// The gravest of those, at most [`MOST_EXAMPLES`].
    pub examples: Vec<Finding>,
}

/// New findings that an answer of what-if tells in full.
pub const MOST_EXAMPLES: usize = 20;

/// Runs every detection; findings of rules are weighed with theirs.
#[must_use]
pub fn review(feed: &Feed, overrides: &Overrides, of_rules: Vec<Finding>) -> Review {
    let runs: Vec<_> = ALL
        .par_iter()
        .map(|detection| {
            let mut out = Out::new(feed, detection, Settings::new(detection, overrides));
            (detection.run)(feed, &out.settings(), &mut out);
            (
                detection.id,
                out.findings,
                out.unlearned,
                out.unlearned_more,
            )
        })
        .collect();
    let mut review = Review::default();
    for (id, findings, unlearned, more) in runs {
        review.findings.extend(findings);
        review.unlearned.extend(unlearned);
        if more > 0 {
            review.unlearned_more.push((id.to_owned(), more));
        }
    }
    review.findings.extend(of_rules);
    let together = several(&review.findings, overrides);
    review.findings.extend(together);
    order(&mut review.findings);
    review.cannot_tell = ALL.iter().flat_map(|d| cannot_tell(feed, d)).collect();
    review
}

/// Most severe first, then by time; nothing twice.
pub fn order(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| {
        b.severity
            .cmp(&a.severity)
            .then_with(|| (a.first, &a.detection, &a.id).cmp(&(b.first, &b.detection, &b.id)))
    });
    let mut seen = BTreeSet::new();
    findings.retain(|f| seen.insert(f.id.clone()));
}

/// How a detection would find at other values of one of its parameters. `now` are the findings that stand.
#[must_use]
pub fn what_if(
    feed: &Feed,
    detection: &Detection,
    parameter: &str,
    values: &[f64],
    overrides: &Overrides,
    now: &[Finding],
) -> Vec<WhatIf> {
    let standing: BTreeSet<&str> = now
        .iter()
        .filter(|f| f.detection == detection.id)
        .map(|f| f.id.as_str())
        .collect();
    let key = format!("{}.{parameter}", detection.id);
    values
        .par_iter()
        .map(|value| {
            let mut other = overrides.clone();
            other.insert(key.clone(), *value);
            let found = if detection.id == "several_weak_signs" {
                let others: Vec<Finding> = now
                    .iter()
                    .filter(|f| f.detection != detection.id)
                    .cloned()
                    .collect();
                several(&others, &other)
            } else {
                let mut out = Out::new(feed, detection, Settings::new(detection, &other));
                (detection.run)(feed, &out.settings(), &mut out);
                out.findings
            };
            let ids: BTreeSet<&str> = found.iter().map(|f| f.id.as_str()).collect();
            let mut examples: Vec<Finding> = found
                .iter()
                .filter(|f| !standing.contains(f.id.as_str()))
                .cloned()
                .collect();
            order(&mut examples);
            examples.truncate(MOST_EXAMPLES);
            WhatIf {
                parameter: key.clone(),
                value: *value,
                findings: ids.len() as u64,
                gone: standing
                    .difference(&ids)
                    .map(|id| (*id).to_owned())
                    .collect(),
                new: ids
                    .difference(&standing)
                    .map(|id| (*id).to_owned())
                    .collect(),
                examples,
            }
        })
        .collect()
}

/// A parameter by its full name, `detection.parameter`, or by its own name where only one detection has it.
///
/// # Errors
/// Says what there is.
pub fn parameter(
    name: &str,
) -> Result<(&'static Detection, &'static crate::about::Parameter), String> {
    if let Some((id, own)) = name.split_once('.') {
        let detection = by_id(id).ok_or_else(|| format!("there is no detection `{id}`"))?;
        let names: Vec<&str> = detection.parameters.iter().map(|p| p.name).collect();
        let found = detection.parameter(own).ok_or_else(|| {
            format!(
                "`{id}` has no parameter `{own}`; it has {}",
                names.join(", ")
            )
        })?;
        return Ok((detection, found));
    }
    let mut having = ALL.iter().filter_map(|d| d.parameter(name).map(|p| (d, p)));
    match (having.next(), having.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(format!("no detection has a parameter `{name}`")),
        (Some(_), Some(_)) => {
            let ids: Vec<String> = ALL
                .iter()
                .filter(|d| d.parameter(name).is_some())
                .map(|d| format!("{}.{name}", d.id))
                .collect();
            Err(format!(
                "`{name}` is a parameter of several detections: {}",
                ids.join(", ")
            ))
        }
    }
}

/// What the logs of a feed cannot show of what a detection needs.
fn cannot_tell(feed: &Feed, detection: &Detection) -> Vec<CannotTell> {
    let mut found = Vec::new();
    for system in &feed.systems {
        let name = [system.provider.as_str(), system.organization.as_str()]
            .join(" ")
            .trim()
            .to_owned();
        let source = if name.is_empty() {
            "events of no named system".to_owned()
        } else {
            name
        };
        for need in detection.needs {
            let blind = system.blind.needs.contains(need);
            let says = system.blind.sentences.join(" ");
            let reason = match need {
                _ if blind && says.is_empty() => Some(format!(
                    "this log does not show {}",
                    need.word().replace('_', " ")
                )),
                _ if blind => Some(format!(
                    "this log does not show {}. {says}",
                    need.word().replace('_', " ")
                )),
                Need::SignIns if system.sign_ins == 0 => {
                    Some("there is no sign-in among its events".to_owned())
                }
                Need::Addresses if system.sign_ins > 0 && system.with[0] == 0 => Some(format!(
                    "none of its {} sign-ins names an address",
                    system.sign_ins
                )),
                Need::Countries if system.sign_ins > 0 && system.with[1] == 0 => Some(format!(
                    "none of its {} sign-ins has a country, in the log or by a database",
                    system.sign_ins
                )),
                Need::Devices if system.sign_ins > 0 && system.with[2] == 0 => Some(format!(
                    "none of its {} sign-ins names a device",
                    system.sign_ins
                )),
                Need::Sessions if system.sessions == 0 => {
                    Some("none of its events names a session".to_owned())
                }
                _ => None,
            };
            if let Some(reason) = reason {
                found.push(CannotTell {
                    detection: detection.id.to_owned(),
                    source,
                    reason,
                });
                break;
            }
        }
    }
    found
}
