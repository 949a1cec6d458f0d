//! What lies in the scope: counted once over all of its events, before anything is written.
//!
//! Owns: the census and the population statement. Never touches: bytes of entries.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde_json::{Value, json};
use witnessmark_model::{Event, Field, Instant};

use crate::error::Result;
use crate::material::Material;
use crate::sample::{self, Draw};
use crate::tree::Hash;
use crate::write::{Sampling, Steps};

/// Nanoseconds of a day.
pub(crate) const DAY: i64 = 86_400_000_000_000;
/// Events of each list that are kept whole for the report.
const LISTED: usize = 250;

/// Where an entry of the scope stands, and its leaf once its bytes were read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) entry: u64,
    pub(crate) line: u64,
    pub(crate) offset: u64,
    pub(crate) length: u64,
    pub(crate) leaf: Hash,
}

/// The scope, counted.
#[derive(Default)]
pub(crate) struct Census {
    pub(crate) events: u64,
    pub(crate) undated: u64,
    pub(crate) first: Option<Instant>,
    pub(crate) last: Option<Instant>,
    /// Entries of the scope by source, rising.
    pub(crate) places: BTreeMap<u32, Vec<Place>>,
    /// Events by source.
    pub(crate) by_source: BTreeMap<u32, u64>,
    /// Events by source and day since 1970 (UTC).
    pub(crate) by_day: BTreeMap<(u32, i64), u64>,
    /// Events by day and outcome, over all sources: success, failure, other.
    pub(crate) by_outcome: BTreeMap<i64, [u64; 3]>,
    pub(crate) actions: HashMap<String, u64>,
    pub(crate) actors: HashMap<String, u64>,
    pub(crate) addresses: HashMap<String, u64>,
    pub(crate) operations: HashMap<String, u64>,
    pub(crate) problems: BTreeMap<String, u64>,
    /// The sample, in the order of its keys.
    pub(crate) sample: Vec<(u64, Hash)>,
    /// The first of the sample for the report, in the order of its keys.
    pub(crate) sampled: Vec<Event>,
    /// The first events that a person marked, by number.
    pub(crate) marked: Vec<Event>,
    /// Events that a person marked.
    pub(crate) marks: u64,
    /// The first other events, by number.
    pub(crate) others: Vec<Event>,
}

/// The name under which an event's actor is counted and shown.
pub(crate) fn actor(event: &Event) -> Option<&str> {
    [Field::UserEmail, Field::UserName, Field::UserId]
        .into_iter()
        .find_map(|f| event.get(f))
}

/// Counts the scope.
pub(crate) fn census(
    material: &dyn Material,
    sampling: Option<&Sampling>,
    steps: &Steps<'_>,
) -> Result<Census> {
    let mut census = Census::default();
    let mut draw = sampling.map(|s| Draw::new(&s.seed, s.size));
    let marked = material.facts().marked();
    let (mut of_people, mut others) = (Vec::new(), Vec::new());
    let mut marks = 0;
    material.events(&mut |event| {
        census.take(event);
        if let Some(draw) = &mut draw {
            draw.offer(event.number);
        }
        if marked.binary_search(&event.number).is_ok() {
            marks += 1;
            if of_people.len() < LISTED {
                of_people.push(event.clone());
            }
        } else if others.len() < LISTED * 2 {
            // Twice as many, since those of the sample are taken out once it is drawn.
            others.push(event.clone());
        }
        steps.at("counting", census.events, 0)
    })?;
    for places in census.places.values_mut() {
        places.sort_unstable_by_key(|p| p.entry);
        places.dedup_by_key(|p| p.entry);
    }
    census.sample = draw.map(Draw::end).unwrap_or_default();
    let shown: Vec<u64> = census.sample.iter().take(LISTED).map(|s| s.0).collect();
    let mut sampled: HashMap<u64, Event> = HashMap::new();
    if !shown.is_empty() {
        let wanted: HashSet<u64> = shown.iter().copied().collect();
        material.events(&mut |event| {
            if wanted.contains(&event.number) {
                sampled.insert(event.number, event.clone());
            }
            Ok(())
        })?;
    }
    others.retain(|e: &Event| !sampled.contains_key(&e.number));
    others.truncate(LISTED);
    census.sampled = shown.iter().filter_map(|n| sampled.remove(n)).collect();
    census.marked = of_people;
    census.marks = marks;
    census.others = others;
    Ok(census)
}

