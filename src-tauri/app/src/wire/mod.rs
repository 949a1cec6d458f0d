//! Types that only the window needs: what it is told at the start, settings, and files it may speak of by token.
//!
//! Owns: shapes that cross IPC beside those of the engine. Never touches: paths (the web view never sees one).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use witnessmark_engine::Error;
use witnessmark_engine::api::{
    CaseSummary, ConnectorPart, KeyPart, OwnProfile, ProfilePart, RefusedProfile, VerifyReport,
};

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

/// Whether there is a secret for a connector at an origin. The secret itself never comes to the window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct SecretState {
    /// Scheme, host and port that it is bound to.
    pub origin: String,
    /// Whether it is held in memory until the program ends.
    pub held: bool,
    /// Whether the keyring of the system keeps it.
    pub kept: bool,
    /// Whether there is a keyring.
    pub keyring: bool,
    /// Why there is none, or why it did not keep the secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// With which key a package is signed. It has no `Debug`, for it can hold a passphrase.
#[derive(Default, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct Signing {
    /// Name of the key.
    pub key: String,
    /// Its passphrase; absent when it has none, or when the keyring keeps it.
    pub passphrase: Option<String>,
    /// Whether the keyring is to keep what was typed.
    pub keep: bool,
}

/// A connector file that a person chose; where it lies stays in Rust. A request names it by its token in `text`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct OwnConnector {
    /// Token of the file as it was when it was chosen.
    pub token: String,
    /// Its name, without its folder.
    pub name: String,
    /// What stands in it.
    pub connector: ConnectorPart,
}

/// A file of certificates that a person chose. A request names it by its token in `authorities`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct OwnAuthorities {
    /// Token of the file as it was when it was chosen.
    pub token: String,
    /// Its name, without its folder.
    pub name: String,
    /// Certificates in it.
    pub certificates: u32,
}

/// A pull that repeats itself while the case is open.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct PlanState {
    /// By this it is stopped.
    pub id: u64,
    /// Id of the connector.
    pub connector: String,
    /// Scheme, host and port.
    pub origin: String,
    /// Settings by name.
    pub settings: BTreeMap<String, String>,
    /// Every how long, such as `1h`.
    pub every: String,
    /// Whether it is pulling now.
    pub running: bool,
    /// Pulls since it began.
    pub pulls: u64,
    /// New events that they brought.
    pub events: u64,
    /// Failures since the last pull that reached the present.
    pub failures: u32,
    /// When it pulls next, RFC 3339; absent when it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Why it has ended; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Error>,
}

/// The signing keys, and of which the keyring keeps the passphrase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct KeysShown {
    /// By name.
    pub keys: Vec<KeyPart>,
    /// Names of those whose passphrase is kept.
    pub kept: Vec<String>,
    /// Why there is no keyring; absent when there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
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

/// Sigma rules that a person chose; where they lie stays in Rust.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct RulesChosen {
    /// Name of the folder, zip or file, without its folder; empty when rules were put away.
    pub name: String,
    /// Files of rules in it.
    pub files: u32,
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

/// A file with a profile that a person chose; where it lies stays in Rust.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ProfileFile {
    /// Its name, without its folder.
    pub name: String,
    /// What stands in it.
    pub text: String,
}

/// The profiles of a person's own: those of the open case, and those of a folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ProfilesShown {
    /// Those that the case keeps; none where no case is open.
    pub kept: Vec<OwnProfile>,
    /// The folder; absent where none was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<OwnFolder>,
}

/// A folder with profiles of a person's own; where it lies stays in Rust.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct OwnFolder {
    /// Its name, without the folders above it.
    pub name: String,
    /// Profiles in it.
    pub profiles: Vec<ProfilePart>,
    /// Files in it that are none, with place and reason.
    pub refused: Vec<RefusedProfile>,
    /// Why it cannot be read any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gone: Option<String>,
}
