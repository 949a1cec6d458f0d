//! Attacks on passwords: brute force, spray, stuffing, and failures that end in a success.
//!
//! Owns: detections over failed sign-ins. Never touches: second factors (`factors` does).

use std::collections::HashMap;

use crate::{
    about::{Detection, Settings, Severity, parameter},
    feed::{Feed, HOUR, Need},
    finding::{Draft, Measure, Out, count, span},
    kinds::Class,
    window::bursts,
};

pub(crate) const USER: Detection = Detection {
    id: "brute_force_user",
    title: "Many failed sign-ins of one account",
    what: "Failed sign-ins of one actor that are dense in some sliding window, from whatever addresses.",
    parameters: &[
        parameter(
            "failures",
            10.0,
            "",
            2.0,
            100_000.0,
            "failed sign-ins in one window",
        ),
        parameter(
            "minutes",
            10.0,
            "min",
            0.1,
            10_080.0,
            "length of the window",
        ),
    ],
    needs: &[Need::FailedSignIns],
    benign: &[
        "a program with an old password",
        "a person who forgot theirs",
    ],
    after: "the suggested default of the field: Panther 20 in 60 min, Splunk more than 20 in 10 min, Hayabusa 5 in 5 min",
    run: user,
};

fn user(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let (least, window) = (settings.get("failures") as usize, settings.nanos("minutes"));
    for actor in feed.each_actor() {
        let failed: Vec<u32> = feed
            .rows_of(actor)
            .iter()
            .copied()
            .filter(|row| feed.class(*row).has(Class::SIGN_IN_FAILED))
            .collect();
        if failed.len() < least {
            continue;
        }
        let times: Vec<i64> = failed.iter().map(|row| feed.at(*row)).collect();
        for burst in bursts(&times, window, least) {
            let rows = failed[burst.range.clone()].to_vec();
            let mut addresses: Vec<u32> = rows
                .iter()
                .map(|row| feed.ip[*row as usize])
                .filter(|ip| *ip != 0)
                .collect();
            addresses.sort_unstable();
            addresses.dedup();
            out.find(Draft {
                severity: Some(if addresses.len() > 4 {
                    Severity::High
                } else {
                    Severity::Medium
                }),
                actor,
                at: rows[0],
                sentence: format!(
                    "{} of {} failed within {}, {} of them in one window of {}{}",
                    count(rows.len(), "sign-in"),
                    feed.who(actor),
                    span(times[burst.range.end - 1] - times[burst.range.start]),
                    burst.most,
                    span(window),
                    if addresses.is_empty() {
                        String::new()
                    } else {
                        format!(
                            ", from {}",
                            if addresses.len() == 1 {
                                "one address".to_owned()
                            } else {
                                format!("{} addresses", addresses.len())
                            }
                        )
                    }
                ),
                rows,
                measured: vec![Measure {
                    name: "failures",
                    value: burst.most as f64,
                }],
                ..Draft::default()
            });
        }
    }
}

/// Failures of an address below which no detection here looks at it.
const FEW: usize = 5;

/// Failed sign-ins by address, in order: (address, rows). An account that signed in from the address before is at home
/// there: its typing errors are no attack of the address on it.
fn by_address(feed: &Feed) -> Vec<(u32, Vec<u32>)> {
    let mut failed = feed.rows_with(Class::SIGN_IN_FAILED);
    failed.retain(|row| feed.ip[*row as usize] != 0);
    // Rows rise already, so a stable sort keeps the order of time within each address.
    failed.sort_by_key(|row| feed.ip[*row as usize]);
    let ip_of = |row: &u32| feed.ip[*row as usize];
    let many: std::collections::HashSet<u32> = failed
        .chunk_by(|a, b| ip_of(a) == ip_of(b))
        .filter(|rows| rows.len() >= FEW)
        .map(|rows| ip_of(&rows[0]))
        .collect();
    let mut home: HashMap<(u32, u32), i64> = HashMap::new();
    if !many.is_empty() {
        for row in feed.rows_with(Class::SIGN_IN) {
            if many.contains(&ip_of(&row)) {
                home.entry((feed.actor[row as usize], ip_of(&row)))
                    .or_insert(feed.at(row));
            }
        }
    }
    let strange = |row: &u32| {
        let since = home.get(&(feed.actor[*row as usize], ip_of(row)));
        feed.actor[*row as usize] == 0 || since.is_none_or(|since| *since >= feed.at(*row))
    };
    failed
        .chunk_by(|a, b| ip_of(a) == ip_of(b))
        .filter(|rows| many.contains(&ip_of(&rows[0])))
        .map(|rows| {
            (
                ip_of(&rows[0]),
                rows.iter().copied().filter(strange).collect(),
            )
        })
        .collect()
}

