//! The custody log: append-only, each entry bound to the one before by a hash.
//!
//! Owns: the chain. Never touches: what the actions mean. `hash = SHA-256(prev ‖ entry)`, where `entry` is the stored
//! text (canonical JSON: keys sorted, no spaces, instants as RFC 3339 text) and the first `prev` is 32 zero bytes.
//! Whoever can write the file can write the whole chain anew; the proof lies in heads that have left the machine.

use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use witnessmark_model::Instant;

use super::content::Touched;
use crate::error::{Result, StoreError};

/// When, who and with which program; passed in, because the store has neither clock nor environment.
#[derive(Clone, Debug)]
pub struct Stamp {
    /// Wall time.
    pub at: Instant,
    /// The person or account.
    pub who: String,
    /// Program and version.
    pub tool: String,
}

/// One entry of the custody log.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct CustodyEntry {
    /// From 1, without holes.
    pub seq: u64,
    /// The canonical JSON with `action`, `at`, `detail`, `seq`, `tool`, `who`, and `content` where rows were written.
    pub entry: Value,
    /// Hash of the entry before, hex.
    pub prev: String,
    /// Hash of this entry, hex.
    pub hash: String,
}

/// The newest entry of a chain: what is printed or exported to anchor it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct CustodyHead {
    /// Entries in the chain.
    pub size: u64,
    /// Hash of the newest, hex; 64 zeros for an empty chain.
    pub hash: String,
}

/// JSON with sorted keys and no spaces.
#[must_use]
pub fn canonical(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(members) => {
                let mut keys: Vec<_> = members.iter().collect();
                keys.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
                Value::Object(
                    keys.into_iter()
                        .map(|(k, v)| (k.clone(), sorted(v)))
                        .collect::<Map<_, _>>(),
                )
            }
            Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
            other => other.clone(),
        }
    }
    sorted(value).to_string()
}

fn newest(connection: &Connection) -> Result<(i64, Vec<u8>)> {
    use rusqlite::OptionalExtension;
    Ok(connection
        .query_row(
            "SELECT seq, hash FROM custody ORDER BY seq DESC LIMIT 1",
            [],
            |r| Ok((r.get(0)?, r.get(1)?)),
        )
        .optional()?
        .unwrap_or((0, vec![0; 32])))
}

/// Appends an entry inside the caller's transaction, after the rows it tells of were written; gives its number.
pub(crate) fn append(
    connection: &Connection,
    stamp: &Stamp,
    action: &str,
    detail: &Value,
    touched: &Touched,
) -> Result<u64> {
    let (last, prev) = newest(connection)?;
    let seq = last + 1;
    let mut entry = json!({
        "seq": seq, "at": stamp.at.rfc3339(), "who": stamp.who, "tool": stamp.tool,
        "action": action, "detail": detail,
    });
    if let Some(content) = touched.told(connection)? {
        entry["content"] = content;
    }
    let entry = canonical(&entry);
    let hash = Sha256::new()
        .chain_update(&prev)
        .chain_update(&entry)
        .finalize();
    connection.execute(
        "INSERT INTO custody (seq, entry, prev, hash) VALUES (?1, ?2, ?3, ?4)",
        params![seq, entry, prev, hash.as_slice()],
    )?;
    Ok(seq as u64)
}

/// The newest entry.
pub(crate) fn head(connection: &Connection) -> Result<CustodyHead> {
    let (size, hash) = newest(connection)?;
    Ok(CustodyHead {
        size: size as u64,
        hash: hex::encode(hash),
    })
}

/// Every entry in order.
pub(crate) fn list(connection: &Connection) -> Result<Vec<CustodyEntry>> {
    let mut statement =
        connection.prepare("SELECT seq, entry, prev, hash FROM custody ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(CustodyEntry {
            seq: row.get::<_, i64>(0)? as u64,
            entry: serde_json::from_str(&row.get::<_, String>(1)?)?,
            prev: hex::encode(row.get::<_, Vec<u8>>(2)?),
            hash: hex::encode(row.get::<_, Vec<u8>>(3)?),
        });
    }
    Ok(out)
}

/// Walks the chain; the error names the first entry that does not fit.
pub(crate) fn check(connection: &Connection) -> std::result::Result<(), String> {
    let mut statement = connection
        .prepare("SELECT seq, entry, prev, hash FROM custody ORDER BY seq")
        .map_err(|e| e.to_string())?;
    let mut rows = statement.query([]).map_err(|e| e.to_string())?;
    let mut before = vec![0_u8; 32];
    let mut expected = 1_i64;
    while let Some(row) = rows.next().map_err(|e| e.to_string())? {
        let read = || -> rusqlite::Result<(i64, String, Vec<u8>, Vec<u8>)> {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        };
        let (seq, entry, prev, hash) = read().map_err(|e| e.to_string())?;
        if seq != expected {
            return Err(format!("entry {expected} is missing"));
        }
        if prev != before {
            return Err(format!("entry {seq} does not follow the one before it"));
        }
        let found = Sha256::new()
            .chain_update(&prev)
            .chain_update(&entry)
            .finalize();
        if found.as_slice() != hash {
            return Err(format!("entry {seq} was changed"));
        }
        let stated = serde_json::from_str::<Value>(&entry)
            .ok()
            .and_then(|e| e.get("seq").and_then(Value::as_i64));
        if stated != Some(seq) {
            return Err(format!("entry {seq} stands in the wrong place"));
        }
        before = hash;
        expected += 1;
    }
    if expected == 1 {
        return Err("there is no entry, not even that of the making of the case".to_owned());
    }
    Ok(())
}

impl From<CustodyHead> for String {
    fn from(head: CustodyHead) -> Self {
        format!("{} {}", head.size, head.hash)
    }
}

/// Refuses names of actions that a reader of the log could mistake for ours.
pub(crate) fn check_action(action: &str) -> Result<()> {
    if !action.is_empty()
        && action
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b == b'_' || b == b'.')
    {
        Ok(())
    } else {
        Err(StoreError::OutOfOrder(
            "the name of a custody action has only lower-case letters, dots and underscores",
        ))
    }
}
