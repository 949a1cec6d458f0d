//! The ways in which one text can be read: as it stands, unescaped, out of base64 or hex, and with its letters folded.
//!
//! Owns: what counts as an escape, as an encoded run and as the same letter, and where a place in a reading stands in the text.
//! Never touches: what is looked for. A name that a page wrote as `Zo\u00eb` or `hidden%40mail` is the same name.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use caseless::Caseless as _;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::canonical_combining_class;

/// Shortest run of letters and digits that is tried as base64 or hex.
const RUN: usize = 8;
/// Escapes within escapes that are followed: `%2540` is an `@` after two.
const DEEP: usize = 4;
/// Readings of one text; one with more is a text made to be slow.
const MOST: usize = 256;

/// Base64 as programs write it: with padding or without, and with stray bits after the last byte.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// One reading of a text.
pub(crate) struct View<'t> {
    pub(crate) text: Cow<'t, str>,
    /// For each byte of the reading, where what it was made of stands in the text; absent where both are the same.
    map: Option<Vec<(usize, usize)>>,
    depth: usize,
}

impl View<'_> {
    /// Where a place of the reading stands in the text.
    pub(crate) fn origin(&self, at: &Range<usize>) -> Range<usize> {
        match &self.map {
            None => at.clone(),
            Some(_) if at.is_empty() => 0..0,
            Some(map) => map[at.start].0..map[at.end - 1].1,
        }
    }
}

/// Every reading of a text, the text itself first.
pub(crate) fn views(text: &str) -> Vec<View<'_>> {
    let mut all = vec![View {
        text: Cow::Borrowed(text),
        map: None,
        depth: 0,
    }];
    let mut at = 0;
    while at < all.len() && all.len() < MOST {
        if all[at].depth < DEEP {
            let mut further = Vec::new();
            further.extend(unescaped(&all[at]));
            runs(&all[at], &mut further);
            all.append(&mut further);
        }
        at += 1;
    }
    all
}

/// A text without its escapes, layer by layer, the text itself first. What a value says in base64 is not the value.
pub(crate) fn layers(text: &str) -> Vec<String> {
    let mut view = View {
        text: Cow::Borrowed(text),
        map: None,
        depth: 0,
    };
    let mut all = vec![text.to_owned()];
    while view.depth < DEEP
        && let Some(next) = unescaped(&view)
    {
        all.push(next.text.clone().into_owned());
        view = next;
    }
    all
}

/// A reading that is being made.
#[derive(Default)]
struct Made {
    text: String,
    map: Vec<(usize, usize)>,
}

impl Made {
    fn push(&mut self, letter: char, origin: &Range<usize>) {
        self.text.push(letter);
        let bytes = std::iter::repeat_n((origin.start, origin.end), letter.len_utf8());
        self.map.extend(bytes);
    }
}

/// The text with one layer of escapes taken off, where it has some.
fn unescaped<'t>(view: &View<'_>) -> Option<View<'t>> {
    let text = &*view.text;
    if !text.contains(['%', '&', '\\', '=']) {
        return None;
    }
    let mut made = Made::default();
    let mut at = 0;
    let mut found = false;
    while let Some(letter) = text[at..].chars().next() {
        let rest = &text[at..];
        let read = match letter {
            '%' => bytes_after(rest, '%'),
            // Quoted-printable, as in mails.
            '=' => bytes_after(rest, '='),
            '&' => entity(rest),
            '\\' => escape(rest),
            _ => None,
        };
        match read {
            Some((letters, length)) => {
                found = true;
                // Of several bytes each letter stands where its own escapes do; one escape is three characters.
                let several = letters.chars().count() > 1;
                let mut from = at;
                for letter in letters.chars() {
                    let span = if several {
                        letter.len_utf8() * 3
                    } else {
                        length
                    };
                    made.push(letter, &view.origin(&(from..from + span)));
                    from += span;
                }
                at += length;
            }
            None => {
                let end = at + letter.len_utf8();
                made.push(letter, &view.origin(&(at..end)));
                at = end;
            }
        }
    }
    found.then_some(View {
        text: Cow::Owned(made.text),
        map: Some(made.map),
        depth: view.depth + 1,
    })
}

