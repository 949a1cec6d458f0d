//! The bounds of an import, so that no file can take more memory, disk or time than a person allowed.
//!
//! Owns: the numbers. Never touches: what happens when one is passed (readers reject, containers stop).

use crate::json::JsonLimits;

/// Bounds of an import.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one entry; a longer one is rejected with its place.
    pub record: usize,
    /// Nesting of JSON that is still read.
    pub depth: usize,
    /// Bytes that all members of one input may expand to.
    pub expanded: u64,
    /// Expanded bytes for each compressed byte; asked only above [`Limits::ratio_above`].
    pub ratio: u64,
    /// Expanded bytes from which the ratio counts.
    pub ratio_above: u64,
    /// Members of one archive.
    pub members: usize,
    /// Bytes of an archive that comes from a stream and must be held in memory, because its directory stands at its end.
    pub held_archive: u64,
    /// Bytes that are looked at to tell encoding and shape.
    pub head: usize,
}

impl Limits {
    /// Bounds of one JSON text.
    #[must_use]
    pub const fn json(&self) -> JsonLimits {
        JsonLimits { depth: self.depth }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            record: 16 << 20,
            depth: 128,
            expanded: 20 << 30,
            ratio: 500,
            ratio_above: 256 << 20,
            members: 10_000,
            held_archive: 128 << 20,
            head: 256 << 10,
        }
    }
}
