//! The money path and keys after an unfamiliar sign-in; several weak signs.

use witnessmark_detect::about::Severity;
use witnessmark_detect::feed::{BlindSpots, Need};

use crate::world::*;

fn intruded(days: i64) -> World {
    let mut w = World::default();
    w.habit("alice", 0..days);
    w.add(
        at(days + 1, 3, 0),
        sign_in("alice").from("203.0.113.9", "NL").device(PHONE),
    );
    w
}

fn bank() -> Said {
    said("alice", "Edited the bank information", "payout", "update")
}

#[test]
fn a_changed_bank_account_after_an_unfamiliar_sign_in() {
    let mut w = intruded(20);
    w.add(at(21, 3, 10), bank());
    let found = w.found("money_path");
    assert_eq!((found.len(), found[0].severity), (1, Severity::High));
    assert_eq!(found[0].events, [21, 22]);
    assert!(
        found[0].sentence.contains("new country NL"),
        "{}",
        found[0].sentence
    );
    w.add(
        at(21, 3, 20),
        said("alice", "Created a disbursement", "payout", "transfer"),
    );
    let found = w.found("money_path");
    assert_eq!(
        (found.len(), found[0].severity, found[0].events.len()),
        (1, Severity::Critical, 3)
    );
}

#[test]
fn the_nearest_innocent_neighbours() {
    let mut own = World::default();
    own.habit("alice", 0..22);
    own.add(at(21, 9, 10), bank());
    assert_eq!(
        own.found("money_path").len(),
        0,
        "after a sign-in of their own"
    );
    let mut late = intruded(20);
    late.add(at(22, 3, 1), bank());
    assert_eq!(
        late.found("money_path").len(),
        0,
        "a day and a minute later"
    );
    let mut just = intruded(20);
    just.add(at(22, 3, 0), bank());
    assert_eq!(just.found("money_path").len(), 1, "a day later");
    let mut between = intruded(20);
    between.add(
        at(21, 9, 0),
        sign_in("alice").from("198.51.100.7", "PH").device(LAPTOP),
    );
    between.add(at(21, 9, 30), bank());
    assert_eq!(
        between.found("money_path").len(),
        0,
        "a familiar sign-in lies between, and the log names nothing else"
    );
    let mut elsewhere = intruded(20);
    elsewhere.add(at(21, 3, 30), bank().from("198.51.100.7", "PH"));
    assert_eq!(
        elsewhere.found("money_path").len(),
        0,
        "from the network they always use"
    );
    let mut session = intruded(20);
    session.add(
        at(21, 9, 0),
        sign_in("alice").from("198.51.100.7", "PH").device(LAPTOP),
    );
    session.add(at(21, 9, 30), bank().from("203.0.113.9", "NL"));
    assert_eq!(
        session.found("money_path").len(),
        1,
        "the intruder's network, whoever signed in between"
    );
    let mut device = World::default();
    device.habit("alice", 0..20);
    device.add(
        at(21, 3, 0),
        sign_in("alice").from("198.51.100.7", "PH").device(PHONE),
    );
    device.add(at(21, 3, 10), bank());
    assert_eq!(
        device.found("money_path").len(),
        0,
        "a new telephone at home is one sign"
    );
    assert_eq!(device.found_at("money_path", "signs", 1.0).len(), 1);
}

#[test]
fn without_history_it_is_said_and_not_found() {
    let mut w = intruded(5);
    w.add(at(6, 3, 10), bank());
    assert_eq!(w.found("money_path").len(), 0);
    assert!(
        w.unlearned("money_path")[0].contains("cannot be said"),
        "{:?}",
        w.unlearned("money_path")
    );
}

#[test]
fn a_log_without_sign_ins_cannot_tell() {
    let mut w = World {
        blind: BlindSpots {
            needs: vec![Need::SignIns],
            sentences: vec!["Sign-ins are not logged.".into()],
        },
        ..World::default()
    };
    w.add(at(0, 3, 10), bank());
    let review = w.review();
    let told = review
        .cannot_tell
        .iter()
        .find(|c| c.detection == "money_path")
        .unwrap();
    assert!(
        told.reason.contains("Sign-ins are not logged."),
        "{}",
        told.reason
    );
    assert_eq!(told.source, "example");
}

#[test]
fn a_key_that_was_viewed() {
    let mut w = intruded(20);
    w.add(
        at(21, 3, 5),
        said("alice", "API Key Viewed", "credential", "read").target("api_key", "live"),
    );
    let found = w.found("key_after_unfamiliar_sign_in");
    assert_eq!(
        (found.len(), found[0].severity),
        (1, Severity::Medium),
        "linked by actor and time only"
    );
    assert!(
        found[0]
            .would_change
            .iter()
            .any(|t| t.contains("neither session nor address"))
    );
    let mut sure = intruded(20);
    sure.add(
        at(21, 3, 5),
        said("alice", "API Key Viewed", "credential", "read").from("203.0.113.10", "NL"),
    );
    assert_eq!(
        sure.found("key_after_unfamiliar_sign_in")[0].severity,
        Severity::High
    );
}

#[test]
fn several_weak_signs_are_one_stronger() {
    let found = intruded(20).found("several_weak_signs");
    assert_eq!(found.len(), 1, "new country, network and device");
    assert_eq!(found[0].events, [21]);
    let mut one = World::default();
    one.habit("alice", 0..20);
    one.add(
        at(21, 9, 0),
        sign_in("alice").from("198.51.100.7", "PH").device(PHONE),
    );
    assert_eq!(
        one.found("several_weak_signs").len(),
        0,
        "one sign stays one sign"
    );
    assert_eq!(one.found("new_device").len(), 1);
}
