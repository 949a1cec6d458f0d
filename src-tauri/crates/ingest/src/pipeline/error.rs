//! Why an import cannot be done, in words that name the file, the place and what to do.
//!
//! Owns: codes and texts of whole-file failures. Never touches: single entries (they are rejected, which is no error).

use crate::options::Question;
use std::fmt;

/// Where it went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Name of the input.
    pub name: String,
    /// Member of the archive.
    pub member: Option<String>,
    /// Offset in the (decompressed) member.
    pub offset: Option<u64>,
}

/// Why a file or member is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// `empty`, `not_a_log`, `zone_required`, `date_order_required`, `encoding_required`, `unknown_profile`,
    /// `unknown_label`, `invalid_option`, `limit_exceeded`, `unsafe_name`, `not_readable`, `io`, `cancelled`.
    pub code: &'static str,
    /// What happened to which file.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// Where.
    pub place: Place,
}

impl ImportError {
    pub(crate) fn new(
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
            place: Place::default(),
        }
    }

    pub(crate) fn at(mut self, name: &str, member: Option<&str>) -> Self {
        let whole = match member {
            Some(member) => format!("{name}: {member}"),
            None => name.to_owned(),
        };
        self.message = format!("{whole}: {}", self.message);
        self.place.name = name.to_owned();
        self.place.member = member.map(str::to_owned);
        self
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(
            "cancelled",
            "the import was cancelled",
            "import again to start over",
        )
    }

    pub(crate) fn question(question: &Question) -> Self {
        Self::new(question.code(), question.message(), question.hint())
    }

    /// Whether only this member is out of question, and the others of its archive can be read.
    pub(crate) fn is_of_one_member(&self) -> bool {
        matches!(
            self.code,
            "empty" | "not_a_log" | "unsafe_name" | "not_readable"
        )
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ImportError {}

/// How a run can end before its end. Nothing that was handed to the sink counts then.
#[derive(Debug)]
pub enum RunError<E> {
    /// The input cannot be imported.
    Import(ImportError),
    /// The sink failed.
    Sink(E),
}

impl<E> From<ImportError> for RunError<E> {
    fn from(error: ImportError) -> Self {
        Self::Import(error)
    }
}

impl<E: fmt::Display> fmt::Display for RunError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Import(error) => error.fmt(f),
            Self::Sink(error) => error.fmt(f),
        }
    }
}
