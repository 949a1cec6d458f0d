//! What a run gives to whoever stores it, and what it asks of whoever knows profiles.
//!
//! Owns: the two ports. Never touches: either side.

use super::error::ImportError;
use crate::entry::Entry;
use crate::options::Question;
use witnessmark_model::{Batch, RejectCode, SourceShape};

/// A source begins.
#[derive(Clone, Debug)]
pub struct SourceStart {
    /// Name of the input.
    pub name: String,
    /// Name inside the container, as it stands there; absent for a plain file.
    pub member: Option<String>,
    /// Whether the source is a member of the container of this run, whose own bytes come by [`Sink::container_bytes`].
    pub in_container: bool,
    /// What must be known to read an entry on its own.
    pub shape: SourceShape,
    /// The arrangement in a few words, for people.
    pub described: String,
    /// Profiles and versions, such as `paymongo@1`.
    pub profiles: Vec<String>,
    /// The very texts of these profiles, also of a guessed one: name, text.
    pub texts: Vec<(String, String)>,
    /// How sure the recognition is, 0 to 1.
    pub confidence: f64,
    /// Zone for times that name none, and why, such as `Asia/Manila (chosen)`; absent when every time names its own.
    pub zone: Option<String>,
    /// Order of all-numeric dates, when it matters.
    pub date_order: Option<String>,
}

/// An entry without an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Entry in the source, from 1.
    pub entry: u64,
    /// Line of its first byte, from 1.
    pub line: u64,
    /// Offset of its first byte.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// Why.
    pub code: RejectCode,
    /// Why, for people, with what is particular to this entry.
    pub message: String,
}

/// Something about a source that matters for evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Code for programs: a flag's code, or one of `cut_off`, `container_damaged`, `repeated_header`, `repeated_column`,
    /// `preamble`, `header_guessed`, `other_list`, `no_entries`, `unmapped_verbs`.
    pub code: &'static str,
    /// How many entries (or lines).
    pub count: u64,
    /// Sentence for people.
    pub message: String,
}

/// A source ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceEnd {
    /// Bytes of the (decompressed) member.
    pub bytes: u64,
    /// Entries read, rejected ones too.
    pub entries: u64,
    /// Of these, rejected.
    pub rejected: u64,
    /// Events handed on.
    pub events: u64,
    /// Profiles and versions that read its entries, which may be more than were planned.
    pub profiles: Vec<String>,
    /// The very texts of these profiles: name, text.
    pub texts: Vec<(String, String)>,
    /// Warnings.
    pub warnings: Vec<Warning>,
}

/// A member that was not read, while others are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// Member of the archive, hidden characters and all.
    pub member: String,
    /// Why.
    pub error: ImportError,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that were read (compressed ones, for a container).
    pub read: u64,
    /// Bytes of members so far.
    pub bytes: u64,
    /// Entries so far.
    pub entries: u64,
}

/// Whether to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Go on.
    Go,
    /// Stop; the run ends with the code `cancelled`.
    Cancel,
}

/// Takes what a run yields. All calls come from the thread that runs, in order:
/// `begin_container`, `container_bytes`… interleaved with the sources; for each source `begin_source`, then again and
/// again `bytes` followed by the `entries` that these bytes complete, then `end_source`. An entry is given when
/// its last byte has been given, and before any further bytes come. A `reject`, and a `batch` that is full or the last,
/// come some time after their entries, each in entry order.
pub trait Sink {
    /// What can go wrong in it.
    type Error;

    /// A container (`gzip`, `zstd`, `zip`) begins; there is at most one in a run.
    fn begin_container(&mut self, name: &str, kind: &'static str) -> Result<(), Self::Error>;
    /// Bytes of the container as they stand in the input, in order.
    fn container_bytes(&mut self, chunk: &[u8]) -> Result<(), Self::Error>;
    /// The container is complete.
    fn end_container(&mut self) -> Result<(), Self::Error>;
    /// A source begins.
    fn begin_source(&mut self, start: SourceStart) -> Result<(), Self::Error>;
    /// Bytes of the (decompressed) member, every one of them, in order.
    fn bytes(&mut self, chunk: &[u8]) -> Result<(), Self::Error>;
    /// Offset and length of the next entries in entry order, rejected ones too.
    fn entries(&mut self, places: &[(u64, u64)]) -> Result<(), Self::Error>;
    /// Events in entry order. Returns an empty batch to write the next events into.
    fn batch(&mut self, batch: Batch) -> Result<Batch, Self::Error>;
    /// An entry without an event.
    fn reject(&mut self, reject: Reject) -> Result<(), Self::Error>;
    /// The source is complete.
    fn end_source(&mut self, end: SourceEnd) -> Result<(), Self::Error>;
    /// A member is not read.
    fn refused(&mut self, refused: Refused) -> Result<(), Self::Error>;
    /// Told after every piece read, about a thousand times a second.
    fn progress(&mut self, progress: Progress) -> Control;
}

/// Turns entries into events.
pub trait EntryMap {
    /// Adds the events of an entry to the batch, or says why it holds none. After an error the batch has no open cells.
    fn map(&mut self, entry: &Entry<'_>, batch: &mut Batch) -> Result<(), (RejectCode, String)>;

    /// Profiles and versions that read entries so far.
    fn profiles(&self) -> Vec<String>;

    /// The very texts of these profiles: name, text.
    fn texts(&self) -> Vec<(String, String)>;

    /// A mapper that gives for the entries to come what this one would give; absent where what it has learnt from entries so
    /// far is still unsettled. The entries of one source can then be mapped side by side.
    fn fork(&self) -> Option<Box<dyn EntryMap + Send>>;

    /// Whether this mapper, after the entries it was given, still stands as it was forked: what it gave counts, and
    /// what it will give is what the one it was forked from would give.
    fn is_as_forked(&self) -> bool;
}

/// How a source will be mapped.
pub struct Planned {
    /// Maps its entries.
    pub mapper: Box<dyn EntryMap>,
    /// Profiles and versions.
    pub profiles: Vec<String>,
    /// The very texts of these profiles: name, text.
    pub texts: Vec<(String, String)>,
    /// 0 to 1.
    pub confidence: f64,
    /// See [`SourceStart::zone`].
    pub zone: Option<String>,
    /// See [`SourceStart::date_order`].
    pub date_order: Option<String>,
    /// Names of the parts of a line, for a source of lines.
    pub line_header: Vec<String>,
}

/// Recognises sources.
pub trait Planner {
    /// Plans the mapping of a source from its first entries, or asks what only a person can decide.
    fn plan(
        &self,
        sample: &[Entry<'_>],
        name: &str,
        shape: &SourceShape,
    ) -> Result<Planned, Question>;

    /// Whether these lines of text are of a log that is written in lines; asked where they could also be a table.
    fn knows_lines(&self, lines: &[&str]) -> bool {
        let _ = lines;
        false
    }

    /// Whether a member of an archive, or a sheet of a workbook, is to be read at all; asked of each before the first is read.
    fn wants(&self, member: &str) -> bool {
        let _ = member;
        true
    }
}
