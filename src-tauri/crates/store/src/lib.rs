//! The case file: evidence, segments of code columns, queries, overlays, custody. The only crate that writes SQL.
//!
//! Owns: one SQLite file and everything in it. Never touches: formats of logs, the network, the clock (instants are passed in).
//! Read next: [`case`] for what a case can do, [`segment`] for how events lie, [`importer`] for how they come in.

pub mod error;
pub mod segment;

pub use error::{Result, StoreError};
