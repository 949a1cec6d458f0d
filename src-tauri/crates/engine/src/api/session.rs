//! What is told of sessions: rows of a list, and one session with everything done in it.
//!
//! Owns: shapes. Never touches: how sessions are cut.

use serde::Serialize;

use super::{BlindPart, RowPart, ScopePart};

/// One session of a list.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct SessionRow {
    /// The vendor's id; absent where the session was cut by idle time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Number of its first event.
    pub event: u64,
    /// First dated event, RFC 3339; absent when all are undated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    /// Last dated event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    /// Seconds between them.
    pub seconds: f64,
    /// Events.
    pub events: u64,
    /// Events of high or critical sensitivity.
    pub sensitive: u64,
    /// Events whose outcome is `failure`.
    pub failures: u64,
    /// First address that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Distinct addresses that it names.
    pub addresses: u64,
    /// First device that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// First country that the log gives in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// Events that name neither address nor device and are in it by actor and time alone.
    pub on_trust: u64,
    /// Events by actor and time alone that may be of this session or of another that was open: those counted here, and
    /// those that the list counts with the other.
    pub contested: u64,
    /// A filter that finds its events.
    pub filter: String,
}

/// One act of a session.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ActPart {
    /// The event as a row.
    pub row: RowPart,
    /// Seconds since the event from which the session was reached, or since its start; absent when undated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_seconds: Option<f64>,
    /// How much a misuse would hurt: 0 (low) to 3 (critical).
    pub level: u8,
    /// `money`, `key`, `role`, `export` or `other`.
    pub kind: String,
    /// Whether the event names neither address nor device.
    pub on_trust: bool,
    /// Whether it may belong to another session of the actor that was open at the same time.
    pub contested: bool,
}

/// A count with the filter of its rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct CountedFilter {
    /// What is counted.
    pub name: String,
    /// Events.
    pub events: u64,
    /// A filter that finds them.
    pub filter: String,
}

/// `session`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct SessionReport {
    /// The session.
    pub session: SessionRow,
    /// The event from which it was reached, if one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_event: Option<u64>,
    /// `vendor`: the log names the session. `idle`: same actor, address and device until idle.
    pub by: String,
    /// The rule as a sentence.
    pub rule: String,
    /// Minutes without an event that end it; only where `by` is `idle`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_minutes: Option<u32>,
    /// Who acted in it; more than one is a finding of its own.
    pub actors: Vec<CountedFilter>,
    /// Sign-ins, reads and changes, with their filters.
    pub counts: Vec<CountedFilter>,
    /// Money, keys, roles, exports, with their filters.
    pub kinds: Vec<CountedFilter>,
    /// Acts in the order asked for, a page of them.
    pub acts: Vec<ActPart>,
    /// Acts that may belong to another session.
    pub contested: u64,
    /// Where several systems or organizations have a session of this id, all of them; the first is the one that is told here.
    /// Empty where there is one.
    pub scopes: Vec<ScopePart>,
    /// What the systems behind it do not log.
    pub blind_spots: Vec<BlindPart>,
}
