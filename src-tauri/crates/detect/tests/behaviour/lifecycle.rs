//! Dormant accounts, short lives, privilege that comes and goes.

use witnessmark_detect::about::Severity;

use crate::world::*;

#[test]
fn an_account_wakes_after_ninety_days_if_the_log_went_on() {
    let go = |days: i64, covered: bool| {
        let mut w = World::default();
        w.add(at(0, 9, 0), sign_in("alice").from("198.51.100.7", "PH"));
        for day in 0..=days {
            if covered || day < 5 || day == days {
                w.add(at(day, 8, 0), sign_in("bob").from("198.51.100.8", "PH"));
            }
        }
        w.add(at(days, 9, 0), sign_in("alice").from("203.0.113.9", "NL"));
        w
    };
    assert_eq!(go(90, true).found("dormant_account").len(), 1);
    assert_eq!(go(89, true).found("dormant_account").len(), 0);
    assert!(
        !go(89, true).unlearned("dormant_account").is_empty(),
        "a log of 89 days cannot show it"
    );
    assert_eq!(
        go(180, true).found("dormant_account")[0].severity,
        Severity::High
    );
    let gap = go(120, false);
    assert_eq!(gap.found("dormant_account").len(), 0);
    assert!(
        gap.unlearned("dormant_account")
            .iter()
            .any(|u| u.contains("the log itself")),
        "{:?}",
        gap.unlearned("dormant_account")
    );
    assert_eq!(
        go(40, true).found_at("dormant_account", "days", 30.0).len(),
        1
    );
}

#[test]
fn what_lives_less_than_a_day() {
    let go = |minutes: i64, same: bool| {
        let mut w = World::default();
        w.add(
            at(0, 9, 0),
            said("admin", "user.lifecycle.create", "iam", "create").target("User", "temp"),
        );
        w.add(
            at(0, 9, minutes),
            said("admin", "user.lifecycle.delete", "iam", "delete")
                .target("User", if same { "temp" } else { "other" }),
        );
        w.found("short_lived").len()
    };
    assert_eq!(go(24 * 60 - 1, true), 1);
    assert_eq!(go(24 * 60, true), 0);
    assert_eq!(go(10, false), 0, "another account");
    let mut recipient = World::default();
    recipient.add(
        at(0, 9, 0),
        said("eve", "Added a disbursements recipient", "payout", "create")
            .target("recipient", "r1"),
    );
    recipient.add(
        at(0, 10, 0),
        said(
            "eve",
            "Deleted a disbursements recipient",
            "payout",
            "delete",
        )
        .target("recipient", "r1"),
    );
    assert_eq!(recipient.found("short_lived")[0].severity, Severity::High);
}

#[test]
fn both_in_one_instant_is_found_in_either_order() {
    for first in [true, false] {
        let mut w = World::default();
        let create = said("admin", "user.lifecycle.create", "iam", "create").target("User", "temp");
        let delete = said("admin", "user.lifecycle.delete", "iam", "delete").target("User", "temp");
        let (a, b) = if first {
            (create, delete)
        } else {
            (delete, create)
        };
        w.add(at(0, 9, 0), a);
        w.add(at(0, 9, 0), b);
        assert_eq!(w.found("short_lived").len(), 1);
    }
}

#[test]
fn privilege_that_is_taken_back() {
    let go = |minutes: i64| {
        let mut w = World::default();
        w.add(
            at(0, 9, 0),
            said("admin", "user.account.privilege.grant", "iam", "grant")
                .target("User", "eve@example.com"),
        );
        w.add(
            at(0, 9, 5),
            said("eve", "report.exported", "data", "export"),
        );
        w.add(
            at(0, 9, minutes),
            said("admin", "user.account.privilege.revoke", "iam", "revoke")
                .target("User", "eve@example.com"),
        );
        w.found("privilege_reverted")
    };
    let found = go(60);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].events,
        [1, 2, 3],
        "what the holder did in between is listed"
    );
    assert_eq!(go(24 * 60 - 1).len(), 1);
    assert_eq!(go(24 * 60).len(), 0);
}
