//! Checklists in a case: which there are, asking one, answers of persons, pins, asking again.
//!
//! Owns: the calls of the facade. Never touches: the language and the rule (`witnessmark-checklist` has them), how something
//! is looked for (`look` and its neighbours), how it is kept (`kept`).

mod acts;
mod basis;
mod coverage;
mod found;
mod judged;
mod kept;
mod look;
mod one_log;
mod own;
mod packed;
mod page;
mod rates;
mod report;
mod shown;
mod stale;
mod step;
mod subject;
mod unsaid;
mod words;

use witnessmark_checklist::{Answer, Checklist, ChecklistError, Vocabulary, library};
use witnessmark_lens::{Context, On, parse};
use witnessmark_model::Zone;
use witnessmark_store::sha256_hex;

pub use own::checklist_check;
pub use subject::SubjectChoice;

use crate::api::{ChangedPart, ChecklistInfo, ChecklistReport, ChecklistText, ChecklistsReport};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use found::Pass;
use kept::{Begun, KeptResult, KeptStep, Pinned, Said};

/// What checklists can name, in this program.
struct Words;

impl Vocabulary for Words {
    fn filter(&self, text: &str) -> std::result::Result<(), String> {
        let context = Context {
            now: witnessmark_model::Instant(0),
            zone: Zone::UTC,
            lists: &|_| Err("a checklist may not read lists".to_owned()),
        };
        let query = parse(text, &context).map_err(|e| e.to_string())?;
        let mut refused = None;
        query.expr.each_term(&mut |term, _| match term.on {
            On::Source | On::Number => {
                refused = Some("`in` and `event` name things of one case".to_owned());
            }
            _ => {}
        });
        refused.map_or(Ok(()), Err)
    }

    fn field(&self, name: &str) -> std::result::Result<(), String> {
        if matches!(name, "actor" | "device" | "record") {
            return Ok(());
        }
        crate::numbers::field(name)
            .map(|_| ())
            .map_err(|e| e.message)
    }

    fn detection(&self, id: &str) -> bool {
        witnessmark_detect::detections::by_id(id).is_some()
    }
}

fn wrong(error: &ChecklistError) -> Error {
    let mut out = Error::new(
        Code::InvalidOption,
        format!("the checklist cannot be used: {error}"),
        "Mend the file; docs/checklists.md describes the language.",
    );
    out.place.path = Some(error.file.clone());
    out.place.line = error.line.map(|line| line as u64);
    out
}

fn read(file: &str, text: &str) -> Result<Checklist> {
    Checklist::parse(file, text, &Words).map_err(|e| wrong(&e))
}

fn info(checklist: &Checklist, shipped: bool) -> ChecklistInfo {
    ChecklistInfo {
        id: checklist.id.clone(),
        version: checklist.version,
        title: checklist.title.clone(),
        when: checklist.when.clone(),
        origin: checklist.origin.clone(),
        systems: checklist.systems.clone(),
        about: checklist
            .about
            .iter()
            .map(|a| a.word().to_owned())
            .collect(),
        steps: checklist.steps.iter().map(|s| s.title.clone()).collect(),
        sha256: sha256_hex(checklist.text.as_bytes()),
        shipped,
    }
}

/// The checklist of a name among one's own and those of the program; one's own come first.
fn named(name: &str, own: &[ChecklistText]) -> Result<Checklist> {
    let id = name.split('@').next().unwrap_or(name);
    for one in own {
        let checklist = read(&one.file, &one.text)?;
        if checklist.id == id || one.file == name {
            own::not_taken(&one.file, &checklist).map_err(|e| wrong(&e))?;
            return Ok(checklist);
        }
    }
    let mut ids = Vec::new();
    for (file, text) in library::SHIPPED {
        let stem = file.trim_end_matches(".toml");
        if stem == id {
            return read(file, text);
        }
        ids.push(stem);
    }
    Err(Error::new(
        Code::NoSuchItem,
        format!("there is no checklist `{name}`"),
        format!(
            "There are {}; a file of your own ends in .toml.",
            ids.join(", ")
        ),
    ))
}

/// The text of a checklist, to begin one's own with.
///
/// # Errors
/// When there is none of this name.
pub fn checklist_text(name: &str, own: &[ChecklistText]) -> Result<String> {
    Ok(named(name, own)?.text)
}

impl Case {
    /// Which checklists there are, and which were run in this case. A file that is none is told with its place and spoils
    /// nothing else.
    ///
    /// # Errors
    /// When the case cannot be read.
    pub fn checklists(&self, own: &[ChecklistText]) -> Result<ChecklistsReport> {
        let mut checklists = Vec::new();
        let mut refused = Vec::new();
        let shipped = library::SHIPPED.iter().map(|(f, t)| (*f, *t, true));
        let own = self.texts_at_hand(own)?;
        let own = own
            .iter()
            .map(|o| (o.file.as_str(), o.text.as_str(), false));
        for (file, text, shipped) in own.chain(shipped) {
            let read = Checklist::parse(file, text, &Words);
            match read.and_then(|c| own::not_taken(file, &c).map(|()| c)) {
                Ok(checklist) => {
                    let known = |c: &ChecklistInfo| c.id == checklist.id;
                    if !checklists.iter().any(known) {
                        checklists.push(info(&checklist, shipped));
                    }
                }
                Err(error) => refused.push(own::refused(error)),
            }
        }
        let runs = self.runs()?;
        Ok(ChecklistsReport {
            open: runs.iter().map(|r| r.open + r.stale).sum(),
            checklists,
            runs,
            refused,
        })
    }

