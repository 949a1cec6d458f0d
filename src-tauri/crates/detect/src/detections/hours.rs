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
    what: "Events of an actor in hours of the week in which they are never seen, judged by their own last weeks: an hour is theirs if it, or one beside it, was used on some distinct days. Whoever has no settled hours is not judged. Programs are left out.",
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

impl Week {
    /// Distinct days in `from..before` on which the hour or one beside it was used.
    fn used(&self, slot: usize, from: i64, before: i64) -> usize {
        let mut days: Vec<i64> = [slot + SLOTS - 1, slot, slot + 1]
            .into_iter()
            .flat_map(|s| {
                let days = &self.days[s % SLOTS];
                let start = days.partition_point(|d| *d < from);
                let end = days.partition_point(|d| *d < before);
                days[start..end.max(start)].iter().copied()
            })
            .collect();
        days.sort_unstable();
        days.dedup();
        days.len()
    }
}

fn run(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let (events, days) = (
        settings.get("events") as usize,
        settings.get("days") as usize,
    );
    let (back, learn, settled) = (
        settings.get("look_back_days") as i64,
        settings.nanos("learn_days"),
        settings.get("settled"),
    );
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
                    let theirs = week.used(slot, day - back, day) >= days;
                    if week.days[slot].last() != Some(&day) {
                        week.days[slot].push(day);
                        week.units.push((day, slot));
                    }
                    judged = Some((day, slot, theirs));
                    theirs
                }
            };
            if outside
                .last()
                .is_some_and(|last| time - feed.at(*last) > PAUSE)
            {
                close(
                    feed,
                    actor,
                    &mut outside,
                    &week,
                    (events, days, back, settled),
                    out,
                );
            }
            if time - first < learn {
                continue;
            }
            learned = true;
            if !theirs {
                outside.push(*row);
            }
        }
        close(
            feed,
            actor,
            &mut outside,
            &week,
            (events, days, back, settled),
            out,
        );
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
    (events, days, back, settled): (usize, usize, i64, f64),
    out: &mut Out<'_>,
) {
    let rows = std::mem::take(outside);
    if rows.len() < events {
        return;
    }
    let day = feed.at(rows[0]).div_euclid(DAY);
    let habit: Vec<(i64, usize)> = week
        .units
        .iter()
        .copied()
        .filter(|(d, _)| *d >= day - back && *d < day)
        .collect();
    let inside = habit
        .iter()
        .filter(|(_, slot)| week.used(*slot, day - back, day) >= days)
        .count();
    let share = inside as f64 / habit.len().max(1) as f64;
    if habit.len() < days * 5 || share < settled {
        return;
    }
    let mut own: Vec<usize> = habit
        .iter()
        .map(|(_, slot)| *slot)
        .filter(|slot| week.used(*slot, day - back, day) >= days)
        .collect();
    own.sort_unstable();
    own.dedup();
    let (first, last) = (feed.at(rows[0]), feed.at(rows[rows.len() - 1]));
    let clock = |time: i64| {
        format!(
            "{:02}:{:02}",
            time.rem_euclid(DAY) / HOUR,
            time.rem_euclid(HOUR) / (60 * crate::feed::SECOND)
        )
    };
    out.find(Draft {
        severity: Some(Severity::Low),
        actor,
        at: rows[0],
        sentence: format!("{} between {} and {} UTC by {}, who otherwise works in {} of the 168 hours of the week only", count(rows.len(), "event"), clock(first), clock(last), feed.who(actor), own.len()),
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
