//! What could be typed at a place of a filter text.
//!
//! Owns: which part of the text is being written and of what kind it is. Never touches: the values of a case, which the
//! window asks for with the fields that are named here. Works on text that is not yet a filter.

use std::ops::Range;

use witnessmark_model::{Field, verbs};

use crate::keys::{self, Key};

/// What is being written at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Bytes of the text to replace; without the sign before them.
    pub span: Range<usize>,
    /// What belongs there.
    pub what: What,
}

/// A kind of thing to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A key or a word of free text that begins like this; empty where anything may begin.
    Key(String),
    /// A value.
    Value {
        /// Shown name of the key.
        key: String,
        /// Fields whose values in the case fit; empty when the key is not about fields.
        fields: Vec<Field>,
        /// What is there of the value already.
        prefix: String,
        /// Words that always fit, whatever the case holds.
        words: Vec<String>,
    },
    /// `OR`, `AND` or `NOT`, begun in upper case.
    Operator,
}

/// What is being written at the cursor (a byte offset), if anything can be offered there. Free text in quotes gets nothing.
#[must_use]
pub fn complete(text: &str, cursor: usize) -> Option<Completion> {
    let before = text.get(..cursor)?;
    let (start, groups) = current_word(before);
    let word = before.get(start..)?;
    let operand = word.trim_start_matches(['-', '!']);
    let at = start + word.len() - operand.len();
    if let Some(key) = groups.last().cloned().flatten() {
        return Some(match split_key(operand) {
            // Inside of change:( ) each term has a key of its own.
            Some((name, rest)) if keys::by_name(&key) == Some(Key::Change) => {
                value(name, rest, at + name.len() + 1)
            }
            _ => value(&key, operand, at),
        });
    }
    if ["OR", "AND", "NOT"]
        .iter()
        .any(|op| !word.is_empty() && op.starts_with(word))
    {
        return Some(Completion {
            span: start..cursor,
            what: What::Operator,
        });
    }
    if operand.starts_with('"') {
        return None;
    }
    let Some((name, rest)) = split_key(operand) else {
        return Some(Completion {
            span: at..cursor,
            what: What::Key(operand.to_owned()),
        });
    };
    Some(value(name, rest, at + name.len() + 1))
}

fn split_key(word: &str) -> Option<(&str, &str)> {
    let (name, rest) = word.split_once(':')?;
    let is_path = || {
        name.get(..4)
            .is_some_and(|w| w.eq_ignore_ascii_case("raw."))
    };
    (!name.contains('"') || is_path()).then_some((name, rest))
}

/// Where the word before the cursor begins, and the groups that are open there with the key before each of them.
fn current_word(before: &str) -> (usize, Vec<Option<String>>) {
    let (mut start, mut groups, mut quoted, mut escaped) = (0, Vec::new(), false, false);
    for (at, c) in before.char_indices() {
        if quoted {
            let ends = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            quoted = !ends;
            continue;
        }
        match c {
            '"' => quoted = true,
            '(' => {
                let word = before
                    .get(start..at)
                    .unwrap_or_default()
                    .trim_start_matches(['-', '!']);
                let key = split_key(word).filter(|(_, rest)| matches!(*rest, "" | "!"));
                let outer = groups.last().cloned().flatten();
                groups.push(key.map(|(name, _)| name.to_owned()).or(outer));
                start = at + 1;
            }
            ')' => {
                groups.pop();
                start = at + 1;
            }
            c if c.is_whitespace() => start = at + c.len_utf8(),
            _ => {}
        }
    }
    (start, groups)
}

fn value(name: &str, rest: &str, at: usize) -> Completion {
    // What is inserted has quotes of its own where it needs them, so an opening one is replaced with it.
    let begun = rest.trim_start_matches(['!', '~']);
    let from = at + rest.len() - begun.len();
    let key = keys::by_name(name);
    let fields = match &key {
        Some(Key::Fields(fields)) => fields.clone(),
        Some(Key::Target) => vec![Field::TargetId, Field::TargetName],
        _ => Vec::new(),
    };
    Completion {
        span: from..from + begun.len(),
        what: What::Value {
            key: key.as_ref().map_or_else(|| name.to_owned(), Key::shown),
            words: words(key.as_ref()),
            fields,
            prefix: begun.trim_start_matches('"').to_owned(),
        },
    }
}

/// The closed words of a key.
fn words(key: Option<&Key>) -> Vec<String> {
    let closed: &[&str] = match key {
        Some(Key::Is) => &["undated", "dated"],
        Some(Key::Change) => &["field:", "old:", "new:", "changes.kind:"],
        Some(Key::After | Key::Before) => {
            &["today", "yesterday", "now", "-1h", "-24h", "7d", "30d"]
        }
        Some(Key::Time) => &["today", "yesterday", "-1h", "-24h", "7d", "30d"],
        Some(Key::Fields(fields)) => match fields[..] {
            [Field::EventOperation] => verbs::OPERATIONS,
            [Field::EventCategory] => verbs::CATEGORIES,
            [Field::EventOutcome] => verbs::OUTCOMES,
            [Field::EventSensitivity] => verbs::SENSITIVITIES,
            [Field::ChangeKind] => &["added", "updated", "deleted"],
            _ => &[],
        },
        Some(Key::Has) => {
            let groups = [
                "changes", "target", "actor", "org", "error", "time", "tag", "finding",
            ];
            let fields = Field::ALL
                .iter()
                .map(|f| f.aliases().first().copied().unwrap_or(f.name()));
            let all = groups
                .into_iter()
                .chain(keys::OVERLAYS.iter().copied())
                .chain(fields);
            return all.map(str::to_owned).collect();
        }
        _ => &[],
    };
    closed.iter().map(|word| (*word).to_owned()).collect()
}
