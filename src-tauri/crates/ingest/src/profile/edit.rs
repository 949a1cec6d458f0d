//! Changing single parts of a profile's text, so that whatever else stands in it stays: comments, order, words of its own.
//!
//! Owns: where a part stands in the text, and what is written in its place. Never touches: what a part means; whoever
//! changes a text reads it again with [`super::Profile::parse`].
//!
//! A part is called a slot: `time`, `zone`, `order`, `identity`, `id`, `version`, `title`, `provider`, `target.type`,
//! `target.id`, `target.name` (of the first rule for objects), or a field of an event such as `user.email`.

use super::document::Document;
use super::{ProfileError, verbs::folded};
use std::fmt::Write as _;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};
use witnessmark_model::Field;

type Result<T> = std::result::Result<T, ProfileError>;

/// Name under which faults of the text are told.
const FILE: &str = "profile";

/// One alternative of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// As the text has it.
    pub expression: String,
    /// What a plain text says; the expression itself where it is none.
    pub text: String,
    /// Whether it is a plain text: a path, a zone, a name.
    pub plain: bool,
}

/// One slot that a text fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// What it is called.
    pub name: String,
    /// Its alternatives, in order.
    pub taken: Vec<Taken>,
}

/// What a word of the vendor's is to mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning<'m> {
    /// Our category.
    pub category: &'m str,
    /// Our operation.
    pub operation: &'m str,
    /// Outcome, where the word alone tells it.
    pub outcome: Option<&'m str>,
    /// How much a misuse would hurt.
    pub sensitivity: Option<&'m str>,
}

/// A table of a profile that slots stand in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    Profile,
    Time,
    Fields,
    /// The first `[[target]]`.
    Target,
    Verbs,
}

impl Home {
    const fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Time => "time",
            Self::Fields => "fields",
            Self::Target => "target",
            Self::Verbs => "verbs",
        }
    }

    fn of<'d>(self, root: &'d DeTable<'d>) -> Option<&'d DeTable<'d>> {
        let value = get(root, self.name())?.1.get_ref();
        match self {
            Self::Target => match value.as_array() {
                Some(list) => list.iter().next()?.get_ref().as_table(),
                None => value.as_table(),
            },
            _ => value.as_table(),
        }
    }
}

/// Where a slot stands: its table and key.
fn place(slot: &str) -> Option<(Home, &str)> {
    Some(match slot {
        "time" => (Home::Time, "value"),
        "zone" | "order" => (Home::Time, slot),
        "id" | "version" | "title" | "provider" | "identity" => (Home::Profile, slot),
        "target.type" => (Home::Target, "type"),
        "target.id" => (Home::Target, "id"),
        "target.name" => (Home::Target, "name"),
        _ => (Home::Fields, Field::by_name(slot)?.name()),
    })
}

type Pair<'d> = (&'d Spanned<DeString<'d>>, &'d Spanned<DeValue<'d>>);

fn get<'d>(table: &'d DeTable<'d>, key: &str) -> Option<Pair<'d>> {
    table.iter().find(|(k, _)| k.get_ref() == key)
}

/// The key of a slot in its table. A field may stand under its short name, a word in any case.
fn held<'d>(home: Home, table: &'d DeTable<'d>, key: &str) -> Option<Pair<'d>> {
    table.iter().find(|(k, _)| {
        let name: &str = k.get_ref();
        match home {
            Home::Fields => Field::by_name(name).is_some_and(|field| field.name() == key),
            Home::Verbs => folded(name) == folded(key),
            _ => name == key,
        }
    })
}

/// What stands at each slot of a text, and at `target.each`, which is told and not changed here.
///
/// # Errors
/// When the text is no TOML, with its line.
pub fn slots(text: &str) -> Result<Vec<Slot>> {
    let root = Document { file: FILE, text }.parse()?;
    let mut out = Vec::new();
    for name in [
        "id", "version", "title", "provider", "identity", "time", "zone", "order",
    ] {
        if let Some((home, key)) = place(name)
            && let Some(table) = home.of(&root)
            && let Some((_, value)) = held(home, table, key)
        {
            out.push(slot(text, name, value));
        }
    }
    if let Some(table) = Home::Fields.of(&root) {
        for (key, value) in table {
            if let Some(field) = Field::by_name(key.get_ref()) {
                out.push(slot(text, field.name(), value));
            }
        }
    }
    if let Some(table) = Home::Target.of(&root) {
        for key in ["each", "type", "id", "name"] {
            if let Some((_, value)) = get(table, key) {
                out.push(slot(text, &format!("target.{key}"), value));
            }
        }
    }
    Ok(out)
}

