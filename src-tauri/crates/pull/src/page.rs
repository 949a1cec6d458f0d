//! What stands in an answer: entries, their ids, and the sign of the next page.
//!
//! Owns: reading an answer by the keys that the connector names. Never touches: what an entry means, where requests go.

use serde_json::Value;
use witnessmark_model::Instant;

use crate::client::Answer;
use crate::connector::{Connector, Items};
use crate::{Fault, PullError, Result};

/// Characters of an unexpected answer that a message shows.
const SHOWN: usize = 300;

/// A further answer that an entry names.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) address: String,
    /// Its id; empty where it has none.
    pub(crate) id: String,
    /// Its instant, where the connector says which key holds it.
    pub(crate) at: Option<Instant>,
}

/// An answer that is what the connector describes.
#[derive(Debug)]
pub(crate) struct Read {
    root: Value,
    /// The keys to its entries.
    path: String,
}

/// The value under keys with dots between; the root when there are none. A key may hold dots itself
/// (`@odata.nextLink`), so longer keys are tried first.
pub(crate) fn at<'v>(root: &'v Value, path: &str) -> Option<&'v Value> {
    if path.is_empty() {
        return Some(root);
    }
    if let Some(value) = root.get(path) {
        return Some(value);
    }
    let mut cut = path.len();
    while let Some(dot) = path[..cut].rfind('.') {
        let inner = match root {
            Value::Array(list) => path[..dot].parse::<usize>().ok().and_then(|i| list.get(i)),
            other => other.get(&path[..dot]),
        };
        if let Some(found) = inner.and_then(|inner| at(inner, &path[dot + 1..])) {
            return Some(found);
        }
        cut = dot;
    }
    None
}

/// The keys by which [`at`] finds a value.
fn way(root: &Value, path: &str, keys: &mut Vec<String>) -> bool {
    if path.is_empty() {
        return true;
    }
    if root.get(path).is_some() {
        keys.push(path.to_owned());
        return true;
    }
    let dots = path.match_indices('.').map(|(dot, _)| dot);
    for dot in dots.collect::<Vec<_>>().into_iter().rev() {
        let before = keys.len();
        if let Some(inner) = root.get(&path[..dot]) {
            keys.push(path[..dot].to_owned());
            if way(inner, &path[dot + 1..], keys) {
                return true;
            }
            keys.truncate(before);
        }
    }
    false
}

/// A value as the text that goes into a request; absent for nothing, empty texts and `null`.
pub(crate) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl Read {
    /// Reads an answer; `path` are the keys to its entries.
    pub(crate) fn new(
        answer: &Answer,
        items: &Items,
        path: &str,
        clean: impl Fn(&str) -> String,
    ) -> Result<Self> {
        let body = answer
            .body
            .strip_prefix(b"\xEF\xBB\xBF")
            .unwrap_or(&answer.body);
        let wrong = |why: String| {
            let shown: String = clean(&String::from_utf8_lossy(body))
                .chars()
                .take(SHOWN)
                .flat_map(char::escape_default)
                .collect();
            PullError::new(
                Fault::Shape,
                format!("the answer is not the expected shape: {why}. It begins: {shown}"),
                "Check the address and the settings; a page for signing in means that the credentials are not taken.",
            )
        };
        let root: Value =
            serde_json::from_slice(body).map_err(|e| wrong(format!("it is no JSON ({e})")))?;
        if let Some(ok) = &items.ok
            && at(&root, &ok.path) != Some(&Value::Bool(ok.is))
        {
            let said = items
                .error
                .as_deref()
                .and_then(|path| at(&root, path))
                .and_then(text);
            let said = said.map_or(String::new(), |said| format!("; it says `{said}`"));
            return Err(wrong(format!("`{}` is not {}{said}", ok.path, ok.is)));
        }
        match at(&root, path) {
            Some(Value::Array(list)) => {
                if let Some(odd) = list.iter().position(|entry| !entry.is_object()) {
                    return Err(wrong(format!("entry {} of its list is no object", odd + 1)));
                }
            }
            Some(_) => return Err(wrong(format!("{} is no list", named(path)))),
            None if items.empty && root.is_object() && root.get("error").is_none() => {}
            None => return Err(wrong(format!("{} is not there", named(path)))),
        }
        Ok(Self {
            root,
            path: path.to_owned(),
        })
    }

    /// The keys to its entries, one by one: where a key holds dots itself, only the answer tells. Absent where the way leads
    /// through a list.
    pub(crate) fn keys(&self) -> Option<Vec<String>> {
        let mut keys = Vec::new();
        way(&self.root, &self.path, &mut keys).then_some(keys)
    }

    pub(crate) fn items(&self) -> &[Value] {
        at(&self.root, &self.path)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    /// Ids of the entries, for each that has one; empty where the connector names no id.
    pub(crate) fn ids(&self, connector: &Connector) -> Vec<Option<String>> {
        let Some(path) = &connector.items.id else {
            return Vec::new();
        };
        let ids = self
            .items()
            .iter()
            .map(|entry| at(entry, path).and_then(text));
        ids.collect()
    }

    /// The further answers that entries name, each of them if it names one; absent for the others.
    pub(crate) fn parts(&self, items: &Items, path: &str) -> Vec<Option<Part>> {
        let said = |entry, path: &Option<String>| {
            path.as_deref().and_then(|p| at(entry, p)).and_then(text)
        };
        let part = |entry| {
            let when = said(entry, &items.at);
            Some(Part {
                address: at(entry, path).and_then(text)?,
                id: said(entry, &items.id).unwrap_or_default(),
                at: when.and_then(|when| {
                    let when = if when.ends_with('Z') {
                        when
                    } else {
                        when + "Z"
                    };
                    chrono::DateTime::parse_from_rfc3339(&when)
                        .ok()
                        .and_then(|t| Instant::from_utc(t.to_utc()))
                }),
            })
        };
        self.items().iter().map(part).collect()
    }

    /// A value of the answer as text.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        at(&self.root, path).and_then(text)
    }

    /// A truth value of the answer.
    pub(crate) fn truth(&self, path: &str) -> Option<bool> {
        at(&self.root, path).and_then(Value::as_bool)
    }
}

