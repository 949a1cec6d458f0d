//! What the detections see of a case: dated events in (time, event number) order, as columns of small numbers.
//!
//! Owns: the port through which events come in ([`Events`]), the interning of who, from where and with what, and the
//! groupings that every detection needs. Never touches: SQL, the case file, verdicts. Ten million events take about half a
//! gigabyte here, so that texts are kept once and a row is a few numbers.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasher, Hasher},
    net::IpAddr,
};

use foldhash::fast::FixedState;
use indexmap::IndexSet;
use witnessmark_model::Field;

use crate::{
    kinds::{Class, Said, classify},
    place::Place,
};

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;
/// Nanoseconds of an hour.
pub const HOUR: i64 = 3_600 * SECOND;
/// Nanoseconds of a day.
pub const DAY: i64 = 24 * HOUR;

macro_rules! fields {
    ($($name:ident = $field:ident;)*) => {
        /// The fields that a feed is made of, in the order of [`Row::codes`].
        pub const FIELDS: &[Field] = &[$(Field::$field,)*];
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, missing_docs)]
        #[derive(Clone, Copy)]
        enum At { $($name,)* }
    };
}

fields! {
    PROVIDER = EventProvider;
    ACTION = EventAction;
    CATEGORY = EventCategory;
    OPERATION = EventOperation;
    OUTCOME = EventOutcome;
    REASON = EventReason;
    KIND = EventType;
    ORG_ID = OrganizationId;
    ORG_NAME = OrganizationName;
    USER_ID = UserId;
    USER_EMAIL = UserEmail;
    USER_NAME = UserName;
    USER_TYPE = UserType;
    IP = SourceIp;
    COUNTRY = SourceCountry;
    DEVICE = UserAgentOriginal;
    SESSION = SessionId;
    TARGET_TYPE = TargetType;
    TARGET_ID = TargetId;
    TARGET_NAME = TargetName;
}

/// One dated event as it comes in. Codes mean a text only together with the part they stand in; 0 is absent. Of list
/// fields the first element counts.
#[derive(Clone, Copy, Debug)]
pub struct Row<'r> {
    /// Part of the store, from 0: within it, equal texts of a field have equal codes.
    pub part: u32,
    /// Nanoseconds since 1970 UTC.
    pub time: i64,
    /// Event number.
    pub number: u64,
    /// Aligned with [`FIELDS`].
    pub codes: &'r [u32],
}

/// What a log does not show, as far as a detection depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Need {
    /// Sign-ins.
    SignIns,
    /// Sign-ins that failed.
    FailedSignIns,
    /// Second factors asked, given, refused.
    Factors,
    /// Session ids.
    Sessions,
    /// Addresses.
    Addresses,
    /// Countries of addresses.
    Countries,
    /// Devices or user agents.
    Devices,
    /// Reading and listing.
    Reads,
    /// What was changed after a sign-in.
    Changes,
    /// Removal of objects.
    Deletions,
    /// Keys and tokens being made or looked at.
    Keys,
    /// Settings of the log itself.
    LogSettings,
}

impl Need {
    /// Every need with the word by which profiles name it.
    pub const ALL: &'static [(Need, &'static str)] = &[
        (Need::SignIns, "sign_ins"),
        (Need::FailedSignIns, "failed_sign_ins"),
        (Need::Factors, "factors"),
        (Need::Sessions, "sessions"),
        (Need::Addresses, "addresses"),
        (Need::Countries, "countries"),
        (Need::Devices, "devices"),
        (Need::Reads, "reads"),
        (Need::Changes, "changes"),
        (Need::Deletions, "deletions"),
        (Need::Keys, "keys"),
        (Need::LogSettings, "log_settings"),
    ];

    /// The need that a word names.
    #[must_use]
    pub fn by_word(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, w)| *w == word)
            .map(|(need, _)| *need)
    }

    /// The word by which profiles name it.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(need, _)| *need == self)
            .map_or("", |(_, word)| word)
    }
}

/// What a provider's log does not show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlindSpots {
    /// What detections depend on and the log does not have.
    pub needs: Vec<Need>,
    /// The sentences of the profile, for people.
    pub sentences: Vec<String>,
}

/// Texts of the part that a row stands in.
pub trait Texts {
    /// The text of a code of a field.
    fn text(&self, part: u32, field: Field, code: u32) -> &str;
}

