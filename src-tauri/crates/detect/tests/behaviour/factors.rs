//! MFA fatigue, factors taken away, password and factor together.

use witnessmark_detect::about::Severity;
use witnessmark_model::Field;

use crate::world::*;

fn refused(actor: &str) -> Said {
    said(
        actor,
        "user.authentication.auth_via_mfa",
        "authentication",
        "authenticate",
    )
    .outcome("failure")
}

#[test]
fn fatigue_is_five_in_ten_minutes_and_critical_when_somebody_gives_in() {
    let go = |n: i64, minutes: i64, given: Option<i64>| {
        let mut w = World::default();
        for i in 0..n {
            w.add(
                at(0, 3, 0) + i * minutes * MINUTE / (n - 1),
                refused("alice"),
            );
        }
        if let Some(after) = given {
            w.add(at(0, 3, minutes + after), sign_in("alice"));
        }
        w.found("mfa_fatigue")
    };
    assert_eq!(go(5, 10, None)[0].severity, Severity::Medium);
    assert_eq!(go(4, 10, None).len(), 0);
    assert_eq!(go(5, 11, None).len(), 0);
    assert_eq!(go(5, 10, Some(10))[0].severity, Severity::Critical);
    assert_eq!(
        go(5, 10, Some(11))[0].severity,
        Severity::Medium,
        "too long after"
    );
}

#[test]
fn a_vendor_that_says_it_in_the_reason_is_understood() {
    let mut w = World::default();
    for i in 0..5 {
        w.add(
            at(0, 3, i),
            failure("alice").with(
                Field::EventReason,
                "MFA denied; user declined the authentication",
            ),
        );
    }
    assert_eq!(w.found("mfa_fatigue").len(), 1);
    assert_eq!(
        w.found_at("brute_force_user", "failures", 2.0).len(),
        0,
        "a refused factor is no wrong password"
    );
}

fn off(actor: &str, of: &str) -> Said {
    said(actor, "user.mfa.factor.deactivate", "credential", "delete")
        .outcome("success")
        .target("User", of)
}

fn on(actor: &str, of: &str) -> Said {
    said(actor, "user.mfa.factor.activate", "credential", "create")
        .outcome("success")
        .target("User", of)
}

#[test]
fn a_factor_that_is_not_restored() {
    let go = |restored: Option<i64>, end: i64| {
        let mut w = World::default();
        w.add(at(0, 9, 0), off("admin", "alice@example.com"));
        if let Some(minutes) = restored {
            w.add(at(0, 9, minutes), on("alice", "alice@example.com"));
        }
        w.add(at(0, 9 + end, 0), sign_in("bob"));
        w
    };
    let found = go(None, 12).found("mfa_off");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].sentence.contains("by admin@example.com"),
        "{}",
        found[0].sentence
    );
    assert_eq!(
        go(Some(720), 48).found("mfa_off").len(),
        0,
        "restored at the last minute"
    );
    assert_eq!(go(Some(721), 48).found("mfa_off").len(), 1);
    let early = go(None, 11);
    assert_eq!(early.found("mfa_off").len(), 0);
    assert_eq!(
        early.unlearned("mfa_off").len(),
        1,
        "the log ends too early: said, not found"
    );
}

#[test]
fn password_and_factor_within_half_an_hour() {
    let go = |minutes: i64, of: &str| {
        let mut w = World::default();
        w.add(
            at(0, 9, 0),
            said(
                "admin",
                "user.account.reset_password",
                "credential",
                "update",
            )
            .outcome("success")
            .target("User", "alice@example.com"),
        );
        w.add(at(0, 9, minutes), off("admin", of));
        w.found("password_and_factor_reset")
    };
    assert_eq!(go(30, "alice@example.com").len(), 1);
    assert_eq!(go(-30, "alice@example.com").len(), 1, "in either order");
    assert_eq!(go(31, "alice@example.com").len(), 0);
    assert_eq!(go(5, "bob@example.com").len(), 0, "of two persons");
    let mut own = World::default();
    own.add(
        at(0, 9, 0),
        said("alice", "Changed their password", "credential", "update"),
    );
    own.add(at(0, 9, 5), off("admin", "alice@example.com"));
    assert_eq!(
        own.found("password_and_factor_reset").len(),
        1,
        "the person who acts and the person who is named are one"
    );
}
