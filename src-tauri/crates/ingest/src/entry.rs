//! One entry as a reader hands it to a mapping: where it stands, its bytes, its decoded value.
//!
//! Owns: the meeting point of readers and mappings. Never touches: how the bytes were found (readers), what they mean (mappings).

use crate::json::Value;
use witnessmark_model::Flag;

/// What a reader already knows to be odd about an entry: a set of [`Flag`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    /// No flag.
    pub const NONE: Flags = Flags(0);

    /// The set with one flag.
    #[must_use]
    pub const fn of(flag: Flag) -> Self {
        Self(1 << flag as u32)
    }

    /// What the reader of JSON saw in a whole entry.
    #[must_use]
    pub fn of_json(value: Value<'_>) -> Self {
        let mut flags = Self::NONE;
        let mut note = |seen: bool, flag: Flag| {
            if seen {
                flags.insert(flag);
            }
        };
        note(value.duplicate_key(), Flag::DuplicateKey);
        note(value.big_number(), Flag::BigNumber);
        note(value.not_a_number(), Flag::NotANumber);
        note(value.invalid_encoding(), Flag::InvalidEncoding);
        flags
    }

    /// Adds a flag.
    pub fn insert(&mut self, flag: Flag) {
        self.0 |= 1 << flag as u32;
    }

    /// Whether a flag is in the set.
    #[must_use]
    pub const fn contains(self, flag: Flag) -> bool {
        self.0 & (1 << flag as u32) != 0
    }

    /// Whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Both sets together.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The flags in the order of [`Flag::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Flag> {
        Flag::ALL
            .iter()
            .copied()
            .filter(move |flag| self.contains(*flag))
    }
}

/// One raw item of a source.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// Number in the source, from 1; rejected entries count, headers and blank lines do not.
    pub number: u64,
    /// Line of the first byte, from 1, in the decoded member.
    pub line: u64,
    /// Offset of the first byte in the (decompressed) member, from 0.
    pub offset: u64,
    /// The entry's bytes as they stand in the member, without terminator, in the encoding of the source.
    pub raw: &'a [u8],
    /// What the reader found odd.
    pub flags: Flags,
    /// The decoded value.
    pub value: EntryValue<'a>,
}

/// The decoded value of an entry.
#[derive(Clone, Copy, Debug)]
pub enum EntryValue<'a> {
    /// A JSON value: an object, but for a source whose array holds other values too.
    Json(Value<'a>),
    /// The cells of a CSV record.
    Cells(Cells<'a>),
    /// One line of text.
    Line(&'a str),
}

/// The cells of one CSV record, unquoted.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    header: &'a [String],
    text: &'a str,
    scratch: &'a str,
    spans: &'a [Span],
}

/// Where the text of one cell stands: in the record itself, or, when quotes had to be taken out, in scratch memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// Byte after the last.
    pub end: u32,
    /// Whether the range is one of the scratch text.
    pub scratch: bool,
}

impl<'a> Cells<'a> {
    /// Cells of a record whose decoded text is `text`; spans marked `scratch` are ranges of `scratch`.
    #[must_use]
    pub const fn new(
        header: &'a [String],
        text: &'a str,
        scratch: &'a str,
        spans: &'a [Span],
    ) -> Self {
        Self {
            header,
            text,
            scratch,
            spans,
        }
    }

    /// Column names; empty when the source has no header.
    #[must_use]
    pub const fn header(&self) -> &'a [String] {
        self.header
    }

    /// The whole record; every cell is text of it, with quotes taken out.
    pub(crate) const fn record(&self) -> &'a str {
        self.text
    }

    /// Number of cells that the record really has; may differ from the header's.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether the record has no cell at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The cell at a column number, from 0; absent when the record ends before it.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&'a str> {
        let span = self.spans.get(index)?;
        let text = if span.scratch {
            self.scratch
        } else {
            self.text
        };
        text.get(span.start as usize..span.end as usize)
    }

    /// The cell under a column name; the first such column counts.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&'a str> {
        let index = self.header.iter().position(|column| column == name)?;
        self.get(index)
    }

    /// The cells beyond the header, by number from 0.
    #[must_use]
    pub fn extra(&self, index: usize) -> Option<&'a str> {
        self.get(self.header.len() + index)
    }

    /// Every cell in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> {
        let cells = *self;
        (0..self.len()).filter_map(move |i| cells.get(i))
    }
}
