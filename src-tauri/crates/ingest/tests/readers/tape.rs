//! The tape against serde_json: the same texts are accepted, with the same values; and what serde_json loses.

use proptest::prelude::*;
use witnessmark_ingest::json::{JsonErrorKind, JsonLimits, Kind, Tape, Value};

fn same(ours: Value<'_>, theirs: &serde_json::Value) {
    use serde_json::Value as J;
    match (ours.kind(), theirs) {
        (Kind::Null, J::Null) => {}
        (Kind::Bool, J::Bool(b)) => {
            assert_eq!(ours.text(), Some(if *b { "true" } else { "false" }))
        }
        (Kind::Number, J::Number(n)) => {
            let lexeme = ours.text().unwrap();
            // serde_json rounds the last digit of some doubles otherwise; the lexeme is what counts here.
            let (mine, other) = (lexeme.parse::<f64>().unwrap(), n.as_f64().unwrap());
            assert!((mine - other).abs() <= other.abs() * 1e-14, "{lexeme}");
        }
        (Kind::String, J::String(s)) => assert_eq!(ours.text(), Some(s.as_str())),
        (Kind::Array, J::Array(items)) => {
            assert_eq!(ours.items().count(), items.len());
            ours.items().zip(items).for_each(|(a, b)| same(a, b));
        }
        (Kind::Object, J::Object(members)) => {
            if !ours.duplicate_key() {
                assert_eq!(ours.members().count(), members.len());
            }
            for (key, value) in members {
                let mine = ours.members().filter(|(k, _)| k == key).last().unwrap().1;
                same(mine, value);
            }
        }
        (kind, other) => panic!("{kind:?} is not {other}"),
    }
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        (-1e12..1e12).prop_map(|f: f64| serde_json::json!(f)),
        ".{0,24}".prop_map(Into::into),
        "[\"\\\\/\u{8}\n\ta-c\u{1F600}é]{0,20}".prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::vec((".{0,12}", inner), 0..8)
                .prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn values_are_serde_jsons(value in json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
        let mut tape = Tape::new();
        let ours = tape.parse(text.as_bytes(), &JsonLimits::default()).unwrap();
        same(ours, &value);
        let again: serde_json::Value = serde_json::from_str(&ours.compact()).unwrap();
        same(ours, &again);
    }

    #[test]
    fn broken_texts_are_broken_for_both(value in json(), at in any::<prop::sample::Index>(), with in "[\\[\\]{}\",:0-9eE.+\\-ntf \\\\u]{0,3}", cut in 0usize..3) {
        let text = serde_json::to_string(&value).unwrap();
        let mut from = at.index(text.len() + 1);
        while !text.is_char_boundary(from) { from -= 1; }
        let mut to = (from + cut).min(text.len());
        while !text.is_char_boundary(to) { to += 1; }
        let broken = format!("{}{with}{}", &text[..from], &text[to..]);
        let mut tape = Tape::new();
        let ours = tape.parse(broken.as_bytes(), &JsonLimits::default());
        match (serde_json::from_str::<serde_json::Value>(&broken), ours) {
            (Ok(theirs), Ok(ours)) => same(ours, &theirs),
            (Err(_), Err(_)) => {}
            // Numbers beyond a double and lone surrogates are the two things that only we accept here.
            (Err(e), Ok(ours)) => prop_assert!(e.to_string().contains("out of range") || ours.invalid_encoding(), "{broken}: {e}"),
            (Ok(_), Err(e)) => prop_assert!(false, "{broken}: {e}"),
        }
    }

    #[test]
    fn any_bytes_end_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut tape = Tape::new();
        if let Ok(value) = tape.parse(&bytes, &JsonLimits::default()) {
            let _ = value.compact();
        }
    }
}

