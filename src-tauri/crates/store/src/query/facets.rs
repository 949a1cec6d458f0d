//! Facets: how often each value of a field stands in the selected events.
//!
//! Owns: exact counts, distinct values and absence, for any field. Never touches: which events are selected. An event
//! that holds a value several times (list fields) counts once for it.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, HashMap},
    sync::Arc,
};

use rayon::prelude::*;
use witnessmark_lens::{contains_folded, query::Test};
use witnessmark_model::{Field, Instant, time::original};

use super::{
    Query,
    bits::Bits,
    counts::{Counter, Rows, unfold},
    globals::Globals,
    mask::Mask,
    numbers::Numbers,
    plan::key,
    scan::Wanted,
    snapshot::{FLAG, Segment},
};
use crate::{Result, segment::Column};

/// One value and the number of selected events that hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FacetValue {
    /// The value.
    pub value: String,
    /// Events, at least 1.
    pub count: u64,
}

/// One field over the selected events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facet {
    /// The field.
    pub field: Field,
    /// Number of distinct values in the selected events, exact.
    pub distinct: u64,
    /// Selected events that have no value.
    pub absent: u64,
    /// Number of distinct values that hold the text of the pick, exact; all of them where it asks for none.
    pub found: u64,
    /// The picked values: by count, greatest first (least first for rare ones), then by bytes.
    pub values: Vec<FacetValue>,
}

/// Which values of a field are given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pick {
    /// At most so many.
    pub limit: usize,
    /// The least frequent instead of the most frequent.
    pub rare: bool,
    /// Only values that contain this text, folded as filters fold theirs; empty: all values.
    pub contains: String,
}

impl From<usize> for Pick {
    fn from(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }
}

/// Order of facet values.
fn by_rank(a: (u64, &str), b: (u64, &str)) -> Ordering {
    Reverse(a.0).cmp(&Reverse(b.0)).then_with(|| a.1.cmp(b.1))
}