/// What the detections ask of a case.
pub trait Events {
    /// What can go wrong while events are read.
    type Error;
    /// Visits every visible event that has a time, in (time, event number) order. Gives the number of those without.
    fn visit(&self, visit: &mut dyn FnMut(&Row<'_>, &dyn Texts)) -> Result<u64, Self::Error>;
    /// What the log of a provider does not show.
    fn blind_spots(&self, provider: &str) -> BlindSpots;
    /// Where an address is, if a database says so.
    fn place(&self, _address: &str) -> Option<Place> {
        None
    }
    /// The one person that an identity of a system was merged into, if a person said so.
    fn merged(&self, _provider: &str, _organization: &str, _who: &str) -> Option<String> {
        None
    }
    /// The earliest and the latest instant that can be true; events outside are not judged.
    fn horizon(&self) -> (i64, i64);
    /// Keys the hashes of session ids, so that whoever writes logs cannot choose two that collide.
    fn seed(&self) -> u64;
}

/// A system whose log is in the case: provider and organization.
#[derive(Clone, Debug, Default)]
pub struct System {
    /// `event.provider`.
    pub provider: String,
    /// Id or name of the organization.
    pub organization: String,
    /// What its log does not show.
    pub blind: BlindSpots,
    /// Events on each UTC day since 1970.
    pub days: BTreeMap<i64, u32>,
    /// Sign-ins, successful or not.
    pub sign_ins: u64,
    /// Of these, how many name an address, a place, a device.
    pub with: [u64; 3],
    /// Events with a session id.
    pub sessions: u64,
    /// First and last event.
    pub span: Option<(i64, i64)>,
}

/// Somebody who acts, in one system.
#[derive(Clone, Debug)]
pub struct Actor {
    /// What identifies them: id, else e-mail, else name.
    pub who: String,
    /// What people call them: e-mail, else name, else id.
    pub label: String,
    /// Number of the system.
    pub system: u16,
    /// Whether this is a program: kinds `system`, `api`, `service` and the like.
    pub machine: bool,
}

/// An address.
#[derive(Clone, Debug)]
pub struct Address {
    /// As the log has it.
    pub text: String,
    /// Equal for addresses of one /24 (IPv4) or /48 (IPv6).
    pub network: u64,
    /// Distinct actors seen from it.
    pub actors: u32,
    /// Whether it is of a private or local range, which says nothing of a place.
    pub private: bool,
}

/// A device or user agent.
#[derive(Clone, Debug)]
pub struct Device {
    /// As the log has it.
    pub text: String,
    /// Equal for texts that differ in version numbers only.
    pub family: u32,
}

/// A kind of event.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Kind {
    /// What it means to detections.
    pub class: Class,
    /// The vendor's word.
    pub action: String,
}

/// An audited object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    /// Its kind.
    pub kind: String,
    /// Id, else name.
    pub key: String,
    /// Name, else id.
    pub label: String,
}

/// Dated events in order, as columns of equal length. Number 0 is "absent" in all of them.
#[derive(Default)]
pub struct Feed {
    /// Nanoseconds since 1970 UTC, rising.
    pub time: Vec<i64>,
    /// Event numbers.
    pub number: Vec<u64>,
    /// Place in [`Feed::actors`].
    pub actor: Vec<u32>,
    /// Place in [`Feed::addresses`].
    pub ip: Vec<u32>,
    /// Place in [`Feed::devices`].
    pub device: Vec<u32>,
    /// Place in [`Feed::places`].
    pub place: Vec<u16>,
    /// Keyed hash of system and session id.
    pub session: Vec<u64>,
    /// Place in [`Feed::kinds`].
    pub kind: Vec<u16>,
    /// Place in [`Feed::systems`].
    pub system: Vec<u16>,
    /// Place in [`Feed::objects`]; only where a detection asks for it.
    pub object: Vec<u32>,
    /// Who acts; 0 is nobody.
    pub actors: Vec<Actor>,
    /// Addresses; 0 is none.
    pub addresses: Vec<Address>,
    /// Devices; 0 is none.
    pub devices: Vec<Device>,
    /// Places; 0 is unknown.
    pub places: Vec<Place>,
    /// Kinds of events.
    pub kinds: Vec<Kind>,
    /// Systems.
    pub systems: Vec<System>,
    /// Objects; 0 is none.
    pub objects: Vec<Object>,
    /// Rows of each actor in order, and where each actor's begin.
    by_actor: (Vec<u32>, Vec<u32>),
    /// Visible events without a time.
    pub undated: u64,
    /// Events whose time cannot be true.
    pub out_of_range: u64,
}

