//! Bytes to entries and problems.
//!
//! Owns: containers, encodings, CSV, JSON and lines; profiles and what they mean. Never touches: SQL, the network, the
//! clock, the window.

pub mod entry;
pub mod json;

pub use entry::{Cells, Entry, EntryValue, Flags, Span};
