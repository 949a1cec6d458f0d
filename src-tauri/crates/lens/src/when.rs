//! Times in a filter: what moment and what unit a text names.
//!
//! Owns: dates, times of day, offsets and the relative words. Never touches: the clock and the default zone, which are
//! passed in. A local time that happened twice begins at its earlier moment and ends at its later one; one that never
//! happened is read by the offset before the clocks went forward.

use chrono::{Days, Months, NaiveDate, NaiveDateTime, NaiveTime};
use witnessmark_model::{Instant, Zone, time::Local};

/// What is accepted as a time, for errors.
pub(crate) const ACCEPTS: &[&str] = &[
    "2024-04-01",
    "2024-04-01T10:00",
    "2024-04-01T10:00:00Z",
    "2024-04-01T10:00+08:00",
    "2024-04",
    "today",
    "yesterday",
    "now",
    "-24h",
    "7d",
];

const SECOND: i64 = 1_000_000_000;
const UNREPRESENTABLE: &str = "the time is outside 1677-09-22 to 2262-04-11";

/// A named stretch of time: `2024-04-01` is a day, `10:00` a minute, `now` one nanosecond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stretch {
    /// First moment.
    pub(crate) first: Instant,
    /// First moment after it.
    pub(crate) end: Instant,
}

/// Reads a time; the error is a sentence.
pub(crate) fn read(text: &str, now: Instant, zone: &Zone) -> Result<Stretch, String> {
    let text = text.trim();
    let day_of = |back: u64| {
        let local = now
            .to_utc()
            .with_timezone(&zone.offset_at(now))
            .date_naive();
        let day = local.checked_sub_days(Days::new(back));
        day.ok_or_else(|| UNREPRESENTABLE.to_owned())
            .and_then(|day| calendar(day, day.succ_opt(), zone))
    };
    match text.to_ascii_lowercase().as_str() {
        "now" => return Ok(one(now)),
        "today" => return day_of(0),
        "yesterday" => return day_of(1),
        _ => {}
    }
    if let Some(back) = relative(text) {
        let at = back.and_then(|back| now.0.checked_sub(back));
        return at
            .map(|at| one(Instant(at)))
            .ok_or_else(|| UNREPRESENTABLE.to_owned());
    }
    absolute(text, zone)
}

/// Whether a text goes back from now: alone it names no stretch, but the time since then.
pub(crate) fn is_relative(text: &str) -> bool {
    relative(text.trim()).is_some()
}

/// A stretch of one nanosecond.
fn one(at: Instant) -> Stretch {
    Stretch {
        first: at,
        end: Instant(at.0.saturating_add(1)),
    }
}

/// Nanoseconds that `-24h` or `7d` goes back; the inner absence means too far.
fn relative(text: &str) -> Option<Option<i64>> {
    let text = text.strip_prefix('-').unwrap_or(text);
    let unit = match text.as_bytes().last()?.to_ascii_lowercase() {
        b's' => 1,
        b'm' => 60,
        b'h' => 3_600,
        b'd' => 86_400,
        b'w' => 604_800,
        _ => return None,
    };
    let count = &text[..text.len() - 1];
    if count.is_empty() || !count.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let nanos = |count: i64| count.checked_mul(unit)?.checked_mul(SECOND);
    Some(count.parse().ok().and_then(nanos))
}

