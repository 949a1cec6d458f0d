//! What was worked out for texts that come again and again.
//!
//! Owns: a bounded table. Never touches: what is worked out. A hit is compared byte by byte, and texts that share a
//! place only push each other out, so whoever writes a log can make it slow at worst, never wrong.

/// Places of a table; the distinct user agents, actions and outcomes of most logs fit.
const PLACES: usize = 1_024;
/// Bytes of a text above which it is worked out each time.
const LONGEST: usize = 512;

/// Remembers results by text.
#[derive(Debug)]
pub(crate) struct Memo<V> {
    places: Vec<Option<(Box<str>, V)>>,
}

impl<V> Default for Memo<V> {
    fn default() -> Self {
        Self { places: Vec::new() }
    }
}

impl<V: Clone> Memo<V> {
    /// The result for a text, worked out if it is not remembered.
    pub(crate) fn get(&mut self, text: &str, work: impl FnOnce(&str) -> V) -> V {
        if text.len() > LONGEST {
            return work(text);
        }
        if self.places.is_empty() {
            self.places.resize_with(PLACES, || None);
        }
        let place = &mut self.places[place(text.as_bytes())];
        match place {
            Some((known, value)) if **known == *text => value.clone(),
            _ => {
                let value = work(text);
                *place = Some((text.into(), value.clone()));
                value
            }
        }
    }
}

fn place(bytes: &[u8]) -> usize {
    let mix =
        |sum: u64, word: u64| (sum.rotate_left(23) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let (words, rest) = bytes.as_chunks::<8>();
    let sum = words.iter().fold(bytes.len() as u64, |sum, w| {
        mix(sum, u64::from_le_bytes(*w))
    });
    let rest = rest.iter().fold(0, |sum, b| (sum << 8) | u64::from(*b));
    (mix(sum, rest) >> 54) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_worked_out_once_while_it_keeps_its_place() {
        let mut memo = Memo::default();
        for _ in 0..3 {
            assert_eq!(memo.get("twelve bytes", str::len), 12);
        }
        assert_eq!(memo.get("twelve bytes", |_| 0), 12);
        for i in 0..10_000 {
            let text = format!("text {i}");
            assert_eq!(memo.get(&text, str::len), text.len());
        }
        let long = "x".repeat(LONGEST + 1);
        assert_eq!(memo.get(&long, |_| 1), 1);
        assert_eq!(memo.get(&long, |_| 2), 2);
    }
}
