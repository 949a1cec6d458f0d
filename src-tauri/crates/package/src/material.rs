//! What a package is made of, asked of whoever has the case.
//!
//! Owns: the port and the plain facts. Never touches: the case.

use std::io::Write;

use witnessmark_model::{Event, Instant, Locator};

use crate::error::Result;
use crate::reviewed::ReviewFacts;
use crate::tree::Hash;

/// How far the work is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is being written, such as `events`.
    pub step: &'static str,
    /// Done of it.
    pub done: u64,
    /// Of how many; 0 when that is not known.
    pub of: u64,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Go,
    /// Stop; what was written is no package.
    Cancel,
}

/// One entry of the custody log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustodyLine {
    /// From 1.
    pub seq: u64,
    /// What was done.
    pub action: String,
    /// The canonical text that was hashed.
    pub entry: String,
    /// Hash of the entry before, hex.
    pub prev: String,
    /// Hash of this entry, hex.
    pub hash: String,
    /// Whether the text is left out of the package, because it holds something that a policy hides.
    pub withheld: bool,
}

/// A step of a checklist, for the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StepFacts {
    /// What is asked.
    pub title: String,
    /// `yes`, `no`, `cannot tell`.
    pub answer: String,
    /// Why.
    pub reason: String,
}

/// A checklist with its answers, for the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChecklistFacts {
    /// What it is called.
    pub title: String,
    /// Its steps.
    pub steps: Vec<StepFacts>,
}

/// A note, tag or bookmark of a person, or a dated entry of the examiner's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NoteFacts {
    /// `note`, `tag`, `bookmark`, `entry`, `checklist`.
    pub kind: String,
    /// `event:17`, `actor:…`, `record:…`, `finding:…`, `checklist:…`; empty for an entry.
    pub subject: String,
    /// The event that it is on.
    pub event: Option<u64>,
    /// SHA-256 of the source of that event, hex, and the number of its entry there; empty and 0 where there is none.
    pub source_sha256: String,
    /// See `source_sha256`.
    pub entry: u64,
    /// What it says; empty for a bookmark.
    pub text: String,
    /// Who said it.
    pub who: String,
    /// When it was said, RFC 3339.
    pub at: String,
    /// Moment of the event or the entry.
    pub time: Option<Instant>,
    /// Whether the event that it was said of is not seen any more.
    pub gone: bool,
}

/// Something that a receipt warns of.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Warning {
    /// For programs.
    pub code: String,
    /// How many entries.
    pub count: u64,
    /// For people.
    pub message: String,
}

/// Events of a source on one day (UTC).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DayCount {
    /// Days since 1970-01-01.
    pub day: i64,
    /// Events with a time on it.
    pub events: u64,
}

/// A rejected entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Source number.
    pub source: u32,
    /// Its place.
    pub entry: u64,
    /// Line of its first byte.
    pub line: u64,
    /// Offset of its first byte.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// Why, for programs.
    pub code: String,
    /// Why, for people; may quote the entry.
    pub message: String,
}

/// What is known of one source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SourceFacts {
    /// Its number.
    pub id: u32,
    /// File name.
    pub name: String,
    /// Title of the system.
    pub title: String,
    /// SHA-256 of its bytes, hex.
    pub sha256: String,
    /// Its bytes.
    pub bytes: u64,
    /// `complete` or `withdrawn`.
    pub state: String,
    /// When it came.
    pub imported: String,
    /// Who brought it, as the custody log says; absent when it does not.
    pub imported_by: Option<String>,
    /// Profiles that read it.
    pub profiles: Vec<String>,
    /// Zone and why.
    pub zone: Option<String>,
    /// Entries read.
    pub entries: u64,
    /// Entries that gave events.
    pub stored: u64,
    /// Entries whose events were there before.
    pub duplicates: u64,
    /// Entries without an event.
    pub rejected: u64,
    /// Events of it.
    pub events: u64,
    /// Events without a time.
    pub undated: u64,
    /// First instant.
    pub first: Option<Instant>,
    /// Last instant.
    pub last: Option<Instant>,
    /// Merkle root of its entries, hex.
    pub merkle_root: String,
    /// What its receipt warns of.
    pub warnings: Vec<Warning>,
    /// What its system does not log.
    pub blind_spots: Vec<String>,
    /// Column names, when its entries are rows of a table: an excerpt does not hold the header.
    pub header: Vec<String>,
    /// `csv`, `json`, `line`, `opaque`.
    pub shape: String,
    /// Encoding label.
    pub encoding: String,
    /// Its days with data, all of the source, rising.
    pub days: Vec<DayCount>,
}

/// What is known of the case.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaseFacts {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Every event in it.
    pub events: u64,
    /// Zone of dates in the scope's filter, and of the times in the report.
    pub zone: String,
    /// Program and version that writes.
    pub tool: String,
    /// Who writes.
    pub who: String,
    /// When; stands in `bag-info.txt` and the signature only.
    pub now: Option<Instant>,
    /// Its sources.
    pub sources: Vec<SourceFacts>,
    /// Its custody log.
    pub custody: Vec<CustodyLine>,
    /// Exact texts of the profiles that read it: name and version, text.
    pub profiles: Vec<(String, String)>,
    /// Rejected entries of all sources.
    pub rejects: Vec<Reject>,
    /// What persons said of what is in the scope, and the examiner's own entries.
    pub notes: Vec<NoteFacts>,
    /// Further files for `data/rules/`: name below it, content. Rules, checklists, and what came of them.
    pub rules: Vec<(String, Vec<u8>)>,
    /// What the detections found in the scope; absent where none has looked.
    pub review: Option<ReviewFacts>,
    /// Checklists that were answered.
    pub checklists: Vec<ChecklistFacts>,
    /// Values that a person confirmed to be one actor each.
    pub people: Vec<Vec<String>>,
    /// Key of pseudonyms and salts; stays in the case.
    pub secret: Vec<u8>,
}

impl CaseFacts {
    /// Events that a person marked, by number.
    pub(crate) fn marked(&self) -> Vec<u64> {
        let mut marked: Vec<u64> = self.notes.iter().filter_map(|n| n.event).collect();
        marked.sort_unstable();
        marked.dedup();
        marked
    }
}

/// Gives what goes into a package. Everything is asked more than once, and must be the same each time.
pub trait Material {
    /// The facts.
    fn facts(&self) -> &CaseFacts;

    /// Hands every event of the scope to `each`, by number, until it fails.
    ///
    /// # Errors
    /// What `each` returned, or a failure to read.
    fn events(&self, each: &mut dyn FnMut(&Event) -> Result<()>) -> Result<()>;

    /// Hands every event of the case to `each`, whatever the scope: a person must get the same token in every package.
    ///
    /// # Errors
    /// As [`Material::events`].
    fn everybody(&self, each: &mut dyn FnMut(&Event) -> Result<()>) -> Result<()>;

    /// The bytes of an entry, into a buffer that is emptied first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn raw(&self, place: &Locator, out: &mut Vec<u8>) -> Result<()>;

    /// The leaf of every entry of a source in order, rejected and repeated ones too.
    ///
    /// # Errors
    /// When the source cannot be read as it was at its import.
    fn leaves(&self, source: u32, each: &mut dyn FnMut(Hash)) -> Result<()>;

    /// The whole source as it came.
    ///
    /// # Errors
    /// When its bytes are not those of the import.
    fn original(&self, source: u32, out: &mut dyn Write) -> Result<()>;

    /// Told at least a few times a second.
    fn progress(&self, progress: &Progress) -> Control;
}
