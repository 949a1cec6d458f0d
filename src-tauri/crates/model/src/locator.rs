//! Where an entry stands in its source. Owns the locator; never reads anything.

/// The place of one entry: enough to read its bytes again and hash them.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct Locator {
    /// Source number in the case, from 1.
    pub source: u32,
    /// Entry in the source, from 1; rejected entries count, headers and blank lines do not.
    pub entry: u64,
    /// Event in the entry, from 1 (an entry can hold several).
    pub part: u32,
    /// Line of the entry's first byte, from 1, in the decoded member. For a sheet this is the row.
    pub line: u64,
    /// Offset of the entry's first byte from the start of the (decompressed) member, from 0.
    pub offset: u64,
    /// Bytes of the entry without its terminator.
    pub length: u64,
}
