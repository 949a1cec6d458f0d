//! Whether an answer still rests on the data that it was given on.
//!
//! Owns: which data concerns a step, and the sentence that says what came, went or was read anew. Never touches: answers.
//!
//! Data concerns a step when it stands in the logs that were in question, or names the subject in any log, or is what a look at
//! everybody looks for; within the span, or without a time. A step that judges against history is concerned by what came before
//! the span too.

use std::collections::BTreeSet;

use witnessmark_checklist::{About, Checklist, Kind, Scope};
use witnessmark_lens::{Expr, On, Test};
use witnessmark_model::{Field, Instant, Zone};

use super::coverage::{of_systems, untrue};
use super::kept::{KeptResult, SourceMark};
use super::subject::{Subject, span};
use super::words;
use crate::api::StalePart;
use crate::case::{Case, shown_name};
use crate::drill::{both, is, lacks, term};
use crate::error::Result;

/// Ids of the steps that judge against history, or are built on one that does.
pub(super) fn looking_back(checklist: &Checklist) -> BTreeSet<String> {
    let mut back: BTreeSet<String> = BTreeSet::new();
    for at in checklist.order() {
        let step = &checklist.steps[at];
        let own = step.looks.iter().any(|l| {
            matches!(
                l.kind,
                Kind::Detections { .. }
                    | Kind::SignIns { .. }
                    | Kind::New { .. }
                    | Kind::Rate { .. }
            )
        });
        if own || step.builds_on().any(|id| back.contains(id)) {
            back.insert(step.id.clone());
        }
    }
    back
}

/// The data that concerns a checklist.
#[derive(Clone)]
pub(super) struct Relevant {
    scope: Expr,
    from: Option<Instant>,
    to: Option<Instant>,
}

impl Relevant {
    /// The filter of a step that looks back, or of one that does not.
    pub(super) fn within(self, back: bool) -> Expr {
        let from = self.from.filter(|_| !back);
        if from.is_none() && self.to.is_none() {
            return self.scope;
        }
        let lost = vec![
            span(from, self.to),
            term(On::Undated, Test::Exists),
            untrue(),
        ];
        both(&self.scope, Expr::or(lost))
    }
}

fn of_source(id: u32) -> Expr {
    term(On::Source, Test::Is(id.to_string()))
}

impl Case {
    /// The data that concerns a checklist about a subject.
    pub(super) fn relevant(
        &self,
        checklist: &Checklist,
        subject: &Subject,
        result: &KeptResult,
        zone: &Zone,
    ) -> Result<Relevant> {
        let systems = of_systems(checklist);
        let logs = &result.coverage.logs;
        let mut scope = systems.clone();
        if systems == Expr::All && !logs.is_empty() && subject.own != Expr::All {
            let mut ways: Vec<Expr> = logs
                .iter()
                .map(|l| match l.provider.as_str() {
                    "" => lacks(Field::EventProvider),
                    provider => is(Field::EventProvider, provider),
                })
                .collect();
            ways.push(subject.own.clone());
            if subject.about == About::Actor {
                ways.push(subject.target.clone());
            }
            let looks = checklist.steps.iter().flat_map(|s| &s.looks);
            for look in looks.filter(|l| l.scope == Scope::Everyone && !l.filter.is_empty()) {
                ways.push(self.expr(&look.filter, zone)?);
            }
            scope = Expr::or(ways);
        }
        Ok(Relevant {
            scope,
            from: subject.from,
            to: subject.to,
        })
    }

    /// What came, went or was read anew since an answer, of the data that concerns it.
    pub(super) fn stale(
        &self,
        relevant: &Expr,
        result: &KeptResult,
        basis: &[SourceMark],
        now: &[SourceMark],
    ) -> Result<Option<StalePart>> {
        let logs = result.coverage.logs.iter();
        let used: BTreeSet<u32> = logs.flat_map(|l| l.sources.iter().copied()).collect();
        let standing = basis.iter().filter(|b| b.state == "complete");
        let known: Vec<Expr> = standing.map(|b| of_source(b.id)).collect();
        let sources = self.store.sources()?;
        let name = |id: u32| {
            let found = sources.iter().find(|s| s.id == id);
            found.map_or_else(String::new, |s| format!("source {id} ({})", shown_name(s)))
        };
        let count = |expr: Expr| -> Result<u64> { Ok(self.answer_expr(&expr)?.mask.len()) };
        let (mut texts, mut events, mut numbers) = (Vec::new(), 0, Vec::new());
        for mark in now {
            let old = basis.iter().find(|b| b.id == mark.id);
            let here = both(relevant, of_source(mark.id));
            let text = match old {
                None if mark.state == "complete" => {
                    let new = if known.is_empty() {
                        here
                    } else {
                        both(&here, Expr::or(known.clone()).negate())
                    };
                    let arrived = count(new)?;
                    events += arrived;
                    (arrived > 0).then(|| {
                        format!(
                            "{} concerning this arrived since with {}",
                            words::events(arrived),
                            name(mark.id)
                        )
                    })
                }
                Some(old) if old.state != mark.state => used
                    .contains(&mark.id)
                    .then(|| format!("{} was taken out since", name(mark.id))),
                Some(old) if old.generation != mark.generation => {
                    // One that held nothing of this before may do so as it is read now.
                    let concerns = used.contains(&mark.id) || count(here)? > 0;
                    concerns.then(|| format!("{} was read anew since", name(mark.id)))
                }
                _ => None,
            };
            if let Some(text) = text {
                numbers.push(mark.id);
                texts.push(text);
            }
        }
        Ok((!texts.is_empty()).then(|| StalePart {
            text: words::sentence(&texts.join("; ")),
            events,
            sources: numbers,
        }))
    }
}
