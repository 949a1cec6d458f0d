//! Every layout that a vendor of the mission or of the wider world writes, and every way in which one can be wrong.

use super::*;

const NOW: &str = "2026-11-20T00:00:00Z";

fn clock(zone: Option<&str>, order: Option<DateOrder>) -> Clock {
    let now = chrono::DateTime::parse_from_rfc3339(NOW).unwrap().to_utc();
    Clock::new(Rules {
        zone: zone.map(|z| (Zone::parse(z).unwrap(), ZoneBasis::Chosen)),
        order,
        formats: Vec::new(),
        now: Instant::from_utc(now).unwrap(),
    })
}

/// Reads a text and checks that the kept cell gives the text back.
fn read(clock: &mut Clock, text: &str) -> (Option<String>, Vec<&'static str>, bool) {
    let read = clock.read(text);
    let cell = match read.template {
        Some(n) => clock.template(n).to_owned(),
        None => original::literal(text).into_owned(),
    };
    assert_eq!(
        original::text(&cell, read.at),
        text,
        "the original text comes back"
    );
    (
        read.at.map(|at| at.rfc3339()),
        read.flags.iter().map(Flag::code).collect(),
        read.template.is_some(),
    )
}

#[test]
fn every_layout_is_read() {
    let mut clock = clock(Some("UTC"), Some(DateOrder::Mdy));
    for (text, expected, template) in [
        (
            "2020-02-14T22:18:51.843Z",
            "2020-02-14T22:18:51.843000000Z",
            true,
        ),
        (
            "2020-02-14T22:18:51Z",
            "2020-02-14T22:18:51.000000000Z",
            true,
        ),
        (
            "2020-12-01T20:29:04.356625452Z",
            "2020-12-01T20:29:04.356625452Z",
            true,
        ),
        (
            "2022-01-24T05:10:08.6816663Z",
            "2022-01-24T05:10:08.681666300Z",
            false,
        ),
        (
            "2023-03-15T16:33:50-03:00",
            "2023-03-15T19:33:50.000000000Z",
            true,
        ),
        (
            "2023-03-15T16:33:50.000+0800",
            "2023-03-15T08:33:50.000000000Z",
            true,
        ),
        (
            "2025-11-12T13:51:01.550249+00:00",
            "2025-11-12T13:51:01.550249000Z",
            true,
        ),
        (
            "2022-03-22 14:21:53.225",
            "2022-03-22T14:21:53.225000000Z",
            true,
        ),
        (
            "2022-03-22 14:21:53",
            "2022-03-22T14:21:53.000000000Z",
            true,
        ),
        (
            "2022-03-22 14:21:53 UTC",
            "2022-03-22T14:21:53.000000000Z",
            true,
        ),
        (
            "2022-03-22 14:21:53 +0530",
            "2022-03-22T08:51:53.000000000Z",
            true,
        ),
        (
            "2021-10-22 21:01:42,548",
            "2021-10-22T21:01:42.548000000Z",
            true,
        ),
        ("2021-07-20T11: 41: 31+00: 00", "", false),
        (
            "5/18/2021 9:13:33 PM",
            "2021-05-18T21:13:33.000000000Z",
            true,
        ),
        (
            "12/18/2021 12:13:33 AM",
            "2021-12-18T00:13:33.000000000Z",
            true,
        ),
        ("05/18/2021 09:13", "2021-05-18T09:13:00.000000000Z", true),
        ("5/18/21, 9:13 PM", "2021-05-18T21:13:00.000000000Z", true),
        ("20230101170000.885", "2023-01-01T17:00:00.885000000Z", true),
        ("20230101", "2023-01-01T00:00:00.000000000Z", true),
        (
            "2023/01/02 17:00:00",
            "2023-01-02T17:00:00.000000000Z",
            true,
        ),
        ("2023-01-02", "2023-01-02T00:00:00.000000000Z", true),
        (
            "Tue, 22 Oct 2024 14:32:15 +0200",
            "2024-10-22T12:32:15.000000000Z",
            true,
        ),
        (
            "Tue, 22 Oct 2024 14:32:15 GMT",
            "2024-10-22T14:32:15.000000000Z",
            true,
        ),
        (
            "Tue, 22 Oct 2024 14:32:15 EST",
            "2024-10-22T19:32:15.000000000Z",
            true,
        ),
        (
            "22/Apr/2024:14:32:15 +0800",
            "2024-04-22T06:32:15.000000000Z",
            true,
        ),
        (
            "Apr 22, 2024 2:32:15 PM",
            "2024-04-22T14:32:15.000000000Z",
            true,
        ),
        (
            "April 22, 2024 at 2:32 PM",
            "2024-04-22T14:32:00.000000000Z",
            true,
        ),
        (
            "22 April 2024 14:32",
            "2024-04-22T14:32:00.000000000Z",
            true,
        ),
        (
            "06 Nov 2019 20:00:00",
            "2019-11-06T20:00:00.000000000Z",
            true,
        ),
        (
            "Mon Apr 22 14:32:15 2024",
            "2024-04-22T14:32:15.000000000Z",
            true,
        ),
        (
            "2024-Apr-22 14:32:15",
            "2024-04-22T14:32:15.000000000Z",
            true,
        ),
        ("2024-04-22T14:32Z", "2024-04-22T14:32:00.000000000Z", true),
        (
            "4/22/2024, 2:32:15\u{202f}PM",
            "2024-04-22T14:32:15.000000000Z",
            false,
        ),
        (
            "\u{200e}4\u{200e}/\u{200e}22\u{200e}/\u{200e}2024 2:32:15 PM",
            "2024-04-22T14:32:15.000000000Z",
            false,
        ),
        (
            "2024-04-22 14:32:15 PHT",
            "2024-04-22T06:32:15.000000000Z",
            true,
        ),
        (
            "2024-04-22 14:32:15 (UTC+08:00)",
            "2024-04-22T06:32:15.000000000Z",
            true,
        ),
        (
            "22 Apr 2024 14:32 (GMT+8)",
            "2024-04-22T06:32:00.000000000Z",
            false,
        ),
        (
            "2024-04-22 14:32:15 (UTC)",
            "2024-04-22T14:32:15.000000000Z",
            true,
        ),
        ("1626781291", "2021-07-20T11:41:31.000000000Z", true),
        ("1626781291.25", "2021-07-20T11:41:31.250000000Z", false),
        ("1583364251067", "2020-03-04T23:24:11.067000000Z", true),
        (
            "1684862313000000000",
            "2023-05-23T17:18:33.000000000Z",
            true,
        ),
    ] {
        let (at, flags, kept) = read(&mut clock, text);
        let expected = (!expected.is_empty()).then(|| expected.to_owned());
        assert_eq!(at, expected, "{text} {flags:?}");
        assert_eq!(kept, template, "{text} is kept as a template");
    }
}

