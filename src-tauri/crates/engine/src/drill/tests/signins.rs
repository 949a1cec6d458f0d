//! The review of sign-ins against counting everything that was before, for each sign-in anew.

use std::collections::BTreeSet;

use proptest::prelude::*;
use witnessmark_model::baseline::{ENOUGH, LONG_ENOUGH, SETTLE};
use witnessmark_model::{Event, Field, Zone};

use super::{World, device, get, identity, line};
use crate::api::{AgainstPart, SigninRow};
use crate::{SigninShow, Signins};

fn network(event: &Event) -> Option<String> {
    let ip = get(event, Field::SourceIp)?;
    let (block, _) = ip.rsplit_once('.')?;
    Some(format!("{block}.0/24"))
}

fn values(event: &Event) -> [Option<String>; 4] {
    [
        get(event, Field::SourceIp),
        network(event),
        device(event),
        get(event, Field::SourceCountry),
    ]
}

/// Times seen and distinct values of each kind, the baseline's size, and whether it can judge.
type Naive = (u32, [(u32, u32); 4], bool);

fn naive(all: &[&Event], at: usize) -> Option<Naive> {
    let (event, who) = (all[at], identity(all[at])?);
    let time = event.time?;
    let before: Vec<&&Event> = (all[..at].iter())
        .filter(|e| identity(e).as_ref() == Some(&who))
        .filter(|e| e.get(Field::EventOutcome) != Some("failure"))
        .filter(|e| e.time.is_some_and(|t| t.0 + SETTLE <= time.0))
        .collect();
    let own = values(event);
    let seen = std::array::from_fn(|which| {
        let values = before.iter().filter_map(|e| values(e)[which].clone());
        let values: Vec<String> = values.collect();
        let times = values
            .iter()
            .filter(|v| Some(*v) == own[which].as_ref())
            .count();
        let distinct: BTreeSet<&String> = values.iter().collect();
        (times as u32, distinct.len() as u32)
    });
    let long = match (
        before.first().and_then(|e| e.time),
        before.last().and_then(|e| e.time),
    ) {
        (Some(a), Some(b)) => b.0 - a.0 >= LONG_ENOUGH,
        _ => false,
    };
    let earlier = before.len() as u32;
    Some((earlier, seen, earlier >= ENOUGH && long))
}

fn parts(row: &SigninRow) -> [&AgainstPart; 4] {
    [&row.address, &row.network, &row.device, &row.country]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn each_sign_in_is_compared_with_all_before_it(
        lines in prop::collection::vec(line(), 1..120),
        within in prop::sample::select(vec!["", "country:PH", "outcome:failure", "after:2024-03-20"]),
        oldest_first in any::<bool>(),
    ) {
        let world = World::new(&lines);
        let all: Vec<&Event> = (world.events.iter())
            .filter(|e| e.get(Field::EventOperation) == Some("authenticate"))
            .collect();
        let chosen: BTreeSet<u64> = world.of(within).iter().map(|e| e.number).collect();
        let wanted = Signins { limit: 500, oldest_first, ..Signins::default() };
        let report = world.case.signins(within, &Zone::UTC, &wanted).unwrap();
        let (dated, undated): (Vec<_>, Vec<_>) = (all.iter())
            .filter(|e| chosen.contains(&e.number))
            .map(|e| (e.number, e.time.is_some()))
            .partition(|e| e.1);
        let turned = |list: Vec<(u64, bool)>| -> Vec<u64> {
            let numbers = list.into_iter().map(|e| e.0);
            if oldest_first { numbers.collect() } else { numbers.rev().collect() }
        };
        let mut expected = turned(dated);
        expected.extend(turned(undated));
        prop_assert_eq!(report.rows.iter().map(|r| r.event).collect::<Vec<_>>(), expected.clone());
        prop_assert_eq!((report.counts.total, report.rows_total), (expected.len() as u64, expected.len() as u64));
        for row in &report.rows {
            let at = all.iter().position(|e| e.number == row.event).unwrap();
            let Some((earlier, seen, enough)) = naive(&all, at) else {
                prop_assert_eq!((row.earlier, row.answer.as_str()), (0, "cannot_tell"));
                continue;
            };
            prop_assert_eq!((row.earlier, row.enough), (earlier, enough), "{:?}", row);
            for ((part, (times, distinct)), own) in parts(row).into_iter().zip(seen).zip(values(all[at])) {
                prop_assert_eq!(&part.value, &own);
                if own.is_some() {
                    prop_assert_eq!((part.times, part.distinct), (times, distinct));
                    let state = match (earlier, times) {
                        (0, _) => "first",
                        (_, 0) => "new",
                        _ => "seen",
                    };
                    prop_assert!(part.state == state || (state == "new" && part.state == "shared"));
                }
            }
        }
        // Counts are those of the rows, and a page of a kind holds just these.
        let new = |which: usize| report.rows.iter().filter(|r| parts(r)[which].state == "new").count() as u64;
        prop_assert_eq!(
            [report.new_address, report.new_network, report.new_device, report.new_country],
            [new(0), new(1), new(2), new(3)]
        );
        let answers = |answer: &str| report.rows.iter().filter(|r| r.answer == answer).count() as u64;
        prop_assert_eq!(
            [report.familiar, report.unfamiliar, report.cannot_tell],
            [answers("familiar"), answers("unfamiliar"), answers("cannot_tell")]
        );
        let holds = |show: SigninShow, row: &SigninRow| match show {
            SigninShow::All => true,
            SigninShow::Unfamiliar => row.answer == "unfamiliar",
            SigninShow::CannotTell => row.answer == "cannot_tell",
            SigninShow::Failed => row.outcome == "failure",
            SigninShow::New => parts(row).iter().any(|p| p.state == "new"),
            SigninShow::TooFast => row.travel.as_ref().is_some_and(|t| t.judged == "too_fast"),
        };
        for show in [SigninShow::Unfamiliar, SigninShow::CannotTell, SigninShow::Failed, SigninShow::New, SigninShow::TooFast] {
            let numbers: Vec<u64> = report.rows.iter().filter(|r| holds(show, r)).map(|r| r.event).collect();
            let page = Signins { show, oldest_first, first: 1, limit: 3 };
            let page = world.case.signins(within, &Zone::UTC, &page).unwrap();
            prop_assert_eq!(page.rows_total, numbers.len() as u64, "{:?}", show);
            let expected: Vec<u64> = numbers.into_iter().skip(1).take(3).collect();
            prop_assert_eq!(page.rows.iter().map(|r| r.event).collect::<Vec<_>>(), expected);
        }
        // The same events through another filter are told alike, so nothing of the filter before is left.
        let again = world.case.signins("", &Zone::UTC, &Signins { limit: 500, oldest_first, ..Signins::default() }).unwrap();
        for row in &report.rows {
            let same = again.rows.iter().find(|r| r.event == row.event);
            prop_assert_eq!(same, Some(row));
        }
        for place in report.places.iter().filter(|p| !p.filter.is_empty()) {
            prop_assert_eq!(world.of(&place.filter).len() as u64, place.sign_ins, "{}", place.filter);
        }
        // Ways: from the located sign-in before, of the same person.
        for arc in &report.arcs {
            let row = report.rows.iter().find(|r| r.event == arc.event).unwrap();
            prop_assert_eq!(row.travel.as_ref(), Some(&arc.travel));
        }
    }
}
