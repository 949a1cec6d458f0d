//! The list of actors: who there is, how much they did, from how many places.
//!
//! Owns: the rows of the list and their order. Never touches: one actor's page.

use std::collections::HashMap;

use serde::Deserialize;
use witnessmark_lens::{Expr, fold, to_text};
use witnessmark_model::{Field, Instant, Zone};
use witnessmark_store::query::{Axis, Mask, Query, Tally, Values};

use super::{Names, is, of_actor};
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
        let mut tallies = q.tally(&answer.mask, Axis::Actor)?;
        let named: u64 = tallies.iter().map(|t| t.count).sum();
        let search = fold(wanted.search.trim()).into_owned();
        if !search.is_empty() {
            tallies.retain(|t| holds(&values, t.number, &search));
        }
        let failures = self.counts_with(&q, &expr, is(Field::EventOutcome, "failure"))?;
        self.sort(&mut tallies, wanted.sort, &values, &failures);
        let total = tallies.len() as u64;
        let page: Vec<Tally> = (tallies.into_iter().skip(wanted.first))
            .take(wanted.limit.max(1))
            .collect();
        let sign_ins = self.counts_with(&q, &expr, is(Field::EventOperation, "authenticate"))?;
        let numbers: Vec<u32> = page.iter().map(|t| t.number).collect();
        let distinct = |axis| distinct(&q, &answer.mask, axis, &numbers);
        let addresses = distinct(Axis::Field(Field::SourceIp))?;
        let devices = distinct(Axis::Device)?;
        let countries = distinct(Axis::Field(Field::SourceCountry))?;
        let names = Names::of(&values, &numbers);
        let rows = page.iter().map(|t| {
            let n = t.number;
            let of = |map: &HashMap<u32, u64>| map.get(&n).copied().unwrap_or(0);
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
                filter: to_text(&of_actor(&values, n, &names)),
                providers,
                kinds,
                identities: members.count() as u64,
                events: t.count,
                first: t.first.map(Instant::rfc3339),
                last: t.last.map(Instant::rfc3339),
                sign_ins: of(&sign_ins),
                failures: of(&failures),
                addresses: of(&addresses),
                devices: of(&devices),
                countries: of(&countries),
            }
        });
        Ok(ActorsReport {
            actors: rows.collect(),
            total,
            without: answer.mask.len() - named,
            proposals: self.proposals(&q, &answer.mask)?,
            merges: self.merges()?,
        })
    }

    /// How many events of each actor match a further condition.
    fn counts_with(&self, q: &Query<'_>, base: &Expr, also: Expr) -> Result<HashMap<u32, u64>> {
        let answer = self.answer_expr(&super::both(base, also))?;
        let tallies = q.tally(&answer.mask, Axis::Actor)?;
        Ok(tallies.into_iter().map(|t| (t.number, t.count)).collect())
    }

    fn sort(
        &self,
        tallies: &mut [Tally],
        sort: ActorSort,
        values: &Values,
        failures: &HashMap<u32, u64>,
    ) {
        let text = |t: &Tally| values.text(t.number);
        tallies.sort_by(|a, b| {
            let fails = |t: &Tally| failures.get(&t.number).copied().unwrap_or(0);
            let by = match sort {
                ActorSort::Events => b.count.cmp(&a.count),
                ActorSort::Name => fold(text(a)).cmp(&fold(text(b))),
                ActorSort::Last => b.last.cmp(&a.last),
                ActorSort::First => b.first.cmp(&a.first),
                ActorSort::Failures => fails(b).cmp(&fails(a)),
            };
            by.then_with(|| text(a).cmp(text(b)))
                .then(a.number.cmp(&b.number))
        });
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

/// How many distinct values of an axis each of some actors has.
fn distinct(q: &Query<'_>, mask: &Mask, axis: Axis, actors: &[u32]) -> Result<HashMap<u32, u64>> {
    Ok(q.distinct_of(mask, Axis::Actor, actors, axis)?)
}
