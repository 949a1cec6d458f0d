//! Selected events by hour of the day and day of the week, as the clocks of a zone showed them.
//!
//! Owns: the 7 × 24 counts. Never touches: which events are selected. A local hour that clocks go through twice counts
//! the events of both; one that is skipped has none.

use rayon::prelude::*;
use witnessmark_model::{Instant, Zone};

use super::{Query, mask::Mask};
use crate::Result;

/// Counts by weekday (Monday first) and hour. Undated events are in none.
pub type Week = [[u64; 24]; 7];

const SECOND: i64 = 1_000_000_000;
/// Within a quarter of an hour a zone has one offset, or its ends differ: no zone changes twice so soon.
const QUARTER: i64 = 900 * SECOND;

/// Offsets of a zone for moments that come in order, asked for once a quarter of an hour.
pub struct LocalClock {
    zone: Zone,
    /// The quarter, and its offset in seconds when it has only one.
    last: Option<(i64, Option<i64>)>,
}

impl LocalClock {
    /// A clock of a zone.
    #[must_use]
    pub const fn new(zone: Zone) -> Self {
        Self { zone, last: None }
    }

    fn offset(&self, at: i64) -> i64 {
        i64::from(self.zone.offset_at(Instant(at)).local_minus_utc())
    }

    /// Weekday (Monday is 0) and hour of a moment, nanoseconds since 1970.
    pub fn place(&mut self, at: i64) -> (usize, usize) {
        let quarter = at.div_euclid(QUARTER);
        let offset = match self.last {
            Some((known, Some(offset))) if known == quarter => offset,
            Some((known, None)) if known == quarter => self.offset(at),
            _ => {
                let first = self.offset(quarter.saturating_mul(QUARTER));
                let end = quarter.saturating_add(1).saturating_mul(QUARTER);
                let one = (first == self.offset(end.saturating_sub(1))).then_some(first);
                self.last = Some((quarter, one));
                one.unwrap_or_else(|| self.offset(at))
            }
        };
        let local = at.div_euclid(SECOND) + offset;
        // 1 January 1970 was a Thursday.
        let day = (local.div_euclid(86_400) + 3).rem_euclid(7) as usize;
        (day, (local.rem_euclid(86_400) / 3_600) as usize)
    }
}

impl Query<'_> {
    /// Counts of the selected events by weekday and hour in a zone.
    pub fn week(&self, mask: &Mask, zone: &Zone) -> Result<Week> {
        let parts: Result<Vec<Week>> = (self.snapshot.chunks().into_par_iter())
            .map(|(s, chunk)| {
                let mut week = Week::default();
                let bits = &mask.segments[s].chunks[chunk];
                if bits.is_none() {
                    return Ok(week);
                }
                let times = self.snapshot.segments[s].columns.times(chunk)?;
                let mut clock = LocalClock::new(*zone);
                bits.each_in(0..times.len(), |row| {
                    let (day, hour) = clock.place(times[row]);
                    week[day][hour] += 1;
                });
                Ok(week)
            })
            .collect();
        let mut week = Week::default();
        for part in parts? {
            for (day, other) in week.iter_mut().zip(&part) {
                for (count, more) in day.iter_mut().zip(other) {
                    *count += more;
                }
            }
        }
        Ok(week)
    }
}
