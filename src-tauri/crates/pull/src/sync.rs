//! The one way in which every log is pulled: spans of time or one long list, page by page, each group of pages handed on
//! together with the position after it.
//!
//! Owns: which spans are asked for, when pages are handed on, what counts as covered. Never touches: how a page is asked
//! for (`walk`), what becomes of it ([`Sink`]). The rules:
//! 1. Pages and the position after them are kept together or not at all, so a run that was stopped goes on where it was.
//! 2. A span ends at an instant that stays the same over all of its pages, never nearer to the present than the lag.
//! 3. Each run asks again for as much as entries may come late; whether an entry is new is decided by its identity.
//! 4. A span counts as covered only when its last page was read; otherwise it is a gap with its reason.
//! 5. A span that the server cannot answer in time is halved, down to a minute.

use std::sync::Arc;
use std::time::Duration;

use url::Url;
use witnessmark_model::Instant;

use crate::auth::{Credentials, Secret};
use crate::client::{Bounds, Client};
use crate::connector::{AuthKind, Connector, Span, Values, WindowKind, fill, setting_pattern};
use crate::cursor::{Coverage, Cursor, Walk};
use crate::origin::{Origin, Reach};
use crate::pace::Pace;
use crate::walk::{Step, Walker};

mod covered;
mod listed;
use crate::{Fault, PullError, Result, backoff, request};

/// Entries, bytes and time after which pages are handed on.
const GROUP: (u64, usize, i64) = (5_000, 16 << 20, 5_000_000_000);
/// Bytes of the body of a page that is tried, which are looked at.
const TRIED: usize = 16 << 10;
/// Pages of one run.
const PAGES: u64 = 100_000;
/// Shortest span that is halved, and most halvings of a run.
const HALVED: (i64, u32) = (120_000_000_000, 64);
/// Default lag: entries of the last minute may still be on their way inside the vendor's system.
const LAG: Span = Span(60_000_000_000);

/// What to pull.
#[derive(Clone, Debug)]
pub struct Job<'a> {
    /// The connector.
    pub connector: &'a Connector,
    /// Settings by name, as a person gave them.
    pub settings: Values,
    /// The person's own server instead of the vendor's.
    pub base: Option<String>,
    /// The secret, where the connector needs one.
    pub secret: Option<Secret>,
    /// What addresses are allowed.
    pub reach: Reach,
    /// PEM certificates that are trusted beside the system's.
    pub authorities: Option<Vec<u8>>,
    /// Where a first run begins; later runs go on from the position.
    pub since: Option<Instant>,
    /// How far back to ask once more at the end, for entries that came late.
    pub settle: Option<Span>,
    /// Which of the connector's streams; empty where it has one.
    pub stream: String,
    /// The position of the stream.
    pub cursor: Cursor,
    /// What an answer may cost.
    pub bounds: Bounds,
    /// Shared with the other streams of the same pull.
    pub pace: Arc<Pace>,
}

/// What a run needs from outside.
pub struct Port<'a> {
    /// The present.
    pub now: &'a dyn Fn() -> Instant,
    /// A number from 0 to 1, by chance.
    pub chance: &'a dyn Fn() -> f64,
    /// Whether the person wants it to end.
    pub stop: &'a dyn Fn() -> bool,
    /// Told before each wait that the server asked for.
    pub waiting: &'a dyn Fn(Duration),
}

/// One answer of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// When it was whole.
    pub at: Instant,
    /// Address, without anything secret.
    pub address: String,
    /// HTTP status.
    pub status: u16,
    /// Headers that decided something, with lower-case names.
    pub headers: Vec<(String, String)>,
    /// SHA-256 of the body after decompression.
    pub sha256: [u8; 32],
    /// Entries in it.
    pub items: u64,
    /// Keys from the root of the body to the list of them; absent where they lead through a list.
    pub path: Option<Vec<String>>,
    /// The body after decompression; empty when it holds no entry.
    pub body: Vec<u8>,
}

/// Pages with the position after them.
#[derive(Clone, Debug)]
pub struct Commit {
    /// In the order in which they came.
    pub pages: Vec<Page>,
    /// Where the stream is read up to.
    pub cursor: Cursor,
    /// Spans of which more is known now.
    pub coverage: Vec<Coverage>,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Answers.
    pub pages: u64,
    /// Entries in them.
    pub items: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Requests that the server still allows, when it says so.
    pub left: Option<u64>,
}

