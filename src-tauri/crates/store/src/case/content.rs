//! What the custody log tells of every row: a digest for each part of each table, told anew by every entry that changed it.
//!
//! Owns: which rows of a table are one part, how rows become bytes, and the comparison on opening. Never touches: what rows
//! mean. The newest digest of every part together fix all that the case holds and shows; a row that was changed, added
//! or taken away by another program belongs to a part whose digest is no longer the one told. Bytes of columns and of
//! evidence are not in it: their hashes are values of rows that are.
//!
//! How another table is covered: one line in [`TABLES`], the same in `verify/src/rows.rs` (which shares no code with this),
//! and a [`Touched`] that names the part wherever [`custody::append`] is called after a row was written. Another column
//! needs nothing. A write that forgets to tell is refused by builds with debug assertions, so every test finds it; a table
//! without a line fails the test below and `tests/tamper.rs`. Rows that people add one at a time lie in parts of 64, so that telling of
//! one costs the same however many there are.

use std::collections::{BTreeMap, BTreeSet};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use rusqlite::{Connection, types::ValueRef};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::custody;
use crate::error::{Result, StoreError};

/// The first schema version whose entries tell of content.
pub(crate) const SINCE: i64 = 3;

/// Which rows are told of together.
#[derive(Clone, Copy)]
enum Part {
    /// The whole table, as part 0.
    Whole,
    /// Those of 64 numbers: part n holds the ids from 64 n on.
    Lot,
    /// Those with one value of this column, which is the part's number.
    By(&'static str),
}

/// How a table is covered.
struct Table {
    name: &'static str,
    part: Part,
    /// The order of the rows in the digest; no two rows are equal in it.
    order: &'static str,
    /// Rows that do not count, because they belong to an import under way or say how the file is open.
    without: &'static str,
    /// The column whose bytes are hashed elsewhere.
    apart: &'static str,
    /// The parts that an import (`?1`) wrote; empty for whole tables.
    of_import: &'static str,
}

const UNFINISHED: &str = "coalesce(import, 0) IN (SELECT id FROM import WHERE state = 'importing')";
/// An import takes nothing back before it is complete, so a row that takes back always counts.
const UNFINISHED_OVERLAY: &str =
    "retracts IS NULL AND coalesce(import, 0) IN (SELECT id FROM import WHERE state = 'importing')";
const UNFINISHED_SEGMENT: &str = "segment IN (SELECT s.id FROM segment s JOIN import i ON i.id = s.import WHERE i.state = 'importing')";

const fn whole(name: &'static str, order: &'static str, without: &'static str) -> Table {
    Table {
        name,
        part: Part::Whole,
        order,
        without,
        apart: "",
        of_import: "",
    }
}

const TABLES: &[Table] = &[
    whole("meta", "key", "key = 'open'"),
    whole("import", "id", "state = 'importing'"),
    whole("evidence", "id", UNFINISHED),
    whole("source", "id", UNFINISHED),
    whole("segment", "id", UNFINISHED),
    whole("segment_chunk", "segment, chunk", UNFINISHED_SEGMENT),
    whole("segment_source", "segment, source", UNFINISHED_SEGMENT),
    Table {
        apart: "data",
        ..whole(
            "segment_column",
            "segment, field, chunk",
            UNFINISHED_SEGMENT,
        )
    },
    Table {
        apart: "data",
        ..whole("segment_dictionary", "segment, field", UNFINISHED_SEGMENT)
    },
    whole("hot_event", "event", UNFINISHED),
    whole("profile", "name, sha256", ""),
    whole("pull_stream", "id", ""),
    whole("derived", "kind, key", ""),
    Table {
        part: Part::By("segment"),
        of_import: "SELECT v.segment FROM segment_vendor_id v JOIN segment s ON s.id = v.segment WHERE s.import = ?1",
        ..whole("segment_vendor_id", "segment", UNFINISHED_SEGMENT)
    },
    // Rejects of an import under way come before their sources.
    Table {
        part: Part::By("source"),
        of_import: "SELECT DISTINCT r.source FROM reject r JOIN source s ON s.id = r.source WHERE s.import = ?1",
        ..whole(
            "reject",
            "source, entry",
            "source NOT IN (SELECT id FROM source) AND EXISTS (SELECT 1 FROM import WHERE state = 'importing')",
        )
    },
    Table {
        part: Part::By("import"),
        of_import: "SELECT DISTINCT import FROM attestation WHERE import = ?1",
        ..whole("attestation", "id", UNFINISHED)
    },
    Table {
        part: Part::By("import"),
        of_import: "SELECT DISTINCT import FROM superseded WHERE import = ?1",
        ..whole("superseded", "id", UNFINISHED)
    },
    Table {
        part: Part::Lot,
        of_import: "SELECT DISTINCT id >> 6 FROM overlay WHERE import = ?1",
        ..whole("overlay", "id", UNFINISHED_OVERLAY)
    },
    Table {
        part: Part::Lot,
        ..whole("statement", "id", "")
    },
    Table {
        part: Part::Lot,
        of_import: "SELECT DISTINCT id >> 6 FROM pull_page WHERE import = ?1",
        ..whole("pull_page", "id", "")
    },
    Table {
        part: Part::Lot,
        of_import: "SELECT DISTINCT id >> 6 FROM pull_coverage WHERE import = ?1",
        ..whole("pull_coverage", "id", "")
    },
];

/// Tables that grow with the number of entries and hide no event: they are compared on opening only where the whole file is.
/// (How many rejects each source has is compared always: `agree`.)
const LARGE: &[&str] = &["segment_vendor_id", "reject"];

/// Tables of no digest: the log itself (it is a chain) and blocks of evidence (`evidence.sha256` is over them).
#[cfg(test)]
const APART: &[&str] = &["custody", "evidence_block"];

/// Parts of tables that an entry of the log tells of anew, because rows of them were written.
#[derive(Debug, Default)]
pub(crate) struct Touched(BTreeMap<&'static str, BTreeSet<i64>>);

impl Touched {
    /// For an entry that tells of something outside the file.
    pub(crate) fn nothing() -> Self {
        Self::default()
    }

    /// These tables, which are one part each.
    pub(crate) fn tables(mut self, names: &[&'static str]) -> Self {
        for name in names {
            self.0.entry(name).or_default().insert(0);
        }
        self
    }

    /// One part of a table.
    pub(crate) fn part(mut self, table: &'static str, part: i64) -> Self {
        self.0.entry(table).or_default().insert(part);
        self
    }

    /// The part that holds a row of a table whose rows come one at a time.
    pub(crate) fn row(self, table: &'static str, id: u64) -> Self {
        self.part(table, (id >> 6) as i64)
    }

    /// The parts that hold rows from a number on.
    pub(crate) fn rows_after(
        mut self,
        connection: &Connection,
        table: &'static str,
        id: i64,
    ) -> Result<Self> {
        let parts = self.0.entry(table).or_default();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT DISTINCT id >> 6 FROM {table} WHERE id > ?1"
        ))?;
        let mut rows = statement.query([id])?;
        while let Some(row) = rows.next()? {
            parts.insert(row.get(0)?);
        }
        Ok(self)
    }

    /// These and those.
    pub(crate) fn and(mut self, other: Self) -> Self {
        for (table, parts) in other.0 {
            self.0.entry(table).or_default().extend(parts);
        }
        self
    }

    /// Everything that came with an import.
    pub(crate) fn import(connection: &Connection, import: i64) -> Result<Self> {
        let mut touched = Self::default();
        for table in TABLES {
            if matches!(table.part, Part::Whole) {
                touched = touched.tables(&[table.name]);
            } else if !table.of_import.is_empty() {
                let mut statement = connection.prepare_cached(table.of_import)?;
                let mut rows = statement.query([import])?;
                while let Some(row) = rows.next()? {
                    touched = touched.part(table.name, row.get(0)?);
                }
            }
        }
        Ok(touched)
    }

    /// Everything: an entry that begins the telling.
    pub(crate) fn everything(connection: &Connection) -> Result<Self> {
        let mut touched = Self::default();
        let key = key(connection)?;
        for table in TABLES {
            let parts = digests(connection, &key, table, None)?;
            touched
                .0
                .entry(table.name)
                .or_default()
                .extend(parts.into_keys());
        }
        Ok(touched)
    }

    /// What the entry says: for each table the digest of each part, or null where a part has no row any more.
    pub(crate) fn told(&self, connection: &Connection) -> Result<Option<Value>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let key = key(connection)?;
        let mut told = Map::new();
        for table in TABLES {
            let Some(parts) = self.0.get(table.name) else {
                continue;
            };
            let mut of_table = Map::new();
            for part in parts {
                let digest = digests(connection, &key, table, Some(*part))?.remove(part);
                of_table.insert(part.to_string(), digest.into());
            }
            told.insert(table.name.to_owned(), Value::Object(of_table));
        }
        Ok(Some(Value::Object(told)))
    }
}

