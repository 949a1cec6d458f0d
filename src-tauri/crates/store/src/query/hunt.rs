//! Finding the entries that may hold a text, in a long run of originals at once.
//!
//! Owns: what can be told of an entry from its bytes alone, and telling it at the speed of a plain search. Never touches:
//! formats (the leaf reader decides wherever there is doubt). What is said here of an entry is that it surely holds the
//! text, surely does not, or must be read; the property test beside holds it against the reader itself.
//!
//! Why bytes are enough, for UTF-8 and a text without quotes, backslash, slash and control characters:
//! - A leaf of JSON is what stands between two quotes with its escapes decoded. Every escape but `\u` decodes to one of the
//!   characters that the text does not have, at whatever depth JSON stands in JSON; so the text stands as it is, or the
//!   entry has `\u`.
//! - A cell of CSV is what stands between delimiters with quotes left out. A quote is left out between two characters
//!   of a cell only where text follows a closing quote; then it has neither a delimiter nor a quote beside it.
//! - A line is a leaf as it is.
//! - Case folding turns no character into another one but those of [`Folding`]; where one of these stands, there is doubt.

use std::{ops::Range, sync::OnceLock};

use memchr::{memchr_iter, memmem, memmem::Finder};
use witnessmark_lens::{fold, query::Test};
use witnessmark_model::SourceShape;

/// Characters that fold to something else, and those that something else folds to.
struct Folding {
    /// Not ASCII, and ASCII stands in what they fold to; sorted.
    to_ascii: Vec<char>,
    /// Characters in what some other character folds to; sorted.
    reached: Vec<char>,
}

fn folding() -> &'static Folding {
    static FOLDING: OnceLock<Folding> = OnceLock::new();
    FOLDING.get_or_init(|| {
        let (mut to_ascii, mut reached) = (Vec::new(), Vec::new());
        let mut text = String::new();
        // Beyond the second plane Unicode has no letters with case.
        for c in '\0'..='\u{2ffff}' {
            text.clear();
            text.push(c);
            let folded = fold(&text);
            if *folded == text {
                continue;
            }
            if !c.is_ascii() && folded.chars().any(|f| f.is_ascii()) {
                to_ascii.push(c);
            }
            reached.extend(folded.chars());
        }
        reached.sort_unstable();
        reached.dedup();
        Folding { to_ascii, reached }
    })
}

/// What is looked for.
pub(crate) struct Prey {
    finder: Finder<'static>,
    len: usize,
    /// Whether upper case must be folded before the search; otherwise the bytes stand as they are or not at all.
    folds: bool,
    /// Whether the whole test is that the text stands there.
    whole: bool,
    /// Spaces at its ends, which a reader may leave out at the ends of a leaf, or a byte order mark, which it leaves out at
    /// the start of an entry.
    open_ends: bool,
}

/// What was found in a run of bytes.
#[derive(Default)]
pub(crate) struct Trace {
    lowered: Vec<u8>,
    /// Where the text stands, rising.
    hits: Vec<usize>,
    /// Where something stands that only the reader can judge, rising.
    doubts: Vec<usize>,
}

/// What can be said of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Holds,
    HoldsNot,
    MustBeRead,
}

impl Trace {
    /// Whether no entry of the run holds the text, and none must be read.
    pub(crate) fn is_empty(&self) -> bool {
        self.hits.is_empty() && self.doubts.is_empty()
    }
}

impl Prey {
    /// Absent when bytes alone say too little of this test.
    pub(crate) fn of(test: &Test) -> Option<Self> {
        let special = |c: char| matches!(c, '"' | '\'' | '\\' | '/' | '\u{fffd}') || c.is_control();
        // Whatever passes has each piece in one leaf, and of a piece what stands between two special characters.
        let plain: Vec<&str> = match test {
            Test::Contains(text) => text.split(special).collect(),
            Test::Wild(pieces) => pieces.iter().flat_map(|p| p.split(special)).collect(),
            _ => return None,
        };
        let text = *plain.iter().max_by_key(|piece| piece.len())?;
        if text.is_empty() {
            return None;
        }
        let whole = matches!(test, Test::Contains(asked) if asked == text);
        let folds = text.is_ascii();
        let reached = &folding().reached;
        if !folds && text.chars().any(|c| reached.binary_search(&c).is_ok()) {
            return None;
        }
        Some(Self {
            finder: Finder::new(text.as_bytes()).into_owned(),
            len: text.len(),
            folds,
            whole,
            open_ends: text.starts_with(char::is_whitespace)
                || text.ends_with(char::is_whitespace)
                || text.contains('\u{feff}'),
        })
    }

