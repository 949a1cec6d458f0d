//! When a remote log is pulled again by itself, while a case is open.
//!
//! Owns: the times of the pulls, the waits after failures, when it ends. Never touches: the clock (every instant is passed in),
//! threads, pulls. A schedule begins because a person began it, and no schedule outlives the program.

use witnessmark_model::Instant;
use witnessmark_pull::connector::Span;

use crate::error::{Code, Error, Result};

const MINUTE: i64 = 60_000_000_000;
/// The shortest time between two pulls: servers count requests, and logs are late by minutes.
const SHORTEST: i64 = 5 * MINUTE;
/// The longest wait, also after failures.
const LONGEST: i64 = 7 * 24 * 60 * MINUTE;
/// After so many failures in a row a schedule ends: what did not pass by itself needs a person.
const FAILURES: u32 = 5;

/// A pull that is repeated. The first is due at once.
#[derive(Clone, Debug)]
pub struct Schedule {
    every: i64,
    from: Instant,
    wait: i64,
    failures: u32,
    stopped: Option<Error>,
}

impl Schedule {
    /// Repeats a pull every so often, such as `15m`, `1h`, `1d`.
    pub fn every(text: &str, now: Instant) -> Result<Self> {
        let every = Span::parse(text).filter(|span| (SHORTEST..=LONGEST).contains(&span.0));
        let every = every.ok_or_else(|| {
            Error::new(
                Code::InvalidOption,
                format!("a pull cannot be repeated every `{text}`"),
                "Write a number with m, h or d, from 5m to 7d.",
            )
        })?;
        Ok(Self {
            every: every.0,
            from: now,
            wait: 0,
            failures: 0,
            stopped: None,
        })
    }

    /// Whether a pull is due. Time that passed while the machine slept makes one pull due, not several.
    pub fn due(&mut self, now: Instant) -> bool {
        if now < self.from {
            // The clock was set back; the wait begins anew, or it would last as long as the clock went back.
            self.from = now;
        }
        self.stopped.is_none() && now.0.saturating_sub(self.from.0) >= self.wait
    }

    /// When the next pull is due; absent when there will be none.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.stopped
            .is_none()
            .then(|| Instant(self.from.0.saturating_add(self.wait)))
    }

    /// A pull has ended, with what made it end before the present. What may pass by itself is tried again after twice the wait;
    /// anything else ends the schedule.
    pub fn ended(&mut self, now: Instant, error: Option<&Error>) {
        self.from = now;
        let Some(error) = error else {
            (self.failures, self.wait) = (0, self.every);
            return;
        };
        self.failures += 1;
        let passes = matches!(
            error.code,
            Code::Unreachable | Code::RateLimited | Code::UnexpectedAnswer
        );
        if passes && self.failures < FAILURES {
            let times = 1_i64 << self.failures;
            self.wait = self.every.saturating_mul(times).min(LONGEST);
        } else {
            self.stopped = Some(error.clone());
        }
    }

    /// Failures since the last pull that reached the present.
    #[must_use]
    pub const fn failures(&self) -> u32 {
        self.failures
    }

    /// Why there will be no further pull.
    #[must_use]
    pub const fn stopped(&self) -> Option<&Error> {
        self.stopped.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGIN: Instant = Instant(1_800_000_000_000_000_000);

    fn at(minutes: i64) -> Instant {
        Instant(BEGIN.0 + minutes * MINUTE)
    }

    fn failure(code: Code) -> Error {
        Error::new(code, "x", "y")
    }

    /// Minutes at which pulls begin, when each takes two minutes and ends as `outcome` says.
    fn pulls(every: &str, until: i64, outcome: impl Fn(usize) -> Option<Error>) -> Vec<i64> {
        let mut schedule = Schedule::every(every, BEGIN).unwrap();
        let mut begun = Vec::new();
        let mut minute = 0;
        while minute < until {
            if schedule.due(at(minute)) {
                let error = outcome(begun.len());
                begun.push(minute);
                minute += 2;
                schedule.ended(at(minute), error.as_ref());
            }
            minute += 1;
        }
        begun
    }

    #[test]
    fn a_pull_is_due_at_once_and_then_after_each_wait() {
        assert_eq!(pulls("15m", 60, |_| None), [0, 17, 34, 51]);
    }

    #[test]
    fn what_may_pass_is_tried_after_longer_waits_and_a_success_ends_them() {
        let begun = pulls("10m", 200, |n| {
            (1..4).contains(&n).then(|| failure(Code::Unreachable))
        });
        // 10 after the first, then 20, 40, 80, then 10 again.
        assert_eq!(begun, [0, 12, 34, 76, 158, 170, 182, 194]);
    }

    #[test]
    fn it_ends_after_five_failures_in_a_row_and_says_why() {
        let mut schedule = Schedule::every("5m", BEGIN).unwrap();
        let mut now = BEGIN;
        for count in 1..=5 {
            assert!(schedule.stopped().is_none());
            now = schedule.next().unwrap();
            assert!(schedule.due(now));
            schedule.ended(now, Some(&failure(Code::RateLimited)));
            assert_eq!(schedule.failures(), count);
        }
        assert_eq!(schedule.stopped().unwrap().code, Code::RateLimited);
        assert!(schedule.next().is_none());
        assert!(!schedule.due(Instant(now.0 + LONGEST)));
    }

    #[test]
    fn what_needs_a_person_ends_it_at_once() {
        for code in [
            Code::CredentialsRefused,
            Code::AddressRefused,
            Code::InvalidConnector,
            Code::KeyringRefused,
            Code::DiskFull,
            Code::CaseDamaged,
            Code::Cancelled,
        ] {
            assert_eq!(pulls("5m", 600, |_| Some(failure(code))), [0], "{code:?}");
        }
    }

    #[test]
    fn a_machine_that_slept_pulls_once_and_a_clock_set_back_stops_nothing() {
        let mut schedule = Schedule::every("15m", BEGIN).unwrap();
        assert!(schedule.due(BEGIN));
        schedule.ended(BEGIN, None);
        assert!(!schedule.due(at(14)));
        assert!(schedule.due(at(900)));
        schedule.ended(at(900), None);
        assert!(!schedule.due(at(901)));
        // Back by a day: the next pull is after one wait, not after a day.
        assert!(!schedule.due(at(-600)));
        assert!(!schedule.due(at(-586)));
        assert!(schedule.due(at(-585)));
    }

    #[test]
    fn only_waits_that_servers_can_bear_are_taken() {
        for text in ["", "1m", "299s", "8d", "often", "-5m", "15"] {
            assert_eq!(
                Schedule::every(text, BEGIN).unwrap_err().code,
                Code::InvalidOption,
                "{text}"
            );
        }
        for text in ["5m", "300s", "1h", "7d"] {
            Schedule::every(text, BEGIN).unwrap();
        }
    }
}
