//! Input that was made to break readers, or that only pretends to be a log.

use crate::support::*;
use proptest::prelude::*;
use witnessmark_ingest::Limits;
use witnessmark_ingest::options::Options;
use witnessmark_model::RejectCode;

#[test]
fn what_is_no_log_is_refused_whole_with_name_and_advice() {
    for (bytes, code, word) in [
        (&b""[..], "empty", "nothing"),
        (b" \n\r\n ", "empty", "nothing"),
        (b"\xEF\xBB\xBF", "empty", "nothing"),
        (
            b"<!DOCTYPE html><html><body>Sign in</body></html>",
            "not_a_log",
            "HTML",
        ),
        (b"%PDF-1.7 ...", "not_a_log", "PDF"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not_a_log", "PNG"),
        (
            b"\x01\x02\x03\x00\xff\xfe\x00\x10\x11\x12\x13\x00\x00\x00",
            "not_a_log",
            "binary",
        ),
    ] {
        let error = refusal(bytes);
        assert_eq!(error.code, code, "{error:?}");
        assert!(
            error.message.contains("export") && error.message.contains(word),
            "{error:?}"
        );
        assert!(!error.hint.is_empty());
    }
}

#[test]
fn depth_is_bounded_entry_by_entry() {
    let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n - 1), "]".repeat(n - 1));
    let text = format!("{}\n{}\n{{\"b\":1}}\n", nested(128), nested(129));
    let seen = import(text.as_bytes());
    assert_eq!(seen.events.len(), 2);
    assert_eq!(seen.codes(), [(2, RejectCode::TooDeep)]);
    let endless = format!("{}\n", "[".repeat(1_000_000));
    assert!(import(endless.as_bytes()).events.is_empty());
    let endless = format!("{{\"a\":{}", "{\"a\":".repeat(300_000));
    assert!(import(endless.as_bytes()).events.is_empty());
}

#[test]
fn an_element_longer_than_the_limit_is_skipped_and_the_next_is_read() {
    let limits = Limits {
        record: 2000,
        ..Limits::default()
    };
    let long = "x,{}[]\\\\\\\" ".repeat(100_000);
    for (before, between, after) in [
        ("[", ",", "]"),
        ("{\"Records\":[", ",", "]}"),
        ("", "\n", "\n"),
        ("", "", ""),
    ] {
        let text = format!(
            "{before}{{\"eventTime\":1}}{between}{{\"long\":\"{long}\"}}{between}{{\"eventTime\":3}}{after}"
        );
        let memory = import_with(text.as_bytes(), &Options::default(), limits, 4096).unwrap();
        let seen = &memory.sources[0];
        assert_eq!(seen.texts(), [r#"{"eventTime":1}"#, r#"{"eventTime":3}"#]);
        assert_eq!(seen.codes(), [(2, RejectCode::TooLong)]);
        assert_eq!(seen.rejects[0].length, long.len() as u64 + 11);
        assert_eq!(seen.bytes.len(), text.len());
    }
}

#[test]
fn one_line_of_many_elements_is_streamed() {
    let element = format!("{{\"eventTime\":1,\"pad\":\"{}\"}}", "y".repeat(500));
    let text = format!("{{\"Records\":[{}]}}", vec![element; 40_000].join(","));
    let limits = Limits {
        record: 64 << 10,
        ..Limits::default()
    };
    let memory = import_with(text.as_bytes(), &Options::default(), limits, 0).unwrap();
    assert_eq!(memory.sources[0].events.len(), 40_000);
}

#[test]
fn oddities_are_kept_and_flagged() {
    let seen = import(b"{\"user\":\"a\",\"\\u0075ser\":\"b\"}\n{\"id\":9007199254740993}\n{\"a\":NaN,\"b\":1}\n{\"n\":1e400,\"m\":-0,\"x\":1.10}\n{\"s\":\"\xFFx\"}\n{\"z\":\"\x00\"}\n");
    assert_eq!(seen.events.len(), 6);
    assert_eq!(seen.warned("duplicate_key"), 1);
    assert_eq!(seen.warned("big_number"), 1);
    assert_eq!(seen.warned("not_a_number"), 1);
    assert_eq!(seen.warned("invalid_encoding"), 1);
    assert_eq!(seen.texts()[0], r#"{"user":"a","user":"b"}"#);
    assert_eq!(seen.texts()[3], r#"{"n":1e400,"m":-0,"x":1.10}"#);
}

#[test]
fn bad_bytes_beyond_the_first_piece_are_flagged_and_kept() {
    let mut bytes = b"time,user\n".to_vec();
    while bytes.len() < (256 << 10) - 3 {
        bytes.extend_from_slice(b"1,plain\n");
    }
    bytes.extend_from_slice(b"2,a\xE2\x82x\n3,Jos\xE9\n4,fine\n");
    let seen = import(&bytes);
    assert_eq!(seen.warned("invalid_encoding"), 2);
    assert!(seen.texts().contains(&"2|a\u{FFFD}x"));
    assert_eq!(seen.bytes, bytes);
}

#[test]
fn a_cancel_ends_the_run() {
    let mut memory = Memory {
        cancel_after: Some(300_000),
        ..Memory::default()
    };
    let bytes = b"{\"a\":1}\n".repeat(1_000_000);
    let input = witnessmark_ingest::pipeline::Input {
        name: "big".to_owned(),
        reader: witnessmark_ingest::pipeline::InputReader::Stream(Box::new(std::io::Cursor::new(
            bytes,
        ))),
    };
    let options = Options::default();
    let error =
        witnessmark_ingest::pipeline::run(input, &setup(&options, Limits::default()), &mut memory)
            .unwrap_err();
    assert!(
        matches!(error, witnessmark_ingest::pipeline::RunError::Import(e) if e.code == "cancelled")
    );
    assert!(memory.sources[0].bytes.len() < 1_000_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_text_keeps_the_sums(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{\"a\":1}", "{\"a\":", "\"", "\\", ",", "\n", "\r\n", "]", "[", "}", "{", "Records\":[", "\u{e9}", "a,b", "\"\"", ":", "1", " ", "null", "x|y", ";", "\t", "\0", "2024-01-01",
        ]), 0..60),
        piece in 0usize..4,
        limit in prop::sample::select(vec![8usize, 40, 1 << 20]),
    ) {
        let text = parts.concat();
        let limits = Limits { record: limit, ..Limits::default() };
        if let Ok(memory) = import_with(text.as_bytes(), &Options::default(), limits, piece) {
            prop_assert_eq!(&memory.sources[0].bytes, text.as_bytes());
        }
    }

    #[test]
    fn any_bytes_keep_the_sums(bytes in prop::collection::vec(any::<u8>(), 0..300), label in prop::sample::select(vec!["utf-8", "utf-16le", "utf-16be", "windows-1252"])) {
        let options = Options { encoding: Some(label.to_owned()), ..Options::default() };
        if let Ok(memory) = import_with(&bytes, &options, Limits::default(), 3)
            && memory.containers.0 == 0
        {
            prop_assert_eq!(&memory.sources[0].bytes, &bytes);
        }
    }
}