fn slot(text: &str, name: &str, value: &Spanned<DeValue<'_>>) -> Slot {
    let taken = match value.get_ref().as_array() {
        Some(list) => list.iter().map(|one| taken(text, one)).collect(),
        None => vec![taken(text, value)],
    };
    Slot {
        name: name.to_owned(),
        taken,
    }
}

fn taken(text: &str, value: &Spanned<DeValue<'_>>) -> Taken {
    let expression = text.get(value.span()).unwrap_or_default().to_owned();
    let plain = value.get_ref().as_str().map(str::to_owned);
    Taken {
        plain: plain.is_some(),
        text: plain.unwrap_or_else(|| expression.clone()),
        expression,
    }
}

/// The text with other alternatives at a slot, each written as the profile language has it; none takes the slot out.
/// Plain words, such as a zone, are given as they are.
///
/// # Errors
/// When the text is no TOML, an alternative is none, or the slot stands in the text in a way that cannot be changed apart.
pub fn set(text: &str, slot: &str, values: &[String]) -> Result<String> {
    let Some((home, key)) = place(slot) else {
        return Err(wrong(slot, format!("`{slot}` is no part of a profile")));
    };
    let written: Vec<String> = match slot {
        "zone" | "order" | "id" | "title" | "provider" | "identity" => {
            values.iter().map(|value| quoted(value)).collect()
        }
        "version" => values.to_vec(),
        _ => values
            .iter()
            .map(|value| expression(slot, value))
            .collect::<Result<_>>()?,
    };
    let value = match written.as_slice() {
        // A profile must say where its time is, also where it is nowhere.
        [] if slot == "time" => "[]".to_owned(),
        [] => return without(text, home, key),
        [one] => one.clone(),
        all => format!("[{}]", all.join(", ")),
    };
    put(text, home, key, &value)
}

/// The text with a word of the vendor's given a meaning; none takes the word out of the table.
///
/// # Errors
/// When the text is no TOML, or the word stands in the text in a way that cannot be changed apart.
pub fn set_verb(text: &str, word: &str, meaning: Option<Meaning<'_>>) -> Result<String> {
    let Some(meaning) = meaning else {
        return without(text, Home::Verbs, word);
    };
    let root = Document { file: FILE, text }.parse()?;
    let mut value = format!(
        "{{ category = {}, operation = {}",
        quoted(meaning.category),
        quoted(meaning.operation)
    );
    for (key, one) in [
        ("outcome", meaning.outcome),
        ("sensitivity", meaning.sensitivity),
    ] {
        if let Some(one) = one {
            // Writing to a String cannot fail.
            let _ = write!(value, ", {key} = {}", quoted(one));
        }
    }
    let known = Home::Verbs
        .of(&root)
        .and_then(|table| held(Home::Verbs, table, word));
    if let Some((_, old)) = known {
        let Some(table) = old.get_ref().as_table() else {
            return Err(wrong(
                &format!("verbs.{word}"),
                "the word has several meanings, each under a condition; change them in the text",
            ));
        };
        // What the window does not know of stays.
        for key in ["say", "when"] {
            if let Some((_, kept)) = get(table, key) {
                let kept = text.get(kept.span()).unwrap_or_default();
                let _ = write!(value, ", {key} = {kept}");
            }
        }
    }
    value.push_str(" }");
    put(text, Home::Verbs, word, &value)
}

/// One alternative, read on its own, so that it cannot write more than itself into the text.
fn expression(slot: &str, value: &str) -> Result<String> {
    let value = value.trim();
    let line = format!("v = {value}\n");
    let read = DeTable::parse(&line).map(Spanned::into_inner);
    let fits = read.is_ok_and(|table| {
        let mut pairs = table.iter();
        let one = pairs.next().is_some_and(|(key, v)| {
            key.get_ref() == "v"
                && (v.get_ref().is_str() || v.get_ref().is_table())
                && v.span() == (4..4 + value.len())
        });
        one && pairs.next().is_none()
    });
    if fits {
        Ok(value.to_owned())
    } else {
        Err(wrong(
            slot,
            "is neither a path in quotes nor a table in braces",
        ))
    }
}

