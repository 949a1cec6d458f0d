//! The end of a revision: what remains to be known, and the one transaction that makes it true.
//!
//! Owns: receipts, overlays that go on under another number, the custody entry. Never touches: which row is which event.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::Ordering;

use rusqlite::{OptionalExtension, Transaction, params};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use witnessmark_model::Flag;

use super::super::{SourceReceipt, attestation, custody, event_set::EventSet, seal};
use super::{Kind, Reading, Revision, Wanted, before};
use crate::{
    case::{content::Touched, held, overlays},
    error::{Result, StoreError},
    segment::{CHUNK, HOT_IMPORT, format, hot, sealed::Origin},
};

/// What came of a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Revised {
    /// Receipts that changed: of the source itself, when it was read anew, and of sources that took its events over or
    /// lost events to it.
    pub receipts: Vec<SourceReceipt>,
    /// Events of the source that another source attests and that stay.
    pub kept: u64,
    /// Events that are not seen any more.
    pub gone: u64,
}

/// What counts no more, by kind, segment (none: a small import) and source.
type Lists = BTreeMap<(&'static str, Option<i64>, u32), Vec<Origin>>;

impl Revision {
    /// Makes everything true in one transaction.
    ///
    /// # Errors
    /// When an entry that takes an event over was not found again, the sums do not agree, or the disk refuses; nothing has
    /// changed then.
    pub fn finish(mut self) -> Result<Revised> {
        let revised = self.complete();
        if self.done {
            self.case.inner.importing.store(false, Ordering::Release);
        }
        revised
    }

    fn complete(&mut self) -> Result<Revised> {
        if let Some(lost) = self.wanted.values().flatten().find(|w: &&Wanted| !w.found) {
            return Err(StoreError::corrupt(
                format!("entry {} that attests event {}", lost.entry, lost.number),
                "it was not read again",
            ));
        }
        self.write_rejects()?;
        let rows = self.ready.as_ref().map_or(0, |r| r.builder.rows());
        let small = self.segments.is_empty() && rows <= HOT_IMPORT;
        if !small {
            self.seal()?;
        }
        self.point_attestations_anew()?;
        let receipts = self.receipts()?;
        let lists = self.lists();
        let carried = self.carried()?;
        let outdated = self.outdated_flags()?;
        let flagged: Vec<u64> = self
            .flagged
            .iter()
            .map(|e| self.taken.get(e).copied().unwrap_or(*e))
            .collect();
        let gone_hot: Vec<u64> = (self.before.hot_home.iter().copied())
            .chain(
                self.superseded
                    .iter()
                    .filter(|s| s.0.is_none())
                    .map(|s| s.1.event),
            )
            .collect();
        let revised = Revised {
            receipts,
            kept: self.wanted.values().map(|w| w.len() as u64).sum(),
            gone: self
                .before
                .claims
                .iter()
                .filter(|c| !self.is_seen(c.2))
                .count() as u64,
        };
        let ready = if small { self.ready.take() } else { None };
        let mut attestations = std::mem::take(&mut self.attestations);
        let this = &*self;
        this.case.inner.write(|t| {
            hot::remove(t, &gone_hot)?;
            if let Some(ready) = &ready {
                let generations = &this.before.generations;
                hot::write(t, this.import, &ready.builder, &ready.numbers, generations)?;
            }
            attestation::write(t, this.import, &mut attestations, &this.before.generations)?;
            write_lists(t, this.import, &lists)?;
            for o in &carried {
                t.prepare_cached("INSERT INTO overlay (event, kind, value, at, who, import) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
                    .execute(params![o.event as i64, o.kind, o.value, o.at.0, o.who, this.import])?;
            }
            let mut touched = Touched::nothing();
            for overlay in &outdated {
                touched = touched.row("overlay", overlays::retract(t, &this.stamp, *overlay)?.0);
            }
            seal::write_overlays(t, &this.stamp, this.import, &flagged)?;
            this.write_source(t, &revised.receipts)?;
            this.write_custody(t, &revised, touched)
        })?;
        let inner = &self.case.inner;
        inner.changed();
        self.done = true;
        // It is complete and on disk; to call it failed because tidying failed would be untrue.
        let _ = seal::tidy(inner, self.import, &self.stamp);
        Ok(revised)
    }

    /// Whether an event is seen after the flip.
    fn is_seen(&self, event: u64) -> bool {
        self.mine.contains(event)
            || self.rehomed.contains(event)
            || self.before.others.contains(event)
    }

    /// Entries of other sources that attest an event whose number has changed attest it under the new one.
    fn point_attestations_anew(&mut self) -> Result<()> {
        if self.taken.is_empty() {
            return Ok(());
        }
        let (taken, out) = (&self.taken, &mut self.attestations);
        before::each_attestation(
            &held(&self.case.inner.reader),
            self.source.id,
            |source, event, entry| {
                if let Some(number) = taken.get(&event) {
                    out.push((source, *number, entry));
                }
            },
        )
    }

    /// The receipts that are other ones now. Those of other sources tell how many events are read from them at present.
    fn receipts(&mut self) -> Result<Vec<SourceReceipt>> {
        let mut receipts = Vec::new();
        if let Kind::Reread(reading) = &self.kind {
            receipts.push(receipt_of(&self.source.receipt, reading)?);
        }
        let changed: BTreeSet<u32> = (self.again.keys().copied())
            .chain(self.superseded.iter().map(|(_, origin)| origin.source))
            .collect();
        let sources = self.case.sources()?;
        for info in sources.into_iter().filter(|s| changed.contains(&s.id)) {
            let (mut entries, mut events, mut undated) = self.before.tally(info.id)?;
            for (entry, dated) in self.again.get(&info.id).into_iter().flatten() {
                entries.push(*entry);
                events += 1;
                undated += u64::from(!dated);
            }
            entries.sort_unstable();
            entries.dedup();
            let mut receipt = info.receipt;
            receipt.stored = entries.len() as u64;
            receipt.duplicates = receipt
                .entries
                .checked_sub(receipt.stored + receipt.rejected)
                .ok_or(StoreError::OutOfOrder(
                    "more entries of a source hold events than it has",
                ))?;
            (receipt.events, receipt.undated) = (events, undated);
            receipts.push(receipt);
        }
        receipts.sort_by_key(|r| r.id);
        Ok(receipts)
    }

    /// Rows that count no more, numbers that the source's entries do not have at present, and events whose attestations
    /// were pointed elsewhere.
    fn lists(&self) -> Lists {
        let mut lists = Lists::new();
        for (segment, origin) in &self.superseded {
            let list = lists.entry(("row", *segment, origin.source));
            list.or_default().push(*origin);
        }
        let source = self.source.id;
        if matches!(self.kind, Kind::Reread(_)) {
            let unused = self
                .before
                .claims
                .iter()
                .filter(|c| !self.mine.contains(c.2));
            let unused = unused.map(|(entry, part, event)| Origin {
                source,
                event,
                entry,
                part,
            });
            let list: Vec<Origin> = unused.collect();
            if !list.is_empty() {
                lists.insert(("number", None, source), list);
            }
        }
        if !self.taken.is_empty() {
            let (entry, part) = (0, 0);
            let cut = self.taken.keys().map(|event| Origin {
                source,
                event: *event,
                entry,
                part,
            });
            lists.insert(("attestation", None, source), cut.collect());
        }
        lists
    }

    /// What was said about events that go on under another number, as it is said about that.
    fn carried(&self) -> Result<Vec<overlays::Overlay>> {
        let successors: HashMap<u64, u64> = self.successors.iter().copied().collect();
        let said = self.case.overlays(None, None)?;
        let mut carried = Vec::new();
        for overlay in &said {
            let Some(number) = successors.get(&overlay.event) else {
                continue;
            };
            let there = said
                .iter()
                .any(|o| o.event == *number && o.kind == overlay.kind && o.value == overlay.value);
            let flag = overlay.kind == overlays::PROBLEM;
            if !flag && !there && !self.is_seen(overlay.event) {
                carried.push(overlays::Overlay {
                    event: *number,
                    ..overlay.clone()
                });
            }
        }
        Ok(carried)
    }

    /// Overlays that say of an event that another one has its vendor id, where that is not so any more.
    fn outdated_flags(&self) -> Result<Vec<u64>> {
        let flags: Vec<overlays::Overlay> = self
            .case
            .overlays(Some(overlays::PROBLEM), None)?
            .into_iter()
            .filter(|o| o.value == Flag::IdConflict.code())
            .collect();
        if flags.is_empty() {
            return Ok(Vec::new());
        }
        // (vendor id, event) of everything that is seen afterwards.
        let mut ids: Vec<(u64, u64)> = Vec::new();
        let own = self.case.inner.sealed(Some(self.import))?;
        let own = own
            .into_iter()
            .filter(|s| self.segments.contains(&s.id))
            .map(|s| (s, None));
        let known = self.before.known.iter().cloned();
        for (segment, counting) in known.chain(own) {
            let Some(of) = segment.vendor_ids()? else {
                continue;
            };
            let (_, events) = segment.vendor_events()?;
            let seen = |event: &u64| {
                counting
                    .as_ref()
                    .is_none_or(|set: &EventSet| set.contains(*event))
            };
            ids.extend(of.into_iter().zip(events).filter(|(_, event)| seen(event)));
        }
        ids.extend(
            self.before
                .hot_keys()
                .iter()
                .map(|key| (key.vendor_id, key.event)),
        );
        if let Some(ready) = &self.ready {
            let of = ready.builder.heads.vendor_ids.iter().copied();
            ids.extend(
                of.zip(ready.numbers.iter().copied())
                    .filter(|(_, event)| *event != 0),
            );
        }
        // An orphan stands among what was known, but it is read from another source by now.
        let home = &self.before.home;
        ids.retain(|(id, event)| *id != 0 && (!home.contains(*event) || self.is_seen(*event)));
        ids.sort_unstable();
        ids.dedup();
        let mut alone = HashMap::new();
        for group in ids.chunk_by(|a, b| a.0 == b.0) {
            for (_, event) in group {
                alone.insert(*event, group.len() == 1);
            }
        }
        let outdated = |o: &overlays::Overlay| alone.get(&o.event).copied().unwrap_or(false);
        Ok(flags.iter().filter(|o| outdated(o)).map(|o| o.id).collect())
    }

    fn write_source(&self, t: &Transaction<'_>, receipts: &[SourceReceipt]) -> Result<()> {
        let id = self.source.id;
        for receipt in receipts {
            t.execute(
                "UPDATE source SET receipt = ?2 WHERE id = ?1",
                params![receipt.id, serde_json::to_string(receipt)?],
            )?;
        }
        let mut detail = self.source.detail.clone();
        match &self.kind {
            Kind::Withdraw(why) => {
                detail["withdrawn"] = json!({
                    "why": why, "at": self.stamp.at.rfc3339(), "who": self.stamp.who,
                });
                t.execute(
                    "UPDATE source SET state = 'withdrawn', detail = ?2 WHERE id = ?1",
                    params![id, detail.to_string()],
                )?;
            }
            Kind::Reread(reading) => {
                let meta = &reading.meta;
                let shape = reading
                    .end
                    .as_ref()
                    .and_then(|e| e.shape.as_ref())
                    .unwrap_or(&meta.shape);
                t.execute(
                    "UPDATE source SET generation = generation + 1, shape = ?2, profiles = ?3, zone = ?4, detail = ?5, merkle_root = ?6 WHERE id = ?1",
                    params![
                        id,
                        serde_json::to_string(shape)?,
                        serde_json::to_string(&reading.profiles())?,
                        meta.zone,
                        meta.detail.to_string(),
                        reading.tree.root().as_slice(),
                    ],
                )?;
                t.execute("DELETE FROM reject WHERE source = ?1", [id])?;
                t.execute("UPDATE reject SET source = ?1 WHERE source = -?1", [id])?;
                seal::write_profiles(t, &meta.profile_texts)?;
                if let Some(end) = &reading.end {
                    seal::write_profiles(t, &end.profile_texts)?;
                }
            }
        }
        Ok(())
    }

    fn write_custody(
        &self,
        t: &Transaction<'_>,
        revised: &Revised,
        retracted: Touched,
    ) -> Result<()> {
        let import = self.import;
        let segments: Vec<Value> = t
            .prepare("SELECT id, rows, sha256 FROM segment WHERE import = ?1 ORDER BY id")?
            .query_map([import], |r| {
                let hash: Vec<u8> = r.get(2)?;
                Ok(json!({"id": r.get::<_, i64>(0)?, "rows": r.get::<_, i64>(1)?, "sha256": hex::encode(hash)}))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let hot: Option<Vec<u8>> = t
            .query_row(
                "SELECT hot_sha256 FROM import WHERE id = ?1",
                [import],
                |r| r.get(0),
            )
            .optional()?
            .flatten();
        let mut detail = json!({
            "import": import, "source": self.source.id, "sources": revised.receipts, "segments": segments,
            "hot_sha256": hot.map(hex::encode), "superseded": digest(t, import)?,
            "events_kept": revised.kept, "events_gone": revised.gone,
        });
        let action = match &self.kind {
            Kind::Withdraw(why) => {
                detail["why"] = json!(why);
                "withdraw"
            }
            Kind::Reread(reading) => {
                detail["generation"] = json!(self.before.generations.of(self.source.id));
                detail["choices"] = reading.meta.detail["choices"].clone();
                detail["before"] = json!({
                    "generation": self.source.generation, "profiles": self.source.profiles,
                    "zone": self.source.zone, "choices": self.source.detail["choices"],
                });
                "reread"
            }
        };
        t.execute(
            "UPDATE meta SET value = ?1 WHERE key = 'next_event'",
            [self.next_event as i64],
        )?;
        t.execute(
            "UPDATE import SET state = 'complete' WHERE id = ?1",
            [import],
        )?;
        let touched = Touched::import(t, import)?
            .part("reject", i64::from(self.source.id))
            .and(retracted);
        custody::append(t, &self.stamp, action, &detail, &touched)?;
        Ok(())
    }
}

impl Reading {
    fn profiles(&self) -> &[String] {
        let ended = self.end.as_ref().and_then(|e| e.profiles.as_deref());
        ended.unwrap_or(&self.meta.profiles)
    }
}

/// The receipt of the new reading; what belongs to the bytes stays.
fn receipt_of(before: &SourceReceipt, reading: &Reading) -> Result<SourceReceipt> {
    let end = reading
        .end
        .as_ref()
        .ok_or(StoreError::OutOfOrder("the source has not ended"))?;
    let found = hex::encode(reading.read.clone().finalize());
    if found != before.sha256 {
        return Err(StoreError::EvidenceChanged {
            source_number: before.id,
            expected: before.sha256.clone(),
            found,
        });
    }
    let duplicates = end.entries.checked_sub(reading.stored + reading.rejected);
    if reading.tree.leaves() != end.entries {
        return Err(StoreError::OutOfOrder(
            "not every entry of a source was given with its place",
        ));
    }
    let mut warnings = end.warnings.clone();
    // That the same bytes came before is said of the file, whatever it is read as.
    warnings.extend(
        before
            .warnings
            .iter()
            .filter(|w| w.code == "same_file")
            .cloned(),
    );
    Ok(SourceReceipt {
        profiles: reading.profiles().to_vec(),
        confidence: reading.meta.confidence,
        zone: reading.meta.zone.clone(),
        entries: end.entries,
        stored: reading.stored,
        duplicates: duplicates.ok_or(StoreError::OutOfOrder(
            "the entries of a source are not the sum of stored, duplicate and rejected ones",
        ))?,
        rejected: reading.rejected,
        events: reading.events,
        undated: reading.undated,
        first: reading.first,
        last: reading.last,
        merkle_root: hex::encode(reading.tree.root()),
        warnings,
        ..before.clone()
    })
}

fn write_lists(t: &Transaction<'_>, import: i64, lists: &Lists) -> Result<()> {
    let mut statement = t.prepare_cached(
        "INSERT INTO superseded (import, kind, segment, source, rows, data) VALUES (?1, ?6, ?2, ?3, ?4, ?5)",
    )?;
    for ((kind, segment, source), origins) in lists {
        let mut origins = origins.clone();
        origins.sort_unstable_by_key(|o| (o.event, o.entry, o.part));
        for chunk in origins.chunks(CHUNK) {
            let list = |of: fn(&Origin) -> u64| chunk.iter().map(of).collect::<Vec<u64>>();
            let events = list(|o| o.event);
            let entries = list(|o| o.entry);
            let parts = list(|o| u64::from(o.part));
            let data = format::put_parts(&[(&events, true), (&entries, true), (&parts, false)])?;
            statement.execute(params![
                import,
                segment,
                source,
                chunk.len() as i64,
                data,
                kind
            ])?;
        }
    }
    Ok(())
}

/// SHA-256, hex, over what an import says counts no more: kind, segment, source and list of each row as text and bytes; absent when there is none.
pub(crate) fn digest(connection: &rusqlite::Connection, import: i64) -> Result<Option<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT kind || ' ' || coalesce(segment, 0) || ' ' || source || ' ' || rows || ' ', data FROM superseded WHERE import = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query([import])?;
    let mut hash = None;
    while let Some(row) = rows.next()? {
        let hash = hash.get_or_insert_with(Sha256::new);
        hash.update(row.get_ref(0)?.as_bytes().unwrap_or_default());
        hash.update(row.get_ref(1)?.as_bytes().unwrap_or_default());
    }
    Ok(hash.map(|h| hex::encode(h.finalize())))
}
