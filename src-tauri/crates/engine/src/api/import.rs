//! What an import asks, tells while it runs, and states at its end.

use serde::{Deserialize, Serialize};

/// Something about a source that matters for evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct WarningPart {
    /// Code for programs.
    pub code: String,
    /// How many entries.
    pub count: u64,
    /// Sentence for people.
    pub message: String,
    /// Filter of the events that it is about; absent where it is about the source as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
}

/// The receipt of one source: entries = stored + duplicates + rejected.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct SourceReport {
    /// Source number in the case.
    pub id: u32,
    /// File or member name.
    pub name: String,
    /// Hash of the (decompressed) bytes, lower-case hex.
    pub sha256: String,
    /// Bytes of the (decompressed) source.
    pub bytes: u64,
    /// Profiles that read it, such as `paymongo@1`.
    pub profiles: Vec<String>,
    /// Title of the system for people, such as `PayMongo security logs`.
    pub title: String,
    /// How sure the recognition is, 0 to 1; 1 when chosen.
    pub confidence: f64,
    /// Zone and why; null when every time names its own.
    #[cfg_attr(feature = "bindings", ts(optional = nullable))]
    pub zone: Option<String>,
    /// Entries read.
    pub entries: u64,
    /// Entries that hold at least one event stored from them.
    pub stored: u64,
    /// Entries whose events were all in the case before.
    pub duplicates: u64,
    /// Entries that hold no event; their bytes are kept.
    pub rejected: u64,
    /// Events stored.
    pub events: u64,
    /// Events without a time.
    pub undated: u64,
    /// First instant, RFC 3339; null when no event has a time.
    #[cfg_attr(feature = "bindings", ts(optional = nullable))]
    pub first: Option<String>,
    /// Last instant, RFC 3339; null when no event has a time.
    #[cfg_attr(feature = "bindings", ts(optional = nullable))]
    pub last: Option<String>,
    /// Warnings.
    pub warnings: Vec<WarningPart>,
    /// What the system does not log, for every conclusion drawn from this source.
    pub blind_spots: Vec<String>,
    /// RFC 6962 Merkle root over the entries, hex.
    pub merkle_root: String,
    /// `complete` or `withdrawn`.
    pub state: String,
    /// The archive, packed file or workbook that it came in, which is kept too; absent for a plain file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerPart>,
    /// 1, and one more each time it was read anew.
    pub generation: u32,
    /// Why it was taken out; absent when it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// When it was imported, RFC 3339.
    pub imported: String,
}

/// What a source came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ContainerPart {
    /// `gzip`, `zstd`, `zip` or `xlsx`.
    pub kind: String,
    /// File name.
    pub name: String,
    /// Bytes as they came.
    pub bytes: u64,
    /// Hash of these bytes, lower-case hex.
    pub sha256: String,
}

/// The receipt of an import, and the list of sources of a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SourcesReport {
    /// One for each file or member.
    pub sources: Vec<SourceReport>,
    /// Files of a folder, or members of an archive, that are no logs and were left out; empty in the list of a case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "bindings", ts(as = "Option<Vec<RefusedPart>>", optional))]
    pub refused: Vec<RefusedPart>,
}

/// A file of a folder, or a member of an archive, that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct RefusedPart {
    /// Its name.
    pub name: String,
    /// Why, for programs.
    pub code: crate::error::Code,
    /// Why, for people.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// An entry without an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct RejectPart {
    /// Source number.
    pub source: u32,
    /// Entry in the source.
    pub entry: u64,
    /// Line of its first byte.
    pub line: u64,
    /// Offset of its first byte.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// Why, for programs.
    pub code: String,
    /// Why, for people.
    pub message: String,
    /// The first bytes, with hidden characters made visible.
    pub preview: String,
}

/// Rejected entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct RejectsReport {
    /// In order of source and entry.
    pub rejects: Vec<RejectPart>,
}

/// What a person chose for an import. Absent: recognised, or asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ImportChoices {
    /// Profile id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// Zone for times that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<String>,
    /// `dmy`, `mdy` or `ymd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_order: Option<String>,
    /// Encoding label.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// Keys from the root of each JSON document to the list of its entries, none where the root is the list; told by a connector.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Vec<String>>,
    /// `organization.name=…` and the like.
    pub labels: Vec<String>,
    /// Profiles of the person's own, beside those that come with the program; a case keeps the text of each that it used.
    #[serde(skip)]
    #[cfg_attr(feature = "bindings", ts(skip))]
    pub profiles: Vec<ProfileText>,
}

/// A profile as it stands in a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileText {
    /// Name of the file, for messages.
    pub file: String,
    /// What stands in it.
    pub text: String,
}

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ImportProgress {
    /// Name of the source being read.
    pub name: String,
    /// Bytes read.
    pub bytes: u64,
    /// Bytes in all; absent when it cannot be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Entries read.
    pub entries: u64,
    /// Entries each second since the start.
    pub rate: f64,
    /// Seconds left; absent when it cannot be known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds_left: Option<f64>,
}

/// One way to read a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct Candidate {
    /// Profile and version.
    pub profile: String,
    /// Name of the system for people.
    pub title: String,
    /// 0 to 1.
    pub confidence: f64,
    /// Why.
    pub reason: String,
}

/// What must be chosen before a file can be imported.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct Question {
    /// `zone_required`, `date_order_required`, `encoding_required`.
    pub code: String,
    /// The question for people.
    pub message: String,
    /// A value from the file that shows why.
    pub example: String,
    /// Answers to offer.
    pub answers: Vec<String>,
}

/// What a file looks like before anything is stored.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct InspectionReport {
    /// File name.
    pub name: String,
    /// Bytes on disk.
    pub bytes: u64,
    /// `csv`, `json`, `line`, … for people.
    pub shape: String,
    /// Ways to read it, best first.
    pub candidates: Vec<Candidate>,
    /// What must be chosen first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub question: Option<Question>,
    /// The first events as they will become; empty while a question is open.
    pub preview: Vec<super::EventJson>,
}
