//! Which bytes are which characters, and how many bytes of the source a decoded text stood for.
//!
//! Owns: detection, decoding piece by piece, and the way back from decoded lengths to original lengths, so that every
//! locator speaks of the original bytes. Never touches: lines, entries.

use encoding_rs::Encoding as Label;

/// The byte order mark of UTF-8.
pub(crate) const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How the text of a source is written.
#[derive(Clone)]
pub enum Encoding {
    /// UTF-8; bytes that are not are kept and flagged entry by entry.
    Utf8,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
    /// One byte for each character, such as windows-1252; only ever chosen by a person.
    SingleByte {
        /// WHATWG label, lower case.
        label: String,
        /// The character of each byte.
        table: Box<[char; 256]>,
    },
}

impl std::fmt::Debug for Encoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.label())
    }
}

/// What the first bytes of a source tell about its encoding.
#[derive(Clone, Debug)]
pub enum Detected {
    /// Known; so many bytes of byte order mark come first.
    Known(Encoding, usize),
    /// A person must choose; a guess to offer.
    Ask(&'static str),
    /// Known, and none that is read.
    Foreign(&'static str),
}

impl Encoding {
    /// The encoding of a label, if it is one whose characters can be traced back to their bytes.
    #[must_use]
    pub fn from_label(label: &str) -> Option<Self> {
        let known = Label::for_label(label.trim().as_bytes())?;
        if known == encoding_rs::UTF_8 {
            return Some(Self::Utf8);
        }
        if known == encoding_rs::UTF_16LE {
            return Some(Self::Utf16Le);
        }
        if known == encoding_rs::UTF_16BE {
            return Some(Self::Utf16Be);
        }
        if !known.is_single_byte() {
            return None;
        }
        let mut table = Box::new(['\u{FFFD}'; 256]);
        for (byte, slot) in (0_u8..=255).zip(table.iter_mut()) {
            let one = [byte];
            let (text, _) = known.decode_without_bom_handling(&one);
            *slot = text.chars().next().unwrap_or('\u{FFFD}');
        }
        Some(Self::SingleByte {
            label: known.name().to_ascii_lowercase(),
            table,
        })
    }

    /// The WHATWG label, lower case.
    #[must_use]
    pub fn label(&self) -> &str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
            Self::SingleByte { label, .. } => label,
        }
    }

    /// Whether the bytes of the source are the bytes of its text.
    #[must_use]
    pub const fn is_utf8(&self) -> bool {
        matches!(self, Self::Utf8)
    }

    /// Appends the text of `bytes`, as far as they hold whole characters, and says how many bytes were used.
    /// At the end of the source all of them are. For UTF-8 the bytes are copied as they are.
    pub fn decode(&self, bytes: &[u8], last: bool, out: &mut Vec<u8>) -> usize {
        match self {
            Self::Utf8 => {
                out.extend_from_slice(bytes);
                bytes.len()
            }
            Self::Utf16Le => decode_utf16(bytes, last, u16::from_le_bytes, out),
            Self::Utf16Be => decode_utf16(bytes, last, u16::from_be_bytes, out),
            Self::SingleByte { table, .. } => {
                for byte in bytes {
                    push(table[usize::from(*byte)], out);
                }
                bytes.len()
            }
        }
    }

    /// Bytes of the source that a decoded text stood for; only an odd byte at the very end of UTF-16 counts one less.
    #[must_use]
    pub fn source_len(&self, text: &[u8]) -> usize {
        let characters = || text.iter().filter(|b| (**b & 0xC0) != 0x80).count();
        match self {
            Self::Utf8 => text.len(),
            Self::Utf16Le | Self::Utf16Be => {
                2 * (characters() + text.iter().filter(|b| **b >= 0xF0).count())
            }
            Self::SingleByte { .. } => characters(),
        }
    }

