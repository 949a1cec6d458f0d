//! What a package states of its sources, against the receipts that the custody log holds since their import.
//!
//! Owns: `coverage.json`, `rejects.ndjson`, `index.csv` and the conservation of the population statement, from the reader's
//! side. Never touches: events themselves. Blind spots and the words of warnings are held against nothing: they are the
//! profiles' words.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::Value;

use crate::bag::told;
use crate::content::{Events, lines};
use crate::custody::Log;
use crate::files::Files;
use crate::report::Layer;

/// Days without events that the statement lists at most.
const GAPS: usize = 1_000;

#[derive(Deserialize)]
struct RejectLine {
    source: u64,
}

/// What was compared.
#[derive(Default)]
struct Compared {
    faults: Vec<String>,
    /// Sources with every figure stated.
    stated: BTreeSet<u64>,
    /// Sources that are named as not in scope.
    left_out: u64,
    /// Stated sources whose receipt is withheld.
    untold: u64,
    sums: BTreeMap<&'static str, u64>,
}

/// The layer of what is said of the sources.
pub(crate) fn layer(files: &Files, events: &Events, log: &Log) -> Layer {
    match compare(files, events, log) {
        Err(why) => Layer::failed("coverage", why),
        Ok(compared) if !compared.faults.is_empty() => {
            Layer::failed("coverage", told(compared.faults))
        }
        Ok(compared) => {
            let mut detail = format!("{} sources", compared.stated.len());
            if compared.left_out > 0 {
                detail.push_str(&format!(", {} not in scope", compared.left_out));
            }
            if compared.untold > 0 {
                detail.push_str(&format!(
                    "; the receipts of {} are withheld and were not compared",
                    compared.untold
                ));
            }
            Layer::held(
                "coverage",
                detail,
                "entries, duplicates, rejections, hashes and times of each source are those of its receipt in the custody log, where that is shown; what was read adds up",
                "that the export was complete, that the filter is the one that was used, or that blind spots and warnings are all there are: their words are the profiles'",
            )
        }
    }
}

fn compare(files: &Files, events: &Events, log: &Log) -> Result<Compared, String> {
    let coverage = files.json("data/coverage/coverage.json")?;
    let population = files.json("data/scope/population.json")?;
    let sources = coverage["sources"]
        .as_array()
        .ok_or("`data/coverage/coverage.json` lists no sources")?;
    let mut compared = Compared::default();
    let mut seen = BTreeSet::new();
    for stated in sources {
        let id = stated["source"]
            .as_u64()
            .ok_or("`data/coverage/coverage.json` has a source without a number")?;
        if !seen.insert(id) {
            return Err(format!("source {id} is covered twice"));
        }
        let in_scope = events.by_source.get(&id).copied().unwrap_or(0);
        if stated["scope"] == "not in scope" {
            compared.left_out += 1;
            if in_scope > 0 {
                compared.faults.push(format!(
                    "source {id} has events and is said to be not in scope"
                ));
            }
            continue;
        }
        compared.stated.insert(id);
        if stated["in_scope"].as_u64() != Some(in_scope) {
            compared.faults.push(format!(
                "source {id} has {in_scope} events in scope, the coverage says {}",
                stated["in_scope"]
            ));
        }
        source(id, stated, log, &mut compared);
        // What came before, or was read anew, is counted with another source than the one whose days it is on.
        let alone = stated["duplicates"].as_u64() == Some(0) && log.standing.is_empty();
        let whole = alone && stated["events"].as_u64() == Some(in_scope);
        days(id, stated, events, whole, &mut compared);
    }
    for id in log.sources.keys().chain(events.by_source.keys()) {
        if !seen.contains(id) {
            compared
                .faults
                .push(format!("the coverage says nothing of source {id}"));
        }
    }
    conservation(&population, events, log, &mut compared);
    rejects(files, log, &mut compared)?;
    index(files, log, &mut compared)?;
    Ok(compared)
}

