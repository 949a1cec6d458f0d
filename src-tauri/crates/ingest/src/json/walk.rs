//! The extent of one JSON value in a text that comes piece by piece, told by brackets and quotes alone.
//!
//! Owns: where a value ends. Never touches: whether it is valid (the tape knows).

use super::plain_prefix;

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
        loop {
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
