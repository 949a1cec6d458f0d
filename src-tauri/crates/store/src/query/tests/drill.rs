//! Groups, pairs, hours and rows in order against plain walks over whole events, with identities joined and not.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, TimeZone, Timelike};
use proptest::prelude::*;
use witnessmark_lens::query::{Expr, On, Test};
use witnessmark_model::{ActorParts, Event, Field, IdentityKey, Instant, Zone, actor};

use super::{
    folded, term,
    world::{self, World},
};
use crate::query::{Axis, Caches, Mask, Query, Snapshot, Tally, TermCache};

fn key(event: &Event) -> Option<IdentityKey> {
    let get = |field| event.get(field).unwrap_or_default();
    ActorParts {
        provider: get(Field::EventProvider),
        organization_id: get(Field::OrganizationId),
        organization_name: get(Field::OrganizationName),
        id: get(Field::UserId),
        email: get(Field::UserEmail),
        name: get(Field::UserName),
        kind: get(Field::UserType),
    }
    .key()
}

/// The identities that are joined with that of the event, in order, if it has one.
pub(super) fn group(world: &World, event: &Event) -> Option<BTreeSet<IdentityKey>> {
    let mut group = BTreeSet::from([key(event)?]);
    let known: BTreeSet<IdentityKey> = world.visible_or_not().filter_map(key).collect();
    loop {
        let before = group.len();
        for merge in &world.merges {
            // A merge joins the identities that the case knows; through one that it does not know nothing is joined.
            let present: Vec<_> = merge.iter().filter(|k| known.contains(k)).collect();
            if present.iter().any(|k| group.contains(*k)) {
                group.extend(present.into_iter().cloned());
            }
        }
        if group.len() == before {
            return Some(group);
        }
    }
}

/// What an event holds of an axis, as text that tells values apart.
fn held(world: &World, event: &Event, axis: Axis) -> BTreeSet<String> {
    let get = |field| event.get(field).unwrap_or_default();
    match axis {
        Axis::Field(field) => event.values(field).into_iter().map(str::to_owned).collect(),
        Axis::Identity => key(event).map(|k| format!("{k:?}")).into_iter().collect(),
        Axis::Actor => group(world, event)
            .map(|g| format!("{g:?}"))
            .into_iter()
            .collect(),
        Axis::Device => actor::device(
            get(Field::UserAgentName),
            get(Field::UserAgentOs),
            get(Field::UserAgentOriginal),
        )
        .into_iter()
        .collect(),
        Axis::Record => (event.targets.iter())
            .filter_map(|t| {
                let kind = t.r#type.clone().unwrap_or_default();
                match (&t.id, &t.name) {
                    (Some(id), _) => Some(format!("{kind}/{id} by id")),
                    (None, Some(name)) => Some(format!("{kind}/{name} by name")),
                    (None, None) => None,
                }
            })
            .collect(),
    }
}

