//! Looking at values on a tape.
//!
//! Owns: navigation and the compact form. Never touches: the grammar.

use super::tape::{Kind, Node, Tape};
use std::fmt;

/// A value on a tape.
#[derive(Clone, Copy)]
pub struct Value<'a> {
    tape: &'a Tape,
    text: &'a str,
    node: u32,
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.compact())
    }
}

impl<'a> Value<'a> {
    pub(super) const fn root(tape: &'a Tape, text: &'a str) -> Self {
        Self {
            tape,
            text,
            node: 0,
        }
    }

    fn raw_node(&self) -> Node {
        self.tape
            .nodes
            .get(self.node as usize)
            .copied()
            .unwrap_or(Node {
                kind: Kind::Null,
                decoded: false,
                start: 0,
                end: 0,
                next: self.node + 1,
            })
    }

    /// The value at another node of the same text.
    pub(crate) fn at_node(&self, node: u32) -> Self {
        Self { node, ..*self }
    }

    /// The number of the value's node; the same document has the same numbers.
    pub(crate) const fn node(&self) -> u32 {
        self.node
    }

    /// The type.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.raw_node().kind
    }

    /// Whether this is an object.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.kind() == Kind::Object
    }

    /// Whether this is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.kind() == Kind::Null
    }

    /// The value under a key; the first, when the key stands twice. Absent when this is no object.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'a>> {
        self.members().find(|(k, _)| *k == key).map(|(_, v)| v)
    }

    /// The value at a path of keys.
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<Value<'a>> {
        path.iter().try_fold(*self, |value, key| value.get(key))
    }

    /// The elements of an array; nothing for any other value.
    #[must_use]
    pub fn items(&self) -> Items<'a> {
        let node = self.raw_node();
        let end = if node.kind == Kind::Array {
            node.next
        } else {
            0
        };
        Items {
            value: *self,
            node: self.node + 1,
            end,
        }
    }

    /// Keys and values of an object in document order, duplicates too; nothing for any other value.
    #[must_use]
    pub fn members(&self) -> Members<'a> {
        let node = self.raw_node();
        let end = if node.kind == Kind::Object {
            node.next
        } else {
            0
        };
        Members {
            value: *self,
            node: self.node + 1,
            end,
        }
    }

    /// The decoded text of a string, or the lexeme of a number, `true` or `false`. Absent for `null` and containers.
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        let node = self.raw_node();
        match node.kind {
            Kind::String | Kind::Number | Kind::Bool => {
                let tape: &'a Tape = self.tape;
                Some(tape.node_text(self.text, &node))
            }
            Kind::Null | Kind::Array | Kind::Object => None,
        }
    }

    /// The value as it stands in the parsed text (strings without their quotes when they hold no escape).
    #[must_use]
    pub fn source_range(&self) -> Option<std::ops::Range<usize>> {
        let node = self.raw_node();
        (!node.decoded).then_some(node.start as usize..node.end as usize)
    }

    /// Compact JSON with the lexemes of the source: no blanks, keys in document order, duplicates kept.
    #[must_use]
    pub fn compact(&self) -> String {
        let mut out = String::new();
        self.write_compact(&mut out);
        out
    }

    /// Appends [`Value::compact`]. The depth of recursion is bounded by the limit that the text was parsed with.
    pub fn write_compact(&self, out: &mut String) {
        match self.kind() {
            Kind::Null => out.push_str("null"),
            Kind::Bool | Kind::Number => out.push_str(self.text().unwrap_or_default()),
            Kind::String => write_string(self.text().unwrap_or_default(), out),
            Kind::Array => {
                out.push('[');
                for (i, item) in self.items().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write_compact(out);
                }
                out.push(']');
            }
            Kind::Object => {
                out.push('{');
                for (i, (key, value)) in self.members().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_string(key, out);
                    out.push(':');
                    value.write_compact(out);
                }
                out.push('}');
            }
        }
    }

    /// The whole text that was parsed, unless an escape in it was decoded.
    pub(crate) fn written_plainly(&self) -> Option<&'a str> {
        self.tape.scratch.is_empty().then_some(self.text)
    }

    /// Whether any object of the whole text has a key twice (after decoding escapes).
    #[must_use]
    pub fn duplicate_key(&self) -> bool {
        self.tape.duplicate_key
    }

    /// Whether the whole text has an integer beyond 2^53.
    #[must_use]
    pub fn big_number(&self) -> bool {
        self.tape.big_number
    }

    /// Whether the whole text has `NaN` or `Infinity`, which are read as absent.
    #[must_use]
    pub fn not_a_number(&self) -> bool {
        self.tape.not_a_number
    }

    /// Whether the whole text has bytes that are not UTF-8, or escapes of lone surrogates.
    #[must_use]
    pub fn invalid_encoding(&self) -> bool {
        self.tape.invalid_encoding
    }
}

/// Elements of an array.
#[derive(Clone, Debug)]
pub struct Items<'a> {
    value: Value<'a>,
    node: u32,
    end: u32,
}

impl<'a> Iterator for Items<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        if self.node >= self.end {
            return None;
        }
        let item = self.value.at_node(self.node);
        self.node = item.raw_node().next;
        Some(item)
    }
}

/// Members of an object.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    value: Value<'a>,
    node: u32,
    end: u32,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Value<'a>);

    fn next(&mut self) -> Option<(&'a str, Value<'a>)> {
        if self.node >= self.end {
            return None;
        }
        let key = self.value.at_node(self.node).text().unwrap_or_default();
        let value = self.value.at_node(self.node + 1);
        self.node = value.raw_node().next;
        Some((key, value))
    }
}

/// Appends a JSON string literal.
pub(crate) fn write_string(text: &str, out: &mut String) {
    use std::fmt::Write;
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                // Writing to a String cannot fail.
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
