//! A run as it is told: what the logs answered, with what persons said laid over it, and what has arrived since.
//!
//! Owns: which answer stands, what is open and stale, the closing words. Never touches: how answers are found.

use std::collections::BTreeMap;

use witnessmark_checklist::{Answer, Checklist, Meaning, Sign, Step, library};
use witnessmark_lens::Expr;
use witnessmark_model::Zone;
use witnessmark_store::query::RowRef;

use super::basis::{Basis, Moved};
use super::kept::{Begun, KeptResult, KeptStep, Pinned, Said, Stated};
use super::read;
use super::stale::looking_back;
use crate::api::{
    ChecklistReport, ChecklistRun, ChecklistStep, FoundAnswer, GivenAnswer, RowPart, StalePart,
};
use crate::case::Case;
use crate::error::Result;
use crate::rows;

/// Rows that stand under a step.
const SHOWN: usize = 5;
/// Meanings that the closing words quote.
const QUOTED: usize = 3;

fn meaning(step: &Step, answer: Answer, unneeded: bool) -> &Meaning {
    match answer {
        Answer::Yes => &step.yes,
        Answer::No if unneeded => &step.unneeded,
        Answer::No => &step.no,
        Answer::CannotTell => &step.cannot_tell,
    }
}

pub(super) fn is_manual(step: &Step) -> bool {
    step.looks.iter().all(|l| !l.decides)
}

impl Case {
    /// Every run, the latest first.
    pub(super) fn runs(&self) -> Result<Vec<ChecklistRun>> {
        let mut runs = Vec::new();
        for begun in self.begun()?.into_iter().rev() {
            let run = begun.statement.id;
            let zone = Zone::parse(&begun.value.zone).unwrap_or(Zone::UTC);
            // A run that this version cannot read stays in the file and is not listed.
            let Ok(report) = self.checklist(run, &zone) else {
                continue;
            };
            runs.push(ChecklistRun {
                run,
                checklist: report.checklist,
                version: report.version,
                title: report.title,
                subject: report.subject,
                answers: report.steps.iter().map(|s| s.answer.clone()).collect(),
                signs: report.steps.iter().map(|s| s.sign.clone()).collect(),
                answered: report.answered,
                open: report.open,
                stale: report.stale,
                at: begun.statement.at.rfc3339(),
                who: begun.statement.who,
            });
        }
        Ok(runs)
    }

