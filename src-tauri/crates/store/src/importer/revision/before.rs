//! What stands in the case before a source is read anew or withdrawn: its events, who else attests them, who else has what.
//!
//! Owns: looking. Never touches: a row. Everything is a bitmap or a sorted list, because a source can hold millions of
//! events; what is looked through is not kept in memory.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use rusqlite::Connection;

use super::super::{attestation, event_set::EventSet};
use crate::{
    case::{
        Inner, held,
        standing::{self, Standing, says},
    },
    error::Result,
    query::Bits,
    segment::{
        Columns, Generations, SealedSegment, format,
        hot::{self, HotKey},
        sealed::Origin,
    },
};

/// What makes two entries one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) time: Option<i64>,
    pub(super) content: u64,
    pub(super) vendor_id: u64,
}

impl Key {
    /// Whether a row with this key is the same event: the instant is part of the content.
    pub(super) fn is(&self, content: u64, vendor_id: u64) -> bool {
        self.content == content && self.vendor_id == vendor_id
    }
}

/// An event that was read from the source, and that another source attests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Orphan {
    pub(super) event: u64,
    pub(super) part: u32,
    pub(super) key: Key,
    /// The first entry of another source that attests it.
    pub(super) source: u32,
    pub(super) entry: u64,
}

/// Number of the event of an entry and part.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// (entry and part, number), sorted.
    held: Vec<(u64, u64)>,
}

impl Claims {
    fn key(entry: u64, part: u32) -> u64 {
        entry << 16 | u64::from(part.min(0xffff))
    }

    fn push(&mut self, origin: &Origin) {
        self.held
            .push((Self::key(origin.entry, origin.part), origin.event));
    }

    pub(super) fn of(&self, entry: u64, part: u32) -> Option<u64> {
        let key = Self::key(entry, part);
        let at = self.held.partition_point(|c| c.0 < key);
        self.held.get(at).filter(|c| c.0 == key).map(|c| c.1)
    }

    /// Entry, part and number of each.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, u32, u64)> + '_ {
        self.held
            .iter()
            .map(|(key, number)| (key >> 16, (key & 0xffff) as u32, *number))
    }
}

/// What stands.
#[derive(Debug)]
pub(super) struct Before {
    /// Readings of the complete sources.
    pub(super) generations: Generations,
    /// Sealed segments, and which events of each a new row may turn out to be: those of other sources, and the orphans.
    pub(super) known: Vec<(Arc<SealedSegment>, Option<EventSet>)>,
    /// The same of events of small imports, by number; those in `hot_gone` count no more.
    hot: Vec<(HotKey, Origin)>,
    hot_gone: EventSet,
    /// Events that were read from the source, all of them.
    pub(super) home: EventSet,
    /// Events that were read from other sources.
    pub(super) others: EventSet,
    /// Numbers of the source's events.
    pub(super) claims: Claims,
    /// By event number.
    pub(super) orphans: Vec<Orphan>,
    /// Hot rows of the source.
    pub(super) hot_home: Vec<u64>,
}

