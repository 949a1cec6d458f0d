//! Credentials on their way into a request: they are held in memory, put into headers, and never anywhere else.
//!
//! Owns: what each kind of secret looks like, tokens that are asked for and renewed. Never touches: where secrets are kept
//! (the program that uses the engine does that), addresses other than the one it is given.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use url::Url;
use witnessmark_model::Instant;

use crate::client::{Client, Sent};
use crate::connector::{Auth, AuthKind, Method, Values, fill};
use crate::origin::{Origin, Reach};
use crate::pace::{Held, Pace, Token};
use crate::sigv4::Signer;
use crate::written;
use crate::{Fault, PullError, Result};

/// A secret. It can be used and cleaned out of texts, and it cannot be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret; blanks around it come from copying and are no part of it.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.trim().to_owned())
    }

    /// A text without this secret, or without the parts of it, also where they are written in base64, with percent signs, or
    /// as JSON writes texts.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let parts = std::iter::once(self.0.as_str()).chain(self.0.split(':'));
        written::without(text, parts)
    }

    /// Whether a text holds the secret. What stands before the first colon is a name, which may stand elsewhere.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        let parts = std::iter::once(self.0.as_str()).chain(self.0.split(':').skip(1));
        written::without(text, parts) != text
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What a request carries to show who asks.
pub(crate) struct Credentials<'a> {
    auth: &'a Auth,
    values: &'a Values,
    secret: Option<Secret>,
    /// What the streams of the pull share: the token.
    pace: &'a Pace,
    /// The token of the last request.
    used: Option<Secret>,
}

/// A token is renewed this long before it ends.
const EARLY: i64 = 60_000_000_000;
/// A token that says nothing of its end is renewed after this long.
const SHORT: i64 = 5 * 60_000_000_000;
/// How often it is looked whether another stream has got a token.
const LOOK: Duration = Duration::from_millis(10);

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    expires_in: Option<i64>,
}

/// The part of a Google service account that is needed.
#[derive(Deserialize)]
struct Account {
    client_email: String,
    private_key: String,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sub: Option<&'a str>,
    scope: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
}

fn filled(template: Option<&String>, values: &Values, what: &str) -> Result<String> {
    template
        .map(|text| fill(text, values, false))
        .transpose()?
        .flatten()
        .ok_or_else(|| PullError::connector(format!("the connector lacks `auth.{what}`")))
}

/// Where a token is asked for.
pub(crate) fn token_address(auth: &Auth, values: &Values, reach: Reach) -> Result<(Url, Origin)> {
    let address = filled(auth.token_url.as_ref(), values, "token_url")?;
    let address = Url::parse(&address)
        .map_err(|e| PullError::connector(format!("`auth.token_url` is no address: {e}")))?;
    let origin = Origin::of_base(&address, reach)?;
    Ok((address, origin))
}

impl<'a> Credentials<'a> {
    pub(crate) fn new(
        auth: &'a Auth,
        values: &'a Values,
        secret: Option<Secret>,
        pace: &'a Pace,
    ) -> Result<Self> {
        if auth.kind != AuthKind::None && secret.as_ref().is_none_or(|s| s.0.is_empty()) {
            return Err(PullError::new(
                Fault::Credentials,
                format!(
                    "the connector needs credentials and none were given ({})",
                    auth.hint
                ),
                "Give them in the window, or on the command line in the environment variable WITNESSMARK_SECRET.",
            ));
        }
        Ok(Self {
            auth,
            values,
            secret,
            pace,
            used: None,
        })
    }

    /// A text of a server without anything secret.
    pub(crate) fn clean(&self, text: &str) -> String {
        let text = self
            .secret
            .as_ref()
            .map_or_else(|| text.to_owned(), |s| s.clean(text));
        self.pace.clean(text)
    }

    /// Whether a text of a server holds the secret or the token.
    pub(crate) fn is_in(&self, text: &str) -> bool {
        self.secret.as_ref().is_some_and(|s| s.is_in(text))
            || self.pace.clean(text.to_owned()) != text
    }

    fn secret(&self) -> &str {
        self.secret.as_ref().map_or("", |s| s.0.as_str())
    }

