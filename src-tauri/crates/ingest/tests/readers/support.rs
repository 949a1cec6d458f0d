//! A sink that remembers everything, a planner that maps every entry to its own text, and the sums that must hold.

use std::convert::Infallible;
use std::io::Read;
use witnessmark_ingest::entry::{Entry, EntryValue, Flags};
use witnessmark_ingest::limits::Limits;
use witnessmark_ingest::options::{Options, Question};
use witnessmark_ingest::pipeline::*;
use witnessmark_model::{Batch, Field, Locator, RejectCode, SourceShape};

/// One source as the sink saw it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) start: Option<SourceStart>,
    /// Whether it is a sheet of a workbook, whose records end in a carriage return.
    pub(crate) sheet: bool,
    pub(crate) bytes: Vec<u8>,
    pub(crate) places: Vec<(u64, u64)>,
    /// Locator and text of every event; cells are joined by `|`.
    pub(crate) events: Vec<(Locator, String)>,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) end: SourceEnd,
}

impl Seen {
    pub(crate) fn member(&self) -> &str {
        self.start.as_ref().unwrap().member.as_deref().unwrap_or("")
    }

    pub(crate) fn shape(&self) -> &SourceShape {
        &self.start.as_ref().unwrap().shape
    }

    pub(crate) fn texts(&self) -> Vec<&str> {
        self.events.iter().map(|(_, text)| text.as_str()).collect()
    }

    pub(crate) fn codes(&self) -> Vec<(u64, RejectCode)> {
        self.rejects.iter().map(|r| (r.entry, r.code)).collect()
    }

    pub(crate) fn warned(&self, code: &str) -> u64 {
        self.end
            .warnings
            .iter()
            .find(|w| w.code == code)
            .map_or(0, |w| w.count)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) sources: Vec<Seen>,
    pub(crate) container: Vec<u8>,
    pub(crate) containers: (usize, usize),
    pub(crate) kind: &'static str,
    pub(crate) refused: Vec<Refused>,
    pub(crate) cancel_after: Option<u64>,
}

impl Sink for Memory {
    type Error = Infallible;

    fn begin_container(&mut self, _: &str, kind: &'static str) -> Result<(), Infallible> {
        self.kind = kind;
        self.containers.0 += 1;
        Ok(())
    }

    fn container_bytes(&mut self, chunk: &[u8]) -> Result<(), Infallible> {
        assert!(self.containers.0 > self.containers.1);
        self.container.extend_from_slice(chunk);
        Ok(())
    }

    fn end_container(&mut self) -> Result<(), Infallible> {
        self.containers.1 += 1;
        Ok(())
    }

    fn begin_source(&mut self, start: SourceStart) -> Result<(), Infallible> {
        self.sources.push(Seen {
            start: Some(start),
            sheet: self.kind == "xlsx",
            ..Seen::default()
        });
        Ok(())
    }

    fn bytes(&mut self, chunk: &[u8]) -> Result<(), Infallible> {
        self.sources
            .last_mut()
            .unwrap()
            .bytes
            .extend_from_slice(chunk);
        Ok(())
    }

    fn entries(&mut self, places: &[(u64, u64)]) -> Result<(), Infallible> {
        let source = self.sources.last_mut().unwrap();
        for (offset, length) in places {
            assert!(
                offset + length <= source.bytes.len() as u64,
                "an entry is given after its bytes"
            );
        }
        source.places.extend_from_slice(places);
        Ok(())
    }

    fn batch(&mut self, batch: Batch) -> Result<Batch, Infallible> {
        let source = self.sources.last_mut().unwrap();
        for (n, row) in batch.rows.iter().enumerate() {
            let text = batch
                .row_cells(n)
                .find(|(field, _, _)| *field == Field::Message)
                .map_or("", |(_, _, text)| text);
            source.events.push((row.locator, text.to_owned()));
        }
        Ok(batch)
    }

    fn reject(&mut self, reject: Reject) -> Result<(), Infallible> {
        self.sources.last_mut().unwrap().rejects.push(reject);
        Ok(())
    }

    fn end_source(&mut self, end: SourceEnd) -> Result<(), Infallible> {
        self.sources.last_mut().unwrap().end = end;
        Ok(())
    }

    fn refused(&mut self, refused: Refused) -> Result<(), Infallible> {
        self.refused.push(refused);
        Ok(())
    }

    fn progress(&mut self, progress: Progress) -> Control {
        match self.cancel_after {
            Some(most) if progress.bytes > most => Control::Cancel,
            _ => Control::Go,
        }
    }
}

struct Verbatim;

