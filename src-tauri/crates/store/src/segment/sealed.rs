//! A segment in the case file: written once, read column by column when something asks for it.
//!
//! Owns: the rows of `segment*` tables. Never touches: which imports are visible. What was read stays in memory for the
//! life of the case, unless it was asked for once; the file is read under one lock, blobs are unfolded outside it.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use witnessmark_model::Field;

use super::{
    CHUNK, ChunkMeta, Codes, Column, Columns, Dictionary, Generations, Locators, builder::Sealed,
    format,
};
use crate::error::{Result, StoreError};

const TIME: &str = "@time";
const NUMBER: &str = "@number";
const SOURCE: &str = "@source";
const PLACE: &str = "@place";
const FINGERPRINT: &str = "@fingerprint";

/// A blob that is still to be written.
pub(crate) struct Encoded {
    columns: Vec<(String, i64, Vec<u8>)>,
    dictionaries: Vec<(String, i64, Vec<u8>)>,
    vendor_ids: Option<(i64, Vec<u8>, Vec<u8>)>,
    chunks: Vec<ChunkMeta>,
    sources: Vec<(u32, u64)>,
    numbers: (u64, u64),
    rows: u64,
}

/// Encodes every column; the longest part of sealing, done without any lock.
pub(crate) fn encode(sealed: &Sealed) -> Result<Encoded> {
    let chunks = 0..sealed.chunks().len();
    let heads = chunks
        .clone()
        .into_par_iter()
        .map(|chunk| heads(sealed, chunk));
    let fields = Field::ALL.par_iter().map(|field| {
        let Some(dictionary) = sealed.dictionary(*field) else {
            return Ok((Vec::new(), None));
        };
        let columns: Result<Vec<_>> = chunks
            .clone()
            .into_par_iter()
            .map(|chunk| {
                let blob = format::put_column(&sealed.column(*field, chunk))?;
                Ok(blob.map(|blob| (field.name().to_owned(), chunk as i64, blob)))
            })
            .collect();
        let dictionary = (
            field.name().to_owned(),
            dictionary.len() as i64 - 1,
            format::put_dictionary(dictionary)?,
        );
        Ok((columns?, Some(dictionary)))
    });
    let (heads, fields): (Result<Vec<_>>, Result<Vec<_>>) =
        rayon::join(|| heads.collect(), || fields.collect());
    let mut columns = Vec::new();
    let mut sources = std::collections::BTreeMap::<u32, u64>::new();
    let mut numbers = (u64::MAX, 0);
    for head in heads? {
        columns.extend(head.columns);
        numbers.0 = numbers.0.min(head.numbers.0);
        numbers.1 = numbers.1.max(head.numbers.1);
        for (source, rows) in head.sources {
            *sources.entry(source).or_default() += rows;
        }
    }
    let mut dictionaries = Vec::new();
    for (of_field, dictionary) in fields? {
        columns.extend(of_field.into_iter().flatten());
        dictionaries.extend(dictionary);
    }
    let run = sealed.vendor_ids();
    let vendor_ids = if run.is_empty() {
        None
    } else {
        let ids: Vec<u64> = run.iter().map(|r| r.0).collect();
        let contents: Vec<u64> = run.iter().map(|r| r.1).collect();
        let events: Vec<u64> = run.iter().map(|r| r.2).collect();
        Some((
            run.len() as i64,
            format::put_parts(&[(&ids, true)])?,
            format::put_parts(&[(&contents, false), (&events, false)])?,
        ))
    };
    Ok(Encoded {
        columns,
        dictionaries,
        vendor_ids,
        chunks: sealed.chunks().to_vec(),
        sources: sources.into_iter().collect(),
        numbers,
        rows: sealed.rows(),
    })
}

/// What every chunk has, whatever its fields.
struct Heads {
    columns: Vec<(String, i64, Vec<u8>)>,
    /// Rows of each source.
    sources: std::collections::BTreeMap<u32, u64>,
    numbers: (u64, u64),
}

