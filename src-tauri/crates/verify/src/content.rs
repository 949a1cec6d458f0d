//! What the payload says: events, the entries behind them, custody, the sample; each held against the others.
//!
//! Owns: docs/package-format.md, from the reader's side. Never touches: hashes of files (the bag does them).

use std::collections::{BTreeMap, BinaryHeap};
use std::io::{BufRead, BufReader, Read};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::borrow::Cow;

use crate::bag::{Bag, told};
use crate::custody::{Log, Withheld};
use crate::figures;
use crate::files::Files;
use crate::openings;
use crate::proofs::Proofs;
use crate::report::{Layer, Options};
use crate::sheet;
use crate::tree::{self, Hash};

/// Longest line; an entry has at most 16 MiB, which escapes can make six times longer.
const LINE: u64 = 128 << 20;
/// What was read.
pub(crate) struct Content {
    pub(crate) layers: Vec<Layer>,
    pub(crate) events: Option<u64>,
    pub(crate) custody: Option<Log>,
}

#[derive(Deserialize)]
struct EventLine<'l> {
    #[serde(rename = "@timestamp", borrow)]
    time: Option<Cow<'l, str>>,
    #[serde(borrow)]
    witnessmark: PlaceLine<'l>,
}

#[derive(Deserialize)]
struct PlaceLine<'l> {
    event: u64,
    source: u64,
    entry: u64,
    offset: u64,
    length: u64,
    #[serde(borrow)]
    leaf: Option<Cow<'l, str>>,
    #[serde(borrow)]
    commitment: Option<Cow<'l, str>>,
}

#[derive(Deserialize)]
struct ExcerptLine<'l> {
    entry: u64,
    length: u64,
    offset: u64,
    #[serde(borrow)]
    leaf: Cow<'l, str>,
    #[serde(borrow)]
    text: Option<Cow<'l, str>>,
    #[serde(borrow)]
    base64: Option<Cow<'l, str>>,
}

#[derive(Deserialize)]
struct CustodyLine {
    seq: u64,
    entry: Option<String>,
    leaf: Option<String>,
    prev: String,
    hash: String,
}

/// An entry that events come from.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    entry: u64,
    offset: u64,
    length: u64,
    leaf: Hash,
}

/// The events, as far as the other files must agree with them.
#[derive(Default)]
pub(crate) struct Events {
    pub(crate) count: u64,
    undated: u64,
    last: u64,
    pub(crate) by_source: BTreeMap<u64, u64>,
    pub(crate) by_day: BTreeMap<(u64, String), u64>,
    places: BTreeMap<u64, Vec<Place>>,
    numbers: Vec<u64>,
    /// Hash of the row of the table that each event gives.
    rows: Vec<Hash>,
    committed: u64,
    bare: u64,
}

/// Hands each line of a file to `each`, without its line feed; the last line must have one too.
pub(crate) fn lines(
    files: &Files,
    name: &str,
    each: &mut dyn FnMut(u64, &str) -> Result<(), String>,
) -> Result<u64, String> {
    let read = files.with(name, |bytes| {
        let mut bytes = BufReader::with_capacity(256 << 10, bytes);
        let mut line = Vec::new();
        let mut count = 0;
        loop {
            line.clear();
            Read::by_ref(&mut bytes)
                .take(LINE)
                .read_until(b'\n', &mut line)?;
            if line.is_empty() {
                return Ok(Ok(count));
            }
            count += 1;
            let text = line
                .strip_suffix(b"\n")
                .and_then(|line| std::str::from_utf8(line).ok());
            let done = match text {
                Some(text) => each(count, text),
                None => Err("it is not a whole line of text".to_owned()),
            };
            if let Err(why) = done {
                return Ok(Err(format!("`{name}` line {count}: {why}")));
            }
        }
    });
    read.map_err(|e| format!("`{name}`: {e}"))?
}

fn no_json(error: &serde_json::Error) -> String {
    format!("it is not the JSON it should be: {error}")
}

