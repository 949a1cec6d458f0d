//! Events made up for one test, and what the detections say of them.
//!
//! Owns: a case in memory. Never touches: the store. Addresses are those of RFC 5737, mail that of RFC 2606.

use std::collections::HashMap;

use witnessmark_detect::about::Overrides;
use witnessmark_detect::feed::{BlindSpots, DAY, Events, FIELDS, Feed, HOUR, Row, SECOND, Texts};
use witnessmark_detect::finding::Finding;
use witnessmark_detect::place::Place;
use witnessmark_detect::review::{Review, review};
use witnessmark_model::Field;

/// Monday, 2024-01-01T00:00:00Z.
pub(crate) const START: i64 = 1_704_067_200 * SECOND;
pub(crate) const MINUTE: i64 = 60 * SECOND;

pub(crate) fn at(day: i64, hour: i64, minute: i64) -> i64 {
    START + day * DAY + hour * HOUR + minute * MINUTE
}

/// Time, number, fields.
type Made = (i64, u64, Vec<(Field, String)>);

#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) rows: Vec<Made>,
    pub(crate) next: u64,
    pub(crate) blind: BlindSpots,
    /// What a database of addresses says.
    pub(crate) places: HashMap<String, (Place, String)>,
}

/// The fields of an event, built up.
#[derive(Clone, Default)]
pub(crate) struct Said(Vec<(Field, String)>);

impl Said {
    pub(crate) fn with(mut self, field: Field, value: &str) -> Self {
        if !value.is_empty() {
            self.0.retain(|(f, _)| *f != field);
            self.0.push((field, value.to_owned()));
        }
        self
    }
    pub(crate) fn from(self, ip: &str, country: &str) -> Self {
        self.with(Field::SourceIp, ip)
            .with(Field::SourceCountry, country)
    }
    pub(crate) fn device(self, device: &str) -> Self {
        self.with(Field::UserAgentOriginal, device)
    }
    pub(crate) fn session(self, id: &str) -> Self {
        self.with(Field::SessionId, id)
    }
    pub(crate) fn target(self, kind: &str, id: &str) -> Self {
        self.with(Field::TargetType, kind).with(Field::TargetId, id)
    }
    pub(crate) fn outcome(self, outcome: &str) -> Self {
        self.with(Field::EventOutcome, outcome)
    }
}

pub(crate) fn said(actor: &str, action: &str, category: &str, operation: &str) -> Said {
    Said::default()
        .with(Field::EventProvider, "example")
        .with(
            Field::UserEmail,
            &if actor.is_empty() {
                String::new()
            } else {
                format!("{actor}@example.com")
            },
        )
        .with(Field::EventAction, action)
        .with(Field::EventCategory, category)
        .with(Field::EventOperation, operation)
}

pub(crate) fn sign_in(actor: &str) -> Said {
    said(actor, "user.login", "authentication", "authenticate").outcome("success")
}

pub(crate) fn failure(actor: &str) -> Said {
    said(actor, "user.login", "authentication", "authenticate").outcome("failure")
}

pub(crate) const LAPTOP: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/141.0";
pub(crate) const PHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) Mobile/15E148";

impl World {
    pub(crate) fn add(&mut self, time: i64, said: Said) -> u64 {
        self.next += 1;
        self.rows.push((time, self.next, said.0));
        self.next
    }

    /// Sign-ins of an actor, one a day at nine, from the same place with the same device.
    pub(crate) fn habit(&mut self, actor: &str, days: std::ops::Range<i64>) {
        for day in days {
            self.add(
                at(day, 9, 0),
                sign_in(actor).from("198.51.100.7", "PH").device(LAPTOP),
            );
        }
    }

    /// The same events, numbered in another order: as if the files had been imported another way round.
    pub(crate) fn reordered(&self) -> Self {
        let mut other = self.clone();
        let n = other.rows.len() as u64;
        for row in &mut other.rows {
            row.1 = n + 1 - row.1;
        }
        other
    }

    /// Every time moved by so much.
    pub(crate) fn shifted(&self, by: i64) -> Self {
        let mut other = self.clone();
        for row in &mut other.rows {
            row.0 += by;
        }
        other
    }

    pub(crate) fn feed(&self) -> Feed {
        match Feed::read(self) {
            Ok(feed) => feed,
            Err(never) => match never {},
        }
    }

    pub(crate) fn review(&self) -> Review {
        review(&self.feed(), &Overrides::new(), Vec::new())
    }

    pub(crate) fn found(&self, detection: &str) -> Vec<Finding> {
        self.review()
            .findings
            .into_iter()
            .filter(|f| f.detection == detection)
            .collect()
    }

    pub(crate) fn found_at(&self, detection: &str, parameter: &str, value: f64) -> Vec<Finding> {
        let mut overrides = Overrides::new();
        overrides.insert(format!("{detection}.{parameter}"), value);
        review(&self.feed(), &overrides, Vec::new())
            .findings
            .into_iter()
            .filter(|f| f.detection == detection)
            .collect()
    }

    pub(crate) fn unlearned(&self, detection: &str) -> Vec<String> {
        let all = self.review().unlearned.into_iter();
        all.filter(|u| u.detection == detection)
            .map(|u| format!("{}: {}", u.actor, u.reason))
            .collect()
    }
}

struct Words(Vec<Vec<String>>);

impl Texts for Words {
    fn text(&self, _: u32, field: Field, code: u32) -> &str {
        let at = FIELDS.iter().position(|f| *f == field);
        at.map_or("", |at| &self.0[at][code as usize])
    }
}

impl Events for World {
    type Error = std::convert::Infallible;

    fn visit(&self, visit: &mut dyn FnMut(&Row<'_>, &dyn Texts)) -> Result<u64, Self::Error> {
        let mut rows = self.rows.clone();
        rows.sort_by_key(|row| (row.0, row.1));
        let mut words = vec![vec![String::new()]; FIELDS.len()];
        let mut codes_of: Vec<HashMap<String, u32>> = vec![HashMap::new(); FIELDS.len()];
        let coded: Vec<(i64, u64, Vec<u32>)> = rows
            .into_iter()
            .map(|(time, number, fields)| {
                let codes = FIELDS.iter().enumerate().map(|(at, field)| {
                    fields
                        .iter()
                        .find(|(f, _)| f == field)
                        .map_or(0, |(_, value)| {
                            *codes_of[at].entry(value.clone()).or_insert_with(|| {
                                words[at].push(value.clone());
                                words[at].len() as u32 - 1
                            })
                        })
                });
                (time, number, codes.collect())
            })
            .collect();
        let words = Words(words);
        for (time, number, codes) in &coded {
            visit(
                &Row {
                    part: 0,
                    time: *time,
                    number: *number,
                    codes,
                },
                &words,
            );
        }
        Ok(0)
    }

    fn blind_spots(&self, _: &str) -> BlindSpots {
        self.blind.clone()
    }

    fn place(&self, address: &str) -> Option<(Place, String)> {
        self.places.get(address).cloned()
    }

    fn horizon(&self) -> (i64, i64) {
        (631_152_000 * SECOND, at(3_000, 0, 0))
    }

    fn seed(&self) -> u64 {
        7
    }
}
