//! Writing an import: bytes become evidence, batches become events, and one last small transaction makes them visible.
//!
//! Owns: the state of an import under way. Never touches: formats (the reader has understood them), the clock.
//! Until [`Importer::finish`] returns, nothing of it is visible; after [`Importer::cancel`], or when it is dropped, nothing is
//! left but a custody entry.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use witnessmark_model::{Batch, Instant, SourceShape};

use crate::{
    case::{Case, PullPart, Stamp, custody, discard, held},
    error::{Result, StoreError},
    evidence::worker::Evidence,
    segment::SegmentBuilder,
};

pub(crate) mod attestation;
pub(crate) mod event_set;
pub(crate) mod identity;
pub mod merkle;
pub mod revision;
mod seal;

/// Rows at which a segment is sealed.
const SEGMENT_ROWS: usize = 1 << 20;
/// Memory of a segment in the making at which it is sealed. Sealing takes as much again for a moment.
const SEGMENT_BYTES: usize = 160 << 20;
/// Rejected entries that are written in one transaction.
const REJECTS: usize = 10_000;

/// What is known of a source before its bytes come.
#[derive(Clone, Debug, Default)]
pub struct SourceMeta {
    /// File name, or what the user calls a paste or stream.
    pub name: String,
    /// Name inside an archive or folder.
    pub member: Option<String>,
    /// The container that [`Importer::begin_container`] gave.
    pub container: Option<Container>,
    /// How to read one entry of it.
    pub shape: SourceShape,
    /// Profiles and versions, such as `paymongo@1`.
    pub profiles: Vec<String>,
    /// Exact texts of those profiles: name, text.
    pub profile_texts: Vec<(String, String)>,
    /// How sure the recognition was, 0 to 1.
    pub confidence: f64,
    /// Zone of times that name none, and why.
    pub zone: String,
    /// Everything else that was chosen or found (date order, labels, ...).
    pub detail: Value,
}

/// An archive whose bytes are kept beside its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Container(i64);

/// An entry that holds no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Entry, from 1.
    pub entry: u64,
    /// Line, from 1.
    pub line: u64,
    /// Byte offset, from 0.
    pub offset: u64,
    /// Bytes.
    pub length: u64,
    /// Why.
    pub code: witnessmark_model::RejectCode,
    /// The reason with its particulars, for people.
    pub message: String,
}

/// Something a reader of the receipt must know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// For programs.
    pub code: String,
    /// How many entries it concerns.
    pub count: u64,
    /// For people.
    pub message: String,
}

/// What is known of a source after its last byte.
#[derive(Clone, Debug, Default)]
pub struct SourceEnd {
    /// Entries read, rejected ones too.
    pub entries: u64,
    /// What the reader warns of.
    pub warnings: Vec<Warning>,
    /// How to read one entry, when more was learnt than at the beginning.
    pub shape: Option<SourceShape>,
    /// Profiles that read entries, when more were met than at the beginning.
    pub profiles: Option<Vec<String>>,
    /// Exact texts of profiles that were met after the beginning: name, text.
    pub profile_texts: Vec<(String, String)>,
}

/// What came of a source. `entries = stored + duplicates + rejected`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceReceipt {
    /// Source number.
    pub id: u32,
    /// File name.
    pub name: String,
    /// Name inside an archive or folder.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub member: Option<String>,
    /// SHA-256 of the (decompressed) bytes, hex.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
    /// Profiles that read it.
    pub profiles: Vec<String>,
    /// How sure the recognition was, 0 to 1.
    pub confidence: f64,
    /// Zone of times that name none, and why.
    pub zone: String,
    /// Entries read.
    pub entries: u64,
    /// Entries that gave at least one new event.
    pub stored: u64,
    /// Entries whose events the case had already.
    pub duplicates: u64,
    /// Entries that hold no event.
    pub rejected: u64,
    /// New events.
    pub events: u64,
    /// New events without a time.
    pub undated: u64,
    /// First instant of the source, duplicates included; absent when it has none.
    pub first: Option<Instant>,
    /// Last instant.
    pub last: Option<Instant>,
    /// Root of the Merkle tree over the bytes of its entries, hex.
    pub merkle_root: String,
    /// What to know.
    pub warnings: Vec<Warning>,
}

/// What came of an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportReceipt {
    /// Import number.
    pub import: u64,
    /// Its sources in order.
    pub sources: Vec<SourceReceipt>,
}

/// A source of this import, whole or under way.
#[derive(Debug)]
pub(crate) struct Source {
    meta: SourceMeta,
    evidence: i64,
    receipt: SourceReceipt,
}