/// Takes what a run brings.
pub trait Sink {
    /// Keeps pages and position together, or neither.
    ///
    /// # Errors
    /// With the reason for people; the run ends.
    fn commit(&mut self, commit: Commit) -> std::result::Result<(), String>;
    /// Told after each step.
    fn progress(&mut self, progress: &Progress);
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// How much came.
    pub progress: Progress,
    /// Why it ended before it reached the present; absent when it did.
    pub stopped: Option<PullError>,
}

/// The base address that a job asks, with the settings in it.
///
/// # Errors
/// When a setting is missing or not what its pattern says, or the address may not be asked.
pub fn base(job: &Job<'_>) -> Result<(Url, Origin, Values)> {
    let values = settings(job.connector, &job.settings)?;
    if job.settle.is_some() && job.connector.window.kind == WindowKind::None {
        return Err(PullError::new(
            Fault::Connector,
            format!(
                "`{}` cannot be asked by time, so no span of it can be asked for once more",
                job.connector.connector.id
            ),
            "Leave the span at the end out; each pull reads what the log still holds.",
        ));
    }
    let template = job.base.as_deref().unwrap_or(&job.connector.address.base);
    let text = fill(template, &values, false)?
        .ok_or_else(|| PullError::connector(format!("a setting in `{template}` is missing")))?;
    let address = Url::parse(&text).map_err(|e| {
        PullError::new(
            Fault::Address,
            format!("`{text}` is no address: {e}"),
            "Write it with https:// before it.",
        )
    })?;
    let origin = Origin::of_base(&address, job.reach)?;
    Ok((address, origin, values))
}

/// Where the connector asks for a token with the secret, for the kinds that need one. That place is named by the connector
/// alone, and need not be the origin of the log.
///
/// # Errors
/// When it names none, or one that may not be asked.
pub fn token_origin(job: &Job<'_>, values: &Values) -> Result<Option<Origin>> {
    let auth = &job.connector.auth;
    if !matches!(
        auth.kind,
        AuthKind::Oauth2ClientCredentials | AuthKind::Oauth2Jwt
    ) {
        return Ok(None);
    }
    crate::auth::token_address(auth, values, job.reach).map(|(_, origin)| Some(origin))
}

fn settings(connector: &Connector, given: &Values) -> Result<Values> {
    if let Some(name) = given
        .keys()
        .find(|name| connector.setting.iter().all(|s| s.name != **name))
    {
        let known: Vec<&str> = connector.setting.iter().map(|s| s.name.as_str()).collect();
        return Err(PullError::connector(format!(
            "`{}` has no setting `{name}`; it has {}",
            connector.connector.id,
            if known.is_empty() {
                "none".to_owned()
            } else {
                known.join(", ")
            }
        )));
    }
    let mut values = Values::new();
    for setting in &connector.setting {
        let value = given.get(&setting.name).or(setting.default.as_ref());
        let Some(value) = value else {
            return Err(PullError::connector(format!(
                "`{}` needs the setting `{}` ({})",
                connector.connector.id, setting.name, setting.title
            )));
        };
        if let Some(pattern) = &setting.pattern
            && !value.is_empty()
            && !setting_pattern(pattern)?.is_match(value)
        {
            return Err(PullError::connector(format!(
                "the setting `{}` is not what it should look like: {}",
                setting.name,
                if setting.hint.is_empty() {
                    pattern
                } else {
                    &setting.hint
                }
            )));
        }
        values.insert(setting.name.clone(), value.clone());
    }
    Ok(values)
}

/// Pulls one stream up to the present. What was committed stays, however the run ends.
///
/// # Errors
/// When nothing could be asked at all; a run that began gives an [`Outcome`] with the reason why it ended.
pub fn run(job: Job<'_>, port: &Port<'_>, sink: &mut dyn Sink) -> Result<Outcome> {
    let (base, origin, values) = base(&job)?;
    let client = client(&job, port, &origin)?;
    let pace = Arc::clone(&job.pace);
    let credentials = Credentials::new(&job.connector.auth, &values, job.secret.clone(), &pace)?;
    let walker = Walker::new(
        job.connector,
        base,
        origin,
        client,
        credentials,
        port,
        &pace,
    );
    let mut run = Run {
        settings: &values,
        stream: &job.stream,
        connector: job.connector,
        port,
        sink,
        walker,
        cursor: job.cursor,
        held: Vec::new(),
        covered: Vec::new(),
        progress: Progress::default(),
        since_commit: (0, 0, (port.now)()),
        halvings: 0,
        began: (port.now)(),
        lost: false,
        deep: false,
        moved: false,
    };
    let done = runtime()?.block_on(run.all(job.since, job.settle));
    if done
        .as_ref()
        .err()
        .is_none_or(|error| error.fault != Fault::Sink)
    {
        run.clocks();
    }
    let done = done.and_then(|()| run.commit());
    let stopped = match done {
        Ok(()) => None,
        Err(error) if error.fault == Fault::Sink => Some(error),
        Err(error) => run.commit().err().or(Some(error)),
    };
    Ok(Outcome {
        progress: run.progress,
        stopped,
    })
}

