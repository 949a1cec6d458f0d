//! JSON: the tape that one record is parsed into, and the framer that finds records in a stream.
//!
//! Owns: everything that knows JSON's grammar. Never touches: what a key means.

mod framer;
mod parser;
pub(crate) mod survey;
pub mod tape;
mod value;
mod walk;

pub use framer::JsonFramer;
pub(crate) use framer::string_end;
pub(crate) use parser::plain_prefix;
pub use tape::{JsonError, JsonErrorKind, JsonLimits, Kind, Tape};
pub use value::{Items, Members, Value};