/// Classes whose target matters.
const TARGETED: Class = Class(
    Class::ACCOUNT_IN.0
        | Class::ACCOUNT_OUT.0
        | Class::ROLE_GIVEN.0
        | Class::ROLE_TAKEN.0
        | Class::RECIPIENT_IN.0
        | Class::RECIPIENT_OUT.0
        | Class::FACTOR_OFF.0
        | Class::FACTOR_ON.0
        | Class::PASSWORD.0,
);

impl Feed {
    /// Reads every event once.
    ///
    /// # Errors
    /// What reading them fails with.
    pub fn read<E: Events>(events: &E) -> Result<Self, E::Error> {
        let mut builder = Builder::new(events);
        let undated = events.visit(&mut |row, texts| builder.row(row, texts))?;
        let mut feed = builder.finish();
        feed.undated = undated;
        Ok(feed)
    }

    /// Number of events.
    #[must_use]
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there is no event with a time.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// The classes of a row.
    #[must_use]
    pub fn class(&self, row: u32) -> Class {
        self.kinds[self.kind[row as usize] as usize].class
    }

    /// The instant of a row.
    #[must_use]
    pub fn at(&self, row: u32) -> i64 {
        self.time[row as usize]
    }

    /// The rows of an actor, in order.
    #[must_use]
    pub fn rows_of(&self, actor: u32) -> &[u32] {
        let (rows, starts) = &self.by_actor;
        match (starts.get(actor as usize), starts.get(actor as usize + 1)) {
            (Some(from), Some(to)) => &rows[*from as usize..*to as usize],
            _ => &[],
        }
    }

    /// Numbers of the actors.
    pub fn each_actor(&self) -> std::ops::Range<u32> {
        1..self.actors.len() as u32
    }

    /// Rows that have any of the classes, in order.
    #[must_use]
    pub fn rows_with(&self, any: Class) -> Vec<u32> {
        let wanted: Vec<bool> = self.kinds.iter().map(|k| k.class.has(any)).collect();
        if !wanted.contains(&true) {
            return Vec::new();
        }
        let rows = (0_u32..).zip(&self.kind);
        rows.filter(|(_, kind)| wanted[**kind as usize])
            .map(|(row, _)| row)
            .collect()
    }

    /// Whether so many actors use the address of a row that it is an office, a VPN or a carrier.
    #[must_use]
    pub fn is_shared(&self, row: u32, least: f64) -> bool {
        let ip = self.ip[row as usize];
        ip != 0 && f64::from(self.addresses[ip as usize].actors) >= least
    }

    /// The label of an actor.
    #[must_use]
    pub fn who(&self, actor: u32) -> &str {
        match actor {
            0 => "somebody whom the log does not name",
            actor => &self.actors[actor as usize].label,
        }
    }

    /// The address of a row as text; empty where there is none.
    #[must_use]
    pub fn address(&self, row: u32) -> &str {
        &self.addresses[self.ip[row as usize] as usize].text
    }

    /// The place of a row.
    #[must_use]
    pub fn place_of(&self, row: u32) -> Option<&Place> {
        match self.place[row as usize] {
            0 => None,
            place => self.places.get(place as usize),
        }
    }

    /// Whom a row is about: the person it names as its target, else its actor. A name that is an actor's is that actor.
    #[must_use]
    pub fn party(&self, row: u32, known: &HashMap<(u16, String), u32>) -> Party {
        let object = &self.objects[self.object[row as usize] as usize];
        let kind = object.kind.to_lowercase();
        let person = kind.is_empty()
            || ["user", "member", "account", "person", "employee"]
                .iter()
                .any(|w| kind.contains(w));
        if object.key.is_empty() || !person {
            return Party::Actor(self.actor[row as usize]);
        }
        let system = self.system[row as usize];
        let found = [&object.key, &object.label]
            .into_iter()
            .find_map(|text| known.get(&(system, text.to_lowercase())));
        found.map_or(Party::Object(self.object[row as usize]), |actor| {
            Party::Actor(*actor)
        })
    }

