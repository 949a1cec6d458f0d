//! Which rows of sealed segments count: those of sources that were not withdrawn, in their present reading.
//!
//! Owns: the answer, segment by segment. Never touches: the rows themselves; a sealed segment never changes, it is only
//! looked past. A row counts when its source is complete, when the segment holds the source's present generation, and
//! when no later reading took its event over (`superseded`). Rows of small imports (`hot_event`) always count: those
//! that would not are taken away by the transaction that makes it so.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use rusqlite::Connection;

use super::Inner;
use crate::{
    error::Result,
    importer::event_set::EventSet,
    query::Bits,
    segment::{Columns, Generations, SealedSegment, format},
};

/// What the tables say about sources, read in one look so that it belongs together.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    /// Generation of each complete source.
    generations: HashMap<u32, u32>,
    /// Source and generation by segment.
    holds: HashMap<i64, Vec<(u32, u32)>>,
    /// Events whose row in a segment counts no more.
    superseded: HashMap<i64, EventSet>,
}

/// Attestations that say nothing any more: event, and the first import whose attestations of it count.
pub(crate) type Cuts = HashMap<u64, i64>;

/// Reads which attestations say nothing any more.
pub(crate) fn cuts(connection: &Connection) -> Result<Cuts> {
    let mut cuts = Cuts::new();
    if !connection.table_exists(None, "superseded")? {
        return Ok(cuts);
    }
    let mut statement = connection.prepare_cached(
        "SELECT s.import, s.rows, s.data FROM superseded s JOIN import i ON i.id = s.import
         WHERE i.state = 'complete' AND s.kind = 'attestation' ORDER BY s.id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let import = row.get(0)?;
        let data: Vec<u8> = row.get(2)?;
        let [events, _, _] = format::parts(&data, row.get::<_, i64>(1)? as usize)?;
        cuts.extend(events.into_iter().map(|event| (event, import)));
    }
    Ok(cuts)
}

/// Whether an attestation that an import made of an event still says something.
pub(crate) fn says(cuts: &Cuts, event: u64, import: i64) -> bool {
    cuts.get(&event).is_none_or(|first| import >= *first)
}

/// What of a segment counts.
#[derive(Debug)]
pub(crate) enum Sight {
    /// Every row.
    All,
    /// None.
    Nothing,
    /// Rows of other sources than these, and of other events than those superseded.
    But(BTreeSet<u32>),
}

impl Standing {
    /// Reads the tables. In a file of version 1 nothing could be superseded.
    pub(crate) fn read(connection: &Connection) -> Result<Self> {
        let mut standing = Self::default();
        let mut statement = connection
            .prepare_cached("SELECT id, generation FROM source WHERE state = 'complete'")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            standing.generations.insert(row.get(0)?, row.get(1)?);
        }
        let mut statement =
            connection.prepare_cached("SELECT segment, source, generation FROM segment_source")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let held = standing.holds.entry(row.get(0)?).or_default();
            held.push((row.get(1)?, row.get(2)?));
        }
        if !connection.table_exists(None, "superseded")? {
            return Ok(standing);
        }
        let mut statement = connection.prepare_cached(
            "SELECT s.segment, s.rows, s.data FROM superseded s JOIN import i ON i.id = s.import
             WHERE i.state = 'complete' AND s.kind = 'row' AND s.segment IS NOT NULL",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let data: Vec<u8> = row.get(2)?;
            let [events, _, _] = format::parts(&data, row.get::<_, i64>(1)? as usize)?;
            let set = standing.superseded.entry(row.get(0)?).or_default();
            set.extend(events);
        }
        Ok(standing)
    }

    /// Readings of the complete sources.
    pub(crate) fn generations(&self) -> Generations {
        Generations(self.generations.iter().map(|(s, g)| (*s, *g)).collect())
    }

    /// Whether a segment has rows of a source, of whatever reading.
    pub(crate) fn holds(&self, segment: i64, source: u32) -> bool {
        self.holds
            .get(&segment)
            .is_some_and(|held| held.iter().any(|(s, _)| *s == source))
    }

    fn sight(&self, segment: i64) -> Sight {
        let held = self.holds.get(&segment).map_or(&[][..], Vec::as_slice);
        let out: BTreeSet<u32> = held
            .iter()
            .filter(|(source, generation)| self.generations.get(source) != Some(generation))
            .map(|(source, _)| *source)
            .collect();
        if !out.is_empty() && out.len() == held.len() {
            Sight::Nothing
        } else if out.is_empty() && !self.superseded.contains_key(&segment) {
            Sight::All
        } else {
            Sight::But(out)
        }
    }

    /// The rows of a segment that count, a set a chunk; absent when all of them do.
    pub(crate) fn visible(&self, segment: &SealedSegment) -> Result<Option<Arc<[Bits]>>> {
        let chunks = segment.chunks();
        match self.sight(segment.id) {
            Sight::All => Ok(None),
            Sight::Nothing => Ok(Some(vec![Bits::None; chunks.len()].into())),
            Sight::But(out) => {
                let none = EventSet::default();
                let superseded = self.superseded.get(&segment.id).unwrap_or(&none);
                let bits: Result<Vec<Bits>> = (0..chunks.len())
                    .map(|chunk| {
                        let sources = segment.sources(chunk)?;
                        let numbers = segment.numbers(chunk)?;
                        Ok(Bits::collect(chunks[chunk].rows as usize, |row| {
                            !out.contains(&sources.get(row)) && !superseded.contains(numbers[row])
                        }))
                    })
                    .collect();
                Ok(Some(bits?.into()))
            }
        }
    }

    /// The events of a segment whose row counts; absent when all of them do.
    pub(crate) fn counting(&self, segment: &SealedSegment) -> Result<Option<EventSet>> {
        let Some(bits) = self.visible(segment)? else {
            return Ok(None);
        };
        let mut set = EventSet::default();
        for (chunk, bits) in bits.iter().enumerate().filter(|(_, b)| !b.is_none()) {
            let numbers = segment.numbers(chunk)?;
            for (row, number) in numbers.iter().enumerate() {
                if bits.has(row) {
                    set.insert(*number);
                }
            }
        }
        Ok(Some(set))
    }
}

impl Inner {
    /// Sealed segments with the events of them that count; of an import under way, all of them.
    pub(crate) fn counting(
        &self,
        import: i64,
    ) -> Result<Vec<(Arc<SealedSegment>, Option<EventSet>)>> {
        let before: BTreeSet<i64> = self.sealed(None)?.iter().map(|s| s.id).collect();
        let standing = Standing::read(&super::held(&self.reader))?;
        self.sealed(Some(import))?
            .into_iter()
            .map(|segment| {
                let counting = if before.contains(&segment.id) {
                    standing.counting(&segment)?
                } else {
                    None
                };
                Ok((segment, counting))
            })
            .collect()
    }
}