/// An import under way. One at a time for each case.
#[derive(Debug)]
pub struct Importer {
    case: Case,
    stamp: Stamp,
    import: i64,
    evidence: Evidence,
    next_evidence: i64,
    next_source: u32,
    next_event: u64,
    sources: BTreeMap<u32, Source>,
    open: Option<u32>,
    builder: SegmentBuilder,
    seen: identity::Seen,
    /// The last entry of the segment before, and whether it gave a new event: its other parts may come in the next one.
    cut_entry: Option<(u32, u64, bool)>,
    rejects: Vec<(u32, Reject)>,
    segments: Vec<i64>,
    /// The pages and the position that become visible together with the events.
    pulled: Option<PullPart>,
    done: bool,
}

impl Case {
    /// Begins an import. `detail` (inputs and options as the user gave them) goes into the custody log.
    ///
    /// # Errors
    /// When the case is read-only or another import is under way.
    pub fn begin_import(&self, stamp: &Stamp, detail: &Value) -> Result<Importer> {
        if self.inner.importing.swap(true, Ordering::AcqRel) {
            return Err(StoreError::OutOfOrder(
                "another import into this case is under way",
            ));
        }
        self.start(stamp, detail).inspect_err(|_| {
            self.inner.importing.store(false, Ordering::Release);
        })
    }

    fn start(&self, stamp: &Stamp, detail: &Value) -> Result<Importer> {
        let writer = self.inner.writer.as_ref().ok_or(StoreError::ReadOnly)?;
        let (import, evidence, source, event) = self.inner.write(|t| {
            let next = |sql: &str| t.query_row(sql, [], |r| r.get::<_, i64>(0));
            let found = (
                next("SELECT coalesce(max(id), 0) + 1 FROM import")?,
                next("SELECT coalesce(max(id), 0) + 1 FROM evidence")?,
                next("SELECT coalesce(max(id), 0) + 1 FROM source")?,
                next("SELECT value FROM meta WHERE key = 'next_event'")?,
            );
            t.execute(
                "INSERT INTO import (id, state, at, who, detail) VALUES (?1, 'importing', ?2, ?3, ?4)",
                params![found.0, stamp.at.0, stamp.who, detail.to_string()],
            )?;
            Ok(found)
        })?;
        Ok(Importer {
            evidence: Evidence::start(Arc::clone(writer), import)?,
            case: self.clone(),
            stamp: stamp.clone(),
            import,
            next_evidence: evidence,
            next_source: source as u32,
            next_event: event as u64,
            sources: BTreeMap::new(),
            open: None,
            builder: SegmentBuilder::new(self.inner.seed()),
            seen: identity::Seen::default(),
            cut_entry: None,
            rejects: Vec::new(),
            segments: Vec::new(),
            pulled: None,
            done: false,
        })
    }
}

