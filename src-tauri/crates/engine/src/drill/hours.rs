//! The rows behind one square of the heat map: an hour of the clock on a day of the week.
//!
//! Owns: saying such an hour as a filter. Never touches: how clocks of a zone go (the store has them).

use witnessmark_lens::{Expr, to_text};
use witnessmark_model::{Instant, Zone};
use witnessmark_store::query::LocalClock;

use super::{between, both};
use crate::case::Case;
use crate::error::{Code, Error, Result};

/// Spans that a filter lists; more would be no filter that a person can look at.
const MOST: usize = 2_000;

impl Case {
    /// The filter of the events of an actor, within a further filter, that happened in an hour of a day of the week
    /// (Monday is 0) as the clocks of a zone showed it.
    ///
    /// The language has no such hour. Events that follow each other in it are one span of time, which holds no others of
    /// the actor, so that the spans say exactly these events, also where clocks change.
    pub fn hour_filter(
        &self,
        who: &str,
        query: &str,
        zone: &Zone,
        (day, hour): (usize, usize),
    ) -> Result<String> {
        if day > 6 || hour > 23 {
            return Err(Error::new(
                Code::InvalidOption,
                format!("day {day}, hour {hour} is no hour of the week"),
                "Days are 0 (Monday) to 6, hours 0 to 23.",
            ));
        }
        let base = both(&self.expr(who, zone)?, self.expr(query, zone)?);
        let answer = self.answer_expr(&base)?;
        let times = self
            .query(&answer.snapshot)
            .gather(&answer.mask, &[])?
            .times;
        let mut clock = LocalClock::new(*zone);
        let mut spans: Vec<(i64, i64)> = Vec::new();
        let mut open = false;
        for at in times {
            let within = clock.place(at) == (day, hour);
            match spans.last_mut().filter(|_| open) {
                Some(last) if within => last.1 = at,
                _ if within => spans.push((at, at)),
                _ => {}
            }
            open = within;
        }
        if spans.is_empty() {
            return Err(Error::new(
                Code::NoSuchItem,
                "no event of this actor is in that hour of the week",
                "Hours with events are those of the heat map in the same zone.",
            ));
        }
        if spans.len() > MOST {
            return Err(Error::new(
                Code::LimitExceeded,
                format!(
                    "that hour is {} spans of time, too many for a filter",
                    spans.len()
                ),
                "Narrow the filter to a shorter time first.",
            ));
        }
        let spans = spans
            .into_iter()
            .map(|(a, b)| between(Instant(a), Instant(b)));
        Ok(to_text(&both(&base, Expr::or(spans.collect()))))
    }
}
