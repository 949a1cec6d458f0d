//! Remote logs that are pulled into the case: where each is read up to, what each request gave, which spans are complete.
//!
//! Owns: the rows of streams, pages and coverage. Never touches: how a log is asked for; secrets, which never come here.
//! A position changes only in the transaction that makes the entries before it visible.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Value, json};
use witnessmark_model::Instant;

use super::content::Touched;
use super::{Case, Stamp, custody, held};
use crate::error::{Result, StoreError};

/// Schema version that added pulls.
const SINCE: i64 = 2;

/// A remote log of a case.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct PullStream {
    /// Its number, from 1.
    pub id: u64,
    /// The connector and the version that made it.
    pub connector: String,
    /// Scheme, host and port.
    pub origin: String,
    /// Settings as canonical JSON, without secrets.
    pub settings: String,
    /// The position as JSON; the program that pulls knows its shape.
    pub cursor: String,
    /// When it was first pulled.
    pub at: Instant,
    /// Who pulled it first.
    pub who: String,
}

/// One answer of a remote system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PulledPage {
    /// When it was whole.
    pub at: Instant,
    /// Address, without secrets.
    pub url: String,
    /// HTTP status.
    pub status: u16,
    /// Headers that decided something, as a JSON object.
    pub headers: String,
    /// SHA-256 of the body after decompression.
    pub sha256: [u8; 32],
    /// Entries in it.
    pub items: u64,
}

/// A span of time of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullCoverage {
    /// From here.
    pub from: Instant,
    /// To before here.
    pub to: Instant,
    /// Whether all of it was read.
    pub complete: bool,
    /// Why not, or what to know.
    pub reason: String,
}

/// What becomes visible together: pages, what they cover, and the position after them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullPart {
    /// The stream.
    pub stream: u64,
    /// Its pages in order.
    pub pages: Vec<PulledPage>,
    /// What is known of spans now.
    pub coverage: Vec<PullCoverage>,
    /// The position after them, as JSON.
    pub cursor: String,
}

/// What the custody log says of a part: hashes of its pages and of its position.
pub(crate) fn told(part: &PullPart) -> Value {
    let pages: Vec<Value> = part
        .pages
        .iter()
        .map(|page| json!({"sha256": hex::encode(page.sha256), "items": page.items, "status": page.status}))
        .collect();
    json!({
        "stream": part.stream,
        "pages": pages,
        "cursor_sha256": crate::sha256_hex(part.cursor.as_bytes()),
    })
}

pub(crate) fn write(t: &Connection, part: &PullPart, import: Option<i64>) -> Result<()> {
    let stream = part.stream as i64;
    let mut page = t.prepare_cached(
        "INSERT INTO pull_page (stream, import, at, url, status, headers, sha256, items) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for p in &part.pages {
        let hash = p.sha256.as_slice();
        page.execute(params![
            stream,
            import,
            p.at.0,
            p.url,
            p.status,
            p.headers,
            hash,
            p.items as i64
        ])?;
    }
    let mut span = t.prepare_cached(
        "INSERT INTO pull_coverage (stream, import, first, last, complete, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for c in &part.coverage {
        span.execute(params![
            stream, import, c.from.0, c.to.0, c.complete, c.reason
        ])?;
    }
    let moved = t.execute(
        "UPDATE pull_stream SET cursor = ?2 WHERE id = ?1",
        params![stream, part.cursor],
    )?;
    if moved == 0 {
        return Err(StoreError::NoSuch {
            what: "stream",
            number: part.stream,
        });
    }
    Ok(())
}

fn stream(row: &Row<'_>) -> rusqlite::Result<PullStream> {
    Ok(PullStream {
        id: row.get::<_, i64>(0)? as u64,
        connector: row.get(1)?,
        origin: row.get(2)?,
        settings: row.get(3)?,
        cursor: row.get(4)?,
        at: Instant(row.get(5)?),
        who: row.get(6)?,
    })
}

