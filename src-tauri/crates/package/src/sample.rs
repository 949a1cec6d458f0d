//! Drawing a sample that anybody can draw again.
//!
//! Owns: the method. Never touches: events. Method `sha256-rank`: for each event number n of the population, the key is
//! SHA-256 of the text `<seed>:<n>` (UTF-8, n in decimal). The sample is the k events with the smallest keys, compared as
//! bytes. No key depends on the other events, so the draw can be repeated with any tool that has SHA-256.

use std::collections::BinaryHeap;

use sha2::{Digest, Sha256};

use crate::tree::Hash;

/// Name of the method in the package.
pub(crate) const METHOD: &str = "sha256-rank";

/// A draw under way.
pub(crate) struct Draw {
    seed: String,
    size: usize,
    kept: BinaryHeap<(Hash, u64)>,
}

impl Draw {
    /// A draw of `size` events.
    pub(crate) fn new(seed: &str, size: u64) -> Self {
        Self {
            seed: seed.to_owned(),
            size: usize::try_from(size).unwrap_or(usize::MAX),
            kept: BinaryHeap::new(),
        }
    }

    /// Takes an event of the population.
    pub(crate) fn offer(&mut self, event: u64) {
        let key: Hash = Sha256::digest(format!("{}:{event}", self.seed)).into();
        if self.kept.len() < self.size {
            self.kept.push((key, event));
        } else if self.kept.peek().is_some_and(|worst| key < worst.0) {
            self.kept.pop();
            self.kept.push((key, event));
        }
    }

    /// The sample in the order of its keys: event, key.
    pub(crate) fn end(self) -> Vec<(u64, Hash)> {
        let kept = self.kept.into_sorted_vec();
        kept.into_iter().map(|(key, event)| (event, key)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_the_first_of_all_keys_in_order() {
        let mut draw = Draw::new("4711", 25);
        let mut all: Vec<(Hash, u64)> = (1..=1_000_u64)
            .map(|n| (Sha256::digest(format!("4711:{n}")).into(), n))
            .collect();
        // The order in which the population comes makes no difference.
        for (_, n) in all.iter().rev() {
            draw.offer(*n);
        }
        all.sort_unstable();
        let expected: Vec<_> = all[..25].iter().map(|(key, n)| (*n, *key)).collect();
        assert_eq!(draw.end(), expected);
    }

    #[test]
    fn a_sample_larger_than_the_population_is_the_population() {
        let mut draw = Draw::new("x", 10);
        (1..=3).for_each(|n| draw.offer(n));
        assert_eq!(draw.end().len(), 3);
    }
}
