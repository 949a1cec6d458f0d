//! From one input to a sink: containers opened, shape told, entries read, mapped and handed on.
//!
//! Owns: the order of things. Never touches: formats (the readers know), storage (the sink does it).

mod crew;
pub mod error;
mod feed;
pub mod inspect;
mod lot;
mod member;
pub mod planner;
mod read;
pub mod run;
pub mod sink;
mod window;
mod words;
mod workbook;

pub use error::{ImportError, Place, RunError};
pub use inspect::{Inspection, inspect};
pub use planner::Profiles;
pub use run::{Input, InputReader, ReadSeek, Setup, run};
pub use sink::{
    Control, EntryMap, Planned, Planner, Progress, Refused, Reject, Sink, SourceEnd, SourceStart,
    Warning,
};
