//! What is new in a span, and errors, against sets of plain values.

use std::collections::BTreeSet;

use proptest::prelude::*;
use witnessmark_model::{Event, Field, Instant, Zone};

use super::{World, device, get, line};
use crate::FirstSeen;

const HOUR: i64 = 3_600_000_000_000;
const DAYS: u32 = 20;

fn values(event: &Event, by: &str) -> Vec<Vec<String>> {
    let one = |name: &str| match name {
        "ip" => get(event, Field::SourceIp),
        "device" => device(event),
        "country" => get(event, Field::SourceCountry),
        "session" => get(event, Field::SessionId),
        _ => get(event, Field::EventAction),
    };
    let parts: Option<Vec<String>> = by.split('+').map(one).collect();
    parts.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn what_is_new_was_not_there_before(
        lines in prop::collection::vec(line(), 1..80),
        from in 200_u32..1_400,
        hours in 1_u32..600,
    ) {
        let world = World::new(&lines);
        let from = super::moment(from);
        let to = Instant(from.0 + i64::from(hours) * HOUR);
        let start = Instant(from.0 - i64::from(DAYS) * 24 * HOUR);
        let fields = ["action", "ip", "device", "country+action", "ip+device", "session"];
        let wanted = FirstSeen {
            from: Some(from.rfc3339()),
            to: Some(to.rfc3339()),
            days: DAYS,
            by: fields.iter().map(|f| (*f).to_owned()).collect(),
            limit: 100,
        };
        let report = world.case.first_seen("", &Zone::UTC, &wanted).unwrap();
        let within = |a: Instant, b: Instant| -> Vec<&Event> {
            world.events.iter().filter(|e| e.time.is_some_and(|t| a <= t && t < b)).collect()
        };
        if world.events.iter().all(|e| e.time.is_none()) {
            prop_assert!(report.fields.is_empty());
            return Ok(());
        }
        let (now, then) = (within(from, to), within(start, from));
        prop_assert_eq!((report.events, report.before_events), (now.len() as u64, then.len() as u64));
        for (by, told) in fields.iter().zip(&report.fields) {
            let before: BTreeSet<Vec<String>> = then.iter().flat_map(|e| values(e, by)).collect();
            let span: BTreeSet<Vec<String>> = now.iter().flat_map(|e| values(e, by)).collect();
            #[allow(clippy::type_complexity, reason = "a tuple of a test, sorted as it stands")]
            let mut new: Vec<(u64, Option<String>, Vec<String>, Option<u64>)> = span.difference(&before).map(|value| {
                let own: Vec<&&Event> = now.iter().filter(|e| values(e, by).contains(value)).collect();
                (own.len() as u64, own[0].time.map(|t| t.rfc3339()), value.clone(), Some(own[0].number))
            }).collect();
            new.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| (&a.1, &a.2).cmp(&(&b.1, &b.2))));
            let found: Vec<_> = told.new.iter().map(|n| (n.events, n.first.clone(), n.values.clone(), n.event)).collect();
            prop_assert_eq!(found, new, "{}", by);
            prop_assert_eq!((told.in_span, told.before), (span.len() as u64, before.len() as u64));
            for value in &told.new {
                prop_assert_eq!(world.of(&value.filter).len() as u64, value.events, "{}", value.filter);
            }
        }
    }
}
