//! Where a record ends, when it is written as RFC 4180 says.
//!
//! Owns: the fast way. Never touches: records that are written otherwise; it leaves them to the framer, whose results it
//! gives in all that it does not leave.

use super::Dialect;
use crate::blocks::{BLOCK, bits};

/// Where a record ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// Byte after its last.
    pub(crate) end: usize,
    /// Byte after its terminator.
    pub(crate) next: usize,
    /// Newlines up to there.
    pub(crate) newlines: usize,
}

/// The places of three bytes in a text, in order.
struct Marks<'t> {
    text: &'t [u8],
    wanted: [u8; 3],
    /// First byte of the block at hand.
    block: usize,
    /// A bit for each place in the block that was not given yet.
    bits: u64,
}

impl<'t> Marks<'t> {
    fn new(text: &'t [u8], wanted: [u8; 3]) -> Self {
        let bits = block(text, wanted);
        Self {
            text,
            wanted,
            block: 0,
            bits,
        }
    }

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.bits == 0 {
            self.block += BLOCK;
            self.bits = block(self.text.get(self.block..)?, self.wanted);
        }
        let at = self.block + self.bits.trailing_zeros() as usize;
        self.bits &= self.bits - 1;
        Some(at)
    }
}

/// A bit for each of the first bytes that is one of the wanted, none of which may be 0.
#[inline]
fn block(text: &[u8], [a, b, c]: [u8; 3]) -> u64 {
    let wanted = |byte| (byte == a) | (byte == b) | (byte == c);
    match text.first_chunk::<BLOCK>() {
        Some(whole) => bits(whole, wanted),
        None => {
            let mut padded = [0; BLOCK];
            for (to, from) in padded.iter_mut().zip(text) {
                *to = *from;
            }
            bits(&padded, wanted)
        }
    }
}

/// Finds the end of the record that a text begins with. Absent when the record has an odd quote or no terminator, when it
/// has only one cell (it may be a blank line), or when the dialect is not the plain one.
pub(crate) fn scan(text: &[u8], dialect: &Dialect) -> Option<Extent> {
    let Dialect {
        delimiter,
        newline,
        backslash,
        ..
    } = *dialect;
    // Without quotes the delimiter stands in for them: it is looked for anyway.
    let quote = if dialect.quote == 0 {
        delimiter
    } else {
        dialect.quote
    };
    if backslash || delimiter == 0 || newline == 0 || !matches!(dialect.quote, 0 | b'"') {
        return None;
    }
    let mut marks = Marks::new(text, [delimiter, quote, newline]);
    let (mut newlines, mut cells) = (0, 1);
    let mut start = 0;
    let end = loop {
        if dialect.quote != 0 && text.get(start) == Some(&quote) {
            marks.next()?;
            let close = loop {
                let at = marks.next()?;
                if text[at] == newline {
                    newlines += 1;
                } else if text[at] == quote {
                    if *text.get(at + 1)? != quote {
                        break at;
                    }
                    marks.next()?;
                }
            };
            let carriage = newline == b'\n' && text[close + 1] == b'\r';
            let at = marks.next()?;
            if at != close + 1 + usize::from(carriage) {
                return None;
            }
            if text[at] == newline {
                break (close + 1, at + 1);
            }
            if carriage || text[at] != delimiter {
                return None;
            }
            start = at + 1;
            cells += 1;
            continue;
        }
        let at = marks.next()?;
        if text[at] == delimiter {
            start = at + 1;
            cells += 1;
        } else if text[at] == newline {
            let carriage = newline == b'\n' && at > start && text[at - 1] == b'\r';
            break (at - usize::from(carriage), at + 1);
        } else {
            return None;
        }
    };
    (cells > 1).then_some(Extent {
        end: end.0,
        next: end.1,
        newlines: newlines + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::scan;
    use crate::csv::{CsvFramer, Dialect};
    use crate::frame::{Framer, Step};
    use proptest::prelude::*;

    fn piece() -> impl Strategy<Value = &'static str> {
        prop_oneof![
            4 => Just(","),
            2 => Just("\n"),
            1 => Just("\r\n"),
            1 => Just("\r"),
            3 => Just("\""),
            1 => Just("\"\""),
            2 => Just("a"),
            1 => Just(" "),
            1 => Just("\u{e9}"),
            1 => Just("a cell that is longer than one block of sixty-four bytes, so that blocks are crossed"),
            2 => Just("\"x, y\""),
        ]
    }

    fn dialect() -> impl Strategy<Value = Dialect> {
        (
            prop_oneof![Just(b','), Just(b'a')],
            prop_oneof![Just(b'"'), Just(0)],
            prop_oneof![Just(b'\n'), Just(b'\r')],
            any::<bool>(),
        )
            .prop_map(|(delimiter, quote, newline, backslash)| Dialect {
                delimiter,
                quote,
                newline,
                backslash,
            })
    }

    proptest! {
        #[test]
        fn what_is_not_left_is_what_framer_and_splitter_give(
            pieces in prop::collection::vec(piece(), 0..40), dialect in dialect(), broken in prop::option::of(0_usize..60)
        ) {
            let mut text = pieces.concat().into_bytes();
            if let Some(at) = broken && at < text.len() {
                text[at] = 0xFF;
            }
            if let Some(extent) = scan(&text, &dialect) {
                let step = CsvFramer::new(dialect, 1_000_000).step(&text, false);
                prop_assert_eq!(step, Step::Entry { start: 0, end: extent.end, next: extent.next });
                let newlines = text[..extent.next].iter().filter(|b| **b == dialect.newline).count();
                prop_assert_eq!(extent.newlines, newlines);
            }
        }
    }

    #[test]
    fn plain_records_are_not_left() {
        let dialect = Dialect::default();
        for record in ["a,b\n", "a,\"b \"\"c\"\" d\"\r\n", "\"\",\"x\ny\"\n", ",\n"] {
            assert!(scan(record.as_bytes(), &dialect).is_some(), "{record}");
        }
    }
}
