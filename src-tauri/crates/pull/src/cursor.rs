//! How far a log has been read: everything that the next run, or the rest of an interrupted one, must know.
//!
//! Owns: the shape of the position, which is kept in the case as JSON. Never touches: secrets (there are none in it).

use serde::{Deserialize, Serialize};
use witnessmark_model::Instant;

/// The sign of the next page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Token {
    /// A whole address on the origin of the connector.
    Address(String),
    /// A text of the server.
    Value(String),
    /// Number of the page, entries before it.
    Number(u64),
}

/// A walk over pages that has not reached its last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// First instant asked for; absent when the log is not asked by time.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub since: Option<Instant>,
    /// Instant before which was asked; it stays the same over all pages.
    pub until: Instant,
    /// Which page comes next; the first when absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub next: Option<Token>,
    /// Instant before which what was read counts: the clock of the server had come so far when the walk began.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub limit: Option<Instant>,
    /// Whether it stands in the place of a token that the server does not know any more.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub lost: bool,
    /// Whether it has met an entry of the walk before.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub again: bool,
    /// Spans of which a part was refused.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub missing: Vec<(Instant, Instant)>,
    /// Hashes of the ids of the newest entries that the walk has met, for a log that cannot be asked by time.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub met: Vec<u64>,
}

impl Walk {
    /// A walk that begins, up to an instant.
    #[must_use]
    pub const fn new(until: Instant) -> Self {
        Self {
            since: None,
            until,
            next: None,
            limit: None,
            lost: false,
            again: false,
            missing: Vec::new(),
            met: Vec::new(),
        }
    }
}

/// The position in one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// A walk that was interrupted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub walk: Option<Walk>,
    /// Everything before this instant of the server's own filter was walked to its end.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub high_water: Option<Instant>,
    /// The earliest instant from which on it was asked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub first: Option<Instant>,
    /// Where a log with lasting tokens is read on.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub resume: Option<Token>,
    /// Hashes of ids that are known, for a log that cannot be asked by time.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub known: Vec<u64>,
}

/// A span of time of a stream and whether it was read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// From here.
    pub from: Instant,
    /// To before here.
    pub to: Instant,
    /// Whether all of it was read.
    pub complete: bool,
    /// Why not, or what to know.
    pub reason: String,
}
