//! AWS Signature Version 4 of one request, as AWS documents it
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html>).
//!
//! Owns: the canonical request and its signature. Never touches: the clock, the network.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use url::Url;
use witnessmark_model::Instant;

/// Who signs.
pub(crate) struct Signer<'a> {
    pub(crate) key_id: &'a str,
    pub(crate) secret: &'a str,
    pub(crate) token: Option<&'a str>,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
}

impl Signer<'_> {
    /// The headers that a request gets: `authorization`, `x-amz-date` and, with a session, `x-amz-security-token`.
    /// `headers` are the others that are sent and signed, with lower-case names.
    pub(crate) fn sign(
        &self,
        method: &str,
        address: &Url,
        headers: &[(String, String)],
        body: &[u8],
        at: Instant,
    ) -> Vec<(String, String)> {
        let time = at.to_utc().format("%Y%m%dT%H%M%SZ").to_string();
        let date = &time[..8];
        let mut added = vec![("x-amz-date".to_owned(), time.clone())];
        if let Some(token) = self.token {
            added.push(("x-amz-security-token".to_owned(), token.to_owned()));
        }
        let mut signed: Vec<(String, String)> = headers.iter().chain(&added).cloned().collect();
        signed.push(("host".to_owned(), host(address)));
        signed.sort();
        let names: Vec<&str> = signed.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let mut lines = String::new();
        for (name, value) in &signed {
            let value: Vec<&str> = value.split_whitespace().collect();
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{name}:{}", value.join(" "));
        }
        let path = match address.path() {
            "" => "/",
            path => path,
        };
        let request = format!(
            "{method}\n{path}\n{}\n{lines}\n{names}\n{}",
            query(address),
            hex::encode(Sha256::digest(body))
        );
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let text = format!(
            "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
            hex::encode(Sha256::digest(request.as_bytes()))
        );
        let key = [date, self.region, self.service, "aws4_request"]
            .iter()
            .fold(format!("AWS4{}", self.secret).into_bytes(), |key, part| {
                mac(&key, part.as_bytes())
            });
        let signature = hex::encode(mac(&key, text.as_bytes()));
        let header = format!(
            "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.key_id
        );
        added.push(("authorization".to_owned(), header));
        added
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // An HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        return Vec::new();
    };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn host(address: &Url) -> String {
    let name = address.host_str().unwrap_or_default();
    address
        .port()
        .map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

/// Parameters sorted by their encoded names, encoded as RFC 3986 has it.
fn query(address: &Url) -> String {
    let mut pairs: Vec<(String, String)> = address
        .query_pairs()
        .map(|(name, value)| (encoded(&name), encoded(&value)))
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs.into_iter().map(|(n, v)| format!("{n}={v}")).collect();
    pairs.join("&")
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test vectors that AWS publishes for Signature Version 4: `get-vanilla`, `get-vanilla-query-order-key-case` and
    /// `post-x-www-form-urlencoded`. All have this key, region, service and instant.
    fn signature(method: &str, address: &str, headers: &[(&str, &str)], body: &str) -> String {
        let signer = Signer {
            key_id: "AKIDEXAMPLE",
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            token: None,
            region: "us-east-1",
            service: "service",
        };
        let headers: Vec<(String, String)> = headers
            .iter()
            .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
            .collect();
        let at = Instant(1_440_938_160_000_000_000);
        let signed = signer.sign(
            method,
            &Url::parse(address).unwrap(),
            &headers,
            body.as_bytes(),
            at,
        );
        assert_eq!(signed[0], ("x-amz-date".into(), "20150830T123600Z".into()));
        let header = &signed.last().unwrap().1;
        header.rsplit_once("Signature=").unwrap().1.to_owned()
    }

    #[test]
    fn signatures_are_those_that_aws_publishes() {
        assert_eq!(
            signature("GET", "https://example.amazonaws.com/", &[], ""),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        assert_eq!(
            signature(
                "GET",
                "https://example.amazonaws.com/?Param2=value2&Param1=value1",
                &[],
                ""
            ),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        );
        assert_eq!(
            signature(
                "POST",
                "https://example.amazonaws.com/",
                &[("content-type", "application/x-www-form-urlencoded")],
                "Param1=value1"
            ),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        );
    }
}
