//! Arrangements of JSON, lines, encodings.

use crate::support::*;
use proptest::prelude::*;
use witnessmark_ingest::Limits;
use witnessmark_ingest::options::Options;
use witnessmark_model::{LeafReader, RejectCode};

#[test]
fn every_arrangement_of_json_gives_the_same_entries() {
    let a = r#"{"time":"2024-01-01T00:00:00Z","actor":{"id":"1"},"action":"x"}"#;
    let b = r#"{"time":"2024-01-02T00:00:00Z","actor":{"id":"2"},"action":"y","list":[{"id":1},{"id":2}]}"#;
    let pretty: String = [a, b]
        .iter()
        .map(|t| {
            serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(t).unwrap())
                .unwrap()
        })
        .collect::<Vec<_>>()
        .join("\n");
    for text in [
        format!("{a}\n{b}\n"),
        format!("{a}\r\n\r\n{b}"),
        format!("[{a},{b}]"),
        format!(" [\n  {a} ,\n  {b}\n]\n"),
        format!(r#"{{"Records":[{a},{b}]}}"#),
        format!(r#"{{"@odata.context":"x","value":[{a},{b}],"next":null}}"#),
        format!(
            r#"{{"_links":{{"self":{{"href":"u"}}}},"_embedded":{{"activities":[{a},{b}]}},"size":2}}"#
        ),
        format!("{{\"cursor\":\"\",\"items\":[{a}]}}\n{{\"cursor\":\"\",\"items\":[{b}]}}\n"),
        format!("{a}{b}"),
        format!("\u{1e}{a}\n\u{1e}{b}\n"),
        format!("{a},\n{b}\n"),
        pretty,
    ] {
        let seen = import(text.as_bytes());
        assert_eq!(seen.bytes, text.as_bytes());
        assert_eq!(seen.texts().len(), 2, "{text}\n{seen:?}");
        assert!(
            seen.texts()[0].contains(r#""id":"1""#) && seen.texts()[1].contains(r#""id":"2""#),
            "{text}"
        );
        assert!(
            seen.rejects.is_empty() && seen.warned("cut_off") == 0,
            "{text}"
        );
        for (locator, entry) in &seen.events {
            let raw = &seen.bytes[locator.offset as usize..][..locator.length as usize];
            let raw: serde_json::Value =
                serde_json::from_slice(raw.strip_suffix(b",").unwrap_or(raw)).unwrap();
            assert_eq!(
                raw,
                serde_json::from_str::<serde_json::Value>(entry).unwrap()
            );
        }
    }
}

#[test]
fn a_single_object_is_one_entry() {
    for text in [
        r#"{"published":"t","actor":{"id":"1"},"eventType":"a","target":[{"id":"1"},{"id":"2"}]}"#,
        "{\n  \"log_id\": \"1\",\n  \"data\": {\"date\": \"t\", \"type\": \"s\"}\n}\n",
    ] {
        assert_eq!(import(text.as_bytes()).events.len(), 1, "{text}");
    }
}

#[test]
fn a_truncated_array_keeps_what_came_before() {
    let text = "[{\"a\":1},\n {\"a\":2},\n {\"a\":\"thr";
    let seen = import(text.as_bytes());
    assert_eq!(seen.texts(), [r#"{"a":1}"#, r#"{"a":2}"#]);
    assert_eq!(seen.codes(), [(3, RejectCode::CutOff)]);
    assert_eq!((seen.rejects[0].line, seen.rejects[0].offset), (3, 21));
    assert_eq!(seen.warned("cut_off"), 1);
    let seen = import(b"{\"a\":1}\n{\"a\":2}\n{\"a\":");
    assert_eq!(seen.codes(), [(3, RejectCode::CutOff)]);
    let seen = import(b"{\"Records\":[{\"eventTime\":1},{\"eventTime\":2}");
    assert_eq!(
        (
            seen.events.len(),
            seen.rejects.len(),
            seen.warned("cut_off")
        ),
        (2, 0, 1)
    );
}

#[test]
fn a_broken_entry_costs_only_itself() {
    let seen = import(b"{\"a\":1}\n{\"a\":oops}\nnot json\n[1]\n{\"a\":2}\n");
    assert_eq!(seen.texts(), [r#"{"a":1}"#, r#"{"a":2}"#]);
    assert_eq!(
        seen.codes(),
        [
            (2, RejectCode::InvalidJson),
            (3, RejectCode::InvalidJson),
            (4, RejectCode::NotAnObject)
        ]
    );
    let seen = import(b"[{\"a\":1},{\"a\":oops},7,null,{\"a\":2}]");
    assert_eq!(seen.texts(), [r#"{"a":1}"#, r#"{"a":2}"#]);
    assert_eq!(seen.rejects.len(), 3);
    // A string that is never closed swallows nothing but its own element.
    for text in [
        "[{\"a\":1,\"b\":\"x\"},{\"a\":2,\"b\":\"x},{\"a\":3,\"b\":\"x\"},{\"a\":4,\"b\":\"x\"}]",
        "[\n{\"a\":1,\"b\":\"x\"},\n{\"a\":2,\"b\":\"x},\n{\"a\":3,\"b\":\"x\"},\n{\"a\":4,\"b\":\"x\"}\n]",
        "{\"a\":1,\"b\":\"x\"}\n{\"a\":2,\"b\":\"x}\n{\"a\":3,\"b\":\"x\"}\n{\"a\":4,\"b\":\"x\"}\n",
    ] {
        let seen = import(text.as_bytes());
        assert_eq!(
            seen.texts(),
            [
                r#"{"a":1,"b":"x"}"#,
                r#"{"a":3,"b":"x"}"#,
                r#"{"a":4,"b":"x"}"#
            ],
            "{text}"
        );
        assert_eq!(
            seen.codes().first(),
            Some(&(2, RejectCode::InvalidJson)),
            "{text}"
        );
    }
}

#[test]
fn lines_of_text_are_entries() {
    let text = "2024-04-22 14:32:15 | Login | Alice Merchant | Safari on macOS | IP: 203.0.113.45\n2024-04-22 14:35:02 | API Key Viewed | Alice Merchant | Secret Key | Requested\n\n2024-04-22 15:10:00 | Payout Account Updated | Alice Merchant | Bank account changed";
    let seen = import(text.as_bytes());
    assert_eq!(seen.shape().shape, "line");
    assert_eq!(seen.events.len(), 3);
    assert_eq!(seen.events[2].0.line, 4);
    assert_eq!(
        import(b"what is this\nno log at all\n").shape().shape,
        "line"
    );
    assert_eq!(
        import(b"[2024-04-22 10:00] user a did b\n[2024-04-22 10:01] user c did d\n")
            .shape()
            .shape,
        "line"
    );
    assert_eq!(import(b"one\rtwo\rthree").events.len(), 3);
}

fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let text = if mark {
        format!("\u{feff}{text}")
    } else {
        text.to_owned()
    };
    text.encode_utf16()
        .flat_map(|u| {
            if big {
                u.to_be_bytes()
            } else {
                u.to_le_bytes()
            }
        })
        .collect()
}

#[test]
fn utf16_is_read_and_places_are_those_of_the_original_bytes() {
    let text = "time,user,detail\r\n2024-01-01,José \u{1F600},\"a\nb\"\r\n2024-01-02,Łukasz,x\r\n";
    for big in [false, true] {
        let bytes = utf16(text, big, true);
        let seen = import(&bytes);
        assert_eq!(seen.bytes, bytes);
        assert_eq!(
            seen.texts(),
            ["2024-01-01|José \u{1F600}|a\nb", "2024-01-02|Łukasz|x"]
        );
        let (locator, _) = seen.events[1];
        let raw = &bytes[locator.offset as usize..][..locator.length as usize];
        assert_eq!(raw, utf16("2024-01-02,Łukasz,x", big, false));
        assert_eq!(locator.line, 4);
        let unmarked = utf16(text, big, false);
        let error = refusal(&unmarked);
        assert_eq!(error.code, "encoding_required");
        let label = if big { "utf-16be" } else { "utf-16le" };
        assert!(error.hint.contains(label));
        let options = Options {
            encoding: Some(label.to_owned()),
            ..Options::default()
        };
        let memory = import_with(&unmarked, &options, Limits::default(), 0).unwrap();
        assert_eq!(memory.sources[0].texts(), seen.texts());
    }
}

#[test]
fn utf32_is_refused_by_its_name() {
    for big in [false, true] {
        let bytes: Vec<u8> = "\u{feff}time,user,ip\n1,a,b\n"
            .chars()
            .flat_map(|c| {
                if big {
                    u32::from(c).to_be_bytes()
                } else {
                    u32::from(c).to_le_bytes()
                }
            })
            .collect();
        let error = refusal(&bytes);
        assert_eq!(error.code, "not_readable");
        assert!(error.message.contains("UTF-32") && error.hint.contains("UTF-8"));
    }
}

#[test]
fn latin1_is_asked_for_and_read_when_chosen() {
    let bytes = b"time,user\n2024,Jos\xE9\n2024,Ren\xE9e\n";
    let error = refusal(bytes);
    assert_eq!(error.code, "encoding_required");
    assert!(
        error.message.contains("export") && error.message.contains("José"),
        "{}",
        error.message
    );
    let options = Options {
        encoding: Some("windows-1252".to_owned()),
        ..Options::default()
    };
    let memory = import_with(bytes, &options, Limits::default(), 0).unwrap();
    let seen = &memory.sources[0];
    assert_eq!(seen.texts(), ["2024|José", "2024|Renée"]);
    assert_eq!(seen.bytes, bytes);
    assert_eq!(seen.events[1].0.offset, 20);
    assert_eq!(seen.events[1].0.length, 10);
}

#[test]
fn a_bom_is_no_part_of_the_first_entry() {
    let seen = import(b"\xEF\xBB\xBF{\"a\":1}\n{\"a\":2}\n");
    assert_eq!(seen.texts(), [r#"{"a":1}"#, r#"{"a":2}"#]);
    assert_eq!(seen.events[0].0.offset, 3);
    let seen = import(b"\xEF\xBB\xBFtime,user\n1,a\n");
    assert_eq!(seen.shape().header, ["time", "user"]);
}

#[test]
fn leaves_of_an_entry_are_those_it_was_read_with() {
    let leaves = |bytes: &[u8], entry: usize| {
        let seen = import(bytes);
        let (locator, _) = seen.events[entry];
        let raw = &seen.bytes[locator.offset as usize..][..locator.length as usize];
        let mut out = Vec::new();
        witnessmark_ingest::Leaves.leaves(seen.shape(), raw, &mut |path, text| {
            out.push(format!("{}={text}", path.join(".")));
        });
        out
    };
    assert_eq!(
        leaves(
            b"{\"a\":{\"b\":[1,\"x\\u0041\",null]},\"j\":\"{\\\"k\\\":true}\"}\n",
            0
        ),
        ["a.b=1", "a.b=xA", "j={\"k\":true}", "j.k=true"]
    );
    assert_eq!(
        leaves(b"t,u\n1,\"say \"\"hi\"\"\"\n2,\"{\"\"k\"\":1}\",more\n", 1),
        ["t=2", "u={\"k\":1}", "u.k=1", "_extra=more"]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn pieces_of_any_size_give_the_same_entries(
        rows in prop::collection::vec(("[a-z\",\\\\é\u{1F600}\n{}\\[\\]]{0,12}", any::<i32>()), 1..30),
        piece in 1usize..9, kind in 0usize..4,
    ) {
        let objects: Vec<String> = rows.iter().map(|(t, n)| serde_json::json!({"time": n, "text": t, "in": [{"x": t}]}).to_string()).collect();
        let text = match kind {
            0 => objects.join("\n"),
            1 => format!("[{}]", objects.join(",")),
            2 => format!("{{\"next\":\"[\",\"items\":[{}],\"x\":[]}}", objects.join(" , ")),
            _ => rows.iter().fold("time,text\n".to_owned(), |s, (t, n)| format!("{s}{n},\"{}\"\r\n", t.replace('"', "\"\""))),
        };
        let whole = import(text.as_bytes());
        prop_assert_eq!(whole.events.len(), rows.len(), "{}", text);
        let memory = import_with(text.as_bytes(), &Options::default(), Limits::default(), piece).unwrap();
        prop_assert_eq!(&memory.sources[0].events, &whole.events);
        prop_assert_eq!(&memory.sources[0].bytes, text.as_bytes());
    }
}
