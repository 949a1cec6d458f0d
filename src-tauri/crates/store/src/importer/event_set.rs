//! A set of event numbers, one bit a number: ten million of them take little more than a megabyte.
//!
//! Owns: the bitmap. Never touches: what the numbers mean.

/// Event numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventSet {
    words: Vec<u64>,
}

impl EventSet {
    /// Adds a number; gives whether it was not there before.
    pub(crate) fn insert(&mut self, event: u64) -> bool {
        let word = (event / 64) as usize;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bit = 1 << (event % 64);
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        new
    }

    /// Takes a number out.
    pub(crate) fn remove(&mut self, event: u64) {
        if let Some(word) = self.words.get_mut((event / 64) as usize) {
            *word &= !(1 << (event % 64));
        }
    }

    /// Whether a number is in it.
    pub(crate) fn contains(&self, event: u64) -> bool {
        self.words
            .get((event / 64) as usize)
            .is_some_and(|word| word >> (event % 64) & 1 == 1)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        self.words.iter().map(|w| u64::from(w.count_ones())).sum()
    }
}

impl Extend<u64> for EventSet {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, events: I) {
        for event in events {
            self.insert(event);
        }
    }
}

impl FromIterator<u64> for EventSet {
    fn from_iter<I: IntoIterator<Item = u64>>(events: I) -> Self {
        let mut set = Self::default();
        set.extend(events);
        set
    }
}
