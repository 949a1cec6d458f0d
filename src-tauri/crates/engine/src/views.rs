//! Views that the window holds open: one filter, one order, rows by rank.
//!
//! Owns: handles, chips, the ladder of an empty result. Never touches: how rows are found.

use std::sync::{Mutex, PoisonError};

use serde::Deserialize;
use witnessmark_lens::{Expr, Query};
use witnessmark_model::{Event, Field, Instant, Zone};
use witnessmark_store::query::{self as q, View};

use crate::api::{Chip, FacetsReport, HistogramReport, RowPart, Rung, ViewSummary};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::lens::Answer;
use crate::{numbers, rows};

/// The order of a view. Undated events come last in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sort {
    /// Latest first.
    #[default]
    Newest,
    /// Earliest first.
    Oldest,
}

/// Views open at a time; the window needs two, the rest is for answers on their way.
const OPEN: usize = 16;
/// Rows of one call.
pub(crate) const MOST_ROWS: u32 = 200;

/// The open views of a case.
#[derive(Default)]
pub(crate) struct Views {
    inner: Mutex<(u32, Vec<Held>)>,
}

#[derive(Clone)]
pub(crate) struct Held {
    handle: u32,
    pub(crate) zone: Zone,
    pub(crate) expr: Expr,
    pub(crate) answer: Answer,
    pub(crate) view: View,
}

impl Case {
    /// Opens a view of the events that match.
    pub fn view_open(&self, query: &str, sort: Sort, zone: &Zone) -> Result<ViewSummary> {
        let parsed = self.parse(query, zone)?;
        let answer = self.answer_to(&parsed)?;
        let order = match sort {
            Sort::Newest => q::Order::Newest,
            Sort::Oldest => q::Order::Oldest,
        };
        let view = View::new(answer.snapshot.clone(), answer.mask.clone(), order);
        let all = self.answer("", zone)?;
        let span = self.query(&answer.snapshot).first_last(&answer.mask)?;
        let chips = chips(&parsed);
        let ladder = if answer.mask.is_empty() {
            self.ladder(&chips, zone)?
        } else {
            Vec::new()
        };
        let handle = self.hold(
            *zone,
            parsed.expr.clone().without_spans(),
            answer.clone(),
            view,
        );
        Ok(ViewSummary {
            view: handle,
            count: answer.mask.len(),
            undated: answer.mask.undated(),
            total: all.mask.len(),
            total_undated: all.mask.undated(),
            rejected: self
                .store
                .sources()?
                .iter()
                .map(|s| s.receipt.rejected)
                .sum(),
            first: span.map(|(first, _)| first.rfc3339()),
            last: span.map(|(_, last)| last.rfc3339()),
            chips,
            ladder,
        })
    }

    /// Rows of a view from a rank on, at most 200, each with the values of further fields.
    pub fn view_rows(
        &self,
        view: u32,
        first: u64,
        len: u32,
        fields: &[String],
    ) -> Result<Vec<RowPart>> {
        let held = self.held(view)?;
        let fields = fields
            .iter()
            .map(|name| numbers::field(name))
            .collect::<Result<Vec<Field>>>()?;
        let refs = held.view.rows(first, len.min(MOST_ROWS) as usize)?;
        let events = self.query(&held.answer.snapshot).events(&refs)?;
        let marks = self.marks()?;
        let cells = |event: &Event, field: &Field| -> Vec<String> {
            event
                .values(*field)
                .into_iter()
                .map(str::to_owned)
                .collect()
        };
        let row = |event: &Event| RowPart {
            cells: fields.iter().map(|field| cells(event, field)).collect(),
            ..rows::row(event, &held.zone, &self.library(), &marks)
        };
        Ok(events.iter().map(row).collect())
    }

