//! Segments: events in time order as chunks of dictionary codes.
//!
//! Owns: how events lie in columns, in memory and on disk. Never touches: which of them a filter wants (`query` does),
//! whether an event is new (the importer decides). A sealed segment never changes; what people or later imports add
//! are overlays by event number.

use std::{collections::BTreeMap, sync::Arc};

use witnessmark_model::Field;

use crate::error::Result;

pub mod builder;
pub mod codes;
pub mod dictionary;
pub(crate) mod format;
pub(crate) mod hot;
pub mod sealed;

pub use builder::{MemorySegment, SegmentBuilder};
pub use codes::{Codes, Column, Locators};
pub use dictionary::{Dictionary, Interner};
pub use hot::{HOT_IMPORT, HOT_MOST};
pub use sealed::SealedSegment;

/// Rows of a full chunk. Only the last chunk of a segment has fewer.
pub const CHUNK: usize = 65_536;

/// Which reading of each source rows belong to: 1, unless it was read anew since.
#[derive(Clone, Debug, Default)]
pub(crate) struct Generations(pub(crate) BTreeMap<u32, u32>);

impl Generations {
    /// Those of the sources in the case.
    pub(crate) fn read(connection: &rusqlite::Connection) -> Result<Self> {
        let mut statement = connection.prepare_cached("SELECT id, generation FROM source")?;
        let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(Self(rows.collect::<rusqlite::Result<_>>()?))
    }

    pub(crate) fn of(&self, source: u32) -> u32 {
        self.0.get(&source).copied().unwrap_or(1)
    }
}

/// What is known of a chunk without loading it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkMeta {
    /// Rows, 1 to [`CHUNK`].
    pub rows: u32,
    /// Rows with a time; they come first.
    pub dated: u32,
    /// First instant, nanoseconds since 1970; means nothing when `dated` is 0.
    pub first: i64,
    /// Last instant; means nothing when `dated` is 0.
    pub last: i64,
}

/// Read access to one segment. Rows are in (time, event number) order, undated ones last, cut into chunks of [`CHUNK`] rows.
pub trait Columns: Send + Sync {
    /// Rows of the segment.
    fn rows(&self) -> u64;
    /// Its chunks in order.
    fn chunks(&self) -> &[ChunkMeta];
    /// Instants of the dated rows of a chunk, in row order.
    fn times(&self, chunk: usize) -> Result<Arc<[i64]>>;
    /// Event numbers of a chunk's rows.
    fn numbers(&self, chunk: usize) -> Result<Arc<[u64]>>;
    /// Source numbers of a chunk's rows (the numbers themselves, not codes of a dictionary).
    fn sources(&self, chunk: usize) -> Result<Arc<Codes>>;
    /// Where the entries of a chunk's rows stand.
    fn locators(&self, chunk: usize) -> Result<Arc<Locators>>;
    /// One field of a chunk.
    fn column(&self, field: Field, chunk: usize) -> Result<Column>;
    /// The distinct values of a field in this segment; empty for a field that no row has.
    fn dictionary(&self, field: Field) -> Result<Arc<Dictionary>>;

    // What goes over all rows once takes these: what is not in memory yet is read and not kept there.

    /// As [`Columns::times`], not kept.
    fn times_once(&self, chunk: usize) -> Result<Arc<[i64]>> {
        self.times(chunk)
    }
    /// As [`Columns::numbers`], not kept.
    fn numbers_once(&self, chunk: usize) -> Result<Arc<[u64]>> {
        self.numbers(chunk)
    }
    /// As [`Columns::column`], not kept; `dictionary` is that of the field.
    fn column_once(&self, field: Field, chunk: usize, _dictionary: &Dictionary) -> Result<Column> {
        self.column(field, chunk)
    }
    /// As [`Columns::dictionary`], not kept.
    fn dictionary_once(&self, field: Field) -> Result<Arc<Dictionary>> {
        self.dictionary(field)
    }
}
