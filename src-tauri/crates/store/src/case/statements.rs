//! What people say about anything but single events: saved views, merges of actors, verdicts, suppressions, answers,
//! notes on actors and records. Append-only.
//!
//! Owns: the rows of `statement`. Never touches: what a kind means (the engine knows), events and their overlays. Taking
//! something back is one more row that names the first; both stay.

use rusqlite::{Connection, params};
use witnessmark_model::Instant;

use super::custody::Stamp;
use crate::error::{Result, StoreError};

/// A statement that stands (was not taken back).
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Statement {
    /// Its number, from 1.
    pub id: u64,
    /// What kind of thing is said: `view`, `merge`, `verdict`, ...; lower-case letters and underscores.
    pub kind: String,
    /// What it is said of, such as `actor:alice@example.com` or `finding:3f…`; empty where the kind says it all.
    pub subject: String,
    /// What is said: plain text or JSON, as the kind has it.
    pub value: String,
    /// When it was said.
    pub at: Instant,
    /// Who said it.
    pub who: String,
}

pub(crate) fn check_kind(kind: &str) -> Result<()> {
    let plain = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if plain {
        Ok(())
    } else {
        Err(StoreError::OutOfOrder(
            "the kind of a statement has only lower-case letters and underscores",
        ))
    }
}

pub(crate) fn add(
    connection: &Connection,
    stamp: &Stamp,
    kind: &str,
    subject: &str,
    value: &str,
) -> Result<u64> {
    connection
        .prepare_cached(
            "INSERT INTO statement (kind, subject, value, at, who) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![kind, subject, value, stamp.at.0, stamp.who])?;
    Ok(connection.last_insert_rowid() as u64)
}

/// Takes a statement back; gives the number of the row that says so, and the statement.
pub(crate) fn retract(
    connection: &Connection,
    stamp: &Stamp,
    statement: u64,
) -> Result<(u64, Statement)> {
    let added = connection.execute(
        "INSERT INTO statement (kind, subject, value, at, who, retracts)
         SELECT kind, subject, '', ?2, ?3, id FROM statement s WHERE id = ?1 AND retracts IS NULL
           AND NOT EXISTS (SELECT 1 FROM statement r WHERE r.retracts = s.id)",
        params![statement as i64, stamp.at.0, stamp.who],
    )?;
    if added == 0 {
        return Err(StoreError::NoSuch {
            what: "statement",
            number: statement,
        });
    }
    let id = connection.last_insert_rowid() as u64;
    let taken = connection.query_row(
        "SELECT id, kind, subject, value, at, who FROM statement WHERE id = ?1",
        [statement as i64],
        read,
    )?;
    Ok((id, taken))
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Statement> {
    Ok(Statement {
        id: row.get::<_, i64>(0)? as u64,
        kind: row.get(1)?,
        subject: row.get(2)?,
        value: row.get(3)?,
        at: Instant(row.get(4)?),
        who: row.get(5)?,
    })
}

/// Statements that stand, of a kind or of a subject or all, in the order they were made.
pub(crate) fn list(
    connection: &Connection,
    kind: Option<&str>,
    subject: Option<&str>,
) -> Result<Vec<Statement>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, kind, subject, value, at, who FROM statement s
         WHERE retracts IS NULL AND (?1 IS NULL OR kind = ?1) AND (?2 IS NULL OR subject = ?2)
           AND NOT EXISTS (SELECT 1 FROM statement r WHERE r.retracts = s.id)
         ORDER BY id",
    )?;
    let rows = statement.query_map(params![kind, subject], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
