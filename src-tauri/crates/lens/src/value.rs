//! The values after the colon: what is tested, and how, for each key.
//!
//! Owns: patterns, ranges, addresses and lists. Never touches: how terms combine; keys that are more than a field (the module `special`).

use std::{net::IpAddr, ops::Range};

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use crate::{
    error::{QueryCode, QueryError},
    fold,
    keys::Key,
    matching::{address, is_backwards, network},
    parse::{MAX_LISTS, Parser, term},
    query::{Expr, On, Test},
    scan::{Segment, TokenKind},
};

/// The two ends of `a..b`; an absent end is open.
type Ends = (Option<Segment>, Option<Segment>);

impl Parser<'_> {
    /// Takes the value of a key; `start` is where the term begins.
    pub(crate) fn read_value(&mut self, key: &Key, start: usize) -> Result<Expr, QueryError> {
        let on = match key {
            Key::After | Key::Before | Key::Time => return self.time(key, start),
            Key::Has | Key::Is => return self.word_value(key, start),
            Key::Raw => return self.bytes(start),
            Key::Target => return self.target(start),
            Key::Change => return Err(self.no_change_group(start)),
            Key::Fields(fields) => On::Fields(fields.clone()),
            Key::Source => On::Source,
            Key::Tag => On::Tag,
            Key::Overlay(kind) => On::Overlay((*kind).to_owned()),
            Key::Finding => On::Finding,
            Key::Number => On::Number,
            Key::RawPath(path) => On::RawPath(path.clone()),
        };
        let test = self.test(key)?;
        Ok(term(on, test, start..self.scan.at))
    }

    /// Takes `~text`, `@list` or plain text as a test.
    pub(crate) fn test(&mut self, key: &Key) -> Result<Test, QueryError> {
        let from = self.scan.at;
        let test = if self.scan.peek() == Some('@') {
            self.list(key)?
        } else if self.scan.take_char(&['~'], TokenKind::Sign).is_some() {
            self.contains()?
        } else {
            let segments = self.plain()?;
            self.plain_test(key, &segments)?
        };
        if *key == Key::Number {
            self.check_number(&test, from..self.scan.at)?;
        }
        Ok(test)
    }

    fn contains(&mut self) -> Result<Test, QueryError> {
        let segments = self.plain()?;
        let segment = self.single(&segments)?;
        Ok(Test::Contains(fold(&self.filled(segment)?).into_owned()))
    }

    /// Takes the segments of a value, at least one.
    pub(crate) fn plain(&mut self) -> Result<Vec<Segment>, QueryError> {
        let at = self.scan.at;
        if self.scan.at_border() {
            return Err(self.scan.error(
                QueryCode::MissingValue,
                at..at,
                "a value is missing; there is no space after the colon, and absence is -has:key",
                &[
                    "value",
                    "\"exact value\"",
                    "~part",
                    "patt*rn",
                    "a..b",
                    "@file",
                    "!value",
                    "(a OR b)",
                ],
            ));
        }
        self.scan.segments(TokenKind::Value)
    }

    pub(crate) fn single<'s>(&self, segments: &'s [Segment]) -> Result<&'s Segment, QueryError> {
        if let [segment] = segments {
            return Ok(segment);
        }
        let at = segments.first().map_or(self.scan.at, |s| s.span().end);
        let message = "quotes go around the whole value";
        Err(self
            .scan
            .error(QueryCode::Stray, at..at, message, &["\"whole value\""]))
    }

    /// The text of a segment, which must not be empty.
    pub(crate) fn filled(&self, segment: &Segment) -> Result<String, QueryError> {
        let text = self.scan.text_of(segment);
        if text.is_empty() {
            let message = "an empty value is no value; absence is -has:key";
            return Err(self.scan.error(
                QueryCode::MissingValue,
                segment.span(),
                message,
                &["-has:key"],
            ));
        }
        Ok(text)
    }

    pub(crate) fn plain_test(&self, key: &Key, segments: &[Segment]) -> Result<Test, QueryError> {
        if let Some(ends) = self.ends(segments)? {
            return self.range(key, ends);
        }
        let segment = self.single(segments)?;
        let text = self.filled(segment)?;
        if segment.quoted {
            return Ok(Test::Exact(text));
        }
        if text.contains('*') {
            return Ok(pattern(&text));
        }
        if key.is_address() {
            if let Some(net) = network(&text) {
                return Ok(Test::Net(vec![net]));
            }
            if looks_like_address(&text) {
                return Err(self.bad_address(segment.span()));
            }
        }
        Ok(Test::Is(fold(&text).into_owned()))
    }

    fn bad_address(&self, span: Range<usize>) -> QueryError {
        self.scan.error(
            QueryCode::BadAddress,
            span,
            "this is neither an address nor a network",
            &[
                "203.0.113.5",
                "203.0.113.0/24",
                "2001:db8::/32",
                "203.0.113.*",
                "203.0.113.5..203.0.113.9",
                "\"exact text\"",
            ],
        )
    }

    /// The ends of a range, if the value is one.
    pub(crate) fn ends(&self, segments: &[Segment]) -> Result<Option<Ends>, QueryError> {
        let dots = segments.iter().enumerate().find_map(|(i, s)| {
            let text = self.scan.text.get(s.inner.clone())?;
            (!s.quoted)
                .then(|| text.find(".."))
                .flatten()
                .map(|at| (i, s.inner.start + at))
        });
        let Some((index, at)) = dots else {
            return Ok(None);
        };
        let whole = segments.first().map_or(at, |s| s.span().start)..self.scan.at;
        let bad = |message: &str| {
            Err(self.scan.error(
                QueryCode::BadRange,
                whole.clone(),
                message,
                &["a..b", "a..", "..b", "\"text with ..\""],
            ))
        };
        let bytes = self.scan.text.as_bytes();
        let beside = [
            at.checked_sub(1).filter(|b| *b >= whole.start),
            Some(at + 2).filter(|a| *a < whole.end),
        ];
        if beside
            .into_iter()
            .flatten()
            .any(|i| matches!(bytes.get(i), Some(b'.' | b'/' | b'\\')))
        {
            return bad("two dots make a range; a path or other text with dots needs quotes");
        }
        let Some(dotted) = segments.get(index) else {
            return Ok(None);
        };
        let side = |around: &[Segment], part: Range<usize>| {
            let mut found: Vec<Segment> = around.to_vec();
            found.push(Segment {
                inner: part,
                quoted: false,
            });
            found.retain(|s| s.quoted || !s.inner.is_empty());
            found
        };
        let low = side(&segments[..index], dotted.inner.start..at);
        let high = side(&segments[index + 1..], at + 2..dotted.inner.end);
        let wild = |s: &Segment| {
            let text = self.scan.text.get(s.inner.clone()).unwrap_or_default();
            !s.quoted && (text.contains('*') || text.contains(".."))
        };
        match (&low[..], &high[..]) {
            ([], []) => bad("a range needs at least one end"),
            ([_, _, ..], _) | (_, [_, _, ..]) => {
                bad("a range has one value on each side of its dots")
            }
            _ if low.iter().chain(&high).any(wild) => {
                bad("an end of a range is one value, without stars or further dots")
            }
            _ => Ok(Some((low.into_iter().next(), high.into_iter().next()))),
        }
    }

    fn range(&self, key: &Key, (low, high): Ends) -> Result<Test, QueryError> {
        let span = low
            .as_ref()
            .or(high.as_ref())
            .map_or(self.scan.at, |s| s.span().start)..self.scan.at;
        let read = |end: &Option<Segment>| end.as_ref().map(|s| self.filled(s)).transpose();
        let (low, high) = (read(&low)?, read(&high)?);
        if key.is_address() {
            return self.address_range(low.as_deref(), high.as_deref(), span);
        }
        let folded = |end: Option<String>| end.map(|e| fold(&e).into_owned());
        let (low, high) = (folded(low), folded(high));
        if let (Some(low), Some(high)) = (&low, &high)
            && is_backwards(low, high)
        {
            return Err(self.backwards(span));
        }
        Ok(Test::Between { low, high })
    }

    pub(crate) fn backwards(&self, span: Range<usize>) -> QueryError {
        let message = "nothing lies in this range: its first end is greater than its last";
        self.scan
            .error(QueryCode::BadRange, span, message, &["a..b"])
    }

    fn address_range(
        &self,
        low: Option<&str>,
        high: Option<&str>,
        span: Range<usize>,
    ) -> Result<Test, QueryError> {
        let read = |end: Option<&str>| match end.map(address) {
            Some(None) => Err(self.bad_address(span.clone())),
            Some(Some(ip)) => Ok(Some(ip)),
            None => Ok(None),
        };
        let nets: Vec<IpNet> = match (read(low)?, read(high)?) {
            (Some(IpAddr::V4(low)), Some(IpAddr::V4(high))) if low <= high => {
                Ipv4Subnets::new(low, high, 0).map(IpNet::V4).collect()
            }
            (Some(IpAddr::V6(low)), Some(IpAddr::V6(high))) if low <= high => {
                Ipv6Subnets::new(low, high, 0).map(IpNet::V6).collect()
            }
            (Some(low), Some(high)) if low.is_ipv4() == high.is_ipv4() => {
                return Err(self.backwards(span));
            }
            _ => {
                let message =
                    "a range of addresses has two ends of one kind, both IPv4 or both IPv6";
                return Err(self.scan.error(
                    QueryCode::BadRange,
                    span,
                    message,
                    &["203.0.113.5..203.0.113.9"],
                ));
            }
        };
        Ok(Test::Net(nets))
    }

    fn list(&mut self, key: &Key) -> Result<Test, QueryError> {
        let from = self.scan.at;
        self.scan.at += 1;
        let segments = if self.scan.at_border() {
            Vec::new()
        } else {
            self.scan.segments(TokenKind::List)?
        };
        // The token of the name is joined with its sign.
        self.scan
            .tokens
            .truncate(self.scan.tokens.len().saturating_sub(segments.len()));
        self.scan.token(from, TokenKind::List);
        let span = from..self.scan.at;
        let bad = |message: &str, accepts: &[&str]| {
            Err(self
                .scan
                .error(QueryCode::BadList, span.clone(), message, accepts))
        };
        let [segment] = &segments[..] else {
            return bad(
                "@ is followed by the name of one list; text that begins with @ needs quotes",
                &["@file", "@\"a file\""],
            );
        };
        let list = self.filled(segment)?;
        if self.lists_read >= MAX_LISTS {
            return bad("too many lists in one filter", &[]);
        }
        self.lists_read += 1;
        let items = match (self.context.lists)(&list) {
            Ok(items) => items,
            Err(reason) => return bad(&reason, &[]),
        };
        let (mut values, mut nets) = (Vec::new(), Vec::new());
        for item in items
            .iter()
            .map(|item| item.trim())
            .filter(|item| !item.is_empty())
        {
            match network(item).filter(|_| key.is_address()) {
                Some(net) => nets.push(net),
                // Left as it is it would match nothing, which reads as if it had not been seen.
                None if key.is_address() && means_address(item) => {
                    return bad(
                        &format!("`{item}` in the list is no address and no network"),
                        &["203.0.113.6", "203.0.113.0/24", "2001:db8::/32"],
                    );
                }
                None => values.push(fold(item).into_owned()),
            }
        }
        if values.is_empty() && nets.is_empty() {
            return bad("the list is empty", &[]);
        }
        values.sort_unstable();
        values.dedup();
        Ok(Test::In {
            list,
            values,
            nets: IpNet::aggregate(&nets),
        })
    }

    /// Refuses what can be no event number.
    fn check_number(&self, test: &Test, span: Range<usize>) -> Result<(), QueryError> {
        // Signs and leading zeros would never equal the number as it is shown.
        let is_number = |text: &String| {
            text.parse::<u64>().is_ok() && text.starts_with(|c| matches!(c, '1'..='9'))
        };
        let good = match test {
            Test::Is(text) | Test::Exact(text) => is_number(text),
            Test::Between { low, high } => low.iter().chain(high).all(is_number),
            Test::In { values, .. } => values.iter().all(is_number),
            _ => false,
        };
        if good {
            return Ok(());
        }
        let message = "an event has a number, counted from 1";
        Err(self.scan.error(
            QueryCode::BadNumber,
            span,
            message,
            &["17", "17..40", "@file"],
        ))
    }
}

