//! One event as every front end sees it, and its JSON shape, which is a contract.
//!
//! Owns: the shape. Never touches: where it came from (the store fills it), meaning (the profile gave it).

use crate::{field::Field, locator::Locator, time::Instant};

/// An audited object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Kind of object.
    pub r#type: Option<String>,
    /// Its id.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// What became of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// Set for the first time.
    Added,
    /// Had another value before.
    Updated,
    /// Removed or cleared.
    Deleted,
}

impl ChangeKind {
    /// The word in JSON and in the filter language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }

    /// The kind of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Added, Self::Updated, Self::Deleted]
            .into_iter()
            .find(|k| k.as_str() == word)
    }
}

/// One changed field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Dotted path.
    pub field: String,
    /// What became of it; absent when the log does not say and it cannot be told from the values.
    pub kind: Option<ChangeKind>,
    /// Old value; absent when there was none or the log does not give it.
    pub old: Option<String>,
    /// New value; absent when there is none or the log does not give it.
    pub new: Option<String>,
}

/// An entry that attests an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Attestation {
    /// Source number.
    pub source: u32,
    /// Entry in the source.
    pub entry: u64,
}

/// One normalised event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Number in the case, from 1, given at commit and never reused.
    pub number: u64,
    /// Nanoseconds since 1970-01-01T00:00:00Z; absent when the entry has no time that can be read.
    pub time: Option<Instant>,
    /// Where its entry stands.
    pub locator: Locator,
    /// Values of single fields, in column order. `event.original_time` is already plain text here.
    pub fields: Vec<(Field, String)>,
    /// Audited objects.
    pub targets: Vec<Target>,
    /// Changed fields.
    pub changes: Vec<Change>,
    /// Further addresses.
    pub related_ips: Vec<String>,
    /// Flag codes.
    pub problems: Vec<String>,
    /// Every entry that attests the event, the one it was read from first.
    pub attested: Vec<Attestation>,
}

impl Event {
    /// The value of a single field.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.fields
            .iter()
            .find(|(f, _)| *f == field)
            .map(|(_, v)| v.as_str())
    }

    /// Every value of a field, also of list fields, in order; absent elements are left out.
    #[must_use]
    pub fn values(&self, field: Field) -> Vec<&str> {
        match field {
            Field::TargetType => self
                .targets
                .iter()
                .filter_map(|t| t.r#type.as_deref())
                .collect(),
            Field::TargetId => self
                .targets
                .iter()
                .filter_map(|t| t.id.as_deref())
                .collect(),
            Field::TargetName => self
                .targets
                .iter()
                .filter_map(|t| t.name.as_deref())
                .collect(),
            Field::ChangeField => self
                .changes
                .iter()
                .map(|c| c.field.as_str())
                .filter(|f| !f.is_empty())
                .collect(),
            Field::ChangeKind => self
                .changes
                .iter()
                .filter_map(|c| c.kind.map(ChangeKind::as_str))
                .collect(),
            Field::ChangeOld => self
                .changes
                .iter()
                .filter_map(|c| c.old.as_deref())
                .collect(),
            Field::ChangeNew => self
                .changes
                .iter()
                .filter_map(|c| c.new.as_deref())
                .collect(),
            Field::RelatedIp => self.related_ips.iter().map(String::as_str).collect(),
            Field::Problems => self.problems.iter().map(String::as_str).collect(),
            single => self.get(single).into_iter().collect(),
        }
    }
}
