//! Bytes to entries and problems.
//!
//! Owns: containers, encodings, CSV, JSON and lines; profiles and what they mean. Never touches: SQL, the network, the
//! clock, the window.

pub mod container;
pub mod csv;
pub mod encoding;
pub mod entry;
pub mod frame;
mod guess;
pub mod json;
pub mod leaves;
pub mod limits;
pub mod lines;
pub mod mapping;
pub mod options;
pub mod pipeline;
pub mod profile;
pub mod recognise;
pub mod shape;
pub mod times;

pub use entry::{Cells, Entry, EntryValue, Flags, Span};
pub use leaves::Leaves;
pub use limits::Limits;
