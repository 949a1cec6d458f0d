//! Entries that are mapped side by side: however many threads there are, what comes of a source is what one thread gives.

use std::convert::Infallible;

use witnessmark_ingest::entry::Entry;
use witnessmark_ingest::limits::Limits;
use witnessmark_ingest::mapping::IdentityKey;
use witnessmark_ingest::options::{Options, Question};
use witnessmark_ingest::pipeline::*;
use witnessmark_ingest::profile::Library;
use witnessmark_model::{Batch, Instant, RejectCode, SourceShape};

/// A mapper that is never forked.
struct Alone(Box<dyn EntryMap>);

impl EntryMap for Alone {
    fn map(&mut self, entry: &Entry<'_>, batch: &mut Batch) -> Result<(), (RejectCode, String)> {
        self.0.map(entry, batch)
    }

    fn profiles(&self) -> Vec<String> {
        self.0.profiles()
    }

    fn texts(&self) -> Vec<(String, String)> {
        self.0.texts()
    }

    fn fork(&self) -> Option<Box<dyn EntryMap + Send>> {
        None
    }

    fn is_as_forked(&self) -> bool {
        false
    }
}

struct Planning<'p> {
    profiles: Profiles<'p>,
    alone: bool,
}

impl Planner for Planning<'_> {
    fn plan(
        &self,
        sample: &[Entry<'_>],
        name: &str,
        shape: &SourceShape,
    ) -> Result<Planned, Question> {
        let planned = self.profiles.plan(sample, name, shape)?;
        let mapper = planned.mapper;
        Ok(Planned {
            mapper: if self.alone {
                Box::new(Alone(mapper))
            } else {
                mapper
            },
            ..planned
        })
    }
}

/// Everything that came of a source, as text.
#[derive(Default)]
struct All {
    given: u64,
    places: Vec<(u64, u64)>,
    rows: Vec<String>,
    rejects: Vec<Reject>,
    end: Option<SourceEnd>,
}

impl Sink for All {
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
        Ok(())
    }

    fn bytes(&mut self, chunk: &[u8]) -> Result<(), Infallible> {
        self.given += chunk.len() as u64;
        Ok(())
    }

    fn entries(&mut self, places: &[(u64, u64)]) -> Result<(), Infallible> {
        assert!(places.iter().all(|(at, length)| at + length <= self.given));
        self.places.extend(places);
        Ok(())
    }

    fn batch(&mut self, batch: Batch) -> Result<Batch, Infallible> {
        for (n, row) in batch.rows.iter().enumerate() {
            let cells: Vec<_> = batch.row_cells(n).collect();
            self.rows.push(format!("{row:?} {cells:?}"));
        }
        Ok(batch)
    }

    fn reject(&mut self, reject: Reject) -> Result<(), Infallible> {
        self.rejects.push(reject);
        Ok(())
    }

    fn end_source(&mut self, end: SourceEnd) -> Result<(), Infallible> {
        self.end = Some(end);
        Ok(())
    }

    fn refused(&mut self, _: Refused) -> Result<(), Infallible> {
        Ok(())
    }

    fn progress(&mut self, _: Progress) -> Control {
        Control::Go
    }
}

fn all(bytes: &[u8], alone: bool) -> All {
    let options = Options::default();
    let library = Library::builtin().unwrap();
    let planner = Planning {
        profiles: Profiles {
            options: &options,
            library: &library,
            keys: IdentityKey(*b"sixteen  bytes !"),
            now: Instant(1_760_000_000_000_000_000),
        },
        alone,
    };
    let setup = Setup {
        options: &options,
        limits: Limits::default(),
        planner: &planner,
    };
    let input = Input {
        name: "log".to_owned(),
        reader: InputReader::Stream(Box::new(std::io::Cursor::new(bytes.to_vec()))),
    };
    let mut sink = All::default();
    run(input, &setup, &mut sink).unwrap();
    sink
}

fn same(bytes: &[u8]) -> All {
    let (one, many) = (all(bytes, true), all(bytes, false));
    assert_eq!(one.places, many.places);
    assert_eq!(one.rejects, many.rejects);
    assert_eq!(one.end, many.end);
    assert_eq!(one.rows.len(), many.rows.len());
    for (one, many) in one.rows.iter().zip(&many.rows) {
        assert_eq!(one, many);
    }
    many
}

