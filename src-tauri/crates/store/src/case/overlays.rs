//! What people and later imports say about events: tags, bookmarks, notes, flags. Append-only, by event number.
//!
//! Owns: the overlay rows. Never touches: sealed events. Taking something back is one more row that names the first.

use rusqlite::{Connection, params};
use witnessmark_model::Instant;

use super::custody::Stamp;
use crate::error::{Result, StoreError};

/// A tag; the value is its name.
pub const TAG: &str = "tag";
/// A bookmark; no value.
pub const BOOKMARK: &str = "bookmark";
/// A note; the value is its text.
pub const NOTE: &str = "note";
/// A flag code found after the event was sealed; it belongs to `witnessmark.problems`.
pub const PROBLEM: &str = "problem";

/// One overlay that stands (was not taken back).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Overlay {
    /// Its number.
    pub id: u64,
    /// The event it speaks of.
    pub event: u64,
    /// [`TAG`], [`BOOKMARK`], [`NOTE`], [`PROBLEM`], or a kind of a later program.
    pub kind: String,
    /// What it says; empty where the kind says it all.
    pub value: String,
    /// When it was said.
    pub at: Instant,
    /// Who said it.
    pub who: String,
}

pub(crate) fn add(
    connection: &Connection,
    stamp: &Stamp,
    event: u64,
    kind: &str,
    value: &str,
    import: Option<i64>,
) -> Result<u64> {
    connection
        .prepare_cached("INSERT INTO overlay (event, kind, value, at, who, import) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![event as i64, kind, value, stamp.at.0, stamp.who, import])?;
    Ok(connection.last_insert_rowid() as u64)
}

/// Takes an overlay back; gives the number of the row that says so, and event, kind and value of the overlay.
pub(crate) fn retract(
    connection: &Connection,
    stamp: &Stamp,
    overlay: u64,
) -> Result<(u64, u64, String, String)> {
    let added = connection.execute(
        "INSERT INTO overlay (event, kind, value, at, who, retracts)
         SELECT event, kind, '', ?2, ?3, id FROM overlay WHERE id = ?1 AND retracts IS NULL",
        params![overlay as i64, stamp.at.0, stamp.who],
    )?;
    if added == 0 {
        return Err(StoreError::NoSuch {
            what: "overlay",
            number: overlay,
        });
    }
    let id = connection.last_insert_rowid() as u64;
    let taken = "SELECT event, kind, value FROM overlay WHERE id = ?1";
    let (event, kind, value) = connection.query_row(taken, [overlay as i64], |r| {
        Ok((r.get::<_, i64>(0)?, r.get(1)?, r.get(2)?))
    })?;
    Ok((id, event as u64, kind, value))
}

/// Overlays that stand, of one kind or of one event or all, in the order they were made.
pub(crate) fn list(
    connection: &Connection,
    kind: Option<&str>,
    event: Option<u64>,
) -> Result<Vec<Overlay>> {
    let mut statement = connection.prepare_cached(
        "SELECT o.id, o.event, o.kind, o.value, o.at, o.who FROM overlay o
         LEFT JOIN import i ON i.id = o.import
         WHERE o.retracts IS NULL AND (o.import IS NULL OR i.state = 'complete')
           AND (?1 IS NULL OR o.kind = ?1) AND (?2 IS NULL OR o.event = ?2)
           AND NOT EXISTS (SELECT 1 FROM overlay r WHERE r.event = o.event AND r.retracts = o.id)
         ORDER BY o.id",
    )?;
    let rows = statement.query_map(params![kind, event.map(|e| e as i64)], |r| {
        Ok(Overlay {
            id: r.get::<_, i64>(0)? as u64,
            event: r.get::<_, i64>(1)? as u64,
            kind: r.get(2)?,
            value: r.get(3)?,
            at: Instant(r.get(4)?),
            who: r.get(5)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