/// One page, asked for to look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The answers: one, or with those that it names; of each body only the beginning, without the secret.
    pub pages: Vec<Page>,
    /// Entries in them.
    pub items: u64,
    /// Entries of the first answer that have the id which the connector names; absent where it names none.
    pub ids: Option<u64>,
    /// The sign of the next page; absent when this was the last.
    pub next: Option<crate::cursor::Token>,
}

/// Asks for the first page of a stream and keeps nothing.
///
/// # Errors
/// When it cannot be asked for, or is not what the connector describes.
pub fn try_page(job: Job<'_>, port: &Port<'_>) -> Result<Tried> {
    let (base, origin, values) = base(&job)?;
    let client = client(&job, port, &origin)?;
    let pace = Arc::clone(&job.pace);
    let credentials = Credentials::new(&job.connector.auth, &values, job.secret.clone(), &pace)?;
    let mut walker = Walker::new(
        job.connector,
        base,
        origin,
        client,
        credentials,
        port,
        &pace,
    );
    let now = (port.now)();
    let walk = Walk {
        since: Some(job.since.unwrap_or(Instant(now.0 - 86_400_000_000_000)))
            .filter(|_| job.connector.window.kind != WindowKind::None),
        ..Walk::new(Instant(
            now.0 - job.connector.connector.lag.unwrap_or(LAG).0,
        ))
    };
    let values = request::values(job.connector, &values, &job.stream, &walk)?;
    let step = runtime()?.block_on(async {
        walker.prepare(&values).await?;
        let mut step = walker.step(&values, None).await?;
        for part in std::mem::take(&mut step.parts) {
            let more = walker.part(&part).await?;
            step.pages.extend(more.pages);
            step.items += more.items;
        }
        match step.broken.take() {
            Some(error) => Err(error),
            None => Ok(step),
        }
    })?;
    let mut pages = step.pages;
    for page in &mut pages {
        // It is there to be looked at: without the secret, and no more of it than is looked at.
        let shown = &page.body[..page.body.len().min(TRIED)];
        let shown = walker.credentials.clean(&String::from_utf8_lossy(shown));
        page.body = shown.into_bytes();
    }
    let ids = &job.connector.items.id;
    Ok(Tried {
        pages,
        items: step.items,
        ids: ids
            .is_some()
            .then(|| step.ids.iter().flatten().count() as u64),
        next: step.next,
    })
}

fn client<'a>(job: &Job<'_>, port: &Port<'a>, origin: &Origin) -> Result<Client<'a>> {
    let authorities = job.authorities.as_deref();
    Ok(Client::new(job.bounds, job.reach, authorities, port.stop)?.on(origin.clone()))
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| {
            PullError::new(
                Fault::Connection,
                format!("the network cannot be used: {e}"),
                "Free resources of this machine.",
            )
        })
}

struct Run<'a, 's> {
    settings: &'a Values,
    stream: &'a str,
    connector: &'a Connector,
    port: &'a Port<'a>,
    sink: &'s mut dyn Sink,
    walker: Walker<'a>,
    cursor: Cursor,
    held: Vec<Page>,
    covered: Vec<Coverage>,
    progress: Progress,
    /// Entries, bytes and instant since pages were handed on.
    since_commit: (u64, usize, Instant),
    halvings: u32,
    /// When it began.
    began: Instant,
    /// Whether the server does not know the token any more at which the run before ended.
    lost: bool,
    /// Whether it asks for all that there ever was, of a vendor that does not say how long it keeps entries.
    deep: bool,
    /// Whether the position says more than the one that was handed on last.
    moved: bool,
}

