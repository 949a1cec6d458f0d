//! Events of small imports, kept as ordinary rows until there are enough for a segment.
//!
//! Owns: `hot_event`. Never touches: sealed segments. Thousands of little files or pulled pages would otherwise leave
//! thousands of tiny segments, and every query would pay for each of them.

use rusqlite::{Connection, Row, params};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use witnessmark_model::{Batch, Field, Group, Instant, Locator};

use super::{Generations, SegmentBuilder, sealed::Origin};
use crate::error::{Result, StoreError};

/// Greatest import that is kept as rows.
pub const HOT_IMPORT: usize = 4_096;
/// Rows at which they become a segment.
pub const HOT_MOST: usize = 65_536;

/// What identity needs of a hot row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HotKey {
    pub(crate) event: u64,
    pub(crate) time: Option<i64>,
    pub(crate) content: u64,
    pub(crate) vendor_id: u64,
}

const ROWS: &str = "SELECT h.event, h.import, h.source, h.time, h.entry, h.part, h.line, h.\"offset\", h.length, h.content, h.vendor_id, h.fields
    FROM hot_event h JOIN import i ON i.id = h.import WHERE i.state = 'complete' ORDER BY h.event";

/// Keys of all visible hot rows.
pub(crate) fn keys(connection: &Connection) -> Result<Vec<HotKey>> {
    let mut statement = connection.prepare_cached(
        "SELECT h.event, h.time, h.content, h.vendor_id FROM hot_event h JOIN import i ON i.id = h.import WHERE i.state = 'complete'",
    )?;
    let rows = statement.query_map([], |r| {
        Ok(HotKey {
            event: r.get::<_, i64>(0)? as u64,
            time: r.get(1)?,
            content: r.get::<_, i64>(2)? as u64,
            vendor_id: r.get::<_, i64>(3)? as u64,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Every hot row: what identity needs, and from which entry it was read.
pub(crate) fn origins(connection: &Connection) -> Result<Vec<(HotKey, Origin)>> {
    let mut statement = connection.prepare_cached(
        "SELECT h.event, h.time, h.content, h.vendor_id, h.source, h.entry, h.part FROM hot_event h
         JOIN import i ON i.id = h.import WHERE i.state = 'complete' ORDER BY h.event",
    )?;
    let rows = statement.query_map([], |r| {
        let event = r.get::<_, i64>(0)? as u64;
        let key = HotKey {
            event,
            time: r.get(1)?,
            content: r.get::<_, i64>(2)? as u64,
            vendor_id: r.get::<_, i64>(3)? as u64,
        };
        let origin = Origin {
            source: r.get(4)?,
            event,
            entry: r.get::<_, i64>(5)? as u64,
            part: r.get(6)?,
        };
        Ok((key, origin))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Takes hot rows away inside the caller's transaction, and records of their imports what is left.
pub(crate) fn remove(connection: &Connection, events: &[u64]) -> Result<()> {
    let mut imports = std::collections::BTreeSet::new();
    let mut of = connection.prepare_cached("SELECT import FROM hot_event WHERE event = ?1")?;
    let mut delete = connection.prepare_cached("DELETE FROM hot_event WHERE event = ?1")?;
    for event in events {
        let mut rows = of.query([*event as i64])?;
        while let Some(row) = rows.next()? {
            imports.insert(row.get::<_, i64>(0)?);
        }
        delete.execute([*event as i64])?;
    }
    for import in imports {
        let left: i64 = connection.query_row(
            "SELECT count(*) FROM hot_event WHERE import = ?1",
            [import],
            |r| r.get(0),
        )?;
        let hash = (left > 0).then(|| digest(connection, import)).transpose()?;
        connection.execute(
            "UPDATE import SET hot_events = ?2, hot_sha256 = ?3 WHERE id = ?1",
            params![import, left, hash],
        )?;
    }
    Ok(())
}

/// How many hot rows there are.
pub(crate) fn count(connection: &Connection) -> Result<usize> {
    let rows: i64 = connection.query_row("SELECT count(*) FROM hot_event", [], |r| r.get(0))?;
    Ok(rows as usize)
}

/// All visible hot rows as a segment in the making, with their event numbers in order of arrival.
pub(crate) fn load(connection: &Connection, seed: u64) -> Result<(SegmentBuilder, Vec<u64>)> {
    let mut builder = SegmentBuilder::new(seed);
    let mut numbers = Vec::new();
    let mut batch = Batch::default();
    let mut statement = connection.prepare_cached(ROWS)?;
    let mut rows = statement.query([])?;
    let mut source = 0;
    while let Some(row) = rows.next()? {
        let this: u32 = row.get(2)?;
        if this != source || batch.is_full() {
            builder.push_batch(&batch, source);
            batch.clear();
            source = this;
        }
        numbers.push(row.get::<_, i64>(0)? as u64);
        read(row, &mut batch)?;
    }
    builder.push_batch(&batch, source);
    Ok((builder, numbers))
}

fn read(row: &Row<'_>, batch: &mut Batch) -> Result<()> {
    let whole = |at: usize| row.get::<_, i64>(at).map(|v| v as u64);
    let fields: Map<String, Value> = serde_json::from_str(&row.get::<_, String>(11)?)?;
    for (name, value) in &fields {
        let field = Field::ALL
            .iter()
            .find(|f| f.name() == name)
            .ok_or_else(|| StoreError::corrupt("a hot event", format!("it has a field {name}")))?;
        match value {
            Value::String(text) => {
                batch.push(*field, 0, text);
            }
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    batch.push(*field, i as u16, item.as_str().unwrap_or(""));
                }
            }
            _ => {
                return Err(StoreError::corrupt(
                    "a hot event",
                    format!("{name} is neither text nor a list"),
                ));
            }
        }
    }
    let place = Locator {
        source: row.get(2)?,
        entry: whole(4)?,
        part: row.get(5)?,
        line: whole(6)?,
        offset: whole(7)?,
        length: whole(8)?,
    };
    batch.end_row(
        row.get::<_, Option<i64>>(3)?.map(Instant),
        place,
        whole(9)?,
        whole(10)?,
    );
    Ok(())
}

/// Writes the rows that have a number (0: left out) inside the caller's transaction, with the hash of what was written.
pub(crate) fn write(
    connection: &Connection,
    import: i64,
    builder: &SegmentBuilder,
    numbers: &[u64],
    generations: &Generations,
) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO hot_event VALUES (?1, ?2, ?3, ?13, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
    )?;
    let mut count = 0_i64;
    for (row, number) in numbers.iter().enumerate().filter(|(_, n)| **n != 0) {
        let heads = &builder.heads;
        let place = heads.places.get(row, heads.sources[row]);
        statement.execute(params![
            *number as i64,
            import,
            place.source,
            heads.dated[row].then_some(heads.times[row]),
            place.entry as i64,
            place.part,
            place.line as i64,
            place.offset as i64,
            place.length as i64,
            heads.contents[row] as i64,
            heads.vendor_ids[row] as i64,
            Value::Object(fields(builder, row)).to_string(),
            generations.of(place.source),
        ])?;
        count += 1;
    }
    let hash = digest(connection, import)?;
    connection.execute(
        "UPDATE import SET hot_events = ?2, hot_sha256 = ?3 WHERE id = ?1",
        params![import, count, hash],
    )?;
    Ok(())
}

fn fields(builder: &SegmentBuilder, row: usize) -> Map<String, Value> {
    let mut out = Map::new();
    for field in Field::ALL {
        let texts = builder.texts(*field, row);
        if texts.iter().all(|t| t.is_empty()) {
            continue;
        }
        let value = if field.group() == Group::Single {
            Value::from(texts[0])
        } else {
            let text = |t: &&str| {
                if t.is_empty() {
                    Value::Null
                } else {
                    Value::from(*t)
                }
            };
            Value::Array(texts.iter().map(text).collect())
        };
        out.insert(field.name().to_owned(), value);
    }
    out
}

/// SHA-256 over the rows of one import as they are stored, in event order; columns as text, separated by U+001F, rows by U+001E.
pub(crate) fn digest(connection: &Connection, import: i64) -> Result<Vec<u8>> {
    let mut statement = connection.prepare_cached(
        "SELECT event || char(31) || source || char(31) || coalesce(time, '') || char(31) || entry || char(31) || part || char(31)
            || line || char(31) || \"offset\" || char(31) || length || char(31) || content || char(31) || vendor_id || char(31) || fields || char(30)
         FROM hot_event WHERE import = ?1 ORDER BY event",
    )?;
    let mut hash = Sha256::new();
    let mut rows = statement.query([import])?;
    while let Some(row) = rows.next()? {
        hash.update(row.get_ref(0)?.as_bytes().unwrap_or_default());
    }
    Ok(hash.finalize().to_vec())
}
