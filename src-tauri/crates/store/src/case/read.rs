//! What a case tells: sources, rejects, bytes, attestations, places of events, the custody log.
//!
//! Owns: reading rows that are not columns. Never touches: filters. Nothing here waits for an import.

use std::{
    collections::HashMap,
    io::Write,
    path::Path,
    sync::{Arc, Mutex},
};

use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use witnessmark_model::{Attestation, Locator, SourceShape};

use super::{
    Case, CustodyEntry, CustodyHead, Overlay, custody, defence, held, overlays,
    standing::{self, Cuts, Standing, says},
};
use crate::{
    error::{Result, StoreError},
    importer::{SourceReceipt, attestation},
    query::Bits,
    segment::{Columns, hot, sealed},
};

/// One imported file, archive member, paste or pull stream.
#[derive(Clone, Debug, serde::Serialize)]
pub struct SourceInfo {
    /// Its number, from 1.
    pub id: u32,
    /// `complete` or `withdrawn`.
    pub state: String,
    /// Rises by one each time the source is read anew.
    pub generation: u32,
    /// File name.
    pub name: String,
    /// Name inside an archive.
    pub member: Option<String>,
    /// How to read one entry of it.
    pub shape: SourceShape,
    /// Profiles that read it.
    pub profiles: Vec<String>,
    /// Zone of times that name none, and why.
    pub zone: String,
    /// Further settings of its import, as they were given.
    pub detail: serde_json::Value,
    /// What came of it.
    pub receipt: SourceReceipt,
    /// The archive or workbook that it is a member of, which is kept as it came; absent for a plain file.
    pub container: Option<ContainerInfo>,
}

/// An archive or workbook that is kept beside its members.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct ContainerInfo {
    /// File name.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 of them, hex.
    pub sha256: String,
}

/// An entry that holds no event; its bytes are kept.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct RejectRow {
    /// Source number.
    pub source: u32,
    /// Entry, from 1.
    pub entry: u64,
    /// Line, from 1.
    pub line: u64,
    /// Byte offset, from 0.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// A code of [`witnessmark_model::RejectCode`].
    pub code: String,
    /// What is wrong, for people.
    pub message: String,
}

/// Attestation blobs that were unfolded lately.
#[derive(Debug, Default)]
pub(crate) struct Attestations {
    held: Mutex<HashMap<i64, Arc<attestation::Block>>>,
    cuts: Mutex<Option<Arc<Cuts>>>,
}

const ATTESTATIONS_KEPT: usize = 32;

impl Attestations {
    pub(crate) fn clear(&self) {
        held(&self.held).clear();
        *held(&self.cuts) = None;
    }

    /// Attestations that say nothing any more.
    pub(super) fn cuts(&self, connection: &Connection) -> Result<Arc<Cuts>> {
        let mut known = held(&self.cuts);
        if let Some(cuts) = known.as_ref() {
            return Ok(Arc::clone(cuts));
        }
        let cuts = Arc::new(standing::cuts(connection)?);
        *known = Some(Arc::clone(&cuts));
        Ok(cuts)
    }

    pub(super) fn knows(&self, id: i64) -> bool {
        held(&self.held).contains_key(&id)
    }

    /// The block of an id, unfolded by `read` when it is not held any more.
    pub(super) fn known(
        &self,
        id: i64,
        read: impl FnOnce() -> Result<attestation::Block>,
    ) -> Result<Arc<attestation::Block>> {
        if let Some(block) = held(&self.held).get(&id) {
            return Ok(Arc::clone(block));
        }
        Ok(Arc::new(read()?))
    }

    pub(super) fn get(&self, id: i64, data: &[u8], rows: usize) -> Result<Arc<attestation::Block>> {
        let mut held = held(&self.held);
        if let Some(block) = held.get(&id) {
            return Ok(Arc::clone(block));
        }
        let block = Arc::new(attestation::read(data, rows)?);
        if held.len() >= ATTESTATIONS_KEPT {
            held.clear();
        }
        held.insert(id, Arc::clone(&block));
        Ok(block)
    }
}

