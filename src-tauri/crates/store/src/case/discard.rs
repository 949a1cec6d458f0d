//! Taking away what an import that did not finish has left.
//!
//! Owns: the removal of invisible rows. Never touches: anything of a complete import.

use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::json;
use witnessmark_model::Instant;

use super::{
    content::Touched,
    custody::{self, Stamp},
    open_mark,
};
use crate::{error::Result, evidence::block_id};

/// An unfinished import that was taken away.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Discarded {
    /// Its number, which may be given again.
    pub import: u64,
    /// When it had begun.
    pub at: Instant,
    /// Who had begun it.
    pub who: String,
}

/// Pages given back to the file system after a discard, at most; the rest stays free inside the file.
const VACUUM_PAGES: usize = 1 << 20;

/// Discards every unfinished import, with an entry in the custody log for each.
pub(crate) fn leftovers(writer: &mut Connection, stamp: &Stamp) -> Result<Vec<Discarded>> {
    let left: Vec<Discarded> = {
        let mut statement = writer
            .prepare("SELECT id, at, who FROM import WHERE state = 'importing' ORDER BY id")?;
        let rows = statement.query_map([], |r| {
            Ok(Discarded {
                import: r.get::<_, i64>(0)? as u64,
                at: Instant(r.get(1)?),
                who: r.get(2)?,
            })
        })?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    for import in &left {
        let detail =
            json!({"import": import.import, "begun": import.at.rfc3339(), "by": import.who});
        discard(
            writer,
            import.import as i64,
            stamp,
            "import.discarded",
            &detail,
        )?;
    }
    twice_stored(writer)?;
    Ok(left)
}

/// Takes away all rows of one import and records why.
pub(crate) fn discard(
    writer: &mut Connection,
    import: i64,
    stamp: &Stamp,
    action: &str,
    detail: &serde_json::Value,
) -> Result<()> {
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for table in [
        "segment_chunk",
        "segment_source",
        "segment_column",
        "segment_dictionary",
        "segment_vendor_id",
    ] {
        transaction.execute(
            &format!(
                "DELETE FROM {table} WHERE segment IN (SELECT id FROM segment WHERE import = ?1)"
            ),
            [import],
        )?;
    }
    let files: Vec<i64> = transaction
        .prepare("SELECT id FROM evidence WHERE import = ?1")?
        .query_map([import], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for file in files {
        transaction.execute(
            "DELETE FROM evidence_block WHERE id >= ?1 AND id <= ?2",
            params![block_id(file, 0), block_id(file, u64::from(u32::MAX))],
        )?;
    }
    for table in [
        "segment",
        "evidence",
        "source",
        "attestation",
        "hot_event",
        "overlay",
    ] {
        transaction.execute(&format!("DELETE FROM {table} WHERE import = ?1"), [import])?;
    }
    transaction.execute(
        "DELETE FROM reject WHERE source > (SELECT coalesce(max(id), 0) FROM source) OR source < 0",
        [],
    )?;
    if transaction.table_exists(None, "superseded")? {
        transaction.execute("DELETE FROM superseded WHERE import = ?1", [import])?;
    }
    transaction.execute("DELETE FROM import WHERE id = ?1", [import])?;
    custody::append(&transaction, stamp, action, detail, &Touched::nothing())?;
    transaction.commit()?;
    vacuum(writer)?;
    // What was taken back lies in the journal, which may have filled the disk; folded in, it is the room for the next import.
    open_mark::fold_in(writer)
}

/// Removes blocks of files whose bytes the case already held.
pub(crate) fn twice_stored(writer: &mut Connection) -> Result<()> {
    let files: Vec<i64> = writer
        .prepare(
            "SELECT e.id FROM evidence e JOIN import i ON i.id = e.import WHERE i.state = 'complete' AND e.same_as IS NOT NULL
             AND EXISTS (SELECT 1 FROM evidence_block b WHERE b.id = e.id << 32)",
        )?
        .query_map([], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for file in &files {
        writer.execute(
            "DELETE FROM evidence_block WHERE id >= ?1 AND id < ?2",
            params![block_id(*file, 0), block_id(*file + 1, 0)],
        )?;
    }
    if files.is_empty() {
        Ok(())
    } else {
        vacuum(writer)
    }
}

/// Gives free pages back.
fn vacuum(writer: &Connection) -> Result<()> {
    let mut statement = writer.prepare(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})"))?;
    let mut rows = statement.query([])?;
    while rows.next()?.is_some() {}
    Ok(())
}
