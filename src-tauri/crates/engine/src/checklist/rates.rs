//! The looks that compare a span with the time before it: how often, and what is new.
//!
//! Owns: how much time before is enough. Never touches: counting.

use witnessmark_checklist::{Answer, Look};
use witnessmark_lens::to_text;
use witnessmark_model::Instant;

use super::coverage::DAY;
use super::found::{MOST_ANCHORS, Pass};
use super::look::{MOST_VALUES, Outcome};
use super::subject::span;
use super::words;
use crate::api::LookValue;
use crate::drill::{FirstSeen, both};
use crate::error::Result;

impl Pass<'_> {
    pub(super) fn rate(&self, look: &Look, times: f64, least: u64, days: u32) -> Result<Outcome> {
        let base = self.scope(look)?;
        let expr = self.in_span(&base, self.subject.from, None);
        let query = to_text(&expr);
        let with_query = |mut out: Outcome| {
            out.query.clone_from(&query);
            out
        };
        let ever = self.case.answer_expr(&base)?;
        if ever.mask.is_empty() {
            return Ok(with_query(Outcome::new(
                Answer::CannotTell,
                words::sentence(&format!(
                    "no {} stands anywhere in this case, so whether these logs record such a thing is not known",
                    look.what
                )),
            )));
        }
        let (Some(from), Some(to)) = (self.covered.from, self.covered.to) else {
            return Ok(with_query(Outcome::new(
                Answer::CannotTell,
                "No event in question has a time.",
            )));
        };
        let found = self.case.answer_expr(&expr)?;
        let start = Instant(from.0.saturating_sub(i64::from(days) * DAY));
        let before_expr = both(&base, span(Some(start), Some(from)));
        let before = self.case.answer_expr(&before_expr)?;
        let first_of_logs = self
            .covered
            .logs
            .iter()
            .filter_map(|l| l.part.first.as_deref());
        let begins = first_of_logs.filter_map(Instant::parse_rfc3339).min();
        let known_days = begins.map_or(0, |b| {
            (from.0.saturating_sub(b.0.max(start.0)) / DAY).clamp(0, i64::from(days))
        });
        let baseline = format!(
            "{} in the {known_days} days before the span that the logs hold",
            words::events(before.mask.len())
        );
        if known_days < (i64::from(days) / 4).max(1) {
            let mut out = with_query(Outcome::new(
                Answer::CannotTell,
                format!(
                    "The logs hold {known_days} days before the span; at least {} are needed to know what is usual.",
                    (i64::from(days) / 4).max(1)
                ),
            ));
            out.count = found.mask.len();
            out.baseline = baseline;
            return Ok(out);
        }
        let span_days = ((to.0.saturating_sub(from.0)) as f64 / DAY as f64).max(1.0 / 24.0);
        let (now, then) = (
            found.mask.len() as f64 / span_days,
            before.mask.len() as f64 / known_days as f64,
        );
        let events = self.numbers(&found, MOST_ANCHORS)?;
        let said = format!(
            "{}: {} in the span, {now:.1} a day; before it {then:.1} a day",
            look.what,
            words::events(found.mask.len())
        );
        let more = found.mask.len() >= least && now >= times * then;
        let mut out = if more {
            Outcome::new(
                Answer::Yes,
                words::sentence(&format!("{said}, so at least {times} times as many")),
            )
        } else {
            let undated = self.undated(&base, true)?;
            let shown = self.shown(look)?;
            let ground = self.covered.ground(self.subject, None, undated, &shown.by);
            let mut doubts = ground.doubts(&look.needs);
            doubts.extend(shown.doubts);
            if doubts.is_empty() {
                Outcome::new(
                    Answer::No,
                    format!(
                        "{}{}",
                        words::sentence(&format!("{said}, so fewer than {times} times as many")),
                        shown.aside
                    ),
                )
            } else {
                Outcome::new(
                    Answer::CannotTell,
                    format!("{} {}", words::sentence(&said), doubts.join(" ")),
                )
            }
        };
        (out.events, out.count, out.query) = (events, found.mask.len(), query);
        out.baseline = baseline;
        Ok(out)
    }

    pub(super) fn new_values(&self, look: &Look, by: &[String], days: u32) -> Result<Outcome> {
        let base = self.scope(look)?;
        let expr = self.in_span(&base, self.subject.from, None);
        let query = to_text(&expr);
        let (Some(from), Some(to)) = (self.covered.from, self.covered.to) else {
            let mut out = Outcome::new(Answer::CannotTell, "No event in question has a time.");
            out.query = query;
            return Ok(out);
        };
        let wanted = FirstSeen {
            from: Some(from.rfc3339()),
            to: Some(to.rfc3339()),
            days,
            by: by.to_vec(),
            limit: MOST_VALUES,
        };
        let report = self.case.first_seen(&to_text(&base), self.zone, &wanted)?;
        let mut events = Vec::new();
        let mut values = Vec::new();
        let mut total = 0;
        for field in &report.fields {
            total += field.total;
            for new in &field.new {
                events.extend(new.event);
                values.push(LookValue {
                    field: field.fields.join("+"),
                    value: new.values.join(" + "),
                    count: new.events,
                });
            }
        }
        events.sort_unstable();
        events.dedup();
        let mut out = if !report.enough {
            Outcome::new(
                Answer::CannotTell,
                format!(
                    "Nothing can be called new: {}",
                    words::sentence(&report.coverage)
                ),
            )
        } else if total > 0 {
            let named: Vec<String> = values.iter().map(|v| v.value.clone()).collect();
            Outcome::new(
                Answer::Yes,
                words::sentence(&format!(
                    "{}: {} new against the {days} days before: {}",
                    look.what,
                    words::number(total),
                    words::list(&named, 5)
                )),
            )
        } else {
            let undated = self.undated(&base, true)?;
            let mut out = self.absent(look, None, undated, &query, " that is new")?;
            out.baseline.clone_from(&report.coverage);
            out
        };
        (out.events, out.count, out.query, out.values) = (events, total, query, values);
        out.baseline = format!(
            "{} in the {days} days before; {}",
            words::events(report.before_events),
            report.coverage
        );
        Ok(out)
    }
}
