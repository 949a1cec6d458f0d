//! The log itself: settings changed, and what came regularly and stopped.
//!
//! Owns: detections about the source and not about persons. Never touches: actors' habits.

use std::collections::HashMap;

use crate::{
    about::{Detection, Settings, Severity, parameter},
    feed::{DAY, Feed, HOUR, Need},
    finding::{Baseline, Draft, Measure, Out, count, span},
    kinds::Class,
};

pub(crate) const SETTINGS: Detection = Detection {
    id: "log_settings_changed",
    title: "Settings of the log were changed",
    what: "Auditing, a trail, a stream or the retention of a log is changed, stopped or deleted. Changes of one actor within an hour are one finding.",
    parameters: &[parameter(
        "hours",
        1.0,
        "h",
        0.0,
        720.0,
        "changes of one actor within this span are one finding",
    )],
    needs: &[Need::LogSettings],
    benign: &["a planned change of logging"],
    after: "Panther, Elastic and Sigma (CloudTrail stopped, streams deleted)",
    run: |feed, settings, out| {
        let within = settings.nanos("hours");
        let mut of: HashMap<(u16, u32), Vec<u32>> = HashMap::new();
        for row in feed.rows_with(Class::LOG_SETTING) {
            of.entry((feed.system[row as usize], feed.actor[row as usize]))
                .or_default()
                .push(row);
        }
        let mut of: Vec<_> = of.into_iter().collect();
        of.sort_unstable();
        for ((_, actor), rows) in of {
            for together in rows.chunk_by(|a, b| feed.at(*b) - feed.at(*a) <= within) {
                let mut words: Vec<&str> = together
                    .iter()
                    .map(|row| {
                        feed.kinds[feed.kind[*row as usize] as usize]
                            .action
                            .as_str()
                    })
                    .collect();
                words.dedup();
                words.truncate(4);
                out.find(Draft {
                    severity: Some(Severity::High),
                    actor,
                    at: together[0],
                    sentence: format!(
                        "{} changed what is logged: {}",
                        feed.who(actor),
                        words.join(", ")
                    ),
                    rows: together.to_vec(),
                    ..Draft::default()
                });
            }
        }
    },
};

pub(crate) const RHYTHM: Detection = Detection {
    id: "rhythm_gap",
    title: "Something regular stopped",
    what: "What came at regular intervals (a daily export, a scheduled payout, the log as a whole) did not come. Regular is what has nearly equal intervals, many times; the log as a whole is judged by days of the week that always had entries. Silence at the end counts as far as the log goes on otherwise.",
    parameters: &[
        parameter(
            "intervals",
            3.0,
            "",
            1.5,
            100.0,
            "how many usual intervals of silence",
        ),
        parameter(
            "times",
            14.0,
            "",
            5.0,
            10_000.0,
            "how often it must have come before",
        ),
        parameter(
            "jitter",
            0.1,
            "",
            0.0,
            1.0,
            "how far nine in ten intervals may lie from the middle one, as a share of it",
        ),
        parameter(
            "weeks",
            4.0,
            "",
            2.0,
            520.0,
            "how many same days of the week before must all have had entries",
        ),
    ],
    needs: &[],
    benign: &[
        "a public holiday",
        "a schedule that was changed",
        "an export that was cut",
    ],
    after: "Chainsaw and IRFlow (gaps of the whole), none for single rhythms",
    run: rhythm,
};

/// Kinds whose intervals are looked at; a log with more has no rhythm that could be told.
const MOST_SERIES: usize = 200_000;

fn rhythm(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let (intervals, times, jitter) = (
        settings.get("intervals"),
        settings.get("times") as usize,
        settings.get("jitter"),
    );
    let mut series: HashMap<(u16, u32, u16), Vec<u32>> = HashMap::new();
    let mut busy: HashMap<(u16, u32, u16), u32> = HashMap::new();
    for row in 0..feed.len() as u32 {
        let key = (
            feed.system[row as usize],
            feed.actor[row as usize],
            feed.kind[row as usize],
        );
        let n = busy.entry(key).or_default();
        *n += 1;
        // What comes by the thousand is no rhythm that a person set; its silence is that of the whole log.
        if *n <= 5_000 && (series.len() < MOST_SERIES || series.contains_key(&key)) {
            series.entry(key).or_default().push(row);
        }
    }
    let mut series: Vec<_> = series
        .into_iter()
        .filter(|(key, rows)| rows.len() >= times && busy.get(key).is_some_and(|n| *n <= 5_000))
        .collect();
    series.sort_unstable();
    for ((system, actor, kind), rows) in series {
        let end = feed.systems[system as usize]
            .span
            .map_or(0, |(_, last)| last);
        one(
            feed,
            (actor, kind),
            &rows,
            end,
            (intervals, times, jitter),
            out,
        );
    }
    whole(feed, settings.get("weeks") as i64, out);
}

