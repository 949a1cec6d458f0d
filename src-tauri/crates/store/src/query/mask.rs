//! The result of a filter over all segments, and counting in it by rank.
//!
//! Owns: one [`Bits`] for each chunk, and the running counts that make "how many before this row" cheap. Never touches:
//! columns or the order between segments (the view does).

use std::{ops::Range, sync::Arc};

use super::bits::Bits;
use crate::segment::ChunkMeta;

/// Rows between two running counts: small enough that the rest is counted in well under a microsecond.
const STEP: usize = 4_096;

/// The selected rows of one segment, chunk by chunk.
#[derive(Clone, Debug)]
pub struct SegmentMask {
    /// One set a chunk.
    pub chunks: Vec<Bits>,
    layout: Arc<Layout>,
    /// Selected rows before each step of each chunk; chunk after chunk, then the total.
    before: Vec<u64>,
}

/// Where the chunks of a segment begin, and where its undated rows do.
#[derive(Debug)]
pub(crate) struct Layout {
    /// First row of each chunk, then the number of rows.
    pub(crate) starts: Vec<u64>,
    /// First entry of each chunk in `before`.
    steps: Vec<usize>,
    /// Number of dated rows; the others follow them.
    pub(crate) dated: u64,
}

impl Layout {
    pub(crate) fn of(metas: &[ChunkMeta]) -> Self {
        let mut layout = Self {
            starts: Vec::with_capacity(metas.len() + 1),
            steps: Vec::with_capacity(metas.len() + 1),
            dated: 0,
        };
        let (mut rows, mut steps) = (0_u64, 0_usize);
        for meta in metas {
            layout.starts.push(rows);
            layout.steps.push(steps);
            rows += u64::from(meta.rows);
            steps += (meta.rows as usize).div_ceil(STEP);
            layout.dated += u64::from(meta.dated);
        }
        layout.starts.push(rows);
        layout.steps.push(steps);
        layout
    }

    /// Rows of a chunk.
    pub(crate) fn rows(&self, chunk: usize) -> usize {
        (self.starts[chunk + 1] - self.starts[chunk]) as usize
    }

    /// The chunk that holds a row, and the row in it. The row must exist.
    pub(crate) fn place(&self, row: u64) -> (usize, usize) {
        let chunk = self.starts.partition_point(|s| *s <= row) - 1;
        (chunk, (row - self.starts[chunk]) as usize)
    }
}

impl SegmentMask {
    /// Counts the sets once.
    pub(crate) fn new(chunks: Vec<Bits>, layout: Arc<Layout>) -> Self {
        let mut before = Vec::with_capacity(layout.steps.last().map_or(1, |s| s + 1));
        let mut total = 0;
        for (chunk, bits) in chunks.iter().enumerate() {
            let rows = layout.rows(chunk);
            for first in (0..rows).step_by(STEP) {
                before.push(total);
                total += bits.count_range(first..(first + STEP).min(rows));
            }
        }
        before.push(total);
        Self {
            chunks,
            layout,
            before,
        }
    }

    /// Number of selected rows.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.before.last().copied().unwrap_or(0)
    }

    /// Whether no row is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of selected rows that have a time.
    #[must_use]
    pub fn dated(&self) -> u64 {
        self.before(self.layout.dated)
    }

    /// Number of selected rows before a row (which may be the row after the last).
    #[must_use]
    pub fn before(&self, row: u64) -> u64 {
        let rows = self.layout.starts.last().copied().unwrap_or(0);
        if row >= rows {
            return self.len();
        }
        let (chunk, at) = self.layout.place(row);
        let step = at / STEP;
        self.before[self.layout.steps[chunk] + step]
            + self.chunks[chunk].count_range(step * STEP..at)
    }

    /// Number of selected rows of a chunk.
    #[must_use]
    pub fn in_chunk(&self, chunk: usize) -> u64 {
        self.before[self.layout.steps[chunk + 1]] - self.before[self.layout.steps[chunk]]
    }

    /// Whether a row is selected.
    #[must_use]
    pub fn has(&self, row: u64) -> bool {
        let (chunk, at) = self.layout.place(row);
        self.chunks[chunk].has(at)
    }

    /// The chunk that holds a row, and the rows of that chunk.
    pub(crate) fn chunk_of(&self, row: u64) -> (usize, Range<u64>) {
        let (chunk, _) = self.layout.place(row);
        let starts = &self.layout.starts;
        (chunk, starts[chunk]..starts[chunk + 1])
    }

    /// The first selected row of a range.
    pub(crate) fn first_in(&self, range: Range<u64>) -> Option<u64> {
        if range.is_empty() {
            return None;
        }
        let (first, mut at) = self.layout.place(range.start);
        for chunk in first..self.chunks.len() {
            let start = self.layout.starts[chunk];
            if start >= range.end {
                return None;
            }
            let end = (range.end - start).min(self.layout.rows(chunk) as u64) as usize;
            if let Some(row) = self.chunks[chunk].next(at, end) {
                return Some(start + row as u64);
            }
            at = 0;
        }
        None
    }

    /// The last selected row of a range.
    pub(crate) fn last_in(&self, range: Range<u64>) -> Option<u64> {
        if range.is_empty() {
            return None;
        }
        let (last, _) = self.layout.place(range.end - 1);
        for chunk in (0..=last).rev() {
            let start = self.layout.starts[chunk];
            let end = (range.end - start).min(self.layout.rows(chunk) as u64) as usize;
            if let Some(row) = self.chunks[chunk].last(end) {
                return Some(start + row as u64).filter(|row| *row >= range.start);
            }
            if start <= range.start {
                return None;
            }
        }
        None
    }
}

/// The selected rows of a snapshot, in the order of its segments.
#[derive(Clone, Debug, Default)]
pub struct Mask {
    /// One for each segment of the snapshot.
    pub segments: Vec<SegmentMask>,
}

impl Mask {
    /// Number of selected events, undated ones included.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.segments.iter().map(SegmentMask::len).sum()
    }

    /// Whether nothing is selected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.segments.iter().all(SegmentMask::is_empty)
    }

    /// Number of selected events that have no time.
    #[must_use]
    pub fn undated(&self) -> u64 {
        self.segments.iter().map(|s| s.len() - s.dated()).sum()
    }

    /// Rows in both masks, which must be of one snapshot.
    pub(crate) fn and(&self, other: &Self) -> Self {
        self.join(other, Bits::and)
    }

    /// Rows of this mask that are not in the other; both must be of one snapshot.
    pub(crate) fn and_not(&self, other: &Self) -> Self {
        self.join(other, Bits::and_not)
    }

    fn join(&self, other: &Self, both: impl Fn(Bits, Bits, usize) -> Bits) -> Self {
        let segments = self.segments.iter().zip(&other.segments);
        let joined = segments.map(|(a, b)| {
            let chunks = a.chunks.iter().zip(&b.chunks).enumerate();
            let chunks =
                chunks.map(|(chunk, (x, y))| both(x.clone(), y.clone(), a.layout.rows(chunk)));
            SegmentMask::new(chunks.collect(), Arc::clone(&a.layout))
        });
        Self {
            segments: joined.collect(),
        }
    }
}
