//! What the values of each column or key of a sample look like.
//!
//! Owns: the counts. Never touches: what a column is for.

use crate::{
    entry::{Entry, EntryValue},
    json::{Kind, Value},
    mapping::walk::folded,
    times::survey,
};
use std::collections::{HashMap, HashSet};

/// Keys that are looked at; an export with more is guessed from the first.
const MOST: usize = 400;
/// Nesting that is looked at.
const DEEPEST: usize = 4;

/// One column, or one key of nested objects, over the sample.
#[derive(Debug)]
pub(crate) struct Column {
    /// As the source names it.
    pub(crate) name: String,
    /// As the profile language writes it.
    pub(crate) path: String,
    /// Names by which it may be known: the last key, the two last keys together, all keys together.
    pub(crate) keys: Vec<String>,
    /// Objects around it.
    pub(crate) depth: usize,
    /// Values that are not empty.
    pub(crate) filled: usize,
    /// Different values among them.
    pub(crate) distinct: usize,
    /// Length of the longest, in bytes.
    pub(crate) longest: usize,
    /// Share of the values that are times.
    pub(crate) times: f64,
    /// Share that are addresses.
    pub(crate) ips: f64,
    /// Share that are mail addresses.
    pub(crate) emails: f64,
    /// Share that are user agents.
    pub(crate) agents: f64,
    /// Whether most values hold a letter.
    pub(crate) texts: bool,
    all_numbers: bool,
}

impl Column {
    /// Whether every value is a plain number.
    pub(crate) const fn numeric(&self) -> bool {
        self.all_numbers
    }
}

fn step(key: &str) -> String {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | ' '));
    if plain {
        key.to_owned()
    } else {
        format!("\"{key}\"")
    }
}

/// The columns of a sample in the order in which they are met.
pub(crate) fn columns(sample: &[Entry<'_>]) -> Vec<Column> {
    let mut order: Vec<Vec<String>> = Vec::new();
    let mut values: HashMap<Vec<String>, Vec<String>> = HashMap::new();
    let mut add = |keys: &[String], text: &str| {
        if !values.contains_key(keys) {
            if order.len() >= MOST {
                return;
            }
            order.push(keys.to_vec());
        }
        values
            .entry(keys.to_vec())
            .or_default()
            .push(text.to_owned());
    };
    for entry in sample {
        match entry.value {
            EntryValue::Json(value) => nested(&mut Vec::new(), value, &mut add),
            EntryValue::Cells(cells) => {
                for (i, name) in cells.header().iter().enumerate() {
                    add(std::slice::from_ref(name), cells.get(i).unwrap_or(""));
                }
            }
            EntryValue::Line(_) => {}
        }
    }
    order
        .into_iter()
        .filter(|keys| keys.iter().all(|k| !k.is_empty() && !k.contains('"')))
        .map(|keys| {
            let texts = values.remove(&keys).unwrap_or_default();
            column(&keys, &texts)
        })
        .collect()
}

fn nested(keys: &mut Vec<String>, value: Value<'_>, add: &mut impl FnMut(&[String], &str)) {
    for (key, child) in value.members() {
        keys.push(key.to_owned());
        match child.kind() {
            Kind::Object if keys.len() < DEEPEST => nested(keys, child, add),
            Kind::Array | Kind::Object => {
                // A list counts by its first plain element.
                if let Some(text) = child.items().next().and_then(|v| v.text()) {
                    add(keys, text);
                }
            }
            _ => add(keys, child.text().unwrap_or("")),
        }
        keys.pop();
    }
}

/// Whether a text is a time. The letters of a zone that nobody knows make it unreadable, but no other kind of value.
fn is_time(text: &str) -> bool {
    let readable = |t: &str| survey([t]).readable == 1;
    readable(text)
        || text.rsplit_once(' ').is_some_and(|(time, zone)| {
            (2..=5).contains(&zone.len())
                && zone.bytes().all(|b| b.is_ascii_uppercase())
                && readable(time)
        })
}

fn column(keys: &[String], texts: &[String]) -> Column {
    let filled: Vec<&str> = texts
        .iter()
        .map(|t| t.trim())
        .filter(|t| !t.is_empty() && *t != "-")
        .collect();
    let share = |test: &dyn Fn(&str) -> bool| {
        if filled.is_empty() {
            0.0
        } else {
            filled.iter().filter(|t| test(t)).count() as f64 / filled.len() as f64
        }
    };
    let last: Vec<String> = keys.iter().map(|k| folded(k)).collect();
    let mut names = vec![last.last().cloned().unwrap_or_default()];
    if let [.., a, b] = last.as_slice() {
        // Below an object of that name, `actor.id` is the actor's; the bare `id` of it is nobody's.
        names = vec![format!("{a}{b}")];
        if !matches!(
            b.as_str(),
            "id" | "name" | "type" | "email" | "uuid" | "value" | "status"
        ) {
            names.push(b.clone());
        }
    }
    let mailish = |t: &str| {
        t.split_once('@').is_some_and(|(a, b)| {
            !a.is_empty() && b.contains('.') && !t.contains(char::is_whitespace)
        })
    };
    let number = |t: &str| t.parse::<f64>().is_ok();
    Column {
        name: keys.join("."),
        path: keys.iter().map(|k| step(k)).collect::<Vec<_>>().join("."),
        keys: names,
        depth: keys.len() - 1,
        filled: filled.len(),
        distinct: filled.iter().collect::<HashSet<_>>().len(),
        longest: filled.iter().map(|t| t.len()).max().unwrap_or(0),
        times: share(&|t| is_time(t)),
        ips: share(&|t| {
            let first = t.split([',', ' ']).next().unwrap_or(t);
            first.parse::<std::net::IpAddr>().is_ok()
        }),
        emails: share(&mailish),
        agents: share(&|t| t.contains("Mozilla/") || t.contains("curl/") || t.contains("okhttp")),
        texts: share(&|t| t.chars().any(char::is_alphabetic)) >= 0.5,
        all_numbers: !filled.is_empty() && filled.iter().all(|t| number(t)),
    }
}