#[test]
fn a_date_with_dots_follows_the_chosen_order() {
    let mut dmy = clock(Some("Europe/Berlin"), Some(DateOrder::Dmy));
    assert_eq!(
        read(&mut dmy, "12.11.2026 09:31:07").0.unwrap(),
        "2026-11-12T08:31:07.000000000Z"
    );
    let mut none = clock(Some("UTC"), None);
    assert_eq!(
        read(&mut none, "03/04/2024 10:00").1,
        ["date_order_missing"]
    );
}

#[test]
fn zones_are_named_with_their_reason() {
    let mut clock = clock(Some("Asia/Manila"), None);
    let mut note = |text| {
        let read = clock.read(text);
        read.note.map(|n| clock.note(n).to_owned())
    };
    assert_eq!(note("2024-04-22 14:32:15").unwrap(), "Asia/Manila (chosen)");
    assert_eq!(note("2024-04-22T14:32:15Z").unwrap(), "UTC (stated)");
    assert_eq!(
        note("2024-04-22T14:32:15+08:00").unwrap(),
        "+08:00 (stated)"
    );
    assert_eq!(note("yesterday"), None);
}

#[test]
fn without_a_zone_a_zoneless_time_stays_undated() {
    let mut clock = clock(None, None);
    assert_eq!(read(&mut clock, "2024-04-22 14:32:15").1, ["zone_missing"]);
}

