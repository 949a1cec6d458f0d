//! Which events each finding of the last review is made of, for the filter `finding:`.
//!
//! Owns: the form in which that is kept. Never touches: what was found, or why.

use std::collections::BTreeMap;

use super::Case;
use crate::{error::Result, query::Overlay};

/// The kind under which the events of findings are kept: a JSON object of id and event numbers, and of severity and the
/// numbers of events that open findings of it hold. It is rebuilt by each
/// review; event numbers are never given twice, so an older one names the same events.
pub const FINDINGS: &str = "findings";
/// The kind of overlay that a filter asks for.
pub(crate) const FINDING: &str = "finding";

impl Case {
    /// Findings of the last review with their events; none before the first.
    pub(crate) fn found(&self) -> Result<Vec<Overlay>> {
        let Some(kept) = self.derived(FINDINGS, "")? else {
            return Ok(Vec::new());
        };
        let findings: BTreeMap<String, Vec<u64>> = serde_json::from_slice(&kept.value)?;
        Ok(findings
            .into_iter()
            .map(|(value, events)| Overlay { value, events })
            .collect())
    }
}
