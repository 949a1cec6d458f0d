//! The distinct values of one field of one segment, and the table that gives them codes while a segment is built.
//!
//! Owns: value to code and back. Never touches: rows. A hit in the table is always compared byte by byte: the values
//! are written by whoever wrote the log, so a hash alone proves nothing.

use std::hash::{BuildHasher, Hasher};

/// Distinct values by code. Code 0 is "absent"; values have the codes from 1 in the order in which they were first met.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dictionary {
    arena: String,
    /// End of each value in the arena; the first entry is the (empty) value of code 0.
    ends: Vec<u32>,
}

impl Dictionary {
    /// A dictionary with no value.
    #[must_use]
    pub fn new() -> Self {
        Self {
            arena: String::new(),
            ends: vec![0],
        }
    }

    /// From its parts as they are stored: all values one after the other, and the length of each. `None` when the
    /// lengths do not fit the text or cut a character.
    #[must_use]
    pub fn from_parts(arena: String, lengths: &[u32]) -> Option<Self> {
        let mut ends = Vec::with_capacity(lengths.len() + 1);
        ends.push(0);
        let mut end = 0_u32;
        for length in lengths {
            end = end.checked_add(*length)?;
            if !arena.is_char_boundary(end as usize) {
                return None;
            }
            ends.push(end);
        }
        (end as usize == arena.len()).then_some(Self { arena, ends })
    }

    /// One more than the greatest code: codes are `0..len()`. A dictionary without values has length 1.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len().max(1)
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 1
    }

    /// The value of a code; empty for 0 and for codes that are not there.
    #[must_use]
    pub fn text(&self, code: u32) -> &str {
        self.arena.get(self.range(code)).unwrap_or("")
    }

    /// Where the value of a code stands in the arena.
    #[must_use]
    pub fn range(&self, code: u32) -> std::ops::Range<usize> {
        let code = code as usize;
        match (code, self.ends.get(code)) {
            (0, _) | (_, None) => 0..0,
            (_, Some(end)) => self.ends[code - 1] as usize..*end as usize,
        }
    }

    /// All values one after the other, without separators: a match found here may span two values, so whoever
    /// searches must compare it with [`Dictionary::range`].
    #[must_use]
    pub fn arena(&self) -> &str {
        &self.arena
    }

    /// The code whose value holds the byte at this place of the arena.
    #[must_use]
    pub fn code_at(&self, byte: usize) -> u32 {
        self.ends.partition_point(|end| *end as usize <= byte) as u32
    }

    /// Codes and values, in code order.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        (1..self.len() as u32).map(|code| (code, self.text(code)))
    }

    /// Bytes of each value, in code order, as they are stored.
    pub(crate) fn lengths(&self) -> Vec<u32> {
        self.ends.windows(2).map(|w| w[1] - w[0]).collect()
    }

    fn push(&mut self, value: &str) -> u32 {
        self.arena.push_str(value);
        self.ends.push(self.arena.len() as u32);
        self.ends.len() as u32 - 1
    }
}

/// Gives codes to values: open addressing over a power of two of slots, each a piece of the hash and a code.
#[derive(Debug)]
pub struct Interner {
    dictionary: Dictionary,
    /// Upper half: high bits of the hash; lower half: code, 0 for an empty slot.
    slots: Vec<u64>,
    hasher: foldhash::fast::FixedState,
    last: u32,
}

const SLOTS_AT_FIRST: usize = 256;
/// Values that are looked up together.
const TOGETHER: usize = 32;
/// Bytes of a dictionary that can be expected to stay in the cache beside everything else.
const CACHED: usize = 128 << 10;

