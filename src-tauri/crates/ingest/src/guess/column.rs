//! What the values of each column or key of a sample look like.
//!
//! Owns: the walk over the sample, into lists and into JSON that stands as text, and the counts. Never touches: what a
//! column is for.

use super::{
    lines::Lines,
    tongues::{self, tells_deed},
};
use crate::{
    entry::{Entry, EntryValue},
    json::{JsonLimits, Kind, Tape, Value},
    mapping::{address_of, cut_line, outcome_of},
    profile::{LineRule, words},
    times::survey,
};
use std::collections::{HashMap, HashSet};

/// Keys that are looked at; an export with more is guessed from the first.
const MOST: usize = 600;
/// Nesting that is looked at.
const DEEPEST: usize = 7;
/// Elements of a list that are looked at.
const ITEMS: usize = 4;
/// Values that are shown of a column, and characters of each.
const EXAMPLES: usize = 3;
const EXAMPLE: usize = 120;
/// Bytes of JSON in a text that are looked into.
const LONGEST_TEXT: usize = 1 << 16;

/// One column, or one key of nested objects, over the sample.
#[derive(Debug)]
pub(crate) struct Column {
    /// As the source names it.
    pub(crate) name: String,
    /// As the profile language writes it.
    pub(crate) path: String,
    /// How the profile language takes the value, where a path alone does not.
    pub(crate) taken: Option<String>,
    /// The path of the list around it, and its own path inside one element; absent outside of lists.
    pub(crate) list: Option<(String, String)>,
    /// Words of each key, in lower case, outermost first; a dotted column name counts as several keys.
    pub(crate) words: Vec<Vec<String>>,
    /// The steps of its path, one for each key.
    pub(crate) steps: Vec<String>,
    /// Entries in which it has a value.
    pub(crate) rows: Vec<bool>,
    /// The first different values, cut where they are long.
    pub(crate) examples: Vec<String>,
    /// Different values.
    pub(crate) distinct: usize,
    /// Values.
    pub(crate) filled: usize,
    /// Length of the longest, in bytes.
    pub(crate) longest: usize,
    /// Share of the values that are times.
    pub(crate) times: f64,
    /// Share that are days without a clock reading.
    pub(crate) days: f64,
    /// Share that are clock readings without a day.
    pub(crate) clocks: f64,
    /// Share that may be days as a spreadsheet counts them.
    pub(crate) serials: f64,
    /// Whether they may be clock readings without marks between the digits, all of one kind: `103005`, `1030`.
    pub(crate) bare_clocks: bool,
    /// Share that are addresses.
    pub(crate) ips: f64,
    /// Share that are mail addresses.
    pub(crate) emails: f64,
    /// Share that are user agents.
    pub(crate) agents: f64,
    /// Share that hold a letter.
    pub(crate) letters: f64,
    /// Share that are ids of machines: UUIDs, long hexadecimal texts.
    pub(crate) ids: f64,
    /// Share that are plain numbers.
    pub(crate) numbers: f64,
    /// Share that are sentences.
    pub(crate) sentences: f64,
    /// Share that are web addresses.
    pub(crate) urls: f64,
    /// Share that are words of success or failure.
    pub(crate) outcomes: f64,
    /// Share that tell that something was done.
    pub(crate) deeds: f64,
    /// Share that say themselves how it ended.
    pub(crate) endings: f64,
    /// Share that are statuses of HTTP.
    pub(crate) codes: f64,
    /// Share that are a name with a mail address behind it.
    pub(crate) named_mails: f64,
    /// Whether the values never fall, or never rise, which times of a log do.
    pub(crate) sorted: bool,
}

impl Column {
    /// The alternatives by which the profile language takes the value.
    pub(crate) fn expression(&self, quoted: fn(&str) -> String) -> String {
        self.taken.clone().unwrap_or_else(|| quoted(&self.path))
    }

