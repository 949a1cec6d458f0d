//! The case file: evidence, segments of code columns, queries, overlays, custody. The only crate that writes SQL.
//!
//! Owns: one SQLite file and everything in it. Never touches: formats of logs, the network, the clock (instants are passed in).
//! Read next: [`case`] for what a case can do, [`segment`] for how events lie, [`importer`] for how they come in,
//! [`query`] for how they are found. The bytes of the file are described in docs/case-format.md.

pub mod case;
pub mod error;
pub mod evidence;
pub mod importer;
pub mod query;
pub mod segment;

pub use case::{Case, CaseFacts, NewCase, SourceInfo, Stamp, change_passphrase};
pub use error::{Result, StoreError};
pub use importer::{
    ImportReceipt, Importer, SourceReceipt,
    revision::{Revised, Revision},
};

/// SHA-256 of bytes in memory, lower-case hex.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}
