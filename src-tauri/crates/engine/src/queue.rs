//! The findings of a case as a queue that a person works through.
//!
//! Owns: which of the last review are listed under a filter, one finding with its rows, its baseline and what decided.
//! Never touches: how something is found, what a verdict means.

use std::collections::BTreeMap;

use witnessmark_detect::about::{Detection, Parameter};
use witnessmark_detect::detections;
use witnessmark_model::Zone;
use witnessmark_store::query::RowRef;

use crate::api::{
    DetectReport, DetectionPart, FindingEvent, FindingPage, FindingPart, FindingRow, FindingShow,
    FindingsReport, FindingsWanted, ParameterPart, RowPart, SeverityCount,
};
use crate::case::Case;
use crate::error::Result;
use crate::findings::{SEVERITIES, of_events};
use crate::lens::Answer;
use crate::rows;
use crate::verdicts::Words;

/// Findings of one page.
const MOST: usize = 1_000;
/// Rows of a finding that its page shows; the filter beside them finds all.
const ROWS: usize = 200;
/// Rows of a baseline that the page shows.
const BASELINE: usize = 10;
/// Entries that the list tells of what could not be judged, and of rules that did not run.
const SAID: usize = 500;

/// What an actor's page tells of findings.
#[derive(Default)]
pub(crate) struct HeldFindings {
    pub(crate) rows: Vec<FindingRow>,
    pub(crate) total: u64,
    /// When they were looked for; absent when never.
    pub(crate) at: Option<String>,
    pub(crate) stale: bool,
}

/// Rows with their instants, and how many events are not in the case any more.
type Shown = (Vec<(RowPart, Option<i64>)>, u64);

impl Case {
    /// The findings of the last review that have a row in a filter; nothing when nobody looked for any yet.
    ///
    /// # Errors
    /// When the filter cannot be read, or the case.
    pub fn findings(
        &self,
        query: &str,
        zone: &Zone,
        wanted: &FindingsWanted,
    ) -> Result<Option<FindingsReport>> {
        let query = self.parse(query, zone)?;
        let Some(kept) = self.kept_review()? else {
            return Ok(None);
        };
        let report = &kept.report;
        let words = self.words()?;
        let inside = if query.text.trim().is_empty() {
            vec![true; report.findings.len()]
        } else {
            self.findings_in(report, &self.answer_to(&query)?)?
        };
        let mut told = FindingsReport {
            findings: Vec::new(),
            total: 0,
            open: 0,
            judged: 0,
            hidden: 0,
            outside: 0,
            outside_open: 0,
            severities: SEVERITIES
                .iter()
                .map(|severity| SeverityCount {
                    severity: (*severity).to_owned(),
                    open: 0,
                    all: 0,
                })
                .collect(),
            detections: BTreeMap::new(),
            cannot_tell: report.cannot_tell.clone(),
            not_enough_history: first(&report.not_enough_history),
            not_enough_history_total: report.not_enough_history.len() as u64
                + report.not_enough_history_more.values().sum::<u64>(),
            rules_not_run: first(&report.rules_not_run),
            rules_not_run_total: report.rules_not_run.len() as u64,
            rules_run: report.rules_run,
            suppressions: words.suppressions.clone(),
            events: report.events,
            undated: report.undated,
            out_of_range: report.out_of_range,
            at: report.at.clone(),
            stale: !self.is_of_now(&kept)?,
        };
        let search = wanted.search.trim().to_lowercase();
        let mut asked: Vec<&FindingPart> = Vec::new();
        for (finding, inside) in report.findings.iter().zip(inside) {
            let state = words.state(finding);
            if !inside {
                told.outside += 1;
                told.outside_open += u64::from(state == "open");
                continue;
            }
            if let Some(of) = told
                .severities
                .iter_mut()
                .find(|s| s.severity == finding.severity)
            {
                of.all += 1;
                of.open += u64::from(state == "open");
            }
            *told
                .detections
                .entry(finding.detection.clone())
                .or_default() += 1;
            match state {
                "open" => told.open += 1,
                "judged" => told.judged += 1,
                _ => told.hidden += 1,
            }
            let shown = match wanted.show {
                FindingShow::Open => state == "open",
                FindingShow::Judged => state == "judged",
                FindingShow::Hidden => state == "hidden",
                FindingShow::All => true,
            };
            let of = wanted
                .detection
                .as_ref()
                .is_none_or(|d| *d == finding.detection);
            if shown && of && holds(finding, &search) {
                asked.push(finding);
            }
        }
        if wanted.by_time {
            // Latest first; what has no time comes last.
            asked.sort_by(|a, b| (b.first.as_str(), &b.id).cmp(&(a.first.as_str(), &a.id)));
        }
        told.total = asked.len() as u64;
        told.findings = asked
            .into_iter()
            .skip(wanted.first as usize)
            .take((wanted.limit as usize).clamp(1, MOST))
            .map(|finding| row(finding, &words))
            .collect();
        Ok(Some(told))
    }

