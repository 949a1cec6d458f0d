//! The money path, and keys, after an unfamiliar sign-in.
//!
//! Owns: what an actor did after a sign-in that is not like theirs. Never touches: how a sign-in is judged (`history`).

use crate::{
    about::{Detection, Parameter, Settings, Severity, parameter},
    detections::newness::{LEARN, LEARN_DAYS, REMEMBER, SHARED},
    feed::{Feed, HOUR, Need},
    finding::{Draft, Measure, Out, span},
    history::{Aspect, Judged, Spec, baseline, judge, sign_ins, too_little},
    kinds::Class,
};

const SIGNS: Parameter = parameter(
    "signs",
    2.0,
    "",
    1.0,
    4.0,
    "how unfamiliar the sign-in must be: a new country counts two, a new network and a new device one each",
);
const WITHIN: Parameter = parameter("hours", 24.0, "h", 0.1, 720.0, "how long after the sign-in");
const LAST_COUNTRIES: Parameter = parameter(
    "last_countries",
    10.0,
    "",
    1.0,
    1_000.0,
    "sign-ins whose countries are compared with",
);
const LAST_NETWORKS: Parameter = parameter(
    "last_networks",
    50.0,
    "",
    1.0,
    1_000.0,
    "sign-ins whose networks are compared with",
);
const LAST_DEVICES: Parameter = parameter(
    "last_devices",
    20.0,
    "",
    1.0,
    1_000.0,
    "sign-ins whose devices are compared with",
);

pub(crate) const MONEY: Detection = Detection {
    id: "money_path",
    title: "Money path after an unfamiliar sign-in",
    what: "After a sign-in that is not like the actor's, a payout account, bank detail, recipient, verification document, payout schedule or permission is changed by the same actor; and then, perhaps, money is sent or data exported (critical). What is known to belong to another session or network is left out; where the log names neither after the sign-in, it is said.",
    parameters: &[
        WITHIN,
        parameter(
            "follow_hours",
            24.0,
            "h",
            0.1,
            720.0,
            "how long after the change money or data may leave",
        ),
        SIGNS,
        LEARN_DAYS,
        LEARN,
        REMEMBER,
        LAST_COUNTRIES,
        LAST_NETWORKS,
        LAST_DEVICES,
        SHARED,
    ],
    needs: &[Need::SignIns, Need::Changes, Need::Addresses],
    benign: &[
        "the actor themselves, travelling or with a new device, doing their work",
        "a handover to a colleague",
    ],
    after: "no public rule set has it; the red flags are those that payment companies name",
    run: |feed, settings, out| {
        run(
            feed,
            settings,
            out,
            &Path {
                first: Class::MONEY_ROUTE.or(Class::ROLE_GIVEN),
                then: Class::MONEY_OUT.or(Class::EXPORT),
                what: "changed where money goes or who may do what",
                follow: settings.nanos("follow_hours"),
            },
        );
    },
};

pub(crate) const KEYS: Detection = Detection {
    id: "key_after_unfamiliar_sign_in",
    title: "Key or token after an unfamiliar sign-in",
    what: "After a sign-in that is not like the actor's, an API key, token or secret is viewed, made or made anew by the same actor. Using a key is in few logs; whoever has seen it can use it from anywhere.",
    parameters: &[
        WITHIN,
        SIGNS,
        LEARN_DAYS,
        LEARN,
        REMEMBER,
        LAST_COUNTRIES,
        LAST_NETWORKS,
        LAST_DEVICES,
        SHARED,
    ],
    needs: &[Need::SignIns, Need::Keys, Need::Addresses],
    benign: &["the actor themselves, setting up a new machine"],
    after: "Elastic and Panther (keys made, then used)",
    run: |feed, settings, out| {
        run(
            feed,
            settings,
            out,
            &Path {
                first: Class::KEY_VIEWED.or(Class::KEY_MADE),
                then: Class::default(),
                what: "viewed or made a key",
                follow: 0,
            },
        );
    },
};

struct Path {
    first: Class,
    then: Class,
    what: &'static str,
    follow: i64,
}

