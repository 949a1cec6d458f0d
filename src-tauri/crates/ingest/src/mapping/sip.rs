//! SipHash-1-3 with a keyed state that is made once and used for millions of short texts.
//!
//! Owns: the arithmetic (<https://www.aumasson.jp/siphash/siphash.pdf>). Never touches: what is hashed. The values are those of
//! any other SipHash-1-3 over eight bytes of seed and the text; only the work for key and seed is not repeated.

/// The state after the key and eight bytes of seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seeded([u64; 4]);

#[inline(always)]
const fn round(v: [u64; 4]) -> [u64; 4] {
    let [mut a, mut b, mut c, mut d] = v;
    a = a.wrapping_add(b);
    b = b.rotate_left(13) ^ a;
    a = a.rotate_left(32);
    c = c.wrapping_add(d);
    d = d.rotate_left(16) ^ c;
    a = a.wrapping_add(d);
    d = d.rotate_left(21) ^ a;
    c = c.wrapping_add(b);
    b = b.rotate_left(17) ^ c;
    c = c.rotate_left(32);
    [a, b, c, d]
}

#[inline(always)]
const fn take(mut v: [u64; 4], word: u64) -> [u64; 4] {
    v[3] ^= word;
    v = round(v);
    v[0] ^= word;
    v
}

impl Seeded {
    /// Takes in the key and the seed.
    #[inline]
    pub(crate) const fn new(key: [u8; 16], seed: u64) -> Self {
        let whole = u128::from_le_bytes(key);
        let (k0, k1) = (whole as u64, (whole >> 64) as u64);
        let v = [
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ];
        Self(take(v, seed))
    }

    /// The hash of the seed and these bytes.
    #[inline]
    pub(crate) fn hash(self, bytes: &[u8]) -> u64 {
        let mut v = self.0;
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            v = take(v, u64::from_le_bytes(*word));
        }
        // The last bytes, and the length in the highest byte.
        let mut last = [0; 8];
        match bytes.last_chunk::<8>() {
            Some(tail) if !rest.is_empty() => {
                let shifted = u64::from_le_bytes(*tail) >> (8 * (8 - rest.len()));
                last = shifted.to_le_bytes();
            }
            _ => {
                for (to, from) in last.iter_mut().zip(rest) {
                    *to = *from;
                }
            }
        }
        last[7] = (bytes.len() as u8).wrapping_add(8);
        v = take(v, u64::from_le_bytes(last));
        v[2] ^= 0xff;
        v = round(round(round(v)));
        v[0] ^ v[1] ^ v[2] ^ v[3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use siphasher::sip::SipHasher13;
    use std::hash::Hasher;

    proptest! {
        #[test]
        fn the_values_are_those_of_siphash(key: [u8; 16], seed: u64, bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut other = SipHasher13::new_with_key(&key);
            other.write_u64(seed);
            other.write(&bytes);
            prop_assert_eq!(Seeded::new(key, seed).hash(&bytes), other.finish());
        }
    }
}
