//! Building a feed: each text once, each code of a part translated once.
//!
//! Owns: interning and the groupings. Never touches: what a detection makes of the columns.

use std::{
    collections::HashMap,
    hash::{BuildHasher, Hasher},
    net::IpAddr,
};

use foldhash::fast::FixedState;
use indexmap::IndexSet;
use witnessmark_model::{ActorParts, IdentityKey, IdentityKind};

use super::{
    Actor, Address, At, DAY, Device, Events, FIELDS, Feed, Kind, Object, Row, System, TARGETED,
    Texts,
};
use crate::{
    kinds::{Class, Said, classify},
    place::Place,
};

/// Beginnings of `user.type` that mean a program.
const MACHINES: &[&str] = &[
    "system",
    "api",
    "service",
    "app",
    "bot",
    "integration",
    "awsservice",
    "assumedrole",
];

type Texted = IndexSet<Box<str>, FixedState>;

/// Codes of one part, translated once.
#[derive(Default)]
struct Part {
    tables: [Vec<u32>; 3],
    /// The kind, and whether events of it failed.
    kinds: HashMap<[u32; 8], (u16, bool), FixedState>,
    systems: HashMap<[u32; 3], u16, FixedState>,
    actors: HashMap<[u32; 5], u32, FixedState>,
}

pub(super) struct Builder<'e, E> {
    events: &'e E,
    feed: Feed,
    parts: Vec<Part>,
    addresses: Texted,
    devices: Texted,
    actors: IndexSet<(u16, IdentityKey), FixedState>,
    persons: HashMap<String, u32>,
    systems: IndexSet<(Box<str>, Box<str>), FixedState>,
    kinds: IndexSet<Kind, FixedState>,
    objects: IndexSet<Object, FixedState>,
    families: Texted,
    places: HashMap<(Option<[u8; 2]>, u64, u64), u16>,
    countries: HashMap<String, u16>,
    ip_places: Vec<u16>,
    /// Rows that failed, a bit for each.
    failed: Vec<u64>,
    horizon: (i64, i64),
    hasher: FixedState,
}

/// Distinct kinds and systems that are told apart; of more, only the class counts. A profile that takes a sentence for
/// an action would otherwise make one kind an event.
const MOST_KINDS: usize = 60_000;

impl<'e, E: Events> Builder<'e, E> {
    pub(super) fn new(events: &'e E) -> Self {
        let none = || Object {
            kind: String::new(),
            key: String::new(),
            label: String::new(),
        };
        let feed = Feed {
            actors: vec![Actor {
                who: String::new(),
                label: String::new(),
                system: 0,
                machine: false,
            }],
            addresses: vec![Address {
                text: String::new(),
                network: 0,
                private: true,
            }],
            devices: vec![Device {
                text: String::new(),
                family: 0,
            }],
            places: vec![Place::default()],
            cities: vec![String::new()],
            objects: vec![none()],
            ..Feed::sized(events.expected())
        };
        let state = FixedState::default;
        let mut builder = Self {
            events,
            feed,
            parts: Vec::new(),
            addresses: Texted::with_hasher(state()),
            devices: Texted::with_hasher(state()),
            actors: IndexSet::with_hasher(state()),
            persons: HashMap::new(),
            systems: IndexSet::with_hasher(state()),
            kinds: IndexSet::with_hasher(state()),
            objects: IndexSet::with_hasher(state()),
            families: Texted::with_hasher(state()),
            places: HashMap::new(),
            countries: HashMap::new(),
            ip_places: vec![0],
            failed: Vec::new(),
            horizon: events.horizon(),
            hasher: FixedState::with_seed(events.seed()),
        };
        // Number 0 of each is "absent".
        builder.addresses.insert("".into());
        builder.devices.insert("".into());
        builder.families.insert("".into());
        builder.actors.insert((
            0,
            IdentityKey {
                provider: String::new(),
                organization: String::new(),
                kind: IdentityKind::Type,
                value: String::new(),
            },
        ));
        builder.objects.insert(none());
        builder
    }