/// One source against its receipt.
fn source(id: u64, stated: &Value, log: &Log, compared: &mut Compared) {
    let figure = |key: &str| stated[key].as_u64();
    let mut sum = 0_u64;
    for (part, of) in [
        ("entries", "read"),
        ("stored", "stored"),
        ("duplicates", "duplicates"),
        ("rejected", "rejected"),
    ] {
        let n = figure(part).unwrap_or(0);
        let all = compared.sums.entry(of).or_default();
        *all = all.saturating_add(n);
        if part != "entries" {
            sum = sum.saturating_add(n);
        }
    }
    if figure("entries") != Some(sum) {
        compared.faults.push(format!(
            "source {id}: {} entries were read, {sum} are accounted for",
            stated["entries"]
        ));
    }
    let Some(receipt) = log.sources.get(&id).map(|t| &t.receipt) else {
        if log.withheld == 0 {
            compared
                .faults
                .push(format!("the custody log does not tell of source {id}"));
        }
        compared.untold += 1;
        return;
    };
    for key in [
        "entries",
        "stored",
        "duplicates",
        "rejected",
        "events",
        "undated",
    ] {
        if receipt[key].is_u64() && stated[key] != receipt[key] {
            compared.faults.push(format!(
                "source {id}: the coverage says {} {key}, its receipt {}",
                stated[key], receipt[key]
            ));
        }
    }
    let words = |of: &Value| -> Vec<(String, u64)> {
        let all = of["warnings"].as_array().into_iter().flatten();
        all.map(|w| {
            let code = w["code"].as_str().unwrap_or_default().to_owned();
            (code, w["count"].as_u64().unwrap_or_default())
        })
        .collect()
    };
    if words(stated) != words(receipt) {
        compared.faults.push(format!(
            "source {id}: the coverage has other warnings than its receipt"
        ));
    }
    for (key, of) in [("from", "first"), ("to", "last")] {
        if stated["got"][key].is_null() != receipt[of].is_null() {
            compared.faults.push(format!(
                "source {id}: the coverage and its receipt differ in what was got"
            ));
        }
    }
}

