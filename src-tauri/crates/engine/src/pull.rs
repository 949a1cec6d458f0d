//! Remote logs: which connectors there are, what a request would ask, a trial page, and the account of what a log covers.
//!
//! Owns: the way from a request to a job of the one algorithm of pulls. Never touches: the network itself (`witnessmark_pull`
//! does), where secrets are kept, how pages come into the case (`streams` does).

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use witnessmark_model::Instant;
use witnessmark_pull::auth::Secret;
use witnessmark_pull::client::Bounds;
use witnessmark_pull::connector::{self, AuthKind, Connector, Span};
use witnessmark_pull::cursor::Cursor;
use witnessmark_pull::origin::Reach;
use witnessmark_pull::pace::Pace;
use witnessmark_pull::sync::{self, Job, Page, Port};
use witnessmark_store::case::{PullCoverage, PulledPage};

use crate::api::{
    ConnectorPart, ConnectorSetting, ConnectorsReport, CoveragePart, PagePart, PullRequest,
    PulledReport, PulledStream, TriedReport,
};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::setting::Setting;
use crate::visible::visible_bytes;

/// Characters of an answer that a trial shows.
const SHOWN: usize = 4_000;

/// A secret for a pull; it cannot be shown.
#[derive(Clone, Debug)]
pub struct PullSecret(Secret);

impl PullSecret {
    /// Takes a secret as a person gave it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Secret::new(text))
    }
}

/// The connectors that come with the program.
#[derive(Clone, Copy, Debug)]
pub struct Connectors;

impl Connectors {
    /// All of them, for people.
    pub fn list() -> Result<ConnectorsReport> {
        let all = connector::builtin()?;
        Ok(ConnectorsReport {
            connectors: all.iter().map(|(connector, _)| shown(connector)).collect(),
        })
    }

    /// A connector of the person's own, for people; refused where it cannot be used.
    pub fn read(text: &str) -> Result<ConnectorPart> {
        Ok(shown(&connector::read(text)?))
    }

    /// The exact text of one, to be copied and changed.
    pub fn text(id: &str) -> Result<String> {
        Ok(connector::find(id)?.1.to_owned())
    }
}

/// Where a request would go: what a person is asked to agree to, and what a secret is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PullTarget {
    /// Id of the connector, such as `okta`.
    pub connector: String,
    /// Scheme, host and port of the log, such as `https://example.okta.com`.
    pub origin: String,
    /// Where a token is asked for with the secret, when that is another place.
    pub token_origin: Option<String>,
    /// Settings by name, those that were not given with their defaults: one server keeps the logs of many tenants and
    /// organisations, and a secret is one of theirs.
    pub settings: BTreeMap<String, String>,
    /// Whether the connector has to show who asks.
    pub needs_secret: bool,
}

/// Where a request would go. Nothing is sent.
pub fn pull_target(request: &PullRequest) -> Result<PullTarget> {
    let connector = read(request)?;
    let job = Job {
        connector: &connector,
        settings: request.settings.clone(),
        base: request.base.clone(),
        secret: None,
        reach: Reach {
            private: request.allow_private,
        },
        authorities: None,
        since: None,
        settle: None,
        stream: String::new(),
        cursor: Cursor::default(),
        bounds: Bounds::default(),
        pace: Arc::default(),
    };
    let (_, origin, values) = sync::base(&job)?;
    let token_origin = sync::token_origin(&job, &values)?;
    Ok(PullTarget {
        connector: connector.connector.id.clone(),
        token_origin: token_origin
            .filter(|other| *other != origin)
            .map(|other| other.to_string()),
        origin: origin.to_string(),
        settings: values,
        needs_secret: connector.auth.kind != AuthKind::None,
    })
}

fn shown(connector: &Connector) -> ConnectorPart {
    let about = &connector.connector;
    let auth = serde_json::to_value(connector.auth.kind).unwrap_or_default();
    ConnectorPart {
        id: about.id.clone(),
        title: about.title.clone(),
        vendor_page: about.vendor_page.clone(),
        base: connector.address.base.clone(),
        auth: auth.as_str().unwrap_or_default().to_owned(),
        secret_hint: connector.auth.hint.clone(),
        settings: connector
            .setting
            .iter()
            .map(|s| ConnectorSetting {
                name: s.name.clone(),
                title: s.title.clone(),
                hint: s.hint.clone(),
                default: s.default.clone(),
            })
            .collect(),
        streams: about.streams.clone(),
        notes: about.notes.clone(),
        retention: about.retention.map_or(String::new(), Span::words),
    }
}

