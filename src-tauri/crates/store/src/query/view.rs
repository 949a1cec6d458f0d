//! The selected events in order: pages by rank, ranks of events and of moments.
//!
//! Owns: the order over all segments, which is (time, event number) with undated events last in both directions, and
//! finding any place in it without walking to it. Never touches: which events are selected.
//!
//! A page is found by two bisections, over time and then over event numbers among equal times, each counting selected
//! rows in every segment; then the segments are merged from there. So a page costs the same wherever it lies.

use std::{cmp::Reverse, collections::BinaryHeap, ops::Range, sync::Arc};

use witnessmark_model::Instant;

use super::{
    Query,
    mask::Mask,
    numbers,
    snapshot::{RowRef, Snapshot},
};
use crate::Result;

/// The direction of a view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Order {
    /// Latest first; among equal times the greatest event number first. Undated events follow, greatest number first.
    #[default]
    Newest,
    /// Earliest first; among equal times the least event number first. Undated events follow, least number first.
    Oldest,
}

/// Where a row stands among all: time, event number; then its segment and row, which never decide.
type Key = (i64, u64, usize, u64);

/// Selected events in order.
#[derive(Clone)]
pub struct View {
    snapshot: Arc<Snapshot>,
    mask: Arc<Mask>,
    order: Order,
    undated: u64,
    len: u64,
}

impl View {
    /// A view of the rows of a mask, which must have been made from this snapshot.
    #[must_use]
    pub fn new(snapshot: Arc<Snapshot>, mask: Arc<Mask>, order: Order) -> Self {
        let (len, undated) = (mask.len(), mask.undated());
        Self {
            snapshot,
            mask,
            order,
            undated,
            len,
        }
    }

    /// The order of its rows.
    #[must_use]
    pub const fn order(&self) -> Order {
        self.order
    }

    /// Number of events.
    #[must_use]
    pub const fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is no event.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Number of events without a time; they are the last ones.
    #[must_use]
    pub const fn undated(&self) -> u64 {
        self.undated
    }

    /// The selected rows.
    #[must_use]
    pub const fn mask(&self) -> &Arc<Mask> {
        &self.mask
    }

    const fn dated(&self) -> u64 {
        self.len - self.undated
    }

    /// At most `n` rows from rank `first` (from 0); fewer at the end.
    pub fn rows(&self, first: u64, n: usize) -> Result<Vec<RowRef>> {
        let end = first.saturating_add(n as u64).min(self.len);
        let first = first.min(end);
        let dated = self.dated();
        let mut rows = self.part(true, first.min(dated)..end.min(dated))?;
        rows.extend(self.part(false, first.max(dated) - dated..end.max(dated) - dated)?);
        Ok(rows)
    }

    /// Ranks of the dated or of the undated part, in the order of the view.
    fn part(&self, dated: bool, ranks: Range<u64>) -> Result<Vec<RowRef>> {
        if ranks.is_empty() {
            return Ok(Vec::new());
        }
        let many = (ranks.end - ranks.start) as usize;
        match self.order {
            Order::Oldest => self.rising(dated, ranks.start, many),
            Order::Newest => {
                let all = if dated { self.dated() } else { self.undated };
                let mut rows = self.rising(dated, all - ranks.end, many)?;
                rows.reverse();
                Ok(rows)
            }
        }
    }

    /// The rows of one part from a rank on, earliest first.
    fn rising(&self, dated: bool, rank: u64, many: usize) -> Result<Vec<RowRef>> {
        let mut ranges = self.parts(dated);
        let mut rank = rank;
        if dated {
            self.narrow_by_time(&mut ranges, &mut rank)?;
        }
        let starts = self.narrow_by_number(&ranges, rank)?;
        self.merge(dated, starts, many)
    }

    /// The dated or the undated rows of each segment.
    fn parts(&self, dated: bool) -> Vec<Range<u64>> {
        let segments = self.snapshot.segments.iter();
        segments
            .map(|s| {
                if dated {
                    s.dated_rows()
                } else {
                    s.undated_rows()
                }
            })
            .collect()
    }

    /// Selected rows of a segment among those of a range.
    fn selected(&self, segment: usize, rows: &Range<u64>) -> u64 {
        let mask = &self.mask.segments[segment];
        mask.before(rows.end) - mask.before(rows.start)
    }

    /// Narrows the ranges to the rows of the one time at which the rank lies, and the rank to the rank among them.
    fn narrow_by_time(&self, ranges: &mut [Range<u64>], rank: &mut u64) -> Result<()> {
        let (mut low, mut high) = (i128::from(i64::MAX), i128::from(i64::MIN));
        for (s, segment) in self.snapshot.segments.iter().enumerate() {
            let mask = &self.mask.segments[s];
            let first = mask.first_in(ranges[s].clone());
            let last = mask.last_in(ranges[s].clone());
            let (Some(first), Some(last)) = (first, last) else {
                ranges[s] = 0..0;
                continue;
            };
            ranges[s] = first..last + 1;
            low = low.min(segment.time(first)?.map_or(low, i128::from));
            high = high.max(segment.time(last)?.map_or(high, i128::from));
        }
        // The time looked for is in low..=high; rows before `ranges` are earlier and already taken off the rank.
        while low < high {
            let middle = (low + high).div_euclid(2);
            let ends = self.ends(ranges, |s, range| {
                self.snapshot.segments[s].first_at_time(middle + 1, range)
            })?;
            let before: u64 = (ranges.iter().zip(&ends).enumerate())
                .map(|(s, (range, end))| self.selected(s, &(range.start..*end)))
                .sum();
            for (range, end) in ranges.iter_mut().zip(ends) {
                if *rank < before {
                    range.end = end;
                } else {
                    range.start = end;
                }
            }
            if *rank < before {
                high = middle;
            } else {
                low = middle + 1;
                *rank -= before;
            }
        }
        Ok(())
    }

