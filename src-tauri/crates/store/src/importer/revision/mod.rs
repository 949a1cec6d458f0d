//! A source that is read anew, or taken out: what becomes of its events, and of those that others attest.
//!
//! Owns: the rule. Never touches: formats (the reader has understood them), the clock, a sealed row.
//!
//! Afterwards the case is what it would be if the sources had been imported in their order, this one with its new
//! reading or not at all; only the numbers remember what was before:
//! - an event is read from the first source that attests it, so its fields and its place are that source's;
//! - an entry keeps the number of its event, also when the new reading makes another event of it;
//! - an event of a withdrawn source keeps its number when another source attests it; when the source is read anew and the
//!   number goes on with its entry, the others' entry becomes an event with a number of its own;
//! - where two events turn out to be one, the number of the entry from which it is read stays. What was said about the
//!   other is said about it from then on.
//!
//! Nothing is visible before [`Revision::finish`]; after [`Revision::cancel`], or when it is dropped, nothing is left but
//! a custody entry. Read next: `before` for what is looked at, `flip` for the transaction.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use witnessmark_model::{Batch, Field, Flag, Locator, Row};

use self::before::{Before, Key};
use super::{
    Reject, SourceEnd, SourceMeta, attestation,
    event_set::EventSet,
    identity::{self, Existing, Owner, Seen},
    merkle::Tree,
};
use crate::{
    case::{Case, SourceInfo, Stamp, discard, held},
    error::{Result, StoreError},
    segment::{SegmentBuilder, sealed, sealed::Origin},
};

mod before;
mod flip;

pub use flip::Revised;
pub(crate) use flip::digest;

/// Rows at which a segment is sealed.
const SEGMENT_ROWS: usize = 1 << 20;
/// Memory of a segment in the making at which it is sealed.
const SEGMENT_BYTES: usize = 160 << 20;
/// Rejected entries that are written in one transaction.
const REJECTS: usize = 10_000;
/// Bytes of an entry that are hashed at a time.
const PIECE: u64 = 1 << 20;

/// What is done with the source.
#[derive(Debug)]
enum Kind {
    /// It is read anew, in this way.
    Reread(Box<Reading>),
    /// It is taken out, for this reason.
    Withdraw(String),
}

/// The new reading so far.
#[derive(Debug, Default)]
struct Reading {
    meta: SourceMeta,
    /// Of the bytes that were read.
    read: Sha256,
    tree: Tree,
    end: Option<SourceEnd>,
    rejected: u64,
    events: u64,
    undated: u64,
    stored: u64,
    last_stored: u64,
    first: Option<witnessmark_model::Instant>,
    last: Option<witnessmark_model::Instant>,
}

/// An entry of another source that takes an event over.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    entry: u64,
    part: u32,
    key: Key,
    number: u64,
    found: bool,
}

/// Rows with their numbers that are not written yet.
#[derive(Debug)]
struct Ready {
    builder: SegmentBuilder,
    /// Event number of each row; 0 for one that attests another event.
    numbers: Vec<u64>,
}

/// A source under revision. One at a time for each case, and none beside an import.
#[derive(Debug)]
pub struct Revision {
    case: Case,
    stamp: Stamp,
    import: i64,
    source: SourceInfo,
    kind: Kind,
    before: Before,
    next_event: u64,
    /// Numbers of entries of the source in readings before.
    former: HashMap<(u64, u32), u64>,
    builder: SegmentBuilder,
    ready: Option<Ready>,
    seen: Seen,
    /// Events whose row is of the source's new reading.
    mine: EventSet,
    /// Events whose row is read again from another source.
    rehomed: EventSet,
    /// Events that the source took over under another number.
    taken: HashMap<u64, u64>,
    /// Events that the source was read as before and others attest, and that it still is.
    orphans_taken: EventSet,
    /// Old numbers, and the event that they are now.
    successors: Vec<(u64, u64)>,
    /// Rows of other sources that count no more, with their segment (none: a small import).
    superseded: Vec<(Option<i64>, Origin)>,
    attestations: Vec<(u32, u64, u64)>,
    flagged: Vec<u64>,
    wanted: BTreeMap<u32, Vec<Wanted>>,
    /// Parts of entries of other sources from which events are read already, for sources with several events in an entry.
    standing_parts: BTreeMap<u32, HashMap<u64, Vec<u32>>>,
    /// Entry and whether it has a time, of each row read again from another source.
    again: BTreeMap<u32, Vec<(u64, bool)>>,
    rejects: Vec<Reject>,
    segments: Vec<i64>,
    done: bool,
}