    /// Objects around it.
    pub(crate) fn depth(&self) -> usize {
        self.words.len().saturating_sub(1)
    }

    /// The words of the last key, joined.
    pub(crate) fn last(&self) -> String {
        self.words.last().map(|w| w.concat()).unwrap_or_default()
    }

    /// The words of the two last keys, joined.
    pub(crate) fn pair(&self) -> String {
        let from = self.words.len().saturating_sub(2);
        self.words[from..].concat().concat()
    }

    /// Share of the entries in which it has a value.
    pub(crate) fn share(&self) -> f64 {
        let with = self.rows.iter().filter(|r| **r).count();
        with as f64 / self.rows.len().max(1) as f64
    }

    /// The keys around it, joined.
    pub(crate) fn parent(&self) -> String {
        let to = self.words.len().saturating_sub(1);
        self.words[..to]
            .iter()
            .map(|w| w.concat())
            .collect::<Vec<_>>()
            .join(".")
    }
}

/// One step of a path as the profile language writes it.
fn step(key: &str) -> String {
    let plain = !key.is_empty()
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | ' '));
    if plain {
        key.to_owned()
    } else {
        format!("\"{key}\"")
    }
}

/// A place in an entry: its keys, its path, and the list that it is an element of.
#[derive(Clone, Default)]
struct Place {
    keys: Vec<String>,
    steps: Vec<String>,
    path: String,
    taken: Option<String>,
    list: Option<(String, String)>,
}

impl Place {
    fn child(&self, key: &str, step: &str) -> Self {
        let join = |path: &str| {
            if path.is_empty() {
                step.to_owned()
            } else {
                format!("{path}.{step}")
            }
        };
        let mut keys = self.keys.clone();
        keys.push(key.to_owned());
        let mut steps = self.steps.clone();
        steps.push(step.to_owned());
        Self {
            keys,
            steps,
            path: join(&self.path),
            taken: None,
            list: self
                .list
                .as_ref()
                .map(|(list, inside)| (list.clone(), format!("{inside}.{step}"))),
        }
    }

    fn items(&self) -> Self {
        let mut place = self.clone();
        if place.list.is_none() {
            place.list = Some((self.path.clone(), String::new()));
        }
        place
    }
}

#[derive(Default)]
struct Seen {
    order: Vec<Place>,
    values: HashMap<String, (Vec<String>, Vec<usize>)>,
    entry: usize,
}

impl Seen {
    fn add(&mut self, place: &Place, text: &str) {
        if !self.values.contains_key(&place.path) {
            if self.order.len() >= MOST {
                return;
            }
            self.order.push(place.clone());
        }
        let (texts, rows) = self.values.entry(place.path.clone()).or_default();
        texts.push(text.to_owned());
        rows.push(self.entry);
    }

    fn value(&mut self, place: &Place, value: Value<'_>) {
        if place.keys.len() > DEEPEST {
            return;
        }
        match value.kind() {
            Kind::Object => {
                if value.get("$date").is_some() {
                    // MongoDB's wrapping of a time is read as the time.
                    self.add(place, &value.compact());
                    return;
                }
                if value.get("epochSecond").is_some() || value.get("seconds").is_some() {
                    // A moment in two numbers is read as one time.
                    let seconds = value.get("epochSecond").or_else(|| value.get("seconds"));
                    if let Some(text) = seconds.and_then(|v| v.text()) {
                        self.add(place, text);
                        return;
                    }
                }
                for (key, child) in value.members() {
                    if usable(key) {
                        self.value(&place.child(key, &step(key)), child);
                    }
                }
            }
            Kind::Array => self.list(place, value),
            Kind::String => self.text(place, value.text().unwrap_or("")),
            _ => self.add(place, value.text().unwrap_or("")),
        }
    }

