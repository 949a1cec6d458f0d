//! Selected events by number.
//!
//! Owns: the order in which the events of a case were numbered, over segments. Never touches: time order (`view` does).
//! Segments of one import hold ranges of numbers that seldom overlap, so only the segments that overlap are in memory at
//! a time.

use super::{Query, mask::Mask, snapshot::RowRef};
use crate::Result;

/// Selected rows in rising order of event number, a few segments at a time.
pub struct Sequence {
    /// Segments that are still to come: least and greatest number, position; the last one comes next.
    waiting: Vec<(u64, u64, usize)>,
    /// Rows that are ready, the next one last.
    ready: Vec<(u64, RowRef)>,
}

impl Query<'_> {
    /// Begins to walk through the selected events by number.
    pub fn sequence(&self, mask: &Mask) -> Result<Sequence> {
        let mut waiting = Vec::new();
        for (position, segment) in self.snapshot.segments.iter().enumerate() {
            let selected = mask.segments.get(position).is_some_and(|m| !m.is_empty());
            if !selected {
                continue;
            }
            let (mut least, mut greatest) = (u64::MAX, 0);
            for chunk in 0..segment.columns.chunks().len() {
                let numbers = segment.columns.numbers(chunk)?;
                least = numbers.iter().copied().min().unwrap_or(u64::MAX).min(least);
                greatest = numbers.iter().copied().max().unwrap_or(0).max(greatest);
            }
            waiting.push((least, greatest, position));
        }
        waiting.sort_unstable_by(|a, b| b.cmp(a));
        Ok(Sequence {
            waiting,
            ready: Vec::new(),
        })
    }
}

impl Sequence {
    /// The next rows, at most `n`; none when all were given. Query and mask are those that the walk began with.
    pub fn next(&mut self, query: &Query<'_>, mask: &Mask, n: usize) -> Result<Vec<RowRef>> {
        let mut out = Vec::with_capacity(n);
        while out.len() < n {
            if self.ready.is_empty() && !self.load(query, mask)? {
                break;
            }
            let take = (n - out.len()).min(self.ready.len());
            out.extend(
                self.ready
                    .drain(self.ready.len() - take..)
                    .rev()
                    .map(|(_, row)| row),
            );
        }
        Ok(out)
    }

    /// Loads the segment that comes next and those whose numbers mingle with it.
    fn load(&mut self, query: &Query<'_>, mask: &Mask) -> Result<bool> {
        let Some((_, mut greatest, position)) = self.waiting.pop() else {
            return Ok(false);
        };
        let mut positions = vec![position];
        while let Some((least, end, position)) = self.waiting.last().copied()
            && least <= greatest
        {
            greatest = greatest.max(end);
            positions.push(position);
            self.waiting.pop();
        }
        for position in positions {
            let segment = &query.snapshot.segments[position];
            let mut row = 0;
            for chunk in 0..segment.columns.chunks().len() {
                for number in segment.columns.numbers(chunk)?.iter() {
                    if mask.segments[position].has(row) {
                        let segment = position as u32;
                        self.ready.push((*number, RowRef { segment, row }));
                    }
                    row += 1;
                }
            }
        }
        self.ready.sort_unstable_by_key(|r| std::cmp::Reverse(r.0));
        Ok(true)
    }
}
