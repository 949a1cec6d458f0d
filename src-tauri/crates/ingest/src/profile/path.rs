//! Paths of the profile language: where a value stands in an entry.
//!
//! Owns: the syntax. Never touches: entries (the mapping walks them).
//!
//! `actor.alternateId` · `"User-Agent"` · `ipChain[0].ip` · `target[*].id` · `parameters[name=USER_EMAIL].value` · `.value`
//! (a leading dot starts at the element of the list being walked, not at the entry).

use std::sync::atomic::{AtomicU32, Ordering};

static NEXT: AtomicU32 = AtomicU32::new(0);

fn next_id() -> u32 {
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The value of a key, or of a column.
    Key(String),
    /// The element at a position, from 0.
    Index(usize),
    /// Every element.
    Each,
    /// The elements that are objects whose key has this text.
    Where(String, String),
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    /// Distinct for every path that was read; a source remembers by it in which column the path ends.
    pub(crate) id: u32,
    /// Whether the path starts at the element of the list being walked.
    pub(crate) relative: bool,
    pub(crate) steps: Vec<Step>,
}

impl Path {
    /// Reads a path.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text == "." {
            return Ok(Self {
                id: next_id(),
                relative: true,
                steps: Vec::new(),
            });
        }
        let (relative, mut rest) = match text.strip_prefix('.') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut steps = Vec::new();
        loop {
            if let Some(quoted) = rest.strip_prefix('"') {
                let end = quoted
                    .find('"')
                    .ok_or_else(|| format!("the path `{text}` has a quote that is never closed"))?;
                steps.push(Step::Key(quoted[..end].to_owned()));
                rest = &quoted[end + 1..];
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                if end > 0 {
                    steps.push(Step::Key(rest[..end].to_owned()));
                } else if !rest.starts_with('[') {
                    return Err(format!("the path `{text}` has an empty step"));
                }
                rest = &rest[end..];
            }
            while let Some(inside) = rest.strip_prefix('[') {
                let end = inside.find(']').ok_or_else(|| {
                    format!("the path `{text}` has a bracket that is never closed")
                })?;
                let inner = &inside[..end];
                steps.push(match inner.split_once('=') {
                    Some((key, value)) => Step::Where(key.to_owned(), value.to_owned()),
                    None if inner == "*" => Step::Each,
                    None => Step::Index(inner.parse().map_err(|_| {
                        format!("the path `{text}` has `[{inner}]`, which is no number, `*` or `key=value`")
                    })?),
                });
                rest = &inside[end + 1..];
            }
            match rest.strip_prefix('.') {
                Some(more) => rest = more,
                None if rest.is_empty() => break,
                None => return Err(format!("the path `{text}` needs a dot before `{rest}`")),
            }
        }
        if steps.len() > 16 {
            return Err(format!("the path `{text}` has more than 16 steps"));
        }
        Ok(Self {
            id: next_id(),
            relative,
            steps,
        })
    }

    /// The keys when the path is nothing but keys.
    pub(crate) fn keys(&self) -> Option<Vec<&str>> {
        self.steps
            .iter()
            .map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                _ => None,
            })
            .collect()
    }
}

/// Placeholders in one text.
const MOST_PLACEHOLDERS: usize = 64;

/// Text with values of an entry in it: `{verb} {objectRef.resource}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template {
    /// Literal text, then a path, then literal text again; the last path may be absent.
    pub(crate) parts: Vec<(String, Option<Path>)>,
}

impl Template {
    /// Reads a template; `{{` and `}}` stand for the braces themselves.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            if rest[at..].starts_with("{{") || rest[at..].starts_with("}}") {
                literal.push_str(&rest[at..=at]);
                rest = &rest[at + 2..];
            } else if rest[at..].starts_with('{') {
                let end = rest[at..]
                    .find('}')
                    .ok_or_else(|| format!("the text `{text}` has a brace that is never closed"))?;
                let path = Path::parse(&rest[at + 1..at + end])?;
                if parts.len() >= MOST_PLACEHOLDERS {
                    return Err(format!(
                        "a text may have {MOST_PLACEHOLDERS} placeholders; this one has more"
                    ));
                }
                parts.push((std::mem::take(&mut literal), Some(path)));
                rest = &rest[at + end + 1..];
            } else {
                return Err(format!(
                    "the text `{text}` has a brace that was never opened"
                ));
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() || parts.is_empty() {
            parts.push((literal, None));
        }
        Ok(Self { parts })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_read_step_by_step() {
        let path = Path::parse("parameters[name=USER_EMAIL].\"a.b\"[0][*].value").unwrap();
        assert_eq!(
            path.steps,
            [
                Step::Key("parameters".into()),
                Step::Where("name".into(), "USER_EMAIL".into()),
                Step::Key("a.b".into()),
                Step::Index(0),
                Step::Each,
                Step::Key("value".into()),
            ]
        );
        assert!(Path::parse(".value").unwrap().relative);
        for wrong in ["a..b", "a[", "a[x]", "\"a", "a]b.", "a[0]b", ""] {
            assert!(Path::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn templates_hold_text_and_paths() {
        let template = Template::parse("{{{a.b} and {c}!").unwrap();
        assert_eq!(template.parts.len(), 3);
        assert_eq!(template.parts[0].0, "{");
        assert!(Template::parse("{a").is_err() && Template::parse("a}").is_err());
    }
}
