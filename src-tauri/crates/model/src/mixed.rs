//! A quick hash for numbers that we counted ourselves, so that no log can choose them.
//!
//! Owns: that hash. Never touches: text, which whoever writes the log chooses.

use std::hash::{BuildHasher, Hasher};

/// Mixes whole numbers; for maps whose keys are one or two of our own numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mixed(u64);

impl BuildHasher for Mixed {
    type Hasher = Self;
    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.write_u64(u64::from_le_bytes(*word));
        }
        for byte in rest {
            self.write_u64(u64::from(*byte));
        }
    }
    fn write_u32(&mut self, n: u32) {
        self.write_u64(u64::from(n));
    }
    fn write_usize(&mut self, n: usize) {
        self.write_u64(n as u64);
    }
    fn write_u64(&mut self, n: u64) {
        let mixed = (self.0 ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 29);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_in_another_order_are_others() {
        let hash = |pair: (u32, u32)| Mixed::default().hash_one(pair);
        assert_ne!(hash((1, 2)), hash((2, 1)));
        assert_eq!(hash((1, 2)), hash((1, 2)));
    }
}
