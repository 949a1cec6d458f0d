//! Attacks on clocks, order, size and names; and that a finding is the same in every run.

use proptest::prelude::*;
use witnessmark_detect::about::Overrides;
use witnessmark_detect::detections::{ALL, by_id};
use witnessmark_detect::review::{parameter, what_if};
use witnessmark_model::Field;

use crate::world::*;

fn busy() -> World {
    let mut w = World::default();
    w.habit("alice", 0..20);
    w.add(
        at(21, 3, 0),
        sign_in("alice")
            .from("203.0.113.9", "NL")
            .device(PHONE)
            .session("s"),
    );
    w.add(
        at(21, 3, 1),
        said("alice", "API Key Viewed", "credential", "read").from("203.0.113.9", "NL"),
    );
    w.add(
        at(21, 3, 1),
        said("alice", "Edited the bank information", "payout", "update").from("203.0.113.9", "NL"),
    );
    w.add(
        at(21, 3, 1),
        said("alice", "Created a disbursement", "payout", "transfer").from("203.0.113.9", "NL"),
    );
    for i in 0..12 {
        w.add(at(21, 2, i / 3), failure("bob").from("203.0.113.77", "NL"));
    }
    w.add(at(21, 2, 4), sign_in("bob").from("203.0.113.77", "NL"));
    w
}

fn ids(w: &World) -> Vec<String> {
    let mut ids: Vec<String> = w.review().findings.into_iter().map(|f| f.id).collect();
    ids.sort();
    ids
}

#[test]
fn the_same_events_in_another_order_are_the_same_findings() {
    let w = busy();
    assert!(ids(&w).len() >= 6, "{:?}", ids(&w));
    assert_eq!(ids(&w), ids(&w));
    assert_eq!(ids(&w), ids(&w.reordered()));
}

#[test]
fn a_finding_depends_on_when_it_was() {
    assert_ne!(ids(&busy()), ids(&busy().shifted(MINUTE)));
    assert_eq!(
        ids(&busy()).len(),
        ids(&busy().shifted(MINUTE)).len(),
        "windows slide: a minute later is no other case"
    );
}

#[test]
fn what_arrives_elsewhere_changes_no_id() {
    let mut w = busy();
    let before = ids(&w);
    w.add(at(40, 9, 0), sign_in("zoe").from("192.0.2.4", "SG"));
    let after = ids(&w);
    assert!(before.iter().all(|id| after.contains(id)));
}

#[test]
fn times_that_cannot_be_true_make_no_history() {
    let mut w = World::default();
    // One event of 1970 would otherwise make every account fifty years old.
    w.add(0, sign_in("alice").from("198.51.100.7", "PH"));
    for day in 0..11 {
        w.add(at(day, 9, 0), sign_in("alice").from("198.51.100.7", "PH"));
    }
    w.add(at(11, 9, 0), sign_in("alice").from("203.0.113.9", "NL"));
    w.add(at(20_000, 9, 0), sign_in("alice").from("203.0.113.9", "NL"));
    let feed = w.feed();
    assert_eq!(feed.out_of_range, 2);
    assert_eq!(w.found("new_country").len(), 0);
    assert_eq!(w.found("dormant_account").len(), 0);
}

#[test]
fn the_ends_of_the_clock_do_not_overflow() {
    let mut w = World::default();
    for time in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX] {
        for said in [
            sign_in("a"),
            failure("a"),
            said("a", "Edited the bank information", "payout", "update"),
        ] {
            w.add(time, said.from("203.0.113.9", "NL").session("s"));
        }
    }
    let _ = w.review();
}

#[test]
fn names_that_are_markup_or_empty_or_huge_are_only_text() {
    let mut w = World::default();
    let long = "x".repeat(100_000);
    for (i, name) in [
        "<img src=x>",
        "\u{202e}evil",
        "=cmd|'/c calc'!A0",
        long.as_str(),
        "",
    ]
    .iter()
    .enumerate()
    {
        for day in 0..20 {
            w.add(
                at(day, 9, i as i64),
                said("", "user.login", "authentication", "authenticate")
                    .outcome("success")
                    .with(Field::UserName, name)
                    .with(Field::SourceIp, name)
                    .with(Field::SourceCountry, name)
                    .device(name),
            );
        }
    }
    let _ = w.review();
}