/// The letters of a row of `%41` or `=41`, and its length.
fn bytes_after(text: &str, mark: char) -> Option<(String, usize)> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(after) = rest.strip_prefix(mark)
        && let Some(digits) = after.get(..2)
        && let Ok(byte) = u8::from_str_radix(digits, 16)
        && digits.bytes().all(|b| b.is_ascii_hexdigit())
    {
        bytes.push(byte);
        rest = &after[2..];
    }
    // What is not UTF-8 from here on is left as it stands, and read again after the first good part.
    let good = match std::str::from_utf8(&bytes) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?,
    };
    (!good.is_empty()).then(|| (good.to_owned(), good.len() * 3))
}

/// The letter of `&#64;`, `&#x40;` or a named entity, and its length.
fn entity(text: &str) -> Option<(String, usize)> {
    let end = text.char_indices().take(12).find(|(_, c)| *c == ';')?.0;
    let name = text.get(1..end)?;
    let letter = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        _ => {
            let number = name.strip_prefix('#')?;
            let hex = number.strip_prefix(['x', 'X']);
            let code = match hex {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    Some((letter.to_string(), end + 1))
}

/// The letter of an escape of JSON or of a programming language, and its length.
fn escape(text: &str) -> Option<(String, usize)> {
    let code = |from: usize, digits: usize| -> Option<u32> {
        let word = text.get(from..from + digits)?;
        let plain = word.bytes().all(|b| b.is_ascii_hexdigit());
        u32::from_str_radix(word, 16).ok().filter(|_| plain)
    };
    let (letter, length) = match text.get(1..2)? {
        "u" => match code(2, 4)? {
            high @ 0xD800..0xDC00 if text.get(6..8) == Some("\\u") => {
                let low = code(8, 4)?.checked_sub(0xDC00).filter(|l| *l < 0x400)?;
                (
                    char::from_u32(0x1_0000 + ((high - 0xD800) << 10) + low)?,
                    12,
                )
            }
            single => (char::from_u32(single)?, 6),
        },
        "x" => (char::from_u32(code(2, 2)?)?, 4),
        "n" | "r" | "t" => (' ', 2),
        "\"" => ('"', 2),
        "\\" => ('\\', 2),
        "/" => ('/', 2),
        "'" => ('\'', 2),
        _ => return None,
    };
    Some((letter.to_string(), length))
}

/// What runs of base64 or hex say, where they say something that can be read. A run is replaced as a whole.
fn runs<'t>(view: &View<'_>, further: &mut Vec<View<'t>>) {
    let bytes = view.text.as_bytes();
    let of_run = |b: &u8| b.is_ascii_alphanumeric() || b"+/-_".contains(b);
    let mut at = 0;
    while at < bytes.len() {
        let length = bytes[at..].iter().take_while(|b| of_run(b)).count();
        let end = at + length;
        if length >= RUN {
            let padding = bytes[end..].iter().take_while(|b| **b == b'=').count();
            let origin = view.origin(&(at..end + padding.min(2)));
            for text in said(&bytes[at..end]) {
                let map = vec![(origin.start, origin.end); text.len()];
                further.push(View {
                    text: Cow::Owned(text),
                    map: Some(map),
                    depth: view.depth + 1,
                });
            }
        }
        at = end.max(at + 1);
    }
}

/// What a run says in base64 and in hex.
fn said(run: &[u8]) -> Vec<String> {
    let mut all = Vec::new();
    if run.iter().all(u8::is_ascii_hexdigit)
        && let Ok(bytes) = hex::decode(&run[..run.len() / 2 * 2])
    {
        all.extend(readable(&bytes));
    }
    let standard: Vec<u8> = run
        .iter()
        .map(|b| match b {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    let whole = if standard.len() % 4 == 1 {
        &standard[..standard.len() - 1]
    } else {
        &standard
    };
    if let Ok(bytes) = LENIENT.decode(whole) {
        all.extend(readable(&bytes));
    }
    all
}

/// Bytes as text, where they are one in UTF-8 or UTF-16.
fn readable(bytes: &[u8]) -> Option<String> {
    let plain = |c: char| !c.is_control() || "\t\r\n".contains(c);
    if let Ok(text) = std::str::from_utf8(bytes)
        && text.chars().all(plain)
    {
        return Some(text.to_owned());
    }
    if bytes.len() < 4 {
        return None;
    }
    let pairs = bytes.as_chunks::<2>().0;
    for unit in [u16::from_le_bytes, u16::from_be_bytes] {
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        // Letters of Europe stand below here; noise seldom does.
        let low = units.iter().filter(|u| (0x20..0x600).contains(*u)).count();
        if low * 2 > units.len() {
            let text: String = char::decode_utf16(units)
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect();
            return Some(text);
        }
    }
    None
}

/// A text with letters folded: upper and lower case, composed and decomposed accents, wide and narrow forms are one.
pub(crate) struct Folded {
    pub(crate) text: String,
    /// For each byte, the letter with its marks that it was made of.
    map: Vec<(usize, usize)>,
}

impl Folded {
    /// Where a place stands in the text that was folded; absent when it begins or ends inside a letter.
    pub(crate) fn origin(&self, at: &Range<usize>) -> Option<Range<usize>> {
        let (first, last) = (
            self.map.get(at.start)?,
            self.map.get(at.end.checked_sub(1)?)?,
        );
        let before = at.start.checked_sub(1).and_then(|b| self.map.get(b));
        let whole = before != Some(first) && self.map.get(at.end) != Some(last);
        whole.then_some(first.0..last.1)
    }
}

/// Characters that are not seen, and that somebody could put into a name.
fn unseen(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'
    )
}

/// Folds a text.
pub(crate) fn folded(text: &str) -> Folded {
    let mut out = Folded {
        text: String::with_capacity(text.len()),
        map: Vec::with_capacity(text.len()),
    };
    let mut letters = text.char_indices().peekable();
    while let Some((start, first)) = letters.next() {
        let mut end = start + first.len_utf8();
        while let Some((at, mark)) = letters.next_if(|(_, c)| canonical_combining_class(*c) != 0) {
            end = at + mark.len_utf8();
        }
        let cluster = text[start..end].chars().filter(|c| !unseen(*c));
        for letter in cluster.nfkd().default_case_fold().nfkd() {
            out.text.push(letter);
            let bytes = std::iter::repeat_n((start, end), letter.len_utf8());
            out.map.extend(bytes);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_read_in_every_way() {
        for (text, says) in [
            (
                "x hidden%2Eperson%40example.org",
                "x hidden.person@example.org",
            ),
            ("%2540", "@"),
            ("Zo%C3%AB!", "Zoë!"),
            ("Zo\\u00eb", "Zoë"),
            ("O&#39;Brien &#x26; &amp;", "O'Brien & &"),
            ("\\ud83d\\ude00", "😀"),
            ("mail=40example.org", "mail@example.org"),
            ("6869206d61726961", "hi maria"),
            ("aGkgbWFyaWE", "hi maria"),
            ("bQBhAHIAaQBhAA==", "maria"),
            ("aGlkZGVuJTQweC5vcmc", "hidden@x.org"),
        ] {
            let all = views(text);
            let found = all.iter().find(|v| v.text == says);
            let found = found.unwrap_or_else(|| {
                panic!(
                    "{text}: {:?}",
                    all.iter().map(|v| &v.text).collect::<Vec<_>>()
                )
            });
            assert_eq!(
                found.origin(&(0..found.text.len())),
                0..text.len(),
                "{text}"
            );
        }
        let text = "a%C3%ABb";
        let read = &views(text)[1];
        assert_eq!(&text[read.origin(&(1..3))], "%C3%AB");
        assert_eq!(views("nothing to read here").len(), 1);
        views("%").len();
        views("100% &; \\ \\u12 %zz =");
    }

    #[test]
    fn letters_are_one_whatever_their_form() {
        for (a, b) in [
            ("МАРИЯ", "Мария"),
            ("Zoë", "zoe\u{308}"),
            ("GRÖSSE", "größe"),
            ("ｍａｒｉａ", "MARIA"),
            ("ma\u{200b}ria", "maria"),
        ] {
            assert_eq!(folded(a).text, folded(b).text);
        }
        let text = folded("zoe\u{308}");
        assert_eq!(text.origin(&(0..text.text.len())), Some(0..5));
        assert_eq!(text.origin(&(0..3)), None, "`zoe` is no part of `zoë`");
    }
}