pub(crate) const ADDRESS: Detection = Detection {
    id: "brute_force_address",
    title: "Many failed sign-ins from one address",
    what: "Failed sign-ins from one address that are dense in some sliding window, of whatever accounts. An account that signed in from the address before is left out.",
    parameters: &[
        parameter(
            "failures",
            20.0,
            "",
            2.0,
            100_000.0,
            "failed sign-ins in one window",
        ),
        parameter(
            "minutes",
            60.0,
            "min",
            0.1,
            10_080.0,
            "length of the window",
        ),
    ],
    needs: &[Need::FailedSignIns, Need::Addresses],
    benign: &[
        "an office behind one address in which a directory was down",
        "a program with an old password",
    ],
    after: "Panther (20 in 60 min per address)",
    run: address,
};

fn address(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let (least, window) = (settings.get("failures") as usize, settings.nanos("minutes"));
    for (ip, failed) in by_address(feed) {
        let times: Vec<i64> = failed.iter().map(|row| feed.at(*row)).collect();
        for burst in bursts(&times, window, least) {
            let rows = failed[burst.range.clone()].to_vec();
            let users = distinct(feed, &rows);
            out.find(Draft {
                severity: Some(Severity::Medium),
                actor: if users.len() == 1 { users[0] } else { 0 },
                subject: feed.addresses[ip as usize].text.clone(),
                at: rows[0],
                sentence: format!(
                    "{} from {} failed within {}, of {}; {} of them in one window of {}",
                    count(rows.len(), "sign-in"),
                    feed.address(rows[0]),
                    span(times[burst.range.end - 1] - times[burst.range.start]),
                    count(users.len(), "account"),
                    burst.most,
                    span(window)
                ),
                rows,
                measured: vec![Measure {
                    name: "failures",
                    value: burst.most as f64,
                }],
                ..Draft::default()
            });
        }
    }
}

fn distinct(feed: &Feed, rows: &[u32]) -> Vec<u32> {
    let mut users: Vec<u32> = rows
        .iter()
        .map(|row| feed.actor[*row as usize])
        .filter(|a| *a != 0)
        .collect();
    users.sort_unstable();
    users.dedup();
    users
}

/// What one window over the failures of an address holds.
#[derive(Default)]
struct Tries {
    of: HashMap<u32, u32>,
    all: u32,
}

impl Tries {
    fn add(&mut self, actor: u32) {
        *self.of.entry(actor).or_default() += 1;
        self.all += 1;
    }

    fn take(&mut self, actor: u32) {
        self.all -= 1;
        if let Some(n) = self.of.get_mut(&actor) {
            *n -= 1;
            if *n == 0 {
                self.of.remove(&actor);
            }
        }
    }

    /// Accounts with so many tries.
    fn within(&self, least: f64, most: f64) -> usize {
        self.of
            .values()
            .filter(|n| f64::from(**n) >= least && f64::from(**n) <= most)
            .count()
    }
}

/// Slides a window over the failures of each address; `holds` gives what to measure where the window is an attack.
fn slide(
    feed: &Feed,
    window: i64,
    users: usize,
    holds: impl Fn(&Tries) -> Option<Vec<Measure>>,
    mut found: impl FnMut(u32, Vec<u32>, Vec<Measure>),
) {
    for (ip, failed) in by_address(feed) {
        if failed.len() < users || distinct(feed, &failed).len() < users {
            continue;
        }
        let mut tries = Tries::default();
        let mut start = 0;
        let mut open: Option<(std::ops::Range<usize>, Vec<Measure>)> = None;
        for end in 0..failed.len() {
            let actor = feed.actor[failed[end] as usize];
            if actor != 0 {
                tries.add(actor);
            }
            while feed.at(failed[end]) - feed.at(failed[start]) > window {
                let gone = feed.actor[failed[start] as usize];
                if gone != 0 {
                    tries.take(gone);
                }
                start += 1;
            }
            if tries.of.len() < users {
                continue;
            }
            let Some(measured) = holds(&tries) else {
                continue;
            };
            match &mut open {
                Some((range, most)) if start < range.end => {
                    range.end = end + 1;
                    if measured[0].value >= most[0].value {
                        *most = measured;
                    }
                }
                _ => {
                    if let Some((range, most)) = open.replace((start..end + 1, measured)) {
                        found(ip, failed[range].to_vec(), most);
                    }
                }
            }
        }
        if let Some((range, most)) = open {
            found(ip, failed[range].to_vec(), most);
        }
    }
}

