//! Where a request may go: one scheme, host and port, and no address that only this machine or its network knows, unless
//! the person said so.
//!
//! Owns: the comparison of addresses, the check of every resolved IP address at every connection. Never touches:
//! credentials (they go where this lets a request go, and nowhere else).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use crate::{Fault, PullError, Result};

/// Scheme, host and port of a server, such as `https://api.github.com:443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    scheme: String,
    host: String,
    port: u16,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let usual = match self.scheme.as_str() {
            "https" => 443,
            _ => 80,
        };
        write!(f, "{}://{}", self.scheme, self.host)?;
        if self.port == usual {
            Ok(())
        } else {
            write!(f, ":{}", self.port)
        }
    }
}

/// What a person allows for a connector.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Servers on this machine and in private networks, and on this machine without TLS.
    pub private: bool,
}

impl Origin {
    /// The origin of a base address, when it may be asked at all.
    ///
    /// # Errors
    /// When it has no TLS, carries a user or query, or names an address that is not to be asked.
    pub fn of_base(address: &Url, reach: Reach) -> Result<Self> {
        let origin = Self::of(address).ok_or_else(|| {
            refused(
                address,
                "only https:// addresses without a user, query or fragment can be asked",
            )
        })?;
        if address.query().is_some() || address.fragment().is_some() {
            return Err(refused(
                address,
                "an address with a query could hold a secret; give it without",
            ));
        }
        match address.host() {
            Some(Host::Ipv4(ip)) => check(IpAddr::V4(ip), reach, address)?,
            Some(Host::Ipv6(ip)) => check(IpAddr::V6(ip), reach, address)?,
            _ => {}
        }
        let here = is_this_machine(address);
        if origin.scheme != "https" && !(reach.private && here) {
            return Err(refused(
                address,
                "without TLS only a server on this machine can be asked, and only when private addresses are allowed",
            ));
        }
        if here && !reach.private {
            return Err(refused(
                address,
                "a server on this machine is asked only when private addresses are allowed",
            ));
        }
        Ok(origin)
    }

    fn of(address: &Url) -> Option<Self> {
        let web = matches!(address.scheme(), "https" | "http");
        let plain = address.username().is_empty() && address.password().is_none();
        (web && plain).then_some(())?;
        Some(Self {
            scheme: address.scheme().to_owned(),
            host: address.host_str()?.to_owned(),
            port: address.port_or_known_default()?,
        })
    }

    /// An address that a server gave (a redirect, a next page), when it leads to the same origin.
    ///
    /// # Errors
    /// When it leads elsewhere; nothing is sent there.
    pub fn follow(&self, from: &Url, to: &str, what: &str) -> Result<Url> {
        let address = from.join(to).ok();
        match address {
            Some(address) if Self::of(&address).as_ref() == Some(self) => Ok(address),
            _ => Err(PullError::new(
                Fault::Address,
                format!(
                    "the server named {} as {what}, which is not on {self}; it was not followed, and nothing was sent there",
                    shown(to)
                ),
                "If the log really has moved, change the address of the connector; the credentials are then asked for anew.",
            )),
        }
    }
}

/// An address as a message may show it: without query, cut, and without hidden characters.
fn shown(address: &str) -> String {
    let bare = address.split(['?', '#']).next().unwrap_or_default();
    let text: String = bare
        .chars()
        .take(200)
        .flat_map(char::escape_default)
        .collect();
    format!("`{text}`")
}

fn refused(address: &Url, why: &str) -> PullError {
    PullError::new(
        Fault::Address,
        format!("{} is not asked: {why}", shown(address.as_str())),
        "Check the address of the connector.",
    )
}

fn is_this_machine(address: &Url) -> bool {
    match address.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

fn check(ip: IpAddr, reach: Reach, address: &Url) -> Result<()> {
    verdict(ip, reach).map_err(|why| refused(address, why))
}

/// Whether an address may be connected to (RFC 6890 and its successors; clouds keep credentials at link-local ones).
fn verdict(ip: IpAddr, reach: Reach) -> std::result::Result<(), &'static str> {
    let ip = match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4),
        v4 => v4,
    };
    let (never, private) = match ip {
        IpAddr::V4(ip) => (never_v4(ip), ip.is_loopback() || private_v4(ip)),
        IpAddr::V6(ip) => (never_v6(ip), ip.is_loopback() || ip.is_unique_local()),
    };
    if never {
        return Err("link-local, multicast and reserved addresses are never asked");
    }
    if private && !reach.private {
        return Err("a private address is asked only when private addresses are allowed");
    }
    Ok(())
}

