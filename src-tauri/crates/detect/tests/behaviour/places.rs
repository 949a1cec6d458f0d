//! Travel, new country, network, device, and sessions.

use witnessmark_detect::about::Severity;

use witnessmark_detect::place::{Place, Point};

use crate::world::*;

fn journey(minutes: i64, to: &str) -> World {
    let mut w = World::default();
    w.add(at(0, 9, 0), sign_in("alice").from("198.51.100.7", "PH"));
    w.add(at(0, 9, minutes), sign_in("alice").from("203.0.113.9", to));
    w
}

#[test]
fn travel_needs_distance_and_speed() {
    // Philippines to Singapore: nearest points 1,500 km apart.
    assert_eq!(
        journey(60, "SG").found("impossible_travel").len(),
        1,
        "1,500 km/h"
    );
    assert_eq!(
        journey(112, "SG").found("impossible_travel").len(),
        1,
        "803 km/h"
    );
    assert_eq!(
        journey(113, "SG").found("impossible_travel").len(),
        0,
        "796 km/h"
    );
    assert_eq!(
        journey(1, "SG")
            .found_at("impossible_travel", "km", 1_500.0)
            .len(),
        1
    );
    assert_eq!(
        journey(1, "SG")
            .found_at("impossible_travel", "km", 1_501.0)
            .len(),
        0
    );
    assert_eq!(
        journey(1, "ZZ").found("impossible_travel").len(),
        0,
        "an unknown place is no verdict"
    );
    let mut border = World::default();
    border.add(at(0, 9, 0), sign_in("bob").from("198.51.100.7", "FR"));
    border.add(at(0, 9, 1), sign_in("bob").from("203.0.113.9", "DE"));
    assert_eq!(
        border.found("impossible_travel").len(),
        0,
        "neighbours have no distance"
    );
}

#[test]
fn travel_counts_a_journey_once_and_successes_only() {
    let mut w = journey(60, "SG");
    w.add(at(0, 11, 0), sign_in("alice").from("198.51.100.7", "PH"));
    let found = w.found("impossible_travel");
    assert_eq!(found.len(), 1, "there and back");
    assert_eq!(found[0].events, [1, 2, 3]);
    assert!(
        found[0].sentence.contains("1,500 km"),
        "{}",
        found[0].sentence
    );
    assert!(
        found[0]
            .measured
            .iter()
            .any(|m| m.name == "kmh" && (m.value - 1_500.0).abs() < 1.0)
    );
    let mut failed = World::default();
    failed.add(at(0, 9, 0), sign_in("alice").from("198.51.100.7", "PH"));
    failed.add(at(0, 9, 5), failure("alice").from("203.0.113.9", "SG"));
    assert_eq!(
        failed.found("impossible_travel").len(),
        0,
        "who did not get in was not there"
    );
}

#[test]
fn travel_leaves_out_what_many_used_before() {
    let found = |n: usize, day: i64, made: fn(&str) -> Said| {
        let mut w = journey(60, "SG");
        for n in 0..n {
            let said = made(&format!("user{n}")).from("203.0.113.9", "SG");
            w.add(at(day, n as i64, 0), said);
        }
        w.found("impossible_travel").len()
    };
    let reading = |who: &str| said(who, "order.read", "data", "read");
    let denied = |who: &str| said(who, "order.read", "data", "read").outcome("failure");
    let refused = |who: &str| said(who, "mfa", "authentication", "authenticate").outcome("failure");
    assert_eq!(found(4, -5, sign_in), 1, "four used the address");
    assert_eq!(found(5, -5, sign_in), 0, "five did: a VPN");
    assert_eq!(found(5, -5, reading), 0, "who reads has got in");
    assert_eq!(found(9, -5, failure), 1, "who tries has not");
    assert_eq!(found(9, -5, denied), 1);
    assert_eq!(found(9, -5, refused), 1);
    assert_eq!(found(9, 0, sign_in), 1, "the same day proves nothing");
    assert_eq!(found(9, 5, sign_in), 1, "nor does what came later");
}

fn stranger(days: i64, country: &str, ip: &str, device: &str) -> World {
    let mut w = World::default();
    w.habit("alice", 0..days);
    w.add(
        at(days + 1, 9, 0),
        sign_in("alice").from(ip, country).device(device),
    );
    w
}

#[test]
fn a_country_is_new_after_enough_history_only() {
    // Fifteen daily sign-ins span fourteen days.
    let found = stranger(15, "NL", "203.0.113.9", LAPTOP).found("new_country");
    assert_eq!(found.len(), 1);
    let baseline = found[0].baseline.as_ref().unwrap();
    assert_eq!((baseline.n, baseline.usual.as_str()), (15, "PH (15)"));
    assert_eq!(found[0].severity, Severity::Low);
    let short = stranger(14, "NL", "203.0.113.9", LAPTOP);
    assert_eq!(short.found("new_country").len(), 0, "thirteen days");
    assert!(
        short.unlearned("new_country")[0].starts_with("alice@example.com: 15 sign-ins"),
        "{:?}",
        short.unlearned("new_country")
    );
    assert_eq!(
        stranger(15, "PH", "203.0.113.9", LAPTOP)
            .found("new_country")
            .len(),
        0
    );
    assert_eq!(
        stranger(15, "", "203.0.113.9", LAPTOP)
            .found("new_country")
            .len(),
        0,
        "unknown is never new"
    );
    assert_eq!(
        stranger(15, "NL", "203.0.113.9", PHONE).found("new_country")[0].severity,
        Severity::Medium,
        "with a new device"
    );
}

