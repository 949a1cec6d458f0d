//! Reading evidence back: any range of any file, with a small cache of unfolded blocks.
//!
//! Owns: the cache. Never touches: hashes of sources (the case compares them).

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OptionalExtension};

use super::{BLOCK, RAW, ZSTD, block_id};
use crate::error::{Result, StoreError};

/// Unfolded blocks kept in memory: 16 MiB, enough for two threads that walk through different sources.
const KEPT: usize = 256;

/// Reads blocks through one connection.
#[derive(Debug, Default)]
pub(crate) struct Blocks {
    held: Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    blocks: HashMap<i64, Arc<Vec<u8>>>,
    order: VecDeque<i64>,
}

/// Reads one block; `None` when the evidence ends before it.
pub(crate) fn block(connection: &Connection, id: i64) -> Result<Option<Vec<u8>>> {
    let found = connection
        .prepare_cached("SELECT codec, bytes, data FROM evidence_block WHERE id = ?1")?
        .query_row([id], |r| {
            Ok((
                r.get::<_, i64>(0)?,
                r.get::<_, i64>(1)?,
                r.get::<_, Vec<u8>>(2)?,
            ))
        })
        .optional()?;
    found
        .map(|(codec, bytes, data)| unfold(id, codec, bytes, data))
        .transpose()
}

thread_local! {
    /// Making one costs as much as unfolding a block with it.
    static UNPACKER: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

fn unfold(id: i64, codec: i64, bytes: i64, data: Vec<u8>) -> Result<Vec<u8>> {
    if codec == RAW && usize::try_from(bytes).is_ok_and(|b| b <= BLOCK && b == data.len()) {
        return Ok(data);
    }
    let mut plain = Vec::new();
    unfold_into(id, codec, bytes, &data, &mut plain)?;
    Ok(plain)
}

/// Appends the bytes of a block.
fn unfold_into(id: i64, codec: i64, bytes: i64, data: &[u8], out: &mut Vec<u8>) -> Result<()> {
    let bad = |detail: &str| {
        StoreError::corrupt(
            format!("block {} of evidence {}", id & 0xffff_ffff, id >> 32),
            detail,
        )
    };
    let size = usize::try_from(bytes)
        .ok()
        .filter(|b| *b <= BLOCK)
        .ok_or_else(|| bad("it states more bytes than a block has"))?;
    let start = out.len();
    let written = match codec {
        RAW => {
            out.extend_from_slice(data);
            data.len()
        }
        ZSTD => {
            out.resize(start + size, 0);
            UNPACKER.with_borrow_mut(|unpacker| {
                let unpacker = match unpacker {
                    Some(unpacker) => unpacker,
                    None => unpacker.insert(
                        zstd::bulk::Decompressor::new().map_err(|_| bad("it does not unfold"))?,
                    ),
                };
                unpacker
                    .decompress_to_buffer(data, &mut out[start..])
                    .map_err(|_| bad("it does not unfold"))
            })?
        }
        _ => return Err(bad("its codec is not known")),
    };
    if written == size {
        Ok(())
    } else {
        Err(bad("it has another length than stated"))
    }
}

/// Appends `length` bytes from `offset` of an evidence to `out`, past the cache; fewer when the evidence ends. The blocks
/// are fetched together and unfolded outside of the lock, so that several threads unfold at once.
pub(crate) fn span(
    connection: &Mutex<Connection>,
    evidence: i64,
    offset: u64,
    length: u64,
    out: &mut Vec<u8>,
) -> Result<()> {
    if length == 0 {
        return Ok(());
    }
    let end = offset + length;
    let (first, last) = (offset / BLOCK as u64, (end - 1) / BLOCK as u64);
    let stored: Vec<(i64, i64, i64, Vec<u8>)> = {
        let guard = connection.lock().unwrap_or_else(PoisonError::into_inner);
        let mut statement = guard.prepare_cached(
            "SELECT id, codec, bytes, data FROM evidence_block WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
        )?;
        let ids = [block_id(evidence, first), block_id(evidence, last)];
        let rows =
            statement.query_map(ids, |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?)))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    for (seq, (id, codec, bytes, data)) in (first..).zip(stored) {
        if id != block_id(evidence, seq) {
            break;
        }
        // A block is unfolded where it is wanted; of the first and the last, what lies outside is taken off again.
        let (start, begin) = (seq * BLOCK as u64, out.len());
        unfold_into(id, codec, bytes, &data, out)?;
        let from = offset.saturating_sub(start) as usize;
        let until = (out.len() - begin).min((end - start).min(BLOCK as u64) as usize);
        out.truncate(begin + until);
        if from > 0 {
            out.drain(begin..begin + from.min(until));
        }
    }
    Ok(())
}

impl Blocks {
    /// Appends `length` bytes from `offset` of an evidence to `out`; fewer when the evidence ends.
    pub(crate) fn read(
        &self,
        connection: &Mutex<Connection>,
        evidence: i64,
        offset: u64,
        length: u64,
        out: &mut Vec<u8>,
    ) -> Result<()> {
        let end = offset.saturating_add(length);
        let mut at = offset;
        while at < end {
            let seq = at / BLOCK as u64;
            let Some(block) = self.get(connection, block_id(evidence, seq))? else {
                break;
            };
            let from = (at % BLOCK as u64) as usize;
            let until = block
                .len()
                .min((end - seq * BLOCK as u64).min(BLOCK as u64) as usize);
            if from >= until {
                break;
            }
            out.extend_from_slice(&block[from..until]);
            at += (until - from) as u64;
        }
        Ok(())
    }

    fn get(&self, connection: &Mutex<Connection>, id: i64) -> Result<Option<Arc<Vec<u8>>>> {
        if let Some(block) = self
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocks
            .get(&id)
        {
            return Ok(Some(Arc::clone(block)));
        }
        let stored = {
            let guard = connection.lock().unwrap_or_else(PoisonError::into_inner);
            guard
                .prepare_cached("SELECT codec, bytes, data FROM evidence_block WHERE id = ?1")?
                .query_row([id], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)))
                .optional()?
        };
        let Some((codec, bytes, data)) = stored else {
            return Ok(None);
        };
        let block = Arc::new(unfold(id, codec, bytes, data)?);
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.blocks.insert(id, Arc::clone(&block)).is_none() {
            held.order.push_back(id);
        }
        while held.order.len() > KEPT {
            if let Some(oldest) = held.order.pop_front() {
                held.blocks.remove(&oldest);
            }
        }
        Ok(Some(block))
    }

    /// Forgets everything: block numbers of a discarded import are used again.
    pub(crate) fn clear(&self) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Held::default();
    }
}
