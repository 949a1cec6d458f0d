//! Sources read anew and taken out, against a model that knows nothing of segments: after every step the case is what it
//! would be if the sources had been imported in their order with their present readings.

#![allow(
    clippy::unwrap_used,
    reason = "a failure in what tests share is a failed test"
)]

mod support;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use proptest::prelude::*;
use serde_json::json;
use support::{create, stamp};
use witnessmark_model::{Batch, Field, Instant, Locator, RejectCode};
use witnessmark_store::{
    Case, StoreError,
    case::overlays,
    importer::{Reject, SourceEnd, SourceMeta, revision::Revised},
    query::{Caches, Query, TermCache},
};

/// How the lines of a source are read: seconds are added to times, and lines of one remainder are refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Way {
    shift: i64,
    refuse: Option<u64>,
}

/// Lines `time|id|text`; two events of a line that holds `+`.
fn read(text: &str, way: Way, mut place: impl FnMut(Result<(&Batch, Locator), Locator>)) -> u64 {
    let (mut offset, mut entry) = (0, 0);
    for line in text.lines() {
        entry += 1;
        let at = Locator {
            entry,
            part: 1,
            line: entry,
            offset,
            length: line.len() as u64,
            ..Locator::default()
        };
        offset += line.len() as u64 + 1;
        if way.refuse.is_some_and(|r| entry % 3 == r) {
            place(Err(at));
            continue;
        }
        let mut batch = Batch::default();
        let mut cells = line.split('|');
        let time = cells.next().and_then(|t| t.parse::<i64>().ok());
        let time = time.map(|t| Instant((t + way.shift) * 1_000_000_000));
        let id = cells.next().unwrap_or_default();
        for (part, action) in (1..).zip(cells.next().unwrap_or_default().split('+')) {
            batch.push(Field::EventId, 0, id);
            batch.push(Field::EventAction, 0, action);
            let content = hash(&format!("{time:?} {id} {action}"));
            let vendor = if id.is_empty() { 0 } else { hash(id) };
            batch.end_row(time, Locator { part, ..at }, content, vendor);
        }
        place(Ok((&batch, at)));
    }
    entry
}

fn hash(text: &str) -> u64 {
    let digest = witnessmark_store::sha256_hex(text.as_bytes());
    u64::from_str_radix(&digest[..15], 16).unwrap() | 1
}

fn meta(name: &str) -> SourceMeta {
    SourceMeta {
        name: name.into(),
        zone: "UTC (stated)".into(),
        ..SourceMeta::default()
    }
}

fn import(case: &Case, text: &str) -> u32 {
    let mut importer = case.begin_import(&stamp(), &json!({})).unwrap();
    let id = importer.begin_source(meta("lines")).unwrap();
    importer.bytes(text.as_bytes()).unwrap();
    let entries = read(text, Way::default(), |found| {
        let (batch, at) = found.unwrap();
        importer.entries(&[(at.offset, at.length)]).unwrap();
        importer.batch(batch).unwrap();
    });
    let end = SourceEnd {
        entries,
        ..SourceEnd::default()
    };
    importer.end_source(end).unwrap();
    importer.finish().unwrap();
    id
}

/// The present text and way of each source that was not withdrawn.
type Sources = BTreeMap<u32, (String, Way)>;

fn settle(
    mut revision: witnessmark_store::Revision,
    sources: &Sources,
) -> Result<Revised, StoreError> {
    for other in revision.homeless()? {
        let (text, way) = &sources[&other];
        read(text, *way, |found| {
            if let Ok((batch, _)) = found {
                revision.again(other, batch).unwrap();
            }
        });
    }
    revision.finish()
}

fn reread(case: &Case, sources: &mut Sources, id: u32, way: Way) -> Revised {
    let text = sources[&id].0.clone();
    let mut revision = case
        .begin_reread(id, &stamp(), meta("lines"), &json!({}))
        .unwrap();
    revision.bytes(text.as_bytes()).unwrap();
    let entries = read(&text, way, |found| match found {
        Ok((batch, at)) => {
            revision.entries(&[(at.offset, at.length)]).unwrap();
            revision.batch(batch).unwrap();
        }
        Err(at) => {
            revision.entries(&[(at.offset, at.length)]).unwrap();
            let reject = Reject {
                entry: at.entry,
                line: at.line,
                offset: at.offset,
                length: at.length,
                code: RejectCode::NotRecognised,
                message: "refused".into(),
            };
            revision.reject(reject).unwrap();
        }
    });
    let end = SourceEnd {
        entries,
        ..SourceEnd::default()
    };
    revision.end(end).unwrap();
    sources.insert(id, (text, way));
    settle(revision, sources).unwrap()
}

