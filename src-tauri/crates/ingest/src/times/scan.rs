//! What a text of a time says, before any zone or date order is applied.
//!
//! Owns: reading digits, month names, clock readings and stated offsets, and the chrono format that writes the same
//! text again. Never touches: zones by name, the clock, choices of a person.

use super::words;
use std::borrow::Cow;

/// How the three numbers of an all-numeric date stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DateOrder {
    /// Day, month, year.
    Dmy,
    /// Month, day, year.
    Mdy,
    /// Year, month, day.
    Ymd,
}

impl DateOrder {
    /// Reads `dmy`, `mdy`, `ymd`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word.to_ascii_lowercase().as_str() {
            "dmy" => Some(Self::Dmy),
            "mdy" => Some(Self::Mdy),
            "ymd" => Some(Self::Ymd),
            _ => None,
        }
    }

    /// The word that [`DateOrder::parse`] reads.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dmy => "dmy",
            Self::Mdy => "mdy",
            Self::Ymd => "ymd",
        }
    }
}

/// What a text says of its own zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stated {
    /// Nothing.
    Nothing,
    /// UTC, by `Z`, `UTC` or `GMT`.
    Utc,
    /// An offset, in seconds east of UTC.
    Offset(i32),
    /// Letters that several countries use, which only a chosen zone explains.
    Letters(&'static str),
}

/// A date and a clock reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) year: i32,
    pub(crate) month: u32,
    pub(crate) day: u32,
    pub(crate) hour: u32,
    pub(crate) minute: u32,
    /// 60 for a leap second.
    pub(crate) second: u32,
    pub(crate) nanos: u32,
    pub(crate) stated: Stated,
}

/// The parts of a fixed layout that decide which format writes it again; equal keys, equal format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IsoKey {
    /// `T` or a space.
    separator: u8,
    /// Digits of the fraction.
    digits: u8,
    /// 0 nothing, 1 `Z`, 2 `+08:00`, 3 `+0800`.
    zone: u8,
}

impl IsoKey {
    /// The chrono format of the layout; absent when chrono cannot write that many digits.
    pub(crate) fn format(self) -> Option<String> {
        let mut out = format!("%Y-%m-%d{}%H:%M:%S", self.separator as char);
        match self.digits {
            0 => {}
            3 => out.push_str("%.3f"),
            6 => out.push_str("%.6f"),
            9 => out.push_str("%.9f"),
            _ => return None,
        }
        out.push_str(["", "Z", "%:z", "%z"][usize::from(self.zone.min(3))]);
        Some(out)
    }
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scan {
    /// A reading in the layout `2024-04-22T14:32:15[.f][Z|±hh:mm]`.
    Iso(Reading, IsoKey),
    /// A reading in another layout; the caller's buffer holds its chrono format.
    Other(Reading),
    /// An all-numeric date whose order is not known.
    OrderNeeded,
    /// A number since 1970, in nanoseconds, with the format that writes it again where it is a whole number.
    Epoch(i128, Option<&'static str>),
    /// `5 minutes ago`.
    Relative,
    /// Anything else.
    Unreadable,
}

fn two(b: &[u8]) -> Option<u32> {
    let (x, y) = (b[0].wrapping_sub(b'0'), b[1].wrapping_sub(b'0'));
    (x < 10 && y < 10).then(|| u32::from(x) * 10 + u32::from(y))
}

/// Reads a fraction of 1 to 18 digits as nanoseconds; further digits are below a nanosecond and do not count.
fn fraction(b: &[u8]) -> (u32, usize) {
    let mut nanos = 0u32;
    let mut n = 0;
    while n < b.len() && b[n].is_ascii_digit() {
        if n < 9 {
            nanos = nanos * 10 + u32::from(b[n] - b'0');
        }
        n += 1;
    }
    for _ in n..9 {
        nanos *= 10;
    }
    (nanos, n)
}

/// The layout that most logs use, by position.
pub(crate) fn iso(b: &[u8]) -> Option<Scan> {
    if b.len() < 19
        || b[4] != b'-'
        || b[7] != b'-'
        || !matches!(b[10], b'T' | b' ')
        || b[13] != b':'
        || b[16] != b':'
    {
        return None;
    }
    let year = two(b)? * 100 + two(&b[2..])?;
    let mut reading = Reading {
        year: year as i32,
        month: two(&b[5..])?,
        day: two(&b[8..])?,
        hour: two(&b[11..])?,
        minute: two(&b[14..])?,
        second: two(&b[17..])?,
        nanos: 0,
        stated: Stated::Nothing,
    };
    // The midnight at the end of a day is another day's.
    if reading.hour == 24 {
        return None;
    }
    let mut rest = &b[19..];
    let mut digits = 0;
    if rest.first() == Some(&b'.') {
        let (nanos, n) = fraction(&rest[1..]);
        if n == 0 || n > 18 {
            return None;
        }
        reading.nanos = nanos;
        digits = n;
        rest = &rest[1 + n..];
    }
    let zone = match rest {
        [] => 0,
        [b'Z'] => {
            reading.stated = Stated::Utc;
            1
        }
        [sign @ (b'+' | b'-'), h1, h2, tail @ ..] => {
            let hours = two(&[*h1, *h2])?;
            let (minutes, kind) = match tail {
                [b':', m1, m2] => (two(&[*m1, *m2])?, 2),
                [m1, m2] => (two(&[*m1, *m2])?, 3),
                _ => return None,
            };
            reading.stated = offset(*sign == b'-', hours, minutes)?;
            // The text `-00:00` cannot be written again from an offset of nothing, so it goes the long way.
            if *sign == b'-' && reading.stated == Stated::Offset(0) {
                return None;
            }
            kind
        }
        _ => return None,
    };
    Some(Scan::Iso(
        reading,
        IsoKey {
            separator: b[10],
            digits: digits as u8,
            zone,
        },
    ))
}

fn offset(negative: bool, hours: u32, minutes: u32) -> Option<Stated> {
    if hours > 18 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 3600 + minutes * 60) as i32;
    Some(Stated::Offset(if negative { -seconds } else { seconds }))
}

/// The unit of a number since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    const fn nanos(self) -> i128 {
        match self {
            Self::Seconds => 1_000_000_000,
            Self::Millis => 1_000_000,
            Self::Micros => 1_000,
            Self::Nanos => 1,
        }
    }

    const fn format(self) -> &'static str {
        match self {
            Self::Seconds => "%epoch_s",
            Self::Millis => "%epoch_ms",
            Self::Micros => "%epoch_us",
            Self::Nanos => "%epoch_ns",
        }
    }
}

