//! Labelled months: 500 people with habits, travel, VPN, new devices, leavers and three intrusions, from a seed. How
//! often findings are right, and which intrusions are found, is printed and kept in docs/detections.md.
//!
//! Owns: the made-up company and the count. Never touches: thresholds; the defaults are measured.

use std::collections::{BTreeMap, BTreeSet};

use witnessmark_detect::about::Severity;
use witnessmark_detect::detections::ALL;

use crate::world::*;

/// SplitMix64 (<https://prng.di.unimi.it/splitmix64.c>).
struct Dice(u64);

impl Dice {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn below(&mut self, n: i64) -> i64 {
        (self.bits() % n as u64) as i64
    }
    fn chance(&mut self, percent: i64) -> bool {
        self.below(100) < percent
    }
}

const PEOPLE: i64 = 500;
const DAYS: i64 = 92;
const COUNTRIES: &[&str] = &["PH", "SG", "NL", "US", "GB", "JP", "AU", "DE"];
const AGENTS: &[&str] = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) Version/18.0 Safari/605.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Mobile/15E148",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) Chrome/141.0 Mobile",
];

/// An address of 240.0.0.0/4, which nobody has: one network of its own for each number.
fn network(n: i64) -> String {
    format!("240.{}.{}.10", n / 256 % 256, n % 256)
}

struct Company {
    world: World,
    dice: Dice,
    /// Intrusion -> its events.
    labels: [BTreeSet<u64>; 3],
}

/// Makes the months. Each person has a home, perhaps the office, a device or two, hours, and a trade.
fn company(seed: u64) -> Company {
    let mut c = Company {
        world: World::default(),
        dice: Dice(seed),
        labels: Default::default(),
    };
    for person in 0..PEOPLE {
        c.person(person);
    }
    c.phished("person017", 71);
    c.sprayed(78);
    c.hijacked("person233", 83);
    c
}

impl Company {
    fn person(&mut self, n: i64) {
        let who = format!("person{n:03}");
        let country = COUNTRIES[if self.dice.chance(80) {
            0
        } else {
            self.dice.below(4) as usize
        }];
        let mut device = AGENTS[self.dice.below(3) as usize].to_owned();
        let phone = self
            .dice
            .chance(40)
            .then(|| AGENTS[3 + self.dice.below(2) as usize]);
        let at_office = country == "PH" && self.dice.chance(60);
        let start = self.dice.below(4);
        // Joiners come later, leavers go, some travel, some have a VPN, some get a new machine.
        let from = if self.dice.chance(4) {
            self.dice.below(60)
        } else {
            0
        };
        let to = if self.dice.chance(3) {
            from + 20 + self.dice.below(50)
        } else {
            DAYS
        };
        let travel = self.dice.chance(8).then(|| {
            (
                20 + self.dice.below(60),
                4 + self.dice.below(9),
                COUNTRIES[1 + self.dice.below(7) as usize],
            )
        });
        let vpn = self.dice.chance(10);
        let renewed = self.dice.chance(10).then(|| 20 + self.dice.below(60));
        let (finance, admin) = (n % 40 == 7, n % 100 == 3);
        for day in from..to.min(DAYS) {
            let works = day % 7 < 5 || self.dice.chance(3);
            if !works || self.dice.chance(6) {
                continue;
            }
            if renewed == Some(day) {
                device = AGENTS[self.dice.below(3) as usize].replace("141", "142");
            }
            let away = travel.filter(|(first, days, _)| day >= *first && day < first + days);
            let (ip, country) = match away {
                Some((first, _, abroad)) => (network(20_000 + n * 4 + first % 4), abroad),
                None if vpn && self.dice.chance(30) => (network(60_000 + self.dice.below(3)), "SG"),
                None if at_office && self.dice.chance(80) => (network(50_000), country),
                None => (network(1_000 + n), country),
            };
            self.day(&who, day, start, (&ip, country), &device, (finance, admin));
            if let Some(phone) = phone
                && self.dice.chance(25)
            {
                let time = at(day, 11 + self.dice.below(3), self.dice.below(60));
                self.world.add(
                    time,
                    sign_in(&who)
                        .from(&network(10_000 + n), country)
                        .device(phone)
                        .session(&format!("{who}-{day}-p")),
                );
            }
        }
    }