impl Case {
    /// Begins to read a source anew; `detail` (the choices as the user gave them) goes into the custody log.
    ///
    /// # Errors
    /// When there is no such source or it was withdrawn, the case is read-only, or an import is under way.
    pub fn begin_reread(
        &self,
        source: u32,
        stamp: &Stamp,
        meta: SourceMeta,
        detail: &Value,
    ) -> Result<Revision> {
        let reading = Reading {
            meta,
            ..Reading::default()
        };
        self.begin_revision(source, stamp, Kind::Reread(Box::new(reading)), detail)
    }

    /// Begins to take a source out.
    ///
    /// # Errors
    /// As [`Case::begin_reread`].
    pub fn begin_withdrawal(&self, source: u32, stamp: &Stamp, why: &str) -> Result<Revision> {
        let detail = json!({"withdraw": source, "why": why});
        self.begin_revision(source, stamp, Kind::Withdraw(why.to_owned()), &detail)
    }

    fn begin_revision(
        &self,
        number: u32,
        stamp: &Stamp,
        kind: Kind,
        detail: &Value,
    ) -> Result<Revision> {
        if self.inner.importing.swap(true, Ordering::AcqRel) {
            return Err(StoreError::OutOfOrder(
                "an import into this case is under way",
            ));
        }
        self.start_revision(number, stamp, kind, detail)
            .inspect_err(|_| {
                self.inner.importing.store(false, Ordering::Release);
            })
    }

    fn start_revision(
        &self,
        number: u32,
        stamp: &Stamp,
        kind: Kind,
        detail: &Value,
    ) -> Result<Revision> {
        let inner = &self.inner;
        let source = self
            .sources()?
            .into_iter()
            .find(|s| s.id == number && s.state == "complete")
            .ok_or(StoreError::NoSuch {
                what: "source",
                number: u64::from(number),
            })?;
        let mut before = Before::look(inner, number)?;
        let former = before::former(&held(&inner.reader), number)?;
        *before.generations.0.entry(number).or_insert(1) += 1;
        let (import, next_event) = inner.write(|t| {
            let next = |sql: &str| t.query_row(sql, [], |r| r.get::<_, i64>(0));
            let import = next("SELECT coalesce(max(id), 0) + 1 FROM import")?;
            let event = next("SELECT value FROM meta WHERE key = 'next_event'")?;
            t.execute(
                "INSERT INTO import (id, state, at, who, detail) VALUES (?1, 'importing', ?2, ?3, ?4)",
                rusqlite::params![import, stamp.at.0, stamp.who, detail.to_string()],
            )?;
            Ok((import, event as u64))
        })?;
        Ok(Revision {
            builder: SegmentBuilder::new(inner.seed()),
            case: self.clone(),
            stamp: stamp.clone(),
            import,
            source,
            kind,
            before,
            next_event,
            former,
            ready: None,
            seen: Seen::default(),
            mine: EventSet::default(),
            rehomed: EventSet::default(),
            taken: HashMap::new(),
            orphans_taken: EventSet::default(),
            successors: Vec::new(),
            superseded: Vec::new(),
            attestations: Vec::new(),
            flagged: Vec::new(),
            wanted: BTreeMap::new(),
            standing_parts: BTreeMap::new(),
            again: BTreeMap::new(),
            rejects: Vec::new(),
            segments: Vec::new(),
            done: false,
        })
    }
}

impl Revision {
    fn reading(&mut self) -> Result<&mut Reading> {
        match &mut self.kind {
            Kind::Reread(reading) => Ok(reading),
            Kind::Withdraw(_) => Err(StoreError::OutOfOrder("a withdrawn source is not read")),
        }
    }

    /// The next bytes of the source, as they were read from the case: they must be those that came in.
    ///
    /// # Errors
    /// When it is a withdrawal.
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<()> {
        self.reading()?.read.update(bytes);
        Ok(())
    }

    /// Places (offset, length) of the next entries, rejected ones too, in entry order. Their bytes are read from the case.
    ///
    /// # Errors
    /// When a place is not inside the source, or a block is damaged.
    pub fn entries(&mut self, places: &[(u64, u64)]) -> Result<()> {
        let (case, source) = (self.case.clone(), self.source.id);
        let tree = &mut self.reading()?.tree;
        let mut piece = Vec::new();
        for (offset, length) in places {
            let mut leaf = Sha256::new().chain_update([0]);
            let mut done = 0;
            while done < *length {
                let place = Locator {
                    source,
                    offset: offset + done,
                    length: (length - done).min(PIECE),
                    ..Locator::default()
                };
                case.raw_into(&place, &mut piece)?;
                leaf.update(&piece);
                done += place.length;
            }
            tree.push(leaf.finalize().into());
        }
        Ok(())
    }