pub(crate) fn check(files: &Files, bag: &Bag, options: &Options<'_>) -> Content {
    let mut layers = Vec::new();
    let (log, fault) = custody(files);
    let redacted = files.has(openings::REDACTIONS);
    layers.push(log.layer(
        fault,
        options.head,
        if redacted {
            Withheld::Allowed
        } else {
            Withheld::Refused
        },
    ));
    let mut events = Events::default();
    let read = read_events(files, &mut events);
    let population = read.and_then(|()| population(files, &events));
    let events_hold = population.is_ok();
    layers.push(match population {
        Ok(detail) => Layer::held(
            "events",
            detail,
            "the events are as many as the population statement and the counts by source and day say, each once and in order, and every cell of the table says what its event says",
            "that the export the case was made from was complete, or that the system logged everything: see coverage and blind spots",
        ),
        Err(why) => Layer::failed("events", why),
    });
    if events_hold {
        layers.push(figures::layer(files, &events, &log));
    }
    let excerpts = files
        .names()
        .any(|n| n.starts_with("data/evidence/excerpts/"));
    if excerpts && events_hold {
        evidence(files, &events, &log, &mut layers);
    } else if !redacted && events.committed > 0 {
        layers.push(Layer::failed(
            "evidence",
            "events carry commitments, but the package states no redaction",
        ));
    }
    originals(files, bag, &log, &mut layers);
    if files.has("data/scope/sample.json") {
        layers.push(match sample(files, &events) {
            Ok(detail) => Layer::held(
                "sample",
                detail,
                "the sample is the one that the stated method draws with the stated seed from these events",
                "that the seed was chosen before anybody knew the events",
            ),
            Err(why) => Layer::failed("sample", why),
        });
    }
    if redacted {
        layers.push(match redactions(files, &events) {
            Ok(detail) => Layer::held(
                "redaction",
                detail,
                "every event is bound to the bytes of its entry by a salted commitment, which the holder of the case can open",
                "that the redacted values are those of the case: ask the holder to open the commitments of a sample",
            ),
            Err(why) => Layer::failed("redaction", why),
        });
    }
    if let Some(text) = options.openings {
        layers.push(openings::check(files, text));
    }
    Content {
        layers,
        events: events_hold.then_some(events.count),
        custody: Some(log),
    }
}

fn custody(files: &Files) -> (Log, Option<String>) {
    let mut log = Log::default();
    let walked = lines(files, "data/custody/custody.ndjson", &mut |_, text| {
        let line: CustodyLine = serde_json::from_str(text).map_err(|e| no_json(&e))?;
        let hash = |text: &str| tree::hash(text).ok_or_else(|| "a hash is none".to_owned());
        let leaf = line.leaf.as_deref().map(&hash).transpose()?;
        log.take(
            line.seq,
            line.entry.as_deref(),
            leaf,
            hash(&line.prev)?,
            hash(&line.hash)?,
        )
    });
    let fault = walked
        .and_then(|_| files.text("data/custody/checkpoint.txt"))
        .and_then(|text| log.checkpoint(&text));
    let fault = fault.err();
    (log, fault)
}

fn read_events(files: &Files, events: &mut Events) -> Result<(), String> {
    lines(files, "data/events/events.ndjson", &mut |_, text| {
        let line: EventLine<'_> = serde_json::from_str(text).map_err(|e| no_json(&e))?;
        let whole: Value = serde_json::from_str(text).map_err(|e| no_json(&e))?;
        let place = line.witnessmark;
        if place.event <= events.last {
            return Err(format!(
                "event {} stands after event {}",
                place.event, events.last
            ));
        }
        events.last = place.event;
        events.count += 1;
        events.numbers.push(place.event);
        events.rows.push(sheet::row_of(&whole));
        *events.by_source.entry(place.source).or_default() += 1;
        match &line.time {
            None => events.undated += 1,
            Some(time) => {
                let day = time.get(..10).ok_or("its time is no time")?;
                match events.by_day.get_mut(&(place.source, day.to_owned())) {
                    Some(n) => *n += 1,
                    None => drop(events.by_day.insert((place.source, day.to_owned()), 1)),
                }
            }
        }
        match (&place.leaf, &place.commitment) {
            (Some(leaf), None) => {
                let leaf = tree::hash(leaf).ok_or("its leaf is no hash")?;
                events.places.entry(place.source).or_default().push(Place {
                    entry: place.entry,
                    offset: place.offset,
                    length: place.length,
                    leaf,
                });
            }
            (None, Some(commitment)) => {
                tree::hash(commitment).ok_or("its commitment is no hash")?;
                events.committed += 1;
            }
            _ => events.bare += 1,
        }
        Ok(())
    })?;
    for places in events.places.values_mut() {
        places.sort_unstable_by_key(|p| p.entry);
        places.dedup();
        if let Some(pair) = places.windows(2).find(|p| p[0].entry == p[1].entry) {
            return Err(format!(
                "the events of entry {} disagree about its bytes",
                pair[0].entry
            ));
        }
    }
    if events.bare > 0 {
        return Err(format!("{} events are bound to no entry", events.bare));
    }
    Ok(())
}

