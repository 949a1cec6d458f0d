//! What a pull asks, tells while it runs, and states at its end.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::SourceReport;
use crate::error::Error;

/// What a person must give a connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ConnectorSetting {
    /// Name in the request.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// What to write.
    pub hint: String,
    /// What it is when nothing is given; absent when something must be given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// A connector for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ConnectorPart {
    /// Its name on the command line.
    pub id: String,
    /// Name for people.
    pub title: String,
    /// Where the vendor describes the interface.
    pub vendor_page: String,
    /// Address, with settings in braces.
    pub base: String,
    /// How it shows who asks: `bearer`, `basic`, `header`, `oauth2_client_credentials`, `oauth2_jwt`, `aws_sigv4`, `none`.
    pub auth: String,
    /// What the secret is.
    pub secret_hint: String,
    /// Settings in the order of the form.
    pub settings: Vec<ConnectorSetting>,
    /// Its streams; empty where it has one.
    pub streams: Vec<String>,
    /// What a reader of the result must know.
    pub notes: Vec<String>,
    /// How long the vendor keeps entries, in words; empty when it is not known.
    pub retention: String,
}

/// The connectors that come with the program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ConnectorsReport {
    /// By id.
    pub connectors: Vec<ConnectorPart>,
}

/// What to pull. Secrets are handed over beside it, so that it can be kept and shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct PullRequest {
    /// Id of a connector that comes with the program; not looked at when `text` is given.
    pub connector: String,
    /// The text of a connector of the person's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Settings by name.
    pub settings: BTreeMap<String, String>,
    /// The person's own server instead of the vendor's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Whether servers on this machine and in private networks may be asked.
    pub allow_private: bool,
    /// PEM text of certificates that are trusted beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorities: Option<String>,
    /// Where a first pull begins, RFC 3339; as far back as the vendor keeps, or the connector says, when absent. Later, what lies before the first pull.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// How far back to ask once more at the end, such as `24h`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub settle: Option<String>,
    /// Only these streams; all when empty.
    pub streams: Vec<String>,
    /// Every how long this pull is repeated without a person, such as `1h`; the custody log tells it. Absent for the pull that a
    /// person begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
}

/// How far a pull is, all its streams together.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct PullProgress {
    /// Answers.
    pub pages: u64,
    /// Entries in them.
    pub entries: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Entries each second.
    pub rate: f64,
    /// Requests that the server still allows, when it says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left: Option<u64>,
    /// Seconds that the server asked to wait; absent when a stream goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<f64>,
    /// The streams that have begun; empty where the connector has one log.
    pub streams: Vec<StreamProgress>,
}

/// How far one stream of a pull is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct StreamProgress {
    /// Its name in the connector.
    pub stream: String,
    /// Its answers.
    pub pages: u64,
    /// Entries in them.
    pub entries: u64,
    /// `asking`, `waiting`, `done`, or `stopped` before it reached the present.
    pub state: String,
}

/// A span of time of a remote log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct CoveragePart {
    /// From here, RFC 3339.
    pub from: String,
    /// To before here.
    pub to: String,
    /// Whether all of it was read.
    pub complete: bool,
    /// Why not, or what to know; empty when there is nothing to say.
    pub reason: String,
}

/// One answer of a remote system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct PagePart {
    /// When it was whole, RFC 3339.
    pub at: String,
    /// Address, without secrets.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// Headers that decided something.
    pub headers: BTreeMap<String, String>,
    /// SHA-256 of the body, hex.
    pub sha256: String,
    /// Entries in it.
    pub entries: u64,
}

/// What came of one stream in one pull.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct StreamReport {
    /// Number of the stream in the case.
    pub id: u64,
    /// Its name in the connector; empty where there is one.
    pub stream: String,
    /// Answers.
    pub pages: u64,
    /// Entries in them, with repetitions.
    pub entries: u64,
    /// Entries that gave a new event.
    pub stored: u64,
    /// Entries that the case had already.
    pub duplicates: u64,
    /// Entries that hold no event.
    pub rejected: u64,
    /// New events.
    pub events: u64,
    /// What this pull says of spans of time.
    pub coverage: Vec<CoveragePart>,
    /// Why it ended before it reached the present; absent when it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Error>,
}

/// What came of a pull.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct PullReport {
    /// The connector and its version.
    pub connector: String,
    /// Scheme, host and port that were asked.
    pub origin: String,
    /// One for each stream.
    pub streams: Vec<StreamReport>,
    /// The sources that came in.
    pub sources: Vec<SourceReport>,
    /// What a reader of the result must know.
    pub notes: Vec<String>,
}

/// One page that was asked for to look at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct TriedReport {
    /// Requests and answers.
    pub pages: Vec<PagePart>,
    /// Entries found.
    pub entries: u64,
    /// Those of the first answer that have the id which the connector names; absent where it names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<u64>,
    /// The beginning of the answer with the entries, with hidden characters made visible.
    pub beginning: String,
    /// What leads to the next page; absent when this was the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A remote log of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct PulledStream {
    /// Its number, from 1.
    pub id: u64,
    /// The connector and its version.
    pub connector: String,
    /// Scheme, host and port.
    pub origin: String,
    /// Settings by name.
    pub settings: BTreeMap<String, String>,
    /// Its name in the connector; empty where there is one.
    pub stream: String,
    /// Spans of time, later knowledge over earlier: they do not overlap and rise.
    pub coverage: Vec<CoveragePart>,
    /// Every answer, in the order in which they came.
    pub pages: Vec<PagePart>,
}

/// The remote logs of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct PulledReport {
    /// In the order in which they were first pulled.
    pub streams: Vec<PulledStream>,
}
