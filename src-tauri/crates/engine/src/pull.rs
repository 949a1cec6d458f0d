//! Pulling a remote log into the case: pages become sources, and the position moves with them or not at all.
//!
//! Owns: what a page is called in the case, the way from the one algorithm of pulls to an import, the account of what a
//! remote log covers. Never touches: the network itself (`witnessmark_pull` does), where secrets are kept.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Cursor as Bytes;
use std::ops::ControlFlow;
use std::time::Duration;

use serde_json::{Value, json};
use witnessmark_model::Instant;
use witnessmark_pull::auth::Secret;
use witnessmark_pull::client::Bounds;
use witnessmark_pull::connector::{self, AuthKind, Connector, Span};
use witnessmark_pull::cursor::Cursor;
use witnessmark_pull::origin::Reach;
use witnessmark_pull::sync::{self, Commit, Job, Page, Port, Progress, Sink};
use witnessmark_store::case::{PullCoverage, PullPart, PullStream, PulledPage, canonical};

use crate::api::{
    ConnectorPart, ConnectorSetting, ConnectorsReport, CoveragePart, ImportChoices, PagePart,
    PullProgress, PullReport, PullRequest, PulledReport, PulledStream, SourceReport, StreamReport,
    TriedReport,
};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::input::Input;
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
    };
    let (_, origin, values) = sync::base(&job)?;
    let token_origin = sync::token_origin(&job, &values)?;
    Ok(PullTarget {
        connector: connector.connector.id.clone(),
        token_origin: token_origin
            .filter(|other| *other != origin)
            .map(|other| other.to_string()),
        origin: origin.to_string(),
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

/// Told how far a pull is; when it breaks, the pull ends within a second.
type Tell<'a> = dyn FnMut(&PullProgress) -> ControlFlow<()> + 'a;

impl Case {
    /// Pulls a remote log up to the present. What was pulled before an error stays, and the next pull goes on from there.
    pub fn pull(
        &self,
        request: &PullRequest,
        secret: Option<&PullSecret>,
        tell: &mut Tell<'_>,
    ) -> Result<PullReport> {
        let connector = read(request)?;
        let mut report = PullReport {
            connector: versioned(&connector),
            origin: String::new(),
            streams: Vec::new(),
            sources: Vec::new(),
            notes: connector.connector.notes.clone(),
        };
        for stream in streams(&connector, request)? {
            let done = self.pull_stream(&connector, request, &stream, secret, tell)?;
            report.origin = done.origin;
            report.sources.extend(done.sources);
            let stopped = done.report.stopped.as_ref().map(|e| e.code);
            report.streams.push(done.report);
            // A person who stops one stream means all; credentials that are refused are refused for all.
            if matches!(
                stopped,
                Some(Code::Cancelled | Code::CredentialsRefused | Code::Io)
            ) {
                break;
            }
        }
        Ok(report)
    }

    /// Asks for one page of the first stream and keeps nothing.
    pub fn pull_trial(
        &self,
        request: &PullRequest,
        secret: Option<&PullSecret>,
    ) -> Result<TriedReport> {
        let connector = read(request)?;
        let stream = streams(&connector, request)?.swap_remove(0);
        let job = self.job(&connector, request, &stream, secret, Cursor::default())?;
        let outside = Outside::new(self);
        let tried = sync::try_page(job, &outside.port(&|| false, &|_| ()))?;
        let body = tried.pages.iter().find(|page| page.items > 0);
        Ok(TriedReport {
            entries: tried.items,
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

    fn job<'a>(
        &self,
        connector: &'a Connector,
        request: &PullRequest,
        stream: &str,
        secret: Option<&PullSecret>,
        cursor: Cursor,
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
            cursor,
            bounds: Bounds::default(),
        })
    }

    fn pull_stream(
        &self,
        connector: &Connector,
        request: &PullRequest,
        stream: &str,
        secret: Option<&PullSecret>,
        tell: &mut Tell<'_>,
    ) -> Result<Done> {
        let mut job = self.job(connector, request, stream, secret, Cursor::default())?;
        let (_, origin, values) = sync::base(&job)?;
        let mut settings = values;
        if !stream.is_empty() {
            settings.insert("stream".into(), stream.to_owned());
        }
        let settings = canonical(&json!(settings));
        let kept = self.store.pull_stream(
            &self.stamp(),
            &connector.connector.id,
            &origin.to_string(),
            &settings,
        )?;
        job.cursor = serde_json::from_str(&kept.cursor).map_err(|_| {
            let message = format!(
                "the position of stream {} in the case cannot be read",
                kept.id
            );
            Error::new(
                Code::CaseDamaged,
                message,
                "Keep the file as it is and work on with a copy made earlier.",
            )
        })?;
        let begun = json!({
            "stream": kept.id, "connector": versioned(connector), "since": request.since, "settle": request.settle,
            "own_authorities": request.authorities.as_ref().map(|pem| witnessmark_store::sha256_hex(pem.as_bytes())),
            "private_addresses": request.allow_private, "schedule": request.schedule,
        });
        self.store.record(&self.stamp(), "pull.begin", &begun)?;
        let outside = Outside::new(self);
        let told = RefCell::new(Told {
            tell,
            progress: PullProgress {
                stream: stream.to_owned(),
                ..PullProgress::default()
            },
            begun: (self.setting.now)(),
            stopped: false,
        });
        let mut sink = Taken {
            case: self,
            connector,
            stream: &kept,
            name: stream,
            told: &told,
            part: 0,
            sources: Vec::new(),
            coverage: Vec::new(),
            failed: None,
        };
        let stop = || told.try_borrow().is_ok_and(|told| told.stopped);
        let waiting = |wait: Duration| {
            if let Ok(mut told) = told.try_borrow_mut() {
                told.progress.waiting = Some(wait.as_secs_f64());
                told.say();
            }
        };
        let outcome = sync::run(job, &outside.port(&stop, &waiting), &mut sink)?;
        let Taken {
            sources,
            coverage,
            failed,
            ..
        } = sink;
        let sum = |count: fn(&SourceReport) -> u64| sources.iter().map(count).sum();
        // What made the case refuse pages is told in its own words, not in those of the pull.
        let stopped = failed.or_else(|| outcome.stopped.map(Error::from));
        let ended = json!({"stream": kept.id, "pages": outcome.progress.pages, "entries": outcome.progress.items, "stopped": stopped.as_ref().map(|e| e.code.as_str())});
        self.store.record(&self.stamp(), "pull.end", &ended)?;
        Ok(Done {
            origin: origin.to_string(),
            report: StreamReport {
                id: kept.id,
                stream: stream.to_owned(),
                pages: outcome.progress.pages,
                entries: outcome.progress.items,
                stored: sum(|s| s.stored),
                duplicates: sum(|s| s.duplicates),
                rejected: sum(|s| s.rejected),
                events: sum(|s| s.events),
                coverage: coverage.iter().map(coverage_part).collect(),
                stopped,
            },
            sources,
        })
    }
}

struct Done {
    origin: String,
    report: StreamReport,
    sources: Vec<SourceReport>,
}

/// Clock and chance of the program that uses the engine.
struct Outside<'a> {
    now: Box<dyn Fn() -> Instant + 'a>,
    chance: Box<dyn Fn() -> f64 + 'a>,
}

impl<'a> Outside<'a> {
    fn new(case: &'a Case) -> Self {
        Self {
            now: Box::new(|| (case.setting.now)()),
            chance: Box::new(|| {
                let mut bytes = [0; 4];
                (case.setting.random)(&mut bytes);
                f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
            }),
        }
    }

    fn port<'p>(&'p self, stop: &'p dyn Fn() -> bool, waiting: &'p dyn Fn(Duration)) -> Port<'p> {
        Port {
            now: &*self.now,
            chance: &*self.chance,
            stop,
            waiting,
        }
    }
}