    fn day(
        &mut self,
        who: &str,
        day: i64,
        start: i64,
        (ip, country): (&str, &str),
        device: &str,
        (finance, admin): (bool, bool),
    ) {
        let session = format!("{who}-{day}");
        let mut time = at(day, start, self.dice.below(50));
        let wrong = if self.dice.chance(8) {
            1 + self.dice.below(4)
        } else {
            0
        };
        for _ in 0..wrong {
            self.world
                .add(time, failure(who).from(ip, country).device(device));
            time += MINUTE / 2;
        }
        if self.dice.chance(2) {
            for _ in 0..1 + self.dice.below(3) {
                self.world.add(
                    time,
                    said(
                        who,
                        "user.authentication.auth_via_mfa",
                        "authentication",
                        "authenticate",
                    )
                    .outcome("failure")
                    .from(ip, country)
                    .device(device),
                );
                time += MINUTE;
            }
        }
        let here = |s: Said| s.from(ip, country).device(device).session(&session);
        self.world.add(time, here(sign_in(who)));
        for _ in 0..2 + self.dice.below(6) {
            time += (5 + self.dice.below(70)) * MINUTE;
            self.world
                .add(time, here(said(who, "payment.viewed", "data", "read")));
        }
        if self.dice.chance(3) {
            self.world
                .add(time, here(said(who, "report.exported", "data", "export")));
        }
        if finance && self.dice.chance(30) {
            self.world.add(
                time + MINUTE,
                here(
                    said(who, "Added a disbursements recipient", "payout", "create")
                        .target("recipient", &format!("r{day}{who}")),
                ),
            );
            self.world.add(
                time + 9 * MINUTE,
                here(said(who, "Created a disbursement", "payout", "transfer")),
            );
        }
        if admin && self.dice.chance(20) {
            let of = format!("new{day}{who}");
            self.world.add(
                time,
                here(said(who, "user.lifecycle.create", "iam", "create").target("User", &of)),
            );
            if self.dice.chance(5) {
                self.world.add(
                    time + 20 * MINUTE,
                    here(said(who, "user.lifecycle.delete", "iam", "delete").target("User", &of)),
                );
            }
        }
        if self.dice.chance(1) && self.dice.chance(30) {
            self.world.add(
                time,
                here(said(who, "API Key Viewed", "credential", "read").target("api_key", "live")),
            );
        }
        if self.dice.chance(1) && self.dice.chance(40) {
            self.world.add(
                time,
                here(
                    said(who, "user.account.update_password", "credential", "update")
                        .target("User", &format!("{who}@example.com")),
                ),
            );
        }
    }

    fn evil(&mut self, intrusion: usize, time: i64, said: Said) {
        let number = self.world.add(time, said);
        self.labels[intrusion].insert(number);
    }

    /// A stolen password: at night, from abroad, to the money.
    fn phished(&mut self, who: &str, day: i64) {
        let here = |s: Said| {
            s.from("203.0.113.9", "NL")
                .device("Mozilla/5.0 (Windows NT 6.1) Gecko/20100101 Firefox/115.0")
                .session("stolen-1")
        };
        for (minute, said) in [
            (0, sign_in(who)),
            (
                4,
                said(who, "API Key Viewed", "credential", "read").target("api_key", "live"),
            ),
            (
                7,
                said(who, "Edited the bank information", "payout", "update"),
            ),
            (
                15,
                said(who, "Created a disbursement", "payout", "transfer"),
            ),
        ] {
            self.evil(0, at(day, 18, minute), here(said));
        }
    }

    /// One address tries two passwords on each of forty accounts, gets into one, and takes what it can export.
    fn sprayed(&mut self, day: i64) {
        let here = |s: Said| s.from("203.0.113.200", "US").device("python-requests/2.32");
        for round in 0..2 {
            for n in 100..140 {
                self.evil(
                    1,
                    at(day, 20, 0) + (round * 40 + n - 100) * 20_000_000_000,
                    here(failure(&format!("person{n:03}"))),
                );
            }
        }
        self.evil(
            1,
            at(day, 20, 40),
            here(sign_in("person121")).session("stolen-2"),
        );
        for n in 0..40 {
            self.evil(
                1,
                at(day, 20, 42) + n * 15_000_000_000,
                here(said("person121", "report.exported", "data", "export")).session("stolen-2"),
            );
        }
    }

