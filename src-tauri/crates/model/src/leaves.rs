//! How a query can read the leaf values of a raw entry without knowing formats.
//!
//! Owns: the port between the store (which holds bytes) and the readers (which know shapes). Never parses.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// What must be known to read one entry of a source on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceShape {
    /// `csv`, `json`, `line` or `opaque`.
    pub shape: String,
    /// Column names, for `csv`; also for `line` where the profile names the parts.
    pub header: Vec<String>,
    /// Delimiter byte, for `csv`.
    pub delimiter: u8,
    /// Quote byte, for `csv`; 0 when quotes mean nothing.
    pub quote: u8,
    /// Encoding label of the WHATWG standard, such as `utf-8`, `utf-16le`, `windows-1252`.
    pub encoding: String,
}

/// Reads leaf values.
pub trait LeafReader: Send + Sync {
    /// Calls `visit` with the path (object keys and column names; list positions are left out) and the decoded text of
    /// each leaf of one entry, in document order. Numbers, `true`, `false` give their lexeme; `null` gives nothing.
    /// JSON inside a text leaf is visited as text, and then leaf by leaf below the same path.
    fn leaves(&self, shape: &SourceShape, raw: &[u8], visit: &mut dyn FnMut(&[&str], &str));

    /// One entry as text, by the encoding of its source; absent where its bytes are no text in it.
    fn text<'r>(&self, _shape: &SourceShape, raw: &'r [u8]) -> Option<Cow<'r, str>> {
        std::str::from_utf8(raw).ok().map(Cow::Borrowed)
    }
}
