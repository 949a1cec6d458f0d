//! Times the drill-downs on a case, for the benchmarks: `drill_times CASE REPEATS`, prints JSON.
//!
//! Each page goes through the facade as the window asks for it. Actors, records and sessions are other ones each time, taken
//! evenly from the whole list by rank, so that busy and quiet ones are both among them; nothing is answered from a kept result.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant as Clock;

use serde_json::{Map, Value, json};
use witnessmark_engine::{
    ActorsWanted, Case, FirstSeen, Instant, RecordsWanted, Result, SessionOf, SessionOrder,
    Setting, Signins, Zone,
};

fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let args: Vec<_> = std::env::args().collect();
    let [_, case, repeats] = args.as_slice() else {
        return Err("drill_times CASE REPEATS".into());
    };
    let repeats: usize = repeats.parse()?;
    let setting = Arc::new(Setting {
        now: Box::new(|| Instant(1_800_000_000_000_000_000)),
        random: Box::new(|buffer| buffer.fill(7)),
        who: "bench".into(),
        tool: "bench".into(),
        lists: Box::new(|_| Ok(Vec::new())),
    });
    let case = Case::open(Path::new(case), None, setting)?;
    let zone = Zone::UTC;
    let mut times = Map::new();
    let mut timed = |name: &str, run: &mut dyn FnMut(usize) -> Result<()>| -> Result<()> {
        // The first run loads columns and makes what is kept for the case; it is told apart.
        let begin = Clock::now();
        run(0)?;
        let first = begin.elapsed().as_secs_f64() * 1000.0;
        let mut all = Vec::with_capacity(repeats);
        for i in 1..=repeats {
            let begin = Clock::now();
            run(i)?;
            all.push(begin.elapsed().as_secs_f64() * 1000.0);
        }
        all.sort_by(f64::total_cmp);
        let p = |share: usize| {
            let at = (all.len() * share / 100).min(all.len().saturating_sub(1));
            all.get(at).copied().unwrap_or(0.0)
        };
        times.insert(
            name.into(),
            json!({"p50": p(50), "p95": p(95), "first": first}),
        );
        Ok(())
    };
    // A time bound that differs each time and excludes nothing makes each filter a new one.
    let fresh = |i: usize| {
        format!(
            "after:1990-01-01T00:00:{:02}.{:03}Z",
            i / 1000 % 60,
            i % 1000
        )
    };
    let page = ActorsWanted {
        limit: 200,
        ..ActorsWanted::default()
    };
    timed("list of actors", &mut |i| {
        case.actors(&fresh(i), &zone, &page).map(|_| ())
    })?;
    let all = ActorsWanted {
        limit: 5_000,
        ..ActorsWanted::default()
    };
    let actors = case.actors("", &zone, &all)?.actors;
    let pick = |i: usize| &actors[(1 + i * 37) % actors.len()].filter;
    timed("actor", &mut |i| {
        case.actor(pick(i), "", &zone, 30, 60).map(|_| ())
    })?;
    let busiest = &actors[0].filter;
    timed("actor, the busiest", &mut |i| {
        case.actor(busiest, &fresh(i), &zone, 30, 60).map(|_| ())
    })?;
    let wanted = RecordsWanted {
        limit: 200,
        ..RecordsWanted::default()
    };
    timed("list of records", &mut |i| {
        case.records(&fresh(i), &zone, &wanted).map(|_| ())
    })?;
    let records = case.records("", &zone, &wanted)?.records;
    if !records.is_empty() {
        timed("record", &mut |i| {
            let r = &records[i % records.len()];
            case.record(&r.kind, &r.id, None, &zone, (0, 500))
                .map(|_| ())
        })?;
    }
    let sign_ins = Signins {
        limit: 200,
        ..Signins::default()
    };
    timed("sign-ins of everybody", &mut |i| {
        case.signins(&fresh(i), &zone, &sign_ins).map(|_| ())
    })?;
    let events: Vec<u64> = (case.signins("", &zone, &sign_ins)?.rows.iter())
        .map(|r| r.event)
        .collect();
    if !events.is_empty() {
        timed("session", &mut |i| {
            let of = SessionOf::Event(events[i % events.len()]);
            case.session(&of, 30, SessionOrder::Sensitivity, (0, 500), &zone)
                .map(|_| ())
        })?;
    }
    let new = FirstSeen {
        by: vec!["action".into(), "ip".into(), "actor".into()],
        limit: 20,
        ..FirstSeen::default()
    };
    timed("first seen, three fields", &mut |i| {
        case.first_seen(&fresh(i), &zone, &new).map(|_| ())
    })?;
    let pairs = FirstSeen {
        by: vec!["actor+action".into()],
        limit: 20,
        ..FirstSeen::default()
    };
    timed("first seen, a pair", &mut |i| {
        case.first_seen(&fresh(i), &zone, &pairs).map(|_| ())
    })?;
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
            json!({"times": Value::Object(times), "resident_mb": resident})
        );
    }
    Ok(())
}