impl Interner {
    /// An empty interner; the seed keeps whoever writes logs from choosing values that collide.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            dictionary: Dictionary::new(),
            slots: vec![0; SLOTS_AT_FIRST],
            hasher: foldhash::fast::FixedState::with_seed(seed),
            last: 0,
        }
    }

    /// The code of a value, new if it was not met before.
    pub fn code(&mut self, value: &str) -> u32 {
        // Logs repeat themselves: the value of the row before is the value of this one more often than not.
        if self.last != 0 && self.is(self.last, value) {
            return self.last;
        }
        self.find_or_add(value, self.hash(value))
    }

    /// The codes of several values, in their order. Where the dictionary is larger than the processor's cache, the
    /// places of all of them are fetched before the first is compared, so that they are waited for together.
    pub(crate) fn codes<'v>(&mut self, values: impl Iterator<Item = &'v str>, out: &mut Vec<u32>) {
        let mut values = values.peekable();
        while values.peek().is_some() {
            let (mut texts, mut hashes, mut n) = ([""; TOGETHER], [0; TOGETHER], 0);
            // A bit for each value that is the one before it once more.
            let mut again = 0_u64;
            for value in values.by_ref().take(TOGETHER) {
                texts[n] = value;
                if n > 0 && texts[n - 1] == value {
                    again |= 1 << n;
                    hashes[n] = hashes[n - 1];
                } else {
                    hashes[n] = self.hash(value);
                }
                n += 1;
            }
            if self.dictionary.arena.len() > CACHED {
                self.fetch(&hashes[..n]);
            }
            for (i, (value, hash)) in texts.iter().zip(hashes).take(n).enumerate() {
                let known = again >> i & 1 == 1 || (self.last != 0 && self.is(self.last, value));
                out.push(match known {
                    true => self.last,
                    false => self.find_or_add(value, hash),
                });
            }
        }
    }

    fn fetch(&self, hashes: &[u64]) {
        let mask = self.slots.len() - 1;
        let mut starts = [0; TOGETHER];
        for (start, hash) in starts.iter_mut().zip(hashes) {
            let slot = self.slots[*hash as usize & mask];
            if slot >> 32 == hash >> 32 {
                *start = slot as u32;
            }
        }
        for start in &mut starts {
            *start = self.dictionary.range(*start).start as u32;
        }
        let arena = self.dictionary.arena.as_bytes();
        let touched = starts.iter().fold(0, |sum, start| {
            sum ^ arena.get(*start as usize).copied().unwrap_or(0)
        });
        std::hint::black_box(touched);
    }

    fn is(&self, code: u32, value: &str) -> bool {
        let range = self.dictionary.range(code);
        range.len() == value.len() && &self.dictionary.arena.as_bytes()[range] == value.as_bytes()
    }

    fn find_or_add(&mut self, value: &str, hash: u64) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        let high = hash >> 32;
        loop {
            let slot = self.slots[at];
            let code = slot as u32;
            if code == 0 {
                break;
            }
            if slot >> 32 == high && self.is(code, value) {
                self.last = code;
                return code;
            }
            at = (at + 1) & mask;
        }
        let code = self.dictionary.push(value);
        self.slots[at] = (high << 32) | u64::from(code);
        self.last = code;
        if self.dictionary.len() * 2 > self.slots.len() {
            self.grow();
        }
        code
    }

    /// The values met so far.
    #[must_use]
    pub fn dictionary(&self) -> &Dictionary {
        &self.dictionary
    }

    /// Memory in use, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.dictionary.arena.len() + self.dictionary.ends.len() * 4 + self.slots.len() * 8
    }

    /// Forgets all values and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.dictionary.arena.clear();
        self.dictionary.ends.truncate(1);
        self.slots.fill(0);
        self.last = 0;
    }

    fn hash(&self, value: &str) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(value.as_bytes());
        hasher.finish()
    }

    fn grow(&mut self) {
        // Small tables grow fast; a large one is not made larger than it must be, for its memory is touched all over.
        let times = if self.slots.len() < 1 << 16 { 4 } else { 2 };
        let mut slots = vec![0_u64; self.slots.len() * times];
        let mask = slots.len() - 1;
        for (code, value) in self.dictionary.iter() {
            let hash = self.hash(value);
            let mut at = hash as usize & mask;
            while slots[at] != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = ((hash >> 32) << 32) | u64::from(code);
        }
        self.slots = slots;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_one_code_and_codes_lead_back() {
        let mut interner = Interner::new(7);
        let values: Vec<String> = (0..5_000).map(|i| format!("väl-{}", i % 1_700)).collect();
        let codes: Vec<u32> = values.iter().map(|v| interner.code(v)).collect();
        assert_eq!(interner.dictionary().len(), 1_701);
        let (mut together, mut again) = (Interner::new(8), Vec::new());
        together.codes(values.iter().map(String::as_str), &mut again);
        assert_eq!(codes, again);
        for (value, code) in values.iter().zip(&codes) {
            assert_eq!(interner.dictionary().text(*code), value);
        }
        let dictionary = interner.dictionary();
        for (code, _) in dictionary.iter() {
            assert_eq!(dictionary.code_at(dictionary.range(code).start), code);
        }
        let again =
            Dictionary::from_parts(dictionary.arena().to_owned(), &dictionary.lengths()).unwrap();
        assert_eq!(&again, dictionary);
        assert!(Dictionary::from_parts("ä".to_owned(), &[1, 1]).is_none());
    }
}
