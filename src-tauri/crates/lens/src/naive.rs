//! Whether one event passes a filter, worked out the plainest way.
//!
//! Owns: the truth that every faster evaluator is tested against. Never touches: indexes, dictionaries, the case file.

use std::borrow::Cow;

use witnessmark_model::{Change, Event, Field};

use crate::{
    fold::path_is,
    keys::ACTOR,
    query::{Expr, On, TargetBy, Term, Test},
};

/// What a filter may ask about an event that the event itself does not hold.
pub trait Facts {
    /// Visits the path and the decoded text of each leaf value of the event's entry, as
    /// [`witnessmark_model::LeafReader`] does.
    fn leaves(&self, event: &Event, visit: &mut dyn FnMut(&[&str], &str));
    /// The bytes of the event's entry.
    fn raw(&self, event: &Event) -> Cow<'_, [u8]>;
    /// The tags put on the event.
    fn tags(&self, event: &Event) -> Vec<String>;
    /// The ids of the findings that hold the event.
    fn findings(&self, event: &Event) -> Vec<String>;
    /// The name of a source, if there is a source of this number.
    fn source_name(&self, source: u32) -> Option<String>;
    /// Every id, e-mail and name of the event's actor that stands in events of other identities which a person joined
    /// with the event's own.
    fn joined_names(&self, event: &Event) -> Vec<String>;
    /// What the overlays of this kind on the event say, `note`, `bookmark` or `verdict`; a bookmark says nothing, as an
    /// empty text.
    fn overlays(&self, event: &Event, kind: &str) -> Vec<String>;
}

/// Whether the event passes.
#[must_use]
pub fn matches(expr: &Expr, event: &Event, facts: &dyn Facts) -> bool {
    match expr {
        Expr::All => true,
        Expr::And(parts) => parts.iter().all(|part| matches(part, event, facts)),
        Expr::Or(parts) => parts.iter().any(|part| matches(part, event, facts)),
        Expr::Not(part) => !matches(part, event, facts),
        Expr::Term(term) => holds(term, event, facts),
    }
}

fn holds(term: &Term, event: &Event, facts: &dyn Facts) -> bool {
    let test = &term.test;
    match &term.on {
        On::Fields(fields) => {
            let own = fields.iter().any(|field| {
                event
                    .values(*field)
                    .into_iter()
                    .any(|value| test.matches(value))
            });
            let joined = || facts.joined_names(event).iter().any(|n| test.matches(n));
            own || (fields[..] == *ACTOR && *test != Test::Exists && joined())
        }
        On::Target { kind, by } => event.targets.iter().any(|target| {
            let passes = |part: &Option<String>, test: &Test| {
                part.as_deref().is_some_and(|value| test.matches(value))
            };
            let id = || passes(&target.id, test);
            let name = || passes(&target.name, test);
            let found = match by {
                TargetBy::Either => id() || name(),
                TargetBy::Id => id(),
                TargetBy::NameAlone => target.id.is_none() && name(),
            };
            passes(&target.r#type, kind) && found
        }),
        On::Change(inner) => event.changes.iter().any(|c| passes(inner, c)),
        On::Time => event.time.is_some_and(|at| test.matches_instant(at)),
        On::Text => any_leaf(event, facts, &mut |_, value| test.matches(value)),
        On::Raw => test.matches_bytes(&facts.raw(event)),
        On::RawPath(path) => any_leaf(event, facts, &mut |leaf, value| {
            path_is(path, leaf) && test.matches(value)
        }),
        On::Tag => facts.tags(event).iter().any(|tag| test.matches(tag)),
        On::Finding => facts.findings(event).iter().any(|id| test.matches(id)),
        On::Source => event.attested.iter().any(|attestation| {
            test.matches(&attestation.source.to_string())
                || facts
                    .source_name(attestation.source)
                    .is_some_and(|name| test.matches(&name))
        }),
        On::Number => test.matches(&event.number.to_string()),
        On::Overlay(kind) => (facts.overlays(event, kind).iter()).any(|said| test.matches(said)),
        On::Undated => event.time.is_none(),
    }
}

/// Whether one change passes what stands in `change:(…)`.
fn passes(expr: &Expr, change: &Change) -> bool {
    match expr {
        Expr::All => true,
        Expr::And(parts) => parts.iter().all(|part| passes(part, change)),
        Expr::Or(parts) => parts.iter().any(|part| passes(part, change)),
        Expr::Not(part) => !passes(part, change),
        Expr::Term(term) => {
            let On::Fields(fields) = &term.on else {
                return false;
            };
            let value = |field: &Field| match field {
                Field::ChangeField => Some(change.field.as_str()).filter(|f| !f.is_empty()),
                Field::ChangeKind => change.kind.map(|kind| kind.as_str()),
                Field::ChangeOld => change.old.as_deref(),
                Field::ChangeNew => change.new.as_deref(),
                _ => None,
            };
            fields
                .iter()
                .filter_map(value)
                .any(|value| term.test.matches(value))
        }
    }
}

fn any_leaf(event: &Event, facts: &dyn Facts, test: &mut dyn FnMut(&[&str], &str) -> bool) -> bool {
    let mut found = false;
    facts.leaves(event, &mut |path, value| {
        // An empty leaf is no value, as an empty field is none.
        found = found || (!value.is_empty() && test(path, value));
    });
    found
}
