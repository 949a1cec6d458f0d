//! What was found while a checklist is asked: looks, steps, and the rows that later ones come after.
//!
//! Owns: the memory of one pass over a checklist. Never touches: how something is looked for.

use std::collections::BTreeMap;
use std::rc::Rc;

use witnessmark_checklist::{Answer, Checklist, Reference};
use witnessmark_lens::Expr;
use witnessmark_model::{Event, Field, Instant, Zone};

use super::coverage::Covered;
use super::subject::Subject;
use crate::api::{DetectReport, LookPart};
use crate::case::Case;
use crate::error::Result;

/// Rows from which a later look starts, at most; a longer list is told as too long.
pub(super) const MOST_ANCHORS: usize = 2_000;
/// Event numbers of a look that are told.
pub(super) const TOLD: usize = 200;

/// One look with what it found.
pub(super) struct LookFound {
    pub(super) id: String,
    pub(super) answer: Answer,
    pub(super) decides: bool,
    /// Events in order of time, undated ones last; as many as later looks may need.
    pub(super) events: Vec<u64>,
    pub(super) part: LookPart,
    /// What else may belong among its rows.
    pub(super) unsure: Option<Unsure>,
}

impl LookFound {
    /// Whether it has more rows than later looks are given.
    fn is_cut(&self) -> bool {
        let of_rows = matches!(self.part.kind.as_str(), "rows" | "values" | "sign_ins");
        of_rows && self.part.count > self.events.len() as u64
    }
}

/// Rows of a look that nobody can say of whether they belong to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsure {
    pub(super) count: u64,
    /// The earliest; absent when it has no time.
    pub(super) first: Option<Instant>,
    /// The latest; absent when it has no time.
    pub(super) last: Option<Instant>,
}

/// One step with what it found.
pub(super) struct StepFound {
    pub(super) answer: Answer,
    pub(super) unneeded: bool,
    pub(super) reason: String,
    pub(super) looks: Vec<LookFound>,
}

/// One event that later looks start from.
pub(super) struct Anchor {
    pub(super) event: Event,
    /// Its actor's events; absent when the log names nobody.
    pub(super) actor: Option<Expr>,
}

/// What a look or step comes after.
pub(super) enum After {
    /// Nothing: it does not come after anything.
    Nothing,
    /// These rows, in order of time.
    Rows(Vec<Anchor>),
    /// What it comes after found nothing.
    Missing(String),
    /// What it comes after cannot be told.
    Unknown(String),
}

/// One pass over a checklist.
pub(super) struct Pass<'p> {
    pub(super) case: &'p Case,
    pub(super) checklist: &'p Checklist,
    pub(super) subject: &'p Subject,
    pub(super) covered: &'p Covered,
    pub(super) zone: &'p Zone,
    pub(super) systems: Expr,
    /// The review of findings, once a look has asked for it, and whether the case keeps it.
    pub(super) review: Option<Rc<(DetectReport, bool)>>,
    pub(super) done: BTreeMap<String, StepFound>,
}

