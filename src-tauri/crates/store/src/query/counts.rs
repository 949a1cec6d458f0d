//! Counting codes under a set of rows: the innermost loops of a facet.
//!
//! Owns: how often each code of a dictionary stands in the selected rows of one chunk. Never touches: texts, segments.
//! A row is counted once for each distinct code it holds; a row that holds none counts for code 0.

use super::bits::Bits;
use crate::segment::{Codes, Column};

/// Selected rows of 64 from which it is cheaper to visit all 64 than to find the set bits.
const DENSE: u32 = 20;

/// Counts of one field of one segment, by code of its dictionary.
pub(crate) struct Counter {
    counts: Vec<u32>,
    /// The last row that each code was counted for, plus one; only for list columns.
    seen: Vec<u32>,
    /// Rows of the chunks before, so that rows of different chunks differ in `seen`.
    rows: u32,
}

impl Counter {
    /// For a dictionary with `len` codes, 0 included.
    pub(crate) fn new(len: usize) -> Self {
        Self {
            counts: vec![0; len.max(1)],
            seen: Vec::new(),
            rows: 0,
        }
    }

    /// Adds the selected rows of a chunk.
    pub(crate) fn add(&mut self, column: &Column, bits: &Bits, rows: usize) {
        match column {
            Column::Absent => self.counts[0] += bits.count(rows) as u32,
            Column::One(codes) => match &**codes {
                Codes::U8(codes) => self.add_bytes(codes, bits, rows),
                Codes::U16(codes) => add_wide(&mut self.counts, codes, bits, rows),
                Codes::U32(codes) => add_wide(&mut self.counts, codes, bits, rows),
            },
            Column::Many { offsets, codes } => match &**codes {
                Codes::U8(codes) => self.add_lists(offsets, codes, bits, rows),
                Codes::U16(codes) => self.add_lists(offsets, codes, bits, rows),
                Codes::U32(codes) => self.add_lists(offsets, codes, bits, rows),
            },
        }
        self.rows += rows as u32;
    }

    /// The counts by code.
    pub(crate) fn finish(self) -> Vec<u32> {
        self.counts
    }

    /// Four tables side by side: with few codes the same counter would be hit again and again, and each addition would
    /// wait for the one before.
    fn add_bytes(&mut self, codes: &[u8], bits: &Bits, rows: usize) {
        let mut lanes = [[0_u32; 256]; 4];
        let (blocks, rest) = codes.as_chunks::<64>();
        for (at, block) in blocks.iter().enumerate() {
            let mut word = bits.word(at, rows);
            if word == u64::MAX {
                for four in block.as_chunks::<4>().0 {
                    for (lane, code) in lanes.iter_mut().zip(four) {
                        lane[*code as usize] += 1;
                    }
                }
            } else if word.count_ones() >= DENSE {
                for four in block.as_chunks::<4>().0 {
                    for (at, (lane, code)) in lanes.iter_mut().zip(four).enumerate() {
                        lane[*code as usize] += (word >> at & 1) as u32;
                    }
                    word >>= 4;
                }
            } else {
                let mut lane = 0;
                while word != 0 {
                    lanes[lane & 3][block[word.trailing_zeros() as usize & 63] as usize] += 1;
                    lane += 1;
                    word &= word - 1;
                }
            }
        }
        let first = blocks.len() * 64;
        for (at, code) in rest.iter().enumerate() {
            lanes[0][*code as usize] += u32::from(bits.has(first + at));
        }
        for lane in lanes {
            for (count, more) in self.counts.iter_mut().zip(lane) {
                *count += more;
            }
        }
    }

    fn add_lists<C: Copy + Into<u32>>(
        &mut self,
        offsets: &[u32],
        codes: &[C],
        bits: &Bits,
        rows: usize,
    ) {
        if self.seen.is_empty() {
            self.seen = vec![0; self.counts.len()];
        }
        let (counts, seen, base) = (&mut self.counts, &mut self.seen, self.rows);
        bits.each_in(0..rows, |row| {
            let mark = base + row as u32 + 1;
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
        });
    }
}

fn add_wide<C: Copy + Into<u32>>(counts: &mut [u32], codes: &[C], bits: &Bits, rows: usize) {
    let (blocks, rest) = codes.as_chunks::<64>();
    for (at, block) in blocks.iter().enumerate() {
        let mut word = bits.word(at, rows);
        if word.count_ones() >= DENSE {
            for code in block {
                counts[(*code).into() as usize] += (word & 1) as u32;
                word >>= 1;
            }
        } else {
            while word != 0 {
                counts[block[word.trailing_zeros() as usize & 63].into() as usize] += 1;
                word &= word - 1;
            }
        }
    }
    let first = blocks.len() * 64;
    for (at, code) in rest.iter().enumerate() {
        counts[(*code).into() as usize] += u32::from(bits.has(first + at));
    }
}
