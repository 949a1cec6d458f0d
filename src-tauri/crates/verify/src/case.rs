//! A case file: opened as a stranger's, read with plain SQL after docs/case-format.md.
//!
//! Owns: pages, custody, sources, original bytes, segments. Never touches: the meaning of columns. Nothing is written.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use sha2::{Digest, Sha256};

use crate::bag::told;
use crate::custody::Log;
use crate::files::begins_with;
use crate::report::{Layer, Options, Report, VerifyError};
use crate::tree::Hash;

/// `WMCS`.
const APPLICATION_ID: i64 = 0x574d_4353;
/// Bytes of an evidence block.
const BLOCK: usize = 65_536;

pub(crate) fn check(path: &Path, options: &Options<'_>) -> Result<Report, VerifyError> {
    let unknown = |why: String| VerifyError::Unknown {
        path: path.to_owned(),
        why,
    };
    let plain = begins_with(path)?.starts_with(b"SQLite format 3\0");
    let named = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("wmcase"));
    if !plain && !named {
        return Err(unknown(
            "it is no SQLite file and not named .wmcase".to_owned(),
        ));
    }
    check_database(path, options, plain)
}

/// The checks, through SQLite only. `plain` says that the file is not encrypted.
pub(crate) fn check_database(
    path: &Path,
    options: &Options<'_>,
    plain: bool,
) -> Result<Report, VerifyError> {
    let unknown = |why: String| VerifyError::Unknown {
        path: path.to_owned(),
        why,
    };
    let connection = open(path, options.passphrase).map_err(|e| unknown(e.to_string()))?;
    let readable = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| {
        r.get::<_, i64>(0)
    });
    if readable.is_err() {
        if plain {
            let layers = vec![Layer::failed("file", "the database cannot be read")];
            return Ok(report(layers, None));
        }
        return Err(VerifyError::Passphrase {
            path: path.to_owned(),
        });
    }
    let sign: Option<i64> = connection
        .pragma_query_value(None, "application_id", |r| r.get(0))
        .ok();
    if sign != Some(APPLICATION_ID) {
        return Err(unknown("it is a database, but not of a case".to_owned()));
    }
    let mut layers = vec![pages(&connection)];
    let (log, fault) = custody(&connection);
    let chain = log.layer(fault, options.head);
    let trusted = chain.ok;
    layers.push(chain);
    if trusted {
        layers.push(layer(
            "sources",
            sources(&connection, &log),
            "sources, receipts and the number of rejected entries are those that the custody log tells of",
            "that the receipts were true when they were written",
        ));
        layers.push(layer(
            "evidence",
            evidence(&connection),
            "the original bytes of every source are those that were imported",
            "what happened to the files before they were imported",
        ));
        layers.push(layer(
            "events",
            segments(&connection, &log),
            "the columns of the events are those that were written at the import",
            "that they were read rightly from the bytes: `witnessmark raw` shows the bytes of any event",
        ));
    }
    Ok(report(layers, Some(log)))
}

fn report(layers: Vec<Layer>, log: Option<Log>) -> Report {
    Report {
        ok: layers.iter().all(|l| l.ok),
        kind: "case".to_owned(),
        signature: "absent".to_owned(),
        signed_by: None,
        trusted_comment: None,
        binds: None,
        events: None,
        custody_size: log.as_ref().map(|l| l.size),
        custody_head: log.map(|l| l.head),
        layers,
    }
}

fn layer(
    name: &str,
    outcome: Result<String, Vec<String>>,
    proves: &str,
    does_not_prove: &str,
) -> Layer {
    match outcome {
        Ok(detail) => Layer::held(name, detail, proves, does_not_prove),
        Err(faults) => Layer::failed(name, told(faults)),
    }
}

fn open(path: &Path, passphrase: Option<&str>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // SQLCipher writes to stderr by itself, where programs expect one line of ours.
    connection.execute_batch("PRAGMA cipher_log_level = NONE;")?;
    if let Some(passphrase) = passphrase {
        connection.pragma_update(None, "key", passphrase)?;
    }
    for (setting, on) in [
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
    ] {
        connection.set_db_config(setting, on)?;
    }
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    connection
        .execute_batch(
            "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;",
        )
        .or_else(|e| match e.sqlite_error_code() {
            // Without its key the file is unreadable; that is told when it is read.
            Some(rusqlite::ErrorCode::NotADatabase) => Ok(()),
            _ => Err(e),
        })?;
    Ok(connection)
}

