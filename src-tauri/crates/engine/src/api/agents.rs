//! User agents in words.
//!
//! Owns: shapes. Never touches: how a user agent is read.

use serde::Serialize;

/// The user agents among some events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct AgentsReport {
    /// Most frequent first.
    pub agents: Vec<AgentPart>,
    /// Distinct ones, listed or not.
    pub distinct: u64,
    /// Events that name none.
    pub absent: u64,
}

/// One user agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct AgentPart {
    /// Client and system with versions, and the device; absent when nothing in it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Model of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<String>,
    /// As in the log.
    pub original: String,
    /// Events.
    pub events: u64,
    /// A filter that finds its events.
    pub filter: String,
}
