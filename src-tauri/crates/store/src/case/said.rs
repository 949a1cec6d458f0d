//! Statements and kept results of an open case, and how a case of an older schema comes to have room for them.
//!
//! Owns: the calls, each with its entry in the custody log. Never touches: rows of evidence and events.

use rusqlite::{Connection, TransactionBehavior};
use serde_json::json;

use super::{Case, Derived, Meta, Stamp, Statement, custody, defence, derived, held, statements};
use crate::error::Result;

/// Schema version that added statements and kept results.
const SINCE: i64 = 2;

/// Brings the file to the schema of this program, in one transaction with an entry in the custody log. Only objects are
/// added: no row that was there is changed.
pub(crate) fn upgrade(writer: &mut Connection, meta: Meta, stamp: &Stamp) -> Result<Meta> {
    if meta.schema == defence::SCHEMA_VERSION {
        return Ok(meta);
    }
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(&defence::upgrade(meta.schema))?;
    transaction.pragma_update(None, "user_version", defence::SCHEMA_VERSION)?;
    let detail = json!({"from": meta.schema, "to": defence::SCHEMA_VERSION});
    custody::append(&transaction, stamp, "case.upgrade", &detail)?;
    transaction.commit()?;
    Ok(Meta {
        schema: defence::SCHEMA_VERSION,
        ..meta
    })
}

impl Case {
    /// States something, with an entry in the custody log that names it but not what is said; gives its number.
    ///
    /// # Errors
    /// When the kind has other characters than `a-z_`, or the case is read-only.
    pub fn state(&self, stamp: &Stamp, kind: &str, subject: &str, value: &str) -> Result<u64> {
        statements::check_kind(kind)?;
        self.inner.write(|t| {
            let id = statements::add(t, stamp, kind, subject, value)?;
            let detail = json!({"statement": id, "kind": kind, "subject": subject, "sha256": crate::sha256_hex(value.as_bytes())});
            custody::append(t, stamp, "statement.add", &detail)?;
            Ok(id)
        })
    }

    /// Takes a statement back; both rows stay.
    ///
    /// # Errors
    /// When no such statement stands, or the case is read-only.
    pub fn take_back(&self, stamp: &Stamp, statement: u64) -> Result<()> {
        self.inner.write(|t| {
            let kind = statements::retract(t, stamp, statement)?;
            let detail = json!({"statement": statement, "kind": kind});
            custody::append(t, stamp, "statement.retract", &detail)?;
            Ok(())
        })
    }

    /// Statements that stand, of a kind or of a subject or all, in the order they were made.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn statements(&self, kind: Option<&str>, subject: Option<&str>) -> Result<Vec<Statement>> {
        if self.inner.meta.schema < SINCE {
            return Ok(Vec::new());
        }
        statements::list(&held(&self.inner.reader), kind, subject)
    }

    /// A result that was kept, whatever its basis.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn derived(&self, kind: &str, key: &str) -> Result<Option<Derived>> {
        if self.inner.meta.schema < SINCE {
            return Ok(None);
        }
        derived::get(&held(&self.inner.reader), kind, key)
    }

    /// Keeps a result in the place of an earlier one of the same kind and key. A case that is open for reading only keeps
    /// nothing: the result is made again next time.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep_derived(&self, kind: &str, key: &str, result: &Derived) -> Result<()> {
        if self.is_read_only() {
            return Ok(());
        }
        self.inner.write(|t| derived::put(t, kind, key, result))
    }

    /// Forgets what was kept under a kind and key, or everything of a kind.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn forget_derived(&self, kind: &str, key: Option<&str>) -> Result<()> {
        if self.is_read_only() {
            return Ok(());
        }
        self.inner.write(|t| derived::forget(t, kind, key))
    }
}
