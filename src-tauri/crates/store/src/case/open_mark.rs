//! The mark that a case is open for writing, so that a copy made meanwhile without its journal can be told.
//!
//! Owns: one row of `meta`, `open`, that is in the file itself from opening to closing. Never touches: anything else.
//! A crash leaves the mark and the journal file beside the case; a copy of the case alone has the mark and no journal file,
//! and what had been done since the case was opened may be missing from it. Nothing else in such a copy would tell.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use super::custody::Stamp;
use crate::error::Result;

/// Whether the journal file of a case is there. Asked before the case is opened, which may make one.
pub(crate) fn has_journal(path: &Path) -> bool {
    let mut name = path.as_os_str().to_owned();
    name.push("-wal");
    Path::new(&name).exists()
}

/// Since when the case had been open when this file was copied without its journal; absent for any other file.
pub(crate) fn copied_open(connection: &Connection, had_journal: bool) -> Result<Option<String>> {
    if had_journal {
        return Ok(None);
    }
    let sql = "SELECT CAST(value AS TEXT) FROM meta WHERE key = 'open'";
    Ok(connection.query_row(sql, [], |r| r.get(0)).optional()?)
}

/// Sets the mark, in the file itself.
pub(crate) fn set(writer: &Connection, stamp: &Stamp) -> Result<()> {
    writer.execute(
        "INSERT OR REPLACE INTO meta VALUES ('open', ?1)",
        [stamp.at.rfc3339()],
    )?;
    fold_in(writer)
}

/// Takes the mark away; the journal is still to be folded in.
pub(crate) fn clear(writer: &Connection) -> Result<()> {
    writer.execute("DELETE FROM meta WHERE key = 'open'", [])?;
    Ok(())
}

/// Moves the journal into the file and empties it.
pub(crate) fn fold_in(writer: &Connection) -> Result<()> {
    writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}
