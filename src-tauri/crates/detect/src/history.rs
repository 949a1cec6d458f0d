//! The habit of an actor's sign-ins: which country, network and device is new, and whether there is enough to say so.
//!
//! Owns: what "new" and "enough history" mean, for every detection and for the review of sign-ins. Never touches:
//! findings. A sign-in joins the history when it is a day old ([`SETTLE`]), as in the review of sign-ins: otherwise the
//! second sign-in of an intruder would look familiar because of the first, and the order in which a source lists events
//! of one instant would decide.

use std::collections::HashMap;

use witnessmark_model::baseline::SETTLE;

use crate::{
    about::Settings,
    feed::{DAY, Feed},
    finding::{Baseline, count},
    kinds::Class,
};

/// What of a sign-in is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aspect {
    /// The country.
    Country,
    /// The network of the address: its /24 or /48.
    Network,
    /// The device or browser, versions aside.
    Device,
}

impl Aspect {
    /// Every aspect, in the order of arrays here.
    pub const ALL: [Aspect; 3] = [Self::Country, Self::Network, Self::Device];

    /// The word for people.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::Network => "network",
            Self::Device => "device",
        }
    }

    /// The value of a row, 0 where it has none or none that says anything.
    fn value(self, feed: &Feed, row: u32) -> u64 {
        let at = row as usize;
        match self {
            Self::Country => feed.country(row),
            Self::Network => {
                let address = &feed.addresses[feed.ip[at] as usize];
                if address.private {
                    0
                } else {
                    address.network + 1
                }
            }
            Self::Device => u64::from(feed.devices[feed.device[at] as usize].family),
        }
    }

    /// The value of a row for people.
    pub(crate) fn shown(self, feed: &Feed, row: u32) -> String {
        match self {
            Self::Country => feed
                .place_of(row)
                .map_or_else(String::new, crate::place::Place::code),
            Self::Network => feed.address(row).to_owned(),
            Self::Device => feed.devices[feed.device[row as usize] as usize]
                .text
                .clone(),
        }
    }
}

/// How much history is asked for, and how long it is remembered.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Sign-ins compared with, for each aspect.
    pub last: [u64; 3],
    /// What was met within this span is known however many sign-ins followed, nanoseconds.
    pub remember: i64,
    /// Least span of the history, nanoseconds.
    pub learn: i64,
    /// Least number of earlier sign-ins.
    pub sign_ins: u64,
    /// From so many actors on, an address is an office, a VPN or a carrier and never new.
    pub shared: f64,
}

impl Spec {
    pub(crate) fn of(settings: &Settings<'_>) -> Self {
        let last = |name| match settings.get(name) {
            0.0 => settings.get("last") as u64,
            n => n as u64,
        };
        Self {
            last: [
                last("last_countries"),
                last("last_networks"),
                last("last_devices"),
            ],
            remember: settings.nanos("remember_days"),
            learn: settings.nanos("learn_days"),
            sign_ins: settings.get("learn_sign_ins") as u64,
            shared: settings.get("shared_actors"),
        }
    }
}

/// One sign-in, judged against those before it.
#[derive(Clone, Copy, Debug)]
pub struct Judged {
    /// The row.
    pub row: u32,
    /// For each aspect: earlier sign-ins that have it.
    pub n: [u64; 3],
    /// For each aspect: whether there is enough history to judge it.
    pub learned: [bool; 3],
    /// For each aspect: whether its value is new. False where it is not learned, not known, or the address is shared.
    pub new: [bool; 3],
}

impl Judged {
    /// How unfamiliar the sign-in is: a new country counts two, a new network and a new device one each.
    #[must_use]
    pub fn signs(&self) -> u32 {
        u32::from(self.new[0]) * 2 + u32::from(self.new[1]) + u32::from(self.new[2])
    }

    /// Whether any aspect could be judged.
    #[must_use]
    pub fn any_learned(&self) -> bool {
        self.learned.contains(&true)
    }
}

/// The successful sign-ins of an actor, in order.
#[must_use]
pub fn sign_ins(feed: &Feed, actor: u32) -> Vec<u32> {
    let rows = feed.rows_of(actor).iter().copied();
    rows.filter(|row| feed.class(*row).has(Class::SIGN_IN))
        .collect()
}

#[derive(Default)]
struct Known {
    /// Value -> (when, and as the how manyth, it was last met).
    met: HashMap<u64, (i64, u64)>,
    n: u64,
    span: Option<(i64, i64)>,
}