    /// Values of fields in a view.
    pub fn view_facets(&self, view: u32, fields: &[String], limit: u32) -> Result<FacetsReport> {
        let held = self.held(view)?;
        let fields = fields
            .iter()
            .map(|name| numbers::field(name))
            .collect::<Result<Vec<Field>>>()?;
        self.facets_of(&held.answer, &fields, limit as usize)
    }

    /// A view over time. Ends are milliseconds since 1970 UTC; absent: the span of the view.
    pub fn view_histogram(
        &self,
        view: u32,
        bins: u32,
        by: Option<&str>,
        from_ms: Option<f64>,
        to_ms: Option<f64>,
    ) -> Result<HistogramReport> {
        let held = self.held(view)?;
        self.histogram_of(
            &held.answer,
            &held.zone,
            bins,
            by,
            from_ms.map(instant),
            to_ms.map(instant),
        )
    }

    /// The rank of an event in a view, or of the first row at or after a time in reading order.
    pub fn view_locate(
        &self,
        view: u32,
        event: Option<u64>,
        time_ms: Option<f64>,
    ) -> Result<Option<u64>> {
        let held = self.held(view)?;
        match (event, time_ms) {
            (Some(number), _) => Ok(held
                .view
                .rank_of(&self.query(&held.answer.snapshot), number)?),
            (None, Some(ms)) => Ok(Some(held.view.rank_at(instant(ms))?)),
            (None, None) => Ok(None),
        }
    }

    fn hold(&self, zone: Zone, expr: Expr, answer: Answer, view: View) -> u32 {
        let mut inner = self
            .views
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        inner.0 += 1;
        let handle = inner.0;
        if inner.1.len() >= OPEN {
            inner.1.remove(0);
        }
        inner.1.push(Held {
            handle,
            zone,
            expr,
            answer,
            view,
        });
        handle
    }

    pub(crate) fn held(&self, view: u32) -> Result<Held> {
        let inner = self
            .views
            .inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        inner
            .1
            .iter()
            .find(|h| h.handle == view)
            .cloned()
            .ok_or_else(|| {
                Error::new(
                    Code::NoSuchItem,
                    format!("view {view} is not open any more"),
                    "Open the filter again.",
                )
            })
    }

    /// How many events are left when the pieces up to each one hold. Only where the pieces simply stand side by side;
    /// in a filter with groups a rung would not mean what it seems to.
    fn ladder(&self, chips: &[Chip], zone: &Zone) -> Result<Vec<Rung>> {
        let mut rungs = Vec::new();
        let mut text = String::new();
        for chip in chips {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(&chip.text);
            let count = self.answer(&text, zone)?.mask.len();
            rungs.push(Rung {
                text: chip.text.clone(),
                count,
            });
        }
        Ok(rungs)
    }
}

/// Milliseconds from the window, kept inside what an instant can hold.
fn instant(ms: f64) -> Instant {
    // In whole milliseconds: their number is exact as the window has it, that of nanoseconds is not.
    Instant((ms.round() as i64).saturating_mul(1_000_000))
}

/// The pieces of a filter as chips; none when it has groups, which cannot be taken apart by removing text.
fn chips(query: &Query) -> Vec<Chip> {
    let text = &query.text;
    let covered = |at: usize| query.terms.iter().any(|t| t.span.contains(&at));
    let plain = text
        .char_indices()
        .all(|(at, c)| covered(at) || c.is_whitespace());
    if !plain {
        return Vec::new();
    }
    let chips = query.terms.iter().filter_map(|term| {
        let piece = text.get(term.span.clone())?;
        let bare = piece.strip_prefix(['-', '!']).unwrap_or(piece);
        let value = if term.key.is_empty() {
            bare
        } else {
            bare.split_once(':').map_or(bare, |(_, value)| value)
        };
        Some(Chip {
            text: piece.to_owned(),
            start: u32::try_from(term.span.start).ok()?,
            end: u32::try_from(term.span.end).ok()?,
            key: term.key.clone(),
            value: value.to_owned(),
            negated: term.negated,
        })
    });
    chips.collect()
}
