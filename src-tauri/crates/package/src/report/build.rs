//! What the report says.
//!
//! Owns: its sections. Never touches: setting. Every conclusion stands with its coverage; an empty scope says what was
//! covered; what could not be told is said.

use std::collections::HashMap;

use witnessmark_model::{Event, Field, Instant, Zone};

use super::show::{cell, number, time};
use super::{Bars, Block, Column, Kind, Report, Strip, judged};
use crate::material::{CaseFacts, NoteFacts, SourceFacts};
use crate::pieces::{day, gaps};
use crate::population::{Census, actor};
use crate::redact::Effect;
use crate::words;
use crate::write::Sampling;

/// Bars of the timeline, at most.
const BARS: i64 = 96;
/// Pieces of a coverage strip.
const PIECES: usize = 120;
/// Rows of the lists of values.
const TOP: usize = 12;

/// Notes and entries on paper.
const MOST_NOTES: usize = 500;

/// What the report is made from.
pub(crate) struct Given<'g> {
    pub(crate) facts: &'g CaseFacts,
    pub(crate) census: &'g Census,
    pub(crate) title: &'g str,
    pub(crate) query: &'g str,
    pub(crate) sampling: Option<&'g Sampling>,
    pub(crate) policy: Option<&'g str>,
    pub(crate) effects: &'g [Effect],
    pub(crate) custody: (u64, &'g str),
}

pub(super) const fn column(title: &'static str, weight: f32, kind: Kind) -> Column {
    Column {
        title,
        weight,
        kind,
    }
}

/// Builds it.
pub(crate) fn build(given: &Given<'_>) -> Report {
    let zone = Zone::parse(&given.facts.zone).unwrap_or(Zone::UTC);
    let mut blocks = Vec::new();
    scope(given, &zone, &mut blocks);
    timeline(given.census, &mut blocks);
    values(given.census, &mut blocks);
    judged::judged(given.facts, &mut blocks);
    notes(given, &zone, &mut blocks);
    events(given, &zone, &mut blocks);
    coverage(given, &zone, &mut blocks);
    redaction(given, &mut blocks);
    methods(given, &mut blocks);
    Report {
        title: cell(given.title),
        subtitle: format!(
            "Case {} · custody entry {} · times in {}",
            cell(&given.facts.name),
            given.custody.0,
            zone.name()
        ),
        foot: format!(
            "{} · custody {}:{}",
            cell(given.title),
            given.custody.0,
            &given.custody.1[..given.custody.1.len().min(16)]
        ),
        blocks,
    }
}

fn scope(given: &Given<'_>, zone: &Zone, blocks: &mut Vec<Block>) {
    let (census, facts) = (given.census, given.facts);
    let covered = |s: &&SourceFacts| census.covers(s.id, given.query);
    let total = |pick: fn(&SourceFacts) -> u64| {
        let sources = facts.sources.iter().filter(covered);
        sources.map(pick).sum::<u64>()
    };
    let (read, stored) = (total(|s| s.entries), total(|s| s.stored));
    let (doubled, rejected) = (total(|s| s.duplicates), total(|s| s.rejected));
    blocks.push(Block::Heading("Scope and population".to_owned()));
    let filter = if given.query.is_empty() {
        "none: every event of the case".to_owned()
    } else {
        cell(given.query)
    };
    let mut rows = vec![
        ("Filter".to_owned(), filter),
        (
            "Events".to_owned(),
            format!(
                "{} of {} in the case, {} undated",
                number(census.events),
                number(facts.events),
                number(census.undated)
            ),
        ),
    ];
    if census.first.is_some() {
        rows.push((
            "First and last".to_owned(),
            format!(
                "{} to {}",
                time(census.first, zone),
                time(census.last, zone)
            ),
        ));
    }
    rows.push((
        "Conservation".to_owned(),
        format!(
            "{} entries read = {} stored + {} duplicates + {} rejected",
            number(read),
            number(stored),
            number(doubled),
            number(rejected)
        ),
    ));
    if let Some(sampling) = given.sampling {
        rows.push((
            "Sample".to_owned(),
            format!(
                "{} of {}, method sha256-rank, seed {}",
                number(census.sample.len() as u64),
                number(census.events),
                cell(&sampling.seed)
            ),
        ));
    }
    if let Some(policy) = given.policy {
        rows.push((
            "Redaction".to_owned(),
            format!("policy “{}”, see below", cell(policy)),
        ));
    }
    blocks.push(Block::Facts(rows));
    if census.events == 0 {
        blocks.push(Block::Text(
            "No event matched. This is a statement about the days and sources under Coverage and about what these \
             sources log, not about what happened."
                .to_owned(),
        ));
    }
    for source in facts
        .sources
        .iter()
        .filter(|s| census.by_source.contains_key(&s.id))
    {
        let events = census.by_source.get(&source.id).copied().unwrap_or(0);
        blocks.push(Block::Note(format!(
            "Source {}: {}, {}, {} events in scope.",
            source.id,
            cell(&source.name),
            cell(&source.title),
            number(events)
        )));
    }
}

