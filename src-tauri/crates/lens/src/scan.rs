//! The smallest pieces of a filter text: words, quotes, signs, with their places.
//!
//! Owns: where a piece begins and ends, and the escapes inside quotes. Never touches: what a piece means. Each byte is
//! read a bounded number of times, so hostile text costs no more than its length.

use std::ops::Range;

use crate::error::{QueryCode, QueryError};

/// A piece of the text for colouring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Bytes of the filter text.
    pub span: Range<usize>,
    /// What it is.
    pub kind: TokenKind,
}

/// What a piece of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A key with its colon.
    Key,
    /// An unquoted value.
    Value,
    /// A quoted value or phrase, with its quotes.
    Quoted,
    /// A word of free text.
    Text,
    /// `-`, `!` or `~`.
    Sign,
    /// The name of a list, with its `@`.
    List,
    /// `OR`, `AND` or `NOT`.
    Operator,
    /// A parenthesis.
    Group,
}

/// A run of unquoted or quoted text; a value is one or more of them with nothing between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Segment {
    /// The text between the quotes, escapes not yet read; or the unquoted text.
    pub(crate) inner: Range<usize>,
    /// Whether it stood in quotes.
    pub(crate) quoted: bool,
}

impl Segment {
    /// Bytes of the filter text, with the quotes.
    pub(crate) fn span(&self) -> Range<usize> {
        let quotes = usize::from(self.quoted);
        self.inner.start - quotes..self.inner.end + quotes
    }
}

/// A place in the text.
pub(crate) struct Scanner<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
    pub(crate) tokens: Vec<Token>,
}

impl<'a> Scanner<'a> {
    pub(crate) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(crate) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(crate) fn skip_spaces(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    /// Whether a piece can end here.
    pub(crate) fn at_border(&self) -> bool {
        self.peek().is_none_or(|c| c.is_whitespace() || c == ')')
    }

    pub(crate) fn token(&mut self, from: usize, kind: TokenKind) {
        self.tokens.push(Token {
            span: from..self.at,
            kind,
        });
    }

    pub(crate) fn error(
        &self,
        code: QueryCode,
        span: Range<usize>,
        message: impl Into<String>,
        accepts: &[&str],
    ) -> QueryError {
        QueryError::new(code, self.text, span, message, accepts)
    }

    /// Takes one of the given characters as a token.
    pub(crate) fn take_char(&mut self, wanted: &[char], kind: TokenKind) -> Option<char> {
        let found = self.peek().filter(|c| wanted.contains(c))?;
        let from = self.at;
        self.at += found.len_utf8();
        self.token(from, kind);
        Some(found)
    }

    /// The unquoted word that begins here, not taken.
    pub(crate) fn word(&self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '"' | '(' | ')'));
        &rest[..end.unwrap_or(rest.len())]
    }

    /// Takes an operator if it stands here as a word of its own.
    pub(crate) fn take_operator(&mut self, operator: &str) -> bool {
        let followed = |next: Option<char>| {
            next.is_none_or(|c| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
        };
        let rest = self.rest();
        if !rest.starts_with(operator) || !followed(rest[operator.len()..].chars().next()) {
            return false;
        }
        let from = self.at;
        self.at += operator.len();
        self.token(from, TokenKind::Operator);
        true
    }

    /// Takes the quoted text that begins here.
    pub(crate) fn quoted(&mut self) -> Result<Segment, QueryError> {
        let open = self.at;
        let bytes = self.text.as_bytes();
        let mut at = open + 1;
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'\\' if matches!(bytes.get(at + 1), Some(b'"' | b'\\')) => at += 2,
                b'"' => {
                    self.at = at + 1;
                    self.token(open, TokenKind::Quoted);
                    return Ok(Segment {
                        inner: open + 1..at,
                        quoted: true,
                    });
                }
                _ => at += 1,
            }
        }
        Err(self.error(
            QueryCode::UnclosedQuote,
            open..self.text.len(),
            "the quote is never closed; inside quotes \\\" is a quote and \\\\ a backslash",
            &["\""],
        ))
    }

    /// Takes unquoted and quoted text up to a border.
    pub(crate) fn segments(&mut self, bare: TokenKind) -> Result<Vec<Segment>, QueryError> {
        let mut found = Vec::new();
        loop {
            if self.peek() == Some('"') {
                found.push(self.quoted()?);
            } else {
                let from = self.at;
                self.at += self.word().len();
                if self.at == from {
                    break;
                }
                self.token(from, bare);
                found.push(Segment {
                    inner: from..self.at,
                    quoted: false,
                });
            }
        }
        if self.at_border() {
            return Ok(found);
        }
        Err(self.error(
            QueryCode::Stray,
            self.at..self.at + 1,
            "a parenthesis inside a word; put the value in quotes, or a space before the group",
            &[],
        ))
    }

    /// The text of a segment, escapes read.
    pub(crate) fn text_of(&self, segment: &Segment) -> String {
        let inner = self.text.get(segment.inner.clone()).unwrap_or_default();
        if !segment.quoted || !inner.contains('\\') {
            return inner.to_owned();
        }
        let mut out = String::with_capacity(inner.len());
        let mut chars = inner.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, chars.peek()) {
                ('\\', Some(&escaped @ ('"' | '\\'))) => {
                    out.push(escaped);
                    chars.next();
                }
                _ => out.push(c),
            }
        }
        out
    }

    /// The bytes of a segment; inside quotes also `\n`, `\r`, `\t` and `\xNN`.
    pub(crate) fn bytes_of(&self, segment: &Segment) -> Result<Vec<u8>, QueryError> {
        let inner = self
            .text
            .get(segment.inner.clone())
            .unwrap_or_default()
            .as_bytes();
        if !segment.quoted {
            return Ok(inner.to_vec());
        }
        let mut out = Vec::with_capacity(inner.len());
        let mut at = 0;
        while let Some(&byte) = inner.get(at) {
            if byte != b'\\' {
                out.push(byte);
                at += 1;
                continue;
            }
            let hex = |offset: usize| {
                inner
                    .get(at + offset)
                    .and_then(|b| char::from(*b).to_digit(16))
                    .map(|d| d as u8)
            };
            let (value, length) = match (inner.get(at + 1), hex(2), hex(3)) {
                (Some(&b @ (b'"' | b'\\')), ..) => (b, 2),
                (Some(b'n'), ..) => (b'\n', 2),
                (Some(b'r'), ..) => (b'\r', 2),
                (Some(b't'), ..) => (b'\t', 2),
                (Some(b'x'), Some(high), Some(low)) => (high << 4 | low, 4),
                _ => {
                    let from = segment.inner.start + at;
                    return Err(self.error(
                        QueryCode::BadEscape,
                        from..from + 1,
                        "this backslash begins nothing that raw: knows; a backslash itself is \\\\",
                        &["\\\\", "\\\"", "\\n", "\\r", "\\t", "\\xNN"],
                    ));
                }
            };
            out.push(value);
            at += length;
        }
        Ok(out)
    }
}

/// Writes text in quotes so that it is read back as it is.
pub(crate) fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
