//! From codes to bits: the innermost loops of a filter.
//!
//! Owns: comparing the codes of one chunk with what is wanted. Never touches: dictionaries, segments. The loops are
//! written so that the compiler makes vector code of them: 64 comparisons into 64 bytes, then eight bytes to eight bits
//! with one multiplication.

use super::bits::{Bits, words_for};
use crate::segment::{Codes, Column};

/// Codes of one dictionary that satisfy a test. Code 0 (absent) is never among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// No code.
    Nothing,
    /// Any code but 0.
    Present,
    /// One to four codes, each compared on its own.
    Few(Vec<u32>),
    /// Bit `code % 64` of word `code / 64`.
    Set(Vec<u64>),
}

/// Above this many codes a set is looked up instead of comparing with each.
const FEW: usize = 4;

impl Wanted {
    /// From the codes that hold, of a dictionary with `len` codes (0 included).
    pub(crate) fn of(codes: Vec<u32>, len: usize) -> Self {
        if codes.is_empty() {
            Self::Nothing
        } else if codes.len() + 1 >= len {
            Self::Present
        } else if codes.len() <= FEW {
            Self::Few(codes)
        } else {
            let greatest = codes.iter().copied().max().unwrap_or(0) as usize;
            let mut set = vec![0_u64; words_for(greatest + 1)];
            for code in codes {
                set[code as usize / 64] |= 1 << (code % 64);
            }
            Self::Set(set)
        }
    }

    /// Whether the code is wanted.
    #[inline]
    pub(crate) fn has(&self, code: u32) -> bool {
        match self {
            Self::Nothing => false,
            Self::Present => code != 0,
            Self::Few(codes) => codes.contains(&code),
            Self::Set(set) => in_set(set, code),
        }
    }

    /// Bytes that it occupies, for caches.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Nothing | Self::Present => 16,
            Self::Few(codes) => 16 + codes.len() * 4,
            Self::Set(set) => 16 + set.len() * 8,
        }
    }
}

#[inline]
fn in_set(set: &[u64], code: u32) -> bool {
    set.get(code as usize / 64)
        .is_some_and(|word| word >> (code % 64) & 1 == 1)
}

/// The rows of a chunk that hold a wanted code; in a list column, one element is enough.
pub(crate) fn rows_with(column: &Column, wanted: &Wanted, rows: usize) -> Bits {
    match (column, wanted) {
        (Column::Absent, _) | (_, Wanted::Nothing) => Bits::None,
        (Column::One(codes), wanted) => Bits::from_words(words_of(codes, wanted), rows),
        (Column::Many { offsets, codes }, wanted) => {
            rows_of(offsets, &words_of(codes, wanted), rows)
        }
    }
}

/// The rows of a chunk whose lists hold a set element.
pub(crate) fn rows_of(offsets: &[u32], elements: &[u64], rows: usize) -> Bits {
    let mut words = vec![0_u64; words_for(rows)];
    // Most elements do not match, so the few that do are walked, each with the row that it belongs to.
    let mut row = 0;
    for (at, &word) in elements.iter().enumerate() {
        let mut word = word;
        while word != 0 {
            let element = (at * 64) as u32 + word.trailing_zeros();
            word &= word - 1;
            // The row lies not far on where many match, and is looked for by halves where few do.
            let mut step = 1;
            while row + step < offsets.len() && offsets[row + step] <= element {
                row += step;
                step *= 2;
            }
            let end = (row + step).min(offsets.len());
            row += offsets[row + 1..end].partition_point(|first| *first <= element);
            words[row / 64] |= 1 << (row % 64);
        }
    }
    Bits::from_words(words, rows)
}

/// One bit for each element that is wanted.
pub(crate) fn words_of(codes: &Codes, wanted: &Wanted) -> Vec<u64> {
    match codes {
        Codes::U8(codes) => words_of_bytes(codes, wanted),
        Codes::U16(codes) => words_of_wide(codes, wanted),
        Codes::U32(codes) => words_of_wide(codes, wanted),
    }
}