impl Case {
    /// Asks for one page of the first stream and keeps nothing.
    pub fn pull_trial(
        &self,
        request: &PullRequest,
        secret: Option<&PullSecret>,
    ) -> Result<TriedReport> {
        let connector = read(request)?;
        let stream = streams(&connector, request)?.swap_remove(0);
        let job = self.job(&connector, request, &stream, secret, Arc::default())?;
        let port = Port {
            now: &|| (self.setting.now)(),
            chance: &|| chance(&self.setting),
            stop: &|| false,
            waiting: &|_| (),
        };
        let tried = sync::try_page(job, &port)?;
        let body = tried.pages.iter().find(|page| page.items > 0);
        Ok(TriedReport {
            entries: tried.items,
            ids: tried.ids,
            beginning: body.map_or(String::new(), |page| {
                visible_bytes(&page.body[..page.body.len().min(SHOWN)])
            }),
            next: tried
                .next
                .map(|token| serde_json::to_value(token).map_or(String::new(), |v| v.to_string())),
            pages: tried
                .pages
                .iter()
                .map(|page| page_part(&kept(page)))
                .collect(),
        })
    }

    /// The remote logs of the case, what they cover, and every answer.
    pub fn pulled(&self) -> Result<PulledReport> {
        let mut streams = Vec::new();
        for stream in self.store.pull_streams()? {
            let mut settings: BTreeMap<String, String> = serde_json::from_str(&stream.settings)
                .map_err(|_| internal("the settings of a stream cannot be read"))?;
            let coverage = settled(&self.store.pull_coverage(stream.id)?);
            let pages = self.store.pulled_pages(stream.id)?;
            streams.push(PulledStream {
                id: stream.id,
                connector: stream.connector,
                origin: stream.origin,
                stream: settings.remove("stream").unwrap_or_default(),
                settings,
                coverage: coverage.iter().map(coverage_part).collect(),
                pages: pages.iter().map(page_part).collect(),
            });
        }
        Ok(PulledReport { streams })
    }

    pub(crate) fn job<'a>(
        &self,
        connector: &'a Connector,
        request: &PullRequest,
        stream: &str,
        secret: Option<&PullSecret>,
        pace: Arc<Pace>,
    ) -> Result<Job<'a>> {
        let since = request.since.as_deref().map(instant).transpose()?;
        let settle = request.settle.as_deref().map(|text| {
            Span::parse(text).ok_or_else(|| {
                Error::new(
                    Code::InvalidOption,
                    format!("`{text}` is no span of time"),
                    "Write a number with m, h or d, such as 24h.",
                )
            })
        });
        Ok(Job {
            connector,
            settings: request.settings.clone(),
            base: request.base.clone(),
            secret: secret.map(|s| s.0.clone()),
            reach: Reach {
                private: request.allow_private,
            },
            authorities: request
                .authorities
                .as_ref()
                .map(|pem| pem.as_bytes().to_vec()),
            since,
            settle: settle.transpose()?,
            stream: stream.to_owned(),
            cursor: Cursor::default(),
            bounds: Bounds::default(),
            pace,
        })
    }
}