pub(crate) const SPRAY: Detection = Detection {
    id: "password_spray",
    title: "Password spray",
    what: "From one address, failed sign-ins of many accounts with a few tries each, in one sliding window. A sign-in that succeeds from there, of an account that was tried, raises it. An account that signed in from the address before is left out.",
    parameters: &[
        parameter(
            "accounts",
            5.0,
            "",
            2.0,
            100_000.0,
            "accounts with a few tries",
        ),
        parameter(
            "least_tries",
            2.0,
            "",
            1.0,
            1_000.0,
            "least tries of such an account",
        ),
        parameter(
            "most_tries",
            8.0,
            "",
            1.0,
            1_000.0,
            "most tries of such an account",
        ),
        parameter(
            "share",
            0.6,
            "",
            0.0,
            1.0,
            "least share of such accounts among all that were tried",
        ),
        parameter(
            "minutes",
            60.0,
            "min",
            0.1,
            10_080.0,
            "length of the window",
        ),
    ],
    needs: &[Need::FailedSignIns, Need::Addresses],
    benign: &[
        "an office behind one address after passwords expired",
        "a directory that was down",
    ],
    after: "Elastic (5 accounts, 2 to 8 tries each, 60 % of accounts in the band, one hour)",
    run: |feed, settings, out| {
        let (users, share) = (settings.get("accounts"), settings.get("share"));
        let (least, most) = (settings.get("least_tries"), settings.get("most_tries"));
        let holds = |tries: &Tries| {
            let few = tries.within(least, most) as f64;
            let of_all = few / tries.of.len() as f64;
            (few >= users && of_all >= share).then(|| {
                vec![
                    Measure {
                        name: "accounts",
                        value: few,
                    },
                    Measure {
                        name: "share",
                        value: of_all,
                    },
                ]
            })
        };
        let window = settings.nanos("minutes");
        let mut drafts = Vec::new();
        slide(feed, window, users as usize, holds, |ip, rows, measured| {
            drafts.push((ip, rows, measured))
        });
        report(feed, drafts, "tried a few passwords each on", out);
    },
};

pub(crate) const STUFFING: Detection = Detection {
    id: "credential_stuffing",
    title: "Credential stuffing",
    what: "From one address, failed sign-ins of very many accounts with one or two tries each, in one sliding window: a list of stolen passwords. A sign-in that succeeds from there, of an account that was tried, raises it. An account that signed in from the address before is left out.",
    parameters: &[
        parameter("accounts", 15.0, "", 2.0, 100_000.0, "accounts tried"),
        parameter("tries", 25.0, "", 2.0, 1_000_000.0, "failed sign-ins"),
        parameter(
            "most_tries",
            2.0,
            "",
            1.0,
            1_000.0,
            "most tries of an account of such a list",
        ),
        parameter(
            "share",
            0.8,
            "",
            0.0,
            1.0,
            "least share of such accounts among all that were tried",
        ),
        parameter(
            "minutes",
            15.0,
            "min",
            0.1,
            10_080.0,
            "length of the window",
        ),
    ],
    needs: &[Need::FailedSignIns, Need::Addresses],
    benign: &["a large office behind one address in which a directory was down"],
    after: "Elastic (25 tries, 15 accounts, at most 2 each, 80 % of accounts, 15 min)",
    run: |feed, settings, out| {
        let (users, tried, share, most) = (
            settings.get("accounts"),
            settings.get("tries"),
            settings.get("share"),
            settings.get("most_tries"),
        );
        let holds = |tries: &Tries| {
            let (all, accounts) = (f64::from(tries.all), tries.of.len() as f64);
            let of_all = tries.within(1.0, most) as f64 / accounts;
            (all >= tried && accounts >= users && of_all >= share).then(|| {
                vec![
                    Measure {
                        name: "accounts",
                        value: accounts,
                    },
                    Measure {
                        name: "tries",
                        value: all,
                    },
                    Measure {
                        name: "share",
                        value: of_all,
                    },
                ]
            })
        };
        let mut drafts = Vec::new();
        slide(
            feed,
            settings.nanos("minutes"),
            users as usize,
            holds,
            |ip, rows, measured| drafts.push((ip, rows, measured)),
        );
        report(feed, drafts, "tried a password or two each on", out);
    },
};

/// How long after the last failure a success from the same address still belongs to the attack.
const AFTER: i64 = HOUR;

