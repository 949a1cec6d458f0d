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
    hunt::{Prey, Trace, Verdict},
    plan::EntryTest,
};
use crate::{
    Result,
    segment::{Codes, Locators},
};

/// Bytes of originals that are unfolded and searched at once: many blocks, and still inside the second cache.
const RUN: u64 = 1 << 20;
/// Bytes between two entries that are rather read through than skipped: a block is unfolded whole anyway.
const GAP: u64 = 64 << 10;
/// Entries of a run, so that a query can be cancelled soon also where entries are tiny.
const MOST: usize = 8_192;

/// Rows of one source that lie near each other, and the bytes that hold them.
struct Run {
    source: u32,
    start: u64,
    end: u64,
    rows: std::ops::Range<usize>,
}

impl At<'_> {
    /// The rows of `open` whose entry passes.
    pub(crate) fn entries(&self, test: &EntryTest, open: &Bits) -> Result<Bits> {
        let rows = self.rows();
        let prey = match test.on {
            On::Text => Prey::of(&test.test),
            _ => None,
        };
        let mut sieve = Sieve::of(test);
        let mut words = vec![0_u64; words_for(rows)];
        let mut trace = Trace::default();
        let leaves = self.query.facts.leaf_reader();
        self.each_run(open, &mut |shape, run, entries| {
            let prey = prey
                .as_ref()
                .filter(|_| run.is_some() && Prey::knows(shape));
            if let (Some(prey), Some(run)) = (prey, run) {
                prey.trace(shape, run, &mut trace);
                if trace.is_empty() {
                    return Ok(());
                }
            }
            let mut each = |row: u32, place: Option<std::ops::Range<usize>>, raw: &[u8]| {
                let holds = match &test.on {
                    On::Raw => test.test.matches_bytes(raw),
                    On::RawPath(path) => {
                        let mut found = false;
                        leaves.leaves(shape, raw, &mut |leaf, value| {
                            found |= !value.is_empty()
                                && path_is(path, leaf)
                                && test.test.matches(value);
                        });
                        found
                    }
                    _ => {
                        let verdict = match (prey, place) {
                            (Some(prey), Some(place)) => match prey.judge(shape, &trace, place) {
                                Verdict::MustBeRead
                                    if prey.in_part() && !sieve.lets_through(shape, raw) =>
                                {
                                    Verdict::HoldsNot
                                }
                                verdict => verdict,
                            },
                            _ if sieve.lets_through(shape, raw) => Verdict::MustBeRead,
                            _ => Verdict::HoldsNot,
                        };
                        match verdict {
                            Verdict::Holds => true,
                            Verdict::HoldsNot => false,
                            Verdict::MustBeRead => {
                                let mut found = false;
                                leaves.leaves(shape, raw, &mut |_, value| {
                                    found |= !value.is_empty() && test.test.matches(value);
                                });
                                found
                            }
                        }
                    }
                };
                words[row as usize / 64] |= u64::from(holds) << (row % 64);
            };
            entries(&mut each)
        })?;
        Ok(Bits::from_words(words, rows))
    }

    /// Goes through the entries of rows in the order in which they lie, many of them at once where the case allows it.
    /// `visit` is given the shape of the source, the bytes of the run if they are there in one piece, and the function
    /// that hands out the entries: row, place in the run, bytes.
    pub(crate) fn each_run(&self, open: &Bits, visit: &mut VisitRun<'_>) -> Result<()> {
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
        let mut shapes: HashMap<u32, Arc<SourceShape>> = HashMap::new();
        let mut bytes = Vec::new();
        let mut next = 0;
        while next < order.len() {
            let run = self.run(&order, next, &places, &sources);
            next = run.rows.end;
            let shape = match shapes.get(&run.source) {
                Some(shape) => Arc::clone(shape),
                None => {
                    let shape = facts.shape(run.source)?;
                    shapes.insert(run.source, Arc::clone(&shape));
                    shape
                }
            };
            bytes.clear();
            let whole = facts.span(run.source, run.start, run.end - run.start, &mut bytes)?;
            visit(&shape, whole.then_some(&bytes[..]), &mut |each| {
                for row in &order[run.rows.clone()] {
                    let at = *row as usize;
                    if whole {
                        let from = (places.offset[at] - run.start) as usize;
                        let place = from..from + places.length[at] as usize;
                        each(*row, Some(place.clone()), &bytes[place]);
                    } else {
                        each(*row, None, originals.read(&places.get(at, run.source))?);
                    }
                }
                Ok(())
            })?;
            facts.progress(run.rows.len() as u64)?;
        }
        Ok(())
    }

    /// The rows from one on that are read together.
    fn run(&self, order: &[u32], first: usize, places: &Locators, sources: &Codes) -> Run {
        let place = |at: usize| {
            let row = order[at] as usize;
            (sources.get(row), places.offset[row], places.length[row])
        };
        let (source, start, length) = place(first);
        let (mut end, mut last) = (start + length, first + 1);
        while last < order.len() && last - first < MOST {
            let (other, offset, length) = place(last);
            if other != source || offset > end + GAP || offset + length > start + RUN {
                break;
            }
            end = end.max(offset + length);
            last += 1;
        }
        Run {
            source,
            start,
            end,
            rows: first..last,
        }
    }
}

/// Takes the entries of a run: row, place in the run, bytes.
pub(crate) type EachEntry<'e> = dyn FnMut(u32, Option<std::ops::Range<usize>>, &[u8]) + 'e;
/// Hands the entries of a run to a function.
pub(crate) type HandOut<'h> = dyn FnMut(&mut EachEntry<'_>) -> Result<()> + 'h;
/// Takes a run: the shape of its source, its bytes in one piece, and what hands out its entries.
pub(crate) type VisitRun<'v> =
    dyn FnMut(&SourceShape, Option<&[u8]>, &mut HandOut<'_>) -> Result<()> + 'v;

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
