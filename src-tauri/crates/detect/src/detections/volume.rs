//! Mass reading and mass export against an actor's own habit.
//!
//! Owns: counts in sliding days against the greatest day before. Never touches: what was read.

use crate::{
    about::{Detection, Parameter, Settings, Severity, parameter},
    feed::{DAY, Feed, Need},
    finding::{Baseline, Draft, Measure, Out, number},
    kinds::Class,
};

const LEARN_DAYS: Parameter = parameter(
    "learn_days",
    14.0,
    "d",
    0.0,
    365.0,
    "least span of the history",
);
const ACTIVE: Parameter = parameter(
    "learn_active_days",
    5.0,
    "",
    0.0,
    365.0,
    "least number of earlier days with events",
);
const HOURS: Parameter = parameter("hours", 24.0, "h", 1.0, 168.0, "length of the window");

pub(crate) const EXPORT: Detection = Detection {
    id: "mass_export",
    title: "Mass export against own habit",
    what: "Exports or downloads of one actor in a sliding window, far more than on the greatest of their own days before.",
    parameters: &[
        parameter(
            "times",
            3.0,
            "",
            1.0,
            1_000.0,
            "how many times their greatest day",
        ),
        parameter(
            "events",
            10.0,
            "",
            1.0,
            1_000_000.0,
            "least number of exports",
        ),
        HOURS,
        LEARN_DAYS,
        ACTIVE,
    ],
    needs: &[Need::Reads],
    benign: &[
        "the end of a quarter",
        "a new duty",
        "a script of their own",
    ],
    after: "Panther Notion (10 in 60 min), Elastic GitHub (25 clones in 9 min), Defender (against the user's baseline)",
    run: |feed, settings, out| {
        run(
            feed,
            settings,
            out,
            Class::EXPORT,
            "exports",
            Severity::High,
        )
    },
};

pub(crate) const READ: Detection = Detection {
    id: "mass_read",
    title: "Mass reading against own habit",
    what: "Events of reading or listing of one actor in a sliding window, far more than on the greatest of their own days before.",
    parameters: &[
        parameter(
            "times",
            3.0,
            "",
            1.0,
            1_000.0,
            "how many times their greatest day",
        ),
        parameter(
            "events",
            100.0,
            "",
            1.0,
            1_000_000.0,
            "least number of reads",
        ),
        HOURS,
        LEARN_DAYS,
        ACTIVE,
    ],
    needs: &[Need::Reads],
    benign: &[
        "an audit",
        "a new duty",
        "a page that loads many records at once",
    ],
    after: "Chronicle Drive (10 documents an hour), Defender (against the user's baseline)",
    run: |feed, settings, out| run(feed, settings, out, Class::READ, "reads", Severity::Medium),
};

fn run(
    feed: &Feed,
    settings: &Settings<'_>,
    out: &mut Out<'_>,
    class: Class,
    what: &str,
    severity: Severity,
) {
    let (times, least, window) = (
        settings.get("times"),
        settings.get("events"),
        settings.nanos("hours"),
    );
    let (learn, active) = (
        settings.nanos("learn_days"),
        settings.get("learn_active_days"),
    );
    for actor in feed.each_actor() {
        let all = feed.rows_of(actor);
        let rows: Vec<u32> = all
            .iter()
            .copied()
            .filter(|row| feed.class(*row).has(class))
            .collect();
        if (rows.len() as f64) < least {
            continue;
        }
        // Days with any event, and how many events of the class each has; the history of an actor who never exported
        // is that they worked and did not export.
        let mut days: Vec<(i64, u32)> = Vec::new();
        for row in all {
            let day = feed.at(*row).div_euclid(DAY);
            if days.last().is_none_or(|(d, _)| *d != day) {
                days.push((day, 0));
            }
            if feed.class(*row).has(class)
                && let Some(last) = days.last_mut()
            {
                last.1 += 1;
            }
        }
        let mut greatest = Vec::with_capacity(days.len() + 1);
        greatest.push(0);
        for (_, n) in &days {
            greatest.push((*n).max(greatest[greatest.len() - 1]));
        }
        let mut start = 0;
        let mut open: Option<(usize, usize, f64, usize)> = None;
        let mut short: Option<(usize, usize)> = None;
        for end in 0..rows.len() {
            while feed.at(rows[end]) - feed.at(rows[start]) > window {
                start += 1;
            }
            let held = (end + 1 - start) as f64;
            if held < least {
                continue;
            }
            let from = feed.at(rows[start]).div_euclid(DAY);
            let earlier = days.partition_point(|(d, _)| *d < from);
            if held < times * f64::from(greatest[earlier]) {
                continue;
            }
            if (earlier as f64) < active || feed.at(rows[start]) - feed.at(all[0]) < learn {
                short = short.or(Some((start, earlier)));
                continue;
            }
            match &mut open {
                Some((_, to, most, _)) if start < *to => {
                    *to = end + 1;
                    *most = most.max(held);
                }
                _ => {
                    if let Some(found) = open.replace((start, end + 1, held, earlier)) {
                        report(
                            feed,
                            actor,
                            &rows,
                            &days,
                            &greatest,
                            found,
                            (what, severity),
                            out,
                        );
                    }
                }
            }
        }
        if let Some(found) = open {
            report(
                feed,
                actor,
                &rows,
                &days,
                &greatest,
                found,
                (what, severity),
                out,
            );
        } else if let Some((start, earlier)) = short {
            out.unlearned(actor, || {
                format!("many {what} after {earlier} earlier days with events over {} days; {active} days over {} are needed to know the habit", (feed.at(rows[start]) - feed.at(all[0])) / DAY, learn / DAY)
            });
        }
    }
}

#[allow(clippy::too_many_arguments)]
fn report(
    feed: &Feed,
    actor: u32,
    rows: &[u32],
    days: &[(i64, u32)],
    greatest: &[u32],
    (from, to, most, earlier): (usize, usize, f64, usize),
    (what, severity): (&str, Severity),
    out: &mut Out<'_>,
) {
    let before = greatest[earlier];
    out.find(Draft {
        severity: Some(severity),
        actor,
        trigger: what.to_owned(),
        at: rows[from],
        sentence: format!(
            "{}: {} {what} within a window; on the greatest of {} earlier days it was {}",
            feed.who(actor),
            number(most),
            number(earlier as f64),
            number(f64::from(before))
        ),
        rows: rows[from..to].to_vec(),
        measured: vec![
            Measure {
                name: "events",
                value: most,
            },
            Measure {
                name: "times",
                value: most / f64::from(before.max(1)),
            },
        ],
        baseline: Some(Baseline {
            of: format!("earlier days with events; {what} on each"),
            n: earlier as u64,
            from: days.first().map(|(d, _)| d * DAY),
            to: days.get(earlier.saturating_sub(1)).map(|(d, _)| d * DAY),
            events: Vec::new(),
            usual: format!("at most {before} a day"),
        }),
        ..Draft::default()
    });
}
