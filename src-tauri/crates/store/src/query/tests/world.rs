//! A small case: events, the same events in segments of tiny chunks, overlays, original bytes.

use std::{borrow::Cow, sync::Arc};

use proptest::prelude::*;
use witnessmark_lens::{naive, query::Expr};
use witnessmark_model::{
    Attestation, Batch, Change, ChangeKind, Event, Field, Group, IdentityKey, Instant, LeafReader,
    Locator, SourceShape, Target, Zone, time::original,
};

use super::drill;
use crate::{
    Result, StoreError,
    query::{Bits, FLAG, Facts, Originals, Overlay, Segment, Snapshot, SourceName},
    segment::{ChunkMeta, Codes, Column, Columns, Dictionary, Locators, SegmentBuilder},
};

/// Values of all fields: cases, folds that change the length, addresses in two spellings, numbers, what looks like markup.
pub(super) const WORDS: &[&str] = &[
    "Login",
    "login",
    "Straße",
    "STRASSE",
    "K\u{212A}",
    "kk",
    "203.0.113.5",
    "::ffff:203.0.113.5",
    "10",
    "9.50",
    "say \"hi\"",
    "a\\b",
    "tenant",
    "out_of_range",
    "1970-01-01 00:00:05",
    "é*é",
];

/// One generated event.
#[derive(Clone, Debug)]
pub(super) struct RowSpec {
    time: Option<i64>,
    singles: Vec<(Field, usize)>,
    targets: Vec<[Option<usize>; 3]>,
    changes: Vec<(usize, Option<ChangeKind>, Option<usize>)>,
    many: Vec<(Field, usize)>,
    template: bool,
    segment: usize,
    source: u32,
    beyond: Option<u32>,
    visible: bool,
    tag: Option<usize>,
    flag: Option<usize>,
    bookmark: bool,
}

pub(super) fn rows() -> impl Strategy<Value = Vec<RowSpec>> {
    prop::collection::vec(row(), 0..60)
}

fn word() -> impl Strategy<Value = usize> {
    // Low numbers are far more frequent, so that values repeat.
    prop_oneof![3 => 0..3_usize, 1 => 0..WORDS.len()]
}

fn row() -> impl Strategy<Value = RowSpec> {
    let maybe = || prop::option::of(word());
    let singles: Vec<Field> = Field::ALL
        .iter()
        .copied()
        .filter(|f| f.group() == Group::Single)
        .collect();
    let many = prop::sample::select(vec![Field::RelatedIp, Field::Problems]);
    let kind = prop::option::of(prop::sample::select(vec![
        ChangeKind::Added,
        ChangeKind::Updated,
    ]));
    let target = (maybe(), maybe(), word()).prop_map(|(a, b, c)| [a, b, b.is_none().then_some(c)]);
    (
        (
            prop::option::weighted(0.85, 0..12_i64),
            prop::collection::vec((prop::sample::select(singles), word()), 0..6),
            prop::collection::vec(target, 0..3),
            prop::collection::vec((word(), kind, maybe()), 0..3),
            prop::collection::vec((many, word()), 0..4),
            any::<bool>(),
        ),
        (0..3_usize, 1..3_u32, prop::option::weighted(0.2, 1..3_u32)),
        (
            prop::bool::weighted(0.9),
            prop::option::weighted(0.2, word()),
        ),
        (
            prop::option::weighted(0.1, 0..WORDS.len()),
            prop::bool::weighted(0.1),
        ),
    )
        .prop_map(
            |(columns, (segment, source, beyond), (visible, tag), (flag, bookmark))| {
                let (time, singles, targets, changes, many, template) = columns;
                RowSpec {
                    time,
                    singles,
                    targets,
                    changes,
                    many,
                    template,
                    segment,
                    source,
                    beyond,
                    visible,
                    tag,
                    flag,
                    bookmark,
                }
            },
        )
}

/// Plain events at these times.
pub(super) fn at_times(times: &[i64]) -> Vec<RowSpec> {
    let spec = |(at, time): (usize, &i64)| RowSpec {
        time: Some(*time),
        singles: vec![(Field::EventAction, at % WORDS.len())],
        targets: Vec::new(),
        changes: Vec::new(),
        many: Vec::new(),
        template: false,
        segment: at % 2,
        source: 1,
        beyond: None,
        visible: true,
        tag: None,
        flag: None,
        bookmark: false,
    };
    times.iter().enumerate().map(spec).collect()
}

/// The case.
pub(super) struct World {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) stopped: bool,
    pub(super) merges: Vec<Vec<IdentityKey>>,
    events: Vec<(Event, RowSpec)>,
    raws: Vec<Vec<u8>>,
}

