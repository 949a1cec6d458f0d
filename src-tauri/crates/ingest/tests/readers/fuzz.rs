//! Every reader on inputs damaged at random: nothing panics, no byte is lost, the sums hold, every place can be read back.
//!
//! The same inputs come out of the same seed. A run in CI is bounded by count; by hand,
//! `WITNESSMARK_FUZZ_SECONDS=600 WITNESSMARK_FUZZ_SEED=7 cargo test --release -p witnessmark-ingest --test readers fuzz -- --nocapture`
//! goes on for as long as it is told, and says how many inputs there were. An input that breaks something is written beside
//! the build, so that it can become a test of its own.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Duration, Instant};

use witnessmark_ingest::limits::Limits;
use witnessmark_ingest::mapping::IdentityKey;
use witnessmark_ingest::options::Options;
use witnessmark_ingest::pipeline::*;
use witnessmark_ingest::profile::Library;
use witnessmark_ingest::times::DateOrder;
use witnessmark_model::{Batch, Zone};

use crate::containers::{gzip, zip, zstandard};
use crate::support::*;

/// SplitMix64.
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.bits() % n.max(1) as u64) as usize
    }
}

const CSV: &str = "time,user,action,details\n2024-04-22T10:00:00Z,alice,login,\"a, \"\"b\"\"\nc\"\n2024-04-22T10:00:01Z,bob,logout,\n";
const OKTA: &str = r#"{"uuid":"u1","published":"2024-04-22T10:00:00.000Z","eventType":"user.session.start","actor":{"id":"1","alternateId":"a@example.com"},"outcome":{"result":"SUCCESS"},"target":[{"id":"t","type":"User"}]}"#;
const GOOGLE: &str = r#"{"kind":"admin#reports#activities","items":[{"id":{"time":"2024-04-22T06:32:15.000Z","uniqueQualifier":"17","applicationName":"login"},"actor":{"email":"a@example.com"},"events":[{"name":"x"},{"name":"y","parameters":[{"name":"p","value":"1"}]}]}]}"#;
const LINES: &str = "2024-04-22 14:32:15 | Login | Alice | Safari | IP: 203.0.113.45\n2024-04-22 14:35:02 | API Key Viewed | Alice\n";
const NESTED: &str = "CreationDate,AuditData\n2024-04-22T10:00:00Z,\"{\"\"Operation\"\":\"\"New-InboxRule\"\",\"\"Parameters\"\":[{\"\"Name\"\":\"\"a\"\",\"\"Value\"\":\"\"b\"\"}]}\"\n";

fn wide(text: &str, big: bool) -> Vec<u8> {
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    units
        .flat_map(|u| {
            if big {
                u.to_be_bytes()
            } else {
                u.to_le_bytes()
            }
        })
        .collect()
}

