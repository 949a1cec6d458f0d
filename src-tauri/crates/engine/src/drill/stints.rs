//! Sessions in rows that lie in order of time: the vendor's where it names them, else by actor, address, device and idle time.
//!
//! Owns: cutting rows into sessions and what is counted in each. Never touches: text, filters.

use std::collections::{HashMap, HashSet};

use witnessmark_model::idle::{Beyond, Sessions, Step};
use witnessmark_model::mixed::Mixed;
use witnessmark_model::weight::Act;
use witnessmark_model::{Field, Instant};
use witnessmark_store::query::{Axis, Gathered, Mask, Query, Values};

use crate::error::Result;

/// The axes that are taken out of the rows, in this order; a page may ask for more, which follow them.
pub(super) const AXES: [Axis; 9] = [
    Axis::Field(Field::SessionId),
    Axis::Actor,
    Axis::Field(Field::SourceIp),
    Axis::Device,
    Axis::Field(Field::EventSensitivity),
    Axis::Field(Field::EventCategory),
    Axis::Field(Field::EventOperation),
    Axis::Field(Field::EventOutcome),
    Axis::Field(Field::SourceCountry),
];
pub(super) const SESSION: usize = 0;
pub(super) const ACTOR: usize = 1;
pub(super) const ADDRESS: usize = 2;
pub(super) const DEVICE: usize = 3;
pub(super) const SENSITIVITY: usize = 4;
const CATEGORY: usize = 5;
pub(super) const OPERATION: usize = 6;
pub(super) const OUTCOME: usize = 7;
pub(super) const COUNTRY: usize = 8;
/// Position of the first axis that a page asked for beside these.
pub(super) const MORE: usize = AXES.len();
/// Session of a row that is in none.
const NONE: u32 = u32::MAX;

/// Rows of some events with the values of [`AXES`].
pub(super) struct Rows {
    pub(super) rows: Gathered,
    pub(super) values: Vec<Values>,
    failure: u32,
}

/// One session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stint {
    /// Number of the vendor's session; 0 where it was cut by idle time.
    pub(super) vendor: u32,
    pub(super) actor: u32,
    /// First and last row.
    pub(super) first: usize,
    pub(super) last: usize,
    pub(super) events: u64,
    pub(super) sensitive: u64,
    pub(super) failures: u64,
    pub(super) address: u32,
    pub(super) addresses: u64,
    pub(super) device: u32,
    pub(super) country: u32,
    pub(super) on_trust: u64,
    pub(super) contested: u64,
    /// What was given to other sessions and may belong to this one.
    pub(super) beyond: Option<Beyond>,
}

/// The session of each row: numbers follow the first rows.
struct Cut {
    session: Vec<u32>,
    /// Whether the row was taken on trust, and whether that is contested.
    trust: Vec<[bool; 2]>,
    sessions: usize,
    beyond: HashMap<u32, Beyond, Mixed>,
}

impl Rows {
    /// Takes the rows of a mask.
    pub(super) fn of(query: &Query<'_>, mask: &Mask) -> Result<Self> {
        Self::with(query, mask, &[])
    }

    /// Takes the rows of a mask with further axes.
    pub(super) fn with(query: &Query<'_>, mask: &Mask, more: &[Axis]) -> Result<Self> {
        let axes: Vec<Axis> = AXES.iter().chain(more).copied().collect();
        let rows = query.gather(mask, &axes)?;
        let values: std::result::Result<Vec<Values>, _> =
            axes.iter().map(|axis| query.values(*axis)).collect();
        let values = values?;
        Ok(Self {
            rows,
            failure: number_of(&values[OUTCOME], "failure"),
            values,
        })
    }

    pub(super) fn at(&self, axis: usize, row: usize) -> u32 {
        self.rows.columns[axis][row]
    }

    pub(super) fn text(&self, axis: usize, row: usize) -> &str {
        self.values[axis].text(self.at(axis, row))
    }

