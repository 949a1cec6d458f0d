//! Finding values in texts: patterns, and a list of known values in every form they can take.
//!
//! Owns: what counts as an address, a card number; which spellings of a value are looked for. Never touches: rules.

use std::net::IpAddr;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use regex::Regex;

use crate::error::{PackageError, Result};

/// Values that can be looked for at a time; more would take more memory than a package may.
const MOST_VALUES: usize = 100_000;
/// Bytes of all spellings of all values.
const MOST_BYTES: usize = 16 << 20;
/// Shorter values are replaced where they are a whole text or stand between other characters than letters and digits:
/// "Al" is no part of "Also".
const SHORT: usize = 4;

static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[\p{L}\p{N}._%+'-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.)+[\p{L}\p{N}-]{2,63}").ok()
});
static IP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*").ok()
});
static CARD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"[0-9](?:[ -]?[0-9]){12,18}").ok());

fn all(regex: &LazyLock<Option<Regex>>, text: &str) -> Vec<Range<usize>> {
    // The patterns are constants that a test compiles.
    let found = regex.as_ref().map(|r| r.find_iter(text).map(|m| m.range()));
    found.into_iter().flatten().collect()
}

/// E-mail addresses in a text.
pub(crate) fn emails(text: &str) -> Vec<Range<usize>> {
    if !text.contains('@') {
        return Vec::new();
    }
    all(&EMAIL, text)
}

/// Addresses in a text.
pub(crate) fn ips(text: &str) -> Vec<Range<usize>> {
    if !text.contains(['.', ':']) {
        return Vec::new();
    }
    let mut found = all(&IP, text);
    found.retain(|at| text[at.clone()].parse::<IpAddr>().is_ok());
    found
}

/// Digits that pass as a payment card number (ISO/IEC 7812-1, Annex B).
pub(crate) fn cards(text: &str) -> Vec<Range<usize>> {
    if text.len() < 13 {
        return Vec::new();
    }
    let mut found = all(&CARD, text);
    found.retain(|at| {
        let digits: Vec<u32> = text[at.clone()]
            .chars()
            .filter_map(|c| c.to_digit(10))
            .collect();
        let sum: u32 = digits
            .iter()
            .rev()
            .enumerate()
            .map(|(at, digit)| match (at % 2, digit * 2) {
                (0, _) => *digit,
                (_, double) if double > 9 => double - 9,
                (_, double) => double,
            })
            .sum();
        sum.is_multiple_of(10) && digits.iter().any(|d| *d != digits[0])
    });
    found
}

/// Known values, looked for in every spelling.
pub(crate) struct Values {
    search: Option<AhoCorasick>,
    /// For each spelling: the value it is of, and whether it must stand between other characters.
    of: Vec<(usize, bool)>,
}

