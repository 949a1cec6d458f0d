//! What events are grouped by: a field, or an actor, a device, a record, each value with one number over all segments.
//!
//! Owns: the numbers and the texts of the values of an axis. Never touches: counting, which rows are selected.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, OnceLock},
};

use witnessmark_model::{ActorParts, Field, IdentityKey, actor};

use super::{Query, combine::Combined, globals::Globals};
use crate::{
    Result,
    segment::{Column, Dictionary},
};

/// What events are grouped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Axis {
    /// The values of a field; a value of a list counts once an event. Not for `event.original_time`, whose texts are
    /// made anew for each event, and `witnessmark.problems`, to which later imports add: facets know those.
    Field(Field),
    /// The actor: every identity that a person joined is one. Events that name nobody have none.
    Actor,
    /// One identity of an actor, whatever a person joined.
    Identity,
    /// The device, as `Chrome on Windows`, else the log's own text.
    Device,
    /// A record: type and id, or type and name where there is no id. A target without either is no record.
    Record,
}

/// Fields of an actor, in the order of a combination.
pub(crate) const ACTOR: &[Field] = &[
    Field::UserId,
    Field::UserEmail,
    Field::UserName,
    Field::UserType,
    Field::EventProvider,
    Field::OrganizationId,
    Field::OrganizationName,
];
const DEVICE: &[Field] = &[
    Field::UserAgentName,
    Field::UserAgentOs,
    Field::UserAgentOriginal,
];
const RECORD: &[Field] = &[Field::TargetId, Field::TargetType, Field::TargetName];

/// A record.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordKey {
    /// Kind of object; empty when the log does not say.
    pub r#type: String,
    /// Its id, or its name where it has no id.
    pub id: String,
    /// Whether `id` is a name, because the log gives no id.
    pub named: bool,
}

/// An identity and everything that events say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Under which key it is known.
    pub key: IdentityKey,
    /// Ids that stand beside it, in order of bytes.
    pub ids: Vec<String>,
    /// E-mails.
    pub emails: Vec<String>,
    /// Names.
    pub names: Vec<String>,
    /// Kinds of actor.
    pub kinds: Vec<String>,
}

/// The values of an axis over a snapshot. Numbers begin at 1; 0 is absent.
#[derive(Clone)]
pub struct Values {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    Field {
        globals: Arc<Globals>,
        dictionaries: Arc<[Arc<Dictionary>]>,
    },
    Derived {
        combined: Arc<[Arc<Combined>]>,
        numbered: Arc<Numbered>,
    },
}

/// Values of a derived axis.
#[derive(Default)]
pub(crate) struct Numbered {
    /// For each segment, the number of each combination.
    of_code: Vec<Vec<u32>>,
    /// Text of each number, from 1.
    texts: Vec<String>,
    /// Only for records: the key of each number.
    records: Vec<RecordKey>,
    /// Only for devices: browser, system and text of each way in which the log says it; of a device whose browser or
    /// system is known the text is left empty.
    forms: Vec<Vec<[String; 3]>>,
    /// Only for actors: every identity of the case, in order of their keys.
    identities: Vec<Identity>,
    /// Only for actors: the identities of each number, positions in `identities`.
    members: Vec<Vec<u32>>,
    /// Only for actors: ids, e-mails and names that several of them have; made when first asked for.
    shared: OnceLock<HashSet<String>>,
}

impl Identity {
    /// Its ids, e-mails and names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let all = self.ids.iter().chain(&self.emails).chain(&self.names);
        all.map(String::as_str)
    }
}

impl Numbered {
    fn shared(&self) -> &HashSet<String> {
        self.shared.get_or_init(|| {
            let mut holder: HashMap<&str, u32> = HashMap::new();
            let mut shared = HashSet::new();
            for (actor, members) in (0_u32..).zip(&self.members) {
                for at in members {
                    for name in self.identities[*at as usize].names() {
                        if *holder.entry(name).or_insert(actor) != actor {
                            shared.insert(name.to_owned());
                        }
                    }
                }
            }
            shared
        })
    }

