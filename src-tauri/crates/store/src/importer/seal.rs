//! Sealing a segment, and the last transaction of an import.
//!
//! Owns: the order of the steps. Never touches: a visible row, but for flags that are overlays.

use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::{Value, json};
use witnessmark_model::{Field, Flag};

use super::{
    ImportReceipt, Importer, Source, Warning, attestation, custody,
    identity::{self, Existing, Owner, Verdicts},
};
use crate::{
    case::{Inner, Stamp, content::Touched, discard, held, overlays, pulls},
    error::{Result, StoreError},
    evidence::worker::Laid,
    segment::{Generations, HOT_IMPORT, HOT_MOST, SegmentBuilder, builder::Heads, hot, sealed},
};

/// Rows with their numbers, ready to be written.
struct Numbered {
    builder: SegmentBuilder,
    /// Event number of each row; 0 for a duplicate.
    numbers: Vec<u64>,
    attestations: Vec<(u32, u64, u64)>,
    flagged_events: Vec<u64>,
}

impl Importer {
    /// Writes what has gathered as one segment, under the state `importing`.
    pub(super) fn seal(&mut self) -> Result<()> {
        let Some(mut ready) = self.number()? else {
            return Ok(());
        };
        let segment = if ready.numbers.iter().any(|n| *n != 0) {
            let sealed = ready.builder.seal(std::mem::take(&mut ready.numbers));
            let encoded = sealed::encode(&sealed)?;
            self.builder = sealed.into_builder();
            Some(encoded)
        } else {
            None
        };
        let (import, stamp) = (self.import, self.stamp.clone());
        let written = self.case.inner.write(|t| {
            write_overlays(t, &stamp, import, &ready.flagged_events)?;
            attestation::write(t, import, &mut ready.attestations, &Generations::default())?;
            segment
                .as_ref()
                .map(|s| sealed::write(t, import, s, &Generations::default()))
                .transpose()
        })?;
        self.segments.extend(written);
        self.case.inner.checkpoint()
    }

    /// Decides what is new and gives numbers; `None` when there is no row.
    fn number(&mut self) -> Result<Option<Numbered>> {
        if self.builder.rows() == 0 {
            return Ok(None);
        }
        let inner = &self.case.inner;
        let existing = Existing {
            segments: inner.counting(self.import)?,
            hot: hot::keys(&held(&inner.reader))?,
        };
        let mut builder = std::mem::replace(&mut self.builder, SegmentBuilder::new(inner.seed()));
        let heads = &builder.heads;
        if let Some(first) = heads.sources.first() {
            self.seen.turn_to(*first);
        }
        let verdicts = identity::resolve(heads, &existing, &self.seen)?;
        let mut numbers = vec![0_u64; heads.times.len()];
        for (number, owner) in numbers.iter_mut().zip(&verdicts.owners) {
            if *owner == Owner::New {
                *number = self.next_event;
                self.next_event += 1;
            }
        }
        let attestations = self.tally(heads, &verdicts, &numbers);
        let flag = Flag::IdConflict.code();
        builder.append(Field::Problems, &verdicts.conflicting_rows, flag);
        Ok(Some(Numbered {
            builder,
            numbers,
            attestations,
            flagged_events: verdicts.conflicting_events,
        }))
    }

    /// Counts entries and events of each source; gives (source, event, entry) for the duplicates.
    fn tally(
        &mut self,
        heads: &Heads,
        verdicts: &Verdicts,
        numbers: &[u64],
    ) -> Vec<(u32, u64, u64)> {
        let mut attestations = Vec::new();
        let mut cut = self.cut_entry.take();
        if let Some(last) = heads.sources.last() {
            self.seen.turn_to(*last);
        }
        for (row, owner) in verdicts.owners.iter().enumerate() {
            let (source, entry) = (heads.sources[row], heads.places.entry[row]);
            let event = match owner {
                Owner::New => numbers[row],
                Owner::Event(event) => *event,
                Owner::Row(other) => numbers[*other as usize],
            };
            if source == self.seen.source {
                self.seen.insert(event);
            }
            let new = *owner == Owner::New;
            if !new {
                attestations.push((source, event, entry));
            }
            let Some(Source { receipt, .. }) = self.sources.get_mut(&source) else {
                continue;
            };
            receipt.events += u64::from(new);
            receipt.undated += u64::from(new && !heads.dated[row]);
            match &mut cut {
                Some((s, e, stored)) if (*s, *e) == (source, entry) => {
                    // Another part of the same entry: one new part makes it a stored entry.
                    if new && !*stored {
                        *stored = true;
                        receipt.duplicates = receipt.duplicates.saturating_sub(1);
                        receipt.stored += 1;
                    }
                }
                _ => {
                    receipt.stored += u64::from(new);
                    receipt.duplicates += u64::from(!new);
                    cut = Some((source, entry, new));
                }
            }
        }
        self.cut_entry = cut;
        attestations
    }