impl World {
    pub(super) fn new(specs: Vec<RowSpec>, chunk: usize) -> Self {
        let mut world = Self {
            snapshot: Arc::default(),
            stopped: false,
            merges: Vec::new(),
            events: Vec::new(),
            raws: Vec::new(),
        };
        let mut segments = Vec::new();
        let mut number = 1;
        for segment in 0..3 {
            let mut builder = SegmentBuilder::new(7);
            let first = number;
            for spec in specs.iter().filter(|s| s.segment == segment) {
                let mut batch = Batch::default();
                let event = world.event(spec, number, &mut batch);
                builder.push_batch(&batch, spec.source);
                world.events.push((event, spec.clone()));
                number += 1;
            }
            if number > first {
                let whole = builder.into_memory(first);
                let cut = Cut::new(Arc::new(whole), chunk);
                let visible: Vec<Bits> = (0..cut.metas.len())
                    .map(|c| {
                        let numbers = cut.numbers(c).unwrap();
                        Bits::collect(numbers.len(), |row| {
                            world.events[numbers[row] as usize - 1].1.visible
                        })
                    })
                    .collect();
                let all = visible.iter().all(Bits::is_all);
                let visible = (!all).then(|| visible.into());
                segments.push(Segment::new(segment as u64, Arc::new(cut), visible));
            }
        }
        world.snapshot = Arc::new(Snapshot::new(segments));
        world
    }

    /// The event of a row; its cells go to the batch.
    fn event(&mut self, spec: &RowSpec, number: u64, batch: &mut Batch) -> Event {
        let mut event = Event {
            number,
            time: spec.time.map(Instant),
            ..Event::default()
        };
        let mut raw = Vec::new();
        for field in Field::ALL.iter().filter(|f| f.group() == Group::Single) {
            let Some((_, word)) = spec.singles.iter().find(|(f, _)| f == field) else {
                continue;
            };
            raw.push(encoded(WORDS[*word], *word));
            if *field == Field::EventOriginalTime && spec.template {
                let cell = original::template("%Y-%m-%d %H:%M:%S%.9f", &Zone::UTC);
                batch.push(*field, 0, &cell);
                event
                    .fields
                    .push((*field, original::text(&cell, event.time)));
            } else {
                batch.push(*field, 0, WORDS[*word]);
                event.fields.push((*field, WORDS[*word].to_owned()));
            }
        }
        let text = |word: Option<usize>| word.map(|w| WORDS[w].to_owned());
        for (at, target) in spec.targets.iter().enumerate() {
            for (field, word) in [Field::TargetType, Field::TargetId, Field::TargetName]
                .into_iter()
                .zip(target)
            {
                batch.push(field, at as u16, word.map_or("", |w| WORDS[w]));
            }
            event.targets.push(Target {
                r#type: text(target[0]),
                id: text(target[1]),
                name: text(target[2]),
            });
        }
        for (at, (field, kind, new)) in spec.changes.iter().enumerate() {
            let at = at as u16;
            batch.push(Field::ChangeField, at, WORDS[*field]);
            batch.push(Field::ChangeKind, at, kind.map_or("", ChangeKind::as_str));
            let old = kind.map(|_| WORDS[(field + 1) % WORDS.len()]);
            batch.push(Field::ChangeOld, at, old.unwrap_or_default());
            batch.push(Field::ChangeNew, at, new.map_or("", |w| WORDS[w]));
            event.changes.push(Change {
                field: WORDS[*field].to_owned(),
                kind: *kind,
                old: old.map(str::to_owned),
                new: text(*new),
            });
        }
        for (field, word) in &spec.many {
            let list = match field {
                Field::RelatedIp => &mut event.related_ips,
                _ => &mut event.problems,
            };
            batch.push(*field, list.len() as u16, WORDS[*word]);
            list.push(WORDS[*word].to_owned());
        }
        let raw = raw.join("|").into_bytes();
        event.locator = Locator {
            source: spec.source,
            entry: number,
            part: 1,
            line: number + 1,
            offset: (97 * number) % 64,
            length: raw.len() as u64,
        };
        batch.end_row(event.time, event.locator, number, 0);
        if let Some(flag) = spec.flag
            && !event.problems.iter().any(|p| p == WORDS[flag])
        {
            event.problems.push(WORDS[flag].to_owned());
        }
        event.attested.push(Attestation {
            source: spec.source,
            entry: number,
        });
        event.attested.extend(beyond(spec, number));
        self.raws.push(raw);
        event
    }

    pub(super) fn visible(&self) -> impl Iterator<Item = &Event> {
        self.events
            .iter()
            .filter(|(_, s)| s.visible)
            .map(|(e, _)| e)
    }

    /// Every event of the segments, those that may not be seen too.
    pub(super) fn visible_or_not(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().map(|(e, _)| e)
    }

