//! What a run may count as read: where it begins, where it must end, and the gaps with their reasons.
//!
//! Owns: the edges of spans. Never touches: requests, pages. Nothing counts as read beyond what the clock of the server had come
//! to, less the lag: our own clock may be ahead of it, and what has not happened there yet cannot have been read.

use witnessmark_model::Instant;

use super::{LAG, Run};
use crate::cursor::{Coverage, Walk};
use crate::page::Part;
use crate::walk::{Step, differs};
use crate::{Fault, PullError};

/// Why what was read of a log does not count as all of it.
pub(super) const DEEP: &str = "everything that the vendor still had was read; how far back that reaches is not known, because the connector does not say how long entries are kept";
pub(super) const LOST: &str = "the server does not know any more where the pull before ended: what came between may have been lost";

/// How far beyond our own clock a gap may reach that the clock of a server makes.
const BEYOND: i64 = 86_400_000_000_000;
const HOUR: i64 = 3_600_000_000_000;

impl Walk {
    /// Instant before which what the walk read counts.
    pub(super) fn counted(&self) -> Instant {
        self.limit.map_or(self.until, |limit| limit.min(self.until))
    }
}

impl Run<'_, '_> {
    /// The instant before which the vendor no longer keeps entries, and why that is a gap.
    pub(super) fn edge(&self) -> Option<(Instant, String)> {
        let kept = self.connector.connector.retention?;
        let reason = format!(
            "the vendor keeps {} only, so it no longer had this",
            kept.words()
        );
        Some((Instant(self.began.0.saturating_sub(kept.0)), reason))
    }

    pub(super) fn lag(&self) -> i64 {
        self.connector.connector.lag.unwrap_or(LAG).0
    }

    /// An instant, or the one that both clocks had come to when the run began, less the lag, if that is earlier.
    pub(super) fn latest(&self, at: Instant) -> Instant {
        let behind = self.walker.pace.ahead().unwrap_or(0).min(0);
        let both = self.began.0.saturating_add(behind);
        at.min(Instant(both.saturating_sub(self.lag())))
    }

    /// The first answer of a walk says how far the clock of the server had come.
    pub(super) fn limited(&mut self, walk: &mut Walk, step: &Step) {
        if walk.limit.is_none() {
            walk.limit = step
                .date
                .map(|date| Instant(date.0.saturating_sub(self.lag())));
            self.cursor.walk = self.cursor.walk.take().map(|_| walk.clone());
        }
    }

    /// What a walk over a span covers that reached its end.
    pub(super) fn spanned(&mut self, walk: &Walk) {
        let until = walk.counted();
        let Some(from) = walk.since.filter(|since| *since < until) else {
            return;
        };
        let reason = match self.edge() {
            None if walk.lost => LOST,
            None if self.deep => DEEP,
            _ => "",
        };
        self.says(walk, from, until, reason.is_empty(), reason);
    }

    /// Writes down what is known of a span, but for those in it of which a part was refused.
    pub(super) fn says(
        &mut self,
        walk: &Walk,
        from: Instant,
        to: Instant,
        complete: bool,
        reason: &str,
    ) {
        let mut missing = walk.missing.clone();
        missing.sort_unstable();
        let mut at = from;
        for (begin, end) in missing.into_iter().chain([(to, to)]) {
            let end_here = begin.min(to);
            if at < end_here {
                self.covered.push(Coverage {
                    from: at,
                    to: end_here,
                    complete,
                    reason: reason.to_owned(),
                });
            }
            at = at.max(end);
        }
    }

