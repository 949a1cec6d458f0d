//! The looks that ask the one filter: rows, values, coverage; and what all looks share.
//!
//! Owns: which filter each asks and what its answer says. Never touches: whether an absence counts (`Ground` says), findings
//! and sign-ins (`judged`), sessions (`acts`), comparisons with the time before (`rates`).

use std::collections::{BTreeMap, BTreeSet};

use witnessmark_checklist::{Answer, Kind, Look, Scope, Step};
use witnessmark_lens::{Expr, On, Test, to_text};
use witnessmark_model::{Field, Instant};
use witnessmark_store::query::{Order, View};

use super::coverage::untrue;
use super::found::{After, Anchor, LookFound, MOST_ANCHORS, Pass, TOLD, Unsure, moment, name_of};
use super::subject::span;
use super::words;
use crate::api::{LookPart, LookValue};
use crate::drill::{both, term};
use crate::error::Result;
use crate::lens::Answer as Matches;

/// Values that are listed.
pub(super) const MOST_VALUES: usize = 50;

/// What a look found, before it is told.
pub(super) struct Outcome {
    pub(super) answer: Answer,
    pub(super) reason: String,
    pub(super) events: Vec<u64>,
    pub(super) count: u64,
    pub(super) query: String,
    pub(super) baseline: String,
    pub(super) values: Vec<LookValue>,
    pub(super) findings: Vec<String>,
    pub(super) set_aside: Vec<String>,
    pub(super) statement: String,
    pub(super) unsure: Option<Unsure>,
}

impl Outcome {
    pub(super) fn new(answer: Answer, reason: impl Into<String>) -> Self {
        Self {
            answer,
            reason: reason.into(),
            events: Vec::new(),
            count: 0,
            query: String::new(),
            baseline: String::new(),
            values: Vec::new(),
            findings: Vec::new(),
            set_aside: Vec::new(),
            statement: String::new(),
            unsure: None,
        }
    }

    /// The same where an absence says nothing after all.
    pub(super) fn doubted(mut self, what: &str, doubt: &str) -> Self {
        let known = self.answer == Answer::CannotTell;
        let before = if known {
            self.reason
        } else {
            format!("No {what} was found, and that alone says nothing:")
        };
        self.reason = format!("{before} {doubt}");
        self.answer = Answer::CannotTell;
        self.statement.clear();
        self
    }
}

/// A filter whose parts each stand once: a subject names its system as its checklist does.
fn once(expr: Expr) -> Expr {
    match expr {
        Expr::And(parts) => {
            let mut kept: Vec<Expr> = Vec::with_capacity(parts.len());
            for part in parts {
                if !kept.contains(&part) {
                    kept.push(part);
                }
            }
            Expr::and(kept)
        }
        other => other,
    }
}

