//! Selected rows as plain arrays in time order: what walks over events one after the other works on.
//!
//! Owns: taking a few axes of the selected rows out of their segments, in order over all segments. Never touches: what
//! is made of them (sessions, sign-in review, biographies).

use rayon::prelude::*;
use witnessmark_model::Instant;

use super::{
    Query,
    axis::{Axis, Values},
    facets::codes_of,
    mask::Mask,
    snapshot::RowRef,
};
use crate::Result;

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

    fn append(&mut self, other: Self) {
        self.times.extend(other.times);
        self.places.extend(other.places);
        if self.columns.is_empty() {
            self.columns = other.columns;
        } else {
            for (column, more) in self.columns.iter_mut().zip(other.columns) {
                column.extend(more);
            }
        }
    }

    /// Splits the undated rows off.
    fn split_undated(&mut self) -> Self {
        let dated = self.times.len();
        Self {
            times: Vec::new(),
            places: self.places.split_off(dated),
            columns: (self.columns.iter_mut())
                .map(|column| column.split_off(dated))
                .collect(),
        }
    }

    fn reorder(&mut self, order: &[u32]) {
        let times = std::mem::take(&mut self.times);
        if !times.is_empty() {
            self.times = order.iter().map(|at| times[*at as usize]).collect();
        }
        self.places = order.iter().map(|at| self.places[*at as usize]).collect();
        for column in &mut self.columns {
            *column = order.iter().map(|at| column[*at as usize]).collect();
        }
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
        let mut by_segment: Vec<Gathered> = Vec::new();
        let mut current = None;
        for (s, part) in parts? {
            if current != Some(s) {
                by_segment.push(Gathered::default());
                current = Some(s);
            }
            if let Some(segment) = by_segment.last_mut() {
                segment.append(part);
            }
        }
        let mut undated = Gathered::default();
        for segment in &mut by_segment {
            undated.append(segment.split_undated());
        }
        let mut all = self.in_order(by_segment)?;
        self.sort(&mut undated)?;
        all.append(undated);
        all.columns.resize(axes.len(), Vec::new());
        Ok(all)
    }

    /// Segments that follow each other are only put end to end; where they overlap, rows are merged.
    fn in_order(&self, mut segments: Vec<Gathered>) -> Result<Gathered> {
        segments.retain(|segment| !segment.is_empty());
        segments.sort_by_key(|segment| segment.times[0]);
        let apart = segments
            .windows(2)
            .all(|pair| pair[0].times.last() < pair[1].times.first());
        let mut all = Gathered::default();
        for segment in segments {
            all.append(segment);
        }
        if !apart {
            self.sort(&mut all)?;
        }
        Ok(all)
    }

    fn sort(&self, rows: &mut Gathered) -> Result<()> {
        let numbers: Result<Vec<u64>> = (0..rows.len())
            .map(|at| {
                let row = rows.row(at);
                self.snapshot.segments[row.segment as usize].number(row.row)
            })
            .collect();
        let numbers = numbers?;
        let mut order: Vec<u32> = (0..rows.len() as u32).collect();
        // The stable sort finds the runs that the segments are, and merges them.
        order.sort_by_key(|at| {
            let at = *at as usize;
            (rows.times.get(at).copied().unwrap_or(0), numbers[at])
        });
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
            if matches!(column, crate::segment::Column::One(_)) {
                super::tally::each_code(&column, bits, rows, |_, code| {
                    taken.push(values.number(s, code));
                });
            } else {
                bits.each_in(0..rows, |row| {
                    let mut numbers = codes_of(&column, row).map(|code| values.number(s, code));
                    taken.push(numbers.find(|n| *n != 0).unwrap_or(0));
                });
            }
            out.columns.push(taken);
        }
        Ok(out)
    }
}