impl Before {
    /// Looks at everything.
    pub(super) fn look(inner: &Inner, source: u32) -> Result<Self> {
        let segments = inner.sealed(None)?;
        let standing = Standing::read(&held(&inner.reader))?;
        let mut home = EventSet::default();
        let mut others = EventSet::default();
        let mut claims = Claims::default();
        let mut seen = Vec::new();
        for segment in &segments {
            let visible = standing.visible(segment)?;
            let mixed = standing.holds(segment.id, source);
            if mixed {
                each(segment, visible.as_deref(), |_, _, origin| {
                    if origin.source == source {
                        home.insert(origin.event);
                        claims.push(origin);
                    } else {
                        others.insert(origin.event);
                    }
                })?;
            } else {
                // Of segments without a row of the source only the numbers matter.
                numbers(segment, visible.as_deref(), &mut others)?;
            }
            seen.push((visible, mixed));
        }
        let hot_rows = hot::origins(&held(&inner.reader))?;
        let mut hot_home = Vec::new();
        for (_, origin) in &hot_rows {
            if origin.source == source {
                home.insert(origin.event);
                claims.push(origin);
                hot_home.push(origin.event);
            } else {
                others.insert(origin.event);
            }
        }
        claims.held.sort_unstable();
        let attested = attesters(&held(&inner.reader), source, &home)?;
        let orphan_set: EventSet = attested.keys().copied().collect();
        let mut keys = HashMap::new();
        let mut known = Vec::new();
        for (segment, (visible, mixed)) in segments.into_iter().zip(seen) {
            if !mixed {
                let counting = standing.counting(&segment)?;
                known.push((segment, counting));
                continue;
            }
            let mut counting = EventSet::default();
            each(&segment, visible.as_deref(), |_, _, origin| {
                if origin.source != source || orphan_set.contains(origin.event) {
                    counting.insert(origin.event);
                }
            })?;
            keys_of(&segment, visible.as_deref(), &orphan_set, &mut keys)?;
            known.push((segment, Some(counting)));
        }
        for (key, origin) in &hot_rows {
            if orphan_set.contains(origin.event) {
                let key = Key {
                    time: key.time,
                    content: key.content,
                    vendor_id: key.vendor_id,
                };
                keys.insert(origin.event, (origin.part, key));
            }
        }
        let hot = hot_rows
            .into_iter()
            .filter(|(_, o)| o.source != source || orphan_set.contains(o.event))
            .collect();
        let orphans = attested
            .into_iter()
            .filter_map(|(event, (source, entry))| {
                let (part, key) = *keys.get(&event)?;
                Some(Orphan {
                    event,
                    part,
                    key,
                    source,
                    entry,
                })
            })
            .collect();
        Ok(Self {
            generations: standing.generations(),
            known,
            hot,
            hot_gone: EventSet::default(),
            home,
            others,
            claims,
            orphans,
            hot_home,
        })
    }

    /// The orphan of a number.
    pub(super) fn orphan(&self, event: u64) -> Option<&Orphan> {
        let at = self.orphans.binary_search_by_key(&event, |o| o.event);
        self.orphans.get(at.ok()?)
    }

    /// The row of an event, in this segment (none: of a small import), counts no more.
    pub(super) fn forget(&mut self, event: u64, segment: Option<i64>) -> Result<()> {
        let Some(id) = segment else {
            self.hot_gone.insert(event);
            return Ok(());
        };
        for (segment, counting) in self.known.iter_mut().filter(|(s, _)| s.id == id) {
            if counting.is_none() {
                let mut all = EventSet::default();
                for chunk in 0..segment.chunks().len() {
                    all.extend(segment.times_and_numbers(chunk)?.1);
                }
                *counting = Some(all);
            }
            if let Some(counting) = counting {
                counting.remove(event);
            }
        }
        Ok(())
    }

    /// The row of an orphan counts no more.
    pub(super) fn forget_orphan(&mut self, event: u64) {
        for counting in self.known.iter_mut().filter_map(|(_, c)| c.as_mut()) {
            counting.remove(event);
        }
        self.hot_gone.insert(event);
    }

    fn hot(&self) -> impl Iterator<Item = &(HotKey, Origin)> {
        self.hot
            .iter()
            .filter(|(key, _)| !self.hot_gone.contains(key.event))
    }

    /// Events of small imports that a new row may turn out to be.
    pub(super) fn hot_keys(&self) -> Vec<HotKey> {
        self.hot().map(|(key, _)| *key).collect()
    }

