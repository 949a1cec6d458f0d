//! Values of rules: texts with wildcards, numbers, patterns, networks.
//!
//! Owns: what a value of a rule means for a value of an entry. Never touches: entries, conditions. Texts are compared
//! without regard to case unless the rule says `cased`. Patterns never backtrack, and have a size limit.

use ipnet::IpNet;
use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};

/// Bytes of a regular expression of a rule.
const LONGEST_PATTERN: usize = 1 << 10;
/// Memory that a compiled one may take, and what it may take beside that while it is used. Of many each may take less, so
/// that twenty thousand rules do not take more than a machine has.
const LARGEST_PATTERN: [usize; 2] = [1 << 20, 1 << 16];
/// Regular expressions that may be large.
const FEW_PATTERNS: usize = 1_000;

/// A piece of a text with wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(String),
    /// `*`
    Any,
    /// `?`
    One,
}

/// The pieces of a Sigma text: `*` and `?` are wildcards, a backslash before one of them or itself takes their meaning.
pub(crate) fn pieces(text: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let wild = match c {
            '\\' if matches!(chars.peek(), Some('*' | '?' | '\\')) => {
                plain.extend(chars.next());
                continue;
            }
            '*' => Piece::Any,
            '?' => Piece::One,
            c => {
                plain.push(c);
                continue;
            }
        };
        if !plain.is_empty() {
            out.push(Piece::Text(std::mem::take(&mut plain)));
        }
        if wild == Piece::One || out.last() != Some(&Piece::Any) {
            out.push(wild);
        }
    }
    if !plain.is_empty() || out.is_empty() {
        out.push(Piece::Text(plain));
    }
    out
}

/// A text with wildcards, ready to be compared.
#[derive(Clone, Debug)]
pub(crate) enum Glob {
    Is(String),
    Begins(String),
    Ends(String),
    Holds(Box<Finder<'static>>),
    Present,
    Other(Vec<Piece>),
}

impl Glob {
    /// Of pieces whose texts are already folded, if they are to be.
    pub(crate) fn new(pieces: Vec<Piece>) -> Self {
        match pieces.as_slice() {
            [Piece::Text(t)] => Self::Is(t.clone()),
            [Piece::Any] => Self::Present,
            [Piece::Text(t), Piece::Any] => Self::Begins(t.clone()),
            [Piece::Any, Piece::Text(t)] => Self::Ends(t.clone()),
            [Piece::Any, Piece::Text(t), Piece::Any] => {
                Self::Holds(Box::new(Finder::new(t).into_owned()))
            }
            _ => Self::Other(pieces),
        }
    }

    pub(crate) fn fits(&self, text: &str) -> bool {
        match self {
            Self::Is(t) => t == text,
            Self::Begins(t) => text.starts_with(t.as_str()),
            Self::Ends(t) => text.ends_with(t.as_str()),
            Self::Holds(finder) => finder.find(text.as_bytes()).is_some(),
            Self::Present => true,
            Self::Other(pieces) => wild(pieces, text),
        }
    }
}

/// Greedy matching that goes back to the last `*` only: time is at most the product of both lengths.
fn wild(pieces: &[Piece], text: &str) -> bool {
    let (mut at, mut rest) = (0, text);
    let mut back: Option<(usize, &str)> = None;
    loop {
        let step = match pieces.get(at) {
            Some(Piece::Any) => {
                back = Some((at, rest));
                at += 1;
                continue;
            }
            Some(Piece::Text(t)) => rest.strip_prefix(t.as_str()),
            Some(Piece::One) => {
                let mut chars = rest.chars();
                chars.next().map(|_| chars.as_str())
            }
            None if rest.is_empty() => return true,
            None => None,
        };
        if let Some(left) = step {
            rest = left;
            at += 1;
            continue;
        }
        let Some((star, from)) = back else {
            return false;
        };
        let mut chars = from.chars();
        if chars.next().is_none() {
            return false;
        }
        back = Some((star, chars.as_str()));
        rest = chars.as_str();
        at = star + 1;
    }
}

/// A comparison of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Below,
    AtMost,
    Above,
    AtLeast,
}

/// A test of one value.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    /// Text with wildcards; `true` where case counts.
    Text(Glob, bool),
    /// A number; also its text counts.
    Number(f64, String),
    /// A regular expression, and how many steps a byte of text counts for.
    Pattern(Box<Regex>, u64),
    Network(IpNet),
    Compare(Order, f64),
    /// The value of another field; `true` where case counts.
    Field(usize, bool),
    /// Absent or null.
    Null,
    /// Whether the field is there.
    Exists(bool),
}

