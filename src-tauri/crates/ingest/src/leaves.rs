//! Leaf values of one entry that is read again on its own, for searches in the originals.
//!
//! Owns: the same decoding as at import. Never touches: streams, mappings.

use std::borrow::Cow;

use crate::csv::{Dialect, Splitter};
use crate::encoding::Encoding;
use crate::json::{JsonLimits, Kind, Tape, Value};
use witnessmark_model::{LeafReader, SourceShape};

/// Reads leaves by the rules of the readers of this crate.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leaves;

/// JSON in a text is looked into this many times, since a text can hold JSON whose texts hold JSON.
const INSIDE: usize = 4;

impl LeafReader for Leaves {
    fn text<'r>(&self, shape: &SourceShape, raw: &'r [u8]) -> Option<Cow<'r, str>> {
        let encoding = Encoding::from_label(&shape.encoding).unwrap_or(Encoding::Utf8);
        if encoding.is_utf8() {
            return std::str::from_utf8(raw).ok().map(Cow::Borrowed);
        }
        let text = encoding.text(raw);
        (!text.contains(char::REPLACEMENT_CHARACTER)).then_some(text)
    }

    fn leaves(&self, shape: &SourceShape, raw: &[u8], visit: &mut dyn FnMut(&[&str], &str)) {
        let encoding = Encoding::from_label(&shape.encoding).unwrap_or(Encoding::Utf8);
        let text = encoding.text(raw);
        let mut tape = Tape::new();
        let mut path: Vec<&str> = Vec::new();
        match shape.shape.as_str() {
            "csv" => {
                let dialect = Dialect {
                    delimiter: shape.delimiter,
                    quote: shape.quote & 0x7F,
                    backslash: shape.quote & 0x80 != 0,
                    ..Dialect::default()
                };
                let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
                let mut splitter = Splitter::default();
                let (cells, _) = splitter.split(text.as_bytes(), &dialect, &shape.header);
                for (i, cell) in cells.iter().enumerate() {
                    path.clear();
                    path.push(shape.header.get(i).map_or("_extra", String::as_str));
                    text_leaf(cell, &mut path, visit, INSIDE);
                }
            }
            "json" => {
                let json = text.trim();
                let json = json.strip_suffix(',').unwrap_or(json);
                match tape.parse_str(json, &JsonLimits::default()) {
                    Ok(value) => walk(value, &mut path, visit, INSIDE),
                    Err(_) => visit(&[], &text),
                }
            }
            _ => text_leaf(&text, &mut path, visit, INSIDE),
        }
    }
}

fn text_leaf<'v>(
    text: &'v str,
    path: &mut Vec<&'v str>,
    visit: &mut dyn FnMut(&[&str], &str),
    inside: usize,
) {
    visit(path, text);
    let trimmed = text.trim();
    let looks = matches!(
        (trimmed.bytes().next(), trimmed.bytes().last()),
        (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']'))
    );
    if inside == 0 || !looks {
        return;
    }
    let mut tape = Tape::new();
    if let Ok(value) = tape.parse_str(trimmed, &JsonLimits::default()) {
        let mut below: Vec<&str> = path.clone();
        walk(value, &mut below, visit, inside - 1);
    }
}

fn walk<'v>(
    value: Value<'v>,
    path: &mut Vec<&'v str>,
    visit: &mut dyn FnMut(&[&str], &str),
    inside: usize,
) {
    match value.kind() {
        Kind::Object => {
            for (key, member) in value.members() {
                path.push(key);
                walk(member, path, visit, inside);
                path.pop();
            }
        }
        Kind::Array => value
            .items()
            .for_each(|item| walk(item, path, visit, inside)),
        Kind::String => text_leaf(value.text().unwrap_or_default(), path, visit, inside),
        Kind::Number | Kind::Bool => visit(path, value.text().unwrap_or_default()),
        Kind::Null => {}
    }
}
