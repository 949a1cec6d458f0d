//! Long lists of values, of which a page is shown: counts of all, and what is told only of those on the page.
//!
//! Owns: counts without moments, and one pass for the moments and the neighbours of a few values. Never touches: the order
//! of a list, which events are selected.

use std::collections::HashMap;

use rayon::prelude::*;
use witnessmark_model::Instant;

use super::{
    Query,
    axis::{Axis, Values},
    bits::ones,
    each::each_code,
    mask::Mask,
};
use crate::{
    Result,
    segment::{Codes, Column},
};

/// How often each value of an axis stands in the selected events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// By number; each event counts once for a value.
    pub by_number: Vec<u64>,
    /// Events that hold any value.
    pub events: u64,
}

/// What is told of one value of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// First moment of the selected events that hold it; absent when none of them is dated.
    pub first: Option<Instant>,
    /// Last moment.
    pub last: Option<Instant>,
    /// Distinct values of each axis that was asked for in these events.
    pub distinct: Vec<u64>,
}

/// Bits of sets of values above which pairs are sorted instead: 32 MB for each axis and thread.
const BITS: usize = 1 << 28;

/// Distinct values beside each of a few.
enum Beside {
    Bits(usize, Vec<u64>),
    Pairs(Vec<u64>, usize),
}

impl Beside {
    fn new(values: usize, few: usize) -> Self {
        let words = values.div_ceil(64);
        if words * 64 * few <= BITS {
            Self::Bits(words, vec![0; words * few])
        } else {
            Self::Pairs(Vec::new(), 0)
        }
    }

    #[inline]
    fn add(&mut self, at: u32, number: u32) {
        match self {
            _ if number == 0 => {}
            Self::Bits(words, bits) => {
                bits[at as usize * *words + number as usize / 64] |= 1 << (number % 64);
            }
            Self::Pairs(pairs, _) => pairs.push(u64::from(at) << 32 | u64::from(number)),
        }
    }

    /// Throws repeats away now and then, so that memory follows the distinct pairs and not the rows.
    fn settle(&mut self) {
        if let Self::Pairs(pairs, settled) = self
            && pairs.len() > 2 * *settled + (1 << 20)
        {
            pairs.sort_unstable();
            pairs.dedup();
            *settled = pairs.len();
        }
    }

    fn join(&mut self, other: Self) {
        match (self, other) {
            (Self::Bits(_, bits), Self::Bits(_, more)) => {
                (bits.iter_mut().zip(more)).for_each(|(a, b)| *a |= b);
            }
            (Self::Pairs(pairs, _), Self::Pairs(more, _)) => pairs.extend(more),
            _ => {}
        }
    }

    fn counts(self, few: usize) -> Vec<u64> {
        let mut counts = vec![0_u64; few];
        match self {
            Self::Bits(words, bits) => {
                for (count, row) in counts.iter_mut().zip(bits.chunks(words.max(1))) {
                    *count = ones(row);
                }
            }
            Self::Pairs(mut pairs, _) => {
                pairs.sort_unstable();
                pairs.dedup();
                pairs
                    .iter()
                    .for_each(|pair| counts[(pair >> 32) as usize] += 1);
            }
        }
        counts
    }
}

