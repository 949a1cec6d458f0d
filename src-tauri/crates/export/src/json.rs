//! JSON, one value a line, that no terminal obeys.
//!
//! Owns: the line. Never touches: the shape of what is written.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use witnessmark_model::Event;

use crate::EventWriter;

/// One line of JSON.
///
/// # Errors
/// When the sink fails.
pub fn line<T: Serialize>(value: &T, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(Unobeyed(&mut *out), value)?;
    writeln!(out)
}

/// Events as lines of JSON, each made by one function.
pub struct Lines<'o> {
    out: &'o mut dyn Write,
    make: fn(&Event, Option<&[u8]>) -> Value,
}

impl<'o> Lines<'o> {
    /// Lines of [`crate::ecs::event`].
    pub fn ecs(out: &'o mut dyn Write) -> Self {
        Self {
            out,
            make: crate::ecs::event,
        }
    }

    /// Lines of [`crate::ocsf::event`].
    pub fn ocsf(out: &'o mut dyn Write) -> Self {
        Self {
            out,
            make: crate::ocsf::event,
        }
    }
}

impl EventWriter for Lines<'_> {
    fn write(&mut self, event: &Event, original: Option<&[u8]>) -> io::Result<()> {
        line(&(self.make)(event, original), self.out)
    }

    fn end(self: Box<Self>) -> io::Result<()> {
        self.out.flush()
    }
}

/// Passes JSON on, with the control characters that JSON leaves as they are (DEL and U+0080 to U+009F) as escapes:
/// some terminals obey U+009B as they obey ESC, and an escape says the same to every reader of JSON.
struct Unobeyed<'o>(&'o mut dyn Write);

impl Write for Unobeyed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The serializer hands over whole characters, because it writes `&str` pieces; other bytes pass as they are.
        let Ok(text) = std::str::from_utf8(bytes) else {
            self.0.write_all(bytes)?;
            return Ok(bytes.len());
        };
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| matches!(c, '\u{7f}'..='\u{9f}')) {
            let (before, from) = rest.split_at(at);
            self.0.write_all(before.as_bytes())?;
            let mut chars = from.chars();
            if let Some(c) = chars.next() {
                write!(self.0, "\\u{:04x}", u32::from(c))?;
            }
            rest = chars.as_str();
        }
        self.0.write_all(rest.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Sets a value at a dotted path, making the objects on the way.
pub(crate) fn put(root: &mut Value, path: &str, value: impl Into<Value>) {
    let mut at = root;
    for part in path.split('.') {
        if !at.is_object() {
            *at = Value::Object(serde_json::Map::new());
        }
        at = &mut at[part];
    }
    *at = value.into();
}

/// Sets a text at a dotted path, if there is one.
pub(crate) fn put_text(root: &mut Value, path: &str, text: Option<&str>) {
    if let Some(text) = text {
        put(root, path, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_holds_no_control_character_and_says_the_same() {
        let text = "a\u{1b}[31m\u{9b}31m\u{7f}\u{85}é";
        let mut out = Vec::new();
        line(&text, &mut out).unwrap();
        let written = String::from_utf8(out).unwrap();
        assert!(
            !written.trim_end().contains(|c: char| c.is_control()),
            "{written:?}"
        );
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
    }
}
