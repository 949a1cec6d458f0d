//! Layouts that are read by writing them in another way first: digits without marks between them, months in other
//! languages, zones by name, the wrappings of .NET and MongoDB.
//!
//! Owns: the rewriting, which loses nothing that a time says. Never touches: layouts that are read as they stand.

use super::scan::{self, DateOrder, Reading, Scan, Stated};
use witnessmark_model::{Zone, time::Local};

/// Reads a layout that nothing else reads.
pub(crate) fn scan(text: &str, order: Option<DateOrder>, format: &mut String) -> Scan {
    // Nothing of this is longer, and a long text is no time.
    if text.len() > 96 {
        return Scan::Unreadable;
    }
    if let Some(found) = wrapped(text, order, format) {
        return found;
    }
    if let Some(date) = text
        .strip_prefix("/Date(")
        .and_then(|t| t.strip_suffix(")/"))
    {
        // The offset says how the moment is shown and not which one it is.
        let digits = date.find(['+', '-']).filter(|at| *at > 0);
        let number = digits.map_or(date, |at| &date[..at]);
        return match scan::epoch(number, Some(scan::Unit::Millis)) {
            Some(Scan::Epoch(nanos, _)) => Scan::Epoch(nanos, None),
            _ => Scan::Unreadable,
        };
    }
    let (text, zone) = match text.rsplit_once(' ') {
        Some((time, name)) if name.contains('/') && !name.contains(char::is_numeric) => {
            match Zone::parse(name) {
                Some(zone) => (time, Some(zone)),
                None => return Scan::Unreadable,
            }
        }
        _ => (text, None),
    };
    let Some(plain) = rewritten(text).or_else(|| zone.map(|_| text.to_owned())) else {
        return Scan::Unreadable;
    };
    let found = read(&plain, order, format);
    match (found, zone) {
        (Scan::Other(mut reading), Some(zone)) => {
            let Some((seconds, _)) = super::local_seconds(&reading) else {
                return Scan::Unreadable;
            };
            let local = chrono::DateTime::from_timestamp(seconds, 0).map(|at| at.naive_utc());
            reading.stated = match local.map(|local| zone.resolve(local)) {
                Some(Local::One(at) | Local::Two(at, _) | Local::Skipped(at))
                    if reading.stated == Stated::Nothing =>
                {
                    Stated::Offset((seconds - at.0.div_euclid(1_000_000_000)) as i32)
                }
                _ => return Scan::Unreadable,
            };
            Scan::Other(reading)
        }
        (found, _) => found,
    }
}

/// `45356.5`: days since the end of 1899 and the part of a day, to the millisecond; only days of 1954 to 2119, so that no
/// other number passes for one.
pub(crate) fn serial(text: &str) -> Option<Reading> {
    use chrono::{Datelike, Timelike};
    let days: f64 = text.trim().parse().ok()?;
    if !(20_000.0..80_000.0).contains(&days) {
        return None;
    }
    let millis = ((days - 25_569.0) * 86_400_000.0).round() as i64;
    let at = chrono::DateTime::from_timestamp_millis(millis)?;
    Some(Reading {
        year: at.year(),
        month: at.month(),
        day: at.day(),
        hour: at.hour(),
        minute: at.minute(),
        second: at.second(),
        nanos: at.nanosecond(),
        stated: Stated::Nothing,
    })
}

fn read(plain: &str, order: Option<DateOrder>, format: &mut String) -> Scan {
    format.clear();
    match scan::iso(plain.as_bytes()) {
        Some(Scan::Iso(reading, _)) => Scan::Other(reading),
        _ => super::general::scan(plain, order, format),
    }
}

/// `{"$date":"2024-03-05T00:53:20Z"}`, `{"$date":1709600000123}`, `{"$date":{"$numberLong":"1709600000123"}}`.
fn wrapped(text: &str, order: Option<DateOrder>, format: &mut String) -> Option<Scan> {
    let plain = text.replace([' ', '\''], "");
    let inner = plain
        .strip_prefix("{\"$date\":")
        .or_else(|| plain.strip_prefix("{$date:"))?
        .strip_suffix('}')?;
    let inner = match inner.strip_prefix("{\"$numberLong\":") {
        Some(number) => number.strip_suffix('}')?,
        None => inner,
    };
    let bare = inner.trim_matches('"');
    let found = match scan::epoch(bare, Some(scan::Unit::Millis)) {
        Some(Scan::Epoch(nanos, _)) => Scan::Epoch(nanos, None),
        _ => read(bare, order, format),
    };
    Some(found)
}

