//! One record into cells.
//!
//! Owns: unquoting. Never touches: where the record ends (the framer knows).

use super::Dialect;
use crate::entry::{Cells, Flags, Span};
use witnessmark_model::Flag;

/// Memory for the cells of one record at a time.
#[derive(Clone, Debug, Default)]
pub struct Splitter {
    spans: Vec<Span>,
    scratch: String,
    lossy: String,
}

impl Splitter {
    /// Splits a record. Bytes that are not UTF-8 become U+FFFD; the flags say so, and what else is odd.
    pub fn split<'a>(
        &'a mut self,
        record: &'a [u8],
        dialect: &Dialect,
        header: &'a [String],
    ) -> (Cells<'a>, Flags) {
        let mut flags = Flags::NONE;
        let text: &'a str = if let Ok(text) = simdutf8::basic::from_utf8(record) {
            text
        } else {
            flags.insert(Flag::InvalidEncoding);
            self.lossy.clear();
            self.lossy.push_str(&String::from_utf8_lossy(record));
            &self.lossy
        };
        self.spans.clear();
        self.scratch.clear();
        cut(
            text,
            dialect,
            &mut self.spans,
            &mut self.scratch,
            &mut flags,
        );
        let flags = flags.union(self.width(header));
        (Cells::new(header, text, &self.scratch, &self.spans), flags)
    }

    /// What the number of cells must be flagged for.
    fn width(&self, header: &[String]) -> Flags {
        match self.spans.len() {
            _ if header.is_empty() => Flags::NONE,
            n if n < header.len() => Flags::of(Flag::TooFewFields),
            n if n > header.len() => Flags::of(Flag::TooManyFields),
            _ => Flags::NONE,
        }
    }
}

fn cut(
    text: &str,
    dialect: &Dialect,
    spans: &mut Vec<Span>,
    scratch: &mut String,
    flags: &mut Flags,
) {
    let bytes = text.as_bytes();
    let plain = |start: usize, end: usize| Span {
        start: start as u32,
        end: end as u32,
        scratch: false,
    };
    let quoted = dialect.quote != 0 && memchr::memchr(dialect.quote, bytes).is_some();
    if !quoted {
        let mut from = 0;
        each(dialect.delimiter, bytes, |at| {
            spans.push(plain(from, at));
            from = at + 1;
        });
        spans.push(plain(from, bytes.len()));
        return;
    }
    let mut at = 0;
    loop {
        if bytes.get(at) == Some(&dialect.quote) {
            let (span, end) = quoted_cell(text, at, dialect, scratch, flags);
            spans.push(span);
            if end >= bytes.len() {
                return;
            }
            at = end + 1;
            continue;
        }
        // The cells up to the next quote are as they stand.
        let quote = memchr::memchr(dialect.quote, &bytes[at..]).map(|i| at + i);
        let reach = quote.unwrap_or(bytes.len());
        let from = at;
        each(dialect.delimiter, &bytes[from..reach], |i| {
            spans.push(plain(at, from + i));
            at = from + i + 1;
        });
        if quote == Some(at) {
            continue;
        }
        let end = match quote {
            Some(quote) => {
                flags.insert(Flag::StrayQuote);
                next_delimiter(bytes, quote, dialect)
            }
            None => bytes.len(),
        };
        spans.push(plain(at, end));
        if end >= bytes.len() {
            return;
        }
        at = end + 1;
    }
}

/// Calls `found` with the place of each such byte. Cells are short, so a search that is set up anew for each would cost
/// more than it finds; eight bytes at a time are compared without a branch.
fn each(byte: u8, bytes: &[u8], mut found: impl FnMut(usize)) {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let same = u64::from_le_bytes([byte; 8]);
    let (words, rest) = bytes.as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        let differs = u64::from_le_bytes(*word) ^ same;
        // The high bit of each byte that does not differ; no carry crosses from one byte into the next.
        let mut hits = !(((differs & LOW) + LOW) | differs | LOW);
        while hits != 0 {
            found(i * 8 + (hits.trailing_zeros() / 8) as usize);
            hits &= hits - 1;
        }
    }
    let before = bytes.len() - rest.len();
    for (i, b) in rest.iter().enumerate() {
        if *b == byte {
            found(before + i);
        }
    }
}

fn next_delimiter(bytes: &[u8], from: usize, dialect: &Dialect) -> usize {
    memchr::memchr(dialect.delimiter, &bytes[from..]).map_or(bytes.len(), |i| from + i)
}

/// The cell whose opening quote stands at `open`, and where it ends. Its text is copied only when something must be taken out.
fn quoted_cell(
    text: &str,
    open: usize,
    dialect: &Dialect,
    scratch: &mut String,
    flags: &mut Flags,
) -> (Span, usize) {
    let bytes = text.as_bytes();
    let copied_from = scratch.len();
    let mut from = open + 1;
    let mut copied = false;
    let close = loop {
        let Some(at) = dialect.next_quote_or_escape(bytes, from) else {
            flags.insert(Flag::StrayQuote);
            break bytes.len();
        };
        if dialect.backslash && bytes[at] == b'\\' {
            let Some(escaped) = text[at + 1..].chars().next() else {
                flags.insert(Flag::StrayQuote);
                break bytes.len();
            };
            scratch.push_str(&text[from..at]);
            if escaped as u32 != u32::from(dialect.quote) && escaped != '\\' {
                scratch.push('\\');
            }
            scratch.push(escaped);
            copied = true;
            from = at + 1 + escaped.len_utf8();
        } else if bytes.get(at + 1) == Some(&dialect.quote) {
            scratch.push_str(&text[from..=at]);
            copied = true;
            from = at + 2;
        } else {
            break at;
        }
    };
    let end = next_delimiter(bytes, (close + 1).min(bytes.len()), dialect);
    let tail = text.get(close + 1..end).unwrap_or_default();
    if !copied && tail.is_empty() {
        let span = Span {
            start: open as u32 + 1,
            end: close as u32,
            scratch: false,
        };
        return (span, end);
    }
    scratch.push_str(&text[from..close]);
    if !tail.is_empty() {
        flags.insert(Flag::StrayQuote);
        scratch.push_str(tail);
    }
    let span = Span {
        start: copied_from as u32,
        end: scratch.len() as u32,
        scratch: true,
    };
    (span, end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_byte_is_found(byte: u8, bytes in prop::collection::vec(prop_oneof![any::<u8>(), 43_u8..46], 0..60)) {
            for byte in [byte, b','] {
                let mut places = Vec::new();
                super::each(byte, &bytes, |at| places.push(at));
                prop_assert_eq!(places, memchr::memchr_iter(byte, &bytes).collect::<Vec<_>>());
            }
        }
    }
}
