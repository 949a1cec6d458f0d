//! Lines of text that hold named values: JSON after a head, as syslog brings it, or pairs such as `user=alice`.
//!
//! Owns: telling the two, and the rule that cuts such a line. Never touches: what the values are for.

use crate::{
    entry::{Entry, EntryValue},
    json::{JsonLimits, Tape},
};

/// How the lines of a sample hold values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    /// A head, then one JSON object to the end of the line.
    Json,
    /// Pairs of key and value; the key that nearly every line has.
    Pairs(String),
}

/// Lines that must agree, of a hundred.
const MOST: usize = 80;
/// Pairs that a line must hold, so that a sentence with one `=` is none.
const LEAST: usize = 3;

/// A moment at the beginning of a line, behind the number that syslog puts before it.
const MOMENT: &str = r"(?:<\d{1,3}>(?:\d )?)?\[?(?P<at>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?)?";

impl Lines {
    /// Tells how the lines hold values; absent when the sample is no lines, or they hold none.
    pub(super) fn of(sample: &[Entry<'_>]) -> Option<Self> {
        let lines: Vec<&str> = sample
            .iter()
            .map(|entry| match entry.value {
                EntryValue::Line(line) => Some(line),
                _ => None,
            })
            .collect::<Option<_>>()?;
        Self::of_texts(&lines)
    }

    /// The same for lines that are no entries yet.
    pub(super) fn of_texts(lines: &[&str]) -> Option<Self> {
        let enough = |count: usize| count > 0 && count * 100 >= lines.len() * MOST;
        let mut tape = Tape::new();
        let json = lines
            .iter()
            .filter_map(|line| json(line))
            .filter(|text| {
                tape.parse_str(text, &JsonLimits::default())
                    .is_ok_and(|v| v.is_object() && v.members().count() > 0)
            })
            .count();
        if enough(json) {
            return Some(Self::Json);
        }
        let found: Vec<Vec<(&str, &str)>> = lines.iter().map(|line| pairs(line)).collect();
        if !enough(found.iter().filter(|p| p.len() >= LEAST).count()) {
            return None;
        }
        let mut keys: Vec<&str> = found.iter().flatten().map(|(key, _)| *key).collect();
        keys.sort_unstable();
        keys.dedup();
        let with = |key: &str| {
            let has = |p: &&Vec<(&str, &str)>| p.iter().any(|(k, _)| *k == key);
            found.iter().filter(has).count()
        };
        let common = keys
            .into_iter()
            .filter(|k| enough(with(k)))
            .max_by_key(|k| with(k))?;
        Some(Self::Pairs(common.to_owned()))
    }

    /// The rule that cuts a line, as the profile language writes it.
    pub(super) fn rule(&self) -> String {
        match self {
            Self::Json => {
                "[line]\npattern = '^(?P<head>[^{]*)(?P<json>\\{.*\\})\\s*$'\n\n".to_owned()
            }
            Self::Pairs(key) => format!(
                "[line]\npattern = '^{MOMENT}(?P<line>.*\\b{}=.*)$'\n\n",
                escaped(key)
            ),
        }
    }
}

/// The moment at the beginning of a line, without its fraction and zone, where [`MOMENT`] finds one.
pub(super) fn moment(line: &str) -> Option<&str> {
    let bare = match line.strip_prefix('<').and_then(|rest| rest.split_once('>')) {
        Some((_, rest)) => match rest.as_bytes() {
            [digit, b' ', ..] if digit.is_ascii_digit() => &rest[2..],
            _ => rest,
        },
        None => line,
    };
    bare.strip_prefix('[').unwrap_or(bare).get(..19)
}

/// The JSON at the end of a line.
pub(super) fn json(line: &str) -> Option<&str> {
    let line = line.trim_end();
    let from = line.find('{')?;
    line.ends_with('}').then(|| &line[from..])
}

/// The pairs of a line: keys of letters, digits, `_`, `-` and `.`; values in quotes or up to a blank, comma or semicolon.
pub(super) fn pairs(line: &str) -> Vec<(&str, &str)> {
    let mut out = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find('=') {
        let key = key(&rest[..at]);
        let after = &rest[at + 1..];
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => match quoted.find('"') {
                Some(end) => (&quoted[..end], &quoted[end + 1..]),
                None => break,
            },
            None => {
                let end = after
                    .find([' ', '\t', ',', ';', '"', '|'])
                    .unwrap_or(after.len());
                (&after[..end], &after[end..])
            }
        };
        if let Some(key) = key {
            out.push((key, value));
        }
        rest = next;
    }
    out
}

fn key(before: &str) -> Option<&str> {
    let named = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let start = before.rfind(|c| !named(c)).map_or(0, |i| {
        i + before[i..].chars().next().map_or(1, char::len_utf8)
    });
    let key = &before[start..];
    let letter = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (letter && key.len() <= 64).then_some(key)
}

/// How the value of a key is taken from the part `line`: in quotes, or bare.
pub(super) fn expression(key: &str) -> String {
    let key = escaped(key);
    format!(
        "{{ path = \"line\", capture = '(?:^|[\\s,;|]){key}=\"([^\"]*)\"' }}, {{ path = \"line\", capture = '(?:^|[\\s,;|]){key}=([^\\s,;\"|]+)' }}"
    )
}

fn escaped(key: &str) -> String {
    key.replace('.', "\\.").replace('-', "\\-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_in_a_line() {
        assert_eq!(
            pairs(r#"2026-03-02 app: user=alice action="log in" src.ip=192.0.2.1, x= y=1"#),
            [
                ("user", "alice"),
                ("action", "log in"),
                ("src.ip", "192.0.2.1"),
                ("x", ""),
                ("y", "1")
            ]
        );
        assert_eq!(pairs("1 = 2"), [] as [(&str, &str); 0]);
        assert_eq!(
            json("<5>1 VAULT {\"a\":{\"b\":1}} "),
            Some("{\"a\":{\"b\":1}}")
        );
    }
}
