//! One event in full: fields, raw bytes read again, provenance, what its system does not log.
//!
//! Owns: what the detail pane shows. Never touches: how it is shown.

use std::sync::PoisonError;

use witnessmark_model::{Event, Flag, Zone};
use witnessmark_store::query::Snapshot;

use crate::api::{EventDetail, EventJson, ProblemPart};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::rows;

/// Raw text that is shown; a longer entry is cut and says so.
const SHOWN: usize = 256 << 10;
/// Sources up to this size are hashed anew when one of their events is looked at, which takes well under a second.
const CHECK_BELOW: u64 = 64 << 20;

impl Case {
    /// One event in full, with its raw bytes read again.
    pub fn event_detail(&self, number: u64, zone: &Zone) -> Result<EventDetail> {
        let answer = self.answer("", zone)?;
        let event = self.event(&answer.snapshot, number)?;
        let raw = self.store.raw(&event.locator)?;
        let source = self.source_info(event.locator.source)?;
        let report = self.source_report(&source);
        let shown = &raw[..raw.len().min(SHOWN)];
        let problems = event.problems.iter().map(|code| ProblemPart {
            code: code.clone(),
            text: Flag::from_code(code).map_or_else(|| code.clone(), |f| f.text().to_owned()),
        });
        let notes = self.store.overlays(Some("note"), Some(number))?;
        Ok(EventDetail {
            agent: crate::agents::in_words(&event),
            event: EventJson::from(&event),
            row: rows::row(&event, zone, &self.library(), &self.marks()?),
            raw: String::from_utf8_lossy(shown).into_owned(),
            raw_bytes: raw.len() as u64,
            raw_cut: raw.len() > SHOWN,
            raw_sha256: witnessmark_store::sha256_hex(&raw),
            raw_matches: self.source_matches(source.id, source.receipt.bytes)?,
            source_name: report.name,
            source_sha256: report.sha256,
            blind_spots: report.blind_spots,
            problems: problems.collect(),
            notes: notes.into_iter().map(|n| n.value).collect(),
        })
    }

    pub(crate) fn event(&self, snapshot: &Snapshot, number: u64) -> Result<Event> {
        let query = self.query(snapshot);
        let row = query.find(number)?.ok_or_else(|| {
            Error::new(
                Code::NoSuchItem,
                format!("there is no event {number} in this case"),
                "List them with `events`.",
            )
        })?;
        Ok(query.event(row)?)
    }

    /// Whether the source, read again since the case was opened, has the hash of its import; absent when it was not read.
    pub(crate) fn source_matches(&self, source: u32, bytes: u64) -> Result<Option<bool>> {
        let checked = || self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        let known = checked().get(&source).copied();
        if known.is_some() || bytes > CHECK_BELOW {
            return Ok(known);
        }
        let matches = match self.store.extract(source, &mut std::io::sink()) {
            Ok(_) => true,
            Err(witnessmark_store::StoreError::EvidenceChanged { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        checked().insert(source, matches);
        Ok(Some(matches))
    }
}