fn pages(connection: &Connection) -> Layer {
    let found = connection
        .query_row("PRAGMA quick_check(1)", [], |r| r.get::<_, String>(0))
        .unwrap_or_else(|e| e.to_string());
    if found != "ok" {
        return Layer::failed("file", found);
    }
    let foreign: rusqlite::Result<Option<String>> = connection
        .query_row(
            "SELECT type || ' ' || name FROM sqlite_schema WHERE type NOT IN ('table', 'index') OR sql LIKE 'CREATE VIRTUAL%'
             ORDER BY 1 LIMIT 1",
            [],
            |r| r.get(0),
        )
        .optional();
    match foreign {
        Ok(None) => Layer::held(
            "file",
            "quick_check: ok",
            "the file is a whole SQLite database of plain tables",
            "that its rows are those of its maker: the custody log does",
        ),
        Ok(Some(what)) => Layer::failed("file", format!("{what} does not belong in a case")),
        Err(error) => Layer::failed("file", error.to_string()),
    }
}

fn custody(connection: &Connection) -> (Log, Option<String>) {
    let mut log = Log::default();
    let walked = (|| -> rusqlite::Result<Option<String>> {
        let mut statement =
            connection.prepare("SELECT seq, entry, prev, hash FROM custody ORDER BY seq")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (seq, entry): (i64, String) = (row.get(0)?, row.get(1)?);
            let (prev, hash): (Vec<u8>, Vec<u8>) = (row.get(2)?, row.get(3)?);
            let (Ok(prev), Ok(hash)) = (Hash::try_from(prev), Hash::try_from(hash)) else {
                return Ok(Some(format!("entry {seq} has no hash")));
            };
            if let Err(fault) = log.take(seq as u64, Some(&entry), None, prev, hash) {
                return Ok(Some(fault));
            }
        }
        Ok(None)
    })();
    let fault = walked.unwrap_or_else(|e| Some(e.to_string()));
    (log, fault)
}

fn sql(error: &rusqlite::Error) -> Vec<String> {
    vec![error.to_string()]
}

fn sources(connection: &Connection, log: &Log) -> Result<String, Vec<String>> {
    let mut faults = Vec::new();
    let mut seen = Vec::new();
    let read = (|| -> rusqlite::Result<()> {
        let mut statement = connection.prepare(
            "SELECT s.id, s.receipt ->> 'sha256', s.receipt ->> 'merkle_root', s.receipt ->> 'entries', s.receipt ->> 'rejected',
                    s.merkle_root, e.sha256, (SELECT count(*) FROM reject r WHERE r.source = s.id)
             FROM source s JOIN import i ON i.id = s.import LEFT JOIN evidence e ON e.id = s.evidence
             WHERE i.state = 'complete' ORDER BY s.id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            seen.push(id as u64);
            let text = |at: usize| row.get::<_, Option<String>>(at);
            let (sha256, root) = (text(1)?, text(2)?);
            let (entries, rejected): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
            let column = |at: usize| -> rusqlite::Result<Option<String>> {
                Ok(row.get::<_, Option<Vec<u8>>>(at)?.map(hex::encode))
            };
            let agrees = log.sources.get(&(id as u64)).is_some_and(|told| {
                Some(&told.sha256) == sha256.as_ref()
                    && Some(&told.root) == root.as_ref()
                    && Some(told.entries as i64) == entries
            }) && column(5)? == root
                && column(6)? == sha256
                && rejected == Some(row.get(7)?);
            if !agrees {
                faults.push(format!(
                    "source {id} is not what the custody log tells of it"
                ));
            }
        }
        Ok(())
    })();
    read.map_err(|e| sql(&e))?;
    if let Some(gone) = log.sources.keys().find(|id| !seen.contains(id)) {
        faults.push(format!(
            "source {gone}, which the custody log tells of, is missing"
        ));
    }
    if faults.is_empty() {
        Ok(format!("{} sources", seen.len()))
    } else {
        Err(faults)
    }
}

