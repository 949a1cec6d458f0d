//! One page after the other: asked for, asked for again when the server says so, read, and led on to the next.
//!
//! Owns: tries of a page, the sign of the next one, the discovery of circles. Never touches: spans of time, what is kept.

use std::collections::HashSet;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant as Moment;
use url::Url;
use witnessmark_model::Instant;

use crate::auth::Credentials;
use crate::backoff::{self, Patience, Verdict};
use crate::client::{Answer, Client, Sent};
use crate::connector::{AuthKind, Connector, PagingKind, Stop, Values};
use crate::cursor::Token;
use crate::origin::Origin;
use crate::pace::{Pace, Turn};
use crate::page::{Part, Read, next_link};
use crate::request::{self, Ready};
use crate::sync::{Page, Port};
use crate::{Fault, PullError, Result};

/// Headers of an answer that the transcript keeps: they decided something, or name the request to the vendor.
const KEPT: &[&str] = &[
    "date",
    "link",
    "retry-after",
    "x-request-id",
    "x-okta-request-id",
    "x-github-request-id",
    "request-id",
];
/// How often it is looked whether another stream has found out that the credentials are taken.
const LOOK: Duration = Duration::from_millis(10);
/// A wait for others that is too short to tell of.
const SHORT: Duration = Duration::from_secs(1);
/// Empty pages one after the other, each of which promises another.
const EMPTY: u32 = 3;

/// What one step of a walk gave.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// The answers, in order.
    pub(crate) pages: Vec<Page>,
    /// Entries in them.
    pub(crate) items: u64,
    /// Their ids, where the connector names one.
    pub(crate) ids: Vec<Option<String>>,
    /// The parts of the log that it names.
    pub(crate) parts: Vec<Part>,
    /// The next page; absent after the last.
    pub(crate) next: Option<Token>,
    /// Why it does not lead on, though the page itself is good.
    pub(crate) broken: Option<PullError>,
    /// The time of the server with the first answer.
    pub(crate) date: Option<Instant>,
    /// Where a later run can go on, for a log with lasting tokens.
    pub(crate) resume: Option<Token>,
    /// How long to rest before the next request.
    pub(crate) rest: Option<Duration>,
    /// Requests left, when the server says it.
    pub(crate) left: Option<u64>,
}

