//! One export through the reader, as a person would import it.
//!
//! Owns: what is remembered of it. Never touches: what should be there.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use witnessmark_ingest::Limits;
use witnessmark_ingest::mapping::IdentityKey;
use witnessmark_ingest::options::Options;
use witnessmark_ingest::pipeline::{
    Control, Input, InputReader, Profiles, Progress, Refused, Reject, RunError, Setup, Sink,
    SourceEnd, SourceStart, run,
};
use witnessmark_ingest::profile::Library;
use witnessmark_ingest::times::DateOrder;
use witnessmark_model::{Batch, Field, Instant, Zone};

/// The values of one event by field.
#[derive(Default)]
pub(crate) struct Event {
    pub(crate) time: Option<Instant>,
    pub(crate) values: Vec<(Field, String)>,
}

impl Event {
    pub(crate) fn all(&self, field: Field) -> impl Iterator<Item = &str> {
        self.values
            .iter()
            .filter(move |(f, _)| *f == field)
            .map(|(_, text)| text.as_str())
    }
}

/// What a source turned out to hold.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) profiles: BTreeSet<String>,
    pub(crate) confidence: f64,
    pub(crate) entries: u64,
    /// Events by entry, from 1.
    pub(crate) events: BTreeMap<u64, Vec<Event>>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) bytes: u64,
    seen: u64,
}

impl Source {
    /// Everything that went in without coming out.
    pub(crate) fn lost(&self, name: &str) -> Option<String> {
        let kept = self.events.len() as u64 + self.rejects.len() as u64;
        (kept != self.entries || self.bytes != self.seen).then(|| {
            format!(
                "{name}: {} entries read, {} kept, {} rejected; {} of {} bytes",
                self.entries,
                self.events.len(),
                self.rejects.len(),
                self.seen,
                self.bytes
            )
        })
    }
}

pub(crate) enum Outcome {
    Read(Source),
    Refused(String),
}

pub(crate) struct Reader {
    library: Library,
    options: Options,
}

impl Reader {
    /// A reader with every profile of the folder, so that a profile can be tried without building anything.
    pub(crate) fn with_all() -> Self {
        Self::without(&BTreeSet::new())
    }

    /// A reader without the profiles of these names (`paymongo@1`).
    pub(crate) fn without(off: &BTreeSet<String>) -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "toml"))
            .collect();
        files.sort();
        let mut library = Library::default();
        for path in files {
            let name = path.file_name().unwrap().to_str().unwrap();
            let stem = name.trim_end_matches(".toml");
            if !off.iter().any(|o| o.split('@').next() == Some(stem)) {
                let text = std::fs::read_to_string(&path).unwrap();
                library
                    .add(name, &text)
                    .unwrap_or_else(|error| panic!("{error}"));
            }
        }
        Self {
            library,
            options: Options {
                zone: Zone::parse("UTC"),
                date_order: DateOrder::parse("mdy"),
                ..Options::default()
            },
        }
    }

    pub(crate) fn read(&self, bytes: &[u8], name: &str) -> Outcome {
        let planner = Profiles {
            options: &self.options,
            library: &self.library,
            keys: IdentityKey([7; 16]),
            now: Instant(1_900_000_000_000_000_000),
        };
        let setup = Setup {
            options: &self.options,
            limits: Limits::default(),
            planner: &planner,
        };
        let input = Input {
            name: name.to_owned(),
            reader: InputReader::Seekable(Box::new(std::io::Cursor::new(bytes.to_vec()))),
        };
        let mut memory = Memory(Source::default());
        match run(input, &setup, &mut memory) {
            Ok(()) => Outcome::Read(memory.0),
            Err(RunError::Import(error)) => Outcome::Refused(format!("{error:?}")),
            Err(RunError::Sink(never)) => match never {},
        }
    }
}

struct Memory(Source);

impl Sink for Memory {
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

    fn begin_source(&mut self, start: SourceStart) -> Result<(), Infallible> {
        self.0.confidence = start.confidence;
        Ok(())
    }

    fn bytes(&mut self, chunk: &[u8]) -> Result<(), Infallible> {
        self.0.seen += chunk.len() as u64;
        Ok(())
    }

    fn entries(&mut self, _: &[(u64, u64)]) -> Result<(), Infallible> {
        Ok(())
    }

    fn batch(&mut self, batch: Batch) -> Result<Batch, Infallible> {
        for (n, row) in batch.rows.iter().enumerate() {
            let event = Event {
                time: row.time,
                values: batch
                    .row_cells(n)
                    .map(|(field, _, text)| (field, text.to_owned()))
                    .collect(),
            };
            self.0
                .profiles
                .extend(event.all(Field::Profile).map(str::to_owned));
            self.0
                .events
                .entry(row.locator.entry)
                .or_default()
                .push(event);
        }
        Ok(batch)
    }

    fn reject(&mut self, reject: Reject) -> Result<(), Infallible> {
        self.0.rejects.push(reject);
        Ok(())
    }

    fn end_source(&mut self, end: SourceEnd) -> Result<(), Infallible> {
        (self.0.entries, self.0.bytes) = (end.entries, end.bytes);
        Ok(())
    }

    fn refused(&mut self, _: Refused) -> Result<(), Infallible> {
        Ok(())
    }

    fn progress(&mut self, _: Progress) -> Control {
        Control::Go
    }
}
