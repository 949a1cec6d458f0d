//! Connectors: data files that say where a system's log is, how it is asked for and how it is paged.
//!
//! Owns: the language of these files, and that a file which says something else is refused with its place.
//! Never touches: the network. `docs/connectors.md` describes the language for people.

mod document;
mod duration;
mod library;
mod template;

pub use document::{
    Address, Auth, AuthKind, Before, Connector, Items, Limits, Method, Ok, Paging, PagingKind,
    Request, ResetIs, Setting, Stop, Window, WindowKind,
};
pub use duration::Span;
pub use library::{builtin, find};
pub use template::{Values, fill};

use crate::{PullError, Result};

/// The version of the language that this program reads.
pub const LANGUAGE: u32 = 1;
/// Longest connector file, in bytes.
const LONGEST: usize = 1 << 20;
/// Longest pattern of a setting, in bytes, and most memory that one may cost.
const PATTERN: (usize, usize) = (1 << 10, 1 << 20);

/// Reads a connector from its text.
///
/// # Errors
/// When it is too long, is not TOML, has a key that the language does not have, or lacks something; with the line.
pub fn read(text: &str) -> Result<Connector> {
    if text.len() > LONGEST {
        return Err(PullError::connector(
            "the connector is longer than 1 MiB; it is refused unread",
        ));
    }
    let head: Head = toml::from_str(text).map_err(|e| wrong(text, &e))?;
    if head.language != LANGUAGE {
        return Err(PullError::connector(format!(
            "the connector is written in version {} of the language; this program reads version {LANGUAGE}",
            head.language
        )));
    }
    let connector: Connector = toml::from_str(text).map_err(|e| wrong(text, &e))?;
    check(&connector)?;
    Ok(connector)
}

/// Only what must be known before the rest is believed.
#[derive(serde::Deserialize)]
struct Head {
    language: u32,
}

fn wrong(text: &str, error: &toml::de::Error) -> PullError {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map_or(1, |before| before.matches('\n').count() + 1);
    PullError::connector(format!("line {line}: {}", error.message()))
}

fn check(connector: &Connector) -> Result<()> {
    let id = &connector.connector.id;
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if id.is_empty() || !id.bytes().all(plain) {
        return Err(PullError::connector(format!(
            "`{id}` is no id: lower-case letters, digits and hyphens only"
        )));
    }
    for setting in &connector.setting {
        if let Some(pattern) = &setting.pattern {
            setting_pattern(pattern)?;
        }
    }
    let known: Vec<&str> = connector.setting.iter().map(|s| s.name.as_str()).collect();
    for text in connector.templates() {
        template::names(text)?
            .into_iter()
            .filter(|name| !template::GIVEN.contains(name))
            .find(|name| !known.contains(name))
            .map_or(Ok(()), |name| {
                Err(PullError::connector(format!(
                    "`{{{name}}}` in `{text}` is neither a setting nor one of {}",
                    template::GIVEN.join(", ")
                )))
            })?;
    }
    let paging = &connector.paging;
    let needs = |is: bool, what: &str| {
        if is {
            Ok(())
        } else {
            Err(PullError::connector(format!(
                "paging of the kind `{}` needs `{what}`",
                paging.kind.as_str()
            )))
        }
    };
    match paging.kind {
        PagingKind::Cursor => {
            needs(paging.from.is_some(), "from")?;
            needs(paging.to.is_some(), "to")?;
        }
        PagingKind::NextUrl => needs(paging.from.is_some(), "from")?,
        PagingKind::Page | PagingKind::Offset => needs(paging.to.is_some(), "to")?,
        PagingKind::SinceId => {
            needs(paging.to.is_some(), "to")?;
            needs(connector.items.id.is_some(), "items.id")?;
        }
        PagingKind::Link | PagingKind::None => {}
    }
    // Their next page can always be asked for, so that none of them is the one that names none.
    if matches!(paging.kind, PagingKind::Page | PagingKind::Offset)
        && paging.stop == Stop::Absent
        && paging.more.is_none()
    {
        return Err(PullError::connector(format!(
            "paging of the kind `{}` needs `stop`, which is `empty` or `short`, or `more`",
            paging.kind.as_str()
        )));
    }
    if paging.stop == Stop::Short || paging.kind == PagingKind::Offset {
        needs(paging.size.is_some(), "size")?;
    }
    Ok(())
}

/// Compiles the pattern of a setting within its limits.
pub(crate) fn setting_pattern(pattern: &str) -> Result<regex::Regex> {
    if pattern.len() > PATTERN.0 {
        return Err(PullError::connector(
            "a pattern of a setting is longer than 1,024 bytes",
        ));
    }
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(PATTERN.1)
        .nest_limit(64)
        .build()
        .map_err(|e| PullError::connector(format!("the pattern `{pattern}` cannot be used: {e}")))
}