impl Query<'_> {
    /// Facets of the fields over the selected events, each with the picked values (a number is the most frequent ones).
    pub fn facets(
        &self,
        mask: &Mask,
        fields: &[Field],
        pick: impl Into<Pick>,
    ) -> Result<Vec<Facet>> {
        let pick = &pick.into();
        // The texts of times are written anew for each row and have their own way.
        let columns: Vec<usize> = (0..fields.len())
            .filter(|f| fields[*f] != Field::EventOriginalTime)
            .collect();
        let counted: Result<Vec<Vec<Vec<u32>>>> = (0..mask.segments.len())
            .into_par_iter()
            .map(|s| {
                self.segment_counts(
                    mask,
                    s,
                    &columns.iter().map(|f| fields[*f]).collect::<Vec<_>>(),
                )
            })
            .collect();
        let mut counts: Vec<Vec<(usize, Vec<u32>)>> = vec![Vec::new(); fields.len()];
        for (s, by_field) in counted?.into_iter().enumerate() {
            for (f, by_code) in columns.iter().zip(by_field) {
                counts[*f].push((s, by_code));
            }
        }
        fields
            .par_iter()
            .zip(counts)
            .map(|(field, counts)| match field {
                Field::EventOriginalTime => self.original_times(mask, pick),
                _ => self.facet(mask, *field, counts, pick),
            })
            .collect()
    }

    /// Counts of one segment for each field by code; code 0 counts the rows without a value.
    fn segment_counts(&self, mask: &Mask, s: usize, fields: &[Field]) -> Result<Vec<Vec<u32>>> {
        let (segment, mask) = (&self.snapshot.segments[s], &mask.segments[s]);
        if mask.is_empty() {
            return Ok(vec![Vec::new(); fields.len()]);
        }
        if mask.len() * 2 <= segment.rows() {
            return count(segment, fields, |chunk| mask.chunks[chunk].clone());
        }
        // More than half: take the totals, which are kept, and count what is missing.
        let totals: Result<Vec<_>> = fields
            .iter()
            .map(|field| {
                self.caches.totals(segment.id, *field, || {
                    Ok(count(segment, &[*field], |_| Bits::All)?.remove(0))
                })
            })
            .collect();
        let totals = totals?;
        if mask.len() == segment.rows() {
            return Ok(totals.iter().map(|t| t.to_vec()).collect());
        }
        let missing = count(segment, fields, |chunk| {
            mask.chunks[chunk].clone().not(segment.layout.rows(chunk))
        })?;
        let pairs = totals.iter().zip(missing);
        Ok(pairs
            .map(|(all, not)| all.iter().zip(not).map(|(all, not)| all - not).collect())
            .collect())
    }

    /// Brings the segments together and takes the first values.
    fn facet(
        &self,
        mask: &Mask,
        field: Field,
        counts: Vec<(usize, Vec<u32>)>,
        pick: &Pick,
    ) -> Result<Facet> {
        let globals = self.globals(field)?;
        let mut absent = 0;
        let mut totals = vec![0_u64; globals.len()];
        for (segment, by_code) in counts {
            absent += u64::from(by_code.first().copied().unwrap_or(0));
            match globals.of_code.get(segment) {
                None => totals
                    .iter_mut()
                    .zip(by_code)
                    .for_each(|(t, c)| *t += u64::from(c)),
                Some(numbers) => {
                    for (number, count) in numbers.iter().zip(by_code) {
                        totals[*number as usize] += u64::from(count);
                    }
                }
            }
        }
        totals[0] = 0;
        let mut extra = Vec::new();
        if field == Field::Problems {
            extra = self.flagged_later(mask, &globals, &mut totals, &mut absent)?;
        }
        let dictionaries: Result<Vec<_>> = (self.snapshot.segments.iter())
            .map(|s| s.columns.dictionary(field))
            .collect();
        let dictionaries = dictionaries?;
        let text = |number: u32| {
            let (segment, code) = globals.place(number);
            dictionaries[segment].text(code)
        };
        let containing = self.containing(field, &pick.contains)?;
        let mut first = First::new(pick);
        let mut distinct = 0;
        for (number, count) in (0_u32..).zip(&totals) {
            if *count == 0 {
                continue;
            }
            distinct += 1;
            let passes = containing.as_ref().is_none_or(|wanted| {
                let (segment, code) = globals.place(number);
                wanted[segment].has(code)
            });
            if passes {
                first.offer(*count, || text(number));
            }
        }
        for (value, count) in &extra {
            distinct += 1;
            first.offer(*count, || value);
        }
        Ok(Facet {
            field,
            distinct,
            absent,
            found: first.found,
            values: first.finish(),
        })
    }

    /// For each segment the codes whose values contain a folded text, found over whole dictionaries at once and kept, so
    /// that a search within millions of values costs no more than the search; absent when every value passes.
    fn containing(&self, field: Field, folded: &str) -> Result<Option<Vec<Arc<Wanted>>>> {
        if folded.is_empty() {
            return Ok(None);
        }
        let test = Test::Contains(folded.to_owned());
        let segments = self.snapshot.segments.iter();
        let wanted = segments.map(|segment| self.wanted(segment, field, &test, &key(&test)));
        wanted.collect::<Result<Vec<_>>>().map(Some)
    }

    /// Adds flags that were put on sealed events later. Gives the values that no dictionary has.
    fn flagged_later(
        &self,
        mask: &Mask,
        globals: &Globals,
        totals: &mut [u64],
        absent: &mut u64,
    ) -> Result<Vec<(String, u64)>> {
        let overlays: Vec<(String, Numbers)> = (self.facts.overlays(FLAG)?.into_iter())
            .map(|o| (o.value, Numbers::of(&o.events)))
            .filter(|(_, set)| !set.is_empty())
            .collect();
        let mut extra: HashMap<String, u64> = HashMap::new();
        for (s, segment) in self.snapshot.segments.iter().enumerate() {
            let dictionary = segment.columns.dictionary(Field::Problems)?;
            for chunk in 0..segment.columns.chunks().len() {
                let within = &mask.segments[s].chunks[chunk];
                let rows = segment.layout.rows(chunk);
                // The rows that were given a first value by an earlier overlay of this loop.
                let mut given = Bits::None;
                for (value, set) in &overlays {
                    let flagged = set
                        .rows(segment, chunk, within, self.caches)?
                        .and(within.clone(), rows);
                    if flagged.is_none() {
                        continue;
                    }
                    let column = segment.columns.column(Field::Problems, chunk)?;
                    flagged.each_in(0..rows, |row| {
                        let (mut has_any, mut code) = (false, None);
                        for at in codes_of(&column, row).filter(|c| *c != 0) {
                            has_any = true;
                            if dictionary.text(at) == value {
                                code = Some(at);
                            }
                        }
                        if code.is_none() {
                            *extra.entry(value.clone()).or_default() += 1;
                        }
                        if !has_any && !given.has(row) {
                            *absent -= 1;
                        }
                    });
                    given = given.or(flagged, rows);
                }
            }
        }
        // A value that some dictionary has is counted with it.
        for (s, segment) in self.snapshot.segments.iter().enumerate() {
            for (code, value) in segment.columns.dictionary(Field::Problems)?.iter() {
                if let Some(count) = extra.remove(value) {
                    totals[globals.number(s, code) as usize] += count;
                }
            }
        }
        Ok(extra.into_iter().collect())
    }

    /// The source's own text of the time is written anew for each row, so it is counted by text.
    fn original_times(&self, mask: &Mask, pick: &Pick) -> Result<Facet> {
        let field = Field::EventOriginalTime;
        type Counts = (HashMap<String, u64>, u64);
        let parts: Result<Vec<Counts>> = (self.snapshot.chunks().into_par_iter())
            .map(|(s, chunk)| {
                let bits = &mask.segments[s].chunks[chunk];
                let mut texts: HashMap<String, u64> = HashMap::new();
                let mut absent = 0;
                each_original_time(&self.snapshot.segments[s], chunk, bits, |text| match text {
                    Some(text) => *texts.entry(text).or_default() += 1,
                    None => absent += 1,
                })?;
                Ok((texts, absent))
            })
            .collect();
        let mut absent = 0;
        let mut totals: HashMap<String, u64> = HashMap::new();
        for (texts, without) in parts? {
            absent += without;
            for (text, count) in texts {
                *totals.entry(text).or_default() += count;
            }
        }
        let mut first = First::new(pick);
        for (text, count) in &totals {
            first.offer(*count, || text);
        }
        Ok(Facet {
            field,
            distinct: totals.len() as u64,
            absent,
            found: first.found,
            values: first.finish(),
        })
    }
}

