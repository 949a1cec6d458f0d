//! Times as vendors write them, read into instants without guessing.
//!
//! Owns: which zone speaks for a text that names none, the date order, the flags of a time, and the cells that keep the
//! original text. Never touches: the machine's clock (the moment of import is passed in), profiles (they pass rules in).

mod general;
pub(crate) mod scan;
pub(crate) mod shapes;
mod survey;
mod words;

pub use scan::DateOrder;
pub use survey::{Survey, survey};

use crate::entry::Flags;
use scan::{IsoKey, Reading, Scan, Stated, Unit};
use witnessmark_model::{
    Flag, Instant, Zone,
    time::{Local, original},
};

/// Why a zone speaks for texts that name none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZoneBasis {
    /// A person chose it.
    Chosen,
    /// The vendor's documentation fixes it.
    Vendor,
}

/// A layout that a profile prescribes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Format {
    /// Whatever layout the text shows.
    Auto,
    /// A number since 1970 in one unit.
    Epoch(EpochUnit),
    /// Days since the end of 1899, as a spreadsheet counts them.
    Excel,
    /// A chrono format.
    Chrono(String),
}

/// Unit of a number since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Microseconds.
    Micros,
    /// Nanoseconds.
    Nanos,
}

impl Format {
    /// Reads `auto`, `epoch_s`, `epoch_ms`, `epoch_us`, `epoch_ns`, `excel`, or a chrono format with a `%`.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "auto" => Self::Auto,
            "excel" => Self::Excel,
            "epoch_s" => Self::Epoch(EpochUnit::Seconds),
            "epoch_ms" => Self::Epoch(EpochUnit::Millis),
            "epoch_us" => Self::Epoch(EpochUnit::Micros),
            "epoch_ns" => Self::Epoch(EpochUnit::Nanos),
            format if format.contains('%') => {
                let readable = chrono::format::StrftimeItems::new(format)
                    .all(|item| !matches!(item, chrono::format::Item::Error));
                if !readable {
                    return None;
                }
                Self::Chrono(format.to_owned())
            }
            _ => return None,
        })
    }
}

/// How the times of one source are read.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The zone for texts that name none, and why; absent when nobody said.
    pub zone: Option<(Zone, ZoneBasis)>,
    /// The order of all-numeric dates; absent when nothing settles it.
    pub order: Option<DateOrder>,
    /// Layouts to try in order; empty means any.
    pub formats: Vec<Format>,
    /// The moment of import.
    pub now: Instant,
}

/// What a text of a time gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Read {
    /// The instant, when there is one.
    pub at: Option<Instant>,
    /// What a reader must know of it.
    pub flags: Flags,
    /// The cell of `event.original_time`: the number of a template, or absent when the text itself must be kept.
    pub template: Option<u16>,
    /// The number of the note of `event.zone`.
    pub note: Option<u16>,
}

impl Read {
    const fn undated(flag: Flag) -> Self {
        Self {
            at: None,
            flags: Flags::of(flag),
            template: None,
            note: None,
        }
    }
}

const LATEST_AHEAD: i64 = 24 * 3_600 * 1_000_000_000;
/// Zones change offset at quarter hours or coarser, so one quarter needs one look at the database.
const QUARTER: i64 = 900;
/// Templates and notes that are remembered; beyond them texts are kept literally, which is correct and only longer.
const REMEMBERED: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    Chosen,
    Utc,
    Offset(i32),
}

/// Reads the times of one source.
#[derive(Debug)]
pub struct Clock {
    rules: Rules,
    buffer: String,
    quarter: Option<(i64, i64)>,
    iso: Vec<(IsoKey, Writer, Option<u16>)>,
    templates: Vec<String>,
    notes: Vec<String>,
    note_of: Vec<(Writer, u16)>,
}

