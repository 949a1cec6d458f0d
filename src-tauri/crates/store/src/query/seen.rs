//! When values of a field were first and last seen in the selected events.
//!
//! Owns: one pass over the codes of a field for a few values. Never touches: which values (a facet chose them).

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;
use witnessmark_model::{Field, Instant};

use super::{Query, bits::Bits, facets::codes_of, mask::Mask};
use crate::Result;

/// First and last moment; absent when no selected event that holds the value has a time.
pub type Seen = Option<(Instant, Instant)>;

impl Query<'_> {
    /// For each of some values of a field, when it was first and last seen.
    pub fn seen(&self, mask: &Mask, field: Field, values: &[String]) -> Result<Vec<Seen>> {
        // Texts of times are written anew for each row, and flags stand beside the columns too: these are filters.
        if matches!(field, Field::EventOriginalTime | Field::Problems) {
            let each = values.iter().map(|value| {
                let held = self.with_value(field, value)?.and(mask);
                self.first_last(&held)
            });
            return each.collect();
        }
        let mut places: HashMap<&str, u32> = HashMap::new();
        for (at, value) in (1..).zip(values) {
            places.entry(value).or_insert(at);
        }
        let lengths: HashSet<usize> = values.iter().map(String::len).collect();
        let by_segment: Result<Vec<Vec<Seen>>> = (0..self.snapshot.segments.len())
            .into_par_iter()
            .map(|s| {
                let dictionary = self.snapshot.segments[s].columns.dictionary(field)?;
                let mut positions = vec![0; dictionary.len()];
                for (code, text) in dictionary.iter() {
                    if lengths.contains(&text.len()) {
                        positions[code as usize] = places.get(text).copied().unwrap_or(0);
                    }
                }
                let mut seen = vec![None; values.len()];
                self.seen_in(mask, field, s, &positions, &mut seen)?;
                Ok(seen)
            })
            .collect();
        let mut seen: Vec<Seen> = vec![None; values.len()];
        for part in by_segment? {
            for (all, found) in seen.iter_mut().zip(part) {
                *all = match (*all, found) {
                    (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
                    (known, found) => known.or(found),
                };
            }
        }
        Ok(seen)
    }

    /// `positions` holds for each code one more than the place in `seen` of its value, 0 for others.
    fn seen_in(
        &self,
        mask: &Mask,
        field: Field,
        s: usize,
        positions: &[u32],
        seen: &mut [Seen],
    ) -> Result<()> {
        let (segment, mask) = (&self.snapshot.segments[s], &mask.segments[s]);
        if mask.is_empty() {
            return Ok(());
        }
        let mut places: Vec<Option<(u64, u64)>> = vec![None; seen.len()];
        let mut before = 0;
        for (chunk, meta) in segment.columns.chunks().iter().enumerate() {
            let (bits, dated) = (&mask.chunks[chunk], meta.dated as usize);
            if !bits.is_none() && dated > 0 {
                let column = segment.columns.column(field, chunk)?;
                let mut look = |row: usize| {
                    for code in codes_of(&column, row).filter(|code| *code != 0) {
                        let at = positions[code as usize] as usize;
                        if at > 0 {
                            let row = before + row as u64;
                            let place = &mut places[at - 1];
                            *place = Some(place.map_or((row, row), |(first, _)| (first, row)));
                        }
                    }
                };
                match bits {
                    Bits::All => (0..dated).for_each(&mut look),
                    _ => bits.each_in(0..dated, &mut look),
                }
            }
            before += segment.layout.rows(chunk) as u64;
        }
        // Rows lie in time order, so the first row has the first moment.
        for (seen, place) in seen.iter_mut().zip(places) {
            if let Some((first, last)) = place {
                let (first, last) = (segment.time(first)?, segment.time(last)?);
                *seen = first.zip(last).map(|(a, b)| (Instant(a), Instant(b)));
            }
        }
        Ok(())
    }
}
