//! What is new in a span of time against the time before it, for fields and pairs of fields.
//!
//! Owns: the two spans, what is asked when nothing is chosen, when there is too little before to call anything new.
//! Never touches: counting.

use std::collections::HashSet;

use rayon::prelude::*;
use serde::Deserialize;
use witnessmark_lens::{Expr, On, Test, to_text};
use witnessmark_model::mixed::Mixed;
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::{Axis, Tally};

use super::{both, term, within};
use crate::api::{FirstSeenReport, NewField, NewValue};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::lens::Answer;

const DAY: i64 = 24 * 3_600 * 1_000_000_000;

/// What is asked about when nothing is chosen.
const USUAL: &[&str] = &[
    "action",
    "ip",
    "device",
    "country",
    "target.type",
    "actor",
    "actor+action",
    "actor+country",
];

/// The spans and fields of a question.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct FirstSeen {
    /// Start of the span, as in `after:`; absent: seven days before the last event.
    pub from: Option<String>,
    /// End of the span, exclusive; absent: just after the last event.
    pub to: Option<String>,
    /// Days of the time before; 0 means ninety.
    pub days: u32,
    /// Fields, or pairs joined by `+`: `actor`, `device`, `record` and every field of the filter language. None: the usual ones.
    pub by: Vec<String>,
    /// The most new values of a field.
    pub limit: usize,
}

fn axis(name: &str) -> Result<Axis> {
    Ok(match name.trim() {
        "actor" | "user" => Axis::Actor,
        "device" => Axis::Device,
        "record" | "target" => Axis::Record,
        other => match crate::numbers::field(other)? {
            Field::EventOriginalTime | Field::Problems => {
                return Err(Error::new(
                    Code::InvalidOption,
                    format!("`{other}` is made anew for each event, so nothing of it is new"),
                    "Choose another field.",
                ));
            }
            field => Axis::Field(field),
        },
    })
}

fn name(axis: Axis) -> String {
    match axis {
        Axis::Actor | Axis::Identity => "actor".to_owned(),
        Axis::Device => "device".to_owned(),
        Axis::Record => "record".to_owned(),
        Axis::Field(field) => field.name().to_owned(),
    }
}

fn time(from: Instant, until: Instant) -> Expr {
    let when = Test::When {
        from: Some(from),
        until: Some(until),
    };
    term(On::Time, when)
}

impl Case {
    /// What is new in a span among the events that match.
    pub fn first_seen(
        &self,
        query: &str,
        zone: &Zone,
        wanted: &FirstSeen,
    ) -> Result<FirstSeenReport> {
        let base = self.expr(query, zone)?;
        let all = self.answer_expr(&base)?;
        let names: Vec<String> = if wanted.by.is_empty() {
            USUAL.iter().map(|s| (*s).to_owned()).collect()
        } else {
            wanted.by.clone()
        };
        let mut axes: Vec<Vec<Axis>> = Vec::new();
        for name in &names {
            let parts: Result<Vec<Axis>> = name.split('+').map(axis).collect();
            let parts = parts?;
            if parts.len() > 2 {
                return Err(Error::new(
                    Code::InvalidOption,
                    format!("`{name}` names more than two fields"),
                    "Ask about one field or a pair, such as actor+action.",
                ));
            }
            axes.push(parts);
        }
        let Some((_, last)) = self.query(&all.snapshot).first_last(&all.mask)? else {
            return Ok(FirstSeenReport {
                from: None,
                to: None,
                before_from: None,
                events: 0,
                before_events: 0,
                before_days: [0, 0],
                enough: false,
                coverage: "No event that matches has a time.".to_owned(),
                undated: all.mask.undated(),
                fields: Vec::new(),
            });
        };
        let to = match &wanted.to {
            Some(text) => self.moment(text, zone)?,
            None => Instant(last.0.saturating_add(1)),
        };
        let from = match &wanted.from {
            Some(text) => self.moment(text, zone)?,
            None => Instant(to.0.saturating_sub(7 * DAY)),
        };
        if from >= to {
            return Err(Error::new(
                Code::InvalidOption,
                "the span ends before it begins",
                "Give --from before --to.",
            ));
        }
        let days = if wanted.days == 0 { 90 } else { wanted.days };
        let start = Instant(from.0.saturating_sub(i64::from(days).saturating_mul(DAY)));
        let (now_expr, then_expr) = (both(&base, time(from, to)), both(&base, time(start, from)));
        let (now, then) = (self.answer_expr(&now_expr)?, self.answer_expr(&then_expr)?);
        let covered = self.days_with_events(&then, start, days)?;
        let enough = covered * 2 >= days;
        let limit = wanted.limit.max(1);
        let fields: Result<Vec<NewField>> = (axes.par_iter())
            .map(|axes| self.new_values(axes, &now, &now_expr, &then, limit))
            .collect();
        Ok(FirstSeenReport {
            from: Some(from.rfc3339()),
            to: Some(to.rfc3339()),
            before_from: Some(start.rfc3339()),
            events: now.mask.len(),
            before_events: then.mask.len(),
            before_days: [covered, days],
            enough,
            coverage: if enough {
                format!("{covered} of the {days} days before hold an event.")
            } else {
                format!(
                    "Only {covered} of the {days} days before hold an event: that something is new here may mean no more than that the log begins late."
                )
            },
            undated: all.mask.undated(),
            fields: fields?,
        })
    }

