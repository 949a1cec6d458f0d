//! Times as people read them in the display zone: the day and clock of a row, and the marks of a time axis.
//!
//! Owns: wording of times. Never touches: which zone is shown (the caller says), the clock.

use chrono::{Datelike, Duration, NaiveDate, NaiveDateTime, NaiveTime, Timelike};
use witnessmark_model::{Instant, Zone, time::Local};

use crate::api::{LocalTime, Tick};

/// A moment in a zone: `Wed 11 Nov 2026`, `17:05:12.318`, `+08:00`.
#[must_use]
pub fn local_time(at: Instant, zone: &Zone) -> LocalTime {
    let offset = zone.offset_at(at);
    let local = at.to_utc().with_timezone(&offset);
    let fraction = match local.nanosecond() % 1_000_000_000 {
        0 => String::new(),
        n if n % 1_000_000 == 0 => format!(".{:03}", n / 1_000_000),
        n if n % 1_000 == 0 => format!(".{:06}", n / 1_000),
        n => format!(".{n:09}"),
    };
    LocalTime {
        day: local.format("%a %-d %b %Y").to_string(),
        clock: format!("{}{fraction}", local.format("%H:%M:%S")),
        offset: offset.to_string(),
        utc: at.rfc3339(),
    }
}

/// How far apart marks may stand, in seconds up to 12 hours; above that days, months, years.
const SECONDS: &[i64] = &[
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200,
];
const DAYS: &[i64] = &[1, 2, 7, 14];
const MONTHS: &[i64] = &[1, 2, 3, 6, 12, 24, 60, 120, 240];

/// The most marks an axis gets.
const MOST: i64 = 12;

enum Step {
    Seconds(i64),
    Days(i64),
    Months(i64),
}

fn step(span_seconds: i64) -> Step {
    let fits = |unit: i64, n: &&i64| span_seconds / (unit * **n) < MOST;
    if let Some(n) = SECONDS.iter().find(|n| fits(1, n)) {
        Step::Seconds(*n)
    } else if let Some(n) = DAYS.iter().find(|n| fits(86_400, n)) {
        Step::Days(*n)
    } else {
        Step::Months(*MONTHS.iter().find(|n| fits(30 * 86_400, n)).unwrap_or(&240))
    }
}

/// Marks for an axis from one moment to another, at round local times of the zone; at most about a dozen.
#[must_use]
pub(crate) fn ticks(from: Instant, to: Instant, zone: &Zone) -> Vec<Tick> {
    let span = (i128::from(to.0) - i128::from(from.0)) / 1_000_000_000;
    let Ok(span) = i64::try_from(span) else {
        return Vec::new();
    };
    if span <= 0 {
        return Vec::new();
    }
    let step = step(span);
    let start = from
        .to_utc()
        .with_timezone(&zone.offset_at(from))
        .naive_local();
    let mut local = first(start, &step);
    let mut ticks = Vec::new();
    // Twice the bound: marks before the range are skipped, and a zone change can move one.
    for _ in 0..(2 * MOST + 40) {
        let at = match zone.resolve(local) {
            Local::One(at) | Local::Two(at, _) | Local::Skipped(at) => at,
            Local::Unrepresentable => break,
        };
        if at >= to {
            break;
        }
        if at >= from {
            ticks.push(Tick {
                at_ms: at.0 as f64 / 1e6,
                text: text(local, &step),
                major: is_major(local, &step),
            });
        }
        let Some(next) = next(local, &step) else {
            break;
        };
        local = next;
    }
    ticks
}

fn first(start: NaiveDateTime, step: &Step) -> NaiveDateTime {
    let midnight = start.date().and_time(NaiveTime::MIN);
    match step {
        Step::Seconds(n) => {
            let since = i64::from(start.time().num_seconds_from_midnight());
            midnight + Duration::seconds(since - since.rem_euclid(*n))
        }
        Step::Days(n) => {
            // Counted from a Monday, so that weeks begin on Mondays.
            let days = i64::from(start.date().num_days_from_ce()) - 1;
            midnight - Duration::days(days.rem_euclid(*n))
        }
        Step::Months(n) => {
            let month = i64::from(start.year()) * 12 + i64::from(start.month0());
            month_start(month - month.rem_euclid(*n)).unwrap_or(midnight)
        }
    }
}