fn heads(sealed: &Sealed, chunk: usize) -> Result<Heads> {
    let times: Vec<u64> = sealed.times(chunk).iter().map(|t| *t as u64).collect();
    let number = sealed.numbers(chunk);
    let place = sealed.locators(chunk);
    let mut sources = std::collections::BTreeMap::<u32, u64>::new();
    let source = sealed.sources(chunk);
    for run in source.chunk_by(|a, b| a == b) {
        *sources.entry(run[0]).or_default() += run.len() as u64;
    }
    let source: Vec<u64> = source.into_iter().map(u64::from).collect();
    let part: Vec<u64> = place.part.iter().map(|p| u64::from(*p)).collect();
    let mut columns = Vec::new();
    let mut put = |name: &str, parts: &[(&[u64], bool)]| -> Result<()> {
        columns.push((name.to_owned(), chunk as i64, format::put_parts(parts)?));
        Ok(())
    };
    put(TIME, &[(&times, true)])?;
    put(NUMBER, &[(&number, true)])?;
    put(SOURCE, &[(&source, false)])?;
    put(
        PLACE,
        &[
            (&place.entry, true),
            (&part, false),
            (&place.line, true),
            (&place.offset, true),
            (&place.length, false),
        ],
    )?;
    put(FINGERPRINT, &[(&sealed.fingerprints(chunk), false)])?;
    let least = number.iter().copied().min().unwrap_or(u64::MAX);
    let greatest = number.iter().copied().max().unwrap_or(0);
    Ok(Heads {
        columns,
        sources,
        numbers: (least, greatest),
    })
}

/// Writes a segment inside the caller's transaction; gives its number.
pub(crate) fn write(
    connection: &Connection,
    import: i64,
    encoded: &Encoded,
    generations: &Generations,
) -> Result<i64> {
    let mut hash = Sha256::new();
    for (_, _, data) in encoded.columns.iter().chain(&encoded.dictionaries) {
        hash.update(data);
    }
    connection.execute(
        "INSERT INTO segment (import, rows, first_event, last_event, sha256) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![
            import,
            encoded.rows as i64,
            encoded.numbers.0 as i64,
            encoded.numbers.1 as i64,
            hash.finalize().as_slice()
        ],
    )?;
    let segment = connection.last_insert_rowid();
    let mut chunk =
        connection.prepare_cached("INSERT INTO segment_chunk VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    for (i, meta) in encoded.chunks.iter().enumerate() {
        chunk.execute(params![
            segment, i as i64, meta.rows, meta.dated, meta.first, meta.last
        ])?;
    }
    let mut source =
        connection.prepare_cached("INSERT INTO segment_source VALUES (?1, ?2, ?3, ?4)")?;
    for (id, events) in &encoded.sources {
        source.execute(params![segment, id, generations.of(*id), *events as i64])?;
    }
    let mut column = connection.prepare_cached(
        "INSERT INTO segment_column (segment, field, chunk, data) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (field, chunk, data) in &encoded.columns {
        column.execute(params![segment, field, chunk, data])?;
    }
    let mut dictionary = connection.prepare_cached(
        "INSERT INTO segment_dictionary (segment, field, \"values\", data) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for (field, values, data) in &encoded.dictionaries {
        dictionary.execute(params![segment, field, values, data])?;
    }
    if let Some((rows, ids, events)) = &encoded.vendor_ids {
        connection.execute(
            "INSERT INTO segment_vendor_id VALUES (?1, ?2, ?3, ?4)",
            params![segment, rows, ids, events],
        )?;
    }
    Ok(segment)
}