    /// Days of 24 hours from a start that hold an event.
    fn days_with_events(&self, answer: &Answer, start: Instant, days: u32) -> Result<u32> {
        let spec = witnessmark_store::query::HistogramSpec {
            from: Some(start),
            to: Some(Instant(start.0.saturating_add(i64::from(days) * DAY))),
            bins: days as usize,
            ..Default::default()
        };
        let found = self
            .query(&answer.snapshot)
            .histogram(&answer.mask, &spec)?;
        Ok(found.bins.iter().filter(|b| b.count > 0).count() as u32)
    }

    fn new_values(
        &self,
        axes: &[Axis],
        now: &Answer,
        now_expr: &Expr,
        then: &Answer,
        limit: usize,
    ) -> Result<NewField> {
        let q = self.query(&now.snapshot);
        let values: std::result::Result<Vec<_>, _> = axes.iter().map(|a| q.values(*a)).collect();
        let values = values?;
        // One number, or two of a pair with the first in the upper half.
        let (known, in_span): (HashSet<u64, Mixed>, Vec<(u64, Tally)>) = match axes {
            [a, b] => {
                let pair = |(x, y): &(u32, u32)| u64::from(*x) << 32 | u64::from(*y);
                let then = q.pairs(&then.mask, *a, *b)?;
                let now = q.pairs(&now.mask, *a, *b)?;
                (
                    then.keys().map(pair).collect(),
                    now.iter().map(|(key, tally)| (pair(key), *tally)).collect(),
                )
            }
            _ => {
                let then = q.counts(&then.mask, axes[0])?;
                let met = (0_u64..).zip(then.by_number).filter(|(_, n)| *n > 0);
                let now = q.tally(&now.mask, axes[0])?;
                (
                    met.map(|(number, _)| number).collect(),
                    now.into_iter().map(|t| (u64::from(t.number), t)).collect(),
                )
            }
        };
        let numbers = |key: u64| -> Vec<u32> {
            match axes.len() {
                2 => vec![(key >> 32) as u32, key as u32],
                _ => vec![key as u32],
            }
        };
        let total_in = in_span.len() as u64;
        let text = |key: u64| -> Vec<&str> {
            let numbers = numbers(key);
            let texts = values.iter().zip(numbers);
            texts.map(|(values, n)| values.text(n)).collect()
        };
        let mut new: Vec<(u64, Tally)> = (in_span.into_iter())
            .filter(|(key, _)| !known.contains(key))
            .collect();
        let total = new.len() as u64;
        super::counted::first_of(&mut new, limit, |a, b| {
            (b.1.count.cmp(&a.1.count))
                .then(a.1.first.cmp(&b.1.first))
                .then_with(|| text(a.0).cmp(&text(b.0)))
                .then(a.0.cmp(&b.0))
        });
        let mut told = Vec::new();
        for (key, tally) in new {
            let numbers = numbers(key);
            let mut filter = now_expr.clone();
            for ((axis, values), number) in axes.iter().zip(&values).zip(&numbers) {
                filter = within(&filter, *axis, values, *number);
            }
            let held: Vec<(Axis, u32)> =
                (axes.iter().copied().zip(numbers.iter().copied())).collect();
            let event = match tally.first {
                Some(moment) => q.first_at(&now.mask, moment, &held)?,
                None => None,
            };
            let mut systems: Vec<String> = (values.iter().zip(&numbers))
                .flat_map(|(values, number)| {
                    let identity = |at: &u32| &values.identities()[*at as usize].key;
                    values.members(*number).iter().map(identity)
                })
                .map(|key| key.provider.clone())
                .collect();
            systems.sort_unstable();
            systems.dedup();
            told.push(NewValue {
                values: text(key).into_iter().map(str::to_owned).collect(),
                systems,
                events: tally.count,
                first: tally.first.map(Instant::rfc3339),
                event,
                filter: to_text(&filter),
            });
        }
        Ok(NewField {
            fields: axes.iter().map(|a| name(*a)).collect(),
            in_span: total_in,
            before: known.len() as u64,
            known: total_in - total,
            new: told,
            total,
        })
    }
}
