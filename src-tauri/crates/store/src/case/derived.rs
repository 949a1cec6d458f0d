//! Results that can be made again at any time, kept because making them costs seconds: never evidence, never shown
//! without their basis being compared.
//!
//! Owns: the rows of `derived`. Never touches: what they hold.

use rusqlite::{Connection, OptionalExtension, params};
use witnessmark_model::Instant;

use crate::error::Result;

/// A kept result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// What it was made from: a text that the maker compares, such as versions and a hash of parameters.
    pub basis: String,
    /// When it was made.
    pub at: Instant,
    /// The result, as its maker writes it.
    pub value: Vec<u8>,
}

pub(crate) fn get(connection: &Connection, kind: &str, key: &str) -> Result<Option<Derived>> {
    let mut statement = connection
        .prepare_cached("SELECT basis, at, value FROM derived WHERE kind = ?1 AND key = ?2")?;
    Ok(statement
        .query_row([kind, key], |r| {
            Ok(Derived {
                basis: r.get(0)?,
                at: Instant(r.get(1)?),
                value: r.get(2)?,
            })
        })
        .optional()?)
}

pub(crate) fn put(connection: &Connection, kind: &str, key: &str, derived: &Derived) -> Result<()> {
    connection
        .prepare_cached("INSERT OR REPLACE INTO derived (kind, key, basis, at, value) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![kind, key, derived.basis, derived.at.0, derived.value])?;
    Ok(())
}

/// Removes what is kept under a kind and key, or everything of a kind.
pub(crate) fn forget(connection: &Connection, kind: &str, key: Option<&str>) -> Result<()> {
    connection.execute(
        "DELETE FROM derived WHERE kind = ?1 AND (?2 IS NULL OR key = ?2)",
        params![kind, key],
    )?;
    Ok(())
}
