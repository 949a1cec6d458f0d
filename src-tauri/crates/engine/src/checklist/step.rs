//! One pass over a checklist: every step asked, in an order in which each comes after what it is built on.
//!
//! Owns: the answer of a step, and the sentence about an absence. Never touches: persons' answers (`kept` lays them over).

use witnessmark_checklist::decide::{combine, need_words};
use witnessmark_checklist::{Answer, Look, Part, Step};
use witnessmark_model::Instant;

use super::found::{After, Pass, StepFound, TOLD};
use super::shown::Shown;
use super::words;
use crate::error::Result;

impl Pass<'_> {
    /// Asks every step.
    pub(super) fn ask(&mut self) -> Result<()> {
        for at in self.checklist.order() {
            let step = &self.checklist.steps[at];
            let found = self.step(step)?;
            self.done.insert(step.id.clone(), found);
        }
        Ok(())
    }

    fn step(&mut self, step: &Step) -> Result<StepFound> {
        let after = self.after(step.after.as_ref(), &[], &step.id)?;
        if let After::Missing(what) = &after {
            return Ok(StepFound {
                answer: Answer::No,
                unneeded: true,
                reason: format!("No {what} was found, so this is not needed."),
                looks: Vec::new(),
            });
        }
        let mut looks = Vec::with_capacity(step.looks.len());
        for look in &step.looks {
            let found = self.look(step, look, &after, &looks)?;
            looks.push(found);
        }
        let parts: Vec<Part> = looks
            .iter()
            .map(|l| Part {
                answer: l.answer,
                reason: l.part.reason.clone(),
                decides: l.decides,
            })
            .collect();
        let (mut answer, mut reason) = combine(&parts);
        if let After::Unknown(why) = &after {
            answer = Answer::CannotTell;
            reason = format!("What this would come after cannot be told: {why}");
        }
        Ok(StepFound {
            answer,
            unneeded: false,
            reason,
            looks,
        })
    }

    /// What the absence of something rests on, in sentences that can stand alone.
    pub(super) fn statement(
        &self,
        look: &Look,
        whose: &str,
        from: Option<Instant>,
        query: &str,
        shown: &Shown,
    ) -> String {
        let (Some(start), Some(end)) = (from.or(self.covered.from), self.covered.to) else {
            return String::new();
        };
        // The end is exclusive; the last moment that was looked at is said.
        let end = if self.subject.to.is_some() {
            end
        } else {
            Instant(end.0.saturating_sub(1))
        };
        let mut text = format!(
            "No {}{whose} stands in the logs between {} and {} ({}).",
            look.what,
            words::time(start, self.zone),
            words::time(end, self.zone),
            self.zone.name()
        );
        // A look that begins after a row still rests on logs whose events and days are counted over the whole run.
        let span = match self.covered.from {
            Some(whole) if whole < start => {
                format!("whole span since {}", words::time(whole, self.zone))
            }
            _ => "span".to_owned(),
        };
        let speaking = self.covered.logs.iter().zip(&shown.by);
        for (log, _) in speaking.filter(|(_, shows)| **shows) {
            let part = &log.part;
            // What lies before the look is not part of it, but is counted.
            let since = if log.has_gap() {
                format!(" from {} on", words::time(start, self.zone))
            } else {
                String::new()
            };
            let numbers: Vec<String> = part.sources.iter().map(u32::to_string).collect();
            let noun = if numbers.len() == 1 {
                "source"
            } else {
                "sources"
            };
            text.push_str(&format!(
                " {} ({noun} {}): {} by anybody in the {span}, on {} of its {} days, no gap of {} days or more{since}; {} entries could not be read, {} have no time.",
                part.system,
                words::list(&numbers, 10),
                words::events(part.events),
                part.days_with_events,
                part.days,
                self.checklist.gap_days,
                words::number(part.rejected),
                words::number(part.undated)
            ));
            for own in &part.by_source {
                let without = if own.uncovered.is_empty() {
                    "no gap".to_owned()
                } else {
                    format!("none {}", own.uncovered.join(", "))
                };
                text.push_str(&format!(
                    " Source {} alone: {} on {} days, {without}.",
                    own.source,
                    words::events(own.events),
                    own.days_with_events
                ));
            }
            let more = part.sources.len() - part.by_source.len().min(part.sources.len());
            if !part.by_source.is_empty() && more > 0 {
                text.push_str(&format!(" And {more} more sources."));
            }
            if !part.blind_spots.is_empty() {
                text.push_str(&format!(
                    " It does not log everything: {}",
                    part.blind_spots.join(" ")
                ));
            } else if !part.cannot_show.is_empty() {
                let lacks: Vec<String> = part
                    .cannot_show
                    .iter()
                    .map(|n| need_words(n).to_owned())
                    .collect();
                text.push_str(&format!(" It does not record {}.", words::list(&lacks, 12)));
            }
        }
        text.push_str(&shown.aside);
        let asked = if query.is_empty() {
            "every event"
        } else {
            query
        };
        text.push_str(&format!(" Asked: {asked}"));
        text
    }
}

impl StepFound {
    /// Events behind the answer: of the looks that gave it, or of all when none did.
    pub(super) fn behind(&self) -> (Vec<u64>, u64) {
        let gave = |l: &&super::found::LookFound| l.decides && l.answer == self.answer;
        let of_answer: Vec<_> = self.looks.iter().filter(gave).collect();
        let chosen = if of_answer.iter().any(|l| !l.events.is_empty()) {
            of_answer
        } else {
            self.looks.iter().filter(|l| l.decides).collect()
        };
        let mut events: Vec<u64> = Vec::new();
        let mut count = 0;
        for look in chosen {
            if look.part.kind == "coverage" {
                continue;
            }
            // A finding is one, its events are several.
            count += match look.part.kind.as_str() {
                "detections" | "new" => look.events.len() as u64,
                _ => look.part.count,
            };
            for event in &look.events {
                if !events.contains(event) && events.len() < TOLD {
                    events.push(*event);
                }
            }
        }
        (events, count)
    }

    /// What can be said of absences behind a no.
    pub(super) fn statement(&self) -> String {
        if self.answer != Answer::No {
            return String::new();
        }
        let each = self.looks.iter().filter(|l| l.decides);
        let texts: Vec<&str> = each
            .map(|l| l.part.statement.as_str())
            .filter(|s| !s.is_empty())
            .collect();
        texts.join("\n")
    }
}