    /// Everything up to and including the flip.
    pub(super) fn complete(&mut self) -> Result<ImportReceipt> {
        if self.open.is_some() {
            return Err(StoreError::OutOfOrder("a source has not ended"));
        }
        let small = self.segments.is_empty() && self.builder.rows() <= HOT_IMPORT;
        let hot_rows = if small { self.number()? } else { None };
        if !small {
            self.seal()?;
        }
        self.write_rejects()?;
        let laid = self.evidence.finish()?;
        let (import, stamp) = (self.import, self.stamp.clone());
        let next_event = self.next_event;
        let pulled = self.pulled.take();
        let sources = &mut self.sources;
        let receipts = self.case.inner.write(|t| {
            let mut receipts = Vec::new();
            for evidence in laid.keys() {
                find_twin(t, *evidence)?;
            }
            for (id, source) in sources.iter_mut() {
                let laid = laid.get(&source.evidence).ok_or(StoreError::OutOfOrder("a source has no bytes"))?;
                settle(t, source, laid)?;
                write_source(t, import, *id, source, laid)?;
                receipts.push(source.receipt.clone());
            }
            if let Some(mut ready) = hot_rows {
                write_overlays(t, &stamp, import, &ready.flagged_events)?;
                attestation::write(t, import, &mut ready.attestations, &Generations::default())?;
                hot::write(t, import, &ready.builder, &ready.numbers, &Generations::default())?;
            }
            let digests: Vec<Value> = t
                .prepare("SELECT id, rows, sha256 FROM segment WHERE import = ?1 ORDER BY id")?
                .query_map([import], |r| {
                    let hash: Vec<u8> = r.get(2)?;
                    Ok(json!({"id": r.get::<_, i64>(0)?, "rows": r.get::<_, i64>(1)?, "sha256": hex::encode(hash)}))
                })?
                .collect::<rusqlite::Result<_>>()?;
            let hot_hash: Option<Vec<u8>> =
                t.query_row("SELECT hot_sha256 FROM import WHERE id = ?1", [import], |r| r.get(0))?;
            t.execute("UPDATE meta SET value = ?1 WHERE key = 'next_event'", [next_event as i64])?;
            t.execute("UPDATE import SET state = 'complete' WHERE id = ?1", [import])?;
            let mut detail = json!({
                "import": import, "sources": receipts, "segments": digests, "hot_sha256": hot_hash.map(hex::encode),
            });
            if let Some(part) = &pulled {
                pulls::write(t, part, Some(import))?;
                detail["pull"] = pulls::told(part);
            }
            custody::append(t, &stamp, "import", &detail, &Touched::import(t, import)?)?;
            Ok(receipts)
        })?;
        let inner = &self.case.inner;
        inner.changed();
        self.done = true;
        // The import is complete and on disk; to call it failed because tidying failed would be untrue. What is not
        // tidied now is tidied by the next import.
        let _ = tidy(&self.case.inner, self.import, &self.stamp);
        Ok(ImportReceipt {
            import: import as u64,
            sources: receipts,
        })
    }
}

/// What may be done after the flip because it changes nothing that can be seen.
pub(super) fn tidy(inner: &Inner, import: i64, stamp: &Stamp) -> Result<()> {
    if let Some(writer) = &inner.writer {
        discard::twice_stored(&mut held(writer))?;
        inner.blocks.clear();
    }
    if hot::count(&held(&inner.reader))? >= HOT_MOST {
        let (builder, numbers) = hot::load(&held(&inner.reader), inner.seed())?;
        let encoded = sealed::encode(&builder.seal(numbers))?;
        inner.write(|t| {
            let segment = sealed::write(t, import, &encoded, &Generations::read(t)?)?;
            t.execute("DELETE FROM hot_event", [])?;
            t.execute(
                "UPDATE import SET hot_events = 0, hot_sha256 = NULL WHERE hot_events > 0",
                [],
            )?;
            let hash: Vec<u8> =
                t.query_row("SELECT sha256 FROM segment WHERE id = ?1", [segment], |r| {
                    r.get(0)
                })?;
            let detail = json!({"segment": segment, "sha256": hex::encode(hash)});
            let touched = Touched::nothing()
                .tables(&[
                    "import",
                    "segment",
                    "segment_chunk",
                    "segment_source",
                    "segment_column",
                    "segment_dictionary",
                    "hot_event",
                ])
                .part("segment_vendor_id", segment);
            custody::append(t, stamp, "events.seal", &detail, &touched)?;
            Ok(())
        })?;
        inner.changed();
    }
    inner.checkpoint()
}