    /// Whether what was found is only a part of what is asked.
    pub(crate) fn in_part(&self) -> bool {
        !self.whole
    }

    /// Whether the entries of a source can be judged by their bytes.
    pub(crate) fn knows(shape: &SourceShape) -> bool {
        let utf8 = ["utf-8", "utf8"]
            .iter()
            .any(|name| shape.encoding.eq_ignore_ascii_case(name));
        // A quote of CSV with the high bit set means that a backslash escapes there.
        utf8 && matches!(shape.shape.as_str(), "csv" | "json" | "line")
            && matches!(shape.quote, 0 | b'"' | b'\'')
    }

    /// Looks through a run of bytes of one source.
    pub(crate) fn trace(&self, shape: &SourceShape, bytes: &[u8], trace: &mut Trace) {
        trace.hits.clear();
        trace.doubts.clear();
        if self.folds {
            trace.lowered.clear();
            trace.lowered.extend_from_slice(bytes);
            trace.lowered.make_ascii_lowercase();
            trace.hits.extend(self.finder.find_iter(&trace.lowered));
        } else {
            trace.hits.extend(self.finder.find_iter(bytes));
        }
        trace.doubts.extend(memmem::find_iter(bytes, b"\\u"));
        if shape.shape == "csv" && shape.quote != 0 {
            let border = |byte: Option<&u8>| {
                byte.is_none_or(|b| [shape.delimiter, shape.quote, b'\n', b'\r'].contains(b))
            };
            let loose = memchr_iter(shape.quote, bytes).filter(|at| {
                let before = at.checked_sub(1).and_then(|at| bytes.get(at));
                !border(before) && !border(bytes.get(at + 1))
            });
            trace.doubts.extend(loose);
        }
        if self.folds && !bytes.is_ascii() {
            trace.doubts.extend(folded_to_ascii(bytes));
        }
        trace.doubts.sort_unstable();
    }

    /// What the trace says of the entry at a place of the run.
    pub(crate) fn judge(&self, shape: &SourceShape, trace: &Trace, entry: Range<usize>) -> Verdict {
        let inside = |places: &[usize], end: usize| {
            let first = places.partition_point(|at| *at < entry.start);
            places.get(first).is_some_and(|at| *at < end)
        };
        let hit = (entry.end + 1)
            .checked_sub(self.len)
            .is_some_and(|end| inside(&trace.hits, end));
        // A cell or a line holds every character of the entry but delimiters, quotes, spaces at its ends and a byte order
        // mark; of JSON a hit may be a name.
        let sure = self.whole
            && !self.open_ends
            && match shape.shape.as_str() {
                "line" => true,
                "csv" => !self.finder.needle().contains(&shape.delimiter),
                _ => false,
            };
        if hit && sure {
            Verdict::Holds
        } else if hit || inside(&trace.doubts, entry.end) {
            Verdict::MustBeRead
        } else {
            Verdict::HoldsNot
        }
    }
}