#[test]
fn what_if_counts_over_the_whole_case_at_once() {
    let w = busy();
    let feed = w.feed();
    let now = w.review().findings;
    let (detection, of) = parameter("brute_force_user.failures").unwrap();
    let answers = what_if(
        &feed,
        detection,
        of.name,
        &[5.0, 10.0, 13.0],
        &Overrides::new(),
        &now,
    );
    assert_eq!(
        answers.iter().map(|a| a.findings).collect::<Vec<_>>(),
        [1, 1, 0]
    );
    assert_eq!((answers[1].gone.len(), answers[1].new.len()), (0, 0));
    assert_eq!(answers[2].gone.len(), 1);
    assert!(parameter("nothing.failures").is_err());
    assert!(
        parameter("failures").unwrap_err().contains("several"),
        "one name, several detections"
    );
    assert!(parameter("kmh").is_ok(), "one name, one detection");
}

#[test]
fn every_detection_describes_itself() {
    for d in ALL {
        assert!(by_id(d.id).is_some());
        assert!(
            !d.what.is_empty() && !d.benign.is_empty() && !d.after.is_empty(),
            "{}",
            d.id
        );
        for p in d.parameters {
            assert!(
                p.least <= p.default && p.default <= p.most,
                "{}.{}",
                d.id,
                p.name
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_events_in_any_order_are_judged_alike(events in prop::collection::vec((0_i64..40, 0_usize..4, 0_usize..8, 0_usize..3), 0..80)) {
        let mut w = World::default();
        for (hours, who, what, place) in events {
            let who = ["alice", "bob", "carol", "dave"][who];
            let said = match what {
                0 | 1 => sign_in(who),
                2 | 3 => failure(who),
                4 => said(who, "Edited the bank information", "payout", "update"),
                5 => said(who, "report.exported", "data", "export"),
                6 => said("admin", "user.lifecycle.create", "iam", "create").target("User", who),
                _ => said("admin", "user.lifecycle.delete", "iam", "delete").target("User", who),
            };
            let (ip, country) = [("198.51.100.7", "PH"), ("203.0.113.9", "NL"), ("192.0.2.1", "SG")][place];
            w.add(at(0, hours, 0), said.from(ip, country).session(ip));
        }
        let loose: Overrides = [("brute_force_user.failures", 2.0), ("failure_then_success.failures", 1.0), ("new_country.learn_sign_ins", 1.0), ("new_country.learn_days", 0.0), ("money_path.learn_sign_ins", 1.0), ("money_path.learn_days", 0.0)].map(|(k, v)| (k.to_owned(), v)).into_iter().collect();
        let of = |w: &World| {
            let mut ids: Vec<_> = witnessmark_detect::review::review(&w.feed(), &loose, Vec::new()).findings.into_iter().filter(|f| f.detection != "impossible_travel" && f.detection != "session_two_places" && f.detection != "several_weak_signs").map(|f| (f.detection, f.id)).collect();
            ids.sort();
            ids
        };
        prop_assert_eq!(of(&w), of(&w.reordered()));
    }
}

/// After a change: `WITNESSMARK_WRITE=1 cargo test -p witnessmark-detect` writes the page anew.
#[test]
fn the_manual_is_what_the_detections_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/detections.md");
    let manual = std::fs::read_to_string(path).unwrap();
    let head = "<!-- Written from the detections; a test compares it. -->\n\n";
    let written = witnessmark_detect::reference::reference();
    let (before, _) = manual.split_once(head).unwrap();
    let expected = format!("{before}{head}{written}");
    if std::env::var_os("WITNESSMARK_WRITE").is_some() {
        std::fs::write(path, &expected).unwrap();
    }
    assert!(
        manual == expected,
        "docs/detections.md differs from the detections"
    );
}
