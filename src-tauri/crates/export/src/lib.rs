//! Views out: events as CSV, ECS JSON, OCSF JSON and Parquet, into a sink that is given.
//!
//! Owns: the shapes of other people's formats and how an event is said in them. Never touches: files, the case, which
//! events are written. Every writer is a stream: what it holds does not grow with the number of events.
//! Read next: [`Format`] for the choice, [`ecs`] and [`ocsf`] for the mappings, docs/export.md for people.

pub mod ecs;
mod format;
mod hashed;
mod json;
pub mod ocsf;
mod parquet;
mod sheet;
mod subject;

use std::io;

use witnessmark_model::Event;

pub use format::Format;
pub use hashed::Hashed;
pub use json::{Lines, line};
pub use parquet::ParquetWriter;
pub use sheet::{Sheet, spreadsheet_safe};

/// Takes events one after the other.
pub trait EventWriter {
    /// Writes one event. `original` is the event's entry as it stood in its source; formats that keep it ask for it with
    /// [`Format::keeps_original`], others ignore it.
    ///
    /// # Errors
    /// When the sink fails.
    fn write(&mut self, event: &Event, original: Option<&[u8]>) -> io::Result<()>;

    /// Ends the output; without it the output is not whole.
    ///
    /// # Errors
    /// When the sink fails.
    fn end(self: Box<Self>) -> io::Result<()>;
}
