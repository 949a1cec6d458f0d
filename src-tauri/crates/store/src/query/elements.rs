//! What gathered rows hold of lists, whole: every value, whether there is any, the names of their targets.
//!
//! Owns: going back from rows in order to the chunks that they came from. Never touches: which rows, what is made of them.

use std::collections::HashMap;

use rayon::prelude::*;
use witnessmark_model::{Field, Instant};

use super::{
    Query,
    axis::{Axis, Values},
    facets::codes_of,
    gather::Gathered,
    mask::Mask,
    snapshot::RowRef,
};
use crate::{Result, segment::Column};

/// Every value of an axis in gathered rows: a row stands once for each distinct value that it holds, in order of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Elements {
    /// Positions of the rows.
    pub rows: Vec<u32>,
    /// Numbers of the values.
    pub numbers: Vec<u32>,
}

/// Rows whose values one thread takes out at a time.
const SHARE: usize = 65_536;

/// The chunk that was looked at last in each segment: rows of several segments may come in turns.
#[derive(Default)]
struct Near {
    held: HashMap<u32, (std::ops::Range<u64>, Vec<Column>)>,
}

impl Near {
    /// The columns of the chunk of a row, and the row in them. `load` gives the columns of (segment, chunk).
    fn at(
        &mut self,
        query: &Query<'_>,
        row: RowRef,
        load: &dyn Fn(usize, usize) -> Result<Vec<Column>>,
    ) -> Result<(&[Column], usize)> {
        let known = (self.held.get(&row.segment)).is_some_and(|h| h.0.contains(&row.row));
        if !known {
            let s = row.segment as usize;
            let layout = &query.snapshot.segments[s].layout;
            let (chunk, _) = layout.place(row.row);
            let span = layout.starts[chunk]..layout.starts[chunk + 1];
            self.held.insert(row.segment, (span, load(s, chunk)?));
        }
        let (span, columns) = &self.held[&row.segment];
        Ok((columns, (row.row - span.start) as usize))
    }
}

impl Query<'_> {
    /// Every value of an axis in rows that were gathered from this snapshot.
    pub fn elements(&self, rows: &Gathered, axis: Axis) -> Result<Elements> {
        let values = self.values(axis)?;
        let shares: Vec<usize> = (0..rows.len()).step_by(SHARE).collect();
        let parts: Result<Vec<Elements>> = (shares.into_par_iter())
            .map(|first| {
                let end = (first + SHARE).min(rows.len());
                self.elements_of(rows, first..end, axis, &values)
            })
            .collect();
        let mut parts = parts?.into_iter();
        let mut all = parts.next().unwrap_or_default();
        for part in parts {
            all.rows.extend(part.rows);
            all.numbers.extend(part.numbers);
        }
        Ok(all)
    }

    fn elements_of(
        &self,
        rows: &Gathered,
        range: std::ops::Range<usize>,
        axis: Axis,
        values: &Values,
    ) -> Result<Elements> {
        let load = |s, chunk| Ok(vec![self.axis_column(axis, values, s, chunk)?]);
        let (mut near, mut out) = (Near::default(), Elements::default());
        for at in range {
            let place = rows.row(at);
            let (columns, row) = near.at(self, place, &load)?;
            let first = out.numbers.len();
            for code in codes_of(&columns[0], row) {
                let number = values.number(place.segment as usize, code);
                if number != 0 && !out.numbers[first..].contains(&number) {
                    out.rows.push(at as u32);
                    out.numbers.push(number);
                }
            }
        }
        Ok(out)
    }

    fn columns_of(&self, s: usize, chunk: usize, fields: &[Field]) -> Result<Vec<Column>> {
        let columns = &self.snapshot.segments[s].columns;
        let each = fields.iter().map(|field| columns.column(*field, chunk));
        each.collect()
    }

    /// For each gathered row, whether it has a value of any of these fields.
    pub fn present(&self, rows: &Gathered, fields: &[Field]) -> Result<Vec<bool>> {
        let load = |s, chunk| self.columns_of(s, chunk, fields);
        let mut near = Near::default();
        let each = (0..rows.len()).map(|at| {
            let (columns, row) = near.at(self, rows.row(at), &load)?;
            let mut codes = columns.iter().flat_map(|column| codes_of(column, row));
            Ok(codes.any(|code| code != 0))
        });
        each.collect()
    }

    /// The names of those targets in gathered rows that are meant, with the number of targets of each name. A target is
    /// shown by its type, id and name, empty where the log gives none.
    pub fn target_names(
        &self,
        rows: &Gathered,
        is: &dyn Fn(&str, &str, &str) -> bool,
    ) -> Result<HashMap<String, u64>> {
        const FIELDS: [Field; 3] = [Field::TargetType, Field::TargetId, Field::TargetName];
        let load = |s, chunk| self.columns_of(s, chunk, &FIELDS);
        let mut near = Near::default();
        let mut met: HashMap<(u32, [u32; 3]), u64> = HashMap::new();
        for at in 0..rows.len() {
            let place = rows.row(at);
            let (columns, row) = near.at(self, place, &load)?;
            for (element, name) in codes_of(&columns[2], row).enumerate() {
                let code = |f: usize| codes_of(&columns[f], row).nth(element).unwrap_or(0);
                let codes = [code(0), code(1), name];
                *met.entry((place.segment, codes)).or_default() += 1;
            }
        }
        let mut names: HashMap<String, u64> = HashMap::new();
        for ((segment, codes), count) in met {
            let columns = &self.snapshot.segments[segment as usize].columns;
            let dictionary = |f: usize| columns.dictionary(FIELDS[f]);
            let (kinds, ids, all) = (dictionary(0)?, dictionary(1)?, dictionary(2)?);
            let name = all.text(codes[2]);
            if !name.is_empty() && is(kinds.text(codes[0]), ids.text(codes[1]), name) {
                *names.entry(name.to_owned()).or_default() += count;
            }
        }
        Ok(names)
    }

    /// Of the selected events of one moment that hold all of these values, the one with the least number.
    pub fn first_at(
        &self,
        mask: &Mask,
        moment: Instant,
        held: &[(Axis, u32)],
    ) -> Result<Option<u64>> {
        let values: Result<Vec<Values>> = held.iter().map(|(axis, _)| self.values(*axis)).collect();
        let values = values?;
        let mut least: Option<u64> = None;
        for (s, segment) in self.snapshot.segments.iter().enumerate() {
            let at = i128::from(moment.0);
            let first = segment.first_at_time(at, segment.dated_rows())?;
            let end = segment.first_at_time(at + 1, first..segment.dated_rows().end)?;
            for row in (first..end).filter(|row| mask.segments[s].has(*row)) {
                let (chunk, at) = segment.layout.place(row);
                let mut holds = true;
                for ((axis, number), values) in held.iter().zip(&values) {
                    let column = self.axis_column(*axis, values, s, chunk)?;
                    let mut numbers = codes_of(&column, at).map(|code| values.number(s, code));
                    holds &= numbers.any(|n| n == *number);
                }
                if holds {
                    let number = segment.number(row)?;
                    least = Some(least.map_or(number, |l| l.min(number)));
                    // Rows of one moment lie by their numbers, so no later one of this segment is less.
                    break;
                }
            }
        }
        Ok(least)
    }
}
