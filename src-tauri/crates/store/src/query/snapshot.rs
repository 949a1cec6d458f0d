//! What a query looks at: the visible segments of a case at one moment, and the facts that stand outside of them.
//!
//! Owns: the snapshot and the port through which a query asks for overlays, names and original bytes. Never touches:
//! SQL (whoever implements [`Facts`] does), evaluation.

use std::sync::Arc;

use witnessmark_model::{Attestation, IdentityKey, LeafReader, Locator, SourceShape};

use super::{bits::Bits, mask::Layout, whole::Whole};
use crate::{Result, segment::Columns};

/// One segment and which of its rows may be seen.
#[derive(Clone)]
pub struct Segment {
    /// Number of the segment. Two segments with the same number hold the same rows, or caches would answer wrongly;
    /// a hot segment therefore gets a new number whenever a row is added.
    pub id: u64,
    /// Its columns.
    pub columns: Arc<dyn Columns>,
    /// One set a chunk; absent when every row may be seen. Rows of withdrawn sources and of generations that were
    /// replaced are not in it.
    pub visible: Option<Arc<[Bits]>>,
    pub(crate) layout: Arc<Layout>,
}

impl Segment {
    /// A segment of a snapshot.
    #[must_use]
    pub fn new(id: u64, columns: Arc<dyn Columns>, visible: Option<Arc<[Bits]>>) -> Self {
        let layout = Arc::new(Layout::of(columns.chunks()));
        Self {
            id,
            columns,
            visible,
            layout,
        }
    }

    /// The rows of a chunk that may be seen.
    pub(crate) fn visible(&self, chunk: usize) -> Bits {
        match &self.visible {
            None if self.layout.rows(chunk) == 0 => Bits::None,
            None => Bits::All,
            Some(chunks) => chunks.get(chunk).cloned().unwrap_or_default(),
        }
    }

    /// Number of rows, visible or not.
    pub(crate) fn rows(&self) -> u64 {
        self.layout.starts.last().copied().unwrap_or(0)
    }
}

/// The visible segments of a case at one moment.
#[derive(Clone, Default)]
pub struct Snapshot {
    /// In any order; rows are merged by time.
    pub segments: Vec<Segment>,
    /// What was counted over all of its events. It belongs to the snapshot and not to its segments, because what may be
    /// seen of them changes when a source is taken out.
    pub(crate) whole: Arc<Whole>,
}

impl Snapshot {
    /// A snapshot of these segments, of which nothing is counted yet.
    #[must_use]
    pub fn new(segments: Vec<Segment>) -> Self {
        Self {
            segments,
            whole: Arc::default(),
        }
    }

    /// Whether the other is this very snapshot, or a copy of it, so that places in one are places in the other.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.whole, &other.whole)
    }

    /// Every (segment, chunk) pair with its number of rows, the latest times first and chunks without any time last.
    #[must_use]
    pub fn newest_chunks(&self) -> Vec<((usize, usize), u64)> {
        let mut chunks = self.chunks();
        chunks.sort_by_key(|(s, chunk)| {
            let meta = &self.segments[*s].columns.chunks()[*chunk];
            std::cmp::Reverse((meta.dated > 0).then_some(meta.last))
        });
        let rows =
            |(s, chunk): (usize, usize)| u64::from(self.segments[s].columns.chunks()[chunk].rows);
        chunks.into_iter().map(|at| (at, rows(at))).collect()
    }

    /// Every (segment, chunk) pair, so that work is split by rows and not by segments of uneven size.
    pub(crate) fn chunks(&self) -> Vec<(usize, usize)> {
        self.segments
            .iter()
            .enumerate()
            .flat_map(|(s, segment)| (0..segment.columns.chunks().len()).map(move |c| (s, c)))
            .collect()
    }
}

/// Where an event stands: a row of a segment of the snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowRef {
    /// Position of the segment in [`Snapshot::segments`].
    pub segment: u32,
    /// Row of the segment, from 0.
    pub row: u64,
}

/// One value of a kind of overlay and the events that carry it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// The tag, the id of the finding, the text of the note, the code of the flag.
    pub value: String,
    /// Numbers of the events, in any order.
    pub events: Vec<u64>,
}

/// A source that may be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceName {
    /// Number of the source.
    pub number: u32,
    /// Its name.
    pub name: String,
}

/// The kind of overlay that adds a code to `witnessmark.problems` of an event that was sealed without it.
pub const FLAG: &str = "flag";

/// Reads original bytes; one for each thread, so that it can keep its last block.
pub trait Originals {
    /// The bytes of an entry. Calls come in the order of offsets within a source, as far as can be.
    fn read(&mut self, locator: &Locator) -> Result<&[u8]>;
}

/// What a query must know beside the columns.
pub trait Facts: Send + Sync {
    /// Every value in force of a kind of overlay: `tag`, `bookmark`, `note`, `finding`, `verdict`, or [`FLAG`].
    fn overlays(&self, kind: &str) -> Result<Vec<Overlay>>;
    /// The sources that may be seen.
    fn sources(&self) -> Result<Vec<SourceName>>;
    /// Numbers of the events that a source attests although they were first read from another one, in any order.
    fn attested_beyond(&self, source: u32) -> Result<Vec<u64>>;
    /// For each event number, every entry that attests the event beside the one it was read from, in order of arrival.
    fn attestations(&self, events: &[u64]) -> Result<Vec<Vec<Attestation>>>;
    /// A reader of original bytes.
    fn originals(&self) -> Result<Box<dyn Originals + '_>>;
    /// Appends bytes of a source as it came to `out`, many entries at once; `false` when only entries can be read here.
    fn span(&self, source: u32, offset: u64, length: u64, out: &mut Vec<u8>) -> Result<bool> {
        let _ = (source, offset, length, out);
        Ok(false)
    }
    /// What must be known to read an entry of a source.
    fn shape(&self, source: u32) -> Result<Arc<SourceShape>>;
    /// The reader of leaf values.
    fn leaf_reader(&self) -> &dyn LeafReader;
    /// Identities that persons joined, each list one actor. Lists that share an identity are one.
    fn merges(&self) -> Result<Vec<Vec<IdentityKey>>>;
    /// Told now and then that so many more rows were read in the originals. An error ends the query; this is how it is cancelled.
    fn progress(&self, rows: u64) -> Result<()>;
}
