//! Selected rows as plain arrays in time order: what walks over events one after the other works on.
//!
//! Owns: taking a few axes of the selected rows out of their segments, in order over all segments. Never touches: what
//! is made of them (sessions, sign-in review, biographies).

use std::collections::HashMap;

use rayon::prelude::*;
use witnessmark_model::Instant;

use super::{
    Query,
    axis::{Axis, Values},
    bits::Bits,
    each::each_code,
    facets::codes_of,
    mask::Mask,
    snapshot::RowRef,
};
use crate::{Result, segment::Column};

/// Selected rows, earliest first, by event number among equal times; undated rows after all others, by event number.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// Nanoseconds since 1970 of the dated rows, which come first.
    pub times: Vec<i64>,
    /// For each axis that was asked for, the number of each row's value, 0 where it has none; of a list the first.
    pub columns: Vec<Vec<u32>>,
    /// Segment in the upper half, row in the lower.
    places: Vec<u64>,
}

impl Gathered {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where a row stands in the snapshot.
    #[must_use]
    pub fn row(&self, at: usize) -> RowRef {
        let place = self.places[at];
        RowRef {
            segment: (place >> 32) as u32,
            row: place & 0xffff_ffff,
        }
    }

    /// The moment of a row; absent when it is undated.
    #[must_use]
    pub fn time(&self, at: usize) -> Option<Instant> {
        self.times.get(at).copied().map(Instant)
    }

    /// Which of the rows a mask of the same snapshot selects: bit `at % 64` of word `at / 64`.
    #[must_use]
    pub fn selected(&self, mask: &Mask) -> Vec<u64> {
        let words = self.places.par_chunks(64 * 1_024).flat_map_iter(|places| {
            let mut words = vec![0_u64; places.len().div_ceil(64)];
            // Rows that follow each other mostly lie in one chunk.
            let mut near = (u64::MAX, 0..0, &Bits::None);
            for (at, place) in places.iter().enumerate() {
                let (segment, row) = (place >> 32, place & 0xffff_ffff);
                if near.0 != segment || !near.1.contains(&row) {
                    let Some(part) = mask.segments.get(segment as usize) else {
                        continue;
                    };
                    let (chunk, span) = part.chunk_of(row);
                    near = (segment, span, &part.chunks[chunk]);
                }
                let selected = near.2.has((row - near.1.start) as usize);
                words[at / 64] |= u64::from(selected) << (at % 64);
            }
            words
        });
        words.collect()
    }

    fn reorder(&mut self, order: &[u32]) {
        let dated = self.times.len();
        let first = &order[..dated];
        self.times = first.iter().map(|at| self.times[*at as usize]).collect();
        self.places = order.iter().map(|at| self.places[*at as usize]).collect();
        self.columns.par_iter_mut().for_each(|column| {
            *column = order.iter().map(|at| column[*at as usize]).collect();
        });
    }
}