    /// The next events of the source.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn batch(&mut self, batch: &Batch) -> Result<()> {
        let id = self.source.id;
        let reading = self.reading()?;
        for time in batch.rows.iter().filter_map(|row| row.time) {
            reading.first = Some(reading.first.map_or(time, |f| f.min(time)));
            reading.last = Some(reading.last.map_or(time, |l| l.max(time)));
        }
        self.builder.push_batch(batch, id);
        if self.builder.rows() >= SEGMENT_ROWS || self.builder.bytes() >= SEGMENT_BYTES {
            self.settle()?;
            self.seal()?;
        }
        Ok(())
    }

    /// An entry that holds no event.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn reject(&mut self, reject: Reject) -> Result<()> {
        self.reading()?.rejected += 1;
        self.rejects.push(reject);
        if self.rejects.len() >= REJECTS {
            self.write_rejects()?;
        }
        Ok(())
    }

    /// The source ends.
    ///
    /// # Errors
    /// When it is a withdrawal.
    pub fn end(&mut self, end: SourceEnd) -> Result<()> {
        self.reading()?.end = Some(end);
        Ok(())
    }

    /// Decides what each gathered row is.
    fn settle(&mut self) -> Result<()> {
        if self.builder.rows() == 0 {
            return Ok(());
        }
        let inner = &self.case.inner;
        let mut builder = std::mem::replace(&mut self.builder, SegmentBuilder::new(inner.seed()));
        self.seen.turn_to(self.source.id);
        let old: std::collections::BTreeSet<i64> =
            self.before.known.iter().map(|(s, _)| s.id).collect();
        let own = inner.sealed(Some(self.import))?;
        let own = own
            .into_iter()
            .filter(|s| !old.contains(&s.id))
            .map(|s| (s, None));
        let existing = Existing {
            segments: self.before.known.iter().cloned().chain(own).collect(),
            hot: self.before.hot_keys(),
        };
        let verdicts = identity::resolve(&builder.heads, &existing, &self.seen)?;
        drop(existing);
        let homes = self.homes(&verdicts.owners)?;
        let mut numbers = vec![0_u64; verdicts.owners.len()];
        let mut stands_for = vec![0_u64; verdicts.owners.len()];
        for (row, owner) in verdicts.owners.iter().enumerate() {
            let place = builder.heads.places.get(row, self.source.id);
            let claim = self.before.claims.of(place.entry, place.part);
            let (event, is_home) = match owner {
                Owner::New => (self.number_of(claim, place.entry, place.part), true),
                Owner::Row(other) => (stands_for[*other as usize], false),
                Owner::Event(event) => {
                    let key = (builder.heads.contents[row], builder.heads.vendor_ids[row]);
                    self.meet(*event, key, claim, &place, &homes)?
                }
            };
            stands_for[row] = event;
            if is_home {
                numbers[row] = event;
                self.mine.insert(event);
                self.before.others.remove(event);
            } else {
                self.attestations.push((self.source.id, event, place.entry));
            }
            if let Some(old) = claim.filter(|old| *old != event) {
                self.successors.push((old, event));
            }
            self.seen.insert(event);
            let dated = builder.heads.dated[row];
            let reading = self.reading()?;
            reading.events += u64::from(is_home);
            reading.undated += u64::from(is_home && !dated);
            if is_home && reading.last_stored != place.entry {
                reading.last_stored = place.entry;
                reading.stored += 1;
            }
        }
        builder.append(
            Field::Problems,
            &verdicts.conflicting_rows,
            Flag::IdConflict.code(),
        );
        self.flagged.extend(verdicts.conflicting_events);
        self.ready = Some(Ready { builder, numbers });
        Ok(())
    }

    /// Where the events of other sources that were met are read from; empty when no later source is there to take from.
    fn homes(&self, owners: &[Owner]) -> Result<HashMap<u64, (Option<i64>, Origin)>> {
        let last = self.before.generations.0.keys().next_back();
        if last.is_none_or(|last| *last <= self.source.id) {
            return Ok(HashMap::new());
        }
        let asked: EventSet = owners
            .iter()
            .filter_map(|owner| match owner {
                Owner::Event(event) if self.before.others.contains(*event) => Some(*event),
                _ => None,
            })
            .collect();
        if asked.len() == 0 {
            return Ok(HashMap::new());
        }
        self.before.places(&asked)
    }

    /// A row that is an event which the case has: gives the event, and whether it is read from this row now.
    fn meet(
        &mut self,
        event: u64,
        (content, vendor_id): (u64, u64),
        claim: Option<u64>,
        place: &Locator,
        homes: &HashMap<u64, (Option<i64>, Origin)>,
    ) -> Result<(u64, bool)> {
        if let Some(number) = self.taken.get(&event) {
            return Ok((*number, false));
        }
        // The number of an orphan may be that of another event by now, so the content is asked too.
        let orphan = self.before.orphan(event);
        if orphan.is_some_and(|o| o.key.is(content, vendor_id)) && self.orphans_taken.insert(event)
        {
            let number = self.number_of(claim, place.entry, place.part);
            self.before.forget_orphan(event);
            self.take(event, number);
            return Ok((number, true));
        }
        if self.mine.contains(event) {
            return Ok((event, false));
        }
        let Some((segment, home)) = homes.get(&event).filter(|(_, o)| o.source > self.source.id)
        else {
            return Ok((event, false));
        };
        let number = claim.unwrap_or(event);
        self.before.forget(event, *segment)?;
        self.before.others.remove(event);
        self.superseded.push((*segment, *home));
        self.attestations.push((home.source, number, home.entry));
        self.take(event, number);
        Ok((number, true))
    }

    fn take(&mut self, event: u64, number: u64) {
        if event != number {
            self.taken.insert(event, number);
            self.successors.push((event, number));
        }
    }

    /// The number of a row that is an event of its own: that of its entry, or a new one.
    fn number_of(&mut self, claim: Option<u64>, entry: u64, part: u32) -> u64 {
        let former = || self.former.get(&(entry, part)).copied();
        claim
            .or_else(|| former().filter(|n| self.is_free(*n)))
            .unwrap_or_else(|| self.fresh())
    }

    /// Whether a number that was an event's once is nobody's now.
    fn is_free(&self, number: u64) -> bool {
        !(self.before.others.contains(number)
            || self.before.home.contains(number)
            || self.mine.contains(number)
            || self.rehomed.contains(number))
    }

    fn fresh(&mut self) -> u64 {
        self.next_event += 1;
        self.next_event - 1
    }

    /// Sources of which entries must be read again, because events that were read from this one are theirs now; in order.
    /// Called once, after [`Revision::end`] or at once for a withdrawal.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn homeless(&mut self) -> Result<Vec<u32>> {
        self.settle()?;
        let orphans = std::mem::take(&mut self.before.orphans);
        let mut former: HashMap<u32, HashMap<(u64, u32), u64>> = HashMap::new();
        for orphan in &orphans {
            if self.orphans_taken.contains(orphan.event) {
                continue;
            }
            let number = if self.mine.contains(orphan.event) {
                let of = match former.entry(orphan.source) {
                    std::collections::hash_map::Entry::Occupied(of) => of.into_mut(),
                    std::collections::hash_map::Entry::Vacant(of) => of.insert(before::former(
                        &held(&self.case.inner.reader),
                        orphan.source,
                    )?),
                };
                let old = of.get(&(orphan.entry, orphan.part)).copied();
                match old.filter(|n| self.is_free(*n)) {
                    Some(number) => number,
                    None => self.fresh(),
                }
            } else {
                orphan.event
            };
            self.rehomed.insert(number);
            if number != orphan.event {
                self.taken.insert(orphan.event, number);
            }
            let wanted = self.wanted.entry(orphan.source).or_default();
            wanted.push(Wanted {
                entry: orphan.entry,
                part: orphan.part,
                key: orphan.key,
                number,
                found: false,
            });
        }
        for wanted in self.wanted.values_mut() {
            wanted.sort_unstable_by_key(|w| (w.entry, w.number));
        }
        Ok(self.wanted.keys().copied().collect())
    }

    /// Looks, once for a source, from which parts of the wanted entries events are read already: such a part takes over no
    /// other event, or two events would stand at one place.
    fn look_at_parts(&mut self, source: u32, batch: &Batch) -> Result<()> {
        let several = batch.rows.iter().any(|row| row.locator.part > 1);
        let Some(wanted) = self.wanted.get(&source).filter(|_| several) else {
            return Ok(());
        };
        if !self.standing_parts.contains_key(&source) {
            let asked: Vec<u64> = wanted.iter().map(|w| w.entry).collect();
            let parts = self.before.parts(source, &asked)?;
            self.standing_parts.insert(source, parts);
        }
        Ok(())
    }

    /// The next events of another source that is read again: those that take an event over are kept.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn again(&mut self, source: u32, batch: &Batch) -> Result<()> {
        self.look_at_parts(source, batch)?;
        let standing = self.standing_parts.get(&source);
        let Some(wanted) = self.wanted.get_mut(&source) else {
            return Ok(());
        };
        let mut picked = Batch::default();
        let mut numbers = Vec::new();
        let mut told = Vec::new();
        let mut next = 0;
        for rows in batch
            .rows
            .chunk_by(|a, b| a.locator.entry == b.locator.entry)
        {
            let first_row = next;
            next += rows.len();
            let entry = rows[0].locator.entry;
            let first = wanted.partition_point(|w| w.entry < entry);
            let of_entry = wanted[first..].iter_mut().take_while(|w| w.entry == entry);
            let taken = standing.and_then(|parts| parts.get(&entry));
            let is_taken = |row: &Row| taken.is_some_and(|t| t.contains(&row.locator.part));
            let mut used: Vec<bool> = rows.iter().map(is_taken).collect();
            for want in of_entry {
                // The same content is the same event; a profile that reads it otherwise today still finds the part.
                let place = |fits: &dyn Fn(&Row) -> bool| {
                    (0..rows.len()).find(|at| !used[*at] && fits(&rows[*at]))
                };
                let row = place(&|r| want.key.is(r.content, r.vendor_id))
                    .or_else(|| place(&|r| r.locator.part == want.part))
                    .or_else(|| place(&|_| true));
                let Some(at) = row else { continue };
                used[at] = true;
                want.found = true;
                picked.push_row_of(batch, first_row + at);
                numbers.push(want.number);
                told.push((entry, rows[at].time.is_some()));
            }
        }
        if numbers.is_empty() {
            return Ok(());
        }
        self.again.entry(source).or_default().extend(told);
        let seed = self.case.inner.seed();
        let ready = self.ready.get_or_insert_with(|| Ready {
            builder: SegmentBuilder::new(seed),
            numbers: Vec::new(),
        });
        ready.builder.push_batch(&picked, source);
        ready.numbers.extend(numbers);
        if ready.builder.rows() >= SEGMENT_ROWS || ready.builder.bytes() >= SEGMENT_BYTES {
            self.seal()?;
        }
        Ok(())
    }

    /// Writes what is ready as one segment, under the state `importing`.
    fn seal(&mut self) -> Result<()> {
        let Some(ready) = self.ready.take() else {
            return Ok(());
        };
        let segment = if ready.numbers.iter().any(|n| *n != 0) {
            Some(sealed::encode(&ready.builder.seal(ready.numbers))?)
        } else {
            None
        };
        let mut attestations = std::mem::take(&mut self.attestations);
        let (import, generations) = (self.import, &self.before.generations);
        let written = self.case.inner.write(|t| {
            attestation::write(t, import, &mut attestations, generations)?;
            segment
                .as_ref()
                .map(|s| sealed::write(t, import, s, generations))
                .transpose()
        })?;
        self.segments.extend(written);
        self.case.inner.checkpoint()
    }

    /// Rejects of the new reading stand under the negative number of the source until the flip.
    fn write_rejects(&mut self) -> Result<()> {
        let rejects = std::mem::take(&mut self.rejects);
        let source = -i64::from(self.source.id);
        self.case
            .inner
            .write(|t| super::insert_rejects(t, rejects.iter().map(|r| (source, r))))
    }

    /// Takes everything back. What stays is an entry in the custody log.
    ///
    /// # Errors
    /// When the disk refuses; the rest is discarded when the case is opened again.
    pub fn cancel(mut self, why: &str) -> Result<()> {
        let action = match self.kind {
            Kind::Reread(_) => "reread.cancelled",
            Kind::Withdraw(_) => "withdraw.cancelled",
        };
        self.abandon(action, why)
    }

    fn abandon(&mut self, action: &str, why: &str) -> Result<()> {
        self.done = true;
        let inner = &self.case.inner;
        let writer = inner.writer.as_ref().ok_or(StoreError::ReadOnly)?;
        let detail = json!({"import": self.import, "why": why, "source": self.source.id});
        let done = discard::discard(&mut held(writer), self.import, &self.stamp, action, &detail);
        inner.forget_segments();
        inner.importing.store(false, Ordering::Release);
        done
    }
}

impl Drop for Revision {
    fn drop(&mut self) {
        if !self.done {
            // A failure here leaves rows that are invisible and are discarded on the next opening.
            let _ = self.abandon("reread.failed", "it ended before it was complete");
        }
    }
}
