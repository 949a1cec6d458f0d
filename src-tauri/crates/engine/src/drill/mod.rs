//! Drill-downs: actors, records, sessions, sign-ins, errors, first seen. Each is the one filter seen from another side.
//!
//! Owns: filters that are made and not typed, and the pieces that all drill-downs share. Never touches: how rows are
//! found and counted (the store does).

mod actor;
mod actors;
mod biography;
mod chosen;
mod compare;
mod counted;
mod errors;
mod first_seen;
mod hours;
mod merge;
mod record;
mod review;
mod scopes;
mod session;
mod signins;
mod stints;
mod template;
#[cfg(test)]
mod tests;

use witnessmark_lens::{Expr, On, TargetBy, Term, Test, to_text};
use witnessmark_model::{Field, IdentityKind, Instant, Zone};
use witnessmark_store::query::{Axis, Identity, Mask, Query, RecordKey, Tally, Values};

use crate::api::{BlindPart, SpanValue};
use crate::case::Case;
use crate::error::Result;
use crate::lens::Answer;

pub use actors::{ActorSort, ActorsWanted};
pub(crate) use errors::Templates;
pub use first_seen::FirstSeen;
pub(crate) use merge::{Proposed, key_text};
pub use record::{RecordOf, RecordsWanted};
pub use session::{SessionOf, SessionOrder};
pub(crate) use signins::{Geo, day};
pub use signins::{SigninShow, Signins};

/// A term that no text stands for.
pub(crate) fn term(on: On, test: Test) -> Expr {
    Expr::Term(Term {
        on,
        test,
        span: 0..0,
    })
}

/// A field has exactly this value.
pub(crate) fn is(field: Field, value: &str) -> Expr {
    term(On::Fields(vec![field]), Test::Exact(value.to_owned()))
}

/// A field has no value.
pub(crate) fn lacks(field: Field) -> Expr {
    term(On::Fields(vec![field]), Test::Exists).negate()
}

/// A field has exactly this value, or none when it is empty.
fn is_or_lacks(field: Field, value: &str) -> Expr {
    if value.is_empty() {
        lacks(field)
    } else {
        is(field, value)
    }
}

/// Both hold.
pub(crate) fn both(a: &Expr, b: Expr) -> Expr {
    Expr::and(vec![a.clone(), b])
}

/// From the first moment to the last, both included.
fn between(first: Instant, last: Instant) -> Expr {
    let when = Test::When {
        from: Some(first),
        until: last.0.checked_add(1).map(Instant),
    };
    term(On::Time, when)
}

/// Exactly the events of one identity.
pub(crate) fn of_identity(identity: &Identity) -> Expr {
    let key = &identity.key;
    let mut parts = vec![is_or_lacks(Field::EventProvider, &key.provider)];
    if key.organization.is_empty() {
        parts.push(lacks(Field::OrganizationId));
        parts.push(lacks(Field::OrganizationName));
    } else {
        let by_name = both(
            &lacks(Field::OrganizationId),
            is(Field::OrganizationName, &key.organization),
        );
        parts.push(Expr::or(vec![
            is(Field::OrganizationId, &key.organization),
            by_name,
        ]));
    }
    for stronger in [IdentityKind::Id, IdentityKind::Email, IdentityKind::Name] {
        if stronger < key.kind {
            parts.push(lacks(stronger.field()));
        }
    }
    parts.push(match key.kind {
        // An e-mail is one in whatever case it was written.
        IdentityKind::Email => {
            let spelt = identity.emails.iter();
            let same = spelt.filter(|e| e.to_lowercase() == key.value);
            Expr::or(same.map(|e| is(Field::UserEmail, e)).collect())
        }
        kind => is(kind.field(), &key.value),
    });
    Expr::and(parts)
}

/// Exactly the events of an actor, as short as it can be said: `actor:"…"` where no other actor has the name.
pub(crate) fn of_actor(values: &Values, number: u32) -> Expr {
    let members = values.members(number);
    let identities = values.identities();
    let short = members.iter().find_map(|at| {
        let identity = &identities[*at as usize];
        let name = match identity.key.kind {
            IdentityKind::Type => return None,
            IdentityKind::Email if identity.emails.len() == 1 => identity.emails[0].as_str(),
            IdentityKind::Email => return None,
            _ => identity.key.value.as_str(),
        };
        values.only(name, number).then_some(name)
    });
    match short {
        Some(name) => term(
            On::Fields(vec![Field::UserId, Field::UserEmail, Field::UserName]),
            Test::Exact(name.to_owned()),
        ),
        None => Expr::or(
            (members.iter())
                .map(|at| of_identity(&identities[*at as usize]))
                .collect(),
        ),
    }
}

