//! What is true of all events that may be seen, counted once for each snapshot.
//!
//! Owns: counts over everything, by axis, and how many persons stand beside each value. Never touches: filters. What
//! depends on sealed rows alone is kept by segment (`caches`); this depends on what may be seen of them.

use std::{collections::HashMap, sync::Arc};

use rayon::prelude::*;
use witnessmark_model::IdentityKey;

use super::{
    Query,
    axis::{Axis, Values},
    caches::Kept,
    each::each_pair,
    mask::{Mask, SegmentMask},
    tally::Tally,
};
use crate::Result;

/// An axis, and the identities that were joined when it was counted.
type ByMerges = (Axis, Vec<Vec<IdentityKey>>);

/// Counts over everything.
pub(crate) struct Whole {
    tallies: Kept<ByMerges, Arc<[Tally]>>,
    beside: Kept<ByMerges, Arc<[u32]>>,
}

impl Default for Whole {
    fn default() -> Self {
        Self {
            tallies: Kept::new(64 << 20),
            beside: Kept::new(64 << 20),
        }
    }
}

impl Query<'_> {
    /// Every event that may be seen.
    #[must_use]
    pub fn everything(&self) -> Mask {
        let segments = self.snapshot.segments.iter().map(|segment| {
            let chunks = 0..segment.columns.chunks().len();
            let chunks = chunks.map(|chunk| segment.visible(chunk)).collect();
            SegmentMask::new(chunks, Arc::clone(&segment.layout))
        });
        Mask {
            segments: segments.collect(),
        }
    }

    /// The values of an axis in all events, in the order of their numbers.
    pub fn tally_of_all(&self, axis: Axis) -> Result<Arc<[Tally]>> {
        let key = (axis, self.facts.merges()?);
        self.snapshot.whole.tallies.get_or(key, || {
            let made = self.tally(&self.everything(), axis)?;
            let bytes = made.len() * size_of::<Tally>() + 64;
            Ok((made.into(), bytes))
        })
    }

    /// For each value of an axis, by number, how many persons there are beside it at least, in any event of the case:
    /// the most actors that any one system names with it. One person's accounts in five systems are not five people.
    pub fn actors_beside(&self, axis: Axis) -> Result<Arc<[u32]>> {
        let key = (axis, self.facts.merges()?);
        self.snapshot.whole.beside.get_or(key, || {
            let (values, identities) = (self.values(axis)?, self.values(Axis::Identity)?);
            let actors = self.values(Axis::Actor)?;
            let (system, actor_of) = systems(&identities, &actors);
            let parts: Result<Vec<Vec<u64>>> = (0..self.snapshot.segments.len())
                .into_par_iter()
                .map(|s| {
                    let local = self.beside_of_segment(axis, &values, &identities, s)?;
                    let mut pairs: Vec<u64> = local
                        .iter()
                        .map(|key| {
                            let value = values.number(s, (key >> 32) as u32);
                            let identity = identities.number(s, *key as u32);
                            u64::from(value) << 32 | u64::from(identity)
                        })
                        .collect();
                    pairs.sort_unstable();
                    pairs.dedup();
                    Ok(pairs)
                })
                .collect();
            let mut pairs = parts?.concat();
            pairs.sort();
            pairs.dedup();
            let mut counts = vec![0_u32; values.len()];
            let mut of_value: Vec<(u32, u32)> = Vec::new();
            for run in pairs.chunk_by(|a, b| a >> 32 == b >> 32) {
                of_value.clear();
                let known = run
                    .iter()
                    .map(|pair| *pair as u32 as usize)
                    .filter(|i| *i != 0);
                of_value.extend(known.map(|identity| (system[identity], actor_of[identity])));
                of_value.sort_unstable();
                of_value.dedup();
                let by_system = of_value.chunk_by(|a, b| a.0 == b.0);
                counts[(run[0] >> 32) as usize] =
                    by_system.map(|s| s.len() as u32).max().unwrap_or(0);
            }
            counts[0] = 0;
            let bytes = counts.len() * 4;
            Ok((counts.into(), bytes))
        })
    }

    /// Distinct pairs of codes (value, identity) of one segment, value in the upper half.
    fn beside_of_segment(
        &self,
        axis: Axis,
        values: &Values,
        identities: &Values,
        s: usize,
    ) -> Result<Vec<u64>> {
        let segment = &self.snapshot.segments[s];
        let mut pairs: Vec<u64> = Vec::new();
        let mut settled = 0;
        for chunk in 0..segment.columns.chunks().len() {
            let visible = segment.visible(chunk);
            if visible.is_none() {
                continue;
            }
            let column = self.axis_column(axis, values, s, chunk)?;
            let who = self.axis_column(Axis::Identity, identities, s, chunk)?;
            let rows = segment.layout.rows(chunk);
            each_pair(&column, &who, &visible, rows, |_, code, actor| {
                if code != 0 && actor != 0 {
                    pairs.push(u64::from(code) << 32 | u64::from(actor));
                }
            });
            // Repeats are thrown away now and then, so that memory follows the distinct pairs and not the rows.
            if pairs.len() > 2 * settled + (1 << 20) {
                pairs.sort_unstable();
                pairs.dedup();
                settled = pairs.len();
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        Ok(pairs)
    }
}

/// For each number of an identity: a number of its system, and its actor.
fn systems(identities: &Values, actors: &Values) -> (Vec<u32>, Vec<u32>) {
    let all = identities.identities();
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut system = vec![0; all.len() + 1];
    for (at, identity) in all.iter().enumerate() {
        let next = numbers.len() as u32;
        system[at + 1] = *numbers.entry(&identity.key.provider).or_insert(next);
    }
    let mut actor_of = vec![0; all.len() + 1];
    for actor in 1..actors.len() as u32 {
        for at in actors.members(actor) {
            actor_of[*at as usize + 1] = actor;
        }
    }
    (system, actor_of)
}
