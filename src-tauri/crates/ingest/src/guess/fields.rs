//! What a sample holds, for a person who says which of it is what.
//!
//! Owns: the list of fields with examples. Never touches: what a field is for.

use super::{column::columns, lines::Lines};
use crate::{
    entry::Entry,
    profile::{LineRule, edit::quoted},
};

/// A column, or a key of nested objects, with what was found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundField {
    /// As the source names it.
    pub name: String,
    /// How the profile language takes its value.
    pub expression: String,
    /// The list around it, and how its value is taken from one element; absent outside of lists.
    pub list: Option<(String, String)>,
    /// The first different values, cut where they are long.
    pub examples: Vec<String>,
    /// Entries in which it has a value.
    pub filled: usize,
    /// Different values.
    pub distinct: usize,
}

/// The fields of a sample in the order in which they are met. `inside` are the keys of an envelope around each entry, of
/// which only the content counts; `rule` cuts lines.
pub(crate) fn fields(
    sample: &[Entry<'_>],
    inside: &[&str],
    rule: Option<&LineRule>,
) -> Vec<FoundField> {
    let lines = Lines::of(sample);
    let within = |steps: &[String]| {
        steps.len() > inside.len()
            && steps
                .iter()
                .zip(inside)
                .all(|(step, key)| step.trim_matches('"') == *key)
    };
    columns(sample, lines.as_ref(), rule)
        .into_iter()
        .filter(|column| within(&column.steps))
        .map(|column| {
            let expression = if inside.is_empty() {
                column.expression(quoted)
            } else {
                quoted(&column.steps[inside.len()..].join("."))
            };
            let list = column.list.as_ref().filter(|_| inside.is_empty());
            FoundField {
                expression,
                list: list.map(|(list, one)| (list.clone(), quoted(one))),
                filled: column.rows.iter().filter(|has| **has).count(),
                distinct: column.distinct,
                examples: column.examples,
                name: column.name,
            }
        })
        .collect()
}