/// A number from 0 to 1, by chance.
pub(crate) fn chance(setting: &Setting) -> f64 {
    let mut bytes = [0; 4];
    (setting.random)(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

pub(crate) fn read(request: &PullRequest) -> Result<Connector> {
    Ok(match &request.text {
        Some(text) => connector::read(text)?,
        None => connector::find(&request.connector)?.0,
    })
}

pub(crate) fn versioned(connector: &Connector) -> String {
    format!("{}@{}", connector.connector.id, connector.connector.version)
}

pub(crate) fn streams(connector: &Connector, request: &PullRequest) -> Result<Vec<String>> {
    let all = connector.streams();
    if let Some(unknown) = request.streams.iter().find(|s| !all.contains(s)) {
        return Err(Error::new(
            Code::InvalidConnector,
            format!("`{}` has no stream `{unknown}`", connector.connector.id),
            format!("It has {}.", all.join(", ")),
        ));
    }
    // In the order of the connector, and each once, however they were named.
    Ok(all
        .into_iter()
        .filter(|s| request.streams.is_empty() || request.streams.contains(s))
        .collect())
}

/// An instant that a person wrote: RFC 3339, or a date, which is its midnight in UTC.
fn instant(text: &str) -> Result<Instant> {
    let date = chrono::NaiveDate::parse_from_str(text, "%Y-%m-%d")
        .ok()
        .and_then(|d| d.and_hms_opt(0, 0, 0))
        .map(|t| t.and_utc());
    chrono::DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|t| t.to_utc())
        .or(date)
        .and_then(Instant::from_utc)
        .ok_or_else(|| {
            Error::new(
                Code::InvalidOption,
                format!("`{text}` is no instant"),
                "Write a date such as 2026-04-01, or 2026-04-01T08:00:00Z.",
            )
        })
}

pub(crate) fn kept(page: &Page) -> PulledPage {
    let headers: BTreeMap<&str, &str> = page
        .headers
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    PulledPage {
        at: page.at,
        url: page.address.clone(),
        status: page.status,
        headers: json!(headers).to_string(),
        sha256: page.sha256,
        items: page.items,
    }
}

fn page_part(page: &PulledPage) -> PagePart {
    let headers: Value = serde_json::from_str(&page.headers).unwrap_or_default();
    let headers = headers.as_object().into_iter().flatten();
    PagePart {
        at: page.at.rfc3339(),
        url: page.url.clone(),
        status: page.status,
        headers: headers
            .map(|(n, v)| (n.clone(), v.as_str().unwrap_or_default().to_owned()))
            .collect(),
        sha256: page.sha256.iter().map(|b| format!("{b:02x}")).collect(),
        entries: page.items,
    }
}

pub(crate) fn coverage_part(coverage: &PullCoverage) -> CoveragePart {
    CoveragePart {
        from: coverage.from.rfc3339(),
        to: coverage.to.rfc3339(),
        complete: coverage.complete,
        reason: coverage.reason.clone(),
    }
}

/// Spans that rise and do not overlap. A span that was once read to its end stays covered whatever a later attempt says;
/// of spans that were not, the latest reason counts. Neighbours that say the same become one.
pub(crate) fn settled(all: &[PullCoverage]) -> Vec<PullCoverage> {
    let mut edges: Vec<Instant> = all.iter().flat_map(|c| [c.from, c.to]).collect();
    edges.sort_unstable();
    edges.dedup();
    let mut out: Vec<PullCoverage> = Vec::new();
    for pair in edges.windows(2) {
        let over = |c: &&PullCoverage| c.from <= pair[0] && c.to >= pair[1];
        let full = all.iter().rev().filter(|c| c.complete).find(over);
        let Some(says) = full.or_else(|| all.iter().rev().find(over)) else {
            continue;
        };
        match out.last_mut() {
            Some(last)
                if last.to == pair[0]
                    && last.complete == says.complete
                    && last.reason == says.reason =>
            {
                last.to = pair[1]
            }
            _ => out.push(PullCoverage {
                from: pair[0],
                to: pair[1],
                ..says.clone()
            }),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_bound_to_every_place_that_it_would_be_sent_to() {
        let entra = |text: Option<String>| {
            pull_target(&PullRequest {
                connector: "entra-sign-ins".into(),
                text,
                settings: BTreeMap::from([
                    ("tenant".to_owned(), "example.com".to_owned()),
                    (
                        "client".to_owned(),
                        "00000000-0000-0000-0000-000000000000".to_owned(),
                    ),
                ]),
                ..PullRequest::default()
            })
            .unwrap()
        };
        let ours = entra(None);
        assert_eq!(ours.origin, "https://graph.microsoft.com");
        assert_eq!(
            ours.token_origin.as_deref(),
            Some("https://login.microsoftonline.com")
        );
        assert!(ours.needs_secret);
        // A connector that somebody sent bears the same name and asks the same log, and would send the secret elsewhere.
        let text = Connectors::text("entra-sign-ins").unwrap();
        let theirs = entra(Some(
            text.replace("login.microsoftonline.com", "collect.example.net"),
        ));
        assert_eq!(theirs.connector, ours.connector);
        assert_eq!(theirs.origin, ours.origin);
        assert_ne!(theirs, ours);
    }

    #[test]
    fn a_secret_is_bound_to_the_tenant_that_it_is_of() {
        let github = |organization: &str| {
            let settings = [("organization".to_owned(), organization.to_owned())];
            pull_target(&PullRequest {
                connector: "github-organization".into(),
                settings: settings.into(),
                ..PullRequest::default()
            })
            .unwrap()
        };
        assert_eq!(github("octo-org"), github("octo-org"));
        assert_eq!(github("octo-org").origin, github("other-org").origin);
        assert_ne!(github("octo-org"), github("other-org"));
    }

    #[test]
    fn what_was_once_read_to_its_end_stays_covered() {
        let span = |from, to, complete, reason: &str| PullCoverage {
            from: Instant(from),
            to: Instant(to),
            complete,
            reason: reason.into(),
        };
        let all = [
            span(0, 10, true, ""),
            span(10, 30, false, "cut"),
            span(10, 20, true, ""),
            span(5, 12, false, "later"),
        ];
        let told: Vec<_> = settled(&all)
            .into_iter()
            .map(|c| (c.from.0, c.to.0, c.complete))
            .collect();
        assert_eq!(told, [(0, 20, true), (20, 30, false)]);
    }
}
