//! The rows of one chunk that hold, one bit a row.
//!
//! Owns: the bitmap and its word arithmetic. Never touches: columns, time, segments. Bits beyond the last row of the
//! chunk are always zero, so counting needs no care at the end; nothing and everything are not stored at all.

use std::{ops::Range, sync::Arc};

/// A set of rows of one chunk. The number of rows is known by the chunk and given where it matters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Bits {
    /// No row.
    #[default]
    None,
    /// Every row of the chunk.
    All,
    /// The rows whose bit is set: bit `r % 64` of word `r / 64`.
    Some(Arc<[u64]>),
}

/// Words that hold `rows` bits.
#[must_use]
pub(crate) const fn words_for(rows: usize) -> usize {
    rows.div_ceil(64)
}

/// The set of the first `rows % 64` bits, or of all 64 when `rows` fills its last word.
const fn tail(rows: usize) -> u64 {
    match rows % 64 {
        0 => u64::MAX,
        n => (1 << n) - 1,
    }
}

impl Bits {
    /// From words; finds out whether that is nothing or everything.
    #[must_use]
    pub fn from_words(words: Vec<u64>, rows: usize) -> Self {
        let any = words.iter().fold(0, |a, w| a | w);
        if any == 0 {
            return Self::None;
        }
        let (full, last) = words.split_at(words.len() - 1);
        let every = full.iter().fold(u64::MAX, |a, w| a & w);
        if every == u64::MAX && last.first() == Some(&tail(rows)) {
            return Self::All;
        }
        Self::Some(words.into())
    }

    /// The rows of a range.
    #[must_use]
    pub fn range(range: Range<usize>, rows: usize) -> Self {
        if range.is_empty() {
            return Self::None;
        }
        if range.start == 0 && range.end >= rows {
            return Self::All;
        }
        let mut words = vec![0_u64; words_for(rows)];
        let (first, last) = (range.start / 64, (range.end - 1) / 64);
        for word in &mut words[first..=last] {
            *word = u64::MAX;
        }
        words[first] &= u64::MAX << (range.start % 64);
        words[last] &= tail(range.end);
        Self::Some(words.into())
    }

    /// The rows for which `holds` says so, in row order.
    pub fn collect(rows: usize, mut holds: impl FnMut(usize) -> bool) -> Self {
        let mut words = vec![0_u64; words_for(rows)];
        for row in 0..rows {
            words[row / 64] |= u64::from(holds(row)) << (row % 64);
        }
        Self::from_words(words, rows)
    }

    /// Whether no row is in the set.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether every row is in the set.
    #[must_use]
    pub const fn is_all(&self) -> bool {
        matches!(self, Self::All)
    }

