//! How often each value of an axis stands in the selected events, and when first and last.
//!
//! Owns: counts with their first and last moment, for values and for pairs of values. Never touches: which events are
//! selected. Rows of a segment lie in time order, so the first row met is the first moment.

use std::collections::HashMap;

use rayon::prelude::*;
use witnessmark_model::Instant;

use super::{
    Query,
    axis::{Axis, Values},
    each::{each_code, each_pair},
    mask::{Mask, SegmentMask},
    snapshot::Segment,
};
use crate::{Result, segment::Column};

/// One value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Its number in [`Values`].
    pub number: u32,
    /// Selected events that hold it, undated ones included; each counts once.
    pub count: u64,
    /// First moment; absent when every such event is undated.
    pub first: Option<Instant>,
    /// Last moment.
    pub last: Option<Instant>,
}

impl Tally {
    fn join(&mut self, other: &Self) {
        self.count += other.count;
        self.first = match (self.first, other.first) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.last = self.last.max(other.last);
    }
}

/// Two values and the events that hold both.
pub type Pairs = Quick<(u32, u32), Tally>;

type Quick<K, V> = HashMap<K, V, foldhash::fast::FixedState>;

/// Selected rows of a segment below this share of its codes are counted by what they hold, not by what there is: a
/// person's page must not cost what the whole case holds.
const FEW: u64 = 4;

/// Cells of a table of pairs of codes; above, only the pairs that are met are held.
const CELLS: usize = 1 << 21;

/// Count, first dated row plus one, last dated row plus one, last row plus one.
type Marks = [u32; 4];

/// What was met of each code of a segment.
enum Met {
    All(Vec<Marks>),
    Few(Quick<u32, Marks>),
}

impl Met {
    fn new(codes: usize, rows: u64) -> Self {
        if rows.saturating_mul(FEW) < codes as u64 {
            Self::Few(Quick::default())
        } else {
            Self::All(vec![Marks::default(); codes])
        }
    }

    #[inline]
    fn add(&mut self, code: u32, row: u32, dated: u32) {
        let at = match self {
            Self::All(codes) => &mut codes[code as usize],
            Self::Few(codes) => codes.entry(code).or_default(),
        };
        let mark = row + 1;
        if at[3] == mark {
            return;
        }
        at[3] = mark;
        at[0] += 1;
        if row < dated {
            if at[1] == 0 {
                at[1] = mark;
            }
            at[2] = mark;
        }
    }

    /// The codes that were met.
    fn into_codes(self) -> Vec<(u32, Marks)> {
        match self {
            Self::All(codes) => ((0_u32..).zip(codes)).filter(|(_, m)| m[0] > 0).collect(),
            Self::Few(codes) => codes.into_iter().collect(),
        }
    }
}

/// The moments of rows of one segment, with the times of each chunk at hand.
struct Moments<'s> {
    segment: &'s Segment,
    times: Vec<std::sync::Arc<[i64]>>,
}

impl<'s> Moments<'s> {
    fn of(segment: &'s Segment, mask: &SegmentMask) -> Result<Self> {
        let times = (0..mask.chunks.len()).map(|chunk| match mask.chunks[chunk].is_none() {
            true => Ok(std::sync::Arc::from([])),
            false => segment.columns.times(chunk),
        });
        Ok(Self {
            segment,
            times: times.collect::<Result<_>>()?,
        })
    }

    /// The moment of a row that is given as one more; absent for 0.
    fn at(&self, mark: u32) -> Option<Instant> {
        let row = u64::from(mark.checked_sub(1)?);
        let (chunk, at) = self.segment.layout.place(row);
        self.times[chunk].get(at).copied().map(Instant)
    }
}

/// Tallies of several segments brought together, in the order of their numbers.
fn joined(parts: Vec<Vec<Tally>>, values: usize) -> Vec<Tally> {
    let met: usize = parts.iter().map(Vec::len).sum();
    if (met as u64).saturating_mul(FEW) < values as u64 {
        let mut all: Vec<Tally> = parts.concat();
        all.retain(|t| t.number > 0);
        all.sort_unstable_by_key(|t| t.number);
        all.dedup_by(|later, kept| {
            let same = later.number == kept.number;
            if same {
                kept.join(later);
            }
            same
        });
        return all;
    }
    let mut totals = vec![Tally::default(); values];
    for found in parts.into_iter().flatten() {
        let total = &mut totals[found.number as usize];
        total.number = found.number;
        total.join(&found);
    }
    totals.retain(|t| t.count > 0 && t.number > 0);
    totals
}