    pub(crate) fn bytes(&self) -> usize {
        self.of_code.iter().map(|n| n.len() * 4).sum::<usize>()
            + self.texts.iter().map(|t| t.len() + 48).sum::<usize>()
            + self.identities.len() * 256
            + self.records.len() * 96
    }
}

impl Values {
    /// One more than the greatest number.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.kind {
            Kind::Field { globals, .. } => globals.len(),
            Kind::Derived { numbered, .. } => numbered.texts.len() + 1,
        }
    }

    /// Whether there is no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 1
    }

    /// The text of a number; empty for 0 and for numbers that are not there.
    #[must_use]
    pub fn text(&self, number: u32) -> &str {
        match &self.kind {
            _ if number == 0 || number as usize >= self.len() => "",
            Kind::Field {
                globals,
                dictionaries,
            } => {
                let (segment, code) = globals.place(number);
                dictionaries[segment].text(code)
            }
            Kind::Derived { numbered, .. } => &numbered.texts[number as usize - 1],
        }
    }

    /// The record of a number of [`Axis::Record`].
    #[must_use]
    pub fn record(&self, number: u32) -> Option<&RecordKey> {
        match &self.kind {
            Kind::Derived { numbered, .. } => {
                numbered.records.get((number as usize).checked_sub(1)?)
            }
            Kind::Field { .. } => None,
        }
    }

    /// The ways in which the log says a device of [`Axis::Device`]: browser, operating system, and the log's own text
    /// where neither is known. Empty text means absent.
    #[must_use]
    pub fn forms(&self, number: u32) -> &[[String; 3]] {
        match &self.kind {
            Kind::Derived { numbered, .. } if number > 0 => numbered
                .forms
                .get(number as usize - 1)
                .map_or(&[], Vec::as_slice),
            _ => &[],
        }
    }

    /// Every identity of the case in order of keys, of [`Axis::Actor`] and [`Axis::Identity`].
    #[must_use]
    pub fn identities(&self) -> &[Identity] {
        match &self.kind {
            Kind::Derived { numbered, .. } => &numbered.identities,
            Kind::Field { .. } => &[],
        }
    }

    /// The identities of an actor, as positions in [`Values::identities`].
    #[must_use]
    pub fn members(&self, number: u32) -> &[u32] {
        match &self.kind {
            Kind::Derived { numbered, .. } if number > 0 => numbered
                .members
                .get(number as usize - 1)
                .map_or(&[], Vec::as_slice),
            _ => &[],
        }
    }

    /// Whether an actor, and no other one of the case, has this id, e-mail or name, exactly as it is written.
    #[must_use]
    pub fn only(&self, name: &str, number: u32) -> bool {
        let Kind::Derived { numbered, .. } = &self.kind else {
            return false;
        };
        let holds = |at: &u32| {
            let identity = &numbered.identities[*at as usize];
            let mut names = identity.names();
            names.any(|text| text == name)
        };
        self.members(number).iter().any(holds) && !numbered.shared().contains(name)
    }

    /// The numbers of the codes of a segment; absent where each code is its own number.
    pub(crate) fn numbers(&self, segment: usize) -> Option<&[u32]> {
        match &self.kind {
            Kind::Field { globals, .. } => globals.of_code.get(segment).map(Vec::as_slice),
            Kind::Derived { numbered, .. } => Some(&numbered.of_code[segment]),
        }
    }

    /// The number of a code of a segment.
    pub(crate) fn number(&self, segment: usize, code: u32) -> u32 {
        match &self.kind {
            Kind::Field { globals, .. } => globals.number(segment, code),
            Kind::Derived { numbered, .. } => numbered.of_code[segment][code as usize],
        }
    }

    /// Codes of a segment: one more than the greatest.
    pub(crate) fn codes(&self, segment: usize) -> usize {
        match &self.kind {
            Kind::Field { dictionaries, .. } => dictionaries[segment].len(),
            Kind::Derived { combined, .. } => combined[segment].tuples.len(),
        }
    }
}

