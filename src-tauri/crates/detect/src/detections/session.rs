//! Sessions used from two places or devices.
//!
//! Owns: what a session was used from. Never touches: sign-ins, what was done in the session.

use std::collections::HashMap;

use crate::{
    about::{Detection, Settings, Severity, parameter},
    detections::newness::SHARED,
    feed::{Feed, Need},
    finding::{Draft, Measure, Out, count},
    window::similarity,
};

pub(crate) const SESSION: Detection = Detection {
    id: "session_two_places",
    title: "Session used from two places or devices",
    what: "One session id that is used from another network than before. With another device or browser too, this is how a stolen session looks (high); with the same, a person who moved (low). Addresses that many actors use are left out.",
    parameters: &[
        parameter(
            "similarity",
            0.95,
            "",
            0.0,
            1.0,
            "user agents less alike than this are different devices",
        ),
        parameter(
            "within_hours",
            24.0,
            "h",
            0.1,
            720.0,
            "longest time between two uses of the session",
        ),
        SHARED,
    ],
    needs: &[Need::Sessions, Need::Addresses],
    benign: &[
        "a laptop that moved from the office to a telephone's network",
        "a program that uses the session of its user",
        "a browser that was updated while it was open",
    ],
    after: "Panther (new address and user agent similarity below 0.95 within a day), Elastic",
    run,
};

fn run(feed: &Feed, settings: &Settings<'_>, out: &mut Out<'_>) {
    let (least, within, shared) = (
        settings.get("similarity"),
        settings.nanos("within_hours"),
        settings.get("shared_actors"),
    );
    let mut alike: HashMap<(u32, u32), f64> = HashMap::new();
    let mut uses: Vec<(u64, u32)> = Vec::new();
    for actor in feed.each_actor() {
        uses.clear();
        uses.extend(
            feed.rows_of(actor)
                .iter()
                .map(|row| (feed.session[*row as usize], *row))
                .filter(|(s, row)| *s != 0 && feed.ip[*row as usize] != 0),
        );
        // Rows come in order, so a stable sort keeps the order within each session.
        uses.sort_by_key(|(session, _)| *session);
        for session in uses.chunk_by(|a, b| a.0 == b.0) {
            let first = feed.ip[session[0].1 as usize];
            if session
                .iter()
                .any(|(_, row)| feed.ip[*row as usize] != first)
            {
                judge(
                    feed,
                    actor,
                    session,
                    (least, within, shared),
                    &mut alike,
                    out,
                );
            }
        }
    }
}

fn judge(
    feed: &Feed,
    actor: u32,
    session: &[(u64, u32)],
    (least, within, shared): (f64, i64, f64),
    alike: &mut HashMap<(u32, u32), f64>,
    out: &mut Out<'_>,
) {
    // What the session was used from so far: (network, device), and the row in which that was seen last.
    let mut seen: Vec<(u64, u32, u32)> = Vec::new();
    let mut found: Option<(Severity, f64, u32)> = None;
    let mut rows = Vec::new();
    let mut before: Option<u32> = None;
    for (_, row) in session {
        let row = *row;
        let address = &feed.addresses[feed.ip[row as usize] as usize];
        if address.private || feed.is_shared(row, shared) {
            continue;
        }
        let device = feed.device[row as usize];
        if let Some(at) = seen
            .iter()
            .position(|(network, d, _)| *network == address.network && *d == device)
        {
            seen[at].2 = row;
            before = Some(row);
            continue;
        }
        let close = before.is_some_and(|b| feed.at(row) - feed.at(b) <= within);
        let moved = !seen.is_empty()
            && seen
                .iter()
                .all(|(network, _, _)| *network != address.network);
        if moved && close {
            let most = seen
                .iter()
                .map(|(_, d, _)| {
                    if device == 0 || *d == 0 {
                        return 1.0;
                    }
                    let key = ((*d).min(device), (*d).max(device));
                    *alike.entry(key).or_insert_with(|| {
                        similarity(
                            &feed.devices[key.0 as usize].text,
                            &feed.devices[key.1 as usize].text,
                        )
                    })
                })
                .fold(0.0, f64::max);
            let severity = if most < least {
                Severity::High
            } else {
                Severity::Low
            };
            rows.extend(before);
            rows.push(row);
            if found.is_none_or(|(s, _, _)| severity > s) {
                found = Some((severity, most, row));
            }
        }
        seen.push((address.network, device, row));
        before = Some(row);
    }
    let Some((severity, most, at)) = found else {
        return;
    };
    let other = rows.first().copied().unwrap_or(at);
    let device = if severity == Severity::High {
        "with another device"
    } else {
        "with the same or an unnamed device"
    };
    out.find(Draft {
        severity: Some(severity),
        actor,
        trigger: feed.address(at).to_owned(),
        at: session[0].1,
        sentence: format!(
            "A session of {} that began from {} was used from {} {device}; it was used {} in all",
            feed.who(actor),
            feed.address(other),
            feed.address(at),
            count(session.len(), "time")
        ),
        rows,
        measured: vec![Measure {
            name: "similarity",
            value: most,
        }],
        would_change: vec!["both addresses being of one VPN or carrier".to_owned()],
        ..Draft::default()
    });
}