/// Puts a value at a key: in the place of the one that is there, or as a line of its own behind the others of its table.
fn put(text: &str, home: Home, key: &str, value: &str) -> Result<String> {
    let root = Document { file: FILE, text }.parse()?;
    let table = home.of(&root);
    if let Some((_, old)) = table.and_then(|table| held(home, table, key)) {
        return spliced(text, home, key, old.span(), value);
    }
    let key_text = match home {
        Home::Fields | Home::Verbs => quoted(key),
        _ => key.to_owned(),
    };
    let line = format!("{key_text} = {value}");
    let Some(table) = table else {
        let header = match home {
            Home::Target => "[[target]]".to_owned(),
            other => format!("[{}]", other.name()),
        };
        let gap = if text.is_empty() || text.ends_with("\n\n") {
            ""
        } else if text.ends_with('\n') {
            "\n"
        } else {
            "\n\n"
        };
        return Ok(format!("{text}{gap}{header}\n{line}\n"));
    };
    let last = table
        .iter()
        .filter(|(k, _)| is_line(text, &k.span()))
        .map(|(_, v)| v.span().end)
        .max();
    let after = match last {
        Some(end) => {
            let rest = rest_of_line(text, end);
            let alone = text[rest.clone()].trim();
            (alone.is_empty() || alone.starts_with('#')).then_some(rest.end)
        }
        None => header(text, home).map(|start| rest_of_line(text, start).end),
    };
    let Some(after) = after else {
        return Err(elsewhere(home, key));
    };
    spliced(text, home, key, after..after, &format!("\n{line}"))
}

/// Takes a key out with its line.
fn without(text: &str, home: Home, key: &str) -> Result<String> {
    let root = Document { file: FILE, text }.parse()?;
    let Some((name, value)) = home.of(&root).and_then(|table| held(home, table, key)) else {
        return Ok(text.to_owned());
    };
    let start = text[..name.span().start].rfind('\n').map_or(0, |at| at + 1);
    let rest = rest_of_line(text, value.span().end);
    let after = text[rest.clone()].trim();
    let alone = text[start..name.span().start].trim().is_empty()
        && (after.is_empty() || after.starts_with('#'));
    if !alone {
        return Err(elsewhere(home, key));
    }
    let end = (rest.end + 1).min(text.len());
    spliced(text, home, key, start..end, "")
}

/// The text with a piece exchanged, if it is TOML then.
fn spliced(text: &str, home: Home, key: &str, at: Range<usize>, piece: &str) -> Result<String> {
    let out = format!("{}{piece}{}", &text[..at.start], &text[at.end..]);
    if DeTable::parse(&out).is_err() {
        return Err(elsewhere(home, key));
    }
    Ok(out)
}

/// Whether a key stands as `key = value`, not in the head of a table or with dots.
fn is_line(text: &str, key: &Range<usize>) -> bool {
    text.get(key.end..)
        .is_some_and(|rest| rest.trim_start().starts_with('='))
}

fn rest_of_line(text: &str, from: usize) -> Range<usize> {
    let end = text[from..].find('\n').map_or(text.len(), |at| from + at);
    from..end
}

/// Where the head of a table without lines stands. One inside a text of several lines is told apart by what follows from it:
/// the changed text is read again.
fn header(text: &str, home: Home) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.split('#').next().unwrap_or("").trim();
        let name = match home {
            Home::Target => bare.strip_prefix("[[").and_then(|b| b.strip_suffix("]]")),
            _ => bare.strip_prefix('[').and_then(|b| b.strip_suffix(']')),
        };
        if name.is_some_and(|name| name.trim() == home.name()) {
            return Some(start);
        }
        start += line.len();
    }
    None
}

fn wrong(key: &str, message: impl Into<String>) -> ProfileError {
    ProfileError {
        file: FILE.to_owned(),
        line: None,
        key: key.to_owned(),
        message: message.into(),
    }
}

fn elsewhere(home: Home, key: &str) -> ProfileError {
    wrong(
        &format!("{}.{key}", home.name()),
        "stands in the text in a way that cannot be changed apart; change it in the text",
    )
}

/// A text as TOML writes it.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Profile;

    const TEXT: &str = r#"# Mine.
language = 1

[profile]
id = "shop"      # short
version = 1
title = "Shop"

[time]
value = ["at", "when"]

[fields]
email = "who" # by its short name
"event.action" = { path = "verb", lower = true }

[[target]]
id = "object"

