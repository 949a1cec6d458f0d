//! Whether a row is a new event or one that the case has already.
//!
//! Owns: the rule. Never touches: numbers of new events, the file.
//!
//! With a vendor id: the same id with the same content is one event wherever it is met; with other content both are kept
//! and flagged. Without: the j-th occurrence of a content (which holds the instant) in a source is the j-th such event
//! of the case, so that the number of equal events is the greatest over all sources, and equal lines of one source all stay.
//! Rows are sorted and merge-joined with the chunks of the case whose time range they touch.

use std::{collections::HashMap, sync::Arc};

use super::event_set::EventSet;
use crate::{
    error::Result,
    segment::{Columns, SealedSegment, builder::Heads, hot::HotKey},
};

/// What a row turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// An event of its own.
    New,
    /// An event that the case has.
    Event(u64),
    /// The same event as an earlier row of the same segment in the making.
    Row(u32),
}

/// The outcome for all rows of a segment in the making.
#[derive(Debug)]
pub(crate) struct Verdicts {
    pub(crate) owners: Vec<Owner>,
    /// Rows whose vendor id stands for other content too, rising.
    pub(crate) conflicting_rows: Vec<u32>,
    /// Events of the case for which the same is now known.
    pub(crate) conflicting_events: Vec<u64>,
}

/// Events that the source at hand has attested or owned in segments that are sealed already.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) source: u32,
    events: EventSet,
}

impl Seen {
    /// Begins anew for another source.
    pub(crate) fn turn_to(&mut self, source: u32) {
        if self.source != source {
            self.source = source;
            self.events = EventSet::default();
        }
    }

    pub(crate) fn insert(&mut self, event: u64) {
        self.events.insert(event);
    }

    fn contains(&self, event: u64) -> bool {
        self.events.contains(event)
    }
}

/// What the case has already.
pub(crate) struct Existing {
    /// Sealed segments, and the events of each whose row counts (absent: all).
    pub(crate) segments: Vec<(Arc<SealedSegment>, Option<EventSet>)>,
    pub(crate) hot: Vec<HotKey>,
}

/// Whether the row of an event counts.
fn counts(counting: &Option<EventSet>, event: u64) -> bool {
    counting.as_ref().is_none_or(|set| set.contains(event))
}

/// A row without vendor id: (instant, content, row), sorted.
type Key = (i64, u64, u32);

pub(crate) fn resolve(heads: &Heads, existing: &Existing, seen: &Seen) -> Result<Verdicts> {
    let mut verdicts = Verdicts {
        owners: vec![Owner::New; heads.times.len()],
        conflicting_rows: Vec::new(),
        conflicting_events: Vec::new(),
    };
    let (mut dated, mut undated, mut with_id) = (Vec::<Key>::new(), Vec::<Key>::new(), Vec::new());
    for row in 0..heads.times.len() {
        let content = heads.contents[row];
        if heads.vendor_ids[row] != 0 {
            with_id.push((heads.vendor_ids[row], row as u32));
        } else if heads.dated[row] {
            dated.push((heads.times[row], content, row as u32));
        } else {
            undated.push((0, content, row as u32));
        }
    }
    dated.sort_unstable();
    undated.sort_unstable();
    with_id.sort_unstable();
    let mut dated_hits = Vec::new();
    let mut undated_hits = Vec::new();
    for (segment, counting) in &existing.segments {
        join_segment(
            segment,
            counting,
            &dated,
            &undated,
            &mut dated_hits,
            &mut undated_hits,
        )?;
    }
    for key in existing.hot.iter().filter(|k| k.vendor_id == 0) {
        match key.time {
            Some(time) => find(&dated, time, key.content, key.event, &mut dated_hits),
            None => find(&undated, 0, key.content, key.event, &mut undated_hits),
        }
    }
    count(&dated, dated_hits, heads, seen, &mut verdicts.owners);
    count(&undated, undated_hits, heads, seen, &mut verdicts.owners);
    by_vendor_id(heads, &with_id, existing, &mut verdicts)?;
    Ok(verdicts)
}

/// Notes that an event of the case has the key of the group that begins at a place of `keys`.
fn find(keys: &[Key], time: i64, content: u64, event: u64, hits: &mut Vec<(u32, u64)>) {
    let at = keys.partition_point(|k| (k.0, k.1) < (time, content));
    if keys.get(at).is_some_and(|k| (k.0, k.1) == (time, content)) {
        hits.push((at as u32, event));
    }
}

