//! Columns of one chunk: dictionary codes as narrow as they can be, alone or as lists.
//!
//! Owns: the widths and the list layout. Never touches: what a code means (the dictionary does), bytes on disk (`format` does).

use std::sync::Arc;

/// Dictionary codes of one field in one chunk; 0 means absent. All codes of a chunk have one width, the least that holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codes {
    /// Codes up to 255.
    U8(Vec<u8>),
    /// Codes up to 65,535.
    U16(Vec<u16>),
    /// Any code.
    U32(Vec<u32>),
}

impl Codes {
    /// The narrowest form of these codes.
    #[must_use]
    pub fn narrow(wide: &[u32]) -> Self {
        let greatest = wide.iter().copied().max().unwrap_or(0);
        if greatest <= u32::from(u8::MAX) {
            Self::U8(wide.iter().map(|c| *c as u8).collect())
        } else if greatest <= u32::from(u16::MAX) {
            Self::U16(wide.iter().map(|c| *c as u16).collect())
        } else {
            Self::U32(wide.to_vec())
        }
    }

    /// No codes yet.
    pub(crate) const fn new() -> Self {
        Self::U8(Vec::new())
    }

    /// Makes it wide enough for codes up to this one.
    pub(crate) fn widen(&mut self, greatest: u32) {
        match self {
            Self::U8(c) if greatest > u32::from(u8::MAX) => {
                *self = if greatest > u32::from(u16::MAX) {
                    Self::U32(c.iter().map(|c| u32::from(*c)).collect())
                } else {
                    Self::U16(c.iter().map(|c| u16::from(*c)).collect())
                };
            }
            Self::U16(c) if greatest > u32::from(u16::MAX) => {
                *self = Self::U32(c.iter().map(|c| u32::from(*c)).collect());
            }
            _ => {}
        }
    }

    /// Adds absent values, or takes codes away, until there are so many.
    pub(crate) fn resize(&mut self, len: usize) {
        match self {
            Self::U8(c) => c.resize(len, 0),
            Self::U16(c) => c.resize(len, 0),
            Self::U32(c) => c.resize(len, 0),
        }
    }

    /// Writes codes to their places, which must be there. The codes must fit: see [`Codes::widen`].
    pub(crate) fn put(&mut self, codes: impl Iterator<Item = (usize, u32)>) {
        match self {
            Self::U8(c) => codes.for_each(|(at, code)| c[at] = code as u8),
            Self::U16(c) => codes.for_each(|(at, code)| c[at] = code as u16),
            Self::U32(c) => codes.for_each(|(at, code)| c[at] = code),
        }
    }

    /// The codes at these places, 0 beyond the end.
    pub(crate) fn gather(&self, places: impl Iterator<Item = usize>) -> Vec<u32> {
        match self {
            Self::U8(c) => places
                .map(|at| c.get(at).map_or(0, |c| u32::from(*c)))
                .collect(),
            Self::U16(c) => places
                .map(|at| c.get(at).map_or(0, |c| u32::from(*c)))
                .collect(),
            Self::U32(c) => places.map(|at| c.get(at).copied().unwrap_or(0)).collect(),
        }
    }

    /// Memory of the codes, bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::U8(c) => c.len(),
            Self::U16(c) => c.len() * 2,
            Self::U32(c) => c.len() * 4,
        }
    }

    /// How many codes.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::U8(c) => c.len(),
            Self::U16(c) => c.len(),
            Self::U32(c) => c.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The code at a position; 0 beyond the end.
    #[must_use]
    pub fn get(&self, at: usize) -> u32 {
        match self {
            Self::U8(c) => c.get(at).map_or(0, |c| u32::from(*c)),
            Self::U16(c) => c.get(at).map_or(0, |c| u32::from(*c)),
            Self::U32(c) => c.get(at).copied().unwrap_or(0),
        }
    }

    /// The greatest code, 0 when there is none.
    #[must_use]
    pub fn greatest(&self) -> u32 {
        match self {
            Self::U8(c) => c.iter().copied().max().map_or(0, u32::from),
            Self::U16(c) => c.iter().copied().max().map_or(0, u32::from),
            Self::U32(c) => c.iter().copied().max().unwrap_or(0),
        }
    }
}

/// One field in one chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// No row of the chunk has a value.
    Absent,
    /// One code a row.
    One(Arc<Codes>),
    /// A list a row: the codes of row `r` are `codes[offsets[r]..offsets[r + 1]]`. Fields of one group
    /// (targets, changes) have the same offsets, so the same position is the same element; a code 0 is an element
    /// that lacks this field.
    Many {
        /// One more than there are rows, rising, from 0.
        offsets: Arc<[u32]>,
        /// All elements of the chunk.
        codes: Arc<Codes>,
    },
}

/// Where the entries of a chunk's rows stand, column by column. All vectors are as long as the chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locators {
    /// Entry in its source, from 1.
    pub entry: Vec<u64>,
    /// Event in its entry, from 1.
    pub part: Vec<u32>,
    /// Line, from 1.
    pub line: Vec<u64>,
    /// Byte offset in the decoded member, from 0.
    pub offset: Vec<u64>,
    /// Bytes without terminator.
    pub length: Vec<u64>,
}

impl Locators {
    /// The locator of a row of the chunk, whose source stands in another column.
    #[must_use]
    pub fn get(&self, row: usize, source: u32) -> witnessmark_model::Locator {
        let at = |v: &Vec<u64>| v.get(row).copied().unwrap_or(0);
        witnessmark_model::Locator {
            source,
            entry: at(&self.entry),
            part: self.part.get(row).copied().unwrap_or(0),
            line: at(&self.line),
            offset: at(&self.offset),
            length: at(&self.length),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_widen_and_stay() {
        let mut codes = Codes::new();
        let mut expected = Vec::new();
        for greatest in [3, 255, 256, 65_535, 65_536, 70_000] {
            codes.widen(greatest);
            codes.resize(expected.len() + 2);
            codes.put([(expected.len(), greatest)].into_iter());
            expected.extend([greatest, 0]);
            assert_eq!(codes.gather(0..expected.len()), expected);
        }
        assert_eq!(codes.gather([1, 0, 99].into_iter()), [0, 3, 0]);
        assert_eq!(codes.get(99), 0);
    }
}
