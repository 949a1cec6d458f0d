//! The log itself.

use crate::world::*;

#[test]
fn settings_of_the_log() {
    let mut w = World::default();
    w.add(
        at(0, 9, 0),
        said("eve", "StopLogging", "configuration", "disable").outcome("success"),
    );
    w.add(
        at(0, 9, 30),
        said("eve", "DeleteTrail", "configuration", "delete").outcome("success"),
    );
    w.add(
        at(0, 12, 0),
        said("eve", "StopLogging", "configuration", "disable").outcome("failure"),
    );
    w.add(
        at(0, 12, 0),
        said("eve", "UpdateProfile", "configuration", "update"),
    );
    let found = w.found("log_settings_changed");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].events, [1, 2]);
}

fn daily(days: i64, missing: std::ops::Range<i64>, jitter: i64) -> World {
    let mut w = World::default();
    for day in 0..days {
        w.add(at(day, 12, 0), said("bob", "page.viewed", "data", "read"));
        w.add(
            at(day, 15, day % 5),
            said("carol", "page.viewed", "data", "read"),
        );
        if !missing.contains(&day) {
            w.add(
                at(day, 2, (day % 3) * jitter),
                said("nightly", "report.exported", "data", "export"),
            );
        }
    }
    w
}

#[test]
fn a_daily_export_that_stopped() {
    let nightly = |w: &World| {
        w.found("rhythm_gap")
            .into_iter()
            .filter(|f| f.actor.as_deref() == Some("nightly@example.com"))
            .collect::<Vec<_>>()
    };
    let found = nightly(&daily(40, 20..22, 5));
    assert_eq!(
        found.len(),
        1,
        "two days missing: three intervals of silence"
    );
    assert!(
        found[0].sentence.contains("every 24 hours"),
        "{}",
        found[0].sentence
    );
    assert_eq!(nightly(&daily(40, 20..21, 5)).len(), 0, "one day missing");
    assert_eq!(
        nightly(&daily(40, 37..40, 5)).len(),
        1,
        "to the end of the log"
    );
    assert_eq!(
        nightly(&daily(40, 8..12, 5)).len(),
        0,
        "it had not come often enough before"
    );
    assert_eq!(
        nightly(&daily(40, 20..22, 100)).len(),
        0,
        "what comes now and then has no rhythm"
    );
}

#[test]
fn a_day_without_any_entry() {
    let go = |silent: &[i64]| {
        let mut w = World::default();
        for day in 0..70 {
            if day % 7 < 5 && !silent.contains(&day) {
                for n in 0..3 {
                    w.add(
                        at(day, 8 + (day * 3 + n * 5) % 9, n * 7),
                        said("alice", "page.viewed", "data", "read"),
                    );
                }
            }
        }
        w.found("rhythm_gap")
            .into_iter()
            .filter(|f| f.actor.is_none())
            .count()
    };
    assert_eq!(go(&[]), 0, "weekends are silent always");
    assert_eq!(go(&[43]), 1, "a Tuesday");
    assert_eq!(go(&[43, 44]), 1, "two days in a row are one gap");
    assert_eq!(go(&[15]), 0, "after two weeks nothing is usual yet");
}
