//! Every leaf value of an entry: its share of the identity, and what must be flagged in it.
//!
//! Owns: the keyed hash of content, hidden characters, NUL, card numbers, cut values. Never touches: fields.

use super::{
    cells::Known,
    places::{Places, each_leaf},
    sip::Seeded,
    walk::{Found, Root},
};
use crate::entry::Flags;
use witnessmark_model::Flag;

/// The key of the case's hashes, so that nobody can prepare two entries that pass as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityKey(pub [u8; 16]);

impl IdentityKey {
    pub(crate) fn hash(&self, seed: u64, bytes: &[u8]) -> u64 {
        self.seeded(seed).hash(bytes)
    }

    pub(crate) const fn seeded(&self, seed: u64) -> Seeded {
        Seeded::new(self.0, seed)
    }
}

/// Lengths at which exporters and spreadsheets cut values.
const CUTS: [usize; 8] = [255, 1_024, 4_096, 8_192, 32_767, 32_768, 65_535, 65_536];

/// Whether a text is nothing but printable ASCII: then no value in it hides a character.
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    let odd = |b: &u8| b.wrapping_sub(b' ') > b'~' - b' ';
    let (chunks, rest) = bytes.as_chunks::<32>();
    // A whole chunk is looked at without a branch, which the compiler turns into wide instructions.
    chunks
        .iter()
        .all(|chunk| !chunk.iter().fold(false, |any, b| any | odd(b)))
        && !rest.iter().any(odd)
}

/// What one value must be flagged for; `plain` says that [`is_plain`] is known to hold for it.
pub(crate) fn inspect(text: &str, plain: bool, flags: &mut Flags) {
    let bytes = text.as_bytes();
    if !plain && !is_plain(bytes) {
        characters(text, flags);
    }
    if bytes.len() >= 13 && has_card(bytes) {
        flags.insert(Flag::CardNumber);
    }
    if (bytes.len() >= CUTS[0] && CUTS.contains(&bytes.len()))
        || (!plain && text.ends_with('\u{2026}'))
        || (bytes.len() >= 40 && text.ends_with("..."))
    {
        flags.insert(Flag::CutByExporter);
    }
}

fn characters(text: &str, flags: &mut Flags) {
    for c in text.chars() {
        match c {
            '\0' => flags.insert(Flag::Nul),
            '\t' | '\n' | '\r' | ' '..='~' => {}
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}' => {
                flags.insert(Flag::HiddenCharacters);
            }
            c if c.is_control() => flags.insert(Flag::HiddenCharacters),
            _ => {}
        }
    }
}

/// Whether a value holds 13 to 19 digits, single blanks or hyphens between them, that begin as cards do and pass the
/// check digit. Every run of that length covers each thirteenth byte, so only those are looked at first.
fn has_card(bytes: &[u8]) -> bool {
    let class = |b: u8| b.is_ascii_digit() || b == b' ' || b == b'-';
    let mut at = 12;
    while at < bytes.len() {
        if !class(bytes[at]) {
            at += 13;
            continue;
        }
        let mut start = at;
        while start > 0 && class(bytes[start - 1]) {
            start -= 1;
        }
        let mut end = at + 1;
        while end < bytes.len() && class(bytes[end]) {
            end += 1;
        }
        let joined = |b: Option<&u8>| {
            b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_' || *b == b'.')
        };
        let before = start.checked_sub(1).and_then(|i| bytes.get(i));
        if (13..=64).contains(&(end - start))
            && !(joined(before) && bytes[start].is_ascii_digit())
            && !(bytes
                .get(end)
                .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
                && bytes[end - 1].is_ascii_digit())
            && card_in(&bytes[start..end])
        {
            return true;
        }
        at = end + 13;
    }
    false
}

fn card_in(run: &[u8]) -> bool {
    // Two separators in a row end a number.
    let mut digits: Vec<u8> = Vec::with_capacity(20);
    let mut gap = 0;
    for b in run.iter().chain(b"  ") {
        if b.is_ascii_digit() {
            digits.push(b - b'0');
            gap = 0;
        } else {
            gap += 1;
            if gap == 2 {
                if is_card(&digits) {
                    return true;
                }
                digits.clear();
            }
        }
    }
    false
}

fn is_card(d: &[u8]) -> bool {
    if !(13..=19).contains(&d.len()) {
        return false;
    }
    let prefix = |n: usize| d[..n].iter().fold(0u32, |sum, x| sum * 10 + u32::from(*x));
    let plausible = match d[0] {
        4 => matches!(d.len(), 13 | 16 | 19),
        5 => (51..=55).contains(&prefix(2)) && d.len() == 16 || matches!(prefix(2), 50 | 56..=58),
        2 => {
            (2221..=2720).contains(&prefix(4)) && d.len() == 16
                || prefix(4) == 2014
                || prefix(4) == 2149
        }
        3 => {
            matches!(prefix(2), 34 | 37) && d.len() == 15
                || matches!(prefix(2), 30 | 36 | 38 | 39) && d.len() == 14
                || (3528..=3589).contains(&prefix(4)) && d.len() >= 16
        }
        6 => d.len() >= 16,
        _ => false,
    };
    if !plausible {
        return false;
    }
    let sum: u32 = d
        .iter()
        .rev()
        .enumerate()
        .map(|(i, x)| {
            let x = u32::from(*x);
            if i % 2 == 0 {
                x
            } else if x > 4 {
                x * 2 - 9
            } else {
                x * 2
            }
        })
        .sum();
    sum.is_multiple_of(10)
}