/// Compares the events of a case that is small enough with the hashes recorded when they were written.
pub(crate) fn check_events(connection: &Connection, path: &Path, whole: bool) -> Result<()> {
    let hot: Vec<(i64, Option<Vec<u8>>, i64)> = connection
        .prepare("SELECT id, hot_sha256, hot_events FROM import WHERE state = 'complete'")?
        .query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let rows: i64 = connection.query_row("SELECT count(*) FROM hot_event", [], |r| r.get(0))?;
    if rows != hot.iter().map(|h| h.2).sum::<i64>() {
        return Err(defence::damaged(
            path,
            "events",
            "the number of events of small imports is not what was recorded",
        ));
    }
    for (import, recorded, _) in hot.iter().filter(|h| h.2 > 0) {
        if Some(hot::digest(connection, *import)?) != *recorded {
            return Err(defence::damaged(
                path,
                "events",
                format!("events of import {import} were changed"),
            ));
        }
    }
    if !whole {
        return Ok(());
    }
    let segments: Vec<i64> = connection
        .prepare("SELECT id FROM segment ORDER BY id")?
        .query_map([], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for segment in segments {
        if !sealed::intact(connection, segment)? {
            return Err(defence::damaged(
                path,
                "events",
                format!("segment {segment} was changed"),
            ));
        }
    }
    Ok(())
}

impl Case {
    /// Every source that was imported completely, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sources(&self) -> Result<Vec<SourceInfo>> {
        let reader = held(&self.inner.reader);
        let mut statement = reader.prepare_cached(
            "SELECT s.id, s.state, s.generation, s.name, s.member, s.shape, s.profiles, s.zone, s.detail, s.receipt,
                    c.name, c.bytes, c.sha256
             FROM source s JOIN import i ON i.id = s.import LEFT JOIN evidence e ON e.id = s.evidence
             LEFT JOIN evidence c ON c.id = e.container WHERE i.state = 'complete' ORDER BY s.id",
        )?;
        let mut rows = statement.query([])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let json = |at: usize| row.get::<_, String>(at);
            out.push(SourceInfo {
                id: row.get(0)?,
                state: row.get(1)?,
                generation: row.get(2)?,
                name: row.get(3)?,
                member: row.get(4)?,
                shape: serde_json::from_str(&json(5)?)?,
                profiles: serde_json::from_str(&json(6)?)?,
                zone: row.get(7)?,
                detail: serde_json::from_str(&json(8)?)?,
                receipt: serde_json::from_str(&json(9)?)?,
                container: match row.get::<_, Option<String>>(10)? {
                    None => None,
                    Some(name) => Some(ContainerInfo {
                        name,
                        bytes: row.get::<_, i64>(11)? as u64,
                        sha256: hex::encode(row.get::<_, Vec<u8>>(12)?),
                    }),
                },
            });
        }
        Ok(out)
    }

    /// Rejected entries of one source, or of all that were not withdrawn, in order.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn rejects(&self, source: Option<u32>) -> Result<Vec<RejectRow>> {
        let reader = held(&self.inner.reader);
        let mut statement = reader.prepare_cached(
            "SELECT r.source, r.entry, r.line, r.\"offset\", r.length, r.code, r.message FROM reject r
             JOIN source s ON s.id = r.source WHERE s.state <> 'importing'
               AND (r.source = ?1 OR ?1 IS NULL AND s.state = 'complete')
             ORDER BY r.source, r.entry",
        )?;
        let rows = statement.query_map([source], |r| {
            let whole = |at: usize| r.get::<_, i64>(at).map(|v| v as u64);
            Ok(RejectRow {
                source: r.get(0)?,
                entry: whole(1)?,
                line: whole(2)?,
                offset: whole(3)?,
                length: whole(4)?,
                code: r.get(5)?,
                message: r.get(6)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Evidence that holds the bytes of a source, its length and its hash.
    fn evidence(&self, source: u32) -> Result<(i64, u64, Vec<u8>)> {
        self.kept_as(
            source,
            "SELECT coalesce(e.same_as, e.id), e.bytes, e.sha256 FROM source s
             JOIN import i ON i.id = s.import JOIN evidence e ON e.id = s.evidence
             WHERE s.id = ?1 AND i.state = 'complete'",
        )
    }

    fn kept_as(&self, source: u32, sql: &str) -> Result<(i64, u64, Vec<u8>)> {
        let reader = held(&self.inner.reader);
        reader
            .prepare_cached(sql)?
            .query_row([source], |r| {
                Ok((r.get(0)?, r.get::<_, i64>(1)? as u64, r.get(2)?))
            })
            .optional()?
            .ok_or(StoreError::NoSuch {
                what: "source",
                number: u64::from(source),
            })
    }

    /// The bytes of an entry, exactly as they stood in its source.
    ///
    /// # Errors
    /// When there is no such source, the place is not inside it, or a block is damaged.
    pub fn raw(&self, place: &Locator) -> Result<Vec<u8>> {
        let mut out = Vec::new();
        self.raw_into(place, &mut out)?;
        Ok(out)
    }

    /// As [`Case::raw`], into a buffer that is emptied first: a scan of all originals takes no memory for each entry.
    ///
    /// # Errors
    /// As [`Case::raw`].
    pub fn raw_into(&self, place: &Locator, out: &mut Vec<u8>) -> Result<()> {
        out.clear();
        let inner = &self.inner;
        let evidence = self.kept_in(place.source, place.offset, place.length)?;
        inner
            .blocks
            .read(&inner.reader, evidence, place.offset, place.length, out)?;
        if out.len() as u64 == place.length {
            Ok(())
        } else {
            Err(StoreError::corrupt(
                format!("the evidence of source {}", place.source),
                "a block is missing",
            ))
        }
    }

    /// The evidence that holds a place of a source; the place must lie inside it.
    fn kept_in(&self, source: u32, offset: u64, length: u64) -> Result<i64> {
        let inner = &self.inner;
        let kept = held(&inner.kept_in).get(&source).copied();
        let (evidence, bytes) = match kept {
            Some(kept) => kept,
            None => {
                let (evidence, bytes, _) = self.evidence(source)?;
                held(&inner.kept_in).insert(source, (evidence, bytes));
                (evidence, bytes)
            }
        };
        match offset.checked_add(length).filter(|end| *end <= bytes) {
            Some(_) => Ok(evidence),
            None => Err(StoreError::corrupt(
                format!("a locator into source {source}"),
                "it points beyond the end of the source",
            )),
        }
    }

    /// Appends bytes of a source as it came; unlike [`Case::raw_into`] it keeps no block, because a search goes through
    /// all of them once.
    ///
    /// # Errors
    /// As [`Case::raw`].
    pub(crate) fn span_into(
        &self,
        source: u32,
        offset: u64,
        length: u64,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let evidence = self.kept_in(source, offset, length)?;
        let before = out.len() as u64;
        crate::evidence::read::span(&self.inner.reader, evidence, offset, length, out)?;
        if out.len() as u64 - before == length {
            Ok(())
        } else {
            Err(StoreError::corrupt(
                format!("the evidence of source {source}"),
                "a block is missing",
            ))
        }
    }

    /// Writes the whole source as it came and compares its hash with the one taken at import.
    ///
    /// # Errors
    /// When the bytes are not those that were imported (what was written then is not the source), or `out` refuses.
    pub fn extract(&self, source: u32, out: &mut dyn Write) -> Result<u64> {
        let kept = self.evidence(source)?;
        self.write_back(source, kept, out)
    }

    /// Writes the archive or workbook that a source is a member of as it came, and compares its hash likewise.
    ///
    /// # Errors
    /// When the source is no member of one; else as [`Case::extract`].
    pub fn extract_container(&self, source: u32, out: &mut dyn Write) -> Result<u64> {
        let kept = self.kept_as(
            source,
            "SELECT coalesce(c.same_as, c.id), c.bytes, c.sha256 FROM source s
             JOIN import i ON i.id = s.import JOIN evidence e ON e.id = s.evidence
             JOIN evidence c ON c.id = e.container WHERE s.id = ?1 AND i.state = 'complete'",
        )?;
        self.write_back(source, kept, out)
    }

    fn write_back(
        &self,
        source: u32,
        (evidence, bytes, expected): (i64, u64, Vec<u8>),
        out: &mut dyn Write,
    ) -> Result<u64> {
        let mut hash = Sha256::new();
        let mut at = 0_u64;
        let mut part = Vec::new();
        while at < bytes {
            part.clear();
            let inner = &self.inner;
            inner
                .blocks
                .read(&inner.reader, evidence, at, 1 << 20, &mut part)?;
            if part.is_empty() {
                break;
            }
            hash.update(&part);
            out.write_all(&part).map_err(|error| StoreError::Io {
                what: format!("writing source {source}"),
                error,
            })?;
            at += part.len() as u64;
        }
        let found = hash.finalize();
        if found.as_slice() == expected {
            return Ok(at);
        }
        Err(StoreError::EvidenceChanged {
            source_number: source,
            expected: hex::encode(expected),
            found: hex::encode(found),
        })
    }

    /// Entries that attest an event besides the one it was read from, by source.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn attested(&self, event: u64) -> Result<Vec<Attestation>> {
        Ok(self.attestations(&[event])?.pop().unwrap_or_default())
    }

    /// Numbers of events that a source attests but that were read from another, rising.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn attested_by(&self, source: u32) -> Result<Vec<u64>> {
        let reader = held(&self.inner.reader);
        let mut statement = reader.prepare_cached(
            "SELECT a.rows, a.data, a.import FROM attestation a JOIN import i ON i.id = a.import
             JOIN source s ON s.id = a.source AND s.generation = a.generation AND s.state = 'complete'
             WHERE i.state = 'complete' AND a.source = ?1",
        )?;
        let cuts = self.inner.attestations.cuts(&reader)?;
        let mut rows = statement.query([source])?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let (count, import): (i64, i64) = (row.get(0)?, row.get(2)?);
            let events = attestation::read(&row.get::<_, Vec<u8>>(1)?, count as usize)?.events;
            out.extend(events.into_iter().filter(|e| says(&cuts, *e, import)));
        }
        out.sort_unstable();
        out.dedup();
        Ok(out)
    }

    /// Where an event lies: position in [`Case::segments`], and row.
    ///
    /// # Errors
    /// When no visible event has this number.
    pub fn event_place(&self, event: u64) -> Result<(usize, u64)> {
        let sealed = self.inner.sealed(None)?;
        let standing = Standing::read(&held(&self.inner.reader))?;
        let find = |columns: &dyn Columns, bits: Option<&[Bits]>| -> Result<Option<u64>> {
            let mut before = 0;
            for (chunk, meta) in columns.chunks().iter().enumerate() {
                let counts = |row: usize| bits.is_none_or(|bits| bits[chunk].has(row));
                if let Some(row) = columns.numbers(chunk)?.iter().position(|n| *n == event)
                    && counts(row)
                {
                    return Ok(Some(before + row as u64));
                }
                before += u64::from(meta.rows);
            }
            Ok(None)
        };
        for (at, segment) in sealed.iter().enumerate() {
            if (segment.numbers.0..=segment.numbers.1).contains(&event)
                && let Some(row) = find(segment.as_ref(), standing.visible(segment)?.as_deref())?
            {
                return Ok((at, row));
            }
        }
        if let Some(row) = find(self.inner.hot()?.as_ref(), None)? {
            return Ok((sealed.len(), row));
        }
        Err(StoreError::NoSuch {
            what: "event",
            number: event,
        })
    }

    /// Overlays that stand, of a kind or of an event or all.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn overlays(&self, kind: Option<&str>, event: Option<u64>) -> Result<Vec<Overlay>> {
        overlays::list(&held(&self.inner.reader), kind, event)
    }

    /// The custody log.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn custody(&self) -> Result<Vec<CustodyEntry>> {
        custody::list(&held(&self.inner.reader))
    }

    /// Its newest entry, to be anchored outside the case.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn custody_head(&self) -> Result<CustodyHead> {
        custody::head(&held(&self.inner.reader))
    }

    /// Exact texts of the profiles that read this case: name, text.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn profiles(&self) -> Result<Vec<(String, String)>> {
        let reader = held(&self.inner.reader);
        let mut statement =
            reader.prepare_cached("SELECT name, text FROM profile ORDER BY name, sha256")?;
        let rows = statement.query_map(params![], |r| Ok((r.get(0)?, r.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Bytes of the case in its file, by table.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn bytes_by_table(&self) -> Result<Vec<(String, u64)>> {
        let reader = held(&self.inner.reader);
        let mut out = Vec::new();
        for (name, sql) in [
            ("evidence", "SELECT coalesce(sum(length(data)), 0) FROM evidence_block"),
            ("columns", "SELECT coalesce(sum(length(data)), 0) FROM segment_column WHERE field NOT IN ('@fingerprint', '@place')"),
            ("places", "SELECT coalesce(sum(length(data)), 0) FROM segment_column WHERE field = '@place'"),
            ("dictionaries", "SELECT coalesce(sum(length(data)), 0) FROM segment_dictionary"),
            ("identity", "SELECT coalesce(sum(length(data)), 0) + (SELECT coalesce(sum(length(ids) + length(events)), 0) FROM segment_vendor_id)
                          FROM segment_column WHERE field = '@fingerprint'"),
            ("attestations", "SELECT coalesce(sum(length(data)), 0) FROM attestation"),
        ] {
            let bytes: i64 = reader.query_row(sql, [], |r| r.get(0))?;
            out.push((name.to_owned(), bytes as u64));
        }
        Ok(out)
    }
}