fn withdraw(case: &Case, sources: &mut Sources, id: u32) -> Revised {
    let revision = case.begin_withdrawal(id, &stamp(), "a test").unwrap();
    sources.remove(&id);
    settle(revision, sources).unwrap()
}

/// What is seen of an event.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Seen {
    key: String,
    home: (u32, u64, u32),
    attested: BTreeSet<(u32, u64)>,
    raw: String,
}

fn seen(case: &Case) -> BTreeMap<u64, Seen> {
    let snapshot = case.snapshot().unwrap();
    let facts = case.facts(std::sync::Arc::new(NoLeaves));
    let caches = Caches::default();
    let query = Query {
        snapshot: &snapshot,
        facts: &facts,
        caches: &caches,
    };
    let all = witnessmark_lens::query::Expr::All;
    let mask = query.filter(&all, &TermCache::default()).unwrap();
    let mut walk = query.sequence(&mask).unwrap();
    let rows = walk.next(&query, &mask, 100_000).unwrap();
    let mut out = BTreeMap::new();
    for event in query.events(&rows).unwrap() {
        assert_eq!(
            query
                .find(event.number)
                .unwrap()
                .map(|r| query.event(r).unwrap().locator),
            Some(event.locator),
            "an event is found by its number"
        );
        let at = event.locator;
        let seen = Seen {
            key: format!(
                "{:?} {} {}",
                event.time,
                event.get(Field::EventId).unwrap_or_default(),
                event.get(Field::EventAction).unwrap_or_default()
            ),
            home: (at.source, at.entry, at.part),
            attested: event.attested.iter().map(|a| (a.source, a.entry)).collect(),
            raw: String::from_utf8(case.raw(&at).unwrap()).unwrap(),
        };
        assert!(
            out.insert(event.number, seen).is_none(),
            "a number is one event"
        );
    }
    out
}

struct NoLeaves;

impl witnessmark_model::LeafReader for NoLeaves {
    fn leaves(
        &self,
        _: &witnessmark_model::SourceShape,
        _: &[u8],
        _: &mut dyn FnMut(&[&str], &str),
    ) {
    }
}

/// The model: every event by key, with its first entry and all that attest it.
fn expected(sources: &Sources) -> Vec<Seen> {
    // Key -> events: (home, attesters, raw). With an id, one event a key; without, the j-th of a source is the j-th.
    let mut events: HashMap<String, Vec<Seen>> = HashMap::new();
    for (id, (text, way)) in sources {
        let lines: Vec<&str> = text.lines().collect();
        let mut met: HashMap<String, usize> = HashMap::new();
        read(text, *way, |found| {
            let Ok((batch, _)) = found else { return };
            for (n, row) in batch.rows.iter().enumerate() {
                let of = |field| {
                    batch
                        .row_cells(n)
                        .find(|(of, _, _)| *of == field)
                        .map_or("", |(_, _, text)| text)
                };
                let key = format!(
                    "{:?} {} {}",
                    row.time,
                    of(Field::EventId),
                    of(Field::EventAction)
                );
                let at = if row.vendor_id == 0 {
                    let count = met.entry(key.clone()).or_default();
                    *count += 1;
                    *count - 1
                } else {
                    0
                };
                let list = events.entry(key.clone()).or_default();
                let entry = row.locator.entry;
                if at == list.len() {
                    list.push(Seen {
                        key,
                        home: (*id, entry, row.locator.part),
                        attested: BTreeSet::new(),
                        raw: lines[entry as usize - 1].to_owned(),
                    });
                }
                list[at].attested.insert((*id, entry));
            }
        });
    }
    let mut all: Vec<Seen> = events.into_values().flatten().collect();
    all.sort();
    all
}

/// By content: how many events; and by source, from how many entries, which entries attest one, how many events it attests.
/// Which of equal entries is which of equal events means nothing.
#[allow(clippy::type_complexity, reason = "the name of each part stands above")]
fn sums(all: &[Seen]) -> BTreeMap<String, (usize, BTreeMap<u32, (usize, BTreeSet<u64>, usize)>)> {
    let mut sums: BTreeMap<String, (usize, BTreeMap<u32, (usize, BTreeSet<u64>, usize)>)> =
        BTreeMap::new();
    for event in all {
        let (count, by_source) = sums.entry(event.key.clone()).or_default();
        *count += 1;
        by_source.entry(event.home.0).or_default().0 += 1;
        for source in event.attested.iter().map(|a| a.0).collect::<BTreeSet<_>>() {
            by_source.entry(source).or_default().2 += 1;
        }
        for (source, entry) in &event.attested {
            by_source.entry(*source).or_default().1.insert(*entry);
        }
    }
    sums
}

