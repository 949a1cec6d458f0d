//! Opening a case file that may come from anybody: settings first, then checks, then trust.
//!
//! Owns: how a connection is made and what is compared before a byte of content is believed. Never touches: content.
//! Order: key, defensive settings, limits, sign of the file, schema against the one of this program, pages. A file that
//! fails stays byte for byte as it was.

use std::path::Path;

use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, config::DbConfig, limits::Limit,
};

use crate::error::{Result, StoreError};
use crate::evidence::MOST_EVIDENCE;

/// `WMCS`, the sign of a case file at byte 68 of an unencrypted one.
pub const APPLICATION_ID: i64 = 0x574d_4353;
/// Schema version of this program.
pub const SCHEMA_VERSION: i64 = 3;
/// What each version added, the first first. A case file of version n holds the objects of the first n, word for word.
/// Version 3 added no object: since then the custody log tells of every row (`content`), which a program that does not would
/// leave out of date.
const SCHEMAS: [&str; SCHEMA_VERSION as usize] =
    [include_str!("schema.sql"), include_str!("schema-2.sql"), ""];

/// The schema of a version, as it stands in every case file of it.
#[must_use]
pub fn schema(version: i64) -> String {
    SCHEMAS[..version.clamp(0, SCHEMA_VERSION) as usize].concat()
}

/// What must be executed to bring a file of a version to that of this program.
pub(crate) fn upgrade(from: i64) -> String {
    SCHEMAS[from.clamp(0, SCHEMA_VERSION) as usize..].concat()
}

/// Before this version a writer and a checkpoint at the same time could lose pages (WAL-reset bug).
const OLDEST_SQLITE: i32 = 3_051_003;
/// Files up to this size have every page checked on opening; of greater ones only the tables that are not evidence or columns.
const CHECK_WHOLE_BELOW: i64 = 64 << 20;
/// Tables that hold the bytes of events and evidence, or a row for each entry.
const LARGE_TABLES: &str =
    "('segment_column', 'segment_dictionary', 'segment_vendor_id', 'evidence_block', 'reject')";

/// Opens a connection and applies the key and every defensive setting; believes nothing yet.
pub(crate) fn connect(path: &Path, key: Option<&str>, flags: OpenFlags) -> Result<Connection> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(StoreError::NotACase {
            path: path.to_owned(),
            why: format!(
                "this build has SQLite {}, which can damage files; 3.51.3 or newer is needed",
                rusqlite::version()
            ),
        });
    }
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // SQLCipher writes to stderr by itself, where programs expect one line of ours.
    connection.execute_batch("PRAGMA cipher_log_level = NONE;")?;
    if let Some(key) = key {
        connection.pragma_update(None, "key", key)?;
    }
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, 600 << 20),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
        (Limit::SQLITE_LIMIT_COLUMN, 64),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 100),
        (Limit::SQLITE_LIMIT_ATTACHED, 1),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
    ] {
        connection.set_limit(limit, most)?;
    }
    connection.busy_timeout(std::time::Duration::from_secs(10))?;
    Ok(connection)
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

/// A connection that cannot write, also to a case in a folder or on a disk that cannot be written.
pub(crate) fn connect_to_read(path: &Path, key: Option<&str>) -> Result<Connection> {
    let connection = connect(path, key, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let look = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    match look {
        Err(error) if only_place_is_missing(&error, path) => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            connect(Path::new(&immutable(path)), key, flags)
        }
        _ => Ok(connection),
    }
}

/// Settings that need a readable file.
pub(crate) fn settle(connection: &Connection) -> Result<()> {
    connection.execute_batch(
        "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0; PRAGMA temp_store = MEMORY;
         PRAGMA foreign_keys = OFF; PRAGMA secure_delete = OFF; PRAGMA recursive_triggers = OFF;
         PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -16384;",
    )?;
    Ok(())
}

/// Whether the file can be read with this key at all.
pub(crate) fn readable(connection: &Connection, path: &Path) -> Result<()> {
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |r| {
        r.get::<_, i64>(0)
    }) {
        Ok(_) => Ok(()),
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::NotADatabase) => {
            Err(StoreError::WrongPassphrase {
                path: path.to_owned(),
            })
        }
        Err(e) if e.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            Err(damaged(path, "pages", e.to_string()))
        }
        Err(e) => Err(e.into()),
    }
}

