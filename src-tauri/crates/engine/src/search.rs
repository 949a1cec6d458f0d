//! A search in the originals that tells what it has while it goes on: first hits early, progress, an end when asked.
//!
//! Owns: the order of the work, newest first, and what is told between two steps. Never touches: how text is found. What
//! was found stays known, so that the view that is opened afterwards reads nothing again.

use std::ops::ControlFlow;
use std::sync::Arc;

use witnessmark_model::Zone;
use witnessmark_store::query::{Order, RowRef, View};

use crate::api::{CountReport, SearchProgress};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::rows;

/// First hits that are told.
const FIRST: usize = 20;

impl Case {
    /// Runs a filter piece by piece, newest events first, and tells after each piece how far it is, what it has found and
    /// the newest hits so far. A break ends it; a second call goes on where it ended.
    ///
    /// # Errors
    /// A wrong filter, an unreadable case, or the person's wish.
    pub fn search(
        &self,
        query: &str,
        zone: &Zone,
        go_on: &mut dyn FnMut(&SearchProgress) -> ControlFlow<()>,
    ) -> Result<CountReport> {
        let parsed = self.parse(query, zone)?;
        let snapshot = self.answer("", zone)?.snapshot;
        let asked = self.query(&snapshot);
        let marks = self.marks()?;
        let mut pieces = snapshot.newest_chunks();
        let total: u64 = pieces.iter().map(|(_, rows)| rows).sum();
        let (mut done, mut found, mut size) = (0, 0, 2);
        let mut first: Vec<RowRef> = Vec::new();
        while !pieces.is_empty() {
            let piece: Vec<_> = pieces.drain(..size.min(pieces.len())).collect();
            let chunks: Vec<(usize, usize)> = piece.iter().map(|(at, _)| *at).collect();
            let mask = Arc::new(asked.filter_in(&parsed.expr, &self.terms, Some(&chunks))?);
            done += piece.iter().map(|(_, rows)| rows).sum::<u64>();
            found += mask.len();
            if first.len() < FIRST {
                let view = View::new(Arc::clone(&snapshot), mask, Order::Newest);
                first.extend(view.rows(0, FIRST - first.len())?);
            }
            let events = asked.events(&first)?;
            let progress = SearchProgress {
                done,
                total,
                found,
                first: (events.iter())
                    .map(|e| rows::row(e, zone, &self.library(), &marks))
                    .collect(),
            };
            if go_on(&progress).is_break() && !pieces.is_empty() {
                return Err(Error::new(
                    Code::Cancelled,
                    "the search was ended before it had looked at every event",
                    "Search again; it goes on where it ended.",
                ));
            }
            // The first answer comes soon, the later ones need not come often.
            size = (size * 2).min(32);
        }
        let answer = self.answer_to(&parsed)?;
        Ok(CountReport {
            count: answer.mask.len(),
            undated: answer.mask.undated(),
        })
    }
}