    /// From where events of other sources were read, with the segment (none: a small import), for those that are asked for.
    pub(super) fn places(&self, asked: &EventSet) -> Result<HashMap<u64, (Option<i64>, Origin)>> {
        let mut found = HashMap::new();
        for (segment, counting) in &self.known {
            for chunk in 0..segment.chunks().len() {
                let numbers = segment.times_and_numbers(chunk)?.1;
                if !numbers.iter().any(|n| asked.contains(*n)) {
                    continue;
                }
                for origin in segment.origins(chunk)? {
                    let counts = counting
                        .as_ref()
                        .is_none_or(|set| set.contains(origin.event));
                    if counts && asked.contains(origin.event) {
                        found.insert(origin.event, (Some(segment.id), origin));
                    }
                }
            }
        }
        for (_, origin) in self.hot() {
            if asked.contains(origin.event) {
                found.insert(origin.event, (None, *origin));
            }
        }
        Ok(found)
    }

    /// Parts of the entries of a source from which events are read at present and stay read; `asked` is rising.
    pub(super) fn parts(&self, source: u32, asked: &[u64]) -> Result<HashMap<u64, Vec<u32>>> {
        let mut parts: HashMap<u64, Vec<u32>> = HashMap::new();
        let mut note = |origin: &Origin| {
            if origin.source == source && asked.binary_search(&origin.entry).is_ok() {
                parts.entry(origin.entry).or_default().push(origin.part);
            }
        };
        for (segment, counting) in &self.known {
            for chunk in 0..segment.chunks().len() {
                for origin in &segment.origins(chunk)? {
                    let counts = counting
                        .as_ref()
                        .is_none_or(|set| set.contains(origin.event));
                    if counts {
                        note(origin);
                    }
                }
            }
        }
        self.hot().for_each(|(_, origin)| note(origin));
        Ok(parts)
    }

    /// Entries and undated events among the rows of a source that count: sorted entries, rows, undated rows.
    pub(super) fn tally(&self, source: u32) -> Result<(Vec<u64>, u64, u64)> {
        let (mut entries, mut rows, mut undated) = (Vec::new(), 0, 0);
        for (segment, counting) in &self.known {
            for chunk in 0..segment.chunks().len() {
                let dated = segment.chunks()[chunk].dated as usize;
                for (row, origin) in segment.origins(chunk)?.iter().enumerate() {
                    let counts = counting
                        .as_ref()
                        .is_none_or(|set| set.contains(origin.event));
                    if counts && origin.source == source {
                        entries.push(origin.entry);
                        rows += 1;
                        undated += u64::from(row >= dated);
                    }
                }
            }
        }
        for (key, origin) in self.hot().filter(|(_, o)| o.source == source) {
            entries.push(origin.entry);
            rows += 1;
            undated += u64::from(key.time.is_none());
        }
        Ok((entries, rows, undated))
    }
}

/// Adds the numbers of the rows of a segment that count.
fn numbers(segment: &SealedSegment, visible: Option<&[Bits]>, out: &mut EventSet) -> Result<()> {
    for chunk in 0..segment.chunks().len() {
        let bits = visible.map(|v| &v[chunk]);
        let numbers = segment.times_and_numbers(chunk)?.1;
        let counts = |row: &usize| bits.is_none_or(|bits| bits.has(*row));
        out.extend((0..numbers.len()).filter(counts).map(|row| numbers[row]));
    }
    Ok(())
}

/// Walks over the rows of a segment that count: chunk, row, origin.
fn each(
    segment: &SealedSegment,
    visible: Option<&[Bits]>,
    mut tell: impl FnMut(usize, usize, &Origin),
) -> Result<()> {
    for chunk in 0..segment.chunks().len() {
        let bits = visible.map(|v| &v[chunk]);
        if bits.is_some_and(Bits::is_none) {
            continue;
        }
        for (row, origin) in segment.origins(chunk)?.iter().enumerate() {
            if bits.is_none_or(|bits| bits.has(row)) {
                tell(chunk, row, origin);
            }
        }
    }
    Ok(())
}