    pub(super) fn row(&mut self, row: &Row<'_>, texts: &dyn Texts) {
        if row.time < self.horizon.0 || row.time > self.horizon.1 {
            self.feed.out_of_range += 1;
            return;
        }
        let part = row.part as usize;
        if self.parts.len() <= part {
            self.parts.resize_with(part + 1, Part::default);
        }
        let code = |at: At| row.codes.get(at as usize).copied().unwrap_or(0);
        let text = |at: At| match code(at) {
            0 => "",
            code => texts.text(row.part, FIELDS[at as usize], code),
        };

        let key = [At::PROVIDER, At::ORG_ID, At::ORG_NAME].map(code);
        let system = match self.parts[part].systems.get(&key) {
            Some(system) => *system,
            None => {
                let organization = Some(text(At::ORG_ID))
                    .filter(|t| !t.is_empty())
                    .unwrap_or(text(At::ORG_NAME));
                let system = self.system(text(At::PROVIDER), organization);
                self.parts[part].systems.insert(key, system);
                system
            }
        };
        let key = [
            At::PROVIDER,
            At::ACTION,
            At::CATEGORY,
            At::OPERATION,
            At::OUTCOME,
            At::REASON,
            At::KIND,
            At::TARGET_TYPE,
        ]
        .map(code);
        let (kind, failed) = match self.parts[part].kinds.get(&key) {
            Some(known) => *known,
            None => {
                let said = Said {
                    provider: text(At::PROVIDER),
                    action: text(At::ACTION),
                    category: text(At::CATEGORY),
                    operation: text(At::OPERATION),
                    outcome: text(At::OUTCOME),
                    reason: text(At::REASON),
                    kind: text(At::KIND),
                    target: text(At::TARGET_TYPE),
                };
                let class = classify(&said);
                let failed = said.outcome == "failure"
                    || class.has(Class::SIGN_IN_FAILED.or(Class::FACTOR_REFUSED));
                let kind = self.kind(class, said.action);
                self.parts[part].kinds.insert(key, (kind, failed));
                (kind, failed)
            }
        };
        let class = self.feed.kinds[kind as usize].class;

        let key = [
            code(At::USER_ID),
            code(At::USER_EMAIL),
            code(At::USER_NAME),
            code(At::USER_TYPE),
            u32::from(system),
        ];
        let actor = if key[..4] == [0; 4] {
            0
        } else {
            match self.parts[part].actors.get(&key) {
                Some(actor) => *actor,
                None => {
                    let parts = ActorParts {
                        provider: text(At::PROVIDER),
                        organization_id: text(At::ORG_ID),
                        organization_name: text(At::ORG_NAME),
                        id: text(At::USER_ID),
                        email: text(At::USER_EMAIL),
                        name: text(At::USER_NAME),
                        kind: text(At::USER_TYPE),
                    };
                    let actor = self.actor(system, &parts);
                    self.parts[part].actors.insert(key, actor);
                    actor
                }
            }
        };

        let ip = self.translated(part, 0, code(At::IP), || text(At::IP));
        let device = self.translated(part, 1, code(At::DEVICE), || text(At::DEVICE));
        let mut place = self.translated(part, 2, code(At::COUNTRY), || text(At::COUNTRY)) as u16;
        // The log's own country stands. Where a database of addresses agrees with it, its city is nearer.
        let by_address = self.ip_places[ip as usize];
        let places = &self.feed.places;
        if place == 0
            || (by_address != 0
                && places[by_address as usize].country == places[place as usize].country)
        {
            place = by_address;
        }
        let session = self.session(system, text(At::SESSION));
        let object = if class.has(TARGETED) {
            self.object([
                text(At::TARGET_TYPE),
                text(At::TARGET_ID),
                text(At::TARGET_NAME),
            ])
        } else {
            0
        };

        let known = &mut self.feed.systems[system as usize];
        *known.days.entry(row.time.div_euclid(DAY)).or_default() += 1;
        known.span = Some(
            known
                .span
                .map_or((row.time, row.time), |(first, _)| (first, row.time)),
        );
        known.sessions += u64::from(session != 0);
        if class.has(Class::SIGN_IN.or(Class::SIGN_IN_FAILED)) {
            known.sign_ins += 1;
            for (with, has) in known
                .with
                .iter_mut()
                .zip([ip != 0, place != 0, device != 0])
            {
                *with += u64::from(has);
            }
        }
        let feed = &mut self.feed;
        let at = feed.time.len();
        if at.is_multiple_of(64) {
            self.failed.push(0);
        }
        if let Some(bits) = self.failed.last_mut() {
            *bits |= u64::from(failed) << (at % 64);
        }
        feed.time.push(row.time);
        feed.number.push(row.number);
        feed.actor.push(actor);
        feed.ip.push(ip);
        feed.device.push(device);
        feed.place.push(place);
        feed.session.push(session);
        feed.kind.push(kind);
        feed.system.push(system);
        if object != 0 {
            feed.targets.push((feed.time.len() as u32 - 1, object));
        }
    }

