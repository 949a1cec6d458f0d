//! A profile for a log that nobody described, good enough to work with at once.
//!
//! Owns: deciding which column is the time, the actor, the action, the object, the address and so on, by name (`names`),
//! shape and distribution of the values (`column`), and writing that down as a profile with a reason for each decision.
//! Never touches: values that no column clearly gives; it leaves a field empty rather than invent one.

mod changes;
mod column;
mod fields;
mod lines;
mod names;
mod outcomes;
mod parties;
mod people;
mod tongues;

use crate::{
    entry::{Entry, EntryValue},
    profile::{Profile, edit::quoted},
};
use column::{Column, columns};
pub use fields::FoundField;
pub(crate) use fields::fields;
use lines::Lines;
use people::{objects, people};
use std::{fmt::Write, sync::Arc};
use tongues::{NEGATIONS, VERBS};
use witnessmark_model::Zone;

/// A guessed profile.
#[derive(Debug)]
pub(crate) struct Guess {
    pub(crate) profile: Arc<Profile>,
    /// From 0 to 1, never as much as a recognised profile has.
    pub(crate) confidence: f64,
    pub(crate) reasons: Vec<String>,
}

/// Columns that may stand for one field: where the first is empty, the next counts.
const ALTERNATIVES: usize = 4;
/// How far behind the first a further one may be.
const BEHIND: i32 = 40;

struct Writer<'c> {
    columns: &'c [Column],
    fields: String,
    reasons: Vec<String>,
    used: Vec<&'c str>,
}

