//! What stands in a connector file. Owns the shape and the defaults; an unknown key is an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::duration::Span;

/// A whole connector.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connector {
    /// Version of the language.
    pub language: u32,
    /// What it is.
    pub connector: About,
    /// What a person must give, in the order of the form.
    #[serde(default)]
    pub setting: Vec<Setting>,
    /// Where it is.
    pub address: Address,
    /// How a request shows who asks.
    pub auth: Auth,
    /// Requests that are sent once before the first page.
    #[serde(default)]
    pub before: Vec<Before>,
    /// The request for one page.
    pub request: Request,
    /// Where entries stand in an answer.
    #[serde(default)]
    pub items: Items,
    /// How the next page is found.
    #[serde(default)]
    pub paging: Paging,
    /// Which span of time a walk covers.
    #[serde(default)]
    pub window: Window,
    /// How the server says that it is asked too often.
    #[serde(default)]
    pub limits: Limits,
}

/// What a connector is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Its name on the command line.
    pub id: String,
    /// Raised when the same answers are asked for in another way.
    pub version: u32,
    /// Name for people.
    pub title: String,
    /// Where the vendor describes the interface.
    pub vendor_page: String,
    /// Profile that reads the entries; recognised when absent.
    #[serde(default)]
    pub profile: Option<String>,
    /// Logs of one system that are asked for at once, each with a position of its own; `{stream}` in texts.
    #[serde(default)]
    pub streams: Vec<String>,
    /// How long the vendor keeps entries; older ones are a gap with a reason.
    #[serde(default)]
    pub retention: Option<Span>,
    /// How late an entry may appear; each run asks again for as much.
    #[serde(default)]
    pub lateness: Option<Span>,
    /// How near to the present nothing is taken for complete.
    #[serde(default)]
    pub lag: Option<Span>,
    /// What a reader of the result must know of it.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// Something a person must give.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Name in texts: `{name}`.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// What to write.
    #[serde(default)]
    pub hint: String,
    /// What it must look like as a whole.
    #[serde(default)]
    pub pattern: Option<String>,
    /// What it is when nothing is given; without one, something must be given.
    #[serde(default)]
    pub default: Option<String>,
}

/// Where the system is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Scheme, host and perhaps a first part of the path. A person may put their own server in its place.
    pub base: String,
}

/// How a request shows who asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// The way.
    pub kind: AuthKind,
    /// Header of [`AuthKind::Header`] and [`AuthKind::Bearer`].
    #[serde(default)]
    pub header: Option<String>,
    /// What stands before the secret in that header.
    #[serde(default)]
    pub prefix: Option<String>,
    /// Where a token is asked for.
    #[serde(default)]
    pub token_url: Option<String>,
    /// Setting that holds the client id.
    #[serde(default)]
    pub client_id: Option<String>,
    /// Scope of the token.
    #[serde(default)]
    pub scope: Option<String>,
    /// Person in whose name a service account asks.
    #[serde(default)]
    pub subject: Option<String>,
    /// Region and service of AWS.
    #[serde(default)]
    pub region: Option<String>,
    /// Service of AWS.
    #[serde(default)]
    pub service: Option<String>,
    /// What the secret is, for the form.
    #[serde(default)]
    pub hint: String,
}

/// The ways to show who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthKind {
    /// Nobody is asked who they are.
    None,
    /// RFC 7617; the secret is `user:password`.
    Basic,
    /// RFC 6750; the secret is the token.
    Bearer,
    /// A header of the vendor's own.
    Header,
    /// RFC 6749, section 4.4; the secret is the client secret.
    Oauth2ClientCredentials,
    /// RFC 7523 with RS256; the secret is a service account as JSON.
    Oauth2Jwt,
    /// AWS Signature Version 4; the secret is `access key id:secret access key`, with `:session token` where there is one.
    AwsSigv4,
}

/// The method of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// GET.
    #[default]
    Get,
    /// POST.
    Post,
}

/// A request that must have been sent once.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Before {
    /// Its method.
    #[serde(default)]
    pub method: Method,
    /// Its path below the base.
    pub path: String,
    /// Parameters.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Text in a refusal that means that it had been done before.
    #[serde(default)]
    pub done: Option<String>,
}

/// The request for a page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Its method.
    #[serde(default)]
    pub method: Method,
    /// Its path below the base.
    pub path: String,
    /// Parameters; one whose text has a placeholder without a value is left out.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// Headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// JSON of a POST; a member whose text has a placeholder without a value is left out.
    #[serde(default)]
    pub body: Option<toml::Table>,
}

/// Where entries stand in an answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Items {
    /// Keys to the list, with dots between; empty: the answer is the list.
    #[serde(default)]
    pub path: String,
    /// Keys to the id of an entry.
    #[serde(default)]
    pub id: Option<String>,
    /// Keys to the address of a further answer that holds the entries, as a list at its root.
    #[serde(default)]
    pub fetch: Option<String>,
    /// Keys to the instant of an entry that names a further answer: where such an answer is refused, its hour is a gap.
    #[serde(default)]
    pub at: Option<String>,
    /// Whether an answer without the list is one without entries.
    #[serde(default)]
    pub empty: bool,
    /// What an answer must say of itself.
    #[serde(default)]
    pub ok: Option<Ok>,
    /// Keys to what a refusal says for people.
    #[serde(default)]
    pub error: Option<String>,
}