/// Days since 1970 of a date.
fn day_number(text: &str) -> Option<i64> {
    let mut parts = text.splitn(3, '-');
    let (y, m, d): (i64, i64, i64) = (
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
        parts.next()?.parse().ok()?,
    );
    if !(0..=9_999).contains(&y) || !(1..=12).contains(&m) || !(1..=31).contains(&d) {
        return None;
    }
    // Howard Hinnant's days_from_civil: years begin in March, so that the leap day is the last.
    let y = if m <= 2 { y - 1 } else { y };
    let era = y.div_euclid(400);
    let of_era = y - era * 400;
    let of_year = (153 * ((m + 9) % 12) + 2) / 5 + d - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// The days of a source, and those between them.
fn days(id: u64, stated: &Value, events: &Events, whole: bool, compared: &mut Compared) {
    let mut fault = |what: &str| compared.faults.push(format!("source {id}: {what}"));
    let listed: Option<Vec<(&str, i64, u64)>> = stated["days"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|d| {
            let day = d[0].as_str()?;
            Some((day, day_number(day)?, d[1].as_u64()?))
        })
        .collect();
    let Some(listed) = listed else {
        return fault("its days are no days");
    };
    // Where the scope holds all of a source, its days can be counted.
    if whole {
        let differs = listed
            .iter()
            .any(|(day, _, n)| events.by_day.get(&(id, (*day).to_owned())) != Some(n));
        if differs || listed.is_empty() && has_plausible(id, events) {
            fault("its events by day are not those of the package");
        }
    }
    let mut gaps: Vec<(i64, i64)> = listed
        .windows(2)
        .filter(|w| w[1].1 - w[0].1 > 1)
        .map(|w| (w[0].1 + 1, w[1].1 - 1))
        .collect();
    gaps.sort_by_key(|(from, to)| (from - to, *from));
    gaps.truncate(GAPS);
    let told: Option<Vec<(i64, i64)>> = stated["days_without_events"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|g| {
            let of = |key: &str| g[key].as_str().and_then(day_number);
            Some((of("from")?, of("to")?))
        })
        .collect();
    if told != Some(gaps) {
        fault("its days without events are not those between its days");
    }
}

/// Whether a source has an event on a day of this age of computers; other times are not counted by day.
fn has_plausible(id: u64, events: &Events) -> bool {
    let range = (id, "2000".to_owned())..(id, "2100".to_owned());
    events.by_day.range(range).next().is_some()
}

/// What was read adds up, over the sources that are stated.
fn conservation(population: &Value, events: &Events, log: &Log, compared: &mut Compared) {
    for (key, sum) in &compared.sums {
        if population["conservation"][*key].as_u64() != Some(*sum) {
            compared.faults.push(format!(
                "the population statement says {} {key}, the sources {sum}",
                population["conservation"][*key]
            ));
        }
    }
    let all = population["events_in_case"].as_u64().unwrap_or(0);
    if all < events.count {
        compared.faults.push(format!(
            "the population statement says {all} events in the case, the package holds {}",
            events.count
        ));
    }
    // What was read anew or taken out changed the numbers of others, of which the receipts tell at another time.
    if log.withheld == 0 && log.standing.is_empty() && !log.sources.is_empty() {
        let told = log.sources.values().try_fold(0_u64, |sum, t| {
            sum.checked_add(t.receipt["events"].as_u64()?)
        });
        if told.is_some_and(|told| told != all) {
            compared.faults.push(format!(
                "the population statement says {all} events in the case, the receipts {}",
                told.unwrap_or_default()
            ));
        }
    }
}

/// As many rejected entries as the receipts say.
fn rejects(files: &Files, log: &Log, compared: &mut Compared) -> Result<(), String> {
    let mut counts: BTreeMap<u64, u64> = BTreeMap::new();
    lines(files, "data/coverage/rejects.ndjson", &mut |_, text| {
        let line: RejectLine =
            serde_json::from_str(text).map_err(|e| format!("it is no rejected entry: {e}"))?;
        *counts.entry(line.source).or_default() += 1;
        Ok(())
    })?;
    for id in &compared.stated {
        let found = counts.remove(id).unwrap_or(0);
        let receipt = log.sources.get(id).map(|t| &t.receipt["rejected"]);
        if let Some(expected) = receipt.and_then(Value::as_u64)
            && expected != found
        {
            compared.faults.push(format!(
                "source {id}: {found} rejected entries are listed, its receipt says {expected}"
            ));
        }
    }
    if let Some(id) = counts.keys().next() {
        compared.faults.push(format!(
            "entries of source {id} are listed as rejected, which is not in scope"
        ));
    }
    Ok(())
}

/// Names, hashes and sizes of the sources.
fn index(files: &Files, log: &Log, compared: &mut Compared) -> Result<(), String> {
    let text = files.text("data/evidence/index.csv")?;
    let mut rows = records(&text).into_iter();
    let header = rows.next().unwrap_or_default();
    let column = |name: &str| header.iter().position(|h| h == name);
    for row in rows {
        let of = |name: &str| column(name).and_then(|at| row.get(at)).cloned();
        let id = of("source").and_then(|s| s.parse::<u64>().ok());
        let Some(id) = id.filter(|id| compared.stated.contains(id)) else {
            continue;
        };
        let Some(told) = log.sources.get(&id) else {
            continue;
        };
        let agrees = of("sha256").as_deref() == Some(&told.sha256)
            && of("merkle_root").as_deref() == Some(&told.root)
            && of("entries") == Some(told.entries.to_string())
            && of("bytes") == told.receipt["bytes"].as_u64().map(|b| b.to_string());
        if !agrees {
            compared.faults.push(format!(
                "`data/evidence/index.csv`: source {id} is not the file of its receipt"
            ));
        }
    }
    Ok(())
}

/// The records of a table whose cells may be quoted.
fn records(text: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let (mut row, mut cell, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted && letters.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.push(std::mem::take(&mut cell));
                all.push(std::mem::take(&mut row));
            }
            '\r' if !quoted => {}
            other => cell.push(other),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_since_1970() {
        for (day, number) in [
            ("1970-01-01", 0),
            ("1969-12-31", -1),
            ("2000-02-29", 11_016),
            ("2024-03-01", 19_783),
            ("9999-12-31", 2_932_896),
        ] {
            assert_eq!(day_number(day), Some(number), "{day}");
        }
        assert_eq!(day_number("2024-13-01"), None);
        assert_eq!(day_number("never"), None);
    }

    #[test]
    fn a_quoted_cell_may_hold_anything() {
        let found = records("a,b\n\"x,\"\"y\"\"\nz\",2\n");
        assert_eq!(found, [vec!["a", "b"], vec!["x,\"y\"\nz", "2"]]);
    }
}