    /// The whole text of some bytes, what is not text as U+FFFD.
    #[must_use]
    pub fn text<'a>(&self, bytes: &'a [u8]) -> std::borrow::Cow<'a, str> {
        if self.is_utf8() {
            return String::from_utf8_lossy(bytes);
        }
        let mut out = Vec::with_capacity(bytes.len());
        self.decode(bytes, true, &mut out);
        String::from_utf8(out)
            .unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into_owned())
            .into()
    }
}

fn push(c: char, out: &mut Vec<u8>) {
    let mut buffer = [0; 4];
    out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
}

fn decode_utf16(bytes: &[u8], last: bool, unit: fn([u8; 2]) -> u16, out: &mut Vec<u8>) -> usize {
    let at = |i: usize| {
        bytes
            .get(i..)
            .and_then(|rest| rest.first_chunk::<2>())
            .map(|pair| unit(*pair))
    };
    let mut used = 0;
    while let Some(first) = at(used) {
        if (0xD800..0xDC00).contains(&first) {
            match at(used + 2) {
                None if !last => return used,
                Some(second) if (0xDC00..0xE000).contains(&second) => {
                    let code = 0x1_0000
                        + ((u32::from(first) - 0xD800) << 10)
                        + (u32::from(second) - 0xDC00);
                    push(char::from_u32(code).unwrap_or('\u{FFFD}'), out);
                    used += 4;
                    continue;
                }
                _ => {}
            }
        }
        push(char::from_u32(u32::from(first)).unwrap_or('\u{FFFD}'), out);
        used += 2;
    }
    if last && used < bytes.len() {
        push('\u{FFFD}', out);
        used = bytes.len();
    }
    used
}

/// Tells the encoding from the first bytes: a byte order mark decides; else UTF-8, unless the bytes speak against it.
#[must_use]
pub fn detect(head: &[u8]) -> Detected {
    if head.starts_with(UTF8_MARK) {
        return Detected::Known(Encoding::Utf8, 3);
    }
    // The mark of UTF-32 begins with that of UTF-16, where a NUL would have to be the first character.
    if head.starts_with(b"\xFF\xFE\0\0") || head.starts_with(b"\0\0\xFE\xFF") {
        return Detected::Foreign("UTF-32");
    }
    if head.starts_with(b"\xFF\xFE") {
        return Detected::Known(Encoding::Utf16Le, 2);
    }
    if head.starts_with(b"\xFE\xFF") {
        return Detected::Known(Encoding::Utf16Be, 2);
    }
    if let Some(guess) = unmarked_utf16(head) {
        return Detected::Ask(guess);
    }
    if speaks_against_utf8(head) {
        return Detected::Ask("windows-1252");
    }
    Detected::Known(Encoding::Utf8, 0)
}

/// UTF-16 of western text has a NUL in nearly every second byte and hardly one in the others.
fn unmarked_utf16(head: &[u8]) -> Option<&'static str> {
    let pairs = head.len() / 2;
    if pairs < 2 {
        return None;
    }
    let (even, odd) = head
        .as_chunks::<2>()
        .0
        .iter()
        .fold((0, 0), |(e, o), [a, b]| {
            (e + usize::from(*a == 0), o + usize::from(*b == 0))
        });
    if odd * 10 >= pairs * 6 && even * 20 <= pairs {
        return Some("utf-16le");
    }
    (even * 10 >= pairs * 6 && odd * 20 <= pairs).then_some("utf-16be")
}

