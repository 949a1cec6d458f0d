//! What a person decided to hide, as a small TOML file.
//!
//! Owns: its words. Never touches: values.
//!
//! ```toml
//! name = "External audit"
//! reason = "the auditor needs no names"
//! approved_by = "Alice Merchant"
//!
//! [[rule]]
//! fields = ["user.email", "user.name", "user.id"]
//! do = "pseudonym"
//! prefix = "actor"
//!
//! [[rule]]
//! pattern = "card"
//! do = "mask"
//! last = 4
//! ```

use serde::Deserialize;
use witnessmark_model::Field;

use crate::error::{PackageError, Result};

/// What is done to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing; stands in a policy to say that it was thought of.
    Keep,
    /// A token that is the same for the same person or value: `actor-7F2KQ-3ZD9M`.
    Pseudonym(String),
    /// Dots, and the last characters.
    Mask(usize),
    /// A note of how many characters there were.
    Remove,
}

/// What a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// Values of a field.
    Field(Field),
    /// Old and new values of changed fields whose path matches: parts between dots, `*` for any part.
    Changed(Vec<String>),
    /// E-mail addresses in any text.
    Email,
    /// IPv4 and IPv6 addresses in any text.
    Ip,
    /// Thirteen to nineteen digits that pass the check of payment cards.
    Card,
    /// Names of actors, in any text.
    Name,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) of: Vec<Of>,
    pub(crate) act: Act,
    /// As it stood in the policy, for the record.
    pub(crate) what: String,
}

/// A policy. Of several rules that catch a value, the first one wins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Its name.
    pub name: String,
    /// Why, for the record.
    pub reason: Option<String>,
    /// Who approved it, for the record.
    pub approved_by: Option<String>,
    /// Its text as it was given.
    pub text: String,
    pub(crate) rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    reason: Option<String>,
    approved_by: Option<String>,
    #[serde(default)]
    rule: Vec<RuleText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    #[serde(default)]
    fields: Vec<String>,
    pattern: Option<String>,
    r#do: String,
    prefix: Option<String>,
    last: Option<usize>,
}

/// Policies that are there without a file: name, text.
#[must_use]
pub fn builtin_policies() -> &'static [(&'static str, &'static str)] {
    &[
        ("external-audit", include_str!("external-audit.toml")),
        ("no-persons", include_str!("no-persons.toml")),
    ]
}

impl Policy {
    /// Reads a policy: the name of a built-in one, or its text.
    ///
    /// # Errors
    /// When it is no policy; the message says which rule is wrong and what would be right.
    pub fn read(text: &str) -> Result<Self> {
        let text = builtin_policies()
            .iter()
            .find(|(name, _)| *name == text)
            .map_or(text, |(_, text)| text);
        if text.len() > 1 << 20 {
            return Err(wrong("the policy is longer than 1 MiB".to_owned()));
        }
        let document: Document =
            toml::from_str(text).map_err(|e| wrong(format!("the policy cannot be read: {e}")))?;
        let rules = document.rule.iter().enumerate();
        let rules = rules
            .map(|(at, rule)| {
                read_rule(rule)
                    .map_err(|why| wrong(format!("rule {} of the policy: {why}", at + 1)))
            })
            .collect::<Result<Vec<_>>>()?;
        if rules.is_empty() {
            return Err(wrong("the policy has no rule".to_owned()));
        }
        Ok(Self {
            name: document.name,
            reason: document.reason,
            approved_by: document.approved_by,
            text: text.to_owned(),
            rules,
        })
    }
}

fn wrong(message: String) -> PackageError {
    PackageError::Policy(message)
}