fn count(
    segment: &Segment,
    fields: &[Field],
    bits: impl Fn(usize) -> Bits,
) -> Result<Vec<Vec<u32>>> {
    let counters: Result<Vec<Counter>> = fields
        .iter()
        .map(|field| Ok(Counter::new(segment.columns.dictionary(*field)?.len())))
        .collect();
    let mut counters = counters?;
    let mut unfolded = Vec::new();
    for chunk in 0..segment.columns.chunks().len() {
        let (bits, rows) = (bits(chunk), segment.layout.rows(chunk));
        let rows = match bits {
            Bits::None => continue,
            Bits::All => Rows::All(rows),
            Bits::Some(_) => {
                unfold(&bits, 0..rows, &mut unfolded);
                Rows::These(&unfolded)
            }
        };
        for (counter, field) in counters.iter_mut().zip(fields) {
            counter.add(&segment.columns.column(*field, chunk)?, rows);
        }
    }
    Ok(counters.into_iter().map(Counter::finish).collect())
}

/// The codes of a row, 0 for elements that lack the field.
pub(crate) fn codes_of(column: &Column, row: usize) -> impl Iterator<Item = u32> + '_ {
    let (codes, range) = match column {
        Column::Absent => (None, 0..0),
        Column::One(codes) => (Some(codes), row..row + 1),
        Column::Many { offsets, codes } => (
            Some(codes),
            offsets[row] as usize..offsets[row + 1] as usize,
        ),
    };
    range.map(move |at| codes.map_or(0, |codes| codes.get(at)))
}

/// The source's own text of the time of each row of a set, in row order.
pub(crate) fn each_original_time(
    segment: &Segment,
    chunk: usize,
    bits: &Bits,
    mut visit: impl FnMut(Option<String>),
) -> Result<()> {
    if bits.is_none() {
        return Ok(());
    }
    let column = segment.columns.column(Field::EventOriginalTime, chunk)?;
    let dictionary = segment.columns.dictionary(Field::EventOriginalTime)?;
    let times = segment.columns.times(chunk)?;
    bits.each_in(0..segment.layout.rows(chunk), |row| {
        let code = codes_of(&column, row).next().unwrap_or(0);
        let time = times.get(row).copied().map(Instant);
        visit((code != 0).then(|| original::text(dictionary.text(code), time)));
    });
    Ok(())
}

/// The first values by rank, found in one pass: the heap's top is the last of those kept.
struct First<'a> {
    pick: &'a Pick,
    /// Values that hold the text that was asked for.
    found: u64,
    kept: BinaryHeap<Ranked<'a>>,
}

/// A value with its weight: the count, or for rare values what is left of the greatest number.
struct Ranked<'a>(u64, &'a str);

impl Ord for Ranked<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        by_rank((self.0, self.1), (other.0, other.1))
    }
}
impl PartialOrd for Ranked<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl PartialEq for Ranked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Ranked<'_> {}

impl<'a> First<'a> {
    fn new(pick: &'a Pick) -> Self {
        Self {
            pick,
            found: 0,
            kept: BinaryHeap::new(),
        }
    }

    const fn weight(&self, count: u64) -> u64 {
        if self.pick.rare {
            u64::MAX - count
        } else {
            count
        }
    }

    /// The text is only asked for where the count alone does not decide.
    fn offer(&mut self, count: u64, text: impl Fn() -> &'a str) {
        if !self.pick.contains.is_empty() && !contains_folded(text(), &self.pick.contains) {
            return;
        }
        self.found += 1;
        let weight = self.weight(count);
        if self.kept.len() < self.pick.limit {
            self.kept.push(Ranked(weight, text()));
        } else if let Some(mut last) = self.kept.peek_mut()
            && weight >= last.0
        {
            let offered = Ranked(weight, text());
            if offered < *last {
                *last = offered;
            }
        }
    }

    fn finish(mut self) -> Vec<FacetValue> {
        let sorted = std::mem::take(&mut self.kept).into_sorted_vec();
        let value = |r: Ranked<'_>| FacetValue {
            value: r.1.to_owned(),
            // The weight of a weight is the count again.
            count: self.weight(r.0),
        };
        sorted.into_iter().map(value).collect()
    }
}