impl Query<'_> {
    /// How often each value of an axis stands in the selected events.
    pub fn counts(&self, mask: &Mask, axis: Axis) -> Result<Counts> {
        let values = self.values(axis)?;
        let parts: Result<Vec<(Vec<u32>, u64)>> = (0..mask.segments.len())
            .into_par_iter()
            .map(|s| self.counts_in(mask, s, axis, &values))
            .collect();
        let mut all = Counts {
            by_number: vec![0; values.len()],
            events: 0,
        };
        for (s, (codes, events)) in parts?.into_iter().enumerate() {
            all.events += events;
            for (code, count) in (0_u32..).zip(codes).filter(|(_, n)| *n > 0) {
                all.by_number[values.number(s, code) as usize] += u64::from(count);
            }
        }
        all.by_number[0] = 0;
        Ok(all)
    }

    fn counts_in(
        &self,
        mask: &Mask,
        s: usize,
        axis: Axis,
        values: &Values,
    ) -> Result<(Vec<u32>, u64)> {
        let (segment, mask) = (&self.snapshot.segments[s], &mask.segments[s]);
        if mask.is_empty() {
            return Ok((Vec::new(), 0));
        }
        // Count, and the last row plus one: a list may hold a value twice.
        let mut seen = vec![[0_u32; 2]; values.codes(s)];
        let (mut events, mut several) = (0_u64, false);
        let numbers = values.numbers(s);
        for chunk in 0..segment.columns.chunks().len() {
            let bits = &mask.chunks[chunk];
            if bits.is_none() {
                continue;
            }
            let start = segment.layout.starts[chunk] as u32;
            let rows = segment.layout.rows(chunk);
            let column = self.axis_column(axis, values, s, chunk)?;
            let mut last = u32::MAX;
            each_code(&column, bits, rows, |row, code| {
                if code == 0 || numbers.is_some_and(|numbers| numbers[code as usize] == 0) {
                    return;
                }
                let mark = start + row as u32 + 1;
                several |= last == mark;
                events += u64::from(last != mark);
                last = mark;
                let at = &mut seen[code as usize];
                at[0] += u32::from(at[1] != mark);
                at[1] = mark;
            });
        }
        if several && axis == Axis::Record {
            // A record may stand in one event under two of its names, which are two codes.
            let tallies = self.record_counts(mask, s, values)?;
            return Ok((tallies, events));
        }
        Ok((seen.into_iter().map(|at| at[0]).collect(), events))
    }

    /// As above by number, told under one code of each number.
    fn record_counts(
        &self,
        mask: &super::mask::SegmentMask,
        s: usize,
        values: &Values,
    ) -> Result<Vec<u32>> {
        let segment = &self.snapshot.segments[s];
        let mut seen: HashMap<u32, (u32, u32, u32), foldhash::fast::FixedState> =
            HashMap::default();
        for chunk in 0..segment.columns.chunks().len() {
            let bits = &mask.chunks[chunk];
            if bits.is_none() {
                continue;
            }
            let start = segment.layout.starts[chunk] as u32;
            let column = self.axis_column(Axis::Record, values, s, chunk)?;
            each_code(&column, bits, segment.layout.rows(chunk), |row, code| {
                let number = values.number(s, code);
                if number == 0 {
                    return;
                }
                let mark = start + row as u32 + 1;
                let at = seen.entry(number).or_insert((code, 0, 0));
                at.1 += u32::from(at.2 != mark);
                at.2 = mark;
            });
        }
        let mut counts = vec![0; values.codes(s)];
        for (code, count, _) in seen.into_values() {
            counts[code as usize] = count;
        }
        Ok(counts)
    }

    /// For each of some numbers of an axis, in their order: the first and last moment of the selected events that hold it,
    /// and how many distinct values of other axes stand beside it.
    pub fn told(
        &self,
        mask: &Mask,
        of: Axis,
        numbers: &[u32],
        beside: &[Axis],
    ) -> Result<Vec<Told>> {
        let groups = self.values(of)?;
        let values: Result<Vec<Values>> = beside.iter().map(|axis| self.values(*axis)).collect();
        let values = values?;
        type Part = (Vec<(Option<Instant>, Option<Instant>)>, Vec<Beside>);
        let parts: Result<Vec<Part>> = (0..mask.segments.len())
            .into_par_iter()
            .filter(|s| !mask.segments[*s].is_empty())
            .map(|s| self.told_in(mask, s, (of, &groups), numbers, (beside, &values)))
            .collect();
        let mut told = vec![Told::default(); numbers.len()];
        let mut sets: Vec<Beside> = Vec::new();
        for (moments, parts) in parts? {
            for (told, (first, last)) in told.iter_mut().zip(moments) {
                told.first = match (told.first, first) {
                    (Some(a), Some(b)) => Some(a.min(b)),
                    (a, b) => a.or(b),
                };
                told.last = told.last.max(last);
            }
            if sets.is_empty() {
                sets = parts;
            } else {
                sets.iter_mut()
                    .zip(parts)
                    .for_each(|(all, part)| all.join(part));
            }
        }
        for set in sets {
            for (told, count) in told.iter_mut().zip(set.counts(numbers.len())) {
                told.distinct.push(count);
            }
        }
        told.iter_mut()
            .for_each(|t| t.distinct.resize(beside.len(), 0));
        Ok(told)
    }

    #[allow(
        clippy::type_complexity,
        reason = "one of two names would be used once"
    )]
    fn told_in(
        &self,
        mask: &Mask,
        s: usize,
        (of, groups): (Axis, &Values),
        numbers: &[u32],
        (beside, values): (&[Axis], &[Values]),
    ) -> Result<(Vec<(Option<Instant>, Option<Instant>)>, Vec<Beside>)> {
        let (segment, mask) = (&self.snapshot.segments[s], &mask.segments[s]);
        let mut sets: Vec<Beside> = (values.iter())
            .map(|values| Beside::new(values.len(), numbers.len()))
            .collect();
        let mut moments = vec![(None, None); numbers.len()];
        // Position among the wanted numbers of each code, from 1.
        let place: HashMap<u32, u32> = (1_u32..).zip(numbers).map(|(at, n)| (*n, at)).collect();
        let wanted: Vec<u32> = (0..groups.codes(s) as u32)
            .map(|code| place.get(&groups.number(s, code)).copied().unwrap_or(0))
            .collect();
        let mut hits: Vec<(u32, u32)> = Vec::new();
        for chunk in 0..segment.columns.chunks().len() {
            let bits = &mask.chunks[chunk];
            if bits.is_none() {
                continue;
            }
            hits.clear();
            let column = self.axis_column(of, groups, s, chunk)?;
            each_code(&column, bits, segment.layout.rows(chunk), |row, code| {
                let at = wanted[code as usize];
                if at != 0 {
                    hits.push((row as u32, at - 1));
                }
            });
            if hits.is_empty() {
                continue;
            }
            let times = segment.columns.times(chunk)?;
            for (row, at) in &hits {
                if let Some(time) = times.get(*row as usize).copied().map(Instant) {
                    let (first, last) = &mut moments[*at as usize];
                    *first = first.or(Some(time));
                    *last = Some(time);
                }
            }
            for ((axis, values), set) in beside.iter().zip(values).zip(&mut sets) {
                let column = self.axis_column(*axis, values, s, chunk)?;
                let number = |code: u32| values.number(s, code);
                match &column {
                    Column::Absent => {}
                    Column::One(codes) => match &**codes {
                        Codes::U8(c) => hits.iter().for_each(|(row, at)| {
                            set.add(*at, number(u32::from(c[*row as usize])));
                        }),
                        Codes::U16(c) => hits.iter().for_each(|(row, at)| {
                            set.add(*at, number(u32::from(c[*row as usize])));
                        }),
                        Codes::U32(c) => hits.iter().for_each(|(row, at)| {
                            set.add(*at, number(c[*row as usize]));
                        }),
                    },
                    Column::Many { .. } => hits.iter().for_each(|(row, at)| {
                        let codes = super::facets::codes_of(&column, *row as usize);
                        codes.for_each(|code| set.add(*at, number(code)));
                    }),
                }
                set.settle();
            }
        }
        Ok((moments, sets))
    }
}
