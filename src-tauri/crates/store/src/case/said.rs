//! Statements and kept results of an open case, and how a case of an older schema comes to have room for them.
//!
//! Owns: the calls, each with its entry in the custody log. Never touches: rows of evidence and events.

use rusqlite::{Connection, TransactionBehavior};
use serde_json::{Value, json};

use super::content::Touched;
use super::{Case, Derived, Meta, Stamp, Statement, custody, defence, derived, held, statements};
use crate::error::{Result, StoreError};

/// Schema version that added statements and kept results.
const SINCE: i64 = 2;

/// Brings the file to the schema of this program, in one transaction with an entry in the custody log, which tells of every
/// row as it was found. Only objects are added: no row that was there is changed.
pub(crate) fn upgrade(writer: &mut Connection, meta: Meta, stamp: &Stamp) -> Result<Meta> {
    if meta.schema == defence::SCHEMA_VERSION {
        return Ok(meta);
    }
    let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(&defence::upgrade(meta.schema))?;
    transaction.pragma_update(None, "user_version", defence::SCHEMA_VERSION)?;
    let detail = json!({"from": meta.schema, "to": defence::SCHEMA_VERSION});
    let touched = Touched::everything(&transaction)?;
    custody::append(&transaction, stamp, "case.upgrade", &detail, &touched)?;
    transaction.commit()?;
    Ok(Meta {
        schema: defence::SCHEMA_VERSION,
        ..meta
    })
}

/// The members of one object with those of another; what both have stays as the first has it.
pub(crate) fn beside(mut detail: Value, about: &Value) -> Value {
    if let (Some(members), Some(more)) = (detail.as_object_mut(), about.as_object()) {
        for (key, value) in more {
            members.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
    detail
}

impl Case {
    /// States something, with an entry in the custody log that names it but not what is said; gives its number.
    ///
    /// # Errors
    /// When the kind has other characters than `a-z_`, or the case is read-only.
    pub fn state(&self, stamp: &Stamp, kind: &str, subject: &str, value: &str) -> Result<u64> {
        self.state_about(stamp, kind, subject, value, &Value::Null)
    }

    /// The same with what a reader of the log should know of it beside: the members of an object, which must not be among those
    /// that every such entry has.
    ///
    /// # Errors
    /// As [`Self::state`].
    pub fn state_about(
        &self,
        stamp: &Stamp,
        kind: &str,
        subject: &str,
        value: &str,
        about: &Value,
    ) -> Result<u64> {
        statements::check_kind(kind)?;
        self.inner.write(|t| {
            let id = statements::add(t, stamp, kind, subject, value)?;
            let detail = json!({"statement": id, "kind": kind, "subject": subject, "sha256": crate::sha256_hex(value.as_bytes())});
            let detail = beside(detail, about);
            let touched = Touched::nothing().row("statement", id);
            custody::append(t, stamp, "statement.add", &detail, &touched)?;
            Ok(id)
        })
    }

    /// Takes a statement back; both rows stay.
    ///
    /// # Errors
    /// When no such statement stands, or the case is read-only.
    pub fn take_back(&self, stamp: &Stamp, statement: u64) -> Result<()> {
        self.take_back_about(stamp, statement, &Value::Null)
    }

    /// The same with what a reader of the log should know of it beside.
    ///
    /// # Errors
    /// As [`Self::take_back`].
    pub fn take_back_about(&self, stamp: &Stamp, statement: u64, about: &Value) -> Result<()> {
        self.inner.write(|t| {
            let (id, taken) = statements::retract(t, stamp, statement)?;
            let detail = json!({
                "statement": statement, "kind": taken.kind, "subject": taken.subject,
                "sha256": crate::sha256_hex(taken.value.as_bytes()),
            });
            let detail = beside(detail, about);
            let touched = Touched::nothing().row("statement", id);
            custody::append(t, stamp, "statement.retract", &detail, &touched)?;
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

    /// Keeps a result in the place of an earlier one of the same kind and key, with an entry in the custody log: what is kept
    /// is shown without being made again, so nobody else may change it. A case that is open for reading only keeps
    /// nothing: the result is made again next time.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn keep_derived(&self, kind: &str, key: &str, result: &Derived) -> Result<()> {
        if self.is_read_only() {
            return Ok(());
        }
        let stamp = Stamp {
            at: result.at,
            ..self.inner.opened.clone().ok_or(StoreError::ReadOnly)?
        };
        self.inner.write(|t| {
            derived::put(t, kind, key, result)?;
            let detail = json!({"kind": kind, "key": key});
            let touched = Touched::nothing().tables(&["derived"]);
            custody::append(t, &stamp, "derived.keep", &detail, &touched)?;
            Ok(())
        })
    }

    /// Forgets what was kept under a kind and key, or everything of a kind.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn forget_derived(&self, stamp: &Stamp, kind: &str, key: Option<&str>) -> Result<()> {
        if self.is_read_only() {
            return Ok(());
        }
        self.inner.write(|t| {
            derived::forget(t, kind, key)?;
            let detail = json!({"kind": kind, "key": key});
            let touched = Touched::nothing().tables(&["derived"]);
            custody::append(t, stamp, "derived.forget", &detail, &touched)?;
            Ok(())
        })
    }
}
