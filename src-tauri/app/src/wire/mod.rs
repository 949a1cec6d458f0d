//! Types that only the window needs: what it is told at the start, settings, and files it may speak of by token.
//!
//! Owns: shapes that cross IPC beside those of the engine. Never touches: paths (the web view never sees one).

use serde::{Deserialize, Serialize};
use witnessmark_engine::api::{CaseSummary, VerifyReport};

/// What the window needs to draw itself the first time.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct AppInfo {
    /// Version of the application.
    pub version: String,
    /// Settings as kept.
    pub settings: Settings,
    /// Cases opened before, newest first.
    pub recent: Vec<RecentCase>,
    /// Zone of this computer, an IANA name.
    pub local_zone: String,
    /// Every zone that can be chosen.
    pub zones: Vec<String>,
    /// The open case, if one was opened by the command line or is open already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<CaseSummary>,
    /// Files named on the command line, to be shown in Sources as if they had been chosen just now. A case that did not
    /// open (`is_case`) stands first: opening it asks for the passphrase, or says what is wrong. Told once.
    pub inputs: Vec<InputFile>,
    /// Folder where new cases are made, for people.
    pub case_folder: String,
}

/// Settings of the window; kept outside any case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct Settings {
    /// `system`, `light`, `dark`, `contrast`.
    pub theme: String,
    /// `compact`, `comfortable`.
    pub density: String,
    /// Columns of the timeline in their order; empty: the usual ones.
    pub columns: Vec<ColumnSetting>,
    /// Field into which the bars of the timeline are split; empty: none.
    pub split: String,
    /// `linear`, `log`.
    pub scale: String,
    /// How large everything is drawn: 1 is as it is, 2 is twice the size; 0.5 to 3.
    pub zoom: f64,
}

/// A column of the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ColumnSetting {
    /// A field, or one of `sentence`, `system`.
    pub field: String,
    /// Pixels; 0: as wide as the window leaves.
    pub width: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            theme: "system".into(),
            density: "compact".into(),
            columns: Vec::new(),
            split: "event.outcome".into(),
            scale: "linear".into(),
            zoom: 1.0,
        }
    }
}

/// A case opened before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct RecentCase {
    /// Token to open it again.
    pub token: String,
    /// Name of the case.
    pub name: String,
    /// File name without folder.
    pub file: String,
    /// Systems in it.
    pub systems: Vec<String>,
    /// Events in it.
    pub events: u64,
    /// Whether it needs a passphrase.
    pub encrypted: bool,
    /// When it was last opened, RFC 3339.
    pub opened: String,
}

/// A file or folder that a person dropped or chose; the path stays in Rust.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct InputFile {
    /// Token to import it.
    pub token: String,
    /// Name without folder.
    pub name: String,
    /// Bytes; absent for a folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Whether it is a case file rather than a log.
    pub is_case: bool,
}

/// Files that were dropped on the window; the event `inputs-dropped`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct InputsDropped {
    /// `hover`, `drop`, `leave`.
    pub phase: String,
    /// Empty while hovering.
    pub files: Vec<InputFile>,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ExportProgress {
    /// Events written.
    pub done: u64,
    /// Events to write.
    pub total: u64,
}

/// A package or case that was checked.
#[derive(Clone, Debug, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct Checked {
    /// Its name, without its folder.
    pub name: String,
    /// What the check says.
    pub report: VerifyReport,
}