impl Pass<'_> {
    /// Why an absence after the rows of a reference says nothing: there may be more such rows, of which nobody can tell. With
    /// `all`, each of them matters and not only one beyond the row that is meant.
    pub(super) fn unsure(
        &self,
        reference: Option<&Reference>,
        current: &[LookFound],
        step: &str,
        after: &After,
        all: bool,
    ) -> Option<String> {
        let (reference, After::Rows(anchors)) = (reference?, after) else {
            return None;
        };
        let edge = moment(anchors, reference.last).map(|(at, _)| at);
        let beyond = |unsure: &Unsure| match (reference.last, unsure.first, unsure.last, edge) {
            _ if all => true,
            (true, _, Some(last), Some(edge)) => last > edge,
            (false, Some(first), _, Some(edge)) => first < edge,
            _ => true,
        };
        let looks = self.looks_of(reference, current, step)?;
        if all && looks.iter().any(|l| l.is_cut()) {
            return Some(format!(
                "There are more than {MOST_ANCHORS} rows to start from; begin the span later."
            ));
        }
        let found = looks.into_iter().filter_map(|l| l.unsure).find(beyond)?;
        let (noun, them) = match found.count {
            1 => ("sign-in", "it"),
            _ => ("sign-ins", "them"),
        };
        Some(format!(
            "{} {noun} cannot be judged, so what followed {them} would have to be looked at too.",
            super::words::number(found.count)
        ))
    }

    /// The looks that a reference means; absent when their step has not been asked.
    fn looks_of<'l>(
        &'l self,
        reference: &Reference,
        current: &'l [LookFound],
        step: &str,
    ) -> Option<Vec<&'l LookFound>> {
        let looks: &[LookFound] = match self.done.get(&reference.step) {
            _ if reference.step == step => current,
            found => &found?.looks,
        };
        let meant = looks.iter().filter(|l| match &reference.look {
            Some(id) => l.id == *id,
            None => l.decides,
        });
        Some(meant.collect())
    }

    /// The rows that a reference means. `current` are looks of the step that is being asked.
    pub(super) fn after(
        &self,
        reference: Option<&Reference>,
        current: &[LookFound],
        step: &str,
    ) -> Result<After> {
        let Some(reference) = reference else {
            return Ok(After::Nothing);
        };
        let Some(chosen) = self.looks_of(reference, current, step) else {
            return Ok(After::Unknown("it has not been asked".to_owned()));
        };
        let what = chosen
            .iter()
            .map(|l| l.part.what.as_str())
            .collect::<Vec<_>>();
        // Rows are in order of time, so that the first is the first, but the last of some is not the last of all.
        if reference.last && chosen.iter().any(|l| l.is_cut()) {
            return Ok(After::Unknown(format!(
                "{} has more than {MOST_ANCHORS} rows, so which is the last is not known; begin the span later.",
                what.join(" or ")
            )));
        }
        let mut events: Vec<u64> = chosen
            .iter()
            .filter(|l| l.answer == Answer::Yes)
            .flat_map(|l| l.events.iter().copied())
            .collect();
        if events.is_empty() {
            let unknown = chosen.iter().find(|l| l.answer == Answer::CannotTell);
            return Ok(match unknown {
                Some(look) => After::Unknown(look.part.reason.clone()),
                None => After::Missing(what.join(" or ")),
            });
        }
        events.sort_unstable();
        events.dedup();
        let answer = self.case.answer_expr(&Expr::All)?;
        let query = self.case.query(&answer.snapshot);
        let mut anchors = Vec::with_capacity(events.len());
        for number in events {
            let Some(row) = query.find(number)? else {
                continue;
            };
            let event = query.event(row)?;
            anchors.push(Anchor {
                actor: self.case.actor_of(&query, row)?,
                event,
            });
        }
        anchors.sort_by_key(|a| (a.event.time.is_none(), a.event.time, a.event.number));
        if anchors.first().is_none_or(|a| a.event.time.is_none()) {
            return Ok(After::Unknown(format!(
                "{} has no time, so what came after it cannot be told.",
                what.join(" or ")
            )));
        }
        Ok(After::Rows(anchors))
    }
}

/// How the actor of an event is called; empty when the log names nobody.
pub(super) fn name_of(event: &Event) -> String {
    [Field::UserEmail, Field::UserName, Field::UserId]
        .into_iter()
        .find_map(|f| event.get(f))
        .unwrap_or_default()
        .to_owned()
}

/// The moment that a reference means among its rows: the first, or the last.
pub(super) fn moment(anchors: &[Anchor], last: bool) -> Option<(Instant, u64)> {
    let mut dated = anchors
        .iter()
        .filter_map(|a| a.event.time.map(|t| (t, a.event.number)));
    if last {
        dated.next_back()
    } else {
        dated.next()
    }
}