/// The test of a whole value with stars; only stars mean any value.
pub(crate) fn pattern(text: &str) -> Test {
    let mut pieces: Vec<String> = text.split('*').map(|p| fold(p).into_owned()).collect();
    let last = pieces.len() - 1;
    let mut index = 0;
    // Two stars side by side mean no more than one.
    pieces.retain(|piece| {
        let keep = index == 0 || index == last || !piece.is_empty();
        index += 1;
        keep
    });
    if pieces.iter().all(String::is_empty) {
        return Test::Exists;
    }
    Test::Wild(pieces)
}

/// The test of a word of free text: anywhere in a value, stars for any text between.
pub(crate) fn open_pattern(text: &str) -> Test {
    let pieces: Vec<String> = text
        .split('*')
        .filter(|piece| !piece.is_empty())
        .map(|piece| fold(piece).into_owned())
        .collect();
    match &pieces[..] {
        [] => Test::Contains(String::new()),
        [one] => Test::Contains(one.clone()),
        _ => {
            let open = std::iter::once(String::new());
            Test::Wild(open.clone().chain(pieces).chain(open).collect())
        }
    }
}

/// Whether text was surely meant as an address: only what addresses are written with.
/// Whether an item of a list was meant as an address, also in the ways in which indicators are passed on: with a port, in
/// brackets so that nobody clicks them, with a remark behind.
fn means_address(item: &str) -> bool {
    let plain = item.replace(['[', ']', '(', ')'], "");
    let begin: String = (plain.chars())
        .take_while(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    looks_like_address(item) || begin.split('.').filter(|part| !part.is_empty()).count() >= 4
}

fn looks_like_address(text: &str) -> bool {
    let numeric = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'/'));
    let hex = text
        .bytes()
        .all(|b| b.is_ascii_hexdigit() || matches!(b, b'.' | b'/' | b':'));
    numeric && text.contains(['.', '/']) || hex && text.contains(':')
}