/// The same text for a number of [`super::super::Values`].
fn named(query: &Query<'_>, axis: Axis, number: u32) -> String {
    let values = query.values(axis).unwrap();
    match axis {
        Axis::Record => {
            let record = values.record(number).unwrap();
            let by = if record.named { "name" } else { "id" };
            format!("{}/{} by {by}", record.r#type, record.id)
        }
        Axis::Identity => format!("{:?}", values.identities()[number as usize - 1].key),
        Axis::Actor => {
            let members = values.members(number).iter();
            let keys: BTreeSet<&IdentityKey> = members
                .map(|at| &values.identities()[*at as usize].key)
                .collect();
            format!("{keys:?}")
        }
        _ => values.text(number).to_owned(),
    }
}

type Counted = (u64, Option<Instant>, Option<Instant>);

fn count(into: &mut Counted, event: &Event) {
    into.0 += 1;
    if let Some(at) = event.time {
        into.1 = Some(into.1.map_or(at, |t| t.min(at)));
        into.2 = into.2.max(Some(at));
    }
}

fn counted(tally: &Tally) -> Counted {
    (tally.count, tally.first, tally.last)
}

fn axis() -> impl Strategy<Value = Axis> {
    prop_oneof![
        3 => prop::sample::select(Field::ALL)
            .prop_filter("made anew, or flagged later", |f| !matches!(f, Field::EventOriginalTime | Field::Problems))
            .prop_map(Axis::Field),
        2 => Just(Axis::Actor),
        1 => Just(Axis::Identity),
        1 => Just(Axis::Device),
        2 => Just(Axis::Record),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, ..ProptestConfig::default() })]

    #[test]
    fn groups_say_what_a_plain_walk_says(
        rows in world::rows(),
        chunk in 1..40_usize,
        a in axis(),
        b in axis(),
        joined in prop::collection::vec(prop::collection::vec(0..60_usize, 1..4), 0..4),
        word in prop::sample::select(world::WORDS),
        negated in any::<bool>(),
    ) {
        let mut world = World::new(rows, chunk);
        let all: Vec<IdentityKey> = world.visible_or_not().filter_map(key).collect();
        if !all.is_empty() {
            world.merges = (joined.iter())
                .map(|merge| merge.iter().map(|at| all[at % all.len()].clone()).collect())
                .collect();
        }
        let world = world;
        let caches = Caches::default();
        let query = Query { snapshot: &world.snapshot, facts: &world, caches: &caches };
        let names = vec![Field::UserId, Field::UserEmail, Field::UserName];
        let mut expr = term(On::Fields(names), Test::Is(folded(word)));
        if negated {
            expr = Expr::Not(Box::new(expr));
        }
        for expr in [Expr::All, expr] {
            let mask = query.filter(&expr, &TermCache::default()).unwrap();
            let events: Vec<&Event> =
                world.visible().filter(|e| world.matches(&expr, e)).collect();
            prop_assert_eq!(mask.len(), events.len() as u64);

            let mut expected: BTreeMap<String, Counted> = BTreeMap::new();
            for event in &events {
                for value in held(&world, event, a) {
                    count(expected.entry(value).or_default(), event);
                }
            }
            let found: BTreeMap<String, Counted> = (query.tally(&mask, a).unwrap().iter())
                .map(|t| (named(&query, a, t.number), counted(t)))
                .collect();
            prop_assert_eq!(&found, &expected);

            let mut expected: BTreeMap<(String, String), Counted> = BTreeMap::new();
            for event in &events {
                for x in held(&world, event, a) {
                    for y in held(&world, event, b) {
                        count(expected.entry((x.clone(), y)).or_default(), event);
                    }
                }
            }
            let found: BTreeMap<(String, String), Counted> = (query.pairs(&mask, a, b).unwrap().iter())
                .map(|((x, y), t)| ((named(&query, a, *x), named(&query, b, *y)), counted(t)))
                .collect();
            prop_assert_eq!(&found, &expected);

            let numbers: Vec<u32> = (query.tally(&mask, a).unwrap().iter()).map(|t| t.number).collect();
            let mut sets: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for event in &events {
                for value in held(&world, event, a) {
                    sets.entry(value).or_default().extend(held(&world, event, b));
                }
            }
            let told = query.told(&mask, a, &numbers, &[b, a]).unwrap();
            let tallies = query.tally(&mask, a).unwrap();
            let counts = query.counts(&mask, a).unwrap();
            prop_assert_eq!(counts.by_number.iter().filter(|n| **n > 0).count(), numbers.len());
            let any = events.iter().filter(|e| !held(&world, e, a).is_empty()).count() as u64;
            prop_assert_eq!(counts.events, any);
            for ((number, told), tally) in numbers.into_iter().zip(told).zip(tallies) {
                let expected = sets.get(&named(&query, a, number)).map_or(0, BTreeSet::len) as u64;
                prop_assert_eq!(told.distinct[0], expected);
                prop_assert_eq!((told.first, told.last), (tally.first, tally.last));
                prop_assert_eq!(counts.by_number[number as usize], tally.count);
            }

            let gathered = query.gather(&mask, &[Axis::Actor, Axis::Device]).unwrap();
            let elements = query.elements(&gathered, b).unwrap();
            let mut of_row: Vec<BTreeSet<String>> = vec![BTreeSet::new(); gathered.len()];
            for (row, number) in elements.rows.iter().zip(&elements.numbers) {
                prop_assert!(of_row[*row as usize].insert(named(&query, b, *number)), "once a row");
            }
            let field = match b {
                Axis::Field(field) => field,
                _ => Field::TargetName,
            };
            let present = query.present(&gathered, &[field]).unwrap();
            let narrow = query.filter(&term(On::Fields(vec![Field::SourceIp]), Test::Exists), &TermCache::default()).unwrap();
            let selected = gathered.selected(&narrow);
            let sorted = super::oracle::sorted(&events, crate::query::Order::Oldest);
            prop_assert_eq!(gathered.len(), sorted.len());
            for (at, event) in sorted.iter().enumerate() {
                prop_assert_eq!(&query.event(gathered.row(at)).unwrap(), event);
                prop_assert_eq!(gathered.time(at), event.time);
                prop_assert_eq!(&of_row[at], &held(&world, event, b));
                prop_assert_eq!(present[at], !event.values(field).is_empty());
                prop_assert_eq!(selected[at / 64] >> (at % 64) & 1 == 1, event.get(Field::SourceIp).is_some());
                if let Some((value, moment)) = held(&world, event, a).into_iter().next().zip(event.time) {
                    let same = |e: &&Event| e.time == Some(moment) && held(&world, e, a).contains(&value);
                    let least = sorted.iter().filter(|e| same(e)).map(|e| e.number).min();
                    let tallies = query.tally(&mask, a).unwrap();
                    let number = tallies.iter().map(|t| t.number).find(|n| named(&query, a, *n) == value).unwrap();
                    prop_assert_eq!(query.first_at(&mask, moment, &[(a, number)]).unwrap(), least);
                }
                for (column, axis) in gathered.columns.iter().zip([Axis::Actor, Axis::Device]) {
                    let text = (column[at] != 0).then(|| named(&query, axis, column[at]));
                    prop_assert_eq!(text, held(&world, event, axis).into_iter().next());
                }
            }
        }
        let beside = query.actors_beside(a).unwrap();
        let mut expected: BTreeMap<String, BTreeMap<String, BTreeSet<String>>> = BTreeMap::new();
        for event in world.visible() {
            let Some(key) = key(event) else { continue };
            for value in held(&world, event, a) {
                let systems = expected.entry(value).or_default();
                let actors = systems.entry(key.provider.clone()).or_default();
                actors.extend(held(&world, event, Axis::Actor));
            }
        }
        for number in 1..query.values(a).unwrap().len() as u32 {
            let name = named(&query, a, number);
            let systems = expected.get(&name);
            let actors = systems.and_then(|s| s.values().map(BTreeSet::len).max()).unwrap_or(0);
            prop_assert_eq!(beside[number as usize] as usize, actors, "{}", name);
        }
    }

    #[test]
    fn hours_are_those_of_the_clocks_of_the_zone(
        seconds in prop::collection::vec(1_700_000_000_i64..1_740_000_000, 0..60),
        // The hours around both changes of 2024 in Europe, and a zone that is off by three quarters of an hour.
        near in prop::collection::vec((0..2_usize, -7_200..7_200_i64), 0..40),
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "+08:00"]),
    ) {
        let changes = [1_711_846_800_i64, 1_729_990_800];
        let times: Vec<i64> = (seconds.into_iter())
            .chain(near.into_iter().map(|(which, off)| changes[which] + off))
            .map(|s| s * 1_000_000_000 + 7)
            .collect();
        let world = World::new(world::at_times(&times), 7);
        let caches = Caches::default();
        let query = Query { snapshot: &world.snapshot, facts: &world, caches: &caches };
        let mask = query.filter(&Expr::All, &TermCache::default()).unwrap();
        let zone = Zone::parse(zone).unwrap();
        let week = query.week(&mask, &zone).unwrap();
        let mut expected = [[0_u64; 24]; 7];
        for at in times {
            let at = Instant(at);
            let local = zone.offset_at(at).from_utc_datetime(&at.to_utc().naive_utc());
            let day = local.weekday().num_days_from_monday() as usize;
            expected[day][local.hour() as usize] += 1;
        }
        prop_assert_eq!(week, expected);
    }
}

#[test]
fn nothing_is_grouped_where_nothing_is() {
    let caches = Caches::default();
    let world = World::new(Vec::new(), 3);
    let snapshot = Snapshot::default();
    let query = Query {
        snapshot: &snapshot,
        facts: &world,
        caches: &caches,
    };
    let mask = Mask::default();
    assert!(query.tally(&mask, Axis::Actor).unwrap().is_empty());
    assert!(
        query
            .pairs(&mask, Axis::Record, Axis::Device)
            .unwrap()
            .is_empty()
    );
    assert!(query.gather(&mask, &[Axis::Device]).unwrap().is_empty());
    assert_eq!(query.actors_beside(Axis::Device).unwrap().len(), 1);
}
