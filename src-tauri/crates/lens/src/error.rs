//! What is wrong with a filter text, where, and what would be accepted there.
//!
//! Owns: the closed set of codes and the wording of the place. Never touches: the grammar, which finds the fault.

use std::{fmt, ops::Range};

/// Why a filter text means nothing. Front ends match the code, never the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueryCode {
    /// No key has this name.
    UnknownKey,
    /// A key without a value.
    MissingValue,
    /// A sign, `OR`, `AND` or `NOT` with nothing to work on.
    MissingTerm,
    /// `()`.
    EmptyGroup,
    /// A quote that is never closed.
    UnclosedQuote,
    /// A parenthesis that is never closed.
    UnclosedGroup,
    /// A parenthesis or quote inside a word, or one that closes nothing.
    Stray,
    /// `--` or `!!`.
    TwoSigns,
    /// Two values of one key side by side with no `OR` between.
    MissingOperator,
    /// A time that cannot be read.
    BadTime,
    /// A number that cannot be read.
    BadNumber,
    /// An address or network that cannot be read.
    BadAddress,
    /// A range with no ends, too many, or the wrong way round.
    BadRange,
    /// A value that this key does not take.
    BadValue,
    /// A backslash before a character that needs none.
    BadEscape,
    /// A list that cannot be read, or more than [`crate::parse::MAX_LISTS`] of them.
    BadList,
    /// Groups nested deeper than [`crate::parse::MAX_DEPTH`].
    TooDeep,
    /// More than [`crate::parse::MAX_BYTES`].
    TooLong,
}

impl QueryCode {
    /// The word of the code in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownKey => "unknown_key",
            Self::MissingValue => "missing_value",
            Self::MissingTerm => "missing_term",
            Self::EmptyGroup => "empty_group",
            Self::UnclosedQuote => "unclosed_quote",
            Self::UnclosedGroup => "unclosed_group",
            Self::Stray => "stray",
            Self::TwoSigns => "two_signs",
            Self::MissingOperator => "missing_operator",
            Self::BadTime => "bad_time",
            Self::BadNumber => "bad_number",
            Self::BadAddress => "bad_address",
            Self::BadRange => "bad_range",
            Self::BadValue => "bad_value",
            Self::BadEscape => "bad_escape",
            Self::BadList => "bad_list",
            Self::TooDeep => "too_deep",
            Self::TooLong => "too_long",
        }
    }
}

/// A filter text that means nothing, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Which kind of fault.
    pub code: QueryCode,
    /// Bytes of the text that are at fault; empty at the place where something is missing. Always on character borders.
    pub span: Range<usize>,
    /// The same place for people: the number of its first character, from 1.
    pub column: usize,
    /// The text at fault, cut to 40 characters; empty where something is missing.
    pub found: String,
    /// What is wrong, as a sentence without its place.
    pub message: String,
    /// What would be accepted here, best first: texts that can be put in the place of `span`, or descriptions of them.
    pub accepts: Vec<String>,
}

impl QueryError {
    pub(crate) fn new(
        code: QueryCode,
        text: &str,
        span: Range<usize>,
        message: impl Into<String>,
        accepts: &[&str],
    ) -> Self {
        let shown = text.get(span.clone()).unwrap_or_default();
        let mut found: String = shown.chars().take(40).collect();
        if found.len() < shown.len() {
            found.push('…');
        }
        Self {
            code,
            column: text.get(..span.start).unwrap_or(text).chars().count() + 1,
            span,
            found,
            message: message.into(),
            accepts: accepts.iter().map(|a| (*a).to_owned()).collect(),
        }
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}", self.column)?;
        if !self.found.is_empty() {
            // Debug form shows control and bidi characters as escapes, so that a pasted filter cannot disguise itself.
            write!(f, ", {:?}", self.found)?;
        }
        write!(f, ": {}", self.message)?;
        if !self.accepts.is_empty() {
            write!(f, "; accepted here: {}", self.accepts.join(", "))?;
        }
        Ok(())
    }
}

impl std::error::Error for QueryError {}
