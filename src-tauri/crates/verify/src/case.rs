//! A case file: opened as a stranger's, read with plain SQL after docs/case-format.md.
//!
//! Owns: pages, custody, sources, original bytes, segments. Never touches: the digests of rows (`rows`), what is in columns
//! (`columns`). Nothing is written.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::bag::told;
use crate::columns;
use crate::custody::{Log, Withheld};
use crate::files::begins_with;
use crate::report::{Layer, Options, Report, VerifyError};
use crate::rows;
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
    if plain && options.passphrase.is_some() {
        return Err(VerifyError::NotEncrypted {
            path: path.to_owned(),
        });
    }
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
    if let Err(error) = readable {
        let spoiled = matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
        );
        if !spoiled {
            // Not the case is at fault: it lies where it cannot be read now.
            return Err(VerifyError::Missing {
                path: path.to_owned(),
                why: error.to_string(),
            });
        }
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
    // One look: a program that has the case open may be writing, and log and rows must be of one moment.
    let look = connection
        .unchecked_transaction()
        .map_err(|e| unknown(e.to_string()))?;
    let mut layers = vec![pages(&look)];
    let (log, fault) = custody(&look);
    let chain = log.layer(fault, options.head, Withheld::Refused);
    let trusted = chain.ok;
    layers.push(chain);
    if trusted {
        layers.push(rows::check(&look, &log));
        layers.push(layer(
            "sources",
            sources(&look, &log),
            "sources, their readings and receipts, what counts no more and the number of rejected entries are those that the custody \
             log tells of",
            "that the receipts were true when they were written",
        ));
        layers.push(layer(
            "evidence",
            evidence(&look),
            "the kept bytes of every file have the SHA-256 that its row names, and a file kept under another's number has the same \
             one; for sources the custody log names it too",
            "what happened to the files before they were imported",
        ));
        layers.push(layer(
            "events",
            segments(&look, &log),
            "the columns of the events are those that were written; bounds of chunks, sources and event numbers of segments, and \
             bounds of attestations are those of what is in them",
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

/// The file as a URI that tells SQLite that nobody writes it: it then makes nothing beside it, which a read-only folder or
/// disk would refuse.
fn immutable(path: &Path) -> String {
    let mut uri = String::from(if cfg!(windows) { "file:///" } else { "file:" });
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'\\' if cfg!(windows) => uri.push('/'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' | b':' => {
                uri.push(char::from(*byte));
            }
            other => uri.push_str(&format!("%{other:02X}")),
        }
    }
    uri + "?mode=ro&immutable=1"
}

/// Whether SQLite could not make its files beside the case, and the case needs none of them: no journal lies there.
fn only_place_is_missing(error: &rusqlite::Error, path: &Path) -> bool {
    let refused = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)
    );
    let journal = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        std::fs::metadata(name).is_ok_and(|meta| meta.len() > 0)
    };
    refused && path.is_file() && !journal("-wal") && !journal("-journal")
}

fn open(path: &Path, passphrase: Option<&str>) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = settled(Connection::open_with_flags(path, flags)?, passphrase)?;
    let look = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    match look {
        Err(error) if only_place_is_missing(&error, path) => {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            settled(
                Connection::open_with_flags(immutable(path), flags)?,
                passphrase,
            )
        }
        _ => Ok(connection),
    }
}

fn settled(connection: Connection, passphrase: Option<&str>) -> rusqlite::Result<Connection> {
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
            Some(ErrorCode::NotADatabase | ErrorCode::CannotOpen | ErrorCode::ReadOnly) => Ok(()),
            _ => Err(e),
        })?;
    Ok(connection)
}

