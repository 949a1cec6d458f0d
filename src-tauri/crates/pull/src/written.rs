//! The ways in which a server may write a secret back: as it is, in base64, with percent signs (RFC 3986), as JSON writes texts.
//!
//! Owns: finding such writings in a text. Never touches: what the secret is for.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// Shorter parts are left: they would be found in ordinary words.
const SHORTEST: usize = 6;

/// A text without the parts of a secret.
pub(crate) fn without<'p>(text: &str, parts: impl Iterator<Item = &'p str>) -> String {
    let mut clean = text.to_owned();
    for part in parts.filter(|part| part.len() >= SHORTEST) {
        clean = cut(&clean, part.as_bytes());
        for coded in [STANDARD.encode(part), URL_SAFE.encode(part)] {
            clean = cut(&clean, coded.as_bytes());
            clean = cut(&clean, coded.trim_end_matches('=').as_bytes());
        }
    }
    clean
}

fn cut(text: &str, part: &[u8]) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut kept, mut at) = (String::new(), 0, 0);
    while at < bytes.len() {
        // Both begin and end where a character does, because the part is a text.
        match end(bytes, at, part) {
            Some(end) => {
                out.push_str(&text[kept..at]);
                out.push_str("[secret]");
                (kept, at) = (end, end);
            }
            None => at += 1,
        }
    }
    out.push_str(&text[kept..]);
    out
}

/// Where a writing of the part that begins here ends. Each byte may be written in a way of its own.
fn end(text: &[u8], at: usize, part: &[u8]) -> Option<usize> {
    let mut ends = vec![at];
    for byte in part {
        let mut next = Vec::new();
        for at in ends {
            for end in writings(&text[at..], *byte) {
                if !next.contains(&(at + end)) {
                    next.push(at + end);
                }
            }
        }
        if next.is_empty() {
            return None;
        }
        ends = next;
    }
    ends.into_iter().max()
}

/// Lengths of the writings of one byte at the beginning of a text.
fn writings(text: &[u8], byte: u8) -> impl Iterator<Item = usize> {
    let hex = |digits: Option<&[u8]>| {
        let digits = digits.filter(|d| d.iter().all(u8::is_ascii_hexdigit))?;
        let digits = std::str::from_utf8(digits).ok()?;
        u8::from_str_radix(digits, 16).ok()
    };
    let first = text.first().copied();
    let is = |found: bool, length: usize| found.then_some(length);
    let percent = first == Some(b'%');
    let back = first == Some(b'\\');
    [
        is(first == Some(byte), 1),
        is(percent && hex(text.get(1..3)) == Some(byte), 3),
        is(
            text.starts_with(b"%25") && hex(text.get(3..5)) == Some(byte),
            5,
        ),
        is(
            back && text.get(1) == Some(&byte) && matches!(byte, b'"' | b'\\' | b'/'),
            2,
        ),
        is(
            text.starts_with(b"\\u00") && byte.is_ascii() && hex(text.get(4..6)) == Some(byte),
            6,
        ),
    ]
    .into_iter()
    .flatten()
}
