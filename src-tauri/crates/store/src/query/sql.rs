//! Read-only SQL over the events of a case, for those who know what they ask.
//!
//! Owns: the connection in which such a statement runs, what it may do there, and its limits. Never touches: the case
//! file. The connection is one of its own, in memory and empty but for the tables of `shelf`, so there is nothing
//! else that a statement could read; the law below refuses everything but reading these.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use rusqlite::{
    Connection, OpenFlags,
    config::DbConfig,
    hooks::{AuthAction, AuthContext, Authorization},
    limits::Limit,
    types::ValueRef,
};
use serde_json::Value as Json;

use super::{Caches, Facts, Snapshot, shelf::Kind, table, table_rows::World};
use crate::{Result, StoreError};

/// Steps of SQLite's machine between two looks at the clock and the memory. Each may take a value of [`LONGEST`].
const STEPS: i32 = 500;
/// Bytes of one value. Functions such as `instr` look at a value for as long as the square of its length, and no clock is
/// looked at meanwhile.
const LONGEST: i32 = 1 << 20;
/// SQLite's own tables that a statement may read: they take JSON apart.
const JSON_TABLES: &[&str] = &["json_each", "json_tree"];

/// One cell of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum SqlCell {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text; bytes are given as hexadecimal digits.
    Text(String),
}

/// The events of a case, ready to be asked in SQL.
pub struct Sql {
    /// The segments.
    pub snapshot: Arc<Snapshot>,
    /// Overlays, names, original bytes.
    pub facts: Arc<dyn Facts>,
    /// What earlier queries of the same case found out.
    pub caches: Arc<Caches>,
    /// One object for each source, with the columns of the table `sources`.
    pub sources: Vec<Json>,
}

/// What stopped a statement.
const ASKED: u8 = 1;
const MEMORY: u8 = 2;

impl Sql {
    /// Runs one statement. `names` is given the names of the columns, then `row` each row as it is found; a break ends it.
    /// `go_on` is asked now and then. The statement may hold `memory` bytes of SQLite's memory.
    ///
    /// # Errors
    /// A statement that is wrong or not allowed, a limit that was passed, or the wish of `go_on`.
    pub fn run(
        self,
        text: &str,
        memory: u64,
        go_on: Box<dyn Fn() -> bool + Send>,
        names: &mut dyn FnMut(&[String]),
        row: &mut dyn FnMut(&[SqlCell]) -> ControlFlow<()>,
    ) -> Result<()> {
        let world = World::new(self.snapshot, self.facts, self.caches, self.sources)?;
        let stopped = Arc::new(AtomicU8::new(0));
        let connection = open(&Arc::new(world), memory, go_on, &stopped)?;
        let result = run(&connection, text, names, row);
        match (result, stopped.load(Ordering::Relaxed)) {
            (Err(_), ASKED) => Err(StoreError::Cancelled),
            (Err(_), MEMORY) => Err(StoreError::Query(format!(
                "the statement needs more than {} MiB; narrow it, or export the view and ask there",
                memory >> 20
            ))),
            (Err(error), _) => Err(StoreError::Query(words(&error))),
            (Ok(()), _) => Ok(()),
        }
    }
}

/// What SQLite says, with the reason where the law refused.
fn words(error: &rusqlite::Error) -> String {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::AuthorizationForStatementDenied) => {
            "only one SELECT over the tables events, targets, changes and sources is allowed here"
                .to_owned()
        }
        Some(rusqlite::ErrorCode::TooBig) => {
            "the statement is too long, or a value has more than 1 MiB".to_owned()
        }
        _ => error.to_string(),
    }
}

fn open(
    world: &Arc<World>,
    memory: u64,
    go_on: Box<dyn Fn() -> bool + Send>,
    stopped: &Arc<AtomicU8>,
) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_MEMORY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(":memory:", flags)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false)?;
    // Sorting must not lay values of an encrypted case on the disk.
    connection.execute_batch("PRAGMA temp_store = MEMORY;")?;
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, LONGEST),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 256 << 10),
        (Limit::SQLITE_LIMIT_COLUMN, 256),
        (Limit::SQLITE_LIMIT_EXPR_DEPTH, 200),
        (Limit::SQLITE_LIMIT_COMPOUND_SELECT, 64),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
        (Limit::SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 4_096),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 1),
        (Limit::SQLITE_LIMIT_WORKER_THREADS, 0),
    ] {
        connection.set_limit(limit, most)?;
    }
    table::register(&connection, world)?;
    connection.authorizer(Some(law))?;
    let (stopped, before) = (Arc::clone(stopped), table::memory_used());
    connection.progress_handler(
        STEPS,
        Some(move || {
            let held = table::memory_used().saturating_sub(before);
            let why = if !go_on() {
                ASKED
            } else if u64::try_from(held).unwrap_or(0) > memory {
                MEMORY
            } else {
                return false;
            };
            stopped.store(why, Ordering::Relaxed);
            true
        }),
    )?;
    Ok(connection)
}

/// What a statement may do: read the tables of the case, take JSON apart, call functions that only compute.
fn law(context: AuthContext<'_>) -> Authorization {
    let allowed = match context.action {
        AuthAction::Select | AuthAction::Recursive => true,
        // Of a table without its columns, such as for `count(*)`, also when it is a part of the statement itself (`WITH`).
        AuthAction::Read {
            table_name,
            column_name: "",
        } => !["sqlite_", "pragma_", "dbstat"]
            .iter()
            .any(|inside| table_name.to_ascii_lowercase().starts_with(inside)),
        AuthAction::Read { table_name, .. } => {
            Kind::ALL.iter().any(|kind| kind.name() == table_name)
                || JSON_TABLES.contains(&table_name)
        }
        // What loads code or reads SQLite's inside; everything else that is built in only computes.
        AuthAction::Function { function_name } => {
            let name = function_name.to_ascii_lowercase();
            !["load_extension", "fts3_tokenizer", "sqlcipher_export"].contains(&name.as_str())
        }
        _ => false,
    };
    if allowed {
        Authorization::Allow
    } else {
        Authorization::Deny
    }
}

fn run(
    connection: &Connection,
    text: &str,
    names: &mut dyn FnMut(&[String]),
    row: &mut dyn FnMut(&[SqlCell]) -> ControlFlow<()>,
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(text)?;
    let columns: Vec<String> = (statement.column_names()).map(str::to_owned).collect();
    if columns.is_empty() {
        return Err(rusqlite::Error::ModuleError(
            "there is no SELECT in it".into(),
        ));
    }
    names(&columns);
    let mut rows = statement.query([])?;
    let mut cells = Vec::with_capacity(columns.len());
    while let Some(found) = rows.next()? {
        cells.clear();
        for at in 0..columns.len() {
            cells.push(match found.get_ref(at)? {
                ValueRef::Null => SqlCell::Null,
                ValueRef::Integer(n) => SqlCell::Integer(n),
                ValueRef::Real(n) => SqlCell::Real(n),
                ValueRef::Text(text) => SqlCell::Text(String::from_utf8_lossy(text).into_owned()),
                ValueRef::Blob(bytes) => SqlCell::Text(hex::encode(bytes)),
            });
        }
        if row(&cells).is_break() {
            break;
        }
    }
    Ok(())
}