    fn list(&mut self, place: &Place, list: Value<'_>) {
        let Some(first) = list.items().next() else {
            return;
        };
        if !first.is_object() {
            // A list of plain values counts by its first.
            if let Some(text) = first.text() {
                self.add(place, text);
            }
            return;
        }
        if let Some((name, value)) = named(first) {
            for item in list.items().take(64) {
                let key = item.get(name).and_then(|v| v.text()).unwrap_or("");
                let found = item.get(value).and_then(|v| v.text());
                if let Some(found) = found
                    && usable(key)
                    && !key.contains(']')
                {
                    let mut inside = place.child(key, "");
                    inside.path = format!("{}[{name}={key}].{}", place.path, step(value));
                    inside.list = None;
                    inside.steps = vec![inside.path.clone()];
                    self.text(&inside, found);
                }
            }
            return;
        }
        let inside = place.items();
        for item in list.items().take(ITEMS) {
            self.value(&inside, item);
        }
    }

    fn line(&mut self, line: &str, lines: Option<&Lines>, rule: Option<&LineRule>) {
        let mut parts = Vec::new();
        match lines {
            Some(Lines::Json) => {
                if let Some(text) = super::lines::json(line) {
                    self.text(&Place::default().child("json", "json"), text);
                }
            }
            Some(Lines::Pairs(_)) => {
                let moment = super::lines::moment(line).filter(|t| is_time(t));
                if let Some(moment) = moment {
                    self.add(&Place::default().child("at", "at"), moment);
                }
                for (key, value) in super::lines::pairs(line) {
                    let mut place = Place::default().child(key, &format!("line {key}"));
                    place.taken = Some(super::lines::expression(key));
                    self.add(&place, value);
                }
            }
            // Lines that say nothing by themselves fall into the parts that a profile names.
            None => {
                if rule.is_some_and(|rule| cut_line(rule, line, &mut parts).is_some()) {
                    for (name, text) in parts.iter().filter(|(name, _)| usable(name)) {
                        self.text(&Place::default().child(name, &step(name)), text);
                    }
                }
            }
        }
    }

    fn text(&mut self, place: &Place, text: &str) {
        let trimmed = text.trim();
        let json = trimmed.len() > 2
            && trimmed.len() <= LONGEST_TEXT
            && (trimmed.starts_with('{') && trimmed.ends_with('}')
                || trimmed.starts_with("[{") && trimmed.ends_with(']'));
        if json {
            let mut tape = Tape::new();
            if let Ok(value) = tape.parse_str(trimmed, &JsonLimits::default()) {
                let value = (value.kind() == Kind::Array || value.is_object()).then_some(value);
                if let Some(value) = value {
                    self.value(place, value);
                    return;
                }
            }
        }
        self.add(place, text);
    }
}

fn usable(key: &str) -> bool {
    !key.is_empty() && key.len() <= 120 && !key.contains('"')
}

/// The keys of a list of names with values, such as `[{"name": "USER_EMAIL", "value": "…"}]`.
fn named(item: Value<'_>) -> Option<(&'static str, &'static str)> {
    const PAIRS: &[(&str, &str)] = &[
        ("name", "value"),
        ("Name", "Value"),
        ("key", "value"),
        ("Key", "Value"),
        ("Key", "ValueString"),
        ("fieldName", "value"),
        ("field", "value"),
    ];
    PAIRS
        .iter()
        .find(|(name, value)| {
            item.get(name).is_some() && item.get(value).is_some() && item.members().count() <= 5
        })
        .copied()
}

