//! Hours of the week, mass reading and export.

use witnessmark_detect::about::Severity;
use witnessmark_model::Field;

use crate::world::*;

fn office(w: &mut World, actor: &str, weeks: i64) {
    for day in 0..weeks * 7 {
        if day % 7 < 5 {
            for hour in 1..10 {
                w.add(
                    at(day, hour, 10),
                    said(actor, "page.viewed", "data", "read"),
                );
            }
        }
    }
}

#[test]
fn work_at_night_is_told_from_the_own_habit() {
    let go = |weeks: i64, events: i64, hour: i64| {
        let mut w = World::default();
        office(&mut w, "alice", weeks);
        for i in 0..events {
            w.add(
                at(weeks * 7 + 1, hour, i),
                said("alice", "page.viewed", "data", "read"),
            );
        }
        w
    };
    let found = go(6, 3, 20).found("off_hours");
    assert_eq!(found.len(), 1, "Tuesday evening");
    assert!(
        found[0].baseline.as_ref().unwrap().usual.contains("Tue"),
        "{:?}",
        found[0].baseline
    );
    assert_eq!(go(6, 2, 20).found("off_hours").len(), 0, "two events");
    assert_eq!(
        go(6, 3, 10).found("off_hours").len(),
        0,
        "the hour beside the last usual one"
    );
    assert_eq!(go(6, 3, 5).found("off_hours").len(), 0);
    assert_eq!(found[0].severity, Severity::Low);
    let young = go(3, 3, 20);
    assert_eq!(young.found("off_hours").len(), 0);
    assert_eq!(young.unlearned("off_hours").len(), 1);
}

#[test]
fn overtime_is_no_sign_and_a_weekend_at_usual_hours_is_a_note() {
    // The usual day ends at 09:10; from then on something at every interval.
    let evening = |pause: i64| {
        let mut w = World::default();
        office(&mut w, "alice", 7);
        for i in 0..6 {
            w.add(
                at(6 * 7 + 1, 9, 10 + pause + i * 30),
                said("alice", "page.viewed", "data", "read"),
            );
        }
        w
    };
    assert_eq!(evening(30).found("off_hours").len(), 0, "overtime");
    assert_eq!(evening(120).found("off_hours").len(), 0, "two hours later");
    assert_eq!(evening(121).found("off_hours").len(), 1, "a pause between");
    assert_eq!(
        evening(121).found_at("off_hours", "apart_hours", 3.0).len(),
        0
    );
    let saturday = |hour: i64| {
        let mut w = World::default();
        office(&mut w, "alice", 7);
        for i in 0..5 {
            w.add(
                at(6 * 7 + 5, hour, i),
                said("alice", "page.viewed", "data", "read"),
            );
        }
        w.found("off_hours")
    };
    assert_eq!(saturday(3)[0].severity, Severity::Informational);
    assert_eq!(saturday(18)[0].severity, Severity::Low, "and at night");
}

#[test]
fn who_works_at_all_hours_has_no_unusual_ones() {
    let mut w = World::default();
    for day in 0..60 {
        w.add(
            at(day, (day * 7) % 24, 0),
            said("alice", "page.viewed", "data", "read"),
        );
    }
    for i in 0..5 {
        w.add(at(61, 13, i), said("alice", "page.viewed", "data", "read"));
    }
    assert_eq!(w.found("off_hours").len(), 0);
}

#[test]
fn a_program_has_no_hours() {
    let mut w = World::default();
    for day in 0..60 {
        w.add(
            at(day, 2, 0),
            said("", "job.run", "other", "execute")
                .with(Field::UserName, "nightly")
                .with(Field::UserType, "system"),
        );
    }
    for i in 0..5 {
        w.add(
            at(61, 13, i),
            said("", "job.run", "other", "execute")
                .with(Field::UserName, "nightly")
                .with(Field::UserType, "system"),
        );
    }
    assert_eq!(w.found("off_hours").len(), 0);
}

#[test]
fn mass_export_is_three_times_the_own_greatest_day_and_ten() {
    let go = |usual: i64, then: i64, days: i64| {
        let mut w = World::default();
        for day in 0..days {
            for i in 0..usual {
                w.add(
                    at(day, 9, i),
                    said("alice", "report.exported", "data", "export"),
                );
            }
            w.add(at(day, 8, 0), said("alice", "page.viewed", "data", "read"));
        }
        for i in 0..then {
            // Across midnight: a sliding day, not a calendar day.
            w.add(
                at(days, 23, 50 + i),
                said("alice", "report.exported", "data", "export"),
            );
        }
        w
    };
    assert_eq!(go(4, 12, 20).found("mass_export").len(), 1);
    assert_eq!(
        go(4, 11, 20).found("mass_export").len(),
        0,
        "less than three times"
    );
    assert_eq!(go(1, 9, 20).found("mass_export").len(), 0, "fewer than ten");
    assert_eq!(
        go(0, 10, 20).found("mass_export").len(),
        1,
        "who never exported"
    );
    let young = go(0, 30, 10);
    assert_eq!(young.found("mass_export").len(), 0);
    assert_eq!(
        young.unlearned("mass_export").len(),
        1,
        "ten days are no history"
    );
    let many = go(2, 40, 20).found("mass_export");
    assert_eq!(many[0].events.len(), 40);
    assert_eq!(many[0].baseline.as_ref().unwrap().usual, "at most 2 a day");
}
