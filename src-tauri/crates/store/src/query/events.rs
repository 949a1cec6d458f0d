//! Whole events from columns.
//!
//! Owns: putting together what stands in columns, overlays and attestations. Never touches: raw bytes. Rows of a page are
//! read chunk by chunk, so that each column of a chunk is fetched once.

use std::collections::BTreeMap;

use witnessmark_model::{
    Attestation, Change, ChangeKind, Event, Field, Group, Instant, Target, time::original,
};

use super::{
    Query,
    facets::codes_of,
    numbers,
    snapshot::{FLAG, RowRef},
};
use crate::{Result, segment::Column};

impl Query<'_> {
    /// One event.
    pub fn event(&self, row: RowRef) -> Result<Event> {
        Ok(self.events(&[row])?.remove(0))
    }

    /// The row of an event that may be seen; absent when there is none with this number.
    pub fn find(&self, number: u64) -> Result<Option<RowRef>> {
        numbers::find(self.snapshot, self.caches, number)
    }

    /// The events of rows, in their order. The rows must be of this snapshot.
    pub fn events(&self, rows: &[RowRef]) -> Result<Vec<Event>> {
        let mut events = vec![Event::default(); rows.len()];
        // (segment, chunk) -> (position in the answer, row of the chunk)
        let mut by_chunk: BTreeMap<(usize, usize), Vec<(usize, usize)>> = BTreeMap::new();
        for (position, row) in rows.iter().enumerate() {
            let segment = row.segment as usize;
            let (chunk, at) = self.snapshot.segments[segment].layout.place(row.row);
            by_chunk
                .entry((segment, chunk))
                .or_default()
                .push((position, at));
        }
        for ((segment, chunk), places) in by_chunk {
            self.read_chunk(segment, chunk, &places, &mut events)?;
        }
        let numbers: Vec<u64> = events.iter().map(|e| e.number).collect();
        for (event, further) in events.iter_mut().zip(self.facts.attestations(&numbers)?) {
            event.attested.push(Attestation {
                source: event.locator.source,
                entry: event.locator.entry,
            });
            event.attested.extend(further);
        }
        for overlay in self.facts.overlays(FLAG)? {
            let set = numbers::Numbers::of(&overlay.events);
            for event in events.iter_mut().filter(|e| set.has(e.number)) {
                if !event.problems.contains(&overlay.value) {
                    event.problems.push(overlay.value.clone());
                }
            }
        }
        Ok(events)
    }

    fn read_chunk(
        &self,
        segment: usize,
        chunk: usize,
        places: &[(usize, usize)],
        events: &mut [Event],
    ) -> Result<()> {
        let columns = &self.snapshot.segments[segment].columns;
        let times = columns.times(chunk)?;
        let numbers = columns.numbers(chunk)?;
        let sources = columns.sources(chunk)?;
        let locators = columns.locators(chunk)?;
        for (position, at) in places {
            let event = &mut events[*position];
            event.number = numbers[*at];
            event.time = times.get(*at).copied().map(Instant);
            event.locator = locators.get(*at, sources.get(*at));
        }
        for field in Field::ALL {
            let column = columns.column(*field, chunk)?;
            if column == Column::Absent {
                continue;
            }
            let dictionary = columns.dictionary(*field)?;
            for (position, at) in places {
                let event = &mut events[*position];
                for (element, code) in codes_of(&column, *at).enumerate() {
                    let text = (code != 0).then(|| dictionary.text(code));
                    put(event, *field, element, text);
                }
            }
        }
        Ok(())
    }
}

/// Lays one value where it belongs. Absent values are laid down too where they make an element of a list.
fn put(event: &mut Event, field: Field, element: usize, text: Option<&str>) {
    match field.group() {
        Group::Target => {
            if event.targets.len() <= element {
                event.targets.resize_with(element + 1, Target::default);
            }
            let target = &mut event.targets[element];
            let text = text.map(str::to_owned);
            match field {
                Field::TargetType => target.r#type = text,
                Field::TargetId => target.id = text,
                _ => target.name = text,
            }
        }
        Group::Change => {
            if event.changes.len() <= element {
                event.changes.resize_with(element + 1, || Change {
                    field: String::new(),
                    kind: None,
                    old: None,
                    new: None,
                });
            }
            let change = &mut event.changes[element];
            match field {
                Field::ChangeField => change.field = text.unwrap_or_default().to_owned(),
                Field::ChangeKind => change.kind = text.and_then(ChangeKind::parse),
                Field::ChangeOld => change.old = text.map(str::to_owned),
                _ => change.new = text.map(str::to_owned),
            }
        }
        Group::Many => {
            if let Some(text) = text {
                let list = match field {
                    Field::RelatedIp => &mut event.related_ips,
                    _ => &mut event.problems,
                };
                list.push(text.to_owned());
            }
        }
        Group::Single => {
            if let Some(text) = text {
                let text = match field {
                    Field::EventOriginalTime => original::text(text, event.time),
                    _ => text.to_owned(),
                };
                event.fields.push((field, text));
            }
        }
    }
}