[verbs]
"Sold" = { category = "payment", operation = "create", say = "{actor} sold" }
"odd" = [{ category = "data", operation = "read", when = { field = "target.id", is = ["x"] } }]
"#;

    fn held(text: &str, name: &str) -> Vec<String> {
        let all = slots(text).unwrap();
        let one = all.into_iter().find(|s| s.name == name);
        one.map_or(Vec::new(), |s| {
            s.taken.into_iter().map(|t| t.text).collect()
        })
    }

    fn path(text: &str) -> Vec<String> {
        vec![quoted(text)]
    }

    #[test]
    fn parts_are_found_where_they_stand() {
        assert_eq!(held(TEXT, "time"), ["at", "when"]);
        assert_eq!(held(TEXT, "user.email"), ["who"]);
        assert_eq!(held(TEXT, "target.id"), ["object"]);
        assert_eq!(
            held(TEXT, "event.action"),
            ["{ path = \"verb\", lower = true }"]
        );
        assert!(held(TEXT, "zone").is_empty());
    }

    #[test]
    fn a_change_leaves_everything_else_as_it_stands() {
        let mut text = TEXT.to_owned();
        for (slot, values) in [
            ("time", path("occurred")),
            ("zone", vec!["Asia/Manila".to_owned()]),
            ("user.email", path("mail \"x\" \\ \u{7}")),
            ("user.id", path("a.b")),
            (
                "source.ip",
                vec![quoted("ip"), "{ path = \"x\", split = \",\" }".to_owned()],
            ),
            ("target.name", path("label")),
            ("title", vec!["My \"shop\"".to_owned()]),
            ("event.action", Vec::new()),
        ] {
            text = set(&text, slot, &values).unwrap();
            Profile::parse("x", &text).unwrap_or_else(|e| panic!("{slot}: {e}\n{text}"));
        }
        assert_eq!(held(&text, "user.email"), ["mail \"x\" \\ \u{7}"]);
        assert_eq!(held(&text, "source.ip").len(), 2);
        assert_eq!(held(&text, "zone"), ["Asia/Manila"]);
        assert_eq!(held(&text, "title"), ["My \"shop\""]);
        assert!(held(&text, "event.action").is_empty());
        for kept in [
            "# Mine.",
            "# short",
            "# by its short name",
            "say = \"{actor} sold\"",
            "\"odd\" = [{",
        ] {
            assert!(text.contains(kept), "{kept} is gone:\n{text}");
        }
        let back = set(&text, "zone", &[]).unwrap();
        assert!(held(&back, "zone").is_empty());
        assert!(Profile::parse("x", &set(&back, "time", &[]).unwrap()).is_ok());
    }

    #[test]
    fn words_are_given_a_meaning_and_keep_their_sentence() {
        let meaning = Meaning {
            category: "payment",
            operation: "update",
            outcome: Some("success"),
            sensitivity: Some("high"),
        };
        let text = set_verb(TEXT, "sold", Some(meaning)).unwrap();
        let text = set_verb(&text, "ref\u{202e}und \"now\"", Some(meaning)).unwrap();
        let profile = Profile::parse("x", &text).unwrap();
        let sold = profile.meaning("SOLD").unwrap();
        assert_eq!((sold.operation, sold.sensitivity), ("update", Some("high")));
        assert!(text.contains("say = \"{actor} sold\""), "{text}");
        assert!(profile.meaning("ref\u{202e}und \"now\"").is_some());
        let text = set_verb(&text, "sold", None).unwrap();
        assert!(
            Profile::parse("x", &text)
                .unwrap()
                .meaning("sold")
                .is_none()
        );
        let refused = set_verb(&text, "odd", Some(meaning)).unwrap_err();
        assert!(refused.message.contains("condition"), "{refused}");
    }

    #[test]
    fn an_alternative_cannot_write_more_than_itself() {
        for value in [
            "\"a\"\n[verbs]\n",
            "\"a\" # x",
            "\"a\"\nb = 1",
            "1",
            "[\"a\"]",
            "\"a",
            "",
        ] {
            let refused = set(TEXT, "user.id", &[value.to_owned()]);
            assert!(refused.is_err(), "{value:?}");
        }
        assert!(set(TEXT, "nonsense", &path("a")).is_err());
    }

    #[test]
    fn what_stands_in_one_line_with_others_is_left_to_the_text() {
        let text = "language = 1\nprofile = { id = \"x\", version = 1, title = \"X\" }\ntime = { value = \"at\" }\nfields = { }\n";
        assert!(
            set(text, "title", &["Y".to_owned()])
                .unwrap()
                .contains("title = \"Y\"")
        );
        assert!(set(text, "zone", &["UTC".to_owned()]).is_err());
        assert!(set(text, "user.id", &path("a")).is_err());
        let bare = "language = 1\n[profile]\nid = \"x\"\nversion = 1\ntitle = \"X\"\n[time]\nvalue = \"at\"\n[fields]";
        let more = set(bare, "user.id", &path("a")).unwrap();
        let more = set(&more, "target.type", &path("kind")).unwrap();
        let meaning = Meaning {
            category: "data",
            operation: "read",
            outcome: None,
            sensitivity: None,
        };
        let more = set_verb(&more, "seen", Some(meaning)).unwrap();
        let profile = Profile::parse("x", &more).unwrap_or_else(|e| panic!("{e}\n{more}"));
        assert_eq!(profile.verbs().count(), 1);
        assert_eq!(held(&more, "target.type"), ["kind"]);
    }
}
