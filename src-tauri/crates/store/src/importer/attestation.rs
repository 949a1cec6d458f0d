//! Which entries attest events that were read from another entry: blobs sorted by event number, one source each.
//!
//! Owns: the blob. Never touches: the decision that two entries are one event (`identity`).

use rusqlite::{Connection, params};

use crate::{
    error::Result,
    segment::{CHUNK, Generations, format},
};

/// One unfolded blob.
#[derive(Debug)]
pub(crate) struct Block {
    /// Event numbers, rising.
    pub(crate) events: Vec<u64>,
    pub(crate) entries: Vec<u64>,
}

impl Block {
    /// Entries that attest an event.
    pub(crate) fn entries(&self, event: u64) -> impl Iterator<Item = u64> + '_ {
        let first = self.events.partition_point(|e| *e < event);
        let equal = self.events[first..]
            .iter()
            .take_while(move |e| **e == event);
        equal.zip(&self.entries[first..]).map(|(_, entry)| *entry)
    }
}

pub(crate) fn read(data: &[u8], rows: usize) -> Result<Block> {
    let [events, entries] = format::parts(data, rows)?;
    Ok(Block { events, entries })
}

/// Writes attestations (source, event, entry) inside the caller's transaction.
pub(crate) fn write(
    connection: &Connection,
    import: i64,
    rows: &mut [(u32, u64, u64)],
    generations: &Generations,
) -> Result<()> {
    rows.sort_unstable();
    let mut statement = connection.prepare_cached(
        "INSERT INTO attestation (import, source, generation, first_event, last_event, rows, data) VALUES (?1, ?2, ?7, ?3, ?4, ?5, ?6)",
    )?;
    for of_source in rows.chunk_by(|a, b| a.0 == b.0) {
        for chunk in of_source.chunks(CHUNK) {
            let events: Vec<u64> = chunk.iter().map(|r| r.1).collect();
            let entries: Vec<u64> = chunk.iter().map(|r| r.2).collect();
            let (Some(first), Some(last)) = (events.first(), events.last()) else {
                continue;
            };
            let data = format::put_parts(&[(&events, true), (&entries, true)])?;
            statement.execute(params![
                import,
                chunk[0].0,
                *first as i64,
                *last as i64,
                chunk.len() as i64,
                data,
                generations.of(chunk[0].0)
            ])?;
        }
    }
    Ok(())
}