/// Whether the columns and dictionaries of a segment still have the hash that was recorded when it was sealed.
pub(crate) fn intact(connection: &Connection, segment: i64) -> Result<bool> {
    let mut hash = Sha256::new();
    for sql in [
        "SELECT data FROM segment_column WHERE segment = ?1 ORDER BY id",
        "SELECT data FROM segment_dictionary WHERE segment = ?1 ORDER BY id",
    ] {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([segment])?;
        while let Some(row) = rows.next()? {
            hash.update(row.get_ref(0)?.as_bytes().unwrap_or_default());
        }
    }
    let recorded: Vec<u8> =
        connection.query_row("SELECT sha256 FROM segment WHERE id = ?1", [segment], |r| {
            r.get(0)
        })?;
    Ok(hash.finalize().as_slice() == recorded)
}

/// From which entry an event was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Origin {
    pub(crate) source: u32,
    pub(crate) event: u64,
    pub(crate) entry: u64,
    pub(crate) part: u32,
}

/// Read access to a sealed segment.
pub struct SealedSegment {
    pub(crate) id: i64,
    connection: Arc<Mutex<Connection>>,
    rows: u64,
    /// Least and greatest event number.
    pub(crate) numbers: (u64, u64),
    chunks: Vec<ChunkMeta>,
    heads: Vec<HeadCells>,
    columns: Vec<Vec<OnceLock<Column>>>,
    dictionaries: Vec<OnceLock<Arc<Dictionary>>>,
}

#[derive(Default)]
struct HeadCells {
    times: OnceLock<Arc<[i64]>>,
    numbers: OnceLock<Arc<[u64]>>,
    sources: OnceLock<Arc<Codes>>,
    places: OnceLock<Arc<Locators>>,
}

impl std::fmt::Debug for SealedSegment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SealedSegment")
            .field("id", &self.id)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