/// Holds the events against every figure that the package states.
fn population(files: &Files, events: &Events) -> Result<String, String> {
    let stated = files.json("data/scope/population.json")?;
    let figure = |key: &str| stated[key].as_u64();
    if figure("events") != Some(events.count) || figure("undated") != Some(events.undated) {
        return Err(format!(
            "there are {} events, {} undated; the population statement says {} and {}",
            events.count, events.undated, stated["events"], stated["undated"]
        ));
    }
    let by_source: BTreeMap<u64, u64> = stated["by_source"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|s| Some((s["source"].as_u64()?, s["events"].as_u64()?)))
        .collect();
    if by_source != events.by_source {
        return Err("the events by source are not those of the population statement".to_owned());
    }
    let mut by_day = BTreeMap::new();
    let counts = files.text("data/scope/counts.csv")?;
    for line in counts.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').map(|c| c.trim_matches('"')).collect();
        let [source, day, count] = cells[..] else {
            return Err("`data/scope/counts.csv` has a line that is no row".to_owned());
        };
        let (Ok(source), Ok(count)) = (source.parse(), count.parse()) else {
            return Err("`data/scope/counts.csv` has a row without figures".to_owned());
        };
        by_day.insert((source, day.to_owned()), count);
    }
    if by_day != events.by_day {
        return Err(
            "the events by source and day are not those of `data/scope/counts.csv`".to_owned(),
        );
    }
    for shape in ["ecs", "ocsf"] {
        let name = format!("data/events/events.{shape}.ndjson");
        if files.has(&name) && lines(files, &name, &mut |_, _| Ok(()))? != events.count {
            return Err(format!("`{name}` has another number of events"));
        }
    }
    let rows = sheet::table(files, &events.rows, &events.numbers)?;
    Ok(format!(
        "{} events, {} undated, from {} sources; {rows} rows in the table",
        events.count,
        events.undated,
        events.by_source.len()
    ))
}

/// Excerpts against events, proofs against excerpts.
fn evidence(files: &Files, events: &Events, log: &Log, layers: &mut Vec<Layer>) {
    let mut leaves: BTreeMap<u64, Vec<(u64, Hash)>> = BTreeMap::new();
    let mut faults = Vec::new();
    let mut entries = 0;
    for (source, places) in &events.places {
        match excerpt(files, *source, places) {
            Ok(()) => entries += places.len(),
            Err(why) => faults.push(why),
        }
        leaves.insert(*source, places.iter().map(|p| (p.entry, p.leaf)).collect());
    }
    for name in files.names() {
        let source = name
            .strip_prefix("data/evidence/excerpts/source-")
            .and_then(|rest| rest.strip_suffix(".ndjson"))
            .map(|n| n.parse::<u64>());
        if source.is_some_and(|s| !s.is_ok_and(|s| events.places.contains_key(&s))) {
            faults.push(format!("`{name}` belongs to no event"));
        }
    }
    let hold = faults.is_empty();
    layers.push(if hold {
        Layer::held(
            "evidence",
            format!("{entries} entries from {} sources", events.places.len()),
            "the bytes of each entry have the hash that its events carry",
            "that the fields of an event were read rightly from those bytes: compare them, the profile that was used is in data/rules",
        )
    } else {
        Layer::failed("evidence", told(faults))
    });
    let mut proofs = Proofs::new(&leaves, &log.sources);
    let read = lines(files, "data/evidence/proofs.ndjson", &mut |_, text| {
        proofs.line(text)
    });
    let read = read.and_then(|_| proofs.close());
    let missing = leaves.keys().find(|s| !proofs.proved.contains(s));
    layers.push(match (read, missing) {
        (Err(why), _) => Layer::failed("inclusion", why),
        (Ok(()), Some(source)) => Layer::failed("inclusion", format!("source {source} has no proof")),
        (Ok(()), None) => Layer::held(
            "inclusion",
            format!("{} sources", proofs.proved.len()),
            "every entry shown was part of the file that was imported, at its place: the tree leads to the root in the custody log",
            "what happened to the file before it was imported",
        ),
    });
}