    fn text(&self, template: Option<&String>, what: &str) -> Result<String> {
        filled(template, self.values, what)
    }

    /// Whether a refused token can be exchanged for a fresh one; forgets the old.
    pub(crate) fn renew(&mut self) -> bool {
        let used = self.used.take();
        if let Some(used) = &used {
            self.pace.forget_token(used);
        }
        used.is_some()
    }

    /// Headers for one request; `theirs` is the present by the server's clock. A token is asked for first where the kind needs one and none is fresh.
    pub(crate) async fn headers(
        &mut self,
        client: &Client<'_>,
        request: &Sent<'_>,
        at: Instant,
        theirs: Instant,
    ) -> Result<Vec<(String, String)>> {
        let auth = self.auth;
        let header = |name: Option<&String>, prefix: &str, value: &str| {
            let name = name
                .map_or("authorization", String::as_str)
                .to_ascii_lowercase();
            let prefix = auth.prefix.as_deref().unwrap_or(prefix);
            vec![(name, format!("{prefix}{value}"))]
        };
        Ok(match auth.kind {
            AuthKind::None => Vec::new(),
            AuthKind::Basic => header(None, "Basic ", &STANDARD.encode(self.secret())),
            AuthKind::Bearer => header(auth.header.as_ref(), "Bearer ", self.secret()),
            AuthKind::Header => header(auth.header.as_ref(), "", self.secret()),
            AuthKind::Oauth2ClientCredentials | AuthKind::Oauth2Jwt => {
                let token = self.token(client, at).await?;
                vec![("authorization".to_owned(), format!("Bearer {}", token.0))]
            }
            AuthKind::AwsSigv4 => {
                let secret = self.secret();
                let mut parts = secret.splitn(3, ':');
                let (Some(key_id), Some(key)) = (parts.next(), parts.next()) else {
                    return Err(PullError::new(
                        Fault::Credentials,
                        "the credentials are not `access key id:secret access key`",
                        "Write both with a colon between them; add `:session token` for temporary ones.",
                    ));
                };
                let region = self.text(auth.region.as_ref(), "region")?;
                let signer = Signer {
                    key_id,
                    secret: key,
                    token: parts.next(),
                    region: &region,
                    service: auth.service.as_deref().unwrap_or_default(),
                };
                signer.sign(
                    request.method.as_str(),
                    request.address,
                    request.headers,
                    request.body,
                    theirs,
                )
            }
        })
    }

    async fn token(&mut self, client: &Client<'_>, at: Instant) -> Result<Secret> {
        let secret = loop {
            match self.pace.token(Instant(at.0 + EARLY)) {
                Held::Fresh(secret) => break secret,
                Held::Asked => client.wait(LOOK).await?,
                Held::Absent => {
                    let given = self.given(client, at).await;
                    self.pace.keep_token(given.as_ref().ok().cloned());
                    break given?.secret;
                }
            }
        };
        self.used = Some(secret.clone());
        Ok(secret)
    }

    /// Asks for a token.
    async fn given(&self, client: &Client<'_>, at: Instant) -> Result<Token> {
        // The connector names this host itself; a redirect or a page of the log cannot change it.
        let (address, _) = token_address(self.auth, self.values, client.reach())?;
        let form = self.grant(address.as_str(), at)?;
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &form {
            body.append_pair(name, value);
        }
        let body = body.finish();
        let headers = [(
            "content-type".to_owned(),
            "application/x-www-form-urlencoded".to_owned(),
        )];
        let sent = Sent {
            method: Method::Post,
            address: &address,
            headers: &headers,
            body: body.as_bytes(),
        };
        let answer = client.send(&sent, &[]).await.map_err(|mut error| {
            // How much of the log is asked for has no part in it.
            if error.fault == Fault::Busy {
                error.fault = Fault::Connection;
            }
            error
        })?;
        let refused = |why: &str| {
            PullError::new(
                Fault::Credentials,
                format!(
                    "{} gave no token: {why}",
                    address.host_str().unwrap_or_default()
                ),
                "Check the client id, the secret and what it may be used for.",
            )
        };
        if answer.status != 200 {
            // What such a server says can hold what was sent; the status is enough.
            return Err(refused(&format!("it answered {}", answer.status)));
        }
        let given: TokenAnswer =
            serde_json::from_slice(&answer.body).map_err(|_| refused("its answer holds none"))?;
        let lasts = match given.expires_in {
            Some(seconds) if seconds > 0 => seconds.saturating_mul(1_000_000_000),
            _ => SHORT,
        };
        Ok(Token {
            secret: Secret::new(&given.access_token),
            until: Instant(at.0.saturating_add(lasts)),
        })
    }

