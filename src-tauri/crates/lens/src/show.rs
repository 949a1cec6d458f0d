//! A filter written as text from its meaning.
//!
//! Owns: the canonical text. It is read back as the same meaning, which a property test holds. Never touches: the text a
//! person typed.

use ipnet::IpNet;
use witnessmark_model::Field;

use crate::{
    keys::{self, fields_name},
    query::{Expr, On, TargetBy, Term, Test},
    scan::quote,
    when,
};

/// The filter as text, with shown names and times in UTC. The text of [`Expr::All`] is empty.
#[must_use]
pub fn to_text(expr: &Expr) -> String {
    match expr {
        Expr::All => String::new(),
        other => any(other),
    }
}

/// As an operand of nothing: no parentheses needed.
fn any(expr: &Expr) -> String {
    match expr {
        Expr::Or(parts) => parts.iter().map(all).collect::<Vec<_>>().join(" OR "),
        other => all(other),
    }
}

/// As an operand of `OR`.
fn all(expr: &Expr) -> String {
    let Expr::And(parts) = expr else {
        return one(expr);
    };
    let key = |part: &Expr| match part {
        Expr::Term(term) => term.merge_key(),
        _ => None,
    };
    let mut seen: Vec<String> = parts.iter().filter_map(key).collect();
    seen.sort_unstable();
    let repeats = |key: String| {
        let first = seen.partition_point(|k| *k < key);
        seen.get(first + 1) == Some(&key)
    };
    let texts = parts.iter().map(|part| {
        // Side by side the same key would mean alternatives; in groups of their own both hold.
        if key(part).is_some_and(repeats) {
            format!("({})", one(part))
        } else {
            one(part)
        }
    });
    texts.collect::<Vec<_>>().join(" ")
}

/// As an operand of anything.
fn one(expr: &Expr) -> String {
    match expr {
        // Only a tree that was not made by the grammar holds this below its root: dated or undated is every event.
        Expr::All => "(is:dated OR is:undated)".to_owned(),
        Expr::Not(inner) => match inner.as_ref() {
            Expr::Not(_) => format!("-({})", any(inner)),
            other => format!("-{}", one(other)),
        },
        Expr::Term(term) => self::term(term),
        group => format!("({})", any(group)),
    }
}

fn term(term: &Term) -> String {
    let Term { on, test, .. } = term;
    match on {
        On::Undated => "is:undated".to_owned(),
        On::Overlay(kind) if *test == Test::Exists => format!("has:{kind}"),
        On::Overlay(kind) => format!("{kind}:{}", self::test(test)),
        On::Change(inner) => format!("change:({})", any(inner)),
        On::Time => time(test),
        On::Text => free_text(test),
        On::Target { kind, by } => {
            let by = match by {
                TargetBy::Either => "",
                TargetBy::Id => "id:",
                TargetBy::NameAlone => "name:",
            };
            format!("target:{}/{by}{}", self::test(kind), self::test(test))
        }
        On::Fields(fields) => of_fields(fields, test),
        On::Raw => format!("raw:{}", self::test(test)),
        On::RawPath(path) => {
            let parts: Vec<String> = path.iter().map(|part| path_part(part)).collect();
            format!("raw.{}:{}", parts.join("."), self::test(test))
        }
        On::Tag => format!("tag:{}", self::test(test)),
        On::Finding => format!("finding:{}", self::test(test)),
        On::Source => format!("in:{}", self::test(test)),
        On::Number => format!("event:{}", self::test(test)),
    }
}

fn of_fields(fields: &[Field], test: &Test) -> String {
    if *test == Test::Exists {
        let group = ["changes", "target", "actor", "org", "error"]
            .into_iter()
            .find(|word| keys::has_group(word) == Some(fields));
        if let Some(word) = group {
            return format!("has:{word}");
        }
    }
    let value = self::test(test);
    match fields_name(fields) {
        Some(name) => format!("{name}:{value}"),
        None => {
            let terms = fields.iter().filter_map(|f| fields_name(&[*f]));
            let each: Vec<String> = terms.map(|name| format!("{name}:{value}")).collect();
            format!("({})", each.join(" OR "))
        }
    }
}

fn path_part(part: &str) -> String {
    let plain = |c: char| !c.is_whitespace() && !matches!(c, '"' | '(' | ')' | '.' | ':');
    if !part.is_empty() && part.chars().all(plain) {
        part.to_owned()
    } else {
        quote(part)
    }
}

fn free_text(test: &Test) -> String {
    match test {
        Test::Contains(text) => quote(text),
        // A pattern of free text begins and ends with a star by nature, so the outer ones need not be written; written,
        // they keep a word such as `-a*b` or `key:a*b` apart from a sign or a key only by its first character.
        Test::Wild(pieces) => format!("*{}*", pieces.join("*").trim_matches('*')),
        other => self::test(other),
    }
}

fn time(test: &Test) -> String {
    match test {
        Test::When {
            from: Some(from),
            until: None,
        } => format!("after:{}", when::write(*from)),
        Test::When {
            from: None,
            until: Some(until),
        } => format!("before:{}", when::write(*until)),
        Test::When {
            from: Some(from),
            until: Some(until),
        } if from < until => {
            format!(
                "time:{}..{}",
                when::write(*from),
                when::write_last_before(*until)
            )
        }
        // No moment lies in it, which two narrowing terms say best.
        Test::When {
            from: Some(from),
            until: Some(until),
        } => {
            format!(
                "(after:{} before:{})",
                when::write(*from),
                when::write(*until)
            )
        }
        _ => "has:time".to_owned(),
    }
}

fn test(test: &Test) -> String {
    match test {
        Test::Exists => "*".to_owned(),
        Test::Is(text) => text.clone(),
        Test::Exact(text) => quote(text),
        Test::Wild(pieces) => pieces.join("*"),
        Test::Contains(text) => format!("~{}", quote(text)),
        Test::Net(nets) => networks(nets),
        Test::In { list, .. } => format!("@{}", quote(list)),
        Test::When { .. } => time(test),
        Test::Between { low, high } => {
            let end = |end: &Option<String>| end.as_deref().map(quote).unwrap_or_default();
            format!("{}..{}", end(low), end(high))
        }
        Test::Bytes(bytes) => self::bytes(bytes),
    }
}

fn networks(nets: &[IpNet]) -> String {
    let write = |net: &IpNet| {
        if net.prefix_len() == net.max_prefix_len() {
            net.addr().to_string()
        } else {
            net.to_string()
        }
    };
    match nets {
        [net] => write(net),
        [first, .., last] => format!("{}..{}", first.network(), last.broadcast()),
        [] => "\"\"".to_owned(),
    }
}

fn bytes(bytes: &[u8]) -> String {
    let mut out = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' => out.push_str("\\\""),
                '\\' => out.push_str("\\\\"),
                c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
                c => out.push(c),
            }
        }
        for byte in chunk.invalid() {
            out.push_str(&format!("\\x{byte:02x}"));
        }
    }
    out.push('"');
    out
}