impl SealedSegment {
    /// Opens a segment; reads nothing but its chunk list.
    pub(crate) fn open(connection: &Arc<Mutex<Connection>>, id: i64) -> Result<Self> {
        let guard = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let (rows, first, last): (i64, i64, i64) = guard.query_row(
            "SELECT rows, first_event, last_event FROM segment WHERE id = ?1",
            [id],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
        )?;
        let mut statement = guard.prepare_cached(
            "SELECT rows, dated, first, last FROM segment_chunk WHERE segment = ?1 ORDER BY chunk",
        )?;
        let chunks: Vec<ChunkMeta> = statement
            .query_map([id], |r| {
                Ok(ChunkMeta {
                    rows: r.get(0)?,
                    dated: r.get(1)?,
                    first: r.get(2)?,
                    last: r.get(3)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        drop(statement);
        drop(guard);
        let total: u64 = chunks.iter().map(|c| u64::from(c.rows)).sum();
        if total != rows as u64
            || chunks
                .iter()
                .any(|c| c.rows as usize > CHUNK || c.dated > c.rows)
        {
            return Err(StoreError::corrupt(
                format!("segment {id}"),
                "its chunks do not add up",
            ));
        }
        let cells = |n| (0..n).map(|_| OnceLock::new()).collect::<Vec<_>>();
        Ok(Self {
            id,
            connection: Arc::clone(connection),
            rows: total,
            numbers: (first as u64, last as u64),
            heads: chunks.iter().map(|_| HeadCells::default()).collect(),
            columns: Field::ALL.iter().map(|_| cells(chunks.len())).collect(),
            dictionaries: (0..Field::ALL.len()).map(|_| OnceLock::new()).collect(),
            chunks,
        })
    }

    fn blob(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<Option<Vec<u8>>> {
        let guard = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let blob = guard
            .prepare_cached(sql)?
            .query_row(parameters, |r| r.get(0))
            .optional()?;
        Ok(blob)
    }

    fn chunk_blob(&self, name: &str, chunk: usize) -> Result<Option<Vec<u8>>> {
        self.blob(
            "SELECT data FROM segment_column WHERE segment = ?1 AND field = ?2 AND chunk = ?3",
            params![self.id, name, chunk as i64],
        )
    }

    fn head<const N: usize>(&self, name: &str, chunk: usize, rows: u32) -> Result<[Vec<u64>; N]> {
        let blob = self.chunk_blob(name, chunk)?.ok_or_else(|| {
            StoreError::corrupt(
                format!("segment {}", self.id),
                format!("{name} of chunk {chunk} is missing"),
            )
        })?;
        format::parts(&blob, rows as usize)
    }

    fn read_times(&self, chunk: usize) -> Result<Arc<[i64]>> {
        let meta = self.chunks[chunk];
        let [times] = self.head(TIME, chunk, meta.dated)?;
        let times: Arc<[i64]> = times.into_iter().map(|t| t as i64).collect();
        // Chunks are left out of a search by these bounds, so bounds that are not true would hide events.
        let bounds = (times.first().copied(), times.last().copied());
        if meta.dated > 0 && bounds != (Some(meta.first), Some(meta.last)) {
            return Err(StoreError::corrupt(
                format!("chunk {chunk} of segment {}", self.id),
                "its bounds are not those of its times",
            ));
        }
        Ok(times)
    }

    fn read_numbers(&self, chunk: usize) -> Result<Arc<[u64]>> {
        let [numbers] = self.head(NUMBER, chunk, self.chunks[chunk].rows)?;
        Ok(numbers.into())
    }

    /// `values` is how many codes the dictionary of the field has; asked for only where the chunk has the field.
    fn read_column(
        &self,
        field: Field,
        chunk: usize,
        values: impl FnOnce() -> Result<usize>,
    ) -> Result<Column> {
        match self.chunk_blob(field.name(), chunk)? {
            Some(blob) => format::column(&blob, self.chunks[chunk].rows as usize, values()?),
            None => Ok(Column::Absent),
        }
    }

    fn read_dictionary(&self, field: Field) -> Result<Arc<Dictionary>> {
        let sql = "SELECT data FROM segment_dictionary WHERE segment = ?1 AND field = ?2";
        let blob = self.blob(sql, params![self.id, field.name()])?;
        let read = blob.map_or_else(|| Ok(Dictionary::new()), |b| format::dictionary(&b))?;
        Ok(Arc::new(read))
    }

    /// Hash of the content of each row of a chunk, 0 where a vendor id settles identity. Not kept in memory.
    pub(crate) fn fingerprints(&self, chunk: usize) -> Result<Vec<u64>> {
        let [values] = self.head(FINGERPRINT, chunk, self.chunks[chunk].rows)?;
        Ok(values)
    }

    /// Times and numbers of a chunk, not kept in memory: an import that looks at every chunk must not hold them all.
    pub(crate) fn times_and_numbers(&self, chunk: usize) -> Result<(Vec<i64>, Vec<u64>)> {
        let meta = self.chunks[chunk];
        let [times] = self.head(TIME, chunk, meta.dated)?;
        let [numbers] = self.head(NUMBER, chunk, meta.rows)?;
        Ok((times.into_iter().map(|t| t as i64).collect(), numbers))
    }

    /// Source, event number, entry and part of each row of a chunk, not kept in memory.
    pub(crate) fn origins(&self, chunk: usize) -> Result<Vec<Origin>> {
        let rows = self.chunks[chunk].rows;
        let [sources] = self.head(SOURCE, chunk, rows)?;
        let [numbers] = self.head(NUMBER, chunk, rows)?;
        let [entries, parts, _, _, _] = self.head(PLACE, chunk, rows)?;
        let places = entries.into_iter().zip(parts);
        Ok(sources
            .into_iter()
            .zip(numbers)
            .zip(places)
            .map(|((source, event), (entry, part))| Origin {
                source: source as u32,
                event,
                entry,
                part: part as u32,
            })
            .collect())
    }

    /// Vendor ids of the segment, sorted; `None` when no row has one.
    pub(crate) fn vendor_ids(&self) -> Result<Option<Vec<u64>>> {
        let sql = "SELECT ids FROM segment_vendor_id WHERE segment = ?1";
        let Some(blob) = self.blob(sql, [self.id])? else {
            return Ok(None);
        };
        let [ids] = format::parts(&blob, self.vendor_rows()?)?;
        Ok(Some(ids))
    }

    /// Contents and event numbers in the order of [`SealedSegment::vendor_ids`].
    pub(crate) fn vendor_events(&self) -> Result<(Vec<u64>, Vec<u64>)> {
        let sql = "SELECT events FROM segment_vendor_id WHERE segment = ?1";
        let blob = self.blob(sql, [self.id])?.unwrap_or_default();
        let [contents, events] = format::parts(&blob, self.vendor_rows()?)?;
        Ok((contents, events))
    }

    fn vendor_rows(&self) -> Result<usize> {
        let guard = self
            .connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let sql = "SELECT rows FROM segment_vendor_id WHERE segment = ?1";
        let rows: i64 = guard.query_row(sql, [self.id], |r| r.get(0))?;
        Ok(rows as usize)
    }
}

/// The value of a cell, read when it is not there yet. Two threads may both read it; one of the results is kept.
fn kept<T: Clone>(cell: &OnceLock<T>, read: impl FnOnce() -> Result<T>) -> Result<T> {
    if let Some(value) = cell.get() {
        return Ok(value.clone());
    }
    let value = read()?;
    Ok(cell.get_or_init(|| value).clone())
}

/// The value of a cell if it is there; otherwise it is read and the cell stays as it is.
fn once<T: Clone>(cell: &OnceLock<T>, read: impl FnOnce() -> Result<T>) -> Result<T> {
    cell.get().cloned().map_or_else(read, Ok)
}

impl Columns for SealedSegment {
    fn rows(&self) -> u64 {
        self.rows
    }

    fn chunks(&self) -> &[ChunkMeta] {
        &self.chunks
    }

    fn times(&self, chunk: usize) -> Result<Arc<[i64]>> {
        kept(&self.heads[chunk].times, || self.read_times(chunk))
    }

    fn numbers(&self, chunk: usize) -> Result<Arc<[u64]>> {
        kept(&self.heads[chunk].numbers, || self.read_numbers(chunk))
    }

    fn sources(&self, chunk: usize) -> Result<Arc<Codes>> {
        kept(&self.heads[chunk].sources, || {
            let [sources] = self.head(SOURCE, chunk, self.chunks[chunk].rows)?;
            let sources: Vec<u32> = sources.into_iter().map(|s| s as u32).collect();
            Ok(Arc::new(Codes::narrow(&sources)))
        })
    }

    fn locators(&self, chunk: usize) -> Result<Arc<Locators>> {
        kept(&self.heads[chunk].places, || {
            let [entry, part, line, offset, length] =
                self.head(PLACE, chunk, self.chunks[chunk].rows)?;
            Ok(Arc::new(Locators {
                entry,
                part: part.into_iter().map(|p| p as u32).collect(),
                line,
                offset,
                length,
            }))
        })
    }

    fn column(&self, field: Field, chunk: usize) -> Result<Column> {
        kept(&self.columns[field.index()][chunk], || {
            self.read_column(field, chunk, || Ok(self.dictionary(field)?.len()))
        })
    }

    fn dictionary(&self, field: Field) -> Result<Arc<Dictionary>> {
        kept(&self.dictionaries[field.index()], || {
            self.read_dictionary(field)
        })
    }

    fn times_once(&self, chunk: usize) -> Result<Arc<[i64]>> {
        once(&self.heads[chunk].times, || self.read_times(chunk))
    }

    fn numbers_once(&self, chunk: usize) -> Result<Arc<[u64]>> {
        once(&self.heads[chunk].numbers, || self.read_numbers(chunk))
    }

    fn column_once(&self, field: Field, chunk: usize, dictionary: &Dictionary) -> Result<Column> {
        once(&self.columns[field.index()][chunk], || {
            self.read_column(field, chunk, || Ok(dictionary.len()))
        })
    }

    fn dictionary_once(&self, field: Field) -> Result<Arc<Dictionary>> {
        once(&self.dictionaries[field.index()], || {
            self.read_dictionary(field)
        })
    }
}
