//! Codes of several segments brought together: each segment has its own dictionary, a facet speaks of values.
//!
//! Owns: one number for each distinct value of a field over all segments of a snapshot. Never touches: rows, counts.

use std::hash::{BuildHasher, RandomState};

use rayon::prelude::*;
use witnessmark_model::Field;

use super::Query;
use crate::{Result, segment::Dictionary};

/// Numbers of the values of one field, from 1; 0 is absent.
pub(crate) struct Globals {
    /// For each segment, the number of each code. Empty when there is one segment: its codes are the numbers.
    pub(crate) of_code: Vec<Vec<u32>>,
    /// For each number from 1, a segment that has the value, and its code there. Empty when there is one segment.
    first: Vec<(u32, u32)>,
    values: usize,
}

impl Globals {
    /// One more than the greatest number.
    pub(crate) fn len(&self) -> usize {
        self.values + 1
    }

    /// A segment that has the value, and its code there.
    pub(crate) fn place(&self, number: u32) -> (usize, u32) {
        if self.first.is_empty() {
            (0, number)
        } else {
            let (segment, code) = self.first[number as usize - 1];
            (segment as usize, code)
        }
    }

    /// The number of a code of a segment.
    pub(crate) fn number(&self, segment: usize, code: u32) -> u32 {
        match self.of_code.get(segment) {
            None => code,
            Some(numbers) => numbers[code as usize],
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.of_code.iter().map(|n| n.len() * 4).sum::<usize>() + self.first.len() * 8 + 128
    }

    fn of(dictionaries: &[std::sync::Arc<Dictionary>]) -> Self {
        if let [only] = dictionaries {
            return Self {
                of_code: Vec::new(),
                first: Vec::new(),
                values: only.len() - 1,
            };
        }
        let hasher = RandomState::new();
        // Hashes are the dear part and need no order, so all cores make them; what follows is one pass over a table.
        let hashes: Vec<Vec<u64>> = dictionaries
            .par_iter()
            .map(|d| {
                (1..d.len() as u32)
                    .into_par_iter()
                    .with_min_len(8_192)
                    .map(|code| hasher.hash_one(d.text(code)))
                    .collect()
            })
            .collect();
        let most = hashes.iter().map(Vec::len).max().unwrap_or(0);
        let mut table = Table::new(most * 2);
        let mut first: Vec<(u32, u32)> = Vec::with_capacity(most);
        let mut of_code = Vec::with_capacity(dictionaries.len());
        for (segment, (dictionary, hashes)) in dictionaries.iter().zip(hashes).enumerate() {
            let mut numbers = vec![0; dictionary.len()];
            for (code, hash) in (1_u32..).zip(hashes) {
                let number = table.number(hash, first.len() as u32 + 1, |number| {
                    let (s, c) = first[number as usize - 1];
                    dictionaries[s as usize].text(c) == dictionary.text(code)
                });
                if number as usize > first.len() {
                    first.push((segment as u32, code));
                    table.grow_for(first.len());
                }
                numbers[code as usize] = number;
            }
            of_code.push(numbers);
        }
        Self {
            of_code,
            values: first.len(),
            first,
        }
    }
}

/// Open addressing by hash; a hit is always compared by bytes, because whoever writes the log chooses the values.
struct Table {
    /// (hash, number); number 0 is an empty slot.
    slots: Vec<(u64, u32)>,
}

impl Table {
    fn new(values: usize) -> Self {
        Self {
            slots: vec![(0, 0); (values * 2).next_power_of_two().max(64)],
        }
    }

    /// The number of the value with this hash, or the next one, which is then taken.
    fn number(&mut self, hash: u64, next: u32, same: impl Fn(u32) -> bool) -> u32 {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let (found, number) = self.slots[at];
            if number == 0 {
                self.slots[at] = (hash, next);
                return next;
            }
            if found == hash && same(number) {
                return number;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow_for(&mut self, values: usize) {
        if values * 2 <= self.slots.len() {
            return;
        }
        let mut slots = vec![(0, 0); self.slots.len() * 2];
        let mask = slots.len() - 1;
        for slot in self.slots.iter().filter(|s| s.1 != 0) {
            let mut at = slot.0 as usize & mask;
            while slots[at].1 != 0 {
                at = (at + 1) & mask;
            }
            slots[at] = *slot;
        }
        self.slots = slots;
    }
}

impl Query<'_> {
    /// Numbers of the values of a field over all segments.
    pub(crate) fn globals(&self, field: Field) -> Result<std::sync::Arc<Globals>> {
        let ids = self.snapshot.segments.iter().map(|s| s.id).collect();
        self.caches.globals(field, ids, || {
            let segments = self.snapshot.segments.iter();
            let dictionaries: Result<Vec<_>> =
                segments.map(|s| s.columns.dictionary(field)).collect();
            Ok(Globals::of(&dictionaries?))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_value_has_one_number_wherever_it_stands() {
        let dictionary = |words: &[String]| {
            let lengths: Vec<u32> = words.iter().map(|w| w.len() as u32).collect();
            Arc::new(Dictionary::from_parts(words.concat(), &lengths).unwrap())
        };
        let words: Vec<String> = (0..1_000).map(|i| format!("w{i}")).collect();
        let dictionaries = [
            dictionary(&words[..600]),
            dictionary(&[]),
            dictionary(&words[300..]),
        ];
        let globals = Globals::of(&dictionaries);
        assert_eq!(globals.len(), 1_001);
        for (segment, dictionary) in dictionaries.iter().enumerate() {
            for (code, text) in dictionary.iter() {
                let (s, c) = globals.place(globals.number(segment, code));
                assert_eq!(dictionaries[s].text(c), text);
            }
        }
        assert_eq!(globals.number(0, 600), globals.number(2, 300));
    }
}
