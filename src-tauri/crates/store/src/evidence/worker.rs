//! The thread that lays evidence down: hashes, compresses and writes blocks, and hashes each entry for the Merkle root.
//!
//! Owns: everything between the bytes of a file and its rows. Never touches: events. It runs beside the thread that
//! builds segments, because hashing and compression are half of the work of an import.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

use rusqlite::{Connection, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::{BLOCK, RAW, ZSTD, block_id, read};
use crate::{
    error::{Result, StoreError},
    importer::merkle::{Tree, leaf},
};

/// Compressed bytes that are written in one transaction.
const FLUSH: usize = 16 << 20;
/// Bytes kept for entries that are still to be announced; an entry that begins before them is read back from the file.
const WINDOW: usize = 32 << 20;
/// Messages under way; each holds at most what a reader gives at a time.
const UNDER_WAY: usize = 16;

/// What became of one file.
#[derive(Clone, Debug)]
pub(crate) struct Laid {
    pub(crate) bytes: u64,
    pub(crate) sha256: [u8; 32],
    pub(crate) merkle_root: [u8; 32],
    pub(crate) leaves: u64,
}

enum Job {
    Open {
        evidence: i64,
        name: String,
        container: Option<i64>,
    },
    Bytes(i64, Vec<u8>),
    Entries(i64, Vec<(u64, u64)>),
    Close(i64),
}

/// The sending side.
#[derive(Debug)]
pub(crate) struct Evidence {
    jobs: Option<SyncSender<Job>>,
    /// Memory of bytes that were laid down, to be used again.
    emptied: Receiver<Vec<u8>>,
    thread: Option<JoinHandle<Result<BTreeMap<i64, Laid>>>>,
}

impl Evidence {
    pub(crate) fn start(writer: Arc<Mutex<Connection>>, import: i64) -> Result<Self> {
        let (jobs, inbox) = sync_channel(UNDER_WAY);
        let (give_back, emptied) = sync_channel(UNDER_WAY);
        let thread = std::thread::Builder::new()
            .name("evidence".to_owned())
            .spawn(move || Worker::new(writer, import)?.run(&inbox, &give_back))
            .map_err(|error| StoreError::Io {
                what: "starting the thread that keeps evidence".to_owned(),
                error,
            })?;
        Ok(Self {
            jobs: Some(jobs),
            emptied,
            thread: Some(thread),
        })
    }

    pub(crate) fn open(&mut self, evidence: i64, name: &str, container: Option<i64>) -> Result<()> {
        let name = name.to_owned();
        self.send(Job::Open {
            evidence,
            name,
            container,
        })
    }

    pub(crate) fn bytes(&mut self, evidence: i64, bytes: Vec<u8>) -> Result<()> {
        self.send(Job::Bytes(evidence, bytes))
    }

    /// Memory of bytes that were laid down, if there is some to be used again.
    pub(crate) fn emptied(&self) -> Option<Vec<u8>> {
        self.emptied.try_recv().ok()
    }

    pub(crate) fn entries(&mut self, evidence: i64, entries: &[(u64, u64)]) -> Result<()> {
        self.send(Job::Entries(evidence, entries.to_vec()))
    }

    pub(crate) fn close(&mut self, evidence: i64) -> Result<()> {
        self.send(Job::Close(evidence))
    }

    fn send(&mut self, job: Job) -> Result<()> {
        let sent = self
            .jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send(job).is_ok());
        if sent {
            Ok(())
        } else {
            self.finish().map(|_| ())
        }
    }

    /// Waits until everything is on disk; gives what became of each file.
    pub(crate) fn finish(&mut self) -> Result<BTreeMap<i64, Laid>> {
        self.jobs = None;
        let gone = || StoreError::OutOfOrder("the thread that keeps evidence has stopped");
        match self.thread.take().ok_or_else(gone)?.join() {
            Ok(result) => result,
            Err(_) => Err(gone()),
        }
    }
}

struct Stream {
    name: String,
    container: Option<i64>,
    sha256: Sha256,
    bytes: u64,
    block: Vec<u8>,
    seq: u64,
    tree: Tree,
    /// The bytes that came last; the entries that end in them are announced before others come.
    last: Vec<u8>,
    /// Bytes before those, from the end of the last entry on.
    carry: Vec<u8>,
    carry_start: u64,
    /// End of the last entry.
    hashed: u64,
    due: VecDeque<(u64, u64)>,
    closed: bool,
}

struct Worker {
    writer: Arc<Mutex<Connection>>,
    import: i64,
    streams: BTreeMap<i64, Stream>,
    laid: BTreeMap<i64, Laid>,
    pending: Vec<(i64, i64, usize, Vec<u8>)>,
    pending_bytes: usize,
    compressor: zstd::bulk::Compressor<'static>,
}

