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

    pub(crate) fn bytes(&mut self, evidence: i64, bytes: &[u8]) -> Result<()> {
        let mut memory = self.emptied.try_recv().unwrap_or_default();
        memory.clear();
        memory.extend_from_slice(bytes);
        self.send(Job::Bytes(evidence, memory))
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
    window: Vec<u8>,
    window_start: u64,
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
                    self.take(evidence, &bytes)?;
                    self.hash_entries(evidence)?;
                    // When nobody waits for it, the memory is simply given back.
                    let _ = emptied.try_send(bytes);
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

    fn take(&mut self, evidence: i64, mut bytes: &[u8]) -> Result<()> {
        let Some(stream) = self.streams.get_mut(&evidence) else {
            return Err(StoreError::OutOfOrder("bytes of a file that was not begun"));
        };
        stream.sha256.update(bytes);
        stream.bytes += bytes.len() as u64;
        stream.window.extend_from_slice(bytes);
        if stream.window.len() > WINDOW {
            stream.forget(stream.window.len() - WINDOW / 2);
        }
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
        Ok(())
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
            if offset >= stream.window_start {
                let from = (offset - stream.window_start) as usize;
                let hash = leaf(&stream.window[from..from + length as usize]);
                stream.tree.push(hash);
                // What lies before the entry is never asked for again: entries come in order.
                if from > 4 << 20 {
                    stream.forget(from);
                }
            } else {
                let hash = self.leaf_from_blocks(evidence, offset, length)?;
                if let Some(stream) = self.streams.get_mut(&evidence) {
                    stream.tree.push(hash);
                }
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
        stream.window = Vec::new();
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
            window: Vec::new(),
            window_start: 0,
            due: VecDeque::new(),
            closed: false,
        }
    }

    fn forget(&mut self, bytes: usize) {
        self.window.drain(..bytes);
        self.window_start += bytes as u64;
    }
}
