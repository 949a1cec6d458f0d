//! Instants, zones, and the source's own text of a time.
//!
//! Owns: the unit (nanoseconds since the Unix epoch, UTC, no leap seconds), zones by IANA name or fixed offset, and
//! the compact form in which the original text is kept. Never touches: the clock; parsing of vendor formats (the reader does it).

use chrono::{DateTime, FixedOffset, NaiveDateTime, Offset, TimeZone, Utc};

/// A moment: nanoseconds since 1970-01-01T00:00:00Z, negative before. Range: 1677-09-21 to 2262-04-11.
/// A moment outside that cannot be represented and is absent.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(transparent)]
pub struct Instant(pub i64);

impl Instant {
    /// 1990-01-01T00:00:00Z: times before it are flagged as out of range.
    pub const EARLIEST_PLAUSIBLE: Instant = Instant(631_152_000_000_000_000);

    /// The instant of a UTC date and time, if it can be represented.
    #[must_use]
    pub fn from_utc(at: DateTime<Utc>) -> Option<Self> {
        at.timestamp_nanos_opt().map(Self)
    }

    /// As chrono's type.
    #[must_use]
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(self.0)
    }

    /// The moment of a text in the form of [`Instant::rfc3339`], or any other RFC 3339 text; absent when it is none, or
    /// lies outside of what an instant can hold.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let at = DateTime::parse_from_rfc3339(text).ok()?;
        at.timestamp_nanos_opt().map(Self)
    }

    /// RFC 3339 in UTC with nine digits, as in `@timestamp`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        self.to_utc().format("%Y-%m-%dT%H:%M:%S%.9fZ").to_string()
    }
}

/// A zone for times that name none, and for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// A zone of the IANA time zone database.
    Named(chrono_tz::Tz),
    /// A fixed offset from UTC.
    Fixed(FixedOffset),
}

/// What a local time means in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Local {
    /// Exactly one moment.
    One(Instant),
    /// Clocks went back: the earlier and the later moment.
    Two(Instant, Instant),
    /// Clocks went forward over it; the moment that the same reading has by the offset before the change.
    Skipped(Instant),
    /// Outside what an [`Instant`] can hold.
    Unrepresentable,
}

impl Zone {
    /// UTC.
    pub const UTC: Zone = Zone::Named(chrono_tz::UTC);

    /// Reads `Asia/Manila`, `UTC`, `Z`, `+08:00`, `+0800`, `-03`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("z") || text.eq_ignore_ascii_case("utc") {
            return Some(Self::UTC);
        }
        if let Some(offset) = parse_offset(text) {
            return Some(Self::Fixed(offset));
        }
        chrono_tz::Tz::from_str_insensitive(text)
            .ok()
            .map(Self::Named)
    }

    /// The name: an IANA name or `+08:00`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Named(tz) => tz.name().to_owned(),
            Self::Fixed(offset) => offset.to_string(),
        }
    }

    /// The offset from UTC at a moment.
    #[must_use]
    pub fn offset_at(&self, at: Instant) -> FixedOffset {
        match self {
            Self::Named(tz) => tz.offset_from_utc_datetime(&at.to_utc().naive_utc()).fix(),
            Self::Fixed(offset) => *offset,
        }
    }

    /// What a local reading means here.
    #[must_use]
    pub fn resolve(&self, local: NaiveDateTime) -> Local {
        use chrono::LocalResult as R;
        let at = |o: FixedOffset| {
            local
                .checked_sub_offset(o)
                .and_then(|utc| utc.and_utc().timestamp_nanos_opt())
                .map(Instant)
        };
        let found = match self {
            Self::Named(tz) => tz.offset_from_local_datetime(&local).map(|o| o.fix()),
            Self::Fixed(offset) => R::Single(*offset),
        };
        match found {
            R::Single(o) => at(o).map_or(Local::Unrepresentable, Local::One),
            R::Ambiguous(a, b) => match (at(a), at(b)) {
                (Some(a), Some(b)) => Local::Two(a.min(b), a.max(b)),
                _ => Local::Unrepresentable,
            },
            R::None => {
                let before = local
                    .checked_sub_signed(chrono::Duration::hours(24))
                    .and_then(|earlier| match self {
                        Self::Named(tz) => tz
                            .offset_from_local_datetime(&earlier)
                            .earliest()
                            .map(|o| o.fix()),
                        Self::Fixed(o) => Some(*o),
                    });
                before
                    .and_then(at)
                    .map_or(Local::Unrepresentable, Local::Skipped)
            }
        }
    }
}