    /// The form that asks for a token.
    fn grant(&self, audience: &str, at: Instant) -> Result<Vec<(&'static str, String)>> {
        let scope = self.text(self.auth.scope.as_ref(), "scope")?;
        if self.auth.kind == AuthKind::Oauth2ClientCredentials {
            return Ok(vec![
                ("grant_type", "client_credentials".to_owned()),
                (
                    "client_id",
                    self.text(self.auth.client_id.as_ref(), "client_id")?,
                ),
                ("client_secret", self.secret().to_owned()),
                ("scope", scope),
            ]);
        }
        let unreadable = || {
            PullError::new(
                Fault::Credentials,
                "the credentials are no service account with a private key",
                "Give the whole JSON file that the vendor made for the service account.",
            )
        };
        let account: Account = serde_json::from_str(self.secret()).map_err(|_| unreadable())?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(account.private_key.as_bytes())
            .map_err(|_| unreadable())?;
        let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map_err(|_| unreadable())?;
        let subject = match &self.auth.subject {
            Some(text) => fill(text, self.values, false)?,
            None => None,
        };
        let now = at.0.div_euclid(1_000_000_000);
        let claims = Claims {
            iss: &account.client_email,
            sub: subject.as_deref(),
            scope: &scope,
            aud: audience,
            iat: now,
            exp: now + 3_600,
        };
        let assertion = assertion(&claims, &key).ok_or_else(unreadable)?;
        Ok(vec![
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:jwt-bearer".to_owned(),
            ),
            ("assertion", assertion),
        ])
    }
}

/// A JSON Web Token (RFC 7519) in compact form, signed with RS256 (RFC 7518, section 3.3).
fn assertion(claims: &Claims<'_>, key: &RsaKeyPair) -> Option<String> {
    let claims = serde_json::to_string(claims).ok()?;
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"RS256","typ":"JWT"}"#);
    let text = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        text.as_bytes(),
        &mut signature,
    )
    .ok()?;
    Some(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown_and_is_cleaned_out_of_texts() {
        let secret = Secret::new(" alice:tok_CANARY_123456 \n");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
        let echo =
            "bad token tok_CANARY_123456 (alice:tok_CANARY_123456, dG9rX0NBTkFSWV8xMjM0NTY=)";
        assert!(!secret.clean(echo).contains("CANARY"));
        assert!(!secret.clean(echo).contains("dG9rX0NBTkFSWV8xMjM0NTY="));
    }

    #[test]
    fn a_secret_is_found_however_it_is_written() {
        let secret = Secret::new("tok/CANARY+12345==\"");
        for echo in [
            "tok/CANARY+12345==\"",
            "tok%2FCANARY%2B12345%3D%3D%22",
            "tok%2fCANARY+12345%3d=%22",
            "tok%252FCANARY%252B12345%253D%253D%2522",
            "tok\\/CANARY+12345==\\\"",
            "tok\\u002fCANARY\\u002B12345\\u003d=\\u0022",
            "dG9rL0NBTkFSWSsxMjM0NT09Ig==",
            "dG9rL0NBTkFSWSsxMjM0NT09Ig%3D%3D",
        ] {
            assert_eq!(secret.clean(&format!("a{echo}z")), "a[secret]z", "{echo}");
            assert!(secret.is_in(echo));
        }
        assert_eq!(secret.clean("tok/CANARY+1234"), "tok/CANARY+1234");
        let user = Secret::new("administrator:p%41ss:w\u{f6}rd");
        assert!(!user.is_in("administrator"));
        assert_eq!(
            user.clean("administrator:p%2541ss%3Aw%C3%B6rd."),
            "[secret]."
        );
    }
}