impl Query<'_> {
    /// The values of an axis. Made once while the case is open and its events and merges stay as they are.
    pub fn values(&self, axis: Axis) -> Result<Values> {
        let kind = match axis {
            Axis::Field(field) => {
                let segments = self.snapshot.segments.iter();
                let dictionaries: Result<Vec<_>> =
                    segments.map(|s| s.columns.dictionary(field)).collect();
                Kind::Field {
                    globals: self.globals(field)?,
                    dictionaries: dictionaries?.into(),
                }
            }
            Axis::Actor | Axis::Identity => self.derived(axis, ACTOR)?,
            Axis::Device => self.derived(axis, DEVICE)?,
            Axis::Record => self.derived(axis, RECORD)?,
        };
        Ok(Values { kind })
    }

    fn derived(&self, axis: Axis, fields: &'static [Field]) -> Result<Kind> {
        let combined = self.combined(fields)?;
        let merges = match axis {
            Axis::Actor => self.facts.merges()?,
            _ => Vec::new(),
        };
        let ids: Vec<u64> = self.snapshot.segments.iter().map(|s| s.id).collect();
        let numbered = self.caches.numbered(axis, ids, &merges, || {
            self.number_all(axis, fields, &combined, &merges)
        })?;
        Ok(Kind::Derived {
            combined: combined.into(),
            numbered,
        })
    }

    /// The column of an axis in a chunk.
    pub(crate) fn axis_column(
        &self,
        axis: Axis,
        values: &Values,
        segment: usize,
        chunk: usize,
    ) -> Result<Column> {
        match (&values.kind, axis) {
            (Kind::Derived { combined, .. }, _) => Ok(combined[segment].chunks[chunk].clone()),
            (_, Axis::Field(field)) => self.snapshot.segments[segment].columns.column(field, chunk),
            _ => Ok(Column::Absent),
        }
    }

    fn number_all(
        &self,
        axis: Axis,
        fields: &[Field],
        combined: &[Arc<Combined>],
        merges: &[Vec<IdentityKey>],
    ) -> Result<Numbered> {
        let mut numbered = Numbered::default();
        let mut texts: HashMap<String, u32> = HashMap::new();
        let mut records: HashMap<RecordKey, u32> = HashMap::new();
        let mut faces = Faces::default();
        for (segment, combined) in self.snapshot.segments.iter().zip(combined) {
            let dictionaries: Result<Vec<Arc<Dictionary>>> = fields
                .iter()
                .map(|field| segment.columns.dictionary(*field))
                .collect();
            let dictionaries = dictionaries?;
            let mut numbers = Vec::with_capacity(combined.tuples.len());
            for tuple in &combined.tuples {
                let text = |at: usize| dictionaries[at].text(tuple[at]);
                numbers.push(match axis {
                    Axis::Record => record(text(1), text(0), text(2)).map_or(0, |key| {
                        let next = records.len() as u32 + 1;
                        *records.entry(key.clone()).or_insert_with(|| {
                            numbered.texts.push(format!("{}/{}", key.r#type, key.id));
                            numbered.records.push(key);
                            next
                        })
                    }),
                    Axis::Actor | Axis::Identity => faces.add(&ActorParts {
                        id: text(0),
                        email: text(1),
                        name: text(2),
                        kind: text(3),
                        provider: text(4),
                        organization_id: text(5),
                        organization_name: text(6),
                    }),
                    _ => actor::device(text(0), text(1), text(2)).map_or(0, |name| {
                        let next = texts.len() as u32 + 1;
                        let number = *texts.entry(name.clone()).or_insert_with(|| {
                            numbered.texts.push(name);
                            numbered.forms.push(Vec::new());
                            next
                        });
                        let unnamed = text(0).is_empty() && text(1).is_empty();
                        let original = if unnamed { text(2) } else { "" };
                        let form = [text(0), text(1), original].map(str::to_owned);
                        let forms = &mut numbered.forms[number as usize - 1];
                        if !forms.contains(&form) {
                            forms.push(form);
                        }
                        number
                    }),
                });
            }
            numbered.of_code.push(numbers);
        }
        if matches!(axis, Axis::Actor | Axis::Identity) {
            faces.finish(&mut numbered, merges);
        }
        Ok(numbered)
    }
}

fn record(r#type: &str, id: &str, name: &str) -> Option<RecordKey> {
    let (id, named) = if id.is_empty() {
        (name, true)
    } else {
        (id, false)
    };
    (!id.is_empty()).then(|| RecordKey {
        r#type: r#type.to_owned(),
        id: id.to_owned(),
        named,
    })
}

/// Identities as they are met.
#[derive(Default)]
struct Faces {
    known: HashMap<IdentityKey, u32>,
    identities: Vec<Identity>,
}

impl Faces {
    /// The identity of a combination, from 1 in order of appearance; 0 when it names nobody.
    fn add(&mut self, parts: &ActorParts<'_>) -> u32 {
        let Some(key) = parts.key() else { return 0 };
        let next = self.identities.len() as u32 + 1;
        let number = *self.known.entry(key.clone()).or_insert(next);
        if number == next {
            self.identities.push(Identity {
                key,
                ids: Vec::new(),
                emails: Vec::new(),
                names: Vec::new(),
                kinds: Vec::new(),
            });
        }
        let identity = &mut self.identities[number as usize - 1];
        for (list, value) in [
            (&mut identity.ids, parts.id),
            (&mut identity.emails, parts.email),
            (&mut identity.names, parts.name),
            (&mut identity.kinds, parts.kind),
        ] {
            if !value.is_empty()
                && let Err(at) = list.binary_search_by(|v| v.as_str().cmp(value))
            {
                list.insert(at, value.to_owned());
            }
        }
        number
    }

    /// Puts identities in the order of their keys, so that numbers do not depend on the order of imports, and joins
    /// those that a person joined.
    fn finish(self, numbered: &mut Numbered, merges: &[Vec<IdentityKey>]) {
        let mut order: Vec<u32> = (0..self.identities.len() as u32).collect();
        order.sort_by(|a, b| {
            let key = |i: &u32| &self.identities[*i as usize].key;
            key(a).cmp(key(b))
        });
        let mut place = vec![0_u32; order.len() + 1];
        for (at, old) in order.iter().enumerate() {
            place[*old as usize + 1] = at as u32 + 1;
        }
        let mut slots: Vec<Option<Identity>> = self.identities.into_iter().map(Some).collect();
        numbered.identities = order
            .iter()
            .filter_map(|old| slots[*old as usize].take())
            .collect();
        let mut leader: Vec<u32> = (0..numbered.identities.len() as u32).collect();
        for merge in merges {
            let mut found = merge.iter().filter_map(|key| {
                let at = numbered.identities.binary_search_by(|i| i.key.cmp(key));
                at.ok().map(|at| at as u32)
            });
            let Some(first) = found.next() else { continue };
            for other in found {
                let (a, b) = (lead(&leader, first), lead(&leader, other));
                leader[a.max(b) as usize] = a.min(b);
            }
        }
        let mut number_of = vec![0_u32; numbered.identities.len()];
        for at in 0..numbered.identities.len() as u32 {
            let first = lead(&leader, at) as usize;
            if first == at as usize {
                numbered.members.push(Vec::new());
                let shown = shown(&numbered.identities[first]);
                numbered.texts.push(shown);
                number_of[first] = numbered.members.len() as u32;
            }
            number_of[at as usize] = number_of[first];
            numbered.members[number_of[first] as usize - 1].push(at);
        }
        for numbers in &mut numbered.of_code {
            for number in numbers {
                *number = match place[*number as usize] {
                    0 => 0,
                    identity => number_of[identity as usize - 1],
                };
            }
        }
    }
}

fn lead(leader: &[u32], mut at: u32) -> u32 {
    while leader[at as usize] != at {
        at = leader[at as usize];
    }
    at
}

/// How an identity is called: its e-mail, else its name, else what names it.
fn shown(identity: &Identity) -> String {
    identity
        .emails
        .first()
        .or(identity.names.first())
        .unwrap_or(&identity.key.value)
        .clone()
}