/// Asks for pages.
pub(crate) struct Walker<'a> {
    pub(crate) connector: &'a Connector,
    pub(crate) base: Url,
    pub(crate) origin: Origin,
    pub(crate) client: Client<'a>,
    pub(crate) credentials: Credentials<'a>,
    pub(crate) port: &'a Port<'a>,
    pub(crate) pace: &'a Pace,
    /// Whether this stream is the one that finds out whether the credentials are taken.
    asking: bool,
    seen: HashSet<[u8; 32]>,
    empty: u32,
    number: u64,
    /// Whether the span of the walk can be halved, so that fewer tries of a page are enough.
    halves: bool,
    /// Entries of a full page, where the server gives fewer than it is asked for.
    full: Option<u64>,
    /// Hash of the page before.
    before: Option<[u8; 32]>,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(
        connector: &'a Connector,
        base: Url,
        origin: Origin,
        client: Client<'a>,
        credentials: Credentials<'a>,
        port: &'a Port<'a>,
        pace: &'a Pace,
    ) -> Self {
        Self {
            connector,
            base,
            origin,
            client,
            credentials,
            port,
            pace,
            asking: false,
            seen: HashSet::new(),
            empty: 0,
            number: 0,
            halves: false,
            full: None,
            before: None,
        }
    }

    /// Begins another walk: what the walk before met is forgotten.
    pub(crate) fn begin(&mut self, halves: bool) {
        self.seen.clear();
        self.empty = 0;
        self.number = 0;
        (self.halves, self.full, self.before) = (halves, None, None);
    }

    /// The present by the server's clock, as far as it is known.
    fn theirs(&self) -> Instant {
        let ahead = self.pace.ahead().unwrap_or(0);
        Instant((self.port.now)().0.saturating_add(ahead))
    }

    /// A failure without anything secret: what it says may come from the server.
    fn cleaned(&self, mut error: PullError) -> PullError {
        error.message = self.credentials.clean(&error.message);
        error
    }

    /// Sends what must be sent once before the first page.
    pub(crate) async fn prepare(&mut self, values: &Values) -> Result<()> {
        let done = self.prepared(values).await;
        done.map_err(|error| self.cleaned(error))
    }

    async fn prepared(&mut self, values: &Values) -> Result<()> {
        for before in &self.connector.before {
            let ready = request::before(before, &self.base, values)?;
            let done = before.done.as_deref();
            self.asked(&ready, done).await?;
        }
        Ok(())
    }

    /// The page at a token, the first without one.
    pub(crate) async fn step(&mut self, values: &Values, at: Option<&Token>) -> Result<Step> {
        let done = self.stepped(values, at).await;
        done.map_err(|error| self.cleaned(error))
    }

    async fn stepped(&mut self, values: &Values, at: Option<&Token>) -> Result<Step> {
        let ready = request::page(self.connector, &self.base, &self.origin, values, at)?;
        self.number += 1;
        if at.is_some() && !self.seen.insert(print_of(&ready)) {
            return Err(circle(
                self.number,
                "it leads back to a page that was read before",
            ));
        }
        let answer = self.asked(&ready, None).await?;
        let items = &self.connector.items;
        let read = Read::new(&answer, items, &items.path, |text| {
            self.credentials.clean(text)
        })?;
        let mut step = Step {
            ids: read.ids(self.connector),
            date: backoff::date(&answer),
            rest: backoff::rest(&answer, &self.connector.limits, self.theirs()),
            left: backoff::left(&answer, &self.connector.limits),
            ..Step::default()
        };
        let found = read.items().len() as u64;
        if let Some(id) = &items.id
            && found > 0
            && step.ids.iter().all(Option::is_none)
        {
            return Err(PullError::new(
                Fault::Shape,
                format!("no entry has `{id}`, which the connector names as its id"),
                "Correct `items.id` of the connector.",
            ));
        }
        let print: [u8; 32] = Sha256::digest(&answer.body).into();
        if self.before.replace(print) == Some(print) && found > 0 {
            return Err(circle(
                self.number,
                "it is the same as the page before, so the server does not heed what the connector asks the next page by",
            ));
        }
        if let Some(path) = &items.fetch {
            step.pages.push(self.page(&ready, &answer, 0, None));
            let parts = read.parts(items, path);
            if parts.iter().any(Option::is_none) {
                let why = format!("an entry has no `{path}`, where its part of the log would be");
                step.broken = Some(leads_nowhere(&why));
            }
            step.parts = parts.into_iter().flatten().collect();
        } else {
            step.pages
                .push(self.page(&ready, &answer, found, read.keys()));
            step.items = found;
        }
        let named = self.named(&read, &answer, at, &step.ids, found);
        let held = |token: &Token| match token {
            Token::Address(text) | Token::Value(text) => self.credentials.is_in(text),
            Token::Number(_) => false,
        };
        if named.as_ref().is_some_and(held) {
            return Err(PullError::new(
                Fault::Shape,
                "what leads to the next page holds the secret; the page is not kept, so that the secret comes into no case",
                "Ask the vendor for a way that does not put credentials into addresses.",
            ));
        }
        let paging = &self.connector.paging;
        let more = match paging.more.as_deref() {
            Some(path) => match read.truth(path) {
                Some(more) => Some(more),
                None => {
                    step.broken = Some(leads_nowhere(&format!(
                        "`{path}`, which says whether more follows, is not there or no truth value"
                    )));
                    Some(false)
                }
            },
            None => None,
        };
        let last = match (more, paging.stop) {
            (Some(more), _) => !more,
            (None, Stop::Absent) => false,
            (None, Stop::Empty) => found == 0,
            // A server may give fewer entries than it is asked for; the page after the first shows whether it does.
            (None, Stop::Short) if self.number == 1 && found > 0 && named.is_some() => {
                self.full = Some(found);
                false
            }
            (None, Stop::Short) => {
                let full = self.full.or(paging.size);
                full.is_some_and(|size| found < size)
            }
        };
        // Of a list by the last id only an empty page is the last where nothing else says so.
        let promised = more == Some(true)
            || (more.is_none() && paging.stop == Stop::Short && !last)
            || (paging.kind == PagingKind::SinceId && found > 0 && !last);
        if promised && named.is_none() && paging.kind != PagingKind::None {
            step.broken = Some(leads_nowhere(
                "it promises more and names no next page that can be asked for",
            ));
        }
        step.resume = named.clone().filter(|_| self.connector.paging.durable);
        step.next = named.filter(|_| !last);
        self.empty = if found == 0 && step.next.is_some() {
            self.empty + 1
        } else {
            0
        };
        if self.empty >= EMPTY {
            return Err(circle(
                self.number,
                "three pages in a row were empty and promised more",
            ));
        }
        Ok(step)
    }

    /// A part of the log that an answer names.
    pub(crate) async fn part(&mut self, part: &Part) -> Result<Step> {
        let done = self.fetched(&part.address).await;
        done.map_err(|error| self.cleaned(error))
    }

    async fn fetched(&mut self, address: &str) -> Result<Step> {
        let address = self
            .origin
            .follow(&self.base, address, "a part of the log")?;
        let ready = Ready {
            method: crate::connector::Method::Get,
            address,
            headers: vec![("accept".to_owned(), "application/json".to_owned())],
            body: Vec::new(),
        };
        let answer = self.asked(&ready, None).await?;
        let read = Read::new(&answer, &Default::default(), "", |text| {
            self.credentials.clean(text)
        })?;
        let found = read.items().len() as u64;
        Ok(Step {
            pages: vec![self.page(&ready, &answer, found, read.keys())],
            items: found,
            left: backoff::left(&answer, &self.connector.limits),
            ..Step::default()
        })
    }

    /// The sign of the next page, whether or not it is to be followed.
    fn named(
        &self,
        read: &Read,
        answer: &Answer,
        at: Option<&Token>,
        ids: &[Option<String>],
        found: u64,
    ) -> Option<Token> {
        let paging = &self.connector.paging;
        let given = || {
            let from = paging.from.as_deref()?;
            match from.strip_prefix("header:") {
                Some(name) => answer
                    .header(name)
                    .map(str::to_owned)
                    .filter(|text| !text.is_empty()),
                None => read.text(from),
            }
        };
        let first = paging.first.unwrap_or(0);
        let number = match at {
            Some(Token::Number(number)) => *number,
            _ => first,
        };
        match paging.kind {
            PagingKind::None => None,
            PagingKind::Link => next_link(answer).map(|to| absolute(answer, to)),
            PagingKind::NextUrl => given().map(|to| absolute(answer, to)),
            PagingKind::Cursor => given().map(Token::Value),
            PagingKind::Page => Some(Token::Number(number.saturating_add(1))),
            PagingKind::Offset => Some(Token::Number(number.saturating_add(found))),
            PagingKind::SinceId => ids.last().cloned().flatten().map(Token::Value),
        }
    }

    fn page(&self, ready: &Ready, answer: &Answer, items: u64, path: Option<Vec<String>>) -> Page {
        let headers = answer.headers.iter().filter(|(name, _)| {
            let limits = &self.connector.limits;
            let named = [&limits.remaining, &limits.reset];
            KEPT.contains(&name.as_str())
                || named
                    .into_iter()
                    .flatten()
                    .any(|known| known.eq_ignore_ascii_case(name))
        });
        Page {
            at: (self.port.now)(),
            address: self.credentials.clean(ready.address.as_str()),
            status: answer.status,
            headers: headers
                .map(|(name, value)| (name.clone(), self.credentials.clean(value)))
                .collect(),
            sha256: Sha256::digest(&answer.body).into(),
            items,
            path,
            body: if items > 0 {
                answer.body.clone()
            } else {
                Vec::new()
            },
        }
    }

    /// Sends a request until there is an answer, a refusal, or no more tries. `done` is a text in a refusal that is none.
    async fn asked(&mut self, ready: &Ready, done: Option<&str>) -> Result<Answer> {
        let mut renewed = false;
        let mut resigned = false;
        let mut tries = 0;
        loop {
            self.turn().await?;
            let (now, theirs) = ((self.port.now)(), self.theirs());
            let sent = Sent {
                method: ready.method,
                address: &ready.address,
                headers: &ready.headers,
                body: &ready.body,
            };
            let credentials = self.credentials.headers(&self.client, &sent, now, theirs);
            let credentials = credentials.await;
            let credentials = credentials.inspect_err(|error| self.none(error))?;
            let answer = self.client.send(&sent, &credentials).await;
            if let Some(date) = answer.as_ref().ok().and_then(backoff::date) {
                self.pace.told(date, (self.port.now)());
            }
            match &answer {
                Ok(answer) if answer.status == 401 => {}
                Ok(_) => self.pace.answered(&mut self.asking),
                Err(_) => self.pace.unanswered(&mut self.asking),
            }
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) if tries + 1 < self.tries(&error) => {
                    let wait = self.patience(tries).backed_off();
                    tries += 1;
                    (self.port.waiting)(wait);
                    self.client.wait(wait).await?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            match backoff::judge(&answer, &self.connector.limits, &self.patience(tries)) {
                Verdict::Good => return Ok(answer),
                Verdict::Wait(wait) if tries + 1 < backoff::TRIES => {
                    tries += 1;
                    (self.port.waiting)(wait);
                    if backoff::concerns_all(&answer, &self.connector.limits) {
                        self.pace.quiet(Moment::now(), wait);
                    }
                    self.client.wait(wait).await?;
                }
                Verdict::Wait(_) => return Err(self.busy(&answer)),
                Verdict::TooLong(wait) => {
                    self.pace.quiet(Moment::now(), wait);
                    return Err(self.too_long(wait));
                }
                // A signature holds for minutes around its time, and only the answer told the time of the server.
                Verdict::Credentials | Verdict::Refused
                    if !resigned && self.is_signed() && differs(theirs, self.theirs()) =>
                {
                    resigned = true;
                }
                Verdict::Credentials if !renewed && self.credentials.renew() => renewed = true,
                Verdict::Credentials | Verdict::Refused if said(&answer, done) => {
                    return Ok(answer);
                }
                Verdict::Credentials => {
                    let error = self.refused(&answer, Fault::Credentials);
                    // 403 can be about this stream alone: a token may read one log of a system and not another.
                    if answer.status == 401 {
                        self.none(&error);
                    }
                    return Err(error);
                }
                Verdict::Refused => return Err(self.refused(&answer, Fault::Shape)),
            }
        }
    }

    /// Waits until the server may be asked: the streams of a pull ask in turns.
    async fn turn(&mut self) -> Result<()> {
        let pause = self.connector.limits.pause;
        let pause = pause.map_or(Duration::ZERO, |p| Duration::from_nanos(p.0.unsigned_abs()));
        loop {
            self.client.stopped()?;
            let now = Moment::now();
            let wait = match self.pace.turn(now, pause, &mut self.asking) {
                Turn::Now => return Ok(()),
                Turn::Refused(error) => return Err(error),
                Turn::Other => LOOK,
                Turn::Wait(wait) if wait > backoff::LONGEST => return Err(self.too_long(wait)),
                Turn::Wait(wait) => wait,
            };
            if wait >= SHORT {
                (self.port.waiting)(wait);
            }
            self.client.wait(wait).await?;
        }
    }

    /// The credentials are taken for no stream: none asks again.
    fn none(&self, error: &PullError) {
        if error.fault == Fault::Credentials {
            self.pace.refuse(error);
        }
    }

    /// Tries of a page that brought no answer. Where a shorter span may do, the server is not made to fail so often.
    fn tries(&self, error: &PullError) -> u32 {
        match error.fault {
            Fault::Connection => backoff::TRIES,
            Fault::Busy if self.halves => 2,
            Fault::Busy => backoff::TRIES,
            _ => 0,
        }
    }

    fn patience(&self, tries: u32) -> Patience {
        Patience {
            now: self.theirs(),
            tries,
            chance: (self.port.chance)(),
            first: self.client.bounds().pause,
        }
    }

    fn host(&self) -> String {
        self.origin.to_string()
    }

    fn busy(&self, answer: &Answer) -> PullError {
        let fault = if answer.status == 429 {
            Fault::Limited
        } else {
            Fault::Busy
        };
        PullError::new(
            fault,
            format!(
                "{} answered {} to {} tries of one page",
                self.host(),
                answer.status,
                backoff::TRIES
            ),
            "Pull again later; it goes on where it stopped.",
        )
    }

    fn is_signed(&self) -> bool {
        self.connector.auth.kind == AuthKind::AwsSigv4
    }

    pub(crate) fn too_long(&self, wait: Duration) -> PullError {
        PullError::new(
            Fault::Limited,
            format!(
                "{} asks to wait {} minutes, longer than a run waits",
                self.host(),
                wait.as_secs().div_ceil(60)
            ),
            "Pull again after that; it goes on where it stopped.",
        )
    }

    fn refused(&self, answer: &Answer, fault: Fault) -> PullError {
        let text = self
            .credentials
            .clean(&String::from_utf8_lossy(&answer.body));
        let text: String = text
            .chars()
            .take(300)
            .flat_map(char::escape_default)
            .collect();
        let hint = if fault == Fault::Credentials {
            "Check the credentials and what they may be used for. They were not tried again."
        } else {
            "Check the settings of the connector."
        };
        PullError::new(
            fault,
            format!("{} answered {}: {text}", self.host(), answer.status),
            hint,
        )
        .answered(answer.status)
    }
}

