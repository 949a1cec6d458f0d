//! The contract between the window of bytes that a source is read through and the framers that find entries in it.
//!
//! Owns: the steps a framer can take. Never touches: any format.

use witnessmark_model::RejectCode;

/// What a framer found at the current place. All numbers are bytes of decoded text from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The text at hand does not settle it; more must be read. At the end of the source: nothing is left.
    More,
    /// So many bytes belong to no entry: blank lines, headers, wrappers, separators.
    Skip(usize),
    /// An entry.
    Entry {
        /// First byte.
        start: usize,
        /// Byte after the last, terminator not included.
        end: usize,
        /// Where to go on.
        next: usize,
    },
    /// Bytes that are an entry but cannot be read as one.
    Reject {
        /// First byte.
        start: usize,
        /// Byte after the last.
        end: usize,
        /// Where to go on.
        next: usize,
        /// Why.
        code: RejectCode,
    },
    /// An entry begins here that is too long to hold; its bytes are skipped from now on.
    Mark,
    /// The entry that began at the mark ends here and is rejected.
    RejectMarked {
        /// Byte after its last.
        end: usize,
        /// Where to go on.
        next: usize,
        /// Why.
        code: RejectCode,
    },
}

/// Finds entries in a text that comes piece by piece.
pub trait Framer {
    /// Looks at the text from the current place on; `last` says that nothing follows it. Is called again with the same
    /// place and more text after [`Step::More`], and at the next place after any other step.
    fn step(&mut self, text: &[u8], last: bool) -> Step;

    /// Whether the source, if it ended here, would end inside a wrapper that is not closed.
    fn is_inside(&self) -> bool {
        false
    }
}

/// Finds the end of a line: the byte after its last (a carriage return before the line feed is not part of it) and the
/// place after its terminator. Absent when the text ends before.
#[must_use]
pub(crate) fn line_end(text: &[u8], newline: u8, last: bool) -> Option<(usize, usize)> {
    match memchr::memchr(newline, text) {
        Some(at) => {
            let end = if newline == b'\n' && at > 0 && text[at - 1] == b'\r' {
                at - 1
            } else {
                at
            };
            Some((end, at + 1))
        }
        None if last && !text.is_empty() => Some((text.len(), text.len())),
        None => None,
    }
}

/// Skips a line that is longer than the limit, up to its terminator, and rejects it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LongLine {
    running: bool,
}

impl LongLine {
    /// Starts at the current place.
    pub(crate) fn begin(&mut self) -> Step {
        self.running = true;
        Step::Mark
    }

    pub(crate) const fn is_running(self) -> bool {
        self.running
    }

    /// The step to take while a long line runs; absent when none does.
    pub(crate) fn step(&mut self, text: &[u8], newline: u8, last: bool) -> Option<Step> {
        if !self.running {
            return None;
        }
        let code = RejectCode::TooLong;
        Some(match line_end(text, newline, last) {
            Some((end, next)) => {
                self.running = false;
                Step::RejectMarked { end, next, code }
            }
            None if last => {
                self.running = false;
                Step::RejectMarked {
                    end: 0,
                    next: 0,
                    code,
                }
            }
            // A carriage return may belong to the terminator that the next piece begins with.
            None if text.len() > 1 => Step::Skip(text.len() - 1),
            None => Step::More,
        })
    }
}
