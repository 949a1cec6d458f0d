//! The names before the colon: every field with its aliases, and the keys that are more than one field.
//!
//! Owns: which name means what, and what a mistyped name may have meant. Never touches: values.

use witnessmark_model::Field;

/// What stands before the colon.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Key {
    Fields(Vec<Field>),
    Target,
    Change,
    Source,
    Tag,
    Overlay(&'static str),
    Finding,
    Number,
    Has,
    Is,
    Raw,
    RawPath(Vec<String>),
    After,
    Before,
    Time,
}

/// The fields of `actor`.
pub(crate) const ACTOR: &[Field] = &[Field::UserId, Field::UserEmail, Field::UserName];
/// The fields of `org`.
pub(crate) const ORGANIZATION: &[Field] = &[Field::OrganizationId, Field::OrganizationName];
/// The fields of `error`.
pub(crate) const ERROR: &[Field] = &[Field::ErrorType, Field::ErrorMessage];
/// The fields of `has:target`.
pub(crate) const TARGET: &[Field] = &[Field::TargetType, Field::TargetId, Field::TargetName];
/// The fields of `has:changes`.
pub(crate) const CHANGES: &[Field] = &[
    Field::ChangeField,
    Field::ChangeKind,
    Field::ChangeOld,
    Field::ChangeNew,
];
/// The kinds of overlay that `has:` knows.
pub(crate) const OVERLAYS: &[&str] = &["note", "bookmark", "verdict"];

/// A key of the filter language, for completion and the reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyInfo {
    /// The name that is shown.
    pub name: &'static str,
    /// Other names of the same key.
    pub aliases: Vec<&'static str>,
    /// What the key looks at.
    pub looks_at: String,
}

/// Keys that are not one field: names (the first is shown), and what they look at.
const SPECIAL: &[(&[&str], &str)] = &[
    (&["actor", "user"], "`user.id`, `user.email` or `user.name`"),
    (
        &["target"],
        "`type/id`: a target of this type with this id or name; `type/id:\"id\"`: with this id; `type/name:\"name\"`: with this name and no id; without `/`: a target with this id or name",
    ),
    (
        &["change"],
        "`(…)`: one and the same change passes everything in the group, such as `change:(field:email new:~example)`; its keys are `field`, `old`, `new`, `changes.kind`",
    ),
    (
        &["org", "organization"],
        "`organization.id` or `organization.name`",
    ),
    (&["error"], "`error.type` or `error.message`"),
    (&["in"], "number or name of a source that attests the event"),
    (&["tag"], "a tag put on the event"),
    (&["note"], "the text of a note put on the event"),
    (&["verdict"], "a verdict put on the event"),
    (
        &["finding"],
        "id of a finding that holds the event, or the severity of an open one that does",
    ),
    (&["event"], "the event's number"),
    (
        &["has"],
        "whether there is a value: any key of one field, `actor`, `target`, `org`, `error`, `changes`, `time`, `tag`, `finding`, `note`, `bookmark`, `verdict`",
    ),
    (&["is"], "`undated` or `dated`"),
    (&["after"], "the event's time, this moment or later"),
    (&["before"], "the event's time, earlier than this moment"),
    (
        &["time", "@timestamp"],
        "the event's time, in a range or a unit such as a day",
    ),
    (&["raw"], "the bytes of the entry"),
    (
        &["raw.PATH"],
        "the leaf values at a dotted path of the entry as it stood",
    ),
];

/// Every key, special ones first, then fields in column order.
#[must_use]
pub fn keys() -> Vec<KeyInfo> {
    let special = SPECIAL.iter().filter_map(|(names, looks_at)| {
        let (name, aliases) = names.split_first()?;
        Some(KeyInfo {
            name,
            aliases: aliases.to_vec(),
            looks_at: (*looks_at).to_owned(),
        })
    });
    let fields = Field::ALL.iter().map(|field| {
        let mut names: Vec<&'static str> = field.aliases().to_vec();
        names.push(field.name());
        KeyInfo {
            name: names.remove(0),
            aliases: names,
            looks_at: format!("`{}`", field.name()),
        }
    });
    special.chain(fields).collect()
}

