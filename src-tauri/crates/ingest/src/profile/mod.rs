//! Profiles: the declarative description of one system's log.
//!
//! Owns: what a profile can say (this file), how it is read from TOML (`read`, `document`, `path`), the vocabulary of
//! verbs (`verbs`), sentences for people (`sentence`), the set of profiles at hand (`library`), and how single parts of a text are
//! changed (`edit`).
//! Never touches: entries; the mapping applies a profile to them.

mod document;
pub mod edit;
mod library;
pub(crate) mod path;
mod read;
mod sentence;
mod verbs;

pub use document::ProfileError;
pub use library::{Library, LibraryError};
pub use sentence::{PartKind, SentencePart};
pub use verbs::Verb;
pub(crate) use verbs::{wild, words};

use crate::times::{DateOrder, Format};
use path::{Path, Template};
use regex::Regex;
use std::collections::HashMap;
use witnessmark_model::{Field, Zone};

/// The description of one system's log.
#[derive(Debug)]
pub struct Profile {
    /// Short id, such as `paymongo`.
    pub id: String,
    /// Version, from 1; it rises when the profile reads the same entry in another way.
    pub version: u32,
    /// What people call the log.
    pub title: String,
    /// The vendor's page that documents the log; absent when there is none.
    pub vendor_page: Option<String>,
    /// Value of `event.provider`; empty when the profile stands for no vendor.
    pub provider: String,
    /// What the log does not show, one sentence each.
    pub blind_spots: Vec<String>,
    /// The same for programs, where a conclusion depends on it: words of [`witnessmark_model::verbs::NEEDS`].
    pub cannot_show: Vec<String>,
    /// The field whose values are logs of their own, where one profile reads several: each is exported by itself, and one
    /// covers nothing of another.
    pub logs: Option<Field>,
    /// Whether it reads events that were made from another log, so that its verbs say nothing of what that log records.
    pub converted: bool,
    /// The file it was read from, so that a case can keep the very version that it used.
    pub text: String,
    pub(crate) loose: bool,
    pub(crate) absent: Absent,
    pub(crate) shapes: Vec<ShapeRule>,
    pub(crate) time: TimeRule,
    pub(crate) fields: Vec<(Field, Expr)>,
    pub(crate) targets: Vec<TargetRule>,
    pub(crate) changes: Vec<ChangeRule>,
    pub(crate) outcome: OutcomeWords,
    pub(crate) verbs: verbs::Verbs,
    pub(crate) explode: Option<Path>,
    pub(crate) identity: Identity,
    pub(crate) line: Option<LineRule>,
}

impl Profile {
    /// Id and version as events carry them, such as `paymongo@1`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}@{}", self.id, self.version)
    }

    /// Whether a name, with or without a version, means this profile.
    #[must_use]
    pub fn is_called(&self, name: &str) -> bool {
        let rest = name.strip_prefix(self.id.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@') && name == self.name())
    }

    /// What a word means, whatever else an event has to show for it.
    #[must_use]
    pub fn meaning(&self, word: &str) -> Option<&Verb> {
        self.verbs.find(word, |_| true)
    }

    /// Whether the table of verbs names this very word.
    #[must_use]
    pub fn names(&self, word: &str) -> bool {
        self.verbs.names(word)
    }

    /// Whether the log has a place for a field at all.
    #[must_use]
    pub fn tells(&self, field: Field) -> bool {
        self.fields.iter().any(|(mapped, _)| *mapped == field)
    }

    /// The verbs of the profile with their words.
    pub fn verbs(&self) -> impl Iterator<Item = (&str, &Verb)> {
        self.verbs.iter()
    }
}

/// Words that mean nothing, such as `-`.
#[derive(Debug, Default)]
pub(crate) struct Absent {
    words: Vec<String>,
    /// A bit for each length that one of them has; the highest stands for all greater ones too.
    lengths: u64,
}

impl Absent {
    pub(crate) fn new(words: Vec<String>) -> Self {
        let lengths = words.iter().fold(0, |all, w| all | Self::bit(w));
        Self { words, lengths }
    }

    fn bit(word: &str) -> u64 {
        1 << word.len().min(63)
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.lengths & Self::bit(text) != 0 && self.words.iter().any(|word| word == text)
    }
}

/// The shape of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Csv,
    Json,
    Line,
}

/// How an entry of the log is recognised.
#[derive(Debug)]
pub(crate) struct ShapeRule {
    pub(crate) shape: Shape,
    pub(crate) confidence: f64,
    pub(crate) required: Vec<Path>,
    pub(crate) any: Vec<Path>,
    pub(crate) none: Vec<Path>,
    pub(crate) values: Vec<(Path, Regex)>,
    /// The zone of times that name none, where exports of this shape have another than the rest; `Ask` where the person
    /// who made the export had it in a setting.
    pub(crate) zone: Option<ShapeZone>,
}

