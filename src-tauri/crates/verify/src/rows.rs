//! Every row of a case against the digests that its custody log tells.
//!
//! Owns: docs/case-format.md, "What the log tells of rows". Never touches: what rows mean, bytes of columns and of evidence
//! (their hashes are values of rows that are looked at here). A table that this does not know is a fault.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use rusqlite::{Connection, types::ValueRef};
use sha2::{Digest, Sha256};

use crate::custody::Log;
use crate::report::Layer;

/// The first schema version whose log tells of rows.
const SINCE: i64 = 3;

/// Table, number of the part that a row is in, order of the rows, rows that do not count, column that is hashed elsewhere.
type Rule = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const UNDER_WAY: &str = "coalesce(import, 0) IN (SELECT id FROM import WHERE state = 'importing')";
/// One that takes another back always counts.
const OVERLAY_UNDER_WAY: &str =
    "coalesce(import, 0) IN (SELECT id FROM import WHERE state = 'importing') AND retracts IS NULL";
const SEGMENT_UNDER_WAY: &str = "segment IN (SELECT s.id FROM segment s JOIN import i ON i.id = s.import WHERE i.state = 'importing')";
const REJECT_UNDER_WAY: &str = "source NOT IN (SELECT id FROM source) AND EXISTS (SELECT 1 FROM import WHERE state = 'importing')";

const RULES: &[Rule] = &[
    ("meta", "0", "key", "key = 'open'", ""),
    ("import", "0", "id", "state = 'importing'", ""),
    ("evidence", "0", "id", UNDER_WAY, ""),
    ("source", "0", "id", UNDER_WAY, ""),
    ("segment", "0", "id", UNDER_WAY, ""),
    (
        "segment_chunk",
        "0",
        "segment, chunk",
        SEGMENT_UNDER_WAY,
        "",
    ),
    (
        "segment_source",
        "0",
        "segment, source",
        SEGMENT_UNDER_WAY,
        "",
    ),
    (
        "segment_column",
        "0",
        "segment, field, chunk",
        SEGMENT_UNDER_WAY,
        "data",
    ),
    (
        "segment_dictionary",
        "0",
        "segment, field",
        SEGMENT_UNDER_WAY,
        "data",
    ),
    (
        "segment_vendor_id",
        "segment",
        "segment",
        SEGMENT_UNDER_WAY,
        "",
    ),
    ("hot_event", "0", "event", UNDER_WAY, ""),
    ("profile", "0", "name, sha256", "0", ""),
    ("reject", "source", "source, entry", REJECT_UNDER_WAY, ""),
    ("attestation", "import", "id", UNDER_WAY, ""),
    ("superseded", "import", "id", UNDER_WAY, ""),
    ("overlay", "id >> 6", "id", OVERLAY_UNDER_WAY, ""),
    ("statement", "id >> 6", "id", "0", ""),
    ("pull_stream", "0", "id", "0", ""),
    ("derived", "0", "kind, key", "0", ""),
    ("pull_page", "id >> 6", "id", "0", ""),
    ("pull_coverage", "id >> 6", "id", "0", ""),
];

/// Tables without a digest: the log is a chain, blocks belong to a hash of `evidence`.
const OTHERS: &[&str] = &["custody", "evidence_block"];

/// Newest digest of each part, by table; null where a part has no row any more.
pub(crate) type Told = BTreeMap<String, BTreeMap<i64, Option<String>>>;

pub(crate) fn check(connection: &Connection, log: &Log) -> Layer {
    let version = connection.pragma_query_value(None, "user_version", |r| r.get::<_, i64>(0));
    let (tables, version) = match (tables(connection), version) {
        (Ok(tables), Ok(version)) => (tables, version),
        (Err(error), _) | (_, Err(error)) => return Layer::failed("rows", error.to_string()),
    };
    let known = |table: &str| OTHERS.contains(&table) || RULES.iter().any(|r| r.0 == table);
    if let Some(foreign) = tables.iter().find(|t| !known(t)) {
        return Layer::failed(
            "rows",
            format!("the table `{foreign}` does not belong in a case"),
        );
    }
    if strange_evidence(connection) {
        return Layer::failed(
            "rows",
            "a piece of evidence has a number that is never given out, so that its blocks are those of another",
        );
    }
    match &log.content {
        None if version < SINCE => Layer::held(
            "rows",
            format!("nothing is told of rows by a log of version {version}"),
            "nothing beyond the other layers",
            "that nobody changed what an older version did not put into the log: settings and detail of sources, times and \
             names of imports, names of files, attestations, texts of rejects, profiles and notes, vendor ids, rows of remote \
             logs, kept findings. Opening the case for writing puts it into the log as it is then",
        ),
        None => Layer::failed("rows", "the custody log tells nothing of the rows"),
        Some(_) if version < SINCE => Layer::failed(
            "rows",
            format!("the file is marked as one of version {version}, which its custody log is not"),
        ),
        Some(told) => match compare(connection, &tables, told) {
            Err(error) => Layer::failed("rows", error.to_string()),
            Ok((_, changed)) if !changed.is_empty() => Layer::failed(
                "rows",
                format!(
                    "not as the custody log tells: the rows of {}",
                    changed.join(", ")
                ),
            ),
            Ok((rows, _)) => Layer::held(
                "rows",
                format!(
                    "{rows} rows of {} tables{}",
                    tables.len() - OTHERS.len(),
                    unfinished(connection)
                ),
                "no row was changed, added or taken away by another program: each value of each row is in a digest of the \
                 custody log",
                if log.since == 1 {
                    "that what was written was true, or that the whole log was not written anew"
                } else {
                    "anything about the time before the case was opened by this version (the entry `case.upgrade`): what an \
                     older version had written is proved as it was found then"
                },
            ),
        },
    }
}

