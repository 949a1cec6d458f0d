//! Running a filter over the chunks of a snapshot.
//!
//! Owns: evaluation of a bound filter, chunk by chunk and on all cores. Never touches: text of the filter, order of rows.
//! A part is asked only about rows that the parts before it left open, so the originals are read for as few as possible.

use std::sync::Arc;

use rayon::prelude::*;
use witnessmark_lens::query::{Expr, On, TargetBy};
use witnessmark_model::{Field, Instant, time::original};

use super::{
    Query,
    axis::Axis,
    bits::Bits,
    caches::{Known, TermCache},
    mask::{Mask, SegmentMask},
    plan::{CHANGES, Check, EntryTest, Tree},
    scan::{Wanted, rows_of, rows_with, words_of},
    snapshot::Segment,
};
use crate::{
    Result,
    segment::{Codes, Column},
};

impl Query<'_> {
    /// The visible events that the filter holds. Exact. Answers of tests that read the originals are kept in `terms`.
    pub fn filter(&self, expr: &Expr, terms: &TermCache) -> Result<Mask> {
        self.filter_in(expr, terms, None)
    }

    /// As [`Query::filter`], but only in some chunks (segment, chunk); the others hold nothing. What was found out of the
    /// originals is kept in `terms`, so that going on with further chunks reads nothing twice.
    pub fn filter_in(
        &self,
        expr: &Expr,
        terms: &TermCache,
        only: Option<&[(usize, usize)]>,
    ) -> Result<Mask> {
        let plan = self.plan(expr)?;
        let bound: Result<Vec<Tree<Check>>> = (0..self.snapshot.segments.len())
            .into_par_iter()
            .map(|segment| self.bind(&plan, segment))
            .collect();
        let bound = bound?;
        let chunks: Result<Vec<(usize, Bits)>> = self
            .snapshot
            .chunks()
            .into_par_iter()
            .map(|(s, chunk)| {
                if only.is_some_and(|only| !only.contains(&(s, chunk))) {
                    return Ok((s, Bits::None));
                }
                let at = At::new(self, terms, s, chunk);
                let within = at.segment.visible(chunk);
                let held = at.holds(&bound[s], &within)?;
                Ok((s, within.and(held, at.rows())))
            })
            .collect();
        let mut by_segment: Vec<Vec<Bits>> = vec![Vec::new(); bound.len()];
        for (s, bits) in chunks? {
            by_segment[s].push(bits);
        }
        let masks = by_segment
            .into_par_iter()
            .zip(&self.snapshot.segments)
            .map(|(chunks, segment)| SegmentMask::new(chunks, segment.layout.clone()));
        Ok(Mask {
            segments: masks.collect(),
        })
    }
}

/// One chunk in which a filter runs.
pub(crate) struct At<'a> {
    pub(crate) query: &'a Query<'a>,
    pub(crate) terms: &'a TermCache,
    pub(crate) segment: &'a Segment,
    pub(crate) chunk: usize,
}

impl<'a> At<'a> {
    /// A chunk of a segment.
    pub(crate) fn new(query: &'a Query<'a>, terms: &'a TermCache, s: usize, chunk: usize) -> Self {
        Self {
            query,
            terms,
            segment: &query.snapshot.segments[s],
            chunk,
        }
    }
}

