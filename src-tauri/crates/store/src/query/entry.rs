//! Tests that must read the original entry: free text, bytes, and leaf values by path.
//!
//! Owns: reading the entries of a chunk in the order in which they lie, and sparing most of them the full reading.
//! Never touches: formats (the leaf reader knows them).

use std::{collections::HashMap, sync::Arc};

use memchr::{memchr, memmem::Finder};
use witnessmark_lens::{
    fold, path_is,
    query::{On, Test},
};
use witnessmark_model::SourceShape;

use super::{
    bits::{Bits, words_for},
    filter::At,
    plan::EntryTest,
};
use crate::Result;

/// Rows between two reports of progress, which are also the places where a query can be cancelled.
const REPORT: usize = 4_096;

impl At<'_> {
    /// The rows of `open` whose entry passes.
    pub(crate) fn entries(&self, test: &EntryTest, open: &Bits) -> Result<Bits> {
        let rows = self.rows();
        let facts = self.query.facts;
        let places = self.segment.columns.locators(self.chunk)?;
        let sources = self.segment.columns.sources(self.chunk)?;
        let mut order = Vec::with_capacity(open.count(rows) as usize);
        open.each_in(0..rows, |row| order.push(row as u32));
        // Rows lie by time, entries by offset; blocks of evidence are unpacked once when they are read in order.
        order
            .sort_unstable_by_key(|row| (sources.get(*row as usize), places.offset[*row as usize]));
        let mut originals = facts.originals()?;
        let mut sieve = Sieve::of(test);
        let mut shapes: HashMap<u32, Arc<SourceShape>> = HashMap::new();
        let mut words = vec![0_u64; words_for(rows)];
        for rows in order.chunks(REPORT) {
            for row in rows {
                let row = *row as usize;
                let source = sources.get(row);
                let raw = originals.read(&places.get(row, source))?;
                let shape = match shapes.entry(source) {
                    std::collections::hash_map::Entry::Occupied(e) => e.into_mut(),
                    std::collections::hash_map::Entry::Vacant(e) => e.insert(facts.shape(source)?),
                };
                let holds = match &test.on {
                    On::Raw => test.test.matches_bytes(raw),
                    On::RawPath(path) => {
                        let mut found = false;
                        facts.leaf_reader().leaves(shape, raw, &mut |leaf, value| {
                            found |= !value.is_empty()
                                && path_is(path, leaf)
                                && test.test.matches(value);
                        });
                        found
                    }
                    _ => {
                        sieve.lets_through(shape, raw) && {
                            let mut found = false;
                            facts.leaf_reader().leaves(shape, raw, &mut |_, value| {
                                found |= !value.is_empty() && test.test.matches(value);
                            });
                            found
                        }
                    }
                };
                words[row / 64] |= u64::from(holds) << (row % 64);
            }
            facts.progress(rows.len() as u64)?;
        }
        Ok(Bits::from_words(words, rows))
    }
}

/// Tells quickly that no leaf of an entry can contain a text. It may let through what does not match, never the reverse.
///
/// In UTF-8 without a backslash no leaf has a character that the entry does not have as it stands: readers only leave
/// out quotes (doubled, closing, stray). So the text, its quotes left out, must stand in the folded entry, its quotes
/// left out. Where that premise fails, the entry is read in full.
struct Sieve {
    /// Folded text without quotes; absent when it says nothing.
    text: Option<Finder<'static>>,
    /// Whether quotes were left out of the text.
    quoted: bool,
    folded: Vec<u8>,
}

const QUOTES: [char; 2] = ['"', '\''];

impl Sieve {
    fn of(test: &EntryTest) -> Self {
        let text = match &test.test {
            Test::Contains(folded) => Some(folded),
            // A first or last piece that is not empty would have to stand at the border of a leaf; standing at all is necessary.
            Test::Wild(pieces) => pieces.iter().max_by_key(|piece| piece.len()),
            _ => None,
        };
        let quoted = text.is_some_and(|t| t.contains(QUOTES));
        let bare: Option<String> =
            text.map(|t| t.chars().filter(|c| !QUOTES.contains(c)).collect());
        let says_something =
            |text: &String| !text.is_empty() && !text.contains(char::REPLACEMENT_CHARACTER);
        Self {
            text: bare
                .filter(says_something)
                .map(|t| Finder::new(t.as_bytes()).into_owned()),
            quoted,
            folded: Vec::new(),
        }
    }

    fn lets_through(&mut self, shape: &SourceShape, raw: &[u8]) -> bool {
        let Some(text) = &self.text else {
            return true;
        };
        if !is_utf8(&shape.encoding)
            || !matches!(shape.shape.as_str(), "csv" | "json" | "line")
            || memchr(b'\\', raw).is_some()
            || (shape.quote != 0 && !QUOTES.contains(&char::from(shape.quote)))
        {
            return true;
        }
        self.folded.clear();
        if raw.is_ascii() {
            self.folded.extend_from_slice(raw);
            self.folded.make_ascii_lowercase();
        } else {
            self.folded
                .extend_from_slice(fold(&String::from_utf8_lossy(raw)).as_bytes());
        }
        if text.find(&self.folded).is_some() {
            return true;
        }
        // JSON without a backslash has its leaves between quotes, never across one; elsewhere a quote may be left out.
        if (shape.shape == "json" && !self.quoted) || !self.folded.iter().any(|b| is_quote(*b)) {
            return false;
        }
        self.folded.retain(|b| !is_quote(*b));
        text.find(&self.folded).is_some()
    }
}

fn is_quote(byte: u8) -> bool {
    QUOTES.contains(&char::from(byte))
}

fn is_utf8(label: &str) -> bool {
    ["utf-8", "utf8"]
        .iter()
        .any(|name| label.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sieve(text: &str) -> Sieve {
        Sieve::of(&EntryTest {
            on: On::Text,
            test: Test::Contains(fold(text).into_owned()),
            key: String::new(),
        })
    }

    fn shape(shape: &str) -> SourceShape {
        SourceShape {
            shape: shape.into(),
            delimiter: b',',
            quote: if shape == "csv" { b'"' } else { 0 },
            encoding: "UTF-8".into(),
            ..SourceShape::default()
        }
    }

    #[test]
    fn what_could_be_a_leaf_passes() {
        for (kind, raw, text) in [
            ("csv", "a,\"say \"\"hi\"\" now\",b", "say \"hi\" now"),
            ("csv", "\"a,\"b\",c", "a,b"),
            ("csv", "\"O'Neil\",x", "o'neil"),
            ("json", r#"{"a":"caf\u00e9"}"#, "café"),
            ("json", r#"{"a":"Straße"}"#, "STRASSE"),
            ("json", r#"{"a":"it's"}"#, "it's"),
            ("line", "a | K\u{212A} | b", "kk"),
        ] {
            assert!(
                sieve(text).lets_through(&shape(kind), raw.as_bytes()),
                "{raw} {text}"
            );
        }
    }

    #[test]
    fn what_cannot_be_a_leaf_is_spared() {
        assert!(!sieve("eve").lets_through(&shape("json"), br#"{"a":"alice"}"#));
        assert!(!sieve("eve").lets_through(&shape("csv"), br#""alice","bob""#));
        // Text in an encoding that is not read here always passes.
        let wide = SourceShape {
            encoding: "utf-16le".into(),
            ..shape("csv")
        };
        assert!(sieve("eve").lets_through(&wide, b"e\0v\0e\0"));
    }
}