/// What an answer must say of itself to be one.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ok {
    /// Keys to it.
    pub path: String,
    /// What it must be.
    pub is: bool,
}

/// How the next page is found.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Paging {
    /// The way.
    #[serde(default)]
    pub kind: PagingKind,
    /// Keys to the token or address in the answer, or `header:Name`.
    #[serde(default)]
    pub from: Option<String>,
    /// Where the token goes: `query.name` or `body.name`.
    #[serde(default)]
    pub to: Option<String>,
    /// Whether a request with a token carries nothing else beside it.
    #[serde(default)]
    pub alone: bool,
    /// Parameters that go with a token that carries nothing else.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    /// Keys to a truth value that says whether more follows.
    #[serde(default)]
    pub more: Option<String>,
    /// Entries of a full page.
    #[serde(default)]
    pub size: Option<u64>,
    /// The number of the first page, or the first offset.
    #[serde(default)]
    pub first: Option<u64>,
    /// Which page is the last.
    #[serde(default)]
    pub stop: Stop,
    /// Whether the token after the last page is where the next run begins.
    #[serde(default)]
    pub durable: bool,
    /// Whether new entries come first, so that a walk over a log that cannot be asked by time may end at known ones.
    #[serde(default)]
    pub newest_first: bool,
}

/// The ways of paging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PagingKind {
    /// One answer holds everything.
    #[default]
    None,
    /// RFC 8288: a `Link` header with `rel="next"`.
    Link,
    /// An address in the answer.
    NextUrl,
    /// A token in the answer that goes into the next request.
    Cursor,
    /// Pages by number.
    Page,
    /// Pages by the number of entries before them.
    Offset,
    /// Pages by the id of the last entry.
    SinceId,
}

impl PagingKind {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Link => "link",
            Self::NextUrl => "next_url",
            Self::Cursor => "cursor",
            Self::Page => "page",
            Self::Offset => "offset",
            Self::SinceId => "since_id",
        }
    }
}

/// Which page is the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// The one that names no next page.
    #[default]
    Absent,
    /// The first without entries: the next page is always named.
    Empty,
    /// The first with fewer entries than a full page.
    Short,
}

/// Which span of time a walk covers.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The way.
    #[serde(default)]
    pub kind: WindowKind,
    /// How instants are written: `rfc3339`, `rfc3339_ms`, `epoch_s`, `epoch_ms`, `seconds` (RFC 3339 without zone).
    #[serde(default)]
    pub format: Option<String>,
    /// Longest span of one walk.
    #[serde(default)]
    pub longest: Option<Span>,
    /// How far back a first run begins when the person does not say.
    #[serde(default)]
    pub first: Option<Span>,
}

/// Which spans are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WindowKind {
    /// The log cannot be asked by time: all of it is walked; where new entries come first, until known ones come.
    #[default]
    None,
    /// From an instant on.
    Since,
    /// From an instant to before another, which stays the same over all pages of a walk.
    Span,
}

/// How the server says that it is asked too often. `Retry-After` (RFC 9110) is always obeyed.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Header with the number of requests left.
    #[serde(default)]
    pub remaining: Option<String>,
    /// Header that says when there will be more.
    #[serde(default)]
    pub reset: Option<String>,
    /// What that header holds.
    #[serde(default)]
    pub reset_is: ResetIs,
    /// Statuses beside 429 that can mean a limit.
    #[serde(default)]
    pub status: Vec<u16>,
    /// Text in a refusal with such a status that means a limit.
    #[serde(default)]
    pub text: Option<String>,
    /// Least time between two requests.
    #[serde(default)]
    pub pause: Option<Span>,
}

/// What a header with the time of a reset holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetIs {
    /// Seconds since 1970.
    #[default]
    EpochS,
    /// Seconds from now.
    Seconds,
}

impl Connector {
    /// Every text that may hold placeholders.
    pub(crate) fn templates(&self) -> Vec<&str> {
        let mut all = vec![self.address.base.as_str(), self.request.path.as_str()];
        all.extend(self.request.query.values().map(String::as_str));
        all.extend(self.request.headers.values().map(String::as_str));
        all.extend(self.paging.with.values().map(String::as_str));
        for before in &self.before {
            all.push(&before.path);
            all.extend(before.query.values().map(String::as_str));
        }
        let auth = &self.auth;
        let more = [
            &auth.token_url,
            &auth.client_id,
            &auth.scope,
            &auth.subject,
            &auth.region,
        ];
        all.extend(more.into_iter().flatten().map(String::as_str));
        if let Some(body) = &self.request.body {
            texts(body, &mut all);
        }
        all
    }

    /// The logs that are asked for, each by itself; one without a name where there is only one.
    #[must_use]
    pub fn streams(&self) -> Vec<String> {
        if self.connector.streams.is_empty() {
            vec![String::new()]
        } else {
            self.connector.streams.clone()
        }
    }
}

fn texts<'a>(table: &'a toml::Table, all: &mut Vec<&'a str>) {
    for value in table.values() {
        match value {
            toml::Value::String(text) => all.push(text),
            toml::Value::Table(inner) => texts(inner, all),
            _ => {}
        }
    }
}