fn report(feed: &Feed, drafts: Vec<(u32, Vec<u32>, Vec<Measure>)>, did: &str, out: &mut Out<'_>) {
    for (ip, rows, measured) in drafts {
        let users = distinct(feed, &rows);
        let (from, to) = (feed.at(rows[0]), feed.at(rows[rows.len() - 1]));
        let entered: Vec<u32> = users
            .iter()
            .flat_map(|actor| feed.rows_of(*actor).iter().copied())
            .filter(|row| {
                feed.ip[*row as usize] == ip
                    && feed.class(*row).has(Class::SIGN_IN)
                    && feed.at(*row) >= from
                    && feed.at(*row) <= to.saturating_add(AFTER)
            })
            .collect();
        let inside = distinct(feed, &entered);
        let end = match inside.as_slice() {
            [] => ", none of which succeeded".to_owned(),
            [one] => format!(", and got into that of {}", feed.who(*one)),
            many => format!(", and got into {} of them", many.len()),
        };
        out.find(Draft {
            severity: Some(if inside.is_empty() {
                Severity::High
            } else {
                Severity::Critical
            }),
            actor: if inside.len() == 1 { inside[0] } else { 0 },
            subject: feed.addresses[ip as usize].text.clone(),
            at: rows[0],
            sentence: format!(
                "Somebody at {} {did} {} within {}{end}",
                feed.address(rows[0]),
                count(users.len(), "account"),
                span(to - from)
            ),
            rows: [rows, entered].concat(),
            measured,
            ..Draft::default()
        });
    }
}

pub(crate) const SUCCESS: Detection = Detection {
    id: "failure_then_success",
    title: "Failed sign-ins, then a success",
    what: "A successful sign-in of an actor after several failed ones, none of which was followed by an earlier success. From an address that the actor used before it is probably they themselves (low); from another it is not (high).",
    parameters: &[
        parameter(
            "failures",
            5.0,
            "",
            1.0,
            1_000.0,
            "failed sign-ins before the success",
        ),
        parameter(
            "minutes",
            180.0,
            "min",
            0.1,
            10_080.0,
            "how far back they count",
        ),
    ],
    needs: &[Need::SignIns, Need::FailedSignIns],
    benign: &["a person who found the right password in the end"],
    after: "Elastic (success within 180 min), Panther Snowflake (5 failures)",
    run: success,
};

fn success(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let (least, window) = (settings.get("failures") as usize, settings.nanos("minutes"));
    for actor in feed.each_actor() {
        let rows = feed.rows_of(actor);
        let mut failed: Vec<u32> = Vec::new();
        let mut known: std::collections::HashSet<u64> = std::collections::HashSet::new();
        let mut from = 0;
        while from < rows.len() {
            // Failures of the same instant come before the success, in whatever order the source lists them.
            let time = feed.at(rows[from]);
            let to = from
                + rows[from..]
                    .iter()
                    .take_while(|row| feed.at(**row) == time)
                    .count();
            failed.extend(
                rows[from..to]
                    .iter()
                    .copied()
                    .filter(|row| feed.class(*row).has(Class::SIGN_IN_FAILED)),
            );
            let entered = rows[from..to]
                .iter()
                .copied()
                .find(|row| feed.class(*row).has(Class::SIGN_IN));
            from = to;
            let Some(entered) = entered else { continue };
            failed.retain(|row| time - feed.at(*row) <= window);
            let address = &feed.addresses[feed.ip[entered as usize] as usize];
            if failed.len() >= least {
                let familiar = feed.ip[entered as usize] != 0 && known.contains(&address.network);
                let place = if address.text.is_empty() {
                    String::new()
                } else {
                    format!(" from {}", address.text)
                };
                out.find(Draft {
                    severity: Some(if familiar {
                        Severity::Low
                    } else {
                        Severity::High
                    }),
                    actor,
                    at: entered,
                    sentence: format!(
                        "{} signed in{place} after {} within {}{}",
                        feed.who(actor),
                        count(failed.len(), "failed sign-in"),
                        span(time - feed.at(failed[0])),
                        if familiar {
                            ", from a network they used before"
                        } else {
                            ""
                        }
                    ),
                    rows: failed.iter().copied().chain([entered]).collect(),
                    measured: vec![
                        Measure {
                            name: "failures",
                            value: failed.len() as f64,
                        },
                        Measure {
                            name: "minutes",
                            value: (time - feed.at(failed[failed.len() - 1])) as f64 / 6e10,
                        },
                    ],
                    ..Draft::default()
                });
            }
            failed.clear();
            if feed.ip[entered as usize] != 0 {
                known.insert(address.network);
            }
        }
    }
}
