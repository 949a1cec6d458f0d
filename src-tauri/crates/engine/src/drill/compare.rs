//! Two actors side by side: what both have, and what only one has.
//!
//! Owns: the comparison. Never touches: one actor's page.

use std::collections::HashMap;

use rayon::prelude::*;
use witnessmark_lens::{Expr, to_text};
use witnessmark_model::mixed::Mixed;
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::{Axis, Query, Tally};

use super::counted::{first_of, most};
use super::stints::number_of;
use super::{both, span, within};
use crate::api::{
    CompareReport, ComparedField, ComparedSide, ComparedValue, OutcomeCounts, SpanValue,
};
use crate::case::Case;
use crate::error::Result;
use crate::lens::Answer;

/// Shared values that are told of each field.
const SHOWN: usize = 20;
/// Values of one alone that are told of each field.
const ALONE: usize = 10;

const FIELDS: [(&str, Axis); 6] = [
    ("address", Axis::Field(Field::SourceIp)),
    ("device", Axis::Device),
    ("country", Axis::Field(Field::SourceCountry)),
    ("verb", Axis::Field(Field::EventAction)),
    ("record", Axis::Record),
    ("session", Axis::Field(Field::SessionId)),
];

impl Case {
    /// Compares the events of two filters, each within a further one.
    pub fn compare(&self, who: [&str; 2], query: &str, zone: &Zone) -> Result<CompareReport> {
        let further = self.expr(query, zone)?;
        let exprs = [
            both(&self.expr(who[0], zone)?, further.clone()),
            both(&self.expr(who[1], zone)?, further),
        ];
        let answers = [self.answer_expr(&exprs[0])?, self.answer_expr(&exprs[1])?];
        let q = self.query(&answers[0].snapshot);
        let fields: Result<Vec<ComparedField>> = (FIELDS.par_iter())
            .map(|(name, axis)| compared(&q, name, *axis, &answers, &exprs))
            .collect();
        let side = |at: usize| side(&q, &answers[at], who[at], zone);
        Ok(CompareReport {
            filters: [to_text(&exprs[0]), to_text(&exprs[1])],
            events: [answers[0].mask.len(), answers[1].mask.len()],
            sides: [side(0)?, side(1)?],
            fields: fields?,
        })
    }
}

fn compared(
    q: &Query<'_>,
    name: &str,
    axis: Axis,
    answers: &[Answer; 2],
    exprs: &[Expr; 2],
) -> Result<ComparedField> {
    let values = q.values(axis)?;
    let tallies = [
        q.tally(&answers[0].mask, axis)?,
        q.tally(&answers[1].mask, axis)?,
    ];
    let [a, b] = [0, 1].map(|at| -> HashMap<u32, &Tally, Mixed> {
        tallies[at].iter().map(|t| (t.number, t)).collect()
    });
    let mut shared: Vec<(u32, u64, u64)> = (a.iter())
        .filter_map(|(n, x)| b.get(n).map(|y| (*n, x.count, y.count)))
        .collect();
    let distinct = [a.len(), shared.len(), b.len()].map(|n| n as u64);
    first_of(&mut shared, SHOWN, |x, y| {
        (y.1.min(y.2).cmp(&x.1.min(x.2)))
            .then_with(|| values.text(x.0).cmp(values.text(y.0)))
            .then(x.0.cmp(&y.0))
    });
    let beside = match shared.is_empty() {
        true => None,
        false => Some(q.actors_beside(axis)?),
    };
    let told = shared.into_iter().map(|(n, x, y)| ComparedValue {
        value: values.text(n).to_owned(),
        events: [x, y],
        filters: [0, 1].map(|at| to_text(&within(&exprs[at], axis, &values, n))),
        others: (beside.as_ref()).map_or(0, |b| u64::from(b[n as usize].saturating_sub(2))),
    });
    let alone = |at: usize, other: &HashMap<u32, &Tally, Mixed>| -> Vec<SpanValue> {
        let own = tallies[at].iter();
        let mut found: Vec<Tally> = own
            .filter(|t| !other.contains_key(&t.number))
            .copied()
            .collect();
        most(&mut found, &values, ALONE);
        let each = found.iter().map(|t| {
            let filter = within(&exprs[at], axis, &values, t.number);
            span(values.text(t.number).to_owned(), t, &filter)
        });
        each.collect()
    };
    Ok(ComparedField {
        field: name.to_owned(),
        distinct: [
            distinct[0] - distinct[1],
            distinct[1],
            distinct[2] - distinct[1],
        ],
        shared: told.collect(),
        only: [alone(0, &b), alone(1, &a)],
    })
}

fn side(q: &Query<'_>, answer: &Answer, who: &str, zone: &Zone) -> Result<ComparedSide> {
    const AXES: [Axis; 3] = [
        Axis::Actor,
        Axis::Field(Field::EventOperation),
        Axis::Field(Field::EventOutcome),
    ];
    let rows = q.gather(&answer.mask, &AXES)?;
    let [actors, operations, outcomes] = [&rows.columns[0], &rows.columns[1], &rows.columns[2]];
    let of =
        |axis: usize, text: &str| -> Result<u32> { Ok(number_of(&q.values(AXES[axis])?, text)) };
    let authenticate = of(1, "authenticate")?;
    let (success, failure) = (of(2, "success")?, of(2, "failure")?);
    let is = |column: &[u32], row: usize, number: u32| number != 0 && column[row] == number;
    let count =
        |holds: &dyn Fn(usize) -> bool| (0..rows.len()).filter(|r| holds(*r)).count() as u64;
    let signed = |row: usize| is(operations, row, authenticate);
    let total = count(&signed);
    let with = |outcome: u32| count(&|row| signed(row) && is(outcomes, row, outcome));
    let (succeeded, failed) = (with(success), with(failure));
    let only = actors
        .first()
        .filter(|first| **first != 0 && actors.iter().all(|a| a == *first));
    let moment = |at: Option<&i64>| at.map(|at| Instant(*at).rfc3339());
    Ok(ComparedSide {
        name: match only {
            Some(actor) => q.values(Axis::Actor)?.text(*actor).to_owned(),
            None => who.to_owned(),
        },
        first: moment(rows.times.first()),
        last: moment(rows.times.last()),
        sign_ins: OutcomeCounts {
            total,
            success: succeeded,
            failure: failed,
            unknown: total - succeeded - failed,
        },
        failures: count(&|row| is(outcomes, row, failure)),
        week: q
            .week(&answer.mask, zone)?
            .iter()
            .map(|day| day.to_vec())
            .collect(),
    })
}