    /// Whether the row is in the set.
    #[must_use]
    pub fn has(&self, row: usize) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Some(words) => words[row / 64] >> (row % 64) & 1 == 1,
        }
    }

    /// Number of rows in the set.
    #[must_use]
    pub fn count(&self, rows: usize) -> u64 {
        match self {
            Self::None => 0,
            Self::All => rows as u64,
            Self::Some(words) => ones(words),
        }
    }

    /// Number of rows of the set among the rows of a range.
    #[must_use]
    pub fn count_range(&self, range: Range<usize>) -> u64 {
        match self {
            Self::None => 0,
            Self::All => range.len() as u64,
            Self::Some(_) if range.is_empty() => 0,
            Self::Some(words) => {
                let (first, last) = (range.start / 64, (range.end - 1) / 64);
                let head = u64::MAX << (range.start % 64);
                if first == last {
                    return u64::from((words[first] & head & tail(range.end)).count_ones());
                }
                u64::from((words[first] & head).count_ones())
                    + ones(&words[first + 1..last])
                    + u64::from((words[last] & tail(range.end)).count_ones())
            }
        }
    }

    /// Rows in both sets.
    #[must_use]
    pub fn and(self, other: Self, rows: usize) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::All, b) => b,
            (a, Self::All) => a,
            (Self::Some(a), Self::Some(b)) => zip(&a, &b, rows, |x, y| x & y),
        }
    }

    /// Rows in either set.
    #[must_use]
    pub fn or(self, other: Self, rows: usize) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::None, b) => b,
            (a, Self::None) => a,
            (Self::Some(a), Self::Some(b)) => zip(&a, &b, rows, |x, y| x | y),
        }
    }

    /// Rows of this set that are not in the other.
    #[must_use]
    pub fn and_not(self, other: Self, rows: usize) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::All) => Self::None,
            (a, Self::None) => a,
            (Self::All, b) => b.not(rows),
            (Self::Some(a), Self::Some(b)) => zip(&a, &b, rows, |x, y| x & !y),
        }
    }

    /// Rows that are not in the set.
    #[must_use]
    pub fn not(self, rows: usize) -> Self {
        match self {
            Self::None if rows == 0 => Self::None,
            Self::None => Self::All,
            Self::All => Self::None,
            Self::Some(words) => {
                let mut words: Vec<u64> = words.iter().map(|w| !w).collect();
                if let Some(last) = words.last_mut() {
                    *last &= tail(rows);
                }
                Self::from_words(words, rows)
            }
        }
    }

    /// Calls `visit` with each row of the set that lies in the range, in row order.
    pub fn each_in(&self, range: Range<usize>, mut visit: impl FnMut(usize)) {
        match self {
            Self::None => {}
            Self::All => range.for_each(visit),
            Self::Some(_) if range.is_empty() => {}
            Self::Some(words) => {
                let (first, last) = (range.start / 64, (range.end - 1) / 64);
                for (at, &word) in words.iter().enumerate().take(last + 1).skip(first) {
                    let mut word = word;
                    if at == first {
                        word &= u64::MAX << (range.start % 64);
                    }
                    if at == last {
                        word &= tail(range.end);
                    }
                    while word != 0 {
                        visit(at * 64 + word.trailing_zeros() as usize);
                        word &= word - 1;
                    }
                }
            }
        }
    }

    /// The first row of the set at or after `from`, below `end`.
    #[must_use]
    pub fn next(&self, from: usize, end: usize) -> Option<usize> {
        match self {
            Self::None => None,
            Self::All => (from < end).then_some(from),
            Self::Some(_) if from >= end => None,
            Self::Some(words) => {
                let mut at = from / 64;
                let mut word = words[at] & (u64::MAX << (from % 64));
                while word == 0 {
                    at += 1;
                    if at * 64 >= end {
                        return None;
                    }
                    word = words[at];
                }
                Some(at * 64 + word.trailing_zeros() as usize).filter(|row| *row < end)
            }
        }
    }

    /// The last row of the set below `end`.
    #[must_use]
    pub fn last(&self, end: usize) -> Option<usize> {
        match self {
            Self::None => None,
            Self::All => end.checked_sub(1),
            Self::Some(_) if end == 0 => None,
            Self::Some(words) => {
                let mut at = (end - 1) / 64;
                let mut word = words[at] & tail(end);
                while word == 0 {
                    at = at.checked_sub(1)?;
                    word = words[at];
                }
                Some(at * 64 + 63 - word.leading_zeros() as usize)
            }
        }
    }
}

fn zip(a: &[u64], b: &[u64], rows: usize, both: impl Fn(u64, u64) -> u64) -> Bits {
    Bits::from_words(a.iter().zip(b).map(|(x, y)| both(*x, *y)).collect(), rows)
}

/// Number of set bits.
pub(crate) fn ones(words: &[u64]) -> u64 {
    words.iter().map(|w| u64::from(w.count_ones())).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows_of(bits: &Bits, rows: usize) -> Vec<usize> {
        (0..rows).filter(|r| bits.has(*r)).collect()
    }

    #[test]
    fn ranges_meet_word_borders() {
        for rows in [1, 63, 64, 65, 130] {
            for start in 0..=rows {
                for end in start..=rows {
                    let bits = Bits::range(start..end, rows);
                    let expected: Vec<usize> = (start..end).collect();
                    assert_eq!(rows_of(&bits, rows), expected);
                    assert_eq!(bits.count(rows), expected.len() as u64);
                    let mut seen = Vec::new();
                    bits.each_in(0..rows, |r| seen.push(r));
                    assert_eq!(seen, expected);
                    assert_eq!(bits.next(0, rows), expected.first().copied());
                    assert_eq!(bits.last(rows), expected.last().copied());
                    let not = bits.not(rows);
                    assert_eq!(not.count(rows), (rows - expected.len()) as u64);
                }
            }
        }
    }

    #[test]
    fn a_part_of_a_set_is_counted_and_walked_alike() {
        let rows = 200;
        let bits = Bits::collect(rows, |r| r % 3 == 0);
        for start in (0..=rows).step_by(7) {
            for end in (start..=rows).step_by(5) {
                let mut n = 0;
                bits.each_in(start..end, |_| n += 1);
                assert_eq!(bits.count_range(start..end), n);
            }
        }
    }

    #[test]
    fn everything_and_nothing_are_recognised() {
        assert!(Bits::collect(100, |_| true).is_all());
        assert!(Bits::collect(100, |_| false).is_none());
        let odd = Bits::collect(100, |r| r % 2 == 1);
        assert!(odd.clone().or(odd.clone().not(100), 100).is_all());
        assert!(odd.clone().and_not(odd, 100).is_none());
    }
}