/// Reads a number since 1970. Without a unit the number of digits decides: 9 to 11 are seconds, to 14 milliseconds,
/// to 17 microseconds, more are nanoseconds; shorter numbers are no times.
pub(crate) fn epoch(text: &str, unit: Option<Unit>) -> Option<Scan> {
    let (negative, body) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let whole = body.iter().take_while(|b| b.is_ascii_digit()).count();
    if whole == 0 || whole > 30 {
        return None;
    }
    let mut value: i128 = 0;
    for b in &body[..whole] {
        value = value * 10 + i128::from(b - b'0');
    }
    let mut scale = 0i32;
    let mut rest = &body[whole..];
    if rest.first() == Some(&b'.') {
        let n = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
        for b in rest[1..].iter().take(n.min(6)) {
            value = value * 10 + i128::from(b - b'0');
            scale -= 1;
        }
        // Only the first six digits are read above; seconds may carry nine.
        for b in rest[1..].iter().take(n.min(9)).skip(6) {
            value = value * 10 + i128::from(b - b'0');
            scale -= 1;
        }
        rest = &rest[1 + n..];
    }
    if let [b'e' | b'E', tail @ ..] = rest {
        let tail = tail.strip_prefix(b"+").unwrap_or(tail);
        let exponent: i32 = std::str::from_utf8(tail).ok()?.parse().ok()?;
        if !(0..=20).contains(&exponent) {
            return None;
        }
        scale += exponent;
        rest = &[];
    }
    if !rest.is_empty() {
        return None;
    }
    let magnitude = value.checked_div(10i128.checked_pow((-scale).max(0) as u32)?)?
        * 10i128.checked_pow(scale.max(0) as u32)?;
    let unit = match unit {
        Some(unit) => unit,
        None => match magnitude {
            0..=99_999_999 => return None,
            100_000_000..=99_999_999_999 => Unit::Seconds,
            100_000_000_000..=99_999_999_999_999 => Unit::Millis,
            100_000_000_000_000..=99_999_999_999_999_999 => Unit::Micros,
            _ => Unit::Nanos,
        },
    };
    let mut nanos = value.checked_mul(unit.nanos())?;
    nanos = if scale < 0 {
        nanos / 10i128.checked_pow(-scale as u32)?
    } else {
        nanos.checked_mul(10i128.checked_pow(scale as u32)?)?
    };
    let plain = whole == body.len() && (body[0] != b'0' || (whole == 1 && !negative));
    Some(Scan::Epoch(
        if negative { -nanos } else { nanos },
        plain.then(|| unit.format()),
    ))
}

