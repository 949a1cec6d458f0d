//! How failures of the crates below become the one error of the facade.
//!
//! Owns: the mapping to codes and hints. Never touches: the failures' own words, which name the object.

use witnessmark_ingest::pipeline::ImportError;
use witnessmark_lens::QueryError;
use witnessmark_pull::{Fault, PullError};
use witnessmark_store::StoreError;

use crate::error::{Code, Error};

impl From<PullError> for Error {
    fn from(error: PullError) -> Self {
        let code = match error.fault {
            Fault::Connector => Code::InvalidConnector,
            Fault::Address => Code::AddressRefused,
            Fault::Credentials => Code::CredentialsRefused,
            Fault::Connection | Fault::Busy => Code::Unreachable,
            Fault::Limited => Code::RateLimited,
            Fault::Shape | Fault::Loop => Code::UnexpectedAnswer,
            Fault::Size => Code::LimitExceeded,
            Fault::Cancelled => Code::Cancelled,
            Fault::Sink => Code::Io,
        };
        Self::new(code, error.message, error.hint)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        use StoreError as S;
        let path = match &error {
            S::NotFound { path }
            | S::Exists { path }
            | S::NotPlainFile { path, .. }
            | S::Locked { path, .. }
            | S::WrongPassphrase { path }
            | S::NotACase { path, .. }
            | S::Newer { path, .. }
            | S::Damaged { path, .. } => Some(path.to_string_lossy().into_owned()),
            _ => None,
        };
        let (code, hint) = match &error {
            S::NotFound { .. } => (
                Code::NotFound,
                "Check the name, or import into it to make a new case.",
            ),
            S::Exists { .. } => (Code::Io, "Choose another name; nothing is overwritten."),
            S::NotPlainFile { .. } => (
                Code::NotACase,
                "Copy the case to a plain file and open that.",
            ),
            S::Locked { .. } => (
                Code::CaseBusy,
                "Close it in the other window or program first.",
            ),
            S::WrongPassphrase { .. } => (
                Code::PassphraseRequired,
                "Give the passphrase that the case was made with; nobody can recover it.",
            ),
            S::NotACase { .. } => (Code::NotACase, "Choose a file that ends in .wmcase."),
            S::Newer { .. } => (Code::NotACase, "Open it with a newer Witnessmark."),
            S::Damaged { .. } | S::Corrupt { .. } | S::EvidenceChanged { .. } | S::Json(_) => (
                Code::CaseDamaged,
                "Keep the file as it is and work on with a copy made earlier.",
            ),
            S::NoSuch { .. } => (
                Code::NoSuchItem,
                "List what there is with `sources` or `events`.",
            ),
            S::ReadOnly => (
                Code::CaseBusy,
                "Close the case elsewhere and open it again.",
            ),
            S::Cancelled => (
                Code::Cancelled,
                "Nothing was kept but a note in the custody log.",
            ),
            S::Query(_) => (Code::InvalidQuery, "Change the filter."),
            S::DiskFull => (
                Code::DiskFull,
                "Free space and import again; nothing of this import is visible.",
            ),
            S::Io { .. } | S::Sqlite(_) => (Code::Io, "Check the disk and the rights on it."),
            _ => (
                Code::Internal,
                "The case is unharmed. Please report this with the command that led here.",
            ),
        };
        let made = Self::new(code, error.to_string(), hint);
        match path {
            Some(path) => made.at(path),
            None => made,
        }
    }
}

impl From<QueryError> for Error {
    fn from(error: QueryError) -> Self {
        let hint = if error.accepts.is_empty() {
            "See docs/filter-language.md.".to_owned()
        } else {
            format!("Accepted here: {}.", error.accepts.join(", "))
        };
        let mut made = Self::new(Code::InvalidQuery, error.message.clone(), hint);
        made.place.start = u32::try_from(error.span.start).ok();
        made.place.end = u32::try_from(error.span.end).ok();
        if made.message.is_empty() {
            made.message = error.to_string();
        }
        made
    }
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Self {
        let code = match error.code {
            "empty" => Code::Empty,
            "not_a_log" => Code::NotALog,
            "zone_required" => Code::ZoneRequired,
            "date_order_required" => Code::DateOrderRequired,
            "encoding_required" => Code::EncodingRequired,
            "unknown_profile" => Code::UnknownProfile,
            "unknown_label" | "invalid_option" => Code::InvalidOption,
            "limit_exceeded" => Code::LimitExceeded,
            "unsafe_name" | "not_readable" => Code::NotReadable,
            "cancelled" => Code::Cancelled,
            _ => Code::Io,
        };
        let mut made = Self::new(code, error.message, error.hint);
        if !error.place.name.is_empty() {
            made.place.path = Some(match error.place.member {
                Some(member) => format!("{}/{member}", error.place.name),
                None => error.place.name,
            });
        }
        made.place.offset = error.place.offset;
        made
    }
}

/// A fault of ours: something that the crates below promised did not hold.
pub(crate) fn internal(what: impl Into<String>) -> Error {
    Error::new(
        Code::Internal,
        what,
        "The case is unharmed. Please report this with the steps that led here.",
    )
}