/// Fills in what is known at the end, and holds the sums against each other.
fn settle(t: &Transaction<'_>, source: &mut Source, laid: &Laid) -> Result<()> {
    let receipt = &mut source.receipt;
    receipt.bytes = laid.bytes;
    receipt.sha256 = hex::encode(laid.sha256);
    receipt.merkle_root = hex::encode(laid.merkle_root);
    if receipt.entries != receipt.stored + receipt.duplicates + receipt.rejected {
        return Err(StoreError::OutOfOrder(
            "the entries of a source are not the sum of stored, duplicate and rejected ones",
        ));
    }
    if laid.leaves != receipt.entries {
        return Err(StoreError::OutOfOrder(
            "not every entry of a source was given with its place",
        ));
    }
    let twin: Option<(i64, String)> = t
        .query_row(
            "SELECT s.id, coalesce(s.member, s.name) FROM evidence e JOIN source s ON s.evidence = e.same_as OR s.evidence IN
                (SELECT id FROM evidence WHERE same_as = e.same_as AND id < e.id)
             WHERE e.id = ?1 AND e.same_as IS NOT NULL ORDER BY s.id LIMIT 1",
            [source.evidence],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
        .optional()?;
    if let Some((number, name)) = twin {
        let mut message =
            format!("these bytes were imported before, as {name}; they are stored once");
        if receipt.stored > 0 {
            message.push_str(&format!(
                ". Read in another way they give other events, which now stand beside those of source {number}: if one \
                 reading was wrong, take that source out with `withdraw`, and use `reread` the next time"
            ));
        }
        receipt.warnings.push(Warning {
            code: "same_file".to_owned(),
            count: receipt.entries,
            message,
        });
    }
    Ok(())
}

/// Points an evidence at an earlier one with the same bytes.
fn find_twin(t: &Transaction<'_>, evidence: i64) -> Result<()> {
    t.prepare_cached(
        "UPDATE evidence SET same_as = (SELECT min(o.id) FROM evidence o WHERE o.sha256 = evidence.sha256
            AND o.bytes = evidence.bytes AND o.same_as IS NULL AND o.id < evidence.id)
         WHERE id = ?1",
    )?
    .execute([evidence])?;
    Ok(())
}

fn write_source(
    t: &Transaction<'_>,
    import: i64,
    id: u32,
    source: &Source,
    laid: &Laid,
) -> Result<()> {
    let meta = &source.meta;
    t.prepare_cached(
        "INSERT INTO source (id, import, state, generation, evidence, name, member, shape, profiles, zone, detail, receipt, merkle_root)
         VALUES (?1, ?2, 'complete', 1, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    )?
    .execute(params![
        id,
        import,
        source.evidence,
        meta.name,
        meta.member,
        serde_json::to_string(&meta.shape)?,
        serde_json::to_string(&meta.profiles)?,
        meta.zone,
        meta.detail.to_string(),
        serde_json::to_string(&source.receipt)?,
        laid.merkle_root.as_slice(),
    ])?;
    write_profiles(t, &meta.profile_texts)
}

/// Keeps the exact texts of profiles.
pub(super) fn write_profiles(t: &Transaction<'_>, texts: &[(String, String)]) -> Result<()> {
    for (name, text) in texts {
        use sha2::{Digest, Sha256};
        t.prepare_cached("INSERT OR IGNORE INTO profile (name, sha256, text) VALUES (?1, ?2, ?3)")?
            .execute(params![name, Sha256::digest(text).as_slice(), text])?;
    }
    Ok(())
}

/// Flags sealed events whose vendor id now stands for other content too, once each.
pub(super) fn write_overlays(
    t: &Transaction<'_>,
    stamp: &Stamp,
    import: i64,
    events: &[u64],
) -> Result<()> {
    let flag = Flag::IdConflict.code();
    let mut known =
        t.prepare_cached("SELECT 1 FROM overlay o WHERE o.event = ?1 AND o.kind = ?2 AND o.value = ?3 AND o.retracts IS NULL
            AND NOT EXISTS (SELECT 1 FROM overlay r WHERE r.event = o.event AND r.retracts = o.id)")?;
    for event in events {
        if !known.exists(params![*event as i64, overlays::PROBLEM, flag])? {
            overlays::add(t, stamp, *event, overlays::PROBLEM, flag, Some(import))?;
        }
    }
    Ok(())
}