/// The spellings of a value that could stand in a text.
fn spellings(value: &str) -> Vec<String> {
    let percent = |keep: fn(u8) -> bool, space: &str| -> String {
        let mut out = String::new();
        for byte in value.bytes() {
            if keep(byte) {
                out.push(char::from(byte));
            } else if byte == b' ' {
                out.push_str(space);
            } else {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
        out
    };
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let mut all = vec![
        value.to_owned(),
        value.to_lowercase(),
        value.to_uppercase(),
        percent(unreserved, "%20"),
        percent(unreserved, "+"),
    ];
    if value.len() >= SHORT {
        all.push(STANDARD.encode(value));
        all.push(STANDARD_NO_PAD.encode(value));
        // The other two alignments of base64, without the characters that hold neighbouring bits.
        for shift in 1..3 {
            let shifted = STANDARD_NO_PAD.encode([&vec![0; shift], value.as_bytes()].concat());
            let whole = (shift + value.len()) / 3 * 4;
            if let Some(middle) = shifted.get(shift + 1..whole)
                && middle.len() >= 6
            {
                all.push(middle.to_owned());
            }
        }
        let aligned = STANDARD_NO_PAD.encode(value);
        if let Some(front) = aligned.get(..value.len() / 3 * 4)
            && front.len() >= 6
        {
            all.push(front.to_owned());
        }
    }
    let escaped = serde_json::Value::from(value).to_string();
    all.push(escaped.trim_matches('"').to_owned());
    all.sort_unstable();
    all.dedup();
    all.retain(|s| !s.is_empty());
    all
}

impl Values {
    /// A search for some values.
    ///
    /// # Errors
    /// When there are too many of them.
    pub(crate) fn new(values: &[&str]) -> Result<Self> {
        if values.len() > MOST_VALUES {
            return Err(PackageError::Policy(format!(
                "the policy hides {} different values, at most {MOST_VALUES} can be looked for; narrow the scope or the policy",
                values.len()
            )));
        }
        let mut texts = Vec::new();
        let mut of = Vec::new();
        let mut bytes = 0;
        for (at, value) in values.iter().enumerate() {
            for text in spellings(value) {
                bytes += text.len();
                of.push((at, text.len() < SHORT));
                texts.push(text);
            }
        }
        if bytes > MOST_BYTES {
            return Err(PackageError::Policy(
                "the values that the policy hides are too long to be looked for; narrow the scope or the policy".to_owned(),
            ));
        }
        let search = if texts.is_empty() {
            None
        } else {
            let built = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::LeftmostLongest)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(&texts);
            Some(built.map_err(|e| PackageError::Policy(e.to_string()))?)
        };
        Ok(Self { search, of })
    }

    /// Places of known values in a text: place, value.
    pub(crate) fn find(&self, text: &str) -> Vec<(Range<usize>, usize)> {
        let Some(search) = &self.search else {
            return Vec::new();
        };
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        search
            .find_iter(text)
            .filter_map(|found| {
                let (value, bounded) = self.of[found.pattern().as_usize()];
                let at = found.range();
                // A match of bytes never begins inside a character, because the spellings are whole characters.
                let before = text.get(..at.start)?.chars().next_back();
                let after = text.get(at.end..)?.chars().next();
                (!bounded || !(word(before) || word(after))).then_some((at, value))
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts<'t>(text: &'t str, found: &[Range<usize>]) -> Vec<&'t str> {
        found.iter().map(|at| &text[at.clone()]).collect()
    }

    #[test]
    fn patterns_find_what_they_should_and_no_more() {
        let text = "mail maría.o'neil+x@mail.example.com, (bob@example.org) not@here";
        assert_eq!(
            texts(text, &emails(text)),
            ["maría.o'neil+x@mail.example.com", "bob@example.org"]
        );
        let text = "from 203.0.113.7 and 2001:db8::1 at 12:30:15, version 1.2.3, 999.1.1.1";
        assert_eq!(texts(text, &ips(text)), ["203.0.113.7", "2001:db8::1"]);
        let text = "card 4111 1111 1111 1111, order 4111111111111112, zeros 0000000000000000";
        assert_eq!(texts(text, &cards(text)), ["4111 1111 1111 1111"]);
    }

    #[test]
    fn a_value_is_found_in_any_spelling() {
        let values = Values::new(&["alice@example.com", "Al", "Größe \"X\""]).unwrap();
        for text in [
            "Alice@Example.COM",
            "?user=alice%40example.com&x",
            &format!("token {}", STANDARD.encode("alice@example.com")),
            &format!("token {}", STANDARD.encode("user:alice@example.com!")),
            &format!("token {}", STANDARD.encode("x alice@example.com!")),
            "{\"a\":\"GRÖSSE \\\"X\\\"\", \"b\":\"größe \\\"x\\\"\"}",
        ] {
            assert!(!values.find(text).is_empty(), "{text}");
        }
        assert_eq!(
            values.find("Also").len(),
            0,
            "a short value is no part of a word"
        );
        assert_eq!(values.find("(Al)").len(), 1);
    }
}
