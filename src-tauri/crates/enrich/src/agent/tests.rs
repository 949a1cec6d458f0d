//! Owns: what is told of real, odd and hostile user agents, and the comparison with another reader of the same patterns.
//! Never touches: how events are stored.

use std::time::{Duration, Instant};

use regex_syntax::hir::{Class, Hir, HirKind};

use super::patterns::Patterns;
use super::{Agent, Beside, KEPT, MOST, agent, beside, in_words};

/// A text, the client and system that an import stores for it, and the words that are told.
const TABLE: &[(&str, &str, &str, &str)] = &[
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
        "Chrome",
        "Windows",
        "Chrome 130.0.0.0 on Windows 10 or later",
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.2849.46",
        "Edge",
        "Windows",
        "Edge 130.0.2849.46 on Windows 10 or later",
    ),
    (
        "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko",
        "Internet Explorer",
        "Windows",
        "Internet Explorer 11.0 on Windows 7",
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
        "Safari",
        "macOS",
        "Safari 17.5 on macOS 10.15.7 or later, Mac",
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
        "Safari",
        "iOS",
        "Safari 17.5 on iOS 17.5.1, iPhone",
    ),
    (
        "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/120.0.6099.50 Mobile/15E148 Safari/604.1",
        "Chrome",
        "iPadOS",
        "Chrome 120.0.6099.50 on iPadOS 16.6, iPad",
    ),
    (
        "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Mobile Safari/537.36",
        "Chrome",
        "Android",
        "Chrome 129.0.0.0 on Android 14, Pixel 8",
    ),
    // What browsers send since they name no device any more: `K` is none, and 10 is every system since.
    (
        "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Mobile Safari/537.36",
        "Chrome",
        "Android",
        "Chrome 130.0.0.0 on Android 10 or later",
    ),
    (
        "Mozilla/5.0 (Linux; Android 13; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
        "Samsung Internet",
        "Android",
        "Samsung Internet 23.0 on Android 13, Samsung SM-S918B",
    ),
    (
        "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0",
        "Firefox",
        "Ubuntu",
        "Firefox 131.0 on Ubuntu",
    ),
    (
        "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36",
        "Chrome",
        "ChromeOS",
        "Chrome 129.0.0.0 on ChromeOS 14541.0.0",
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Slack/4.36.140 Chrome/122.0.6261.57 Electron/29.1.0 Safari/537.36 Sonic Slack_SSB/4.36.140",
        "Slack",
        "macOS",
        "Slack 4.36.140 on macOS 10.15.7 or later, Mac",
    ),
    (
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "",
        "",
        "Googlebot 2.1",
    ),
    (
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "",
        "",
        "bingbot 2.0",
    ),
    ("curl/8.5.0", "curl", "", "curl 8.5.0"),
    ("Wget/1.21.4", "Wget", "", "Wget 1.21.4"),
    (
        "python-requests/2.31.0",
        "python-requests",
        "",
        "python-requests 2.31",
    ),
    (
        "aws-cli/2.15.30 Python/3.11.8 Linux/5.15.0 exe/x86_64.ubuntu.22 prompt/off command/s3.ls",
        "aws-cli",
        "Linux",
        "aws-cli 2.15.30 on Linux 5.15.0",
    ),
    // The patterns call programs a "Spider"; that is no device.
    (
        "Boto3/1.34.69 md/Botocore#1.34.69 ua/2.0 os/linux#5.10.0 md/arch#x86_64 lang/python#3.11.6",
        "Boto3",
        "",
        "Boto3 1.34.69 on Linux",
    ),
    (
        "aws-sdk-go/1.44.1 (go1.19; linux; amd64)",
        "AWS SDK",
        "",
        "AWS SDK 1.44.1 on Linux",
    ),
    (
        "APN/1.0 HashiCorp/1.0 Terraform/1.5.7 (+https://www.terraform.io)",
        "Terraform",
        "",
        "Terraform 1.5.7",
    ),
    (
        "kubectl/v1.29.2 (darwin/arm64) kubernetes/4b8e819",
        "kubectl",
        "",
        "kubectl 1.29.2",
    ),
    ("git/2.43.0", "git", "", "git 2.43.0"),
    ("okhttp/4.12.0", "okhttp", "", "okhttp 4.12.0"),
    (
        "Go-http-client/2.0",
        "Go-http-client",
        "",
        "Go-http-client 2.0",
    ),
    ("axios/1.6.8", "axios", "", "axios 1.6.8"),
    ("PostmanRuntime/7.36.3", "Postman", "", "Postman 7.36.3"),
    ("Java/17.0.2", "Java", "", "Java 17.0.2"),
    (
        "Apache-HttpClient/4.5.13 (Java/11.0.20)",
        "Java",
        "",
        "Java",
    ),
    // Dalvik is the runtime of Android; the patterns name Android itself, whose version is not Dalvik's.
    (
        "Dalvik/2.1.0 (Linux; U; Android 12; SM-A515F Build/SP1A.210812.016)",
        "Dalvik",
        "Android",
        "Dalvik on Android 12, Samsung SM-A515F",
    ),
    (
        "Outlook-iOS/723.4027091.prod.iphone (4.2352.0)",
        "",
        "iOS",
        "Outlook-iOS 4.2352.0 on iOS, iPhone",
    ),
    (
        "MyApp/3.2 (com.example.myapp; build:42; iOS 17.1.0) Alamofire/5.8.0",
        "",
        "iOS",
        "iOS 17.1.0",
    ),
    // Stored as macOS, read as iOS: neither its version nor its device is told.
    (
        "MyApp/1 CFNetwork/1474 Darwin/23.0.0",
        "",
        "macOS",
        "MyApp 1 on macOS",
    ),
    ("Safari on macOS", "Safari", "macOS", "Safari on macOS"),
    (
        "Chrome 119.0.0.0 / Windows 10",
        "Chrome",
        "Windows",
        "Chrome 119.0.0.0 on Windows 10 or later",
    ),
    ("BAV2ROPC", "", "", ""),
    ("console.amazonaws.com", "", "", ""),
    ("-", "", "", ""),
    ("", "", "", ""),
];

