//! Biographies: a record's page against its events, and its state at a moment against a log that ends there.

use std::collections::BTreeMap;

use proptest::prelude::*;
use witnessmark_model::{Event, Field, Instant, Zone};

use super::super::biography::Life;
use super::{World, counted, get, line, one};
use crate::api::{FieldState, RecordRow};
use crate::{RecordOf, RecordsWanted, Target};

const LOOKS: [&str; 3] = ["read", "list", "export"];

fn looks(event: &Event) -> bool {
    event
        .get(Field::EventOperation)
        .is_some_and(|op| LOOKS.contains(&op))
}

/// Value, certainty and event of each field that was set, or said to be unknown, by an event up to then.
fn known(state: &[FieldState]) -> BTreeMap<String, (Option<String>, String, Option<u64>)> {
    (state.iter().filter(|f| f.certainty != "before"))
        .map(|f| {
            let value = (f.value.clone(), f.certainty.clone(), f.event);
            (f.field.clone(), value)
        })
        .collect()
}

fn is_own(target: &Target, row: &RecordRow) -> bool {
    match row.named {
        true => target.id.is_none() && target.name.as_deref() == Some(&row.id),
        false => target.id.as_deref() == Some(&row.id),
    }
}

/// Events in each organization, in order of their number. All are of one system, and name organizations by id.
fn scopes(events: &[Event]) -> Vec<u64> {
    let mut found: BTreeMap<Option<String>, u64> = BTreeMap::new();
    for event in events {
        *found.entry(get(event, Field::OrganizationId)).or_default() += 1;
    }
    if found.len() == 2
        && let Some(none) = found.remove(&None)
    {
        found.values_mut().for_each(|n| *n += none);
    }
    let mut counts: Vec<u64> = found.into_values().collect();
    counts.sort_unstable();
    counts
}

fn life(events: &[Event]) -> Life {
    let mut life = Life::new(0..events.len());
    events.iter().for_each(|event| life.tell(event));
    life.end();
    life
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn a_biography_says_what_its_events_say(lines in prop::collection::vec(line(), 1..60)) {
        let world = World::new(&lines);
        let wanted = RecordsWanted { limit: 100, ..RecordsWanted::default() };
        let list = world.case.records("", &Zone::UTC, &wanted).unwrap();
        let named = |e: &Event| e.targets.iter().any(|t| t.id.is_some() || t.name.is_some());
        prop_assert_eq!(list.without, world.events.iter().filter(|e| !named(e)).count() as u64);
        for row in &list.records {
            let own = world.of(&row.span.filter);
            let means = |e: &Event| e.targets.iter().any(|t| {
                t.r#type.as_deref().unwrap_or_default() == row.kind
                    && is_own(t, row)
            });
            prop_assert_eq!(own.len(), world.events.iter().filter(|e| means(e)).count());
            let mut of = RecordOf { named: row.named, ..RecordOf::new(&row.kind, &row.id) };
            let whole = world.case.record(&of, None, &Zone::UTC, (0, 500)).unwrap();
            // In several organizations it is several: all of them together are the whole, and the first is told.
            let scopes = scopes(&own);
            if scopes.len() < 2 {
                prop_assert!(whole.scopes.is_empty());
            } else {
                prop_assert_eq!(whole.scopes.len(), scopes.len());
                let mut told: Vec<u64> = whole.scopes.iter().map(|s| s.events).collect();
                prop_assert_eq!(whole.events, told[0]);
                told.sort_unstable();
                prop_assert_eq!(told, scopes.clone());
            }
            for part in 0..whole.scopes.len().max(1) {
            if let Some(scope) = whole.scopes.get(part) {
                of.query = scope.filter.clone();
            }
            let own: Vec<Event> = match of.query.as_str() {
                "" => own.clone(),
                query => world.of(&format!("({}) {query}", row.span.filter)),
            };
            let report = world.case.record(&of, None, &Zone::UTC, (0, 500)).unwrap();
            prop_assert!(report.scopes.is_empty());
            prop_assert_eq!(report.events, own.len() as u64);
            let told: Vec<u64> = own.iter()
                .filter(|e| !looks(e) || e.changes.iter().any(|c| !c.field.is_empty() || c.old.is_some() || c.new.is_some()))
                .map(|e| e.number)
                .collect();
            prop_assert_eq!(report.steps.iter().map(|s| s.event).collect::<Vec<_>>(), told);
            let dated: Vec<Instant> = own.iter().filter_map(|e| e.time).collect();
            prop_assert_eq!(&report.first, &dated.first().map(|t| t.rfc3339()));
            prop_assert_eq!(&report.last, &dated.last().map(|t| t.rfc3339()));
            let looked: Vec<Event> = own.iter().filter(|e| looks(e)).cloned().collect();
            let reads: Vec<(String, u64)> = counted(&looked, |e| one(get(e, Field::EventOperation)))
                .into_iter().map(|c| (c.0, c.1)).collect();
            prop_assert_eq!(report.reads.iter().map(|r| (r.name.clone(), r.events)).collect::<Vec<_>>(), reads);
            for (filter, events) in report.reads.iter().map(|r| (&r.filter, r.events))
                .chain(report.actors.iter().map(|a| (&a.filter, a.events)))
            {
                prop_assert_eq!(world.of(filter).len() as u64, events, "{}", filter);
            }
            for field in &report.state {
                prop_assert!(!world.of(&field.filter).is_empty(), "{}", field.filter);
            }
            let names = counted(&own, |e| (e.targets.iter())
                .filter(|t| t.r#type.as_deref().unwrap_or_default() == row.kind)
                .filter(|t| is_own(t, row))
                .filter_map(|t| t.name.clone())
                .collect());
            prop_assert_eq!(&report.names, &names.into_iter().map(|n| n.0).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn the_state_at_a_moment_is_that_of_a_log_that_ends_there(lines in prop::collection::vec(line(), 1..60)) {
        let world = World::new(&lines);
        let wanted = RecordsWanted { limit: 3, ..RecordsWanted::default() };
        for row in world.case.records("", &Zone::UTC, &wanted).unwrap().records {
            let own = world.of(&row.span.filter);
            let whole = life(&own);
            for at in own.iter().filter_map(|e| e.time) {
                let until: Vec<Event> = own.iter().filter(|e| e.time.is_some_and(|t| t <= at)).cloned().collect();
                let cut = life(&until);
                // Of a field that nothing has been told of yet in this life, the old value of a later change is known.
                let state = whole.state(Some(at));
                let mut ends = known(&cut.state(None));
                ends.retain(|field, _| !state.iter().any(|f| f.field == *field && f.certainty == "before"));
                prop_assert_eq!(known(&state), ends);
                let condition = match whole.condition(Some(at)) {
                    // What only failed by then says nothing.
                    "not_made_yet" => "unknown",
                    other => other,
                };
                prop_assert_eq!(condition, cut.condition(None));
                // Later events add no value that had come back by then, and take none away.
                let back: Vec<_> = (whole.reverts.iter())
                    .filter(|r| until.iter().any(|e| e.number == r.back))
                    .cloned()
                    .collect();
                prop_assert_eq!(back, cut.reverts.clone());
            }
        }
    }
}
