//! What moments the texts of times name, also where clocks change.

use witnessmark_model::Instant;

use super::context;
use crate::{Expr, Test, parse};

/// The range of a filter of one time term, in UTC, `..` between.
fn range(text: &str, zone: &str) -> String {
    let query = parse(text, &context(zone)).unwrap_or_else(|e| panic!("{text}: {e}"));
    let Expr::Term(term) = query.expr else {
        panic!("{text} is one term")
    };
    let Test::When { from, until } = term.test else {
        panic!("{text} is a time")
    };
    let write = |end: Option<Instant>| end.map(crate::when::write).unwrap_or_default();
    format!("{}..{}", write(from), write(until))
}

#[test]
fn every_form_names_its_moment() {
    for (text, zone, want) in [
        ("after:2024-04-01", "UTC", "2024-04-01T00:00:00Z.."),
        ("before:2024-04-01", "Asia/Manila", "..2024-03-31T16:00:00Z"),
        (
            "after:2024-04-01T10:00",
            "Asia/Manila",
            "2024-04-01T02:00:00Z..",
        ),
        (
            "after:2024-04-01T10:00Z",
            "Asia/Manila",
            "2024-04-01T10:00:00Z..",
        ),
        (
            "after:2024-04-01t10:00+0530",
            "UTC",
            "2024-04-01T04:30:00Z..",
        ),
        ("after:2024-04-01T10-03", "UTC", "2024-04-01T13:00:00Z.."),
        (
            "after:\"2024-04-01 10:00:00 UTC\"",
            "Asia/Manila",
            "2024-04-01T10:00:00Z..",
        ),
        ("after:2024-04-01+08:00", "UTC", "2024-03-31T16:00:00Z.."),
        (
            "after:2024-04-01T10:00:00.25Z",
            "UTC",
            "2024-04-01T10:00:00.250000000Z..",
        ),
        // Back from 2024-04-22T06:32:15Z, which counts.
        (
            "time:-24h",
            "Asia/Manila",
            "2024-04-21T06:32:15Z..2024-04-22T06:32:15.000000001Z",
        ),
        (
            "time:7d",
            "UTC",
            "2024-04-15T06:32:15Z..2024-04-22T06:32:15.000000001Z",
        ),
        ("after:-24h", "UTC", "2024-04-21T06:32:15Z.."),
        (
            "time:2024",
            "UTC",
            "2024-01-01T00:00:00Z..2025-01-01T00:00:00Z",
        ),
        (
            "time:2024-12",
            "UTC",
            "2024-12-01T00:00:00Z..2025-01-01T00:00:00Z",
        ),
        (
            "time:2024-02-29",
            "UTC",
            "2024-02-29T00:00:00Z..2024-03-01T00:00:00Z",
        ),
        (
            "time:2024-04-01T10",
            "UTC",
            "2024-04-01T10:00:00Z..2024-04-01T11:00:00Z",
        ),
        (
            "time:2024-04-01T10:30",
            "UTC",
            "2024-04-01T10:30:00Z..2024-04-01T10:31:00Z",
        ),
        (
            "time:2024-04-01T10:30:05.5",
            "UTC",
            "2024-04-01T10:30:05.500000000Z..2024-04-01T10:30:05.600000000Z",
        ),
        (
            "time:2024-04-01..2024-04-03",
            "UTC",
            "2024-04-01T00:00:00Z..2024-04-04T00:00:00Z",
        ),
        ("time:2024-04..", "UTC", "2024-04-01T00:00:00Z.."),
        (
            "time:..\"2024-04-01 10:00\"",
            "UTC",
            "..2024-04-01T10:01:00Z",
        ),
        (
            "time:2024-02..2024-02-10",
            "UTC",
            "2024-02-01T00:00:00Z..2024-02-11T00:00:00Z",
        ),
        ("after:now", "UTC", "2024-04-22T06:32:15Z.."),
        ("after:TODAY", "Asia/Manila", "2024-04-21T16:00:00Z.."),
        (
            "time:yesterday",
            "UTC",
            "2024-04-21T00:00:00Z..2024-04-22T00:00:00Z",
        ),
        ("after:-24h", "UTC", "2024-04-21T06:32:15Z.."),
        ("after:7d", "UTC", "2024-04-15T06:32:15Z.."),
        ("after:2w", "UTC", "2024-04-08T06:32:15Z.."),
        ("after:90s", "UTC", "2024-04-22T06:30:45Z.."),
        (
            "time:-1h..now",
            "UTC",
            "2024-04-22T05:32:15Z..2024-04-22T06:32:15.000000001Z",
        ),
        // Spring in Berlin: the day has 23 hours, and 02:30 is read by the offset before.
        (
            "time:2024-03-31",
            "Europe/Berlin",
            "2024-03-30T23:00:00Z..2024-03-31T22:00:00Z",
        ),
        (
            "after:2024-03-31T02:30",
            "Europe/Berlin",
            "2024-03-31T01:30:00Z..",
        ),
        // Autumn: 02:30 happened twice; it begins at the earlier and ends with the later.
        (
            "after:2024-10-27T02:30",
            "Europe/Berlin",
            "2024-10-27T00:30:00Z..",
        ),
        (
            "before:2024-10-27T02:30",
            "Europe/Berlin",
            "..2024-10-27T00:30:00Z",
        ),
        (
            "time:..2024-10-27T02:30",
            "Europe/Berlin",
            "..2024-10-27T01:31:00Z",
        ),
        (
            "time:2024-10-27",
            "Europe/Berlin",
            "2024-10-26T22:00:00Z..2024-10-27T23:00:00Z",
        ),
        // Midnight itself is skipped in Beirut, and a whole day in Apia.
        ("after:2024-03-31", "Asia/Beirut", "2024-03-30T22:00:00Z.."),
        (
            "time:2011-12-30",
            "Pacific/Apia",
            "2011-12-30T10:00:00Z..2011-12-30T10:00:00Z",
        ),
        ("after:2262-04-11", "UTC", "2262-04-11T00:00:00Z.."),
    ] {
        assert_eq!(range(text, zone), want, "{text} in {zone}");
    }
}

#[test]
fn after_and_before_divide_the_dated_events() {
    for zone in ["UTC", "Europe/Berlin", "Asia/Beirut", "Pacific/Apia"] {
        for time in [
            "2024-10-27T02:30",
            "2024-03-31T02:30",
            "2024-03-31",
            "2011-12-30",
        ] {
            let from = range(&format!("after:{time}"), zone);
            let until = range(&format!("before:{time}"), zone);
            assert_eq!(from.trim_end_matches(".."), until.trim_start_matches(".."));
        }
    }
}
