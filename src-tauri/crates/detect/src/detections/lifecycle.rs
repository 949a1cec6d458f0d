//! Accounts that wake, things that live for a day, privilege that comes and goes.
//!
//! Owns: detections over the life of accounts, members, roles and recipients. Never touches: sign-in habits.

use std::collections::HashMap;

use crate::{
    about::{Detection, Settings, Severity, parameter},
    feed::{DAY, Feed, HOUR, Need},
    finding::{Baseline, Draft, Measure, Out, number, span},
    kinds::Class,
};

pub(crate) const DORMANT: Detection = Detection {
    id: "dormant_account",
    title: "Dormant account wakes",
    what: "An actor does something after a long silence, while the log they are in went on. Where the log itself has data on few of the silent days, the answer is not given. Programs are left out.",
    parameters: &[
        parameter(
            "days",
            90.0,
            "d",
            1.0,
            3_650.0,
            "least silence; 30, 90 and 180 are customary",
        ),
        parameter(
            "covered",
            0.3,
            "",
            0.0,
            1.0,
            "least share of the silent days on which the log has data",
        ),
    ],
    needs: &[],
    benign: &[
        "a long leave",
        "an account for a yearly task",
        "an account that is used through another log",
    ],
    after: "Microsoft Sentinel (180 d), vendors' rules (30 d), the customary 90 d",
    run: dormant,
};

fn dormant(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let (silence, covered) = (settings.nanos("days"), settings.get("covered"));
    for system in &feed.systems {
        let span = system.span.map_or(0, |(first, last)| last - first);
        if span < silence {
            let name = [system.provider.as_str(), system.organization.as_str()].join(" ");
            out.unlearned(0, || {
                format!(
                    "the log of {} covers {} days; a silence of {} cannot be seen in it",
                    name.trim(),
                    span / DAY,
                    crate::finding::span(silence)
                )
            });
        }
    }
    for actor in feed.each_actor() {
        if feed.actors[actor as usize].machine {
            continue;
        }
        let rows = feed.rows_of(actor);
        for (at, pair) in rows.windows(2).enumerate() {
            let (before, row) = (pair[0], pair[1]);
            let gap = feed.at(row) - feed.at(before);
            if gap < silence {
                continue;
            }
            let days = &feed.systems[feed.actors[actor as usize].system as usize].days;
            let (from, to) = (
                feed.at(before).div_euclid(DAY) + 1,
                feed.at(row).div_euclid(DAY),
            );
            let with = if from < to {
                days.range(from..to).count()
            } else {
                0
            };
            let share = with as f64 / (to - from).max(1) as f64;
            if share < covered {
                out.unlearned(actor, || format!("silent for {}, but the log itself has data on only {with} of these {} days", span(gap), to - from));
                continue;
            }
            let earlier = &rows[..=at];
            out.find(Draft {
                severity: Some(if gap >= 180 * DAY {
                    Severity::High
                } else {
                    Severity::Medium
                }),
                actor,
                at: row,
                sentence: format!(
                    "{} did something for the first time after {} of silence{}",
                    feed.who(actor),
                    span(gap),
                    from_where(feed, row)
                ),
                // What came next within a day shows what the account woke for.
                rows: rows[at + 1..]
                    .iter()
                    .copied()
                    .take_while(|r| feed.at(*r) - feed.at(row) <= DAY)
                    .take(50)
                    .collect(),
                measured: vec![
                    Measure {
                        name: "days",
                        value: gap as f64 / DAY as f64,
                    },
                    Measure {
                        name: "covered",
                        value: share,
                    },
                ],
                baseline: Some(Baseline {
                    of: "earlier events of the account".to_owned(),
                    n: earlier.len() as u64,
                    from: earlier.first().map(|r| feed.at(*r)),
                    to: Some(feed.at(before)),
                    events: earlier
                        .iter()
                        .rev()
                        .take(20)
                        .rev()
                        .map(|r| feed.number[*r as usize])
                        .collect(),
                    usual: String::new(),
                }),
                ..Draft::default()
            });
        }
    }
}

fn from_where(feed: &Feed, row: u32) -> String {
    match feed.address(row) {
        "" => String::new(),
        address => format!(", from {address}"),
    }
}

/// Rows that bring an object in and rows that take one out, by object, in order.
fn lives(feed: &Feed, comes: Class, goes: Class) -> Vec<((u16, String), Vec<u32>)> {
    let mut of: HashMap<(u16, String), Vec<u32>> = HashMap::new();
    for row in feed.rows_with(comes.or(goes)) {
        let object = &feed.objects[feed.object(row) as usize];
        if !object.key.is_empty() {
            of.entry((feed.system[row as usize], object.key.to_lowercase()))
                .or_default()
                .push(row);
        }
    }
    let mut of: Vec<_> = of.into_iter().collect();
    of.sort_unstable();
    of
}

