//! A strict JSON parser into a flat tape, which keeps what evidence needs and other parsers lose: lexemes of numbers,
//! duplicate keys, depth without recursion, the offset of an error.
//!
//! Owns: grammar and decoding of one JSON text. Never touches: streams (the scanner cuts records), meaning.
//! It accepts what RFC 8259 accepts, and three things more, because refusing them would cost a whole entry: raw control
//! characters inside strings, escapes of lone surrogates (decoded as U+FFFD), and `NaN` and `Infinity` (read as absent).

use super::{parser::Parser, value::Value};
use std::fmt;

/// Bounds of one JSON text.
#[derive(Clone, Copy, Debug)]
pub struct JsonLimits {
    /// Nesting that is still accepted; arrays and objects count one each.
    pub depth: usize,
}

impl Default for JsonLimits {
    fn default() -> Self {
        Self { depth: 128 }
    }
}

/// What is wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonErrorKind {
    /// The text ends inside a value.
    Ends,
    /// A byte that cannot stand here.
    Unexpected,
    /// Something follows the value.
    Trailing,
    /// Nested deeper than the limit.
    TooDeep,
    /// A number that JSON does not have, such as `01` or `1.`.
    Number,
    /// An escape that JSON does not have.
    Escape,
    /// More than 4 GiB.
    TooLong,
}

/// Where and why a text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Byte offset in the text.
    pub offset: usize,
    /// What is wrong there.
    pub kind: JsonErrorKind,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            JsonErrorKind::Ends => "the text ends inside a value",
            JsonErrorKind::Unexpected => "a character stands where none like it may",
            JsonErrorKind::Trailing => "text follows after the value",
            JsonErrorKind::TooDeep => "the nesting is too deep",
            JsonErrorKind::Number => "a number is not written as JSON writes numbers",
            JsonErrorKind::Escape => "an escape is not one that JSON has",
            JsonErrorKind::TooLong => "the text is longer than 4 GiB",
        };
        write!(f, "{what} (byte {})", self.offset)
    }
}

impl std::error::Error for JsonError {}

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`, and `NaN` and its like.
    Null,
    /// `true` or `false`.
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// Whether the text is a range of the scratch memory (an escape was decoded) and not of the input.
    pub(super) decoded: bool,
    /// Range of the text: of a string without its quotes, of anything else the whole lexeme.
    pub(super) start: u32,
    pub(super) end: u32,
    /// The node after this value and all that is in it.
    pub(super) next: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) node: u32,
    pub(super) object: bool,
    pub(super) first_key: u32,
}

/// Memory for one parsed text at a time, reused from text to text.
#[derive(Debug, Default)]
pub struct Tape {
    pub(super) nodes: Vec<Node>,
    pub(super) scratch: String,
    lossy: String,
    pub(super) frames: Vec<Frame>,
    pub(super) keys: Vec<(u32, u32)>,
    pub(super) duplicate_key: bool,
    pub(super) big_number: bool,
    pub(super) not_a_number: bool,
    pub(super) invalid_encoding: bool,
}

impl Tape {
    /// An empty tape.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Parses one JSON text; blanks may stand around it. Bytes that are not UTF-8 are read as U+FFFD, which
    /// [`Value::invalid_encoding`] tells.
    ///
    /// # Errors
    /// When the text is not JSON (see the module doc) or is nested too deeply.
    pub fn parse<'a>(
        &'a mut self,
        bytes: &'a [u8],
        limits: &JsonLimits,
    ) -> Result<Value<'a>, JsonError> {
        self.invalid_encoding = false;
        if let Ok(text) = simdutf8::basic::from_utf8(bytes) {
            self.run(text, limits)?;
            return Ok(Value::root(self, text));
        }
        let mut lossy = std::mem::take(&mut self.lossy);
        lossy.clear();
        lossy.push_str(&String::from_utf8_lossy(bytes));
        self.invalid_encoding = true;
        let result = self.run(&lossy, limits);
        self.lossy = lossy;
        result?;
        let tape: &'a Tape = self;
        Ok(Value::root(tape, &tape.lossy))
    }

    /// Parses a text that is already known to be UTF-8.
    ///
    /// # Errors
    /// As [`Tape::parse`].
    pub fn parse_str<'a>(
        &'a mut self,
        text: &'a str,
        limits: &JsonLimits,
    ) -> Result<Value<'a>, JsonError> {
        self.invalid_encoding = false;
        self.run(text, limits)?;
        Ok(Value::root(self, text))
    }

    fn run(&mut self, text: &str, limits: &JsonLimits) -> Result<(), JsonError> {
        self.nodes.clear();
        self.scratch.clear();
        self.frames.clear();
        self.keys.clear();
        self.duplicate_key = false;
        self.big_number = false;
        self.not_a_number = false;
        if u32::try_from(text.len()).is_err() {
            return Err(JsonError {
                offset: 0,
                kind: JsonErrorKind::TooLong,
            });
        }
        Parser {
            text,
            bytes: text.as_bytes(),
            at: 0,
            depth: limits.depth,
            tape: self,
        }
        .document()
    }

    pub(super) fn node_text<'a>(&'a self, text: &'a str, node: &Node) -> &'a str {
        let from = if node.decoded { &self.scratch } else { text };
        from.get(node.start as usize..node.end as usize)
            .unwrap_or_default()
    }
}
