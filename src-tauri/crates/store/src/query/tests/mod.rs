//! Queries against an oracle that goes through plain events one by one.

mod drill;
mod oracle;
mod world;

use std::sync::Arc;

use proptest::prelude::*;
use witnessmark_lens::query::{Expr, On, TargetBy, Term, Test};
use witnessmark_model::{Field, Instant};

use super::*;
use world::{World, rows};

fn term(on: On, test: Test) -> Expr {
    Expr::Term(Term {
        on,
        test,
        span: 0..0,
    })
}

fn folded(text: &str) -> String {
    witnessmark_lens::fold(text).into_owned()
}

fn field() -> impl Strategy<Value = Field> {
    prop::sample::select(Field::ALL)
}

fn text_test() -> impl Strategy<Value = Test> {
    let word = || prop::sample::select(world::WORDS);
    prop_oneof![
        2 => word().prop_map(|w| Test::Is(folded(w))),
        2 => word().prop_map(|w| Test::Exact(w.to_owned())),
        1 => Just(Test::Exists),
        2 => (word(), 0..4_usize, 1..4_usize).prop_map(|(w, from, many)| {
            Test::Contains(folded(&w.chars().skip(from).take(many).collect::<String>()))
        }),
        1 => word().prop_map(|w| {
            Test::Wild(vec![folded(&w.chars().take(1).collect::<String>()), String::new()])
        }),
        1 => word().prop_map(|w| Test::Wild(vec![String::new(), folded(w), String::new()])),
        1 => Just(Test::Net(vec!["203.0.113.0/24".parse().unwrap()])),
        1 => prop::collection::btree_set(word(), 1..8).prop_map(|words| {
            let mut values: Vec<String> = words.into_iter().map(folded).collect();
            values.sort();
            values.dedup();
            Test::In { list: "l".into(), values, nets: vec!["::/0".parse().unwrap()] }
        }),
        1 => (prop::option::of(word()), prop::option::of(word())).prop_map(|(low, high)| {
            Test::Between { low: low.map(folded), high: high.map(folded) }
        }),
    ]
}

fn target_by() -> impl Strategy<Value = TargetBy> {
    prop::sample::select(vec![TargetBy::Either, TargetBy::Id, TargetBy::NameAlone])
}

fn leaf() -> impl Strategy<Value = Expr> {
    let moment = || prop::option::of((-3..15_i64).prop_map(Instant));
    prop_oneof![
        6 => (prop::collection::vec(field(), 1..3), text_test())
            .prop_map(|(fields, test)| term(On::Fields(fields), test)),
        2 => (text_test(), text_test(), target_by())
            .prop_map(|(kind, test, by)| term(On::Target { kind, by }, test)),
        2 => change().prop_map(|inner| term(On::Change(Box::new(inner)), Test::Exists)),
        2 => (moment(), moment())
            .prop_map(|(from, until)| term(On::Time, Test::When { from, until })),
        1 => Just(term(On::Time, Test::Exists)),
        1 => Just(term(On::Undated, Test::Exists)),
        1 => text_test().prop_map(|test| term(On::Tag, test)),
        1 => Just(term(On::Overlay("bookmark".into()), Test::Exists)),
        1 => text_test().prop_map(|test| term(On::Overlay("note".into()), test)),
        1 => prop::sample::select(vec!["1", "2", "first.csv"])
            .prop_map(|w| term(On::Source, Test::Is(w.to_owned()))),
        1 => (1..200_u64).prop_map(|n| term(On::Number, Test::Is(n.to_string()))),
        1 => (1..100_u64, 1..200_u64).prop_map(|(a, b)| {
            term(On::Number, Test::Between { low: Some(a.to_string()), high: Some(b.to_string()) })
        }),
        3 => (0..3_usize, 0..4_usize, 1..4_usize).prop_map(|(word, from, many)| {
            let part: String = world::WORDS[word].chars().skip(from).take(many).collect();
            term(On::Text, Test::Contains(folded(&part)))
        }),
        1 => text_test().prop_map(|test| term(On::Text, test)),
        1 => prop::sample::select(world::WORDS)
            .prop_map(|w| term(On::Raw, Test::Bytes(w.as_bytes().to_vec()))),
        1 => text_test().prop_map(|test| term(On::RawPath(vec!["1".into()]), test)),
    ]
}

/// What may stand in `change:(…)`.
fn change() -> impl Strategy<Value = Expr> {
    let field = prop::sample::select(vec![
        Field::ChangeField,
        Field::ChangeKind,
        Field::ChangeOld,
        Field::ChangeNew,
    ]);
    let leaf = (field, text_test()).prop_map(|(f, test)| term(On::Fields(vec![f]), test));
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Expr::Or),
            inner.prop_map(|e| Expr::Not(Box::new(e))),
        ]
    })
}

fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![9 => leaf(), 1 => Just(Expr::All)];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Expr::And),
            prop::collection::vec(inner.clone(), 0..4).prop_map(Expr::Or),
            inner.prop_map(|e| Expr::Not(Box::new(e))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_panel_says_what_the_oracle_says(
        rows in rows(),
        chunk in 1..40_usize,
        filters in prop::collection::vec(expr(), 1..5),
        fields in prop::collection::vec(field(), 1..4),
        limit in 0..6_usize,
        bins in 1..9_usize,
        from in prop::option::of((-5..15_i64).prop_map(Instant)),
        to in prop::option::of((-5..15_i64).prop_map(Instant)),
        first in 0..60_u64,
        many in 0..70_usize,
    ) {
        let world = World::new(rows, chunk);
        let caches = Caches::default();
        let query = Query { snapshot: &world.snapshot, facts: &world, caches: &caches };
        // One cache for all filters: an answer that is kept must stay right.
        let terms = TermCache::default();
        for expr in &filters {
            let expected: Vec<_> = world.visible().filter(|e| world.matches(expr, e)).collect();
            let mask = Arc::new(query.filter(expr, &terms).unwrap());
            prop_assert_eq!(mask.len(), expected.len() as u64);
            let undated = expected.iter().filter(|e| e.time.is_none()).count() as u64;
            prop_assert_eq!(mask.undated(), undated);

            for order in [Order::Oldest, Order::Newest] {
                let view = View::new(world.snapshot.clone(), mask.clone(), order);
                let sorted = oracle::sorted(&expected, order);
                let all = view.rows(0, usize::MAX).unwrap();
                let events = query.events(&all).unwrap();
                prop_assert_eq!(&events, &sorted);
                let page = view.rows(first, many).unwrap();
                let end = all.len().min(first as usize + many);
                prop_assert_eq!(&page[..], &all[end.min(first as usize)..end]);
                for (rank, event) in sorted.iter().enumerate() {
                    prop_assert_eq!(view.rank_of(&query, event.number).unwrap(), Some(rank as u64));
                }
                for event in world.visible().filter(|e| !world.matches(expr, e)) {
                    prop_assert_eq!(view.rank_of(&query, event.number).unwrap(), None);
                }
                let at = from.unwrap_or(Instant(3));
                let rank = sorted.iter().filter_map(|e| e.time).filter(|t| match order {
                    Order::Oldest => *t < at,
                    Order::Newest => *t > at,
                }).count();
                prop_assert_eq!(view.rank_at(at).unwrap(), rank as u64);
            }

            let contains = folded(&world::WORDS[limit % 3].chars().take(limit / 2).collect::<String>());
            for pick in [Pick::from(limit), Pick { limit, rare: true, contains }] {
                for facet in query.facets(&mask, &fields, pick.clone()).unwrap() {
                    prop_assert_eq!(&facet, &oracle::facet(&expected, facet.field, &pick));
                }
            }
            let words: Vec<String> = world::WORDS.iter().map(|w| (*w).to_owned()).collect();
            for field in &fields {
                let seen = query.seen(&mask, *field, &words).unwrap();
                prop_assert_eq!(seen, oracle::seen(&expected, *field, &words));
            }

            let bars = HistogramSpec { from, to, bins, by: Some(fields[0]), values: limit };
            let histogram = query.histogram(&mask, &bars).unwrap();
            prop_assert_eq!(&histogram, &oracle::histogram(&expected, &bars));
            for bin in &histogram.bins {
                let range = Test::When { from: Some(bin.start), until: Some(bin.end) };
                let drilled = Expr::And(vec![expr.clone(), term(On::Time, range)]);
                prop_assert_eq!(query.filter(&drilled, &terms).unwrap().len(), bin.count);
            }
        }
    }
}

#[test]
fn an_empty_case_answers() {
    let world = World::new(Vec::new(), 10);
    let caches = Caches::default();
    let query = Query {
        snapshot: &world.snapshot,
        facts: &world,
        caches: &caches,
    };
    let mask = Arc::new(query.filter(&Expr::All, &TermCache::default()).unwrap());
    assert!(mask.is_empty());
    assert_eq!(query.first_last(&mask).unwrap(), None);
    assert_eq!(query.find(1).unwrap(), None);
    let view = View::new(world.snapshot.clone(), mask.clone(), Order::Newest);
    assert!(view.rows(0, 200).unwrap().is_empty());
    let facets = query.facets(&mask, &[Field::EventAction], 5).unwrap();
    assert_eq!((facets[0].distinct, facets[0].absent), (0, 0));
    let spec = HistogramSpec {
        bins: 10,
        ..HistogramSpec::default()
    };
    assert!(query.histogram(&mask, &spec).unwrap().bins.is_empty());
}

#[test]
fn the_greatest_and_the_least_moment_lie_in_their_bins() {
    let world = World::new(world::at_times(&[i64::MIN, 0, i64::MAX]), 2);
    let caches = Caches::default();
    let query = Query {
        snapshot: &world.snapshot,
        facts: &world,
        caches: &caches,
    };
    let mask = Arc::new(query.filter(&Expr::All, &TermCache::default()).unwrap());
    let spec = HistogramSpec {
        bins: 3,
        ..HistogramSpec::default()
    };
    let histogram = query.histogram(&mask, &spec).unwrap();
    let counts: Vec<u64> = histogram.bins.iter().map(|b| b.count).collect();
    assert_eq!((counts, histogram.outside), (vec![1, 1, 1], 0));
    let view = View::new(world.snapshot.clone(), mask, Order::Newest);
    let numbers: Vec<u64> = (query.events(&view.rows(0, 9).unwrap()).unwrap().iter())
        .map(|e| e.number)
        .collect();
    assert_eq!(numbers.len(), 3);
    assert_eq!(view.rank_at(Instant(i64::MAX)).unwrap(), 0);
    assert_eq!(view.rank_at(Instant(i64::MIN)).unwrap(), 2);
}

#[test]
fn a_stopped_query_says_so() {
    let mut world = World::new(world::at_times(&[1, 2, 3]), 2);
    world.stopped = true;
    let caches = Caches::default();
    let query = Query {
        snapshot: &world.snapshot,
        facts: &world,
        caches: &caches,
    };
    let text = term(On::Text, Test::Contains("a".into()));
    assert!(query.filter(&text, &TermCache::default()).is_err());
}
