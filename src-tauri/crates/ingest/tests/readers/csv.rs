//! CSV against the csv crate where the data is valid, and by hand where it is not.

use crate::support::*;
use proptest::prelude::*;
use witnessmark_ingest::Limits;
use witnessmark_ingest::options::Options;
use witnessmark_model::RejectCode;

proptest! {
    #[test]
    fn valid_csv_is_read_as_the_csv_crate_reads_it(
        rows in prop::collection::vec(prop::collection::vec("([a-zé\",;\n |\t']|\\\\[a-z]){0,10}", 3), 1..20),
        delimiter in prop::sample::select(vec![b',', b';', b'\t', b'|']),
        crlf in any::<bool>(), always in any::<bool>(),
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .quote_style(if always { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary })
            .from_writer(Vec::new());
        writer.write_record(["when happened", "who did", "what it was"]).unwrap();
        for row in &rows {
            // A number keeps rows apart from the header and from blank lines.
            writer.write_record([&format!("17{}", row[0]), &row[1], &row[2]]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        // A backslash stands only before a letter: before a quote it makes the file ambiguous, which has its own test.
        let seen = import(&bytes);
        let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(&bytes[..]);
        let theirs: Vec<String> = reader.records().map(|r| r.unwrap().iter().collect::<Vec<_>>().join("|")).collect();
        prop_assert_eq!(seen.shape().delimiter, delimiter, "{}", String::from_utf8_lossy(&bytes));
        prop_assert_eq!(seen.texts(), theirs);
        prop_assert_eq!(&seen.bytes, &bytes);
    }
}

#[test]
fn ragged_rows_are_kept_and_flagged() {
    let seen = import(b"time,user,ip\n1,a,b\n2,a\n3,a,b,c,d\n4,a,b\n");
    assert_eq!(seen.texts(), ["1|a|b", "2|a", "3|a|b|c|d", "4|a|b"]);
    assert_eq!(
        (
            seen.warned("too_few_fields"),
            seen.warned("too_many_fields")
        ),
        (1, 1)
    );
}

#[test]
fn stray_quotes_are_text_and_flagged() {
    let seen = import(b"time,user,ip\n1,a \"x\" b,c\n2,\"x\" y,d\n3,e,f\n");
    assert_eq!(seen.texts(), ["1|a \"x\" b|c", "2|x y|d", "3|e|f"]);
    assert_eq!(seen.warned("stray_quote"), 2);
}

#[test]
fn an_unclosed_quote_costs_one_row() {
    for text in [
        "time,user,ip\n1,a,b\n2,\"a,b\n3,c,d\n4,e,f\n",
        "time,user,ip\n\"1\",\"a\",\"b\"\n\"2\",\"a,\"b\"\n\"3\",\"c\",\"d\"\n\"4\",\"e\",\"f\"\n",
    ] {
        let seen = import(text.as_bytes());
        assert!(
            seen.texts().ends_with(&["3|c|d", "4|e|f"]),
            "{:?}",
            seen.texts()
        );
        assert_eq!(seen.end.entries, 4);
    }
    let seen = import(b"time,user,ip\n1,a,b\n2,\"a,b\n3,c,d\n4,e,f\n");
    assert_eq!(seen.codes(), [(2, RejectCode::UnclosedQuote)]);
    assert_eq!(
        (
            seen.rejects[0].line,
            seen.rejects[0].offset,
            seen.rejects[0].length
        ),
        (3, 19, 6)
    );
    let seen = import(b"time,user,ip\n\"1\",\"a\",\"b\"\n\"2\",\"a\",\"b\n\"3\",\"c\",\"d\"\n");
    assert_eq!(seen.codes(), [(2, RejectCode::UnclosedQuote)]);
    assert_eq!(seen.texts(), ["1|a|b", "3|c|d"]);
}

#[test]
fn backslashes_before_quotes_are_seen() {
    let seen = import(
        b"time,user,detail\n1,\"a\",\"say \\\"hi\\\", b\"\n2,\"b\",\"C:\\\\x\"\n3,\"c\",\"d\"\n",
    );
    assert_eq!(seen.texts(), ["1|a|say \"hi\", b", "2|b|C:\\x", "3|c|d"]);
}

#[test]
fn headers_and_what_stands_above_them() {
    let seen = import(b"sep=;\r\nTime;User;IP\r\n1;a;b\r\n");
    assert_eq!(seen.shape().header, ["Time", "User", "IP"]);
    assert_eq!(seen.texts(), ["1|a|b"]);
    let seen = import(b"Security log of Example Store\n\nTime,User,IP\n1,a,b\n2,c,d\n");
    assert_eq!(
        (seen.texts(), seen.warned("preamble")),
        (vec!["1|a|b", "2|c|d"], 1)
    );
    let seen = import(
        b"2024-01-01 10:00:00,alice@example.com,Login\n2024-01-02 10:00:00,bob@example.com,Login\n",
    );
    assert_eq!(seen.shape().header, ["column_1", "column_2", "column_3"]);
    assert_eq!((seen.events.len(), seen.warned("header_guessed")), (2, 1));
    let seen = import(b"Time,User,IP\n1,a,b\nTime,User,IP\n2,c,d\n");
    assert_eq!(
        (seen.texts(), seen.warned("repeated_header")),
        (vec!["1|a|b", "2|c|d"], 1)
    );
    for header in ["Time,User,IP", "\"Time\",\"User\",\"IP\""] {
        let text = format!("\u{feff}{header}\r\n1,a,b\r\n\u{feff}{header}\r\n2,c,d\r\n");
        let seen = import(text.as_bytes());
        assert_eq!(
            (seen.texts(), seen.warned("repeated_header")),
            (vec!["1|a|b", "2|c|d"], 1)
        );
    }
    let seen = import(b"Time,User,IP\n");
    assert_eq!((seen.end.entries, seen.warned("no_entries")), (0, 1));
    let seen = import(b"Time,,User,User,\n1,,a,b,\n2,,c,d,\n");
    assert_eq!(seen.texts(), ["1||a|b|", "2||c|d|"]);
    let seen = import(b"Time,User\r1,a\r2,b\r");
    assert_eq!(seen.texts(), ["1|a", "2|b"]);
}

#[test]
fn a_row_longer_than_the_limit_is_rejected_and_the_next_is_read() {
    let limits = Limits {
        record: 1000,
        ..Limits::default()
    };
    for quoted in [false, true] {
        let long = "x".repeat(600_000);
        let cell = if quoted { format!("\"{long}\"") } else { long };
        let text = format!("time,user\n1,a\n2,{cell}\r\n3,b\n");
        let memory = import_with(text.as_bytes(), &Options::default(), limits, 4096).unwrap();
        let seen = &memory.sources[0];
        assert_eq!(seen.texts(), ["1|a", "3|b"]);
        assert_eq!(seen.codes(), [(2, RejectCode::TooLong)]);
        assert_eq!(
            (seen.rejects[0].offset, seen.rejects[0].length),
            (14, cell.len() as u64 + 2)
        );
    }
}

#[test]
fn a_quote_that_never_closes_is_bounded() {
    let limits = Limits {
        record: 10_000,
        ..Limits::default()
    };
    let rows: String = (0..100_000).map(|i| format!("{i},user,ok\n")).collect();
    let text = format!("time,user,ip\n1,\"a,b\n{rows}");
    let memory = import_with(text.as_bytes(), &Options::default(), limits, 0).unwrap();
    assert_eq!(memory.sources[0].codes(), [(1, RejectCode::UnclosedQuote)]);
    assert_eq!(memory.sources[0].events.len(), 100_000);
}

#[test]
fn a_plain_header_is_enough_whatever_the_rows_are() {
    let seen = import(
        b"Time,User,Action,IP,Device,Details\n1,a,b,c,d,e\n2,a,b,c,d,e\n3,a,b,c,d,e\n4,a,b,c,d,e,x\n5,a,b,c,d,e,x\n6,a,b,c,d,e,x\n7,a,b,c,d,e,x\n",
    );
    assert_eq!(seen.shape().shape, "csv");
    assert_eq!(
        seen.shape().header,
        ["Time", "User", "Action", "IP", "Device", "Details"]
    );
    assert_eq!((seen.events.len(), seen.warned("too_many_fields")), (7, 4));
    // Rows that agree better on what their texts hold than on their own delimiter.
    let rows: String = (0..20)
        .map(|i| {
            let more = ",x".repeat(i % 4);
            format!("{i},a,\"Mozilla/5.0 (X11; Linux; rv:1)\",b{more}\n")
        })
        .collect();
    let seen = import(format!("Time,User,Agent,Details\n{rows}").as_bytes());
    assert_eq!(seen.shape().header, ["Time", "User", "Agent", "Details"]);
    let seen = import(b"Time;User;IP\n1;a;b\n2;a\n3;a;b;c\n4;a;b;c;d\n");
    assert_eq!(seen.shape().delimiter, b';');
    assert_eq!((seen.events.len(), seen.warned("too_many_fields")), (4, 2));
}

#[test]
fn a_title_padded_to_the_width_of_the_table_is_no_header() {
    for title in [
        "Security Logs,,",
        "\"Security Logs\",,\n,,\nExported by A,,",
    ] {
        let text = format!("{title}\nTime,User,IP\n1,a,b\n2,c,d\n");
        let seen = import(text.as_bytes());
        assert_eq!(seen.shape().header, ["Time", "User", "IP"], "{title}");
        assert_eq!(seen.texts(), ["1|a|b", "2|c|d"]);
    }
}

#[test]
fn sentences_with_commas_are_no_table() {
    for text in [
        "Dear Ann, Bob, and Cid\n\nthank you.\nThe export is late, sorry.\n",
        "Ann, Bob, Cid\nHello there\nWe met, and spoke\nBest\n",
        "Red,green,blue\nare colours.\nSo it is said.\n",
        "Well. I said, no\nyes, no, maybe, who knows\nno\n",
    ] {
        assert_eq!(import(text.as_bytes()).shape().shape, "line", "{text}");
    }
}

#[test]
fn a_first_row_longer_than_the_head_is_planned_from() {
    let long = "x".repeat(300_000);
    for cell in [long.clone(), format!("\"{long}\n\"\"{long}\"")] {
        for title in ["", "Security Logs\n"] {
            let text = format!("{title}Time,Details,User\n1,{cell},a\n2,b,c\n");
            let seen = import(text.as_bytes());
            assert_eq!(seen.shape().header, ["Time", "Details", "User"]);
            assert_eq!(seen.events.len(), 2);
            // Both rows are whole where the mapping is planned.
            let start = seen.start.unwrap();
            assert_eq!(start.zone.as_deref(), Some("planned from 2"));
        }
    }
}