fn pages(connection: &Connection) -> Layer {
    let found = connection
        .query_row("PRAGMA integrity_check(1)", [], |r| r.get::<_, String>(0))
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
            "integrity_check: ok",
            "the file is a whole SQLite database of plain tables, and its indexes are those of its rows",
            "that its rows are those of its maker: the layers below do",
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
            "SELECT s.id, s.receipt, s.name, s.member, s.zone, s.profiles, s.state, s.generation, s.merkle_root, e.sha256,
                    (SELECT count(*) FROM reject r WHERE r.source = s.id)
             FROM source s JOIN import i ON i.id = s.import LEFT JOIN evidence e ON e.id = s.evidence
             WHERE i.state = 'complete' ORDER BY s.id",
        )?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            seen.push(id as u64);
            let text = |at: usize| row.get::<_, Option<String>>(at);
            let json = |at: usize| -> rusqlite::Result<Option<Value>> {
                Ok(text(at)?.and_then(|t| serde_json::from_str(&t).ok()))
            };
            let hash = |at: usize| -> rusqlite::Result<Option<String>> {
                Ok(row.get::<_, Option<Vec<u8>>>(at)?.map(hex::encode))
            };
            let standing = log.standing.get(&(id as u64)).copied().unwrap_or_default();
            let state = if standing.withdrawn {
                "withdrawn"
            } else {
                "complete"
            };
            let differs = match log.sources.get(&(id as u64)) {
                None => Some("it"),
                Some(told) => {
                    let of = &told.receipt;
                    let named = |key: &str| of[key].as_str().map(ToOwned::to_owned);
                    let stands = text(6)?.as_deref() == Some(state)
                        && row.get::<_, i64>(7)? as u64 == standing.generation.max(1);
                    [
                        (json(1)?.as_ref() == Some(of), "its receipt"),
                        (text(2)? == named("name"), "its name"),
                        (text(3)? == named("member"), "its member"),
                        (text(4)? == named("zone"), "its zone"),
                        (
                            json(5)?.is_some_and(|p| p == of["profiles"]),
                            "its profiles",
                        ),
                        (stands, "how it stands"),
                        (hash(8)?.as_ref() == Some(&told.root), "its root"),
                        (hash(9)?.as_ref() == Some(&told.sha256), "its file"),
                        (
                            of["rejected"].as_i64() == Some(row.get(10)?),
                            "the number of its rejects",
                        ),
                    ]
                    .into_iter()
                    .find_map(|(agrees, what)| (!agrees).then_some(what))
                }
            };
            if let Some(what) = differs {
                faults.push(format!(
                    "source {id} is not what the custody log tells of it: {what}"
                ));
            }
        }
        superseded(connection, log, &mut faults)?;
        said(connection, log, &mut faults)
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

/// What each import says counts no more, by the hash that the log tells.
fn superseded(
    connection: &Connection,
    log: &Log,
    faults: &mut Vec<String>,
) -> rusqlite::Result<()> {
    if !connection.table_exists(None, "superseded")? {
        return Ok(());
    }
    let mut hashes = std::collections::BTreeMap::<u64, Sha256>::new();
    let mut statement = connection.prepare(
        "SELECT s.import, s.kind || ' ' || coalesce(s.segment, 0) || ' ' || s.source || ' ' || s.rows || ' ', s.data
         FROM superseded s LEFT JOIN import i ON i.id = s.import WHERE i.state IS NOT 'importing' ORDER BY s.id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let hash = hashes.entry(row.get::<_, i64>(0)? as u64).or_default();
        hash.update(row.get_ref(1)?.as_bytes().unwrap_or_default());
        hash.update(row.get_ref(2)?.as_bytes().unwrap_or_default());
    }
    let found = hashes
        .into_iter()
        .map(|(import, hash)| (import, hex::encode(hash.finalize())));
    if !found.eq(log.superseded.clone()) {
        faults.push("what counts no more is not what the custody log tells".to_owned());
    }
    Ok(())
}

/// Statements and overlays that the log names. (Their other values are in digests of rows, if the log has these.)
fn said(connection: &Connection, log: &Log, faults: &mut Vec<String>) -> rusqlite::Result<()> {
    if connection.table_exists(None, "statement")? {
        let mut statement = connection
            .prepare("SELECT id, kind, subject, value FROM statement WHERE retracts IS NULL")?;
        let mut rows = statement.query([])?;
        let mut found = 0;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            let hash = hex::encode(Sha256::digest(row.get::<_, String>(3)?));
            if log.statements.get(&(id as u64)) != Some(&[row.get(1)?, row.get(2)?, hash]) {
                faults.push(format!(
                    "statement {id} is not one that the custody log tells of"
                ));
            }
            found += 1;
        }
        if found < log.statements.len() {
            faults.push("a statement that the custody log tells of is missing".to_owned());
        }
    }
    let mut statement = connection
        .prepare("SELECT value FROM overlay WHERE id = ?1 AND event = ?2 AND kind = ?3")?;
    for (id, (event, kind, told)) in &log.overlays {
        let text: Option<String> = statement
            .query_row(rusqlite::params![*id as i64, *event as i64, kind], |r| {
                r.get(0)
            })
            .optional()?;
        let same = |text: String| told.is_empty() || hex::encode(Sha256::digest(text)) == *told;
        if !text.is_some_and(same) {
            faults.push(format!(
                "overlay {id}, which the custody log tells of, is missing or another one"
            ));
        }
    }
    Ok(())
}