fn okta(n: usize) -> String {
    let filler = "x".repeat(n % 900);
    format!(
        r#"{{"uuid":"u{n}","published":"2024-04-22T10:{:02}:{:02}.000Z","eventType":"user.session.start","actor":{{"id":"{}","alternateId":"a{}@example.com"}},"outcome":{{"result":"SUCCESS"}},"debugContext":{{"debugData":{{"note":"{filler}"}}}}}}"#,
        n / 60 % 60,
        n % 60,
        n % 7,
        n % 7
    )
}

fn github(n: usize) -> String {
    format!(
        r#"{{"@timestamp":17138{:08},"action":"repo.create","actor":"octo{}","org":"o","repo":"o/r{n}","_document_id":"d{n}"}}"#,
        n % 100_000_000,
        n % 5
    )
}

fn strange(n: usize) -> String {
    format!(r#"{{"odd":{n},"thing":"{}"}}"#, "y".repeat(n % 300))
}

/// A megabyte and more before and after each change, since lots are of that size.
const LONG: usize = 4_000;

#[test]
fn lines_of_one_log_with_broken_ones_between() {
    let lines: Vec<String> = (0..3 * LONG)
        .map(|n| match n % 911 {
            0 => "{\"uuid\": broken".to_owned(),
            1 => "[1]".to_owned(),
            2 => r#"{"uuid":"n","published":"2024-04-22T10:00:00.000Z","eventType":"x","n":NaN}"#
                .to_owned(),
            _ => okta(n),
        })
        .collect();
    let seen = same(lines.join("\n").as_bytes());
    assert_eq!(seen.places.len(), 3 * LONG);
    assert!(seen.rejects.len() >= 26, "{}", seen.rejects.len());
}

#[test]
fn another_log_that_begins_in_the_middle() {
    let mut lines: Vec<String> = (0..2 * LONG).map(okta).collect();
    lines.push(strange(1));
    lines.extend((0..2 * LONG).map(github));
    lines.extend((0..LONG).map(|n| if n % 2 == 0 { okta(n) } else { strange(n) }));
    // So many in a row that nobody looks for their log any more, and then one that is known again.
    lines.extend((0..2 * LONG).map(strange));
    lines.extend((0..2 * LONG).map(okta));
    let seen = same(lines.join("\n").as_bytes());
    let read = seen.end.unwrap().profiles;
    assert!(read.iter().any(|p| p.starts_with("okta")), "{read:?}");
    assert!(read.iter().any(|p| p.starts_with("github")), "{read:?}");
}

#[test]
fn entries_that_only_a_guess_reads() {
    let lines: Vec<String> = (0..3 * LONG)
        .map(|n| {
            format!(
                r#"{{"when":"2024-04-22T10:00:{:02}Z","who":"a{}","what":"act{}","note":"{}"}}"#,
                n % 60,
                n % 9,
                n % 4,
                "z".repeat(n % 700)
            )
        })
        .collect();
    same(lines.join("\n").as_bytes());
    let array = format!("{{\"Records\":[{}]}}", lines.join(",\n"));
    let seen = same(array.as_bytes());
    assert_eq!(seen.rows.len(), 3 * LONG);
}

#[test]
fn records_with_quotes_and_headers_between() {
    let header = "\"time\",\"user\",\"action\",\"details\"\n";
    let mut text = header.to_owned();
    let mut headers = 0;
    for n in 0..8 * LONG {
        match (n + 500) % 1_013 {
            0 => text.push_str(header),
            1 => {
                headers += 2;
                text.push_str("\u{FEFF}time,user,action,details\r\n");
            }
            2 => text.push_str("time,user,action,more\n"),
            3 => text.push_str("2024-04-22T10:00:00Z,\"never closed\n"),
            _ => {}
        }
        let details = "a, \"\"b\"\"\nc ".repeat(n % 12);
        text.push_str(&format!(
            "2024-04-22T10:00:{:02}Z,u{},login,\"{details}\"\n",
            n % 60,
            n % 11
        ));
    }
    let seen = same(text.as_bytes());
    let end = seen.end.unwrap();
    let told = end.warnings.iter().find(|w| w.code == "repeated_header");
    assert_eq!(told.map(|w| w.count), Some(headers), "{:?}", end.warnings);
    // The same in another encoding, whose bytes are not its text.
    let wide: Vec<u8> = std::iter::once(0xFEFF)
        .chain(text.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let wide = same(&wide);
    assert_eq!(wide.rows.len(), seen.rows.len());
}