const COLUMNS: &str = "id, connector, origin, settings, cursor, at, who";

impl Case {
    /// The stream of a connector with these settings at this origin; made when there is none yet.
    ///
    /// # Errors
    /// When the case is read-only.
    pub fn pull_stream(
        &self,
        stamp: &Stamp,
        connector: &str,
        origin: &str,
        settings: &str,
    ) -> Result<PullStream> {
        let known = |t: &Connection| {
            t.query_row(
                &format!("SELECT {COLUMNS} FROM pull_stream WHERE connector = ?1 AND origin = ?2 AND settings = ?3"),
                [connector, origin, settings],
                stream,
            )
            .optional()
        };
        self.inner.write(|t| {
            if let Some(stream) = known(t)? {
                return Ok(stream);
            }
            t.execute(
                "INSERT INTO pull_stream (connector, origin, settings, cursor, at, who) VALUES (?1, ?2, ?3, '{}', ?4, ?5)",
                params![connector, origin, settings, stamp.at.0, stamp.who],
            )?;
            let detail = json!({"stream": t.last_insert_rowid(), "connector": connector, "origin": origin, "settings": settings});
            let touched = Touched::nothing().tables(&["pull_stream"]);
            custody::append(t, stamp, "pull.stream", &detail, &touched)?;
            known(t)?.ok_or(StoreError::OutOfOrder("a stream that was made is not there"))
        })
    }

    /// Keeps a part whose pages hold no entry.
    ///
    /// # Errors
    /// When the case is read-only, or the disk refuses.
    pub fn keep_pull(&self, stamp: &Stamp, part: &PullPart) -> Result<()> {
        self.inner.write(|t| {
            let last = |table: &str| {
                let sql = format!("SELECT coalesce(max(id), 0) FROM {table}");
                t.query_row(&sql, [], |r| r.get::<_, i64>(0))
            };
            let (page, span) = (last("pull_page")?, last("pull_coverage")?);
            write(t, part, None)?;
            let touched = Touched::nothing()
                .tables(&["pull_stream"])
                .rows_after(t, "pull_page", page)?
                .rows_after(t, "pull_coverage", span)?;
            custody::append(t, stamp, "pull", &told(part), &touched)?;
            Ok(())
        })
    }

    /// Every stream of the case.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pull_streams(&self) -> Result<Vec<PullStream>> {
        if self.inner.meta.schema < SINCE {
            return Ok(Vec::new());
        }
        let reader = held(&self.inner.reader);
        let mut statement =
            reader.prepare_cached(&format!("SELECT {COLUMNS} FROM pull_stream ORDER BY id"))?;
        let rows = statement.query_map([], stream)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The pages of a stream in the order in which they came.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pulled_pages(&self, stream: u64) -> Result<Vec<PulledPage>> {
        let reader = held(&self.inner.reader);
        let mut statement = reader.prepare_cached(
            "SELECT at, url, status, headers, sha256, items FROM pull_page WHERE stream = ?1 ORDER BY id",
        )?;
        let rows = statement.query_map([stream as i64], |r| {
            Ok(PulledPage {
                at: Instant(r.get(0)?),
                url: r.get(1)?,
                status: r.get(2)?,
                headers: r.get(3)?,
                sha256: r.get(4)?,
                items: r.get::<_, i64>(5)? as u64,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What is known of the spans of a stream, in the order in which it became known: a later one says more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pull_coverage(&self, stream: u64) -> Result<Vec<PullCoverage>> {
        let reader = held(&self.inner.reader);
        let mut statement = reader.prepare_cached(
            "SELECT first, last, complete, reason FROM pull_coverage WHERE stream = ?1 ORDER BY id",
        )?;
        let rows = statement.query_map([stream as i64], |r| {
            Ok(PullCoverage {
                from: Instant(r.get(0)?),
                to: Instant(r.get(1)?),
                complete: r.get(2)?,
                reason: r.get(3)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