fn check(case: &Case, sources: &Sources) -> BTreeMap<u64, Seen> {
    let found = seen(case);
    let homes: BTreeSet<_> = found.values().map(|e| e.home).collect();
    assert_eq!(homes.len(), found.len(), "a place is one event");
    for event in found.values() {
        let first = event.attested.first().unwrap().0;
        assert_eq!(
            event.home.0, first,
            "read from the first source that attests it: {event:?}"
        );
        assert!(
            event.attested.contains(&(event.home.0, event.home.1)),
            "{event:?}"
        );
    }
    let all: Vec<Seen> = found.values().cloned().collect();
    assert_eq!(sums(&all), sums(&expected(sources)));
    let infos = case.sources().unwrap();
    let live = infos.iter().filter(|s| s.state == "complete");
    let told: u64 = live.map(|s| s.receipt.events).sum();
    assert_eq!(told, found.len() as u64, "the receipts tell what is seen");
    for info in &infos {
        let r = &info.receipt;
        assert_eq!(r.entries, r.stored + r.duplicates + r.rejected, "{r:?}");
    }
    // It shares no code with the store; what it says of a file that nobody changed must be that it holds.
    let options = witnessmark_verify::Options::default();
    let report = witnessmark_verify::verify_open_case(case.path(), &options).unwrap();
    assert!(report.ok, "{report:?}");
    found
}

#[test]
fn another_reading_keeps_numbers_and_what_was_said() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wmcase");
    let case = create(&path);
    let mut sources = Sources::new();
    let text = "10||Login\n11||Logout\n12||Pay+Refund\n";
    sources.insert(import(&case, text), (text.into(), Way::default()));
    case.overlay(&stamp(), 2, overlays::TAG, "look").unwrap();
    let revised = reread(
        &case,
        &mut sources,
        1,
        Way {
            shift: -8,
            refuse: None,
        },
    );
    assert_eq!((revised.kept, revised.gone), (0, 0));
    let found = check(&case, &sources);
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(found[&2].key.contains("Instant(3000000000)"), "{found:?}");
    let info = &case.sources().unwrap()[0];
    assert_eq!((info.generation, info.state.as_str()), (2, "complete"));
    assert_eq!(case.overlays(None, Some(2)).unwrap()[0].value, "look");
    let log = case.custody().unwrap();
    assert_eq!(log.last().unwrap().entry["action"], "reread");
    // What cannot be read for a while has its number again when it can.
    reread(
        &case,
        &mut sources,
        1,
        Way {
            shift: 0,
            refuse: Some(2),
        },
    );
    assert_eq!(
        check(&case, &sources).keys().copied().collect::<Vec<_>>(),
        [1, 3, 4]
    );
    assert_eq!(case.rejects(Some(1)).unwrap().len(), 1);
    drop(case);
    let case = Case::open(&path, None, &stamp()).unwrap();
    reread(&case, &mut sources, 1, Way::default());
    assert_eq!(
        check(&case, &sources).keys().copied().collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    assert!(case.rejects(None).unwrap().is_empty());
}

#[test]
fn an_event_of_a_withdrawn_source_stays_with_the_one_that_attests_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wmcase");
    let case = create(&path);
    let mut sources = Sources::new();
    for text in [
        "10||A\n11||B\n11||B\n",
        "11||B\n10||A\n12|id|C\n",
        "12|id|C\n",
    ] {
        let id = import(&case, text);
        sources.insert(id, (text.into(), Way::default()));
    }
    let revised = withdraw(&case, &mut sources, 1);
    assert_eq!((revised.kept, revised.gone), (2, 1));
    let found = check(&case, &sources);
    assert_eq!(found[&1].home, (2, 2, 1));
    assert_eq!(found[&1].raw, "10||A");
    assert_eq!(found[&2].home, (2, 1, 1));
    assert!(!found.contains_key(&3));
    assert!(matches!(
        case.begin_withdrawal(1, &stamp(), "again"),
        Err(StoreError::NoSuch { .. })
    ));
    withdraw(&case, &mut sources, 2);
    assert_eq!(
        check(&case, &sources).keys().copied().collect::<Vec<_>>(),
        [4]
    );
    let mut out = Vec::new();
    case.extract(1, &mut out).unwrap();
    assert_eq!(out, b"10||A\n11||B\n11||B\n", "the evidence stays");
    drop(case);
    let case = Case::open(&path, None, &stamp()).unwrap();
    check(&case, &sources);
    // The same file again is a new source with new events.
    let text = "10||A\n11||B\n11||B\n";
    sources.insert(import(&case, text), (text.into(), Way::default()));
    assert_eq!(
        check(&case, &sources).keys().copied().collect::<Vec<_>>(),
        [4, 5, 6, 7]
    );
}