impl Pass<'_> {
    /// Asks one look of a step, given those of the step that were asked before.
    pub(super) fn look(
        &mut self,
        step: &Step,
        look: &Look,
        step_after: &After,
        current: &[LookFound],
    ) -> Result<LookFound> {
        let mut own_reference = look.after.as_ref();
        let mut own_after = self.after(own_reference, current, &step.id)?;
        if let (After::Missing(_), Some(_)) = (&own_after, &look.else_after) {
            own_reference = look.else_after.as_ref();
            own_after = self.after(own_reference, current, &step.id)?;
        }
        let (after, reference) = match &own_after {
            After::Nothing => (step_after, step.after.as_ref()),
            own => (own, own_reference),
        };
        let last = reference.is_some_and(|r| r.last);
        let missing = matches!(after, After::Missing(_));
        let mut outcome = match after {
            After::Missing(what) => Outcome::new(
                Answer::No,
                format!("No {what} was found, so nothing can come after it."),
            ),
            After::Unknown(why)
                if reference.is_some_and(|_| !matches!(own_after, After::Nothing)) =>
            {
                Outcome::new(Answer::CannotTell, why.clone())
            }
            _ => self.asked(look, after, last, current, &step.id)?,
        };
        if outcome.answer == Answer::No {
            let of = self.after(look.of.as_ref(), current, &step.id)?;
            let doubt = self
                .unsure(look.of.as_ref(), current, &step.id, &of, true)
                .or_else(|| self.unsure(reference, current, &step.id, after, false));
            if let Some(doubt) = doubt {
                outcome = outcome.doubted(&look.what, &doubt);
            }
            // What was done under another of a person's names was not looked at.
            let of_one = look.scope != Scope::Everyone && !matches!(look.kind, Kind::Coverage);
            if let (Some(doubt), true) = (&self.subject.unjoined, of_one && !missing) {
                outcome = outcome.doubted(&look.what, doubt);
            }
        }
        Ok(LookFound {
            unsure: outcome.unsure,
            id: look.id.clone(),
            answer: outcome.answer,
            decides: look.decides,
            part: LookPart {
                kind: look.kind.word().to_owned(),
                what: look.what.clone(),
                decides: look.decides,
                answer: outcome.answer.word().to_owned(),
                reason: outcome.reason,
                count: outcome.count,
                events: outcome.events.iter().take(TOLD).copied().collect(),
                query: outcome.query,
                baseline: outcome.baseline,
                values: outcome.values,
                findings: outcome.findings,
                set_aside: outcome.set_aside,
                statement: outcome.statement,
            },
            events: outcome.events,
        })
    }

    fn asked(
        &mut self,
        look: &Look,
        after: &After,
        last: bool,
        current: &[LookFound],
        step: &str,
    ) -> Result<Outcome> {
        match &look.kind {
            Kind::Rows { least } => self.rows(look, *least, after, last),
            Kind::Values { by, least } => self.values(look, by, *least, after, last),
            Kind::Rate { times, least, days } => self.rate(look, *times, *least, *days),
            Kind::New { by, days } => self.new_values(look, by, *days),
            Kind::Acts { kinds } => {
                let of = self.after(look.of.as_ref(), current, step)?;
                self.acts(look, kinds, &of)
            }
            Kind::Shared => {
                let of = self.after(look.of.as_ref(), current, step)?;
                self.shared(look, &of)
            }
            Kind::Coverage => self.coverage(look),
            Kind::Detections { ids } => self.detections(look, ids, after, last),
            Kind::SignIns { show } => self.sign_ins(look, *show, after, last),
        }
    }

    /// Whose events a look takes in, whatever their time.
    pub(super) fn scope(&self, look: &Look) -> Result<Expr> {
        let whose = match look.scope {
            Scope::Subject => self.subject.own.clone(),
            Scope::Everyone => Expr::All,
            Scope::Target => self.subject.target.clone(),
        };
        let asked = self.case.expr(&look.filter, self.zone)?;
        Ok(once(Expr::and(vec![whose, self.systems.clone(), asked])))
    }

    /// The part of the span that a look takes in: from what it comes after on.
    pub(super) fn from(&self, after: &After, last: bool) -> (Option<Instant>, Option<u64>) {
        let anchor = match after {
            After::Rows(anchors) => moment(anchors, last),
            _ => None,
        };
        match anchor {
            Some((at, event)) => {
                let from = self.subject.from.map_or(at, |f| f.max(at));
                (Some(from), Some(event))
            }
            None => (self.subject.from, None),
        }
    }

    /// The filter with the span, without the very row that it comes after.
    pub(super) fn in_span(&self, base: &Expr, from: Option<Instant>, without: Option<u64>) -> Expr {
        let mut parts = vec![base.clone(), span(from, self.subject.to)];
        if let Some(event) = without {
            parts.push(term(On::Number, Test::Is(event.to_string())).negate());
        }
        Expr::and(parts)
    }

    /// Event numbers of an answer in order of time.
    pub(super) fn numbers(&self, found: &Matches, most: usize) -> Result<Vec<u64>> {
        let view = View::new(found.snapshot.clone(), found.mask.clone(), Order::Oldest);
        let rows = view.rows(0, most)?;
        let query = self.case.query(&found.snapshot);
        let numbers = rows.into_iter().map(|row| query.event_number(row));
        Ok(numbers.collect::<std::result::Result<_, _>>()?)
    }

    /// What is said of rows that were found.
    pub(super) fn told(&self, what: &str, found: &Matches, events: &[u64]) -> Result<String> {
        let ends = self.case.query(&found.snapshot).first_last(&found.mask)?;
        let when = match ends {
            Some((first, last)) if first == last => {
                format!(" at {}", words::time(first, self.zone))
            }
            Some((first, last)) => format!(
                ", the first at {}, the last at {}",
                words::time(first, self.zone),
                words::time(last, self.zone)
            ),
            None => ", without a time".to_owned(),
        };
        let mut who: BTreeSet<String> = BTreeSet::new();
        for number in events.iter().take(TOLD) {
            who.insert(name_of(&self.case.event(&found.snapshot, *number)?));
        }
        who.remove("");
        let who: Vec<String> = who.into_iter().collect();
        let by = if who.is_empty() {
            String::new()
        } else {
            format!(", by {}", words::list(&who, 5))
        };
        let count = words::events(found.mask.len());
        Ok(words::sentence(&format!("{what}: {count}{when}{by}")))
    }

    /// No, or cannot tell with the doubts.
    pub(super) fn absent(
        &self,
        look: &Look,
        from: Option<Instant>,
        undated: u64,
        query: &str,
        more: &str,
    ) -> Result<Outcome> {
        let shown = self.shown(look)?;
        let ground = self.covered.ground(self.subject, from, undated, &shown.by);
        let mut doubts = ground.doubts(&look.needs);
        doubts.extend(shown.doubts.iter().cloned());
        doubts.extend(self.unsaid(look, from)?);
        let whose = match look.scope {
            Scope::Subject => self.subject.by(),
            Scope::Everyone => String::new(),
            Scope::Target => format!(" concerning {}", self.subject.value),
        };
        let mut outcome = if doubts.is_empty() {
            let mut out = Outcome::new(
                Answer::No,
                format!(
                    "{}{}",
                    words::sentence(&format!("no {}{whose} was found{more}", look.what)),
                    shown.aside
                ),
            );
            out.statement = self.statement(look, &whose, from, query, &shown);
            out
        } else {
            Outcome::new(
                Answer::CannotTell,
                format!(
                    "No {}{whose} was found, and that alone says nothing: {}",
                    look.what,
                    doubts.join(" ")
                ),
            )
        };
        outcome.query = query.to_owned();
        Ok(outcome)
    }

    fn rows(&self, look: &Look, least: u64, after: &After, last: bool) -> Result<Outcome> {
        let base = self.scope(look)?;
        // Among everybody, what comes after somebody's row is looked for among that person's events.
        if let (After::Rows(anchors), Scope::Subject, true) =
            (after, look.scope, self.subject.own == Expr::All)
        {
            return self.rows_of_each(look, least, anchors, last, &base);
        }
        let (from, without) = self.from(after, last);
        let expr = self.in_span(&base, from, without);
        let found = self.case.answer_expr(&expr)?;
        let query = to_text(&expr);
        let count = found.mask.len();
        let events = self.numbers(&found, MOST_ANCHORS)?;
        if count >= least {
            let mut out = Outcome::new(Answer::Yes, self.told(&look.what, &found, &events)?);
            (out.events, out.count, out.query) = (events, count, query);
            return Ok(out);
        }
        let undated = self.undated(&base, from.is_some() || self.subject.to.is_some())?;
        let more = if count == 0 {
            String::new()
        } else {
            format!(" in numbers: {} of at least {least}", words::events(count))
        };
        let mut out = self.absent(look, from, undated, &query, &more)?;
        (out.events, out.count) = (events, count);
        Ok(out)
    }

    /// The same for each actor of the rows that it comes after.
    fn rows_of_each(
        &self,
        look: &Look,
        least: u64,
        anchors: &[Anchor],
        last: bool,
        base: &Expr,
    ) -> Result<Outcome> {
        let mut actors: BTreeMap<String, (Expr, Instant, u64)> = BTreeMap::new();
        for anchor in anchors {
            let (Some(actor), Some(at)) = (&anchor.actor, anchor.event.time) else {
                continue;
            };
            let entry = actors
                .entry(to_text(actor))
                .or_insert_with(|| (actor.clone(), at, anchor.event.number));
            if last {
                *entry = (actor.clone(), at, anchor.event.number);
            }
        }
        if actors.is_empty() {
            return Ok(Outcome::new(
                Answer::CannotTell,
                "The rows that it comes after name nobody, so whose events come after them cannot be told.",
            ));
        }
        let mut ways = Vec::new();
        let mut without: Vec<String> = Vec::new();
        for (name, (actor, at, event)) in &actors {
            let from = self.subject.from.map_or(*at, |f| f.max(*at));
            let expr = self.in_span(&both(base, actor.clone()), Some(from), Some(*event));
            if self.case.answer_expr(&expr)?.mask.len() < least {
                without.push(name.strip_prefix("actor:").unwrap_or(name).replace('"', ""));
            }
            ways.push(expr);
        }
        let expr = Expr::or(ways);
        let found = self.case.answer_expr(&expr)?;
        let events = self.numbers(&found, MOST_ANCHORS)?;
        let query = to_text(&expr);
        let count = found.mask.len();
        let enough = if look.each {
            without.is_empty()
        } else {
            without.len() < actors.len()
        };
        if enough {
            let mut out = Outcome::new(Answer::Yes, self.told(&look.what, &found, &events)?);
            (out.events, out.count, out.query) = (events, count, query);
            return Ok(out);
        }
        let first = actors.values().map(|(_, at, _)| *at).min();
        let undated = self.undated(base, true)?;
        let more = format!(" for {}", words::list(&without, 10));
        let mut out = self.absent(look, first, undated, &query, &more)?;
        (out.events, out.count) = (events, count);
        Ok(out)
    }

    /// Matching events without a time, or with one that cannot be true, where a span leaves them out.
    pub(super) fn undated(&self, base: &Expr, bounded: bool) -> Result<u64> {
        if !bounded {
            return Ok(0);
        }
        let lost = Expr::or(vec![term(On::Undated, Test::Exists), untrue()]);
        let expr = both(base, lost);
        Ok(self.case.answer_expr(&expr)?.mask.len())
    }

    fn values(
        &self,
        look: &Look,
        by: &[String],
        least: u64,
        after: &After,
        last: bool,
    ) -> Result<Outcome> {
        let base = self.scope(look)?;
        let (from, without) = self.from(after, last);
        let expr = self.in_span(&base, from, without);
        let found = self.case.answer_expr(&expr)?;
        let query = to_text(&expr);
        let fields: Vec<Field> = by
            .iter()
            .map(|name| crate::numbers::field(name))
            .collect::<Result<_>>()?;
        let report = self.case.facets_of(&found, &fields, MOST_VALUES)?;
        let mut values = Vec::new();
        let mut distinct = Vec::new();
        for part in report.fields {
            if part.distinct > 0 {
                distinct.push(format!(
                    "{} of {}",
                    words::number(part.distinct),
                    part.field
                ));
            }
            values.extend(part.values.into_iter().map(|v| LookValue {
                field: part.field.clone(),
                value: v.value,
                count: v.count,
            }));
        }
        let count = found.mask.len();
        let events = self.numbers(&found, MOST_ANCHORS)?;
        if count >= least {
            let mut out = Outcome::new(
                Answer::Yes,
                words::sentence(&format!(
                    "{}: {}, distinct values: {}",
                    look.what,
                    words::events(count),
                    words::list(&distinct, 10)
                )),
            );
            (out.events, out.count, out.query, out.values) = (events, count, query, values);
            return Ok(out);
        }
        let undated = self.undated(&base, from.is_some() || self.subject.to.is_some())?;
        self.absent(look, from, undated, &query, "")
    }

    fn coverage(&self, look: &Look) -> Result<Outcome> {
        if let Some(why) = &self.subject.unknown {
            return Ok(Outcome::new(Answer::CannotTell, why.clone()));
        }
        if self.covered.logs.is_empty() {
            return Ok(Outcome::new(
                Answer::CannotTell,
                self.covered.none_because.clone(),
            ));
        }
        if self.covered.logs.iter().all(|l| l.part.events == 0) {
            return Ok(Outcome::new(
                Answer::CannotTell,
                "No log of this case has an event in the span.",
            ));
        }
        let missing: Vec<String> = self
            .covered
            .logs
            .iter()
            .flat_map(|log| {
                let system = &log.part.system;
                let parts = log.part.uncovered.iter();
                parts.map(move |s| format!("{system} has no events {}", s.text))
            })
            .collect();
        let logs: Vec<String> = self
            .covered
            .logs
            .iter()
            .map(|l| {
                format!(
                    "{}: {} of {} days with events, {} entries could not be read",
                    l.part.system, l.part.days_with_events, l.part.days, l.part.rejected
                )
            })
            .collect();
        let said = logs.join("; ");
        Ok(if missing.is_empty() {
            Outcome::new(
                Answer::Yes,
                words::sentence(&format!("every log in question covers the span. {said}")),
            )
        } else {
            let mut out = Outcome::new(
                Answer::No,
                format!(
                    "{}: {} {}",
                    words::sentence(&look.what).trim_end_matches('.'),
                    words::sentence(&missing.join("; ")),
                    words::sentence(&said)
                ),
            );
            out.count = missing.len() as u64;
            out
        })
    }
}
