//! Finding values in texts: patterns, and a list of known values in every form they can take.
//!
//! Owns: what counts as an address, a card number; which spellings of a value are looked for. Never touches: rules, and how a
//! text can be read ([`super::view`]).

use std::net::IpAddr;
use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use regex::Regex;

use super::view::{folded, layers, views};
use crate::error::{PackageError, Result};

/// Values that can be looked for at a time; more would take more memory than a package may.
pub(super) const MOST_VALUES: usize = 100_000;
/// Bytes of all spellings of all values.
pub(super) const MOST_BYTES: usize = 16 << 20;
/// Shorter values are replaced where they are a whole text or stand between other characters than letters and digits:
/// "Al" is no part of "Also".
const SHORT: usize = 4;

static EMAIL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"[\p{L}\p{N}._%+'-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.)+[\p{L}\p{N}-]{2,63}").ok()
});
static IP: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}|[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*").ok()
});
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

/// Addresses in a text. A full stop or a colon beside one belongs to the sentence.
pub(crate) fn ips(text: &str) -> Vec<Range<usize>> {
    if !text.contains(['.', ':']) {
        return Vec::new();
    }
    let is = |text: &str| text.parse::<IpAddr>().is_ok();
    let found = all(&IP, text).into_iter().filter_map(|at| {
        let whole = &text[at.clone()];
        // `::` at an end may be part of the address, so as little as possible is taken off.
        let marks = |c: char| c == '.' || c == ':';
        let most = |rest: &str| whole.len() - rest.len();
        let (front, back) = (
            most(whole.trim_start_matches(marks)),
            most(whole.trim_end_matches(marks)),
        );
        let mut cuts: Vec<(usize, usize)> = (0..=front.min(3))
            .flat_map(|f| (0..=back.min(3)).map(move |b| (f, b)))
            .filter(|(f, b)| f + b < whole.len())
            .collect();
        cuts.sort_by_key(|(f, b)| f + b);
        let (front, back) = cuts
            .into_iter()
            .find(|(f, b)| is(&whole[*f..whole.len() - b]))?;
        Some(at.start + front..at.end - back)
    });
    found.collect()
}

/// One digit of a row of digits.
struct Digit {
    value: u32,
    at: Range<usize>,
    /// Whether it stands right after the digit before it.
    joined: bool,
}

/// The check of ISO/IEC 7812-1, Annex B.
fn luhn(digits: &[Digit]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| match (at % 2, digit.value * 2) {
            (0, _) => digit.value,
            (_, double) if double > 9 => double - 9,
            (_, double) => double,
        })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|d| d.value != digits[0].value)
}

/// Whether cards of an issuer begin like this and are as long as this.
fn issued(digits: &[Digit]) -> bool {
    let begins = digits.iter().take(4).fold(0, |n, d| n * 10 + d.value);
    let two = begins / 100;
    match digits.len() {
        14 => matches!(two, 30 | 36 | 38 | 39),
        15 => matches!(two, 34 | 37),
        16 => {
            matches!(two, 35 | 40..=58 | 62 | 64 | 65 | 67)
                || begins == 6_011
                || (2_221..=2_720).contains(&begins)
        }
        _ => false,
    }
}

/// Digits that pass as a payment card number, inside a longer row of digits too: `4111 1111 1111 1111 12/27`. Inside a row
/// without gaps only what the great issuers give out, because one in ten of all rows of digits passes the check.
pub(crate) fn cards(text: &str) -> Vec<Range<usize>> {
    if text.len() < 13 {
        return Vec::new();
    }
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut row: Vec<Digit> = Vec::new();
    let mut gap = 0;
    for (at, letter) in text.char_indices() {
        if let Some(value) = letter.to_digit(10) {
            let joined = gap == 0 && !row.is_empty();
            let at = at..at + 1;
            row.push(Digit { value, at, joined });
            gap = 0;
        } else if !row.is_empty() && gap == 0 && matches!(letter, ' ' | '-' | '\u{a0}') {
            gap += 1;
        } else {
            within(&row, &mut found);
            row.clear();
            gap = 0;
        }
    }
    within(&row, &mut found);
    found
}

/// The cards of one row of digits; those that overlap are one place.
fn within(row: &[Digit], found: &mut Vec<Range<usize>>) {
    let first = found.len();
    for from in 0..row.len() {
        for length in (13..=19).rev() {
            let Some(part) = row.get(from..from + length) else {
                continue;
            };
            let apart = !part[0].joined && row.get(from + length).is_none_or(|d| !d.joined);
            if !luhn(part) || !(apart || issued(part)) {
                continue;
            }
            let place = part[0].at.start..part[length - 1].at.end;
            match found[first..].last_mut() {
                Some(last) if last.end >= place.start => last.end = last.end.max(place.end),
                _ => found.push(place),
            }
        }
    }
}

