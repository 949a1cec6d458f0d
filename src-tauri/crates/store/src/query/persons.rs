//! What it means for a filter that identities are joined: `actor:` finds all of a person by any of their names.
//!
//! Owns: finding the joined actors that a test of `actor:` means, and their rows. Never touches: events of actors that
//! nobody joined (the plain test of the fields finds them).

use witnessmark_lens::query::Test;
use witnessmark_model::Field;

use super::{
    Query,
    axis::{Axis, Values},
    scan::Wanted,
};
use crate::Result;

/// The fields of `actor:` in the filter language.
const NAMES: &[Field] = &[Field::UserId, Field::UserEmail, Field::UserName];

/// The joined actors that a test means.
#[derive(Clone)]
pub(crate) struct Persons {
    values: Values,
    actors: Vec<u32>,
}

impl Query<'_> {
    /// The joined actors of which any id, e-mail or name passes; absent when the fields are not those of an actor, or
    /// nothing is joined that passes.
    pub(crate) fn persons(&self, fields: &[Field], test: &Test) -> Result<Option<Persons>> {
        if fields != NAMES || *test == Test::Exists || self.facts.merges()?.is_empty() {
            return Ok(None);
        }
        let values = self.values(Axis::Actor)?;
        let identities = values.identities();
        let actors: Vec<u32> = (1..values.len() as u32)
            .filter(|actor| {
                let members = values.members(*actor);
                members.len() > 1
                    && members.iter().any(|at| {
                        let identity = &identities[*at as usize];
                        let mut names = (identity.ids.iter())
                            .chain(&identity.emails)
                            .chain(&identity.names);
                        names.any(|name| test.matches(name))
                    })
            })
            .collect();
        Ok((!actors.is_empty()).then_some(Persons { values, actors }))
    }
}

impl Persons {
    /// The codes of a segment that are one of these actors.
    pub(crate) fn wanted(&self, segment: usize) -> Wanted {
        let len = self.values.codes(segment);
        let codes = (1..len as u32).filter(|code| {
            let number = self.values.number(segment, *code);
            self.actors.binary_search(&number).is_ok()
        });
        Wanted::of(codes.collect(), len)
    }

    pub(crate) const fn values(&self) -> &Values {
        &self.values
    }
}