/// Pairs of a coming and the next going within less than a span. Within one instant either may be listed first.
fn pairs(feed: &Feed, rows: &[u32], comes: Class, goes: Class, within: i64) -> Vec<(u32, u32)> {
    let mut found = Vec::new();
    let mut used = i64::MIN;
    for gone in rows
        .iter()
        .copied()
        .filter(|row| feed.class(*row).has(goes))
    {
        let at = feed.at(gone);
        let came = rows.iter().copied().rfind(|row| {
            feed.class(*row).has(comes)
                && feed.at(*row) <= at
                && at - feed.at(*row) < within
                && *row != gone
        });
        if let Some(came) = came
            && feed.at(came) > used
        {
            used = at;
            found.push((came, gone));
        }
    }
    found
}

pub(crate) const SHORT: Detection = Detection {
    id: "short_lived",
    title: "Short-lived account, member or recipient",
    what: "An account, a member or a recipient of money is added and removed again within a span, by name or id of the object. Roles are the matter of `privilege_reverted`.",
    parameters: &[parameter("hours", 24.0, "h", 0.1, 8_760.0, "longest life")],
    needs: &[Need::Deletions],
    benign: &[
        "a mistake that was undone",
        "a test",
        "an invitation that was sent anew",
    ],
    after: "Microsoft Sentinel (created and deleted within 24 h)",
    run: |feed, settings, out| {
        let within = settings.nanos("hours");
        for (comes, goes, what) in [
            (Class::ACCOUNT_IN, Class::ACCOUNT_OUT, "account or member"),
            (
                Class::RECIPIENT_IN,
                Class::RECIPIENT_OUT,
                "recipient of money",
            ),
        ] {
            let severity = if goes == Class::RECIPIENT_OUT {
                Severity::High
            } else {
                Severity::Medium
            };
            for ((_, _), rows) in lives(feed, comes, goes) {
                for (came, gone) in pairs(feed, &rows, comes, goes, within) {
                    let object = &feed.objects[feed.object(came) as usize];
                    let lived = feed.at(gone) - feed.at(came);
                    out.find(Draft {
                        severity: Some(severity),
                        actor: feed.actor[came as usize],
                        subject: object.key.clone(),
                        trigger: what.to_owned(),
                        at: came,
                        sentence: format!(
                            "The {what} {} was added by {} and removed {} later by {}",
                            object.label,
                            feed.who(feed.actor[came as usize]),
                            span(lived),
                            feed.who(feed.actor[gone as usize])
                        ),
                        rows: vec![came, gone],
                        measured: vec![Measure {
                            name: "hours",
                            value: lived as f64 / HOUR as f64,
                        }],
                        ..Draft::default()
                    });
                }
            }
        }
    },
};

pub(crate) const REVERTED: Detection = Detection {
    id: "privilege_reverted",
    title: "Privilege raised, then taken back",
    what: "A role, group or permission is given to somebody and taken from them again within a span: raised for one deed. What they did in between is listed.",
    parameters: &[parameter(
        "hours",
        24.0,
        "h",
        0.1,
        8_760.0,
        "longest time between giving and taking",
    )],
    needs: &[Need::Deletions],
    benign: &[
        "privilege that is given for a task and expires (just-in-time access)",
        "a mistake that was undone",
    ],
    after: "no product has it; nearest are rules for short-lived accounts",
    run: |feed, settings, out| {
        let within = settings.nanos("hours");
        let known = feed.known_as();
        for (_, rows) in lives(feed, Class::ROLE_GIVEN, Class::ROLE_TAKEN) {
            for (came, gone) in pairs(feed, &rows, Class::ROLE_GIVEN, Class::ROLE_TAKEN, within) {
                let object = &feed.objects[feed.object(came) as usize];
                let held = feed.at(gone) - feed.at(came);
                let who = match feed.party(came, &known) {
                    crate::feed::Party::Actor(actor) => actor,
                    crate::feed::Party::Object(_) => 0,
                };
                let between: Vec<u32> = feed
                    .rows_of(who)
                    .iter()
                    .copied()
                    .filter(|row| who != 0 && *row > came && *row < gone)
                    .take(100)
                    .collect();
                out.find(Draft {
                    severity: Some(Severity::Medium),
                    actor: if who == 0 {
                        feed.actor[came as usize]
                    } else {
                        who
                    },
                    subject: object.key.clone(),
                    at: came,
                    sentence: format!(
                        "{} gave a role or permission ({}) and {} took it back {} later{}",
                        feed.who(feed.actor[came as usize]),
                        object.label,
                        feed.who(feed.actor[gone as usize]),
                        span(held),
                        if between.is_empty() {
                            String::new()
                        } else {
                            format!(
                                "; {} events of its holder lie between",
                                number(between.len() as f64)
                            )
                        }
                    ),
                    rows: between.into_iter().chain([came, gone]).collect(),
                    measured: vec![Measure {
                        name: "hours",
                        value: held as f64 / HOUR as f64,
                    }],
                    ..Draft::default()
                });
            }
        }
    },
};
