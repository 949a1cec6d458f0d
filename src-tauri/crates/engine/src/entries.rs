//! The entries of a source that is in the case, cut once more as they were at its import.
//!
//! Owns: reading the kept bytes through the readers without mapping them, to hash each entry. Never touches: meaning.

use std::io::{self, Read, Seek, SeekFrom};

use serde_json::Value;
use witnessmark_ingest::Limits;
use witnessmark_ingest::entry::Entry;
use witnessmark_ingest::options::{Options, Question};
use witnessmark_ingest::pipeline::{
    self, Control, EntryMap, InputReader, Planned, Planner, Progress, Refused, Reject, RunError,
    Setup, Sink, SourceEnd, SourceStart,
};
use witnessmark_model::{Batch, Locator, RejectCode, SourceShape};
use witnessmark_package::tree;
use witnessmark_store as store;

use crate::case::Case;
use crate::error::{Code, Error, Result};

impl Case {
    /// Hands the leaf of every entry of a source to `each`, in entry order, rejected and repeated ones too.
    pub(crate) fn entry_leaves(&self, source: u32, each: &mut dyn FnMut(tree::Hash)) -> Result<()> {
        let info = self.source_info(source)?;
        let encoding = info.detail["choices"]["encoding"].as_str();
        let options = Options {
            encoding: encoding.map(str::to_owned),
            ..Options::default()
        };
        let setup = Setup {
            options: &options,
            limits: Limits::default(),
            planner: &Unmapped,
        };
        let input = pipeline::Input {
            name: info.member.unwrap_or(info.name),
            reader: InputReader::Seekable(Box::new(Kept {
                store: self.store.clone(),
                source,
                at: 0,
                length: info.receipt.bytes,
            })),
        };
        let mut sink = Leaves {
            each,
            held: Vec::new(),
            first: 0,
            torn: false,
        };
        let done = pipeline::run(input, &setup, &mut sink);
        match done {
            Ok(()) if !sink.torn => Ok(()),
            Ok(()) | Err(RunError::Sink(Torn)) => Err(torn(source)),
            Err(RunError::Import(error)) if error.code == "empty" => Ok(()),
            Err(RunError::Import(error)) => Err(error.into()),
        }
    }
}

fn torn(source: u32) -> Error {
    Error::new(
        Code::CaseDamaged,
        format!("the entries of source {source} cannot be cut as they were at its import"),
        "Write the package with --evidence none, and report this with the kind of the source.",
    )
}

/// An entry was told whose bytes had not come.
#[derive(Debug)]
struct Torn;

/// Plans no mapping: entries are cut and counted only.
struct Unmapped;

impl Planner for Unmapped {
    fn plan(
        &self,
        _: &[Entry<'_>],
        _: &str,
        _: &SourceShape,
    ) -> std::result::Result<Planned, Question> {
        Ok(Planned {
            mapper: Box::new(Self),
            profiles: Vec::new(),
            texts: Vec::new(),
            confidence: 1.0,
            zone: None,
            date_order: None,
            line_header: Vec::new(),
        })
    }
}

impl EntryMap for Unmapped {
    fn map(
        &mut self,
        _: &Entry<'_>,
        _: &mut Batch,
    ) -> std::result::Result<(), (RejectCode, String)> {
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

/// Hashes entries as their last byte comes; holds only the bytes of entries that are not complete.
struct Leaves<'e> {
    each: &'e mut dyn FnMut(tree::Hash),
    held: Vec<u8>,
    /// Offset of the first byte held.
    first: u64,
    torn: bool,
}

impl Sink for Leaves<'_> {
    type Error = Torn;

    fn begin_container(&mut self, _: &str, _: &'static str) -> std::result::Result<(), Torn> {
        // The kept bytes of a source are those inside its container.
        Err(Torn)
    }

    fn container_bytes(&mut self, _: &[u8]) -> std::result::Result<(), Torn> {
        Err(Torn)
    }

    fn end_container(&mut self) -> std::result::Result<(), Torn> {
        Err(Torn)
    }

    fn begin_source(&mut self, _: SourceStart) -> std::result::Result<(), Torn> {
        Ok(())
    }

    fn bytes(&mut self, chunk: &[u8]) -> std::result::Result<(), Torn> {
        self.held.extend_from_slice(chunk);
        Ok(())
    }

    fn entries(&mut self, places: &[(u64, u64)]) -> std::result::Result<(), Torn> {
        let mut end = self.first;
        for (offset, length) in places {
            let from = offset.checked_sub(self.first).ok_or(Torn)? as usize;
            let bytes = self.held.get(from..from + *length as usize).ok_or(Torn)?;
            (self.each)(tree::leaf(bytes));
            end = offset + length;
        }
        self.held.drain(..(end - self.first) as usize);
        self.first = end;
        Ok(())
    }

    fn batch(&mut self, batch: Batch) -> std::result::Result<Batch, Torn> {
        Ok(batch)
    }

    fn reject(&mut self, _: Reject) -> std::result::Result<(), Torn> {
        Ok(())
    }

    fn end_source(&mut self, _: SourceEnd) -> std::result::Result<(), Torn> {
        Ok(())
    }

    fn refused(&mut self, _: Refused) -> std::result::Result<(), Torn> {
        self.torn = true;
        Ok(())
    }

    fn progress(&mut self, _: Progress) -> Control {
        Control::Go
    }
}

/// The kept bytes of a source as a file that can be read from any place.
struct Kept {
    store: store::Case,
    source: u32,
    at: u64,
    length: u64,
}

impl Read for Kept {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = (self.length.saturating_sub(self.at)).min(buffer.len() as u64);
        let place = Locator {
            source: self.source,
            offset: self.at,
            length,
            ..Locator::default()
        };
        let bytes = self.store.raw(&place).map_err(io::Error::other)?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.at += length;
        Ok(bytes.len())
    }
}

impl Seek for Kept {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// What the custody log says of who brought each source.
pub(crate) fn brought_by(entry: &Value, source: u32) -> Option<String> {
    let sources = entry["detail"]["sources"].as_array()?;
    sources
        .iter()
        .any(|s| s["id"].as_u64() == Some(u64::from(source)))
        .then(|| entry["who"].as_str().map(str::to_owned))?
}