fn timeline(census: &Census, blocks: &mut Vec<Block>) {
    let (Some(first), Some(last)) = (
        census.by_outcome.keys().next(),
        census.by_outcome.keys().next_back(),
    ) else {
        return;
    };
    let days = last - first + 1;
    let step = days.div_euclid(BARS) + i64::from(days % BARS != 0);
    let mut bins = vec![[0; 3]; (days.div_euclid(step) + i64::from(days % step != 0)) as usize];
    for (day, counts) in &census.by_outcome {
        let bin = &mut bins[((day - first) / step) as usize];
        for (sum, n) in bin.iter_mut().zip(counts) {
            *sum += n;
        }
    }
    blocks.push(Block::Heading("Timeline".to_owned()));
    blocks.push(Block::Bars(Bars {
        from: day(*first),
        to: day(*last),
        step: if step == 1 {
            "a day (UTC)".to_owned()
        } else {
            format!("{step} days (UTC)")
        },
        bins,
    }));
}

/// Values with their counts, most frequent first, then by bytes.
fn top(counts: &HashMap<String, u64>) -> Vec<Vec<String>> {
    let mut all: Vec<(&String, &u64)> = counts.iter().collect();
    all.sort_unstable_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    let rest = all.len().saturating_sub(TOP);
    let mut rows: Vec<Vec<String>> = all
        .iter()
        .take(TOP)
        .map(|(value, n)| vec![cell(value), number(**n)])
        .collect();
    if rest > 0 {
        let events: u64 = all.iter().skip(TOP).map(|(_, n)| **n).sum();
        rows.push(vec![
            format!("{} further values", number(rest as u64)),
            number(events),
        ]);
    }
    rows
}

fn values(census: &Census, blocks: &mut Vec<Block>) {
    for (title, counts, kind) in [
        ("Actions", &census.actions, Kind::Text),
        ("Actors", &census.actors, Kind::Text),
        ("Addresses", &census.addresses, Kind::Mono),
    ] {
        if counts.is_empty() {
            continue;
        }
        blocks.push(Block::Heading(title.to_owned()));
        let columns = vec![
            column("Value", 4.0, kind),
            column("Events", 1.0, Kind::Figure),
        ];
        blocks.push(Block::Table(columns, top(counts)));
    }
}