/// Unfolds and hashes every original; one whose bytes are kept under an earlier number must be that one's equal.
fn evidence(connection: &Connection) -> Result<String, Vec<String>> {
    type File = (i64, i64, Vec<u8>, Option<i64>);
    let all: Vec<File> = connection
        .prepare(
            "SELECT e.id, e.bytes, e.sha256, e.same_as FROM evidence e JOIN import i ON i.id = e.import
             WHERE i.state = 'complete' ORDER BY e.id",
        )
        .and_then(|mut s| {
            s.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?
                .collect()
        })
        .map_err(|e| sql(&e))?;
    let mut faults = Vec::new();
    let (mut bytes, mut files) = (0, 0);
    for (id, length, recorded, same_as) in &all {
        let other = same_as.map(|same| all.iter().find(|e| e.0 == same));
        let twin = match other {
            None => false,
            Some(Some(other))
                if other.3.is_none() && other.1 == *length && other.2 == *recorded =>
            {
                true
            }
            Some(_) => {
                faults.push(format!(
                    "evidence {id} is said to have the bytes of another that has other ones"
                ));
                continue;
            }
        };
        match hashed(connection, *id) {
            // Its own blocks are taken away after the import; a crash may have left them.
            Ok((_, 0)) if twin => {}
            Ok((hash, found)) if hash.as_slice() == recorded && found == *length as u64 => {
                bytes += found;
                files += 1;
            }
            Ok(_) => faults.push(format!("evidence {id} is not what was imported")),
            Err(why) => faults.push(format!("evidence {id}: {why}")),
        }
    }
    let stray: i64 = connection
        .query_row(
            "SELECT count(*) FROM evidence_block WHERE id >> 32 NOT IN (SELECT id FROM evidence)",
            [],
            |r| r.get(0),
        )
        .map_err(|e| sql(&e))?;
    if stray > 0 {
        faults.push(format!("{stray} blocks belong to no file"));
    }
    if faults.is_empty() {
        Ok(format!("{files} files, {bytes} bytes"))
    } else {
        Err(faults)
    }
}

fn hashed(connection: &Connection, evidence: i64) -> Result<(Hash, u64), String> {
    let text = |e: rusqlite::Error| e.to_string();
    let mut statement = connection
        .prepare_cached(
            "SELECT id, codec, bytes, data FROM evidence_block WHERE id >= ?1 AND id < ?2 ORDER BY id",
        )
        .map_err(text)?;
    let mut rows = statement
        .query([evidence << 32, (evidence + 1) << 32])
        .map_err(text)?;
    let mut hash = Sha256::new();
    let mut length = 0;
    let mut next = evidence << 32;
    while let Some(row) = rows.next().map_err(text)? {
        let (id, codec): (i64, i64) = (row.get(0).map_err(text)?, row.get(1).map_err(text)?);
        let stated: i64 = row.get(2).map_err(text)?;
        let data = row.get_ref(3).map_err(text)?;
        let data = data.as_blob().map_err(|e| e.to_string())?;
        // Places are found by counting blocks, so each but the last must be full and stand at its number.
        if id != next || length % BLOCK as u64 != 0 {
            return Err("a block is missing, or one that is not the last is not full".to_owned());
        }
        next += 1;
        let plain = match codec {
            0 => data.to_vec(),
            1 => zstd::bulk::decompress(data, BLOCK)
                .map_err(|_| "a block does not unfold".to_owned())?,
            other => return Err(format!("a block is packed in the unknown way {other}")),
        };
        if plain.len() as i64 != stated {
            return Err("a block is not as long as its row says".to_owned());
        }
        hash.update(&plain);
        length += plain.len() as u64;
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
        if let Err(fault) = columns::segment(connection, *id) {
            faults.push(fault);
        }
    }
    match columns::attestations(connection) {
        Ok(found) => faults.extend(found),
        Err(fault) => faults.push(fault),
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
        let found = hash.finalize();
        // A later reading may have taken rows of an earlier import away; the digests of rows hold what was left.
        let told = log.small.get(&(*import as u64)) == Some(&hex::encode(found))
            || !log.standing.is_empty();
        let recorded: Option<Vec<u8>> = connection
            .query_row(
                "SELECT hot_sha256 FROM import WHERE id = ?1",
                [import],
                |r| r.get(0),
            )
            .map_err(|e| sql(&e))?;
        if !told || recorded.as_deref() != Some(found.as_slice()) {
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