fn parse<T>(text: &str, look: impl FnOnce(Value<'_>) -> T) -> T {
    let mut tape = Tape::new();
    look(tape.parse(text.as_bytes(), &JsonLimits::default()).unwrap())
}

#[test]
fn depth_128_is_read_and_129_is_refused() {
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let mut tape = Tape::new();
    assert!(
        tape.parse(nested(128).as_bytes(), &JsonLimits::default())
            .is_ok()
    );
    let error = tape
        .parse(nested(129).as_bytes(), &JsonLimits::default())
        .unwrap_err();
    assert_eq!((error.offset, error.kind), (128, JsonErrorKind::TooDeep));
    let endless = "[".repeat(1_000_000);
    assert!(
        tape.parse(endless.as_bytes(), &JsonLimits::default())
            .is_err()
    );
}

#[test]
fn duplicate_keys_are_told_and_the_first_counts() {
    assert!(parse(r#"{"user":"a","user":"b"}"#, |v| v.duplicate_key()));
    assert!(parse(r#"{"user":"a","\u0075ser":"b"}"#, |v| v.duplicate_key()));
    assert!(parse(r#"{"x":[{"y":{"k":1,"k":1}}]}"#, |v| v.duplicate_key()));
    assert!(!parse(r#"{"a":{"k":1},"b":{"k":1},"k":2}"#, |v| v.duplicate_key()));
    assert_eq!(
        parse(r#"{"user":"a","user":"b"}"#, |v| v
            .get("user")
            .unwrap()
            .text()
            .unwrap()
            .to_owned()),
        "a"
    );
    assert_eq!(
        parse(r#"{"user":"a","user":"b"}"#, |v| v.compact()),
        r#"{"user":"a","user":"b"}"#
    );
    let many: Vec<String> = (0..500).map(|i| format!("\"key{i}\":{i}")).collect();
    assert!(!parse(&format!("{{{}}}", many.join(",")), |v| v.duplicate_key()));
    assert!(parse(&format!("{{{},\"key77\":0}}", many.join(",")), |v| v
        .duplicate_key()));
}

#[test]
fn numbers_keep_their_lexemes() {
    for lexeme in [
        "1e400",
        "-0",
        "1.10",
        "9007199254740993",
        "12345678901234567890",
    ] {
        assert_eq!(
            parse(&format!("[{lexeme}]"), |v| v.compact()),
            format!("[{lexeme}]")
        );
    }
    assert!(!parse("9007199254740992", |v| v.big_number()));
    assert!(parse("9007199254740993", |v| v.big_number()));
    assert!(parse("-9007199254740993", |v| v.big_number()));
    assert!(!parse("90071992547409930.5", |v| v.big_number()));
}

#[test]
fn not_a_number_is_absent_and_told() {
    for word in ["NaN", "Infinity", "-Infinity"] {
        parse(&format!(r#"{{"a":{word},"b":1}}"#), |v| {
            assert!(v.not_a_number());
            assert_eq!(v.get("a").unwrap().text(), None);
            assert_eq!(v.get("b").unwrap().text(), Some("1"));
        });
    }
}

#[test]
fn bad_bytes_and_lone_surrogates_are_read_and_told() {
    let mut tape = Tape::new();
    let value = tape
        .parse(b"{\"a\":\"x\xFFy\"}", &JsonLimits::default())
        .unwrap();
    assert!(value.invalid_encoding());
    assert_eq!(value.get("a").unwrap().text(), Some("x\u{FFFD}y"));
    parse(r#"["\ud800", "\udc00\ud83d\ude00"]"#, |v| {
        assert!(v.invalid_encoding());
        let texts: Vec<_> = v.items().filter_map(|i| i.text()).collect();
        assert_eq!(texts, ["\u{FFFD}", "\u{FFFD}\u{1F600}"]);
    });
}

#[test]
fn a_raw_nul_or_tab_in_a_string_does_not_cost_the_entry() {
    parse("{\"a\":\"x\0\ty\"}", |v| {
        assert_eq!(v.get("a").unwrap().text(), Some("x\0\ty"));
    });
}