impl Drop for Walker<'_> {
    fn drop(&mut self) {
        self.pace.unanswered(&mut self.asking);
    }
}

/// An address is relative to the answer that names it (RFC 3986, section 5.1).
fn absolute(answer: &Answer, to: String) -> Token {
    Token::Address(answer.address.join(&to).map_or(to, String::from))
}

fn said(answer: &Answer, done: Option<&str>) -> bool {
    done.is_some_and(|text| String::from_utf8_lossy(&answer.body).contains(text))
}

/// Whether two readings of one clock are more than a minute apart.
pub(crate) fn differs(one: Instant, other: Instant) -> bool {
    one.0.abs_diff(other.0) > 60_000_000_000
}

fn leads_nowhere(why: &str) -> PullError {
    PullError::new(
        Fault::Shape,
        format!(
            "the answer is not the expected shape: {why}; what was read is kept, and the span is not counted as covered"
        ),
        "Correct the paging of the connector, or ask the vendor.",
    )
}

fn circle(page: u64, why: &str) -> PullError {
    PullError::new(
        Fault::Loop,
        format!(
            "pagination loop at page {page}: {why}; what was read is kept, and the span is not counted as covered"
        ),
        "Tell the vendor, or correct the paging of the connector.",
    )
}

/// What makes two requests the same.
fn print_of(ready: &Ready) -> [u8; 32] {
    Sha256::new()
        .chain_update(ready.address.as_str())
        .chain_update([0])
        .chain_update(&ready.body)
        .finalize()
        .into()
}
