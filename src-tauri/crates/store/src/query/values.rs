//! From a test to the codes of a dictionary that pass it: each distinct value is looked at once.
//!
//! Owns: putting a test to every value of a dictionary, quickly where text is ASCII. Never touches: rows. What passes is
//! decided by the filter language ([`Test::matches`]); what is done here is only faster, never different.

use memchr::memmem::Finder;
use rayon::prelude::*;
use witnessmark_lens::{fold, query::Test};

use super::scan::Wanted;
use crate::segment::Dictionary;

/// Values that one thread takes at a time.
const SHARE: usize = 65_536;
/// Bytes of text that are folded and searched at once: small enough to stay in the first caches.
const BLOCK: usize = 32_768;

/// The codes whose values pass.
pub(crate) fn wanted(test: &Test, dictionary: &Dictionary) -> Wanted {
    if *test == Test::Exists {
        return Wanted::Present;
    }
    let len = dictionary.len();
    let shares: Vec<u32> = (0..len.div_ceil(SHARE) as u32).collect();
    let found: Vec<Vec<u32>> = shares
        .into_par_iter()
        .map(|share| {
            let first = (share as usize * SHARE).max(1) as u32;
            let end = ((share as usize + 1) * SHARE).min(len) as u32;
            match test {
                Test::Is(folded) => codes(first..end, |code| is(dictionary.text(code), folded)),
                Test::Exact(text) if !text.is_empty() => exactly(text, dictionary, first, end),
                Test::Contains(folded) if !folded.is_empty() => {
                    containing(folded, dictionary, first, end)
                }
                _ => codes(first..end, |code| test.matches(dictionary.text(code))),
            }
        })
        .collect();
    Wanted::of(found.concat(), len)
}

fn codes(range: std::ops::Range<u32>, passes: impl Fn(u32) -> bool) -> Vec<u32> {
    range.filter(|code| passes(*code)).collect()
}

/// ASCII text folds to ASCII text of the same length, so most values are told apart by their length.
fn is(value: &str, folded: &str) -> bool {
    if value.len() == folded.len() && value.eq_ignore_ascii_case(folded) {
        return true;
    }
    !value.is_ascii() && Test::Is(folded.to_owned()).matches(value)
}

/// Values lie end to end, so all of them are searched as one text; what is found inside of a value or over its end is not
/// the value. The search goes on after a hit: a file that another hand made may hold a value twice.
fn exactly(text: &str, dictionary: &Dictionary, first: u32, end: u32) -> Vec<u32> {
    if first >= end {
        return Vec::new();
    }
    let (start, last) = (dictionary.range(first).start, dictionary.range(end - 1).end);
    let arena = &dictionary.arena().as_bytes()[start..last];
    let finder = Finder::new(text.as_bytes());
    let (mut found, mut from) = (Vec::new(), 0);
    while let Some(at) = finder.find(&arena[from..]) {
        let at = start + from + at;
        let code = dictionary.code_at(at);
        if dictionary.range(code) == (at..at + text.len()) {
            found.push(code);
        }
        from = at + 1 - start;
    }
    found
}

/// Values lie end to end, so a block of them is folded at once and searched as one text; a find that reaches over the
/// end of a value is none.
fn containing(folded: &str, dictionary: &Dictionary, first: u32, end: u32) -> Vec<u32> {
    let finder = Finder::new(folded.as_bytes());
    let arena = dictionary.arena().as_bytes();
    let mut found = Vec::new();
    let mut text: Vec<u8> = Vec::with_capacity(BLOCK + 1_024);
    let mut code = first;
    while code < end {
        let start = dictionary.range(code).start;
        // A value longer than a block is a block of its own.
        let next = dictionary.code_at(start + BLOCK).clamp(code + 1, end);
        let block = &arena[start..dictionary.range(next - 1).end];
        if block.is_ascii() {
            text.clear();
            text.extend_from_slice(block);
            text.make_ascii_lowercase();
            let mut from = 0;
            while let Some(at) = finder.find(&text[from..]) {
                let at = from + at;
                let code = dictionary.code_at(start + at);
                let value_end = dictionary.range(code).end - start;
                if at + folded.len() <= value_end {
                    found.push(code);
                    from = value_end;
                } else {
                    from = at + 1;
                }
            }
        } else {
            found.extend((code..next).filter(|code| {
                finder
                    .find(fold(dictionary.text(*code)).as_bytes())
                    .is_some()
            }));
        }
        code = next;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_find_over_the_end_of_a_value_hides_none_behind_it() {
        let long = "y".repeat(BLOCK + 5) + "aab";
        for words in [
            vec!["xa", "aA", "AX", "a", "a", "aaa", "b"],
            vec!["xa", "aa", "AÄ", "a", "a", "äaa", "b"],
            vec!["xa", &long, "aa", &long, "ab"],
        ] {
            let lengths: Vec<u32> = words.iter().map(|w| w.len() as u32).collect();
            let dictionary = Dictionary::from_parts(words.concat(), &lengths).unwrap();
            for text in ["aa", "aä", "a", "ab", "aab"] {
                for test in [
                    Test::Contains(text.to_owned()),
                    Test::Exact(text.to_owned()),
                ] {
                    let wanted = wanted(&test, &dictionary);
                    for (code, value) in dictionary.iter() {
                        assert_eq!(wanted.has(code), test.matches(value), "{text} in {value}");
                    }
                }
            }
        }
    }
}
