//! Reads a small database that the tests write themselves, byte by byte after the format's description.
//!
//! Owns: what must be read of it. Never touches: a real database, which nobody may copy.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on must say so at once"
)]

use witnessmark_enrich::Database;
use witnessmark_tests::addresses::{Value, database};

fn example() -> Vec<u8> {
    let name = |en| Value::Map(vec![("en", Value::Text(en))]);
    let manila = Value::Map(vec![
        ("city", Value::Map(vec![("names", name("Makati"))])),
        (
            "country",
            Value::Map(vec![
                ("iso_code", Value::Text("PH")),
                ("names", name("Philippines")),
            ]),
        ),
        (
            "location",
            Value::Map(vec![
                ("accuracy_radius", Value::U16(20)),
                ("latitude", Value::Double(14.55)),
                ("longitude", Value::Double(121.03)),
            ]),
        ),
    ]);
    let network = Value::Map(vec![
        ("autonomous_system_number", Value::U32(64_500)),
        (
            "autonomous_system_organization",
            Value::Text("Example Hosting"),
        ),
    ]);
    database(
        "Example-City",
        1_793_491_200,
        &[
            ([203, 0, 113, 0], 24, manila),
            ([198, 51, 100, 64], 26, network),
        ],
    )
}

#[test]
fn country_city_point_and_network_are_read() {
    let database = Database::from_bytes("own.mmdb", example()).unwrap();
    assert_eq!(
        (database.name(), database.built()),
        ("Example-City", 1_793_491_200)
    );
    let place = database.find("203.0.113.45").unwrap();
    assert_eq!(place.country.as_deref(), Some("PH"));
    assert_eq!(place.city.as_deref(), Some("Makati"));
    assert_eq!(place.radius_km, Some(20));
    let point = place.point.unwrap();
    assert!((point.latitude - 14.55).abs() < 1e-9 && (point.longitude - 121.03).abs() < 1e-9);
    assert_eq!(
        database.find("::ffff:203.0.113.45"),
        database.find("203.0.113.45")
    );
    let network = database.find("198.51.100.77").unwrap();
    assert_eq!(
        (network.asn, network.operator.as_deref()),
        (Some(64_500), Some("Example Hosting"))
    );
    assert_eq!(network.country, None);
}

#[test]
fn what_is_not_in_it_is_absent_and_what_is_none_is_refused() {
    let database = Database::from_bytes("own.mmdb", example()).unwrap();
    for text in [
        "192.0.2.1",
        "198.51.100.1",
        "2001:db8::1",
        "not an address",
        "",
    ] {
        assert_eq!(database.find(text), None, "{text}");
    }
    for bytes in [
        b"".to_vec(),
        b"{\"a\":1}".to_vec(),
        example()[..100].to_vec(),
    ] {
        assert!(Database::from_bytes("broken.mmdb", bytes).is_err());
    }
    // A file that another hand cut anywhere must not bring the program down.
    let whole = example();
    for cut in (0..whole.len()).step_by(7) {
        if let Ok(database) = Database::from_bytes("cut.mmdb", whole[..cut].to_vec()) {
            let _ = database.find("203.0.113.45");
        }
    }
}