impl Importer {
    /// Begins an archive whose bytes are kept verbatim; its members are sources of their own.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn begin_container(&mut self, name: &str) -> Result<Container> {
        let evidence = self.take_evidence();
        self.evidence.open(evidence, name, None)?;
        Ok(Container(evidence))
    }

    /// The next bytes of an archive.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn container_bytes(
        &mut self,
        container: Container,
        bytes: impl Into<Vec<u8>>,
    ) -> Result<()> {
        self.evidence.bytes(container.0, bytes.into())
    }

    /// The archive ends.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn end_container(&mut self, container: Container) -> Result<()> {
        self.evidence.close(container.0)
    }

    /// Begins a source; gives its number.
    ///
    /// # Errors
    /// When the source before has not ended.
    pub fn begin_source(&mut self, meta: SourceMeta) -> Result<u32> {
        if self.open.is_some() {
            return Err(StoreError::OutOfOrder(
                "the source before this one has not ended",
            ));
        }
        let id = self.next_source;
        self.next_source += 1;
        let evidence = self.take_evidence();
        let name = meta.member.as_deref().unwrap_or(&meta.name);
        self.evidence
            .open(evidence, name, meta.container.map(|c| c.0))?;
        let receipt = SourceReceipt {
            id,
            name: meta.name.clone(),
            member: meta.member.clone(),
            profiles: meta.profiles.clone(),
            confidence: meta.confidence,
            zone: meta.zone.clone(),
            ..SourceReceipt::default()
        };
        self.sources.insert(
            id,
            Source {
                meta,
                evidence,
                receipt,
            },
        );
        self.open = Some(id);
        Ok(id)
    }

    fn take_evidence(&mut self) -> i64 {
        self.next_evidence += 1;
        self.next_evidence - 1
    }

    fn open_source(&mut self) -> Result<(u32, &mut Source)> {
        let id = self
            .open
            .ok_or(StoreError::OutOfOrder("no source was begun"))?;
        let source = self
            .sources
            .get_mut(&id)
            .ok_or(StoreError::OutOfOrder("no source was begun"))?;
        Ok((id, source))
    }

    /// The next bytes of the source as they stand in it (after decompression), header and wrapper included.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn bytes(&mut self, bytes: impl Into<Vec<u8>>) -> Result<()> {
        let evidence = self.open_source()?.1.evidence;
        self.evidence.bytes(evidence, bytes.into())
    }

    /// Memory of bytes that were given before and are on their way to the disk, for the next ones; absent when there is none.
    #[must_use]
    pub fn emptied(&self) -> Option<Vec<u8>> {
        self.evidence.emptied()
    }

    /// Places (offset, length) of the next entries, rejected ones too, in entry order; before or after their bytes.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn entries(&mut self, places: &[(u64, u64)]) -> Result<()> {
        let evidence = self.open_source()?.1.evidence;
        self.evidence.entries(evidence, places)
    }

    /// The next events.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn batch(&mut self, batch: &Batch) -> Result<()> {
        let (id, source) = self.open_source()?;
        for row in &batch.rows {
            if let Some(time) = row.time {
                let r = &mut source.receipt;
                r.first = Some(r.first.map_or(time, |f| f.min(time)));
                r.last = Some(r.last.map_or(time, |l| l.max(time)));
            }
        }
        self.builder.push_batch(batch, id);
        if self.builder.rows() >= SEGMENT_ROWS || self.builder.bytes() >= SEGMENT_BYTES {
            self.seal()?;
        }
        Ok(())
    }

    /// An entry that holds no event.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn reject(&mut self, reject: Reject) -> Result<()> {
        let (id, source) = self.open_source()?;
        source.receipt.rejected += 1;
        self.rejects.push((id, reject));
        if self.rejects.len() >= REJECTS {
            self.write_rejects()?;
        }
        Ok(())
    }

    fn write_rejects(&mut self) -> Result<()> {
        let rejects = std::mem::take(&mut self.rejects);
        if rejects.is_empty() {
            return Ok(());
        }
        let rejects = rejects.iter().map(|(source, r)| (i64::from(*source), r));
        self.case.inner.write(|t| insert_rejects(t, rejects))
    }

    /// The source ends. How many of its entries are duplicates is known when the import is finished.
    ///
    /// # Errors
    /// When no source was begun, or the disk refuses.
    pub fn end_source(&mut self, end: SourceEnd) -> Result<()> {
        let (_, source) = self.open_source()?;
        source.receipt.entries = end.entries;
        source.receipt.warnings.extend(end.warnings);
        if let Some(shape) = end.shape {
            source.meta.shape = shape;
        }
        if let Some(profiles) = end.profiles {
            source.receipt.profiles.clone_from(&profiles);
            source.meta.profiles = profiles;
        }
        source.meta.profile_texts.extend(end.profile_texts);
        let evidence = source.evidence;
        self.open = None;
        self.evidence.close(evidence)
    }

    /// Entries of the sources that have ended, rejected ones too.
    #[must_use]
    pub fn entries_read(&self) -> u64 {
        self.sources.values().map(|s| s.receipt.entries).sum()
    }

    /// Has the position of a remote log, and the pages that led to it, become visible together with the events.
    pub fn with_pull(&mut self, part: PullPart) {
        self.pulled = Some(part);
    }

    /// Makes everything visible in one small transaction.
    ///
    /// # Errors
    /// When a source has not ended, the sums do not agree, or the disk refuses; nothing is visible then.
    pub fn finish(mut self) -> Result<ImportReceipt> {
        let receipt = self.complete();
        if self.done {
            self.case.inner.importing.store(false, Ordering::Release);
        }
        receipt
    }

    /// Takes everything back. What stays is an entry in the custody log.
    ///
    /// # Errors
    /// When the disk refuses; the rest is discarded when the case is opened again.
    pub fn cancel(mut self, why: &str) -> Result<()> {
        self.abandon("import.cancelled", why)
    }

    fn abandon(&mut self, action: &str, why: &str) -> Result<()> {
        self.done = true;
        // The thread must not write any more; what became of it does not matter now.
        let _ = self.evidence.finish();
        let inner = &self.case.inner;
        let writer = inner.writer.as_ref().ok_or(StoreError::ReadOnly)?;
        let sources: Vec<&str> = self
            .sources
            .values()
            .map(|s| s.meta.name.as_str())
            .collect();
        let detail = json!({"import": self.import, "why": why, "sources": sources});
        let done = discard::discard(&mut held(writer), self.import, &self.stamp, action, &detail);
        inner.forget_segments();
        inner.importing.store(false, Ordering::Release);
        done
    }
}

/// Writes rejects, each of a source, inside the caller's transaction.
fn insert_rejects<'r>(
    t: &rusqlite::Connection,
    rejects: impl Iterator<Item = (i64, &'r Reject)>,
) -> Result<()> {
    let mut statement =
        t.prepare_cached("INSERT INTO reject VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?;
    for (source, r) in rejects {
        statement.execute(params![
            source,
            r.entry as i64,
            r.line as i64,
            r.offset as i64,
            r.length as i64,
            r.code.code(),
            r.message
        ])?;
    }
    Ok(())
}

impl Drop for Importer {
    fn drop(&mut self) {
        if !self.done {
            // A failure here leaves rows that are invisible and are discarded on the next opening.
            let _ = self.abandon("import.failed", "the import ended before it was complete");
        }
    }
}
