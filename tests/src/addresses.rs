//! Small databases of addresses in the MaxMind format, written byte by byte after its description.
//!
//! Owns: the writer. Never touches: a real database, which nobody may copy. No package for Rust writes the format.

use std::collections::BTreeMap;

/// A value of the data section (<https://maxmind.github.io/MaxMind-DB/>, "Output Data Section").
#[derive(Clone, Debug)]
pub enum Value {
    /// UTF-8.
    Text(&'static str),
    /// A number with a fraction.
    Double(f64),
    /// Sixteen bits.
    U16(u16),
    /// Thirty-two bits.
    U32(u32),
    /// Sixty-four bits.
    U64(u64),
    /// Values in order.
    List(Vec<Value>),
    /// Values by name.
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

/// A city, its country and its place, as databases of cities hold them.
#[must_use]
pub fn city(name: &'static str, country: &'static str, latitude: f64, longitude: f64) -> Value {
    let names = Value::Map(vec![("en", Value::Text(name))]);
    Value::Map(vec![
        ("city", Value::Map(vec![("names", names)])),
        (
            "country",
            Value::Map(vec![("iso_code", Value::Text(country))]),
        ),
        (
            "location",
            Value::Map(vec![
                ("accuracy_radius", Value::U16(20)),
                ("latitude", Value::Double(latitude)),
                ("longitude", Value::Double(longitude)),
            ]),
        ),
    ])
}

/// The number and the operator of a network, as databases of networks hold them.
#[must_use]
pub fn network(number: u32, operator: &'static str) -> Value {
    Value::Map(vec![
        ("autonomous_system_number", Value::U32(number)),
        ("autonomous_system_organization", Value::Text(operator)),
    ])
}

/// A database of IPv4 networks, each with its length of prefix and its value; record size 24 bits. `built` is in seconds
/// since 1970.
#[must_use]
pub fn database(kind: &'static str, built: u64, networks: &[([u8; 4], u8, Value)]) -> Vec<u8> {
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
        ("build_epoch", Value::U64(built)),
        ("database_type", Value::Text(kind)),
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
