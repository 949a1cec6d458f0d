//! The request for one page: address, headers and body from the connector, the settings and the sign of the page.
//!
//! Owns: putting them together. Never touches: the network, credentials.

use serde_json::{Map, Value};
use url::Url;
use witnessmark_model::Instant;

use crate::connector::{Before, Connector, Method, Values, Window, fill};
use crate::cursor::{Token, Walk};
use crate::origin::Origin;
use crate::{PullError, Result};

/// A request, ready but for its credentials.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) method: Method,
    pub(crate) address: Url,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// How instants are written in requests of a connector.
fn written(window: &Window, at: Instant) -> Result<String> {
    let utc = at.to_utc();
    Ok(match window.format.as_deref().unwrap_or("rfc3339") {
        "rfc3339" => utc.format("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "rfc3339_ms" => utc.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        "seconds" => utc.format("%Y-%m-%dT%H:%M:%S").to_string(),
        "epoch_s" => utc.timestamp().to_string(),
        "epoch_ms" => utc.timestamp_millis().to_string(),
        other => {
            return Err(PullError::connector(format!(
                "`{other}` is no way to write an instant; use rfc3339, rfc3339_ms, seconds, epoch_s or epoch_ms"
            )));
        }
    })
}

/// The settings with what a walk gives beside them.
pub(crate) fn values(
    connector: &Connector,
    settings: &Values,
    stream: &str,
    walk: &Walk,
) -> Result<Values> {
    let mut values = settings.clone();
    values.insert("stream".into(), stream.to_owned());
    if let Some(since) = walk.since {
        values.insert("since".into(), written(&connector.window, since)?);
        values.insert("until".into(), written(&connector.window, walk.until)?);
    }
    Ok(values)
}

/// An address below the base, with parameters; those that lack a value are left out.
fn address<'t>(
    base: &Url,
    path: &str,
    query: impl Iterator<Item = (&'t String, &'t String)>,
    values: &Values,
) -> Result<Url> {
    let path = fill(path, values, true)?
        .ok_or_else(|| PullError::connector(format!("a setting in `{path}` is missing")))?;
    let whole = format!("{}{path}", base.as_str().trim_end_matches('/'));
    let mut address = Url::parse(&whole)
        .map_err(|e| PullError::connector(format!("`{path}` makes no address: {e}")))?;
    for (name, template) in query {
        if let Some(value) = fill(template, values, false)? {
            address.query_pairs_mut().append_pair(name, &value);
        }
    }
    Ok(address)
}

/// The request for the page that a walk is at.
pub(crate) fn page(
    connector: &Connector,
    base: &Url,
    origin: &Origin,
    values: &Values,
    next: Option<&Token>,
) -> Result<Ready> {
    let (request, paging) = (&connector.request, &connector.paging);
    let token = match next {
        Some(Token::Value(text)) => Some(text.clone()),
        Some(Token::Number(number)) => Some(number.to_string()),
        Some(Token::Address(_)) | None => None,
    };
    let (place, name) = paging
        .to
        .as_deref()
        .and_then(|to| to.split_once('.'))
        .unwrap_or_default();
    let alone = paging.alone && token.is_some();
    let query = if alone { &paging.with } else { &request.query };
    let query = query
        .iter()
        .filter(|(known, _)| !(token.is_some() && place == "query" && name == *known));
    let mut address = match next {
        Some(Token::Address(text)) => origin.follow(base, text, "the next page")?,
        _ => address(base, &request.path, query, values)?,
    };
    if let (Some(token), "query") = (&token, place) {
        address.query_pairs_mut().append_pair(name, token);
    }
    let mut headers = vec![("accept".to_owned(), "application/json".to_owned())];
    for (name, template) in &request.headers {
        if let Some(value) = fill(template, values, false)? {
            let name = name.to_ascii_lowercase();
            headers.retain(|(known, _)| *known != name);
            headers.push((name, value));
        }
    }
    let mut body = Vec::new();
    if request.method == Method::Post {
        let mut members = match &request.body {
            Some(table) if !alone => filled(table, &connector.window, values)?,
            _ => Map::new(),
        };
        if let (Some(token), "body") = (&token, place) {
            members.insert(name.to_owned(), Value::from(token.as_str()));
        }
        body = Value::Object(members).to_string().into_bytes();
        if !headers.iter().any(|(name, _)| name == "content-type") {
            headers.push(("content-type".to_owned(), "application/json".to_owned()));
        }
    }
    Ok(Ready {
        method: request.method,
        address,
        headers,
        body,
    })
}

/// A request that must have been sent once.
pub(crate) fn before(before: &Before, base: &Url, values: &Values) -> Result<Ready> {
    Ok(Ready {
        method: before.method,
        address: address(base, &before.path, before.query.iter(), values)?,
        headers: vec![("accept".to_owned(), "application/json".to_owned())],
        body: Vec::new(),
    })
}

fn filled(table: &toml::Table, window: &Window, values: &Values) -> Result<Map<String, Value>> {
    let mut out = Map::new();
    for (name, value) in table {
        let value = match value {
            toml::Value::String(template) => match fill(template, values, false)? {
                Some(text) => whole_number(template, window, &text).unwrap_or(Value::from(text)),
                None => continue,
            },
            toml::Value::Integer(number) => Value::from(*number),
            toml::Value::Float(number) => Value::from(*number),
            toml::Value::Boolean(truth) => Value::from(*truth),
            toml::Value::Table(inner) => Value::Object(filled(inner, window, values)?),
            other => {
                return Err(PullError::connector(format!(
                    "`request.body.{name}` holds {}, which a body cannot",
                    other.type_str()
                )));
            }
        };
        out.insert(name.clone(), value);
    }
    Ok(out)
}

/// An instant that is counted, where it stands alone, is a number in JSON too: AWS refuses it as text.
fn whole_number(template: &str, window: &Window, text: &str) -> Option<Value> {
    let counted = matches!(window.format.as_deref(), Some("epoch_s" | "epoch_ms"));
    let alone = matches!(template, "{since}" | "{until}");
    (counted && alone)
        .then(|| text.parse::<i64>().ok().map(Value::from))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_instant_is_a_number_in_a_body_and_any_other_a_text() {
        let body = |id: &str| {
            let (connector, _) = crate::connector::find(id).unwrap();
            let settings = Values::from([("region".into(), "eu-central-1".into())]);
            let walk = Walk {
                since: Some(Instant(1_780_272_000_000_000_000)),
                ..Walk::new(Instant(1_780_275_600_000_000_000))
            };
            let values = values(&connector, &settings, "auditevents", &walk).unwrap();
            let base = Url::parse("https://api.example.com").unwrap();
            let origin = Origin::of_base(&base, Default::default()).unwrap();
            let ready = page(&connector, &base, &origin, &values, None).unwrap();
            String::from_utf8(ready.body).unwrap()
        };
        assert_eq!(
            body("aws-cloudtrail"),
            r#"{"EndTime":1780275600,"MaxResults":50,"StartTime":1780272000}"#
        );
        assert_eq!(
            body("1password"),
            r#"{"limit":1000,"start_time":"2026-06-01T00:00:00Z"}"#
        );
    }
}
