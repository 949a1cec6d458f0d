//! What a case keeps of checklists: the text of the version used, runs, what the logs answered, what persons said, pins.
//!
//! Owns: the form of these statements. Never touches: how answers are found. All are statements of the case: append-only, with
//! author and time, each named in the custody log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use witnessmark_store::case::Statement;
use witnessmark_store::sha256_hex;

use super::basis::Basis;
use super::subject::SubjectChoice;
use crate::api::{ChangedPart, ChecklistCoverage, LookPart};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::failures::internal;

const TEXT: &str = "checklist_text";
const RUN: &str = "checklist_run";
const RESULT: &str = "checklist_result";
const ANSWER: &str = "checklist_answer";
const PIN: &str = "checklist_pin";

/// A run as it was begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Begun {
    pub(super) checklist: String,
    pub(super) version: u32,
    pub(super) sha256: String,
    #[serde(default)]
    pub(super) subject: String,
    #[serde(default)]
    pub(super) from: Option<String>,
    #[serde(default)]
    pub(super) to: Option<String>,
    pub(super) zone: String,
}

impl Begun {
    pub(super) fn choice(&self) -> SubjectChoice {
        SubjectChoice {
            subject: self.subject.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
        }
    }

    /// Whether it is the same checklist, to the byte, asked about the same.
    fn is_same(&self, other: &Self) -> bool {
        self.sha256 == other.sha256
            && self.subject == other.subject
            && self.from == other.from
            && self.to == other.to
            && self.zone == other.zone
    }
}

/// A source as it was when something was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SourceMark {
    pub(super) id: u32,
    pub(super) generation: u32,
    pub(super) state: String,
}

/// One step as the logs answered it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptStep {
    pub(super) id: String,
    pub(super) answer: String,
    pub(super) unneeded: bool,
    pub(super) reason: String,
    pub(super) events: Vec<u64>,
    pub(super) count: u64,
    pub(super) looks: Vec<LookPart>,
    pub(super) statement: String,
    #[serde(default)]
    pub(super) changed: Option<ChangedPart>,
}

/// What the logs answered.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptResult {
    pub(super) sources: Vec<SourceMark>,
    pub(super) coverage: ChecklistCoverage,
    /// Absent in an answer of an older version.
    #[serde(default)]
    pub(super) basis: Option<Basis>,
    pub(super) steps: Vec<KeptStep>,
}

/// What a person said of a step.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Said {
    pub(super) answer: String,
    pub(super) note: String,
    /// The answer of the logs at that time.
    pub(super) found: String,
    pub(super) sources: Vec<SourceMark>,
    /// What the answer of the logs rested on, as far as it is not events, at that time.
    #[serde(default)]
    pub(super) basis: Option<Basis>,
}

/// An event that a person pinned to a step, by number and by its entry in its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pinned {
    pub(super) event: u64,
    pub(super) sha256: String,
    pub(super) entry: u64,
    pub(super) part: u32,
}

impl Pinned {
    /// What the custody log tells of it.
    fn told(&self, run: u64, step: &str) -> serde_json::Value {
        serde_json::json!({
            "run": run, "step": step, "event": self.event,
            "source_sha256": self.sha256, "entry": self.entry, "part": self.part,
        })
    }
}

/// A statement with its value read.
pub(super) struct Stated<T> {
    pub(super) statement: Statement,
    pub(super) value: T,
}

fn read<T: for<'a> Deserialize<'a>>(statement: Statement) -> Option<Stated<T>> {
    // One that a later version wrote in another shape stays in the file and is not listed.
    let value = serde_json::from_str(&statement.value).ok()?;
    Some(Stated { statement, value })
}

fn of_run(run: u64) -> String {
    format!("run:{run}")
}

fn of_step(run: u64, step: &str) -> String {
    format!("run:{run}/{step}")
}

fn json<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| internal(e.to_string()))
}

impl Case {
    /// The sources as they are.
    pub(super) fn source_marks(&self) -> Result<Vec<SourceMark>> {
        let each = self.store.sources()?.into_iter().map(|s| SourceMark {
            id: s.id,
            generation: s.generation,
            state: s.state,
        });
        Ok(each.collect())
    }

    /// Every run that was not taken back, in the order they were begun.
    pub(super) fn begun(&self) -> Result<Vec<Stated<Begun>>> {
        let statements = self.store.statements(Some(RUN), None)?;
        Ok(statements.into_iter().filter_map(read).collect())
    }

    pub(super) fn begun_as(&self, run: u64) -> Result<Stated<Begun>> {
        let found = self.begun()?.into_iter().find(|r| r.statement.id == run);
        found.ok_or_else(|| {
            Error::new(
                Code::NoSuchItem,
                format!("there is no run {run} of a checklist in this case"),
                "List them with `checklist CASE`.",
            )
        })
    }

    /// The run of the same checklist about the same, or a new one; keeps the text if the case does not have it yet.
    pub(super) fn begin(&self, begun: &Begun, text: &str) -> Result<u64> {
        let known = self
            .begun()?
            .into_iter()
            .rev()
            .find(|r| r.value.is_same(begun));
        if let Some(run) = known {
            return Ok(run.statement.id);
        }
        let stamp = self.stamp();
        let name = format!("{}@{}:{}", begun.checklist, begun.version, begun.sha256);
        if self.store.statements(Some(TEXT), Some(&name))?.is_empty() {
            self.store.state(&stamp, TEXT, &name, text)?;
        }
        let subject = format!("{}@{}", begun.checklist, begun.version);
        let asked = if begun.subject.is_empty() {
            "everyone"
        } else {
            &begun.subject
        };
        let about = serde_json::json!({
            "checklist_sha256": begun.sha256, "asked_about": asked,
            "from": begun.from, "to": begun.to, "zone": begun.zone,
        });
        let id = self
            .store
            .state_about(&stamp, RUN, &subject, &json(begun)?, &about)?;
        Ok(id)
    }