impl Run<'_, '_> {
    async fn all(&mut self, since: Option<Instant>, settle: Option<Span>) -> Result<()> {
        let now = self.began;
        let to = Instant(now.0 - self.lag());
        let placed = Walk::new(to);
        let values = request::values(self.connector, self.settings, self.stream, &placed)?;
        self.walker.prepare(&values).await?;
        if let Some(walk) = self.cursor.walk.take() {
            self.resumed(walk).await?;
            self.lost = false;
        }
        let mut placed = placed;
        if self.cursor.resume.is_some() {
            let before = self.progress.pages;
            let walk = Walk {
                next: self.cursor.resume.clone(),
                ..placed.clone()
            };
            match self.listed(walk).await {
                // The vendor keeps the place of a token no longer than its entries. The token stays until the walk in its
                // place has ended: only then is it known that nothing depends on it.
                Err(error) if error.is_gone() && self.progress.pages == before => {
                    self.cursor.walk = None;
                    (self.lost, placed.lost) = (true, true);
                }
                Ok(()) => return self.beyond(since, settle, to).await,
                Err(error) => return Err(error),
            }
        }
        if self.connector.window.kind == WindowKind::None {
            return self.listed(placed).await;
        }
        let from = self.beginning(since, now);
        if self.cursor.high_water.is_none() && self.cursor.first.is_none() {
            self.cursor.first = Some(since.map_or(from, |since| since.min(from)));
        }
        self.spans(from, to).await?;
        self.beyond(since, settle, to).await
    }

    /// What a person wants beside the way to the present: the last span once more, and what lies before the first pull.
    async fn beyond(
        &mut self,
        since: Option<Instant>,
        settle: Option<Span>,
        to: Instant,
    ) -> Result<()> {
        if let Some(back) = settle {
            self.spans(Instant(to.0.saturating_sub(back.0)), to).await?;
        }
        let first = self.cursor.first.or(self.cursor.high_water);
        if let (Some(since), Some(first)) = (since, first)
            && self.connector.window.kind != WindowKind::None
            && since < first
        {
            let from = self.kept(since, since);
            self.spans(from, first).await?;
            self.cursor.first = Some(since);
            self.moved = true;
        }
        self.commit()
    }