/// The filter that finds the rows of a value of an axis within a base.
fn within(base: &Expr, axis: Axis, values: &Values, number: u32) -> Expr {
    let text = values.text(number);
    let part = match axis {
        Axis::Field(field) => is(field, text),
        Axis::Record => match values.record(number) {
            Some(record) => of_record(record),
            None => Expr::All,
        },
        Axis::Device => of_device(values, number),
        Axis::Actor => of_actor(values, number),
        Axis::Identity => match values.identities().get((number as usize).wrapping_sub(1)) {
            Some(identity) => of_identity(identity),
            None => Expr::All,
        },
    };
    both(base, part)
}

/// A target of this type with this id or name.
pub(crate) fn of_target(kind: &str, id: &str) -> Expr {
    target_by(kind, id, TargetBy::Either)
}

/// Exactly the events of a record: what has its id for a name is another.
pub(crate) fn of_record(record: &RecordKey) -> Expr {
    let by = match record.named {
        true => TargetBy::NameAlone,
        false => TargetBy::Id,
    };
    target_by(&record.r#type, &record.id, by)
}

fn target_by(kind: &str, id: &str, by: TargetBy) -> Expr {
    if kind.is_empty() {
        return match by {
            TargetBy::Either => {
                let test = Test::Exact(id.to_owned());
                term(On::Fields(vec![Field::TargetId, Field::TargetName]), test)
            }
            TargetBy::Id => is(Field::TargetId, id),
            TargetBy::NameAlone => both(&is(Field::TargetName, id), lacks(Field::TargetId)),
        };
    }
    let kind = Test::Exact(kind.to_owned());
    term(On::Target { kind, by }, Test::Exact(id.to_owned()))
}

/// The events of a device, in every way in which the log says it.
fn of_device(values: &Values, number: u32) -> Expr {
    let ways = values.forms(number).iter().map(|[name, os, original]| {
        let mut parts = vec![
            is_or_lacks(Field::UserAgentName, name),
            is_or_lacks(Field::UserAgentOs, os),
        ];
        if !original.is_empty() {
            parts.push(is(Field::UserAgentOriginal, original));
        }
        Expr::and(parts)
    });
    Expr::or(ways.collect())
}

/// Milliseconds since 1970.
pub(crate) fn ms(at: Instant) -> f64 {
    at.0 as f64 / 1e6
}

/// Seconds from one moment to another.
fn seconds(from: Instant, to: Instant) -> f64 {
    (i128::from(to.0) - i128::from(from.0)) as f64 / 1e9
}

/// A tally as it is told.
fn span(value: String, tally: &Tally, filter: &Expr) -> SpanValue {
    SpanValue {
        value,
        events: tally.count,
        first: tally.first.map(Instant::rfc3339),
        last: tally.last.map(Instant::rfc3339),
        first_ms: tally.first.map(ms),
        last_ms: tally.last.map(ms),
        filter: to_text(filter),
    }
}

impl Case {
    /// The checked filter of a text.
    pub(crate) fn expr(&self, text: &str, zone: &Zone) -> Result<Expr> {
        Ok(self.parse(text, zone)?.expr.without_spans())
    }

    /// The values of an axis among the events of an answer, most frequent first, and how many there are in all.
    fn spans(
        &self,
        answer: &Answer,
        base: &Expr,
        axis: Axis,
        limit: usize,
    ) -> Result<(Vec<SpanValue>, u64)> {
        let query = self.query(&answer.snapshot);
        let values = query.values(axis)?;
        let mut tallies = query.tally(&answer.mask, axis)?;
        let total = tallies.len() as u64;
        counted::most(&mut tallies, &values, limit);
        let told = tallies.iter().map(|t| {
            let filter = within(base, axis, &values, t.number);
            span(values.text(t.number).to_owned(), t, &filter)
        });
        Ok((told.collect(), total))
    }

    /// The systems behind some events, most events first.
    fn systems(&self, query: &Query<'_>, mask: &Mask) -> Result<Vec<String>> {
        let facet = query.facets(mask, &[Field::Profile], 64)?;
        let mut systems: Vec<String> = Vec::new();
        for value in facet.into_iter().flat_map(|f| f.values) {
            let known = self.library().find(&value.value);
            let title = known.map_or(value.value, |p| p.title.clone());
            if !systems.contains(&title) {
                systems.push(title);
            }
        }
        Ok(systems)
    }

    /// What the systems behind some events do not log, each system once.
    fn blind(&self, query: &Query<'_>, mask: &Mask) -> Result<Vec<BlindPart>> {
        let facet = query.facets(mask, &[Field::Profile], 64)?;
        let mut parts: Vec<BlindPart> = Vec::new();
        for value in facet.into_iter().flat_map(|f| f.values) {
            let Some(profile) = self.library().find(&value.value) else {
                continue;
            };
            if parts.iter().all(|p| p.system != profile.title) && !profile.blind_spots.is_empty() {
                parts.push(BlindPart {
                    system: profile.title.clone(),
                    spots: profile.blind_spots.clone(),
                });
            }
        }
        Ok(parts)
    }
}
