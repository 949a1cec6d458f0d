//! Sixty-four bytes at a time, as a bit for each.
//!
//! Owns: the arithmetic, which the compiler turns into wide instructions. Never touches: what the bytes mean.

/// Bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// A bit for each byte of a block for which `wanted` holds, the first byte lowest. `wanted` must not branch.
#[inline(always)]
pub(crate) fn bits(block: &[u8; BLOCK], wanted: impl Fn(u8) -> bool) -> u64 {
    let hits = block.map(|byte| u8::from(wanted(byte)));
    let (words, _) = hits.as_chunks::<8>();
    words.iter().rev().fold(0, |all, word| {
        // Gathers the low bits of eight bytes into the highest byte.
        let eight = u64::from_le_bytes(*word).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        (all << 8) | eight
    })
}

/// Each bit becomes the parity of itself and all lower ones: bits of quotes become the bytes from an opening quote up to
/// the byte before its closing one.
#[inline]
pub(crate) const fn parity(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ (bits << 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_those_of_the_bytes() {
        let mut block = [b'.'; BLOCK];
        for at in [0, 7, 8, 31, 63] {
            block[at] = b'"';
        }
        let quotes = bits(&block, |b| b == b'"');
        assert_eq!(quotes, 1 | 1 << 7 | 1 << 8 | 1 << 31 | 1 << 63);
        let inside: u64 = (0..7).chain(8..31).chain(63..64).map(|at| 1 << at).sum();
        assert_eq!(parity(quotes), inside);
    }
}
