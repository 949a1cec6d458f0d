//! Work at hours that are not an actor's own.
//!
//! Owns: the habit by hour of the week. Never touches: what was done. Hours are UTC: a habit moves with the clock that
//! people live by at most by the hour of summer time, and neighbouring hours count as one.

use crate::{
    about::{Detection, Settings, Severity, parameter},
    feed::{DAY, Feed, HOUR},
    finding::{Baseline, Draft, Measure, Out, count},
};

const SLOTS: usize = 168;
/// A pause that ends one stretch of work.
const PAUSE: i64 = 6 * HOUR;

pub(crate) const HOURS: Detection = Detection {
    id: "off_hours",
    title: "Work at unusual hours",
    what: "Events of an actor in hours of the week in which they are never seen, judged by their own last weeks: an hour is theirs if it, or one beside it, was used on some distinct days. What joins their own hours without a long pause is overtime or an early start. At an hour that is theirs on other days of the week it is a note only. Whoever has no settled hours is not judged. Programs are left out.",
    parameters: &[
        parameter(
            "events",
            3.0,
            "",
            1.0,
            10_000.0,
            "events outside the habit in one stretch",
        ),
        parameter(
            "days",
            3.0,
            "",
            1.0,
            30.0,
            "distinct days on which an hour must have been used to be theirs",
        ),
        parameter(
            "look_back_days",
            90.0,
            "d",
            7.0,
            3_650.0,
            "how far back the habit is taken from",
        ),
        parameter(
            "learn_days",
            28.0,
            "d",
            7.0,
            365.0,
            "least span of the history",
        ),
        parameter(
            "settled",
            0.9,
            "",
            0.0,
            1.0,
            "least share of the habit's own hours that lie within it",
        ),
        parameter(
            "apart_hours",
            2.0,
            "h",
            0.0,
            12.0,
            "so long a pause lies between their own hours and these; what follows without one is overtime",
        ),
    ],
    needs: &[],
    benign: &[
        "a deadline",
        "travel into another time zone",
        "a shift that changed",
    ],
    after: "Panther (168 hours of the week, three distinct days in 90), Chronicle",
    run,
};

/// Hours in which an actor did something: (day since 1970, hour of the week), each once, in order.
struct Week {
    /// For each hour of the week the days on which it was used, rising.
    days: Vec<Vec<i64>>,
    units: Vec<(i64, usize)>,
}

/// What is asked of a habit.
#[derive(Clone, Copy)]
struct Asked {
    events: usize,
    days: usize,
    back: i64,
    settled: f64,
    apart: i64,
}

impl Week {
    /// Distinct days in `from..before` on which one of the hours was used; no more than `enough` are counted.
    fn used(
        &self,
        slots: impl Iterator<Item = usize>,
        from: i64,
        before: i64,
        enough: usize,
    ) -> bool {
        // Few distinct days are asked for: the first that are met decide.
        let mut met: [i64; 32] = [i64::MIN; 32];
        let enough = enough.min(met.len());
        let mut n = 0;
        for slot in slots {
            let days = &self.days[slot % SLOTS];
            let start = days.partition_point(|d| *d < from);
            for day in days[start..].iter().take_while(|d| **d < before) {
                if n >= enough {
                    return true;
                }
                if !met[..n].contains(day) {
                    met[n] = *day;
                    n += 1;
                }
            }
        }
        n >= enough
    }

    /// Whether an hour of the week is theirs: it, or one beside it, was used on enough days.
    fn theirs(&self, slot: usize, day: i64, asked: Asked) -> bool {
        let slots = [slot + SLOTS - 1, slot, slot + 1];
        self.used(slots.into_iter(), day - asked.back, day, asked.days)
    }

    /// Whether an hour of the day is theirs on some day of the week.
    fn theirs_by_day(&self, hour: usize, day: i64, asked: Asked) -> bool {
        let slots = (0..7).flat_map(|d| {
            let slot = d * 24 + hour;
            [slot + SLOTS - 1, slot, slot + 1]
        });
        self.used(slots, day - asked.back, day, asked.days)
    }
}

