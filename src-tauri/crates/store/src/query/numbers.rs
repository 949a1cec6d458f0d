//! Sets of event numbers, and the rows that they are.
//!
//! Owns: the bitmap of numbers (overlays speak of events by number) and finding rows by number. Never touches: what the
//! numbers mean.

use super::{
    bits::Bits,
    caches::{Caches, NumberRange},
    snapshot::{RowRef, Segment, Snapshot},
};
use crate::Result;

/// A set of event numbers, one bit a number between the least and the greatest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Numbers {
    low: u64,
    words: Vec<u64>,
}

impl Numbers {
    /// From numbers in any order.
    pub(crate) fn of(numbers: &[u64]) -> Self {
        let (Some(low), Some(high)) = (numbers.iter().min(), numbers.iter().max()) else {
            return Self::default();
        };
        let mut set = Self {
            low: *low,
            words: vec![0; ((high - low) / 64 + 1) as usize],
        };
        for number in numbers {
            let at = number - low;
            set.words[(at / 64) as usize] |= 1 << (at % 64);
        }
        set
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    pub(crate) fn has(&self, number: u64) -> bool {
        number.checked_sub(self.low).is_some_and(|at| {
            self.words
                .get((at / 64) as usize)
                .is_some_and(|word| word >> (at % 64) & 1 == 1)
        })
    }

    /// Whether a number of the set may lie in the range.
    fn meets(&self, (low, high): NumberRange) -> bool {
        high >= self.low && low < self.low.saturating_add(self.words.len() as u64 * 64)
    }

    /// The rows of a chunk whose event is in the set.
    pub(crate) fn rows(
        &self,
        segment: &Segment,
        chunk: usize,
        within: &Bits,
        caches: &Caches,
    ) -> Result<Bits> {
        if self.is_empty() || !self.meets(ranges(segment, caches)?[chunk]) {
            return Ok(Bits::None);
        }
        let numbers = segment.columns.numbers(chunk)?;
        let rows = segment.layout.rows(chunk);
        Ok(match within {
            Bits::Some(_) => Bits::collect(rows, |row| within.has(row) && self.has(numbers[row])),
            _ => Bits::collect(rows, |row| self.has(numbers[row])),
        })
    }
}

/// The least and the greatest number of each chunk.
fn ranges(segment: &Segment, caches: &Caches) -> Result<std::sync::Arc<[NumberRange]>> {
    caches.numbers(segment.id, || {
        (0..segment.columns.chunks().len())
            .map(|chunk| {
                let numbers = segment.columns.numbers(chunk)?;
                let low = numbers.iter().copied().min().unwrap_or(u64::MAX);
                Ok((low, numbers.iter().copied().max().unwrap_or(0)))
            })
            .collect()
    })
}

/// Where an event stands; absent when no segment holds a row of it that may be seen. Other rows with its number are
/// those of earlier readings of its source.
pub(crate) fn find(snapshot: &Snapshot, caches: &Caches, number: u64) -> Result<Option<RowRef>> {
    for (at, segment) in snapshot.segments.iter().enumerate() {
        for (chunk, (low, high)) in ranges(segment, caches)?.iter().enumerate() {
            if !(*low..=*high).contains(&number) {
                continue;
            }
            let numbers = segment.columns.numbers(chunk)?;
            if let Some(row) = numbers.iter().position(|n| *n == number)
                && segment.visible(chunk).has(row)
            {
                return Ok(Some(RowRef {
                    segment: at as u32,
                    row: segment.layout.starts[chunk] + row as u64,
                }));
            }
        }
    }
    Ok(None)
}
