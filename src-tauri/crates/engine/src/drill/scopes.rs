//! Systems and organizations that have something of the same id: an id is one thing only within one of them.
//!
//! Owns: telling them apart, and the filter of each. Never touches: what the id is of.

use std::collections::BTreeMap;

use witnessmark_lens::{Expr, to_text};
use witnessmark_model::Field;
use witnessmark_store::query::Axis;

use super::{is, is_or_lacks, lacks};
use crate::api::ScopePart;
use crate::case::Case;
use crate::error::Result;
use crate::lens::Answer;

const AXES: [Axis; 3] = [
    Axis::Field(Field::EventProvider),
    Axis::Field(Field::OrganizationId),
    Axis::Field(Field::OrganizationName),
];

/// One of them, with its events.
pub(super) struct Scope {
    provider: String,
    organization: String,
    /// Name of the organization beside its id.
    name: String,
    events: u64,
    /// Number of the first event.
    first: u64,
    pub(super) expr: Expr,
}

impl Case {
    /// The systems and organizations of some events, most events first. Events of a system that name no organization are
    /// those of its only one; where it has several, they are told apart from all of them.
    pub(super) fn scopes(&self, answer: &Answer) -> Result<Vec<Scope>> {
        let q = self.query(&answer.snapshot);
        let rows = q.gather(&answer.mask, &AXES)?;
        let values: std::result::Result<Vec<_>, _> = AXES.iter().map(|a| q.values(*a)).collect();
        let values = values?;
        // By the three numbers: events and the first row.
        let mut found: BTreeMap<[u32; 3], (u64, usize)> = BTreeMap::new();
        // Events that follow each other are mostly of one.
        let (mut last, mut run) = ([0; 3], 0..0);
        for row in 0..=rows.len() {
            let key = (row < rows.len()).then(|| [0, 1, 2].map(|axis| rows.columns[axis][row]));
            if key != Some(last) || run.is_empty() {
                if !run.is_empty() {
                    found.entry(last).or_insert((0, run.start)).0 += run.len() as u64;
                }
                (last, run) = (key.unwrap_or_default(), row..row);
            }
            run.end = row + 1;
        }
        type Key<'v> = (&'v str, &'v str);
        let mut scopes: BTreeMap<Key<'_>, (u64, usize, &str)> = BTreeMap::new();
        for ([provider, id, name], (events, row)) in found {
            let [provider, id, name] =
                [(0, provider), (1, id), (2, name)].map(|(axis, n)| values[axis].text(n));
            let organization = if id.is_empty() { name } else { id };
            let scope = (scopes.entry((provider, organization))).or_insert((0, row, name));
            scope.0 += events;
            scope.1 = scope.1.min(row);
            if scope.2.is_empty() {
                scope.2 = name;
            }
        }
        let mut organizations: BTreeMap<&str, u32> = BTreeMap::new();
        for (provider, organization) in scopes.keys() {
            *organizations.entry(*provider).or_default() += u32::from(!organization.is_empty());
        }
        let mut told: Vec<Scope> = Vec::new();
        let alone: Vec<Key<'_>> = (scopes.keys().copied())
            .filter(|(provider, organization)| {
                organization.is_empty() && organizations[provider] == 1
            })
            .collect();
        let joined: BTreeMap<&str, (u64, usize, &str)> = (alone.into_iter())
            .filter_map(|key| Some((key.0, scopes.remove(&key)?)))
            .collect();
        for ((provider, organization), (events, row, name)) in scopes {
            let with = joined.get(provider).copied();
            let (more, before) = with.map_or((0, row), |w| (w.0, w.1));
            let system = is_or_lacks(Field::EventProvider, provider);
            let none = Expr::and(vec![
                lacks(Field::OrganizationId),
                lacks(Field::OrganizationName),
            ]);
            let own = match organization.is_empty() {
                true => none,
                false => {
                    let by_name = Expr::and(vec![
                        lacks(Field::OrganizationId),
                        is(Field::OrganizationName, organization),
                    ]);
                    let mut ways = vec![is(Field::OrganizationId, organization), by_name];
                    if with.is_some() {
                        ways.push(none);
                    }
                    Expr::or(ways)
                }
            };
            told.push(Scope {
                provider: provider.to_owned(),
                organization: organization.to_owned(),
                name: name.to_owned(),
                events: events + more,
                first: q.event_number(rows.row(row.min(before)))?,
                expr: Expr::and(vec![system, own]),
            });
        }
        told.sort_by_key(|scope| (std::cmp::Reverse(scope.events), scope.first));
        Ok(told)
    }
}

/// Scopes as they are told: only where there are several.
pub(super) fn told(scopes: &[Scope]) -> Vec<ScopePart> {
    let several = scopes.iter().filter(|_| scopes.len() > 1);
    let told = several.map(|scope| ScopePart {
        system: scope.provider.clone(),
        organization: scope.organization.clone(),
        name: scope.name.clone(),
        events: scope.events,
        event: scope.first,
        filter: to_text(&scope.expr),
    });
    told.collect()
}
