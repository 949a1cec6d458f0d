//! Counting codes in a set of rows: the innermost loops of a facet.
//!
//! Owns: how often each code of a dictionary stands in rows of a chunk. Never touches: texts, segments. A row is counted
//! once for each distinct code it holds; a row that holds none counts for code 0.
//!
//! The set is unfolded to row numbers once and each field then gathers by them, which costs less than finding the set
//! bits again for every field.

use std::ops::Range;

use super::bits::Bits;
use crate::segment::{Codes, Column};

/// Which rows of a chunk to count.
#[derive(Clone, Copy)]
pub(crate) enum Rows<'a> {
    /// The first so many rows, which are all.
    All(usize),
    /// These rows, rising. Rows of a chunk are fewer than 65,537, so 16 bits hold a row.
    These(&'a [u16]),
}

impl Rows<'_> {
    fn len(self) -> usize {
        match self {
            Self::All(rows) => rows,
            Self::These(rows) => rows.len(),
        }
    }
}

/// Writes the rows of a set into `out`.
pub(crate) fn unfold(bits: &Bits, rows: Range<usize>, out: &mut Vec<u16>) {
    out.clear();
    bits.each_in(rows, |row| out.push(row as u16));
}

/// Counts of one field of one segment, by code of its dictionary.
pub(crate) struct Counter {
    counts: Vec<u32>,
    /// The last row that each code was counted for, plus one; only for list columns.
    seen: Vec<u32>,
    /// Number of rows that were offered before, so that rows of different chunks differ in `seen`.
    offered: u32,
}

impl Counter {
    /// For a dictionary with `len` codes, 0 included.
    pub(crate) fn new(len: usize) -> Self {
        Self {
            counts: vec![0; len.max(1)],
            seen: Vec::new(),
            offered: 0,
        }
    }

    /// Adds rows of a chunk.
    pub(crate) fn add(&mut self, column: &Column, rows: Rows<'_>) {
        match column {
            Column::Absent => self.counts[0] += rows.len() as u32,
            Column::One(codes) => match &**codes {
                Codes::U8(codes) => self.add_bytes(codes, rows),
                Codes::U16(codes) => add_wide(&mut self.counts, codes, rows),
                Codes::U32(codes) => add_wide(&mut self.counts, codes, rows),
            },
            Column::Many { offsets, codes } => match &**codes {
                Codes::U8(codes) => self.add_lists(offsets, codes, rows),
                Codes::U16(codes) => self.add_lists(offsets, codes, rows),
                Codes::U32(codes) => self.add_lists(offsets, codes, rows),
            },
        }
        self.offered += rows.len() as u32;
    }

    /// The counts by code.
    pub(crate) fn finish(self) -> Vec<u32> {
        self.counts
    }

    /// Four tables side by side: with few codes the same counter would be hit again and again, and each addition would
    /// wait for the one before.
    fn add_bytes(&mut self, codes: &[u8], rows: Rows<'_>) {
        let mut lanes = [[0_u32; 256]; 4];
        match rows {
            Rows::All(rows) => {
                let (fours, rest) = codes[..rows].as_chunks::<4>();
                for four in fours {
                    for (lane, code) in lanes.iter_mut().zip(four) {
                        lane[*code as usize] += 1;
                    }
                }
                rest.iter().for_each(|code| lanes[0][*code as usize] += 1);
            }
            Rows::These(rows) => {
                let (fours, rest) = rows.as_chunks::<4>();
                for four in fours {
                    for (lane, row) in lanes.iter_mut().zip(four) {
                        lane[codes[*row as usize] as usize] += 1;
                    }
                }
                rest.iter()
                    .for_each(|row| lanes[0][codes[*row as usize] as usize] += 1);
            }
        }
        for lane in lanes {
            for (count, more) in self.counts.iter_mut().zip(lane) {
                *count += more;
            }
        }
    }

    fn add_lists<C: Copy + Into<u32>>(&mut self, offsets: &[u32], codes: &[C], rows: Rows<'_>) {
        if self.seen.is_empty() {
            self.seen = vec![0; self.counts.len()];
        }
        let (counts, seen, mut mark) = (&mut self.counts, &mut self.seen, self.offered);
        let mut add = |row: usize| {
            mark += 1;
            let mut any = false;
            for code in &codes[offsets[row] as usize..offsets[row + 1] as usize] {
                let code: u32 = (*code).into();
                let last = &mut seen[code as usize];
                if code != 0 && *last != mark {
                    *last = mark;
                    counts[code as usize] += 1;
                    any = true;
                }
            }
            counts[0] += u32::from(!any);
        };
        match rows {
            Rows::All(rows) => (0..rows).for_each(add),
            Rows::These(rows) => rows.iter().for_each(|row| add(*row as usize)),
        }
    }
}

fn add_wide<C: Copy + Into<u32>>(counts: &mut [u32], codes: &[C], rows: Rows<'_>) {
    match rows {
        Rows::All(rows) => {
            for code in &codes[..rows] {
                counts[(*code).into() as usize] += 1;
            }
        }
        Rows::These(rows) => {
            for row in rows {
                counts[codes[*row as usize].into() as usize] += 1;
            }
        }
    }
}
