//! The original bytes: laid down in compressed blocks while they are read, given back byte for byte.
//!
//! Owns: `evidence` and `evidence_block`. Never touches: what the bytes mean. A block holds 64 KiB of one file (the last
//! one less), compressed on its own, so that the bytes of one entry cost one or two blocks.

pub(crate) mod read;
pub(crate) mod worker;

/// Bytes of a full block before compression.
pub const BLOCK: usize = 65_536;

/// Stored as it came, because it did not get smaller.
pub(crate) const RAW: i64 = 0;
/// One zstd frame.
pub(crate) const ZSTD: i64 = 1;

/// The greatest number that a piece of evidence can have, so that the key of each of its blocks is its own.
pub(crate) const MOST_EVIDENCE: i64 = (1 << 31) - 1;

/// The key of a block: the evidence it belongs to, and its place in it from 0.
pub(crate) const fn block_id(evidence: i64, seq: u64) -> i64 {
    (evidence << 32) | seq as i64
}
