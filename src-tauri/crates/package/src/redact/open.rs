//! Opening what a redacted package hides: the value or entry behind a commitment, with its salt.
//!
//! Owns: finding the value of the case that a commitment was made of. Never touches: packages (whoever asks has read the
//! commitments), who may ask. A commitment is one of the case's own only when a value of the case with its salt gives it, so
//! that nothing comes out for a commitment that somebody made up.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::{Hash as _, Hasher as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use witnessmark_model::{Field, Locator};

use super::find;
use super::veil::{committed, entry_salt, other_texts, texts, value_salt};
use super::view::views;
use crate::error::Result;
use crate::material::{CaseFacts, Material};
use crate::tree::{self, Hash};

/// A value with the salt of its commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedValue {
    /// The value, as it stands in the case.
    pub value: String,
    /// Its salt.
    pub salt: Hash,
}

/// An entry with the salt of its commitment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedEntry {
    /// Its bytes, as they stand in its source; absent where they are not UTF-8.
    pub text: Option<String>,
    /// Its bytes as base64, where they are not.
    pub base64: Option<String>,
    /// Its salt.
    pub salt: Hash,
    /// SHA-256 of the salt and the leaf of the bytes.
    pub commitment: Hash,
}

/// The commitment that a value of this case has in every package.
#[must_use]
pub fn commitment_of(facts: &CaseFacts, value: &str) -> Hash {
    committed(&value_salt(&facts.secret, value), value.as_bytes())
}

/// The entry behind an event.
///
/// # Errors
/// When its bytes cannot be read.
pub fn open_entry(material: &dyn Material, place: &Locator) -> Result<OpenedEntry> {
    let mut bytes = Vec::new();
    material.raw(place, &mut bytes)?;
    let salt = entry_salt(&material.facts().secret, place.source, place.entry);
    let commitment = committed(&salt, &tree::leaf(&bytes));
    let (text, base64) = match String::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(other) => (None, Some(STANDARD.encode(other.as_bytes()))),
    };
    Ok(OpenedEntry {
        text,
        base64,
        salt,
        commitment,
    })
}

/// The search for the values of some commitments.
struct Search<'s> {
    secret: &'s [u8],
    wanted: BTreeSet<Hash>,
    /// Values that were tried, by a hash of them: a log says few things many times.
    tried: HashSet<u64>,
    found: BTreeMap<Hash, OpenedValue>,
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.wanted.is_empty()
    }

    fn value(&mut self, value: &str) {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        if self.is_over() || !self.tried.insert(hasher.finish()) {
            return;
        }
        let salt = value_salt(self.secret, value);
        let commitment = committed(&salt, value.as_bytes());
        if self.wanted.remove(&commitment) {
            let value = value.to_owned();
            self.found.insert(commitment, OpenedValue { value, salt });
        }
    }

    /// What the patterns of a policy can find inside a text, in any of its readings.
    fn inside(&mut self, text: &str) {
        for view in views(text) {
            let text = view.text.as_ref();
            for places in [find::emails(text), find::ips(text), find::cards(text)] {
                for place in places {
                    self.value(&text[place]);
                }
            }
        }
    }
}

/// The values of the case that some commitments were made of, by commitment; those that no value of the case gives are left
/// out. Nothing depends on the policy of the package: whatever one can catch is tried.
///
/// # Errors
/// When the events cannot be read.
pub fn open_values(
    material: &dyn Material,
    wanted: &[Hash],
) -> Result<BTreeMap<Hash, OpenedValue>> {
    let facts = material.facts();
    let mut search = Search {
        secret: &facts.secret,
        wanted: wanted.iter().copied().collect(),
        tried: HashSet::new(),
        found: BTreeMap::new(),
    };
    for text in other_texts(facts) {
        search.inside(text);
    }
    material.everybody(&mut |event| {
        if search.is_over() {
            return Ok(());
        }
        for field in Field::ALL {
            event.values(*field).iter().for_each(|v| search.value(v));
        }
        for text in texts(event) {
            search.value(text);
            search.inside(text);
        }
        Ok(())
    })?;
    Ok(search.found)
}