fn absolute(text: &str, zone: &Zone) -> Result<Stretch, String> {
    let unreadable = || "this is not a time".to_owned();
    let no_such = || "there is no such date or time".to_owned();
    let (date, rest) = match text.find(['T', 't', ' ', 'Z', 'z', '+']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let mut parts = date.split('-');
    let year = digits(parts.next(), 4).ok_or_else(unreadable)?;
    let month = parts
        .next()
        .map(|p| digits(Some(p), 2).ok_or_else(unreadable))
        .transpose()?;
    let day = parts
        .next()
        .map(|p| digits(Some(p), 2).ok_or_else(unreadable))
        .transpose()?;
    if parts.next().is_some() {
        return Err(unreadable());
    }
    let start = NaiveDate::from_ymd_opt(year as i32, month.unwrap_or(1), day.unwrap_or(1))
        .ok_or_else(no_such)?;
    let (Some(_), true) = (day, !rest.is_empty()) else {
        if !rest.is_empty() {
            return Err("a time of day needs a whole date before it".to_owned());
        }
        let next = match (month, day) {
            (_, Some(_)) => start.succ_opt(),
            (Some(_), None) => start.checked_add_months(Months::new(1)),
            (None, None) => start.checked_add_months(Months::new(12)),
        };
        return calendar(start, next, zone);
    };
    let Some(clock) = rest.strip_prefix(['T', 't', ' ']) else {
        let zone = Zone::parse(rest).ok_or_else(unreadable)?;
        return calendar(start, start.succ_opt(), &zone);
    };
    let (clock, offset) = match clock.find(['Z', 'z', '+', '-', ' ']) {
        Some(at) => (&clock[..at], clock[at..].trim_start()),
        None => (clock, ""),
    };
    let zone = if offset.is_empty() {
        *zone
    } else {
        Zone::parse(offset).ok_or_else(|| "the zone after the time is not known".to_owned())?
    };
    let (time, unit) = time_of_day(clock)?;
    of_clock(start.and_time(time), unit, &zone)
}

/// Reads `10`, `10:00`, `10:00:00` or `10:00:00.123`, with the nanoseconds of its last unit.
fn time_of_day(text: &str) -> Result<(NaiveTime, i64), String> {
    let unreadable = || "the time of day cannot be read".to_owned();
    let mut parts = text.split(':');
    let hour = digits(parts.next(), 2).ok_or_else(unreadable)?;
    let minute = parts
        .next()
        .map(|p| digits(Some(p), 2).ok_or_else(unreadable))
        .transpose()?;
    let (mut second, mut nanos) = (0, 0);
    let mut unit = if minute.is_some() {
        60 * SECOND
    } else {
        3_600 * SECOND
    };
    if let Some(last) = parts.next() {
        let (whole, fraction) = last.split_once(['.', ',']).unwrap_or((last, ""));
        second = digits(Some(whole), 2).ok_or_else(unreadable)?;
        unit = SECOND;
        if whole.len() < last.len() {
            let places = fraction.len() as u32;
            if !(1..=9).contains(&places) {
                return Err("a second has one to nine decimal places".to_owned());
            }
            unit = 10_i64.pow(9 - places);
            nanos = digits(Some(fraction), fraction.len()).ok_or_else(unreadable)? * unit as u32;
        }
    }
    if parts.next().is_some() {
        return Err(unreadable());
    }
    NaiveTime::from_hms_nano_opt(hour, minute.unwrap_or(0), second, nanos)
        .map(|time| (time, unit))
        .ok_or_else(|| "there is no such time of day".to_owned())
}

/// A number of exactly so many digits.
fn digits(text: Option<&str>, count: usize) -> Option<u32> {
    let text = text?;
    (text.len() == count && text.bytes().all(|b| b.is_ascii_digit()))
        .then(|| text.parse().ok())
        .flatten()
}

/// From the start of one day to the start of another.
fn calendar(start: NaiveDate, next: Option<NaiveDate>, zone: &Zone) -> Result<Stretch, String> {
    let midnight =
        |day: NaiveDate| moments(day.and_time(NaiveTime::MIN), zone).map(|(early, _)| early);
    let next = next.ok_or_else(|| UNREPRESENTABLE.to_owned())?;
    Ok(Stretch {
        first: midnight(start)?,
        // The last day that can be named ends beyond the last moment that can be held.
        end: midnight(next).unwrap_or(Instant(i64::MAX)),
    })
}

fn of_clock(local: NaiveDateTime, unit: i64, zone: &Zone) -> Result<Stretch, String> {
    let (early, late) = moments(local, zone)?;
    Ok(Stretch {
        first: early,
        end: Instant(late.0.saturating_add(unit)),
    })
}

/// The earlier and the later moment of a local reading.
fn moments(local: NaiveDateTime, zone: &Zone) -> Result<(Instant, Instant), String> {
    match zone.resolve(local) {
        Local::One(at) | Local::Skipped(at) => Ok((at, at)),
        Local::Two(early, late) => Ok((early, late)),
        Local::Unrepresentable => Err(UNREPRESENTABLE.to_owned()),
    }
}

/// Writes a moment in UTC with no more digits than it needs.
pub(crate) fn write(at: Instant) -> String {
    let whole = at.0.rem_euclid(SECOND) == 0;
    let format = if whole {
        "%Y-%m-%dT%H:%M:%SZ"
    } else {
        "%Y-%m-%dT%H:%M:%S%.9fZ"
    };
    at.to_utc().format(format).to_string()
}

/// Writes the last stretch that ends just before a moment, so that a range up to it means the same.
pub(crate) fn write_last_before(until: Instant) -> String {
    let step = if until.0.rem_euclid(SECOND) == 0 {
        SECOND
    } else {
        1
    };
    match until.0.checked_sub(step) {
        Some(last) if step == 1 => Instant(last)
            .to_utc()
            .format("%Y-%m-%dT%H:%M:%S%.9fZ")
            .to_string(),
        Some(last) => write(Instant(last)),
        None => write(until),
    }
}
