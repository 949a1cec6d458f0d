//! Layouts of times that are not fixed by position: slashes, dots, month names, halves of the day.
//!
//! Owns: one cursor over the text that reads a date, a clock reading and a zone, and writes the chrono format beside.
//! Never touches: the fast layout (its own module), choices of a person beyond the date order that is given.

use super::scan::{DateOrder, Reading, Scan, Stated};
use super::words;

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, literal: &str) -> bool {
        let found = self.rest().starts_with(literal);
        if found {
            self.at += literal.len();
        }
        found
    }

    fn number(&mut self, most: usize) -> Option<&'t str> {
        let n = self
            .rest()
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        (n > 0).then(|| {
            let found = &self.rest()[..n];
            self.at += n;
            found
        })
    }

    fn word(&mut self) -> &'t str {
        let n = self
            .rest()
            .bytes()
            .take_while(u8::is_ascii_alphabetic)
            .count();
        let found = &self.rest()[..n];
        self.at += n;
        found
    }

    /// Takes separators of a date and copies them into the format.
    fn gap(&mut self, allowed: &[u8], format: &mut String) -> usize {
        let n = self
            .rest()
            .bytes()
            .take_while(|b| allowed.contains(b))
            .count();
        format.push_str(&self.rest()[..n]);
        self.at += n;
        n
    }
}

fn padded(number: &str, letter: char, format: &mut String) {
    format.push('%');
    if number.len() < 2 {
        format.push('-');
    }
    format.push(letter);
}

fn year(number: &str, format: &mut String) -> Option<i32> {
    let value: i32 = number.parse().ok()?;
    match number.len() {
        4 => {
            format.push_str("%Y");
            Some(value)
        }
        2 => {
            format.push_str("%y");
            Some(if value < 70 {
                2000 + value
            } else {
                1900 + value
            })
        }
        _ => None,
    }
}

enum Date {
    Known(i32, u32, u32),
    OrderNeeded,
    /// Month and day are read; the year stands behind the clock reading, as in C's `ctime`.
    YearLater(u32, u32),
}

/// Reads any layout that has a date of three parts or a month by name. `format` gets the chrono format.
pub(crate) fn scan(text: &str, order: Option<DateOrder>, format: &mut String) -> Scan {
    let mut cursor = Cursor { text, at: 0 };
    match read(&mut cursor, order, format) {
        Some(found) => found,
        None => {
            format.clear();
            Scan::Unreadable
        }
    }
}

fn read(c: &mut Cursor<'_>, order: Option<DateOrder>, format: &mut String) -> Option<Scan> {
    let mut spoken = false;
    if c.peek()?.is_ascii_alphabetic() {
        let start = c.at;
        match words::weekday(c.word()) {
            Some(full) => {
                spoken = true;
                format.push_str(if full { "%A" } else { "%a" });
                c.gap(b"., ", format);
            }
            None => c.at = start,
        }
    }
    let date = date(c, order, format)?;
    let mut reading = Reading {
        year: 0,
        month: 0,
        day: 0,
        hour: 0,
        minute: 0,
        second: 0,
        nanos: 0,
        stated: Stated::Nothing,
    };
    if !c.rest().is_empty() {
        let at = c.at;
        let before = format.len();
        let separated = c.gap(b", ", format);
        if c.take("at ") {
            format.push_str("at ");
        } else if c.take("T") {
            format.push('T');
        } else if separated == 0 && c.take(":") {
            format.push(':');
        } else if separated == 0 && c.take("-") {
            format.push('-');
        } else if separated == 0 {
            c.at = at;
            format.truncate(before);
        }
        if c.peek().is_some_and(|b| b.is_ascii_digit()) {
            clock(c, &mut reading, format)?;
        }
    }
    let (y, m, d) = match date {
        Date::OrderNeeded => return Some(Scan::OrderNeeded),
        Date::Known(y, m, d) => (y, m, d),
        Date::YearLater(m, d) => {
            c.gap(b" ", format);
            let start = c.at;
            if c.peek().is_some_and(|b| b.is_ascii_alphabetic()) {
                reading.stated = zone(c, spoken, format)?;
                c.gap(b" ", format);
            } else {
                c.at = start;
            }
            (year(c.number(4)?, format)?, m, d)
        }
    };
    (reading.year, reading.month, reading.day) = (y, m, d);
    c.gap(b" ", format);
    if !c.rest().is_empty() {
        reading.stated = zone(c, spoken, format)?;
    }
    c.rest().is_empty().then_some(Scan::Other(reading))
}

