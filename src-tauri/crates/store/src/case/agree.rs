//! Whether the rows of a case are those that its custody log tells of.
//!
//! Owns: the comparison of sources, receipts, segments, evidence and rejects with what was written into the log when each
//! import became visible, and of statements with what was written when they were made. The log is chained, so a row that was changed, added or taken away with another program no
//! longer agrees with it. Never touches: the events themselves (their hashes are checked in `read`).

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use serde_json::Value;

use super::custody;
use crate::{error::Result, importer::revision};

/// What the log says there must be.
#[derive(Default)]
struct Told {
    /// Receipts by source number.
    receipts: BTreeMap<u64, Value>,
    /// SHA-256 of segments by number, hex.
    segments: BTreeMap<u64, String>,
    /// Kind, subject and SHA-256 of what is said, by number of statement.
    statements: BTreeMap<u64, [String; 3]>,
    /// Statements that were taken back.
    taken_back: BTreeSet<u64>,
    /// Generation (absent: 1) and whether it was withdrawn, of sources that were read anew or taken out.
    standing: BTreeMap<u64, (u64, bool)>,
    /// SHA-256 of what each import says counts no more, hex.
    superseded: BTreeMap<i64, String>,
}

fn told(connection: &Connection) -> Result<Told> {
    let mut told = Told::default();
    for entry in custody::list(connection)? {
        let detail = &entry.entry["detail"];
        match entry.entry["action"].as_str() {
            Some(action @ ("import" | "reread" | "withdraw")) => {
                if let (Some(id), true) = (detail["source"].as_u64(), action != "import") {
                    let standing = told.standing.entry(id).or_default();
                    match detail["generation"].as_u64() {
                        Some(generation) => standing.0 = generation,
                        None => standing.1 = true,
                    }
                }
                if let (Some(import), Some(hash)) =
                    (detail["import"].as_i64(), detail["superseded"].as_str())
                {
                    told.superseded.insert(import, hash.to_owned());
                }
                for receipt in detail["sources"].as_array().into_iter().flatten() {
                    if let Some(id) = receipt["id"].as_u64() {
                        told.receipts.insert(id, receipt.clone());
                    }
                }
                for segment in detail["segments"].as_array().into_iter().flatten() {
                    if let (Some(id), Some(hash)) =
                        (segment["id"].as_u64(), segment["sha256"].as_str())
                    {
                        told.segments.insert(id, hash.to_owned());
                    }
                }
            }
            Some("events.seal") => {
                if let (Some(id), Some(hash)) =
                    (detail["segment"].as_u64(), detail["sha256"].as_str())
                {
                    told.segments.insert(id, hash.to_owned());
                }
            }
            Some("statement.add") => {
                if let Some(id) = detail["statement"].as_u64() {
                    let said = ["kind", "subject", "sha256"]
                        .map(|key| detail[key].as_str().unwrap_or_default().to_owned());
                    told.statements.insert(id, said);
                }
            }
            Some("statement.retract") => told.taken_back.extend(detail["statement"].as_u64()),
            _ => {}
        }
    }
    Ok(told)
}

/// Compares; the inner error names the first thing that does not agree. Costs as much as there are sources and segments,
/// whatever the number of events.
pub(crate) fn check(connection: &Connection) -> Result<std::result::Result<(), String>> {
    let told = told(connection)?;
    // The first that does not agree is told.
    if let Err(detail) = segments(connection, &told)? {
        return Ok(Err(detail));
    }
    if let Err(detail) = superseded(connection, &told)? {
        return Ok(Err(detail));
    }
    if let Err(detail) = statements(connection, &told)? {
        return Ok(Err(detail));
    }
    sources(connection, told)
}

fn statements(connection: &Connection, told: &Told) -> Result<std::result::Result<(), String>> {
    // A case of version 1 has none.
    if !connection.table_exists(None, "statement")? {
        return Ok(Ok(()));
    }
    let mut statement =
        connection.prepare("SELECT id, kind, subject, value, retracts FROM statement")?;
    let mut rows = statement.query([])?;
    let (mut made, mut taken_back) = (0, 0);
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let agrees = if let Some(retracts) = row.get::<_, Option<i64>>(4)? {
            taken_back += 1;
            told.taken_back.contains(&(retracts as u64))
        } else {
            made += 1;
            let hash = crate::sha256_hex(row.get::<_, String>(3)?.as_bytes());
            told.statements.get(&(id as u64)) == Some(&[row.get(1)?, row.get(2)?, hash])
        };
        if !agrees {
            return Ok(Err(format!(
                "statement {id} is not one that the custody log tells of"
            )));
        }
    }
    if made < told.statements.len() || taken_back < told.taken_back.len() {
        return Ok(Err(
            "a statement that the custody log tells of is missing".to_owned()
        ));
    }
    Ok(Ok(()))
}