struct Told<'t, 'f> {
    tell: &'t mut Tell<'f>,
    progress: PullProgress,
    begun: Instant,
    stopped: bool,
}

impl Told<'_, '_> {
    fn say(&mut self) {
        self.stopped |= (self.tell)(&self.progress).is_break();
    }
}

/// Takes pages into the case.
struct Taken<'a, 't, 'f> {
    case: &'a Case,
    connector: &'a Connector,
    stream: &'a PullStream,
    name: &'a str,
    told: &'a RefCell<Told<'t, 'f>>,
    part: u32,
    sources: Vec<SourceReport>,
    coverage: Vec<PullCoverage>,
    failed: Option<Error>,
}

impl Taken<'_, '_, '_> {
    fn take(&mut self, commit: Commit) -> Result<()> {
        let cursor = serde_json::to_string(&commit.cursor)
            .map_err(|_| internal("a position cannot be written"))?;
        let coverage = commit.coverage.into_iter().map(|c| PullCoverage {
            from: c.from,
            to: c.to,
            complete: c.complete,
            reason: c.reason,
        });
        let part = PullPart {
            stream: self.stream.id,
            pages: commit.pages.iter().map(kept).collect(),
            coverage: coverage.collect(),
            cursor,
        };
        self.coverage.extend(part.coverage.iter().cloned());
        let mut bytes = Vec::with_capacity(commit.pages.iter().map(|p| p.body.len() + 1).sum());
        for page in commit.pages.iter().filter(|page| page.items > 0) {
            bytes.extend_from_slice(&page.body);
            // Between two documents of JSON; the pages themselves stand in it byte for byte.
            bytes.push(b'\n');
        }
        if bytes.is_empty() {
            return Ok(self.case.store.keep_pull(&self.case.stamp(), &part)?);
        }
        self.part += 1;
        let about = &self.connector.connector;
        let at = (self.case.setting.now)()
            .to_utc()
            .format("%Y-%m-%d %H:%M:%SZ");
        let stream = if self.name.is_empty() {
            String::new()
        } else {
            format!(" {}", self.name)
        };
        let name = format!("{}{stream}, pulled {at}, part {}.json", about.id, self.part);
        let profile = about
            .profile
            .clone()
            .filter(|id| self.case.library.find(id).is_some());
        let choices = ImportChoices {
            profile,
            ..ImportChoices::default()
        };
        let input = Input::Stream {
            name,
            reader: Box::new(Bytes::new(bytes)),
        };
        let mut go_on = |_: &crate::api::ImportProgress| ControlFlow::Continue(());
        let report = self
            .case
            .import_with(vec![input], &choices, &mut go_on, Some(part))?;
        self.sources.extend(report.sources);
        Ok(())
    }
}

