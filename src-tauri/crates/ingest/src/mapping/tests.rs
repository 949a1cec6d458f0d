//! Whole mappings: fixture in, events out, as snapshots; and the promises that a snapshot cannot show.

use super::*;
use crate::{
    entry::{Cells, Span},
    json::{JsonLimits, Value},
    options::{Options, Question},
    profile::Library,
    recognise,
};
use std::fmt::Write;
use witnessmark_model::{Change, ChangeKind, Event, Group, Target, Zone, time::original};

const NOW: Instant = Instant(1_795_132_800_000_000_000);
const KEY: IdentityKey = IdentityKey(*b"sixteen  bytes !");

fn fixture(path: &str) -> String {
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    std::fs::read_to_string(format!("{root}/../../../tests/fixtures/exports/{path}")).unwrap()
}

/// Entries of a text, read plainly: JSON by its largest list, CSV by the csv crate, else line by line.
fn with_entries<T>(name: &str, text: &str, run: impl FnOnce(&[Entry<'_>]) -> T) -> T {
    let mut records: Vec<String> = Vec::new();
    if name.ends_with("json") {
        let mut tape = Tape::new();
        let list = |v: Value<'_>| v.items().map(|i| i.compact()).collect::<Vec<_>>();
        if !name.ends_with("ndjson")
            && let Ok(value) = tape.parse_str(text, &JsonLimits::default())
        {
            records = match value.kind() {
                Kind::Array => list(value),
                _ => value
                    .members()
                    .map(|(_, v)| list(v))
                    .max_by_key(Vec::len)
                    .filter(|l| !l.is_empty())
                    .unwrap_or_else(|| vec![text.to_owned()]),
            };
        } else {
            records = text
                .lines()
                .filter(|l| !l.trim().is_empty())
                .map(str::to_owned)
                .collect();
        }
        let mut tapes: Vec<Tape> = records.iter().map(|_| Tape::new()).collect();
        let entries: Vec<Entry<'_>> = records
            .iter()
            .zip(&mut tapes)
            .enumerate()
            .map(|(i, (record, tape))| {
                entry(
                    i,
                    record,
                    EntryValue::Json(tape.parse_str(record, &JsonLimits::default()).unwrap()),
                )
            })
            .collect();
        return run(&entries);
    }
    if name.ends_with("csv") {
        let delimiter = if text.lines().next().unwrap().contains(';') {
            b';'
        } else {
            b','
        };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .from_reader(text.as_bytes());
        let header: Vec<String> = reader
            .headers()
            .unwrap()
            .iter()
            .map(str::to_owned)
            .collect();
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let joined: Vec<(String, Vec<Span>)> = rows
            .iter()
            .map(|row| {
                let mut text = String::new();
                let spans = row
                    .iter()
                    .map(|cell| {
                        let start = text.len() as u32;
                        text.push_str(cell);
                        Span {
                            start,
                            end: text.len() as u32,
                            scratch: false,
                        }
                    })
                    .collect();
                (text, spans)
            })
            .collect();
        let entries: Vec<Entry<'_>> = joined
            .iter()
            .enumerate()
            .map(|(i, (text, spans))| {
                entry(
                    i,
                    text,
                    EntryValue::Cells(Cells::new(&header, text, "", spans)),
                )
            })
            .collect();
        return run(&entries);
    }
    records.extend(text.lines().map(str::to_owned));
    let entries: Vec<Entry<'_>> = records
        .iter()
        .enumerate()
        .map(|(i, line)| entry(i, line, EntryValue::Line(line)))
        .collect();
    run(&entries)
}

fn entry<'a>(i: usize, raw: &'a str, value: EntryValue<'a>) -> Entry<'a> {
    Entry {
        number: i as u64 + 1,
        line: i as u64 + 1,
        offset: 0,
        raw: raw.as_bytes(),
        flags: Flags::NONE,
        value,
    }
}

fn options(zone: &str) -> Options {
    Options {
        zone: Zone::parse(zone),
        ..Options::default()
    }
}

/// The rows of a batch as events.
fn events(batch: &Batch) -> Vec<Event> {
    batch
        .rows
        .iter()
        .enumerate()
        .map(|(n, row)| {
            let mut event = Event {
                time: row.time,
                locator: row.locator,
                ..Event::default()
            };
            for (field, element, text) in batch.row_cells(n) {
                let (text, n) = (text.to_owned(), usize::from(element));
                match field.group() {
                    Group::Target => {
                        if event.targets.len() <= n {
                            event.targets.resize_with(n + 1, Target::default);
                        }
                        let target = &mut event.targets[n];
                        match field {
                            Field::TargetType => target.r#type = Some(text),
                            Field::TargetId => target.id = Some(text),
                            _ => target.name = Some(text),
                        }
                    }
                    Group::Change => {
                        let empty = || Change {
                            field: String::new(),
                            kind: None,
                            old: None,
                            new: None,
                        };
                        if event.changes.len() <= n {
                            event.changes.resize_with(n + 1, empty);
                        }
                        let change = &mut event.changes[n];
                        match field {
                            Field::ChangeField => change.field = text,
                            Field::ChangeKind => change.kind = ChangeKind::parse(&text),
                            Field::ChangeOld => change.old = Some(text),
                            _ => change.new = Some(text),
                        }
                    }
                    Group::Many if field == Field::RelatedIp => event.related_ips.push(text),
                    Group::Many => event.problems.push(text),
                    Group::Single => {
                        let text = if field == Field::EventOriginalTime {
                            original::text(&text, row.time)
                        } else {
                            text
                        };
                        assert!(event.get(field).is_none(), "{} stands twice", field.name());
                        event.fields.push((field, text));
                    }
                }
            }
            event.fields.sort_by_key(|(field, _)| *field);
            event
        })
        .collect()
}

fn map(name: &str, text: &str, options: &Options) -> (Plan, Batch) {
    let library = Library::builtin().unwrap();
    with_entries(name, text, |entries| {
        let plan =
            recognise::plan(entries, options, &library).unwrap_or_else(|q| panic!("{name}: {q:?}"));
        let mut mapper = Mapper::new(plan.clone(), KEY, NOW);
        let mut batch = Batch::default();
        for entry in entries {
            mapper.map(entry, &mut batch).unwrap();
        }
        (plan, batch)
    })
}

fn show(name: &str, zone: &str) -> String {
    let (plan, batch) = map(name, &fixture(name), &options(zone));
    let library = Library::builtin().unwrap();
    let mut out = format!("{} {:.2}\n", plan.profiles().join(" "), plan.confidence());
    for event in events(&batch) {
        let sentence: String = library
            .sentence(&event)
            .iter()
            .map(|p| p.text.as_str())
            .collect();
        let time = event.time.map_or("undated".to_owned(), Instant::rfc3339);
        writeln!(out, "\n{time}  {sentence}").unwrap();
        for (field, value) in &event.fields {
            writeln!(out, "  {} = {value}", field.name()).unwrap();
        }
        for t in &event.targets {
            writeln!(out, "  target {:?} {:?} {:?}", t.r#type, t.id, t.name).unwrap();
        }
        for c in &event.changes {
            writeln!(
                out,
                "  change {} {} {:?} -> {:?}",
                c.field,
                c.kind.map_or("?", ChangeKind::as_str),
                c.old,
                c.new
            )
            .unwrap();
        }
        for ip in &event.related_ips {
            writeln!(out, "  related {ip}").unwrap();
        }
        if !event.problems.is_empty() {
            writeln!(out, "  problems {}", event.problems.join(" ")).unwrap();
        }
    }
    out
}

/// Time, hashes and cells of each row.
fn rows(batch: &Batch) -> Vec<String> {
    let show = |(n, row): (usize, &witnessmark_model::Row)| {
        let cells: Vec<_> = batch.row_cells(n).collect();
        format!("{:?} {} {} {cells:?}", row.time, row.content, row.vendor_id)
    };
    batch.rows.iter().enumerate().map(show).collect()
}

#[test]
fn what_was_met_before_changes_nothing() {
    let library = Library::builtin().unwrap();
    for (name, zone) in [
        ("paymongo/documented.csv", "Asia/Manila"),
        ("paymongo/pasted.txt", "Asia/Manila"),
        ("corefy/events.json", "UTC"),
        ("corefy/columns.csv", "Europe/Kyiv"),
        ("edfapay/audit.csv", "Asia/Riyadh"),
        ("edfapay/threat.json", ""),
        ("payment-nexus/global.json", ""),
        ("okta/events.json", ""),
        ("github/audit.ndjson", ""),
        ("github/audit.csv", ""),
        ("unknown/flat.csv", ""),
        ("unknown/nested.json", ""),
        ("mixed/two-systems.ndjson", ""),
    ] {
        with_entries(name, &fixture(name), |entries| {
            let plan = recognise::plan(entries, &options(zone), &library).unwrap();
            let mut alone = Vec::new();
            for entry in entries {
                let mut batch = Batch::default();
                let mut fresh = Mapper::new(plan.clone(), KEY, NOW);
                fresh.map(entry, &mut batch).unwrap();
                alone.extend(rows(&batch));
            }
            let mut mapper = Mapper::new(plan, KEY, NOW);
            let mut batch = Batch::default();
            for turn in 0..3 {
                for entry in entries {
                    mapper.map(entry, &mut batch).unwrap();
                }
                if turn > 0 {
                    let met = rows(&batch);
                    assert_eq!(met[met.len() - alone.len()..], alone, "{name}");
                    batch.clear();
                }
            }
        });
    }
}

#[test]
fn fixtures_give_these_events() {
    for (name, zone) in [
        ("paymongo/documented.csv", "Asia/Manila"),
        ("paymongo/team.csv", "Asia/Manila"),
        ("paymongo/pasted.txt", "Asia/Manila"),
        ("corefy/events.json", "UTC"),
        ("corefy/columns.csv", "Europe/Kyiv"),
        ("edfapay/audit.csv", "Asia/Riyadh"),
        ("edfapay/threat.json", ""),
        ("payment-nexus/global.json", ""),
        ("okta/events.json", ""),
        ("github/audit.ndjson", ""),
        ("github/audit.csv", ""),
        ("unknown/flat.csv", ""),
        ("unknown/nested.json", ""),
        ("mixed/two-systems.ndjson", ""),
    ] {
        let snapshot = name.replace(['/', '.'], "_");
        insta::assert_snapshot!(snapshot, show(name, zone));
    }
}

#[test]
fn a_zoneless_source_asks_for_its_zone() {
    let library = Library::builtin().unwrap();
    for name in [
        "paymongo/documented.csv",
        "paymongo/pasted.txt",
        "edfapay/audit.csv",
        "corefy/columns.csv",
    ] {
        let text = fixture(name);
        let asked = with_entries(name, &text, |e| {
            recognise::plan(e, &Options::default(), &library).err()
        });
        assert!(
            matches!(asked, Some(Question::ZoneRequired { .. })),
            "{name}: {asked:?}"
        );
    }
    let dates = "time,user,action\n03/04/2024 10:00,a@example.com,login\n04/05/2024 11:00,a@example.com,logout\n";
    let asked = with_entries("x.csv", dates, |e| {
        recognise::plan(e, &options("UTC"), &library).err()
    });
    assert!(
        matches!(asked, Some(Question::DateOrderRequired { .. })),
        "{asked:?}"
    );
    let settled = dates.replace("04/05/2024", "14/05/2024");
    let plan = with_entries("x.csv", &settled, |e| {
        recognise::plan(e, &options("UTC"), &library)
    })
    .unwrap();
    assert_eq!(plan.date_order(), Some("dmy"));
}

#[test]
fn a_pasted_list_is_read_without_its_marks() {
    let plain = fixture("paymongo/pasted.txt");
    let (plan, batch) = map("x.txt", &plain, &options("Asia/Manila"));
    for mark in ["• ", "- ", "* ", "  •  "] {
        let marked: String = plain.lines().map(|l| format!("{mark}{l}\n")).collect();
        let (with, listed) = map("x.txt", &marked, &options("Asia/Manila"));
        assert_eq!(with.profiles(), plan.profiles(), "{mark}");
        let same =
            |batch: &Batch| -> Vec<_> { batch.rows.iter().map(|r| (r.time, r.content)).collect() };
        assert_eq!(same(&listed), same(&batch), "{mark}");
    }
}

#[test]
fn a_time_of_an_unknown_zone_is_kept_and_leaves_the_others_read() {
    let mut text = "When,Who,Action\n".to_owned();
    for i in 0..8 {
        let zone = if i % 2 == 0 { "IST" } else { "+00:00" };
        text.push_str(&format!(
            "2024-04-22 14:32:1{i} {zone},ann@example.com,login\n"
        ));
    }
    let events = events(&map("x.csv", &text, &Options::default()).1);
    for (i, event) in events.iter().enumerate() {
        assert_eq!(event.time.is_some(), i % 2 == 1);
        let unread = event
            .problems
            .iter()
            .any(|p| p == Flag::UnreadableTime.code());
        assert_eq!(unread, i % 2 == 0);
        let kept = event.get(Field::EventOriginalTime).unwrap();
        assert!(
            kept.starts_with(&format!("2024-04-22 14:32:1{i} ")),
            "{kept}"
        );
    }
}

#[test]
fn identity_is_content_and_instant_and_not_the_order_of_keys() {
    let one = r#"{"uuid":"u1","published":"2024-03-01T10:00:00Z","eventType":"a.b","actor":{"id":"1","type":"User"}}"#;
    let two = r#"{"actor":{"type":"User","id":"1"},"eventType":"a.b","published":"2024-03-01T10:00:00Z","uuid":"u1"}"#;
    let three = one.replace("\"1\"", "\"2\"");
    let rows = |text: &str| map("x.ndjson", text, &Options::default()).1.rows;
    let (a, b, c) = (rows(one), rows(two), rows(&three));
    assert_eq!(
        (a[0].content, a[0].vendor_id),
        (b[0].content, b[0].vendor_id)
    );
    assert_ne!(a[0].content, c[0].content);
    assert_eq!(a[0].vendor_id, c[0].vendor_id);
    assert_ne!(a[0].vendor_id, 0);
    let csv = "Timestamp,Event type,User,Details\n2024-04-22 14:32:15,Login,Alice,\n2024-04-22 14:32:15,Login,Alice,\n";
    let manila = map("x.csv", csv, &options("Asia/Manila")).1.rows;
    let utc = map("x.csv", csv, &options("UTC")).1.rows;
    assert_eq!(
        manila[0].content, manila[1].content,
        "equal lines have equal content; the store counts them"
    );
    assert_ne!(
        manila[0].content, utc[0].content,
        "another zone is another instant"
    );
    assert_eq!(manila[0].vendor_id, 0);
}

#[test]
fn several_events_of_one_entry_are_numbered_and_distinct() {
    let text = r#"{"kind":"admin#reports#activity","id":{"time":"2024-03-01T10:00:00.000Z","uniqueQualifier":"9","applicationName":"admin","customerId":"C1"},"actor":{"email":"mo@example.com"},"ipAddress":"192.0.2.9","events":[{"name":"CREATE_USER","parameters":[{"name":"USER_EMAIL","value":"new@example.com"}]},{"name":"CHANGE_PASSWORD","parameters":[{"name":"USER_EMAIL","value":"new@example.com"}]}]}"#;
    let (plan, batch) = map("x.ndjson", text, &Options::default());
    assert_eq!(plan.profiles(), ["google-workspace@3"]);
    assert_eq!(
        batch
            .rows
            .iter()
            .map(|r| r.locator.part)
            .collect::<Vec<_>>(),
        [1, 2]
    );
    assert_ne!(batch.rows[0].content, batch.rows[1].content);
    assert_ne!(batch.rows[0].vendor_id, batch.rows[1].vendor_id);
    assert_eq!(
        events(&batch)[1].targets[0].name.as_deref(),
        Some("new@example.com")
    );
}

#[test]
fn labels_fill_what_the_log_leaves_out() {
    let mut wanted = options("Asia/Manila");
    wanted.labels = vec![("organization.name".to_owned(), "Example Store".to_owned())];
    let (_, batch) = map(
        "paymongo/pasted.txt",
        &fixture("paymongo/pasted.txt"),
        &wanted,
    );
    assert!(
        events(&batch)
            .iter()
            .all(|e| e.get(Field::OrganizationName) == Some("Example Store"))
    );
    wanted.labels = vec![("colour".to_owned(), "red".to_owned())];
    let text = fixture("paymongo/pasted.txt");
    let asked = with_entries("x.txt", &text, |e| {
        recognise::plan(e, &wanted, &Library::builtin().unwrap()).err()
    });
    assert!(matches!(asked, Some(Question::UnknownLabel { .. })));
}

#[test]
fn every_word_of_the_documented_catalogues_has_a_verb() {
    let library = Library::builtin().unwrap();
    for (profile, words) in [
        ("paymongo", include_str!("catalogues/paymongo.txt")),
        ("corefy", include_str!("catalogues/corefy.txt")),
    ] {
        let profile = library.find(profile).unwrap();
        for word in words.lines() {
            assert!(!profile.verbs.candidates(word).is_empty(), "{word}");
        }
    }
}

#[test]
fn samples_are_recognised_and_every_entry_is_dated() {
    let root = std::env::var("CARGO_MANIFEST_DIR").unwrap();
    for (name, zone, profile) in [
        ("paymongo-security-logs.csv", "Asia/Manila", "paymongo@1"),
        ("okta-system-log.json", "", "okta@1"),
        ("github-audit.ndjson", "", "github@1"),
        ("payment-nexus-audit.json", "", "payment-nexus@1"),
        ("edfapay-audit.csv", "Asia/Riyadh", "edfapay@2"),
        ("edfapay-threats.json", "", "edfapay@2"),
        ("corefy-activity.json", "", "corefy@1"),
    ] {
        let text = std::fs::read_to_string(format!("{root}/../../../samples/{name}")).unwrap();
        let (plan, batch) = map(name, &text, &options(zone));
        assert_eq!(plan.profiles(), [profile], "{name}");
        for event in events(&batch) {
            assert!(
                event.time.is_some() && event.problems.is_empty(),
                "{name} {event:?}"
            );
            assert!(event.get(Field::EventAction).is_some(), "{name} {event:?}");
        }
    }
}

/// Time, action, actor and address against readings of parsers that nobody here wrote; prints a table.
#[test]
fn the_corpus_is_read_as_its_oracles_read_it() {
    let Ok(corpus) = std::env::var("WITNESSMARK_CORPUS") else {
        return;
    };
    let library = Library::builtin().unwrap();
    let mut chosen = options("UTC");
    chosen.date_order = crate::times::DateOrder::parse("mdy");
    let (mut table, mut misses) = (String::new(), String::new());
    let mut systems: Vec<_> = std::fs::read_dir(&corpus)
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.is_dir())
        .collect();
    systems.sort();
    for system in systems {
        let name = system.file_name().unwrap().to_string_lossy().into_owned();
        let mut count = [[0usize; 2]; 4];
        let mut profiles: Vec<String> = Vec::new();
        let mut cases: Vec<_> = std::fs::read_dir(&system)
            .unwrap()
            .flatten()
            .map(|e| e.path())
            .filter(|p| p.extension().is_some_and(|x| x == "raw"))
            .collect();
        cases.sort();
        for case in cases {
            let Ok(oracle) = std::fs::read_to_string(case.with_extension("expected.json")) else {
                continue;
            };
            let Ok(oracle) = serde_json::from_str::<Vec<serde_json::Value>>(&oracle) else {
                continue;
            };
            let Ok(text) = std::fs::read_to_string(&case) else {
                continue;
            };
            let json = |text: &str| Tape::new().parse_str(text, &JsonLimits::default()).is_ok();
            if !json(&text) && !text.lines().filter(|l| !l.trim().is_empty()).all(json) {
                continue;
            }
            let (plan, batch) = with_entries("x.json", &text, |entries| {
                let plan = recognise::plan(entries, &chosen, &library).unwrap();
                let mut mapper = Mapper::new(plan.clone(), KEY, NOW);
                let mut batch = Batch::default();
                for entry in entries {
                    let _ = mapper.map(entry, &mut batch);
                }
                (plan, batch)
            });
            profiles.extend(plan.profiles());
            let events = events(&batch);
            let part_one: Vec<&Event> = events.iter().filter(|e| e.locator.part == 1).collect();
            for (i, expected) in oracle.iter().enumerate() {
                let Some(event) = part_one.get(i) else {
                    continue;
                };
                let hints: Vec<&str> = expected["_nonliteral"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|v| v.as_str())
                    .collect();
                let mut check = |n: usize, key: &str, same: &dyn Fn(&str) -> bool| {
                    if let Some(wanted) = expected[key].as_str()
                        && !hints.contains(&key)
                    {
                        count[n][1] += 1;
                        if same(wanted) {
                            count[n][0] += 1;
                        } else if std::env::var("SHOW").is_ok() {
                            writeln!(
                                misses,
                                "{name} {} #{i} {key}: wanted {wanted}, got {:?}",
                                case.display(),
                                event.fields
                            )
                            .unwrap();
                        }
                    }
                };
                check(0, "time", &|w| {
                    // Oracles that keep whole seconds only bind to the second.
                    let Ok(wanted) =
                        chrono::DateTime::parse_from_rfc3339(w).map(|t| t.timestamp_millis())
                    else {
                        return false;
                    };
                    let ours = event.time.map(|t| t.0.div_euclid(1_000_000));
                    ours == Some(wanted)
                        || (wanted % 1_000 == 0
                            && ours.map(|t| t.div_euclid(1_000)) == Some(wanted / 1_000))
                });
                check(1, "action", &|w| {
                    event
                        .get(Field::EventAction)
                        .is_some_and(|a| a.eq_ignore_ascii_case(w))
                });
                let actor = |w: &str| {
                    [Field::UserId, Field::UserEmail, Field::UserName]
                        .iter()
                        .any(|f| {
                            event
                                .get(*f)
                                .is_some_and(|v| v == w || v.split('@').next() == Some(w))
                        })
                };
                check(2, "actor_name", &actor);
                check(2, "actor_id", &actor);
                check(3, "ip", &|w| {
                    event.get(Field::SourceIp) == Some(w)
                        || event.related_ips.iter().any(|r| r == w)
                });
            }
        }
        profiles.sort();
        profiles.dedup();
        writeln!(
            table,
            "{name:28} time {:?} action {:?} actor {:?} ip {:?} {}",
            count[0],
            count[1],
            count[2],
            count[3],
            profiles.join(",")
        )
        .unwrap();
        if name == "okta" || name == "github" {
            assert_eq!(count[0][0], count[0][1], "{name}: times");
            assert_eq!(count[1][0], count[1][1], "{name}: actions");
        }
    }
    // The table is the point of running this by hand.
    misses.push_str(&table);
    std::io::Write::write_all(&mut std::io::stderr(), misses.as_bytes()).unwrap();
}
