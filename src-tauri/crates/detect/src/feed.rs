//! What the detections see of a case: dated events in (time, event number) order, as columns of small numbers.
//!
//! Owns: the port through which events come in ([`Events`]), the interning of who, from where and with what, and the
//! groupings that every detection needs. Never touches: SQL, the case file, verdicts. Ten million events take about half a
//! gigabyte here, so that texts are kept once and a row is a few numbers.

mod builder;

use std::collections::{BTreeMap, HashMap};

use builder::Builder;
use witnessmark_model::{Field, IdentityKey, baseline::SETTLE};

use crate::{kinds::Class, place::Place};

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
    /// How many events will be visited, at most; columns are made that long at once instead of growing.
    fn expected(&self) -> usize {
        0
    }
    /// What the log of a provider does not show.
    fn blind_spots(&self, provider: &str) -> BlindSpots;
    /// Where an address is, if a database says so, and the name of the city where it knows one.
    fn place(&self, _address: &str) -> Option<(Place, String)> {
        None
    }
    /// The name of the one person that a person of the case said an identity belongs to; absent where nobody said so.
    fn joined(&self, _identity: &IdentityKey) -> Option<String> {
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
    /// Who acts; 0 is nobody.
    pub actors: Vec<Actor>,
    /// Addresses; 0 is none.
    pub addresses: Vec<Address>,
    /// Devices; 0 is none.
    pub devices: Vec<Device>,
    /// Places; 0 is unknown.
    pub places: Vec<Place>,
    /// The city of each place, empty where only its country is known.
    pub cities: Vec<String>,
    /// Kinds of events.
    pub kinds: Vec<Kind>,
    /// Systems.
    pub systems: Vec<System>,
    /// Objects; 0 is none.
    pub objects: Vec<Object>,
    /// Rows whose target a detection asks for, in order, with its place in [`Feed::objects`].
    targets: Vec<(u32, u32)>,
    /// Rows of each actor in order, and where each actor's begin.
    by_actor: (Vec<u32>, Vec<u32>),
    /// When each actor did something from an address that did not fail, first, in order; and where each address begins.
    /// Who only tried does not make an address one of many, nor does what came less than a day before: else whoever
    /// guesses passwords, or gets in with them, makes his own address innocent.
    used: (Vec<i64>, Vec<u32>),
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

    /// An empty feed with room for so many events.
    fn sized(rows: usize) -> Self {
        Self {
            time: Vec::with_capacity(rows),
            number: Vec::with_capacity(rows),
            actor: Vec::with_capacity(rows),
            ip: Vec::with_capacity(rows),
            device: Vec::with_capacity(rows),
            place: Vec::with_capacity(rows),
            session: Vec::with_capacity(rows),
            kind: Vec::with_capacity(rows),
            system: Vec::with_capacity(rows),
            ..Self::default()
        }
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

    /// Whether so many actors had used the address of a row by then that it is an office, a VPN or a carrier.
    #[must_use]
    pub fn is_shared(&self, row: u32, least: f64) -> bool {
        let (used, starts) = &self.used;
        let ip = self.ip[row as usize] as usize;
        let (Some(from), Some(to)) = (starts.get(ip), starts.get(ip + 1)) else {
            return false;
        };
        let used = &used[*from as usize..*to as usize];
        let at = self.at(row);
        ip != 0 && used.partition_point(|t| t.saturating_add(SETTLE) <= at) as f64 >= least
    }

    /// The target of a row as a place in [`Feed::objects`]; 0 where it names none, or no detection asks for it.
    #[must_use]
    pub fn object(&self, row: u32) -> u32 {
        let found = self.targets.binary_search_by_key(&row, |(row, _)| *row);
        found.map_or(0, |at| self.targets[at].1)
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

    /// The country of a row as a number, 0 where it is not known: cities of one country are one.
    #[must_use]
    pub fn country(&self, row: u32) -> u64 {
        let country = self.place_of(row).and_then(|place| place.country);
        country.map_or(0, |c| u64::from(u16::from_be_bytes(c)))
    }

    /// The place of a row for people: `Cebu, PH`, or `PH`.
    #[must_use]
    pub fn place_named(&self, row: u32) -> String {
        let code = self
            .place_of(row)
            .map_or_else(|| "??".to_owned(), Place::code);
        match self.cities.get(self.place[row as usize] as usize) {
            Some(city) if !city.is_empty() => format!("{city}, {code}"),
            _ => code,
        }
    }

    /// Whom a row is about: the person it names as its target, else its actor. A name that is an actor's is that actor.
    #[must_use]
    pub fn party(&self, row: u32, known: &HashMap<(u16, String), u32>) -> Party {
        let object = &self.objects[self.object(row) as usize];
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
        found.map_or(Party::Object(self.object(row)), |actor| {
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
