//! What the bar shows: chips, colours, completion; and the manual's table.

use witnessmark_model::Field;

use super::{context, read};
use crate::{TokenKind, What, complete, highlight, reference};

#[test]
fn chips_hold_their_signs_and_keys() {
    let text = "-source.ip:10.0.0.1 (word OR NOT country:!PH) user:(a OR b)";
    let query = read(text).unwrap();
    let chips: Vec<(&str, &str, bool)> = query
        .terms
        .iter()
        .map(|t| (&text[t.span.clone()], t.key.as_str(), t.negated))
        .collect();
    assert_eq!(
        chips,
        [
            ("-source.ip:10.0.0.1", "ip", true),
            ("word", "", false),
            ("NOT country:!PH", "country", false),
            ("user:(a OR b)", "actor", false),
        ]
    );
}

#[test]
fn tokens_cover_the_text_but_for_space() {
    let text = "-ip:@bad-ips (\"a b\" OR x) new:~\"q\"..z";
    // The range of a contains is refused, but what stands before it is coloured.
    assert!(read(text).is_err());
    let text = "-ip:@bad-ips (\"a b\" OR x) AND new:~\"q\" target:tenant/42 raw.\"a b\".c:!1";
    let query = read(text).unwrap();
    let joined: String = query.tokens.iter().map(|t| &text[t.span.clone()]).collect();
    let strip = |s: &str| s.replace(' ', "");
    assert_eq!(strip(&joined), strip(text));
    assert!(
        query
            .tokens
            .windows(2)
            .all(|w| w[0].span.end <= w[1].span.start)
    );
    assert_eq!(query.tokens[2].kind, TokenKind::List);
    assert_eq!(&text[query.tokens[2].span.clone()], "@bad-ips");
    let cut = highlight("action:login (", &context("UTC"));
    assert_eq!(cut.len(), 3);
}

#[test]
fn completion_knows_what_is_being_written() {
    let at_end = |text: &str| {
        let done = complete(text, text.len())?;
        Some((text[done.span].to_owned(), done.what))
    };
    let key = |prefix: &str| Some((prefix.to_owned(), What::Key(prefix.to_owned())));
    assert_eq!(at_end(""), key(""));
    assert_eq!(at_end("action:x -cou"), key("cou"));
    assert_eq!(at_end("(so"), key("so"));
    assert_eq!(at_end("a O"), Some(("O".to_owned(), What::Operator)));
    assert_eq!(at_end("\"action:lo"), None);
    let value = |text: &str| match at_end(text) {
        Some((
            span,
            What::Value {
                key,
                fields,
                prefix,
                words,
            },
        )) => {
            assert_eq!(span.trim_start_matches('"'), prefix);
            (key, fields, prefix, words.len())
        }
        other => panic!("{text}: {other:?}"),
    };
    let action = |prefix: &str| {
        (
            "action".to_owned(),
            vec![Field::EventAction],
            prefix.to_owned(),
            0,
        )
    };
    assert_eq!(value("action:lo"), action("lo"));
    assert_eq!(value("-action:!\"Log i"), action("Log i"));
    // What is inserted brings its own quotes, so an opening one goes with it.
    assert_eq!(
        at_end("-action:!\"Log i").map(|(span, _)| span),
        Some("\"Log i".to_owned())
    );
    assert_eq!(value("action:(a OR l"), action("l"));
    assert_eq!(value("action:((a OR b) OR "), action(""));
    assert_eq!(value("outcome:").3, 3);
    assert_eq!(value("foo:x").1, []);
    assert_eq!(complete("é", 1), None);
}

#[test]
fn the_manual_holds_the_table_of_keys() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../../docs/filter-language.md"
    );
    let manual = std::fs::read_to_string(path).unwrap();
    let (begin, end) = ("<!-- keys:begin", "<!-- keys:end -->");
    let (before, rest) = manual.split_once(begin).unwrap();
    let (mark, rest) = rest.split_once("-->\n").unwrap();
    let (table, after) = rest.split_once(end).unwrap();
    if std::env::var_os("WITNESSMARK_WRITE_REFERENCE").is_some() {
        let whole = format!("{before}{begin}{mark}-->\n{}{end}{after}", reference());
        std::fs::write(path, whole).unwrap();
        return;
    }
    assert_eq!(
        table,
        reference(),
        "run this test once with WITNESSMARK_WRITE_REFERENCE=1 to write the table anew"
    );
}