    /// The text that a run used, which must have the hash that the run names.
    pub(super) fn text_of(&self, begun: &Begun) -> Result<String> {
        let name = format!("{}@{}:{}", begun.checklist, begun.version, begun.sha256);
        let kept = self.store.statements(Some(TEXT), Some(&name))?;
        let text = kept.into_iter().next().map(|s| s.value).unwrap_or_default();
        if sha256_hex(text.as_bytes()) == begun.sha256 {
            return Ok(text);
        }
        Err(Error::new(
            Code::CaseDamaged,
            format!(
                "the text of the checklist `{}` in this case is not the one that was used",
                begun.checklist
            ),
            "Work on with a copy made earlier.",
        ))
    }

    pub(super) fn result_of(&self, run: u64) -> Result<Option<Stated<KeptResult>>> {
        let kept = self.store.statements(Some(RESULT), Some(&of_run(run)))?;
        Ok(kept.into_iter().filter_map(read).next_back())
    }

    /// Keeps what the logs answered in the place of what they answered before; both stay in the file.
    pub(super) fn keep_result(&self, run: u64, result: &KeptResult) -> Result<()> {
        let stamp = self.stamp();
        let before = self.store.statements(Some(RESULT), Some(&of_run(run)))?;
        let answers: BTreeMap<&str, &str> = result
            .steps
            .iter()
            .map(|s| (s.id.as_str(), s.answer.as_str()))
            .collect();
        let about = serde_json::json!({"run": run, "answers": answers});
        self.store
            .state_about(&stamp, RESULT, &of_run(run), &json(result)?, &about)?;
        for old in before {
            self.store.take_back(&stamp, old.id)?;
        }
        Ok(())
    }

    /// What persons said, by step.
    pub(super) fn said_of(&self, run: u64) -> Result<BTreeMap<String, Stated<Said>>> {
        let mut said = BTreeMap::new();
        let prefix = of_step(run, "");
        for statement in self.store.statements(Some(ANSWER), None)? {
            let Some(step) = statement.subject.strip_prefix(&prefix).map(str::to_owned) else {
                continue;
            };
            if let Some(stated) = read(statement) {
                said.insert(step, stated);
            }
        }
        Ok(said)
    }

    pub(super) fn say(&self, run: u64, step: &str, said: Option<&Said>) -> Result<bool> {
        let stamp = self.stamp();
        let subject = of_step(run, step);
        let before = self.store.statements(Some(ANSWER), Some(&subject))?;
        let was = !before.is_empty();
        let about = serde_json::json!({"run": run, "step": step});
        if let Some(said) = said {
            let mut about = about.clone();
            about["answer"] = said.answer.as_str().into();
            about["logs"] = said.found.as_str().into();
            about["with_note"] = (!said.note.is_empty()).into();
            about["instead_of_an_earlier"] = was.into();
            self.store
                .state_about(&stamp, ANSWER, &subject, &json(said)?, &about)?;
        }
        for old in before {
            self.store.take_back_about(&stamp, old.id, &about)?;
        }
        Ok(was)
    }

    /// Pinned events, by step, in the order they were pinned.
    pub(super) fn pins(&self, run: u64) -> Result<BTreeMap<String, Vec<Stated<Pinned>>>> {
        let mut pins: BTreeMap<String, Vec<Stated<Pinned>>> = BTreeMap::new();
        let prefix = of_step(run, "");
        for statement in self.store.statements(Some(PIN), None)? {
            let Some(step) = statement.subject.strip_prefix(&prefix).map(str::to_owned) else {
                continue;
            };
            if let Some(stated) = read(statement) {
                pins.entry(step).or_default().push(stated);
            }
        }
        Ok(pins)
    }

    /// The number that a pinned event has now: its own, or, where its source was taken out and came again, that of the same
    /// entry; its own too where the entry is not there any more.
    pub(super) fn pinned_now(&self, pinned: &Pinned) -> Result<u64> {
        let all = self.answer_expr(&witnessmark_lens::Expr::All)?;
        if self.query(&all.snapshot).find(pinned.event)?.is_some() {
            return Ok(pinned.event);
        }
        let again = self.event_at(&pinned.sha256, pinned.entry, pinned.part)?;
        Ok(again.unwrap_or(pinned.event))
    }

    pub(super) fn pin(&self, run: u64, step: &str, pinned: &Pinned) -> Result<()> {
        let about = pinned.told(run, step);
        self.store.state_about(
            &self.stamp(),
            PIN,
            &of_step(run, step),
            &json(pinned)?,
            &about,
        )?;
        Ok(())
    }

    pub(super) fn unpin(&self, run: u64, step: &str, pin: &Stated<Pinned>) -> Result<()> {
        let about = pin.value.told(run, step);
        let id = pin.statement.id;
        Ok(self.store.take_back_about(&self.stamp(), id, &about)?)
    }

    /// Takes a run back with everything that was said of it; all rows stay in the file.
    pub(super) fn take_run_back(&self, run: u64) -> Result<()> {
        let stamp = self.stamp();
        let prefix = of_step(run, "");
        for kind in [RESULT, ANSWER, PIN] {
            for statement in self.store.statements(Some(kind), None)? {
                if statement.subject == of_run(run) || statement.subject.starts_with(&prefix) {
                    self.store.take_back(&stamp, statement.id)?;
                }
            }
        }
        Ok(self.store.take_back(&stamp, run)?)
    }
}
