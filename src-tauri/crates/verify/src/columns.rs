//! What a case says about its columns against the columns themselves.
//!
//! Owns: docs/case-format.md, "Integers" and the head columns of segments; attestations. Never touches: fields of events.
//! A search leaves out what these rows say holds nothing, so a false one would hide events.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension};

/// Most rows of a chunk or of a list.
const MOST: usize = 65_536;

/// Integers of one block.
fn ints(block: &[u8]) -> Option<Vec<u64>> {
    let (head, packed) = block.split_at_checked(16)?;
    let width = usize::from(head[0]);
    if !matches!(width, 1 | 2 | 4 | 8) || head[1] > 1 {
        return None;
    }
    let count = u32::from_le_bytes(head[4..8].try_into().ok()?) as usize;
    let mut value = u64::from_le_bytes(head[8..16].try_into().ok()?);
    if count > MOST {
        return None;
    }
    let bytes = zstd::bulk::decompress(packed, count * width).ok()?;
    if bytes.len() != count * width {
        return None;
    }
    let stored = (0..count).map(|i| {
        (0..width).fold(0_u64, |v, plane| {
            v | u64::from(bytes[plane * count + i]) << (8 * plane)
        })
    });
    Some(if head[1] == 0 {
        stored.collect()
    } else {
        stored
            .map(|zigzag| {
                let step = (zigzag >> 1) ^ (zigzag & 1).wrapping_neg();
                value = value.wrapping_add(step);
                value
            })
            .collect()
    })
}

/// Blocks that lie one after the other, each after its length.
fn parts(mut blob: &[u8]) -> Option<Vec<Vec<u64>>> {
    let mut out = Vec::new();
    while !blob.is_empty() {
        let (length, rest) = blob.split_at_checked(4)?;
        let length = u32::from_le_bytes(length.try_into().ok()?) as usize;
        let (block, rest) = rest.split_at_checked(length)?;
        out.push(ints(block)?);
        blob = rest;
    }
    Some(out)
}

/// What a segment says of its chunks, times, numbers and sources.
pub(crate) fn segment(connection: &Connection, segment: i64) -> Result<(), String> {
    let sql = |e: rusqlite::Error| e.to_string();
    let fault = |what: String| format!("segment {segment}: {what}");
    let stated: (i64, i64, i64) = connection
        .query_row(
            "SELECT rows, first_event, last_event FROM segment WHERE id = ?1",
            [segment],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
        )
        .map_err(sql)?;
    let chunks: Vec<[i64; 5]> = connection
        .prepare_cached(
            "SELECT chunk, rows, dated, first, last FROM segment_chunk WHERE segment = ?1 ORDER BY chunk",
        )
        .and_then(|mut s| {
            s.query_map([segment], |r| {
                Ok([r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?])
            })?
            .collect()
        })
        .map_err(sql)?;
    let (mut rows, mut least, mut greatest) = (0, i64::MAX, 0);
    let mut sources = BTreeMap::<i64, i64>::new();
    let mut before = i64::MIN;
    for (at, [chunk, of_chunk, dated, first, last]) in chunks.into_iter().enumerate() {
        let list = |field: &str, length: i64| -> Result<Vec<u64>, String> {
            let blob: Option<Vec<u8>> = connection
                .prepare_cached(
                    "SELECT data FROM segment_column WHERE segment = ?1 AND field = ?2 AND chunk = ?3",
                )
                .and_then(|mut s| {
                    s.query_row(rusqlite::params![segment, field, chunk], |r| r.get(0))
                        .optional()
                })
                .map_err(|e| e.to_string())?;
            let mut lists = blob.and_then(|b| parts(&b)).unwrap_or_default();
            match lists.pop() {
                Some(list) if lists.is_empty() && list.len() as i64 == length => Ok(list),
                _ => Err(fault(format!(
                    "`{field}` of chunk {chunk} is not a list of {length}"
                ))),
            }
        };
        if chunk != at as i64 || dated > of_chunk {
            return Err(fault(format!("chunk {chunk} is not its chunk {at}")));
        }
        let times = list("@time", dated)?;
        let times: Vec<i64> = times.into_iter().map(|t| t as i64).collect();
        if let (Some(from), Some(to)) = (times.first(), times.last()) {
            if (*from, *to) != (first, last) {
                return Err(fault(format!(
                    "the bounds of chunk {chunk} are not those of the times in it"
                )));
            }
            if *from < before || !times.is_sorted() {
                return Err(fault(format!(
                    "the times of chunk {chunk} are not in order"
                )));
            }
            before = *to;
        }
        for number in list("@number", of_chunk)? {
            least = least.min(number as i64);
            greatest = greatest.max(number as i64);
        }
        for source in list("@source", of_chunk)? {
            *sources.entry(source as i64).or_default() += 1;
        }
        rows += of_chunk;
    }
    if (rows, least, greatest) != stated {
        return Err(fault(
            "its rows or event numbers are not those of its columns".to_owned(),
        ));
    }
    let told: BTreeMap<i64, i64> = connection
        .prepare_cached("SELECT source, events FROM segment_source WHERE segment = ?1")
        .and_then(|mut s| {
            s.query_map([segment], |r| Ok((r.get(0)?, r.get(1)?)))?
                .collect()
        })
        .map_err(sql)?;
    if told != sources {
        return Err(fault(
            "the sources that it names are not those of its rows".to_owned(),
        ));
    }
    Ok(())
}