impl Clock {
    /// A clock with these rules.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            buffer: String::new(),
            quarter: None,
            iso: Vec::new(),
            templates: Vec::new(),
            notes: Vec::new(),
            note_of: Vec::new(),
        }
    }

    /// A clock with the same rules, which remembers nothing.
    #[must_use]
    pub(crate) fn anew(&self) -> Self {
        Self::new(self.rules.clone())
    }

    /// The cell of a template number.
    #[must_use]
    pub fn template(&self, number: u16) -> &str {
        self.templates
            .get(usize::from(number))
            .map_or("", String::as_str)
    }

    /// The text of a note number, such as `Asia/Manila (chosen)`.
    #[must_use]
    pub fn note(&self, number: u16) -> &str {
        self.notes
            .get(usize::from(number))
            .map_or("", String::as_str)
    }

    /// Reads one text.
    pub fn read(&mut self, text: &str) -> Read {
        if text.trim().is_empty() {
            return Read::undated(Flag::NoTime);
        }
        let mut buffer = std::mem::take(&mut self.buffer);
        let found = self.find(text, &mut buffer);
        let read = self.resolve(text, found, &buffer);
        self.buffer = buffer;
        read
    }

    /// Seconds and nanoseconds since 1970, as `{epochSecond, nano}` objects give them.
    pub fn read_epoch_pair(&mut self, seconds: i64, nanos: u32) -> Read {
        let total = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
        self.resolve("", Scan::Epoch(total, None), "")
    }

    fn find(&self, text: &str, buffer: &mut String) -> Scan {
        for format in &self.rules.formats {
            match format {
                Format::Auto => break,
                Format::Excel => {
                    if let Some(reading) = shapes::serial(text) {
                        buffer.clear();
                        return Scan::Other(reading);
                    }
                }
                Format::Epoch(unit) => {
                    let unit = match unit {
                        EpochUnit::Seconds => Unit::Seconds,
                        EpochUnit::Millis => Unit::Millis,
                        EpochUnit::Micros => Unit::Micros,
                        EpochUnit::Nanos => Unit::Nanos,
                    };
                    if let Some(found) = scan::epoch(text.trim(), Some(unit)) {
                        return found;
                    }
                }
                Format::Chrono(format) => {
                    if let Some(reading) = by_format(text, format) {
                        buffer.clear();
                        buffer.push_str(format);
                        return Scan::Other(reading);
                    }
                }
            }
        }
        // A vendor's other versions write other layouts; what a format of the profile does not fit is read as it stands.
        scan::scan(text, self.rules.order, buffer)
    }

    fn resolve(&mut self, text: &str, found: Scan, format: &str) -> Read {
        match found {
            Scan::Unreadable => Read::undated(Flag::UnreadableTime),
            Scan::OrderNeeded => Read::undated(Flag::DateOrderMissing),
            Scan::Relative => Read::undated(Flag::RelativeTime),
            Scan::Epoch(nanos, format) => {
                let Ok(at) = i64::try_from(nanos) else {
                    return Read::undated(Flag::OutOfRange);
                };
                let mut read = self.dated(Instant(at), Flags::NONE, Writer::Utc);
                if let Some(format) = format.filter(|_| !text.is_empty()) {
                    let exact = original::write(format, &Zone::UTC, Instant(at)) == text;
                    read.template = exact
                        .then(|| self.remember(original::template(format, &Zone::UTC)))
                        .flatten();
                }
                read
            }
            Scan::Iso(reading, key) => {
                let mut read = self.instant(&reading);
                if read.at.is_some()
                    && reading.second < 60
                    && !read.flags.contains(Flag::SkippedHour)
                    && text.len() == text.trim_ascii().len()
                {
                    read.template = self.iso_template(key, self.writer(&reading));
                }
                read
            }
            Scan::Other(reading) => {
                let mut read = self.instant(&reading);
                // A layout without an hour is one of a day, and its midnight stands for all of it.
                let midnight = reading.hour == 0 && reading.minute == 0 && reading.second == 0;
                if read.at.is_some() && midnight && !format.is_empty() && !has_hour(format) {
                    read.flags.insert(Flag::TimeIsADay);
                }
                if let Some(at) = read.at
                    && let Some(zone) = self.zone_of(self.writer(&reading))
                    && original::write(format, &zone, at) == text
                {
                    read.template = self.remember(original::template(format, &zone));
                }
                read
            }
        }
    }

    fn writer(&self, reading: &Reading) -> Writer {
        match reading.stated {
            Stated::Nothing | Stated::Letters(_) => Writer::Chosen,
            Stated::Utc => Writer::Utc,
            Stated::Offset(seconds) => Writer::Offset(seconds),
        }
    }

    fn zone_of(&self, writer: Writer) -> Option<Zone> {
        match writer {
            Writer::Chosen => self.rules.zone.map(|(zone, _)| zone),
            Writer::Utc => Some(Zone::UTC),
            Writer::Offset(seconds) => chrono::FixedOffset::east_opt(seconds).map(Zone::Fixed),
        }
    }

    fn iso_template(&mut self, key: IsoKey, writer: Writer) -> Option<u16> {
        if let Some((_, _, number)) = self.iso.iter().find(|(k, w, _)| *k == key && *w == writer) {
            return *number;
        }
        let number = match (key.format(), self.zone_of(writer)) {
            (Some(format), Some(zone)) => self.remember(original::template(&format, &zone)),
            _ => None,
        };
        if self.iso.len() < REMEMBERED {
            self.iso.push((key, writer, number));
        }
        number
    }

    fn remember(&mut self, cell: String) -> Option<u16> {
        if let Some(i) = self.templates.iter().position(|t| *t == cell) {
            return Some(i as u16);
        }
        if self.templates.len() >= REMEMBERED {
            return None;
        }
        self.templates.push(cell);
        Some(self.templates.len() as u16 - 1)
    }

    fn note_number(&mut self, writer: Writer) -> Option<u16> {
        if let Some((_, number)) = self.note_of.iter().find(|(w, _)| *w == writer) {
            return Some(*number);
        }
        if self.notes.len() >= REMEMBERED {
            return None;
        }
        let text = match writer {
            Writer::Chosen => {
                let (zone, basis) = self.rules.zone?;
                let why = match basis {
                    ZoneBasis::Chosen => "chosen",
                    ZoneBasis::Vendor => "vendor",
                };
                format!("{} ({why})", zone.name())
            }
            stated => format!("{} (stated)", self.zone_of(stated)?.name()),
        };
        self.notes.push(text);
        let number = self.notes.len() as u16 - 1;
        self.note_of.push((writer, number));
        Some(number)
    }

    fn dated(&mut self, at: Instant, mut flags: Flags, writer: Writer) -> Read {
        if at < Instant::EARLIEST_PLAUSIBLE || at.0 > self.rules.now.0.saturating_add(LATEST_AHEAD)
        {
            flags.insert(Flag::OutOfRange);
        }
        Read {
            at: Some(at),
            flags,
            template: None,
            note: self.note_number(writer),
        }
    }

    fn instant(&mut self, reading: &Reading) -> Read {
        let Some((seconds, leap)) = local_seconds(reading) else {
            return Read::undated(Flag::UnreadableTime);
        };
        let mut flags = Flags::NONE;
        if leap {
            flags.insert(Flag::LeapSecond);
        }
        let writer = self.writer(reading);
        let at = match reading.stated {
            Stated::Utc => nanos(seconds, reading.nanos),
            Stated::Offset(offset) => nanos(seconds - i64::from(offset), reading.nanos),
            Stated::Letters(letters) => {
                let Some((zone, _)) = self.rules.zone else {
                    return Read::undated(Flag::UnreadableTime);
                };
                match lettered(&zone, letters, seconds) {
                    Some(at) => nanos(at, reading.nanos),
                    None => return Read::undated(Flag::UnreadableTime),
                }
            }
            Stated::Nothing => {
                let Some((zone, _)) = self.rules.zone else {
                    return Read::undated(Flag::ZoneMissing);
                };
                self.in_zone(&zone, seconds, reading.nanos, &mut flags)
            }
        };
        match at {
            Some(at) => self.dated(at, flags, writer),
            None => {
                flags.insert(Flag::OutOfRange);
                Read {
                    at: None,
                    flags,
                    template: None,
                    note: None,
                }
            }
        }
    }

    fn in_zone(&mut self, zone: &Zone, local: i64, sub: u32, flags: &mut Flags) -> Option<Instant> {
        if let Zone::Fixed(offset) = zone {
            return nanos(local - i64::from(offset.local_minus_utc()), sub);
        }
        let quarter = local.div_euclid(QUARTER);
        if let Some((known, offset)) = self.quarter
            && known == quarter
        {
            return nanos(local - offset, sub);
        }
        let resolve = |at: i64| {
            chrono::DateTime::from_timestamp(at, 0).map(|at| zone.resolve(at.naive_utc()))
        };
        let offset_at = |at: i64| match resolve(at) {
            Some(Local::One(utc)) => Some(at - utc.0.div_euclid(1_000_000_000)),
            _ => None,
        };
        let (first, last) = (
            offset_at(quarter * QUARTER),
            offset_at(quarter * QUARTER + QUARTER - 1),
        );
        if let (Some(a), Some(b)) = (first, last)
            && a == b
        {
            self.quarter = Some((quarter, a));
            return nanos(local - a, sub);
        }
        let at = match resolve(local)? {
            Local::One(at) => at,
            Local::Two(earlier, _) => {
                flags.insert(Flag::AmbiguousHour);
                earlier
            }
            Local::Skipped(at) => {
                flags.insert(Flag::SkippedHour);
                at
            }
            Local::Unrepresentable => return None,
        };
        at.0.checked_add(i64::from(sub)).map(Instant)
    }
}