impl Worker {
    fn new(writer: Arc<Mutex<Connection>>, import: i64) -> Result<Self> {
        Ok(Self {
            writer,
            import,
            streams: BTreeMap::new(),
            laid: BTreeMap::new(),
            pending: Vec::new(),
            pending_bytes: 0,
            compressor: zstd::bulk::Compressor::new(1).map_err(packing)?,
        })
    }

    fn run(
        mut self,
        inbox: &Receiver<Job>,
        emptied: &SyncSender<Vec<u8>>,
    ) -> Result<BTreeMap<i64, Laid>> {
        for job in inbox {
            match job {
                Job::Open {
                    evidence,
                    name,
                    container,
                } => {
                    self.streams.insert(evidence, Stream::new(name, container));
                }
                Job::Bytes(evidence, bytes) => {
                    let memory = self.take(evidence, bytes)?;
                    self.hash_entries(evidence)?;
                    // When nobody waits for it, the memory is simply given back.
                    let _ = emptied.try_send(memory);
                }
                Job::Entries(evidence, entries) => {
                    if let Some(stream) = self.streams.get_mut(&evidence) {
                        stream.due.extend(entries);
                    }
                    self.hash_entries(evidence)?;
                }
                Job::Close(evidence) => self.close(evidence)?,
            }
            if self.pending_bytes >= FLUSH {
                self.flush()?;
            }
        }
        self.flush()?;
        Ok(self.laid)
    }

    /// Lays the next bytes of a file down; gives back the memory of those before.
    fn take(&mut self, evidence: i64, given: Vec<u8>) -> Result<Vec<u8>> {
        let Some(stream) = self.streams.get_mut(&evidence) else {
            return Err(StoreError::OutOfOrder("bytes of a file that was not begun"));
        };
        stream.keep_rest();
        stream.sha256.update(&given);
        stream.bytes += given.len() as u64;
        let before = std::mem::replace(&mut stream.last, given);
        let mut bytes = &stream.last[..];
        while !bytes.is_empty() {
            // A whole block is compressed where it lies; of what is less, a block is gathered.
            let whole = match bytes.split_at_checked(BLOCK) {
                Some((whole, rest)) if stream.block.is_empty() => {
                    bytes = rest;
                    whole
                }
                _ => {
                    let part = bytes.len().min(BLOCK - stream.block.len());
                    stream.block.extend_from_slice(&bytes[..part]);
                    bytes = &bytes[part..];
                    if stream.block.len() < BLOCK {
                        break;
                    }
                    &stream.block
                }
            };
            let (codec, data) = pack(&mut self.compressor, whole)?;
            self.pending_bytes += data.len();
            let id = block_id(evidence, stream.seq);
            self.pending.push((id, codec, BLOCK, data));
            stream.seq += 1;
            stream.block.clear();
        }
        Ok(before)
    }

    fn hash_entries(&mut self, evidence: i64) -> Result<()> {
        loop {
            let Some(stream) = self.streams.get_mut(&evidence) else {
                return Ok(());
            };
            let Some((offset, length)) = stream
                .due
                .front()
                .copied()
                .filter(|(o, l)| o + l <= stream.bytes)
            else {
                return Ok(());
            };
            stream.due.pop_front();
            let hash = match stream.held(offset, length) {
                Some(entry) => leaf(entry),
                None => self.leaf_from_blocks(evidence, offset, length)?,
            };
            if let Some(stream) = self.streams.get_mut(&evidence) {
                stream.tree.push(hash);
                stream.hashed = offset + length;
            }
        }
    }

    /// The leaf of an entry that is longer than what is kept in memory.
    fn leaf_from_blocks(&mut self, evidence: i64, offset: u64, length: u64) -> Result<[u8; 32]> {
        self.flush()?;
        let mut hash = Sha256::new();
        hash.update([0]);
        let (mut at, end) = (offset, offset + length);
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        while at < end {
            let seq = at / BLOCK as u64;
            let stored = read::block(&writer, block_id(evidence, seq))?;
            let block = match (&stored, self.streams.get(&evidence)) {
                (Some(block), _) => block,
                (None, Some(stream)) if stream.seq == seq => &stream.block,
                _ => {
                    return Err(StoreError::corrupt(
                        "the evidence of this import",
                        "a block is missing",
                    ));
                }
            };
            let from = (at % BLOCK as u64) as usize;
            let until = block
                .len()
                .min((end - seq * BLOCK as u64).min(BLOCK as u64) as usize);
            if from >= until {
                return Err(StoreError::corrupt(
                    "the evidence of this import",
                    "a block is too short",
                ));
            }
            hash.update(&block[from..until]);
            at += (until - from) as u64;
        }
        Ok(hash.finalize().into())
    }

