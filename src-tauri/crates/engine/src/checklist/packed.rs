//! Checklists as they go into a package: the text of each, every answer with what it rests on, and a section of the report.
//!
//! Owns: which runs go, and what of them a redacted package may hold. Never touches: the form of a package.
//!
//! A run goes when the scope of the package holds every event behind its answers: a package never tells of events that are
//! not in it. In a redacted package only titles and answers of
//! checklists that come with the program stand; reasons, subjects and filters are in words that a
//! policy knows nothing of. What a person wrote at a step goes as a note, and a policy hides in it what it hides in other notes.

use std::collections::BTreeMap;

use witnessmark_checklist::library;
use witnessmark_model::Zone;
use witnessmark_package::{ChecklistFacts, NoteFacts, StepFacts};
use witnessmark_store::query::{Order, View};
use witnessmark_store::sha256_hex;

use crate::api::ChecklistReport;
use crate::case::Case;
use crate::error::Result;
use crate::failures::internal;

/// What a package gets.
#[derive(Default)]
pub(crate) struct Packed {
    pub(crate) checklists: Vec<ChecklistFacts>,
    /// Files below `data/rules/`.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// What persons wrote at steps.
    pub(crate) notes: Vec<NoteFacts>,
}

impl Case {
    /// The checklists of a scope.
    pub(crate) fn packed_checklists(
        &self,
        query: &str,
        zone: &Zone,
        redacted: bool,
    ) -> Result<Packed> {
        let mut packed = Packed::default();
        let mut texts: BTreeMap<String, Vec<u8>> = BTreeMap::new();
        for begun in self.begun()? {
            let run = begun.statement.id;
            let own = Zone::parse(&begun.value.zone).unwrap_or(*zone);
            // A run that this version cannot read stays in the case.
            let Ok(report) = self.checklist(run, &own) else {
                continue;
            };
            let shipped = || {
                let same = |text: &str| sha256_hex(text.as_bytes()) == report.sha256;
                library::SHIPPED.iter().any(|(_, text)| same(text))
            };
            // The titles of a person's own checklist are words that no policy has seen.
            if redacted && !shipped() || !self.scope_holds(query, zone, &report)? {
                continue;
            }
            packed.checklists.push(facts(&report, redacted));
            packed.notes.extend(notes(&report, run));
            if redacted {
                continue;
            }
            let name = format!(
                "checklists/{}-{}.toml",
                report.checklist,
                &report.sha256[..12]
            );
            texts.insert(name, self.text_of(&begun.value)?.into_bytes());
            let mut json =
                serde_json::to_vec_pretty(&report).map_err(|e| internal(e.to_string()))?;
            json.push(b'\n');
            packed
                .files
                .push((format!("checklists/run-{run}.json"), json));
        }
        packed.files.splice(0..0, texts);
        Ok(packed)
    }

    /// Whether a filter holds every event behind the answers of a run, and those pinned to it.
    fn scope_holds(&self, query: &str, zone: &Zone, report: &ChecklistReport) -> Result<bool> {
        if query.trim().is_empty() {
            return Ok(true);
        }
        let scope = self.answer(query, zone)?;
        let rows = self.query(&scope.snapshot);
        let view = View::new(scope.snapshot.clone(), scope.mask.clone(), Order::Oldest);
        for step in &report.steps {
            let looked = step.looks.iter().flat_map(|l| &l.events);
            for event in looked.chain(&step.events).chain(&step.pins) {
                if view.rank_of(&rows, *event)?.is_none() {
                    return Ok(false);
                }
            }
        }
        Ok(true)
    }
}

/// What persons wrote at the steps of a run.
fn notes(report: &ChecklistReport, run: u64) -> impl Iterator<Item = NoteFacts> + '_ {
    report.steps.iter().filter_map(move |step| {
        let given = step.given.as_ref().filter(|g| !g.note.is_empty())?;
        Some(NoteFacts {
            kind: "checklist".to_owned(),
            subject: format!(
                "checklist:{}@{}/run-{run}/{}",
                report.checklist, report.version, step.id
            ),
            text: given.note.clone(),
            who: given.who.clone(),
            at: given.at.clone(),
            ..NoteFacts::default()
        })
    })
}

fn facts(report: &ChecklistReport, redacted: bool) -> ChecklistFacts {
    let title = if redacted {
        report.title.clone()
    } else {
        format!("{} ({})", report.title, report.subject.text)
    };
    let steps = report.steps.iter().map(|step| StepFacts {
        title: step.title.clone(),
        answer: step.answer.replace('_', " "),
        reason: if redacted {
            match &step.given {
                Some(given) if !given.note.is_empty() => {
                    "Left out of a redacted package; what a person wrote stands among the notes."
                }
                Some(_) => "Left out of a redacted package; answered by a person.",
                None => "Left out of a redacted package.",
            }
            .to_owned()
        } else {
            reason(step)
        },
    });
    ChecklistFacts {
        title,
        steps: steps.collect(),
    }
}

/// The reason with what a person said and what the absence rests on.
fn reason(step: &crate::api::ChecklistStep) -> String {
    let mut text = step.reason.clone();
    if let Some(given) = &step.given {
        let logs = if given.overrides {
            format!("; the logs answer {}", step.found.answer.replace('_', " "))
        } else {
            String::new()
        };
        text.push_str(&format!(
            " Answered by {} at {}{logs}.",
            given.who, given.at
        ));
    } else if step.needs_person {
        text.push_str(" A person has not answered this yet.");
    }
    if let Some(stale) = &step.stale {
        text.push_str(&format!(" Stale: {}", stale.text));
    }
    if !step.statement.is_empty() {
        text.push(' ');
        text.push_str(&step.statement.replace('\n', " "));
    }
    text
}
