//! What happened around an event.

use serde::Serialize;

use super::EventJson;

/// `context`: the events around one event, earliest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ContextReport {
    /// Number of the event in the middle.
    pub event: u64,
    /// Its rank among all events of the case, earliest first, from 0.
    pub rank: u64,
    /// Events given before it.
    pub before: u64,
    /// Events given after it.
    pub after: u64,
    /// Whether there were more within the span than are given.
    pub cut: bool,
    /// All of them, the event in the middle too.
    pub events: Vec<ContextEvent>,
}

/// One event of a context.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ContextEvent {
    /// Whether the filter holds it.
    pub matches: bool,
    /// The event.
    pub event: EventJson,
}
