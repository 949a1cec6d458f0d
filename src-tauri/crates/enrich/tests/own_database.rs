//! Reads a small database that the test itself writes, byte by byte after the format's description.
//!
//! Owns: the writer. Never touches: a real database, which nobody may copy.

#![allow(
    clippy::unwrap_used,
    reason = "a test that cannot go on must say so at once"
)]

use std::collections::BTreeMap;

use witnessmark_enrich::Database;

/// A value of the data section (<https://maxmind.github.io/MaxMind-DB/>, "Output Data Section").
enum Value {
    Text(&'static str),
    Double(f64),
    U16(u16),
    U32(u32),
    U64(u64),
    List(Vec<Value>),
    Map(Vec<(&'static str, Value)>),
}

fn control(kind: u8, size: usize, out: &mut Vec<u8>) {
    // Sizes of this test stay below 285, which need at most one byte more.
    let (bits, extra) = if size < 29 {
        (size as u8, None)
    } else {
        (29, Some((size - 29) as u8))
    };
    if kind < 8 {
        out.push(kind << 5 | bits);
    } else {
        out.push(bits);
        out.push(kind - 7);
    }
    out.extend(extra);
}

fn put(value: &Value, out: &mut Vec<u8>) {
    match value {
        Value::Text(text) => {
            control(2, text.len(), out);
            out.extend(text.as_bytes());
        }
        Value::Double(number) => {
            control(3, 8, out);
            out.extend(number.to_be_bytes());
        }
        Value::U16(number) => {
            control(5, 2, out);
            out.extend(number.to_be_bytes());
        }
        Value::U32(number) => {
            control(6, 4, out);
            out.extend(number.to_be_bytes());
        }
        Value::U64(number) => {
            control(9, 8, out);
            out.extend(number.to_be_bytes());
        }
        Value::List(items) => {
            control(11, items.len(), out);
            items.iter().for_each(|item| put(item, out));
        }
        Value::Map(pairs) => {
            control(7, pairs.len(), out);
            for (key, value) in pairs {
                put(&Value::Text(key), out);
                put(value, out);
            }
        }
    }
}

/// A database of IPv4 networks, record size 24 bits.
fn database(networks: &[([u8; 4], u8, Value)]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut nodes: Vec<[Option<usize>; 2]> = vec![[None, None]];
    let mut leaves: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (address, prefix, value) in networks {
        let offset = data.len();
        put(value, &mut data);
        let bits = u32::from_be_bytes(*address);
        let mut node = 0;
        for depth in 0..*prefix {
            let bit = (bits >> (31 - depth) & 1) as usize;
            if depth + 1 == *prefix {
                leaves.insert((node, bit), offset);
            } else if let Some(next) = nodes[node][bit] {
                node = next;
            } else {
                nodes.push([None, None]);
                let next = nodes.len() - 1;
                nodes[node][bit] = Some(next);
                node = next;
            }
        }
    }
    let count = nodes.len();
    let mut out = Vec::new();
    for (at, node) in nodes.iter().enumerate() {
        for (bit, next) in node.iter().enumerate() {
            let record = match (leaves.get(&(at, bit)), next) {
                (Some(offset), _) => count + 16 + offset,
                (None, Some(next)) => *next,
                (None, None) => count,
            };
            out.extend(&(record as u32).to_be_bytes()[1..]);
        }
    }
    out.extend([0; 16]);
    out.extend(data);
    out.extend(b"\xab\xcd\xefMaxMind.com");
    let metadata = Value::Map(vec![
        ("binary_format_major_version", Value::U16(2)),
        ("binary_format_minor_version", Value::U16(0)),
        ("build_epoch", Value::U64(1_793_491_200)),
        ("database_type", Value::Text("Example-City")),
        (
            "description",
            Value::Map(vec![("en", Value::Text("made by a test"))]),
        ),
        ("ip_version", Value::U16(4)),
        ("languages", Value::List(vec![Value::Text("en")])),
        ("node_count", Value::U32(count as u32)),
        ("record_size", Value::U16(24)),
    ]);
    put(&metadata, &mut out);
    out
}

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
    database(&[
        ([203, 0, 113, 0], 24, manila),
        ([198, 51, 100, 64], 26, network),
    ])
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
