//! What a query asks beside the columns, answered from the case: overlays, names, original bytes, attestations.
//!
//! Owns: the bridge between the file and the queries, and the snapshot that a query looks at. Never touches: evaluation.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use rusqlite::params;
use witnessmark_model::{Attestation, IdentityKey, LeafReader, Locator, SourceShape};

use super::{
    Case, Inner,
    found::FINDING,
    held,
    overlays::PROBLEM,
    standing::{Standing, says},
};
use crate::{
    error::{Result, StoreError},
    importer::attestation,
    query::{FLAG, Facts, Originals, Overlay, Segment, Snapshot, SourceName},
    segment::Columns,
};

/// Segment numbers of the file are below this; the segment of small imports is numbered above by the version of the case.
const HOT: u64 = 1 << 63;

/// Answers queries from one case.
pub struct CaseFacts {
    case: Case,
    leaves: Arc<dyn LeafReader>,
    /// By source, of one version of the case: a source that is read anew may have another.
    shapes: Mutex<(u64, HashMap<u32, Arc<SourceShape>>)>,
}

impl Case {
    /// What queries may ask of this case.
    #[must_use]
    pub fn facts(&self, leaves: Arc<dyn LeafReader>) -> CaseFacts {
        CaseFacts {
            case: self.clone(),
            leaves,
            shapes: Mutex::default(),
        }
    }

    /// The visible segments at this moment.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot> {
        let version = self.version();
        // One transaction: another process may be reading a source anew, and half of before with half of after would be
        // an answer that never was true.
        let (ids, standing, hot) = {
            let reader = held(&self.inner.reader);
            let look = reader.unchecked_transaction()?;
            let ids = Inner::segment_ids(&look, None)?;
            let standing = Standing::read(&look)?;
            (ids, standing, self.inner.hot_of(&look)?)
        };
        let mut segments = Vec::new();
        for sealed in self.inner.opened(ids)? {
            let visible = standing.visible(&sealed)?;
            segments.push(Segment::new(sealed.id as u64, sealed, visible));
        }
        if hot.rows() > 0 {
            segments.push(Segment::new(HOT | version, hot, None));
        }
        Ok(Snapshot::new(segments))
    }

    /// Entries that attest each of some events besides the one it was read from; one look at the file for all of them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn attestations(&self, events: &[u64]) -> Result<Vec<Vec<Attestation>>> {
        let mut out = vec![Vec::new(); events.len()];
        let (Some(first), Some(last)) = (events.iter().min(), events.iter().max()) else {
            return Ok(out);
        };
        // Blob, its source, rows, its bytes when they are not held, and the import that made it.
        type Found = Vec<(i64, u32, i64, Option<Vec<u8>>, i64)>;
        let (cuts, found): (_, Found) = {
            let reader = held(&self.inner.reader);
            let cuts = self.inner.attestations.cuts(&reader)?;
            let mut statement = reader.prepare_cached(
                "SELECT a.id, a.source, a.rows, a.data, a.import FROM attestation a JOIN import i ON i.id = a.import
                 JOIN source s ON s.id = a.source AND s.generation = a.generation AND s.state = 'complete'
                 WHERE i.state = 'complete' AND a.first_event <= ?2 AND a.last_event >= ?1 ORDER BY a.id",
            )?;
            let rows = statement.query_map(params![*first as i64, *last as i64], |r| {
                let id: i64 = r.get(0)?;
                let known = self.inner.attestations.knows(id);
                let data = if known { None } else { Some(r.get(3)?) };
                Ok((id, r.get(1)?, r.get(2)?, data, r.get(4)?))
            })?;
            (cuts, rows.collect::<rusqlite::Result<_>>()?)
        };
        for (id, source, rows, data, import) in found {
            let block = match data {
                Some(data) => self.inner.attestations.get(id, &data, rows as usize)?,
                None => self.inner.attestations.known(id, || {
                    let reader = held(&self.inner.reader);
                    let data: Vec<u8> = reader.query_row(
                        "SELECT data FROM attestation WHERE id = ?1",
                        [id],
                        |r| r.get(0),
                    )?;
                    attestation::read(&data, rows as usize)
                })?,
            };
            let mut asked = events.iter().zip(&mut out);
            for (event, out) in asked.by_ref().filter(|(e, _)| says(&cuts, **e, import)) {
                out.extend(
                    block
                        .entries(*event)
                        .map(|entry| Attestation { source, entry }),
                );
            }
        }
        for list in &mut out {
            list.sort_unstable_by_key(|a| (a.source, a.entry));
            list.dedup();
        }
        Ok(out)
    }

    /// Whether every entry of the custody log follows from the one before.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn check_custody(&self) -> Result<bool> {
        Ok(super::custody::check(&held(&self.inner.reader)).is_ok())
    }
}

struct Reading<'c> {
    case: &'c Case,
    bytes: Vec<u8>,
}

impl Originals for Reading<'_> {
    fn read(&mut self, locator: &Locator) -> Result<&[u8]> {
        self.case.raw_into(locator, &mut self.bytes)?;
        Ok(&self.bytes)
    }
}

impl Facts for CaseFacts {
    fn overlays(&self, kind: &str) -> Result<Vec<Overlay>> {
        if kind == FINDING {
            return self.case.found();
        }
        let kind = if kind == FLAG { PROBLEM } else { kind };
        let mut found: Vec<Overlay> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for overlay in self.case.overlays(Some(kind), None)? {
            let place = *places.entry(overlay.value.clone()).or_insert_with(|| {
                found.push(Overlay {
                    value: overlay.value,
                    events: Vec::new(),
                });
                found.len() - 1
            });
            found[place].events.push(overlay.event);
        }
        Ok(found)
    }

    fn sources(&self) -> Result<Vec<SourceName>> {
        let sources = self.case.sources()?;
        Ok(sources
            .into_iter()
            .filter(|s| s.state == "complete")
            .map(|s| SourceName {
                number: s.id,
                name: s.member.unwrap_or(s.name),
            })
            .collect())
    }

    fn attested_beyond(&self, source: u32) -> Result<Vec<u64>> {
        self.case.attested_by(source)
    }

    fn attestations(&self, events: &[u64]) -> Result<Vec<Vec<Attestation>>> {
        self.case.attestations(events)
    }

    fn originals(&self) -> Result<Box<dyn Originals + '_>> {
        Ok(Box::new(Reading {
            case: &self.case,
            bytes: Vec::new(),
        }))
    }

    fn span(&self, source: u32, offset: u64, length: u64, out: &mut Vec<u8>) -> Result<bool> {
        self.case.span_into(source, offset, length, out)?;
        Ok(true)
    }

    fn shape(&self, source: u32) -> Result<Arc<SourceShape>> {
        let version = self.case.version();
        {
            let shapes = held(&self.shapes);
            if let Some(shape) = shapes.1.get(&source).filter(|_| shapes.0 == version) {
                return Ok(Arc::clone(shape));
            }
        }
        let sources = self.case.sources()?;
        let mut shapes = held(&self.shapes);
        *shapes = (
            version,
            sources
                .into_iter()
                .map(|s| (s.id, Arc::new(s.shape)))
                .collect(),
        );
        shapes.1.get(&source).cloned().ok_or(StoreError::NoSuch {
            what: "source",
            number: u64::from(source),
        })
    }

    fn leaf_reader(&self) -> &dyn LeafReader {
        self.leaves.as_ref()
    }

    fn merges(&self) -> Result<Vec<Vec<IdentityKey>>> {
        self.case.merges()
    }

    fn progress(&self, _rows: u64) -> Result<()> {
        Ok(())
    }
}