/// Known values, looked for in every spelling.
pub(crate) struct Values {
    search: Option<AhoCorasick>,
    /// For each spelling: the value it is of, and whether it must stand between other characters.
    of: Vec<(usize, bool)>,
    values: Vec<String>,
}

/// The spellings of a value that are looked for in every reading of a text.
fn spellings(value: &str) -> Vec<String> {
    // A value that is itself escaped stands elsewhere without its escapes.
    let mut all: Vec<String> = layers(value)
        .iter()
        .map(|layer| folded(layer).text)
        .collect();
    all.push(folded(&value.replace(' ', "+")).text);
    let value = value.trim();
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
                .match_kind(MatchKind::Standard)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(&texts);
            Some(built.map_err(|e| PackageError::Policy(e.to_string()))?)
        };
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        Ok(Self { search, of, values })
    }

    /// Every place of every known value in a text, in any reading of it.
    fn places(&self, text: &str) -> Vec<(Range<usize>, usize)> {
        let Some(search) = &self.search else {
            return Vec::new();
        };
        let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let mut all = Vec::new();
        for view in views(text) {
            let folded = (!view.text.is_ascii()).then(|| folded(&view.text));
            let stack = folded.as_ref().map_or(&*view.text, |f| f.text.as_str());
            for found in search.find_overlapping_iter(stack) {
                let (value, bounded) = self.of[found.pattern().as_usize()];
                // A match of bytes never begins inside a character, because the spellings are whole characters.
                let at = found.range();
                let before = stack.get(..at.start).and_then(|t| t.chars().next_back());
                let after = stack.get(at.end..).and_then(|t| t.chars().next());
                if bounded && (word(before) || word(after)) {
                    continue;
                }
                let in_view = match &folded {
                    None => Some(at),
                    Some(folded) => folded.origin(&at),
                };
                if let Some(at) = in_view {
                    all.push((view.origin(&at), value));
                }
            }
        }
        all
    }

    /// The known values that stand in a text.
    pub(crate) fn standing(&self, text: &str) -> Vec<usize> {
        self.places(text)
            .into_iter()
            .map(|(_, value)| value)
            .collect()
    }

    /// Places of known values in a text, from left to right: place, value. Of values that stand at one place the longest is
    /// told, then the one that stands there to the letter; of values that overlap, all, so that no half of one is left.
    pub(crate) fn find(&self, text: &str) -> Vec<(Range<usize>, usize)> {
        let mut all = self.places(text);
        all.sort_by_key(|(at, value)| {
            let exact = text.get(at.clone()) == Some(self.values[*value].as_str());
            (at.start, std::cmp::Reverse(at.end), !exact, *value)
        });
        let mut found: Vec<(Range<usize>, usize)> = Vec::new();
        let mut end = 0;
        for (at, value) in all {
            if at.end > end {
                found.push((at.start.max(end)..at.end, value));
                end = at.end;
            }
        }
        found
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
    fn a_card_is_found_beside_other_digits() {
        for (text, card) in [
            ("charge 4111 1111 1111 1111 12/27", "4111 1111 1111 1111"),
            ("5555555555554444 100.00 USD", "5555555555554444"),
            ("7 4111 1111 1111 1111", "4111 1111 1111 1111"),
            ("2024-05-01 4111111111111111", "4111111111111111"),
            ("ref 9874111111111111111", "4111111111111111"),
            ("3782 822463 10005 7", "3782 822463 10005"),
        ] {
            let found = cards(text);
            let whole = found.iter().any(|at| text[at.clone()].contains(card));
            assert!(whole, "{text}: {:?}", texts(text, &found));
        }
        for text in ["2024-05-01 10:00", "1714557600 171", "0000 0000 0000 0000"] {
            assert!(cards(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn an_address_ends_where_the_sentence_does() {
        for (text, address) in [
            ("session from 2001:db8::77.", "2001:db8::77"),
            ("ip:2001:db8::78", "2001:db8::78"),
            ("from: ::1, then", "::1"),
            ("2001:db8:: is a network", "2001:db8::"),
            ("203.0.113.7.", "203.0.113.7"),
            ("at 2001:db8::79: refused", "2001:db8::79"),
        ] {
            assert_eq!(texts(text, &ips(text)), [address], "{text}");
        }
    }

    #[test]
    fn overlapping_values_leave_no_half() {
        let values = Values::new(&["alpha beta", "beta gamma"]).unwrap();
        let found = values.find("x alpha beta gamma y");
        assert_eq!(found, [(2..12, 0), (12..18, 1)]);
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
            "alice%2540example.com",
            "616c696365406578616d706c652e636f6d",
            "Gro\u{308}\u{df}e &quot;x&quot;",
            "Gr\\u00f6\\u00dfe &#34;x&#34;",
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