    /// Actors by everything they are known under.
    #[must_use]
    pub fn known_as(&self) -> HashMap<(u16, String), u32> {
        let actors = (0_u32..).zip(&self.actors).skip(1);
        actors
            .flat_map(|(n, a)| {
                [
                    ((a.system, a.who.to_lowercase()), n),
                    ((a.system, a.label.to_lowercase()), n),
                ]
            })
            .collect()
    }
}

/// Whom an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// An actor of the case.
    Actor(u32),
    /// An object that never acts.
    Object(u32),
}

type Texted = IndexSet<Box<str>, FixedState>;

/// Codes of one part, translated once.
#[derive(Default)]
struct Part {
    tables: [Vec<u32>; 3],
    sessions: Vec<u64>,
    kinds: HashMap<[u32; 8], u16, FixedState>,
    systems: HashMap<[u32; 3], u16, FixedState>,
    actors: HashMap<[u32; 5], u32, FixedState>,
}

struct Builder<'e, E> {
    events: &'e E,
    feed: Feed,
    parts: Vec<Part>,
    addresses: Texted,
    devices: Texted,
    actors: IndexSet<(u16, Box<str>), FixedState>,
    systems: IndexSet<(Box<str>, Box<str>), FixedState>,
    kinds: IndexSet<Kind, FixedState>,
    objects: IndexSet<Object, FixedState>,
    families: Texted,
    places: HashMap<(Option<[u8; 2]>, u64, u64), u16>,
    countries: HashMap<String, u16>,
    ip_places: Vec<u16>,
    horizon: (i64, i64),
    hasher: FixedState,
}

/// Distinct kinds and systems that are told apart; of more, only the class counts. A profile that takes a sentence for
/// an action would otherwise make one kind an event.
const MOST_KINDS: usize = 60_000;

