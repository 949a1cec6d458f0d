//! What a person asks of a view beside its rows: the values of one field, which events of another view it holds, rows as
//! JSON to copy.
//!
//! Owns: these answers. Never touches: how a view is opened (`views`), how values are counted.

use witnessmark_lens::fold;
use witnessmark_store::query::Pick;

use crate::api::{EventJson, FacetValue, ValuesReport};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::numbers;
use crate::views::MOST_ROWS;

/// Values of one call: a list that a person reads, not an export.
const MOST_VALUES: u32 = 1000;
/// Events copied in one call.
const MOST_COPIED: usize = 1000;

impl Case {
    /// Values of one field in a view: at most `limit` (1000 at most) of those that contain a text, the most frequent
    /// first or the rarest first. Counts are exact.
    pub fn view_values(
        &self,
        view: u32,
        field: &str,
        contains: &str,
        rare: bool,
        limit: u32,
    ) -> Result<ValuesReport> {
        let held = self.held(view)?;
        let pick = Pick {
            limit: limit.min(MOST_VALUES) as usize,
            rare,
            contains: fold(contains).into_owned(),
        };
        let field = numbers::field(field)?;
        let found = self
            .query(&held.answer.snapshot)
            .facets(&held.answer.mask, &[field], pick)?;
        let facet = found.into_iter().next().ok_or_else(|| {
            crate::failures::internal("a field was asked for and none was counted")
        })?;
        Ok(ValuesReport {
            field: facet.field.name().to_owned(),
            distinct: facet.distinct,
            found: facet.found,
            absent: facet.absent,
            values: facet.values.into_iter().map(FacetValue::from).collect(),
        })
    }

    /// Which of these events a view holds, in the order given; at most 200.
    pub fn view_holds(&self, view: u32, events: &[u64]) -> Result<Vec<bool>> {
        within(events.len(), MOST_ROWS as usize, "events")?;
        let held = self.held(view)?;
        let query = self.query(&held.answer.snapshot);
        events
            .iter()
            .map(|event| Ok(held.view.rank_of(&query, *event)?.is_some()))
            .collect()
    }

    /// Events of a view from a rank on, in its order, in the JSON shape of the contract; at most 1000.
    pub fn view_events(&self, view: u32, first: u64, len: u32) -> Result<Vec<EventJson>> {
        within(len as usize, MOST_COPIED, "events")?;
        let held = self.held(view)?;
        let refs = held.view.rows(first, len as usize)?;
        let events = self.query(&held.answer.snapshot).events(&refs)?;
        Ok(events.iter().map(EventJson::from).collect())
    }
}

fn within(asked: usize, most: usize, what: &str) -> Result<()> {
    if asked <= most {
        return Ok(());
    }
    Err(Error::new(
        Code::LimitExceeded,
        format!("{asked} {what} are too many for one call"),
        format!("Ask for {most} at most; `export` takes any number."),
    ))
}