fn parse_offset(text: &str) -> Option<FixedOffset> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (h, m) = match digits.len() {
        1 | 2 => (digits.parse::<i32>().ok()?, 0),
        4 => (
            digits[..2].parse::<i32>().ok()?,
            digits[2..].parse::<i32>().ok()?,
        ),
        _ => return None,
    };
    (h <= 18 && m < 60)
        .then(|| FixedOffset::east_opt(sign * (h * 3600 + m * 60)))
        .flatten()
}

/// The source's own text of a time, kept small.
///
/// Most logs write every time in one format, so the text can be written again from the instant. The cell of
/// `event.original_time` then holds the format, which is the same in every row; the reader stores it only when the
/// rewritten text is byte for byte the original. Otherwise the cell holds the text itself.
pub mod original {
    use super::{Instant, Zone};

    /// Marks a cell that holds a format. A text that itself begins with it is kept with the mark doubled.
    const MARK: char = '\u{1}';

    /// The cell for times that are written in this chrono format in this zone.
    #[must_use]
    pub fn template(format: &str, zone: &Zone) -> String {
        format!("{MARK}{}{MARK}{format}", zone.name())
    }

    /// The cell for a text that no format rewrites exactly.
    #[must_use]
    pub fn literal(text: &str) -> std::borrow::Cow<'_, str> {
        if text.starts_with(MARK) {
            format!("{MARK}{MARK}{text}").into()
        } else {
            text.into()
        }
    }

    /// The text of a cell.
    #[must_use]
    pub fn text(cell: &str, time: Option<Instant>) -> String {
        let Some(rest) = cell.strip_prefix(MARK) else {
            return cell.to_owned();
        };
        if let Some(text) = rest.strip_prefix(MARK) {
            return text.to_owned();
        }
        match (rest.split_once(MARK), time) {
            (Some((zone, format)), Some(at)) => match Zone::parse(zone) {
                Some(zone) => write(format, &zone, at),
                None => cell.to_owned(),
            },
            _ => cell.to_owned(),
        }
    }

    /// Writes an instant in a format; `%epoch_s`, `%epoch_ms`, `%epoch_us`, `%epoch_ns` are integers since 1970.
    #[must_use]
    pub fn write(format: &str, zone: &Zone, at: Instant) -> String {
        match format {
            "%epoch_s" => (at.0.div_euclid(1_000_000_000)).to_string(),
            "%epoch_ms" => (at.0.div_euclid(1_000_000)).to_string(),
            "%epoch_us" => (at.0.div_euclid(1_000)).to_string(),
            "%epoch_ns" => at.0.to_string(),
            _ => {
                use std::fmt::Write;
                let local = at.to_utc().with_timezone(&zone.offset_at(at));
                let mut out = String::with_capacity(32);
                // A format that chrono refuses leaves the text empty; the reader then finds it differs and keeps the text.
                if write!(out, "{}", local.format(format)).is_err() {
                    out.clear();
                }
                out
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn local(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    #[test]
    fn a_manila_reading_is_eight_hours_earlier_in_utc() {
        let zone = Zone::parse("asia/manila").unwrap();
        let Local::One(at) = zone.resolve(local("2024-04-22 14:32:15")) else {
            panic!("one moment")
        };
        assert_eq!(at.rfc3339(), "2024-04-22T06:32:15.000000000Z");
    }

    #[test]
    fn berlin_has_an_hour_twice_and_one_never() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let Local::Two(a, b) = zone.resolve(local("2024-10-27 02:30:00")) else {
            panic!("two moments")
        };
        assert_eq!(b.0 - a.0, 3_600_000_000_000);
        let Local::Skipped(at) = zone.resolve(local("2024-03-31 02:30:00")) else {
            panic!("skipped")
        };
        assert_eq!(at.rfc3339(), "2024-03-31T01:30:00.000000000Z");
    }

    #[test]
    fn offsets_and_names_are_read() {
        assert_eq!(Zone::parse("+0530").unwrap().name(), "+05:30");
        assert_eq!(Zone::parse("-3").unwrap().name(), "-03:00");
        assert_eq!(Zone::parse("z").unwrap().name(), "UTC");
        assert!(Zone::parse("Middle/Earth").is_none());
        assert!(Zone::parse("+2500").is_none());
    }

    #[test]
    fn the_original_text_comes_back() {
        let zone = Zone::parse("Asia/Manila").unwrap();
        let at = Instant(1_713_767_535_000_000_000);
        let cell = original::template("%Y-%m-%d %H:%M:%S", &zone);
        assert_eq!(original::text(&cell, Some(at)), "2024-04-22 14:32:15");
        for text in ["yesterday", "\u{1}odd", "\u{1}\u{1}odder", ""] {
            assert_eq!(original::text(&original::literal(text), None), text);
        }
    }
}
