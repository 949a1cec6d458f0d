//! The values of keys that are more than a field: targets, bytes, the words of `has:` and `is:`, times.
//!
//! Owns: what these keys take. Never touches: patterns, ranges and lists, which they share with every other key.

use witnessmark_model::{Field, Instant};

use crate::{
    error::{QueryCode, QueryError},
    fold, keys,
    keys::Key,
    parse::{Parser, term},
    query::{Expr, On, TargetBy, Test},
    scan::{Segment, TokenKind},
    value::pattern,
    when,
};

impl Parser<'_> {
    pub(crate) fn target(&mut self, start: usize) -> Result<Expr, QueryError> {
        let from = self.scan.at;
        let whole = || On::Fields(vec![Field::TargetId, Field::TargetName]);
        if matches!(self.scan.peek(), Some('@' | '~')) {
            let test = self.test(&Key::Target)?;
            return Ok(term(whole(), test, start..self.scan.at));
        }
        let known_tokens = self.scan.tokens.len();
        let segments = self.plain()?;
        let slash = segments.iter().filter(|s| !s.quoted).find_map(|s| {
            let text = self.scan.text.get(s.inner.clone())?;
            text.find('/').map(|at| s.inner.start + at)
        });
        let Some(slash) = slash else {
            let test = self.plain_test(&Key::Target, &segments)?;
            return Ok(term(whole(), test, start..self.scan.at));
        };
        let end = self.scan.at;
        let kind = self.target_type(&segments, from, slash)?;
        self.scan.tokens.truncate(known_tokens);
        self.scan.at = slash + 1;
        self.scan.token(from, TokenKind::Value);
        if self.scan.at == end {
            return Err(self.scan.error(
                QueryCode::MissingValue,
                end..end,
                "an id or a name is missing after the slash",
                &["target:type/id", "target:type/*", "target.type:type"],
            ));
        }
        let by = self.target_by();
        let test = self.test(&Key::Target)?;
        Ok(term(On::Target { kind, by }, test, start..self.scan.at))
    }

    /// `id:` or `name:` after the slash, before a quoted value; anything else is the value.
    fn target_by(&mut self) -> TargetBy {
        let rest = self.scan.text.get(self.scan.at..).unwrap_or_default();
        let words = [("id:", TargetBy::Id), ("name:", TargetBy::NameAlone)];
        let found = words.into_iter().find(|(word, _)| {
            rest.strip_prefix(word)
                .is_some_and(|value| value.starts_with('"'))
        });
        found.map_or(TargetBy::Either, |(word, by)| {
            let from = self.scan.at;
            self.scan.at += word.len();
            self.scan.token(from, TokenKind::Value);
            by
        })
    }

    /// The test of what stands before the slash.
    fn target_type(
        &self,
        segments: &[Segment],
        from: usize,
        slash: usize,
    ) -> Result<Test, QueryError> {
        let before: Vec<Segment> = segments
            .iter()
            .filter(|s| s.inner.start < slash)
            .map(|s| Segment {
                inner: s.inner.start..s.inner.end.min(slash),
                quoted: s.quoted,
            })
            .filter(|s| s.quoted || !s.inner.is_empty())
            .collect();
        if before.is_empty() {
            let message = "a type is missing before the slash; an id with a slash needs quotes";
            return Err(self.scan.error(
                QueryCode::MissingValue,
                from..slash + 1,
                message,
                &["target:type/id", "target:\"/id\""],
            ));
        }
        let segment = self.single(&before)?;
        let text = self.filled(segment)?;
        Ok(match (segment.quoted, text.contains('*')) {
            (true, _) => Test::Exact(text),
            (false, true) => pattern(&text),
            (false, false) => Test::Is(fold(&text).into_owned()),
        })
    }

    /// `change:` without its group.
    pub(crate) fn no_change_group(&self, start: usize) -> QueryError {
        let message = "change: takes a group that one and the same change must pass";
        let accepts = ["change:(field:email old:a new:b)", "field:email"];
        self.scan
            .error(QueryCode::BadValue, start..self.scan.at, message, &accepts)
    }

    pub(crate) fn bytes(&mut self, start: usize) -> Result<Expr, QueryError> {
        let segments = self.plain()?;
        let segment = self.single(&segments)?;
        let bytes = self.scan.bytes_of(segment)?;
        let begins = bytes.first().is_some_and(|b| matches!(b, b'~' | b'@'));
        if bytes.is_empty() || !segment.quoted && (begins || bytes.contains(&b'*')) {
            let message = "raw: looks for bytes as they are; put them in quotes";
            return Err(self.scan.error(
                QueryCode::BadValue,
                segment.span(),
                message,
                &["raw:\"bytes\"", "raw:\"\\x00\""],
            ));
        }
        Ok(term(On::Raw, Test::Bytes(bytes), start..self.scan.at))
    }

    /// The words of `has:` and `is:`.
    pub(crate) fn word_value(&mut self, key: &Key, start: usize) -> Result<Expr, QueryError> {
        let segments = self.plain()?;
        let segment = self.single(&segments)?.clone();
        let word = self.filled(&segment)?.to_ascii_lowercase();
        let span = start..self.scan.at;
        if *key == Key::Is {
            return match word.as_str() {
                "undated" => Ok(term(On::Undated, Test::Exists, span)),
                "dated" => Ok(term(On::Time, Test::Exists, span)),
                _ => Err(self.scan.error(
                    QueryCode::BadValue,
                    segment.span(),
                    "is: knows only these words",
                    &["undated", "dated"],
                )),
            };
        }
        let on = match word.as_str() {
            "tag" => On::Tag,
            "finding" => On::Finding,
            "time" | "@timestamp" => On::Time,
            overlay if keys::OVERLAYS.contains(&overlay) => On::Overlay(overlay.to_owned()),
            other => match keys::has_group(other)
                .map(<[Field]>::to_vec)
                .or_else(|| Field::by_name(other).map(|f| vec![f]))
            {
                Some(fields) => On::Fields(fields),
                None => {
                    let near = keys::suggestions(other);
                    let mut accepts: Vec<&str> = near.iter().map(String::as_str).collect();
                    accepts.extend([
                        "a field", "changes", "target", "actor", "time", "tag", "finding", "note",
                        "bookmark",
                    ]);
                    return Err(self.scan.error(
                        QueryCode::BadValue,
                        segment.span(),
                        "has: knows no such thing",
                        &accepts,
                    ));
                }
            },
        };
        Ok(term(on, Test::Exists, span))
    }

    pub(crate) fn time(&mut self, key: &Key, start: usize) -> Result<Expr, QueryError> {
        let from = self.scan.at;
        let segments = self.plain()?;
        let read = |segment: &Segment| {
            when::read(
                &self.scan.text_of(segment),
                self.context.now,
                &self.context.zone,
            )
            .map_err(|reason| {
                self.scan
                    .error(QueryCode::BadTime, segment.span(), reason, when::ACCEPTS)
            })
        };
        let ends = self.ends(&segments)?;
        let (from, until) = match (key, ends) {
            (Key::Time, Some((low, high))) => {
                let low = low.as_ref().map(read).transpose()?;
                let high = high.as_ref().map(read).transpose()?;
                if let (Some(low), Some(high)) = (low, high)
                    && low.first > high.first
                {
                    return Err(self.backwards(from..self.scan.at));
                }
                (low.map(|l| l.first), high.map(|h| h.end))
            }
            (_, Some(_)) => {
                let message = "this key takes one moment; a range of times is time:a..b";
                return Err(self.scan.error(
                    QueryCode::BadTime,
                    from..self.scan.at,
                    message,
                    &["time:a..b"],
                ));
            }
            (_, None) => {
                let segment = self.single(&segments)?;
                let stretch = read(segment)?;
                let now = self.context.now.0.saturating_add(1);
                match key {
                    // Events of the very nanosecond are nobody's question.
                    Key::Time if when::is_relative(&self.scan.text_of(segment)) => {
                        (Some(stretch.first), Some(Instant(now)))
                    }
                    Key::After => (Some(stretch.first), None),
                    Key::Before => (None, Some(stretch.first)),
                    _ => (Some(stretch.first), Some(stretch.end)),
                }
            }
        };
        Ok(term(
            On::Time,
            Test::When { from, until },
            start..self.scan.at,
        ))
    }
}