    /// A result with everything that stands beside it.
    pub(super) fn run_report(
        &self,
        checklist: &Checklist,
        run: Option<u64>,
        begun: &Begun,
        result: KeptResult,
        zone: &Zone,
    ) -> Result<ChecklistReport> {
        let own_zone = Zone::parse(&begun.zone).unwrap_or(*zone);
        let subject = self.subject(&begun.choice(), &own_zone)?;
        let mut said = run.map_or(Ok(BTreeMap::new()), |r| self.said_of(r))?;
        let mut pins = run.map_or(Ok(BTreeMap::new()), |r| self.pins(r))?;
        let now = self.source_marks()?;
        let relevant = self.relevant(checklist, &subject, &result, &own_zone)?;
        let looking_back = looking_back(checklist);
        let basis_now = self.basis(&subject)?;
        let moved_since = |then: &Option<Basis>| -> Result<Option<Moved>> {
            let Some(then) = then else {
                return Ok(None);
            };
            self.moved(
                checklist,
                &subject,
                then,
                &basis_now,
                &result.steps,
                &looking_back,
            )
            .map(Some)
        };
        let moved = moved_since(&result.basis)?;
        let mut stale_since: BTreeMap<String, Option<StalePart>> = BTreeMap::new();
        let mut steps = Vec::with_capacity(checklist.steps.len());
        for step in &checklist.steps {
            let Some(kept) = result.steps.iter().find(|s| s.id == step.id) else {
                continue;
            };
            let given = said.remove(&step.id);
            let pinned = pins.remove(&step.id).unwrap_or_default();
            let basis = given.as_ref().map_or(&result.sources, |g| &g.value.sources);
            let back = looking_back.contains(&step.id);
            let key = format!("{back} {basis:?}");
            let stale = match stale_since.get(&key) {
                _ if step.looks.is_empty() => None,
                Some(known) => known.clone(),
                None => {
                    let within = relevant.clone().within(back);
                    let found = self.stale(&within, &result, basis, &now)?;
                    stale_since.insert(key, found.clone());
                    found
                }
            };
            let other = match &given {
                _ if step.looks.is_empty() => None,
                Some(given) => moved_since(&given.value.basis)?.and_then(|m| m.of(&step.id)),
                None => moved.as_ref().and_then(|m| m.of(&step.id)),
            };
            let stale = with_basis(stale, other);
            steps.push(self.step_part(step, kept, given, pinned, stale, &result, zone)?);
        }
        let count =
            |holds: fn(&ChecklistStep) -> bool| steps.iter().filter(|s| holds(s)).count() as u32;
        let (answered, open) = (
            count(|s| s.given.is_some() || s.answer != "cannot_tell"),
            count(|s| s.needs_person),
        );
        let (worrying, stale) = (
            count(|s| s.sign == "worrying"),
            count(|s| s.stale.is_some()),
        );
        Ok(ChecklistReport {
            checklist: checklist.id.clone(),
            run,
            version: checklist.version,
            title: checklist.title.clone(),
            when: checklist.when.clone(),
            origin: checklist.origin.clone(),
            sha256: begun.sha256.clone(),
            newer: newer(checklist),
            subject: subject.part(&own_zone),
            zone: own_zone.name(),
            at: (self.setting.now)().rfc3339(),
            who: self.setting.who.clone(),
            supports: supports(&steps),
            rests_on: rests_on(&result, open, stale),
            steps,
            answered,
            worrying,
            open,
            stale,
        })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "each is one fact of the same step"
    )]
    fn step_part(
        &self,
        step: &Step,
        kept: &KeptStep,
        given: Option<Stated<Said>>,
        pinned: Vec<Stated<Pinned>>,
        stale: Option<StalePart>,
        result: &KeptResult,
        zone: &Zone,
    ) -> Result<ChecklistStep> {
        let found = Answer::by_word(&kept.answer).unwrap_or(Answer::CannotTell);
        let person = given
            .as_ref()
            .and_then(|g| Answer::by_word(&g.value.answer));
        let standing = person.unwrap_or(found);
        let unneeded = kept.unneeded && person.is_none_or(|p| p == Answer::No);
        let means = meaning(step, standing, unneeded);
        let manual = is_manual(step);
        let given = given.map(|g| GivenAnswer {
            overrides: g.value.answer != g.value.found && !manual,
            answer: g.value.answer,
            note: g.value.note,
            who: g.statement.who,
            at: g.statement.at.rfc3339(),
        });
        let reason = match &given {
            Some(g) if !g.note.is_empty() => g.note.clone(),
            Some(g) if g.answer == kept.answer => kept.reason.clone(),
            Some(g) => format!("Answered by {}.", g.who),
            None => kept.reason.clone(),
        };
        let now_differs = match &given {
            Some(g) if !manual && g.overrides && g.answer == kept.answer => false,
            Some(g) => !manual && !g.overrides && g.answer != kept.answer,
            None => false,
        };
        let stale = stale.or_else(|| {
            now_differs.then(|| StalePart {
                text: format!(
                    "The logs now answer {}; they answered {} when this was confirmed.",
                    kept.answer.replace('_', " "),
                    standing.word().replace('_', " ")
                ),
                events: 0,
                sources: Vec::new(),
            })
        });
        let mut pins: Vec<u64> = Vec::with_capacity(pinned.len());
        for pin in &pinned {
            pins.push(self.pinned_now(&pin.value)?);
        }
        let mut shown = pins.clone();
        shown.extend(kept.events.iter().filter(|e| !pins.contains(e)).take(SHOWN));
        if shown.len() == pins.len() {
            // Nothing decided; what is only shown is shown.
            let looked = kept.looks.iter().flat_map(|l| l.events.iter().copied());
            let rest: Vec<u64> = looked.filter(|e| !pins.contains(e)).take(SHOWN).collect();
            shown.extend(rest);
        }
        let found_means = meaning(step, found, kept.unneeded);
        Ok(ChecklistStep {
            id: step.id.clone(),
            title: step.title.clone(),
            question: step.question.clone(),
            guidance: step.guidance.clone(),
            answer: standing.word().to_owned(),
            sign: means.sign.word().to_owned(),
            reason,
            means: means.means.clone(),
            next: means.next.clone(),
            needs_person: given.is_none()
                && (manual || found == Answer::CannotTell || step.confirm && !kept.unneeded),
            manual,
            found: FoundAnswer {
                answer: kept.answer.clone(),
                sign: found_means.sign.word().to_owned(),
                reason: kept.reason.clone(),
                unneeded: kept.unneeded,
            },
            events: kept.events.clone(),
            count: kept.count,
            looks: kept.looks.clone(),
            statement: if standing == Answer::No {
                kept.statement.clone()
            } else {
                String::new()
            },
            coverage: result.coverage.clone(),
            given,
            stale,
            changed: kept.changed.clone(),
            rows: self.rows_with(&shown, zone)?,
            pins,
        })
    }

    /// Some events as rows; one that is no longer there is left out.
    fn rows_with(&self, events: &[u64], zone: &Zone) -> Result<Vec<RowPart>> {
        let all = self.answer_expr(&Expr::All)?;
        let query = self.query(&all.snapshot);
        let mut places: Vec<RowRef> = Vec::new();
        for event in events {
            places.extend(query.find(*event)?);
        }
        let marks = self.marks()?;
        let found = query.events(&places)?;
        Ok(found
            .iter()
            .map(|e| rows::row(e, zone, &self.library(), &marks))
            .collect())
    }
}