fn stored(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

#[test]
fn what_is_told_is_what_the_text_says() {
    for (text, name, os, words) in TABLE {
        assert_eq!(
            in_words(text, stored(name), stored(os)).unwrap_or_default(),
            *words,
            "{text}"
        );
    }
}

#[test]
fn a_version_or_device_of_another_name_is_left_out() {
    let chrome = TABLE[0].0;
    assert_eq!(
        beside(chrome, Some("curl"), Some("iOS")),
        Beside::default(),
        "stored otherwise"
    );
    assert_eq!(
        beside(chrome, Some("Chrome"), None),
        Beside {
            version: Some("130.0.0.0".into()),
            ..Beside::default()
        }
    );
    let phone = TABLE[6].0;
    assert_eq!(
        beside(phone, Some("Chrome"), Some("Android")),
        Beside {
            version: Some("129.0.0.0".into()),
            os_version: Some("14".into()),
            device: Some("Pixel 8".into()),
        }
    );
}

#[test]
fn hostile_texts_take_bounded_time_and_memory() {
    // Everything that can be compiled is, first: that happens once.
    let _ = agent(&samples().join(" "));
    let hostile = [
        "a".repeat(64 << 10),
        "\u{202e}\u{0}é".repeat(16 << 10),
        "Mozilla/5.0 (Linux; Android 10; ".repeat(2 << 10),
        "Chrome/1 ".repeat(7 << 10),
        "(((((((((".repeat(7 << 10),
        "0.0.0.0.0.".repeat(6 << 10),
        format!("{}Chrome/130.0", " ".repeat(64 << 10)),
    ];
    let begun = Instant::now();
    for text in &hostile {
        for len in [text.len(), text.len() - 1, MOST + 1] {
            let cut = &text[..(0..=len).rev().find(|n| text.is_char_boundary(*n)).unwrap()];
            let read = agent(cut);
            let said = format!("{read:?}");
            assert!(said.len() < 4 * MOST, "{} bytes", said.len());
            let _ = in_words(cut, Some("Chrome"), Some("Android"));
        }
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(
        *agent(&hostile[6]),
        Agent::default(),
        "beyond what is looked at"
    );

    let begun = Instant::now();
    for n in 0..3 * KEPT {
        let _ = agent(&format!("agent-{n}"));
    }
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn only_what_is_needed_is_compiled() {
    let patterns = Patterns::shipped().unwrap();
    for (text, ..) in TABLE {
        let _ = patterns.read(text);
    }
    let (compiled, all) = patterns.compiled();
    assert!(all > 1_000, "{all}");
    assert!(compiled < all / 4, "{compiled} of {all}");
}

/// Ruling patterns out by letters changes no answer, and the answers are those of a reader that others wrote: for the table,
/// for a text made from each pattern, and for pairs of these.
#[test]
fn another_reader_of_the_same_patterns_says_the_same() {
    let patterns = Patterns::shipped().unwrap();
    let shipped = include_str!("../../../../agents/regexes.yaml");
    let lists: ua_parser::Regexes<'_> = serde_saphyr::from_str(shipped).unwrap();
    let other = ua_parser::Extractor::try_from(lists).unwrap();
    let made = samples();
    let pairs = made.iter().zip(made.iter().skip(7)).step_by(5);
    let pairs: Vec<String> = pairs.map(|(a, b)| format!("{a} {b}")).collect();
    let texts = TABLE.iter().map(|row| row.0);
    let texts = texts.chain(made.iter().chain(&pairs).map(String::as_str));
    let (mut seen, mut known) = (0, 0);
    for text in texts {
        let filtered = patterns.read(text);
        let (client, system, device) = other.extract(text);
        let client = client.filter(|c| !c.family.is_empty() && c.family != "Other");
        let theirs = client.map(|c| {
            let parts = [c.major, c.minor, c.patch, c.patch_minor];
            let version = parts.iter().map_while(|p| *p).collect::<Vec<_>>().join(".");
            (c.family.into_owned(), version)
        });
        let ours =
            |named: Option<super::Named>| named.map(|n| (n.name, n.version.unwrap_or_default()));
        assert_eq!(ours(filtered.client), theirs, "client of {text:?}");
        let system = system.filter(|s| !s.os.is_empty() && s.os != "Other");
        let theirs = system.map(|s| {
            let parts = [s.major, s.minor, s.patch, s.patch_minor];
            let parts = parts.iter().map_while(|p| p.as_deref());
            (
                s.os.clone().into_owned(),
                parts.collect::<Vec<_>>().join("."),
            )
        });
        assert_eq!(ours(filtered.system), theirs, "system of {text:?}");
        let [_, _, unfiltered] = patterns.plain(text);
        assert_eq!(
            unfiltered.map(|found| found.0),
            device.map(|d| d.device.into_owned()),
            "device of {text:?}"
        );
        seen += 1;
        known += usize::from(theirs.is_some());
    }
    assert!(seen > 1_300 && known > 300, "{seen} texts, {known} known");
}

#[test]
fn letters_rule_out_no_device_that_fits() {
    let patterns = Patterns::shipped().unwrap();
    for text in samples() {
        let plain = patterns.plain(&text)[2].clone().map(|found| found.0);
        let told = plain.and_then(super::patterns::model);
        assert_eq!(patterns.read(&text).device, told, "{text:?}");
    }
}

/// For each pattern one text that it was made from.
fn samples() -> Vec<String> {
    let shipped = include_str!("../../../../agents/regexes.yaml");
    let texts = shipped.lines().filter_map(|line| {
        let text = line.trim_start().strip_prefix("- regex: ")?.trim();
        let text = text.strip_prefix('\'')?.strip_suffix('\'')?;
        let mut parser = regex_syntax::ParserBuilder::new()
            .unicode(false)
            .utf8(false)
            .build();
        let mut out = Vec::new();
        sample(&parser.parse(&text.replace("''", "'")).ok()?, &mut out);
        String::from_utf8(out).ok()
    });
    texts.collect()
}

/// One text that a pattern fits, each part as short as it may be.
fn sample(part: &Hir, out: &mut Vec<u8>) {
    match part.kind() {
        HirKind::Literal(literal) => out.extend(&*literal.0),
        HirKind::Class(Class::Bytes(class)) => {
            let all = || class.ranges().iter().flat_map(|r| r.start()..=r.end());
            let plain = all().find(u8::is_ascii_alphanumeric);
            out.extend(plain.or_else(|| all().find(|b| *b < 128)));
        }
        HirKind::Repetition(r) => (0..r.min).for_each(|_| sample(&r.sub, out)),
        HirKind::Capture(group) => sample(&group.sub, out),
        HirKind::Concat(parts) => parts.iter().for_each(|p| sample(p, out)),
        HirKind::Alternation(ways) => ways.iter().take(1).for_each(|w| sample(w, out)),
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(Class::Unicode(_)) => {}
    }
}
