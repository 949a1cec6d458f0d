//! The extent of one JSON value in a text that comes piece by piece, told by brackets and quotes alone.
//!
//! Owns: where a value ends. Never touches: whether it is valid (the tape knows).

use super::plain_prefix;
use crate::blocks::{BLOCK, bits, parity};

/// How far a value has been followed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Extent {
    at: usize,
    depth: usize,
    in_string: bool,
    /// Whether what is no object, array or string ends with its line, and not at a comma or bracket.
    whole_line: bool,
}

impl Extent {
    /// An extent not followed yet.
    pub(crate) fn new(whole_line: bool) -> Self {
        Self {
            whole_line,
            ..Self::default()
        }
    }

    /// Follows the value that begins at byte 0 of `text` further, and says where it ends, if it does. `text` is the same
    /// as before, or longer.
    pub(crate) fn follow(&mut self, text: &[u8]) -> Option<usize> {
        if self.at == 0
            && self.depth == 0
            && !self.in_string
            && !matches!(text.first(), Some(b'{' | b'[' | b'"'))
        {
            return self.scalar(text);
        }
        let mut again = self.at;
        loop {
            if self.at >= again {
                if let Some(end) = self.blocks(text) {
                    return Some(end);
                }
                again = self.at + BLOCK;
            }
            if self.in_string {
                self.at += plain_prefix(text.get(self.at..)?);
                match *text.get(self.at)? {
                    b'\\' => {
                        // An escape is taken whole, or not yet.
                        text.get(self.at + 1)?;
                        self.at += 2;
                        continue;
                    }
                    _ => {
                        self.at += 1;
                        self.in_string = false;
                        if self.depth == 0 {
                            return Some(self.at);
                        }
                    }
                }
            }
            let rest = text.get(self.at..)?;
            let Some(i) = rest
                .iter()
                .position(|b| matches!(b, b'"' | b'{' | b'}' | b'[' | b']'))
            else {
                self.at = text.len();
                return None;
            };
            self.at += i + 1;
            match rest[i] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                _ => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Some(self.at);
                    }
                }
            }
        }
    }

    /// Follows an object or array block by block, to its end or up to a block that holds an escape.
    fn blocks(&mut self, text: &[u8]) -> Option<usize> {
        if self.depth == 0 {
            return None;
        }
        loop {
            let block = text.get(self.at..)?.first_chunk::<BLOCK>()?;
            if bits(block, |b| b == b'\\') != 0 {
                return None;
            }
            let quotes = bits(block, |b| b == b'"');
            let mut inside = parity(quotes);
            if self.in_string {
                inside = !inside;
            }
            // Of both kinds of brackets only one bit differs from one to the other.
            let opens = bits(block, |b| b | 0x20 == b'{') & !inside;
            let closes = bits(block, |b| b | 0x20 == b'}') & !inside;
            let closed = closes.count_ones() as usize;
            if self.depth > closed {
                self.depth = self.depth + opens.count_ones() as usize - closed;
            } else {
                let mut marks = opens | closes;
                while marks != 0 {
                    let mark = marks & marks.wrapping_neg();
                    marks ^= mark;
                    if opens & mark != 0 {
                        self.depth += 1;
                        continue;
                    }
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.in_string = false;
                        self.at += mark.trailing_zeros() as usize + 1;
                        return Some(self.at);
                    }
                }
            }
            self.in_string ^= quotes.count_ones() % 2 == 1;
            self.at += BLOCK;
        }
    }

    /// A number or a word, or what stands in the place of one, ends before a separator.
    fn scalar(&self, text: &[u8]) -> Option<usize> {
        text.iter()
            .position(|b| {
                matches!(b, b'\n' | b'\r') || !self.whole_line && matches!(b, b',' | b']' | b'}')
            })
            .map(|i| i.max(1))
    }

    /// Bytes that have been followed, and need not be held to go on.
    pub(crate) const fn followed(&self) -> usize {
        self.at
    }

    /// Takes note that so many followed bytes are gone from the front of the text.
    pub(crate) fn forget(&mut self, bytes: usize) {
        self.at -= bytes;
    }

    /// Whether the value is one that the end of the text closes: a number or a word.
    pub(crate) const fn ends_with_text(&self) -> bool {
        self.depth == 0 && !self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, byte by byte.
    fn plain(text: &[u8]) -> Option<usize> {
        let (mut depth, mut in_string, mut at) = (0_usize, false, 0);
        while at < text.len() {
            match text[at] {
                b'\\' if in_string => at += 1,
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => {
                    depth -= 1;
                    if depth == 0 {
                        return Some(at + 1);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        None
    }

    proptest! {
        #[test]
        fn a_value_ends_where_its_brackets_close(
            pieces in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", "\"", "\"", "\\\"", "\\\\", "\"key\":\"value\",", "text of some length that goes on and on, ",
            ]), 0..80),
            cuts in prop::collection::vec(0_usize..400, 0..4),
        ) {
            let text = format!("{{{}", pieces.concat()).into_bytes();
            let mut extent = Extent::new(false);
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            let mut found = None;
            for cut in cuts.into_iter().chain([text.len()]) {
                found = found.or_else(|| extent.follow(&text[..cut]));
            }
            prop_assert_eq!(found, plain(&text));
        }
    }
}
