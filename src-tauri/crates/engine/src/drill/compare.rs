//! Two actors side by side: what both have, and what only one has.
//!
//! Owns: the comparison. Never touches: one actor's page.

use std::collections::HashMap;

use witnessmark_lens::to_text;
use witnessmark_model::{Field, Zone};
use witnessmark_store::query::Axis;

use super::both;
use crate::api::{CompareReport, ComparedField, ComparedValue};
use crate::case::Case;
use crate::error::Result;

/// Shared values that are told of each field.
const SHOWN: usize = 20;

impl Case {
    /// Compares the events of two filters, each within a further one.
    pub fn compare(&self, who: [&str; 2], query: &str, zone: &Zone) -> Result<CompareReport> {
        let within = self.expr(query, zone)?;
        let exprs = [
            both(&self.expr(who[0], zone)?, within.clone()),
            both(&self.expr(who[1], zone)?, within),
        ];
        let answers = [self.answer_expr(&exprs[0])?, self.answer_expr(&exprs[1])?];
        let q = self.query(&answers[0].snapshot);
        let mut fields = Vec::new();
        for (name, axis) in [
            ("address", Axis::Field(Field::SourceIp)),
            ("device", Axis::Device),
            ("country", Axis::Field(Field::SourceCountry)),
            ("verb", Axis::Field(Field::EventAction)),
            ("record", Axis::Record),
            ("session", Axis::Field(Field::SessionId)),
        ] {
            let values = q.values(axis)?;
            let tally = |at: usize| -> Result<HashMap<u32, u64>> {
                let found = q.tally(&answers[at].mask, axis)?;
                Ok(found.into_iter().map(|t| (t.number, t.count)).collect())
            };
            let (a, b) = (tally(0)?, tally(1)?);
            let mut shared: Vec<(u32, u64, u64)> = a
                .iter()
                .filter_map(|(n, x)| b.get(n).map(|y| (*n, *x, *y)))
                .collect();
            let both = shared.len() as u64;
            shared.sort_by(|x, y| {
                (y.1.min(y.2).cmp(&x.1.min(x.2)))
                    .then_with(|| values.text(x.0).cmp(values.text(y.0)))
            });
            shared.truncate(SHOWN);
            let beside = match shared.is_empty() {
                true => None,
                false => Some(q.actors_beside(axis)?),
            };
            fields.push(ComparedField {
                field: name.to_owned(),
                distinct: [a.len() as u64 - both, both, b.len() as u64 - both],
                shared: shared
                    .into_iter()
                    .map(|(n, x, y)| ComparedValue {
                        value: values.text(n).to_owned(),
                        events: [x, y],
                        others: beside
                            .as_ref()
                            .map_or(0, |b| u64::from(b[n as usize].saturating_sub(2))),
                    })
                    .collect(),
            });
        }
        Ok(CompareReport {
            filters: [to_text(&exprs[0]), to_text(&exprs[1])],
            events: [answers[0].mask.len(), answers[1].mask.len()],
            fields,
        })
    }
}