#[test]
fn few_sign_ins_over_a_long_time_are_no_history() {
    for (n, found) in [(9, 0), (10, 1)] {
        let mut w = World::default();
        for i in 0..n {
            w.add(at(i * 3, 9, 0), sign_in("alice").from("198.51.100.7", "PH"));
        }
        w.add(at(60, 9, 0), sign_in("alice").from("203.0.113.9", "NL"));
        assert_eq!(w.found("new_country").len(), found, "{n} earlier sign-ins");
    }
}

#[test]
fn a_value_stays_new_for_a_day_and_is_one_finding() {
    let mut w = stranger(20, "NL", "203.0.113.9", LAPTOP);
    w.add(
        at(21, 20, 0),
        sign_in("alice").from("203.0.113.9", "NL").device(LAPTOP),
    );
    w.add(
        at(22, 10, 0),
        sign_in("alice").from("203.0.113.9", "NL").device(LAPTOP),
    );
    let found = w.found("new_country");
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].events.len(),
        2,
        "the third sign-in is no news any more"
    );
}

#[test]
fn networks_and_devices_are_told_from_versions_and_neighbours() {
    assert_eq!(
        stranger(15, "PH", "203.0.113.9", LAPTOP)
            .found("new_network")
            .len(),
        1
    );
    assert_eq!(
        stranger(15, "PH", "198.51.100.99", LAPTOP)
            .found("new_network")
            .len(),
        0,
        "the same /24"
    );
    assert_eq!(
        stranger(15, "PH", "10.0.0.8", LAPTOP)
            .found("new_network")
            .len(),
        0,
        "a private address says nothing"
    );
    assert_eq!(
        stranger(15, "PH", "198.51.100.7", PHONE)
            .found("new_device")
            .len(),
        1
    );
    let updated = LAPTOP.replace("141", "142");
    assert_eq!(
        stranger(15, "PH", "198.51.100.7", &updated)
            .found("new_device")
            .len(),
        0,
        "a browser was updated"
    );
}

#[test]
fn a_session_that_changes_network_and_device_was_stolen() {
    let go = |ip: &str, device: &str, hours: i64| {
        let mut w = World::default();
        w.add(
            at(0, 9, 0),
            sign_in("alice")
                .from("198.51.100.7", "PH")
                .device(LAPTOP)
                .session("s1"),
        );
        w.add(
            at(0, 9 + hours, 0),
            said("alice", "page.viewed", "data", "read")
                .from(ip, "NL")
                .device(device)
                .session("s1"),
        );
        w.found("session_two_places")
    };
    assert_eq!(go("203.0.113.9", PHONE, 1)[0].severity, Severity::High);
    assert_eq!(
        go("203.0.113.9", LAPTOP, 1)[0].severity,
        Severity::Low,
        "moved with the same device"
    );
    assert_eq!(
        go("203.0.113.9", &LAPTOP.replace("141", "142"), 1)[0].severity,
        Severity::Low,
        "0.98 alike"
    );
    assert_eq!(go("198.51.100.8", PHONE, 1).len(), 0, "the same network");
    assert_eq!(go("203.0.113.9", PHONE, 24).len(), 1, "a day later");
    assert_eq!(
        go("203.0.113.9", PHONE, 25).len(),
        0,
        "more than a day later"
    );
    let mut two = World::default();
    two.add(
        at(0, 9, 0),
        sign_in("alice")
            .from("198.51.100.7", "PH")
            .device(LAPTOP)
            .session("s1"),
    );
    two.add(
        at(0, 9, 1),
        sign_in("alice")
            .from("203.0.113.9", "NL")
            .device(PHONE)
            .session("s2"),
    );
    assert_eq!(two.found("session_two_places").len(), 0, "two sessions");
}

/// Manila and Cebu, 570 km apart, each known to within `radius`.
fn cities(minutes: i64, country: &str, radius: f64) -> World {
    let mut w = World::default();
    for (address, name, latitude, longitude) in [
        ("198.51.100.7", "Manila", 14.5995, 120.9842),
        ("203.0.113.9", "Cebu City", 10.3157, 123.8854),
    ] {
        let point = Point {
            latitude,
            longitude,
            radius,
        };
        let place = Place {
            point: Some(point),
            country: Some(*b"PH"),
        };
        w.places
            .insert(address.to_owned(), (place, name.to_owned()));
    }
    w.add(at(0, 9, 0), sign_in("alice").from("198.51.100.7", country));
    w.add(
        at(0, 9, minutes),
        sign_in("alice").from("203.0.113.9", country),
    );
    w
}

#[test]
fn cities_of_a_database_tell_travel_within_a_country() {
    for country in ["", "PH", "Philippines"] {
        let found = cities(30, country, 5.0).found("impossible_travel");
        assert_eq!(found.len(), 1, "{country:?}: 560 km in half an hour");
        assert!(
            found[0].sentence.contains("Manila, PH") && found[0].sentence.contains("Cebu City, PH"),
            "{}",
            found[0].sentence
        );
    }
    assert_eq!(
        cities(45, "", 5.0).found("impossible_travel").len(),
        0,
        "747 km/h"
    );
    assert_eq!(
        cities(30, "", 40.0).found("impossible_travel").len(),
        0,
        "both may stand 40 km nearer, which is less than 500 km"
    );
    assert_eq!(
        cities(30, "SG", 5.0).found("impossible_travel").len(),
        0,
        "where the log names another country, the database's city does not count"
    );
}

#[test]
fn another_city_of_the_same_country_is_no_new_country() {
    let mut w = cities(30, "", 5.0);
    w.rows.clear();
    for day in 0..20 {
        w.add(at(day, 9, 0), sign_in("alice").from("198.51.100.7", ""));
    }
    w.add(at(21, 9, 0), sign_in("alice").from("203.0.113.9", ""));
    assert_eq!(w.found("new_country").len(), 0);
    assert_eq!(w.found("new_network").len(), 1);
}