    /// The findings of the last review that hold events of an answer, gravest first, at most `most`; and how many do.
    pub(crate) fn findings_of(&self, answer: &Answer, most: usize) -> Result<HeldFindings> {
        let Some(kept) = self.kept_review()? else {
            return Ok(HeldFindings::default());
        };
        let words = self.words()?;
        let inside = self.findings_in(&kept.report, answer)?;
        let held: Vec<&FindingPart> = kept
            .report
            .findings
            .iter()
            .zip(inside)
            .filter_map(|(finding, inside)| inside.then_some(finding))
            .collect();
        let total = held.len() as u64;
        let rows = held.into_iter().take(most).map(|f| row(f, &words));
        Ok(HeldFindings {
            rows: rows.collect(),
            total,
            at: Some(kept.report.at.clone()),
            stale: !self.is_of_now(&kept)?,
        })
    }

    /// For each finding, whether an answer holds one of its events.
    pub(crate) fn findings_in(&self, report: &DetectReport, answer: &Answer) -> Result<Vec<bool>> {
        let query = self.query(&answer.snapshot);
        let holds = |event: &u64| -> Result<bool> {
            let row = query.find(*event)?;
            Ok(row.is_some_and(|r| answer.mask.segments[r.segment as usize].has(r.row)))
        };
        let inside = report.findings.iter().map(|finding| {
            for event in &finding.events {
                if holds(event)? {
                    return Ok(true);
                }
            }
            Ok(false)
        });
        inside.collect()
    }

    /// One finding of the last review in full.
    ///
    /// # Errors
    /// When there is no such finding, or the case cannot be read.
    pub fn finding_page(&self, id: &str, zone: &Zone) -> Result<FindingPage> {
        let words = self.words()?;
        let mut finding = self.finding(id)?;
        let state = words.state(&finding).to_owned();
        finding.verdict = words.verdict(&finding);
        finding.suppressed = words.hides(&finding).cloned();
        let (shown, gone) = self.rows_of(&finding.events, ROWS, zone)?;
        let starts = shown.first().and_then(|(_, at)| *at);
        let rows = shown.into_iter().map(|(row, at)| FindingEvent {
            row,
            after_ms: starts.zip(at).map(|(a, b)| (b - a) / 1_000_000),
        });
        let of_baseline = finding
            .baseline
            .as_ref()
            .map_or(&[][..], |b| b.events.as_slice());
        let last: Vec<u64> = of_baseline.iter().rev().take(BASELINE).copied().collect();
        let (baseline_rows, _) = self.rows_of(&last, BASELINE, zone)?;
        let stale = match self.kept_review()? {
            Some(kept) => !self.is_of_now(&kept)?,
            None => true,
        };
        Ok(FindingPage {
            state,
            filter: format!("finding:{id}"),
            rows: rows.collect(),
            gone,
            baseline_rows: baseline_rows.into_iter().map(|(row, _)| row).collect(),
            baseline_filter: of_events(of_baseline),
            detection: detections::by_id(&finding.detection).map(|d| about(d, &finding)),
            stale,
            finding,
        })
    }

    /// The first of some events as rows with their instants, and how many of all of them are not in the case any more.
    fn rows_of(&self, events: &[u64], most: usize, zone: &Zone) -> Result<Shown> {
        let answer = self.answer("", zone)?;
        let query = self.query(&answer.snapshot);
        let mut there: Vec<RowRef> = Vec::new();
        let mut gone = 0;
        for number in events {
            let row = query.find(*number)?;
            match row.filter(|r| answer.mask.segments[r.segment as usize].has(r.row)) {
                Some(row) => there.push(row),
                None => gone += 1,
            }
        }
        there.truncate(most);
        let marks = self.marks()?;
        let rows = query.events(&there)?.into_iter().map(|event| {
            (
                rows::row(&event, zone, &self.library(), &marks),
                event.time.map(|t| t.0),
            )
        });
        Ok((rows.collect(), gone))
    }
}

