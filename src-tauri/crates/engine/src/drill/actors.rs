//! The list of actors: who there is, how much they did, from how many places.
//!
//! Owns: the rows of the list and their order. Never touches: one actor's page.

use std::collections::HashMap;

use serde::Deserialize;
use witnessmark_lens::{Expr, fold, to_text};
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::{Axis, Values};

use super::counted::first_of;
use super::{is, of_actor};
use crate::api::{ActorRow, ActorsReport};
use crate::case::Case;
use crate::error::Result;

/// The order of the list of actors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ActorSort {
    /// Most events first.
    #[default]
    Events,
    /// By name.
    Name,
    /// Last seen first.
    Last,
    /// First seen last comes first: who is new.
    First,
    /// Most failures first.
    Failures,
}

/// What the list of actors should hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ActorsWanted {
    /// Part of a name, an e-mail or an id, case ignored; empty for all.
    pub search: String,
    /// The order.
    pub sort: ActorSort,
    /// First actor of the page, from 0.
    pub first: usize,
    /// The most actors of the page.
    pub limit: usize,
}

impl Case {
    /// The actors of the events that match.
    pub fn actors(&self, query: &str, zone: &Zone, wanted: &ActorsWanted) -> Result<ActorsReport> {
        let expr = self.expr(query, zone)?;
        let answer = self.answer_expr(&expr)?;
        let q = self.query(&answer.snapshot);
        let values = q.values(Axis::Actor)?;
        let counts = q.counts(&answer.mask, Axis::Actor)?;
        let search = fold(wanted.search.trim()).into_owned();
        let mut found: Vec<u32> = (0_u32..)
            .zip(&counts.by_number)
            .filter(|(number, count)| {
                **count > 0 && (search.is_empty() || holds(&values, *number, &search))
            })
            .map(|(number, _)| number)
            .collect();
        let with = |also: Expr| -> Result<Vec<u64>> {
            let answer = self.answer_expr(&super::both(&expr, also))?;
            Ok(q.counts(&answer.mask, Axis::Actor)?.by_number)
        };
        let failures = with(is(Field::EventOutcome, "failure"))?;
        let sign_ins = with(is(Field::EventOperation, "authenticate"))?;
        let total = found.len() as u64;
        let limit = wanted.limit.max(1);
        let most = wanted.first.saturating_add(limit);
        let moments = match wanted.sort {
            ActorSort::First | ActorSort::Last => {
                let told = q.told(&answer.mask, Axis::Actor, &found, &[])?;
                found.iter().copied().zip(told).collect()
            }
            _ => HashMap::new(),
        };
        let of = |counts: &[u64], n: u32| counts.get(n as usize).copied().unwrap_or(0);
        let order = |a: &u32, b: &u32| {
            let moment = |n: &u32| moments.get(n);
            let by = match wanted.sort {
                ActorSort::Events => of(&counts.by_number, *b).cmp(&of(&counts.by_number, *a)),
                ActorSort::Name => fold(values.text(*a)).cmp(&fold(values.text(*b))),
                ActorSort::Last => {
                    (moment(b).and_then(|t| t.last)).cmp(&moment(a).and_then(|t| t.last))
                }
                ActorSort::First => {
                    (moment(b).and_then(|t| t.first)).cmp(&moment(a).and_then(|t| t.first))
                }
                ActorSort::Failures => of(&failures, *b).cmp(&of(&failures, *a)),
            };
            by.then_with(|| values.text(*a).cmp(values.text(*b)))
                .then(a.cmp(b))
        };
        first_of(&mut found, most, order);
        let page: Vec<u32> = found.into_iter().skip(wanted.first).collect();
        const BESIDE: [Axis; 3] = [
            Axis::Field(Field::SourceIp),
            Axis::Device,
            Axis::Field(Field::SourceCountry),
        ];
        let told = q.told(&answer.mask, Axis::Actor, &page, &BESIDE)?;
        let rows = page.iter().zip(told).map(|(n, told)| {
            let n = *n;
            let members = values
                .members(n)
                .iter()
                .map(|at| &values.identities()[*at as usize]);
            let mut providers: Vec<String> = Vec::new();
            let mut kinds: Vec<String> = Vec::new();
            for identity in members.clone() {
                providers.push(identity.key.provider.clone());
                kinds.extend(identity.kinds.iter().cloned());
            }
            for list in [&mut providers, &mut kinds] {
                list.retain(|v| !v.is_empty());
                list.sort_unstable();
                list.dedup();
            }
            ActorRow {
                name: values.text(n).to_owned(),
                filter: to_text(&of_actor(&values, n)),
                providers,
                kinds,
                identities: members.count() as u64,
                events: of(&counts.by_number, n),
                first: told.first.map(Instant::rfc3339),
                last: told.last.map(Instant::rfc3339),
                sign_ins: of(&sign_ins, n),
                failures: of(&failures, n),
                addresses: told.distinct[0],
                devices: told.distinct[1],
                countries: told.distinct[2],
            }
        });
        Ok(ActorsReport {
            actors: rows.collect(),
            total,
            without: answer.mask.len() - counts.events,
            proposals: self.proposals(&q, &answer.mask)?,
            merges: self.merges()?,
        })
    }
}

/// Whether a name, e-mail, id or kind of an actor holds a folded text.
fn holds(values: &Values, number: u32, folded: &str) -> bool {
    values.members(number).iter().any(|at| {
        let identity = &values.identities()[*at as usize];
        let texts = identity.ids.iter().chain(&identity.emails);
        let mut all = texts.chain(&identity.names).chain([&identity.key.value]);
        all.any(|text| fold(text).contains(folded))
    })
}