/// Keeps digests in packages from confirming a guess at a row: the key never leaves the case.
fn key(connection: &Connection) -> Result<Vec<u8>> {
    let key: String = connection
        .prepare_cached("SELECT value FROM meta WHERE key = 'identity_key'")?
        .query_row([], |r| r.get(0))?;
    hex::decode(key).map_err(|e| StoreError::corrupt("the identity key", e.to_string()))
}

/// The digests of one part of a table, or of all of them, in base64.
fn digests(
    connection: &Connection,
    key: &[u8],
    table: &Table,
    only: Option<i64>,
) -> Result<BTreeMap<i64, String>> {
    let name = table.name;
    let columns: Vec<String> = connection
        .prepare_cached("SELECT name FROM pragma_table_info(?1) WHERE name <> ?2 ORDER BY cid")?
        .query_map([name, table.apart], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut head = Sha256::new_with_prefix(key);
    head.update(format!("{name}\n{}\n", columns.join(",")));
    let (part, range) = match table.part {
        Part::Whole => ("0".to_owned(), "?1 = 0".to_owned()),
        Part::Lot => (
            "id >> 6".to_owned(),
            "id >= ?1 * 64 AND id < ?1 * 64 + 64".to_owned(),
        ),
        Part::By(column) => (column.to_owned(), format!("{column} = ?1")),
    };
    let mut sql = format!("SELECT {part}");
    for column in &columns {
        sql.push_str(&format!(", \"{column}\""));
    }
    sql.push_str(&format!(" FROM {name} WHERE "));
    sql.push_str(if only.is_some() { &range } else { "?1 IS NULL" });
    if !table.without.is_empty() {
        sql.push_str(&format!(" AND NOT ({})", table.without));
    }
    sql.push_str(&format!(" ORDER BY {}", table.order));
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query([only])?;
    let mut hashes: BTreeMap<i64, Sha256> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let hash = hashes.entry(row.get(0)?).or_insert_with(|| head.clone());
        for at in 1..=columns.len() {
            value(hash, row.get_ref(at)?);
        }
    }
    // Not in hex, where thirteen decimal digits in a row would pass for the number of a card when a package is redacted.
    let done = |(part, hash): (i64, Sha256)| (part, STANDARD_NO_PAD.encode(hash.finalize()));
    Ok(hashes.into_iter().map(done).collect())
}