    /// A session taken over by day; pushes until somebody gives in; the second factor is replaced, a role given and taken.
    fn hijacked(&mut self, who: &str, day: i64) {
        let here = |s: Said| {
            s.from("203.0.113.77", "DE")
                .device("Mozilla/5.0 (X11; Linux aarch64) HeadlessChrome/120.0")
        };
        let own = format!("{who}-{day}");
        self.world.add(
            at(day, 2, 0),
            sign_in(who)
                .from(&network(1_233), "PH")
                .device(AGENTS[0])
                .session(&own),
        );
        self.evil(
            2,
            at(day, 2, 40),
            here(said(who, "payment.viewed", "data", "read")).session(&own),
        );
        for n in 0..6 {
            self.evil(
                2,
                at(day, 3, n),
                here(
                    said(
                        who,
                        "user.authentication.auth_via_mfa",
                        "authentication",
                        "authenticate",
                    )
                    .outcome("failure"),
                ),
            );
        }
        self.evil(2, at(day, 3, 7), here(sign_in(who)).session("stolen-3"));
        let user = format!("{who}@example.com");
        self.evil(
            2,
            at(day, 3, 9),
            here(
                said(who, "user.mfa.factor.deactivate", "credential", "delete")
                    .target("User", &user),
            ),
        );
        self.evil(
            2,
            at(day, 3, 10),
            here(said(who, "user.account.privilege.grant", "iam", "grant").target("User", &user)),
        );
        self.evil(
            2,
            at(day, 3, 50),
            here(said(who, "user.account.privilege.revoke", "iam", "revoke").target("User", &user)),
        );
    }
}

/// The table of docs/detections.md.
fn measured() -> String {
    let mut by: BTreeMap<&str, (u32, u32)> = BTreeMap::new();
    let mut severe = [(0_u32, 0_u32); 5];
    let mut found = [false; 3];
    let (mut events, mut seeds) = (0, 0);
    for seed in [1, 2, 3] {
        let company = company(seed);
        let review = company.world.review();
        seeds += 1;
        events += company.world.rows.len();
        let mut here = [false; 3];
        for finding in &review.findings {
            let right = company
                .labels
                .iter()
                .position(|l| finding.events.iter().any(|e| l.contains(e)));
            let count = by
                .entry(
                    ALL.iter()
                        .find(|d| d.id == finding.detection)
                        .map_or("", |d| d.id),
                )
                .or_default();
            let severity = &mut severe[Severity::ALL
                .iter()
                .position(|s| *s == finding.severity)
                .unwrap_or(0)];
            if let Some(intrusion) = right {
                count.0 += 1;
                severity.0 += 1;
                here[intrusion] |= finding.severity >= Severity::High;
            } else {
                count.1 += 1;
                severity.1 += 1;
            }
        }
        found = std::array::from_fn(|i| (seed == 1 || found[i]) && here[i]);
    }
    let share = |(right, wrong): (u32, u32)| {
        (right * 100)
            .checked_div(right + wrong)
            .map_or_else(|| "none found".to_owned(), |share| format!("{share} %"))
    };
    let mut out = format!(
        "{PEOPLE} people, {DAYS} days, {seeds} seeds, {events} events, three intrusions in each.\n\n| severity | of an intrusion | innocent | precision |\n|---|---|---|---|\n"
    );
    for (severity, counts) in Severity::ALL.iter().zip(severe).rev() {
        out.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            severity.word(),
            counts.0,
            counts.1,
            share(counts)
        ));
    }
    let high = (severe[3].0 + severe[4].0, severe[3].1 + severe[4].1);
    let recall = found.iter().filter(|f| **f).count();
    out.push_str(&format!("\nHigh and critical together: precision {}; recall: {recall} of 3 intrusions in every seed.\n\n| detection | of an intrusion | innocent |\n|---|---|---|\n", share(high)));
    for detection in ALL {
        let counts = by.get(detection.id).copied().unwrap_or_default();
        out.push_str(&format!(
            "| `{}` | {} | {} |\n",
            detection.id, counts.0, counts.1
        ));
    }
    out
}

/// `WITNESSMARK_WRITE=1 cargo test -p witnessmark-detect` writes the table anew.
#[test]
fn intrusions_are_found_in_months_of_honest_work() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/detections.md");
    let manual = std::fs::read_to_string(path).unwrap();
    let (begin, end) = (
        "<!-- Measured by a test; it compares this. -->\n",
        "<!-- End of what is measured. -->",
    );
    let table = measured();
    let (before, rest) = manual.split_once(begin).unwrap();
    let (_, after) = rest.split_once(end).unwrap();
    let expected = format!("{before}{begin}\n{table}\n{end}{after}");
    if std::env::var_os("WITNESSMARK_WRITE").is_some() {
        std::fs::write(path, &expected).unwrap();
    }
    assert!(table.contains("recall: 3 of 3"), "{table}");
    assert!(
        manual == expected,
        "docs/detections.md differs from what was measured:\n{table}"
    );
}