fn never_v4(ip: Ipv4Addr) -> bool {
    let [a, ..] = ip.octets();
    ip.is_link_local()
        || ip.is_multicast()
        || ip.is_unspecified()
        || ip.is_broadcast()
        || a == 0
        || a >= 240
}

fn private_v4(ip: Ipv4Addr) -> bool {
    let [a, b, ..] = ip.octets();
    // Beside RFC 1918: the shared space of RFC 6598 and the benchmarking space of RFC 2544.
    ip.is_private() || (a == 100 && b & 0xc0 == 64) || (a == 198 && b & 0xfe == 18)
}

fn never_v6(ip: Ipv6Addr) -> bool {
    // fd00:ec2::254 is where one cloud keeps credentials inside a unique-local range.
    ip.is_unicast_link_local()
        || ip.is_multicast()
        || ip.is_unspecified()
        || ip == Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)
}

/// Resolves names with the system's resolver and leaves out what may not be asked, at every connection: a name that
/// points elsewhere a second later is judged again.
#[derive(Debug)]
pub(crate) struct Guarded(pub(crate) Reach);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((host.as_str(), 0)).await?.collect();
            let mut why = "the name has no address";
            let allowed: Vec<SocketAddr> = found
                .into_iter()
                .filter(|address| match verdict(address.ip(), reach) {
                    Ok(()) => true,
                    Err(reason) => {
                        why = reason;
                        false
                    }
                })
                .collect();
            if allowed.is_empty() {
                return Err(format!("`{host}` is not asked: {why}").into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

/// The resolver as the client takes it.
pub(crate) fn resolver(reach: Reach) -> Arc<Guarded> {
    Arc::new(Guarded(reach))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str, private: bool) -> Result<Origin> {
        Origin::of_base(&Url::parse(text).unwrap(), Reach { private })
    }

    #[test]
    fn a_base_address_has_tls_and_is_public() {
        assert_eq!(
            base("https://api.example.com/v1", false)
                .unwrap()
                .to_string(),
            "https://api.example.com"
        );
        for text in [
            "http://api.example.com",
            "ftp://api.example.com",
            "file:///etc/passwd",
            "gopher://api.example.com:70",
            "https://user@api.example.com",
            "https://api.example.com?key=secret",
            "https://127.0.0.1",
            "https://2130706433",
            "https://0x7f.1",
            "https://localhost",
            "https://10.1.2.3",
            "https://100.64.0.1",
            "https://169.254.169.254",
            "https://[::1]",
            "https://[::ffff:127.0.0.1]",
            "https://[fe80::1]",
            "https://0.0.0.0",
        ] {
            assert!(base(text, false).is_err(), "{text}");
        }
    }

    #[test]
    fn a_person_may_allow_private_addresses_but_never_link_local_ones() {
        for text in [
            "http://127.0.0.1:8080",
            "http://localhost:8080",
            "https://10.1.2.3",
            "https://[::1]:9",
        ] {
            assert!(base(text, true).is_ok(), "{text}");
        }
        for text in [
            "http://10.1.2.3",
            "https://169.254.169.254",
            "https://[fe80::1]",
            "https://[fd00:ec2::254]",
        ] {
            assert!(base(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn a_next_page_is_on_the_same_origin() {
        let from = Url::parse("https://api.example.com/a/b?x=1").unwrap();
        let origin = Origin::of_base(
            &Url::parse("https://api.example.com").unwrap(),
            Reach::default(),
        )
        .unwrap();
        for good in [
            "/c",
            "c?after=2",
            "https://api.example.com:443/z",
            "?page=2",
            "//api.example.com/q",
        ] {
            assert!(origin.follow(&from, good, "next page").is_ok(), "{good}");
        }
        for bad in [
            "https://evil.example/",
            "//evil.example/x",
            "http://api.example.com/c",
            "https://api.example.com:8443/",
            "https://api.example.com@evil.example/",
            "https://api@api.example.com/",
            "https://аpi.example.com/",
            "javascript:alert(1)",
            "https://api.example.com.evil.example/",
        ] {
            let error = origin.follow(&from, bad, "next page").unwrap_err();
            assert_eq!(error.fault, Fault::Address, "{bad}");
        }
    }
}