fn run(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let asked = Asked {
        events: settings.get("events") as usize,
        days: settings.get("days") as usize,
        back: settings.get("look_back_days") as i64,
        settled: settings.get("settled"),
        apart: settings.nanos("apart_hours"),
    };
    let learn = settings.nanos("learn_days");
    for actor in feed.each_actor() {
        let rows = feed.rows_of(actor);
        if feed.actors[actor as usize].machine || rows.is_empty() {
            continue;
        }
        let mut week = Week {
            days: vec![Vec::new(); SLOTS],
            units: Vec::new(),
        };
        let first = feed.at(rows[0]);
        let mut learned = false;
        let mut outside: Vec<u32> = Vec::new();
        // Rows that follow each other without a long pause, and whether any of them lies within the habit.
        let mut chain: Vec<u32> = Vec::new();
        let (mut own, mut last) = (false, first);
        // The last hour that was judged, and whether it is theirs.
        let mut judged: Option<(i64, usize, bool)> = None;
        for row in rows {
            let time = feed.at(*row);
            let hour = time.div_euclid(HOUR);
            let day = time.div_euclid(DAY);
            // 1970-01-01 was a Thursday; hour 0 of the week is Monday's first.
            let slot = (hour + 3 * 24).rem_euclid(SLOTS as i64) as usize;
            let theirs = match judged {
                Some((d, s, theirs)) if d == day && s == slot => theirs,
                _ => {
                    let theirs = week.theirs(slot, day, asked);
                    if week.days[slot].last() != Some(&day) {
                        week.days[slot].push(day);
                        week.units.push((day, slot));
                    }
                    judged = Some((day, slot, theirs));
                    theirs
                }
            };
            if time - last > asked.apart {
                // What a chain with own hours has beside them is overtime or an early start.
                if !own {
                    outside.append(&mut chain);
                }
                chain.clear();
                own = false;
            }
            last = time;
            if outside
                .last()
                .is_some_and(|last| time - feed.at(*last) > PAUSE)
            {
                close(feed, actor, &mut outside, &week, asked, out);
            }
            if time - first < learn {
                continue;
            }
            learned = true;
            own |= theirs;
            if !theirs {
                chain.push(*row);
            }
        }
        if !own {
            outside.append(&mut chain);
        }
        close(feed, actor, &mut outside, &week, asked, out);
        if !learned {
            out.unlearned(actor, || {
                format!(
                    "{} days of events; {} days are needed to know their hours",
                    (feed.at(rows[rows.len() - 1]) - first) / DAY,
                    learn / DAY
                )
            });
        }
    }
}

/// Ends a stretch of work outside the habit.
fn close(
    feed: &Feed,
    actor: u32,
    outside: &mut Vec<u32>,
    week: &Week,
    asked: Asked,
    out: &mut Out<'_>,
) {
    let rows = std::mem::take(outside);
    if rows.len() < asked.events {
        return;
    }
    let day = feed.at(rows[0]).div_euclid(DAY);
    let from = week.units.partition_point(|(d, _)| *d < day - asked.back);
    let until = week.units.partition_point(|(d, _)| *d < day);
    let habit = &week.units[from..until.max(from)];
    if habit.len() < asked.days * 5 {
        return;
    }
    let own: Vec<bool> = (0..SLOTS)
        .map(|slot| week.theirs(slot, day, asked))
        .collect();
    let inside = habit.iter().filter(|(_, slot)| own[*slot]).count();
    let share = inside as f64 / habit.len() as f64;
    if share < asked.settled {
        return;
    }
    // Their own hours, of which some were used: an hour beside a used one is theirs and is not named.
    let own: Vec<usize> = (0..SLOTS)
        .filter(|slot| own[*slot] && habit.iter().any(|(_, s)| s == slot))
        .collect();
    let hour_of = |row: &u32| feed.at(*row).rem_euclid(DAY) / HOUR;
    let mut at: Vec<i64> = rows.iter().map(hour_of).collect();
    at.dedup();
    let by_day = (at.iter()).all(|hour| week.theirs_by_day(*hour as usize, day, asked));
    let (first, last) = (feed.at(rows[0]), feed.at(rows[rows.len() - 1]));
    let clock = |time: i64| {
        format!(
            "{:02}:{:02}",
            time.rem_euclid(DAY) / HOUR,
            time.rem_euclid(HOUR) / (60 * crate::feed::SECOND)
        )
    };
    let when = if by_day {
        "on a day of the week that is not theirs, at hours that are,"
    } else {
        "at hours that are not theirs,"
    };
    out.find(Draft {
        severity: Some(if by_day { Severity::Informational } else { Severity::Low }),
        actor,
        at: rows[0],
        sentence: format!("{} {when} between {} and {} UTC by {}, who otherwise works in {} of the 168 hours of the week only", count(rows.len(), "event"), clock(first), clock(last), feed.who(actor), own.len()),
        measured: vec![Measure { name: "events", value: rows.len() as f64 }, Measure { name: "settled", value: share }],
        baseline: Some(Baseline {
            of: "earlier hours with events".to_owned(),
            n: habit.len() as u64,
            from: habit.first().map(|(d, _)| d * DAY),
            to: habit.last().map(|(d, _)| d * DAY),
            events: Vec::new(),
            usual: hours(&own),
        }),
        rows,
        ..Draft::default()
    });
}

/// Hours of the week in words: `Mon 01-09, Tue 01-10`.
fn hours(own: &[usize]) -> String {
    let mut parts = Vec::new();
    for (day, name) in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        .iter()
        .enumerate()
    {
        let of: Vec<usize> = own
            .iter()
            .filter(|s| **s / 24 == day)
            .map(|s| s % 24)
            .collect();
        if let (Some(first), Some(last)) = (of.first(), of.last()) {
            parts.push(format!("{name} {first:02}-{:02}", last + 1));
        }
    }
    format!("{} (UTC)", parts.join(", "))
}