impl Test {
    /// A test of a text by its pieces.
    pub(crate) fn text(mut pieces: Vec<Piece>, cased: bool) -> Self {
        if !cased {
            for piece in &mut pieces {
                if let Piece::Text(t) = piece {
                    *t = fold(t);
                }
            }
        }
        Self::Text(Glob::new(pieces), cased)
    }

    /// A regular expression with its flags; `before` is how many there are already.
    pub(crate) fn pattern(text: &str, flags: [bool; 3], before: usize) -> Result<Self, String> {
        let largest = LARGEST_PATTERN[usize::from(before >= FEW_PATTERNS)];
        if text.len() > LONGEST_PATTERN {
            return Err(format!(
                "a regular expression has more than {LONGEST_PATTERN} bytes"
            ));
        }
        let built = RegexBuilder::new(text)
            .case_insensitive(flags[0])
            .multi_line(flags[1])
            .dot_matches_new_line(flags[2])
            .size_limit(largest)
            .dfa_size_limit(largest)
            .nest_limit(64)
            .build();
        let steps = steps(text);
        built
            .map(|r| Self::Pattern(Box::new(r), steps))
            .map_err(|e| {
                let why = e.to_string();
                format!(
                    "a regular expression cannot be used: {}",
                    why.lines().last().unwrap_or_default()
                )
            })
    }

    /// At most how many steps a text of so many bytes takes; 0 where it is one look.
    pub(crate) fn effort(&self, bytes: usize) -> u64 {
        match self {
            Self::Text(Glob::Other(pieces), _) => (pieces.len() as u64) * bytes as u64,
            Self::Pattern(_, steps) => steps * bytes as u64,
            Self::Text(Glob::Holds(_), _) => bytes as u64 / 8,
            _ => 0,
        }
    }

    /// Whether a value passes; `folded` is the same text without regard to case.
    pub(crate) fn passes(&self, raw: &str, folded: &str) -> bool {
        match self {
            Self::Text(glob, cased) => glob.fits(if *cased { raw } else { folded }),
            Self::Number(n, text) => raw == text || raw.parse::<f64>().is_ok_and(|v| v == *n),
            Self::Pattern(regex, _) => regex.is_match(raw),
            Self::Network(net) => raw
                .parse::<std::net::IpAddr>()
                .is_ok_and(|ip| net.contains(&ip.to_canonical())),
            Self::Compare(order, n) => raw.parse::<f64>().is_ok_and(|v| match order {
                Order::Below => v < *n,
                Order::AtMost => v <= *n,
                Order::Above => v > *n,
                Order::AtLeast => v >= *n,
            }),
            Self::Field(..) | Self::Null | Self::Exists(_) => false,
        }
    }
}

/// Steps for a byte: what is repeated so many times is as many states, all of which may be alive at once.
fn steps(pattern: &str) -> u64 {
    let counts = pattern.split(|c: char| !c.is_ascii_digit());
    let states: u64 = counts.filter_map(|n| n.parse::<u64>().ok()).sum();
    2 + states.min(1 << 16) / 8
}

/// Text without regard to case.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        Test::text(pieces(pattern), false).passes(text, &fold(text))
    }

    #[test]
    fn wildcards_and_escapes() {
        for (pattern, text, expected) in [
            ("abc", "ABC", true),
            ("abc", "abcd", false),
            ("abc*", "abcd", true),
            ("*bc", "abc", true),
            ("*b*", "abc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("a**c", "abc", true),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
            (r"a\*c", "a*c", true),
            (r"a\*c", "abc", false),
            (r"C:\Windows", r"c:\windows", true),
            (r"a\\*", r"a\xyz", true),
            ("*ä*", "x Ä y", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn hostile_patterns_end_soon() {
        for bad in [
            r"(\w{1000}){1000}".to_owned(),
            "a".repeat(1_025),
            format!("{}a{}", "(".repeat(100), ")".repeat(100)),
            "(?=x)".to_owned(),
        ] {
            assert!(Test::pattern(&bad, [false; 3], 0).is_err());
        }
        let slow = Test::pattern("(a+)+$", [false; 3], 0).unwrap();
        let text = format!("{}b", "a".repeat(50_000));
        assert!(!slow.passes(&text, &text));
        let stars = "*a".repeat(200) + "*b";
        assert!(!fits(&stars, &"a".repeat(5_000)));
    }
}
