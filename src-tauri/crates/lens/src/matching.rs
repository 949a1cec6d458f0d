//! How a test is put to a value: the pieces that the naive evaluator and the store both use, so that they cannot differ.
//!
//! Owns: [`Test::matches`] and the readings of a value as an address or a number. Never touches: events.

use std::{
    cmp::Ordering,
    net::{IpAddr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net};
use witnessmark_model::Instant;

use crate::{
    fold::{contains_folded, fits_pieces, fold, is_folded},
    query::Test,
};

impl Test {
    /// Whether a value passes. A [`Test::When`] passes no text. Values are never empty: absence is not a value.
    #[must_use]
    pub fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exists => true,
            Self::Is(folded) => is_folded(value, folded),
            Self::Exact(text) => value == text,
            Self::Wild(pieces) => fits_pieces(value, pieces),
            Self::Contains(folded) => contains_folded(value, folded),
            Self::Net(nets) => in_nets(value, nets),
            Self::In { values, nets, .. } => {
                let folded = fold(value);
                values.binary_search_by(|v| v.as_str().cmp(&folded)).is_ok() || in_nets(value, nets)
            }
            Self::When { .. } => false,
            Self::Between { low, high } => between(value, low.as_deref(), high.as_deref()),
            Self::Bytes(bytes) => Self::bytes_in(value.as_bytes(), bytes),
        }
    }

    /// Whether a moment passes; only [`Test::When`] and [`Test::Exists`] can.
    #[must_use]
    pub fn matches_instant(&self, at: Instant) -> bool {
        match self {
            Self::When { from, until } => {
                from.is_none_or(|from| from <= at) && until.is_none_or(|until| at < until)
            }
            Self::Exists => true,
            _ => false,
        }
    }

    /// Whether the bytes of an entry pass; only [`Test::Bytes`] and [`Test::Exists`] can.
    #[must_use]
    pub fn matches_bytes(&self, raw: &[u8]) -> bool {
        match self {
            Self::Bytes(bytes) => Self::bytes_in(raw, bytes),
            Self::Exists => true,
            _ => false,
        }
    }

    fn bytes_in(hay: &[u8], needle: &[u8]) -> bool {
        memchr::memmem::find(hay, needle).is_some()
    }
}

/// Reads a value as an address: plain, in brackets, or with an interface (`fe80::1%eth0`, which is left out). An IPv4
/// address that is written inside IPv6 (`::ffff:203.0.113.5`) is the IPv4 address.
#[must_use]
pub fn address(value: &str) -> Option<IpAddr> {
    let value = value.trim();
    let value = value
        .strip_prefix('[')
        .and_then(|v| v.strip_suffix(']'))
        .unwrap_or(value);
    let plain = match value.split_once('%') {
        Some((plain, _)) if plain.contains(':') => plain,
        _ => value,
    };
    plain.parse::<IpAddr>().ok().map(|ip| ip.to_canonical())
}

/// Reads an address or a network; bits behind the prefix are dropped.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    if let Some(ip) = address(text) {
        return Some(IpNet::from(ip));
    }
    match text.trim().parse::<IpNet>().ok()?.trunc() {
        IpNet::V6(net) if net.prefix_len() >= 96 => {
            let inside = Ipv6Addr::to_ipv4_mapped(&net.network())
                .and_then(|v4| Ipv4Net::new(v4, net.prefix_len() - 96).ok());
            Some(inside.map_or(IpNet::V6(net), IpNet::V4))
        }
        net => Some(net),
    }
}

fn in_nets(value: &str, nets: &[IpNet]) -> bool {
    !nets.is_empty() && address(value).is_some_and(|ip| nets.iter().any(|net| net.contains(&ip)))
}

fn between(value: &str, low: Option<&str>, high: Option<&str>) -> bool {
    if are_numbers(low, high) {
        let Some(value) = Number::read(value) else {
            return false;
        };
        let at_least = |low: &str| Number::read(low).is_some_and(|low| low <= value);
        let at_most = |high: &str| Number::read(high).is_some_and(|high| value <= high);
        low.is_none_or(at_least) && high.is_none_or(at_most)
    } else {
        let value = fold(value);
        low.is_none_or(|low| low <= value.as_ref())
            && high.is_none_or(|high| value.as_ref() <= high)
    }
}

/// Whether a range with these bounds compares numbers.
fn are_numbers(low: Option<&str>, high: Option<&str>) -> bool {
    [low, high]
        .into_iter()
        .flatten()
        .all(|bound| Number::read(bound).is_some())
}

/// Whether nothing can lie in the range because its ends are the wrong way round.
pub(crate) fn is_backwards(low: &str, high: &str) -> bool {
    match (Number::read(low), Number::read(high)) {
        (Some(low), Some(high)) => low > high,
        _ => low > high,
    }
}

/// A decimal number of any length, compared digit by digit: identifiers and amounts beyond 2^53 stay exact.
#[derive(PartialEq, Eq)]
struct Number<'a> {
    negative: bool,
    /// Without leading zeros.
    whole: &'a str,
    /// Without trailing zeros.
    fraction: &'a str,
}

impl<'a> Number<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let text = text.trim();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        );
        let zero = whole.is_empty() && fraction.is_empty();
        Some(Self {
            negative: negative && !zero,
            whole,
            fraction,
        })
    }

    fn size(&self, other: &Self) -> Ordering {
        (self.whole.len(), self.whole, self.fraction).cmp(&(
            other.whole.len(),
            other.whole,
            other.fraction,
        ))
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.size(other),
            (true, true) => other.size(self),
        }
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