fn join_segment(
    segment: &SealedSegment,
    counting: &Option<EventSet>,
    dated: &[Key],
    undated: &[Key],
    dated_hits: &mut Vec<(u32, u64)>,
    undated_hits: &mut Vec<(u32, u64)>,
) -> Result<()> {
    for (chunk, meta) in segment.chunks().iter().enumerate() {
        let mut at = dated.partition_point(|k| k.0 < meta.first);
        let overlaps = meta.dated > 0 && dated.get(at).is_some_and(|k| k.0 <= meta.last);
        let undated_meet = meta.dated < meta.rows && !undated.is_empty();
        if !overlaps && !undated_meet {
            continue;
        }
        let prints = segment.fingerprints(chunk)?;
        if prints.iter().all(|p| *p == 0) {
            continue;
        }
        let (times, numbers) = segment.times_and_numbers(chunk)?;
        if overlaps {
            let mut end = at;
            for ((time, print), number) in times.iter().zip(&prints).zip(&numbers) {
                if dated.get(at).is_some_and(|k| k.0 < *time) {
                    while dated.get(at).is_some_and(|k| k.0 < *time) {
                        at += 1;
                    }
                    end = at;
                }
                let Some(key) = dated.get(at) else { break };
                if key.0 != *time || *print == 0 {
                    continue;
                }
                while dated.get(end).is_some_and(|k| k.0 == *time) {
                    end += 1;
                }
                let group = &dated[at..end];
                let place = group.partition_point(|k| k.1 < *print);
                if group.get(place).is_some_and(|k| k.1 == *print) && counts(counting, *number) {
                    dated_hits.push(((at + place) as u32, *number));
                }
            }
        }
        if undated_meet {
            let first = meta.dated as usize;
            for (print, number) in prints[first..]
                .iter()
                .zip(&numbers[first..])
                .filter(|(print, number)| **print != 0 && counts(counting, **number))
            {
                find(undated, 0, *print, *number, undated_hits);
            }
        }
    }
    Ok(())
}

/// Gives each occurrence its event, group by group.
fn count(
    keys: &[Key],
    mut hits: Vec<(u32, u64)>,
    heads: &Heads,
    seen: &Seen,
    owners: &mut [Owner],
) {
    hits.sort_unstable();
    let mut hits = hits.into_iter().peekable();
    let mut first = 0;
    let mut events = Vec::new();
    for group in keys.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
        events.clear();
        let mut already = 0;
        while let Some((_, event)) = hits.next_if(|h| h.0 as usize == first) {
            already += usize::from(seen.contains(event));
            events.push(Owner::Event(event));
        }
        first += group.len();
        if events.is_empty() && group.len() == 1 {
            continue;
        }
        let (mut source, mut next) = (0, 0);
        for (_, _, row) in group {
            let of = heads.sources[*row as usize];
            if of != source {
                source = of;
                next = if of == seen.source { already } else { 0 };
            }
            match events.get(next) {
                Some(event) => owners[*row as usize] = *event,
                None => events.push(Owner::Row(*row)),
            }
            next += 1;
        }
    }
}

fn by_vendor_id(
    heads: &Heads,
    rows: &[(u64, u32)],
    existing: &Existing,
    verdicts: &mut Verdicts,
) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    // (vendor id, content, event) of everything in the case that has one of these ids.
    let mut known = Vec::new();
    for (segment, counting) in &existing.segments {
        let Some(ids) = segment.vendor_ids()? else {
            continue;
        };
        let mut met = Vec::new();
        let mut at = 0;
        for (place, id) in ids.iter().enumerate() {
            while rows.get(at).is_some_and(|r| r.0 < *id) {
                at += 1;
            }
            match rows.get(at) {
                None => break,
                Some(row) if row.0 == *id => met.push(place),
                Some(_) => {}
            }
        }
        if !met.is_empty() {
            let (contents, events) = segment.vendor_events()?;
            known.extend(
                met.into_iter()
                    .map(|place| (ids[place], contents[place], events[place]))
                    .filter(|(_, _, event)| counts(counting, *event)),
            );
        }
    }
    known.extend(
        existing
            .hot
            .iter()
            .filter(|k| k.vendor_id != 0)
            .map(|k| (k.vendor_id, k.content, k.event)),
    );
    known.sort_unstable_by_key(|k| (k.0, k.2));
    // Content to its event, of one id at a time; an id that stands for a million contents must not cost a million squared.
    let mut with: HashMap<u64, Owner> = HashMap::new();
    for group in rows.chunk_by(|a, b| a.0 == b.0) {
        let id = group[0].0;
        let first = known.partition_point(|k| k.0 < id);
        let before = known[first..].iter().take_while(|k| k.0 == id);
        if group.len() == 1 && before.clone().next().is_none() {
            continue;
        }
        with.clear();
        for (_, content, event) in before {
            with.entry(*content).or_insert(Owner::Event(*event));
        }
        let mut told = false;
        for (_, row) in group {
            let content = heads.contents[*row as usize];
            if let Some(owner) = with.get(&content) {
                verdicts.owners[*row as usize] = *owner;
                continue;
            }
            if !with.is_empty() {
                verdicts.conflicting_rows.push(*row);
                if !told {
                    told = true;
                    for other in with.values() {
                        match other {
                            Owner::Event(event) => verdicts.conflicting_events.push(*event),
                            Owner::Row(row) => verdicts.conflicting_rows.push(*row),
                            Owner::New => {}
                        }
                    }
                }
            }
            with.insert(content, Owner::Row(*row));
        }
    }
    verdicts.conflicting_rows.sort_unstable();
    verdicts.conflicting_rows.dedup();
    verdicts.conflicting_events.sort_unstable();
    verdicts.conflicting_events.dedup();
    Ok(())
}