/// Seconds since 1970 of a local reading in a zone that calls itself by these letters then; of an hour that comes twice, the
/// one that they name.
fn lettered(zone: &Zone, letters: &str, local: i64) -> Option<i64> {
    let Zone::Named(named) = zone else {
        return None;
    };
    let naive = chrono::DateTime::from_timestamp(local, 0)?.naive_utc();
    let both = match zone.resolve(naive) {
        Local::One(at) => [Some(at), None],
        Local::Two(earlier, later) => [Some(earlier), Some(later)],
        Local::Skipped(_) | Local::Unrepresentable => [None, None],
    };
    both.into_iter().flatten().find_map(|at| {
        let seconds = at.0.div_euclid(1_000_000_000);
        let utc = chrono::DateTime::from_timestamp(seconds, 0)?;
        (utc.with_timezone(named).format("%Z").to_string() == letters).then_some(seconds)
    })
}

/// Whether a chrono format writes an hour.
fn has_hour(format: &str) -> bool {
    ["H", "I", "k", "l", "T", "R", "X", "c", "+", "s", "r"]
        .iter()
        .any(|letter| {
            format.contains(&format!("%{letter}")) || format.contains(&format!("%-{letter}"))
        })
}

fn nanos(seconds: i64, sub: u32) -> Option<Instant> {
    seconds
        .checked_mul(1_000_000_000)?
        .checked_add(i64::from(sub))
        .map(Instant)
}