/// What arrived, and what else an answer no longer rests on, in one.
fn with_basis(stale: Option<StalePart>, other: Option<String>) -> Option<StalePart> {
    match (stale, other) {
        (Some(mut stale), Some(text)) => {
            stale.text = format!("{} {text}", stale.text);
            Some(stale)
        }
        (stale, None) => stale,
        (None, Some(text)) => Some(StalePart {
            text,
            events: 0,
            sources: Vec::new(),
        }),
    }
}

/// The version that the program has, when it is another than the one used.
fn newer(checklist: &Checklist) -> Option<u32> {
    let file = format!("{}.toml", checklist.id);
    let (name, text) = library::SHIPPED.iter().find(|(name, _)| *name == file)?;
    let shipped = read(name, text).ok()?;
    (shipped.text != checklist.text && shipped.version > checklist.version)
        .then_some(shipped.version)
}

/// What the answers support.
fn supports(steps: &[ChecklistStep]) -> String {
    let with = |sign: Sign| -> Vec<&ChecklistStep> {
        steps.iter().filter(|s| s.sign == sign.word()).collect()
    };
    let worrying = with(Sign::Worrying);
    let unknown = steps.iter().filter(|s| s.answer == "cannot_tell").count();
    let rest = match unknown {
        0 => String::new(),
        1 => " One step cannot be told.".to_owned(),
        n => format!(" {n} steps cannot be told."),
    };
    if worrying.is_empty() {
        return format!("No answer is worrying.{rest}");
    }
    let quoted: Vec<&str> = worrying
        .iter()
        .take(QUOTED)
        .map(|s| s.means.as_str())
        .collect();
    let more = match worrying.len().saturating_sub(QUOTED) {
        0 => String::new(),
        n => format!(" And {n} more."),
    };
    format!("{}{more}{rest}", quoted.join(" "))
}

/// What that rests on.
fn rests_on(result: &KeptResult, open: u32, stale: u32) -> String {
    let mut parts: Vec<String> = result
        .coverage
        .logs
        .iter()
        .map(|log| {
            let gaps = if log.uncovered.is_empty() {
                "no gap".to_owned()
            } else {
                let texts: Vec<String> = log.uncovered.iter().map(|s| s.text.clone()).collect();
                format!("no events {}", texts.join(", "))
            };
            format!(
                "{}: {} of {} days with events, {gaps}.",
                log.system, log.days_with_events, log.days
            )
        })
        .collect();
    if parts.is_empty() {
        parts.push("No log of this case speaks of it.".to_owned());
    }
    match open {
        0 => {}
        1 => parts.push("One step needs a person.".to_owned()),
        n => parts.push(format!("{n} steps need a person.")),
    }
    match stale {
        0 => {}
        1 => parts.push("One step is stale.".to_owned()),
        n => parts.push(format!("{n} steps are stale.")),
    }
    parts.join(" ")
}