    /// Asks every step of a checklist about a subject. With `keep`, the case keeps the text, the run and the answers; the same
    /// checklist about the same subject goes on with the run that is there.
    ///
    /// # Errors
    /// When there is no such checklist, it cannot be about this subject, or the case cannot be read or written.
    pub fn ask_checklist(
        &self,
        name: &str,
        own: &[ChecklistText],
        choice: &SubjectChoice,
        zone: &Zone,
        keep: bool,
    ) -> Result<ChecklistReport> {
        let checklist = named(name, &self.readable_texts(own)?)?;
        let begun = Begun {
            checklist: checklist.id.clone(),
            version: checklist.version,
            sha256: sha256_hex(checklist.text.as_bytes()),
            subject: choice.subject.trim().to_owned(),
            from: choice.from.clone(),
            to: choice.to.clone(),
            zone: zone.name(),
        };
        let result = self.answered(&checklist, choice, zone)?;
        if !keep || self.store.is_read_only() {
            return self.run_report(&checklist, None, &begun, result, zone);
        }
        let run = self.begin(&begun, &checklist.text)?;
        self.keep_again(run, result)?;
        self.checklist(run, zone)
    }

    /// A run as it stands: what the logs answered then, what persons said, and what has arrived since.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn checklist(&self, run: u64, zone: &Zone) -> Result<ChecklistReport> {
        let begun = self.begun_as(run)?;
        let checklist = read(&begun.value.checklist, &self.text_of(&begun.value)?)?;
        let result = self.result_of(run)?.ok_or_else(|| {
            Error::new(
                Code::NoSuchItem,
                format!("run {run} has no answers that this version can read"),
                "Ask it again.",
            )
        })?;
        let mut report =
            self.run_report(&checklist, Some(run), &begun.value, result.value, zone)?;
        report.at = result.statement.at.rfc3339();
        report.who = result.statement.who;
        Ok(report)
    }

    /// Asks a run again, with the text that it used; what changed is told with each step.
    ///
    /// # Errors
    /// When there is no such run, or the case cannot be written.
    pub fn ask_again(&self, run: u64, zone: &Zone) -> Result<ChecklistReport> {
        let begun = self.begun_as(run)?.value;
        let checklist = read(&begun.checklist, &self.text_of(&begun)?)?;
        let own_zone = Zone::parse(&begun.zone).unwrap_or(*zone);
        let result = self.answered(&checklist, &begun.choice(), &own_zone)?;
        self.keep_again(run, result)?;
        self.checklist(run, zone)
    }

    /// Says what a person found out about a step: confirms the answer of the logs, or gives another. Without an answer, what
    /// was said is taken back.
    ///
    /// # Errors
    /// When there is no such run or step, or no such answer.
    pub fn answer_step(
        &self,
        run: u64,
        step: &str,
        answer: Option<&str>,
        note: &str,
    ) -> Result<()> {
        let (manual, result) = self.known_step(run, step)?;
        let Some(answer) = answer else {
            self.say(run, step, None)?;
            return Ok(());
        };
        let given = Answer::by_word(answer).ok_or_else(|| {
            Error::new(
                Code::InvalidOption,
                format!("`{answer}` is no answer"),
                "Answer yes, no or cannot_tell.",
            )
        })?;
        let found = result.steps.iter().find(|s| s.id == step);
        let of_logs = found.and_then(|s| Answer::by_word(&s.answer));
        if note.trim().is_empty() && !manual && of_logs.is_some_and(|logs| logs != given) {
            return Err(Error::new(
                Code::InvalidOption,
                format!(
                    "another answer than that of the logs to the step `{step}` needs a note: they answer {}",
                    of_logs.map_or("", Answer::word).replace('_', " ")
                ),
                "Say why: who was asked, what was looked at, the number of a ticket (`--note`).",
            ));
        }
        let begun = self.begun_as(run)?.value;
        let zone = Zone::parse(&begun.zone).unwrap_or(Zone::UTC);
        let subject = self.subject(&begun.choice(), &zone)?;
        let said = Said {
            answer: given.word().to_owned(),
            note: note.trim().to_owned(),
            found: found.map(|s| s.answer.clone()).unwrap_or_default(),
            sources: self.source_marks()?,
            basis: Some(self.basis(&subject)?),
        };
        self.say(run, step, Some(&said))?;
        Ok(())
    }

    /// Pins an event to a step, or takes it off.
    ///
    /// # Errors
    /// When there is no such run, step or event.
    pub fn pin_event(&self, run: u64, step: &str, event: u64, on: bool) -> Result<()> {
        self.known_step(run, step)?;
        let standing = self.pins(run)?.remove(step).unwrap_or_default();
        let mut same = Vec::new();
        for pin in &standing {
            if self.pinned_now(&pin.value)? == event {
                same.push(pin);
            }
        }
        if !on {
            return same
                .into_iter()
                .try_for_each(|pin| self.unpin(run, step, pin));
        }
        let all = self.answer("", &Zone::UTC)?;
        let found = self.event(&all.snapshot, event)?;
        if !same.is_empty() {
            return Ok(());
        }
        let source = self.source_info(found.locator.source)?;
        let pinned = Pinned {
            event,
            sha256: source.receipt.sha256,
            entry: found.locator.entry,
            part: found.locator.part,
        };
        self.pin(run, step, &pinned)
    }

    /// Takes a run back, with what was said of it. Everything stays in the case file and its custody log.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn withdraw_checklist(&self, run: u64) -> Result<()> {
        self.begun_as(run)?;
        self.take_run_back(run)
    }

    /// A run as a page to print: one HTML file without scripts, which loads nothing. Making it stands in the custody log.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn checklist_page(&self, run: u64, zone: &Zone) -> Result<String> {
        let report = self.checklist(run, zone)?;
        self.checklist_printed(run)?;
        Ok(page::page(&report, &self.store.meta().name))
    }

    /// Says in the custody log that a run was handed to a printer.
    ///
    /// # Errors
    /// When there is no such run, or the case cannot be written.
    pub fn checklist_printed(&self, run: u64) -> Result<()> {
        let begun = self.begun_as(run)?.value;
        if !self.store.is_read_only() {
            let detail = serde_json::json!({"run": run, "checklist": begun.checklist});
            self.store
                .record(&self.stamp(), "checklist.print", &detail)?;
        }
        Ok(())
    }

    /// What the logs answered, and whether the step is one that only a person can answer.
    fn known_step(&self, run: u64, step: &str) -> Result<(bool, KeptResult)> {
        let begun = self.begun_as(run)?.value;
        let checklist = read(&begun.checklist, &self.text_of(&begun)?)?;
        let Some(asked) = checklist.step(step) else {
            let ids: Vec<&str> = checklist.steps.iter().map(|s| s.id.as_str()).collect();
            return Err(Error::new(
                Code::NoSuchItem,
                format!("the checklist `{}` has no step `{step}`", checklist.id),
                format!("Its steps are {}.", ids.join(", ")),
            ));
        };
        let manual = report::is_manual(asked);
        let result = self.result_of(run)?;
        result.map(|r| (manual, r.value)).ok_or_else(|| {
            Error::new(
                Code::NoSuchItem,
                format!("run {run} has no answers that this version can read"),
                "Ask it again.",
            )
        })
    }

    /// What the logs answer now.
    fn answered(
        &self,
        checklist: &Checklist,
        choice: &SubjectChoice,
        zone: &Zone,
    ) -> Result<KeptResult> {
        let mut subject = self.subject(choice, zone)?;
        if !checklist.about.contains(&subject.about) {
            let words: Vec<&str> = checklist.about.iter().map(|a| a.word()).collect();
            return Err(Error::new(
                Code::InvalidOption,
                format!(
                    "`{}` cannot be about {}",
                    checklist.id,
                    subject.about.word()
                ),
                format!(
                    "It can be about: {}. Write --subject actor:… or address:…, or leave it out for everyone.",
                    words.join(", ")
                ),
            ));
        }
        subject.unjoined = self.unjoined(&subject, &coverage::of_systems(checklist))?;
        let covered = self.covered(checklist, &subject, zone)?;
        let mut pass = Pass {
            case: self,
            checklist,
            subject: &subject,
            covered: &covered,
            zone,
            systems: coverage::of_systems(checklist),
            review: None,
            done: std::collections::BTreeMap::new(),
        };
        pass.ask()?;
        let steps = checklist.steps.iter().filter_map(|step| {
            let found = pass.done.remove(&step.id)?;
            let (events, count) = found.behind();
            Some(KeptStep {
                id: step.id.clone(),
                answer: found.answer.word().to_owned(),
                unneeded: found.unneeded,
                statement: found.statement(),
                reason: found.reason,
                events,
                count,
                looks: found.looks.into_iter().map(|l| l.part).collect(),
                changed: None,
            })
        });
        Ok(KeptResult {
            steps: steps.collect(),
            sources: self.source_marks()?,
            coverage: covered.part(),
            basis: Some(self.basis(&subject)?),
        })
    }

    /// Keeps a result of a run, with what changed since the one before.
    fn keep_again(&self, run: u64, mut result: KeptResult) -> Result<()> {
        if let Some(before) = self.result_of(run)? {
            let at = before.statement.at.rfc3339();
            for step in &mut result.steps {
                let old = before.value.steps.iter().find(|s| s.id == step.id);
                step.changed = old
                    .filter(|o| o.answer != step.answer || o.count != step.count)
                    .map(|o| ChangedPart {
                        answer: o.answer.clone(),
                        reason: o.reason.clone(),
                        count: o.count,
                        at: at.clone(),
                    });
            }
        }
        self.keep_result(run, &result)
    }
}