/// Judges the sign-ins of one actor; `rows` must be in order.
#[must_use]
pub fn judge(feed: &Feed, rows: &[u32], spec: &Spec) -> Vec<Judged> {
    let mut known: [Known; 3] = Default::default();
    let mut settled = 0;
    let judged = rows.iter().map(|row| {
        let time = feed.at(*row);
        while settled < rows.len() && feed.at(rows[settled]).saturating_add(SETTLE) <= time {
            let old = rows[settled];
            settled += 1;
            for (known, aspect) in known.iter_mut().zip(Aspect::ALL) {
                let value = aspect.value(feed, old);
                if value != 0 {
                    known.n += 1;
                    known.met.insert(value, (feed.at(old), known.n));
                    known.span = Some((
                        known.span.map_or(feed.at(old), |(first, _)| first),
                        feed.at(old),
                    ));
                }
            }
        }
        let shared = feed.is_shared(*row, spec.shared);
        let mut judged = Judged {
            row: *row,
            n: [0; 3],
            learned: [false; 3],
            new: [false; 3],
        };
        for (a, aspect) in Aspect::ALL.into_iter().enumerate() {
            let known = &known[a];
            judged.n[a] = known.n;
            judged.learned[a] = known.n >= spec.sign_ins
                && known
                    .span
                    .is_some_and(|(first, last)| last - first >= spec.learn);
            let value = aspect.value(feed, *row);
            let excused = shared && aspect != Aspect::Device;
            if judged.learned[a] && value != 0 && !excused {
                let recent = |(when, nth): &(i64, u64)| {
                    known.n - nth < spec.last[a] || time - when <= spec.remember
                };
                judged.new[a] = !known.met.get(&value).is_some_and(recent);
            }
        }
        judged
    });
    judged.collect()
}

/// Sign-ins whose numbers a baseline carries.
const SHOWN: usize = 100;
/// Usual values that a baseline names.
const USUAL: usize = 6;

/// The habit before a row, as a finding shows it.
#[must_use]
pub fn baseline(feed: &Feed, rows: &[u32], before: u32, aspect: Aspect) -> Baseline {
    let time = feed.at(before);
    let earlier: Vec<u32> = rows
        .iter()
        .copied()
        .filter(|row| feed.at(*row).saturating_add(SETTLE) <= time && aspect.value(feed, *row) != 0)
        .collect();
    let mut counts: HashMap<u64, (u64, u32)> = HashMap::new();
    for row in &earlier {
        let count = counts.entry(aspect.value(feed, *row)).or_insert((0, *row));
        count.0 += 1;
    }
    let mut counts: Vec<(u64, u32)> = counts.into_values().collect();
    counts.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut usual: Vec<String> = counts
        .iter()
        .take(USUAL)
        .map(|(n, row)| format!("{} ({n})", aspect.shown(feed, *row)))
        .collect();
    if counts.len() > USUAL {
        usual.push(format!("{} more", counts.len() - USUAL));
    }
    Baseline {
        of: format!("earlier sign-ins with a {}", aspect.word()),
        n: earlier.len() as u64,
        from: earlier.first().map(|row| feed.at(*row)),
        to: earlier.last().map(|row| feed.at(*row)),
        events: earlier
            .iter()
            .rev()
            .take(SHOWN)
            .rev()
            .map(|row| feed.number[*row as usize])
            .collect(),
        usual: usual.join(", "),
    }
}

/// Why there is not enough history, in words. Sign-ins that say nothing of the aspect are no history of it.
pub(crate) fn too_little(feed: &Feed, rows: &[u32], spec: &Spec, aspect: Option<Aspect>) -> String {
    let telling = |row: &&u32| aspect.is_none_or(|a| a.value(feed, **row) != 0);
    let of: Vec<u32> = rows.iter().filter(telling).copied().collect();
    let days = match (of.first(), of.last()) {
        (Some(first), Some(last)) => (feed.at(*last) - feed.at(*first)) / DAY,
        _ => 0,
    };
    let naming = match aspect {
        Some(aspect) if of.len() < rows.len() => {
            format!(" with a {} (of {})", aspect.word(), rows.len())
        }
        _ => String::new(),
    };
    format!(
        "{}{naming} over {days} days; {} over {} days are needed before anything can be called new",
        count(of.len(), "sign-in"),
        count(spec.sign_ins as usize, "sign-in"),
        spec.learn / DAY
    )
}