fn one(
    feed: &Feed,
    (actor, kind): (u32, u16),
    rows: &[u32],
    end: i64,
    (intervals, times, jitter): (f64, usize, f64),
    out: &mut Out<'_>,
) {
    let gaps: Vec<i64> = rows
        .windows(2)
        .map(|w| feed.at(w[1]) - feed.at(w[0]))
        .collect();
    let mut before: Vec<i64> = Vec::new();
    for at in 0..rows.len() {
        let gap = gaps.get(at).copied().unwrap_or(end - feed.at(rows[at]));
        if before.len() + 1 >= times {
            let mut sorted = before.clone();
            sorted.sort_unstable();
            let middle = sorted[sorted.len() / 2];
            let near = before
                .iter()
                .filter(|g| (**g - middle).abs() as f64 <= jitter * middle as f64)
                .count();
            let regular = middle >= HOUR && near * 10 >= before.len() * 9;
            // A day that came some minutes late is still a whole day.
            let silent = (gap as f64 / middle.max(1) as f64 * 10.0).round() / 10.0;
            if regular && silent >= intervals {
                let action = &feed.kinds[kind as usize].action;
                let after = rows.get(at + 1).copied();
                out.find(Draft {
                    severity: Some(Severity::Low),
                    actor,
                    subject: action.clone(),
                    at: rows[at],
                    sentence: format!(
                        "`{action}` of {} came every {} and then not for {}{}",
                        feed.who(actor),
                        span(middle),
                        span(gap),
                        if after.is_none() {
                            ", to the end of the log"
                        } else {
                            ""
                        }
                    ),
                    rows: [Some(rows[at]), after].into_iter().flatten().collect(),
                    measured: vec![
                        Measure {
                            name: "intervals",
                            value: silent,
                        },
                        Measure {
                            name: "times",
                            value: (before.len() + 1) as f64,
                        },
                    ],
                    baseline: Some(Baseline {
                        of: "earlier occurrences".to_owned(),
                        n: before.len() as u64 + 1,
                        from: rows.first().map(|r| feed.at(*r)),
                        to: Some(feed.at(rows[at])),
                        events: rows[..=at]
                            .iter()
                            .rev()
                            .take(20)
                            .rev()
                            .map(|r| feed.number[*r as usize])
                            .collect(),
                        usual: format!("every {}", span(middle)),
                    }),
                    ..Draft::default()
                });
                // What begins again afterwards is a new rhythm.
                before.clear();
                continue;
            }
        }
        if let Some(gap) = gaps.get(at) {
            before.push(*gap);
            // Old intervals are forgotten, so that a schedule which was changed is learned anew.
            if before.len() > times * 4 {
                before.remove(0);
            }
        }
    }
}

/// Days on which a whole log is silent although its day of the week never was.
fn whole(feed: &Feed, weeks: i64, out: &mut Out<'_>) {
    for system in 0..feed.systems.len() {
        let known = &feed.systems[system];
        let Some((first, last)) = known.span else {
            continue;
        };
        let (from, to) = (first.div_euclid(DAY), last.div_euclid(DAY));
        let mut day = from + weeks * 7;
        let mut silent: Vec<i64> = Vec::new();
        while day <= to {
            let expected = !known.days.contains_key(&day)
                && (1..=weeks).all(|w| known.days.contains_key(&(day - w * 7)));
            if expected {
                silent.push(day);
            }
            day += 1;
        }
        for run in silent.chunk_by(|a, b| b - a <= 1) {
            let before = known.days.range(..run[0]).next_back().map(|(d, _)| *d);
            let rows: Vec<u32> = before
                .map(|d| last_before(feed, system as u16, (d + 1) * DAY))
                .into_iter()
                .flatten()
                .chain(first_after(feed, system as u16, run[0] * DAY))
                .collect();
            let Some(at) = rows.first().copied() else {
                continue;
            };
            let name = [known.provider.as_str(), known.organization.as_str()].join(" ");
            out.find(Draft {
                severity: Some(Severity::Low),
                subject: "whole".to_owned(),
                trigger: run[0].to_string(),
                at,
                sentence: format!("The log of {} has no entry on {}, though it always had some on {} day of the week before", name.trim(), count(run.len(), "day"), if run.len() == 1 { "this" } else { "each such" }),
                rows,
                measured: vec![Measure { name: "weeks", value: weeks as f64 }],
                baseline: Some(Baseline {
                    of: "earlier days with entries".to_owned(),
                    n: known.days.range(..run[0]).count() as u64,
                    from: Some(from * DAY),
                    to: Some(run[0] * DAY),
                    events: Vec::new(),
                    usual: String::new(),
                }),
                ..Draft::default()
            });
        }
    }
}

fn last_before(feed: &Feed, system: u16, time: i64) -> Option<u32> {
    let end = feed.time.partition_point(|t| *t < time);
    (0..end)
        .rev()
        .find(|row| feed.system[*row] == system)
        .map(|row| row as u32)
}

fn first_after(feed: &Feed, system: u16, time: i64) -> Option<u32> {
    let start = feed.time.partition_point(|t| *t < time);
    (start..feed.len())
        .find(|row| feed.system[*row] == system)
        .map(|row| row as u32)
}
