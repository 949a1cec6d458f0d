//! One row: the fields of an event, in the order in which they depend on each other.
//!
//! Owns: time, fields, targets, changes, verb, identity and flags of one event. Never touches: the choice of the profile.

use super::{
    cells::{Answer, Known},
    changes::Changes,
    leaves::{Content, IdentityKey},
    locator,
    memo::Memo,
    places::Places,
    plan::Planned,
    sip::Seeded,
    values,
    walk::{Columns, Found, Root, Scope},
};
use crate::{
    entry::{Entry, EntryValue, Flags},
    profile::{ChangeRule, Expr, Identity, Profile, Source, TargetRule, Verb},
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
    agents: Memo<Agent>,
    /// What was found for values of the batch at hand, by their numbers.
    agents_of: Vec<Option<Agent>>,
    verbs_of: Vec<Option<KnownVerb>>,
    /// Hashes of provider and organization, by organization.
    scopes: Memo<u64>,
    /// Hash of the provider.
    provider: u64,
    /// Hash of the provider where no organization is named.
    anonymous: u64,
}

/// Client and operating system of a user agent.
type Agent = (Option<&'static str>, Option<&'static str>);

/// The verb that an action always means.
#[derive(Clone, Copy, Debug)]
struct KnownVerb {
    /// Its number in the profile; absent when the action means none.
    verb: Option<usize>,
    /// Numbers of its words in the batch, in the order of [`WORDS`], where they were written before.
    words: [Option<u32>; WORDS.len()],
}

/// The fields that a verb fills.
const WORDS: [Field; 4] = [
    Field::EventCategory,
    Field::EventOperation,
    Field::EventOutcome,
    Field::EventSensitivity,
];

impl Memos {
    /// Says that the batch at hand is an empty one: numbers of values in the one before mean nothing any more.
    pub(crate) fn turn(&mut self) {
        self.agents_of.clear();
        self.verbs_of.clear();
    }
}

/// The place of a value of the batch in a list by numbers.
fn of_value<T: Copy>(list: &mut Vec<Option<T>>, value: u32) -> &mut Option<T> {
    let at = value as usize;
    if list.len() <= at {
        list.resize(at + 1, None);
    }
    &mut list[at]
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
    pub(crate) known: Known,
}

impl Compiled {
    /// The same, without what it remembers.
    pub(crate) fn anew(&self, keys: &IdentityKey) -> Self {
        Self::with(&self.profile, self.guessed, self.clock.anew(), keys)
    }

    pub(crate) fn new(planned: &Planned, now: Instant, keys: &IdentityKey) -> Self {
        let clock = Clock::new(Rules {
            zone: planned.zone,
            order: planned.order,
            formats: planned.profile.time.formats.clone(),
            now,
        });
        Self::with(&planned.profile, planned.guessed, clock, keys)
    }

