//! What an actor's sign-ins looked like before: how many there were, over how long, and how often each value was seen.
//!
//! Owns: the rules by which a sign-in joins the baseline, and by which a value is new. Never touches: where addresses
//! are, events, SQL. Values are numbers that the caller gives; 0 is absent.
//!
//! A sign-in joins the baseline when it succeeded (or its log does not say) and [`SETTLE`] has passed: otherwise the
//! second sign-in of an intruder would look familiar because of his first. What is absent is never new.

use std::collections::{HashMap, VecDeque};

use crate::mixed::Mixed;

/// Nanoseconds after which a successful sign-in counts as usual: one day.
pub const SETTLE: i64 = 24 * 3_600 * 1_000_000_000;
/// Sign-ins that a baseline needs before it can judge.
pub const ENOUGH: u32 = 10;
/// Nanoseconds from the first to the last sign-in of a baseline that can judge: 14 days.
pub const LONG_ENOUGH: i64 = 14 * 24 * 3_600 * 1_000_000_000;

/// The values that are compared, in this order: address, network, device, country.
pub const VALUES: usize = 4;

/// One sign-in. Numbers of values begin at 1; 0 is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignIn {
    /// Nanoseconds since 1970.
    pub at: i64,
    /// Who.
    pub actor: u32,
    /// Address, network, device, country.
    pub values: [u32; VALUES],
    /// Whether it failed.
    pub failed: bool,
}

/// How one value of a sign-in compares with the baseline.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Sign-ins of the baseline that had this value; 0 means new, if the value is there and there is a baseline.
    pub times: u32,
    /// Distinct values of this kind in the baseline.
    pub distinct: u32,
}

/// A sign-in against the baseline of its actor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compared {
    /// Sign-ins in the baseline.
    pub earlier: u32,
    /// Moment of the first of them; means nothing when there is none.
    pub since: i64,
    /// Moment of the last of them.
    pub until: i64,
    /// Address, network, device, country.
    pub seen: [Seen; VALUES],
}

impl Compared {
    /// Whether the baseline is large and long enough to judge.
    #[must_use]
    pub const fn is_enough(&self) -> bool {
        self.earlier >= ENOUGH && self.until - self.since >= LONG_ENOUGH
    }
}

#[derive(Default)]
struct Of {
    earlier: u32,
    since: i64,
    until: i64,
    distinct: [u32; VALUES],
    waiting: VecDeque<(i64, [u32; VALUES])>,
}

/// Baselines of all actors, fed with their sign-ins in order of time.
#[derive(Default)]
pub struct Baselines {
    actors: Vec<Of>,
    times: [HashMap<u64, u32, Mixed>; VALUES],
}

impl Baselines {
    /// No sign-in yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Compares a sign-in with what was before, then takes it in. Times must not go backwards.
    pub fn next(&mut self, sign_in: &SignIn) -> Compared {
        let actor = sign_in.actor as usize;
        if actor >= self.actors.len() {
            self.actors.resize_with(actor + 1, Of::default);
        }
        let of = &mut self.actors[actor];
        while let Some((at, values)) = of.waiting.front().copied() {
            if at.saturating_add(SETTLE) > sign_in.at {
                break;
            }
            of.waiting.pop_front();
            if of.earlier == 0 {
                of.since = at;
            }
            of.earlier += 1;
            of.until = at;
            for (which, value) in values.into_iter().enumerate() {
                if value != 0 {
                    let key = u64::from(sign_in.actor) << 32 | u64::from(value);
                    let times = self.times[which].entry(key).or_insert(0);
                    if *times == 0 {
                        of.distinct[which] += 1;
                    }
                    *times += 1;
                }
            }
        }
        let mut seen = [Seen::default(); VALUES];
        for (which, seen) in seen.iter_mut().enumerate() {
            let key = u64::from(sign_in.actor) << 32 | u64::from(sign_in.values[which]);
            seen.distinct = of.distinct[which];
            if sign_in.values[which] != 0 {
                seen.times = self.times[which].get(&key).copied().unwrap_or(0);
            }
        }
        if !sign_in.failed {
            of.waiting.push_back((sign_in.at, sign_in.values));
        }
        Compared {
            earlier: of.earlier,
            since: of.since,
            until: of.until,
            seen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600 * 1_000_000_000;

    fn sign_in(hours: i64, country: u32) -> SignIn {
        SignIn {
            at: hours * HOUR,
            actor: 3,
            values: [country * 10, 0, 1, country],
            failed: false,
        }
    }

    #[test]
    fn a_baseline_grows_by_what_is_a_day_old() {
        let mut baselines = Baselines::new();
        for day in 0..20 {
            let compared = baselines.next(&sign_in(day * 24, 1));
            assert_eq!(
                compared.earlier, day as u32,
                "the one of a day ago has just settled"
            );
            assert_eq!(compared.seen[3].times, day as u32);
        }
        let abroad = baselines.next(&sign_in(20 * 24 - 3, 2));
        assert_eq!(
            (abroad.earlier, abroad.seen[3]),
            (
                19,
                Seen {
                    times: 0,
                    distinct: 1
                }
            )
        );
        assert!(abroad.is_enough());
        let again = baselines.next(&sign_in(20 * 24 - 2, 2));
        assert_eq!(again.seen[3].times, 0, "an hour does not make it familiar");
        let later = baselines.next(&sign_in(22 * 24, 2));
        assert_eq!(
            later.seen[3],
            Seen {
                times: 2,
                distinct: 2
            }
        );
        assert_eq!(later.seen[1].times, 0, "no network was named");
    }

    #[test]
    fn what_failed_makes_nothing_familiar_and_few_cannot_judge() {
        let mut baselines = Baselines::new();
        let failed = SignIn {
            failed: true,
            ..sign_in(0, 2)
        };
        assert_eq!(baselines.next(&failed).earlier, 0);
        let next = baselines.next(&sign_in(100, 2));
        assert_eq!((next.earlier, next.seen[3].times), (0, 0));
        for i in 0..12 {
            baselines.next(&sign_in(200 + i, 1));
        }
        let short = baselines.next(&sign_in(300, 1));
        assert_eq!(short.earlier, 13);
        assert!(
            !short.is_enough(),
            "thirteen in four days are too short a time"
        );
    }
}