/// Places of characters that fold to something with ASCII in it.
fn folded_to_ascii(bytes: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let known = &folding().to_ascii;
    let mut base = 0;
    bytes.utf8_chunks().flat_map(move |chunk| {
        let start = base;
        base += chunk.valid().len() + chunk.invalid().len();
        let found = chunk
            .valid()
            .char_indices()
            .filter(|(_, c)| !c.is_ascii() && known.binary_search(c).is_ok());
        found.map(move |(at, _)| start + at)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use witnessmark_ingest::Leaves;
    use witnessmark_lens::contains_folded;
    use witnessmark_model::LeafReader;

    use super::*;

    const PIECES: &[&str] = &[
        "a",
        "B",
        "ss",
        "ß",
        "ẞ",
        "K",
        "\u{212a}",
        "k",
        "ſ",
        "ﬁ",
        "fi",
        "é",
        "e\u{301}",
        "東",
        "京",
        "İ",
        "i",
        "\"",
        "\"\"",
        ",",
        "|",
        " ",
        "\\",
        "\\\\",
        "\\\"",
        "\\n",
        "\\u0041",
        "\\u00df",
        "\\\\u0061",
        "{",
        "}",
        ":",
        "[1]",
        "'",
        "{\"x\":\"ab\"}",
        "{\"\"x\"\":\"\"ab\"\"}",
        "{\\\"x\\\":\\\"a\\u0062\\\"}",
        "5",
        "null",
        "\u{fffd}",
        "\u{feff}",
    ];

    fn text(many: Range<usize>) -> impl Strategy<Value = String> {
        prop::collection::vec(prop::sample::select(PIECES), many).prop_map(|p| p.concat())
    }

    fn shape(kind: usize) -> SourceShape {
        SourceShape {
            shape: ["csv", "json", "line", "csv"][kind].into(),
            header: vec!["a".into(), "b".into()],
            delimiter: b',',
            quote: [b'"', 0, 0, b'\''][kind],
            encoding: "UTF-8".into(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn bytes_say_what_the_reader_says(
            entries in prop::collection::vec(text(0..9), 1..6),
            kind in 0..4_usize,
            wraps in any::<bool>(),
            needle in text(1..4),
            wild in any::<bool>(),
        ) {
            let shape = shape(kind);
            let folded = fold(&needle).into_owned();
            let test = if wild {
                Test::Wild(vec![String::new(), folded.clone(), String::new()])
            } else {
                Test::Contains(folded)
            };
            let Some(prey) = Prey::of(&test) else { return Ok(()); };
            let mut run: Vec<u8> = Vec::new();
            let mut places = Vec::new();
            for entry in &entries {
                let entry = match (kind, wraps) {
                    (1, true) => format!("{{\"k\":{}}}", serde_json::json!(entry)),
                    (1, false) => format!("{{\"k\":\"{entry}\"}}"),
                    (0, true) => format!("\"{entry}\",\"b\""),
                    _ => entry.clone(),
                };
                places.push(run.len()..run.len() + entry.len());
                run.extend_from_slice(entry.as_bytes());
                run.push(b'\n');
            }
            let mut trace = Trace::default();
            prey.trace(&shape, &run, &mut trace);
            for place in places {
                let raw = &run[place.clone()];
                let mut holds = false;
                Leaves.leaves(&shape, raw, &mut |_, value| {
                    holds |= !value.is_empty() && match &test {
                        Test::Contains(text) => contains_folded(value, text),
                        test => test.matches(value),
                    };
                });
                let verdict = prey.judge(&shape, &trace, place);
                let right = match verdict {
                    Verdict::Holds => holds,
                    Verdict::HoldsNot => !holds,
                    Verdict::MustBeRead => true,
                };
                prop_assert!(right, "{:?} {:?} {:?} for {:?}", String::from_utf8_lossy(raw), shape.shape, verdict, needle);
            }
        }
    }

    #[test]
    fn most_entries_are_judged_without_reading() {
        let test = Test::Contains("quarterly review".into());
        let prey = Prey::of(&test).unwrap();
        let mut trace = Trace::default();
        let run = b"a,Quarterly Review of it,b\nc,nothing,d\n";
        prey.trace(&shape(0), run, &mut trace);
        assert_eq!(prey.judge(&shape(0), &trace, 0..26), Verdict::Holds);
        assert_eq!(prey.judge(&shape(0), &trace, 27..38), Verdict::HoldsNot);
        assert!(
            Prey::of(&Test::Contains("café".into())).is_none(),
            "É folds to é"
        );
        assert!(Prey::of(&Test::Contains("東京".into())).is_some());
    }
}
