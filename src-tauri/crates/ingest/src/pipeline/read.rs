//! The bytes of one entry into its value.
//!
//! Owns: which reader's memory is used. Never touches: streams.

use crate::csv::{Extent, Layout, Splitter};
use crate::encoding::UTF8_MARK;
use crate::entry::{Cells, EntryValue, Flags};
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
    /// The header once more.
    Header,
    /// Nothing that can be mapped.
    Reject(RejectCode, String),
}

fn cells_of<'a>(layout: &Layout, cells: Cells<'a>, flags: Flags) -> Read<'a> {
    let again = layout.named
        && cells.len() == layout.header.len()
        && cells
            .iter()
            .zip(&layout.header)
            .all(|(cell, name)| cell.trim() == name);
    if again {
        return Read::Header;
    }
    Read::Value(EntryValue::Cells(cells), flags)
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
                cells_of(layout, cells, flags.union(found))
            }
            Shape::Lines { .. } => self.line(text, flags),
            _ => {
                let mut text = text.trim_ascii();
                if matches!(shape, Shape::JsonLines { .. }) && text.ends_with(b"},") {
                    text = &text[..text.len() - 1];
                }
                match self.tape.parse(text, limits) {
                    Ok(value) if value.is_object() => {
                        if value.duplicate_key() {
                            flags.insert(Flag::DuplicateKey);
                        }
                        if value.big_number() {
                            flags.insert(Flag::BigNumber);
                        }
                        if value.invalid_encoding() {
                            flags.insert(Flag::InvalidEncoding);
                        }
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

    /// Finds and reads the CSV record that a text begins with, if it is a plain one of at most `limit` bytes. Any other is
    /// left to the framer and [`ValueReader::read`].
    pub(crate) fn record<'a>(
        &'a mut self,
        layout: &'a Layout,
        text: &'a [u8],
        limit: usize,
    ) -> Option<(Read<'a>, Extent)> {
        if text.starts_with(UTF8_MARK) {
            return None;
        }
        let (dialect, header) = (&layout.dialect, &layout.header);
        let (cells, flags, extent) = self.splitter.record(text, dialect, header, limit)?;
        Some((cells_of(layout, cells, flags), extent))
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
