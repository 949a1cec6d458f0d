//! What an export tells.

use serde::Serialize;

/// `export`: a file that was written, as the custody log names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ExportReport {
    /// Name of the file without its folders.
    pub name: String,
    /// `csv`, `ndjson`, `parquet`, `ecs` or `ocsf`.
    pub format: String,
    /// The filter.
    pub query: String,
    /// Events written.
    pub count: u64,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Number of the entry in the custody log.
    pub custody: u64,
}