/// The columns of a sample in the order in which they are met; of lines, also by the rule of a profile.
pub(crate) fn columns(
    sample: &[Entry<'_>],
    lines: Option<&Lines>,
    rule: Option<&LineRule>,
) -> Vec<Column> {
    let mut seen = Seen::default();
    for (i, entry) in sample.iter().enumerate() {
        seen.entry = i;
        match entry.value {
            EntryValue::Json(value) => seen.value(&Place::default(), value),
            EntryValue::Cells(cells) => {
                for (i, name) in cells.header().iter().enumerate() {
                    if usable(name) {
                        let place = Place::default().child(name, &step(name));
                        seen.text(&place, cells.get(i).unwrap_or(""));
                    }
                }
            }
            EntryValue::Line(line) => seen.line(line, lines, rule),
        }
    }
    let Seen {
        order, mut values, ..
    } = seen;
    order
        .into_iter()
        .map(|place| {
            let (texts, rows) = values.remove(&place.path).unwrap_or_default();
            column(place, &texts, &rows, sample.len())
        })
        .collect()
}

/// Whether a text is a time. The letters of a zone that nobody knows make it unreadable, but no other kind of value.
fn is_time(text: &str) -> bool {
    let readable = |t: &str| survey([t]).readable == 1;
    readable(text)
        || text.rsplit_once(' ').is_some_and(|(time, zone)| {
            (2..=5).contains(&zone.len())
                && zone.bytes().all(|b| b.is_ascii_uppercase())
                && readable(time)
        })
}

/// A day without a clock reading: `2024-03-01`, `20240301`.
fn is_day(text: &str) -> bool {
    let joined = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit());
    is_time(text) && !text.contains(':') && (joined || text.parse::<f64>().is_err())
}

/// `103005`, `93005` where a spreadsheet dropped the nought, `1030`: digits of a clock reading, as many in each.
fn are_bare_clocks(texts: &[&str]) -> bool {
    let fits = |text: &str| {
        let part = |from: usize, to: usize| text.get(from..to).and_then(|p| p.parse::<u32>().ok());
        let hour = text
            .len()
            .saturating_sub(if text.len() == 4 { 2 } else { 4 });
        text.bytes().all(|b| b.is_ascii_digit())
            && part(0, hour).is_some_and(|h| h < 24)
            && part(hour, hour + 2).is_some_and(|m| m < 60)
            && (text.len() == 4 || part(hour + 2, hour + 4).is_some_and(|s| s < 61))
    };
    let long = texts.iter().all(|t| matches!(t.len(), 5 | 6));
    let short = texts.iter().all(|t| t.len() == 4);
    !texts.is_empty() && (long || short) && texts.iter().all(|t| fits(t))
}

/// `9:31`, `09:31:07.25`, `9:31 PM`, `09:31:07+08:00`, `09:31:07Z`.
fn is_clock(text: &str) -> bool {
    let upper = text.to_ascii_uppercase();
    let upper = match upper.rfind(['+', '-']) {
        Some(at) => {
            let offset = upper[at + 1..].replace(':', "");
            let usual = matches!(offset.len(), 2 | 4) && offset.bytes().all(|b| b.is_ascii_digit());
            if usual { &upper[..at] } else { &upper }
        }
        None => upper.strip_suffix('Z').unwrap_or(&upper),
    };
    let reading = upper.trim_end();
    let reading = reading
        .strip_suffix("AM")
        .or_else(|| reading.strip_suffix("PM"))
        .unwrap_or(reading)
        .trim_end();
    let mut parts = reading.split(':');
    let whole = |part: Option<&str>| {
        part.is_some_and(|p| (1..=2).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_digit()))
    };
    let hour_and_minute = whole(parts.next()) && whole(parts.next());
    let second = parts.next().is_none_or(|p| {
        let (second, fraction) = p.split_once(['.', ',']).unwrap_or((p, ""));
        whole(Some(second)) && fraction.bytes().all(|b| b.is_ascii_digit())
    });
    hour_and_minute && second && parts.next().is_none()
}

fn is_address(text: &str) -> bool {
    let first = text.split([',', ' ', ';']).next().unwrap_or(text);
    first.len() >= 3 && first.contains(['.', ':']) && address_of(first).is_some()
}

fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(a, b)| {
        !a.is_empty() && b.contains('.') && !text.contains(char::is_whitespace) && !b.contains('@')
    })
}