fn named(path: &str) -> String {
    if path.is_empty() {
        "the answer".to_owned()
    } else {
        format!("`{path}`")
    }
}

/// The address of `rel="next"` in a `Link` header (RFC 8288).
pub(crate) fn next_link(answer: &Answer) -> Option<String> {
    let all = answer
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("link"));
    for (_, header) in all {
        let mut rest = header.as_str();
        while let Some(open) = rest.find('<') {
            let after = &rest[open + 1..];
            let Some(close) = after.find('>') else { break };
            let (address, tail) = (&after[..close], &after[close + 1..]);
            // Parameters go on until a comma outside quotes.
            let mut quoted = false;
            let end = tail
                .char_indices()
                .find(|(_, c)| {
                    quoted ^= *c == '"';
                    *c == ',' && !quoted
                })
                .map_or(tail.len(), |(at, _)| at);
            let is_next = tail[..end].split(';').any(|parameter| {
                let mut sides = parameter.splitn(2, '=');
                let name = sides.next().unwrap_or_default().trim();
                let value = sides.next().unwrap_or_default().trim().trim_matches('"');
                name.eq_ignore_ascii_case("rel")
                    && value
                        .split_whitespace()
                        .any(|r| r.eq_ignore_ascii_case("next"))
            });
            if is_next {
                return Some(address.to_owned());
            }
            rest = &tail[end..];
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(body: &str, link: &[&str]) -> Answer {
        Answer {
            status: 200,
            headers: link
                .iter()
                .map(|l| ("link".to_owned(), (*l).to_owned()))
                .collect(),
            body: body.into(),
            address: url::Url::parse("https://x.example/").unwrap(),
        }
    }

    #[test]
    fn keys_may_hold_dots_and_lists_are_counted() {
        let root = json!({"@odata.nextLink": "n", "a": {"b.c": {"d": [{"e": 5}]}}});
        assert_eq!(at(&root, "@odata.nextLink"), Some(&json!("n")));
        assert_eq!(at(&root, "a.b.c.d.0.e"), Some(&json!(5)));
        assert_eq!(at(&root, "a.x"), None);
        let mut keys = Vec::new();
        assert!(way(&root, "a.b.c.d", &mut keys));
        assert_eq!(keys, ["a", "b.c", "d"]);
    }

    #[test]
    fn the_next_link_is_found_among_others() {
        let link = |text| next_link(&answer("", &[text]));
        assert_eq!(
            link("<https://a/?p=1>; rel=\"prev\", <https://a/?p=3,4>; title=\"x, y\"; rel=\"next last\"").unwrap(),
            "https://a/?p=3,4"
        );
        assert_eq!(link("<https://a/>; rel=self"), None);
        assert_eq!(link("<broken"), None);
        assert_eq!(
            next_link(&answer(
                "",
                &["<https://a/1>; rel=\"self\"", "<https://a/2>; REL=next"]
            ))
            .unwrap(),
            "https://a/2"
        );
    }

    #[test]
    fn what_is_no_page_is_told_with_its_beginning() {
        let items = Items {
            path: "items".into(),
            ..Items::default()
        };
        let wrong = |body: &str| {
            let error = Read::new(&answer(body, &[]), &items, &items.path, |t| {
                t.replace("tok_1", "•")
            })
            .unwrap_err();
            assert_eq!(error.fault, Fault::Shape, "{body}");
            error.message
        };
        assert!(wrong("<html>Sign in tok_1 \u{1b}[31m</html>").contains("\\u{1b}"));
        assert!(!wrong("<html>tok_1</html>").contains("tok_1"));
        for body in [
            "{}",
            "{\"items\":null}",
            "{\"items\":{}}",
            "{\"items\":[null]}",
            "[]",
            "",
            "{\"error\":\"x\"}",
        ] {
            wrong(body);
        }
        assert!(
            Read::new(
                &answer("\u{feff}{\"items\":[{}]}", &[]),
                &items,
                "items",
                str::to_owned
            )
            .is_ok()
        );
    }
}
