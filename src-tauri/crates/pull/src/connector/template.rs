//! Placeholders in texts of a connector: `{organization}`, `{since}`.
//!
//! Owns: how they are found and filled. Never touches: what a value may be (settings have patterns); a value is put into
//! a path percent-encoded, so that it cannot lead elsewhere.

use std::collections::BTreeMap;

use crate::{PullError, Result};

/// Placeholders that a run gives itself.
pub(crate) const GIVEN: &[&str] = &["since", "until", "stream"];

/// Values of placeholders by name.
pub type Values = BTreeMap<String, String>;

/// The names of the placeholders of a text.
pub(crate) fn names(text: &str) -> Result<Vec<&str>> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let open = rest[at..].starts_with('{');
        let end = rest[at..].find('}').filter(|_| open);
        let Some(end) = end else {
            return Err(PullError::connector(format!(
                "a brace in `{text}` has no partner"
            )));
        };
        found.push(&rest[at + 1..at + end]);
        rest = &rest[at + end + 1..];
    }
    Ok(found)
}

/// The text with its placeholders filled; absent when one of them has no value.
///
/// # Errors
/// When a brace has no partner.
pub fn fill(text: &str, values: &Values, encode: bool) -> Result<Option<String>> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    for name in names(text)? {
        let Some(value) = values.get(name).filter(|v| !v.is_empty()) else {
            return Ok(None);
        };
        let at = rest.find('{').unwrap_or(rest.len());
        out.push_str(&rest[..at]);
        if encode {
            // These two mean a folder even when they are encoded.
            if value == "." || value == ".." {
                return Err(PullError::connector(format!(
                    "`{value}` cannot stand in a path"
                )));
            }
            out.extend(
                url::form_urlencoded::byte_serialize(value.as_bytes()).map(|part| {
                    // A plus is a space only in forms; in a path it is itself.
                    if part == "+" { "%20" } else { part }
                }),
            );
        } else {
            out.push_str(value);
        }
        rest = &rest[at + name.len() + 2..];
    }
    out.push_str(rest);
    Ok(Some(out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_a_path_cannot_lead_elsewhere() {
        let values = Values::from([("org".into(), "../a b/?x#y".into())]);
        assert_eq!(
            fill("/orgs/{org}/audit-log", &values, true)
                .unwrap()
                .unwrap(),
            "/orgs/..%2Fa%20b%2F%3Fx%23y/audit-log"
        );
        let up = Values::from([("org".into(), "..".into())]);
        assert!(fill("/orgs/{org}/audit-log", &up, true).is_err());
        assert_eq!(fill("{none}", &values, true).unwrap(), None);
        assert!(fill("{org", &values, true).is_err());
        assert!(fill("org}", &values, true).is_err());
    }
}