impl At<'_> {
    pub(crate) fn rows(&self) -> usize {
        self.segment.layout.rows(self.chunk)
    }

    fn dated(&self) -> usize {
        self.segment.columns.chunks()[self.chunk].dated as usize
    }

    fn column(&self, field: Field) -> Result<Column> {
        self.segment.columns.column(field, self.chunk)
    }

    /// The rows that hold. Right for the rows of `within`; what it says of others means nothing.
    fn holds(&self, tree: &Tree<Check>, within: &Bits) -> Result<Bits> {
        let rows = self.rows();
        if within.is_none() {
            return Ok(Bits::None);
        }
        match tree {
            Tree::Fixed(true) => Ok(Bits::All),
            Tree::Fixed(false) => Ok(Bits::None),
            Tree::All(parts) => {
                let mut left = within.clone();
                for part in parts {
                    let held = self.holds(part, &left)?;
                    left = left.and(held, rows);
                    if left.is_none() {
                        break;
                    }
                }
                Ok(left)
            }
            Tree::Any(parts) => {
                let (mut found, mut open) = (Bits::None, within.clone());
                for part in parts {
                    let held = self.holds(part, &open)?.and(open.clone(), rows);
                    open = open.and_not(held.clone(), rows);
                    found = found.or(held, rows);
                    if open.is_none() {
                        break;
                    }
                }
                Ok(found)
            }
            Tree::Not(part) => Ok(self.holds(part, within)?.not(rows)),
            Tree::Leaf(check) => self.check(check, within),
        }
    }

    fn check(&self, check: &Check, within: &Bits) -> Result<Bits> {
        let rows = self.rows();
        Ok(match check {
            Check::Codes(field, wanted) => rows_with(&self.column(*field)?, wanted, rows),
            Check::Actor(values, segment, wanted) => {
                let column = (self.query).axis_column(Axis::Actor, values, *segment, self.chunk)?;
                rows_with(&column, wanted, rows)
            }
            Check::Target(wanted, by) => self.same_target(wanted, *by)?,
            Check::Change(tree) => self.same_change(tree, within)?,
            Check::Time(from, until) => {
                let start = from.map_or(Ok(0), |from| self.first_at(from))?;
                let end = until.map_or(Ok(self.dated()), |until| self.first_at(until))?;
                Bits::range(start..end.max(start), rows)
            }
            Check::Undated => Bits::range(self.dated()..rows, rows),
            Check::Numbers(set) => set.rows(self.segment, self.chunk, within, self.query.caches)?,
            Check::Sources(sources) => {
                let codes = self.segment.columns.sources(self.chunk)?;
                rows_with(&Column::One(codes), sources, rows)
            }
            Check::NumberText(test) => {
                let numbers = self.segment.columns.numbers(self.chunk)?;
                Bits::collect(rows, |row| {
                    within.has(row) && test.matches(&numbers[row].to_string())
                })
            }
            Check::OriginalTime(test) => {
                self.remembered(test, within, |open| self.original_time(test, open))?
            }
            Check::Entry(test) => {
                let by_path = match &test.on {
                    On::RawPath(path) => self.by_path(path, &test.test, within)?,
                    _ => None,
                };
                match by_path {
                    Some(held) => held,
                    None => self.remembered(test, within, |open| self.entries(test, open))?,
                }
            }
        })
    }

    /// The first row of the chunk at or after an instant, or the number of its dated rows.
    fn first_at(&self, time: i64) -> Result<usize> {
        let meta = &self.segment.columns.chunks()[self.chunk];
        if meta.dated == 0 || time <= meta.first {
            return Ok(0);
        }
        if time > meta.last {
            return Ok(meta.dated as usize);
        }
        let times = self.segment.columns.times(self.chunk)?;
        Ok(times.partition_point(|t| *t < time))
    }

    /// Targets lie side by side in their three columns, so one position is one target.
    fn same_target(&self, [kind, id, name]: &[Arc<Wanted>; 3], by: TargetBy) -> Result<Bits> {
        let Column::Many {
            offsets,
            codes: kinds,
        } = self.column(Field::TargetType)?
        else {
            return Ok(Bits::None);
        };
        let mut held: Option<Vec<u64>> = None;
        for (field, wanted) in [(Field::TargetId, id), (Field::TargetName, name)] {
            if **wanted == Wanted::Nothing {
                continue;
            }
            if let Column::Many { codes, .. } = self.column(field)? {
                let words = words_of(&codes, wanted);
                match &mut held {
                    Some(held) => (held.iter_mut().zip(words)).for_each(|(a, b)| *a |= b),
                    None => held = Some(words),
                }
            }
        }
        let Some(mut held) = held.filter(|words| words.iter().any(|word| *word != 0)) else {
            return Ok(Bits::None);
        };
        if by == TargetBy::NameAlone
            && let Column::Many { codes, .. } = self.column(Field::TargetId)?
        {
            let with_id = words_of(&codes, &Wanted::Present);
            (held.iter_mut().zip(with_id)).for_each(|(a, b)| *a &= !b);
        }
        let of_kind = words_of(&kinds, kind);
        (held.iter_mut().zip(of_kind)).for_each(|(a, b)| *a &= b);
        Ok(rows_of(&offsets, &held, self.rows()))
    }

    /// Changes lie side by side in their four columns, so one position is one change.
    fn same_change(&self, tree: &Tree<(usize, Arc<Wanted>)>, within: &Bits) -> Result<Bits> {
        fn passes(
            tree: &Tree<(usize, Arc<Wanted>)>,
            columns: &[Option<Arc<Codes>>; 4],
            at: usize,
        ) -> bool {
            match tree {
                Tree::Fixed(holds) => *holds,
                Tree::All(parts) => parts.iter().all(|part| passes(part, columns, at)),
                Tree::Any(parts) => parts.iter().any(|part| passes(part, columns, at)),
                Tree::Not(part) => !passes(part, columns, at),
                Tree::Leaf((column, wanted)) => {
                    (columns[*column].as_ref()).is_some_and(|codes| wanted.has(codes.get(at)))
                }
            }
        }
        let mut columns: [Option<Arc<Codes>>; 4] = [const { None }; 4];
        let mut lists = None;
        for (slot, field) in columns.iter_mut().zip(CHANGES) {
            if let Column::Many { offsets, codes } = self.column(field)? {
                *slot = Some(codes);
                lists = Some(offsets);
            }
        }
        let Some(offsets) = lists else {
            return Ok(Bits::None);
        };
        Ok(Bits::collect(self.rows(), |row| {
            within.has(row)
                && (offsets[row] as usize..offsets[row + 1] as usize)
                    .any(|at| passes(tree, &columns, at))
        }))
    }

    fn original_time(&self, test: &EntryTest, open: &Bits) -> Result<Bits> {
        let rows = self.rows();
        let Column::One(codes) = self.column(Field::EventOriginalTime)? else {
            return Ok(Bits::None);
        };
        let dictionary = self.segment.columns.dictionary(Field::EventOriginalTime)?;
        let times = self.segment.columns.times(self.chunk)?;
        Ok(Bits::collect(rows, |row| {
            open.has(row) && {
                let code = codes.get(row);
                let time = times.get(row).copied().map(Instant);
                code != 0
                    && test
                        .test
                        .matches(&original::text(dictionary.text(code), time))
            }
        }))
    }

    /// Asks only about rows that were not asked about before, and keeps the answers.
    fn remembered(
        &self,
        test: &EntryTest,
        within: &Bits,
        ask: impl FnOnce(&Bits) -> Result<Bits>,
    ) -> Result<Bits> {
        let rows = self.rows();
        let known = self.terms.get(&test.key, self.segment.id, self.chunk);
        let open = within.clone().and_not(known.asked.clone(), rows);
        if open.is_none() {
            return Ok(known.held);
        }
        let found = ask(&open)?.and(open.clone(), rows);
        let known = Known {
            asked: known.asked.or(open, rows),
            held: known.held.or(found, rows),
        };
        let held = known.held.clone();
        self.terms
            .put(&test.key, self.segment.id, self.chunk, known);
        Ok(held)
    }
}
