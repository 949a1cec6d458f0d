//! What rules matched, as findings.
//!
//! Owns: the words and ids of findings of rules. Never touches: how rules match.

use std::collections::{BTreeMap, HashMap};

use super::{Match, RuleFacts, Rules};
use crate::{
    feed::Feed,
    finding::{Finding, Measure, count, id_of, span},
};

/// Findings of matches: of a rule one for each actor, of a correlation one for each stretch in which it holds. The events
/// of a rule are all listed, however many.
#[must_use]
pub fn findings(rules: &Rules, matches: &[Match], feed: &Feed) -> Vec<Finding> {
    let wanted: std::collections::HashSet<u64> = matches
        .iter()
        .flat_map(|m| m.events.iter().copied())
        .collect();
    let rows: HashMap<u64, u32> = if wanted.is_empty() {
        HashMap::new()
    } else {
        (0_u32..)
            .zip(&feed.number)
            .filter(|(_, n)| wanted.contains(n))
            .map(|(row, n)| (*n, row))
            .collect()
    };
    let actor = |event: &u64| rows.get(event).map_or(0, |row| feed.actor[*row as usize]);
    let mut found = Vec::new();
    for one in matches {
        let Some(facts) = rules.facts(one.rule) else {
            continue;
        };
        if one.span.is_some() {
            let mut actors: Vec<u32> = one.events.iter().map(actor).collect();
            actors.sort_unstable();
            actors.dedup();
            let actor = if actors.len() == 1 { actors[0] } else { 0 };
            found.push(of_window(&facts, one, feed, actor, &rows));
            continue;
        }
        let mut by_actor: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
        for event in &one.events {
            by_actor.entry(actor(event)).or_default().push(*event);
        }
        for (actor, events) in by_actor {
            let by = if actor == 0 {
                String::new()
            } else {
                format!(" of {}", feed.who(actor))
            };
            let sentence = format!("{}: {}{by}", facts.title, count(events.len(), "event"));
            found.push(finding(
                &facts,
                feed,
                actor,
                (String::new(), String::new()),
                sentence,
                events,
                &rows,
            ));
        }
    }
    found
}

fn of_window(
    facts: &RuleFacts<'_>,
    one: &Match,
    feed: &Feed,
    actor: u32,
    rows: &HashMap<u64, u32>,
) -> Finding {
    let key: Vec<String> = one
        .key
        .iter()
        .map(|(field, value)| format!("{field} {value}"))
        .collect();
    let (first, last) = one.span.unwrap_or_default();
    let by = if key.is_empty() {
        String::new()
    } else {
        format!(" for {}", key.join(", "))
    };
    let measured = one.measured.map_or_else(String::new, |(n, _)| {
        format!(", {} ({} is asked)", crate::finding::number(n), one.wanted)
    });
    let sentence = format!(
        "{}: {} within {}{by}{measured}",
        facts.title,
        count(one.events.len(), "event"),
        span(last - first)
    );
    let trigger = (key.join("\u{1}"), first.to_string());
    let mut finding = finding(
        facts,
        feed,
        actor,
        trigger,
        sentence,
        one.events.clone(),
        rows,
    );
    if let Some((n, threshold)) = one.measured {
        finding.measured.push(Measure {
            name: "count",
            value: n,
        });
        finding.thresholds.push(("count", threshold));
    }
    finding
}

fn finding(
    facts: &RuleFacts<'_>,
    feed: &Feed,
    actor: u32,
    (subject, trigger): (String, String),
    sentence: String,
    events: Vec<u64>,
    rows: &HashMap<u64, u32>,
) -> Finding {
    let who = (actor != 0).then(|| &feed.actors[actor as usize]);
    let times = || {
        events
            .iter()
            .filter_map(|e| rows.get(e))
            .map(|row| feed.at(*row))
    };
    let system = rows
        .get(&events[0])
        .map(|row| &feed.systems[feed.system[*row as usize] as usize]);
    let detection = format!("sigma:{}", facts.id);
    let scope = system.map_or_else(String::new, |s| {
        format!("{}\u{1}{}", s.provider, s.organization)
    });
    let of = format!(
        "{scope}\u{1}{}\u{1}{subject}",
        who.map_or("", |a| a.who.as_str())
    );
    Finding {
        id: id_of(&detection, &of, &trigger),
        detection,
        title: facts.title.to_owned(),
        severity: facts.severity,
        actor: who.map(|a| a.label.clone()),
        who: who.map(|a| a.who.clone()),
        sentence,
        left_out: 0,
        first: times().min().unwrap_or(i64::MIN),
        last: times().max().unwrap_or(i64::MIN),
        measured: vec![Measure {
            name: "events",
            value: events.len() as f64,
        }],
        thresholds: Vec::new(),
        baseline: None,
        would_change: Vec::new(),
        benign: facts.benign.to_vec(),
        cannot_show: system
            .map(|s| s.blind.sentences.clone())
            .unwrap_or_default(),
        events,
    }
}