/// No single character beyond ASCII is valid UTF-8, and most stand alone between letters, as accented letters of
/// Latin-1 do. A few bad bytes in a text that is otherwise UTF-8 do not count: their entries are kept and flagged.
fn speaks_against_utf8(head: &[u8]) -> bool {
    let mut rest = head;
    let (mut alone, mut bad) = (0_usize, 0_usize);
    let mut before = 0_u8;
    loop {
        match std::str::from_utf8(rest) {
            Ok(text) => return text.is_ascii() && bad > 0 && alone * 2 >= bad,
            Err(error) => {
                let (valid, wrong) = rest.split_at(error.valid_up_to());
                if !valid.is_ascii() {
                    return false;
                }
                let Some(length) = error.error_len() else {
                    // The head ends inside a character, which says nothing.
                    return bad > 0 && alone * 2 >= bad;
                };
                let letter_before = valid
                    .last()
                    .copied()
                    .unwrap_or(before)
                    .is_ascii_alphabetic();
                let letter_after = wrong.get(1).is_some_and(u8::is_ascii_alphabetic);
                bad += 1;
                alone += usize::from(
                    (0xC0..0xFF).contains(&wrong[0]) && (letter_before || letter_after),
                );
                before = wrong[length - 1];
                rest = &wrong[length..];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(head: &[u8]) -> String {
        match detect(head) {
            Detected::Known(encoding, bom) => format!("{}+{bom}", encoding.label()),
            Detected::Ask(guess) => format!("ask {guess}"),
            Detected::Foreign(name) => format!("foreign {name}"),
        }
    }

    #[test]
    fn a_mark_decides_and_without_it_utf8_or_a_question() {
        assert_eq!(kind(b"\xEF\xBB\xBFa"), "utf-8+3");
        assert_eq!(kind(b"\xFF\xFEa\0"), "utf-16le+2");
        assert_eq!(kind(b"\xFE\xFF\0a"), "utf-16be+2");
        assert_eq!(kind(b"\xFF\xFE\0\0a\0\0\0"), "foreign UTF-32");
        assert_eq!(kind(b"\0\0\xFE\xFF\0\0\0a"), "foreign UTF-32");
        assert_eq!(kind("time,Jos\u{e9}".as_bytes()), "utf-8+0");
        assert_eq!(kind(b"time,Jos\xE9 Garc\xEDa,x"), "ask windows-1252");
        assert_eq!(kind(b"t\0i\0m\0e\0,\0"), "ask utf-16le");
        assert_eq!(kind(b"\0t\0i\0m\0e\0,"), "ask utf-16be");
    }

    #[test]
    fn single_bad_bytes_do_not_make_a_question() {
        assert_eq!(kind(b"a,b\n1,\xFF\n2,x"), "utf-8+0");
        assert_eq!(kind(b"a,b\n1,\xC0\xAF\n2,\xED\xA0\x80"), "utf-8+0");
        assert_eq!(kind("é,\u{fc}\n".as_bytes()), "utf-8+0");
        assert_eq!(kind(b"\xC3\xA9t\xE9,x\xE9y"), "utf-8+0");
        assert_eq!(kind(b"abc\xC3"), "utf-8+0");
    }

    #[test]
    fn utf16_of_any_cut_gives_the_same_text_and_lengths() {
        let text = "a\u{e9}\u{20ac}\u{1F600}z";
        let mut bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes.extend([0x00, 0xD8, b'x', 0, b'!']);
        let encoding = Encoding::Utf16Le;
        let whole = encoding.text(&bytes).into_owned();
        assert_eq!(whole, format!("{text}\u{FFFD}x\u{FFFD}"));
        for cut in 0..bytes.len() {
            let mut out = Vec::new();
            let used = encoding.decode(&bytes[..cut], false, &mut out);
            assert_eq!(encoding.source_len(&out), used);
            encoding.decode(&bytes[used..], true, &mut out);
            assert_eq!(out, whole.as_bytes());
        }
    }

    #[test]
    fn single_byte_encodings_count_one_byte_a_character() {
        let encoding = Encoding::from_label("latin1").unwrap();
        assert_eq!(encoding.label(), "windows-1252");
        let text = encoding.text(b"Jos\xE9 \x80");
        assert_eq!(text, "José €");
        assert_eq!(encoding.source_len(text.as_bytes()), 6);
        assert!(Encoding::from_label("shift_jis").is_none());
    }
}
