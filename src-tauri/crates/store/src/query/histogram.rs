//! Histograms over time.
//!
//! Owns: equal half-open intervals, their edges to the nanosecond, and the number of selected events in each. Never
//! touches: which events are selected.
//!
//! **Edges.** For `n` bins over `[from, to)` edge `k` is `from + floor(k × (to − from) / n)`, computed in 128 bits. Bin `k`
//! holds `edge(k) <= time < edge(k + 1)`, so every moment of the range lies in exactly one bin, the first edge is `from`,
//! the last is `to`, and widths differ by at most one nanosecond (when the range has fewer nanoseconds than bins, some
//! bins are empty intervals).
//!
//! **Default range.** From the first to the last selected event, one nanosecond added so that the last one lies inside;
//! events flagged `out_of_range` do not stretch it. An end that is given is taken as it is. Counting never looks at flags:
//! a bin's count is the count of the same filter with `after:start before:end`.

use rayon::prelude::*;
use witnessmark_lens::query::{Expr, On, Term, Test};
use witnessmark_model::{Field, Flag, Instant};

use super::{Query, caches::TermCache, mask::Mask};
use crate::Result;

/// What to draw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HistogramSpec {
    /// First moment; absent: the first selected event that is in range.
    pub from: Option<Instant>,
    /// The moment after the last; absent: one nanosecond after the last selected event that is in range.
    pub to: Option<Instant>,
    /// Number of bins, at least 1.
    pub bins: usize,
    /// Splits each bin by the values of a field.
    pub by: Option<Field>,
    /// Values into which a bin is split: the most frequent ones of the whole selection.
    pub values: usize,
}

/// One interval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bin {
    /// First moment.
    pub start: Instant,
    /// The moment after the last.
    pub end: Instant,
    /// Selected events.
    pub count: u64,
    /// Counts of the values of [`HistogramSpec::by`] that stand here, in the order of [`Histogram::values`]. An event
    /// counts once for each distinct value it holds.
    pub split: Vec<(String, u64)>,
}

/// Selected events over time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    /// First moment; absent when there is no dated event to take it from.
    pub from: Option<Instant>,
    /// The moment after the last; absent likewise.
    pub to: Option<Instant>,
    /// The intervals; none when there is no range.
    pub bins: Vec<Bin>,
    /// The values of the split, most frequent first.
    pub values: Vec<String>,
    /// Selected events without a time.
    pub undated: u64,
    /// Selected dated events outside of the range.
    pub outside: u64,
}

/// The place of each edge in each segment: selected rows are counted between two of them.
struct Edges {
    times: Vec<i128>,
    /// For each segment, the first row at or after each edge.
    rows: Vec<Vec<u64>>,
}

impl Query<'_> {
    /// Counts the selected events in equal intervals.
    pub fn histogram(&self, mask: &Mask, spec: &HistogramSpec) -> Result<Histogram> {
        let undated = mask.undated();
        let dated = mask.len() - undated;
        let mut histogram = Histogram {
            from: None,
            to: None,
            bins: Vec::new(),
            values: Vec::new(),
            undated,
            outside: dated,
        };
        let Some((from, to)) = self.range(mask, spec)? else {
            return Ok(histogram);
        };
        let edges = self.edges(from, to, spec.bins.max(1))?;
        let counts = edges.count(mask);
        histogram.from = Some(instant(from));
        histogram.to = Some(instant(to));
        histogram.outside = dated - counts.iter().sum::<u64>();
        histogram.bins = (edges.times.windows(2).zip(counts))
            .map(|(edge, count)| Bin {
                start: instant(edge[0]),
                end: instant(edge[1]),
                count,
                split: Vec::new(),
            })
            .collect();
        if let Some(field) = spec.by {
            for facet in self.facets(mask, &[field], spec.values)? {
                let values = facet.values.into_iter().map(|v| v.value);
                histogram.values.extend(values);
            }
            for value in &histogram.values {
                let with_value = self.with_value(field, value)?.and(mask);
                let counts = edges.count(&with_value);
                for (bin, count) in histogram.bins.iter_mut().zip(counts) {
                    if count > 0 {
                        bin.split.push((value.clone(), count));
                    }
                }
            }
        }
        Ok(histogram)
    }

    /// The ends that were given, or those of the selected events in range.
    fn range(&self, mask: &Mask, spec: &HistogramSpec) -> Result<Option<(i128, i128)>> {
        let given = |end: Option<Instant>| end.map(|t| i128::from(t.0));
        let (from, to) = (given(spec.from), given(spec.to));
        if let (Some(from), Some(to)) = (from, to) {
            return Ok(Some((from, to.max(from))));
        }
        let flagged = self.with_value(Field::Problems, Flag::OutOfRange.code())?;
        let found = if flagged.is_empty() {
            self.first_last(mask)?
        } else {
            self.first_last(&mask.and_not(&flagged))?
        };
        let found = found.map(|(first, last)| (i128::from(first.0), i128::from(last.0) + 1));
        Ok(match (from, to, found) {
            (Some(from), _, Some((_, end))) => Some((from, end.max(from))),
            (_, Some(to), Some((first, _))) => Some((first.min(to), to)),
            (_, _, found) => found,
        })
    }

    /// The events that hold a value of a field, whatever the filter.
    pub(crate) fn with_value(&self, field: Field, value: &str) -> Result<Mask> {
        let term = Term {
            on: On::Fields(vec![field]),
            test: Test::Exact(value.to_owned()),
            span: 0..0,
        };
        self.filter(&Expr::Term(term), &TermCache::default())
    }

    fn edges(&self, from: i128, to: i128, bins: usize) -> Result<Edges> {
        let times: Vec<i128> = (0..=bins as i128)
            .map(|k| from + k * (to - from) / bins as i128)
            .collect();
        let rows: Result<Vec<Vec<u64>>> = (self.snapshot.segments.par_iter())
            .map(|segment| {
                let mut left = segment.dated_rows();
                let places = times.iter().map(|time| {
                    left.start = segment.first_at_time(*time, left.clone())?;
                    Ok(left.start)
                });
                places.collect()
            })
            .collect();
        Ok(Edges { times, rows: rows? })
    }
}

impl Edges {
    /// Selected rows between each edge and the next.
    fn count(&self, mask: &Mask) -> Vec<u64> {
        let mut counts = vec![0; self.times.len() - 1];
        for (mask, rows) in mask.segments.iter().zip(&self.rows) {
            if mask.is_empty() {
                continue;
            }
            let before: Vec<u64> = rows.iter().map(|row| mask.before(*row)).collect();
            for (count, pair) in counts.iter_mut().zip(before.windows(2)) {
                *count += pair[1] - pair[0];
            }
        }
        counts
    }
}

/// The moment of an edge. Only the edge after the last instant there is lies beyond what an instant can hold; it is
/// shown as that instant.
fn instant(edge: i128) -> Instant {
    Instant(i64::try_from(edge).unwrap_or(i64::MAX))
}
