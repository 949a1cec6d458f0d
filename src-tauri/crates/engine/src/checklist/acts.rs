//! The looks that start from the rows of another: what was done in their sessions, and others at their addresses.
//!
//! Owns: which events are such a session, and when an address says something. Never touches: the weight of an act (the model
//! has it).

use std::collections::{BTreeMap, BTreeSet};

use witnessmark_checklist::{Answer, Look};
use witnessmark_lens::{Expr, to_text};
use witnessmark_model::weight::Act;
use witnessmark_model::{Field, Instant};
use witnessmark_store::query::Axis;

use super::coverage::DAY;
use super::found::{After, Anchor, MOST_ANCHORS, Pass};
use super::look::Outcome;
use super::subject::span;
use super::words;
use crate::drill::{SessionOf, SessionOrder, both, is, lacks};
use crate::error::Result;

/// Acts of sessions that are weighed, at most.
const MOST_ACTS: usize = 20_000;
/// Minutes without an event that end a session that no vendor names.
const IDLE: u32 = 30;
/// Rows of which later acts are looked for.
const MOST_WAYS: usize = 100;
/// From so many people on, an address says nothing of one of them.
const SHARED_BY: usize = 5;

impl Pass<'_> {
    /// What cannot be asked because what it starts from is not there.
    fn no_start(&self, look: &Look, of: &After) -> Option<Outcome> {
        match of {
            After::Nothing => Some(Outcome::new(
                Answer::CannotTell,
                "There is nothing to start from.",
            )),
            After::Missing(what) => Some(Outcome::new(
                Answer::No,
                format!("No {what} was found, so there is no {}.", look.what),
            )),
            After::Unknown(why) => Some(Outcome::new(Answer::CannotTell, why.clone())),
            After::Rows(_) => None,
        }
    }

    pub(super) fn acts(&self, look: &Look, kinds: &[String], of: &After) -> Result<Outcome> {
        if let Some(out) = self.no_start(look, of) {
            return Ok(out);
        }
        let After::Rows(anchors) = of else {
            return Ok(Outcome::new(
                Answer::CannotTell,
                "There is nothing to start from.",
            ));
        };
        let mut ways = Vec::new();
        let mut by_time = false;
        let mut open = 0;
        for anchor in anchors {
            let sessions = self.session_of(anchor, &mut by_time)?;
            open += u64::from(sessions.is_empty());
            for expr in sessions {
                if !ways.contains(&expr) {
                    ways.push(expr);
                }
            }
        }
        if ways.is_empty() {
            return Ok(Outcome::new(
                Answer::CannotTell,
                "The rows it starts from name neither a session nor an actor and a time, so what belongs to them cannot be told.",
            ));
        }
        let asked = self.case.expr(&look.filter, self.zone)?;
        let expr = both(&Expr::or(ways), asked);
        let query = to_text(&expr);
        let found = self.case.answer_expr(&expr)?;
        let all = self.numbers(&found, MOST_ACTS + 1)?;
        let whole = all.len() <= MOST_ACTS;
        let mut events = Vec::new();
        let mut names: BTreeMap<String, u64> = BTreeMap::new();
        for number in all.into_iter().take(MOST_ACTS) {
            let event = self.case.event(&found.snapshot, number)?;
            let get = |field: Field| event.get(field).unwrap_or_default();
            let act = Act {
                sensitivity: get(Field::EventSensitivity),
                category: get(Field::EventCategory),
                operation: get(Field::EventOperation),
            };
            // Verification documents decide where money goes; they stand on the money path.
            let kind = match (act.category, act.kind()) {
                ("kyc", "other") if !matches!(act.operation, "read" | "list") => "money",
                (_, kind) => kind,
            };
            if kinds.iter().any(|k| k == kind) && get(Field::EventOutcome) != "failure" {
                *names.entry(get(Field::EventAction).to_owned()).or_default() += 1;
                events.push(number);
            }
        }
        let note = if by_time {
            " Where the log names no session, everything by the same actor within 24 hours counts that names no other address."
        } else {
            ""
        };
        let mut out = if !events.is_empty() {
            let listed: Vec<String> = names
                .iter()
                .map(|(name, n)| format!("{name} ({n})"))
                .collect();
            let said = format!(
                "{}: {}: {}",
                look.what,
                words::events(events.len() as u64),
                words::list(&listed, 6)
            );
            Outcome::new(Answer::Yes, format!("{}{note}", words::sentence(&said)))
        } else if whole {
            let undated = self.undated_acts(look, kinds, anchors)?;
            let mut out = self.absent(look, self.subject.from, undated, &query, "")?;
            out.reason.push_str(note);
            if open > 0 && out.answer == Answer::No {
                let doubt = format!(
                    "{} of the rows it starts from name neither a session nor an actor and a time.",
                    words::number(open)
                );
                out = out.doubted(&look.what, &doubt);
            }
            if by_time
                && out.answer == Answer::No
                && let Some(doubt) = self.later_acts(look, kinds, anchors)?
            {
                out = out.doubted(&look.what, &doubt);
            }
            out
        } else {
            Outcome::new(
                Answer::CannotTell,
                format!("These sessions hold more than {MOST_ACTS} events; begin the span later."),
            )
        };
        out.count = events.len() as u64;
        (out.events, out.query) = (events, query);
        Ok(out)
    }

    /// The events of the session that a row began: by the vendor's id, and what the same actor did within a day from the same
    /// address, or from none that is named, where the log names no session: the vendor's id says nothing of other systems.
    fn session_of(&self, anchor: &Anchor, by_time: &mut bool) -> Result<Vec<Expr>> {
        let mut found = Vec::new();
        let named = anchor.event.get(Field::SessionId).is_some();
        if named {
            let of = SessionOf::Event(anchor.event.number);
            let session = self
                .case
                .session(&of, IDLE, SessionOrder::Time, (0, 0), self.zone)?;
            found.push(self.case.expr(&session.session.filter, self.zone)?);
        }
        let (Some(actor), Some(at)) = (&anchor.actor, anchor.event.time) else {
            return Ok(found);
        };
        let mut parts = vec![
            actor.clone(),
            span(Some(at), Some(Instant(at.0.saturating_add(DAY)))),
        ];
        if let Some(address) = anchor.event.get(Field::SourceIp) {
            parts.push(Expr::or(vec![
                is(Field::SourceIp, address),
                lacks(Field::SourceIp),
            ]));
        }
        if named {
            let elsewhere = match anchor.event.get(Field::EventProvider) {
                Some(provider) => is(Field::EventProvider, provider).negate(),
                None => lacks(Field::EventProvider).negate(),
            };
            parts.push(Expr::or(vec![lacks(Field::SessionId), elsewhere]));
        }
        let around = Expr::and(parts);
        // Where the vendor names sessions, this is only said when it adds something.
        if !named || !self.case.answer_expr(&around)?.mask.is_empty() {
            *by_time = true;
            found.push(around);
        }
        Ok(found)
    }

    /// Acts of the same actors more than a day after the rows, which name neither a session nor an address: whose session they
    /// were in, nobody can say.
    fn later_acts(
        &self,
        look: &Look,
        kinds: &[String],
        anchors: &[Anchor],
    ) -> Result<Option<String>> {
        let ways = anchors.iter().filter_map(|anchor| {
            let (actor, at) = (anchor.actor.as_ref()?, anchor.event.time?);
            let later = Instant(at.0.saturating_add(DAY));
            Some(both(actor, span(Some(later), self.subject.to)))
        });
        let ways: Vec<Expr> = ways.take(MOST_WAYS).collect();
        if ways.is_empty() {
            return Ok(None);
        }
        let expr = Expr::and(vec![
            Expr::or(ways),
            self.case.expr(&look.filter, self.zone)?,
            self.signs_of_acts(kinds)?,
            lacks(Field::SessionId),
            lacks(Field::SourceIp),
            is(Field::EventOutcome, "failure").negate(),
        ]);
        let found = self.case.answer_expr(&expr)?;
        let first = self.numbers(&found, 1)?.first().copied();
        Ok(first.map(|event| {
            format!(
                "{} of the kind by the same actor stand more than 24 hours later without a session or an address, the first is event {event}; in whose session they were cannot be told.",
                words::events(found.mask.len())
            )
        }))
    }

    /// Acts without a time of the actors of some rows, which may lie in their sessions.
    fn undated_acts(&self, look: &Look, kinds: &[String], anchors: &[Anchor]) -> Result<u64> {
        let mut actors: Vec<Expr> = Vec::new();
        for actor in anchors.iter().filter_map(|a| a.actor.as_ref()) {
            if !actors.contains(actor) {
                actors.push(actor.clone());
            }
        }
        if actors.is_empty() {
            return Ok(0);
        }
        let asked = self.case.expr(&look.filter, self.zone)?;
        let of_kind = self.signs_of_acts(kinds)?;
        let base = Expr::and(vec![Expr::or(actors), asked, of_kind]);
        self.undated(&base, true)
    }

    pub(super) fn shared(&self, look: &Look, of: &After) -> Result<Outcome> {
        if let Some(out) = self.no_start(look, of) {
            return Ok(out);
        }
        let After::Rows(anchors) = of else {
            return Ok(Outcome::new(
                Answer::CannotTell,
                "There is nothing to start from.",
            ));
        };
        let addresses: BTreeSet<&str> = anchors
            .iter()
            .filter_map(|a| a.event.get(Field::SourceIp))
            .collect();
        if addresses.is_empty() {
            return Ok(Outcome::new(
                Answer::CannotTell,
                "None of the rows it starts from names an address.",
            ));
        }
        let nowhere = anchors
            .iter()
            .filter(|a| a.event.get(Field::SourceIp).is_none())
            .count() as u64;
        let mut own: Vec<Expr> = Vec::new();
        for anchor in anchors {
            if let Some(actor) = &anchor.actor
                && !own.contains(actor)
            {
                own.push(actor.clone());
            }
        }
        if self.subject.own != Expr::All {
            own.push(self.subject.own.clone());
        }
        let at = Expr::or(addresses.iter().map(|a| is(Field::SourceIp, a)).collect());
        let asked = self.case.expr(&look.filter, self.zone)?;
        let mut base = both(&at, asked);
        if !own.is_empty() {
            base = both(&base, Expr::or(own).negate());
        }
        let expr = both(&base, span(self.subject.from, self.subject.to));
        let query = to_text(&expr);
        let found = self.case.answer_expr(&expr)?;
        let tallied = self
            .case
            .query(&found.snapshot)
            .tally(&found.mask, Axis::Actor)?;
        let others = tallied.iter().filter(|t| t.number != 0).count();
        let events = self.numbers(&found, MOST_ANCHORS)?;
        let list: Vec<String> = addresses.iter().map(|a| (*a).to_owned()).collect();
        let mut out = if others >= SHARED_BY {
            Outcome::new(
                Answer::CannotTell,
                format!(
                    "{others} others acted from {}: an address of an office, a VPN or a carrier, which says nothing of one of them.",
                    words::list(&list, 5)
                ),
            )
        } else if !found.mask.is_empty() {
            let said = format!("{} ({})", look.what, words::list(&list, 5));
            Outcome::new(Answer::Yes, self.told(&said, &found, &events)?)
        } else {
            let bounded = self.subject.from.is_some() || self.subject.to.is_some();
            let undated = self.undated(&base, bounded)?;
            let out = self.absent(look, self.subject.from, undated, &query, "")?;
            if nowhere > 0 && out.answer == Answer::No {
                let doubt = format!(
                    "{} of the rows it starts from name no address.",
                    words::number(nowhere)
                );
                out.doubted(&look.what, &doubt)
            } else {
                out
            }
        };
        (out.events, out.count, out.query) = (events, found.mask.len(), query);
        Ok(out)
    }
}
