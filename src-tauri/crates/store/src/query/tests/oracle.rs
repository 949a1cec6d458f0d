//! The panels by the book: slow, plain, over whole events.

use std::collections::{BTreeMap, BTreeSet};

use witnessmark_lens::fold;
use witnessmark_model::{Event, Field, Flag, Instant};

use crate::query::{Bin, Facet, FacetValue, Histogram, HistogramSpec, Order, Pick, Seen};

pub(super) fn sorted(events: &[&Event], order: Order) -> Vec<Event> {
    let mut sorted: Vec<Event> = events.iter().map(|e| (*e).clone()).collect();
    sorted.sort_by_key(|e| (e.time, e.number));
    if order == Order::Newest {
        sorted.reverse();
    }
    sorted.sort_by_key(|e| e.time.is_none());
    sorted
}

fn distinct(event: &Event, field: Field) -> BTreeSet<&str> {
    event.values(field).into_iter().collect()
}

pub(super) fn facet(events: &[&Event], field: Field, pick: &Pick) -> Facet {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for event in events {
        for value in distinct(event, field) {
            *counts.entry(value).or_default() += 1;
        }
    }
    let mut values: Vec<FacetValue> = counts
        .iter()
        .map(|(value, count)| FacetValue {
            value: (*value).to_owned(),
            count: *count,
        })
        .collect();
    values.retain(|v| fold(&v.value).contains(&pick.contains));
    let found = values.len() as u64;
    values.sort_by(|a, b| {
        let by_count = if pick.rare {
            a.count.cmp(&b.count)
        } else {
            b.count.cmp(&a.count)
        };
        by_count.then_with(|| a.value.cmp(&b.value))
    });
    values.truncate(pick.limit);
    Facet {
        found,
        field,
        distinct: counts.len() as u64,
        absent: events.iter().filter(|e| e.values(field).is_empty()).count() as u64,
        values,
    }
}

/// When each value was first and last seen.
pub(super) fn seen(events: &[&Event], field: Field, values: &[String]) -> Vec<Seen> {
    let times = |value: &String| {
        let holders = events
            .iter()
            .filter(|e| distinct(e, field).contains(value.as_str()));
        let times: Vec<Instant> = holders.filter_map(|e| e.time).collect();
        let first = times.iter().min().copied();
        first.zip(times.iter().max().copied())
    };
    values.iter().map(times).collect()
}

pub(super) fn histogram(events: &[&Event], spec: &HistogramSpec) -> Histogram {
    let dated: Vec<(i128, &Event)> = (events.iter())
        .filter_map(|e| e.time.map(|t| (i128::from(t.0), *e)))
        .collect();
    let in_range: Vec<i128> = (dated.iter())
        .filter(|(_, e)| !e.problems.iter().any(|p| p == Flag::OutOfRange.code()))
        .map(|(t, _)| *t)
        .collect();
    let mut from = spec
        .from
        .map(|t| i128::from(t.0))
        .or(in_range.iter().min().copied());
    let mut to = spec
        .to
        .map(|t| i128::from(t.0))
        .or(in_range.iter().max().map(|t| t + 1));
    match (spec.from, spec.to) {
        (None, Some(_)) => from = from.zip(to).map(|(a, b)| a.min(b)),
        _ => to = from.zip(to).map(|(a, b)| a.max(b)),
    }
    let undated = (events.len() - dated.len()) as u64;
    let (Some(from), Some(to)) = (from, to) else {
        return Histogram {
            from: None,
            to: None,
            bins: Vec::new(),
            values: Vec::new(),
            undated,
            outside: dated.len() as u64,
        };
    };
    let values: Vec<String> = match spec.by {
        Some(by) => facet(events, by, &Pick::from(spec.values))
            .values
            .into_iter()
            .map(|v| v.value)
            .collect(),
        None => Vec::new(),
    };
    let n = spec.bins as i128;
    let edge = |k: i128| from + (k * (to - from)).div_euclid(n);
    let bins: Vec<Bin> = (0..n)
        .map(|k| {
            let inside: Vec<&Event> = (dated.iter())
                .filter(|(t, _)| (edge(k)..edge(k + 1)).contains(t))
                .map(|(_, e)| *e)
                .collect();
            let split = values.iter().map(|value| {
                let holds = |e: &&&Event| distinct(e, spec.by.unwrap()).contains(value.as_str());
                (value.clone(), inside.iter().filter(holds).count() as u64)
            });
            Bin {
                start: Instant(edge(k) as i64),
                end: Instant(edge(k + 1) as i64),
                count: inside.len() as u64,
                split: split.filter(|(_, count)| *count > 0).collect(),
            }
        })
        .collect();
    let counted: u64 = bins.iter().map(|b| b.count).sum();
    Histogram {
        from: Some(Instant(from as i64)),
        to: Some(Instant(to as i64)),
        bins,
        values,
        undated,
        outside: dated.len() as u64 - counted,
    }
}
