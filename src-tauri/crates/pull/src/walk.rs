//! One page after the other: asked for, asked for again when the server says so, read, and led on to the next.
//!
//! Owns: tries of a page, the sign of the next one, the discovery of circles. Never touches: spans of time, what is kept.

use std::collections::HashSet;
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant as Moment;
use url::Url;

use crate::auth::Credentials;
use crate::backoff::{self, Patience, Verdict};
use crate::client::{Answer, Client, Sent};
use crate::connector::{Connector, PagingKind, Stop, Values};
use crate::cursor::Token;
use crate::origin::Origin;
use crate::pace::{Pace, Turn};
use crate::page::{Read, next_link};
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
#[derive(Debug)]
pub(crate) struct Step {
    /// The answers, in order.
    pub(crate) pages: Vec<Page>,
    /// Entries in them.
    pub(crate) items: u64,
    /// Their ids, where the connector names one.
    pub(crate) ids: Vec<String>,
    /// The next page; absent after the last.
    pub(crate) next: Option<Token>,
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
        }
    }

    /// Begins another walk: what the walk before met is forgotten.
    pub(crate) fn begin(&mut self) {
        self.seen.clear();
        self.empty = 0;
        self.number = 0;
    }

    /// Sends what must be sent once before the first page.
    pub(crate) async fn prepare(&mut self, values: &Values) -> Result<()> {
        for before in &self.connector.before {
            let ready = request::before(before, &self.base, values)?;
            let done = before.done.as_deref();
            self.asked(&ready, done).await?;
        }
        Ok(())
    }

    /// The page at a token, the first without one.
    pub(crate) async fn step(&mut self, values: &Values, at: Option<&Token>) -> Result<Step> {
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
            pages: Vec::new(),
            items: 0,
            ids: read.ids(self.connector),
            next: None,
            resume: None,
            rest: backoff::rest(&answer, &self.connector.limits, (self.port.now)()),
            left: backoff::left(&answer, &self.connector.limits),
        };
        let found = read.items().len() as u64;
        if let Some(path) = &items.fetch {
            step.pages.push(self.page(&ready, &answer, 0));
            for address in read.addresses(path) {
                self.fetched(&address, &mut step).await?;
            }
        } else {
            step.pages.push(self.page(&ready, &answer, found));
            step.items = found;
        }
        let named = self.named(&read, &answer, at, &step.ids);
        let more = self
            .connector
            .paging
            .more
            .as_deref()
            .map(|path| read.truth(path).unwrap_or(false));
        let last = match (more, self.connector.paging.stop) {
            (Some(more), _) => !more,
            (None, Stop::Absent) => false,
            (None, Stop::Empty) => found == 0,
            (None, Stop::Short) => self.connector.paging.size.is_some_and(|size| found < size),
        };
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

    /// An answer that the answer names.
    async fn fetched(&mut self, address: &str, step: &mut Step) -> Result<()> {
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
        step.items += found;
        step.pages.push(self.page(&ready, &answer, found));
        Ok(())
    }

    /// The sign of the next page, whether or not it is to be followed.
    fn named(
        &self,
        read: &Read,
        answer: &Answer,
        at: Option<&Token>,
        ids: &[String],
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
            PagingKind::Page => Some(Token::Number(number + 1)),
            PagingKind::Offset => Some(Token::Number(number + paging.size.unwrap_or(0))),
            PagingKind::SinceId => ids
                .last()
                .filter(|id| !id.is_empty())
                .cloned()
                .map(Token::Value),
        }
    }

    fn page(&self, ready: &Ready, answer: &Answer, items: u64) -> Page {
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
        let mut tries = 0;
        loop {
            self.turn().await?;
            let now = (self.port.now)();
            let sent = Sent {
                method: ready.method,
                address: &ready.address,
                headers: &ready.headers,
                body: &ready.body,
            };
            let credentials = self.credentials.headers(&self.client, &sent, now).await;
            let credentials = credentials.inspect_err(|error| self.none(error))?;
            let answer = self.client.send(&sent, &credentials).await;
            match &answer {
                Ok(answer) if answer.status == 401 => {}
                Ok(_) => self.pace.answered(&mut self.asking),
                Err(_) => self.pace.unanswered(&mut self.asking),
            }
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) if error.fault == Fault::Connection && tries + 1 < backoff::TRIES => {
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

    fn patience(&self, tries: u32) -> Patience {
        Patience {
            now: (self.port.now)(),
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

    fn too_long(&self, wait: Duration) -> PullError {
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