/// The zone of one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ShapeZone {
    Ask,
    Fixed(Zone),
}

/// Where the time stands and how it is written.
#[derive(Debug)]
pub(crate) struct TimeRule {
    pub(crate) value: Expr,
    pub(crate) formats: Vec<Format>,
    pub(crate) zone: Option<Zone>,
    pub(crate) order: Option<DateOrder>,
}

/// Alternatives; the first that gives a value counts.
#[derive(Debug, Default)]
pub(crate) struct Expr(pub(crate) Vec<Alternative>);

/// One way to a value.
#[derive(Debug)]
pub(crate) struct Alternative {
    pub(crate) source: Source,
    pub(crate) when: Option<Condition>,
    pub(crate) steps: Vec<Transform>,
}

/// Where a value begins.
#[derive(Debug)]
pub(crate) enum Source {
    Path(Path),
    Text(Template),
}

/// What is done to a value.
#[derive(Debug)]
pub(crate) enum Transform {
    /// Lower case.
    Lower,
    /// The part at a position after cutting at a text.
    Split(String, usize),
    /// The first group of a pattern; no match, no value.
    Capture(Regex),
    /// A word of the vendor's to one of ours. Without `strict`, what is not in the table stays.
    Map(HashMap<String, String>, bool),
    /// JSON text that holds a text, or a list of one, gives that text.
    Unwrap,
}

/// A condition on the entry.
#[derive(Debug)]
pub(crate) struct Condition {
    pub(crate) path: Path,
    pub(crate) test: Test,
}

/// The test of a condition.
#[derive(Debug)]
pub(crate) enum Test {
    Present(bool),
    Is(Vec<String>),
    Matches(Regex),
}

/// One audited object, or a list of them.
#[derive(Debug)]
pub(crate) struct TargetRule {
    pub(crate) each: Option<Path>,
    pub(crate) when: Option<Condition>,
    pub(crate) kind: Expr,
    pub(crate) id: Expr,
    pub(crate) name: Expr,
}

/// Where changed fields stand.
#[derive(Debug)]
pub(crate) struct ChangeRule {
    pub(crate) when: Option<Condition>,
    pub(crate) layout: ChangeLayout,
}

impl ChangeRule {
    /// The path at which it begins, where it has one.
    pub(crate) const fn place(&self) -> Option<&Path> {
        match &self.layout {
            ChangeLayout::List { each, .. } => each.as_ref(),
            ChangeLayout::Pair { old, .. } => Some(old),
            ChangeLayout::Tree(path) | ChangeLayout::Object(path) => Some(path),
            ChangeLayout::Prefixed { path, .. } => path.as_ref(),
            ChangeLayout::Text { .. } => None,
        }
    }
}

/// The layouts in which vendors write changes.
#[derive(Debug)]
pub(crate) enum ChangeLayout {
    /// One change, or a list of objects with field, old and new.
    List {
        each: Option<Path>,
        field: Expr,
        old: Expr,
        new: Expr,
        kind: Expr,
    },
    /// Two objects, before and after; compared leaf by leaf.
    Pair { old: Path, new: Path },
    /// `added`, `updated` and `deleted` with objects or lists below.
    Tree(Path),
    /// An object whose keys are the fields and whose values hold old and new.
    Object(Path),
    /// Keys with a prefix hold the old value of the key without it.
    Prefixed { prefix: String, path: Option<Path> },
    /// A sentence with the groups `field`, `old`, `new`.
    Text { value: Expr, pattern: Regex },
}

/// The vendor's words for success and failure, beside those that every vendor uses.
#[derive(Debug, Default)]
pub(crate) struct OutcomeWords {
    pub(crate) success: Vec<String>,
    pub(crate) failure: Vec<String>,
}

/// What makes two entries of this log the same event when the vendor gives no id.
#[derive(Debug)]
pub(crate) enum Identity {
    /// Every leaf of the entry.
    Entry,
    /// These fields of the event.
    Fields(Vec<Field>),
}

/// How one line of text falls into named parts.
#[derive(Debug)]
pub(crate) struct LineRule {
    pub(crate) cut: LineCut,
    /// Prefixes that name a part wherever it stands, such as `IP: `.
    pub(crate) prefixed: Vec<(String, String)>,
}

/// How a line is cut.
#[derive(Debug)]
pub(crate) enum LineCut {
    /// At a text; the parts have these names, further ones are `Part n`.
    Split {
        at: String,
        parts: Vec<String>,
        least: usize,
    },
    /// By the named groups of a pattern.
    Pattern(Regex),
}