fn date(c: &mut Cursor<'_>, order: Option<DateOrder>, format: &mut String) -> Option<Date> {
    const GAPS: &[u8] = b"-/., ";
    if c.peek()?.is_ascii_alphabetic() {
        let (month, full) = words::month(c.word())?;
        format.push_str(if full { "%B" } else { "%b" });
        c.gap(GAPS, format);
        let day = c.number(2)?;
        padded(day, 'd', format);
        ordinal(c, format);
        let before = (c.at, format.len());
        c.gap(GAPS, format);
        return match c.number(4) {
            Some(number) if number.len() == 4 && c.peek() != Some(b':') => {
                Some(Date::Known(year(number, format)?, month, day.parse().ok()?))
            }
            _ => {
                c.at = before.0;
                format.truncate(before.1);
                Some(Date::YearLater(month, day.parse().ok()?))
            }
        };
    }
    let first = c.number(4)?;
    let separator = c.peek()?;
    let mark = format.len();
    if first.len() == 4 {
        format.push_str("%Y");
    } else {
        padded(first, 'd', format);
    }
    ordinal(c, format);
    if c.gap(GAPS, format) == 0 {
        return None;
    }
    if c.peek()?.is_ascii_alphabetic() {
        let word = c.word();
        let (month, full) = words::month(if word == "of" {
            return None;
        } else {
            word
        })?;
        format.push_str(if full { "%B" } else { "%b" });
        c.gap(GAPS, format);
        let last = c.number(4)?;
        return if first.len() == 4 {
            padded(last, 'd', format);
            Some(Date::Known(first.parse().ok()?, month, last.parse().ok()?))
        } else {
            let y = year(last, format)?;
            Some(Date::Known(y, month, first.parse().ok()?))
        };
    }
    let second = c.number(2)?;
    let separator_two = c.peek()?;
    if separator_two != separator || !matches!(separator, b'-' | b'/' | b'.') {
        return None;
    }
    c.at += 1;
    let third = c.number(4)?;
    let s = separator as char;
    if first.len() == 4 {
        format.truncate(mark);
        format.push_str("%Y");
        format.push(s);
        padded(second, 'm', format);
        format.push(s);
        padded(third, 'd', format);
        return (third.len() <= 2).then(|| -> Option<Date> {
            Some(Date::Known(
                first.parse().ok()?,
                second.parse().ok()?,
                third.parse().ok()?,
            ))
        })?;
    }
    let Some(order) = order else {
        return Some(Date::OrderNeeded);
    };
    format.truncate(mark);
    let (y, m, d) = match order {
        DateOrder::Dmy => (third, second, first),
        DateOrder::Mdy => (third, first, second),
        DateOrder::Ymd => (first, second, third),
    };
    let mut value = 0;
    for (i, (number, letter)) in match order {
        DateOrder::Dmy => [(d, 'd'), (m, 'm'), (y, 'y')],
        DateOrder::Mdy => [(m, 'm'), (d, 'd'), (y, 'y')],
        DateOrder::Ymd => [(y, 'y'), (m, 'm'), (d, 'd')],
    }
    .into_iter()
    .enumerate()
    {
        if i > 0 {
            format.push(s);
        }
        if letter == 'y' {
            value = year(number, format)?;
        } else {
            padded(number, letter, format);
        }
    }
    Some(Date::Known(value, m.parse().ok()?, d.parse().ok()?))
}

fn ordinal(c: &mut Cursor<'_>, format: &mut String) {
    for suffix in ["st", "nd", "rd", "th"] {
        if c.rest().starts_with(suffix) {
            c.at += 2;
            format.push_str(suffix);
            return;
        }
    }
}

