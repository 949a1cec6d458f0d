//! The grammar: groups, operators, signs and terms.
//!
//! Owns: how terms combine. Never touches: what a value means (the module `value` does).
//!
//! ```text
//! any   = all ("OR" all)*
//! all   = one ("AND"? one)*             the same positive key side by side: alternatives
//! one   = "NOT"* ("-" | "!")? ( "(" any ")" | phrase | word | key ":" value | "change:(" any ")" )
//! value = "!"? ( "(" values ")" | "~"? text | "@" list )
//! ```
//!
//! Hostile text: depth and length are limited, `NOT` and signs do not nest, every byte is looked at a bounded number of times.

use std::{collections::HashMap, ops::Range};

use witnessmark_model::{Instant, Zone};

use crate::{
    error::{QueryCode, QueryError},
    keys::{self, Key},
    query::{Expr, On, Term, Test},
    scan::{Scanner, Segment, Token, TokenKind},
    show,
};

/// Longest filter text, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// Deepest nesting of parentheses.
pub const MAX_DEPTH: usize = 64;
/// Most uses of lists (`@file`) in one filter.
pub const MAX_LISTS: usize = 64;

/// Offered where a name resembles no key.
const COMMON_KEYS: &[&str] = &[
    "action", "op", "actor", "target", "ip", "country", "outcome", "after", "before", "field",
    "in", "raw.PATH",
];

/// What a list name (without `@`) holds: one value an item, comments already left out. The error is a sentence for people.
pub type ReadList<'a> = dyn Fn(&str) -> Result<Vec<String>, String> + 'a;

/// What the meaning of a filter depends on besides its text.
pub struct Context<'a> {
    /// The moment that `now`, `today` and `-24h` count from.
    pub now: Instant,
    /// The zone of dates and times that name none.
    pub zone: Zone,
    /// Where `@name` is read from.
    pub lists: &'a ReadList<'a>,
}

/// A filter that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// The text as it was given.
    pub text: String,
    /// What it means.
    pub expr: Expr,
    /// Its terms in text order, as chips show them.
    pub terms: Vec<TermView>,
    /// Its pieces in text order, for colouring; space between is left out.
    pub tokens: Vec<Token>,
}

/// A term as a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermView {
    /// Bytes of the text, with the sign before it; taking them out takes the term out.
    pub span: Range<usize>,
    /// Shown name of the key; empty for free text.
    pub key: String,
    /// Whether the term stands under an odd number of negations.
    pub negated: bool,
    /// Whether a person has put the term aside; the grammar never does.
    pub suspended: bool,
}

/// Reads a filter. The empty text, or only space, is [`Expr::All`].
///
/// # Errors
/// The first fault in the text, with its place and what would be accepted there.
pub fn parse(text: &str, context: &Context<'_>) -> Result<Query, QueryError> {
    let mut parser = Parser::new(text, context);
    let expr = parser.whole()?;
    Ok(Query {
        text: text.to_owned(),
        expr,
        terms: parser.terms,
        tokens: parser.scan.tokens,
    })
}

/// The pieces of a text for colouring, up to the first fault if there is one.
#[must_use]
pub fn highlight(text: &str, context: &Context<'_>) -> Vec<Token> {
    let mut parser = Parser::new(text, context);
    // The fault itself is what `parse` tells; the pieces before it are right either way.
    let _ = parser.whole();
    parser.scan.tokens
}

pub(crate) struct Parser<'a> {
    pub(crate) scan: Scanner<'a>,
    pub(crate) context: &'a Context<'a>,
    pub(crate) lists_read: usize,
    terms: Vec<TermView>,
}

