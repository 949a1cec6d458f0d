//! Which sources are one log: where nobody described them, by their columns or keys; where a log names no organization, by
//! the people that they name.
//!
//! Owns: when two exports count as one log. Never touches: what a log covers (`coverage`). What two exports of one system
//! cover is put together, so that a gap between two months is none. Two that are of different accounts must not be: what
//! one covers says nothing of the other.

use std::collections::{BTreeMap, BTreeSet};

use witnessmark_lens::Expr;
use witnessmark_model::IdentityKind;
use witnessmark_store::SourceInfo;
use witnessmark_store::query::{Axis, Order, View};

use super::coverage::of_source;
use crate::case::Case;
use crate::drill::both;
use crate::error::Result;

/// Entries of an undescribed log whose keys are looked at.
const MOST_ENTRIES: usize = 200;
/// A source that names fewer people says nothing of whose account it is.
const FEWEST: usize = 2;
/// Sources of one log that are held against each other.
const MOST_SOURCES: usize = 200;

/// What makes two sources that nobody described one log: their shape, and their columns or keys.
type Shape = (String, Vec<String>);

/// One source with whom it names.
struct Named {
    id: u32,
    /// The archive that it came in.
    archive: Option<String>,
    people: BTreeSet<u32>,
}

impl Named {
    /// Whether something says that both are of one account.
    fn is_beside(&self, other: &Self) -> bool {
        self.archive.is_some() && self.archive == other.archive
            || !self.people.is_disjoint(&other.people)
    }
}

impl Case {
    /// Sources with an event of a filter.
    fn with_events(&self, expr: &Expr) -> Result<Vec<SourceInfo>> {
        let mut found = Vec::new();
        for source in self.store.sources()? {
            let here = both(expr, of_source(source.id));
            if source.state == "complete" && !self.answer_expr(&here)?.mask.is_empty() {
                found.push(source);
            }
        }
        Ok(found)
    }

    /// Sources with an event of a filter, those with the same columns or keys together.
    pub(super) fn of_one_shape(&self, expr: &Expr) -> Result<Vec<Vec<u32>>> {
        let mut shapes: BTreeMap<Shape, Vec<u32>> = BTreeMap::new();
        for source in self.with_events(expr)? {
            let id = source.id;
            shapes
                .entry(self.shape_of(expr, source)?)
                .or_default()
                .push(id);
        }
        Ok(shapes.into_values().collect())
    }

    fn shape_of(&self, expr: &Expr, source: SourceInfo) -> Result<Shape> {
        let names = if source.shape.shape == "json" {
            self.keys_of(expr, source.id)?
        } else {
            source.shape.header
        };
        Ok((source.shape.shape, names))
    }

    /// The top keys that every entry of a source in JSON has; an export of a quiet month lacks keys that are seldom there.
    fn keys_of(&self, expr: &Expr, source: u32) -> Result<Vec<String>> {
        let found = self.answer_expr(&both(expr, of_source(source)))?;
        let query = self.query(&found.snapshot);
        let view = View::new(found.snapshot.clone(), found.mask.clone(), Order::Oldest);
        let mut common: Option<BTreeSet<String>> = None;
        for event in query.events(&view.rows(0, MOST_ENTRIES)?)? {
            // An event that another source brought first stands there.
            if event.locator.source != source {
                continue;
            }
            let raw = self.store.raw(&event.locator)?;
            let Ok(serde_json::Value::Object(entry)) = serde_json::from_slice(&raw) else {
                continue;
            };
            let keys: BTreeSet<String> = entry.into_iter().map(|(key, _)| key).collect();
            common = Some(match common {
                Some(known) => known.intersection(&keys).cloned().collect(),
                None => keys,
            });
        }
        Ok(common.unwrap_or_default().into_iter().collect())
    }

    /// Sources of a log that names no organization, in groups: those that name a person in common, directly or by a third, or
    /// came in one archive, are one. Empty where nothing says that there are several accounts.
    pub(super) fn of_one_account(&self, expr: &Expr) -> Result<Vec<Vec<u32>>> {
        let sources = self.with_events(expr)?;
        if sources.len() < 2 || sources.len() > MOST_SOURCES {
            return Ok(Vec::new());
        }
        let mut groups: Vec<Vec<Named>> = Vec::new();
        for source in sources {
            let named = Named {
                people: self.people_of(&both(expr, of_source(source.id)))?,
                archive: source.container.map(|c| c.sha256),
                id: source.id,
            };
            let known = |group: &Vec<Named>| group.iter().any(|one| one.is_beside(&named));
            let (same, others): (Vec<_>, Vec<_>) = groups.into_iter().partition(known);
            groups = others;
            let mut one: Vec<Named> = same.into_iter().flatten().collect();
            one.push(named);
            groups.push(one);
        }
        let people = |group: &Vec<Named>| {
            let all: BTreeSet<u32> = group.iter().flat_map(|one| &one.people).copied().collect();
            all.len()
        };
        // What names too few people says nothing of another account; beside several it may be of any, and stands for itself.
        if groups.iter().filter(|g| people(g) >= FEWEST).count() < 2 {
            return Ok(Vec::new());
        }
        let mut parts: Vec<Vec<u32>> = groups
            .into_iter()
            .map(|group| group.iter().map(|one| one.id).collect())
            .collect();
        for part in &mut parts {
            part.sort_unstable();
        }
        parts.sort();
        Ok(parts)
    }

    /// The persons that events name, as numbers of actors.
    fn people_of(&self, expr: &Expr) -> Result<BTreeSet<u32>> {
        let found = self.answer_expr(expr)?;
        let query = self.query(&found.snapshot);
        let values = query.values(Axis::Actor)?;
        let named = |number: &u32| {
            let mut members = values.members(*number).iter();
            members.any(|at| values.identities()[*at as usize].key.kind != IdentityKind::Type)
        };
        let met = query.tally(&found.mask, Axis::Actor)?;
        Ok(met.iter().map(|t| t.number).filter(named).collect())
    }
}