impl Query<'_> {
    /// The number of the event of a row.
    pub fn event_number(&self, row: RowRef) -> Result<u64> {
        self.snapshot.segments[row.segment as usize].number(row.row)
    }

    /// The number of the value that a row has of an axis; 0 when it has none, of a list the first.
    pub fn number_at(&self, axis: Axis, row: RowRef) -> Result<u32> {
        let s = row.segment as usize;
        let values = self.values(axis)?;
        let (chunk, at) = self.snapshot.segments[s].layout.place(row.row);
        let column = self.axis_column(axis, &values, s, chunk)?;
        let mut numbers = codes_of(&column, at).map(|code| values.number(s, code));
        Ok(numbers.find(|n| *n != 0).unwrap_or(0))
    }

    /// Takes axes of the selected rows out, in order of time.
    pub fn gather(&self, mask: &Mask, axes: &[Axis]) -> Result<Gathered> {
        let values: Result<Vec<Values>> = axes.iter().map(|axis| self.values(*axis)).collect();
        let values = values?;
        let chunks: Vec<(usize, usize)> = (self.snapshot.chunks().into_iter())
            .filter(|(s, chunk)| !mask.segments[*s].chunks[*chunk].is_none())
            .collect();
        let parts: Result<Vec<(usize, Gathered)>> = chunks
            .into_par_iter()
            .map(|(s, chunk)| Ok((s, self.gather_chunk(mask, s, chunk, axes, &values)?)))
            .collect();
        let mut parts = parts?;
        let mut starts: HashMap<usize, i64> = HashMap::new();
        for (s, part) in &parts {
            if let Some(first) = part.times.first() {
                starts.entry(*s).or_insert(*first);
            }
        }
        // The stable sort keeps the chunks of a segment in their order; segments of undated rows only come last.
        parts.sort_by_key(|(s, _)| (starts.get(s).copied().unwrap_or(i64::MAX), *s));
        // Segments that follow each other are only put end to end; where they overlap, rows are merged.
        let dated = parts.iter().filter(|(_, part)| !part.times.is_empty());
        let ends: Vec<_> = dated
            .map(|(s, part)| (*s, part.times[0], part.times[part.times.len() - 1]))
            .collect();
        let apart = (ends.windows(2)).all(|pair| pair[0].0 == pair[1].0 || pair[0].2 < pair[1].1);
        let mut all = laid_out(&parts, axes.len());
        self.sort(&mut all, apart)?;
        Ok(all)
    }

    fn sort(&self, rows: &mut Gathered, apart: bool) -> Result<()> {
        let dated = rows.times.len();
        let undated = dated..rows.len();
        if apart && undated.len() < 2 {
            return Ok(());
        }
        let number = |at: u32| {
            let row = rows.row(at as usize);
            self.snapshot.segments[row.segment as usize].number(row.row)
        };
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        let (first, last) = order.split_at_mut(dated);
        // The stable sort finds the runs that the segments are, and merges them.
        if !apart {
            first.par_sort_by_key(|at| rows.times[*at as usize]);
            let moment = |a: &u32, b: &u32| rows.times[*a as usize] == rows.times[*b as usize];
            for tie in first.chunk_by_mut(moment).filter(|tie| tie.len() > 1) {
                let numbers: Result<Vec<(u64, u32)>> =
                    tie.iter().map(|at| Ok((number(*at)?, *at))).collect();
                let mut numbers = numbers?;
                numbers.sort_unstable();
                (tie.iter_mut().zip(numbers)).for_each(|(at, (_, sorted))| *at = sorted);
            }
        }
        let numbers: Result<Vec<(u64, u32)>> =
            last.iter().map(|at| Ok((number(*at)?, *at))).collect();
        let mut numbers = numbers?;
        numbers.sort();
        (last.iter_mut().zip(numbers)).for_each(|(at, (_, sorted))| *at = sorted);
        rows.reorder(&order);
        Ok(())
    }

    fn gather_chunk(
        &self,
        mask: &Mask,
        s: usize,
        chunk: usize,
        axes: &[Axis],
        values: &[Values],
    ) -> Result<Gathered> {
        let segment = &self.snapshot.segments[s];
        let bits = &mask.segments[s].chunks[chunk];
        let rows = segment.layout.rows(chunk);
        let start = segment.layout.starts[chunk];
        let times = segment.columns.times(chunk)?;
        let mut out = Gathered::default();
        bits.each_in(0..rows, |row| {
            out.places.push((s as u64) << 32 | (start + row as u64));
        });
        bits.each_in(0..times.len(), |row| out.times.push(times[row]));
        for (axis, values) in axes.iter().zip(values) {
            let column = self.axis_column(*axis, values, s, chunk)?;
            let mut taken = Vec::with_capacity(out.places.len());
            match (&column, values.numbers(s)) {
                (Column::Absent, _) => taken.resize(out.places.len(), 0),
                (Column::One(_), None) => {
                    each_code(&column, bits, rows, |_, code| taken.push(code));
                }
                (Column::One(_), Some(numbers)) => {
                    each_code(&column, bits, rows, |_, code| {
                        taken.push(numbers[code as usize]);
                    });
                }
                _ => bits.each_in(0..rows, |row| {
                    let mut numbers = codes_of(&column, row).map(|code| values.number(s, code));
                    taken.push(numbers.find(|n| *n != 0).unwrap_or(0));
                }),
            }
            out.columns.push(taken);
        }
        Ok(out)
    }
}

/// Parts put end to end, dated rows first; the columns are laid out side by side by all cores.
fn laid_out(parts: &[(usize, Gathered)], axes: usize) -> Gathered {
    fn both<T: Copy>(parts: &[(usize, Gathered)], of: impl Fn(&Gathered) -> &[T]) -> Vec<T> {
        let rows = parts.iter().map(|(_, part)| part.places.len()).sum();
        let mut out = Vec::with_capacity(rows);
        for (_, part) in parts {
            out.extend_from_slice(&of(part)[..part.times.len()]);
        }
        for (_, part) in parts {
            out.extend_from_slice(&of(part)[part.times.len()..]);
        }
        out
    }
    let columns = (0..axes).into_par_iter();
    let columns = columns.map(|axis| both(parts, |part| &part.columns[axis]));
    let columns = columns.collect();
    Gathered {
        times: parts.iter().flat_map(|(_, p)| &p.times).copied().collect(),
        places: both(parts, |part| &part.places),
        columns,
    }
}
