//! Whether an answer means to wait, to stop or to go on.
//!
//! Owns: reading of limits from statuses and headers. Never touches: the clock and chance (both are passed in).

use std::time::Duration;

use witnessmark_model::Instant;

use crate::client::Answer;
use crate::connector::{Limits, ResetIs};

/// Longest wait inside a run; beyond it the run ends and says when to go on.
pub(crate) const LONGEST: Duration = Duration::from_secs(15 * 60);
/// Tries of one page.
pub(crate) const TRIES: u32 = 5;

/// What an answer asks of the asker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is an answer.
    Good,
    /// Ask again after this long.
    Wait(Duration),
    /// Ask again after so long that the run ends here.
    TooLong(Duration),
    /// The credentials are not taken.
    Credentials,
    /// The request is refused for another reason.
    Refused,
}

/// What decides how long to wait where the server does not say it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// The present.
    pub(crate) now: Instant,
    /// Tries before this one.
    pub(crate) tries: u32,
    /// 0 to 1, by chance: a little of it keeps many askers from coming back in the same moment.
    pub(crate) chance: f64,
    /// The first wait; each further one is twice as long.
    pub(crate) first: Duration,
}

impl Patience {
    fn spread(&self, time: Duration) -> Duration {
        time.mul_f64(1.0 + 0.25 * self.chance.clamp(0.0, 1.0))
            .min(LONGEST)
    }

    /// The wait before another try where the server does not say how long.
    pub(crate) fn backed_off(&self) -> Duration {
        self.spread(self.first.saturating_mul(1 << self.tries.min(10)))
    }
}

/// Judges an answer.
pub(crate) fn judge(answer: &Answer, limits: &Limits, patience: &Patience) -> Verdict {
    match answer.status {
        200..=299 => Verdict::Good,
        429 => wait(answer, limits, patience),
        status if limits.status.contains(&status) && is_limit(answer, limits) => {
            wait(answer, limits, patience)
        }
        401 | 403 => Verdict::Credentials,
        408 | 500..=599 => wait(answer, limits, patience),
        _ => Verdict::Refused,
    }
}

/// Whether an answer that means to wait is about whoever asks, and not about this one page.
pub(crate) fn concerns_all(answer: &Answer, limits: &Limits) -> bool {
    answer.status == 429
        || answer.header("retry-after").is_some()
        || (limits.status.contains(&answer.status) && is_limit(answer, limits))
}

/// Some servers say 403 both for a limit and for credentials: a limit is what comes with a sign of one.
fn is_limit(answer: &Answer, limits: &Limits) -> bool {
    let none_left = limits
        .remaining
        .as_deref()
        .and_then(|name| answer.header(name))
        .is_some_and(|left| left.trim() == "0");
    let said = limits.text.as_deref().is_some_and(|text| {
        String::from_utf8_lossy(&answer.body)
            .to_lowercase()
            .contains(&text.to_lowercase())
    });
    answer.header("retry-after").is_some() || none_left || said
}

fn wait(answer: &Answer, limits: &Limits, patience: &Patience) -> Verdict {
    let now = patience.now;
    let asked = answer
        .header("retry-after")
        .and_then(|text| retry_after(text, now))
        .or_else(|| reset(answer, limits, now));
    match asked {
        Some(time) if time > LONGEST => Verdict::TooLong(time),
        // Who asks too early again, though they waited as they were told, waits as if nothing had been said: servers round
        // a fraction of a second to none, and would refuse every try of a page.
        Some(time) if patience.tries > 0 => {
            Verdict::Wait(patience.spread(time).max(patience.backed_off()))
        }
        Some(time) => Verdict::Wait(patience.spread(time)),
        None => Verdict::Wait(patience.backed_off()),
    }
}

/// The time that a server told with an answer (RFC 9110, section 6.6.1).
pub(crate) fn date(answer: &Answer) -> Option<Instant> {
    let at = httpdate::parse_http_date(answer.header("date")?.trim()).ok()?;
    let at = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    i64::try_from(at.as_nanos()).ok().map(Instant)
}

/// Seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(text: &str, now: Instant) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    let at = at.duration_since(std::time::UNIX_EPOCH).ok()?;
    let now = Duration::from_nanos(u64::try_from(now.0).ok()?);
    Some(at.saturating_sub(now))
}

fn reset(answer: &Answer, limits: &Limits, now: Instant) -> Option<Duration> {
    let seconds: u64 = answer
        .header(limits.reset.as_deref()?)?
        .trim()
        .parse()
        .ok()?;
    Some(match limits.reset_is {
        ResetIs::Seconds => Duration::from_secs(seconds),
        // One second more, because the header is cut to whole seconds.
        ResetIs::EpochS => Duration::from_secs(seconds.saturating_add(1))
            .saturating_sub(Duration::from_nanos(u64::try_from(now.0).ok()?)),
    })
}