fn clock(c: &mut Cursor<'_>, reading: &mut Reading, format: &mut String) -> Option<()> {
    let hour = c.number(2)?;
    let hour_at = format.len();
    let mut value: u32 = hour.parse().ok()?;
    if c.take(":") {
        format.push(':');
        let minute = c.number(2)?;
        if minute.len() != 2 {
            return None;
        }
        reading.minute = minute.parse().ok()?;
        format.push_str("%M");
        if c.take(":") {
            let second = c.number(2)?;
            reading.second = second.parse().ok()?;
            format.push_str(if second.len() == 2 { ":%S" } else { ":%-S" });
            let mark = c.peek();
            if matches!(mark, Some(b'.' | b',')) {
                c.at += 1;
                let digits = c.number(18)?;
                for (i, b) in digits.bytes().take(9).enumerate() {
                    reading.nanos += u32::from(b - b'0') * 10u32.pow(8 - i as u32);
                }
                let width = match digits.len() {
                    3 => "3f",
                    6 => "6f",
                    9 => "9f",
                    _ => "f",
                };
                format.push_str(if mark == Some(b',') { ",%" } else { "%." });
                format.push_str(width);
            }
        }
    }
    let before = (c.at, format.len());
    c.gap(b" ", format);
    let word_at = c.at;
    let word = c.word();
    let half = match word {
        "AM" | "PM" => Some("%p"),
        "am" | "pm" => Some("%P"),
        _ if matches!(c.rest().get(..3), Some(".m.")) && matches!(word, "a" | "p") => {
            c.at += 3;
            Some("")
        }
        _ => None,
    };
    let mut letter = 'H';
    if value == 24 {
        return None;
    }
    match half {
        Some(spec) => {
            if !(1..=12).contains(&value) {
                return None;
            }
            value %= 12;
            if c.text[word_at..].starts_with(['P', 'p']) {
                value += 12;
            }
            format.push_str(spec);
            letter = 'I';
        }
        None => {
            c.at = before.0;
            format.truncate(before.1);
            if before.1 == hour_at {
                // An hour alone is no clock reading.
                return None;
            }
        }
    }
    let mut spec = String::with_capacity(3);
    padded(hour, letter, &mut spec);
    format.insert_str(hour_at, &spec);
    reading.hour = value;
    Some(())
}

fn zone(c: &mut Cursor<'_>, spoken: bool, format: &mut String) -> Option<Stated> {
    if let Some(inner) = c
        .rest()
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
    {
        if inner.starts_with('(') {
            return None;
        }
        let mut within = Cursor { text: inner, at: 0 };
        format.push('(');
        let stated = zone(&mut within, spoken, format)?;
        format.push(')');
        c.at = c.text.len();
        return within.rest().is_empty().then_some(stated);
    }
    let named = c.word();
    let mut stated = match named {
        "" => None,
        "Z" | "z" | "UTC" | "GMT" | "utc" => {
            format.push_str(named);
            Some(Stated::Utc)
        }
        other => {
            format.push_str(other);
            let minutes = words::sole_zone(other)
                .or_else(|| spoken.then(|| words::rfc2822_zone(other)).flatten());
            match minutes {
                Some(minutes) => Some(Stated::Offset(minutes * 60)),
                None => Some(Stated::Letters(words::shared_zone(other)?)),
            }
        }
    };
    if let Some(sign @ (b'+' | b'-')) = c.peek() {
        c.at += 1;
        // RFC 9557 and some exporters leave blanks inside the offset, as in `+00: 00`.
        let hours = c.number(2)?;
        let colon = c.take(":");
        let blank = colon && c.take(" ");
        let minutes = c.number(2);
        let (h, m): (i32, i32) = (
            hours.parse().ok()?,
            minutes.map_or(Some(0), |m| m.parse().ok())?,
        );
        if h > 18 || m > 59 || (colon && minutes.is_none()) {
            return None;
        }
        let seconds = h * 3600 + m * 60;
        stated = Some(Stated::Offset(if sign == b'-' {
            -seconds
        } else {
            seconds
        }));
        format.push_str(match (colon, blank, minutes.is_some()) {
            (true, false, _) => "%:z",
            (false, _, true) => "%z",
            (false, _, false) => "%#z",
            (true, true, _) => " ",
        });
    }
    if c.rest().starts_with('[') && c.rest().ends_with(']') {
        // RFC 9557 names the zone behind the offset, which already decides.
        c.at = c.text.len();
    } else if c.rest().starts_with(" (") && c.rest().ends_with(')') && stated.is_some() {
        c.at = c.text.len();
    }
    stated
}
