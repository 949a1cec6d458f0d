//! Each fault is told with its place, its reason and what would be accepted.

use super::read;
use crate::QueryCode;

#[test]
fn faults_are_told_in_words() {
    let faults = [
        "conutry:PH",
        "action:x raw.conutry",
        "zzz:1",
        "see http://example.com/x now",
        "at 12:30",
        "fe80::1",
        "-",
        "--x",
        "-country:!!PH",
        "country:",
        "country: PH",
        "country:\"\"",
        "actor:Alice\"Merchant\"",
        "actor:\"Alice",
        "(action:x",
        "action:x)",
        "()",
        "fn(x)",
        "(a)b",
        "\"a\"b",
        "OR x",
        "x OR",
        "x AND OR y",
        "AND x",
        "actor:(Alice Merchant)",
        "actor:(Alice OR)",
        "after:2024-13-01",
        "after:2024-4-1",
        "after:01/04/2024",
        "after:2024-04-01T25:00",
        "after:2024-04-01T10:00Mars",
        "after:3000-01-01",
        "after:99999999999d",
        "after:2024..2025",
        "time:2024-05-02..2024-05-01",
        "time:..",
        "time:~2024",
        "ip:203.0.113.0/33",
        "ip:203.0.113.300",
        "ip:203.0.113.9..203.0.113.1",
        "ip:203.0.113.9..2001:db8::1",
        "new:10..5",
        "new:1..2..3",
        "message:/etc/../passwd",
        "event:0",
        "event:abc",
        "event:1..x",
        "has:changez",
        "is:open",
        "target:/42",
        "target:tenant/",
        "change:email",
        "change:(word)",
        "change:(actor:bob old:1)",
        "raw:*x",
        "raw:\"\\q\"",
        "raw.a..b:x",
        "ip:@nothing",
        "ip:@",
        "*",
        "\"\"",
        "日本 conutry:PH",
    ];
    let told: Vec<String> = faults
        .iter()
        .map(|text| match read(text) {
            Ok(query) => format!("{text}\n  fine: {}", query.canonical()),
            Err(e) => {
                assert!(text.get(e.span.clone()).is_some(), "{text}: {:?}", e.span);
                format!("{text}\n  {} {:?} {e}", e.code.as_str(), e.span)
            }
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn hostile_sizes_are_refused_and_cheap() {
    let code = |text: &str| read(text).map_err(|e| e.code.as_str()).err();
    assert_eq!(code(&"(".repeat(60_000)), Some("too_deep"));
    assert_eq!(code(&"a:(".repeat(20_000)), Some("unknown_key"));
    assert_eq!(code(&"ip:(".repeat(10_000)), Some("stray"));
    assert_eq!(code(&"ip:((".repeat(64)), Some("stray"));
    assert_eq!(code(&"x".repeat(65_537)), Some("too_long"));
    assert_eq!(code(&"NOT ".repeat(16_000)), Some("missing_term"));
    assert_eq!(code(&"ip:@bad-ips ".repeat(65)), Some("bad_list"));
    assert_eq!(
        code(&format!("{}x{}", "(".repeat(64), ")".repeat(64))),
        None
    );
    // A path of many parts, each looked at once; as free text, since no colon follows.
    assert_eq!(code(&"raw.a.".repeat(10_000)), None);
    // Many different keys side by side are looked up, not compared with each other.
    let many: String = (0..5_000).map(|i| format!("raw.p{i}:x ")).collect();
    assert_eq!(code(&many), None);
}

#[test]
fn a_list_that_could_find_nothing_is_said() {
    for (text, word) in [
        ("ip:@empty", "empty"),
        ("-ip:@empty", "empty"),
        ("ip:@indicators", "203[.]0[.]113[.]6"),
        ("ip:@ports", "203.0.113.6:443"),
        ("ip:@beyond", "203.0.113.300"),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.code, QueryCode::BadList, "{text}");
        assert!(error.message.contains(word), "{text}: {}", error.message);
    }
    // Of another key they are texts as any other.
    assert!(read("action:@ports").is_ok());
}
