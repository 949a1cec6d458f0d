//! One request and its answer, bounded in time and size.
//!
//! Owns: the connection, its limits, redirects on the same origin, stopping in the middle. Never touches: what an answer
//! means. TLS is always verified against the system's certificates and those of a connector's own file; proxies of the
//! environment are not used, because the check of addresses would judge the proxy.

use std::time::Duration;

use reqwest::redirect::Policy;
use url::Url;

use crate::connector::Method;
use crate::origin::{Origin, Reach, resolver};
use crate::{Fault, PullError, Result};

/// How long each part may take, and how large an answer may be.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Until there is a connection.
    pub connect: Duration,
    /// From the request to the head of the answer.
    pub head: Duration,
    /// Between two pieces of the answer.
    pub idle: Duration,
    /// The whole answer.
    pub total: Duration,
    /// Most bytes of an answer after decompression.
    pub bytes: usize,
    /// First wait before another try where the server does not say how long; each further one is twice as long.
    pub pause: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            head: Duration::from_secs(30),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(120),
            bytes: 64 << 20,
            pause: Duration::from_secs(1),
        }
    }
}

const REDIRECTS: usize = 5;
/// How often the person is asked whether to go on.
const LOOK: Duration = Duration::from_millis(100);

impl Method {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// A request.
#[derive(Clone, Copy)]
pub(crate) struct Sent<'a> {
    pub(crate) method: Method,
    pub(crate) address: &'a Url,
    /// With lower-case names.
    pub(crate) headers: &'a [(String, String)],
    pub(crate) body: &'a [u8],
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// With lower-case names.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// Where it came from after redirects.
    pub(crate) address: Url,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Asks whether to go on.
pub(crate) type Stop<'a> = dyn Fn() -> bool + 'a;

/// Sends requests.
pub(crate) struct Client<'a> {
    http: reqwest::Client,
    bounds: Bounds,
    reach: Reach,
    /// Redirects are followed on this origin only; none where it is absent.
    origin: Option<Origin>,
    stop: &'a Stop<'a>,
}

impl<'a> Client<'a> {
    /// A client for one connector. `authorities` is PEM text of certificates that are trusted beside the system's.
    pub(crate) fn new(
        bounds: Bounds,
        reach: Reach,
        authorities: Option<&[u8]>,
        stop: &'a Stop<'a>,
    ) -> Result<Self> {
        let own = |why: String| {
            PullError::new(
                Fault::Connector,
                format!("the certificates of the connector cannot be used: {why}"),
                "Give a file with PEM certificates.",
            )
        };
        // Whoever sets it first decides; it is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .connect_timeout(bounds.connect)
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .dns_resolver(resolver(reach))
            .pool_max_idle_per_host(2)
            .user_agent(concat!("Witnessmark/", env!("CARGO_PKG_VERSION")));
        if let Some(pem) = authorities {
            let certificates =
                reqwest::Certificate::from_pem_bundle(pem).map_err(|e| own(e.to_string()))?;
            if certificates.is_empty() {
                return Err(own("it holds none".to_owned()));
            }
            builder = builder.tls_certs_merge(certificates);
        }
        let http = builder.build().map_err(|e| {
            // Without certificates of their own this works on any machine that works; with them they are the reason.
            if authorities.is_some() {
                return own(reason(&e));
            }
            PullError::new(
                Fault::Connection,
                format!("no connection can be made: {}", reason(&e)),
                "Check the certificates of this machine.",
            )
        })?;
        Ok(Self {
            http,
            bounds,
            reach,
            origin: None,
            stop,
        })
    }

    /// The same client, following redirects on an origin.
    pub(crate) fn on(mut self, origin: Origin) -> Self {
        self.origin = Some(origin);
        self
    }

    pub(crate) const fn bounds(&self) -> &Bounds {
        &self.bounds
    }

    pub(crate) const fn reach(&self) -> Reach {
        self.reach
    }

    pub(crate) fn stopped(&self) -> Result<()> {
        if (self.stop)() {
            Err(PullError::new(
                Fault::Cancelled,
                "the pull was stopped",
                "What was pulled before is in the case; pull again to go on.",
            ))
        } else {
            Ok(())
        }
    }

