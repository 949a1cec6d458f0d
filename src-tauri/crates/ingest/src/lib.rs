//! Bytes to entries and problems.
//!
//! Owns: containers, encodings, CSV, JSON and lines; profiles and what they mean. Never touches: SQL, the network, the
//! clock, the window.
//!
//! A file goes this way: [`pipeline::run`] takes a [`pipeline::Input`] (a name and an open reader; walking folders and
//! opening files is the caller's), opens a container if it is one ([`container`]), tells encoding ([`encoding`]) and
//! shape ([`shape`]) from the first bytes, has a mapping planned from the first entries ([`pipeline::Planner`], in the
//! program [`pipeline::Profiles`]), and gives bytes, places, events and rejects to a [`pipeline::Sink`].
//! [`pipeline::inspect`] does the first half without a sink. [`Leaves`] reads one stored entry again.
//!
//! Refusals of a whole file and open questions come before the sink is given anything. After an error of `run` the sink
//! must forget what this run gave it.

mod blocks;
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