/// Compares the signs, the schema and the pages with what a program of the file's version writes; gives that version.
pub(crate) fn inspect(connection: &Connection, path: &Path) -> Result<i64> {
    let sign: i64 = connection.pragma_query_value(None, "application_id", |r| r.get(0))?;
    if sign != APPLICATION_ID {
        return Err(StoreError::NotACase {
            path: path.to_owned(),
            why: format!("its application id is {sign:#x}, not {APPLICATION_ID:#x}"),
        });
    }
    let version: i64 = connection.pragma_query_value(None, "user_version", |r| r.get(0))?;
    if version > SCHEMA_VERSION {
        return Err(StoreError::Newer {
            path: path.to_owned(),
            found: version,
            known: SCHEMA_VERSION,
        });
    }
    if version < 1 {
        return Err(damaged(
            path,
            "schema",
            format!("{version} is no version of a schema"),
        ));
    }
    let expected = Connection::open_in_memory()?;
    expected.execute_batch(&schema(version))?;
    let (want, have) = (objects(&expected)?, objects(connection)?);
    for (name, sql) in &have {
        match want.get(name) {
            None => {
                return Err(damaged(
                    path,
                    "schema",
                    format!("{name} does not belong here"),
                ));
            }
            Some(other) if other != sql => {
                return Err(damaged(
                    path,
                    "schema",
                    format!("{name} is defined otherwise"),
                ));
            }
            Some(_) => {}
        }
    }
    if let Some(missing) = want.keys().find(|name| !have.contains_key(*name)) {
        return Err(damaged(path, "schema", format!("{missing} is missing")));
    }
    check_pages(connection, path)?;
    Ok(version)
}

/// Every object of a schema by kind and name.
fn objects(connection: &Connection) -> Result<std::collections::BTreeMap<String, Option<String>>> {
    let mut statement = connection
        .prepare("SELECT type || ' ' || name || ' on ' || tbl_name, sql FROM sqlite_schema")?;
    let rows = statement.query_map([], |r| Ok((r.get(0)?, r.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Whether the file is small enough for all of it to be looked at on opening.
pub(crate) fn is_checked_whole(connection: &Connection) -> Result<bool> {
    let size: i64 = connection.query_row(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        [],
        |r| r.get(0),
    )?;
    Ok(size <= CHECK_WHOLE_BELOW)
}

/// Of small tables the indexes are held against the rows too: a row that an index lacks would not be found by it.
fn check_pages(connection: &Connection, path: &Path) -> Result<()> {
    let run = |sql: &str| -> Result<()> {
        let found = connection
            .query_row(sql, [], |r| r.get::<_, String>(0))
            .unwrap_or_else(|e| e.to_string());
        if found == "ok" {
            Ok(())
        } else {
            Err(damaged(path, "pages", found))
        }
    };
    if is_checked_whole(connection)? {
        return run("PRAGMA integrity_check(1)");
    }
    let tables: Vec<String> = connection
        .prepare(&format!(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN {LARGE_TABLES} ORDER BY name"
        ))?
        .query_map([], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    tables
        .iter()
        .try_for_each(|table| run(&format!("PRAGMA integrity_check('{table}')")))
}

/// Refuses evidence whose number is beyond those that are given out: its blocks would be taken for another file's, and a
/// discard of the one would take away the other. Nothing else tells of the rows of an import that has not ended.
pub(crate) fn evidence_numbers(connection: &Connection, path: &Path) -> Result<()> {
    let strange: Option<i64> = connection
        .query_row(
            "SELECT id FROM evidence WHERE id < 1 OR id > ?1 LIMIT 1",
            [MOST_EVIDENCE],
            |r| r.get(0),
        )
        .optional()?;
    match strange {
        None => Ok(()),
        Some(id) => Err(damaged(
            path,
            "evidence",
            format!("{id} is no number of a piece of evidence"),
        )),
    }
}

pub(crate) fn damaged(path: &Path, check: &'static str, detail: impl Into<String>) -> StoreError {
    StoreError::Damaged {
        path: path.to_owned(),
        check,
        detail: detail.into(),
    }
}
