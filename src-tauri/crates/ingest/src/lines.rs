//! Lines of text: each line that is not blank is an entry.
//!
//! Owns: cutting. Never touches: what a line says.

use crate::frame::{Framer, LongLine, Step, line_end};

/// Cuts text into lines.
#[derive(Clone, Debug)]
pub struct LineFramer {
    newline: u8,
    limit: usize,
    long: LongLine,
    searched: usize,
}

impl LineFramer {
    /// A framer for lines that end in `newline` and have at most `limit` bytes.
    #[must_use]
    pub fn new(newline: u8, limit: usize) -> Self {
        Self {
            newline,
            limit,
            long: LongLine::default(),
            searched: 0,
        }
    }
}

impl Framer for LineFramer {
    fn step(&mut self, text: &[u8], last: bool) -> Step {
        if let Some(step) = self.long.step(text, self.newline, last) {
            return step;
        }
        let from = self.searched.min(text.len()).saturating_sub(1);
        let Some((end, next)) = line_end(&text[from..], self.newline, last) else {
            if text.len() > self.limit {
                self.searched = 0;
                return self.long.begin();
            }
            self.searched = text.len();
            return Step::More;
        };
        let (end, next) = (from + end, from + next);
        self.searched = 0;
        let line = &text[..end];
        if line.iter().all(u8::is_ascii_whitespace) {
            return Step::Skip(next);
        }
        if end > self.limit {
            return Step::Reject {
                start: 0,
                end,
                next,
                code: witnessmark_model::RejectCode::TooLong,
            };
        }
        Step::Entry {
            start: 0,
            end,
            next,
        }
    }
}
