//! Records of a CSV stream: where each begins and ends.
//!
//! Owns: newlines inside quotes, quotes that never close, records that are too long. Never touches: cells.

use super::Dialect;
use crate::frame::{Framer, LongLine, Step, line_end};
use witnessmark_model::RejectCode;

/// Cuts a text into CSV records.
#[derive(Clone, Debug)]
pub struct CsvFramer {
    dialect: Dialect,
    limit: usize,
    long: LongLine,
    /// Bytes of the first record that are known to hold neither its end nor a quote.
    searched: usize,
}

enum Walk {
    /// The record ends here; the terminator ends there.
    Ends(usize, usize),
    /// The text ends inside the record.
    Open,
    /// A quote that was opened on an earlier line is followed by text where it closes, so it was never meant to reach
    /// this far: it is the opening quote that has no end.
    Runaway,
}

impl CsvFramer {
    /// A framer for records of at most `limit` bytes.
    #[must_use]
    pub fn new(dialect: Dialect, limit: usize) -> Self {
        Self {
            dialect,
            limit,
            long: LongLine::default(),
            searched: 0,
        }
    }

    /// Whether the next step begins a record, so that one may be taken without a step. What was noted of it is forgotten.
    pub(crate) fn begins_record(&mut self) -> bool {
        self.searched = 0;
        !self.long.is_running()
    }

    fn walk(&self, text: &[u8], last: bool) -> Walk {
        let Dialect {
            delimiter,
            quote,
            newline,
            ..
        } = self.dialect;
        let mut at = 0;
        let mut line = memchr::memchr(newline, text);
        loop {
            // Text without quotes matters only for where the line ends; a quote opens a cell where the cell begins, and
            // is text everywhere else.
            if line.is_some_and(|line| line < at) {
                line = memchr::memchr(newline, &text[at..]).map(|i| at + i);
            }
            let reach = &text[at..line.unwrap_or(text.len())];
            let opens = |i: &usize| match (*i, at) {
                (0, 0) => true,
                (0, _) => false,
                (i, _) => reach[i - 1] == delimiter,
            };
            let Some(open) = memchr::memchr_iter(quote, reach).find(opens) else {
                return match line {
                    Some(end) => {
                        let carriage = newline == b'\n' && end > 0 && text[end - 1] == b'\r';
                        Walk::Ends(end - usize::from(carriage), end + 1)
                    }
                    None if last => Walk::Ends(text.len(), text.len()),
                    None => Walk::Open,
                };
            };
            let open = at + open;
            let Some(close) = self.dialect.closing_quote(text, open, last) else {
                return Walk::Open;
            };
            let crossed = memchr::memchr(newline, &text[open..close]).is_some();
            let ends = match text.get(close + 1).copied() {
                None if last => return Walk::Ends(text.len(), text.len()),
                None => return Walk::Open,
                Some(byte) => {
                    byte == delimiter || byte == newline || (byte == b'\r' && newline == b'\n')
                }
            };
            if crossed && !ends {
                return Walk::Runaway;
            }
            at = close + 1;
        }
    }

    /// Gives up the first line of a record whose quote never closes, so that the lines after it are read.
    fn give_up(&mut self, text: &[u8], last: bool) -> Step {
        self.searched = 0;
        match line_end(text, self.dialect.newline, last) {
            Some((end, next)) => Step::Reject {
                start: 0,
                end,
                next,
                code: RejectCode::UnclosedQuote,
            },
            None => self.long.begin(),
        }
    }
}

impl Framer for CsvFramer {
    fn step(&mut self, text: &[u8], last: bool) -> Step {
        let newline = self.dialect.newline;
        if let Some(step) = self.long.step(text, newline, last) {
            return step;
        }
        if text.is_empty() {
            return Step::More;
        }
        // Most lines hold no quote, and then the line is the record.
        let from = self.searched.min(text.len()).saturating_sub(1);
        let line = line_end(&text[from..], newline, last).map(|(e, n)| (from + e, from + n));
        let reach = line.map_or(text.len(), |(end, _)| end);
        let quoted =
            self.dialect.quote != 0 && memchr::memchr(self.dialect.quote, &text[..reach]).is_some();
        let (end, next) = match (line, quoted) {
            (Some(found), false) => found,
            (None, false) => {
                if text.len() > self.limit {
                    self.searched = 0;
                    return self.long.begin();
                }
                self.searched = text.len();
                return Step::More;
            }
            (_, true) => match self.walk(text, last) {
                Walk::Ends(end, next) => (end, next),
                Walk::Runaway => return self.give_up(text, last),
                Walk::Open if last || text.len() > self.limit => return self.give_up(text, last),
                Walk::Open => return Step::More,
            },
        };
        self.searched = 0;
        if text[..end].iter().all(u8::is_ascii_whitespace)
            && memchr::memchr(self.dialect.delimiter, &text[..end]).is_none()
        {
            return Step::Skip(next);
        }
        if end > self.limit {
            return Step::Reject {
                start: 0,
                end,
                next,
                code: RejectCode::TooLong,
            };
        }
        Step::Entry {
            start: 0,
            end,
            next,
        }
    }
}