fn read_rule(rule: &RuleText) -> std::result::Result<Rule, String> {
    let mut of = Vec::new();
    for name in &rule.fields {
        match Field::by_name(name) {
            Some(field) => of.push(Of::Field(field)),
            None => match name.strip_prefix("changes.") {
                Some(path) if !path.is_empty() => {
                    of.push(Of::Changed(path.split('.').map(str::to_owned).collect()));
                }
                _ => {
                    return Err(format!(
                        "`{name}` is no field; they are listed in docs/filter-language.md"
                    ));
                }
            },
        }
    }
    match rule.pattern.as_deref() {
        None => {}
        Some("email") => of.push(Of::Email),
        Some("ip") => of.push(Of::Ip),
        Some("card") => of.push(Of::Card),
        Some("name") => of.push(Of::Name),
        Some(other) => {
            return Err(format!(
                "`{other}` is no pattern; there are email, ip, card and name"
            ));
        }
    }
    if of.is_empty() {
        return Err("it names neither fields nor a pattern".to_owned());
    }
    let prefix = rule.prefix.clone().unwrap_or_else(|| "person".to_owned());
    let plain = (1..=20).contains(&prefix.len()) && prefix.bytes().all(|b| b.is_ascii_lowercase());
    if !plain {
        return Err(format!(
            "`{prefix}` is no prefix; use up to 20 lower-case letters"
        ));
    }
    let act = match rule.r#do.as_str() {
        "keep" => Act::Keep,
        "pseudonym" => Act::Pseudonym(prefix),
        "mask" => Act::Mask(rule.last.unwrap_or(0).min(4)),
        "remove" => Act::Remove,
        other => {
            return Err(format!(
                "`{other}` cannot be done; choose keep, pseudonym, mask or remove"
            ));
        }
    };
    let pattern = rule.pattern.as_ref().map(|p| format!("pattern {p}"));
    let what: Vec<&str> = rule
        .fields
        .iter()
        .chain(&pattern)
        .map(String::as_str)
        .collect();
    Ok(Rule {
        of,
        act,
        what: what.join(", "),
    })
}

/// Whether the path of a changed field is one that a rule names.
pub(crate) fn path_matches(pattern: &[String], path: &str) -> bool {
    fn parts(pattern: &[String], path: &[&str]) -> bool {
        match (pattern.split_first(), path.split_first()) {
            (None, None) => true,
            (Some((star, rest)), _) if star == "*" => {
                // A star stands for any number of parts, so that `*.number` also catches `number`.
                parts(rest, path) || path.split_first().is_some_and(|(_, p)| parts(pattern, p))
            }
            (Some((word, rest)), Some((part, path))) => {
                word.eq_ignore_ascii_case(part) && parts(rest, path)
            }
            _ => false,
        }
    }
    let path: Vec<&str> = path.split('.').collect();
    parts(pattern, &path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_builtin_policies_can_be_read() {
        for (name, _) in builtin_policies() {
            assert!(!Policy::read(name).unwrap().rules.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_wrong_policy_is_told_by_its_rule() {
        let rule = |text: &str| {
            Policy::read(&format!("name = \"x\"\n[[rule]]\n{text}\n"))
                .unwrap_err()
                .to_string()
        };
        assert!(rule("fields = [\"user.shoe\"]\ndo = \"keep\"").contains("`user.shoe`"));
        assert!(rule("pattern = \"dna\"\ndo = \"keep\"").contains("`dna`"));
        assert!(rule("pattern = \"ip\"\ndo = \"burn\"").contains("`burn`"));
        assert!(rule("do = \"keep\"").contains("neither"));
        assert!(rule("pattern = \"ip\"\ndo = \"pseudonym\"\nprefix = \"../x\"").contains("prefix"));
        assert!(Policy::read("nonsense").is_err());
    }

    #[test]
    fn a_star_stands_for_any_parts_of_a_path() {
        let pattern = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        assert!(path_matches(
            &pattern("*.account_number"),
            "bank.account_number"
        ));
        assert!(path_matches(&pattern("*.account_number"), "account_number"));
        assert!(path_matches(&pattern("bank.*"), "bank.a.b"));
        assert!(!path_matches(&pattern("bank.name"), "bank.names"));
    }
}