    /// Writes down that a part of the log was refused: its hour is a gap, or the whole span where it names no time.
    pub(super) fn missed(&mut self, walk: &mut Walk, part: &Part, error: &PullError) {
        let hour = part.at.map(|at| Instant(at.0 - at.0.rem_euclid(HOUR)));
        let begun = walk.since.or(self.cursor.high_water);
        let span = match hour {
            Some(hour) => (hour, Instant(hour.0.saturating_add(HOUR))),
            None => (begun.unwrap_or(Instant::EARLIEST_PLAUSIBLE), walk.until),
        };
        walk.missing.push(span);
        self.cursor.walk = self.cursor.walk.take().map(|_| walk.clone());
        let id: String = part
            .id
            .chars()
            .take(200)
            .flat_map(char::escape_default)
            .collect();
        self.covered.push(Coverage {
            from: span.0,
            to: span.1,
            complete: false,
            reason: format!("the part `{id}` of the log was refused: {}", error.message),
        });
    }

    /// Says so when the clocks differ: what lies between them is not counted as read.
    pub(super) fn clocks(&mut self) {
        let Some(ahead) = self.walker.pace.ahead() else {
            return;
        };
        let theirs = Instant(self.began.0.saturating_add(ahead));
        if !differs(self.began, theirs) {
            return;
        }
        let (from, to) = (self.began.min(theirs), self.began.max(theirs));
        let to = to.min(Instant(self.began.0.saturating_add(BEYOND)));
        let (minutes, lag) = (ahead.unsigned_abs().div_ceil(60_000_000_000), self.lag());
        let word = if ahead < 0 { "behind" } else { "ahead of" };
        self.covered.push(Coverage {
            from: Instant(from.0.saturating_sub(lag)),
            to: Instant(to.0.saturating_sub(lag)),
            complete: false,
            reason: format!(
                "the clock of the server is {minutes} minutes {word} that of this machine; nothing is counted as read beyond the earlier of them"
            ),
        });
    }

    /// Where a run begins: as much before the position as entries may come late; at first where the person says, or as
    /// far back as the vendor keeps.
    pub(super) fn beginning(&mut self, since: Option<Instant>, now: Instant) -> Instant {
        let about = &self.connector.connector;
        let late = about.lateness.map_or(0, |span| span.0);
        let edge = self.edge();
        let wanted = match self.cursor.high_water {
            Some(water) => Some(Instant(water.0 - late)),
            None => since,
        };
        let first = self
            .connector
            .window
            .first
            .map(|span| Instant(now.0 - span.0));
        let from = wanted
            .or(first)
            .or(edge.as_ref().map(|(edge, _)| *edge))
            .unwrap_or_else(|| {
                self.deep = true;
                Instant::EARLIEST_PLAUSIBLE
            });
        if wanted.is_none()
            && let Some(span) = self.connector.window.first
            && edge.as_ref().is_none_or(|(edge, _)| *edge < from)
        {
            self.covered.push(Coverage {
                from: Instant::EARLIEST_PLAUSIBLE,
                to: from,
                complete: false,
                reason: format!(
                    "a first pull begins {} back unless it is told where to begin",
                    span.words()
                ),
            });
        }
        self.kept(from, self.cursor.high_water.unwrap_or(from).max(from))
    }

    /// An instant, or that from which on the vendor keeps entries if it is later; what lies before it from `lost` on is a gap.
    pub(super) fn kept(&mut self, from: Instant, lost: Instant) -> Instant {
        let Some((edge, reason)) = self.edge().filter(|(edge, _)| from < *edge) else {
            return from;
        };
        if lost < edge {
            self.covered.push(Coverage {
                from: lost,
                to: edge,
                complete: false,
                reason,
            });
        }
        edge
    }

    /// Writes down that a span was not read to its end.
    pub(super) fn gap(&mut self, walk: &Walk, error: &PullError) {
        self.covered.push(Coverage {
            from: walk
                .since
                .or(self.cursor.high_water)
                .unwrap_or(Instant::EARLIEST_PLAUSIBLE),
            to: walk.until,
            complete: false,
            reason: error.message.clone(),
        });
        if error.fault == Fault::Loop {
            // Going on from there would lead into the same circle.
            self.cursor.walk = None;
        }
    }
}
