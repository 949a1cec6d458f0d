//! Several weak signs on one actor.
//!
//! Owns: findings over findings. Never touches: events.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    about::{Detection, Overrides, Settings, Severity, parameter},
    finding::{Finding, MOST_EVENTS, Measure, count, id_of, span},
};

pub(crate) const SEVERAL: Detection = Detection {
    id: "several_weak_signs",
    title: "Several weak signs on one actor",
    what: "Different detections found something on one actor within a span, none of which is high by itself: together they are. Signs of one and the same sign-in count as well; the same detection twice counts once.",
    parameters: &[
        parameter("signs", 2.0, "", 2.0, 20.0, "different detections"),
        parameter("hours", 24.0, "h", 0.1, 720.0, "within this span"),
        parameter("high", 4.0, "", 2.0, 20.0, "from so many on it is high"),
    ],
    needs: &[],
    benign: &["a person who travels with a new device"],
    after: "Elastic GitHub UEBA (five different rules within 60 min)",
    // It looks at findings, not at events; the review runs it when the others are done.
    run: |_, _, _| {},
};

/// Findings that weak ones make together. `all` must be the findings of every other detection.
pub(crate) fn several(all: &[Finding], overrides: &Overrides) -> Vec<Finding> {
    let settings = Settings::new(&SEVERAL, overrides);
    let (least, within, high) = (
        settings.get("signs") as usize,
        settings.nanos("hours"),
        settings.get("high") as usize,
    );
    let mut by_actor: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
    for finding in all {
        if let (Some(who), Some(actor)) = (&finding.who, &finding.actor)
            && finding.severity < Severity::High
        {
            by_actor.entry((who, actor)).or_default().push(finding);
        }
    }
    let mut found = Vec::new();
    for ((who, actor), mut findings) in by_actor {
        findings.sort_by(|a, b| (a.first, &a.id).cmp(&(b.first, &b.id)));
        let mut start = 0;
        while start < findings.len() {
            let group: Vec<&Finding> = findings[start..]
                .iter()
                .copied()
                .take_while(|f| f.first - findings[start].first <= within)
                .collect();
            let kinds: BTreeSet<&str> = group.iter().map(|f| f.detection.as_str()).collect();
            if kinds.len() < least {
                start += 1;
                continue;
            }
            start += group.len();
            let titles: BTreeSet<&str> = group.iter().map(|f| f.title.as_str()).collect();
            let mut events: Vec<(i64, u64)> = group
                .iter()
                .flat_map(|f| f.events.iter().map(|e| (f.first, *e)))
                .collect();
            events.sort_unstable();
            let mut seen = BTreeSet::new();
            events.retain(|(_, e)| seen.insert(*e));
            let left_out = events.len().saturating_sub(MOST_EVENTS) as u64
                + group.iter().map(|f| f.left_out).sum::<u64>();
            let (first, last) = (
                group[0].first,
                group.iter().map(|f| f.last).max().unwrap_or(group[0].last),
            );
            found.push(Finding {
                id: id_of(SEVERAL.id, who, &group[0].id),
                detection: SEVERAL.id.to_owned(),
                title: SEVERAL.title.to_owned(),
                severity: if kinds.len() >= high {
                    Severity::High
                } else {
                    Severity::Medium
                },
                actor: Some(actor.to_owned()),
                who: Some(who.to_owned()),
                sentence: format!(
                    "{actor}: {} within {}: {}",
                    count(kinds.len(), "different sign"),
                    span(last - first),
                    titles.into_iter().collect::<Vec<_>>().join("; ")
                ),
                events: events
                    .into_iter()
                    .map(|(_, e)| e)
                    .take(MOST_EVENTS)
                    .collect(),
                left_out,
                first,
                last,
                measured: vec![Measure {
                    name: "signs",
                    value: kinds.len() as f64,
                }],
                thresholds: SEVERAL
                    .parameters
                    .iter()
                    .map(|p| (p.name, settings.get(p.name)))
                    .collect(),
                baseline: None,
                would_change: vec![format!(
                    "an innocent reason for all but {} of the signs",
                    least - 1
                )],
                benign: SEVERAL.benign.iter().map(|t| (*t).to_owned()).collect(),
                cannot_show: group[0].cannot_show.clone(),
            });
        }
    }
    found
}