/// What is said of imports that have not ended: a crash leaves one, and so does a program that is importing now.
fn unfinished(connection: &Connection) -> String {
    let sql = "SELECT count(*) FROM import WHERE state = 'importing'";
    match connection.query_row(sql, [], |r| r.get(0)) {
        Ok(0) => String::new(),
        Ok(1) => "; 1 import has not ended, and its rows are neither told of nor shown".to_owned(),
        Ok(n @ 2_i64..) => {
            format!("; {n} imports have not ended, and their rows are neither told of nor shown")
        }
        Ok(_) | Err(_) => "; imports that have not ended cannot be counted".to_owned(),
    }
}

/// Whether evidence, also that of an import that has not ended, has a number that is never given out: a block's key is
/// the number times 2^32 and its place, and greater numbers run over into the blocks of others (docs/case-format.md).
fn strange_evidence(connection: &Connection) -> bool {
    let sql = "SELECT count(*) FROM evidence WHERE id < 1 OR id > 2147483647";
    !matches!(connection.query_row(sql, [], |r| r.get(0)), Ok(0_i64))
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")?
        .query_map([], |r| r.get(0))?
        .collect()
}

/// Number of rows, and the tables that differ.
fn compare(
    connection: &Connection,
    tables: &[String],
    told: &Told,
) -> rusqlite::Result<(u64, Vec<String>)> {
    let key: String = connection
        .query_row(
            "SELECT value FROM meta WHERE key = 'identity_key'",
            [],
            |r| r.get(0),
        )
        .unwrap_or_default();
    let key = hex::decode(key).unwrap_or_default();
    let mut all = 0;
    let mut changed = Vec::new();
    for rule in RULES.iter().filter(|r| tables.iter().any(|t| t == r.0)) {
        let (rows, found) = digests(connection, &key, rule)?;
        all += rows;
        let of_table = told.get(rule.0).into_iter().flatten();
        let expected: BTreeMap<i64, String> = of_table
            .filter_map(|(part, digest)| Some((*part, digest.clone()?)))
            .collect();
        if found != expected {
            changed.push(format!("`{}`", rule.0));
        }
    }
    for (table, _) in told.iter().filter(|(t, _)| !tables.contains(t)) {
        changed.push(format!("`{table}`, which is not there"));
    }
    Ok((all, changed))
}

fn digests(
    connection: &Connection,
    key: &[u8],
    (table, part, order, without, apart): &Rule,
) -> rusqlite::Result<(u64, BTreeMap<i64, String>)> {
    let columns: Vec<String> = connection
        .prepare("SELECT name FROM pragma_table_info(?1) ORDER BY cid")?
        .query_map([table], |r| r.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let columns: Vec<String> = columns.into_iter().filter(|c| c != apart).collect();
    let quoted: Vec<String> = columns
        .iter()
        .map(|c| format!("\"{}\"", c.replace('"', "\"\"")))
        .collect();
    let mut statement = connection.prepare(&format!(
        "SELECT {}, {part} FROM {table} WHERE NOT ({without}) ORDER BY {order}",
        quoted.join(", ")
    ))?;
    let mut rows = statement.query([])?;
    let mut count = 0;
    let mut hashes: BTreeMap<i64, Sha256> = BTreeMap::new();
    while let Some(row) = rows.next()? {
        count += 1;
        let hash = hashes.entry(row.get(columns.len())?).or_insert_with(|| {
            Sha256::new_with_prefix(key)
                .chain_update(table)
                .chain_update("\n")
                .chain_update(columns.join(","))
                .chain_update("\n")
        });
        for at in 0..columns.len() {
            match row.get_ref(at)? {
                ValueRef::Null => hash.update("n"),
                ValueRef::Integer(whole) => {
                    hash.update("i");
                    hash.update(whole.to_be_bytes());
                }
                ValueRef::Real(real) => {
                    hash.update("r");
                    hash.update(real.to_be_bytes());
                }
                ValueRef::Text(bytes) => long(hash, "t", bytes),
                ValueRef::Blob(bytes) => long(hash, "b", bytes),
            }
        }
    }
    let told = hashes
        .into_iter()
        .map(|(part, hash)| (part, STANDARD_NO_PAD.encode(hash.finalize())))
        .collect();
    Ok((count, told))
}

fn long(hash: &mut Sha256, kind: &str, bytes: &[u8]) {
    hash.update(kind);
    hash.update((bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}
