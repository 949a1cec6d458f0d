//! JSON: the tape that one record is parsed into, and the scanner that finds records in a stream.
//!
//! Owns: everything that knows JSON's grammar. Never touches: what a key means.

mod parser;
pub mod tape;
mod value;

pub use tape::{JsonError, JsonErrorKind, JsonLimits, Kind, Tape};
pub use value::{Items, Members, Value};