    /// The number of a text in the whole feed, by its code in a part.
    fn translated<'t>(
        &mut self,
        part: usize,
        table: usize,
        code: u32,
        text: impl FnOnce() -> &'t str,
    ) -> u32 {
        if code == 0 {
            return 0;
        }
        let at = code as usize;
        let known = &mut self.parts[part].tables[table];
        if known.len() <= at {
            known.resize((at + 1).max(known.len() * 2), u32::MAX);
        }
        if known[at] != u32::MAX {
            return known[at];
        }
        let number = match table {
            0 => self.address(text()),
            1 => self.device(text()),
            _ => u32::from(self.country(text())),
        };
        self.parts[part].tables[table][at] = number;
        number
    }

    /// Hashed for each event: a table of the hashes by code would be larger than the column, and no faster.
    fn session(&self, system: u16, text: &str) -> u64 {
        if text.is_empty() {
            return 0;
        }
        let mut hasher = self.hasher.build_hasher();
        hasher.write(text.as_bytes());
        let of_system = u64::from(system).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (hasher.finish().max(1) ^ of_system).max(1)
    }

    fn address(&mut self, text: &str) -> u32 {
        // `0.0.0.0` and `::` stand where a source has no address to tell.
        if text
            .parse::<IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_unspecified())
        {
            return 0;
        }
        let (number, new) = self.addresses.insert_full(text.into());
        if new {
            let parsed = text.parse::<IpAddr>().ok();
            let network = match parsed.map(|ip| ip.to_canonical()) {
                Some(IpAddr::V4(v4)) => u64::from(u32::from(v4) >> 8),
                Some(IpAddr::V6(v6)) => 1 << 60 | (u128::from(v6) >> 80) as u64,
                None => 1 << 61 | number as u64,
            };
            let private = match parsed.map(|ip| ip.to_canonical()) {
                Some(IpAddr::V4(v4)) => v4.is_private() || v4.is_loopback() || v4.is_link_local(),
                Some(IpAddr::V6(v6)) => {
                    v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local()
                }
                None => false,
            };
            // A private range says nothing of a place, whatever a database holds of it.
            let place = if private {
                None
            } else {
                self.events.place(text)
            };
            let place = place.map_or(0, |(place, city)| self.place(place, &city));
            self.ip_places.push(place);
            self.feed.addresses.push(Address {
                text: text.to_owned(),
                network,
                private,
            });
        }
        number as u32
    }

    fn device(&mut self, text: &str) -> u32 {
        let (number, new) = self.devices.insert_full(text.into());
        if new {
            let family = self.families.insert_full(family(text).into()).0 as u32;
            self.feed.devices.push(Device {
                text: text.to_owned(),
                family,
            });
        }
        number as u32
    }

    fn country(&mut self, text: &str) -> u16 {
        if let Some(place) = self.countries.get(text) {
            return *place;
        }
        let place = Place::of_country(text).map_or(0, |place| self.place(place, ""));
        self.countries.insert(text.to_owned(), place);
        place
    }

    fn place(&mut self, place: Place, city: &str) -> u16 {
        let point = place.point.map_or((u64::MAX, 0), |p| {
            (p.latitude.to_bits(), p.longitude.to_bits())
        });
        let next = u16::try_from(self.feed.places.len());
        match (self.places.get(&(place.country, point.0, point.1)), next) {
            (Some(known), _) => *known,
            // More places than can be told apart: unknown is never wrong.
            (None, Err(_)) => 0,
            (None, Ok(next)) => {
                self.places.insert((place.country, point.0, point.1), next);
                self.feed.places.push(place);
                self.feed.cities.push(city.to_owned());
                next
            }
        }
    }

    fn system(&mut self, provider: &str, organization: &str) -> u16 {
        let key = (Box::from(provider), Box::from(organization));
        let key = if self.systems.len() < MOST_KINDS || self.systems.contains(&key) {
            key
        } else {
            (Box::from(provider), Box::from(""))
        };
        let (number, new) = self.systems.insert_full(key);
        if new {
            self.feed.systems.push(System {
                provider: provider.to_owned(),
                organization: organization.to_owned(),
                blind: self.events.blind_spots(provider),
                ..System::default()
            });
        }
        u16::try_from(number).unwrap_or(0)
    }

    fn kind(&mut self, class: Class, action: &str) -> u16 {
        let full = Kind {
            class,
            action: action.to_owned(),
        };
        let kind = if self.kinds.len() < MOST_KINDS || self.kinds.contains(&full) {
            full
        } else {
            Kind {
                class,
                action: String::new(),
            }
        };
        let (number, new) = self.kinds.insert_full(kind.clone());
        if new {
            self.feed.kinds.push(kind);
        }
        u16::try_from(number).unwrap_or(0)
    }

    fn actor(&mut self, system: u16, parts: &ActorParts<'_>) -> u32 {
        let Some(key) = parts.key() else { return 0 };
        let joined = self.events.joined(&key);
        if let Some(person) = &joined
            && let Some(number) = self.persons.get(person)
        {
            return *number;
        }
        let who = key.value.clone();
        let (number, new) = self.actors.insert_full((system, key));
        if new {
            let label = [parts.email, parts.name, parts.id]
                .into_iter()
                .find(|t| !t.is_empty())
                .unwrap_or(&who)
                .to_owned();
            let kind = parts.kind.to_lowercase();
            let machine = MACHINES.iter().any(|w| kind.starts_with(w));
            if let Some(person) = joined.clone() {
                self.persons.insert(person, number as u32);
            }
            self.feed.actors.push(Actor {
                who,
                label: joined.unwrap_or(label),
                system,
                machine,
            });
        }
        number as u32
    }

    fn object(&mut self, [kind, id, name]: [&str; 3]) -> u32 {
        let first = |a: &str, b: &str| {
            if a.is_empty() {
                b.to_owned()
            } else {
                a.to_owned()
            }
        };
        let object = Object {
            kind: kind.to_owned(),
            key: first(id, name),
            label: first(name, id),
        };
        let (number, new) = self.objects.insert_full(object);
        if new && let Some(object) = self.objects.get_index(number) {
            self.feed.objects.push(object.clone());
        }
        number as u32
    }

    pub(super) fn finish(mut self) -> Feed {
        self.parts.clear();
        let mut feed = self.feed;
        drop((self.addresses, self.devices, self.actors, self.objects));
        feed.by_actor = grouped(&feed.actor, feed.actors.len());
        feed.used = used(&feed, &self.failed);
        feed
    }
}

