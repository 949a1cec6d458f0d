//! Where old and new values stand in a log that nobody described.
//!
//! Owns: finding pairs of keys such as `old` and `new`, and writing rules for them. Never touches: what else a column is.

use super::column::Column;
use crate::profile::words;
use std::fmt::Write;

/// Words of an old value, with those that its new one may have in their place.
const PAIRS: &[(&str, &[&str])] = &[
    ("old", &["new"]),
    ("previous", &["new", "current", ""]),
    ("prev", &["new", "current", ""]),
    ("before", &["after"]),
    ("from", &["to"]),
    ("prior", &["new", "current", "post"]),
    ("preaction", &["postaction"]),
    ("original", &["modified", "new", "updated"]),
    ("was", &["", "is"]),
];
/// Keys that hold nothing but changes.
const TREES: &[&str] = &[
    "changes",
    "changeset",
    "change",
    "diff",
    "delta",
    "differences",
    "modifications",
];
/// Names of the changed field beside its values.
const FIELDS: &[&str] = &[
    "field",
    "fieldname",
    "key",
    "name",
    "property",
    "propertyname",
    "attribute",
    "displayname",
    "path",
    "column",
    "setting",
    "settingname",
    "label",
];
const MOST: usize = 12;

/// The rules, as the profile language writes them, with a reason for each.
pub(super) fn rules(columns: &[Column], quoted: fn(&str) -> String) -> (String, Vec<String>) {
    let (mut out, mut reasons, mut done) = (String::new(), Vec::new(), Vec::<String>::new());
    let mut add = |key: String, rule: String, reason: String| {
        if done.len() < MOST && !done.contains(&key) {
            done.push(key);
            out.push_str(&rule);
            reasons.push(reason);
        }
    };
    for column in columns.iter().filter(|c| c.taken.is_none()) {
        let keys: Vec<Vec<String>> = column.steps.iter().map(|s| words(s)).collect();
        let tree = keys
            .iter()
            .position(|k| TREES.contains(&k.concat().as_str()))
            .filter(|at| at + 1 < keys.len() && column.list.is_none());
        if let Some(at) = tree {
            let path = column.steps[..=at].join(".");
            let rule = format!("[[change]]\nlayout = \"tree\"\npath = {}\n", quoted(&path));
            add(
                path.clone(),
                rule,
                format!("changes from `{path}`: its name is one of changes"),
            );
            continue;
        }
        for (at, key) in keys.iter().enumerate() {
            let Some(new) = counterpart(columns, column, at, key) else {
                continue;
            };
            let whole = at + 1 < column.steps.len();
            let reason = format!(
                "changes from `{}`: it stands beside `{}`",
                column.name, new.name
            );
            match (&column.list, &new.list) {
                (Some((list, _)), Some((same, _))) if list == same => {
                    let inside =
                        |c: &Column| c.list.as_ref().map_or(String::new(), |(_, i)| i.clone());
                    let field = columns
                        .iter()
                        .filter(|c| c.list.as_ref().is_some_and(|(l, _)| l == list))
                        .filter(|c| {
                            c.steps.len() == column.steps.len()
                                && FIELDS.contains(&c.last().as_str())
                        })
                        .map(inside)
                        .next();
                    let Some(field) = field else { continue };
                    let mut rule = String::from("[[change]]\nlayout = \"list\"\n");
                    // Writing to a String cannot fail.
                    let _ = write!(
                        rule,
                        "each = {}\nfield = {}\nold = {}\nnew = {}\n",
                        quoted(list),
                        quoted(&field),
                        quoted(&inside(column)),
                        quoted(&inside(new))
                    );
                    add(list.clone(), rule, reason);
                }
                (None, None) if whole => {
                    let (old, new) = (column.steps[..=at].join("."), new.steps[..=at].join("."));
                    let rule = format!(
                        "[[change]]\nlayout = \"pair\"\nold = {}\nnew = {}\n",
                        quoted(&old),
                        quoted(&new)
                    );
                    add(old, rule, reason);
                }
                (None, None) => {
                    let beside = columns.iter().find(|c| {
                        c.steps.len() == column.steps.len()
                            && c.steps[..at] == column.steps[..at]
                            && FIELDS.contains(&c.last().as_str())
                            && c.last() != "name"
                            && c.last() != "key"
                    });
                    let rest: Vec<&str> = key
                        .iter()
                        .map(String::as_str)
                        .filter(|w| !PAIRS.iter().any(|(old, _)| old == w) && *w != "value")
                        .collect();
                    let named = if rest.is_empty() {
                        "value".to_owned()
                    } else {
                        rest.join("_")
                    };
                    let field = match beside {
                        Some(c) => {
                            format!("[{}, {{ text = {} }}]", quoted(&c.path), quoted(&named))
                        }
                        None => format!("{{ text = {} }}", quoted(&named)),
                    };
                    let rule = format!(
                        "[[change]]\nlayout = \"list\"\nwhen = {{ path = {old}, present = true }}\nfield = {field}\nold = {old}\nnew = {}\n",
                        quoted(&new.path),
                        old = quoted(&column.path)
                    );
                    add(column.path.clone(), rule, reason);
                }
                _ => {}
            }
        }
    }
    (out, reasons)
}

/// The column that holds the new value where `column` holds the old one, by the key at a position.
fn counterpart<'c>(
    columns: &'c [Column],
    column: &Column,
    at: usize,
    key: &[String],
) -> Option<&'c Column> {
    PAIRS.iter().find_map(|(old, news)| {
        let place = key.iter().position(|w| w == old)?;
        news.iter().find_map(|new| {
            let mut wanted = key.to_vec();
            if new.is_empty() {
                wanted.remove(place);
            } else {
                wanted[place] = (*new).to_owned();
            }
            columns.iter().find(|c| {
                !wanted.is_empty()
                    && c.path != column.path
                    && c.steps.len() > at
                    && c.steps[..at] == column.steps[..at]
                    && words(&c.steps[at]) == wanted
            })
        })
    })
}