/// Attestations that can be read and whose bounds are true; every duplicate entry of a source attests an event.
pub(crate) fn attestations(connection: &Connection) -> Result<Vec<String>, String> {
    let sql = |e: rusqlite::Error| e.to_string();
    let mut faults = Vec::new();
    let mut attesting = BTreeMap::<i64, Vec<u64>>::new();
    let mut statement = connection
        .prepare(
            "SELECT a.id, a.source, a.first_event, a.last_event, a.rows, a.data, s.generation IS a.generation
             FROM attestation a JOIN import i ON i.id = a.import LEFT JOIN source s ON s.id = a.source
             WHERE i.state = 'complete' ORDER BY a.id",
        )
        .map_err(sql)?;
    let mut rows = statement.query([]).map_err(sql)?;
    while let Some(row) = rows.next().map_err(sql)? {
        let whole = |at: usize| row.get::<_, i64>(at).map_err(|e| e.to_string());
        let id = whole(0)?;
        let stated = (whole(2)? as u64, whole(3)? as u64, whole(4)? as usize);
        let data: Vec<u8> = row.get(5).map_err(sql)?;
        let lists = parts(&data).unwrap_or_default();
        let [events, entries] = &lists[..] else {
            faults.push(format!("attestation {id} cannot be read"));
            continue;
        };
        let bounds = events.first().zip(events.last());
        let true_bounds = bounds.is_some_and(|(f, l)| (*f, *l) == (stated.0, stated.1));
        let counts = events.len() == stated.2 && entries.len() == stated.2;
        if !true_bounds || !counts || !events.is_sorted() {
            faults.push(format!("attestation {id} does not hold what its row says"));
        }
        if whole(6)? == 1 {
            attesting.entry(whole(1)?).or_default().extend(entries);
        }
    }
    let receipts: Vec<(i64, i64)> = connection
        .prepare(
            "SELECT s.id, s.receipt ->> 'duplicates' FROM source s JOIN import i ON i.id = s.import
             WHERE i.state = 'complete' AND s.state = 'complete' AND s.receipt ->> 'duplicates' > 0 ORDER BY s.id",
        )
        .and_then(|mut s| {
            s.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?
                .collect()
        })
        .map_err(sql)?;
    for (source, duplicates) in receipts {
        let mut entries = attesting.remove(&source).unwrap_or_default();
        entries.sort_unstable();
        entries.dedup();
        let found = entries.len() as i64;
        if found < duplicates {
            faults.push(format!(
                "source {source} has {duplicates} duplicate entries, of which {found} attest an event"
            ));
        }
    }
    Ok(faults)
}
