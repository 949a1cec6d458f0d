//! Setting, changing and removing the passphrase of a case.
//!
//! Owns: writing the whole case anew under another key, and putting it in the place of the old file. Never touches: what is
//! in it. The new file is written beside the old one, encrypted from its first page when there is a new passphrase;
//! nothing of the case is ever laid down without the key that it will have.

use std::path::{Path, PathBuf};

use rusqlite::{OpenFlags, config::DbConfig};
use serde_json::json;

use super::{Case, CustodyHead, Stamp, custody, defence, held, lock};
use crate::error::{Result, StoreError};

/// Names that are tried for the new file; what has one of them already is somebody's.
const NAMES: u32 = 1_000;

/// Makes the new file under a name that nothing has, until it takes the place of the old one. What stands beside a case may
/// be a person's own, or of another run; it is not touched.
fn made(path: &Path) -> Result<PathBuf> {
    for n in 1..=NAMES {
        let ending = match n {
            1 => ".rekeyed".to_owned(),
            n => format!(".rekeyed-{n}"),
        };
        let fresh = beside(path, &ending);
        let journals = ["-wal", "-shm", "-journal"].map(|of| beside(&fresh, of));
        if journals
            .iter()
            .any(|j| std::fs::symlink_metadata(j).is_ok())
        {
            continue;
        }
        // The connection may open files, not make them; an empty one is an empty database.
        match std::fs::File::create_new(&fresh) {
            Ok(_) => return Ok(fresh),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(io("making", &fresh, error)),
        }
    }
    let taken = std::io::ErrorKind::AlreadyExists.into();
    Err(io("making", &beside(path, ".rekeyed"), taken))
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn io(what: &str, path: &Path, error: std::io::Error) -> StoreError {
    StoreError::Io {
        what: format!("{what} {}", path.display()),
        error,
    }
}

/// Gives a case another passphrase, a first one, or none. The case must not be open anywhere. Until the last step the old
/// file is as it was, but for one entry in its custody log; after it, the new file has its name.
///
/// What this cannot do: the old file's place on the disk is freed, not overwritten, so of a case that was not encrypted
/// before, parts may be found there until other files cover them.
///
/// # Errors
/// When the old passphrase does not fit, another process has the case, or the disk refuses (it needs as much room again).
pub fn change_passphrase(
    path: &Path,
    old: Option<&str>,
    new: Option<&str>,
    stamp: &Stamp,
) -> Result<()> {
    let case = Case::open(path, old, stamp)?;
    let what = match (old, new) {
        (None, Some(_)) => "set",
        (Some(_), Some(_)) => "changed",
        (Some(_), None) => "removed",
        (None, None) => return Ok(()),
    };
    case.record(stamp, "case.passphrase", &json!({"passphrase": what}))?;
    let head = case.custody_head()?;
    let fresh = made(path)?;
    let done = write_anew(&case, &fresh, new).and_then(|()| check(&fresh, new, &head));
    drop(case);
    let done = done.and_then(|()| exchange(path, &fresh, old, &head, stamp));
    if done.is_err() {
        // Under its key it tells nobody anything; it is in the way all the same.
        let _ = std::fs::remove_file(&fresh);
    }
    // A connection that only reads leaves its journal behind, which is empty: the new file was whole before it was read.
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(beside(&fresh, ending));
    }
    done
}

fn write_anew(case: &Case, fresh: &Path, new: Option<&str>) -> Result<()> {
    let writer = case.inner.writer.as_ref().ok_or(StoreError::ReadOnly)?;
    let writer = held(writer);
    // The schema was compared word for word when the case was opened; copying it needs this switched off for a moment.
    writer.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)?;
    let copied = (|| -> rusqlite::Result<()> {
        writer.execute(
            "ATTACH DATABASE ?1 AS fresh KEY ?2",
            [&*fresh.to_string_lossy(), new.unwrap_or_default()],
        )?;
        writer.execute_batch(
            "PRAGMA fresh.auto_vacuum = INCREMENTAL; PRAGMA fresh.synchronous = FULL;",
        )?;
        writer.query_row("SELECT sqlcipher_export('fresh')", [], |_| Ok(()))?;
        writer.execute_batch(&format!(
            "PRAGMA fresh.application_id = {}; PRAGMA fresh.user_version = {};",
            defence::APPLICATION_ID,
            case.inner.meta.schema
        ))
    })();
    let detached = writer.execute_batch("DETACH DATABASE fresh");
    writer.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    copied?;
    detached?;
    let connection = defence::connect(fresh, new, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    Ok(())
}

/// The new file must be a case that passes every check, with the same log.
fn check(fresh: &Path, new: Option<&str>, head: &CustodyHead) -> Result<()> {
    let (reader, _) = Case::inspect(fresh, new)?;
    if custody::head(&reader)? == *head {
        return Ok(());
    }
    Err(defence::damaged(
        fresh,
        "custody",
        "the copy under the new passphrase has another log",
    ))
}

fn exchange(
    path: &Path,
    fresh: &Path,
    old: Option<&str>,
    head: &CustodyHead,
    stamp: &Stamp,
) -> Result<()> {
    let _lock = lock::CaseLock::take(path, &super::holder(stamp))?;
    {
        // Between closing and locking another process may have written.
        let (reader, _) = Case::inspect(path, old)?;
        if custody::head(&reader)? != *head {
            return Err(StoreError::OutOfOrder(
                "another process wrote into the case while its passphrase was changed; nothing was changed",
            ));
        }
    }
    let file = std::fs::File::open(fresh).map_err(|e| io("opening", fresh, e))?;
    file.sync_all().map_err(|e| io("writing", fresh, e))?;
    drop(file);
    // The journal is folded in and gone when the last connection is closed; one that is left belongs to the old file.
    for ending in ["-wal", "-shm"] {
        let journal = beside(path, ending);
        if journal.exists() {
            std::fs::remove_file(&journal).map_err(|e| io("removing", &journal, e))?;
        }
    }
    std::fs::rename(fresh, path).map_err(|e| io("putting in place", path, e))?;
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty())
        && let Ok(folder) = std::fs::File::open(folder)
    {
        // Not every system can sync a folder; the rename itself is done.
        let _ = folder.sync_all();
    }
    Ok(())
}