/// Unfolds and hashes every original.
fn evidence(connection: &Connection) -> Result<String, Vec<String>> {
    let all: Vec<(i64, i64, Vec<u8>)> = connection
        .prepare(
            "SELECT e.id, e.bytes, e.sha256 FROM evidence e JOIN import i ON i.id = e.import
             WHERE i.state = 'complete' AND e.same_as IS NULL ORDER BY e.id",
        )
        .and_then(|mut s| {
            s.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))?
                .collect()
        })
        .map_err(|e| sql(&e))?;
    let mut faults = Vec::new();
    let mut bytes = 0;
    for (id, length, recorded) in &all {
        match hashed(connection, *id) {
            Ok((hash, found)) if hash.as_slice() == recorded && found == *length as u64 => {
                bytes += found;
            }
            Ok(_) => faults.push(format!("evidence {id} is not what was imported")),
            Err(why) => faults.push(format!("evidence {id}: {why}")),
        }
    }
    if faults.is_empty() {
        Ok(format!("{} files, {bytes} bytes", all.len()))
    } else {
        Err(faults)
    }
}

fn hashed(connection: &Connection, evidence: i64) -> Result<(Hash, u64), String> {
    let text = |e: rusqlite::Error| e.to_string();
    let mut statement = connection
        .prepare_cached(
            "SELECT codec, data FROM evidence_block WHERE id >= ?1 AND id < ?2 ORDER BY id",
        )
        .map_err(text)?;
    let mut rows = statement
        .query([evidence << 32, (evidence + 1) << 32])
        .map_err(text)?;
    let mut hash = Sha256::new();
    let mut length = 0;
    while let Some(row) = rows.next().map_err(text)? {
        let codec: i64 = row.get(0).map_err(text)?;
        let data = row.get_ref(1).map_err(text)?;
        let data = data.as_blob().map_err(|e| e.to_string())?;
        if codec == 0 {
            hash.update(data);
            length += data.len() as u64;
        } else {
            let plain = zstd::bulk::decompress(data, BLOCK)
                .map_err(|_| "a block does not unfold".to_owned())?;
            hash.update(&plain);
            length += plain.len() as u64;
        }
    }
    Ok((hash.finalize().into(), length))
}

/// Hashes the columns of every segment, and the rows of small imports.
fn segments(connection: &Connection, log: &Log) -> Result<String, Vec<String>> {
    let list = |text: &str| -> rusqlite::Result<Vec<i64>> {
        connection
            .prepare(text)?
            .query_map([], |r| r.get(0))?
            .collect()
    };
    let mut faults = Vec::new();
    let ids = list(
        "SELECT s.id FROM segment s JOIN import i ON i.id = s.import WHERE i.state = 'complete' ORDER BY s.id",
    )
    .map_err(|e| sql(&e))?;
    for id in &ids {
        let mut hash = Sha256::new();
        for table in ["segment_column", "segment_dictionary"] {
            blobs(
                connection,
                &format!("SELECT data FROM {table} WHERE segment = ?1 ORDER BY id"),
                *id,
                &mut hash,
            )
            .map_err(|e| sql(&e))?;
        }
        let found = hex::encode(hash.finalize());
        if log.segments.get(&(*id as u64)) != Some(&found) {
            faults.push(format!(
                "segment {id} is not the one that the custody log tells of"
            ));
        }
    }
    if let Some(gone) = log.segments.keys().find(|id| !ids.contains(&(**id as i64))) {
        faults.push(format!(
            "segment {gone}, which the custody log tells of, is missing"
        ));
    }
    let small =
        list("SELECT id FROM import WHERE state = 'complete' AND hot_events > 0 ORDER BY id")
            .map_err(|e| sql(&e))?;
    for import in &small {
        let mut hash = Sha256::new();
        blobs(
            connection,
            "SELECT event || char(31) || source || char(31) || coalesce(time, '') || char(31) || entry || char(31) || part
                || char(31) || line || char(31) || \"offset\" || char(31) || length || char(31) || content || char(31)
                || vendor_id || char(31) || fields || char(30)
             FROM hot_event WHERE import = ?1 ORDER BY event",
            *import,
            &mut hash,
        )
        .map_err(|e| sql(&e))?;
        let found = hex::encode(hash.finalize());
        if log.small.get(&(*import as u64)) != Some(&found) {
            faults.push(format!("the events of import {import} were changed"));
        }
    }
    if faults.is_empty() {
        Ok(format!(
            "{} segments, {} small imports",
            ids.len(),
            small.len()
        ))
    } else {
        Err(faults)
    }
}

fn blobs(connection: &Connection, text: &str, key: i64, hash: &mut Sha256) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(text)?;
    let mut rows = statement.query([key])?;
    while let Some(row) = rows.next()? {
        hash.update(row.get_ref(0)?.as_bytes().unwrap_or_default());
    }
    Ok(())
}
