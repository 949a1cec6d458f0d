//! Findings, verdicts and checklists in the report.
//!
//! Owns: their tables, and that what was not looked at or could not be told is said. Never touches: setting.

use super::build::column;
use super::show::{cell, number, passage};
use super::{Block, Kind};
use crate::material::CaseFacts;
use crate::reviewed::{FindingFacts, NOT_REVIEWED, OLDER, ReviewFacts};

/// Findings on paper.
const MOST: usize = 200;

/// Adds what was judged, by detections and by persons.
pub(super) fn judged(facts: &CaseFacts, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading("Findings".to_owned()));
    match &facts.review {
        None => blocks.push(Block::Text(sentence(NOT_REVIEWED))),
        Some(review) => reviewed(review, blocks),
    }
    for list in &facts.checklists {
        blocks.push(Block::Heading(format!("Checklist: {}", cell(&list.title))));
        let columns = vec![
            column("Step", 3.0, Kind::Text),
            column("Answer", 1.2, Kind::Text),
            column("Reason", 4.0, Kind::Text),
        ];
        let rows = list
            .steps
            .iter()
            .map(|s| vec![cell(&s.title), s.answer.clone(), cell(&s.reason)]);
        blocks.push(Block::Table(columns, rows.collect()));
    }
}

fn sentence(words: &str) -> String {
    let mut letters = words.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn reviewed(review: &ReviewFacts, blocks: &mut Vec<Block>) {
    blocks.push(Block::Note(format!(
        "{} detections looked at {} events of the case at {}; {} without a time and {} with one that cannot be true were not \
         looked at. Texts, numbers and results are in data/rules/detections.json.",
        number(review.detections.len() as u64),
        number(review.events),
        review.at,
        number(review.undated),
        number(review.out_of_range)
    )));
    if !review.of_these_events {
        blocks.push(Block::Text(sentence(OLDER)));
    }
    if review.findings.is_empty() {
        blocks.push(Block::Text(
            "Nothing was found in the scope, as far as it could be evaluated.".to_owned(),
        ));
    } else {
        let columns = vec![
            column("Severity", 1.2, Kind::Text),
            column("Finding", 5.4, Kind::Text),
            column("Verdict", 2.6, Kind::Text),
            column("Events", 1.2, Kind::Figure),
        ];
        let rows = review.findings.iter().take(MOST).map(|f| {
            vec![
                f.severity.clone(),
                passage(&format!("{}: {}", f.title, f.sentence)),
                passage(&verdict(f)),
                number(f.events.len() as u64 + f.further_events),
            ]
        });
        blocks.push(Block::Table(columns, rows.collect()));
        if review.findings.len() > MOST {
            blocks.push(Block::Note(format!(
                "{MOST} of {} findings are shown, the gravest; all are in data/rules/detections.json.",
                number(review.findings.len() as u64)
            )));
        }
    }
    not_evaluated(review, blocks);
}

fn verdict(finding: &FindingFacts) -> String {
    let mut words = match &finding.verdict {
        None => "none yet".to_owned(),
        Some(said) => {
            let stale = if said.stale {
                " (of other events than now)"
            } else {
                ""
            };
            let note = if said.note.is_empty() {
                String::new()
            } else {
                format!(": {}", said.note)
            };
            format!(
                "{}{stale}{note} ({}, {})",
                said.verdict.replace('_', " "),
                said.who,
                said.at
            )
        }
    };
    if let Some(hidden) = &finding.suppressed {
        words.push_str(&format!(
            "; not shown in the case: {} ({})",
            hidden.reason, hidden.who
        ));
    }
    words
}

fn not_evaluated(review: &ReviewFacts, blocks: &mut Vec<Block>) {
    let mut lines = Vec::new();
    for detection in &review.detections {
        for untold in &detection.not_evaluated {
            let log = untold.log.as_ref().map_or("a log", String::as_str);
            lines.push(passage(&format!(
                "{}, in {log}: {}",
                detection.title, untold.reason
            )));
        }
        if detection.without_history > 0 {
            lines.push(format!(
                "{}: {} actors have too little history to be judged",
                detection.title,
                number(detection.without_history)
            ));
        }
    }
    lines.extend(
        review
            .rules_not_run
            .iter()
            .map(|r| passage(&format!("rule {}, which did not run: {}", r.id, r.reason))),
    );
    if !lines.is_empty() {
        blocks.push(Block::Text(
            "Not evaluated; nothing follows from what was not found there:".to_owned(),
        ));
        blocks.push(Block::List(lines));
    }
}
