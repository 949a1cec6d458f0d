//! What holds for any text: no panic, places inside the text, and a meaning that survives being written and read.

use proptest::prelude::*;

use super::{Case, context, events};
use crate::{Test, complete, contains_folded, fold, is_folded, naive, parse};

/// Values as people write them, with much that is near to meaning something else.
fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Zß*.:/@~!İςſ0-9-]{1,6}",
        "~?\"([a-z *()@.!~-]|\\\\\\\\|\\\\\")*\"",
        "[0-9]{1,3}\\.\\.[0-9]{1,3}",
        "\"[a-z .]{1,4}\"\\.\\.(\"[a-z .]{1,3}\")?",
        Just("203.0.113.0/24".to_owned()),
        Just("203.0.113.3..203.0.114.9".to_owned()),
        Just("2001:db8::1..2001:db8::ffff".to_owned()),
        Just("@bad-ips".to_owned()),
        Just("@numbers".to_owned()),
        Just("2024-04-01..2024-04-02T10:00".to_owned()),
        Just("2024-04-01T10:00:00.123+08:00".to_owned()),
        Just("-24h..now".to_owned()),
        Just("changes".to_owned()),
        Just("undated".to_owned()),
        Just("tenant/42".to_owned()),
        Just("\"a b\"/~\"c\"".to_owned()),
        Just("\"\\x00\\xff\\n\"".to_owned()),
    ]
}

fn term() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        Just("action"),
        Just("ip"),
        Just("source.ip"),
        Just("actor"),
        Just("target"),
        Just("has"),
        Just("is"),
        Just("after"),
        Just("before"),
        Just("time"),
        Just("raw"),
        Just("raw.a.\"b c\""),
        Just("event"),
        Just("in"),
        Just("tag"),
        Just("note"),
        Just("new"),
        Just("error"),
        Just("target.name"),
    ];
    prop_oneof![
        1 => (change_value(), change_value(), prop_oneof![Just(" "), Just(" OR "), Just(" -")])
            .prop_map(|(a, b, join)| format!("change:({a}{join}{b})")),
        4 => (key, prop_oneof![Just(""), Just("!")], value()).prop_map(|(k, n, v)| format!("{k}:{n}{v}")),
        1 => value(),
        1 => Just("undated".to_owned()),
    ]
}

fn change_value() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec!["field", "old", "new", "changes.kind"]);
    (key, value()).prop_map(|(key, value)| format!("{key}:{value}"))
}

fn filter() -> impl Strategy<Value = String> {
    term().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(|v| v.join(" ")),
            prop::collection::vec(inner.clone(), 1..4).prop_map(|v| v.join(" OR ")),
            inner.clone().prop_map(|f| format!("({f})")),
            inner.clone().prop_map(|f| format!("-({f})")),
            inner.prop_map(|f| format!("NOT {f}")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_meaning_survives_being_written(text in filter()) {
        if let Ok(query) = parse(&text, &context("Europe/Berlin")) {
            let written = query.canonical();
            let again = parse(&written, &context("UTC"));
            prop_assert!(again.is_ok(), "{text} became {written}: {}", again.unwrap_err());
            let again = again.unwrap();
            prop_assert_eq!(&again.expr.clone().without_spans(), &query.expr.clone().without_spans(), "{} became {}", text, written);
            prop_assert_eq!(again.canonical(), written);
        }
    }

    #[test]
    fn no_text_is_too_strange(text in "\\PC*|[ -~]{0,40}|([a-z]{1,3}:|raw\\.|[()\"\\\\!~@*.é-]| |OR|NOT|AND|after:|ip:|target:){0,20}") {
        match parse(&text, &context("UTC")) {
            Ok(query) => {
                for event in events() {
                    let _ = naive::matches(&query.expr, &event, &Case);
                }
                for term in &query.terms {
                    prop_assert!(text.get(term.span.clone()).is_some_and(|t| !t.is_empty()));
                }
                for token in &query.tokens {
                    prop_assert!(text.get(token.span.clone()).is_some());
                }
            }
            Err(e) => {
                prop_assert!(text.get(e.span.clone()).is_some(), "{:?} in {:?}", e.span, text);
                prop_assert!(!e.message.is_empty());
            }
        }
        for cursor in 0..=text.len() {
            if let Some(done) = complete(&text, cursor) {
                prop_assert!(text.get(done.span).is_some());
            }
        }
    }

    #[test]
    fn folding_is_one_thing_however_it_is_asked(value in "\\PC{0,12}", part in "\\PC{0,3}") {
        let folded = fold(&value).into_owned();
        prop_assert_eq!(fold(&folded), folded.as_str());
        prop_assert!(is_folded(&value, &folded));
        prop_assert_eq!(is_folded(&part, &folded), fold(&part) == folded);
        let part = fold(&part);
        prop_assert_eq!(contains_folded(&value, &part), folded.contains(part.as_ref()));
    }

    #[test]
    fn a_pattern_is_its_pieces_in_order(value in "[abA]{0,8}", pieces in prop::collection::vec("[ab]{0,2}", 2..5)) {
        let whole = regex_like(&fold(&value), &pieces);
        prop_assert_eq!(Test::Wild(pieces).matches(&value), whole);
    }
}

/// Tries every place for every piece: slow, and plainly right.
fn regex_like(value: &str, pieces: &[String]) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return value.is_empty();
    };
    let Some(after) = value.strip_prefix(first.as_str()) else {
        return false;
    };
    if rest.is_empty() {
        return after.is_empty();
    }
    (0..=after.len()).any(|skip| regex_like(&after[skip..], rest))
}