    fn overlay(&self, kind: &str) -> Vec<(u64, &'static str)> {
        let value = |s: &RowSpec| match kind {
            "tag" => s.tag.map(|w| WORDS[w]),
            "note" => s.tag.map(|w| WORDS[(w + 1) % WORDS.len()]),
            FLAG => s.flag.map(|w| WORDS[w]),
            "bookmark" => s.bookmark.then_some("bookmark"),
            _ => None,
        };
        let each = self.events.iter();
        each.filter_map(|(e, s)| Some((e.number, value(s)?)))
            .collect()
    }

    /// The filter by the book.
    pub(super) fn matches(&self, expr: &Expr, event: &Event) -> bool {
        naive::matches(expr, event, self)
    }

    fn overlaid(&self, event: &Event, kind: &str) -> Vec<String> {
        let all = self.overlay(kind).into_iter();
        all.filter(|(number, _)| *number == event.number)
            .map(|(_, value)| value.to_owned())
            .collect()
    }

    fn raw_of(&self, event: &Event) -> &[u8] {
        &self.raws[event.number as usize - 1]
    }
}

impl naive::Facts for World {
    fn leaves(&self, event: &Event, visit: &mut dyn FnMut(&[&str], &str)) {
        LeafReader::leaves(self, &SourceShape::default(), self.raw_of(event), visit);
    }
    fn raw(&self, event: &Event) -> Cow<'_, [u8]> {
        self.raw_of(event).into()
    }
    fn tags(&self, event: &Event) -> Vec<String> {
        self.overlaid(event, "tag")
    }
    fn findings(&self, event: &Event) -> Vec<String> {
        self.overlaid(event, "finding")
    }
    fn source_name(&self, source: u32) -> Option<String> {
        let sources = self.sources().ok()?.into_iter();
        sources
            .filter(|s| s.number == source)
            .map(|s| s.name)
            .next()
    }
    fn joined_names(&self, event: &Event) -> Vec<String> {
        // An actor whom nobody joined with another is found by the plain test of each event's own names.
        let Some(group) = drill::group(self, event).filter(|g| g.len() > 1) else {
            return Vec::new();
        };
        let names = [Field::UserId, Field::UserEmail, Field::UserName];
        let joined =
            (self.visible_or_not()).filter(|e| drill::group(self, e) == Some(group.clone()));
        joined
            .flat_map(|e| names.map(|f| e.get(f).map(str::to_owned)))
            .flatten()
            .collect()
    }
    fn overlays(&self, event: &Event, kind: &str) -> Vec<String> {
        self.overlaid(event, kind)
    }
}

fn beyond(spec: &RowSpec, number: u64) -> Option<Attestation> {
    let source = spec.beyond.filter(|b| *b != spec.source)?;
    Some(Attestation {
        source,
        entry: number + 1_000,
    })
}

/// A word as an entry writes it: quotes doubled inside quotes, now and then escapes.
fn encoded(word: &str, at: usize) -> String {
    let escaped = word.replace('\\', "\\\\").replace('"', "\"\"");
    match at % 3 {
        0 => format!("\"{escaped}\""),
        1 => escaped.replacen('o', "\\o", 1),
        _ => escaped,
    }
}

impl LeafReader for World {
    fn leaves(&self, _: &SourceShape, raw: &[u8], visit: &mut dyn FnMut(&[&str], &str)) {
        let text = String::from_utf8_lossy(raw);
        for (at, part) in text.split('|').enumerate() {
            let inside = part
                .strip_prefix('"')
                .and_then(|p| p.strip_suffix('"'))
                .unwrap_or(part);
            let mut value = String::new();
            let mut chars = inside
                .replace("\"\"", "\"")
                .chars()
                .collect::<Vec<_>>()
                .into_iter();
            while let Some(c) = chars.next() {
                value.extend(if c == '\\' { chars.next() } else { Some(c) });
            }
            visit(&[at.to_string().as_str()], &value);
        }
    }
}

struct Reader<'a>(&'a World);

impl Originals for Reader<'_> {
    fn read(&mut self, locator: &Locator) -> Result<&[u8]> {
        Ok(&self.0.raws[locator.entry as usize - 1])
    }
}

