//! Measures the readers alone: `read_speed FILE`, throughput of splitting and parsing without mapping, and with the tape alone.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measuring tool reports on standard output and stops at what it did not expect"
)]

use std::convert::Infallible;
use std::time::Instant;
use witnessmark_ingest::entry::{Entry, EntryValue};
use witnessmark_ingest::limits::Limits;
use witnessmark_ingest::options::{Options, Question};
use witnessmark_ingest::pipeline::*;
use witnessmark_model::{Batch, RejectCode, SourceShape};

#[derive(Default)]
struct Count {
    bytes: u64,
    entries: u64,
}

impl Sink for Count {
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
        println!("{}", start.described);
        Ok(())
    }
    fn bytes(&mut self, chunk: &[u8]) -> Result<(), Infallible> {
        self.bytes += chunk.len() as u64;
        Ok(())
    }
    fn entries(&mut self, places: &[(u64, u64)]) -> Result<(), Infallible> {
        self.entries += places.len() as u64;
        Ok(())
    }
    fn batch(&mut self, batch: Batch) -> Result<Batch, Infallible> {
        Ok(batch)
    }
    fn reject(&mut self, _: Reject) -> Result<(), Infallible> {
        Ok(())
    }
    fn end_source(&mut self, _: SourceEnd) -> Result<(), Infallible> {
        Ok(())
    }
    fn refused(&mut self, _: Refused) -> Result<(), Infallible> {
        Ok(())
    }
    fn progress(&mut self, _: Progress) -> Control {
        Control::Go
    }
}

struct Nothing;

impl EntryMap for Nothing {
    fn map(&mut self, entry: &Entry<'_>, _: &mut Batch) -> Result<(), (RejectCode, String)> {
        let seen = match entry.value {
            EntryValue::Json(value) => value.members().count(),
            EntryValue::Cells(cells) => cells.len(),
            EntryValue::Line(line) => line.len(),
        };
        std::hint::black_box(seen);
        Ok(())
    }
    fn profiles(&self) -> Vec<String> {
        Vec::new()
    }

    fn texts(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn fork(&self) -> Option<Box<dyn EntryMap + Send>> {
        None
    }

    fn is_as_forked(&self) -> bool {
        true
    }
}

struct Plain;

impl Planner for Plain {
    fn plan(&self, _: &[Entry<'_>], _: &str, _: &SourceShape) -> Result<Planned, Question> {
        Ok(Planned {
            mapper: Box::new(Nothing),
            profiles: Vec::new(),
            texts: Vec::new(),
            confidence: 0.0,
            zone: None,
            date_order: None,
            line_header: Vec::new(),
        })
    }
}

fn main() {
    let path = std::env::args().nth(1).unwrap();
    let options = Options::default();
    let setup = Setup {
        options: &options,
        limits: Limits::default(),
        planner: &Plain,
    };
    for _ in 0..3 {
        let begin = Instant::now();
        let mut count = Count::default();
        let input = Input {
            name: path.clone(),
            reader: InputReader::Seekable(Box::new(std::fs::File::open(&path).unwrap())),
        };
        let done = run(input, &setup, &mut count).is_ok();
        let seconds = begin.elapsed().as_secs_f64();
        println!(
            "{done} {} entries, {:.0} MB/s, {:.2} M entries/s",
            count.entries,
            count.bytes as f64 / 1e6 / seconds,
            count.entries as f64 / 1e6 / seconds
        );
    }
}