/// What persons said, apart from everything that a log says.
fn notes(given: &Given<'_>, zone: &Zone, blocks: &mut Vec<Block>) {
    let all = &given.facts.notes;
    let at = |text: &str| time(Instant::parse_rfc3339(text), zone);
    let own: Vec<&NoteFacts> = all.iter().filter(|n| n.kind == "entry").collect();
    if !own.is_empty() {
        blocks.push(Block::Heading("Entries of the examiner".to_owned()));
        blocks.push(Block::Note(
            "Written by a person; they stand in no log and are not counted as events.".to_owned(),
        ));
        let columns = vec![
            column("Time", 2.6, Kind::Text),
            column("Entry", 5.0, Kind::Text),
            column("Written by", 2.4, Kind::Text),
            column("Written at", 2.6, Kind::Text),
        ];
        let rows = own
            .iter()
            .take(MOST_NOTES)
            .map(|n| vec![time(n.time, zone), cell(&n.text), cell(&n.who), at(&n.at)]);
        blocks.push(Block::Table(columns, rows.collect()));
        rest(own.len(), blocks);
    }
    let marks: Vec<&NoteFacts> = all.iter().filter(|n| n.kind != "entry").collect();
    if !marks.is_empty() {
        blocks.push(Block::Heading("Notes, tags and bookmarks".to_owned()));
        let columns = vec![
            column("On", 2.4, Kind::Text),
            column("Mark", 1.2, Kind::Text),
            column("What it says", 4.6, Kind::Text),
            column("By", 2.0, Kind::Text),
            column("At", 2.4, Kind::Text),
        ];
        let rows = marks.iter().take(MOST_NOTES).map(|n| {
            let on = n.subject.replacen(':', " ", 1);
            vec![
                cell(&if n.gone {
                    format!("{on} (not seen any more)")
                } else {
                    on
                }),
                n.kind.clone(),
                cell(if n.text.is_empty() { "–" } else { &n.text }),
                cell(&n.who),
                at(&n.at),
            ]
        });
        blocks.push(Block::Table(columns, rows.collect()));
        rest(marks.len(), blocks);
    }
}

fn rest(all: usize, blocks: &mut Vec<Block>) {
    if all > MOST_NOTES {
        blocks.push(Block::Note(format!(
            "All {} are in data/notes/notes.ndjson; paper holds a part.",
            number(all as u64)
        )));
    }
}