    /// What the act of a row is.
    pub(super) fn act(&self, row: usize) -> Act<'_> {
        Act {
            sensitivity: self.text(SENSITIVITY, row),
            category: self.text(CATEGORY, row),
            operation: self.text(OPERATION, row),
        }
    }

    pub(super) fn failed(&self, row: usize) -> bool {
        self.failure != 0 && self.at(OUTCOME, row) == self.failure
    }

    /// The step of a row for the rule of idle time.
    pub(super) fn step(&self, row: usize) -> Option<Step> {
        Some(Step {
            at: self.rows.time(row)?.0,
            actor: self.at(ACTOR, row),
            address: self.at(ADDRESS, row),
            device: self.at(DEVICE, row),
        })
    }

    /// Cuts the rows into sessions, in order of their first rows. Rows that name neither a session nor an actor, or have
    /// no time and no session, are in none.
    pub(super) fn stints(&self, idle: i64) -> Vec<Stint> {
        self.latest(idle, usize::MAX).0
    }

    /// The sessions whose first rows come last, in order of their first rows, at most `limit`; and how many there are.
    pub(super) fn latest(&self, idle: i64, limit: usize) -> (Vec<Stint>, u64) {
        let cut = self.cut(idle);
        let first = cut.sessions - cut.sessions.min(limit);
        let mut stints: Vec<Stint> = vec![Stint::default(); cut.sessions - first];
        let mut weights: HashMap<[u32; 3], bool> = HashMap::new();
        let mut addresses: HashSet<(usize, u32), Mixed> = HashSet::default();
        for (row, session) in cut.session.iter().enumerate() {
            if *session == NONE || (*session as usize) < first {
                continue;
            }
            let at = *session as usize - first;
            let stint = &mut stints[at];
            if stint.events == 0 {
                let (vendor, actor) = (self.at(SESSION, row), self.at(ACTOR, row));
                (stint.vendor, stint.actor, stint.first) = (vendor, actor, row);
                stint.beyond = cut.beyond.get(session).copied();
            }
            stint.last = row;
            stint.events += 1;
            let parts = [SENSITIVITY, CATEGORY, OPERATION].map(|axis| self.at(axis, row));
            let sensitive = weights.entry(parts);
            stint.sensitive +=
                u64::from(*sensitive.or_insert_with(|| self.act(row).is_sensitive()));
            stint.failures += u64::from(self.failed(row));
            let [on_trust, contested] = cut.trust.get(row).copied().unwrap_or_default();
            stint.on_trust += u64::from(on_trust);
            stint.contested += u64::from(contested);
            let address = self.at(ADDRESS, row);
            if address != 0 && (stint.address == address || addresses.insert((at, address))) {
                if stint.address == 0 {
                    stint.address = address;
                    stint.addresses = 1;
                } else if stint.address != address {
                    stint.addresses += 1;
                }
            }
            for (kept, axis) in [(&mut stint.device, DEVICE), (&mut stint.country, COUNTRY)] {
                if *kept == 0 {
                    *kept = self.at(axis, row);
                }
            }
        }
        (stints, cut.sessions as u64)
    }

    /// The last moment from which an event may belong to a session: later than its own last event where one that names no
    /// address may be of this session or of another.
    pub(super) fn until(&self, stint: &Stint) -> Option<Instant> {
        let own = self.rows.time(stint.last)?;
        let beyond = stint.beyond.map_or(own, |b| Instant(b.until));
        Some(own.max(beyond))
    }

    fn cut(&self, idle: i64) -> Cut {
        let mut cut = Cut {
            session: Vec::with_capacity(self.rows.len()),
            trust: Vec::new(),
            sessions: 0,
            beyond: HashMap::default(),
        };
        let mut by_vendor: HashMap<(u32, u32), u32, Mixed> = HashMap::default();
        let mut by_idle: Vec<u32> = Vec::new();
        let mut sessions = Sessions::new(idle);
        // Rows of a session mostly follow each other.
        let mut last = ((0, 0), 0);
        for row in 0..self.rows.len() {
            let (vendor, actor) = (self.at(SESSION, row), self.at(ACTOR, row));
            let next = cut.sessions as u32;
            let session = if vendor != 0 {
                if last.0 != (vendor, actor) {
                    let known = *by_vendor.entry((vendor, actor)).or_insert(next);
                    last = ((vendor, actor), known);
                }
                last.1
            } else {
                let Some(step) = self.step(row).filter(|_| actor != 0) else {
                    cut.session.push(NONE);
                    continue;
                };
                let placed = sessions.next(&step);
                if placed.on_trust || placed.contested {
                    cut.trust.resize(row + 1, [false; 2]);
                    cut.trust[row] = [placed.on_trust, placed.contested];
                }
                if placed.session as usize == by_idle.len() {
                    by_idle.push(next);
                }
                by_idle[placed.session as usize]
            };
            cut.sessions += usize::from(session == next);
            cut.session.push(session);
        }
        let beyond = sessions.beyond().into_iter();
        cut.beyond = beyond
            .map(|(session, beyond)| (by_idle[session as usize], beyond))
            .collect();
        cut
    }
}

/// The number of a text; 0 where no event holds it.
pub(super) fn number_of(values: &Values, text: &str) -> u32 {
    let all = 1..values.len() as u32;
    all.into_iter()
        .find(|n| values.text(*n) == text)
        .unwrap_or(0)
}