/// `20230101170000[.885]` and `20230101`.
fn compact(text: &str, format: &mut String) -> Option<Scan> {
    let b = text.as_bytes();
    let whole = b.iter().take_while(|c| c.is_ascii_digit()).count();
    if whole != 14 && !(whole == 8 && b.len() == 8) {
        return None;
    }
    let mut reading = Reading {
        year: (two(b)? * 100 + two(&b[2..])?) as i32,
        month: two(&b[4..])?,
        day: two(&b[6..])?,
        hour: 0,
        minute: 0,
        second: 0,
        nanos: 0,
        stated: Stated::Nothing,
    };
    if !(1..=12).contains(&reading.month)
        || !(1..=31).contains(&reading.day)
        || !(1900..=2199).contains(&reading.year)
    {
        return None;
    }
    format.push_str("%Y%m%d");
    if whole == 14 {
        reading.hour = two(&b[8..])?;
        reading.minute = two(&b[10..])?;
        reading.second = two(&b[12..])?;
        format.push_str("%H%M%S");
        match &b[14..] {
            [] => {}
            [b'.', digits @ ..] if !digits.is_empty() => {
                let (nanos, n) = fraction(digits);
                if n != digits.len() {
                    return None;
                }
                reading.nanos = nanos;
                format.push_str(match n {
                    3 => "%.3f",
                    6 => "%.6f",
                    9 => "%.9f",
                    _ => "%.f",
                });
            }
            _ => return None,
        }
    }
    Some(Scan::Other(reading))
}

/// The text with blanks that look like a space as spaces, and without marks of direction. Browsers write a narrow
/// no-break space before `PM` since CLDR 42, and some write marks of direction around each part of a date.
fn plain_blanks(text: &str) -> Cow<'_, str> {
    const BLANKS: [char; 4] = ['\u{a0}', '\u{2007}', '\u{2009}', '\u{202f}'];
    const MARKS: [char; 2] = ['\u{200e}', '\u{200f}'];
    if text.is_ascii() || !text.contains(|c| BLANKS.contains(&c) || MARKS.contains(&c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .filter(|c| !MARKS.contains(c))
            .map(|c| if BLANKS.contains(&c) { ' ' } else { c })
            .collect(),
    )
}

/// Reads any layout. `format` is emptied and then holds the chrono format of what was read.
pub(crate) fn scan(text: &str, order: Option<DateOrder>, format: &mut String) -> Scan {
    format.clear();
    let text = text.trim();
    if let Some(found) = iso(text.as_bytes()) {
        return found;
    }
    let plain = plain_blanks(text);
    let text = plain.trim();
    if let Some(found) = compact(text, format) {
        return found;
    }
    format.clear();
    if let Some(found) = epoch(text, None) {
        return found;
    }
    if words::is_relative(text) {
        return Scan::Relative;
    }
    match super::general::scan(text, order, format) {
        Scan::Unreadable => super::shapes::scan(text, order, format),
        found => found,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_of_an_epoch_decide_its_unit() {
        let at = |text| match epoch(text, None) {
            Some(Scan::Epoch(n, f)) => Some((n, f)),
            _ => None,
        };
        assert_eq!(
            at("1626781291"),
            Some((1_626_781_291_000_000_000, Some("%epoch_s")))
        );
        assert_eq!(at("1626781291.5"), Some((1_626_781_291_500_000_000, None)));
        assert_eq!(at("1.626781291e9"), Some((1_626_781_291_000_000_000, None)));
        assert_eq!(
            at("1583364251067"),
            Some((1_583_364_251_067_000_000, Some("%epoch_ms")))
        );
        assert_eq!(
            at("1583364251067001"),
            Some((1_583_364_251_067_001_000, Some("%epoch_us")))
        );
        assert_eq!(
            at("1684862313000000000"),
            Some((1_684_862_313_000_000_000, Some("%epoch_ns")))
        );
        assert_eq!(at("45000"), None);
        assert_eq!(at("12a"), None);
        assert_eq!(
            epoch("0", Some(Unit::Seconds)),
            Some(Scan::Epoch(0, Some("%epoch_s")))
        );
    }
}
