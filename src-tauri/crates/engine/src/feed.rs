//! The events of a case as the detections ask for them.
//!
//! Owns: the bridge from the store's columns to the feed of detections: blind spots by provider, joined identities, places of
//! addresses, the span of times that can be true. Never touches: what is found.

use std::collections::HashMap;
use std::sync::Arc;

use witnessmark_detect::feed::{self, BlindSpots, Events, FIELDS, Feed, Need, Row};
use witnessmark_detect::place::{Place, Point};
use witnessmark_enrich::Database;
use witnessmark_model::{Field, IdentityKey, IdentityKind, Instant, Zone};
use witnessmark_store::StoreError;
use witnessmark_store::query::{self as q, Snapshot, Step};

use crate::case::Case;
use crate::error::Result;

/// Kilometres around a city in which an address lies where a database does not say how far.
const RADIUS: u16 = 50;
/// 1990-01-01T00:00:00Z, before which no time of an audit log is true.
const EARLIEST: i64 = 631_152_000 * feed::SECOND;

struct OfCase<'c> {
    case: &'c Case,
    snapshot: &'c Snapshot,
    joined: HashMap<IdentityKey, String>,
    databases: Vec<Arc<Database>>,
    expected: usize,
    now: Instant,
}

struct Texts<'t>(&'t q::Texts);

impl feed::Texts for Texts<'_> {
    fn text(&self, part: u32, field: Field, code: u32) -> &str {
        self.0.text(part as usize, field, code)
    }
}

impl Events for OfCase<'_> {
    type Error = StoreError;

    fn visit(
        &self,
        visit: &mut dyn FnMut(&Row<'_>, &dyn feed::Texts),
    ) -> std::result::Result<u64, StoreError> {
        let query = self.case.query(self.snapshot);
        query.walk(FIELDS, &mut |step: &Step<'_>, texts| {
            let row = Row {
                part: step.segment as u32,
                time: step.time,
                number: step.number,
                codes: step.codes,
            };
            visit(&row, &Texts(texts));
        })
    }

    fn expected(&self) -> usize {
        self.expected
    }

    fn blind_spots(&self, provider: &str) -> BlindSpots {
        let mut spots = BlindSpots::default();
        if provider.is_empty() {
            return spots;
        }
        for profile in self.case.library().of_provider(provider) {
            for sentence in &profile.blind_spots {
                if !spots.sentences.contains(sentence) {
                    spots.sentences.push(sentence.clone());
                }
            }
            spots
                .needs
                .extend(profile.cannot_show.iter().filter_map(|w| Need::by_word(w)));
        }
        spots
    }

    /// A city counts only where the databases agree on its country; an address that they know only by country has no point,
    /// because the middle of a country is nowhere that anybody was.
    fn place(&self, address: &str) -> Option<(Place, String)> {
        let mut found = self.databases.iter().filter_map(|d| d.find(address));
        let first = found.find(|p| p.country.is_some())?;
        let country = first.country.clone()?;
        let city = std::iter::once(first)
            .chain(found)
            .filter(|p| p.country.as_ref() == Some(&country))
            .find_map(|p| Some((p.city?, p.point?, p.radius_km)));
        let mut place = Place::of_country(&country)?;
        let mut name = String::new();
        if let Some((city, at, radius)) = city {
            place.point = Some(Point {
                latitude: at.latitude,
                longitude: at.longitude,
                radius: f64::from(radius.unwrap_or(RADIUS)),
            });
            name = city;
        }
        Some((place, name))
    }

    fn joined(&self, identity: &IdentityKey) -> Option<String> {
        self.joined.get(identity).cloned()
    }

    fn horizon(&self) -> (i64, i64) {
        (EARLIEST, self.now.0.saturating_add(feed::DAY))
    }

    fn seed(&self) -> u64 {
        let key = self.case.store.meta().identity_key;
        u64::from_le_bytes(key[..8].try_into().unwrap_or_default())
    }
}

impl Case {
    /// Visible events that have a time.
    fn dated(&self) -> Result<usize> {
        let all = self.answer("", &Zone::UTC)?.mask;
        Ok(usize::try_from(all.len() - all.undated()).unwrap_or(0))
    }

    /// Every dated event, ready for detections.
    pub(crate) fn feed(&self, snapshot: &Snapshot) -> Result<Feed> {
        let events = OfCase {
            case: self,
            snapshot,
            joined: persons(self.store.merges()?),
            databases: self.databases(),
            expected: self.dated()?,
            now: (self.setting.now)(),
        };
        Ok(Feed::read(&events)?)
    }
}

/// One name for each identity that somebody joined with others: an e-mail of theirs, else the first of their values.
fn persons(lists: Vec<Vec<IdentityKey>>) -> HashMap<IdentityKey, String> {
    let mut groups: Vec<Vec<IdentityKey>> = Vec::new();
    for list in lists {
        // Lists that share an identity are one person.
        let (shared, mut others): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|group| group.iter().any(|key| list.contains(key)));
        let mut all: Vec<IdentityKey> = shared.into_iter().flatten().chain(list).collect();
        all.sort_unstable();
        all.dedup();
        others.push(all);
        groups = others;
    }
    let named = groups.into_iter().flat_map(|group| {
        let email = group.iter().find(|key| key.kind == IdentityKind::Email);
        let name = email
            .or(group.first())
            .map_or_else(String::new, |key| key.value.clone());
        group.into_iter().map(move |key| (key, name.clone()))
    });
    named.collect()
}
