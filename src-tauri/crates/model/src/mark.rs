//! A short sign of a text, for tables of texts that were met before.
//!
//! Owns: the sign. Never touches: the tables.

/// Three words and the length of a text. Equal texts have equal marks; of up to [`Mark::EXACT`] bytes, equal marks also mean
/// equal texts. Of longer texts they mean nothing until the texts are compared: whoever writes a log chooses its texts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Mark {
    /// Beginning, middle and end; they overlap or are missing where the text is short.
    pub words: [u64; 3],
    /// Bytes, of which only the lower 32 bits count.
    pub length: u32,
}

impl Mark {
    /// Bytes up to which the mark stands for the text.
    pub const EXACT: u32 = 24;

    /// The mark of a text.
    #[inline]
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let length = text.len() as u32;
        let words = match (text.first_chunk::<8>(), text.last_chunk::<8>()) {
            (Some(head), Some(tail)) => {
                let middle = text[(text.len() - 8) / 2..].first_chunk::<8>();
                let middle = middle.map_or(0, |m| u64::from_le_bytes(*m));
                [u64::from_le_bytes(*head), middle, u64::from_le_bytes(*tail)]
            }
            _ => [short(text), 0, 0],
        };
        Self { words, length }
    }

    /// A place in a table of `1 << bits` places.
    #[inline]
    #[must_use]
    pub fn place(&self, bits: u32) -> usize {
        const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
        let [head, middle, tail] = self.words;
        let mix = (head ^ u64::from(self.length).rotate_left(56)).wrapping_mul(ODD);
        let mix = (mix.rotate_left(29) ^ tail).wrapping_mul(ODD);
        let mix = (mix.rotate_left(29) ^ middle).wrapping_mul(ODD);
        (mix >> (64 - bits)) as usize
    }
}

impl PartialEq for Mark {
    /// Word by word: comparing them as one piece of memory would wait for them to be written there first.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        let differs = (self.words[0] ^ other.words[0])
            | (self.words[1] ^ other.words[1])
            | (self.words[2] ^ other.words[2])
            | u64::from(self.length ^ other.length);
        differs == 0
    }
}

impl Eq for Mark {}

/// Up to seven bytes as one word.
#[inline]
fn short(text: &[u8]) -> u64 {
    match (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        (Some(head), Some(tail)) => {
            u64::from(u32::from_le_bytes(*head)) | u64::from(u32::from_le_bytes(*tail)) << 32
        }
        _ => text.iter().fold(0, |word, b| (word << 8) | u64::from(*b)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    #[test]
    fn short_texts_have_marks_of_their_own() {
        let mut seen = HashMap::new();
        for length in 0..=Mark::EXACT as usize {
            for at in 0..=length {
                // All zeros but one byte, and all zeros.
                let mut text = vec![0_u8; length];
                if let Some(byte) = text.get_mut(at) {
                    *byte = 1;
                }
                let mark = Mark::of(&text);
                assert_eq!(mark, Mark::of(&text.clone()));
                let before = seen.insert((mark.words, mark.length), text.clone());
                assert!(before.is_none_or(|before| before == text));
                assert!(mark.place(5) < 32);
            }
        }
    }
}