/// Seconds since 1970 of the reading as if it were UTC, and whether it is a leap second (then the second before).
fn local_seconds(r: &Reading) -> Option<(i64, bool)> {
    let leap = r.second == 60;
    if r.hour > 23 || r.minute > 59 || r.second > 60 {
        return None;
    }
    let date = chrono::NaiveDate::from_ymd_opt(r.year, r.month, r.day)?;
    let days = i64::from(chrono::Datelike::num_days_from_ce(&date)) - 719_163;
    let second = i64::from(r.second.min(59));
    Some((
        days * 86_400 + i64::from(r.hour) * 3_600 + i64::from(r.minute) * 60 + second,
        leap,
    ))
}

fn by_format(text: &str, format: &str) -> Option<Reading> {
    use chrono::{Datelike, Timelike};
    let mut parsed = chrono::format::Parsed::new();
    chrono::format::parse(
        &mut parsed,
        text,
        chrono::format::StrftimeItems::new(format),
    )
    .ok()?;
    let date = parsed.to_naive_date().ok()?;
    let time = parsed.to_naive_time().unwrap_or(chrono::NaiveTime::MIN);
    // chrono keeps a leap second as second 59 with more than a thousand million nanoseconds.
    let leap = time.nanosecond() >= 1_000_000_000;
    Some(Reading {
        year: date.year(),
        month: date.month(),
        day: date.day(),
        hour: time.hour(),
        minute: time.minute(),
        second: if leap { 60 } else { time.second() },
        nanos: time.nanosecond() % 1_000_000_000,
        stated: match parsed.offset() {
            Some(seconds) => Stated::Offset(seconds),
            None if format.ends_with('Z') || format.ends_with("UTC") => Stated::Utc,
            None => Stated::Nothing,
        },
    })
}

#[cfg(test)]
mod tests;
