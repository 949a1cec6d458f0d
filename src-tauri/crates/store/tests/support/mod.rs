//! A small reader for tests: lines of `time|id|action|target,target` become batches, so that the store is tested alone.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file uses its own part; a failure here is a failed test"
)]

use std::{
    hash::{BuildHasher, Hasher},
    path::Path,
};

use serde_json::json;
use witnessmark_model::{Batch, Field, Instant, Locator, RejectCode};
use witnessmark_store::{
    Case, ImportReceipt, NewCase, Result, Stamp,
    importer::{Importer, Reject, SourceEnd, SourceMeta},
};

pub(crate) fn stamp() -> Stamp {
    Stamp {
        at: Instant(1_700_000_000_000_000_000),
        who: "tester".into(),
        tool: "store-tests 1".into(),
    }
}

pub(crate) fn new_case(passphrase: Option<&str>) -> NewCase<'_> {
    NewCase {
        uuid: "11111111-2222-4333-8444-555555555555",
        name: "test",
        identity_key: [7; 16],
        display_zone: "UTC",
        passphrase,
    }
}

pub(crate) fn create(path: &Path) -> Case {
    Case::create(path, &new_case(None), &stamp()).unwrap()
}

fn hash(text: &str) -> u64 {
    let mut h = foldhash::quality::FixedState::with_seed(3).build_hasher();
    h.write(text.as_bytes());
    h.finish() | 1
}

/// Feeds one source; a line that begins with `!` is a reject.
pub(crate) fn feed(importer: &mut Importer, name: &str, text: &str) -> Result<()> {
    let source = importer.begin_source(SourceMeta {
        name: name.into(),
        zone: "UTC (stated)".into(),
        profiles: vec!["test@1".into()],
        profile_texts: vec![("test@1".into(), "id = \"test\"".into())],
        ..SourceMeta::default()
    })?;
    importer.bytes(text.as_bytes())?;
    let mut batch = Batch::default();
    let (mut offset, mut entry) = (0_u64, 0_u64);
    let mut places = Vec::new();
    for line in text.split_inclusive('\n') {
        let body = line.trim_end_matches('\n');
        entry += 1;
        let place = Locator {
            source,
            entry,
            part: 1,
            line: entry,
            offset,
            length: body.len() as u64,
        };
        offset += line.len() as u64;
        places.push((place.offset, place.length));
        if let Some(why) = body.strip_prefix('!') {
            importer.reject(Reject {
                entry,
                line: entry,
                offset: place.offset,
                length: place.length,
                code: RejectCode::NotRecognised,
                message: why.into(),
            })?;
            continue;
        }
        let parts: Vec<&str> = body.split('|').collect();
        let time = parts[0]
            .parse::<i64>()
            .ok()
            .map(|s| Instant(s * 1_000_000_000));
        let id = parts.get(1).copied().unwrap_or("");
        batch.push(Field::EventId, 0, id);
        batch.push(Field::EventAction, 0, parts.get(2).copied().unwrap_or(""));
        for (i, target) in parts.get(3).unwrap_or(&"").split(',').enumerate() {
            batch.push(Field::TargetId, i as u16, target);
        }
        let vendor = if id.is_empty() { 0 } else { hash(id) };
        batch.end_row(time, place, hash(body), vendor);
        if batch.is_full() {
            importer.batch(&batch)?;
            batch.clear();
        }
    }
    importer.entries(&places)?;
    importer.batch(&batch)?;
    importer.end_source(SourceEnd {
        entries: entry,
        ..SourceEnd::default()
    })
}

pub(crate) fn import(case: &Case, files: &[(&str, &str)]) -> ImportReceipt {
    let mut importer = case.begin_import(&stamp(), &json!({})).unwrap();
    for (name, text) in files {
        feed(&mut importer, name, text).unwrap();
    }
    importer.finish().unwrap()
}

/// (stored, duplicates, rejected, events) of the only source of an import.
pub(crate) fn sums(receipt: &ImportReceipt) -> (u64, u64, u64, u64) {
    let r = &receipt.sources[0];
    (r.stored, r.duplicates, r.rejected, r.events)
}

/// Number, action, source and raw bytes of every visible event, by number.
pub(crate) fn events(case: &Case) -> Vec<(u64, String, u32, String)> {
    let mut out = Vec::new();
    for segment in case.segments().unwrap() {
        for chunk in 0..segment.chunks().len() {
            let numbers = segment.numbers(chunk).unwrap();
            let sources = segment.sources(chunk).unwrap();
            let places = segment.locators(chunk).unwrap();
            let actions = segment.dictionary(Field::EventAction).unwrap();
            let column = segment.column(Field::EventAction, chunk).unwrap();
            for (row, number) in numbers.iter().enumerate() {
                let code = match &column {
                    witnessmark_store::segment::Column::One(codes) => codes.get(row),
                    _ => 0,
                };
                let raw = case.raw(&places.get(row, sources.get(row))).unwrap();
                out.push((
                    *number,
                    actions.text(code).to_owned(),
                    sources.get(row),
                    String::from_utf8(raw).unwrap(),
                ));
            }
        }
    }
    out.sort();
    out
}
