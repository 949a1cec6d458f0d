//! Events as rows of the timeline: the sentence beside the columns.
//!
//! Owns: what a row says. Never touches: which rows (the view knows), meaning of verbs (the profile knows).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use witnessmark_ingest::profile::{Library, PartKind};
use witnessmark_model::{Event, Field, Zone};

use crate::api::{RowPart, SentencePart};
use crate::clock_text::local_time;
use crate::findings::{Marked, SEVERITIES};

/// Marks that people put on events, and what findings hold them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Marks {
    /// Bookmarked events.
    pub(crate) bookmarks: HashSet<u64>,
    /// Tags by event.
    pub(crate) tags: HashMap<u64, Vec<String>>,
    /// Open findings that hold the events.
    pub(crate) findings: Arc<Marked>,
}

/// The name of the system that wrote an event, for people.
pub(crate) fn system(event: &Event, library: &Library) -> String {
    let profile = event
        .get(Field::Profile)
        .and_then(|name| library.find(name));
    profile
        .map(|p| p.title.clone())
        .or_else(|| event.get(Field::EventProvider).map(str::to_owned))
        .unwrap_or_else(|| "unknown system".to_owned())
}

/// One row.
pub(crate) fn row(event: &Event, zone: &Zone, library: &Library, marks: &Marks) -> RowPart {
    let get = |field: Field| event.get(field).map(str::to_owned);
    let sentence = library
        .sentence(event)
        .into_iter()
        .map(|part| SentencePart {
            kind: match part.kind {
                PartKind::Actor => "actor",
                PartKind::Verb => "verb",
                PartKind::Object => "object",
                PartKind::Tail => "tail",
            }
            .to_owned(),
            text: part.text,
            field: part.field.map(|f| f.name().to_owned()),
        });
    RowPart {
        event: event.number,
        time: event.time.map(|at| local_time(at, zone)),
        original_time: get(Field::EventOriginalTime),
        sentence: sentence.collect(),
        action: get(Field::EventAction),
        operation: get(Field::EventOperation),
        actor: [Field::UserEmail, Field::UserName, Field::UserId]
            .into_iter()
            .find_map(get),
        ip: get(Field::SourceIp),
        country: get(Field::SourceCountry),
        outcome: get(Field::EventOutcome),
        system: system(event, library),
        source: event.locator.source,
        problems: event.problems.clone(),
        bookmarked: marks.bookmarks.contains(&event.number),
        tags: marks.tags.get(&event.number).cloned().unwrap_or_default(),
        finding: marks
            .findings
            .get(&event.number)
            .and_then(|rank| SEVERITIES.get(*rank as usize))
            .map(|word| (*word).to_owned()),
        cells: Vec::new(),
    }
}