impl<'c> Writer<'c> {
    /// The columns that may stand for a field, best first: the surest one, and those that fill its gaps.
    fn pick(&self, score: impl Fn(&Column) -> Option<i32>, least: i32) -> Vec<&'c Column> {
        let mut found: Vec<(i32, &Column)> = self
            .columns
            .iter()
            .filter(|c| c.filled > 0 && !self.used.contains(&c.path.as_str()))
            .filter_map(|c| Some((score(c)?, c)))
            .filter(|(score, _)| *score >= least)
            .collect();
        // Equal ones stay in the order of the source.
        found.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
        let Some((best, first)) = found.first().copied() else {
            return Vec::new();
        };
        let mut covered = first.rows.clone();
        let mut out = vec![first];
        for (score, column) in &found[1..] {
            let new = column
                .rows
                .iter()
                .zip(&covered)
                .any(|(has, known)| *has && !known);
            if new && best - score <= BEHIND && out.len() < ALTERNATIVES {
                for (known, has) in covered.iter_mut().zip(&column.rows) {
                    *known |= has;
                }
                out.push(column);
            }
        }
        out
    }

    /// Writes a field, and notes why.
    fn take(&mut self, field: &str, found: &[&'c Column], why: impl Fn(&Column) -> String) {
        if found.is_empty() {
            return;
        }
        // Writing to a String cannot fail.
        let _ = writeln!(self.fields, "{} = [{}]", quoted(field), paths(found));
        self.note(field, found, why);
    }

    fn note(&mut self, field: &str, found: &[&'c Column], why: impl Fn(&Column) -> String) {
        for column in found {
            self.reasons
                .push(format!("{field} from `{}`: {}", column.name, why(column)));
            self.used.push(&column.path);
        }
    }

    /// `Bob Smith (bob@example.com)`; where no mail address stands, the text is the name.
    fn name_and_mail(&mut self, column: &'c Column) {
        const MAIL: &str = r"[(<\[]\s*([^\s@()<>\[\]]+@[^\s@()<>\[\]]+)\s*[)>\]]\s*$";
        const NAME: &str = r"^\s*([^(<\[]+?)\s*(?:[(<\[]|$)";
        for (field, pattern) in [("user.email", MAIL), ("user.name", NAME)] {
            let _ = writeln!(
                self.fields,
                "{} = [{{ path = {}, capture = '{pattern}' }}]",
                quoted(field),
                quoted(&column.path)
            );
            self.note(field, &[column], |c| {
                format!(
                    "{} of its values are a name with a mail address",
                    percent(c.named_mails)
                )
            });
        }
    }

    /// A field that is known by its name alone.
    fn named(&mut self, field: &str, names: &[&str], why: &str) {
        let found = self.pick(
            |c| {
                let at = names
                    .iter()
                    .position(|n| *n == c.last() || *n == c.pair())?;
                let usual = c.times < 0.5 && c.longest <= 2_000 && parties::actor(c) < 40;
                usual.then(|| 60 - at as i32 - 3 * c.depth() as i32)
            },
            1,
        );
        self.take(field, &found[..found.len().min(2)], |_| why.to_owned());
    }
}

fn paths(found: &[&Column]) -> String {
    let each: Vec<String> = found.iter().map(|c| c.expression(quoted)).collect();
    each.join(", ")
}

fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// What fills the sample well counts more.
fn full(column: &Column) -> i32 {
    (column.share() * 20.0) as i32
}

fn time_score(c: &Column) -> Option<i32> {
    let name = names::time(c);
    let numbers = c.numbers > 0.9;
    // A number is a time only where its name says so.
    // A column of that very name is the time also where many rows hold something else; those are flagged one by one.
    let named = name >= 60 && !numbers && c.times >= 0.1;
    let fits = named || c.times >= 0.6 && (!numbers || name >= 40) && (name > 0 || c.times >= 0.9);
    // A spreadsheet counts days; such a number is a time where the name says so and nothing else stands there.
    let fits = fits || name >= 85 && c.serials >= 0.99 && !(c.bare_clocks && names::clock(c));
    let order = if c.sorted && c.distinct > 3 { 12 } else { 0 };
    // What holds nothing but times is one, in whatever language it is named.
    let only = if c.times >= 0.9 && !numbers { 10 } else { 0 };
    fits.then(|| name + full(c) + order + only - 3 * c.depth() as i32)
}

/// A column that holds nothing but times, however it is named; not one of when something ends.
fn only_times(c: &Column) -> Option<i32> {
    let other = [
        "expire",
        "expires",
        "expiry",
        "expiration",
        "due",
        "valid",
        "until",
        "birth",
        "next",
    ];
    let times = c.times >= 0.99 && c.numbers < 0.5 && !names::has(c, &other);
    times.then(|| names::time(c) + full(c) - 3 * c.depth() as i32)
}

fn action_score(c: &Column) -> Option<i32> {
    let name = names::action(c);
    let word = c.letters >= 0.5
        && c.times < 0.5
        && c.ips < 0.5
        && c.emails < 0.5
        && c.ids < 0.3
        && c.urls < 0.3;
    // Some vendors number what was done.
    let number = c.numbers > 0.9 && c.distinct < 40 && name >= 50;
    if !(word || number) || c.longest > 200 {
        return None;
    }
    // Where the name says little, the values may say it.
    let deeds = if parties::may_be_deed(c) {
        (c.deeds * 45.0) as i32
    } else {
        0
    };
    let mut score = name.max(deeds) + full(c) / 2 - 4 * c.depth() as i32;
    if number {
        score -= 25;
    }
    if c.filled >= 8 && c.distinct * 10 > c.filled * 9 {
        score -= 14;
    }
    if c.filled >= 8 && c.distinct == 1 {
        score -= 15;
    }
    score -= (c.sentences * 50.0) as i32;
    Some(score)
}

fn address_score(c: &Column) -> Option<i32> {
    (c.ips >= 0.5).then(|| names::address(c) + full(c))
}

fn agent_score(c: &Column) -> Option<i32> {
    let plain = c.ips < 0.3 && c.numbers < 0.5 && c.times < 0.3 && c.emails < 0.3 && c.ids < 0.3;
    let score = names::agent(c) + (c.agents * 60.0) as i32;
    (plain && c.letters > 0.5).then_some(score - c.depth() as i32)
}

/// Whether lines hold named values, so that they are no table even where commas stand in them.
pub(crate) fn are_named_lines(lines: &[&str]) -> bool {
    Lines::of_texts(lines).is_some()
}

/// The JSON at the end of a line.
pub(crate) fn json_in_line(line: &str) -> Option<&str> {
    lines::json(line)
}

/// A mapping that was found, before it is written down as a profile.
struct Found {
    /// The sections from `[time]` on.
    body: String,
    /// Paths by which the log may be recognised: those of time, action and actor, then the others.
    required: Vec<String>,
    any: Vec<String>,
    confidence: f64,
    reasons: Vec<String>,
}

/// Guesses a profile from the first entries of a source; absent when neither a time nor anything else stands out.
pub(crate) fn guess(sample: &[Entry<'_>]) -> Option<Guess> {
    let found = find(sample)?;
    let text = format!(
        "language = 1\n\n[profile]\nid = \"guess\"\nversion = 1\ntitle = \"Guessed mapping\"\n{NEGATIONS}{ABSENT}\n{}",
        found.body
    );
    // A header that even quotes cannot hold gives no profile, and the entries stay as they are.
    let profile = Profile::parse("guess.toml", &text).ok()?;
    Some(Guess {
        profile: Arc::new(profile),
        confidence: found.confidence,
        reasons: found.reasons,
    })
}

/// A guess written down as a profile of its own, with the reason of each decision, for a person to go on from.
pub(crate) fn draft(sample: &[Entry<'_>], id: &str, title: &str) -> Option<String> {
    written(sample, &find(sample)?, id, title)
}

/// The same where nothing could be guessed: a profile in which nothing is decided yet.
pub(crate) fn blank(sample: &[Entry<'_>], id: &str, title: &str) -> Option<String> {
    let is_lines = matches!(sample.first()?.value, EntryValue::Line(_));
    let (rule, required) = if is_lines {
        let rule = "[line]\npattern = '^(?P<line>.*)$'\n\n";
        (rule, vec!["line".to_owned()])
    } else {
        let all = columns(sample, None, None);
        let plain = |c: &&Column| c.list.is_none() && c.taken.is_none() && !c.path.contains('=');
        let paths = all.iter().filter(plain).map(|c| c.path.clone());
        ("", paths.take(4).collect())
    };
    let found = Found {
        body: format!("{rule}[time]\nvalue = []\n\n[fields]\n{VERBS}"),
        required,
        any: Vec::new(),
        confidence: 0.0,
        reasons: Vec::new(),
    };
    written(sample, &found, id, title)
}

fn written(sample: &[Entry<'_>], found: &Found, id: &str, title: &str) -> Option<String> {
    let shape = match sample.first()?.value {
        EntryValue::Json(_) => "json",
        EntryValue::Cells(_) => "csv",
        EntryValue::Line(_) => "line",
    };
    let mut out =
        String::from("# A first draft, guessed from a sample. What was found, and why:\n");
    for reason in &found.reasons {
        let plain: String = reason
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        let _ = writeln!(out, "#   {plain}");
    }
    let list = |paths: &[String]| {
        paths
            .iter()
            .map(|p| quoted(p))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let _ = write!(
        out,
        "\nlanguage = 1\n\n[profile]\nid = {}\nversion = 1\ntitle = {}\nprovider = {}\n{NEGATIONS}{ABSENT}\n[[recognise]]\nshape = \"{shape}\"\nconfidence = 0.9\nrequired = [{}]\nany = [{}]\n\n{}",
        quoted(id),
        quoted(title),
        quoted(id),
        list(&found.required),
        list(&found.any),
        found.body
    );
    Some(out)
}

/// Words that mean nothing, and what a guess cannot know.
const ABSENT: &str = "absent = [\"-\", \"N/A\", \"n/a\", \"null\", \"None\"]\nblind_spots = [\"The mapping was guessed from names and values; nobody described what this log leaves out.\"]\n";

fn find(sample: &[Entry<'_>]) -> Option<Found> {
    let lines = Lines::of(sample);
    let columns = columns(sample, lines.as_ref(), None);
    let mut w = Writer {
        columns: &columns,
        fields: String::new(),
        reasons: Vec::new(),
        used: Vec::new(),
    };
    let mut time = w.pick(time_score, 25);
    if time.is_empty() {
        // Where no column is named like a time, one that holds nothing else is it.
        time = w.pick(only_times, -60);
        time.truncate(1);
    }
    w.note("@timestamp", &time, |c| {
        format!("{} of its values are times", percent(c.times))
    });
    let clock = clock_beside(&w, &time);
    if let Some(clock) = clock {
        w.note("@timestamp", &[clock], |_| {
            format!("its values are the hours of the days in `{}`", time[0].name)
        });
    }
    let agent = w.pick(agent_score, 60);
    w.take("user_agent.original", &agent, |_| {
        "its name or values are of user agents".to_owned()
    });
    let address = w.pick(address_score, 12);
    w.take("source.ip", &address, |c| {
        format!("{} of its values are addresses", percent(c.ips))
    });
    let action = w.pick(action_score, 15);
    w.take("event.action", &action, |c| {
        format!("{} distinct values in {}", c.distinct, c.filled)
    });
    let acts = people(&mut w);
    outcomes::outcome(&mut w, &action);
    let session = w.pick(
        |c| (c.times < 0.5 && c.longest <= 500).then(|| names::session(c) - c.depth() as i32),
        30,
    );
    w.take("session.id", &session, |_| {
        "its name is one of a session".to_owned()
    });
    let country = w.pick(
        |c| {
            (c.times < 0.5 && c.letters > 0.5 && c.longest <= 80)
                .then(|| names::country(c) - c.depth() as i32)
        },
        40,
    );
    w.take("source.geo.country_iso_code", &country, |_| {
        "its name is one of a country".to_owned()
    });
    let id = w.pick(
        |c| {
            let at = names::EVENT_IDS
                .iter()
                .position(|n| *n == c.last() || *n == c.pair())?;
            let once =
                c.distinct == c.filled && c.share() > 0.9 && c.times < 0.5 && c.list.is_none();
            // An id of something else, which happens to come once in the sample, would make one event of two.
            (once && names::of_event(c)).then(|| 60 - at as i32 - 8 * c.depth() as i32)
        },
        1,
    );
    w.take("event.id", &id[..id.len().min(1)], |_| {
        "every value is there once".to_owned()
    });
    let target = objects(&mut w);
    for (field, names, why) in [
        (
            "organization.name",
            names::ORGANIZATIONS,
            "its name is one of an organisation",
        ),
        (
            "organization.id",
            names::ORGANIZATION_IDS,
            "its name is one of an organisation's id",
        ),
        (
            "error.message",
            names::ERRORS,
            "its name is one of an error",
        ),
        (
            "error.type",
            names::ERROR_TYPES,
            "its name is one of an error's class",
        ),
        (
            "event.reason",
            names::REASONS,
            "its name is one of a reason",
        ),
        (
            "service.environment",
            names::ENVIRONMENTS,
            "its name is one of an environment",
        ),
        (
            "service.version",
            names::VERSIONS,
            "its name is one of a version",
        ),
        (
            "service.name",
            names::SERVICES,
            "its name is one of a service",
        ),
        (
            "source.geo.city_name",
            names::CITIES,
            "its name is one of a city",
        ),
        (
            "message",
            names::MESSAGES,
            "its name is one of a description",
        ),
    ] {
        w.named(field, names, why);
    }
    if time.is_empty() && action.is_empty() && !acts {
        return None;
    }
    let (changes, because) = changes::rules(&columns, quoted);
    w.reasons.extend(because);
    let at = match (time.first(), clock) {
        // A path of an empty key leads nowhere.
        (None, _) => "[\"\\\"\\\"\"]".to_owned(),
        (Some(day), Some(clock)) => {
            let both = quoted(&format!("{{{}}} {{{}}}", day.path, clock.path));
            format!("[{{ text = {both} }}]")
        }
        _ => format!("[{}]", paths(&time)),
    };
    let zone = zone_in_names(&time, clock);
    if let Some(zone) = zone {
        let names: Vec<&str> = time
            .iter()
            .copied()
            .chain(clock)
            .map(|c| c.name.as_str())
            .collect();
        (w.reasons).push(format!(
            "times are of {}, as `{}` says",
            zone.name(),
            names.join("`, `")
        ));
    }
    let serial = time.first().is_some_and(|c| c.serials >= 0.99);
    let formats = if serial {
        "formats = [\"excel\"]\n"
    } else {
        ""
    };
    let zone = zone.map_or_else(String::new, |zone| {
        format!("zone = {}\n", quoted(&zone.name()))
    });
    let body = format!(
        "{}[time]\nvalue = {at}\n{formats}{zone}\n[fields]\n{}\n[outcome]\n{}\n\n{target}{changes}{VERBS}",
        lines.as_ref().map_or_else(String::new, Lines::rule),
        w.fields,
        outcomes::WORDS
    );
    let found = [!time.is_empty(), !action.is_empty(), acts];
    let always = |c: &&Column| {
        c.list.is_none() && c.share() > 0.95 && c.taken.is_none() && !c.path.contains('=')
    };
    let first = time.iter().chain(&action).copied();
    let mut required: Vec<String> = first.filter(always).map(|c| c.path.clone()).collect();
    let others = columns
        .iter()
        .filter(always)
        .filter(|c| w.used.contains(&c.path.as_str()) && !required.contains(&c.path));
    let mut any: Vec<String> = others.map(|c| c.path.clone()).take(12).collect();
    // One or two keys are not much to know a log by.
    while required.len() < 4 && !any.is_empty() {
        required.push(any.remove(0));
    }
    if lines.is_some() && required.is_empty() {
        required.push("line".to_owned());
    }
    Some(Found {
        body,
        required,
        any,
        confidence: 0.2 + 0.1 * found.iter().filter(|f| **f).count() as f64,
        reasons: w.reasons,
    })
}

/// The column with the hours of the days that were found: an event dated by its day alone would stand hours from where it
/// belongs.
fn clock_beside<'c>(w: &Writer<'c>, time: &[&Column]) -> Option<&'c Column> {
    let day = time.first().filter(|day| day.days >= 0.9)?;
    let plain = |c: &Column| c.taken.is_none() && c.list.is_none() && !c.path.contains(['{', '}']);
    let at = w.columns.iter().position(|c| c.path == day.path)?;
    let beside = |(i, c): &(usize, &Column)| {
        let reading = c.clocks >= 0.9 || c.bare_clocks && names::clock(c);
        reading && c.parent() == day.parent() && plain(c) && plain(day) && *i != at
    };
    let found = w.columns.iter().enumerate().filter(beside);
    found.min_by_key(|(i, _)| i.abs_diff(at)).map(|(_, c)| c)
}

/// The zone that the names of all columns with the time agree on.
fn zone_in_names(time: &[&Column], clock: Option<&Column>) -> Option<Zone> {
    if let Some(zone) = clock.and_then(names::zone) {
        return Some(zone);
    }
    let (first, rest) = time.split_first()?;
    let zone = names::zone(first)?;
    (rest.iter().all(|c| names::zone(c) == Some(zone))).then_some(zone)
}