/// Where a group stands: how deep, under which sign, and inside which key's value.
#[derive(Clone, Copy)]
struct Place<'k> {
    depth: usize,
    negated: bool,
    key: Option<(&'k Key, usize)>,
    /// Inside of `change:(…)`.
    change: bool,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, context: &'a Context<'a>) -> Self {
        Self {
            scan: Scanner {
                text,
                at: 0,
                tokens: Vec::new(),
            },
            context,
            lists_read: 0,
            terms: Vec::new(),
        }
    }

    fn whole(&mut self) -> Result<Expr, QueryError> {
        let length = self.scan.text.len();
        if length > MAX_BYTES {
            let message = format!(
                "the filter is longer than {MAX_BYTES} bytes; a long list of values belongs in a file"
            );
            return Err(self.scan.error(
                QueryCode::TooLong,
                length..length,
                message,
                &["key:@file"],
            ));
        }
        self.scan.skip_spaces();
        if self.scan.rest().is_empty() {
            return Ok(Expr::All);
        }
        let expr = self.any(Place {
            depth: 0,
            negated: false,
            key: None,
            change: false,
        })?;
        if self.scan.rest().is_empty() {
            return Ok(expr);
        }
        let at = self.scan.at;
        Err(self.scan.error(
            QueryCode::Stray,
            at..at + 1,
            "this parenthesis closes nothing",
            &[],
        ))
    }

    fn any(&mut self, place: Place<'_>) -> Result<Expr, QueryError> {
        let mut parts = vec![self.all(place)?];
        while self.scan.take_operator("OR") {
            parts.push(self.all(place)?);
        }
        Ok(Expr::or(parts))
    }

    fn all(&mut self, place: Place<'_>) -> Result<Expr, QueryError> {
        let mut parts: Vec<Vec<Expr>> = Vec::new();
        let mut merged: HashMap<String, usize> = HashMap::new();
        let mut needs_term = true;
        loop {
            self.scan.skip_spaces();
            let at = self.scan.at;
            let ends = self.scan.peek().is_none_or(|c| c == ')') || self.starts_operator("OR");
            if ends {
                if needs_term {
                    let closing = usize::from(self.scan.peek().is_some());
                    let length = self.scan.word().len().max(closing);
                    return Err(self.scan.error(
                        QueryCode::MissingTerm,
                        at..at + length,
                        "a term is missing here",
                        &["key:value", "word", "\"phrase\"", "(group)"],
                    ));
                }
                return Ok(Expr::and(parts.into_iter().map(Expr::or).collect()));
            }
            if self.starts_operator("AND") && !needs_term {
                self.scan.take_operator("AND");
                needs_term = true;
                continue;
            }
            if place.key.is_some() && !needs_term {
                return Err(self.scan.error(
                    QueryCode::MissingOperator,
                    at..at,
                    "write OR between two values of one key; a value with spaces needs quotes",
                    &["OR", "AND"],
                ));
            }
            if self.starts_operator("AND") {
                let message = "a term is missing before this AND; the word itself needs quotes";
                return Err(self.scan.error(
                    QueryCode::MissingTerm,
                    at..at + 3,
                    message,
                    &["\"AND\""],
                ));
            }
            let (expr, key) = self.one(place)?;
            needs_term = false;
            // The same positive key again means alternatives: the part joins the place of the first.
            let slot = match key {
                Some(key) => *merged.entry(key).or_insert(parts.len()),
                None => parts.len(),
            };
            match parts.get_mut(slot) {
                Some(alternatives) => alternatives.push(expr),
                None => parts.push(vec![expr]),
            }
        }
    }

    fn starts_operator(&self, operator: &str) -> bool {
        self.scan.word() == operator
    }

    /// One operand, with the key under which it merges with its neighbours.
    fn one(&mut self, mut place: Place<'_>) -> Result<(Expr, Option<String>), QueryError> {
        let start = self.scan.at;
        let mut negated = false;
        while self.scan.take_operator("NOT") {
            negated = !negated;
            self.scan.skip_spaces();
        }
        let signs: &[char] = if place.key.is_some() {
            &['!']
        } else {
            &['-', '!']
        };
        if self.scan.take_char(signs, TokenKind::Sign).is_some() {
            negated = !negated;
            self.no_second_sign(signs)?;
        }
        let at = self.scan.at;
        if self.scan.at_border() || self.starts_operator("OR") || self.starts_operator("AND") {
            return Err(self.scan.error(
                QueryCode::MissingTerm,
                at..at,
                "a negation must stand right before what it negates; the sign itself needs quotes",
                &["-key:value", "-word", "-(group)", "\"-\""],
            ));
        }
        place.negated ^= negated;
        let (expr, key) = if self.scan.peek() == Some('(') {
            (self.group(place)?, None)
        } else if let Some((key, key_start)) = place.key {
            (self.value(key, key_start, place)?, None)
        } else {
            self.term(place, start)?
        };
        Ok(if negated {
            (expr.negate(), None)
        } else {
            (expr, key)
        })
    }

    fn no_second_sign(&self, signs: &[char]) -> Result<(), QueryError> {
        let at = self.scan.at;
        match self.scan.peek().filter(|c| signs.contains(c)) {
            None => Ok(()),
            Some(_) => Err(self.scan.error(
                QueryCode::TwoSigns,
                at..at + 1,
                "one sign negates; text that begins with a sign needs quotes",
                &[],
            )),
        }
    }

    fn group(&mut self, mut place: Place<'_>) -> Result<Expr, QueryError> {
        let open = self.scan.at;
        self.scan.take_char(&['('], TokenKind::Group);
        place.depth += 1;
        if place.depth > MAX_DEPTH {
            let message = format!("groups are nested deeper than {MAX_DEPTH}");
            return Err(self
                .scan
                .error(QueryCode::TooDeep, open..open + 1, message, &[]));
        }
        self.scan.skip_spaces();
        if self.scan.peek() == Some(')') {
            let message = "there is nothing in the group; parentheses as text need quotes";
            return Err(self.scan.error(
                QueryCode::EmptyGroup,
                open..self.scan.at + 1,
                message,
                &["\"()\""],
            ));
        }
        let expr = self.any(place)?;
        if self.scan.take_char(&[')'], TokenKind::Group).is_none() {
            return Err(self.scan.error(
                QueryCode::UnclosedGroup,
                open..open + 1,
                "this parenthesis is never closed",
                &[")"],
            ));
        }
        if !self.scan.at_border() {
            let at = self.scan.at;
            return Err(self.scan.error(
                QueryCode::Stray,
                at..at,
                "a space is missing after the group",
                &["a space"],
            ));
        }
        Ok(expr)
    }

    /// A phrase, a word, or a key with its value. `start` is where its chip begins.
    fn term(
        &mut self,
        place: Place<'_>,
        start: usize,
    ) -> Result<(Expr, Option<String>), QueryError> {
        let at = self.scan.at;
        let Some(key) = self.key()? else {
            if place.change {
                return Err(self.no_change_key(at));
            }
            let expr = self.free_text()?;
            self.view(start, String::new(), place.negated);
            return Ok((expr, None));
        };
        let is_change = |key: &Key| matches!(key, Key::Fields(f) if f.iter().all(|f| keys::CHANGES.contains(f)));
        // What is asked for by has: is looked at when it was read.
        if place.change && key != Key::Has && !is_change(&key) {
            return Err(self.no_change_key(at));
        }
        let name = key.shown();
        let mut negated = place.negated;
        let inner_negation = self.scan.take_char(&['!'], TokenKind::Sign).is_some();
        if inner_negation {
            negated = !negated;
            self.no_second_sign(&['!'])?;
        }
        let expr = if key == Key::Change && self.scan.peek() == Some('(') {
            // The group is one chip: what stands in it cannot be taken out alone without changing what the rest means.
            let chips = self.terms.len();
            let inner = self.group(Place {
                change: true,
                ..place
            })?;
            self.terms.truncate(chips);
            term(On::Change(Box::new(inner)), Test::Exists, at..self.scan.at)
        } else if self.scan.peek() == Some('(') {
            self.group(Place {
                key: Some((&key, at)),
                ..place
            })?
        } else {
            self.value(&key, at, place)?
        };
        let alien =
            |on: &On| !matches!(on, On::Fields(f) if f.iter().all(|f| keys::CHANGES.contains(f)));
        if place.change && matches!(&expr, Expr::Term(term) if alien(&term.on)) {
            return Err(self.no_change_key(at));
        }
        self.view(start, name, negated);
        if inner_negation {
            return Ok((expr.negate(), None));
        }
        let merge = common_merge_key(&expr);
        Ok((expr, merge))
    }

    /// What stands in `change:(…)` and is no part of a change.
    fn no_change_key(&self, at: usize) -> QueryError {
        let end = self.scan.at.max(at + self.scan.word().len());
        let message = "inside of change:( ) each term looks at a part of one change";
        let accepts = ["field:", "old:", "new:", "changes.kind:"];
        self.scan
            .error(QueryCode::UnknownKey, at..end, message, &accepts)
    }

    fn view(&mut self, start: usize, key: String, negated: bool) {
        self.terms.push(TermView {
            span: start..self.scan.at,
            key,
            negated,
            suspended: false,
        });
    }

    /// Takes the key and its colon, if one begins here.
    fn key(&mut self) -> Result<Option<Key>, QueryError> {
        let from = self.scan.at;
        let word = self.scan.word();
        let key = if word
            .get(..4)
            .is_some_and(|w| w.eq_ignore_ascii_case("raw."))
        {
            self.raw_path()?
        } else {
            let Some(colon) = word.find(':') else {
                return Ok(None);
            };
            let key =
                keys::by_name(&word[..colon]).ok_or_else(|| self.unknown_key(from, word, colon))?;
            self.scan.at = from + colon + 1;
            Some(key)
        };
        if key.is_some() {
            self.scan.token(from, TokenKind::Key);
        }
        Ok(key)
    }

    /// Takes `raw.part.part:`; a part with spaces, dots or colons stands in quotes. Without a colon it is free text.
    fn raw_path(&mut self) -> Result<Option<Key>, QueryError> {
        let (from, known_tokens) = (self.scan.at, self.scan.tokens.len());
        let mut parts = Vec::new();
        self.scan.at += "raw.".len();
        loop {
            if self.scan.peek() == Some('"') {
                let part = self.scan.quoted()?;
                parts.push(self.scan.text_of(&part));
            } else {
                // Only up to the next dot: a path of many parts is still read once.
                let rest = self.scan.rest();
                let ends = |c: char| c.is_whitespace() || matches!(c, '"' | '(' | ')' | ':' | '.');
                let part = &rest[..rest.find(ends).unwrap_or(rest.len())];
                self.scan.at += part.len();
                parts.push(part.to_owned());
            }
            self.scan.tokens.truncate(known_tokens);
            let (at, next) = (self.scan.at, self.scan.peek());
            if !matches!(next, Some(':' | '.')) {
                self.scan.at = from;
                return Ok(None);
            }
            if parts.last().is_none_or(String::is_empty) {
                let message = "a name is missing in the path of the entry";
                return Err(self.scan.error(
                    QueryCode::UnknownKey,
                    at..at,
                    message,
                    &["raw.name:", "raw.\"a name\":"],
                ));
            }
            self.scan.at += 1;
            if next == Some(':') {
                return Ok(Some(Key::RawPath(parts)));
            }
        }
    }

    fn unknown_key(&self, from: usize, word: &str, colon: usize) -> QueryError {
        let name = &word[..colon];
        let quoted = crate::scan::quote(word);
        let near = keys::suggestions(name);
        let is_link = word[colon..].starts_with("://");
        let is_number = name.bytes().all(|b| b.is_ascii_digit());
        let has_more = word[colon + 1..].contains(':');
        if is_link || is_number || has_more && near.is_empty() {
            return self.scan.error(
                QueryCode::UnknownKey,
                from..from + word.len(),
                "what stands before a colon is a key, and this is none; text with a colon needs quotes",
                &[&quoted],
            );
        }
        let mut accepts: Vec<&str> = near.iter().map(String::as_str).collect();
        if accepts.is_empty() {
            accepts = COMMON_KEYS.to_vec();
        }
        accepts.push(&quoted);
        let message = "there is no key of this name; text with a colon needs quotes";
        self.scan
            .error(QueryCode::UnknownKey, from..from + colon, message, &accepts)
    }

    fn free_text(&mut self) -> Result<Expr, QueryError> {
        let from = self.scan.at;
        let segments = self.scan.segments(TokenKind::Text)?;
        let [segment] = &segments[..] else {
            let border = segments.first().map_or(from, |s| s.span().end);
            return Err(self.scan.error(
                QueryCode::Stray,
                border..border,
                "a space is missing here, or the whole needs quotes",
                &["a space"],
            ));
        };
        let text = self.scan.text_of(segment);
        let span = segment.span();
        if !segment.quoted && text.eq_ignore_ascii_case("undated") {
            return Ok(term(On::Undated, Test::Exists, span));
        }
        let test = match segment {
            Segment { quoted: true, .. } => Test::Contains(crate::fold(&text).into_owned()),
            _ => crate::value::open_pattern(&text),
        };
        if test == Test::Contains(String::new()) {
            let message = "there is no text to look for";
            return Err(self.scan.error(
                QueryCode::MissingValue,
                span,
                message,
                &["word", "\"phrase\"", "key:*"],
            ));
        }
        Ok(term(On::Text, test, span))
    }

    fn value(&mut self, key: &Key, key_start: usize, place: Place<'_>) -> Result<Expr, QueryError> {
        // Inside a group the term is its value; outside it is the key and the value.
        let start = if place.key.is_some() {
            self.scan.at
        } else {
            key_start
        };
        self.read_value(key, start)
    }
}

/// A term as an expression.
pub(crate) fn term(on: On, test: Test, span: Range<usize>) -> Expr {
    Expr::Term(Term { on, test, span })
}

/// The merge key that every alternative of an expression has.
fn common_merge_key(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Term(term) => term.merge_key(),
        Expr::Or(parts) => {
            let mut keys = parts.iter().map(common_merge_key);
            let first = keys.next()??;
            keys.all(|key| key.as_ref() == Some(&first))
                .then_some(first)
        }
        _ => None,
    }
}

impl Query {
    /// The filter written anew from its meaning: relative times as moments, aliases as shown names.
    #[must_use]
    pub fn canonical(&self) -> String {
        show::to_text(&self.expr)
    }
}
