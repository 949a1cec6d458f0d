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
    /// Counts only where no other pattern fits: words that also name what something is done to, such as `export`.
    pub(crate) last: bool,
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

/// One word with `*` or `^`, and the verbs under it.
#[derive(Debug)]
struct Wild {
    pattern: String,
    /// It has a `^`, so it is compared with the words apart.
    apart: bool,
    last: bool,
    numbers: Vec<usize>,
}

/// Every verb of a profile.
#[derive(Debug, Default)]
pub(crate) struct Verbs {
    list: Vec<(String, Verb)>,
    exact: HashMap<String, Vec<usize>>,
    wild: Vec<Wild>,
    /// Words after which a pattern with `^` says nothing: what was not approved is no approval.
    negations: Vec<String>,
}

impl Verbs {
    /// No verbs yet, and the words that turn one into its opposite.
    pub(crate) fn without(negations: Vec<String>) -> Self {
        Self {
            negations,
            ..Self::default()
        }
    }

    /// Adds a verb under a word.
    pub(crate) fn add(&mut self, word: &str, verb: Verb) {
        let number = self.list.len();
        let last = verb.last;
        self.list.push((word.to_owned(), verb));
        let word = folded(word);
        if word.contains('*') {
            let apart = word.contains('^');
            let pattern = word.replace('^', " ");
            let same = |w: &&mut Wild| w.pattern == pattern && w.apart == apart && w.last == last;
            match self.wild.iter_mut().find(same) {
                Some(known) => known.numbers.push(number),
                None => self.wild.push(Wild {
                    pattern,
                    apart,
                    last,
                    numbers: vec![number],
                }),
            }
        } else {
            self.exact.entry(word).or_default().push(number);
        }
    }

    /// Puts wildcards with more literal text before those with less, and those that count last behind all.
    pub(crate) fn sort(&mut self) {
        let literal = |w: &Wild| {
            let blank = |b: &u8| *b == b'*' || w.apart && *b == b' ';
            w.pattern.bytes().filter(|b| !blank(b)).count()
        };
        self.wild.sort_by(|a, b| {
            (a.last.cmp(&b.last))
                .then_with(|| literal(b).cmp(&literal(a)))
                .then_with(|| a.pattern.cmp(&b.pattern))
        });
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
        let whole = folded(word);
        let mut out = self.exact.get(&whole).cloned().unwrap_or_default();
        let (mut apart, mut negated) = (String::new(), false);
        if self.wild.iter().any(|w| w.apart) {
            let words = words(word);
            negated = words.iter().any(|word| self.negations.contains(word));
            apart = format!(" {} ", words.join(" "));
        }
        for one in &self.wild {
            let fits = if one.apart {
                !negated && wild(&one.pattern, &apart)
            } else {
                wild(&one.pattern, &whole)
            };
            if fits {
                out.extend(&one.numbers);
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

/// Lower-case words of a key: `userPrincipalName`, `user_principal_name` and `User Principal Name` are the same three.
pub(crate) fn words(key: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let chars: Vec<char> = key.chars().collect();
    let mut word = String::new();
    for (i, c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            if !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
            continue;
        }
        let after_lower = i > 0 && (chars[i - 1].is_lowercase() || chars[i - 1].is_ascii_digit());
        let before_lower = chars.get(i + 1).is_some_and(|n| n.is_lowercase());
        let new = c.is_uppercase()
            && (after_lower || i > 0 && chars[i - 1].is_uppercase() && before_lower);
        if new && !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        word.extend(c.to_lowercase());
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
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

    #[test]
    fn a_circumflex_is_where_a_word_begins_or_ends() {
        let verb = |operation, last| Verb {
            category: "other",
            operation,
            outcome: None,
            sensitivity: None,
            say: None,
            when: None,
            last,
        };
        let mut verbs = Verbs::without(vec!["not".to_owned()]);
        verbs.add("*^approv*", verb("approve", false));
        verbs.add("*^add^*", verb("create", false));
        verbs.add("*^remov*", verb("delete", false));
        verbs.add("*^login*", verb("authenticate", true));
        verbs.sort();
        for (word, operation) in [
            ("Payout approved", Some("approve")),
            ("payoutApproved", Some("approve")),
            ("PAYOUT_APPROVED", Some("approve")),
            ("Payout disapproved", None),
            ("Unapproved payout released", None),
            ("Payout not approved", None),
            ("Address verified", None),
            ("user.add", Some("create")),
            ("removeLogin", Some("delete")),
            ("Login", Some("authenticate")),
        ] {
            let found = verbs.find(word, |_| true).map(|verb| verb.operation);
            assert_eq!(found, operation, "{word}");
        }
    }

    #[test]
    fn keys_fall_into_words() {
        for (key, expected) in [
            ("userPrincipalName", "user principal name"),
            ("IPAddress", "ip address"),
            ("sourceIPAddress", "source ip address"),
            ("USER_NAME", "user name"),
            ("Date and Time", "date and time"),
            ("event-type", "event type"),
            ("client_ip", "client ip"),
        ] {
            assert_eq!(words(key).join(" "), expected);
        }
    }
}