#[test]
fn odd_times_are_flagged_and_never_dropped() {
    let mut clock = clock(Some("UTC"), Some(DateOrder::Dmy));
    for (text, dated, flags) in [
        ("", false, "no_time"),
        ("0000-00-00", false, "unreadable_time"),
        ("0000-00-00 00:00:00", false, "unreadable_time"),
        ("0001-01-01T00:00:00Z", false, "out_of_range"),
        ("9999-12-31T23:59:59Z", false, "out_of_range"),
        ("1985-01-01T00:00:00Z", true, "out_of_range"),
        ("2038-01-19T03:14:08Z", true, "out_of_range"),
        ("2026-11-20T23:00:00Z", true, ""),
        ("2026-11-21T01:00:00Z", true, "out_of_range"),
        ("2016-12-31T23:59:60Z", true, "leap_second"),
        ("5 minutes ago", false, "relative_time"),
        ("32/01/2024 10:00", false, "unreadable_time"),
        ("2024-02-30 10:00:00", false, "unreadable_time"),
        ("2024-02-03 25:00:00", false, "unreadable_time"),
        ("2567-04-22 14:32:15", false, "out_of_range"),
        ("1445-10-13 14:32:15", false, "out_of_range"),
        ("45404.6057", false, "unreadable_time"),
        ("Mar 04 11:16:19", false, "unreadable_time"),
        ("n/a", false, "unreadable_time"),
        ("2024-04-22 14:32:15 PST", false, "unreadable_time"),
        ("2024-04-22 14:32:15 (UTC+08:00", false, "unreadable_time"),
        ("2024-04-22 14:32:15 ((UTC))", false, "unreadable_time"),
        ("99999999999999999999999999", false, "out_of_range"),
    ] {
        let (at, found, _) = read(&mut clock, text);
        assert_eq!(
            (at.is_some(), found.join(" ").as_str()),
            (dated, flags),
            "{text}"
        );
    }
}

#[test]
fn hours_that_clocks_repeat_or_skip_are_marked() {
    let mut clock = clock(Some("Europe/Berlin"), None);
    assert_eq!(
        read(&mut clock, "2024-10-27 02:30:00").1,
        ["ambiguous_hour"]
    );
    assert_eq!(read(&mut clock, "2024-03-31 02:30:00").1, ["skipped_hour"]);
    assert_eq!(
        read(&mut clock, "2024-10-27 03:00:00").0.unwrap(),
        "2024-10-27T02:00:00.000000000Z"
    );
    assert_eq!(
        read(&mut clock, "2024-10-27 01:59:59").0.unwrap(),
        "2024-10-26T23:59:59.000000000Z"
    );
}

#[test]
fn a_sample_settles_the_order_or_asks() {
    let asked = survey(["03/04/2024 10:00", "05/04/2024 11:00"]);
    assert_eq!((asked.order, asked.orderless.len()), (None, 2));
    assert!(asked.zoneless.is_some());
    let settled = survey(["03/04/2024 10:00", "23/04/2024 11:00"]);
    assert_eq!(settled.order, Some(DateOrder::Dmy));
    let stated = survey(["2024-04-22T14:32:15Z", "1626781291"]);
    assert_eq!((stated.zoneless, stated.readable), (None, 2));
    let nothing = survey(["0000-00-00 00:00:00", "2024-04-22T14:32:15Z"]);
    assert_eq!((nothing.zoneless, nothing.readable), (None, 1));
    let both = survey(["23/04/2024 11:00", "04/23/2024 11:00"]);
    assert_eq!((both.order, both.orderless.len()), (None, 1));
}

