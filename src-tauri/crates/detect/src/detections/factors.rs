//! Second factors: pushed until somebody gives in, switched off, reset together with the password.
//!
//! Owns: detections over second factors. Never touches: passwords alone (`credentials` does).

use std::collections::HashMap;

use crate::{
    about::{Detection, Settings, Severity, parameter},
    feed::{Feed, HOUR, Need, Party},
    finding::{Draft, Measure, Out, count, span},
    kinds::Class,
    window::bursts,
};

pub(crate) const FATIGUE: Detection = Detection {
    id: "mfa_fatigue",
    title: "Second factor asked for again and again",
    what: "Second factors of one actor that are refused, wrong or timed out, dense in some sliding window. If one is given, or a sign-in succeeds, right after it, somebody may have given in (critical).",
    parameters: &[
        parameter("refused", 5.0, "", 2.0, 1_000.0, "refusals in one window"),
        parameter(
            "minutes",
            10.0,
            "min",
            0.1,
            10_080.0,
            "length of the window, and how soon after it a success counts",
        ),
    ],
    needs: &[Need::Factors],
    benign: &[
        "a telephone without a network",
        "a person who typed old codes",
    ],
    after: "Elastic (5 in 10 min, then success)",
    run: fatigue,
};

fn fatigue(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let (least, window) = (settings.get("refused") as usize, settings.nanos("minutes"));
    for actor in feed.each_actor() {
        let rows = feed.rows_of(actor);
        let refused: Vec<u32> = rows
            .iter()
            .copied()
            .filter(|row| feed.class(*row).has(Class::FACTOR_REFUSED))
            .collect();
        if refused.len() < least {
            continue;
        }
        let times: Vec<i64> = refused.iter().map(|row| feed.at(*row)).collect();
        for burst in bursts(&times, window, least) {
            let mut of = refused[burst.range.clone()].to_vec();
            let (from, to) = (times[burst.range.start], times[burst.range.end - 1]);
            let given = rows.iter().copied().find(|row| {
                let at = feed.at(*row);
                at >= to
                    && at <= to.saturating_add(window)
                    && feed
                        .class(*row)
                        .has(Class::FACTOR_PASSED.or(Class::SIGN_IN))
            });
            out.find(Draft {
                severity: Some(if given.is_some() {
                    Severity::Critical
                } else {
                    Severity::Medium
                }),
                actor,
                at: of[0],
                sentence: format!(
                    "{} of {} {} refused within {}{}",
                    count(of.len(), "second factor"),
                    feed.who(actor),
                    if of.len() == 1 { "was" } else { "were" },
                    span(to - from),
                    given.map_or_else(
                        || ", and none was given after".to_owned(),
                        |row| format!(", and one was given {} later", span(feed.at(row) - to))
                    )
                ),
                rows: {
                    of.extend(given);
                    of
                },
                measured: vec![Measure {
                    name: "refused",
                    value: burst.most as f64,
                }],
                ..Draft::default()
            });
        }
    }
}

/// Rows of some classes by whom they are about, in order.
fn by_party(feed: &Feed, classes: Class) -> Vec<((u16, Party), Vec<u32>)> {
    let rows = feed.rows_with(classes);
    if rows.is_empty() {
        return Vec::new();
    }
    let known = feed.known_as();
    let mut parties: HashMap<(u16, Party), Vec<u32>> = HashMap::new();
    for row in rows {
        let key = (feed.system[row as usize], feed.party(row, &known));
        if key.1 != Party::Actor(0) {
            parties.entry(key).or_default().push(row);
        }
    }
    let mut parties: Vec<_> = parties.into_iter().collect();
    parties.sort_unstable_by_key(|(party, _)| *party);
    parties
}

fn named(feed: &Feed, party: Party) -> (u32, String) {
    match party {
        Party::Actor(actor) => (actor, feed.who(actor).to_owned()),
        Party::Object(object) => (0, feed.objects[object as usize].label.clone()),
    }
}

pub(crate) const OFF: Detection = Detection {
    id: "mfa_off",
    title: "Second factor taken away and not restored",
    what: "A second factor of somebody is removed or reset, and no new one is set up within a span. Where the log ends before that span is over, the answer is not given yet.",
    parameters: &[parameter(
        "hours",
        12.0,
        "h",
        0.1,
        720.0,
        "how long a new factor is waited for",
    )],
    needs: &[Need::Factors],
    benign: &[
        "a lost telephone that is replaced later",
        "somebody who left",
    ],
    after: "Elastic (deactivated or reset, none activated within 12 h)",
    run: off,
};

