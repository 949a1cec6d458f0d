//! The piece of a source that is in memory: bytes as they came, their text, and the place in the source.
//!
//! Owns: reading ahead, decoding, offsets and lines. Never touches: what the text means.

use crate::encoding::Encoding;
use crate::frame::Step;
use std::io::{self, Read};

/// Bytes read at a time.
const PIECE: usize = 256 << 10;

/// A place in a source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    /// Offset in the original bytes.
    pub(crate) offset: u64,
    /// Line, from 1.
    pub(crate) line: u64,
}

/// Bytes and text from the current place on.
pub(crate) struct Window<'r> {
    reader: Box<dyn Read + 'r>,
    encoding: Encoding,
    newline: u8,
    /// Memory of which only the bytes before `end` were read.
    raw: Vec<u8>,
    end: usize,
    /// The current place in `raw`, and how far it was decoded and given away.
    start: usize,
    decoded: usize,
    given: usize,
    /// Text that is not simply `raw`, from `text_start` on.
    text: Vec<u8>,
    text_start: usize,
    at: At,
    ended: bool,
}

impl<'r> Window<'r> {
    pub(crate) fn new(reader: Box<dyn Read + 'r>) -> Self {
        Self {
            reader,
            encoding: Encoding::Utf8,
            newline: b'\n',
            raw: Vec::new(),
            end: 0,
            start: 0,
            decoded: 0,
            given: 0,
            text: Vec::new(),
            text_start: 0,
            at: At { offset: 0, line: 1 },
            ended: false,
        }
    }

    /// Everything read so far, before anything was consumed.
    pub(crate) fn head(&self) -> &[u8] {
        &self.raw[..self.end]
    }

    /// Sets what was learned from the head; `mark` bytes at the front are a byte order mark.
    pub(crate) fn set_encoding(&mut self, encoding: Encoding, mark: usize) {
        self.encoding = encoding;
        self.start = mark;
        self.decoded = mark;
        self.at.offset = mark as u64;
        self.decode();
    }

    /// Sets the byte that counts lines.
    pub(crate) fn set_newline(&mut self, newline: u8) {
        self.newline = newline;
    }

    /// The decoded text at hand.
    pub(crate) fn text(&self) -> &[u8] {
        if self.encoding.is_utf8() {
            &self.raw[self.start..self.end]
        } else {
            &self.text[self.text_start..]
        }
    }

    /// Whether the text at hand is the last.
    pub(crate) fn ended(&self) -> bool {
        self.ended
    }

    /// Stops reading; what is at hand is the last.
    pub(crate) fn end_here(&mut self) {
        self.ended = true;
        self.decode();
    }

    pub(crate) fn at(&self) -> At {
        self.at
    }

    /// The place of a byte of the text at hand.
    pub(crate) fn place(&self, text_offset: usize) -> At {
        let before = &self.text()[..text_offset];
        At {
            offset: self.at.offset + self.raw_len(before) as u64,
            line: self.at.line + memchr::memchr_iter(self.newline, before).count() as u64,
        }
    }

    /// The original bytes of a range of the text at hand.
    pub(crate) fn raw(&self, start: usize, end: usize) -> &[u8] {
        let text = self.text();
        let from = self.start + self.raw_len(&text[..start]);
        let to = (from + self.encoding.source_len(&text[start..end])).min(self.decoded);
        &self.raw[from..to]
    }

    fn raw_len(&self, text: &[u8]) -> usize {
        self.encoding
            .source_len(text)
            .min(self.decoded - self.start)
    }

    /// Bytes read that were not taken by this call before.
    pub(crate) fn take_given(&mut self) -> &[u8] {
        let from = std::mem::replace(&mut self.given, self.end);
        &self.raw[from..self.end]
    }

    pub(crate) fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    /// Goes on by so many bytes of text.
    pub(crate) fn consume(&mut self, text_bytes: usize) {
        let place = self.place(text_bytes);
        self.start += (place.offset - self.at.offset) as usize;
        self.at = place;
        if !self.encoding.is_utf8() {
            self.text_start += text_bytes;
        }
    }

    /// Goes on by so many bytes of UTF-8, which hold so many newlines.
    pub(crate) fn pass(&mut self, bytes: usize, newlines: usize) {
        self.start += bytes;
        self.at.offset += bytes as u64;
        self.at.line += newlines as u64;
    }

    /// Reads on: at least a piece, and as much again as is at hand, so that a long entry is not looked at too often.
    /// All that was read before must have been taken by [`Window::take_given`], except before anything was consumed.
    pub(crate) fn fill(&mut self) -> io::Result<()> {
        if self.start > 0 && self.given >= self.start {
            self.raw.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.decoded -= self.start;
            self.given -= self.start;
            self.start = 0;
            self.text.drain(..self.text_start);
            self.text_start = 0;
        }
        let wanted = self.end + PIECE.max(self.end - self.start);
        if self.raw.len() < wanted {
            self.raw.resize(wanted, 0);
        }
        let mut result = Ok(());
        while self.end < wanted {
            match self.reader.read(&mut self.raw[self.end..wanted]) {
                Ok(0) => {
                    self.ended = true;
                    break;
                }
                Ok(n) => self.end += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        self.decode();
        result
    }

    fn decode(&mut self) {
        if self.encoding.is_utf8() {
            self.decoded = self.end;
        } else {
            self.decoded += self.encoding.decode(
                &self.raw[self.decoded..self.end],
                self.ended,
                &mut self.text,
            );
        }
    }
}

/// How many bytes of text a step leaves behind.
pub(crate) const fn advance(step: &Step) -> usize {
    match step {
        Step::More | Step::Mark => 0,
        Step::Skip(next)
        | Step::Entry { next, .. }
        | Step::Reject { next, .. }
        | Step::RejectMarked { next, .. } => *next,
    }
}
