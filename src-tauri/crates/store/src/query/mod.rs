//! Queries over the code columns of a case: filter, page, count, facets, histogram, events. Exact, never sampled.
//!
//! Owns: everything that is read from sealed columns on behalf of a filter. Never touches: SQL, the case file, the text
//! of filters; it sees segments through [`Columns`](crate::segment::Columns) and the rest through [`Facts`].
//!
//! The way of one query: [`Query::filter`] makes a [`Mask`], one bit a row. A [`View`] pages through it in order,
//! [`Query::facets`] and [`Query::histogram`] count in it, [`Query::events`] reads whole events. All of them take the
//! same mask, so the panels of a window cannot disagree. Drill-downs group the same mask by an [`Axis`]
//! ([`Query::tally`], [`Query::pairs`], [`Query::week`]) or take its rows out in order ([`Query::gather`]).
//! Read next: `plan` for what a filter becomes, `filter` for how it is run, `view` for order over segments.

mod axis;
mod bits;
mod caches;
mod combine;
mod counts;
mod derived;
mod each;
mod elements;
mod entries;
mod entry;
mod events;
mod facets;
mod filter;
mod gather;
mod globals;
mod histogram;
mod hunt;
mod mask;
mod numbers;
mod order;
mod persons;
mod plan;
mod ranking;
mod scan;
mod seen;
mod sequence;
mod shelf;
mod snapshot;
mod sql;
mod table;
mod table_rows;
mod tally;
#[cfg(test)]
mod tests;
mod values;
mod view;
mod walk;
mod week;
mod whole;

pub use axis::{Axis, Identity, RecordKey, Values};
pub use bits::Bits;
pub use caches::{Caches, TermCache};
pub use derived::PathFacet;
pub use elements::Elements;
pub use entries::RawEntry;
pub use facets::{Facet, FacetValue, Pick};
pub use gather::Gathered;
pub use histogram::{Bin, Histogram, HistogramSpec};
pub use mask::{Mask, SegmentMask};
pub use ranking::{Counts, Told};
pub use seen::Seen;
pub use sequence::Sequence;
pub use snapshot::{FLAG, Facts, Originals, Overlay, RowRef, Segment, Snapshot, SourceName};
pub use sql::{Sql, SqlCell};
pub use tally::{Pairs, Tally};
pub use view::{Order, View};
pub use walk::{Step, Texts};
pub use week::{LocalClock, Week};

/// Everything that a query needs: what it looks at, what it may ask, and what is already known.
#[derive(Clone, Copy)]
pub struct Query<'a> {
    /// The segments.
    pub snapshot: &'a Snapshot,
    /// Overlays, names, original bytes.
    pub facts: &'a dyn Facts,
    /// What earlier queries of the same case found out.
    pub caches: &'a Caches,
}
