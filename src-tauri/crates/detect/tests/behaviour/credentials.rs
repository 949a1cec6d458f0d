//! Brute force, spray, stuffing, failures then success.

use witnessmark_detect::about::Severity;

use crate::world::*;

#[test]
fn brute_force_slides_over_the_hour() {
    let tries = |n: i64, last_minute: i64| {
        let mut w = World::default();
        for i in 0..n - 1 {
            w.add(
                at(0, 9, 55) + i * 1_000_000_000,
                failure("alice").from("203.0.113.9", "NL"),
            );
        }
        w.add(
            at(0, 9, last_minute),
            failure("alice").from("203.0.113.9", "NL"),
        );
        w
    };
    let found = tries(10, 65).found("brute_force_user");
    assert_eq!(
        found.len(),
        1,
        "ten in ten minutes, on both sides of the full hour"
    );
    assert_eq!(found[0].events.len(), 10);
    assert_eq!(found[0].actor.as_deref(), Some("alice@example.com"));
    assert_eq!(tries(9, 60).found("brute_force_user").len(), 0);
    assert_eq!(
        tries(10, 66).found("brute_force_user").len(),
        0,
        "the tenth is eleven minutes after the first"
    );
    assert_eq!(
        tries(10, 65)
            .found_at("brute_force_user", "failures", 11.0)
            .len(),
        0
    );
}

#[test]
fn an_address_is_accused_at_twenty_in_an_hour() {
    for (n, found) in [(19, 0), (20, 1)] {
        let mut w = World::default();
        for i in 0..n {
            w.add(
                at(0, 9, 3 * i),
                failure(&format!("user{}", i % 3)).from("203.0.113.9", "NL"),
            );
        }
        assert_eq!(w.found("brute_force_address").len(), found, "{n}");
    }
    let mut slow = World::default();
    for i in 0..20 {
        slow.add(at(0, 0, 4 * i), failure("user").from("203.0.113.9", "NL"));
    }
    assert_eq!(
        slow.found("brute_force_address").len(),
        0,
        "twenty in 76 minutes"
    );
}

fn spray(accounts: i64, each: i64, minutes: i64) -> World {
    let mut w = World::default();
    let n = accounts * each;
    for i in 0..n {
        let time = at(0, 9, 0) + i * minutes * MINUTE / (n - 1).max(1);
        w.add(
            time,
            failure(&format!("user{}", i % accounts)).from("203.0.113.9", "NL"),
        );
    }
    w
}

#[test]
fn spray_is_a_few_tries_on_several_accounts() {
    let found = spray(5, 2, 60).found("password_spray");
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].severity, found[0].events.len()),
        (Severity::High, 10)
    );
    assert_eq!(
        spray(4, 2, 60).found("password_spray").len(),
        0,
        "four accounts"
    );
    assert_eq!(
        spray(5, 1, 60).found("password_spray").len(),
        0,
        "one try each"
    );
    assert_eq!(spray(5, 8, 60).found("password_spray").len(), 1);
    assert_eq!(
        spray(5, 2, 61).found("password_spray").len(),
        0,
        "just longer than the window"
    );
    assert_eq!(
        spray(5, 2, 60)
            .found_at("password_spray", "most_tries", 1.0)
            .len(),
        0
    );
    // Nine accounts with two tries and seven with one: 56 % are in the band.
    for (minute, found) in [(10, 0), (55, 1)] {
        let mut mixed = spray(9, 2, 50);
        for i in 0..7 {
            mixed.add(
                at(0, 9, minute),
                failure(&format!("other{i}")).from("203.0.113.9", "NL"),
            );
        }
        let what = "with the others from the start it is a crowd; before they came it was a spray";
        assert_eq!(mixed.found("password_spray").len(), found, "{what}");
    }
    let mut broken = spray(5, 2, 60);
    broken.add(at(0, 10, 20), sign_in("user3").from("203.0.113.9", "NL"));
    let found = broken.found("password_spray");
    assert_eq!(
        (found[0].severity, found[0].actor.as_deref()),
        (Severity::Critical, Some("user3@example.com"))
    );
    let mut elsewhere = spray(5, 2, 60);
    elsewhere.add(at(0, 10, 20), sign_in("user3").from("198.51.100.7", "PH"));
    assert_eq!(
        elsewhere.found("password_spray")[0].severity,
        Severity::High,
        "the owner, from home"
    );
}

