//! The fixtures, and one of them through the readers.
//!
//! Owns: what is remembered of a source. Never touches: what should be there.

use std::collections::BTreeMap;
use std::convert::Infallible;
use witnessmark_ingest::Limits;
use witnessmark_ingest::mapping::IdentityKey;
use witnessmark_ingest::options::Options;
use witnessmark_ingest::pipeline::{
    Control, Input, InputReader, Profiles, Progress, Refused, Reject, Setup, Sink, SourceEnd,
    SourceStart, run,
};
use witnessmark_ingest::profile::Library;
use witnessmark_model::{Batch, Field, Instant, Zone};

/// One event: its instant and its values in the order of fields.
pub(crate) struct Event {
    pub(crate) time: Option<Instant>,
    pub(crate) values: Vec<(Field, u16, String)>,
}

impl Event {
    pub(crate) fn all(&self, field: Field) -> impl Iterator<Item = &str> {
        self.values
            .iter()
            .filter(move |(f, _, _)| *f == field)
            .map(|(_, _, text)| text.as_str())
    }
}

/// What became of one source.
#[derive(Default)]
pub(crate) struct Source {
    pub(crate) profiles: Vec<String>,
    pub(crate) confidence: f64,
    pub(crate) events: Vec<Event>,
    pub(crate) entries: u64,
    pub(crate) rejected: u64,
    pub(crate) refused: Vec<String>,
}

/// The profiles that come with the program.
pub(crate) fn library() -> Library {
    Library::builtin().unwrap()
}

/// Every folder of exports with its files, by name.
pub(crate) fn folders() -> BTreeMap<String, Vec<(String, Vec<u8>)>> {
    let root = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../tests/fixtures/exports"
    );
    let mut out = BTreeMap::new();
    for folder in std::fs::read_dir(root).unwrap() {
        let folder = folder.unwrap();
        if !folder.path().is_dir() {
            continue;
        }
        let mut files: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|file| file.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_str().unwrap().to_owned();
                (name, std::fs::read(path).unwrap())
            })
            .collect();
        files.sort();
        out.insert(folder.file_name().into_string().unwrap(), files);
    }
    out
}

/// Reads bytes as a person would import them.
pub(crate) fn import(library: &Library, bytes: &[u8], name: &str, zone: &str) -> Source {
    let options = Options {
        zone: Zone::parse(zone),
        ..Options::default()
    };
    let planner = Profiles {
        options: &options,
        library,
        keys: IdentityKey([7; 16]),
        now: Instant(1_800_000_000_000_000_000),
    };
    let setup = Setup {
        options: &options,
        limits: Limits::default(),
        planner: &planner,
    };
    let input = Input {
        name: name.to_owned(),
        reader: InputReader::Seekable(Box::new(std::io::Cursor::new(bytes.to_vec()))),
    };
    let mut memory = Memory(Source::default());
    run(input, &setup, &mut memory).unwrap_or_else(|e| panic!("{name}: {e:?}"));
    memory.0
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
        (self.0.profiles, self.0.confidence) = (start.profiles, start.confidence);
        Ok(())
    }

    fn bytes(&mut self, _: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn entries(&mut self, _: &[(u64, u64)]) -> Result<(), Infallible> {
        Ok(())
    }

    fn batch(&mut self, batch: Batch) -> Result<Batch, Infallible> {
        for (n, row) in batch.rows.iter().enumerate() {
            let mut values: Vec<(Field, u16, String)> = batch
                .row_cells(n)
                .map(|(field, element, text)| (field, element, text.to_owned()))
                // The original text of a time may stand as a layout of it, which the store unfolds.
                .filter(|(field, _, _)| *field != Field::EventOriginalTime)
                .collect();
            values.sort_by_key(|(field, element, _)| (*field, *element));
            self.0.events.push(Event {
                time: row.time,
                values,
            });
        }
        Ok(batch)
    }

    fn reject(&mut self, _: Reject) -> Result<(), Infallible> {
        Ok(())
    }

    fn end_source(&mut self, end: SourceEnd) -> Result<(), Infallible> {
        (self.0.entries, self.0.rejected) = (end.entries, end.rejected);
        Ok(())
    }

    fn refused(&mut self, refused: Refused) -> Result<(), Infallible> {
        self.0.refused.push(format!("{refused:?}"));
        Ok(())
    }

    fn progress(&mut self, _: Progress) -> Control {
        Control::Go
    }
}

/// What is asked before bytes can be read, where no zone was chosen.
pub(crate) fn asked(bytes: &[u8], name: &str) -> String {
    let options = Options::default();
    let library = library();
    let planner = Profiles {
        options: &options,
        library: &library,
        keys: IdentityKey([7; 16]),
        now: Instant(1_800_000_000_000_000_000),
    };
    let setup = Setup {
        options: &options,
        limits: Limits::default(),
        planner: &planner,
    };
    let input = Input {
        name: name.to_owned(),
        reader: InputReader::Seekable(Box::new(std::io::Cursor::new(bytes.to_vec()))),
    };
    let mut memory = Memory(Source::default());
    let end = run(input, &setup, &mut memory).map(|_| ());
    format!("{end:?} {:?}", memory.0.refused)
}