impl Facts for World {
    fn overlays(&self, kind: &str) -> Result<Vec<Overlay>> {
        let mut overlays: Vec<Overlay> = Vec::new();
        for (number, value) in self.overlay(kind) {
            match overlays.iter_mut().find(|o| o.value == value) {
                Some(overlay) => overlay.events.push(number),
                None => overlays.push(Overlay {
                    value: value.to_owned(),
                    events: vec![number],
                }),
            }
        }
        Ok(overlays)
    }
    fn sources(&self) -> Result<Vec<SourceName>> {
        let name = |number, name: &str| SourceName {
            number,
            name: name.to_owned(),
        };
        Ok(vec![name(1, "first.csv"), name(2, "second")])
    }
    fn attested_beyond(&self, source: u32) -> Result<Vec<u64>> {
        let each = self
            .events
            .iter()
            .filter_map(|(e, s)| Some((e.number, beyond(s, e.number)?)));
        Ok(each
            .filter(|(_, a)| a.source == source)
            .map(|(n, _)| n)
            .collect())
    }
    fn attestations(&self, events: &[u64]) -> Result<Vec<Vec<Attestation>>> {
        let of = |n: &u64| {
            beyond(&self.events[*n as usize - 1].1, *n)
                .into_iter()
                .collect()
        };
        Ok(events.iter().map(of).collect())
    }
    fn originals(&self) -> Result<Box<dyn Originals + '_>> {
        Ok(Box::new(Reader(self)))
    }
    fn shape(&self, _: u32) -> Result<Arc<SourceShape>> {
        Ok(Arc::new(SourceShape {
            shape: "line".into(),
            encoding: "utf-8".into(),
            quote: b'"',
            ..SourceShape::default()
        }))
    }
    fn leaf_reader(&self) -> &dyn LeafReader {
        self
    }
    fn merges(&self) -> Result<Vec<Vec<IdentityKey>>> {
        Ok(self.merges.clone())
    }
    fn progress(&self, _: u64) -> Result<()> {
        if self.stopped {
            Err(StoreError::Cancelled)
        } else {
            Ok(())
        }
    }
}

/// A segment of one chunk, cut into small ones, so that borders of chunks are met with few rows.
struct Cut {
    whole: Arc<dyn Columns>,
    size: usize,
    metas: Vec<ChunkMeta>,
}

impl Cut {
    fn new(whole: Arc<dyn Columns>, size: usize) -> Self {
        let (rows, times) = (whole.rows() as usize, whole.times(0).unwrap());
        let metas = (0..rows)
            .step_by(size)
            .map(|start| {
                let end = (start + size).min(rows);
                let dated = times.len().clamp(start, end) - start;
                ChunkMeta {
                    rows: (end - start) as u32,
                    dated: dated as u32,
                    first: if dated > 0 { times[start] } else { 0 },
                    last: if dated > 0 {
                        times[start + dated - 1]
                    } else {
                        0
                    },
                }
            })
            .collect();
        Self { whole, size, metas }
    }

    fn range(&self, chunk: usize) -> std::ops::Range<usize> {
        let start = chunk * self.size;
        start..start + self.metas[chunk].rows as usize
    }

    fn codes(codes: &Codes, range: std::ops::Range<usize>) -> Arc<Codes> {
        Arc::new(Codes::narrow(
            &range.map(|at| codes.get(at)).collect::<Vec<_>>(),
        ))
    }
}

impl Columns for Cut {
    fn rows(&self) -> u64 {
        self.whole.rows()
    }
    fn chunks(&self) -> &[ChunkMeta] {
        &self.metas
    }
    fn times(&self, chunk: usize) -> Result<Arc<[i64]>> {
        let start = self.range(chunk).start;
        let dated = self.metas[chunk].dated as usize;
        let times = self.whole.times(0)?;
        Ok(if dated == 0 {
            Arc::default()
        } else {
            times[start..start + dated].into()
        })
    }
    fn numbers(&self, chunk: usize) -> Result<Arc<[u64]>> {
        Ok(self.whole.numbers(0)?[self.range(chunk)].into())
    }
    fn sources(&self, chunk: usize) -> Result<Arc<Codes>> {
        Ok(Self::codes(&*self.whole.sources(0)?, self.range(chunk)))
    }
    fn locators(&self, chunk: usize) -> Result<Arc<Locators>> {
        let (all, r) = (self.whole.locators(0)?, self.range(chunk));
        Ok(Arc::new(Locators {
            entry: all.entry[r.clone()].to_vec(),
            part: all.part[r.clone()].to_vec(),
            line: all.line[r.clone()].to_vec(),
            offset: all.offset[r.clone()].to_vec(),
            length: all.length[r].to_vec(),
        }))
    }
    fn column(&self, field: Field, chunk: usize) -> Result<Column> {
        let range = self.range(chunk);
        Ok(match self.whole.column(field, 0)? {
            Column::Absent => Column::Absent,
            Column::One(codes) => Column::One(Self::codes(&codes, range)),
            Column::Many { offsets, codes } => {
                let first = offsets[range.start];
                let end = offsets[range.end] as usize;
                Column::Many {
                    offsets: offsets[range.start..=range.end]
                        .iter()
                        .map(|o| o - first)
                        .collect(),
                    codes: Self::codes(&codes, first as usize..end),
                }
            }
        })
    }
    fn dictionary(&self, field: Field) -> Result<Arc<Dictionary>> {
        self.whole.dictionary(field)
    }
}