fn workbook() -> Vec<u8> {
    let sheet = br#"<worksheet><sheetData><row r="1"><c t="s"><v>0</v></c><c t="inlineStr"><is><t>user</t></is></c><c t="inlineStr"><is><t>action</t></is></c></row><row r="3"><c s="1"><v>45404.6</v></c><c><v>9007199254740993</v></c><c t="str"><v>x_x000A_y</v></c></row></sheetData></worksheet>"#;
    zip(&[
        ("xl/workbook.xml", br#"<workbook><sheets><sheet name="Log" sheetId="1" r:id="r1"/></sheets></workbook>"#, true),
        ("xl/_rels/workbook.xml.rels", br#"<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>"#, true),
        ("xl/sharedStrings.xml", b"<sst><si><t>time</t></si></sst>", false),
        ("xl/styles.xml", br#"<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs></styleSheet>"#, true),
        ("xl/worksheets/sheet1.xml", sheet, false),
    ])
}

fn seeds() -> Vec<Vec<u8>> {
    let okta = |n: usize| vec![OKTA; n];
    vec![
        CSV.into(),
        CSV.replace(',', ";").into(),
        CSV.replace('\n', "\r").into(),
        NESTED.into(),
        okta(4).join("\n").into(),
        format!("[{}]", okta(3).join(",\n")).into(),
        format!("{{\"Records\":[{}],\"next\":null}}", okta(3).join(",")).into(),
        okta(1).join("").into(),
        GOOGLE.into(),
        LINES.into(),
        wide(CSV, false),
        wide(LINES, true),
        gzip(CSV.as_bytes()),
        zstandard(OKTA.as_bytes()),
        zip(&[
            ("a.csv", CSV.as_bytes(), true),
            ("b/c.ndjson", OKTA.as_bytes(), false),
        ]),
        workbook(),
    ]
}

const TOKENS: &[&[u8]] = &[
    b"\"",
    b"\"\"",
    b",",
    b"\n",
    b"\r\n",
    b"\r",
    b"{",
    b"}",
    b"[",
    b"]",
    b"\\u0000",
    b"\\ud800",
    b"\0",
    b"\xEF\xBB\xBF",
    b"\xFF\xFE",
    b"1e400",
    b"9007199254740993",
    b"NaN",
    b"-0",
    b"null",
    b"<row r=\"1048577\">",
    b"<c r=\"ZZZZZZ1\">",
    b"&#0;",
    b"</row>",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"\x1f\x8b",
    b"\xFF\xFF\xFF\xFF",
    b"\x80",
    b"\xE2\x82",
    b"0000-00-00",
    b"\xE2\x80\xAE",
];

fn damage(dice: &mut Dice, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = seeds[dice.below(seeds.len())].clone();
    for _ in 0..=dice.below(6) {
        let at = dice.below(bytes.len() + 1);
        let until = (at + dice.below(40)).min(bytes.len());
        match dice.below(8) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            1 if at < bytes.len() => bytes[at] = dice.bits() as u8,
            2 => drop(bytes.drain(at..until)),
            3 => {
                let again = bytes[at..until].to_vec();
                let to = dice.below(bytes.len() + 1);
                bytes.splice(to..to, again);
            }
            4 => bytes.truncate(at),
            5 => {
                let other = &seeds[dice.below(seeds.len())];
                let from = dice.below(other.len());
                bytes.splice(at..at, other[from..].iter().copied().take(200));
            }
            _ => {
                let token = TOKENS[dice.below(TOKENS.len())];
                bytes.splice(at..at, token.iter().copied());
            }
        }
    }
    bytes
}

/// A sink that only holds what the mapped reading must hold.
#[derive(Default)]
struct Sums {
    bytes: u64,
    entries: u64,
    rejected: u64,
    /// Entries that gave an event.
    gave: std::collections::BTreeSet<u64>,
    places: Vec<(u64, u64)>,
}

impl Sink for Sums {
    type Error = Infallible;

    fn begin_container(&mut self, _: &str, _: &'static str) -> Result<(), Infallible> {
        Ok(())
    }

    fn container_bytes(&mut self, _: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn end_container(&mut self) -> Result<(), Infallible> {
        Ok(())
    }

    fn begin_source(&mut self, _: SourceStart) -> Result<(), Infallible> {
        *self = Self::default();
        Ok(())
    }

    fn bytes(&mut self, chunk: &[u8]) -> Result<(), Infallible> {
        self.bytes += chunk.len() as u64;
        Ok(())
    }

    fn entries(&mut self, places: &[(u64, u64)]) -> Result<(), Infallible> {
        self.entries += places.len() as u64;
        self.places.extend_from_slice(places);
        Ok(())
    }

    fn batch(&mut self, batch: Batch) -> Result<Batch, Infallible> {
        for row in &batch.rows {
            let place = self.places.get(row.locator.entry as usize - 1);
            // Places of a batch are given before it or with it, never after.
            if let Some(place) = place {
                assert_eq!(*place, (row.locator.offset, row.locator.length));
            }
            self.gave.insert(row.locator.entry);
        }
        Ok(batch)
    }

    fn reject(&mut self, _: Reject) -> Result<(), Infallible> {
        self.rejected += 1;
        Ok(())
    }

    fn end_source(&mut self, end: SourceEnd) -> Result<(), Infallible> {
        assert_eq!(end.bytes, self.bytes, "every byte is counted");
        assert_eq!(end.entries, self.entries);
        assert_eq!(end.rejected, self.rejected);
        assert_eq!(
            self.gave.len() as u64 + self.rejected,
            self.entries,
            "an entry gives events or is rejected"
        );
        Ok(())
    }

    fn refused(&mut self, _: Refused) -> Result<(), Infallible> {
        Ok(())
    }

    fn progress(&mut self, _: Progress) -> Control {
        Control::Go
    }
}

fn run_one(bytes: &[u8], piece: usize, library: &Library) {
    let limits = Limits {
        record: 1 << 12,
        expanded: 1 << 22,
        ratio_above: 1 << 20,
        ..Limits::default()
    };
    if let Ok(memory) = import_with(bytes, &Options::default(), limits, piece)
        && memory.containers.0 == 0
    {
        assert!(
            memory.sources[0].bytes == bytes,
            "the bytes are kept as they came"
        );
    } else if let Ok(memory) = import_with(bytes, &Options::default(), limits, piece) {
        assert!(memory.container == bytes, "a container is kept verbatim");
    }
    let options = Options {
        zone: Some(Zone::UTC),
        date_order: Some(DateOrder::Dmy),
        ..Options::default()
    };
    let planner = Profiles {
        options: &options,
        library,
        keys: IdentityKey([3; 16]),
        now: witnessmark_model::Instant(1_764_000_000_000_000_000),
    };
    let setup = Setup {
        options: &options,
        limits,
        planner: &planner,
    };
    let input = Input {
        name: "damaged".to_owned(),
        reader: InputReader::Seekable(Box::new(std::io::Cursor::new(bytes.to_vec()))),
    };
    // A refusal is an answer; a panic is not.
    let _ = run(input, &setup, &mut Sums::default());
}

#[test]
fn damaged_inputs_lose_nothing_and_break_nothing() {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse::<u64>().ok());
    let seed = number("WITNESSMARK_FUZZ_SEED").unwrap_or(1);
    let until = number("WITNESSMARK_FUZZ_SECONDS").map(|s| Instant::now() + Duration::from_secs(s));
    let most = if cfg!(debug_assertions) {
        1_500
    } else {
        20_000
    };
    let library = Library::builtin().unwrap();
    let seeds = seeds();
    let mut dice = Dice(seed);
    for bytes in &seeds {
        run_one(bytes, 0, &library);
    }
    let mut tried = 0;
    while until.map_or(tried < most, |until| Instant::now() < until) {
        let bytes = damage(&mut dice, &seeds);
        let piece = dice.below(5);
        tried += 1;
        if let Err(broken) = catch_unwind(AssertUnwindSafe(|| run_one(&bytes, piece, &library))) {
            let path = std::env::temp_dir().join(format!("witnessmark-fuzz-{seed}-{tried}.bin"));
            std::fs::write(&path, &bytes).unwrap();
            eprintln!(
                "input {tried} of seed {seed}, read in pieces of {piece}: {}",
                path.display()
            );
            resume_unwind(broken);
        }
    }
    eprintln!("{tried} damaged inputs from seed {seed}");
}