impl EntryMap for Verbatim {
    fn map(&mut self, entry: &Entry<'_>, batch: &mut Batch) -> Result<(), (RejectCode, String)> {
        let text = match entry.value {
            EntryValue::Json(value) => value.compact(),
            EntryValue::Cells(cells) => cells.iter().collect::<Vec<_>>().join("|"),
            EntryValue::Line(line) => line.to_owned(),
        };
        batch.push(Field::Message, 0, &text);
        for (i, flag) in entry.flags.iter().enumerate() {
            batch.push(Field::Problems, i as u16, flag.code());
        }
        let locator = Locator {
            source: 0,
            entry: entry.number,
            part: 1,
            line: entry.line,
            offset: entry.offset,
            length: entry.raw.len() as u64,
        };
        assert!(entry.flags == Flags::NONE || !entry.flags.is_empty());
        batch.end_row(None, locator, 0, 0);
        Ok(())
    }

    fn profiles(&self) -> Vec<String> {
        vec!["verbatim@1".to_owned()]
    }

    fn texts(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn fork(&self) -> Option<Box<dyn EntryMap + Send>> {
        Some(Box::new(Self))
    }

    fn is_as_forked(&self) -> bool {
        true
    }
}

pub(crate) struct Plain;

impl Planner for Plain {
    fn plan(&self, sample: &[Entry<'_>], _: &str, _: &SourceShape) -> Result<Planned, Question> {
        Ok(Planned {
            mapper: Box::new(Verbatim),
            profiles: vec!["verbatim@1".to_owned()],
            texts: Vec::new(),
            confidence: 1.0,
            zone: Some(format!("planned from {}", sample.len())),
            date_order: None,
            line_header: Vec::new(),
        })
    }
}

pub(crate) fn setup(options: &Options, limits: Limits) -> Setup<'_> {
    Setup {
        options,
        limits,
        planner: &Plain,
    }
}

/// Reads in pieces of so many bytes.
pub(crate) struct Slow(std::io::Cursor<Vec<u8>>, usize);

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let most = buffer.len().min(self.1);
        self.0.read(&mut buffer[..most])
    }
}

pub(crate) fn import_with(
    bytes: &[u8],
    options: &Options,
    limits: Limits,
    piece: usize,
) -> Result<Memory, ImportError> {
    let mut memory = Memory::default();
    let cursor = std::io::Cursor::new(bytes.to_vec());
    let reader = if piece == 0 {
        InputReader::Seekable(Box::new(cursor))
    } else {
        InputReader::Stream(Box::new(Slow(cursor, piece)))
    };
    let input = Input {
        name: "export".to_owned(),
        reader,
    };
    match run(input, &setup(options, limits), &mut memory) {
        Ok(()) => {}
        Err(RunError::Import(error)) => return Err(error),
        Err(RunError::Sink(never)) => match never {},
    }
    memory.sources.iter().for_each(check);
    Ok(memory)
}

/// Everything that must hold for any source.
pub(crate) fn check(seen: &Seen) {
    let end = &seen.end;
    assert_eq!(end.bytes, seen.bytes.len() as u64, "every byte is counted");
    assert_eq!(
        end.entries,
        seen.places.len() as u64,
        "every entry has a place"
    );
    assert_eq!(
        end.entries,
        seen.events.len() as u64 + seen.rejects.len() as u64,
        "entries = stored + rejected"
    );
    assert_eq!(end.rejected, seen.rejects.len() as u64);
    let mut reached = 0;
    for (offset, length) in &seen.places {
        assert!(*offset >= reached, "entries stand one after the other");
        reached = offset + length;
    }
    // Lines of JSON are always counted by line feeds; text may end its lines with carriage returns alone.
    let json = seen.shape().shape == "json";
    let newline = if json || seen.bytes.contains(&b'\n') && !seen.sheet {
        b'\n'
    } else {
        b'\r'
    };
    let utf8 = seen.shape().encoding == "utf-8";
    let (mut line, mut counted) = (1, 0);
    for (locator, _) in &seen.events {
        assert_eq!(
            seen.places[locator.entry as usize - 1],
            (locator.offset, locator.length)
        );
        if utf8 {
            let between = &seen.bytes[counted..locator.offset as usize];
            line += between.iter().filter(|b| **b == newline).count() as u64;
            counted = locator.offset as usize;
            assert_eq!(locator.line, line, "line of entry {}", locator.entry);
        }
    }
}

pub(crate) fn import(bytes: &[u8]) -> Seen {
    let mut memory = import_with(bytes, &Options::default(), Limits::default(), 0).unwrap();
    assert_eq!(memory.sources.len(), 1);
    memory.sources.remove(0)
}

pub(crate) fn refusal(bytes: &[u8]) -> ImportError {
    import_with(bytes, &Options::default(), Limits::default(), 0).unwrap_err()
}