fn run(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>, path: &Path) {
    let spec = Spec::of(settings);
    let (within, signs) = (settings.nanos("hours"), settings.get("signs") as u32);
    for actor in feed.each_actor() {
        let rows = feed.rows_of(actor);
        let deeds: Vec<u32> = rows
            .iter()
            .copied()
            .filter(|row| feed.class(*row).has(path.first))
            .collect();
        if deeds.is_empty() {
            continue;
        }
        let entered = sign_ins(feed, actor);
        let judged = judge(feed, &entered, &spec);
        if !judged.iter().any(Judged::any_learned) {
            out.unlearned(actor, || format!("{} {} times, but it cannot be said whether a sign-in before it was unfamiliar: {}", path.what, deeds.len(), too_little(feed, &entered, &spec, None)));
            continue;
        }
        let mut until = i64::MIN;
        for (at, sign_in) in judged
            .iter()
            .enumerate()
            .filter(|(_, j)| j.signs() >= signs)
        {
            let time = feed.at(sign_in.row);
            if time <= until {
                continue;
            }
            let mine = |row: &u32| belongs(feed, sign_in.row, *row, &judged[at + 1..], signs);
            let done: Vec<u32> = deeds
                .iter()
                .copied()
                .filter(|row| {
                    *row != sign_in.row && feed.at(*row) >= time && feed.at(*row) - time <= within
                })
                .filter(mine)
                .collect();
            let Some(first) = done.first().copied() else {
                continue;
            };
            let last = feed.at(done[done.len() - 1]).saturating_add(path.follow);
            let left: Vec<u32> = rows
                .iter()
                .copied()
                .filter(|row| {
                    feed.class(*row).has(path.then)
                        && feed.at(*row) >= feed.at(first)
                        && feed.at(*row) <= last
                })
                .filter(mine)
                .collect();
            let sure = done
                .iter()
                .all(|row| linked(feed, sign_in.row, *row) == Some(true));
            until = feed
                .at(left.last().copied().unwrap_or(done[done.len() - 1]))
                .max(time);
            let severity = match (left.is_empty(), sure) {
                (false, _) => Severity::Critical,
                (true, true) => Severity::High,
                (true, false) if path.then == Class::default() => Severity::Medium,
                (true, false) => Severity::High,
            };
            let news: Vec<String> = Aspect::ALL
                .into_iter()
                .filter(|a| sign_in.new[*a as usize])
                .map(|a| format!("{} {}", a.word(), a.shown(feed, sign_in.row)))
                .collect();
            let aspect = Aspect::ALL
                .into_iter()
                .find(|a| sign_in.new[*a as usize])
                .unwrap_or(Aspect::Network);
            let actions = |rows: &[u32]| {
                let mut words: Vec<&str> = rows
                    .iter()
                    .map(|row| {
                        feed.kinds[feed.kind[*row as usize] as usize]
                            .action
                            .as_str()
                    })
                    .collect();
                words.dedup();
                words.truncate(4);
                words.join(", ")
            };
            out.find(Draft {
                severity: Some(severity),
                actor,
                at: sign_in.row,
                sentence: format!(
                    "{} signed in with a new {}, and {} later {} ({}){}",
                    feed.who(actor), news.join(" and a new "), span(feed.at(first) - time), path.what, actions(&done),
                    if left.is_empty() { String::new() } else { format!("; then money or data left ({})", actions(&left)) }
                ),
                measured: vec![
                    Measure { name: "signs", value: f64::from(sign_in.signs()) },
                    Measure { name: "hours", value: (feed.at(first) - time) as f64 / HOUR as f64 },
                    Measure { name: "learn_sign_ins", value: sign_in.n.iter().max().copied().unwrap_or(0) as f64 },
                ],
                baseline: Some(baseline(feed, &entered, sign_in.row, aspect)),
                would_change: if sure { Vec::new() } else { vec!["a sign-in of the actor's own in between: the log names neither session nor address after the sign-in, so that only time and actor link the two".to_owned()] },
                rows: [vec![sign_in.row], done, left].concat(),
                ..Draft::default()
            });
        }
    }
}

/// Whether two rows of an actor are of one session or one network; nothing where the log does not say.
fn linked(feed: &Feed, sign_in: u32, row: u32) -> Option<bool> {
    let (a, b) = (sign_in as usize, row as usize);
    if feed.session[a] != 0 && feed.session[b] != 0 && feed.session[a] == feed.session[b] {
        return Some(true);
    }
    if feed.ip[a] != 0 && feed.ip[b] != 0 {
        return Some(
            feed.addresses[feed.ip[a] as usize].network
                == feed.addresses[feed.ip[b] as usize].network,
        );
    }
    (feed.session[a] != 0 && feed.session[b] != 0).then_some(false)
}

/// Whether a deed belongs to a sign-in: by session or network, or, where the log names neither, because no familiar
/// sign-in lies between them.
fn belongs(feed: &Feed, sign_in: u32, row: u32, later: &[Judged], signs: u32) -> bool {
    linked(feed, sign_in, row).unwrap_or_else(|| {
        !later
            .iter()
            .take_while(|j| feed.at(j.row) <= feed.at(row))
            .any(|j| feed.at(j.row) > feed.at(sign_in) && j.signs() < signs)
    })
}