    /// Spans one after the other, each to its last page.
    async fn spans(&mut self, from: Instant, to: Instant) -> Result<()> {
        let window = &self.connector.window;
        let longest = match (window.kind, window.longest) {
            (WindowKind::Span, Some(span)) => span.0.max(1),
            _ => i64::MAX,
        };
        let mut open: Vec<(Instant, Instant)> = Vec::new();
        let mut begin = from;
        while begin < to {
            let end = Instant(begin.0.saturating_add(longest).min(to.0));
            open.push((begin, end));
            begin = end;
        }
        open.reverse();
        while let Some((since, until)) = open.pop() {
            let until = self.latest(until);
            if since >= until {
                continue;
            }
            let walk = Walk {
                since: Some(since),
                lost: self.lost,
                ..Walk::new(until)
            };
            match self.walked(walk).await {
                Ok(()) => {}
                Err(error) if error.fault == Fault::Busy && self.may_halve(since, until) => {
                    // Nothing of the halves counts as read; what came of the whole is kept and met again.
                    self.cursor.walk = None;
                    self.halvings += 1;
                    let middle = Instant(since.0 + (until.0 - since.0) / 2);
                    open.push((middle, until));
                    open.push((since, middle));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn may_halve(&self, since: Instant, until: Instant) -> bool {
        self.connector.window.kind == WindowKind::Span
            && until.0 - since.0 >= HALVED.0
            && self.halvings < HALVED.1
    }

    /// Goes on with a walk that was interrupted; from its first page when the server does not answer its token any more.
    async fn resumed(&mut self, walk: Walk) -> Result<()> {
        let (before, began) = (self.progress.pages, walk.next.is_some());
        let again = Walk {
            next: self.cursor.resume.clone().filter(|_| !walk.lost),
            limit: None,
            met: Vec::new(),
            ..walk.clone()
        };
        self.lost = walk.lost;
        let old = walk.clone();
        let done = match walk.since {
            None => self.listed(walk).await,
            Some(_) => self.walked(walk).await,
        };
        match (done, again.since) {
            (Err(error), since) if self.progress.pages == before && renews(&error) => {
                let done = match since {
                    Some(since) => self.spans(since, again.until).await,
                    None if began => self.listed(again).await,
                    None => Err(error),
                };
                if done.is_err() && self.progress.pages == before {
                    // The server answers nothing at all, which says nothing of the place.
                    self.cursor.walk = Some(old);
                }
                done
            }
            (done, _) => done,
        }
    }

    /// All pages of one span.
    async fn walked(&mut self, mut walk: Walk) -> Result<()> {
        let halves = walk
            .since
            .is_some_and(|since| self.may_halve(since, walk.until));
        self.walker.begin(halves);
        let mut resume = None;
        let values = request::values(self.connector, self.settings, self.stream, &walk)?;
        loop {
            let at = walk.next.clone();
            self.cursor.walk = Some(walk.clone());
            let step = match self.walker.step(&values, at.as_ref()).await {
                Ok(step) => step,
                Err(error) => {
                    self.gap(&walk, &error);
                    return Err(error);
                }
            };
            self.limited(&mut walk, &step);
            let (next, rest) = (step.next.clone(), step.rest);
            resume = step.resume.clone().or(resume);
            self.taken(&mut walk, step).await?;
            if !walk.lost {
                self.cursor.resume = resume.clone().or(self.cursor.resume.take());
            }
            let Some(next) = next else { break };
            walk.next = Some(next);
            self.cursor.walk = Some(walk.clone());
            self.commit_if_due()?;
            self.rest(rest).await?;
        }
        let until = walk.counted();
        self.spanned(&walk);
        self.cursor.walk = None;
        self.cursor.resume = resume.or(self.cursor.resume.take());
        self.cursor.high_water = self.cursor.high_water.max(Some(until));
        self.commit()
    }

    /// Takes a page and then the parts that it names, each as it comes; the position stays at the page until all have come.
    async fn taken(&mut self, walk: &mut Walk, mut step: Step) -> Result<()> {
        let parts = std::mem::take(&mut step.parts);
        let broken = step.broken.take();
        self.take(step);
        for part in parts {
            match self.walker.part(&part).await {
                Ok(step) => {
                    self.take(step);
                    self.commit_if_due()?;
                }
                Err(error) if error.is_gone() => self.missed(walk, &part, &error),
                Err(error) => {
                    self.gap(walk, &error);
                    return Err(error);
                }
            }
        }
        match broken {
            Some(error) => {
                self.gap(walk, &error);
                Err(error)
            }
            None => Ok(()),
        }
    }

    fn take(&mut self, step: Step) {
        let bytes: usize = step.pages.iter().map(|page| page.body.len()).sum();
        self.progress.pages += step.pages.len() as u64;
        self.progress.items += step.items;
        self.progress.bytes += bytes as u64;
        self.progress.left = step.left;
        self.since_commit.0 += step.items;
        self.since_commit.1 += bytes;
        self.held.extend(step.pages);
        self.sink.progress(&self.progress);
    }

    async fn rest(&mut self, rest: Option<Duration>) -> Result<()> {
        if self.progress.pages >= PAGES {
            return Err(PullError::new(
                Fault::Limited,
                format!("{PAGES} pages were read, the most of one run"),
                "Pull again; it goes on where it stopped.",
            ));
        }
        if let Some(rest) = rest {
            // What is held could wait for minutes; better it is kept first.
            self.commit()?;
            self.walker.pace.quiet(tokio::time::Instant::now(), rest);
            if rest > backoff::LONGEST {
                return Err(self.walker.too_long(rest));
            }
            (self.port.waiting)(rest);
            self.walker.client.wait(rest).await?;
        }
        Ok(())
    }

    fn commit_if_due(&mut self) -> Result<()> {
        let (items, bytes, at) = self.since_commit;
        let now = (self.port.now)();
        if items >= GROUP.0 || bytes >= GROUP.1 || now.0.saturating_sub(at.0) >= GROUP.2 {
            self.commit()?;
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        self.since_commit = (0, 0, (self.port.now)());
        if self.held.is_empty() && self.covered.is_empty() && !self.moved {
            return Ok(());
        }
        self.moved = false;
        let commit = Commit {
            pages: std::mem::take(&mut self.held),
            cursor: self.cursor.clone(),
            coverage: std::mem::take(&mut self.covered),
        };
        self.sink.commit(commit).map_err(|why| {
            PullError::new(
                Fault::Sink,
                why,
                "Mend that and pull again; it goes on where it stopped.",
            )
        })
    }
}

/// Whether the answer to a token can mean that the token is old: some servers fail at one, or call it forbidden.
fn renews(error: &PullError) -> bool {
    let forbidden = error.fault == Fault::Credentials && error.status == Some(403);
    error.is_gone() || error.fault == Fault::Busy || forbidden
}
