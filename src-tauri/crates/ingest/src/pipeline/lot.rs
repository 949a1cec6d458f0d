//! A lot of entries that stand one after the other: their text, their places, and what comes of them.
//!
//! Owns: reading and mapping the entries of a lot in order. Never touches: where entries begin and end (`member` found
//! that), which thread does the work (`crew`).

use super::read::{Read, ValueReader};
use super::sink::{EntryMap, Reject};
use super::window::At;
use crate::entry::Entry;
use crate::json::JsonLimits;
use crate::shape::Shape;
use witnessmark_model::{Batch, RejectCode};

/// Bytes of text at which a lot is full.
const FULL_BYTES: usize = 1 << 20;

/// Where an entry stands, in the lot and in its source.
#[derive(Clone, Copy, Debug)]
struct Place {
    /// Number in the source.
    number: u64,
    at: At,
    /// First byte in the text of the lot, and the byte after the last.
    start: u32,
    end: u32,
    /// Bytes in the source.
    length: u32,
}

/// How the entries of a source are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'s> {
    pub(super) shape: &'s Shape,
    pub(super) utf8: bool,
    pub(super) limits: JsonLimits,
}

/// Entries that are read and mapped together.
#[derive(Debug, Default)]
pub(super) struct Lot {
    text: Vec<u8>,
    /// The original bytes of the entries, where the text is not simply these.
    raw: Vec<u8>,
    places: Vec<Place>,
    /// The source ends with the last entry.
    at_end: bool,
    /// Entries that were found to be none before they were read.
    pub(super) unreadable: Vec<Reject>,
    /// Entries without an event, in order.
    pub(super) rejects: Vec<Reject>,
    /// Batches that are full.
    pub(super) full: Vec<Batch>,
    /// Empty batches to go on with.
    pub(super) spare: Vec<Batch>,
}

impl Lot {
    /// Makes it empty and keeps its memory.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.raw.clear();
        self.places.clear();
        self.unreadable.clear();
        self.at_end = false;
        self.forget();
    }

    /// Forgets what came of it, so that it can be worked on anew.
    pub(super) fn forget(&mut self) {
        self.rejects.clear();
        self.spare.extend(self.full.drain(..).map(|mut batch| {
            batch.clear();
            batch
        }));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty() && self.unreadable.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.text.len() >= FULL_BYTES || self.unreadable.len() >= Batch::FULL_ROWS
    }

    /// Adds an entry. `raw` are its bytes where they differ from its text.
    pub(super) fn push(&mut self, number: u64, at: At, text: &[u8], raw: Option<&[u8]>) {
        let start = self.text.len() as u32;
        self.text.extend_from_slice(text);
        if let Some(raw) = raw {
            self.raw.extend_from_slice(raw);
        }
        self.places.push(Place {
            number,
            at,
            start,
            end: self.text.len() as u32,
            length: raw.unwrap_or(text).len() as u32,
        });
    }

    /// Says that the source ends with the entry that was added last.
    pub(super) fn ends_source(&mut self) {
        self.at_end = true;
    }

    /// Reads and maps the entries; their events go into `batch`, of which full ones are put aside.
    pub(super) fn work(
        &mut self,
        how: &Reading<'_>,
        reader: &mut ValueReader,
        mapper: &mut dyn EntryMap,
        batch: &mut Batch,
    ) {
        let Self {
            text,
            raw,
            places,
            unreadable,
            rejects,
            full,
            spare,
            ..
        } = self;
        rejects.clone_from(unreadable);
        let last = places.len().checked_sub(1).filter(|_| self.at_end);
        let mut raw_start = 0;
        for (i, place) in places.iter().enumerate() {
            let text = &text[place.start as usize..place.end as usize];
            let raw = if how.utf8 {
                text
            } else {
                let from = raw_start;
                raw_start += place.length as usize;
                &raw[from..raw_start]
            };
            let read = reader.read(how.shape, text, how.utf8, Some(i) == last, &how.limits);
            let refused = match read {
                Read::Reject(code, message) => Err((code, message)),
                Read::Value(value, flags) => {
                    let entry = Entry {
                        number: place.number,
                        line: place.at.line,
                        offset: place.at.offset,
                        raw,
                        flags,
                        value,
                    };
                    mapper.map(&entry, batch)
                }
            };
            if let Err((code, message)) = refused {
                rejects.push(place.rejected(code, message));
            }
            if batch.is_full() {
                let empty = spare.pop().unwrap_or_default();
                full.push(std::mem::replace(batch, empty));
            }
        }
        if !unreadable.is_empty() {
            rejects.sort_by_key(|reject| reject.entry);
        }
    }
}

impl Place {
    fn rejected(&self, code: RejectCode, message: String) -> Reject {
        Reject {
            entry: self.number,
            line: self.at.line,
            offset: self.at.offset,
            length: u64::from(self.length),
            code,
            message,
        }
    }
}
