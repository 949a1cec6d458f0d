//! What kind of thing an audited object is, as far as its type's own words say it, and which values are addresses.
//!
//! Owns: the reading of `target.type`. Never touches: formats. Both schemas have places of their own for a person and a
//! group that something was done to; a type that says neither is some other object, never a guess.

use std::net::IpAddr;

use witnessmark_model::{Event, Target};

/// A kind of object that ECS and OCSF have places for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A person or a machine that can act.
    User,
    /// A set of those.
    Group,
    /// Anything else, or a type that is not told.
    Other,
}

const USERS: &[&str] = &[
    "user",
    "appuser",
    "member",
    "person",
    "employee",
    "teammember",
    "serviceaccount",
    "serviceprincipal",
];
const GROUPS: &[&str] = &["group", "usergroup", "team", "role"];

/// The kind of an object. The type is compared without regard to case, spaces, `_` and `-`, and by its last part where
/// it is dotted (`com.example.User`).
pub(crate) fn subject(target: &Target) -> Subject {
    let Some(kind) = target.r#type.as_deref() else {
        return Subject::Other;
    };
    let last = kind.rsplit(['.', ':', '/']).next().unwrap_or(kind);
    let plain: String = last
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let singular = plain.strip_suffix('s').unwrap_or(&plain);
    if USERS.contains(&singular) {
        Subject::User
    } else if GROUPS.contains(&singular) {
        Subject::Group
    } else {
        Subject::Other
    }
}

/// The first target of a kind.
pub(crate) fn first_of(event: &Event, kind: Subject) -> Option<&Target> {
    event.targets.iter().find(|t| subject(t) == kind)
}

/// A value as the address that it is, in its canonical form; absent when it is none.
pub(crate) fn address(value: &str) -> Option<String> {
    let plain = value.trim();
    let plain = plain
        .strip_prefix('[')
        .and_then(|v| v.strip_suffix(']'))
        .unwrap_or(plain);
    plain.parse::<IpAddr>().ok().map(|ip| ip.to_string())
}

/// Every address of an event in canonical form, without repeats, the first one first.
pub(crate) fn addresses(event: &Event) -> Vec<String> {
    let first = event.get(witnessmark_model::Field::SourceIp);
    let further = event.related_ips.iter().map(String::as_str);
    let mut out: Vec<String> = Vec::new();
    for ip in first.into_iter().chain(further).filter_map(address) {
        if !out.contains(&ip) {
            out.push(ip);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_says_what_it_is_or_nothing() {
        let of = |kind: &str| {
            subject(&Target {
                r#type: Some(kind.to_owned()),
                ..Target::default()
            })
        };
        assert_eq!(of("AppUser"), Subject::User);
        assert_eq!(of("team_members"), Subject::User);
        assert_eq!(of("com.example.Group"), Subject::Group);
        assert_eq!(of("account"), Subject::Other, "a bank account is no person");
        assert_eq!(subject(&Target::default()), Subject::Other);
    }
}