#[test]
fn a_wrong_zone_mended_brings_two_copies_together_with_what_was_said_of_both() {
    let dir = tempfile::tempdir().unwrap();
    let case = create(&dir.path().join("a.wmcase"));
    let mut sources = Sources::new();
    let (wrong, right) = ("18||A\n19||B\n", "10||A\n11||B\n");
    sources.insert(import(&case, wrong), (wrong.into(), Way::default()));
    sources.insert(import(&case, right), (right.into(), Way::default()));
    case.overlay(&stamp(), 1, overlays::TAG, "first").unwrap();
    case.overlay(&stamp(), 3, overlays::TAG, "second").unwrap();
    reread(
        &case,
        &mut sources,
        1,
        Way {
            shift: -8,
            refuse: None,
        },
    );
    let found = check(&case, &sources);
    assert_eq!(found.keys().copied().collect::<Vec<_>>(), [1, 2]);
    let tags: Vec<String> = case
        .overlays(Some(overlays::TAG), Some(1))
        .unwrap()
        .into_iter()
        .map(|o| o.value)
        .collect();
    assert_eq!(tags, ["first", "second"]);
    // And apart again: both have the numbers they had.
    reread(&case, &mut sources, 1, Way::default());
    assert_eq!(
        check(&case, &sources).keys().copied().collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
}

#[test]
fn a_conflict_that_is_no_more_is_no_flag_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let case = create(&dir.path().join("a.wmcase"));
    let mut sources = Sources::new();
    let flags = |case: &Case| case.overlays(Some(overlays::PROBLEM), None).unwrap().len();
    for text in ["10|x|A\n", "18|x|A\n"] {
        sources.insert(import(&case, text), (text.into(), Way::default()));
    }
    assert_eq!(flags(&case), 1);
    reread(
        &case,
        &mut sources,
        2,
        Way {
            shift: -8,
            refuse: None,
        },
    );
    assert_eq!(check(&case, &sources).len(), 1);
    assert_eq!(flags(&case), 0);
    reread(
        &case,
        &mut sources,
        1,
        Way {
            shift: 5,
            refuse: None,
        },
    );
    assert_eq!(check(&case, &sources).len(), 2);
    assert_eq!(flags(&case), 1);
}

#[test]
fn cancelled_and_left_behind_revisions_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wmcase");
    let case = create(&path);
    let mut sources = Sources::new();
    let text: String = (0..9_000).map(|i| format!("{i}||A{}\n", i % 7)).collect();
    for _ in 0..2 {
        sources.insert(import(&case, &text), (text.clone(), Way::default()));
    }
    let before = check(&case, &sources);
    let mut revision = case
        .begin_reread(1, &stamp(), meta("lines"), &json!({}))
        .unwrap();
    assert!(case.begin_import(&stamp(), &json!({})).is_err());
    read(
        &text,
        Way {
            shift: 3,
            refuse: None,
        },
        |found| {
            revision.batch(found.unwrap().0).unwrap();
        },
    );
    revision.cancel("the person stopped it").unwrap();
    assert_eq!(check(&case, &sources), before);
    let log = case.custody().unwrap();
    assert_eq!(log.last().unwrap().entry["action"], "reread.cancelled");
    drop(case.begin_withdrawal(2, &stamp(), "dropped").unwrap());
    drop(case);
    let case = Case::open(&path, None, &stamp()).unwrap();
    assert_eq!(check(&case, &sources), before);
    // Sealed segments take part: 9,000 rows are no small import.
    reread(
        &case,
        &mut sources,
        1,
        Way {
            shift: 1,
            refuse: Some(0),
        },
    );
    check(&case, &sources);
    withdraw(&case, &mut sources, 1);
    check(&case, &sources);
    drop(case);
    check(&Case::open(&path, None, &stamp()).unwrap(), &sources);
}