    /// The row of each segment with which the merge begins, given ranges of equal times and a rank among them.
    fn narrow_by_number(&self, ranges: &[Range<u64>], rank: u64) -> Result<Vec<u64>> {
        let mut ranges = ranges.to_vec();
        let mut rank = rank;
        let (mut low, mut high) = (u64::MAX, 0);
        for (s, range) in ranges.iter().enumerate().filter(|(_, r)| !r.is_empty()) {
            let segment = &self.snapshot.segments[s];
            low = low.min(segment.number(range.start)?);
            high = high.max(segment.number(range.end - 1)?);
        }
        while rank > 0 && low < high {
            let middle = low + (high - low) / 2;
            let ends = self.ends(&ranges, |s, range| {
                self.snapshot.segments[s].first_at_number(middle + 1, range)
            })?;
            let before: u64 = (ranges.iter().zip(&ends).enumerate())
                .map(|(s, (range, end))| self.selected(s, &(range.start..*end)))
                .sum();
            let goes_low = rank < before;
            for (range, end) in ranges.iter_mut().zip(ends) {
                if goes_low {
                    range.end = end;
                } else {
                    range.start = end;
                }
            }
            if goes_low {
                high = middle;
            } else {
                low = middle + 1;
                rank -= before;
            }
        }
        Ok(ranges.into_iter().map(|range| range.start).collect())
    }

    fn ends(
        &self,
        ranges: &[Range<u64>],
        end: impl Fn(usize, Range<u64>) -> Result<u64>,
    ) -> Result<Vec<u64>> {
        let each = ranges.iter().enumerate();
        each.map(|(s, range)| {
            if range.is_empty() {
                Ok(range.end)
            } else {
                end(s, range.clone())
            }
        })
        .collect()
    }

    /// Takes the least selected row of all segments, again and again.
    fn merge(&self, dated: bool, starts: Vec<u64>, many: usize) -> Result<Vec<RowRef>> {
        let ends: Vec<u64> = self.parts(dated).into_iter().map(|part| part.end).collect();
        let mut heap = BinaryHeap::with_capacity(starts.len());
        let key = |s: usize, from: u64| -> Result<Option<Reverse<Key>>> {
            let Some(row) = self.mask.segments[s].first_in(from..ends[s]) else {
                return Ok(None);
            };
            let segment = &self.snapshot.segments[s];
            let time = segment.time(row)?.unwrap_or(0);
            Ok(Some(Reverse((time, segment.number(row)?, s, row))))
        };
        for (s, start) in starts.into_iter().enumerate() {
            heap.extend(key(s, start)?);
        }
        let mut rows = Vec::with_capacity(many);
        while rows.len() < many {
            let Some(Reverse((_, _, s, row))) = heap.pop() else {
                break;
            };
            rows.push(RowRef {
                segment: s as u32,
                row,
            });
            heap.extend(key(s, row + 1)?);
        }
        Ok(rows)
    }

    /// The rank of an event; absent when it is not in the view.
    pub fn rank_of(&self, query: &Query<'_>, number: u64) -> Result<Option<u64>> {
        let Some(place) = numbers::find(&self.snapshot, query.caches, number)? else {
            return Ok(None);
        };
        let s = place.segment as usize;
        if !self.mask.segments[s].has(place.row) {
            return Ok(None);
        }
        let time = self.snapshot.segments[s].time(place.row)?;
        let mut before = 0;
        for (s, segment) in self.snapshot.segments.iter().enumerate() {
            let (part, equal) = match time {
                Some(time) => {
                    let part = segment.dated_rows();
                    let first = segment.first_at_time(i128::from(time), part.clone())?;
                    let end = segment.first_at_time(i128::from(time) + 1, first..part.end)?;
                    (part, first..end)
                }
                None => (segment.undated_rows(), segment.undated_rows()),
            };
            let row = segment.first_at_number(number, equal)?;
            before += self.selected(s, &(part.start..row));
        }
        let (offset, all) = match time {
            Some(_) => (0, self.dated()),
            None => (self.dated(), self.undated),
        };
        Ok(Some(match self.order {
            Order::Oldest => offset + before,
            Order::Newest => offset + all - 1 - before,
        }))
    }

    /// The rank of the first event at or after the moment (oldest first), at or before it (newest first). The number of
    /// dated events when there is none.
    pub fn rank_at(&self, time: Instant) -> Result<u64> {
        let at = match self.order {
            Order::Oldest => i128::from(time.0),
            Order::Newest => i128::from(time.0) + 1,
        };
        let mut before = 0;
        for (s, segment) in self.snapshot.segments.iter().enumerate() {
            let row = segment.first_at_time(at, segment.dated_rows())?;
            before += self.mask.segments[s].before(row);
        }
        Ok(match self.order {
            Order::Oldest => before,
            Order::Newest => self.dated() - before,
        })
    }
}

impl Query<'_> {
    /// The first and the last moment of the selected events; absent when none of them has a time.
    pub fn first_last(&self, mask: &Mask) -> Result<Option<(Instant, Instant)>> {
        let mut found: Option<(i64, i64)> = None;
        for (segment, mask) in self.snapshot.segments.iter().zip(&mask.segments) {
            let first = mask.first_in(segment.dated_rows());
            let last = mask.last_in(segment.dated_rows());
            let (Some(first), Some(last)) = (first, last) else {
                continue;
            };
            if let (Some(first), Some(last)) = (segment.time(first)?, segment.time(last)?) {
                found = Some(found.map_or((first, last), |(a, b)| (a.min(first), b.max(last))));
            }
        }
        Ok(found.map(|(first, last)| (Instant(first), Instant(last))))
    }
}