/// Sums the keyed hashes of all leaves of an entry, which does not depend on their order, and flags what is odd in them.
/// `skip` is the address of a leaf's text that does not count (the time's: its instant counts).
pub(crate) struct Content<'k> {
    pub(crate) key: &'k IdentityKey,
    pub(crate) sum: u64,
    pub(crate) flags: Flags,
    pub(crate) skip: Option<(*const u8, usize)>,
    /// Whether [`is_plain`] holds for all leaves.
    pub(crate) plain: bool,
}

impl<'k> Content<'k> {
    pub(crate) const fn new(key: &'k IdentityKey) -> Self {
        Self {
            key,
            sum: 0,
            flags: Flags::NONE,
            skip: None,
            plain: false,
        }
    }

    #[inline]
    fn leaf(&mut self, path: Seeded, text: &str) {
        if text.is_empty() {
            return;
        }
        inspect(text, self.plain, &mut self.flags);
        if self.skip != Some((text.as_ptr(), text.len())) {
            self.sum = self.sum.wrapping_add(path.hash(text.as_bytes()));
        }
    }

    /// Adds everything at a root but what lies under the key `without`. `columns` keeps what comes of the column names,
    /// and `places` what comes of the keys; these also note where each value stands, and `known` what some of them gave.
    pub(crate) fn root(
        &mut self,
        root: &Root<'_>,
        columns: &mut Vec<Seeded>,
        places: Option<(&Places, &IdentityKey)>,
        without: Option<&str>,
        known: Option<&mut Known>,
    ) {
        match root {
            Root::Json(value) => {
                let text = value.written_plainly();
                self.plain = text.is_some_and(|t| is_plain(t.as_bytes()));
                let key = self.key;
                match (places, known) {
                    (Some((places, _)), known) if without.is_none() => {
                        let mut known = known;
                        if let Some(known) = &mut known {
                            known.forget_hits();
                        }
                        let mut leaf = |path: Seeded, memory: Option<u32>, text: &str| match (
                            &mut known, memory,
                        ) {
                            (Some(known), Some(memory)) => known.leaf(memory, text, self),
                            _ => self.leaf(path, text),
                        };
                        places.take_in(*value, key, &mut leaf);
                    }
                    _ => {
                        let mut leaf = |path: Seeded, text: &str| self.leaf(path, text);
                        each_leaf(key, 0, *value, without, &mut leaf);
                    }
                }
            }
            Root::Cells(cells) => {
                self.plain = is_plain(cells.record().as_bytes());
                for (i, text) in cells.iter().enumerate() {
                    while columns.len() <= i {
                        let name = cells.header().get(columns.len());
                        let hash = match name {
                            Some(name) => self.key.hash(0, name.as_bytes()),
                            None => self.key.hash(1, &(columns.len() as u64).to_le_bytes()),
                        };
                        columns.push(self.key.seeded(hash));
                    }
                    self.leaf(columns[i], text);
                }
            }
            Root::Parts(parts) => {
                for (name, text) in *parts {
                    let path = self.key.hash(0, name.as_bytes());
                    self.leaf(self.key.seeded(path), text);
                }
            }
        }
    }

    /// Adds the element of a list that became an event of its own.
    pub(crate) fn element(&mut self, element: Found<'_>) {
        match element {
            Found::Json(value) => {
                let key = self.key;
                let mut leaf = |path: Seeded, text: &str| self.leaf(path, text);
                each_leaf(key, 2, value, None, &mut leaf);
            }
            Found::Text(text) => self.leaf(self.key.seeded(2), text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(text: &str) -> Vec<&'static str> {
        let mut flags = Flags::NONE;
        inspect(text, is_plain(text.as_bytes()), &mut flags);
        flags.iter().map(Flag::code).collect()
    }

    #[test]
    fn card_numbers_are_seen_and_other_numbers_are_not() {
        for card in [
            "4111111111111111",
            "card 4111 1111 1111 1111 declined",
            "5555-5555-5555-4444",
            "378282246310005",
            "pan=4111111111111111,",
            "6011111111111117",
            "x: 2223003122003222.",
        ] {
            assert_eq!(flags(card), ["card_number"], "{card}");
        }
        for other in [
            "4111111111111112",
            "1583364251067",
            "1626781291000000000",
            "a4111111111111111",
            "00u1abvz4pYqdM8ms4x6",
            "2024-04-22 14:32:15",
            "123456789012",
            "0.4111111111111111",
            "+63 917 555 0101",
            "41111111111111111111111",
        ] {
            assert_eq!(flags(other), [] as [&str; 0], "{other}");
        }
    }

    #[test]
    fn hidden_characters_and_cut_values_are_seen() {
        assert_eq!(flags("a\u{202e}b"), ["hidden_characters"]);
        assert_eq!(flags("a\u{200b}b"), ["hidden_characters"]);
        assert_eq!(flags("a\u{7}b"), ["hidden_characters"]);
        assert_eq!(flags("a\0b"), ["nul"]);
        assert_eq!(flags("Grüße\tan alle\n"), [] as [&str; 0]);
        assert_eq!(flags(&"x".repeat(255)), ["cut_by_exporter"]);
        assert_eq!(flags("and then\u{2026}"), ["cut_by_exporter"]);
    }
}
