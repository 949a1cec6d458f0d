//! Selected events with their raw entries, on all cores.
//!
//! Owns: reading entries in the order in which they lie, chunk by chunk. Never touches: what is made of them.

use std::{collections::HashMap, sync::Arc};

use rayon::prelude::*;
use witnessmark_model::{Field, SourceShape};

use super::{Query, facets::codes_of, mask::Mask};
use crate::Result;

/// Rows between two reports of progress, which are also the places where the walk can be cancelled.
const REPORT: usize = 4_096;

/// One event and its entry.
pub struct RawEntry<'e> {
    /// Event number.
    pub number: u64,
    /// Nanoseconds since 1970; absent when the event has no time.
    pub time: Option<i64>,
    /// Source number.
    pub source: u32,
    /// Event in its entry, from 1.
    pub part: u32,
    /// Profile and version that read it; empty where none did.
    pub profile: &'e str,
    /// How an entry of its source is read.
    pub shape: &'e SourceShape,
    /// The entry as it stands in its source.
    pub raw: &'e [u8],
}

impl Query<'_> {
    /// Visits every selected event with its entry. Each chunk has a state of its own; their order is that of the chunks.
    ///
    /// # Errors
    /// When a column or the original bytes cannot be read.
    pub fn raw_entries<S: Send>(
        &self,
        mask: &Mask,
        begin: impl Fn() -> S + Sync,
        visit: impl Fn(&mut S, &RawEntry<'_>) + Sync,
    ) -> Result<Vec<S>> {
        let chunks: Vec<(usize, usize)> = (self.snapshot.chunks().into_iter())
            .filter(|(s, chunk)| !mask.segments[*s].chunks[*chunk].is_none())
            .collect();
        chunks
            .into_par_iter()
            .map(|(s, chunk)| {
                let mut state = begin();
                self.chunk_entries(mask, s, chunk, &mut |entry| visit(&mut state, entry))?;
                Ok(state)
            })
            .collect()
    }

    fn chunk_entries(
        &self,
        mask: &Mask,
        s: usize,
        chunk: usize,
        visit: &mut dyn FnMut(&RawEntry<'_>),
    ) -> Result<()> {
        let segment = &self.snapshot.segments[s];
        let bits = &mask.segments[s].chunks[chunk];
        let places = segment.columns.locators(chunk)?;
        let sources = segment.columns.sources(chunk)?;
        let times = segment.columns.times(chunk)?;
        let numbers = segment.columns.numbers(chunk)?;
        let profiles = segment.columns.column(Field::Profile, chunk)?;
        let dictionary = segment.columns.dictionary(Field::Profile)?;
        let mut order = Vec::new();
        bits.each_in(0..segment.layout.rows(chunk), |row| order.push(row as u32));
        // Rows lie by time, entries by offset; blocks of evidence are unpacked once when they are read in order.
        order
            .sort_unstable_by_key(|row| (sources.get(*row as usize), places.offset[*row as usize]));
        let mut originals = self.facts.originals()?;
        let mut shapes: HashMap<u32, Arc<SourceShape>> = HashMap::new();
        for rows in order.chunks(REPORT) {
            for row in rows {
                let row = *row as usize;
                let source = sources.get(row);
                let place = places.get(row, source);
                let shape = match shapes.entry(source) {
                    std::collections::hash_map::Entry::Occupied(e) => e.into_mut(),
                    std::collections::hash_map::Entry::Vacant(e) => {
                        e.insert(self.facts.shape(source)?)
                    }
                };
                visit(&RawEntry {
                    number: numbers[row],
                    time: times.get(row).copied(),
                    source,
                    part: place.part,
                    profile: dictionary.text(codes_of(&profiles, row).next().unwrap_or(0)),
                    shape,
                    raw: originals.read(&place)?,
                });
            }
            self.facts.progress(rows.len() as u64)?;
        }
        Ok(())
    }
}
