//! The one error of the facade: code, message, hint, place. Owns the closed set of codes; nobody matches text.

use serde::Serialize;

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $code:literal;)*) => {
        /// What went wrong, for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
        #[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, rename = "ErrorCode"))]
        pub enum Code { $($(#[$doc])* #[serde(rename = $code)] $variant,)* }
        impl Code {
            /// Every code.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)*];
            /// The word in JSON.
            #[must_use]
            pub const fn as_str(self) -> &'static str { match self { $(Code::$variant => $code,)* } }
        }
    };
}

codes! {
    /// A file, folder or case that is not there.
    NotFound = "not_found";
    /// Not a regular file, or not readable.
    NotReadable = "not_readable";
    /// The file holds nothing.
    Empty = "empty";
    /// HTML, PDF, an image, a binary.
    NotALog = "not_a_log";
    /// Times name no zone and none was given.
    ZoneRequired = "zone_required";
    /// Dates can be read two ways and nothing settles it.
    DateOrderRequired = "date_order_required";
    /// Not UTF-8, and no encoding was given.
    EncodingRequired = "encoding_required";
    /// No such profile.
    UnknownProfile = "unknown_profile";
    /// An option has a value that cannot be read.
    InvalidOption = "invalid_option";
    /// The filter cannot be understood.
    InvalidQuery = "invalid_query";
    /// A limit on expansion, size or nesting was passed.
    LimitExceeded = "limit_exceeded";
    /// The source changed while it was read.
    ChangedWhileReading = "changed_while_reading";
    /// Not enough free disk, or a write failed.
    DiskFull = "disk_full";
    /// Not a case, or a case of a newer version.
    NotACase = "not_a_case";
    /// The case does not hold what it should.
    CaseDamaged = "case_damaged";
    /// Another process has the case open.
    CaseBusy = "case_busy";
    /// A passphrase is needed, or the one given is wrong.
    PassphraseRequired = "passphrase_required";
    /// No such event, source or view.
    NoSuchItem = "no_such_item";
    /// A connector, or a setting of one, cannot be used.
    InvalidConnector = "invalid_connector";
    /// An address that may not be asked.
    AddressRefused = "address_refused";
    /// A remote system does not take the credentials.
    CredentialsRefused = "credentials_refused";
    /// A remote system cannot be reached, or not in a way that can be trusted.
    Unreachable = "unreachable";
    /// A remote system asks to come back later.
    RateLimited = "rate_limited";
    /// A remote system answers with something else than its log.
    UnexpectedAnswer = "unexpected_answer";
    /// The keyring of the system is not there, or did not do what it was asked.
    KeyringRefused = "keyring_refused";
    /// The person cancelled.
    Cancelled = "cancelled";
    /// Reading or writing failed.
    Io = "io";
    /// A fault of ours.
    Internal = "internal";
}

/// Where it went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(
    feature = "bindings",
    derive(ts_rs::TS),
    ts(export, rename = "ErrorPlace", optional_fields)
)]
pub struct Where {
    /// File, folder, case or source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Line, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Byte offset, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
    /// First byte of the filter text that is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u32>,
    /// First byte after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<u32>,
}

/// What every operation of the facade can fail with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{message}")]
#[cfg_attr(
    feature = "bindings",
    derive(ts_rs::TS),
    ts(export, rename = "BackendError", optional_fields)
)]
pub struct Error {
    /// For programs.
    pub code: Code,
    /// What happened to which object.
    pub message: String,
    /// What to do.
    pub hint: String,
    /// Where.
    #[serde(rename = "where")]
    pub place: Box<Where>,
}

impl Error {
    /// An error with its message and what to do.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: hint.into(),
            place: Box::default(),
        }
    }

    /// The same error at a path.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.place.path = Some(path.into());
        self
    }
}

/// What the facade returns.
pub type Result<T> = std::result::Result<T, Error>;
