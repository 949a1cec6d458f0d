//! Times the drill-downs on a case, for the benchmarks: `drill_times CASE REPEATS [ERRORS]`, prints JSON.
//!
//! Each page goes through the facade as the window asks for it. Actors, records and sessions are other ones each time, taken
//! evenly from the whole list by rank, so that busy and quiet ones are both among them; nothing is answered from a kept result.
//! `ERRORS` is a case of a threat log.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant as Clock;

use serde_json::{Map, Value, json};
use witnessmark_engine::{
    ActorsWanted, Case, FirstSeen, Instant, RecordOf, RecordsWanted, Result, SessionOf,
    SessionOrder, Setting, Signins, Zone,
};

/// What was timed.
struct Times {
    repeats: usize,
    all: Map<String, Value>,
}

impl Times {
    /// The first run loads columns and makes what is kept for the case; it is told apart.
    fn of(&mut self, name: &str, run: &mut dyn FnMut(usize) -> Result<()>) -> Result<()> {
        let once = |i: usize, run: &mut dyn FnMut(usize) -> Result<()>| -> Result<f64> {
            let begin = Clock::now();
            run(i)?;
            Ok(begin.elapsed().as_secs_f64() * 1000.0)
        };
        let first = once(0, run)?;
        let runs = (1..=self.repeats).map(|i| once(i, run));
        let mut times: Vec<f64> = runs.collect::<Result<_>>()?;
        times.sort_by(f64::total_cmp);
        let share = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
        let told = json!({"p50": share(50), "p95": share(95), "first": first});
        self.all.insert(name.into(), told);
        Ok(())
    }
}

fn open(path: &str) -> Result<Case> {
    let setting = Arc::new(Setting {
        now: Box::new(|| Instant(1_800_000_000_000_000_000)),
        random: Box::new(|buffer| buffer.fill(7)),
        who: "bench".into(),
        tool: "bench".into(),
        lists: Box::new(|_| Ok(Vec::new())),
    });
    Case::open(Path::new(path), None, setting)
}

/// A time bound that differs each time and excludes nothing makes each filter a new one.
fn fresh(i: usize) -> String {
    let (seconds, rest) = (i / 1000 % 60, i % 1000);
    format!("after:1990-01-01T00:00:{seconds:02}.{rest:03}Z")
}

/// An item other than the ones before, evenly from the whole list.
fn pick<T>(list: &[T], i: usize) -> &T {
    &list[(1 + i * 37) % list.len()]
}

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let args: Vec<_> = std::env::args().collect();
    let (path, repeats, errors) = match args.as_slice() {
        [_, path, repeats] => (path, repeats, None),
        [_, path, repeats, errors] => (path, repeats, Some(errors)),
        _ => return Err("drill_times CASE REPEATS [ERRORS]".into()),
    };
    let repeats = repeats.parse::<usize>()?.max(1);
    let case = open(path)?;
    let zone = Zone::UTC;
    let mut times = Times {
        repeats,
        all: Map::new(),
    };
    let page = ActorsWanted {
        limit: 200,
        ..ActorsWanted::default()
    };
    times.of("list of actors", &mut |i| {
        case.actors(&fresh(i), &zone, &page).map(|_| ())
    })?;
    let all = ActorsWanted {
        limit: 5_000,
        ..ActorsWanted::default()
    };
    let actors = case.actors("", &zone, &all)?.actors;
    times.of("actor", &mut |i| {
        let filter = &pick(&actors, i).filter;
        case.actor(filter, "", &zone, 30, 60).map(|_| ())
    })?;
    let names: Vec<&str> = (1..=repeats)
        .map(|i| pick(&actors, i).name.as_str())
        .collect();
    let busiest = &actors[0].filter;
    times.of("actor, the busiest", &mut |i| {
        case.actor(busiest, &fresh(i), &zone, 30, 60).map(|_| ())
    })?;
    times.of("two actors compared", &mut |i| {
        let who = [pick(&actors, i), pick(&actors, i + 1)].map(|a| a.filter.as_str());
        case.compare(who, "", &zone).map(|_| ())
    })?;
    let wanted = RecordsWanted {
        limit: 200,
        ..RecordsWanted::default()
    };
    times.of("list of records", &mut |i| {
        case.records(&fresh(i), &zone, &wanted).map(|_| ())
    })?;
    let many = RecordsWanted {
        limit: 5_000,
        ..RecordsWanted::default()
    };
    let records = case.records("", &zone, &many)?.records;
    if !records.is_empty() {
        times.of("record", &mut |i| {
            let r = pick(&records, i);
            case.record(&RecordOf::new(&r.kind, &r.id), None, &zone, (0, 500))
                .map(|_| ())
        })?;
    }
    let sign_ins = Signins {
        limit: 200,
        ..Signins::default()
    };
    times.of("sign-ins of everybody", &mut |i| {
        case.signins(&fresh(i), &zone, &sign_ins).map(|_| ())
    })?;
    let spread = Signins {
        limit: 5_000,
        ..Signins::default()
    };
    let rows = case.signins("", &zone, &spread)?.rows;
    let events: Vec<u64> = rows.iter().map(|r| r.event).collect();
    if !events.is_empty() {
        times.of("session", &mut |i| {
            let of = SessionOf::Event(*pick(&events, i));
            case.session(&of, 30, SessionOrder::Sensitivity, (0, 500), &zone)
                .map(|_| ())
        })?;
    }
    let by = |fields: &[&str]| FirstSeen {
        by: fields.iter().map(|f| (*f).to_owned()).collect(),
        limit: 20,
        ..FirstSeen::default()
    };
    for (name, wanted) in [
        ("first seen, the usual fields", by(&[])),
        ("first seen, a pair", by(&["actor+action"])),
        ("first seen, records", by(&["record"])),
    ] {
        times.of(name, &mut |i| {
            case.first_seen(&fresh(i), &zone, &wanted).map(|_| ())
        })?;
    }
    if let Some(errors) = errors {
        let errors = open(errors)?;
        times.of("errors", &mut |i| {
            errors.errors(&fresh(i), &zone, (0, 200)).map(|_| ())
        })?;
    }
    let resident = std::fs::read_to_string("/proc/self/status")
        .unwrap_or_default()
        .lines()
        .find_map(|l| {
            l.strip_prefix("VmHWM:")?
                .trim()
                .strip_suffix(" kB")?
                .parse::<u64>()
                .ok()
        })
        .unwrap_or(0)
        / 1024;
    #[allow(
        clippy::print_stdout,
        reason = "the figures are the output of this example"
    )]
    {
        println!(
            "{}",
            json!({"times": times.all, "actors": names, "busiest": actors[0].name, "resident_mb": resident})
        );
    }
    Ok(())
}