/// The same moment in a layout that is read.
fn rewritten(text: &str) -> Option<String> {
    digits(text)
        .or_else(|| midnight(text))
        .or_else(|| dotted(text))
        .or_else(|| east_asian(text))
        .or_else(|| month(text))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// `20240305T005320Z`, `20240301 10:30:05`, `2024-03-01 103005`, `20240301 93005`.
fn digits(text: &str) -> Option<String> {
    let at = text.find([' ', 'T'])?;
    let (day, clock) = (&text[..at], text[at + 1..].trim_start());
    let whole = clock.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = clock.split_at(whole);
    let clock = match (number.len(), rest.starts_with(':')) {
        (_, true) => clock.to_owned(),
        // A spreadsheet drops the nought at the front.
        (5, _) => format!("0{}:{}:{}{rest}", &number[..1], &number[1..3], &number[3..]),
        (6, _) => format!("{}:{}:{}{rest}", &number[..2], &number[2..4], &number[4..]),
        (4, _) => format!("{}:{}:00{rest}", &number[..2], &number[2..]),
        _ => return None,
    };
    let day = match day.len() {
        8 if is_digits(day) => format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]),
        _ if number.len() > 2 && day.contains(['-', '/', '.']) => day.to_owned(),
        _ => return None,
    };
    Some(format!("{day} {clock}"))
}

/// `2024-03-05T24:00:00Z` is the midnight at the end of that day.
fn midnight(text: &str) -> Option<String> {
    let at = text.find("24:00")?;
    let (day, clock) = (text.get(..at)?, text.get(at + 5..)?);
    let rest = clock.strip_prefix(":00").unwrap_or(clock);
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => fraction.trim_start_matches('0'),
        None => rest,
    };
    if rest.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let date = chrono::NaiveDate::parse_from_str(day.trim_end_matches(['T', ' ']), "%Y-%m-%d");
    Some(format!("{} 00:00:00{rest}", date.ok()?.succ_opt()?))
}

/// `05-MAR-24 10.15.00.123456 AM +02:00`, as Oracle writes it.
fn dotted(text: &str) -> Option<String> {
    let (day, rest) = text.split_once(' ')?;
    let (clock, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let mut parts = clock.split('.');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let fraction = parts.next().unwrap_or("0");
    let whole = [hour, minute, second]
        .iter()
        .all(|p| is_digits(p) && p.len() <= 2);
    (whole && is_digits(fraction) && parts.next().is_none()).then(|| {
        format!("{day} {hour}:{minute}:{second}.{fraction} {rest}")
            .trim_end()
            .to_owned()
    })
}

/// `2024年3月5日 10:05:00`, `2024년 3월 5일 10시 5분`.
fn east_asian(text: &str) -> Option<String> {
    if !text.contains(['年', '년']) {
        return None;
    }
    let mut parts: Vec<String> = vec![String::new()];
    for c in text.chars() {
        match c {
            '年' | '月' | '日' | '년' | '월' | '일' | '時' | '时' | '시' | '分' | '분' | '秒'
            | '초' | ' ' | ':' => {
                if parts.last().is_some_and(|p| !p.is_empty()) {
                    parts.push(String::new());
                }
            }
            c if c.is_ascii_digit() => parts.last_mut()?.push(c),
            _ => return None,
        }
    }
    parts.retain(|p| !p.is_empty());
    let number = |n: usize| parts.get(n).map_or(Some(0), |p| p.parse::<u32>().ok());
    let (y, m, d) = (parts.first()?, parts.get(1)?, parts.get(2)?);
    (y.len() == 4 && parts.len() != 4 && parts.len() <= 6).then_some(())?;
    let day = format!("{y}-{m:0>2}-{d:0>2}");
    if parts.len() == 3 {
        return Some(day);
    }
    Some(format!(
        "{day} {:02}:{:02}:{:02}",
        number(3)?,
        number(4)?,
        number(5)?
    ))
}

/// `5 mars 2024 10:05`, `5 de março de 2024`, `5. März 2024`.
fn month(text: &str) -> Option<String> {
    let mut found = false;
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let bare = word.trim_end_matches(['.', ',']).to_lowercase();
        if matches!(bare.as_str(), "de" | "del" | "d'" | "à" | "um" | "a" | "às") && !out.is_empty()
        {
            continue;
        }
        if let Some(month) = super::words::foreign_month(&bare) {
            found = true;
            out.push(month.to_owned());
        } else if is_digits(&bare) {
            out.push(bare);
        } else {
            out.push(word.to_owned());
        }
    }
    found.then(|| out.join(" "))
}