impl Sink for Taken<'_, '_, '_> {
    fn commit(&mut self, commit: Commit) -> std::result::Result<(), String> {
        self.take(commit).map_err(|error| {
            let message = error.message.clone();
            self.failed = Some(error);
            message
        })
    }

    fn progress(&mut self, progress: &Progress) {
        let now = (self.case.setting.now)();
        let mut told = self.told.borrow_mut();
        let seconds = (now.0.saturating_sub(told.begun.0).max(1)) as f64 / 1e9;
        told.progress = PullProgress {
            stream: self.name.to_owned(),
            pages: progress.pages,
            entries: progress.items,
            bytes: progress.bytes,
            rate: progress.items as f64 / seconds,
            left: progress.left,
            waiting: None,
        };
        told.say();
    }
}

fn read(request: &PullRequest) -> Result<Connector> {
    Ok(match &request.text {
        Some(text) => connector::read(text)?,
        None => connector::find(&request.connector)?.0,
    })
}

fn versioned(connector: &Connector) -> String {
    format!("{}@{}", connector.connector.id, connector.connector.version)
}

fn streams(connector: &Connector, request: &PullRequest) -> Result<Vec<String>> {
    let all = connector.streams();
    if let Some(unknown) = request.streams.iter().find(|s| !all.contains(s)) {
        return Err(Error::new(
            Code::InvalidConnector,
            format!("`{}` has no stream `{unknown}`", connector.connector.id),
            format!("It has {}.", all.join(", ")),
        ));
    }
    Ok(if request.streams.is_empty() {
        all
    } else {
        request.streams.clone()
    })
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

fn kept(page: &Page) -> PulledPage {
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

fn coverage_part(coverage: &PullCoverage) -> CoveragePart {
    CoveragePart {
        from: coverage.from.rfc3339(),
        to: coverage.to.rfc3339(),
        complete: coverage.complete,
        reason: coverage.reason.clone(),
    }
}

/// Spans that rise and do not overlap. A span that was once read to its end stays covered whatever a later attempt says;
/// of spans that were not, the latest reason counts. Neighbours that say the same become one.
fn settled(all: &[PullCoverage]) -> Vec<PullCoverage> {
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