/// Part and key of the asked events that stand in a segment.
fn keys_of(
    segment: &SealedSegment,
    visible: Option<&[Bits]>,
    asked: &EventSet,
    out: &mut HashMap<u64, (u32, Key)>,
) -> Result<()> {
    let mut found: Vec<(usize, usize, Origin)> = Vec::new();
    each(segment, visible, |chunk, row, origin| {
        if asked.contains(origin.event) {
            found.push((chunk, row, *origin));
        }
    })?;
    let mut with_id = EventSet::default();
    for of_chunk in found.chunk_by(|a, b| a.0 == b.0) {
        let chunk = of_chunk[0].0;
        let prints = segment.fingerprints(chunk)?;
        let times = segment.times_and_numbers(chunk)?.0;
        for (_, row, origin) in of_chunk {
            if prints[*row] == 0 {
                with_id.insert(origin.event);
            }
            let key = Key {
                time: times.get(*row).copied(),
                content: prints[*row],
                vendor_id: 0,
            };
            out.insert(origin.event, (origin.part, key));
        }
    }
    if let Some(ids) = segment.vendor_ids()?.filter(|_| with_id.len() > 0) {
        let (contents, events) = segment.vendor_events()?;
        for ((id, content), event) in ids.into_iter().zip(contents).zip(events) {
            if with_id.contains(event)
                && let Some((_, key)) = out.get_mut(&event)
            {
                (key.vendor_id, key.content) = (id, content);
            }
        }
    }
    Ok(())
}

/// For each of the events, the first entry of another source that attests it.
fn attesters(
    connection: &Connection,
    source: u32,
    events: &EventSet,
) -> Result<BTreeMap<u64, (u32, u64)>> {
    let mut first: BTreeMap<u64, (u32, u64)> = BTreeMap::new();
    each_attestation(connection, source, |of, event, entry| {
        if events.contains(event) {
            let place = first.entry(event).or_insert((of, entry));
            *place = (*place).min((of, entry));
        }
    })?;
    Ok(first)
}

/// Walks over the attestations that stand, but those of one source: source, event, entry.
pub(super) fn each_attestation(
    connection: &Connection,
    but: u32,
    mut tell: impl FnMut(u32, u64, u64),
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "SELECT a.source, a.rows, a.data, a.import FROM attestation a JOIN import i ON i.id = a.import
         JOIN source s ON s.id = a.source AND s.generation = a.generation AND s.state = 'complete'
         WHERE i.state = 'complete' AND a.source <> ?1 ORDER BY a.id",
    )?;
    let cuts = standing::cuts(connection)?;
    let mut rows = statement.query([but])?;
    while let Some(row) = rows.next()? {
        let (source, import) = (row.get(0)?, row.get(3)?);
        let data: Vec<u8> = row.get(2)?;
        let block = attestation::read(&data, row.get::<_, i64>(1)? as usize)?;
        for (event, entry) in block.events.iter().zip(&block.entries) {
            if says(&cuts, *event, import) {
                tell(source, *event, *entry);
            }
        }
    }
    Ok(())
}

/// Numbers that entries of a source had in readings before and have no more: by entry and part, the latest one.
pub(super) fn former(connection: &Connection, source: u32) -> Result<HashMap<(u64, u32), u64>> {
    let mut found = HashMap::new();
    let mut statement = connection.prepare_cached(
        "SELECT s.rows, s.data FROM superseded s JOIN import i ON i.id = s.import
         WHERE i.state = 'complete' AND s.source = ?1 AND s.kind IN ('row', 'number') ORDER BY s.id",
    )?;
    let mut rows = statement.query([source])?;
    while let Some(row) = rows.next()? {
        let data: Vec<u8> = row.get(1)?;
        let [events, entries, parts] = format::parts(&data, row.get::<_, i64>(0)? as usize)?;
        for ((event, entry), part) in events.into_iter().zip(entries).zip(parts) {
            found.insert((entry, part as u32), event);
        }
    }
    Ok(found)
}
