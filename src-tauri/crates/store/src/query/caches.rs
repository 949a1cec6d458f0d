//! What queries learn about sealed segments and need not learn twice.
//!
//! Owns: answers that depend on a segment's number alone (sealed rows never change): codes that pass a test, totals of a
//! field, ranges of event numbers, codes of several segments brought together, and answers of tests that must read the
//! originals. Never touches: what can change (visibility, overlays). Dropping all of it changes no answer.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use witnessmark_model::{Field, IdentityKey};

use super::{
    axis::{Axis, Numbered},
    bits::Bits,
    combine::Combined,
    derived::Derived,
    globals::Globals,
    scan::Wanted,
};
use crate::Result;

/// Event numbers of one chunk: the least and the greatest.
pub(crate) type NumberRange = (u64, u64);

/// A map that forgets everything when it has grown too big: simple, bounded, and refilled by the next query.
pub(crate) struct Kept<K, V> {
    held: Mutex<(HashMap<K, V>, usize)>,
    most: usize,
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            held: Mutex::new((HashMap::new(), 0)),
            most,
        }
    }

    fn get(&self, key: &K) -> Option<V> {
        // A panic elsewhere cannot leave a half-written answer here, so a poisoned lock is still good.
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.0.get(key).cloned()
    }

    fn put(&self, key: K, value: V, bytes: usize) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if held.1 + bytes > self.most {
            held.0.clear();
            held.1 = 0;
        }
        held.1 += bytes;
        held.0.insert(key, value);
    }

    /// Makes the value outside of the lock: two threads may both make it, neither waits for the other.
    pub(crate) fn get_or(&self, key: K, make: impl FnOnce() -> Result<(V, usize)>) -> Result<V> {
        if let Some(value) = self.get(&key) {
            return Ok(value);
        }
        let (value, bytes) = make()?;
        self.put(key, value.clone(), bytes);
        Ok(value)
    }
}

/// Caches of one open case, shared by all of its queries. Each kind is bounded on its own.
pub struct Caches {
    wanted: Kept<(u64, Field, String), Arc<Wanted>>,
    totals: Kept<(u64, Field), Arc<[u32]>>,
    numbers: Kept<u64, Arc<[NumberRange]>>,
    globals: Kept<(Field, Vec<u64>), Arc<Globals>>,
    combined: Kept<(u64, Field, usize), Arc<Combined>>,
    numbered: Kept<ByMerges, Arc<Numbered>>,
}

/// What depends on the segments of a snapshot and on which identities are joined.
type ByMerges = (Axis, Vec<u64>, Vec<Vec<IdentityKey>>);

impl Default for Caches {
    fn default() -> Self {
        Self {
            wanted: Kept::new(32 << 20),
            totals: Kept::new(128 << 20),
            numbers: Kept::new(16 << 20),
            globals: Kept::new(192 << 20),
            combined: Kept::new(256 << 20),
            numbered: Kept::new(128 << 20),
        }
    }
}

impl Caches {
    pub(crate) fn wanted(
        &self,
        segment: u64,
        field: Field,
        test: &str,
        make: impl FnOnce() -> Result<Wanted>,
    ) -> Result<Arc<Wanted>> {
        self.wanted.get_or((segment, field, test.to_owned()), || {
            let made = make()?;
            let bytes = made.bytes() + test.len() + 64;
            Ok((Arc::new(made), bytes))
        })
    }

    pub(crate) fn totals(
        &self,
        segment: u64,
        field: Field,
        make: impl FnOnce() -> Result<Vec<u32>>,
    ) -> Result<Arc<[u32]>> {
        self.totals.get_or((segment, field), || {
            let made = make()?;
            let bytes = made.len() * 4 + 64;
            Ok((made.into(), bytes))
        })
    }

    pub(crate) fn numbers(
        &self,
        segment: u64,
        make: impl FnOnce() -> Result<Vec<NumberRange>>,
    ) -> Result<Arc<[NumberRange]>> {
        self.numbers.get_or(segment, || {
            let made = make()?;
            let bytes = made.len() * 16 + 64;
            Ok((made.into(), bytes))
        })
    }

    pub(crate) fn globals(
        &self,
        field: Field,
        segments: Vec<u64>,
        make: impl FnOnce() -> Result<Globals>,
    ) -> Result<Arc<Globals>> {
        self.globals.get_or((field, segments), || {
            let made = make()?;
            let bytes = made.bytes();
            Ok((Arc::new(made), bytes))
        })
    }
}

impl Caches {
    pub(crate) fn combined(
        &self,
        segment: u64,
        first: Field,
        fields: usize,
        make: impl FnOnce() -> Result<Combined>,
    ) -> Result<Arc<Combined>> {
        self.combined.get_or((segment, first, fields), || {
            let made = make()?;
            let bytes = made.bytes();
            Ok((Arc::new(made), bytes))
        })
    }

    pub(crate) fn numbered(
        &self,
        axis: Axis,
        segments: Vec<u64>,
        merges: &[Vec<IdentityKey>],
        make: impl FnOnce() -> Result<Numbered>,
    ) -> Result<Arc<Numbered>> {
        let key = (axis, segments, merges.to_vec());
        self.numbered.get_or(key, || {
            let made = make()?;
            let bytes = made.bytes();
            Ok((Arc::new(made), bytes))
        })
    }
}

/// What is known of one test over one chunk: where it was put, and where it held.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// Rows to which the test was put.
    pub(crate) asked: Bits,
    /// Rows of those that hold.
    pub(crate) held: Bits,
}

/// Answers of tests that read the originals, row by row; a second query with the same test reads nothing again, and one
/// that was cancelled goes on where it stopped. Bounded; empty it when a source is read anew.
pub struct TermCache {
    chunks: Kept<(String, u64, u32), Known>,
    /// Values at paths of the raw entry.
    derived: Kept<(String, u64, u32), Arc<Derived>>,
}

impl Default for TermCache {
    fn default() -> Self {
        Self {
            chunks: Kept::new(64 << 20),
            derived: Kept::new(256 << 20),
        }
    }
}

impl TermCache {
    pub(crate) fn get(&self, test: &str, segment: u64, chunk: usize) -> Known {
        self.chunks
            .get(&(test.to_owned(), segment, chunk as u32))
            .unwrap_or_default()
    }

    /// The column of a path, if it was made.
    pub(crate) fn derived(&self, path: &str, segment: u64, chunk: usize) -> Option<Arc<Derived>> {
        self.derived.get(&(path.to_owned(), segment, chunk as u32))
    }

    pub(crate) fn keep_derived(
        &self,
        path: &str,
        segment: u64,
        chunk: usize,
        column: &Arc<Derived>,
    ) {
        let key = (path.to_owned(), segment, chunk as u32);
        self.derived.put(key, Arc::clone(column), column.bytes());
    }

    pub(crate) fn put(&self, test: &str, segment: u64, chunk: usize, known: Known) {
        let bytes = test.len() + 96 + 2 * size(&known.asked).max(size(&known.held));
        self.chunks
            .put((test.to_owned(), segment, chunk as u32), known, bytes);
    }
}

fn size(bits: &Bits) -> usize {
    match bits {
        Bits::None | Bits::All => 0,
        Bits::Some(words) => words.len() * 8,
    }
}
