//! The vendor's words and what they mean in the one vocabulary of verbs.
//!
//! Owns: the table of a profile, its wildcards and conditions. Never touches: entries; conditions are on mapped fields,
//! so that the same verb is found again from a stored event.

use super::sentence::Pattern;
use std::collections::HashMap;
use witnessmark_model::Field;

/// What a vendor's word means.
#[derive(Debug)]
pub struct Verb {
    /// One of [`witnessmark_model::verbs::CATEGORIES`].
    pub category: &'static str,
    /// One of [`witnessmark_model::verbs::OPERATIONS`].
    pub operation: &'static str,
    /// One of [`witnessmark_model::verbs::OUTCOMES`], where the word alone tells it.
    pub outcome: Option<&'static str>,
    /// One of [`witnessmark_model::verbs::SENSITIVITIES`]; absent when the profile does not weigh it.
    pub sensitivity: Option<&'static str>,
    pub(crate) say: Option<Pattern>,
    pub(crate) when: Option<FieldCondition>,
}

/// A condition on a mapped field.
#[derive(Debug)]
pub(crate) struct FieldCondition {
    pub(crate) field: Field,
    /// Words in lower case; `*` stands for anything.
    pub(crate) is: Vec<String>,
}

impl FieldCondition {
    pub(crate) fn holds(&self, value: &str) -> bool {
        let lower = value.trim().to_lowercase();
        self.is.iter().any(|word| wild(word, &lower))
    }
}

/// Every verb of a profile.
#[derive(Debug, Default)]
pub(crate) struct Verbs {
    list: Vec<(String, Verb)>,
    exact: HashMap<String, Vec<usize>>,
    wild: Vec<(String, Vec<usize>)>,
}

impl Verbs {
    /// Adds a verb under a word.
    pub(crate) fn add(&mut self, word: &str, verb: Verb) {
        let number = self.list.len();
        self.list.push((word.to_owned(), verb));
        let word = folded(word);
        if word.contains('*') {
            match self.wild.iter_mut().find(|(w, _)| *w == word) {
                Some((_, numbers)) => numbers.push(number),
                None => self.wild.push((word, vec![number])),
            }
        } else {
            self.exact.entry(word).or_default().push(number);
        }
    }

    /// Puts wildcards with more literal text before those with less.
    pub(crate) fn sort(&mut self) {
        let literal = |word: &str| word.bytes().filter(|b| *b != b'*').count();
        self.wild
            .sort_by(|(a, _), (b, _)| literal(b).cmp(&literal(a)).then_with(|| a.cmp(b)));
    }

    pub(crate) fn len(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Verb)> {
        self.list.iter().map(|(word, verb)| (word.as_str(), verb))
    }

    /// Whether a word is in the table as it stands.
    pub(crate) fn names(&self, word: &str) -> bool {
        self.exact.contains_key(&folded(word))
    }

    /// Numbers of the verbs that a word can mean, the most exact first.
    pub(crate) fn candidates(&self, word: &str) -> Vec<usize> {
        let word = folded(word);
        let mut out = self.exact.get(&word).cloned().unwrap_or_default();
        for (pattern, numbers) in &self.wild {
            if wild(pattern, &word) {
                out.extend(numbers);
            }
        }
        out
    }

    /// The verb at a number.
    pub(crate) fn at(&self, number: usize) -> Option<&Verb> {
        self.list.get(number).map(|(_, verb)| verb)
    }

    /// The verb of a word, given the values of mapped fields.
    pub(crate) fn find(&self, word: &str, has: impl Fn(&FieldCondition) -> bool) -> Option<&Verb> {
        self.candidates(word)
            .into_iter()
            .filter_map(|n| self.at(n))
            .find(|verb| verb.when.as_ref().is_none_or(&has))
    }
}

/// Lower case, one blank between words, no typographic apostrophe.
pub(super) fn folded(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    for part in word.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.extend(part.chars().flat_map(char::to_lowercase).map(|c| match c {
            '\u{2019}' | '\u{2018}' => '\'',
            c => c,
        }));
    }
    out
}

/// Whether a pattern with `*` fits the whole text; both in lower case.
pub(crate) fn wild(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or("");
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts = parts.peekable();
    if parts.peek().is_none() {
        return rest.is_empty();
    }
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            return rest.ends_with(part);
        }
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_fit_whole_words() {
        for (pattern, text, fits) in [
            ("user.*", "user.session.start", true),
            ("*.create", "org.create", true),
            ("*.create", "org.created", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxc", false),
            ("abc", "abc", true),
            ("abc", "abcd", false),
            ("*", "", true),
        ] {
            assert_eq!(wild(pattern, text), fits, "{pattern} {text}");
        }
    }
}
