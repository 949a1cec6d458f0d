//! SQL over the events of a case: read-only, limited in time and memory.
//!
//! Owns: what the statement is run on and how long it may run. Never touches: SQL itself, which only `store` runs.

use std::cell::RefCell;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use witnessmark_export::spreadsheet_safe;
use witnessmark_model::Zone;
use witnessmark_store::query::{Sql, SqlCell};

use crate::api::SqlReport;
use crate::case::Case;
use crate::error::{Code, Error, Result};

/// How much a statement may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlLimits {
    /// Seconds after which it is ended.
    pub seconds: u32,
    /// Bytes of memory that SQLite may hold for it.
    pub memory: u64,
}

impl Default for SqlLimits {
    fn default() -> Self {
        Self {
            seconds: 60,
            memory: 1 << 30,
        }
    }
}

impl Case {
    /// Runs one SELECT over the tables `events`, `targets`, `changes` and `sources` (docs/sql.md). `names` is given the
    /// names of the columns, then `row` each row as it is found, in memory that does not grow with their number.
    ///
    /// # Errors
    /// A statement that SQLite does not understand or that is not allowed here, and a limit that was passed.
    pub fn sql(
        &self,
        statement: &str,
        limits: SqlLimits,
        names: &mut dyn FnMut(&[String]),
        row: &mut dyn FnMut(&[SqlCell]) -> ControlFlow<()>,
    ) -> Result<()> {
        let answer = self.answer("", &Zone::UTC)?;
        let sql = Sql {
            snapshot: answer.snapshot,
            facts: Arc::clone(&self.facts) as _,
            caches: Arc::clone(&self.caches),
            sources: self.sources()?.sources.iter().map(source).collect(),
        };
        let setting = Arc::clone(&self.setting);
        let until = (setting.now)()
            .0
            .saturating_add(i64::from(limits.seconds) * 1_000_000_000);
        let go_on = Box::new(move || (setting.now)().0 < until);
        sql.run(statement, limits.memory, go_on, names, row)
            .map_err(|error| match error {
                witnessmark_store::StoreError::Cancelled => Error::new(
                    Code::LimitExceeded,
                    format!("the statement ran longer than {} seconds", limits.seconds),
                    "Narrow it by time or by an exact value, or give it more time.",
                ),
                witnessmark_store::StoreError::Query(said) => Error::new(
                    Code::InvalidQuery,
                    format!("the statement cannot be run: {said}"),
                    "See docs/sql.md for the tables and their columns.",
                ),
                other => other.into(),
            })
    }

    /// Writes the rows of a statement as CSV for spreadsheets (RFC 4180): every cell quoted, formulas made text.
    ///
    /// # Errors
    /// As [`Case::sql`], and when `out` refuses, which is given back as it came.
    pub fn sql_csv(
        &self,
        statement: &str,
        limits: SqlLimits,
        out: &mut dyn Write,
    ) -> Result<io::Result<()>> {
        let names = RefCell::new(Vec::new());
        let mut begun = false;
        let mut written = Ok(());
        self.sql(
            statement,
            limits,
            &mut |columns| *names.borrow_mut() = columns.to_vec(),
            &mut |cells| {
                let head = if begun {
                    Ok(())
                } else {
                    line(names.borrow().iter().map(|n| spreadsheet_safe(n)), out)
                };
                begun = true;
                written = head.and_then(|()| line(cells.iter().map(safe), out));
                match written {
                    Ok(()) => ControlFlow::Continue(()),
                    Err(_) => ControlFlow::Break(()),
                }
            },
        )?;
        if !begun {
            written = line(names.borrow().iter().map(|n| spreadsheet_safe(n)), out);
        }
        Ok(written)
    }

    /// The same into a new file.
    ///
    /// # Errors
    /// As [`Case::sql`], and when the file cannot be written.
    pub fn sql_save(&self, statement: &str, limits: SqlLimits, path: &Path) -> Result<()> {
        let cannot = |error: io::Error| {
            Error::new(
                Code::Io,
                format!("`{}` cannot be written: {error}", path.display()),
                "Choose another place or name.",
            )
            .at(path.to_string_lossy())
        };
        let file = std::fs::File::create(path).map_err(cannot)?;
        let mut out = io::BufWriter::new(file);
        self.sql_csv(statement, limits, &mut out)?
            .and_then(|()| out.flush())
            .map_err(cannot)
    }

    /// At most so many rows of a statement, for the window.
    ///
    /// # Errors
    /// As [`Case::sql`].
    pub fn sql_report(&self, statement: &str, most: u32, limits: SqlLimits) -> Result<SqlReport> {
        let mut columns = Vec::new();
        let mut rows: Vec<Vec<Value>> = Vec::new();
        let mut cut = false;
        self.sql(
            statement,
            limits,
            &mut |names| columns = names.to_vec(),
            &mut |cells| {
                if rows.len() >= most as usize {
                    cut = true;
                    return ControlFlow::Break(());
                }
                rows.push(cells.iter().map(shown).collect());
                ControlFlow::Continue(())
            },
        )?;
        Ok(SqlReport { columns, rows, cut })
    }
}

/// A row of CSV.
fn line(cells: impl Iterator<Item = String>, out: &mut dyn Write) -> io::Result<()> {
    for (at, cell) in cells.enumerate() {
        let comma = if at > 0 { "," } else { "" };
        write!(out, "{comma}\"{}\"", cell.replace('"', "\"\""))?;
    }
    write!(out, "\r\n")
}

/// A cell for a spreadsheet. A number below zero is no formula.
fn safe(cell: &SqlCell) -> String {
    match cell {
        SqlCell::Null => String::new(),
        SqlCell::Integer(n) => n.to_string(),
        SqlCell::Real(n) => n.to_string(),
        SqlCell::Text(text) => spreadsheet_safe(text),
    }
}

/// A cell for the window, whose numbers are exact up to 2^53; a greater one is text.
fn shown(cell: &SqlCell) -> Value {
    match cell {
        SqlCell::Null => Value::Null,
        SqlCell::Integer(n) if n.unsigned_abs() < 1 << 53 => json!(n),
        SqlCell::Integer(n) => json!(n.to_string()),
        SqlCell::Real(n) => json!(n),
        SqlCell::Text(text) => json!(text),
    }
}

fn source(source: &crate::api::SourceReport) -> Value {
    json!({
        "source": source.id, "name": source.name, "state": source.state, "sha256": source.sha256,
        "bytes": source.bytes, "entries": source.entries, "stored": source.stored,
        "duplicates": source.duplicates, "rejected": source.rejected, "events": source.events,
        "undated": source.undated, "zone": source.zone, "profiles": source.profiles.join(", "),
        "first": source.first, "last": source.last,
    })
}