#[test]
fn stuffing_is_a_try_or_two_on_very_many_accounts() {
    let go = |accounts: i64, tries: i64, minutes: i64| {
        let mut w = World::default();
        for i in 0..tries {
            w.add(
                at(0, 9, 0) + i * minutes * MINUTE / (tries - 1),
                failure(&format!("user{}", i % accounts)).from("203.0.113.9", "NL"),
            );
        }
        w.found("credential_stuffing").len()
    };
    assert_eq!(go(15, 25, 15), 1);
    assert_eq!(go(14, 25, 15), 0, "fourteen accounts");
    assert_eq!(go(15, 24, 15), 0, "twenty-four tries");
    assert_eq!(go(15, 25, 16), 0, "sixteen minutes");
    assert_eq!(go(15, 60, 15), 1, "while it had one or two tries each");
}

#[test]
fn failures_then_success() {
    let go = |failures: i64, gap: i64, known: bool| {
        let mut w = World::default();
        if known {
            w.add(at(-1, 9, 0), sign_in("alice").from("203.0.113.9", "NL"));
        }
        for i in 0..failures {
            w.add(at(0, 9, i), failure("alice").from("203.0.113.9", "NL"));
        }
        w.add(
            at(0, 9, failures - 1 + gap),
            sign_in("alice").from("203.0.113.9", "NL"),
        );
        w.found("failure_then_success")
    };
    assert_eq!(go(5, 10, false)[0].severity, Severity::High);
    assert_eq!(
        go(5, 10, true)[0].severity,
        Severity::Low,
        "from a network they used before"
    );
    assert_eq!(go(4, 10, false).len(), 0);
    assert_eq!(
        go(5, 176, false).len(),
        1,
        "the first failure is 180 minutes ago"
    );
    assert_eq!(go(5, 177, false).len(), 0, "and now 181");
}

#[test]
fn a_success_between_starts_the_count_anew_and_order_in_one_instant_does_not_matter() {
    let mut w = World::default();
    for i in 0..6 {
        w.add(at(0, 9, i), failure("alice").from("203.0.113.9", "NL"));
        if i == 2 {
            w.add(at(0, 9, i), sign_in("alice").from("203.0.113.9", "NL"));
        }
    }
    w.add(at(0, 9, 7), sign_in("alice").from("203.0.113.9", "NL"));
    assert_eq!(w.found("failure_then_success").len(), 0, "three and three");
    let mut same = World::default();
    same.add(at(0, 9, 0), sign_in("alice").from("203.0.113.9", "NL"));
    for _ in 0..5 {
        same.add(at(0, 9, 0), failure("alice").from("203.0.113.9", "NL"));
    }
    assert_eq!(
        same.found("failure_then_success").len(),
        1,
        "all in one second, the success listed first"
    );
}

#[test]
fn an_office_full_of_typing_errors_is_no_attack() {
    let mut w = World::default();
    for n in 0..40 {
        w.add(
            at(0, 8, n),
            sign_in(&format!("user{n}")).from("198.51.100.7", "PH"),
        );
    }
    for i in 0..80 {
        w.add(
            at(1, 9, 0) + i * 30_000_000_000,
            failure(&format!("user{}", i % 40)).from("198.51.100.7", "PH"),
        );
    }
    for detection in [
        "password_spray",
        "credential_stuffing",
        "brute_force_address",
    ] {
        assert_eq!(w.found(detection).len(), 0, "{detection}");
    }
}