mod properties {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The fast layout is not checked by writing it again, so this is the check.
        #[test]
        fn templates_of_the_fast_layout_write_the_same_text(
            seconds in -631_152_000i64..4_000_000_000, nanos in 0u32..1_000_000_000, digits in 0usize..10,
            separator in prop::sample::select(vec!["T", " "]),
            zone in prop::sample::select(vec!["", "Z", "+08:00", "-0330", "+00:00"]),
            chosen in prop::sample::select(vec!["UTC", "Asia/Manila", "Europe/Berlin", "America/St_Johns", "-03:00"]),
        ) {
            let at = chrono::DateTime::from_timestamp(seconds, nanos).unwrap();
            let fraction = if digits == 0 { String::new() } else { format!(".{}", &format!("{nanos:09}")[..digits]) };
            let text = format!("{}{separator}{}{fraction}{zone}", at.format("%Y-%m-%d"), at.format("%H:%M:%S"));
            read(&mut clock(Some(chosen), None), &text);
        }

        #[test]
        fn no_text_makes_the_clock_fail(text in "[ -~]{0,40}|[0-9/:. APMTZ+-]{0,30}|\\PC{0,20}") {
            for order in [None, Some(DateOrder::Dmy), Some(DateOrder::Mdy), Some(DateOrder::Ymd)] {
                read(&mut clock(Some("Europe/Berlin"), order), &text);
            }
            survey([text.as_str()]);
        }
    }
}

#[test]
fn layouts_that_few_write_are_read_all_the_same() {
    let mut clock = Clock::new(Rules {
        zone: Zone::parse("Asia/Manila").map(|zone| (zone, ZoneBasis::Chosen)),
        order: None,
        formats: Vec::new(),
        now: Instant(1_800_000_000_000_000_000),
    });
    for (text, at) in [
        ("20240305T005320Z", "2024-03-05T00:53:20.000000000Z"),
        ("20240305 085320", "2024-03-05T00:53:20.000000000Z"),
        ("20240305 85320", "2024-03-05T00:53:20.000000000Z"),
        ("20240305 08:53:20", "2024-03-05T00:53:20.000000000Z"),
        ("2024-03-05 0853", "2024-03-05T00:53:00.000000000Z"),
        (
            "2024-03-05 08:53:20+09:00",
            "2024-03-04T23:53:20.000000000Z",
        ),
        ("2024-03-05T24:00:00Z", "2024-03-06T00:00:00.000000000Z"),
        ("/Date(1709600000123)/", "2024-03-05T00:53:20.123000000Z"),
        (
            "/Date(1709600000123+0100)/",
            "2024-03-05T00:53:20.123000000Z",
        ),
        (
            "05-MAR-24 10.15.00.123456 AM +02:00",
            "2024-03-05T08:15:00.123456000Z",
        ),
        (
            "{\"$date\":{\"$numberLong\":\"1709600000123\"}}",
            "2024-03-05T00:53:20.123000000Z",
        ),
        (
            "{\"$date\":\"2024-03-05T00:53:20Z\"}",
            "2024-03-05T00:53:20.000000000Z",
        ),
        (
            "2024-03-05 00:53:20 Europe/Berlin",
            "2024-03-04T23:53:20.000000000Z",
        ),
        ("2024年3月5日 10:05:00", "2024-03-05T02:05:00.000000000Z"),
        ("5 mars 2024 10:05:00", "2024-03-05T02:05:00.000000000Z"),
        (
            "5 de março de 2024 10:05:00",
            "2024-03-05T02:05:00.000000000Z",
        ),
        ("5 mars 2024", "2024-03-04T16:00:00.000000000Z"),
    ] {
        let read = clock.read(text);
        assert_eq!(read.at.map(Instant::rfc3339).as_deref(), Some(at), "{text}");
    }
    for text in [
        "20240305 256070",
        "2024-03-05 12:00:00 Mars/Olympus",
        "/Date(x)/",
        "99999999 1",
    ] {
        assert_eq!(clock.read(text).at, None, "{text}");
    }
    assert!(clock.read("2024-03-05").flags.contains(Flag::TimeIsADay));
    assert!(
        !clock
            .read("2024-03-05 00:00")
            .flags
            .contains(Flag::TimeIsADay)
    );
}
