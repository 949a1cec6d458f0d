//! How many distinct values of one axis stand beside each of a few values of another.
//!
//! Owns: that count, by a bit for each pair where that is small, by sorting pairs where it is not. Never touches: which
//! events are selected.

use std::collections::HashMap;

use rayon::prelude::*;

use super::{
    Query,
    axis::{Axis, Values},
    facets::codes_of,
    mask::Mask,
};
use crate::Result;

/// Bits of pairs above which pairs are sorted instead: 32 MB.
const BITS: usize = 1 << 28;

enum Found {
    Bits(Vec<u64>),
    Pairs(Vec<u64>),
}

impl Query<'_> {
    /// For each of some numbers of an axis, the number of distinct values of another axis in the selected events that
    /// hold it. Numbers without any are left out.
    pub fn distinct_of(
        &self,
        mask: &Mask,
        of: Axis,
        numbers: &[u32],
        axis: Axis,
    ) -> Result<HashMap<u32, u64>> {
        let (groups, values) = (self.values(of)?, self.values(axis)?);
        let parts: Result<Vec<Found>> = (0..mask.segments.len())
            .into_par_iter()
            .map(|s| self.distinct_in(mask, s, (of, &groups), (axis, &values), numbers))
            .collect();
        let mut bits: Vec<u64> = Vec::new();
        let mut pairs: Vec<u64> = Vec::new();
        for part in parts? {
            match part {
                Found::Bits(more) if bits.is_empty() => bits = more,
                Found::Bits(more) => (bits.iter_mut().zip(more)).for_each(|(a, b)| *a |= b),
                Found::Pairs(more) => pairs.extend(more),
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        let words = values.len().div_ceil(64);
        let mut counts = vec![0_u64; numbers.len()];
        for (count, row) in counts.iter_mut().zip(bits.chunks(words.max(1))) {
            *count += super::bits::ones(row);
        }
        for pair in pairs {
            counts[(pair >> 32) as usize] += 1;
        }
        let found = numbers.iter().copied().zip(counts);
        Ok(found.filter(|(_, count)| *count > 0).collect())
    }

    fn distinct_in(
        &self,
        mask: &Mask,
        s: usize,
        (of, groups): (Axis, &Values),
        (axis, values): (Axis, &Values),
        numbers: &[u32],
    ) -> Result<Found> {
        let (segment, mask) = (&self.snapshot.segments[s], &mask.segments[s]);
        let words = values.len().div_ceil(64);
        let by_bits = words * 64 * numbers.len() <= BITS;
        let mut bits = vec![0_u64; if by_bits { words * numbers.len() } else { 0 }];
        let mut pairs: Vec<u64> = Vec::new();
        // Position among the wanted numbers of each code, from 1.
        let place: HashMap<u32, u32> = (1_u32..).zip(numbers).map(|(at, n)| (*n, at)).collect();
        let wanted: Vec<u32> = (0..groups.codes(s) as u32)
            .map(|code| place.get(&groups.number(s, code)).copied().unwrap_or(0))
            .collect();
        let mut settled = 0;
        for chunk in 0..segment.columns.chunks().len() {
            let selected = &mask.chunks[chunk];
            if selected.is_none() {
                continue;
            }
            let group = self.axis_column(of, groups, s, chunk)?;
            let value = self.axis_column(axis, values, s, chunk)?;
            super::tally::each_code(&group, selected, segment.layout.rows(chunk), |row, code| {
                let at = wanted[code as usize];
                if at == 0 {
                    return;
                }
                let at = at as usize - 1;
                for code in codes_of(&value, row) {
                    let number = values.number(s, code) as usize;
                    match (number, by_bits) {
                        (0, _) => {}
                        (_, true) => bits[at * words + number / 64] |= 1 << (number % 64),
                        (_, false) => pairs.push((at as u64) << 32 | number as u64),
                    }
                }
            });
            if pairs.len() > 2 * settled + (1 << 20) {
                pairs.sort_unstable();
                pairs.dedup();
                settled = pairs.len();
            }
        }
        Ok(if by_bits {
            Found::Bits(bits)
        } else {
            Found::Pairs(pairs)
        })
    }
}
