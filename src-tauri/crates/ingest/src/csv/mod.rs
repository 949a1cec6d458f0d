//! CSV and its relatives: cutting records, splitting them into cells, telling the dialect.
//!
//! Owns: quoting and delimiters. Never touches: what a column means.
//! The rules are those of RFC 4180 where a file keeps to them. Where it does not, every byte still lands in a cell: a
//! quote inside an unquoted field is text, text after a closing quote is text, a row may be short or long; flags tell.

mod dialect;
mod framer;
mod scan;
mod split;

pub(crate) use dialect::detect_with;
pub use dialect::{Dialect, Layout, detect};
pub use framer::CsvFramer;
pub(crate) use scan::scan;
pub use split::Splitter;
