//! How often each value of an axis stands in the selected events, and when first and last.
//!
//! Owns: counts with their first and last moment, for values and for pairs of values. Never touches: which events are
//! selected. Rows of a segment lie in time order, so the first row met is the first moment.

use std::{collections::HashMap, sync::Arc};

use rayon::prelude::*;
use witnessmark_model::Instant;

use super::{
    Query,
    axis::{Axis, Values},
    bits::Bits,
    mask::Mask,
};
use crate::{
    Result,
    segment::{Codes, Column},
};

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
pub type Pairs = HashMap<(u32, u32), Tally, foldhash::fast::FixedState>;

impl Query<'_> {
    /// The values of an axis in the selected events, in the order of their numbers.
    pub fn tally(&self, mask: &Mask, axis: Axis) -> Result<Vec<Tally>> {
        let values = self.values(axis)?;
        let parts: Result<Vec<Vec<Tally>>> = (0..mask.segments.len())
            .into_par_iter()
            .map(|s| self.segment_tally(mask, s, axis, &values))
            .collect();
        let mut totals = vec![Tally::default(); values.len()];
        for part in parts? {
            for found in part {
                let total = &mut totals[found.number as usize];
                total.number = found.number;
                total.join(&found);
            }
        }
        totals.retain(|t| t.count > 0 && t.number > 0);
        Ok(totals)
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
        // Count, first dated row plus one, last dated row plus one, last row plus one: by code.
        let mut seen = vec![[0_u32; 4]; values.codes(s)];
        let dated = segment.dated_rows().end as u32;
        for chunk in 0..segment.columns.chunks().len() {
            let bits = &mask.chunks[chunk];
            if bits.is_none() {
                continue;
            }
            let start = segment.layout.starts[chunk] as u32;
            let mut one = |code: u32, row: u32| {
                let at = &mut seen[code as usize];
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
            };
            let column = self.axis_column(axis, values, s, chunk)?;
            each_code(&column, bits, segment.layout.rows(chunk), |row, code| {
                if code != 0 {
                    one(code, start + row as u32);
                }
            });
        }
        if axis == Axis::Record && several_codes(&seen, values, s) {
            return self.record_tally(mask, s, values);
        }
        let mut found: Vec<Tally> = Vec::new();
        for (code, [count, first, last, _]) in (0_u32..).zip(&seen) {
            if *count == 0 {
                continue;
            }
            let moment = |mark: u32| match mark {
                0 => Ok(None),
                mark => segment.time(u64::from(mark - 1)),
            };
            found.push(Tally {
                number: values.number(s, code),
                count: u64::from(*count),
                first: moment(*first)?.map(Instant),
                last: moment(*last)?.map(Instant),
            });
        }
        Ok(found)
    }

    /// Records that stand under several names: a row that holds two of the names holds the record once.
    fn record_tally(
        &self,
        mask: &super::mask::SegmentMask,
        s: usize,
        values: &Values,
    ) -> Result<Vec<Tally>> {
        let segment = &self.snapshot.segments[s];
        let mut found: HashMap<u32, (Tally, u64), foldhash::fast::FixedState> = HashMap::default();
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
        let mut found = Pairs::default();
        let mut marks: HashMap<(u32, u32), usize, foldhash::fast::FixedState> = HashMap::default();
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

    /// For each value of an axis, by number, how many persons there are beside it at least, in any event of the case:
    /// the most actors that any one system names with it. One person's accounts in five systems are not five people.
    pub fn actors_beside(&self, axis: Axis) -> Result<Arc<[u32]>> {
        let ids: Vec<u64> = self.snapshot.segments.iter().map(|s| s.id).collect();
        let merges = self.facts.merges()?;
        self.caches.beside(axis, ids, &merges, || {
            let (values, identities) = (self.values(axis)?, self.values(Axis::Identity)?);
            let actors = self.values(Axis::Actor)?;
            let (system, actor_of) = systems(&identities, &actors);
            let parts: Result<Vec<Vec<u64>>> = (0..self.snapshot.segments.len())
                .into_par_iter()
                .map(|s| {
                    let local = self.beside_of_segment(axis, &values, &identities, s)?;
                    let mut pairs: Vec<u64> = local
                        .iter()
                        .map(|key| {
                            let value = values.number(s, (key >> 32) as u32);
                            let identity = identities.number(s, *key as u32);
                            u64::from(value) << 32 | u64::from(identity)
                        })
                        .collect();
                    pairs.sort_unstable();
                    pairs.dedup();
                    Ok(pairs)
                })
                .collect();
            let mut pairs = parts?.concat();
            pairs.sort();
            pairs.dedup();
            let mut counts = vec![0_u32; values.len()];
            let mut of_value: Vec<(u32, u32)> = Vec::new();
            for run in pairs.chunk_by(|a, b| a >> 32 == b >> 32) {
                of_value.clear();
                let known = run
                    .iter()
                    .map(|pair| *pair as u32 as usize)
                    .filter(|i| *i != 0);
                of_value.extend(known.map(|identity| (system[identity], actor_of[identity])));
                of_value.sort_unstable();
                of_value.dedup();
                let by_system = of_value.chunk_by(|a, b| a.0 == b.0);
                counts[(run[0] >> 32) as usize] =
                    by_system.map(|s| s.len() as u32).max().unwrap_or(0);
            }
            counts[0] = 0;
            Ok(counts)
        })
    }

    /// Distinct pairs of codes (value, identity) of one segment, value in the upper half.
    fn beside_of_segment(
        &self,
        axis: Axis,
        values: &Values,
        identities: &Values,
        s: usize,
    ) -> Result<Vec<u64>> {
        let segment = &self.snapshot.segments[s];
        let mut pairs: Vec<u64> = Vec::new();
        let mut settled = 0;
        for chunk in 0..segment.columns.chunks().len() {
            let visible = segment.visible(chunk);
            if visible.is_none() {
                continue;
            }
            let column = self.axis_column(axis, values, s, chunk)?;
            let who = self.axis_column(Axis::Identity, identities, s, chunk)?;
            each_code(
                &column,
                &visible,
                segment.layout.rows(chunk),
                |row, code| {
                    let actor = super::facets::codes_of(&who, row).next().unwrap_or(0);
                    if code != 0 && actor != 0 {
                        pairs.push(u64::from(code) << 32 | u64::from(actor));
                    }
                },
            );
            // Repeats are thrown away now and then, so that memory follows the distinct pairs and not the rows.
            if pairs.len() > 2 * settled + (1 << 20) {
                pairs.sort_unstable();
                pairs.dedup();
                settled = pairs.len();
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        Ok(pairs)
    }
}

/// For each number of an identity: a number of its system, and its actor.
fn systems(identities: &Values, actors: &Values) -> (Vec<u32>, Vec<u32>) {
    let all = identities.identities();
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut system = vec![0; all.len() + 1];
    for (at, identity) in all.iter().enumerate() {
        let next = numbers.len() as u32;
        system[at + 1] = *numbers.entry(&identity.key.provider).or_insert(next);
    }
    let mut actor_of = vec![0; all.len() + 1];
    for actor in 1..actors.len() as u32 {
        for at in actors.members(actor) {
            actor_of[*at as usize + 1] = actor;
        }
    }
    (system, actor_of)
}

/// Whether one value stands under several of the codes that were met, as a record does that changed its name.
fn several_codes(seen: &[[u32; 4]], values: &Values, s: usize) -> bool {
    let met = (1..seen.len() as u32).filter(|code| seen[*code as usize][0] > 0);
    let mut numbers: Vec<u32> = met.map(|code| values.number(s, code)).collect();
    numbers.sort_unstable();
    numbers.windows(2).any(|w| w[0] == w[1])
}

/// Calls `visit` with each selected row of a chunk and each code it holds, 0 for a row or element without one.
pub(crate) fn each_code(
    column: &Column,
    bits: &Bits,
    rows: usize,
    mut visit: impl FnMut(usize, u32),
) {
    match column {
        Column::Absent => {}
        Column::One(codes) => match &**codes {
            Codes::U8(c) => bits.each_in(0..rows, |row| visit(row, u32::from(c[row]))),
            Codes::U16(c) => bits.each_in(0..rows, |row| visit(row, u32::from(c[row]))),
            Codes::U32(c) => bits.each_in(0..rows, |row| visit(row, c[row])),
        },
        Column::Many { offsets, codes } => bits.each_in(0..rows, |row| {
            for at in offsets[row] as usize..offsets[row + 1] as usize {
                visit(row, codes.get(at));
            }
        }),
    }
}
