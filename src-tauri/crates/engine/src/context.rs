//! What happened around an event: everything within a span, whether the filter holds it or not.
//!
//! Owns: the rows before and after, in time. Never touches: the filter itself; it only says which rows pass.

use witnessmark_model::{Instant, Zone};
use witnessmark_store::query::{Order, RowRef, View};

use crate::api::{ContextEvent, ContextReport, EventJson};
use crate::case::Case;
use crate::error::{Code, Error, Result};

/// How far to look on each side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// So many events.
    Events(u64),
    /// So many nanoseconds, at least 0.
    Span(i64),
}

/// Events of one answer on each side; a person looks at what is near, and `events` with `time:` gives any number.
const MOST: u64 = 1_000;

impl Case {
    /// The events around one event, earliest first, each with whether the filter holds it. An undated event has the
    /// undated events of neighbouring numbers around it, and no span.
    ///
    /// # Errors
    /// A wrong filter, no such event, or a span around an event without a time.
    pub fn context(
        &self,
        event: u64,
        query: &str,
        zone: &Zone,
        reach: Reach,
    ) -> Result<ContextReport> {
        let all = self.answer("", zone)?;
        let held = self.answer(query, zone)?;
        let view = View::new(all.snapshot.clone(), all.mask.clone(), Order::Oldest);
        let asked = self.query(&all.snapshot);
        let rank = view.rank_of(&asked, event)?.ok_or_else(|| {
            Error::new(
                Code::NoSuchItem,
                format!("there is no event {event} in this case"),
                "List them with `events`.",
            )
        })?;
        let time = (asked.find(event)?)
            .map(|row| asked.event(row))
            .transpose()?
            .and_then(|e| e.time);
        let (first, end) = match (reach, time) {
            (Reach::Events(n), _) => (rank.saturating_sub(n), rank.saturating_add(n + 1)),
            (Reach::Span(span), Some(at)) => {
                let low = Instant(at.0.saturating_sub(span.max(0)));
                let high = at.0.saturating_add(span.max(0)).saturating_add(1);
                (
                    view.rank_at(low)?,
                    view.rank_at(Instant(high))?.max(rank + 1),
                )
            }
            (Reach::Span(_), None) => {
                return Err(Error::new(
                    Code::InvalidOption,
                    format!("event {event} has no time, so no span of time lies around it"),
                    "Ask for a number of events on each side instead.",
                ));
            }
        };
        let (whole_first, whole_end) = (first, end.min(view.len()));
        let first = first.max(rank.saturating_sub(MOST));
        let end = whole_end.min(rank + MOST + 1);
        let len = usize::try_from(end - first).unwrap_or(usize::MAX);
        let rows: Vec<RowRef> = view.rows(first, len)?;
        let other = View::new(held.snapshot.clone(), held.mask.clone(), Order::Oldest);
        let events = asked.events(&rows)?.into_iter().map(|e| {
            let matches = other
                .rank_of(&self.query(&held.snapshot), e.number)?
                .is_some();
            Ok(ContextEvent {
                event: EventJson::from(&e),
                matches,
            })
        });
        Ok(ContextReport {
            event,
            rank,
            before: rank - first,
            after: end - rank - 1,
            cut: first > whole_first || end < whole_end,
            events: events.collect::<Result<_>>()?,
        })
    }
}
