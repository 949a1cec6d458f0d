//! What can go wrong with a case file, each with the object it happened to and what to do next.
//!
//! Owns: the closed list. Never touches: codes of the outside world (the engine maps them).

use std::path::PathBuf;

/// Result of everything in this crate.
pub type Result<T> = std::result::Result<T, StoreError>;

/// A failure of the store. The text names the object and the next step.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no file.
    #[error("{path} does not exist; check the name, or import into it to make a new case")]
    NotFound {
        /// The case.
        path: PathBuf,
    },
    /// A new case would overwrite something.
    #[error("{path} is already there; choose another name")]
    Exists {
        /// The case.
        path: PathBuf,
    },
    /// The path leads elsewhere or is known by a second name.
    #[error(
        "{path} is {what}; a case must be a plain file with one name, because a second way in can damage it. Copy it to a new file and open that"
    )]
    NotPlainFile {
        /// The case.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// Another process has it.
    #[error("{path} is open for writing: {holder}; close it there first")]
    Locked {
        /// The case.
        path: PathBuf,
        /// Who, process, since when; as the lock file says.
        holder: String,
    },
    /// The key does not fit, or a key is needed.
    #[error(
        "{path} cannot be opened with this passphrase (or is not a case file); check the passphrase"
    )]
    WrongPassphrase {
        /// The case.
        path: PathBuf,
    },
    /// Not ours.
    #[error("{path} is not a Witnessmark case: {why}")]
    NotACase {
        /// The file.
        path: PathBuf,
        /// Which sign is missing.
        why: String,
    },
    /// Written by a newer program.
    #[error(
        "{path} has schema version {found}, this program reads up to {known}; use a newer Witnessmark"
    )]
    Newer {
        /// The case.
        path: PathBuf,
        /// Version in the file.
        found: i64,
        /// Greatest version that this program knows.
        known: i64,
    },
    /// A check on opening failed.
    #[error(
        "{path} failed the check `{check}`: {detail}. Nothing was changed; keep the file and restore a copy"
    )]
    Damaged {
        /// The case.
        path: PathBuf,
        /// `schema`, `pages`, `custody`, ...
        check: &'static str,
        /// What differs, where.
        detail: String,
    },
    /// A stored blob does not decode or does not fit its neighbours.
    #[error(
        "{what} in the case file is damaged: {detail}. Nothing was changed; keep the file and restore a copy"
    )]
    Corrupt {
        /// Which blob.
        what: String,
        /// What does not fit.
        detail: String,
    },
    /// Evidence read back does not have the hash it had when it came.
    #[error(
        "source {source_number} is not what was imported: its SHA-256 is {found}, it was {expected}"
    )]
    EvidenceChanged {
        /// Source number.
        source_number: u32,
        /// Hash recorded at import.
        expected: String,
        /// Hash now.
        found: String,
    },
    /// A number that names nothing.
    #[error("there is no {what} {number} in this case")]
    NoSuch {
        /// `source`, `event`, ...
        what: &'static str,
        /// The number asked for.
        number: u64,
    },
    /// The case was opened for reading only.
    #[error("the case is open for reading only; close it elsewhere and open it again to write")]
    ReadOnly,
    /// A call that the order of an import does not allow.
    #[error("the import is not in a state for this: {0}")]
    OutOfOrder(&'static str),
    /// The caller stopped it.
    #[error("stopped")]
    Cancelled,
    /// The query cannot be answered here, with the reason.
    #[error("the query cannot be answered: {0}")]
    Query(String),
    /// The disk is full.
    #[error(
        "the disk that holds the case is full; nothing of this import is visible. Free space and import again"
    )]
    DiskFull,
    /// The database refused.
    #[error("the case file cannot be read or written: {0}")]
    Sqlite(rusqlite::Error),
    /// The system refused.
    #[error("{what}: {error}")]
    Io {
        /// What was being done, with the path.
        what: String,
        /// What the system said.
        error: std::io::Error,
    },
    /// Stored JSON that does not parse.
    #[error("a record in the case file is not the JSON it should be: {0}")]
    Json(#[from] serde_json::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::DiskFull,
            Some(rusqlite::ErrorCode::OperationInterrupted) => Self::Cancelled,
            Some(rusqlite::ErrorCode::ReadOnly) => Self::ReadOnly,
            _ => Self::Sqlite(error),
        }
    }
}

impl StoreError {
    /// A damaged blob.
    pub(crate) fn corrupt(what: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Corrupt {
            what: what.into(),
            detail: detail.into(),
        }
    }
}