    /// Waits, unless the person stops it.
    pub(crate) async fn wait(&self, time: Duration) -> Result<()> {
        let begun = tokio::time::Instant::now();
        // An end beyond what a moment can hold is never computed: a header can ask for any wait.
        while let Some(left) = time
            .checked_sub(begun.elapsed())
            .filter(|left| !left.is_zero())
        {
            self.stopped()?;
            tokio::time::sleep(left.min(LOOK)).await;
        }
        self.stopped()
    }

    /// Sends a request with credentials and reads the whole answer.
    pub(crate) async fn send(
        &self,
        sent: &Sent<'_>,
        credentials: &[(String, String)],
    ) -> Result<Answer> {
        let work = tokio::time::timeout(self.bounds.total, self.followed(sent, credentials));
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => {
                    return done.unwrap_or_else(|_| Err(slow(sent.address, "the whole answer")));
                }
                () = tokio::time::sleep(LOOK) => self.stopped()?,
            }
        }
    }

    async fn followed(&self, sent: &Sent<'_>, credentials: &[(String, String)]) -> Result<Answer> {
        let mut address = sent.address.clone();
        for _ in 0..=REDIRECTS {
            let answer = self
                .once(
                    &Sent {
                        address: &address,
                        ..*sent
                    },
                    credentials,
                )
                .await?;
            let moved = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
            let Some(to) = answer.header("location").filter(|_| moved) else {
                return Ok(answer);
            };
            let keeps = sent.method == Method::Get || matches!(answer.status, 307 | 308);
            match &self.origin {
                Some(origin) if keeps => address = origin.follow(&address, to, "a new address")?,
                _ => {
                    return Err(PullError::new(
                        Fault::Address,
                        format!(
                            "{} redirects the request elsewhere; it was not followed",
                            host(&address)
                        ),
                        "Check the address of the connector.",
                    ));
                }
            }
        }
        Err(PullError::new(
            Fault::Address,
            format!(
                "{} redirects the request more than {REDIRECTS} times",
                host(&address)
            ),
            "Check the address of the connector.",
        ))
    }

    async fn once(&self, sent: &Sent<'_>, credentials: &[(String, String)]) -> Result<Answer> {
        let method = match sent.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
        };
        let mut request = self.http.request(method, sent.address.clone());
        for (name, value) in sent.headers.iter().chain(credentials) {
            request = request.header(name, value);
        }
        if sent.method == Method::Post {
            request = request.body(sent.body.to_vec());
        }
        let begun = tokio::time::timeout(self.bounds.head, request.send()).await;
        let mut answer = begun
            .map_err(|_| slow(sent.address, "the head of an answer"))?
            .map_err(|e| broken(sent.address, &e))?;
        let headers = answer.headers().iter().map(|(name, value)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        });
        let (status, headers) = (answer.status().as_u16(), headers.collect());
        let mut body = Vec::new();
        loop {
            let piece = tokio::time::timeout(self.bounds.idle, answer.chunk()).await;
            let piece = piece
                .map_err(|_| slow(sent.address, "the next part of an answer"))?
                .map_err(|e| broken(sent.address, &e))?;
            let Some(piece) = piece else { break };
            if body.len() + piece.len() > self.bounds.bytes {
                return Err(PullError::new(
                    Fault::Size,
                    format!(
                        "a page of {} is larger than {} MB",
                        host(sent.address),
                        self.bounds.bytes >> 20
                    ),
                    "Ask for smaller pages in the connector.",
                ));
            }
            body.extend_from_slice(&piece);
        }
        Ok(Answer {
            status,
            headers,
            body,
            address: sent.address.clone(),
        })
    }
}

fn host(address: &Url) -> &str {
    address.host_str().unwrap_or_default()
}

fn slow(address: &Url, what: &str) -> PullError {
    PullError::new(
        Fault::Busy,
        format!("{} did not send {what} in time", host(address)),
        "Pull again later; it goes on where it stopped.",
    )
}

fn broken(address: &Url, error: &reqwest::Error) -> PullError {
    let reason = reason(error);
    if reason.contains("is not asked") {
        return PullError::new(
            Fault::Address,
            reason,
            "Check the address of the connector.",
        );
    }
    let hint = if reason.contains("certificate") {
        "Certificates are always checked. If the server has one of your own authority, give its certificate to the connector."
    } else {
        "Check the network; pull again, and it goes on where it stopped."
    };
    PullError::new(
        Fault::Connection,
        format!("{}: {reason}", host(address)),
        hint,
    )
}

/// The innermost reason, which is the one that helps; addresses are left out, because they may be long.
fn reason(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}
