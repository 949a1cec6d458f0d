//! How fast the writer is: rows of a synthetic CSV, already split into cells, with evidence, identity and every check.
//! `cargo run --release -p witnessmark-store --example import_speed -- [rows] [passphrase]`
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measuring program for a terminal"
)]

use std::{fmt::Write, time::Instant as Clock};

use serde_json::json;
use witnessmark_model::{Batch, Field, Instant, Locator};
use witnessmark_store::{
    Case, NewCase, Stamp,
    importer::{SourceEnd, SourceMeta},
};

/// User and system seconds of the whole process.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or("")
        .split_whitespace()
        .collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|f| f.parse::<f64>().ok())
            .unwrap_or(0.0)
    };
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|l| l.starts_with("VmHWM"))
        .unwrap_or("")
        .to_owned();
    line.split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<u64>().ok())
        .unwrap_or(0)
        / 1024
}

fn mix(mut x: u64) -> u64 {
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

const SINGLES: [Field; 10] = [
    Field::EventOriginalTime,
    Field::EventAction,
    Field::UserEmail,
    Field::UserName,
    Field::SourceIp,
    Field::UserAgentOriginal,
    Field::SessionId,
    Field::EventOutcome,
    Field::Message,
    Field::SourceCountry,
];

fn row(i: u64, cells: &mut Vec<String>) {
    let r = mix(i);
    cells.clear();
    cells.push("\u{1}UTC\u{1}%Y-%m-%dT%H:%M:%SZ".to_owned());
    cells.push(format!("resource.action_{}", (r % 97).min(r % 31)));
    cells.push(format!("user{}@example.com", (r >> 8) % 5_000));
    cells.push(format!("User Number {}", (r >> 8) % 5_000));
    cells.push(format!("203.0.{}.{}", (r >> 20) % 40, (r >> 28) % 250));
    cells.push(format!(
        "Mozilla/5.0 (X11; Linux x86_64) Browser/{}",
        (r >> 40) % 60
    ));
    cells.push(format!("s-{:08x}", mix(i / 20) as u32));
    cells.push(
        if r.is_multiple_of(16) {
            "failure"
        } else {
            "success"
        }
        .to_owned(),
    );
    cells.push(format!(
        "changed setting {} of merchant {}",
        (r >> 12) % 300,
        (r >> 17) % 2_000
    ));
    cells.push(["PH", "DE", "US", "SG"][(r >> 50) as usize % 4].to_owned());
}

/// Makes all rows, a batch at a time; gives the bytes of the whole.
fn generate(rows: u64, mut take: impl FnMut(&str, &[(u64, u64)], &Batch)) -> u64 {
    let (mut batch, mut text) = (Batch::default(), String::new());
    let (mut places, mut cells) = (Vec::new(), Vec::new());
    let (mut i, mut offset) = (0, 0_u64);
    while i < rows {
        batch.clear();
        text.clear();
        places.clear();
        while i < rows && !batch.is_full() {
            row(i, &mut cells);
            let jitter = (mix(i) % 9_000_000_000) as i64;
            let time = 1_600_000_000_000_000_000 + i as i64 * 3_000_000_000 + jitter;
            let line = text.len();
            write!(text, "{time},").unwrap();
            for (field, cell) in SINGLES.iter().zip(&cells) {
                text.push_str(cell);
                text.push(',');
                batch.push(*field, 0, cell);
            }
            let target = format!("t-{}", mix(i ^ 77) % 200_000);
            batch.push(Field::TargetType, 0, "merchant");
            batch.push(Field::TargetId, 0, &target);
            text.push_str(&target);
            let length = (text.len() - line) as u64;
            text.push('\n');
            let place = Locator {
                source: 0,
                entry: i + 1,
                part: 1,
                line: i + 2,
                offset,
                length,
            };
            places.push((offset, length));
            offset += length + 1;
            batch.end_row(Some(Instant(time)), place, mix(i + 1_000_000_007), 0);
            i += 1;
        }
        take(&text, &places, &batch);
    }
    offset
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rows: u64 = arguments
        .next()
        .and_then(|a| a.parse().ok())
        .unwrap_or(1_000_000);
    let passphrase = arguments.next();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("speed.wmcase");
    let stamp = Stamp {
        at: Instant(1_700_000_000_000_000_000),
        who: "bench".into(),
        tool: "import_speed".into(),
    };
    let new = NewCase {
        uuid: "0",
        name: "speed",
        identity_key: [1; 16],
        display_zone: "UTC",
        passphrase: passphrase.as_deref(),
    };
    let alone = cpu();
    let bytes = generate(rows, |_, _, _| {});
    let alone = cpu() - alone;
    println!(
        "{rows} rows, {} MB; making them takes {alone:.2} s CPU",
        bytes >> 20
    );
    let case = Case::create(&path, &new, &stamp).unwrap();
    for round in ["first", "again"] {
        let (begun, begun_cpu) = (Clock::now(), cpu());
        let mut importer = case.begin_import(&stamp, &json!({})).unwrap();
        importer
            .begin_source(SourceMeta {
                name: round.into(),
                ..SourceMeta::default()
            })
            .unwrap();
        generate(rows, |text, places, batch| {
            importer.bytes(text.as_bytes()).unwrap();
            importer.entries(places).unwrap();
            importer.batch(batch).unwrap();
        });
        importer
            .end_source(SourceEnd {
                entries: rows,
                ..SourceEnd::default()
            })
            .unwrap();
        let receipt = importer.finish().unwrap();
        println!(
            "{round}: wall {:.2} s; CPU of the store {:.2} s; peak {} MB; stored {} duplicates {}",
            begun.elapsed().as_secs_f64(),
            cpu() - begun_cpu - alone,
            peak_mb(),
            receipt.sources[0].stored,
            receipt.sources[0].duplicates,
        );
    }
    for (part, bytes) in case.bytes_by_table().unwrap() {
        println!("  {part}: {:.1} MB", bytes as f64 / 1e6);
    }
    drop(case);
    println!(
        "  file: {:.1} MB",
        std::fs::metadata(&path).unwrap().len() as f64 / 1e6
    );
    let opening = Clock::now();
    let case = Case::open(&path, passphrase.as_deref(), &stamp).unwrap();
    let segments = case.segments().unwrap();
    println!("  open: {:.0} ms", opening.elapsed().as_secs_f64() * 1e3);
    let loading = Clock::now();
    for segment in &segments {
        for chunk in 0..segment.chunks().len() {
            segment.times(chunk).unwrap();
            for field in Field::ALL {
                segment.column(*field, chunk).unwrap();
            }
        }
    }
    println!(
        "  load all columns: {:.0} ms",
        loading.elapsed().as_secs_f64() * 1e3
    );
}