fn off(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let wait = settings.nanos("hours");
    for ((system, party), rows) in by_party(feed, Class::FACTOR_OFF.or(Class::FACTOR_ON)) {
        let end = feed.systems[system as usize]
            .span
            .map_or(i64::MIN, |(_, last)| last);
        let mut skip = i64::MIN;
        for row in rows
            .iter()
            .copied()
            .filter(|row| feed.class(*row).has(Class::FACTOR_OFF))
        {
            let at = feed.at(row);
            if at <= skip {
                continue;
            }
            let restored = rows.iter().any(|r| {
                feed.class(*r).has(Class::FACTOR_ON)
                    && feed.at(*r) >= at
                    && feed.at(*r) <= at.saturating_add(wait)
            });
            if restored {
                continue;
            }
            let (actor, name) = named(feed, party);
            if end.saturating_sub(at) < wait {
                out.unlearned(actor, || format!("a second factor of {name} was taken away {} before the log ends; {} must pass", span(end - at), span(wait)));
                continue;
            }
            skip = at.saturating_add(wait);
            let of: Vec<u32> = rows
                .iter()
                .copied()
                .filter(|r| feed.at(*r) >= at && feed.at(*r) <= skip)
                .collect();
            let by = feed.actor[row as usize];
            out.find(Draft {
                severity: Some(Severity::Medium),
                actor: if actor == 0 { by } else { actor },
                subject: name.clone(),
                at: row,
                sentence: format!(
                    "The second factor of {name} was taken away{}, and none was set up within {}",
                    if by == actor {
                        " by themselves".to_owned()
                    } else {
                        format!(" by {}", feed.who(by))
                    },
                    span(wait)
                ),
                rows: of,
                measured: vec![Measure {
                    name: "hours",
                    value: (end - at) as f64 / HOUR as f64,
                }],
                ..Draft::default()
            });
        }
    }
}

pub(crate) const RESET: Detection = Detection {
    id: "password_and_factor_reset",
    title: "Password and second factor reset together",
    what: "The password of somebody is changed or reset, and a second factor is removed, reset or set up within a short span: together they hand the account over.",
    parameters: &[parameter(
        "minutes",
        30.0,
        "min",
        0.1,
        10_080.0,
        "longest time between the two",
    )],
    needs: &[Need::Factors],
    benign: &[
        "a new member who sets up their account",
        "help desk after a lost telephone",
    ],
    after: "Chronicle (both within 30 min), Splunk (new factor soon after a reset)",
    run: reset,
};

fn reset(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let window = settings.nanos("minutes");
    for ((_, party), rows) in by_party(
        feed,
        Class::PASSWORD.or(Class::FACTOR_OFF).or(Class::FACTOR_ON),
    ) {
        let mut skip = i64::MIN;
        for password in rows
            .iter()
            .copied()
            .filter(|row| feed.class(*row).has(Class::PASSWORD))
        {
            let at = feed.at(password);
            if at <= skip {
                continue;
            }
            let near = |row: &u32| {
                feed.class(*row).has(Class::FACTOR_OFF.or(Class::FACTOR_ON))
                    && (feed.at(*row) - at).abs() <= window
            };
            let factors: Vec<u32> = rows.iter().copied().filter(near).collect();
            let Some(nearest) = factors.iter().map(|row| (feed.at(*row) - at).abs()).min() else {
                continue;
            };
            skip = at.saturating_add(window);
            let (actor, name) = named(feed, party);
            let by = feed.actor[password as usize];
            out.find(Draft {
                severity: Some(Severity::High),
                actor: if actor == 0 { by } else { actor },
                subject: name.clone(),
                at: password,
                sentence: format!("The password and the second factor of {name} were changed within {} of each other{}", span(nearest), if by == actor { String::new() } else { format!(", the password by {}", feed.who(by)) }),
                rows: factors.into_iter().chain([password]).collect(),
                measured: vec![Measure { name: "minutes", value: nearest as f64 / 6e10 }],
                ..Draft::default()
            });
        }
    }
}