fn segments(connection: &Connection, told: &Told) -> Result<std::result::Result<(), String>> {
    let mut statement = connection.prepare(
        "SELECT s.id, s.sha256, s.rows,
                (SELECT coalesce(sum(c.rows), 0) FROM segment_chunk c WHERE c.segment = s.id),
                (SELECT coalesce(sum(o.events), 0) FROM segment_source o WHERE o.segment = s.id)
         FROM segment s JOIN import i ON i.id = s.import WHERE i.state = 'complete' ORDER BY s.id",
    )?;
    let mut rows = statement.query([])?;
    let mut found = 0;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let hash = hex::encode(row.get::<_, Vec<u8>>(1)?);
        let sums: [i64; 3] = [row.get(2)?, row.get(3)?, row.get(4)?];
        if told.segments.get(&(id as u64)) != Some(&hash) {
            return Ok(Err(format!(
                "segment {id} is not one that the custody log tells of"
            )));
        }
        if sums[0] != sums[1] || sums[0] != sums[2] {
            return Ok(Err(format!(
                "segment {id} does not hold the events it should"
            )));
        }
        found += 1;
    }
    if found < told.segments.len() {
        return Ok(Err(
            "a segment that the custody log tells of is missing".to_owned()
        ));
    }
    Ok(Ok(()))
}

fn superseded(connection: &Connection, told: &Told) -> Result<std::result::Result<(), String>> {
    // A case of version 1 has nothing of the kind.
    if !connection.table_exists(None, "superseded")? {
        return Ok(Ok(()));
    }
    let imports: Vec<i64> = connection
        .prepare("SELECT id FROM import WHERE state = 'complete' ORDER BY id")?
        .query_map([], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for import in imports {
        if revision::digest(connection, import)?.as_ref() != told.superseded.get(&import) {
            return Ok(Err(format!(
                "what import {import} says of rows that count no more is not what the custody log says"
            )));
        }
    }
    Ok(Ok(()))
}

fn sources(connection: &Connection, mut told: Told) -> Result<std::result::Result<(), String>> {
    let mut statement = connection.prepare(
        "SELECT s.id, s.receipt, s.name, s.zone, s.merkle_root, e.sha256,
                (SELECT count(*) FROM reject r WHERE r.source = s.id), s.generation, s.state
         FROM source s JOIN import i ON i.id = s.import LEFT JOIN evidence e ON e.id = s.evidence
         WHERE i.state = 'complete' ORDER BY s.id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        let Some(receipt) = told.receipts.remove(&(id as u64)) else {
            return Ok(Err(format!(
                "source {id} is not one that the custody log tells of"
            )));
        };
        let stored: Value = serde_json::from_str(&row.get::<_, String>(1)?)?;
        let text = |at: usize| row.get::<_, String>(at);
        let hash = |at: usize| {
            Ok::<_, rusqlite::Error>(row.get::<_, Option<Vec<u8>>>(at)?.map(hex::encode))
        };
        let rejects: i64 = row.get(6)?;
        let (generation, withdrawn) = told.standing.get(&(id as u64)).copied().unwrap_or_default();
        let agrees = stored == receipt
            && receipt["name"].as_str() == Some(&text(2)?)
            && receipt["zone"].as_str() == Some(&text(3)?)
            && receipt["merkle_root"].as_str() == hash(4)?.as_deref()
            && receipt["sha256"].as_str() == hash(5)?.as_deref()
            && receipt["rejected"].as_u64() == Some(rejects as u64)
            && row.get::<_, i64>(7)? == generation.max(1) as i64
            && text(8)? == if withdrawn { "withdrawn" } else { "complete" };
        if !agrees {
            return Ok(Err(format!(
                "what the case says of source {id} is not what its custody log says"
            )));
        }
    }
    Ok(match told.receipts.keys().next() {
        Some(id) => Err(format!(
            "source {id}, which the custody log tells of, is missing"
        )),
        None => Ok(()),
    })
}