impl Census {
    fn take(&mut self, event: &Event) {
        let at = &event.locator;
        self.events += 1;
        *self.by_source.entry(at.source).or_default() += 1;
        self.places.entry(at.source).or_default().push(Place {
            entry: at.entry,
            line: at.line,
            offset: at.offset,
            length: at.length,
            leaf: [0; 32],
        });
        match event.time {
            None => self.undated += 1,
            Some(time) => {
                let day = time.0.div_euclid(DAY);
                *self.by_day.entry((at.source, day)).or_default() += 1;
                let outcome = match event.get(Field::EventOutcome) {
                    Some("success") => 0,
                    Some("failure") => 1,
                    _ => 2,
                };
                self.by_outcome.entry(day).or_default()[outcome] += 1;
                self.first = Some(self.first.map_or(time, |t| t.min(time)));
                self.last = Some(self.last.map_or(time, |t| t.max(time)));
            }
        }
        let count = |map: &mut HashMap<String, u64>, value: Option<&str>| {
            if let Some(value) = value {
                match map.get_mut(value) {
                    Some(n) => *n += 1,
                    None => drop(map.insert(value.to_owned(), 1)),
                }
            }
        };
        count(&mut self.actions, event.get(Field::EventAction));
        count(&mut self.actors, actor(event));
        count(&mut self.addresses, event.get(Field::SourceIp));
        count(&mut self.operations, event.get(Field::EventOperation));
        for code in &event.problems {
            *self.problems.entry(code.clone()).or_default() += 1;
        }
    }

    /// Whether a source lies in the scope: it has an event there. A scope without events says something about every source.
    pub(crate) fn covers(&self, source: u32, query: &str) -> bool {
        self.events == 0 || query.trim().is_empty() || self.by_source.contains_key(&source)
    }
}

/// The population statement.
pub(crate) fn statement(census: &Census, material: &dyn Material, query: &str) -> Value {
    let facts = material.facts();
    let covered = |s: &&crate::material::SourceFacts| census.covers(s.id, query);
    let total = |pick: fn(&crate::material::SourceFacts) -> u64| -> u64 {
        facts.sources.iter().filter(covered).map(pick).sum()
    };
    json!({
        "query": query,
        "zone": facts.zone,
        "events": census.events,
        "undated": census.undated,
        "events_in_case": facts.events,
        "first": census.first.map(Instant::rfc3339),
        "last": census.last.map(Instant::rfc3339),
        "by_source": census.by_source.iter().map(|(source, events)| json!({
            "source": source,
            "events": events,
            "entries": census.places.get(source).map_or(0, Vec::len),
        })).collect::<Vec<_>>(),
        "conservation": {
            "read": total(|s| s.entries),
            "stored": total(|s| s.stored),
            "duplicates": total(|s| s.duplicates),
            "rejected": total(|s| s.rejected),
        },
        "flags": census.problems,
        "complete": "events.ndjson holds every event of the case that the filter matches, each once, by number",
    })
}

/// The sample as it is stated, with all that is needed to draw it again.
pub(crate) fn sample_statement(census: &Census, sampling: &Sampling) -> Value {
    json!({
        "method": sample::METHOD,
        "how": "key of an event = SHA-256 of the text <seed>:<event number>; the sample is the events of events.ndjson with the smallest keys",
        "seed": sampling.seed,
        "asked": sampling.size,
        "population": census.events,
        "sample": census.sample.iter().map(|(event, key)| json!({
            "event": event,
            "key": hex::encode(key),
        })).collect::<Vec<_>>(),
    })
}