/// A value as bytes that no other value has: its kind, then eight bytes, or a length in eight bytes and the bytes.
fn value(hash: &mut Sha256, value: ValueRef<'_>) {
    let (kind, number) = match value {
        ValueRef::Null => {
            hash.update(b"n");
            return;
        }
        ValueRef::Integer(i) => (b"i", i.to_be_bytes()),
        ValueRef::Real(r) => (b"r", r.to_be_bytes()),
        ValueRef::Text(t) => (b"t", (t.len() as u64).to_be_bytes()),
        ValueRef::Blob(b) => (b"b", (b.len() as u64).to_be_bytes()),
    };
    hash.update(kind);
    hash.update(number);
    if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) = value {
        hash.update(bytes);
    }
}

/// The newest digest of every part, by table; absent when no entry tells of content.
type Told = BTreeMap<String, BTreeMap<i64, Option<String>>>;

fn told(connection: &Connection) -> Result<Option<Told>> {
    let mut told = None;
    for entry in custody::list(connection)? {
        let Some(content) = entry.entry["content"].as_object() else {
            continue;
        };
        let told: &mut Told = told.get_or_insert_with(Told::new);
        for (table, parts) in content {
            let of_table = told.entry(table.clone()).or_default();
            for (part, digest) in parts.as_object().into_iter().flatten() {
                if let Ok(part) = part.parse() {
                    of_table.insert(part, digest.as_str().map(ToOwned::to_owned));
                }
            }
        }
    }
    Ok(told)
}

/// Compares what the log tells with what is there; the inner error names the first table that differs. `whole` says that
/// large tables are looked at too.
pub(crate) fn check(
    connection: &Connection,
    version: i64,
    whole: bool,
) -> Result<std::result::Result<(), String>> {
    let Some(mut told) = told(connection)? else {
        return Ok(if version < SINCE {
            Ok(())
        } else {
            Err("the custody log tells nothing of the content".to_owned())
        });
    };
    if version < SINCE {
        return Ok(Err(format!(
            "the file is marked as one of version {version}, which its custody log is not"
        )));
    }
    let key = key(connection)?;
    for table in TABLES {
        let told = told.remove(table.name).unwrap_or_default();
        if LARGE.contains(&table.name) && !whole {
            continue;
        }
        let told = told.into_iter().filter_map(|(part, d)| Some((part, d?)));
        if !told.eq(digests(connection, &key, table, None)?) {
            return Ok(Err(format!(
                "the rows of `{}` are not those that the custody log tells of",
                table.name
            )));
        }
    }
    Ok(match told.into_keys().next() {
        Some(table) => Err(format!(
            "the custody log tells of a table `{table}` that this program does not know"
        )),
        None => Ok(()),
    })
}

/// In builds with debug assertions: whether what a transaction wrote is told of. A write that is not would make the case one
/// that no program opens again.
pub(crate) fn assert_told(connection: &Connection) -> Result<()> {
    if cfg!(debug_assertions) {
        let version = connection.pragma_query_value(None, "user_version", |r| r.get(0))?;
        if let Err(why) = check(connection, version, true)? {
            return Err(StoreError::corrupt("what was to be written", why));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::defence;

    #[test]
    fn every_table_of_the_schema_is_covered_or_named_as_one_that_is_not() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(&defence::schema(defence::SCHEMA_VERSION))
            .unwrap();
        let tables: Vec<String> = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
            .unwrap()
            .query_map([], |r| r.get(0))
            .unwrap()
            .collect::<rusqlite::Result<_>>()
            .unwrap();
        let mut known: Vec<&str> = TABLES
            .iter()
            .map(|t| t.name)
            .chain(APART.to_vec())
            .collect();
        known.sort_unstable();
        assert_eq!(tables, known);
    }
}
