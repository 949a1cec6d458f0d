//! One row: the fields of an event, in the order in which they depend on each other.
//!
//! Owns: time, fields, targets, changes, verb, identity and flags of one event. Never touches: the choice of the profile.

use super::{
    changes::Changes,
    leaves::{Content, IdentityKey},
    locator,
    memo::Memo,
    places::Places,
    plan::Planned,
    sip::Seeded,
    values,
    walk::{Columns, Found, Scope},
};
use crate::{
    entry::{Entry, EntryValue, Flags},
    json::Value,
    profile::{ChangeRule, Identity, Profile, Source, TargetRule},
    times::{Clock, Read, Rules},
};
use std::{borrow::Cow, sync::Arc};
use witnessmark_model::{Batch, Field, Flag, Instant, time::original};

/// What the same text gave before.
#[derive(Debug, Default)]
pub(crate) struct Memos {
    /// Numbers of the verbs that an action can mean.
    verbs: Memo<Arc<[usize]>>,
    outcomes: Memo<&'static str>,
    /// Client and operating system.
    agents: Memo<(Option<&'static str>, Option<&'static str>)>,
    /// Hashes of provider and organization, by organization.
    scopes: Memo<u64>,
    /// Hash of the provider.
    provider: u64,
}

/// A profile made ready for one source.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) profile: Arc<Profile>,
    pub(crate) name: String,
    pub(crate) guessed: bool,
    pub(crate) clock: Clock,
    pub(crate) columns: Columns,
    pub(crate) memos: Memos,
    pub(crate) places: Places,
}

impl Compiled {
    pub(crate) fn new(planned: &Planned, now: Instant, keys: &IdentityKey) -> Self {
        Self {
            name: planned.profile.name(),
            guessed: planned.guessed,
            clock: Clock::new(Rules {
                zone: planned.zone,
                order: planned.order,
                formats: planned.profile.time.formats.clone(),
                now,
            }),
            columns: Columns::default(),
            memos: Memos {
                provider: keys.hash(3, planned.profile.provider.as_bytes()),
                ..Memos::default()
            },
            places: Places::new(keys),
            profile: Arc::clone(&planned.profile),
        }
    }
}

/// Writes the rows of one entry.
pub(crate) struct RowWriter<'w, 'b> {
    pub(crate) profile: &'w Profile,
    pub(crate) name: &'w str,
    pub(crate) labels: &'w [(Field, String)],
    pub(crate) keys: &'w IdentityKey,
    pub(crate) clock: &'w mut Clock,
    pub(crate) memos: &'w mut Memos,
    pub(crate) columns: &'w mut Vec<Seeded>,
    pub(crate) entry: &'w Entry<'w>,
    pub(crate) batch: &'b mut Batch,
    /// A bit for each single field that the open row has.
    pub(crate) present: u64,
}

// One bit a field.
const _: () = assert!(Field::COUNT <= 64);