/// How many requests the server says are left.
pub(crate) fn left(answer: &Answer, limits: &Limits) -> Option<u64> {
    answer
        .header(limits.remaining.as_deref()?)?
        .trim()
        .parse()
        .ok()
}

/// How long to wait before the next request when none are left.
pub(crate) fn rest(answer: &Answer, limits: &Limits, now: Instant) -> Option<Duration> {
    (left(answer, limits)? == 0)
        .then(|| reset(answer, limits, now))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Patience = Patience {
        now: Instant(1_700_000_000_000_000_000),
        tries: 0,
        chance: 0.0,
        first: Duration::from_secs(1),
    };

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Answer {
        Answer {
            status,
            headers: headers
                .iter()
                .map(|(n, v)| ((*n).into(), (*v).into()))
                .collect(),
            body: body.into(),
            address: url::Url::parse("https://x.example/").unwrap(),
        }
    }

    fn limits() -> Limits {
        Limits {
            remaining: Some("x-ratelimit-remaining".into()),
            reset: Some("x-ratelimit-reset".into()),
            status: vec![403],
            text: Some("secondary rate limit".into()),
            ..Limits::default()
        }
    }

    #[test]
    fn waits_are_those_that_the_server_asks_for() {
        let judged = |status, headers: &[(&str, &str)], body| {
            judge(&answer(status, headers, body), &limits(), &FIRST)
        };
        assert_eq!(judged(200, &[], ""), Verdict::Good);
        assert_eq!(
            judged(429, &[("Retry-After", "7")], ""),
            Verdict::Wait(Duration::from_secs(7))
        );
        assert_eq!(
            judged(429, &[("retry-after", "0")], ""),
            Verdict::Wait(Duration::ZERO)
        );
        assert_eq!(
            judged(429, &[("retry-after", "Tue, 14 Nov 2023 22:13:50 GMT")], ""),
            Verdict::Wait(Duration::from_secs(30))
        );
        assert_eq!(
            judged(429, &[("retry-after", "86400")], ""),
            Verdict::TooLong(Duration::from_secs(86_400))
        );
        assert_eq!(judged(429, &[], ""), Verdict::Wait(Duration::from_secs(1)));
        assert_eq!(judged(503, &[], ""), Verdict::Wait(Duration::from_secs(1)));
        assert_eq!(
            judged(429, &[("x-ratelimit-reset", "1700000009")], ""),
            Verdict::Wait(Duration::from_secs(10))
        );
    }

    #[test]
    fn a_wait_that_was_too_short_is_not_waited_again() {
        let again = Patience { tries: 2, ..FIRST };
        let judged = |after| {
            judge(
                &answer(429, &[("retry-after", after)], ""),
                &limits(),
                &again,
            )
        };
        assert_eq!(judged("0"), Verdict::Wait(Duration::from_secs(4)));
        assert_eq!(judged("9"), Verdict::Wait(Duration::from_secs(9)));
    }

    #[test]
    fn no_number_of_a_header_is_too_large() {
        for seconds in [u64::MAX, u64::MAX - 1, i64::MAX as u64] {
            let text = seconds.to_string();
            for (status, name) in [(429, "x-ratelimit-reset"), (429, "retry-after")] {
                let judged = judge(&answer(status, &[(name, &text)], ""), &limits(), &FIRST);
                assert!(matches!(judged, Verdict::TooLong(_)), "{judged:?}");
            }
            let headers = [
                ("x-ratelimit-remaining", "0"),
                ("x-ratelimit-reset", &*text),
            ];
            assert!(rest(&answer(200, &headers, ""), &limits(), FIRST.now).unwrap() > LONGEST);
        }
    }

    #[test]
    fn a_403_is_a_limit_only_with_a_sign_of_one() {
        let judged =
            |headers: &[(&str, &str)], body| judge(&answer(403, headers, body), &limits(), &FIRST);
        assert_eq!(judged(&[], ""), Verdict::Credentials);
        assert_eq!(
            judged(&[("x-ratelimit-remaining", "5")], ""),
            Verdict::Credentials
        );
        assert_eq!(
            judged(
                &[
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1700000009")
                ],
                ""
            ),
            Verdict::Wait(Duration::from_secs(10))
        );
        assert!(matches!(
            judged(&[], "You have exceeded a Secondary Rate Limit"),
            Verdict::Wait(_)
        ));
        assert_eq!(
            judge(&answer(403, &[], ""), &Limits::default(), &FIRST),
            Verdict::Credentials
        );
    }
}