fn object(event: &Event) -> String {
    let target = event.targets.first().map(|t| {
        let parts = [t.r#type.as_deref(), t.name.as_deref().or(t.id.as_deref())];
        parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    let change = event.changes.first().map(|c| {
        let old = c.old.as_deref().unwrap_or("–");
        let new = c.new.as_deref().unwrap_or("–");
        let more = event.changes.len() - 1;
        let rest = if more > 0 {
            format!(", {more} more")
        } else {
            String::new()
        };
        format!("{}: {old} → {new}{rest}", c.field)
    });
    [target, change]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("; ")
}

fn rows(events: &[&Event], zone: &Zone) -> Block {
    let columns = vec![
        column("Event", 1.0, Kind::Figure),
        column("Time", 3.1, Kind::Text),
        column("Actor", 3.0, Kind::Text),
        column("Action", 2.4, Kind::Text),
        column("Object and change", 3.4, Kind::Text),
        column("Address", 2.2, Kind::Mono),
        column("Source:entry", 1.4, Kind::Figure),
    ];
    let rows = events.iter().map(|event| {
        let outcome = event
            .get(Field::EventOutcome)
            .filter(|o| *o == "failure")
            .map_or("", |_| " (failure)");
        vec![
            event.number.to_string(),
            time(event.time, zone),
            cell(actor(event).unwrap_or("–")),
            cell(&format!(
                "{}{outcome}",
                event.get(Field::EventAction).unwrap_or("–")
            )),
            cell(&object(event)),
            cell(event.get(Field::SourceIp).unwrap_or("–")),
            format!("{}:{}", event.locator.source, event.locator.entry),
        ]
    });
    Block::Table(columns, rows.collect())
}

/// Says that a list is a part, where it is one.
fn part(shown: usize, all: u64, of: &str, blocks: &mut Vec<Block>) {
    if (shown as u64) < all {
        blocks.push(Block::Note(format!(
            "{} of {} shown; {of}.",
            number(shown as u64),
            number(all)
        )));
    }
}

fn events(given: &Given<'_>, zone: &Zone, blocks: &mut Vec<Block>) {
    let census = given.census;
    let list = |of: &[Event], blocks: &mut Vec<Block>| {
        blocks.push(rows(&of.iter().collect::<Vec<_>>(), zone));
    };
    if !census.sampled.is_empty() {
        blocks.push(Block::Heading("The sample".to_owned()));
        blocks.push(Block::Note(
            "In the order in which it was drawn.".to_owned(),
        ));
        part(
            census.sampled.len(),
            census.sample.len() as u64,
            "the first of the draw; all are in data/scope/sample.json",
            blocks,
        );
        list(&census.sampled, blocks);
    }
    if !census.marked.is_empty() {
        blocks.push(Block::Heading("Events that a person marked".to_owned()));
        part(
            census.marked.len(),
            census.marks,
            "the first by number; all marks are in data/notes/notes.ndjson",
            blocks,
        );
        list(&census.marked, blocks);
    }
    // An event that was drawn and marked stands in both lists above.
    let marked = |e: &&Event| census.marked.iter().any(|m| m.number == e.number);
    let twice = census.sampled.iter().filter(marked).count();
    let above = census.sampled.len() + census.marked.len() - twice;
    if census.others.is_empty() {
        return;
    }
    let all = (above + census.others.len()) as u64 == census.events;
    blocks.push(Block::Heading(match (all, above) {
        (true, 0) => "Events".to_owned(),
        (true, _) => "Further events".to_owned(),
        (false, 0) => format!(
            "Events, the first {} by number",
            number(census.others.len() as u64)
        ),
        (false, _) => format!(
            "Further events, the first {} by number",
            number(census.others.len() as u64)
        ),
    }));
    if !all {
        blocks.push(Block::Note(format!(
            "All {} events are in data/events/events.ndjson; paper holds a part.",
            number(census.events)
        )));
    }
    list(&census.others, blocks);
}

fn coverage(given: &Given<'_>, zone: &Zone, blocks: &mut Vec<Block>) {
    blocks.push(Block::Heading(
        "Coverage, and what the logs do not say".to_owned(),
    ));
    let (sources, elsewhere): (Vec<&SourceFacts>, Vec<&SourceFacts>) = given
        .facts
        .sources
        .iter()
        .partition(|s| given.census.covers(s.id, given.query));
    let days = sources.iter().flat_map(|s| s.days.iter().map(|d| d.day));
    if let (Some(first), Some(last)) = (days.clone().min(), days.max()) {
        let strips = sources.iter().map(|s| strip(s, first, last)).collect();
        blocks.push(Block::Strips {
            from: day(first),
            to: day(last),
            strips,
        });
    }
    let columns = vec![
        column("Source", 3.0, Kind::Text),
        column("From", 2.6, Kind::Text),
        column("To", 2.6, Kind::Text),
        column("Entries", 1.2, Kind::Figure),
        column("Stored", 1.2, Kind::Figure),
        column("Dupl.", 1.0, Kind::Figure),
        column("Rejected", 1.2, Kind::Figure),
    ];
    let rows = sources.iter().map(|s| {
        vec![
            format!("{} {}", s.id, cell(&s.name)),
            time(s.first, zone),
            time(s.last, zone),
            number(s.entries),
            number(s.stored),
            number(s.duplicates),
            number(s.rejected),
        ]
    });
    blocks.push(Block::Table(columns, rows.collect()));
    if !elsewhere.is_empty() {
        let numbers: Vec<String> = elsewhere.iter().map(|s| s.id.to_string()).collect();
        blocks.push(Block::Note(format!(
            "Not in scope: source {}. They have no event here; what they cover is not told.",
            numbers.join(", ")
        )));
    }
    for source in sources {
        let mut lines = Vec::new();
        if let Some(zone) = &source.zone {
            lines.push(format!("Times without a zone were read in {}.", cell(zone)));
        }
        for (from, to) in gaps(source, 8) {
            lines.push(format!(
                "No entry from {} to {} ({} days); why is not known.",
                day(from),
                day(to),
                to - from + 1
            ));
        }
        for warning in &source.warnings {
            lines.push(format!(
                "{} entries: {}.",
                number(warning.count),
                cell(&warning.message)
            ));
        }
        lines.extend(
            source
                .blind_spots
                .iter()
                .map(|b| format!("Blind spot: {}", cell(b))),
        );
        if !lines.is_empty() {
            blocks.push(Block::Text(format!(
                "Source {}, {}",
                source.id,
                cell(&source.title)
            )));
            blocks.push(Block::List(lines));
        }
    }
}

fn strip(source: &SourceFacts, first: i64, last: i64) -> Strip {
    let span = (last - first + 1) as usize;
    let count = span.min(PIECES);
    let mut sums = vec![0_u64; count];
    for d in &source.days {
        sums[(d.day - first) as usize * count / span] += d.events;
    }
    let most = sums.iter().copied().max().unwrap_or(1).max(1);
    Strip {
        name: format!("{} {}", source.id, cell(&source.name)),
        pieces: sums
            .iter()
            .map(|n| (*n > 0).then(|| *n as f32 / most as f32))
            .collect(),
    }
}

fn redaction(given: &Given<'_>, blocks: &mut Vec<Block>) {
    if given.effects.is_empty() {
        return;
    }
    blocks.push(Block::Heading("Redaction".to_owned()));
    let columns = vec![
        column("What", 4.0, Kind::Text),
        column("Done", 1.5, Kind::Text),
        column("Places", 1.0, Kind::Figure),
        column("Values", 1.0, Kind::Figure),
    ];
    let rows = given.effects.iter().map(|e| {
        vec![
            e.what.clone(),
            e.act.to_owned(),
            number(e.places),
            number(e.values),
        ]
    });
    blocks.push(Block::Table(columns, rows.collect()));
    blocks.push(Block::Note(
        "The same person is the same token everywhere in this package. The key stays in the case; each replaced value is \
         recorded with a salted commitment that the holder of the case can open."
            .to_owned(),
    ));
}

fn methods(given: &Given<'_>, blocks: &mut Vec<Block>) {
    let facts = given.facts;
    blocks.push(Block::Heading("Methods and versions".to_owned()));
    let profiles: Vec<&str> = facts
        .profiles
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    blocks.push(Block::Facts(vec![
        ("Program".to_owned(), facts.tool.clone()),
        ("Profiles".to_owned(), cell(&profiles.join(", "))),
        ("Case".to_owned(), facts.id.clone()),
        (
            "Custody head".to_owned(),
            format!("{}:{}", given.custody.0, given.custody.1),
        ),
    ]));
    blocks.push(Block::Text(
        "The custody head binds everything that was done to the case up to that entry. Kept outside the case (on paper, in a \
         mail) it proves later that the log was neither cut nor written anew. It does not prove what was done outside the \
         program, nor what happened to the files before they were imported."
            .to_owned(),
    ));
    blocks.push(Block::Heading("How to verify".to_owned()));
    blocks.push(Block::Code(vec![
        "minisign -Vm tagmanifest-sha256.txt -P KEY".to_owned(),
        "sha256sum --strict -c tagmanifest-sha256.txt manifest-sha256.txt".to_owned(),
        "bagit.py --validate .".to_owned(),
        "witnessmark verify .".to_owned(),
    ]));
    blocks.push(Block::Heading("Controls".to_owned()));
    let columns = vec![
        column("Control", 2.2, Kind::Text),
        column("Asks", 3.0, Kind::Text),
        column("Evidence here", 3.6, Kind::Text),
        column("Not shown", 3.0, Kind::Text),
    ];
    let rows = words::CONTROLS.iter().map(|c| {
        vec![
            format!("{} {}", c.framework, c.control),
            c.asks.to_owned(),
            c.evidence.to_owned(),
            c.not_shown.to_owned(),
        ]
    });
    blocks.push(Block::Table(columns, rows.collect()));
}