impl<'e, E: Events> Builder<'e, E> {
    fn new(events: &'e E) -> Self {
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
                actors: 0,
                private: true,
            }],
            devices: vec![Device {
                text: String::new(),
                family: 0,
            }],
            places: vec![Place::default()],
            objects: vec![none()],
            ..Feed::default()
        };
        let state = FixedState::default;
        let mut builder = Self {
            events,
            feed,
            parts: Vec::new(),
            addresses: Texted::with_hasher(state()),
            devices: Texted::with_hasher(state()),
            actors: IndexSet::with_hasher(state()),
            systems: IndexSet::with_hasher(state()),
            kinds: IndexSet::with_hasher(state()),
            objects: IndexSet::with_hasher(state()),
            families: Texted::with_hasher(state()),
            places: HashMap::new(),
            countries: HashMap::new(),
            ip_places: vec![0],
            horizon: events.horizon(),
            hasher: FixedState::with_seed(events.seed()),
        };
        // Number 0 of each is "absent".
        builder.addresses.insert("".into());
        builder.devices.insert("".into());
        builder.families.insert("".into());
        builder.actors.insert((0, "".into()));
        builder.objects.insert(none());
        builder
    }

    fn row(&mut self, row: &Row<'_>, texts: &dyn Texts) {
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
        let kind = match self.parts[part].kinds.get(&key) {
            Some(kind) => *kind,
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
                let kind = self.kind(classify(&said), said.action);
                self.parts[part].kinds.insert(key, kind);
                kind
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
        let actor = if key[..3] == [0; 3] {
            0
        } else {
            match self.parts[part].actors.get(&key) {
                Some(actor) => *actor,
                None => {
                    let names = [text(At::USER_ID), text(At::USER_EMAIL), text(At::USER_NAME)];
                    let actor = self.actor(system, names, text(At::USER_TYPE));
                    self.parts[part].actors.insert(key, actor);
                    actor
                }
            }
        };

        let ip = self.translated(part, 0, code(At::IP), || text(At::IP));
        let device = self.translated(part, 1, code(At::DEVICE), || text(At::DEVICE));
        let mut place = self.translated(part, 2, code(At::COUNTRY), || text(At::COUNTRY)) as u16;
        if place == 0 {
            place = self.ip_places[ip as usize];
        }
        let session = self.session(part, system, code(At::SESSION), || text(At::SESSION));
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
        feed.time.push(row.time);
        feed.number.push(row.number);
        feed.actor.push(actor);
        feed.ip.push(ip);
        feed.device.push(device);
        feed.place.push(place);
        feed.session.push(session);
        feed.kind.push(kind);
        feed.system.push(system);
        feed.object.push(object);
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

    fn session<'t>(
        &mut self,
        part: usize,
        system: u16,
        code: u32,
        text: impl FnOnce() -> &'t str,
    ) -> u64 {
        if code == 0 {
            return 0;
        }
        let at = code as usize;
        let known = &mut self.parts[part].sessions;
        if known.len() <= at {
            known.resize((at + 1).max(known.len() * 2), 0);
        }
        if known[at] == 0 {
            let mut hasher = self.hasher.build_hasher();
            hasher.write(text().as_bytes());
            known[at] = hasher.finish().max(1);
        }
        (known[at] ^ u64::from(system).wrapping_mul(0x9e37_79b9_7f4a_7c15)).max(1)
    }

    fn address(&mut self, text: &str) -> u32 {
        let (number, new) = self.addresses.insert_full(text.into());
        if new {
            let parsed = text.parse::<IpAddr>().ok();
            let network = match parsed.map(|ip| ip.to_canonical()) {
                Some(IpAddr::V4(v4)) => u64::from(u32::from(v4) >> 8),
                Some(IpAddr::V6(v6)) => 1 << 60 | (u128::from(v6) >> 80) as u64,
                None => 1 << 61 | number as u64,
            };
            let private = match parsed.map(|ip| ip.to_canonical()) {
                Some(IpAddr::V4(v4)) => {
                    v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_unspecified()
                }
                Some(IpAddr::V6(v6)) => {
                    v6.is_loopback()
                        || v6.is_unspecified()
                        || v6.is_unique_local()
                        || v6.is_unicast_link_local()
                }
                None => false,
            };
            let place = if private {
                None
            } else {
                self.events.place(text)
            };
            let place = place.map_or(0, |place| self.place(place));
            self.ip_places.push(place);
            self.feed.addresses.push(Address {
                text: text.to_owned(),
                network,
                actors: 0,
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
        let place = Place::of_country(text).map_or(0, |place| self.place(place));
        self.countries.insert(text.to_owned(), place);
        place
    }

    fn place(&mut self, place: Place) -> u16 {
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

    fn actor(&mut self, system: u16, [id, email, name]: [&str; 3], kind: &str) -> u32 {
        let first = |of: [&str; 3]| {
            of.into_iter()
                .find(|t| !t.is_empty())
                .unwrap_or_default()
                .to_owned()
        };
        let own = first([id, email, name]);
        let merged = {
            let system = &self.feed.systems[system as usize];
            self.events
                .merged(&system.provider, &system.organization, &own)
        };
        let who = merged.clone().unwrap_or(own);
        let (number, new) = self.actors.insert_full((system, who.to_lowercase().into()));
        if new {
            let label = merged.unwrap_or_else(|| first([email, name, id]));
            let kind = kind.to_lowercase();
            let machine = [
                "system",
                "api",
                "service",
                "app",
                "bot",
                "integration",
                "awsservice",
                "assumedrole",
            ]
            .iter()
            .any(|w| kind.starts_with(w));
            self.feed.actors.push(Actor {
                who,
                label,
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

    fn finish(mut self) -> Feed {
        self.parts.clear();
        let mut feed = self.feed;
        drop((self.addresses, self.devices, self.actors, self.objects));
        feed.by_actor = grouped(&feed.actor, feed.actors.len());
        count_actors(&mut feed);
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

/// How many actors use each address.
fn count_actors(feed: &mut Feed) {
    let mut counts = vec![0_u32; feed.addresses.len()];
    let mut seen: Vec<u32> = Vec::new();
    for actor in feed.each_actor() {
        seen.clear();
        seen.extend(feed.rows_of(actor).iter().map(|row| feed.ip[*row as usize]));
        seen.sort_unstable();
        seen.dedup();
        for ip in &seen {
            counts[*ip as usize] += 1;
        }
    }
    for (address, count) in feed.addresses.iter_mut().zip(counts) {
        address.actors = count;
    }
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