impl Query<'_> {
    /// The values of an axis in the selected events, in the order of their numbers.
    pub fn tally(&self, mask: &Mask, axis: Axis) -> Result<Vec<Tally>> {
        let values = self.values(axis)?;
        let parts: Result<Vec<Vec<Tally>>> = (0..mask.segments.len())
            .into_par_iter()
            .map(|s| self.segment_tally(mask, s, axis, &values))
            .collect();
        Ok(joined(parts?, values.len()))
    }

    fn segment_tally(
        &self,
        mask: &Mask,
        s: usize,
        axis: Axis,
        values: &Values,
    ) -> Result<Vec<Tally>> {
        let (segment, mask) = (&self.snapshot.segments[s], &mask.segments[s]);
        if mask.is_empty() {
            return Ok(Vec::new());
        }
        let mut met = Met::new(values.codes(s), mask.len());
        let dated = segment.dated_rows().end as u32;
        for chunk in 0..segment.columns.chunks().len() {
            let bits = &mask.chunks[chunk];
            if bits.is_none() {
                continue;
            }
            let start = segment.layout.starts[chunk] as u32;
            let column = self.axis_column(axis, values, s, chunk)?;
            each_code(&column, bits, segment.layout.rows(chunk), |row, code| {
                if code != 0 {
                    met.add(code, start + row as u32, dated);
                }
            });
        }
        let met = met.into_codes();
        if axis == Axis::Record && several_codes(&met, values, s) {
            return self.record_tally(mask, s, values);
        }
        let moments = Moments::of(segment, mask)?;
        let found = met
            .into_iter()
            .map(|(code, [count, first, last, _])| Tally {
                number: values.number(s, code),
                count: u64::from(count),
                first: moments.at(first),
                last: moments.at(last),
            });
        Ok(found.collect())
    }

    /// Records that stand under several names: a row that holds two of the names holds the record once.
    fn record_tally(&self, mask: &SegmentMask, s: usize, values: &Values) -> Result<Vec<Tally>> {
        let segment = &self.snapshot.segments[s];
        let mut found: Quick<u32, (Tally, u64)> = Quick::default();
        for chunk in 0..segment.columns.chunks().len() {
            let bits = &mask.chunks[chunk];
            if bits.is_none() {
                continue;
            }
            let times = segment.columns.times(chunk)?;
            let start = segment.layout.starts[chunk];
            let column = self.axis_column(Axis::Record, values, s, chunk)?;
            each_code(&column, bits, segment.layout.rows(chunk), |row, code| {
                let number = values.number(s, code);
                let at = found.entry(number).or_default();
                let mark = start + row as u64 + 1;
                if number == 0 || at.1 == mark {
                    return;
                }
                at.1 = mark;
                let moment = times.get(row).copied().map(Instant);
                at.0.join(&Tally {
                    number,
                    count: 1,
                    first: moment,
                    last: moment,
                });
                at.0.number = number;
            });
        }
        Ok(found.into_values().map(|(tally, _)| tally).collect())
    }

    /// Pairs of values of two axes that stand in one event. An event counts once for each distinct pair.
    pub fn pairs(&self, mask: &Mask, a: Axis, b: Axis) -> Result<Pairs> {
        let (left, right) = (self.values(a)?, self.values(b)?);
        let parts: Result<Vec<Pairs>> = (0..mask.segments.len())
            .into_par_iter()
            .map(|s| self.segment_pairs(mask, s, (a, &left), (b, &right)))
            .collect();
        let mut parts = parts?.into_iter();
        let mut all = parts.next().unwrap_or_default();
        for part in parts {
            for (key, found) in part {
                all.entry(key).or_default().join(&found);
            }
        }
        Ok(all)
    }

    fn segment_pairs(
        &self,
        mask: &Mask,
        s: usize,
        (a, left): (Axis, &Values),
        (b, right): (Axis, &Values),
    ) -> Result<Pairs> {
        let (segment, mask) = (&self.snapshot.segments[s], &mask.segments[s]);
        if mask.is_empty() {
            return Ok(Pairs::default());
        }
        let cells = left.codes(s).saturating_mul(right.codes(s));
        if cells <= CELLS
            && mask.len().saturating_mul(FEW) >= cells as u64
            && let Some(found) = self.table_of_pairs(mask, s, (a, left), (b, right))?
        {
            return Ok(found);
        }
        let mut found = Pairs::default();
        let mut marks: Quick<(u32, u32), usize> = Quick::default();
        for chunk in 0..segment.columns.chunks().len() {
            let bits = &mask.chunks[chunk];
            if bits.is_none() {
                continue;
            }
            marks.clear();
            let times = segment.columns.times(chunk)?;
            let one = self.axis_column(a, left, s, chunk)?;
            let two = self.axis_column(b, right, s, chunk)?;
            let lists = matches!(one, Column::Many { .. }) || matches!(two, Column::Many { .. });
            bits.each_in(0..segment.layout.rows(chunk), |row| {
                for x in super::facets::codes_of(&one, row) {
                    let x = left.number(s, x);
                    if x == 0 {
                        continue;
                    }
                    for y in super::facets::codes_of(&two, row) {
                        let y = right.number(s, y);
                        if y == 0 || (lists && marks.insert((x, y), row + 1) == Some(row + 1)) {
                            continue;
                        }
                        let moment = times.get(row).copied().map(Instant);
                        let at = found.entry((x, y)).or_default();
                        at.count += 1;
                        at.first = at.first.or(moment);
                        at.last = moment.or(at.last);
                    }
                }
            });
        }
        Ok(found)
    }

    /// As [`Query::segment_pairs`], in a table with a cell for each pair of codes; absent where one of the two is a list.
    fn table_of_pairs(
        &self,
        mask: &SegmentMask,
        s: usize,
        (a, left): (Axis, &Values),
        (b, right): (Axis, &Values),
    ) -> Result<Option<Pairs>> {
        let segment = &self.snapshot.segments[s];
        let dated = segment.dated_rows().end as u32;
        let wide = right.codes(s);
        let mut cells = vec![[0_u32; 3]; left.codes(s) * wide];
        let single = |column: &Column| !matches!(column, Column::Many { .. });
        for chunk in 0..segment.columns.chunks().len() {
            let bits = &mask.chunks[chunk];
            if bits.is_none() {
                continue;
            }
            let one = self.axis_column(a, left, s, chunk)?;
            let two = self.axis_column(b, right, s, chunk)?;
            if !single(&one) || !single(&two) {
                return Ok(None);
            }
            let rows = segment.layout.rows(chunk);
            let start = segment.layout.starts[chunk] as u32;
            each_pair(&one, &two, bits, rows, |row, x, y| {
                let cell = &mut cells[x as usize * wide + y as usize];
                cell[0] += 1;
                let mark = start + row as u32 + 1;
                if mark <= dated {
                    if cell[1] == 0 {
                        cell[1] = mark;
                    }
                    cell[2] = mark;
                }
            });
        }
        let moments = Moments::of(segment, mask)?;
        let mut found = Pairs::default();
        for (at, [count, first, last]) in cells.into_iter().enumerate() {
            let number = |values: &Values, code: usize| values.number(s, code as u32);
            let key = (number(left, at / wide), number(right, at % wide));
            if count == 0 || key.0 == 0 || key.1 == 0 {
                continue;
            }
            found.entry(key).or_default().join(&Tally {
                number: 0,
                count: u64::from(count),
                first: moments.at(first),
                last: moments.at(last),
            });
        }
        Ok(Some(found))
    }
}

/// Whether one value stands under several of the codes that were met, as a record does that changed its name.
fn several_codes(met: &[(u32, Marks)], values: &Values, s: usize) -> bool {
    let mut numbers: Vec<u32> = (met.iter())
        .map(|(code, _)| values.number(s, *code))
        .collect();
    numbers.sort_unstable();
    numbers.windows(2).any(|w| w[0] == w[1])
}