/// `Bob Smith (bob@example.com)`, `Bob Smith <bob@example.com>`.
fn is_named_mail(text: &str) -> bool {
    text.strip_suffix([')', '>', ']'])
        .and_then(|text| text.rsplit_once(['(', '<', '[']))
        .is_some_and(|(name, mail)| !name.trim().is_empty() && is_mail(mail.trim()))
}

fn is_agent(text: &str) -> bool {
    if text.contains("Mozilla/") {
        return true;
    }
    let known = [
        "curl/",
        "okhttp",
        "python-requests",
        "aws-cli",
        "Boto3",
        "Go-http-client",
    ];
    known.iter().any(|word| text.contains(word))
        || text.split_once('/').is_some_and(|(name, version)| {
            (2..40).contains(&name.len())
                && name
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "-_. ".contains(c))
                && version.starts_with(|c: char| c.is_ascii_digit())
                && version.contains('.')
        })
}

fn is_id(text: &str) -> bool {
    let bare = text.trim_start_matches('{').trim_end_matches('}');
    let hex = |c: char| c.is_ascii_hexdigit() || c == '-';
    bare.len() >= 16 && bare.chars().all(hex) && bare.contains(|c: char| c.is_ascii_digit())
}

fn column(place: Place, texts: &[String], rows: &[usize], entries: usize) -> Column {
    let mut present = vec![false; entries];
    let mut filled: Vec<&str> = Vec::new();
    for (text, row) in texts.iter().zip(rows) {
        let text = text.trim();
        if !text.is_empty() && !matches!(text, "-" | "null" | "None" | "N/A" | "n/a") {
            filled.push(text);
            present[*row] = true;
        }
    }
    let share = |test: &dyn Fn(&str) -> bool| {
        if filled.is_empty() {
            0.0
        } else {
            filled.iter().filter(|t| test(t)).count() as f64 / filled.len() as f64
        }
    };
    let mut examples: Vec<String> = Vec::new();
    for text in &filled {
        let example: String = text.chars().take(EXAMPLE).collect();
        if examples.len() < EXAMPLES && !examples.contains(&example) {
            examples.push(example);
        }
        if examples.len() == EXAMPLES {
            break;
        }
    }
    let words: Vec<Vec<String>> = place
        .keys
        .iter()
        .flat_map(|key| key.split('.').map(words))
        .filter(|w| !w.is_empty())
        .collect();
    Column {
        name: place.keys.join("."),
        path: place.path,
        taken: place.taken,
        list: place.list,
        steps: place.steps,
        words,
        rows: present,
        examples,
        distinct: filled.iter().collect::<HashSet<_>>().len(),
        filled: filled.len(),
        longest: filled.iter().map(|t| t.len()).max().unwrap_or(0),
        times: share(&is_time),
        days: share(&is_day),
        clocks: share(&is_clock),
        serials: share(&|t| crate::times::shapes::serial(t).is_some()),
        bare_clocks: are_bare_clocks(&filled),
        ips: share(&is_address),
        emails: share(&is_mail),
        agents: share(&is_agent),
        letters: share(&|t| t.chars().any(char::is_alphabetic)),
        ids: share(&is_id),
        numbers: share(&|t| t.parse::<f64>().is_ok()),
        sentences: share(&|t| t.split_whitespace().count() >= 6),
        urls: share(&|t| t.starts_with("http://") || t.starts_with("https://")),
        outcomes: share(&|t| outcome_of(t) != "unknown"),
        deeds: share(&tells_deed),
        endings: share(&tongues::tells_ending),
        codes: share(&|t| t.len() == 3 && t.parse::<u16>().is_ok_and(|n| (100..600).contains(&n))),
        named_mails: share(&is_named_mail),
        sorted: filled.len() > 3
            && (filled.windows(2).all(|w| w[0] <= w[1]) || filled.windows(2).all(|w| w[0] >= w[1])),
    }
}