#[test]
fn each_of_two_equal_events_of_an_entry_is_taken_over_by_a_part_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let case = create(&dir.path().join("a.wmcase"));
    let mut sources = Sources::new();
    for text in [
        "10||A\n10||A+B\n11||A+A\n10||A+B\n11||A+A\n",
        "11||A\n11||A\n11||A+A\n",
    ] {
        sources.insert(import(&case, text), (text.into(), Way::default()));
    }
    let later = Way {
        shift: 1,
        refuse: None,
    };
    reread(&case, &mut sources, 1, later);
    check(&case, &sources);
    withdraw(&case, &mut sources, 1);
    let before = check(&case, &sources);
    reread(&case, &mut sources, 2, Way::default());
    assert_eq!(check(&case, &sources), before);
}

#[derive(Clone, Debug)]
enum Step {
    Import(Vec<u8>),
    Reread(prop::sample::Index, i64, Option<u64>),
    Withdraw(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::collection::vec(0_u8..10, 0..9).prop_map(Step::Import),
        4 => (any::<prop::sample::Index>(), -2_i64..3, prop::option::weighted(0.3, 0_u64..3))
            .prop_map(|(at, shift, refuse)| Step::Reread(at, shift, refuse)),
        1 => any::<prop::sample::Index>().prop_map(Step::Withdraw),
    ]
}

/// Lines that fall together when times are shifted: without id, with id, undated, and two events in one.
fn line(kind: u8) -> &'static str {
    [
        "10||A", "11||A", "12||A", "||A", "10|x|A", "11|x|A", "12|y|B", "10||A+B", "11||A+A",
        "13||A",
    ][usize::from(kind)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 60 } else { 300 }))]
    #[test]
    fn every_history_ends_where_the_model_does(steps in prop::collection::vec(step(), 1..9)) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.wmcase");
        let case = create(&path);
        let mut sources = Sources::new();
        for step in steps {
            let before = seen(&case);
            let pick = |at: &prop::sample::Index| {
                let ids: Vec<u32> = sources.keys().copied().collect();
                (!ids.is_empty()).then(|| ids[at.index(ids.len())])
            };
            match step {
                Step::Import(lines) => {
                    let text: String = lines.iter().map(|k| format!("{}\n", line(*k))).collect();
                    sources.insert(import(&case, &text), (text, Way::default()));
                    check(&case, &sources);
                }
                Step::Reread(at, shift, refuse) => {
                    let Some(id) = pick(&at) else { continue };
                    reread(&case, &mut sources, id, Way { shift, refuse });
                    let after = check(&case, &sources);
                    for (number, event) in before.iter().filter(|(_, e)| e.home.0 == id) {
                        // What was read from this entry and still is has kept its number.
                        if let Some((now, _)) = after.iter().find(|(_, e)| e.home == event.home) {
                            prop_assert_eq!(now, number);
                        }
                    }
                }
                Step::Withdraw(at) => {
                    let Some(id) = pick(&at) else { continue };
                    withdraw(&case, &mut sources, id);
                    let after = check(&case, &sources);
                    for number in after.keys() {
                        prop_assert!(before.contains_key(number), "a withdrawal makes no number");
                    }
                }
            }
        }
        drop(case);
        check(&Case::open(&path, None, &stamp()).unwrap(), &sources);
    }
}

#[test]
fn a_hand_that_brings_a_withdrawn_source_back_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.wmcase");
    let case = create(&path);
    let mut sources = Sources::new();
    for text in ["18||A\n19||B\n", "10||A\n11||B\n", "10||A\n"] {
        sources.insert(import(&case, text), (text.into(), Way::default()));
    }
    let way = Way {
        shift: -8,
        refuse: None,
    };
    reread(&case, &mut sources, 1, way);
    withdraw(&case, &mut sources, 3);
    check(&case, &sources);
    drop(case);
    let whole = std::fs::read(&path).unwrap();
    for sql in [
        "UPDATE source SET state = 'complete' WHERE id = 3",
        "UPDATE source SET generation = 1 WHERE id = 1",
        "UPDATE source SET state = 'withdrawn' WHERE id = 2",
        "DELETE FROM superseded WHERE kind = 'attestation'",
        "UPDATE superseded SET import = import + 1",
    ] {
        std::fs::write(&path, &whole).unwrap();
        let hand = rusqlite::Connection::open(&path).unwrap();
        assert!(hand.execute(sql, []).unwrap() > 0, "{sql}");
        drop(hand);
        match Case::open(&path, None, &stamp()) {
            Err(StoreError::Damaged { check, .. }) => assert_eq!(check, "agreement", "{sql}"),
            other => panic!("{sql}: {other:?}"),
        }
    }
}