/// Codes of one byte: a table of 256 answers stands for any set.
fn words_of_bytes(codes: &[u8], wanted: &Wanted) -> Vec<u64> {
    match wanted {
        Wanted::Set(set) => {
            let table: [bool; 256] = std::array::from_fn(|code| in_set(set, code as u32));
            compare(codes, |code| table[code as usize])
        }
        _ => words_of_wide(codes, wanted),
    }
}

fn words_of_wide<C: Copy + PartialEq + TryFrom<u32> + Into<u32>>(
    codes: &[C],
    wanted: &Wanted,
) -> Vec<u64> {
    match wanted {
        Wanted::Nothing => vec![0; words_for(codes.len())],
        Wanted::Present => compare(codes, |code| code.into() != 0),
        Wanted::Few(few) => {
            let mut words = vec![0; words_for(codes.len())];
            for code in few {
                // A code that the width of this chunk cannot hold does not stand in it.
                if let Ok(code) = C::try_from(*code) {
                    let one = compare(codes, |c| c == code);
                    words.iter_mut().zip(one).for_each(|(w, o)| *w |= o);
                }
            }
            words
        }
        Wanted::Set(set) => compare(codes, |code| in_set(set, code.into())),
    }
}

#[inline(always)]
fn compare<C: Copy>(codes: &[C], holds: impl Fn(C) -> bool) -> Vec<u64> {
    let mut words = Vec::with_capacity(words_for(codes.len()));
    let (blocks, rest) = codes.as_chunks::<64>();
    for block in blocks {
        let mut bytes = [0_u8; 64];
        for (byte, code) in bytes.iter_mut().zip(block) {
            *byte = u8::from(holds(*code));
        }
        words.push(pack(&bytes));
    }
    if !rest.is_empty() {
        let mut bytes = [0_u8; 64];
        for (byte, code) in bytes.iter_mut().zip(rest) {
            *byte = u8::from(holds(*code));
        }
        words.push(pack(&bytes));
    }
    words
}

/// 64 bytes of 0 or 1 to 64 bits. In the product of eight bytes and the factor every sum of places occurs once, so
/// nothing carries and the top byte holds the eight bits in order.
#[inline(always)]
fn pack(bytes: &[u8; 64]) -> u64 {
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let (groups, _) = bytes.as_chunks::<8>();
    let mut word = 0;
    for (at, group) in groups.iter().enumerate() {
        word |= (u64::from_le_bytes(*group).wrapping_mul(GATHER) >> 56) << (at * 8);
    }
    word
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn every_width_and_every_kind_of_wish_agree_with_row_by_row() {
        let codes: Vec<u32> = (0..1_000_u32)
            .map(|i| i.wrapping_mul(2_654_435_761) % 97)
            .collect();
        let wishes = [
            Wanted::Nothing,
            Wanted::Present,
            Wanted::of(vec![5], 97),
            Wanted::of(vec![1, 2, 96], 97),
            Wanted::of((1..97).step_by(3).collect(), 97),
            Wanted::Few(vec![70_000, 3]),
        ];
        for wanted in &wishes {
            let expected: Vec<bool> = codes.iter().map(|c| wanted.has(*c)).collect();
            for codes in [
                Codes::U8(codes.iter().map(|c| *c as u8).collect()),
                Codes::U16(codes.iter().map(|c| *c as u16).collect()),
                Codes::U32(codes.clone()),
            ] {
                let bits = rows_with(&Column::One(Arc::new(codes)), wanted, 1_000);
                let got: Vec<bool> = (0..1_000).map(|r| bits.has(r)).collect();
                assert_eq!(got, expected, "{wanted:?}");
            }
        }
    }

    #[test]
    fn one_element_of_a_list_is_enough() {
        let column = Column::Many {
            offsets: vec![0, 0, 2, 3, 3, 5].into(),
            codes: Arc::new(Codes::U8(vec![1, 2, 0, 2, 2])),
        };
        let bits = rows_with(&column, &Wanted::Few(vec![2]), 5);
        let got: Vec<usize> = (0..5).filter(|r| bits.has(*r)).collect();
        assert_eq!(got, [1, 4]);
    }
}