    fn with(profile: &Arc<Profile>, guessed: bool, clock: Clock, keys: &IdentityKey) -> Self {
        let provider = keys.hash(3, profile.provider.as_bytes());
        Self {
            name: profile.name(),
            guessed,
            clock,
            columns: Columns::default(),
            memos: Memos {
                provider,
                anonymous: keys.hash(provider, b""),
                ..Memos::default()
            },
            places: Places::new(keys),
            known: Known::default(),
            profile: Arc::clone(profile),
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
    /// What the cells of the row gave before; absent for what has no cells.
    pub(crate) known: Option<&'w mut Known>,
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
        match (&scope.whole, &mut self.known) {
            (Root::Cells(cells), Some(known)) => known.take_in(cells, &mut content),
            (root, known) => {
                let known = known.as_deref_mut();
                content.root(root, self.columns, scope.places, exploded, known);
            }
        }
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
        if !self.profile.provider.is_empty() && !self.has(Field::EventProvider) {
            self.push_common(Field::EventProvider, &self.profile.provider);
        }
        self.push_common(Field::Profile, self.name);
        for (field, value) in self.labels {
            if !self.has(*field) {
                self.push_common(*field, value);
            }
        }
        if exploded.is_some()
            && let Some(element) = scope.element
        {
            content.element(element);
        }
        flags = flags.union(content.flags);
        if let EntryValue::Json(value) = self.entry.value {
            flags = flags.union(Flags::of_json(value));
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
    fn push(&mut self, field: Field, value: &str) -> Option<u32> {
        self.present |= u64::from(!value.is_empty()) << field.index();
        self.batch.push(field, 0, value)
    }

    /// Adds a value of a single field that most rows have in common.
    fn push_common(&mut self, field: Field, value: &str) {
        self.present |= u64::from(!value.is_empty()) << field.index();
        self.batch.push_common(field, value);
    }

    /// Adds a value of a single field by its number.
    fn push_again(&mut self, field: Field, value: u32) {
        self.present |= 1 << field.index();
        self.batch.push_again(field, 0, value);
    }

    /// What the expression of this number gave for the same cell before.
    fn answer(&self, expr: usize) -> Answer {
        let known = self.known.as_ref();
        known.map_or(Answer::Unknown, |known| known.answer(expr))
    }

    /// Adds the value that an expression gave. Where its cell was looked for in vain, the batch need not be searched again.
    fn push_of(&mut self, expr: Option<usize>, field: Field, value: &str) -> Option<u32> {
        let known = self.known.as_ref().zip(expr);
        if known.is_some_and(|(known, expr)| known.sought(expr)) {
            self.present |= u64::from(!value.is_empty()) << field.index();
            return self.batch.push_new(field, 0, value);
        }
        self.push(field, value)
    }

    /// What an expression gives, and whether that is what is decided by the cell or leaf that it is bound to.
    fn eval<'e>(&self, scope: &Scope<'e, '_>, expr: &Expr) -> (Option<Cow<'e, str>>, bool) {
        let first_alone = self.known.as_ref().is_some_and(|known| known.first_alone());
        match expr.0.split_first() {
            Some((first, others)) if first_alone => match scope.one(first) {
                Some(value) => (Some(value), true),
                None => (others.iter().find_map(|other| scope.one(other)), false),
            },
            _ => (scope.eval(expr), true),
        }
    }

    fn note(&mut self, expr: usize, value: Option<u32>) {
        if let Some(known) = &mut self.known {
            known.note(expr, value.map_or(Answer::Nothing, Answer::Value));
        }
    }

    fn has(&self, field: Field) -> bool {
        self.present >> field.index() & 1 == 1
    }

    fn value(&self, field: Field) -> Option<&str> {
        if !self.has(field) {
            return None;
        }
        let value = self.batch.open_value(field)?;
        Some(self.batch.column(field).text(value))
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
        let [told, zone] = scope.told_of_time(self.profile);
        if let Some(cell) = &told {
            self.push(Field::EventOriginalTime, &original::literal(cell));
        }
        let Some((read, text)) = best else {
            flags.insert(Flag::NoTime);
            return None;
        };
        *flags = flags.union(read.flags);
        match read.template {
            _ if told.is_some() => None,
            Some(n) => {
                let template = self.clock.template(n);
                self.batch.push_common(Field::EventOriginalTime, template)
            }
            None => self.push(Field::EventOriginalTime, &original::literal(&text)),
        };
        self.present |= 1 << Field::EventOriginalTime.index();
        self.present |=
            u64::from(zone.is_some() || read.note.is_some()) << Field::EventZone.index();
        match (zone, read.note) {
            (Some(zone), _) => self.push(Field::EventZone, &zone),
            (None, Some(n)) => self.batch.push_common(Field::EventZone, self.clock.note(n)),
            (None, None) => None,
        };
        if read.at.is_some()
            && let Cow::Borrowed(text) = text
        {
            content.skip = Some((text.as_ptr(), text.len()));
        }
        read.at
    }

    fn fields(&mut self, scope: &Scope<'_, '_>, flags: &mut Flags) {
        let (mut related, mut agent) = (0u16, None);
        for (n, (field, expr)) in self.profile.fields.iter().enumerate() {
            match self.answer(n) {
                Answer::Unknown => {}
                Answer::Nothing => continue,
                Answer::Value(_) if *field == Field::UserName && self.has(*field) => continue,
                Answer::Value(value) => {
                    self.push_again(*field, value);
                    if *field == Field::UserAgentOriginal {
                        let found = self.agent(value);
                        agent.get_or_insert(found);
                    }
                    continue;
                }
            }
            let (found, first) = self.eval(scope, expr);
            let Some(value) = found else {
                if first {
                    self.note(n, None);
                }
                continue;
            };
            let n = first.then_some(n);
            // The number of the value where nothing but the value decided what was written.
            let pushed = match field {
                Field::SourceIp if values::is_plain_address(&value) => {
                    self.push_of(n, Field::SourceIp, &value)
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
                    None
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
                    None
                }
                Field::SourceCountry => match values::country_code(&value) {
                    Some(code) => self.push(Field::SourceCountry, &code),
                    None => {
                        self.push(Field::SourceCountryName, &value);
                        None
                    }
                },
                Field::EventOutcome => {
                    let words = &self.profile.outcome;
                    let work = |value: &str| values::outcome(value, words);
                    let word = self.memos.outcomes.get(&value, work);
                    self.push(Field::EventOutcome, word)
                }
                Field::UserType => {
                    if value.bytes().any(|b| b.is_ascii_uppercase()) {
                        self.push(Field::UserType, &value.to_lowercase())
                    } else {
                        self.push(Field::UserType, &value)
                    }
                }
                Field::UserAgentOriginal => {
                    let pushed = self.push_of(n, Field::UserAgentOriginal, &value);
                    if let Some(value) = pushed {
                        let found = self.agent(value);
                        agent.get_or_insert(found);
                    }
                    pushed
                }
                Field::UserEmail if !value.contains('@') => {
                    // Logs put names into columns called e-mail; the name is worth more than the column.
                    if !self.has(Field::UserName) {
                        self.push(Field::UserName, &value);
                    }
                    None
                }
                Field::UserName if self.has(Field::UserName) => None,
                Field::EventOriginalTime | Field::EventZone => None,
                field => self.push_of(n, *field, &value),
            };
            if let Some(n) = n.filter(|_| pushed.is_some()) {
                self.note(n, pushed);
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

    /// Client and system of a user agent, by its number in the batch.
    fn agent(&mut self, value: u32) -> Agent {
        if let Some(agent) = *of_value(&mut self.memos.agents_of, value) {
            return agent;
        }
        let work = |agent: &str| (values::agent_name(agent), values::agent_os(agent));
        let text = self.batch.column(Field::UserAgentOriginal).text(value);
        let agent = self.memos.agents.get(text, work);
        *of_value(&mut self.memos.agents_of, value) = Some(agent);
        agent
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
            let first = self.profile.fields.len() + 3 * i;
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
                        self.target(rule, None, &scope.at(element), &mut n);
                    }
                }
                None => self.target(rule, Some(first), scope, &mut n),
            }
        }
    }

    /// Adds one target. `first` is the number of the expression of its kind; those of id and name follow.
    fn target(
        &mut self,
        rule: &TargetRule,
        first: Option<usize>,
        scope: &Scope<'_, '_>,
        n: &mut u16,
    ) {
        if rule.when.as_ref().is_some_and(|c| !scope.holds(c)) {
            return;
        }
        let parts = [
            (Field::TargetType, &rule.kind),
            (Field::TargetId, &rule.id),
            (Field::TargetName, &rule.name),
        ];
        let mut any = false;
        for (i, (field, expr)) in parts.into_iter().enumerate() {
            let number = first.map(|first| first + i);
            match number.map_or(Answer::Unknown, |number| self.answer(number)) {
                Answer::Nothing => continue,
                Answer::Value(_) if *n == u16::MAX => {}
                Answer::Value(value) => self.batch.push_again(field, *n, value),
                Answer::Unknown => {
                    let (found, decided) = self.eval(scope, expr);
                    let number = number.filter(|_| decided);
                    let pushed = match &found {
                        Some(_) if *n == u16::MAX => None,
                        Some(text) => {
                            let known = self.known.as_ref();
                            let sought = known
                                .zip(number)
                                .is_some_and(|(known, number)| known.sought(number));
                            if sought {
                                self.batch.push_new(field, *n, text)
                            } else {
                                self.batch.push(field, *n, text)
                            }
                        }
                        None => None,
                    };
                    if let Some(number) = number.filter(|_| pushed.is_some() == found.is_some()) {
                        self.note(number, pushed);
                    }
                    if found.is_none() {
                        continue;
                    }
                }
            }
            any = true;
        }
        if any && *n < u16::MAX {
            *n += 1;
        }
    }

    fn verb(&mut self) {
        let Some(action) = self.batch.open_value(Field::EventAction) else {
            return;
        };
        if let Some(known) = *of_value(&mut self.memos.verbs_of, action) {
            self.known_verb(action, known);
            return;
        }
        let verbs = &self.profile.verbs;
        let work = |word: &str| verbs.candidates(word).into();
        let text = self.batch.column(Field::EventAction).text(action);
        let numbers = self.memos.verbs.get(text, work);
        let mut found = numbers
            .iter()
            .filter_map(|n| Some((*n, self.profile.verbs.at(*n)?)));
        let always = numbers.iter().find_map(|n| verbs.at(*n));
        if always.is_none_or(|verb| verb.when.is_none()) {
            let known = KnownVerb {
                verb: found.next().map(|(n, _)| n),
                words: [None; WORDS.len()],
            };
            self.known_verb(action, known);
            return;
        }
        let verb = found.find(|(_, verb)| {
            verb.when.as_ref().is_none_or(|condition| {
                self.batch
                    .open(condition.field)
                    .any(|(_, text)| condition.holds(text))
            })
        });
        if let Some((_, verb)) = verb {
            for (field, word) in WORDS.into_iter().zip(words(verb)) {
                if let Some(word) = word
                    && !self.has(field)
                {
                    self.push(field, word);
                }
            }
        }
    }

    /// Fills in the words of the verb that an action always means.
    fn known_verb(&mut self, action: u32, mut known: KnownVerb) {
        if let Some(verb) = known.verb.and_then(|n| self.profile.verbs.at(n)) {
            let all = WORDS.into_iter().zip(words(verb));
            for ((field, word), value) in all.zip(&mut known.words) {
                let Some(word) = word.filter(|_| !self.has(field)) else {
                    continue;
                };
                match *value {
                    Some(value) => self.push_again(field, value),
                    None => *value = self.push(field, word),
                }
            }
        }
        *of_value(&mut self.memos.verbs_of, action) = Some(known);
    }

    fn scope_hash(&mut self) -> u64 {
        let named = [Field::OrganizationId, Field::OrganizationName]
            .into_iter()
            .find(|field| self.has(*field));
        let value = named.and_then(|field| Some((field, self.batch.open_value(field)?)));
        let Some((field, value)) = value else {
            return self.memos.anonymous;
        };
        let organization = self.batch.column(field).text(value);
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

/// What a verb says of each of [`WORDS`].
fn words(verb: &Verb) -> [Option<&'static str>; WORDS.len()] {
    [
        Some(verb.category),
        Some(verb.operation),
        verb.outcome,
        verb.sensitivity,
    ]
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