/// Rows by group in row order, and where each group begins.
fn grouped(of: &[u32], groups: usize) -> (Vec<u32>, Vec<u32>) {
    let mut starts = vec![0_u32; groups + 1];
    for group in of {
        starts[*group as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut next = starts.clone();
    let mut rows = vec![0_u32; of.len()];
    for (row, group) in (0_u32..).zip(of) {
        let place = &mut next[*group as usize];
        rows[*place as usize] = row;
        *place += 1;
    }
    (rows, starts)
}

/// When each actor first did something from each address that did not fail, by address.
fn used(feed: &Feed, failed: &[u64]) -> (Vec<i64>, Vec<u32>) {
    let mut first: Vec<(u32, i64)> = Vec::new();
    let mut seen: Vec<(u32, u32)> = Vec::new();
    for actor in feed.each_actor() {
        seen.clear();
        let rows = feed.rows_of(actor).iter().copied();
        let counts = |row: &u32| failed[*row as usize / 64] >> (row % 64) & 1 == 0;
        seen.extend(rows.filter(counts).map(|row| (feed.ip[row as usize], row)));
        seen.sort_unstable();
        seen.dedup_by_key(|(ip, _)| *ip);
        first.extend(seen.iter().map(|(ip, row)| (*ip, feed.at(*row))));
    }
    first.sort_unstable();
    let mut starts = vec![0_u32; feed.addresses.len() + 1];
    for (ip, _) in &first {
        starts[*ip as usize + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    (first.into_iter().map(|(_, time)| time).collect(), starts)
}

/// A user agent without its numbers: a browser that was updated is the same device.
fn family(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if c.is_ascii_digit() || matches!(c, '.' | '_') {
            '#'
        } else {
            c
        };
        if c != '#' || !out.ends_with('#') {
            out.push(c);
        }
    }
    out
}
