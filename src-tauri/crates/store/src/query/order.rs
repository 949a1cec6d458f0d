//! Places in the order of one segment: by time, then by event number; undated rows last, by number.
//!
//! Owns: binary search for a time or a number among the rows of a segment, loading only the chunk that decides. Never
//! touches: masks, other segments.

use std::ops::Range;

use super::snapshot::Segment;
use crate::Result;

impl Segment {
    /// The rows that have a time.
    pub(crate) fn dated_rows(&self) -> Range<u64> {
        0..self.layout.dated
    }

    /// The rows that have none.
    pub(crate) fn undated_rows(&self) -> Range<u64> {
        self.layout.dated..self.rows()
    }

    /// The time of a dated row, nanoseconds since 1970.
    pub(crate) fn time(&self, row: u64) -> Result<Option<i64>> {
        if row >= self.layout.dated {
            return Ok(None);
        }
        let (chunk, at) = self.layout.place(row);
        Ok(self.columns.times(chunk)?.get(at).copied())
    }

    /// The event number of a row.
    pub(crate) fn number(&self, row: u64) -> Result<u64> {
        let (chunk, at) = self.layout.place(row);
        Ok(self.columns.numbers(chunk)?.get(at).copied().unwrap_or(0))
    }

    /// The first row at or after `time` among dated rows of a range, or the end of the range. Times are wider than an
    /// instant so that "after the last instant there is" can be asked for.
    pub(crate) fn first_at_time(&self, time: i128, within: Range<u64>) -> Result<u64> {
        if within.is_empty() {
            return Ok(within.end);
        }
        let (first, _) = self.layout.place(within.start);
        let (last, _) = self.layout.place(within.end - 1);
        let metas = &self.columns.chunks()[first..=last];
        let chunk = first + metas.partition_point(|m| m.dated > 0 && i128::from(m.last) < time);
        if chunk > last {
            return Ok(within.end);
        }
        let start = self.layout.starts[chunk];
        let meta = &self.columns.chunks()[chunk];
        if meta.dated == 0 || i128::from(meta.first) >= time {
            return Ok(start.clamp(within.start, within.end));
        }
        let times = self.columns.times(chunk)?;
        let low = within.start.saturating_sub(start) as usize;
        let high = (within.end - start).min(times.len() as u64) as usize;
        let at = low + times[low..high].partition_point(|t| i128::from(*t) < time);
        Ok(start + at as u64)
    }

    /// The first row whose event number is at least `number`, among rows of a range that have the same time, or the end
    /// of the range.
    pub(crate) fn first_at_number(&self, number: u64, within: Range<u64>) -> Result<u64> {
        let (mut low, mut high) = (within.start, within.end);
        // From chunk to chunk by their last row, so that few chunks are loaded; then inside one.
        while low < high {
            let (chunk, at) = self.layout.place(low);
            let end = self.layout.starts[chunk + 1].min(high);
            if end == high {
                let numbers = self.columns.numbers(chunk)?;
                let many = (end - low) as usize;
                let below = numbers[at..at + many].partition_point(|n| *n < number);
                return Ok(low + below as u64);
            }
            // The range spans chunks: halve it at a chunk's end.
            let (last, _) = self.layout.place(high - 1);
            let middle = self.layout.starts[(chunk + last).div_ceil(2)];
            if self.number(middle - 1)? < number {
                low = middle;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }
}
