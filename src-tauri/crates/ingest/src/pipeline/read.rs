//! The bytes of one entry into its value.
//!
//! Owns: which reader's memory is used. Never touches: streams.

use crate::csv::{Layout, Splitter};
use crate::encoding::UTF8_MARK;
use crate::entry::{EntryValue, Flags};
use crate::json::{JsonLimits, Tape};
use crate::shape::{Shape, reject_code};
use witnessmark_model::{Flag, RejectCode};

/// Memory for the value of one entry at a time.
#[derive(Debug, Default)]
pub(crate) struct ValueReader {
    tape: Tape,
    splitter: Splitter,
    lossy: String,
}

/// What an entry turned out to be.
pub(crate) enum Read<'a> {
    /// A value, with what is odd about it.
    Value(EntryValue<'a>, Flags),
    /// Nothing that can be mapped.
    Reject(RejectCode, String),
}

impl ValueReader {
    /// Reads the decoded text of an entry; `at_end` says that the source ends with it.
    pub(crate) fn read<'a>(
        &'a mut self,
        shape: &'a Shape,
        text: &'a [u8],
        utf8: bool,
        at_end: bool,
        limits: &JsonLimits,
    ) -> Read<'a> {
        let mut flags = Flags::NONE;
        // A source in another encoding was decoded before, with U+FFFD where its bytes were no text.
        if !utf8 && memchr::memmem::find(text, "\u{FFFD}".as_bytes()).is_some() {
            flags.insert(Flag::InvalidEncoding);
        }
        match shape {
            Shape::Csv(layout) => {
                // Where files were joined, the mark of the second stands before its first row.
                let text = text.strip_prefix(UTF8_MARK).unwrap_or(text);
                let (cells, found) = self.splitter.split(text, &layout.dialect, &layout.header);
                Read::Value(EntryValue::Cells(cells), flags.union(found))
            }
            Shape::Lines { .. } => self.line(text, flags),
            _ => {
                let mut text = text.trim_ascii();
                if matches!(shape, Shape::JsonLines { .. }) && text.ends_with(b"},") {
                    text = &text[..text.len() - 1];
                }
                match self.tape.parse(text, limits) {
                    Ok(value) if value.is_object() => {
                        let flags = flags.union(Flags::of_json(value));
                        Read::Value(EntryValue::Json(value), flags)
                    }
                    Ok(_) => Read::Reject(
                        RejectCode::NotAnObject,
                        RejectCode::NotAnObject.text().to_owned(),
                    ),
                    Err(error) => {
                        let code = reject_code(error.kind, at_end);
                        Read::Reject(code, format!("{}: {error}", code.text()))
                    }
                }
            }
        }
    }

    /// Whether the text of an entry is the header once more, as where files were joined.
    pub(crate) fn repeats_header(&mut self, shape: &Shape, text: &[u8]) -> bool {
        let Shape::Csv(layout) = shape else {
            return false;
        };
        let text = text.strip_prefix(UTF8_MARK).unwrap_or(text);
        if !layout.named || !may_be_header(layout, text) {
            return false;
        }
        let (cells, _) = self.splitter.split(text, &layout.dialect, &layout.header);
        cells.len() == layout.header.len()
            && cells
                .iter()
                .zip(&layout.header)
                .all(|(cell, name)| cell.trim() == name)
    }

    fn line<'a>(&'a mut self, text: &'a [u8], mut flags: Flags) -> Read<'a> {
        if let Ok(text) = simdutf8::basic::from_utf8(text) {
            return Read::Value(EntryValue::Line(text), flags);
        }
        flags.insert(Flag::InvalidEncoding);
        self.lossy.clear();
        self.lossy.push_str(&String::from_utf8_lossy(text));
        let lost = self.lossy.chars().filter(|c| *c == '\u{FFFD}').count();
        if lost * 2 > self.lossy.chars().count() {
            let code = RejectCode::NotText;
            return Read::Reject(code, code.text().to_owned());
        }
        Read::Value(EntryValue::Line(&self.lossy), flags)
    }
}

/// Whether a record could begin as the header does; most do not, by their first letter.
fn may_be_header(layout: &Layout, record: &[u8]) -> bool {
    let quote = layout.dialect.quote;
    let first = layout.header.first().and_then(|name| name.bytes().next());
    let Some(first) = first.filter(|byte| *byte != quote && *byte != b'\\') else {
        return true;
    };
    let text = |byte: &&u8| **byte != quote && !byte.is_ascii_whitespace();
    record
        .iter()
        .find(text)
        .is_none_or(|byte| *byte == first || !byte.is_ascii())
}