    fn close(&mut self, evidence: i64) -> Result<()> {
        self.hash_entries(evidence)?;
        let Some(stream) = self.streams.get_mut(&evidence) else {
            return Ok(());
        };
        if !stream.due.is_empty() {
            return Err(StoreError::OutOfOrder(
                "an entry lies beyond the end of its source",
            ));
        }
        if !stream.block.is_empty() {
            let (codec, data) = pack(&mut self.compressor, &stream.block)?;
            self.pending_bytes += data.len();
            let id = block_id(evidence, stream.seq);
            self.pending.push((id, codec, stream.block.len(), data));
        }
        stream.block = Vec::new();
        (stream.last, stream.carry) = (Vec::new(), Vec::new());
        stream.closed = true;
        self.laid.insert(
            evidence,
            Laid {
                bytes: stream.bytes,
                sha256: std::mem::take(&mut stream.sha256).finalize().into(),
                merkle_root: stream.tree.root(),
                leaves: stream.tree.leaves(),
            },
        );
        Ok(())
    }

    /// Writes what is pending, and a row for each file that is under way, so that a crash leaves nothing that is not found.
    fn flush(&mut self) -> Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        {
            let mut file = transaction.prepare_cached(
                "INSERT OR REPLACE INTO evidence (id, import, container, name, bytes, sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?;
            for (id, stream) in &self.streams {
                let hash = self.laid.get(id).map_or(&[][..], |l| &l.sha256[..]);
                file.execute(params![
                    id,
                    self.import,
                    stream.container,
                    stream.name,
                    stream.bytes as i64,
                    hash
                ])?;
            }
            let mut block = transaction.prepare_cached(
                "INSERT INTO evidence_block (id, codec, bytes, data) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for (id, codec, bytes, data) in &self.pending {
                block.execute(params![id, codec, *bytes as i64, data])?;
            }
        }
        transaction.commit()?;
        drop(writer);
        self.pending.clear();
        self.pending_bytes = 0;
        self.streams.retain(|_, s| !s.closed);
        Ok(())
    }
}

fn pack(compressor: &mut zstd::bulk::Compressor<'static>, bytes: &[u8]) -> Result<(i64, Vec<u8>)> {
    let packed = compressor.compress(bytes).map_err(packing)?;
    Ok(if packed.len() < bytes.len() {
        (ZSTD, packed)
    } else {
        (RAW, bytes.to_vec())
    })
}

fn packing(error: std::io::Error) -> StoreError {
    StoreError::Io {
        what: "compressing evidence".to_owned(),
        error,
    }
}

impl Stream {
    fn new(name: String, container: Option<i64>) -> Self {
        Self {
            name,
            container,
            sha256: Sha256::new(),
            bytes: 0,
            block: Vec::with_capacity(BLOCK),
            seq: 0,
            tree: Tree::default(),
            last: Vec::new(),
            carry: Vec::new(),
            carry_start: 0,
            hashed: 0,
            due: VecDeque::new(),
            closed: false,
        }
    }

    /// Where the bytes that came last begin.
    fn last_start(&self) -> u64 {
        self.bytes - self.last.len() as u64
    }

    /// The bytes of an entry, when all of them are in memory.
    fn held(&mut self, offset: u64, length: u64) -> Option<&[u8]> {
        let (start, end) = (self.last_start(), offset + length);
        if offset >= start {
            let from = (offset - start) as usize;
            return self.last.get(from..from + length as usize);
        }
        let from = usize::try_from(offset.checked_sub(self.carry_start)?).ok()?;
        let missing = end.saturating_sub(self.carry_start + self.carry.len() as u64);
        if missing > 0 {
            // The entry ends in the bytes that came last, whose beginning may have been added for an entry before it.
            let known = (self.carry_start + self.carry.len() as u64 - start) as usize;
            let part = self.last.get(known..known + missing as usize)?;
            self.carry.extend_from_slice(part);
        }
        self.carry.get(from..from + length as usize)
    }

    /// Keeps of the bytes at hand those that no entry has had yet, as far as there is room, before others come.
    fn keep_rest(&mut self) {
        let start = self.last_start();
        if self.hashed >= start {
            let from = (self.hashed - start) as usize;
            self.carry.clear();
            self.carry
                .extend_from_slice(&self.last[from.min(self.last.len())..]);
            self.carry_start = start + from as u64;
            return;
        }
        let gone = self.hashed.saturating_sub(self.carry_start) as usize;
        self.carry.drain(..gone.min(self.carry.len()));
        self.carry_start += gone as u64;
        let known = (self.carry_start + self.carry.len() as u64).saturating_sub(start) as usize;
        self.carry
            .extend_from_slice(&self.last[known.min(self.last.len())..]);
        if self.carry.len() > WINDOW {
            let most = self.carry.len() - WINDOW / 2;
            self.carry.drain(..most);
            self.carry_start += most as u64;
        }
    }
}
