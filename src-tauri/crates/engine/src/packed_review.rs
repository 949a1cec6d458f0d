//! The last review of a case in the package's terms: what every detection found in a scope, and what it could not tell.
//!
//! Owns: which findings a scope holds, and what of them may be said. Never touches: detections themselves. A package of a
//! part of the case must not tell of the rest, so a finding that has events outside keeps its words to itself.

use std::collections::BTreeMap;

use witnessmark_detect::detections;
use witnessmark_lens::Expr;
use witnessmark_model::Zone;
use witnessmark_package::{
    DetectionFacts, FindingFacts, NotRunFacts, ReviewFacts, SuppressedFacts, UntoldFacts,
    VerdictFacts,
};

use crate::api::{DetectReport, FindingPart};
use crate::case::Case;
use crate::error::Result;

const PARTLY: &str =
    "Some of its events are outside the scope of this package; what it says is left out.";

impl Case {
    /// What was found in a scope; absent where no review was made.
    pub(crate) fn packed_review(&self, query: &str, zone: &Zone) -> Result<Option<ReviewFacts>> {
        let Some(kept) = self.kept_review()? else {
            return Ok(None);
        };
        let mut report = DetectReport::clone(&kept.report);
        self.with_words(&mut report)?;
        let parsed = self.parse(query, zone)?;
        let whole = parsed.expr == Expr::All;
        let scope = self.answer_to(&parsed)?;
        let rows = self.query(&scope.snapshot);
        let mut findings = Vec::new();
        for finding in &report.findings {
            let mut inside = Vec::new();
            for event in &finding.events {
                let row = rows.find(*event)?;
                let segment =
                    row.and_then(|r| Some((scope.mask.segments.get(r.segment as usize)?, r)));
                if segment.is_some_and(|(mask, row)| mask.has(row.row)) {
                    inside.push(*event);
                }
            }
            if !inside.is_empty() {
                findings.push(of(finding, inside, whole));
            }
        }
        Ok(Some(ReviewFacts {
            of_these_events: self.is_of_now(&kept)?,
            at: report.at.clone(),
            events: report.events,
            undated: report.undated,
            out_of_range: report.out_of_range,
            detections: results(&report, &findings, whole),
            rules_run: report.rules_run,
            rules_not_run: report
                .rules_not_run
                .iter()
                .map(|r| NotRunFacts {
                    id: r.id.clone(),
                    reason: r.reason.clone(),
                })
                .collect(),
            findings,
        }))
    }
}

/// A finding as a scope may tell it.
fn of(finding: &FindingPart, inside: Vec<u64>, whole: bool) -> FindingFacts {
    let listed = finding.events.len() as u64;
    let further_events = listed - inside.len() as u64 + finding.left_out;
    let bare = FindingFacts {
        id: finding.id.clone(),
        detection: finding.detection.clone(),
        title: finding.title.clone(),
        severity: finding.severity.clone(),
        sentence: PARTLY.to_owned(),
        events: inside,
        further_events,
        benign: finding.benign.clone(),
        verdict: finding.verdict.as_ref().map(|v| VerdictFacts {
            verdict: v.verdict.clone(),
            note: v.note.clone(),
            who: v.who.clone(),
            at: v.at.clone(),
            stale: v.stale,
        }),
        suppressed: finding.suppressed.as_ref().map(|s| SuppressedFacts {
            reason: s.reason.clone(),
            who: s.who.clone(),
            at: s.at.clone(),
            until: s.until.clone(),
        }),
        ..FindingFacts::default()
    };
    if !whole && further_events > 0 {
        let without_note = |v: VerdictFacts| VerdictFacts {
            note: String::new(),
            ..v
        };
        return FindingFacts {
            verdict: bare.verdict.map(without_note),
            suppressed: None,
            ..bare
        };
    }
    FindingFacts {
        actor: finding.actor.clone(),
        sentence: finding.sentence.clone(),
        measured: finding.measured.clone(),
        thresholds: finding.thresholds.clone(),
        usual: finding
            .baseline
            .as_ref()
            .map(|b| b.usual.clone())
            .filter(|u| !u.is_empty()),
        would_change: finding.would_change.clone(),
        cannot_show: finding.cannot_show.clone(),
        ..bare
    }
}

/// Every detection of the program, and every rule that found something, with its result in the scope.
fn results(report: &DetectReport, findings: &[FindingFacts], whole: bool) -> Vec<DetectionFacts> {
    let mut found: BTreeMap<&str, u64> = BTreeMap::new();
    let mut titles: BTreeMap<&str, &str> = BTreeMap::new();
    for finding in findings {
        *found.entry(&finding.detection).or_default() += 1;
        titles.insert(&finding.detection, &finding.title);
    }
    let of_program = detections::ALL.iter().map(|d| DetectionFacts {
        id: d.id.to_owned(),
        title: d.title.to_owned(),
        what: d.what.to_owned(),
        parameters: d
            .parameters
            .iter()
            .map(|p| (p.name.to_owned(), p.default))
            .collect(),
        ..DetectionFacts::default()
    });
    let of_rules = titles
        .iter()
        .filter(|(id, _)| detections::by_id(id).is_none())
        .map(|(id, title)| DetectionFacts {
            id: (*id).to_owned(),
            title: (*title).to_owned(),
            what: "a Sigma rule; the case keeps no text of it".to_owned(),
            ..DetectionFacts::default()
        });
    let mut all: Vec<DetectionFacts> = of_program.chain(of_rules).collect();
    for detection in &mut all {
        let id = detection.id.as_str();
        detection.findings = found.get(id).copied().unwrap_or(0);
        let untold = report.cannot_tell.iter().filter(|c| c.detection == id);
        detection.not_evaluated = untold
            .map(|c| UntoldFacts {
                log: whole.then(|| c.source.clone()),
                reason: c.reason.clone(),
            })
            .collect();
        detection.not_evaluated.sort();
        detection.not_evaluated.dedup();
        let unlearned = report.not_enough_history.iter();
        detection.without_history = unlearned.filter(|u| u.detection == id).count() as u64
            + report.not_enough_history_more.get(id).copied().unwrap_or(0);
        let evaluated = detection.not_evaluated.is_empty() && detection.without_history == 0;
        detection.result = match (detection.findings, evaluated) {
            (0, true) => "nothing found",
            (0, false) => "not evaluated",
            _ => "found",
        }
        .to_owned();
    }
    all
}