fn excerpt(files: &Files, source: u64, places: &[Place]) -> Result<(), String> {
    let mut expected = places.iter();
    let name = format!("data/evidence/excerpts/source-{source}.ndjson");
    lines(files, &name, &mut |_, text| {
        let line: ExcerptLine<'_> = serde_json::from_str(text).map_err(|e| no_json(&e))?;
        let Some(place) = expected.next().filter(|p| p.entry == line.entry) else {
            return Err(format!(
                "entry {} belongs to no event, or out of order",
                line.entry
            ));
        };
        let found = match (&line.text, &line.base64) {
            (Some(text), None) => (tree::leaf(text.as_bytes()), text.len()),
            (None, Some(coded)) => {
                let bytes = STANDARD
                    .decode(coded.as_bytes())
                    .map_err(|_| "its base64 is none".to_owned())?;
                (tree::leaf(&bytes), bytes.len())
            }
            _ => return Err("it holds no bytes".to_owned()),
        };
        let stated = tree::hash(&line.leaf);
        let agrees = found.0 == place.leaf
            && stated == Some(place.leaf)
            && found.1 as u64 == place.length
            && line.length == place.length
            && line.offset == place.offset;
        if agrees {
            Ok(())
        } else {
            Err(format!(
                "the bytes of entry {} are not those that its event names",
                line.entry
            ))
        }
    })?;
    match expected.next() {
        None => Ok(()),
        Some(place) => Err(format!("`{name}` lacks entry {}", place.entry)),
    }
}

/// Whole originals are named by their hash, which the log must know.
fn originals(files: &Files, bag: &Bag, log: &Log, layers: &mut Vec<Layer>) {
    let mut faults = Vec::new();
    let mut count = 0;
    for name in files.names() {
        let Some(rest) = name.strip_prefix("data/evidence/") else {
            continue;
        };
        let stem = rest.split('.').next().unwrap_or_default();
        let Some(hash) = tree::hash(stem).filter(|_| !rest.contains('/')) else {
            continue;
        };
        count += 1;
        // The layer `files` holds each file against the hash that is listed.
        if bag.listed.get(name) != Some(&hash) {
            faults.push(format!("`{name}` does not have the hash that is its name"));
        }
        let known = log.sources.values().any(|s| s.sha256 == stem);
        if !known {
            faults.push(format!("`{name}` is no file that the custody log tells of"));
        }
    }
    if count > 0 {
        layers.push(if faults.is_empty() {
            Layer::held(
                "originals",
                format!("{count} files"),
                "each original has the SHA-256 that was taken while it was imported",
                "what happened to it before",
            )
        } else {
            Layer::failed("originals", told(faults))
        });
    }
}

/// Draws the sample again.
fn sample(files: &Files, events: &Events) -> Result<String, String> {
    let stated = files.json("data/scope/sample.json")?;
    if stated["method"] != "sha256-rank" {
        return Err(format!("the method {} is not known", stated["method"]));
    }
    let (Some(seed), Some(size)) = (stated["seed"].as_str(), stated["asked"].as_u64()) else {
        return Err("the statement lacks seed or size".to_owned());
    };
    if stated["population"].as_u64() != Some(events.count) {
        return Err("the statement is of another population".to_owned());
    }
    let mut kept: BinaryHeap<(Hash, u64)> = BinaryHeap::new();
    for event in &events.numbers {
        kept.push((Sha256::digest(format!("{seed}:{event}")).into(), *event));
        if kept.len() as u64 > size {
            kept.pop();
        }
    }
    let drawn: Vec<Value> = kept
        .into_sorted_vec()
        .into_iter()
        .map(|(key, event)| serde_json::json!({"event": event, "key": hex::encode(key)}))
        .collect();
    if stated["sample"] == Value::Array(drawn) {
        Ok(format!("{size} of {} events, seed {seed}", events.count))
    } else {
        Err("the sample is not the one that the seed draws".to_owned())
    }
}

#[derive(Deserialize)]
struct RedactionLine {
    count: u64,
    commitment: String,
}

fn redactions(files: &Files, events: &Events) -> Result<String, String> {
    if events.committed != events.count {
        return Err(format!(
            "{} of {} events carry no commitment",
            events.count - events.committed,
            events.count
        ));
    }
    let mut replaced = 0_u64;
    let values = lines(files, openings::REDACTIONS, &mut |_, text| {
        let line: RedactionLine = serde_json::from_str(text).map_err(|e| no_json(&e))?;
        tree::hash(&line.commitment).ok_or("its commitment is no hash")?;
        replaced = replaced
            .checked_add(line.count)
            .ok_or("it counts more than can be")?;
        Ok(())
    })?;
    if files
        .names()
        .any(|n| n.starts_with("data/evidence/excerpts/"))
    {
        return Err("a redacted package must hold no excerpts".to_owned());
    }
    Ok(format!("{values} values replaced {replaced} times"))
}