fn next(local: NaiveDateTime, step: &Step) -> Option<NaiveDateTime> {
    match step {
        Step::Seconds(n) => local.checked_add_signed(Duration::seconds(*n)),
        Step::Days(n) => local.checked_add_signed(Duration::days(*n)),
        Step::Months(n) => {
            month_start(i64::from(local.year()) * 12 + i64::from(local.month0()) + n)
        }
    }
}

fn month_start(month: i64) -> Option<NaiveDateTime> {
    let year = i32::try_from(month.div_euclid(12)).ok()?;
    let date = NaiveDate::from_ymd_opt(year, u32::try_from(month.rem_euclid(12)).ok()? + 1, 1)?;
    Some(date.and_time(NaiveTime::MIN))
}

fn is_major(local: NaiveDateTime, step: &Step) -> bool {
    match step {
        Step::Seconds(_) => local.time() == NaiveTime::MIN,
        Step::Days(_) => local.day() == 1,
        Step::Months(n) => *n < 12 && local.month() == 1,
    }
}

fn text(local: NaiveDateTime, step: &Step) -> String {
    let format = match step {
        Step::Seconds(_) if local.time() == NaiveTime::MIN => "%a %-d %b",
        Step::Seconds(n) if *n < 60 => "%H:%M:%S",
        Step::Seconds(_) => "%H:%M",
        Step::Days(_) if local.day() == 1 => "%-d %b %Y",
        Step::Days(_) => "%a %-d %b",
        Step::Months(n) if *n < 12 => "%b %Y",
        Step::Months(_) => "%Y",
    };
    local.format(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Instant {
        Instant::from_utc(chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc()).unwrap()
    }

    #[test]
    fn a_row_shows_the_zone_and_only_the_digits_it_has() {
        let zone = Zone::parse("Asia/Manila").unwrap();
        let shown = local_time(at("2026-11-11T18:21:44.318Z"), &zone);
        assert_eq!(
            (
                shown.day.as_str(),
                shown.clock.as_str(),
                shown.offset.as_str()
            ),
            ("Thu 12 Nov 2026", "02:21:44.318", "+08:00")
        );
        assert_eq!(
            local_time(at("2026-11-11T18:21:44Z"), &zone).clock,
            "02:21:44"
        );
    }

    #[test]
    fn marks_stand_at_local_midnights_also_over_a_change_of_clocks() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let marks = ticks(
            at("2024-10-25T00:00:00Z"),
            at("2024-10-30T00:00:00Z"),
            &zone,
        );
        let midnights: Vec<_> = marks
            .iter()
            .filter(|t| t.major)
            .map(|t| t.text.clone())
            .collect();
        assert_eq!(
            midnights,
            [
                "Sat 26 Oct",
                "Sun 27 Oct",
                "Mon 28 Oct",
                "Tue 29 Oct",
                "Wed 30 Oct"
            ]
        );
    }

    #[test]
    fn any_range_has_a_bounded_number_of_marks() {
        let starts = [at("1990-01-01T00:00:00Z"), at("2024-02-29T23:59:59Z")];
        for from in starts {
            for exponent in 0..62 {
                let to = Instant(from.0.saturating_add(1_i64 << exponent));
                let marks = ticks(from, to, &Zone::UTC);
                assert!(
                    marks.len() <= 40,
                    "{} marks over 2^{exponent} ns crowd the axis",
                    marks.len()
                );
                assert!(
                    marks.windows(2).all(|w| w[0].at_ms < w[1].at_ms),
                    "marks go forward"
                );
            }
        }
    }
}