impl RowWriter<'_, '_> {
    /// Writes one event. `exploded` is the key of the list whose element this event is.
    pub(crate) fn write<'e>(&mut self, scope: &Scope<'e, '_>, part: u32, exploded: Option<&str>) {
        let mut flags = self.entry.flags;
        let mut content = Content::new(self.keys);
        self.present = 0;
        let at = self.time(scope, &mut flags, &mut content);
        // First, because it notes where the paths of the fields lead.
        content.root(&scope.whole, self.columns, scope.places, exploded);
        self.fields(scope, &mut flags);
        self.targets(scope);
        let mut changes = Changes {
            batch: self.batch,
            count: 0,
        };
        for (i, rule) in self.profile.changes.iter().enumerate() {
            let before = self.profile.changes[..i]
                .iter()
                .filter_map(ChangeRule::place);
            let again = |path| before.clone().any(|b| scope.is_same_column(path, b));
            if rule.place().is_some_and(again) {
                continue;
            }
            changes.apply(rule, scope);
        }
        self.verb();
        if !self.profile.provider.is_empty() {
            self.push(Field::EventProvider, &self.profile.provider);
        }
        self.push(Field::Profile, self.name);
        for (field, value) in self.labels {
            if !self.has(*field) {
                self.push(*field, value);
            }
        }
        if exploded.is_some()
            && let Some(element) = scope.element
        {
            content.element(element);
        }
        flags = flags.union(content.flags);
        if let EntryValue::Json(value) = self.entry.value {
            flags = flags.union(json_flags(value));
        }
        let known = [
            Field::EventAction,
            Field::UserId,
            Field::UserEmail,
            Field::UserName,
            Field::ErrorMessage,
        ];
        if at.is_none() && !known.iter().any(|f| self.has(*f)) {
            flags.insert(Flag::Opaque);
        }
        let found = (!flags.is_empty()).then(|| flags.iter());
        for (i, flag) in found.into_iter().flatten().enumerate() {
            self.batch.push(Field::Problems, i as u16, flag.code());
        }
        let of = self.scope_hash();
        let identity = self.identity(&content, at, of);
        let vendor = self.vendor_id(part, exploded.is_some(), of);
        self.batch
            .end_row(at, locator(self.entry, part), identity, vendor);
    }

    /// Adds a value of a single field; an empty one is absent.
    fn push(&mut self, field: Field, value: &str) {
        self.present |= u64::from(!value.is_empty()) << field.index();
        self.batch.push(field, 0, value);
    }

    fn has(&self, field: Field) -> bool {
        self.present >> field.index() & 1 == 1
    }

    fn value(&self, field: Field) -> Option<&str> {
        if !self.has(field) {
            return None;
        }
        self.batch.open(field).next().map(|(_, text)| text)
    }

    fn time<'e>(
        &mut self,
        scope: &Scope<'e, '_>,
        flags: &mut Flags,
        content: &mut Content<'_>,
    ) -> Option<Instant> {
        let mut best: Option<(Read, Cow<'e, str>)> = None;
        for alternative in &self.profile.time.value.0 {
            let Some(text) = scope.one(alternative) else {
                continue;
            };
            let pair = match &alternative.source {
                Source::Path(path) if text.starts_with('{') => epoch_pair(scope, path),
                _ => None,
            };
            let read = match pair {
                Some((seconds, nanos)) => self.clock.read_epoch_pair(seconds, nanos),
                None => self.clock.read(&text),
            };
            let dated = read.at.is_some();
            if dated || best.is_none() {
                best = Some((read, text));
            }
            if dated {
                break;
            }
        }
        let Some((read, text)) = best else {
            flags.insert(Flag::NoTime);
            return None;
        };
        *flags = flags.union(read.flags);
        match read.template {
            Some(n) => self
                .batch
                .push(Field::EventOriginalTime, 0, self.clock.template(n)),
            None => self.push(Field::EventOriginalTime, &original::literal(&text)),
        }
        self.present |= 1 << Field::EventOriginalTime.index();
        if let Some(n) = read.note {
            self.present |= 1 << Field::EventZone.index();
            self.batch.push(Field::EventZone, 0, self.clock.note(n));
        }
        if read.at.is_some()
            && let Cow::Borrowed(text) = text
        {
            content.skip = Some((text.as_ptr(), text.len()));
        }
        read.at
    }

    fn fields(&mut self, scope: &Scope<'_, '_>, flags: &mut Flags) {
        let (mut related, mut agent) = (0u16, None);
        for (field, expr) in &self.profile.fields {
            let Some(value) = scope.eval(expr) else {
                continue;
            };
            match field {
                Field::SourceIp if values::is_plain_address(&value) => {
                    self.push(Field::SourceIp, &value);
                }
                Field::SourceIp => {
                    let mut first = true;
                    for text in value.split([',', ' ', ';']).filter(|t| !t.is_empty()) {
                        match values::address(text) {
                            Some(ip) if first => {
                                first = false;
                                self.push_address(Field::SourceIp, 0, text, ip);
                            }
                            Some(ip) => {
                                self.push_address(Field::RelatedIp, related, text, ip);
                                related += 1;
                            }
                            None => flags.insert(Flag::UnreadableAddress),
                        }
                    }
                }
                Field::RelatedIp => {
                    for text in value.split([',', ' ', ';']).filter(|t| !t.is_empty()) {
                        if let Some(ip) = values::address(text) {
                            let own = self
                                .value(Field::SourceIp)
                                .is_some_and(|s| s.parse() == Ok(ip));
                            if !own {
                                self.push_address(Field::RelatedIp, related, text, ip);
                                related += 1;
                            }
                        } else {
                            flags.insert(Flag::UnreadableAddress);
                        }
                    }
                }
                Field::SourceCountry => match values::country_code(&value) {
                    Some(code) => self.push(Field::SourceCountry, &code),
                    None => self.push(Field::SourceCountryName, &value),
                },
                Field::EventOutcome => {
                    let words = &self.profile.outcome;
                    let work = |value: &str| values::outcome(value, words);
                    let word = self.memos.outcomes.get(&value, work);
                    self.push(Field::EventOutcome, word);
                }
                Field::UserType => {
                    if value.bytes().any(|b| b.is_ascii_uppercase()) {
                        self.push(Field::UserType, &value.to_lowercase());
                    } else {
                        self.push(Field::UserType, &value);
                    }
                }
                Field::UserAgentOriginal => {
                    let work = |agent: &str| (values::agent_name(agent), values::agent_os(agent));
                    let found = self.memos.agents.get(&value, work);
                    agent.get_or_insert(found);
                    self.push(Field::UserAgentOriginal, &value);
                }
                Field::UserEmail if !value.contains('@') => {
                    // Logs put names into columns called e-mail; the name is worth more than the column.
                    if !self.has(Field::UserName) {
                        self.push(Field::UserName, &value);
                    }
                }
                Field::UserName if self.has(Field::UserName) => {}
                field => self.push(*field, &value),
            }
        }
        // Last, so that a name or system that the log itself gives counts.
        if let Some((name, os)) = agent {
            if let Some(name) = name.filter(|_| !self.has(Field::UserAgentName)) {
                self.push(Field::UserAgentName, name);
            }
            if let Some(os) = os.filter(|_| !self.has(Field::UserAgentOs)) {
                self.push(Field::UserAgentOs, os);
            }
        }
    }

    fn push_address(&mut self, field: Field, element: u16, text: &str, ip: std::net::IpAddr) {
        self.present |= 1 << field.index();
        // Most addresses already stand in their one spelling.
        if ip.is_ipv4() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            self.batch.push(field, element, text);
        } else {
            self.batch.push(field, element, &ip.to_string());
        }
    }

    fn targets(&mut self, scope: &Scope<'_, '_>) {
        let mut n = 0u16;
        for (i, rule) in self.profile.targets.iter().enumerate() {
            let before = self.profile.targets[..i]
                .iter()
                .filter_map(|r| r.each.as_ref());
            let again = |path| before.clone().any(|b| scope.is_same_column(path, b));
            if rule.each.as_ref().is_some_and(again) {
                continue;
            }
            match &rule.each {
                Some(path) => {
                    for element in scope.elements(path) {
                        self.target(rule, &scope.at(element), &mut n);
                    }
                }
                None => self.target(rule, scope, &mut n),
            }
        }
    }

    fn target(&mut self, rule: &TargetRule, scope: &Scope<'_, '_>, n: &mut u16) {
        if rule.when.as_ref().is_some_and(|c| !scope.holds(c)) {
            return;
        }
        let (kind, id, name) = (
            scope.eval(&rule.kind),
            scope.eval(&rule.id),
            scope.eval(&rule.name),
        );
        if (kind.is_none() && id.is_none() && name.is_none()) || *n == u16::MAX {
            return;
        }
        self.batch
            .push(Field::TargetType, *n, kind.as_deref().unwrap_or(""));
        self.batch
            .push(Field::TargetId, *n, id.as_deref().unwrap_or(""));
        self.batch
            .push(Field::TargetName, *n, name.as_deref().unwrap_or(""));
        *n += 1;
    }

    fn verb(&mut self) {
        if !self.has(Field::EventAction) {
            return;
        }
        let Some((_, action)) = self.batch.open(Field::EventAction).next() else {
            return;
        };
        let verbs = &self.profile.verbs;
        let work = |word: &str| verbs.candidates(word).into();
        let numbers = self.memos.verbs.get(action, work);
        let verb = numbers
            .iter()
            .filter_map(|n| self.profile.verbs.at(*n))
            .find(|verb| {
                verb.when.as_ref().is_none_or(|condition| {
                    self.batch
                        .open(condition.field)
                        .any(|(_, text)| condition.holds(text))
                })
            });
        let Some(verb) = verb else {
            return;
        };
        for (field, word) in [
            (Field::EventCategory, Some(verb.category)),
            (Field::EventOperation, Some(verb.operation)),
            (Field::EventOutcome, verb.outcome),
            (Field::EventSensitivity, verb.sensitivity),
        ] {
            if let Some(word) = word
                && !self.has(field)
            {
                self.push(field, word);
            }
        }
    }

    fn scope_hash(&mut self) -> u64 {
        let named = [Field::OrganizationId, Field::OrganizationName]
            .into_iter()
            .find(|field| self.present >> field.index() & 1 == 1);
        let organization = named
            .and_then(|field| self.batch.open(field).next())
            .map_or("", |(_, text)| text);
        let (keys, provider) = (self.keys, self.memos.provider);
        let work = |organization: &str| keys.hash(provider, organization.as_bytes());
        self.memos.scopes.get(organization, work)
    }

    fn identity(&self, content: &Content<'_>, at: Option<Instant>, of: u64) -> u64 {
        let sum = match &self.profile.identity {
            Identity::Entry => content.sum,
            Identity::Fields(fields) => {
                let mut sum = 0u64;
                for (i, field) in fields.iter().enumerate() {
                    // A field that a profile names twice counts once.
                    if fields[..i].contains(field) {
                        continue;
                    }
                    for (element, text) in self.batch.open(*field) {
                        let seed = (field.index() as u64) << 16 | u64::from(element);
                        sum = sum.wrapping_add(self.keys.hash(seed, text.as_bytes()));
                    }
                }
                sum
            }
        };
        let instant = at.map_or([0u8; 9], |at| {
            let mut bytes = [1u8; 9];
            bytes[..8].copy_from_slice(&at.0.to_le_bytes());
            bytes
        });
        self.keys.hash(sum ^ of, &instant)
    }

    /// The parts of one entry share its id, so the part counts where there may be several.
    fn vendor_id(&self, part: u32, exploded: bool, of: u64) -> u64 {
        let Some(id) = self.value(Field::EventId) else {
            return 0;
        };
        let part = if exploded { u64::from(part) } else { 0 };
        // 0 means that there is no vendor id.
        self.keys.hash(of.wrapping_add(part), id.as_bytes()).max(1)
    }
}

/// What the reader of JSON saw in the whole entry.
fn json_flags(value: Value<'_>) -> Flags {
    let mut flags = Flags::NONE;
    if value.duplicate_key() {
        flags.insert(Flag::DuplicateKey);
    }
    if value.big_number() {
        flags.insert(Flag::BigNumber);
    }
    if value.invalid_encoding() {
        flags.insert(Flag::InvalidEncoding);
    }
    flags
}

/// `{"epochSecond": 1, "nano": 2}`.
fn epoch_pair(scope: &Scope<'_, '_>, path: &crate::profile::path::Path) -> Option<(i64, u32)> {
    let mut out = None;
    scope.visit(path, &mut |found| {
        if let Found::Json(value) = found {
            let number = |keys: &[&str]| {
                keys.iter()
                    .find_map(|k| value.get(k))
                    .and_then(|v| v.text())
            };
            let seconds =
                number(&["epochSecond", "seconds", "epochSeconds"]).and_then(|t| t.parse().ok());
            let nanos = number(&["nano", "nanos"])
                .and_then(|t| t.parse().ok())
                .unwrap_or(0);
            out = seconds.map(|s| (s, nanos));
        }
        out.is_some()
    });
    out
}
