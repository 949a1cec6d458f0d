//! All visible dated events in order, as codes: what looks at a whole case once works on.
//!
//! Owns: merging segments by (time, event number) while a chunk of each is in memory. Never touches: what is made of the
//! rows. [`Query::gather`](super::Query::gather) numbers values over all segments and holds its rows; this holds nothing,
//! and leaves it to the visitor which values are worth a number.

use std::{cmp::Reverse, collections::BinaryHeap, sync::Arc};

use witnessmark_model::Field;

use super::{Query, bits::Bits, facets::codes_of, snapshot::Segment};
use crate::{
    Result,
    segment::{Column, Dictionary},
};

/// One event of a walk.
#[derive(Clone, Copy, Debug)]
pub struct Step<'w> {
    /// Position of its segment in the snapshot; equal values of a field have equal codes within a segment.
    pub segment: usize,
    /// Nanoseconds since 1970.
    pub time: i64,
    /// Event number.
    pub number: u64,
    /// Code of each field that was asked for, 0 where the event has no value; of a list the first.
    pub codes: &'w [u32],
}

/// Texts of the fields of a walk.
pub struct Texts {
    fields: Vec<Field>,
    segments: Vec<Vec<Arc<Dictionary>>>,
}

impl Texts {
    /// The text of a code of a field in a segment; empty for what was not asked for.
    #[must_use]
    pub fn text(&self, segment: usize, field: Field, code: u32) -> &str {
        let at = self.fields.iter().position(|f| *f == field);
        at.and_then(|at| self.segments.get(segment)?.get(at))
            .map_or("", |d| d.text(code))
    }
}

/// One chunk of one segment, being walked through.
struct Cursor<'s> {
    segment: &'s Segment,
    chunk: usize,
    row: usize,
    rows: usize,
    visible: Bits,
    times: Arc<[i64]>,
    numbers: Arc<[u64]>,
    columns: Vec<Column>,
}

impl<'s> Cursor<'s> {
    fn new(segment: &'s Segment) -> Self {
        Self {
            segment,
            chunk: 0,
            row: 0,
            rows: 0,
            visible: Bits::None,
            times: Arc::from([]),
            numbers: Arc::from([]),
            columns: Vec::new(),
        }
    }

    /// The next visible dated row: its time and number. Loads the next chunk where this one is at its end.
    fn next(
        &mut self,
        fields: &[Field],
        dictionaries: &[Arc<Dictionary>],
        next_chunk: &mut usize,
    ) -> Result<Option<(i64, u64)>> {
        loop {
            if let Some(row) = self.visible.next(self.row, self.rows) {
                self.row = row;
                return Ok(Some((self.times[row], self.numbers[row])));
            }
            let chunks = self.segment.columns.chunks();
            let Some(meta) = chunks.get(*next_chunk) else {
                return Ok(None);
            };
            self.chunk = *next_chunk;
            *next_chunk += 1;
            self.row = 0;
            // Rows without a time stand at the end.
            self.rows = meta.dated as usize;
            self.visible = self.segment.visible(self.chunk);
            if self.rows == 0 {
                continue;
            }
            // Not kept: all chunks of all these fields at once are more than the rows that are made of them.
            let columns = &self.segment.columns;
            self.times = columns.times_once(self.chunk)?;
            self.numbers = columns.numbers_once(self.chunk)?;
            let read: Result<Vec<_>> = fields
                .iter()
                .zip(dictionaries)
                .map(|(field, dictionary)| columns.column_once(*field, self.chunk, dictionary))
                .collect();
            self.columns = read?;
        }
    }

    fn codes(&self, into: &mut Vec<u32>) {
        into.clear();
        into.extend(self.columns.iter().map(|column| match column {
            Column::Absent => 0,
            Column::One(codes) => codes.get(self.row),
            Column::Many { .. } => codes_of(column, self.row).next().unwrap_or(0),
        }));
    }
}

impl Query<'_> {
    /// Visits every visible event that has a time, by time and then number. Gives how many visible ones have none.
    ///
    /// # Errors
    /// When a column cannot be read.
    pub fn walk(&self, fields: &[Field], visit: &mut dyn FnMut(&Step<'_>, &Texts)) -> Result<u64> {
        let segments = &self.snapshot.segments;
        let dictionaries: Result<Vec<Vec<_>>> = segments
            .iter()
            .map(|s| {
                fields
                    .iter()
                    .map(|f| s.columns.dictionary_once(*f))
                    .collect()
            })
            .collect();
        let texts = Texts {
            fields: fields.to_vec(),
            segments: dictionaries?,
        };
        let mut cursors: Vec<(Cursor<'_>, usize)> =
            segments.iter().map(|s| (Cursor::new(s), 0)).collect();
        let mut heap = BinaryHeap::with_capacity(cursors.len());
        for (at, (cursor, chunk)) in cursors.iter_mut().enumerate() {
            let first = cursor.next(fields, &texts.segments[at], chunk)?;
            heap.extend(first.map(|key| Reverse((key, at))));
        }
        let mut codes = Vec::with_capacity(fields.len());
        while let Some(Reverse((key, at))) = heap.pop() {
            let (cursor, chunk) = &mut cursors[at];
            let mut key = key;
            // Segments of one import seldom overlap: this one goes on for as long as no other has an earlier row.
            loop {
                cursor.codes(&mut codes);
                visit(
                    &Step {
                        segment: at,
                        time: key.0,
                        number: key.1,
                        codes: &codes,
                    },
                    &texts,
                );
                cursor.row += 1;
                match cursor.next(fields, &texts.segments[at], chunk)? {
                    Some(next) if heap.peek().is_none_or(|Reverse((other, _))| next < *other) => {
                        key = next
                    }
                    Some(next) => {
                        heap.push(Reverse((next, at)));
                        break;
                    }
                    None => break,
                }
            }
        }
        let mut undated = 0;
        for segment in segments {
            for chunk in 0..segment.columns.chunks().len() {
                let rows = segment.layout.rows(chunk);
                let dated = segment.columns.chunks()[chunk].dated as usize;
                undated += segment.visible(chunk).count_range(dated..rows);
            }
        }
        Ok(undated)
    }
}