fn first<T: Clone>(all: &[T]) -> Vec<T> {
    all.iter().take(SAID).cloned().collect()
}

fn holds(finding: &FindingPart, search: &str) -> bool {
    search.is_empty()
        || [
            &finding.sentence,
            &finding.title,
            &finding.id,
            &finding.detection,
        ]
        .into_iter()
        .chain(&finding.actor)
        .any(|text| text.to_lowercase().contains(search))
}

fn row(finding: &FindingPart, words: &Words) -> FindingRow {
    FindingRow {
        id: finding.id.clone(),
        detection: finding.detection.clone(),
        title: finding.title.clone(),
        severity: finding.severity.clone(),
        actor: finding.actor.clone(),
        sentence: finding.sentence.clone(),
        events: finding.events.len() as u64 + finding.left_out,
        first: finding.first.clone(),
        last: finding.last.clone(),
        state: words.state(finding).to_owned(),
        verdict: words.verdict(finding),
        suppressed: words.hides(finding).cloned(),
    }
}

fn about(detection: &Detection, finding: &FindingPart) -> DetectionPart {
    let parameters = detection.parameters.iter().map(|p| {
        let value = finding.thresholds.get(p.name).copied().unwrap_or(p.default);
        ParameterPart {
            name: p.name.to_owned(),
            says: p.says.to_owned(),
            unit: p.unit.to_owned(),
            value,
            measured: finding.measured.get(p.name).copied(),
            steps: steps(p, value),
        }
    });
    DetectionPart {
        what: detection.what.to_owned(),
        parameters: parameters.collect(),
        needs: detection
            .needs
            .iter()
            .map(|n| n.word().to_owned())
            .collect(),
        after: detection.after.to_owned(),
    }
}

/// Nine values around the one that decided, within what makes sense; whole where the parameter counts.
fn steps(parameter: &Parameter, value: f64) -> Vec<f64> {
    let share = parameter.most <= 1.0;
    let whole = !share && value.fract() == 0.0 && parameter.least.fract() == 0.0;
    let mut steps: Vec<f64> = if share {
        (1..=10).map(|n| f64::from(n) / 10.0).collect()
    } else {
        let around = [0.125, 0.25, 0.5, 0.75, 1.25, 1.5, 2.0, 4.0, 8.0];
        let far = around.iter().map(|by| value * by);
        // Around a small count only its neighbours differ.
        let near = [-3.0, -2.0, -1.0, 1.0, 2.0, 3.0].map(|by| value + by);
        if whole && value < 8.0 {
            near.to_vec()
        } else {
            far.collect()
        }
    };
    for step in &mut steps {
        *step = step.clamp(parameter.least, parameter.most);
        if whole {
            *step = step.round();
        } else {
            *step = (*step * 1_000.0).round() / 1_000.0;
        }
    }
    steps.push(value);
    steps.sort_by(f64::total_cmp);
    steps.dedup();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(detection: &str, name: &str) -> Vec<f64> {
        let parameter = detections::by_id(detection)
            .and_then(|d| d.parameter(name))
            .unwrap();
        steps(parameter, parameter.default)
    }

    #[test]
    fn values_to_try_hold_the_present_one_and_make_sense() {
        for detection in detections::ALL {
            for parameter in detection.parameters {
                let steps = steps(parameter, parameter.default);
                let name = format!("{}.{}", detection.id, parameter.name);
                assert!(steps.contains(&parameter.default), "{name}: {steps:?}");
                assert!(steps.is_sorted(), "{name}: {steps:?}");
                assert!(
                    steps
                        .iter()
                        .all(|s| (parameter.least..=parameter.most).contains(s)),
                    "{name}: {steps:?}"
                );
                assert!(steps.len() >= 3, "{name} has nothing to try: {steps:?}");
            }
        }
        assert_eq!(of("money_path", "signs"), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(
            of("impossible_travel", "kmh"),
            [
                100.0, 200.0, 400.0, 600.0, 800.0, 1000.0, 1200.0, 1600.0, 3200.0, 6400.0
            ]
        );
    }
}