/// The key of a name, case ignored; `raw.` paths are read by the grammar.
pub(crate) fn by_name(name: &str) -> Option<Key> {
    let special = SPECIAL
        .iter()
        .find(|(names, _)| names.iter().any(|n| n.eq_ignore_ascii_case(name)))
        .and_then(|(names, _)| names.first());
    Some(match special.copied() {
        Some("actor") => Key::Fields(ACTOR.to_vec()),
        Some("org") => Key::Fields(ORGANIZATION.to_vec()),
        Some("error") => Key::Fields(ERROR.to_vec()),
        Some("target") => Key::Target,
        Some("change") => Key::Change,
        Some("in") => Key::Source,
        Some("tag") => Key::Tag,
        Some("note") => Key::Overlay("note"),
        Some("verdict") => Key::Overlay("verdict"),
        Some("finding") => Key::Finding,
        Some("event") => Key::Number,
        Some("has") => Key::Has,
        Some("is") => Key::Is,
        Some("after") => Key::After,
        Some("before") => Key::Before,
        Some("time") => Key::Time,
        Some("raw") => Key::Raw,
        _ => Key::Fields(vec![Field::by_name(name)?]),
    })
}

impl Key {
    /// The name under which the key is shown.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Fields(fields) => fields_name(fields).unwrap_or_default().to_owned(),
            Self::Target => "target".to_owned(),
            Self::Change => "change".to_owned(),
            Self::Overlay(kind) => (*kind).to_owned(),
            Self::Source => "in".to_owned(),
            Self::Tag => "tag".to_owned(),
            Self::Finding => "finding".to_owned(),
            Self::Number => "event".to_owned(),
            Self::Has => "has".to_owned(),
            Self::Is => "is".to_owned(),
            Self::Raw => "raw".to_owned(),
            Self::RawPath(path) => format!("raw.{}", path.join(".")),
            Self::After => "after".to_owned(),
            Self::Before => "before".to_owned(),
            Self::Time => "time".to_owned(),
        }
    }

    /// Whether the key asks about addresses, so that networks and lists of them are understood.
    pub(crate) fn is_address(&self) -> bool {
        matches!(self, Self::Fields(fields) if fields.iter().all(|f| matches!(f, Field::SourceIp | Field::RelatedIp)))
    }
}

/// The shown name of a set of fields, if one key has exactly these.
pub(crate) fn fields_name(fields: &[Field]) -> Option<&'static str> {
    match fields {
        [field] => Some(field.aliases().first().copied().unwrap_or(field.name())),
        ACTOR => Some("actor"),
        ORGANIZATION => Some("org"),
        ERROR => Some("error"),
        [Field::TargetId, Field::TargetName] => Some("target"),
        _ => None,
    }
}

/// The fields of a `has:` word that names more than one.
pub(crate) fn has_group(word: &str) -> Option<&'static [Field]> {
    Some(match word.to_ascii_lowercase().as_str() {
        "changes" | "change" => CHANGES,
        "target" => TARGET,
        "actor" | "user" => ACTOR,
        "org" | "organization" => ORGANIZATION,
        "error" => ERROR,
        _ => return None,
    })
}

/// Known names near a name that nobody knows, nearest first, at most three.
pub(crate) fn suggestions(name: &str) -> Vec<String> {
    // A name longer than any key cannot be a slip of the hand, and the distance would cost its square.
    if name.is_empty() || name.len() > 64 {
        return Vec::new();
    }
    let name = name.to_ascii_lowercase();
    let mut near: Vec<(usize, &'static str)> = keys()
        .into_iter()
        .flat_map(|k| std::iter::once(k.name).chain(k.aliases))
        .filter(|known| *known != "raw.PATH")
        .filter_map(|known| {
            let tail = known.rsplit('.').next().unwrap_or(known);
            let off =
                distance(&name, known).min(distance(&name, tail) + usize::from(tail != known));
            (off <= (name.len() / 3).clamp(1, 3)).then_some((off, known))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.into_iter()
        .take(3)
        .map(|(_, known)| known.to_owned())
        .collect()
}

/// Edits (insert, delete, replace, swap of neighbours) from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replace = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replace.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or_default()
}
