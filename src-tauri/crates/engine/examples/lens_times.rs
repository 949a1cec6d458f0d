//! Times the interactions of the timeline on a case, for the benchmarks: `lens_times CASE REPEATS`, prints JSON.
//!
//! Each interaction goes through the facade as the window does, with a filter text that was not asked before where the
//! name says so; nothing is answered from a kept result.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant as Clock;

use serde_json::{Map, Value, json};
use witnessmark_engine::{Case, Instant, Setting, Sort, Zone};

const FACETS: [&str; 6] = [
    "event.action",
    "event.outcome",
    "source.geo.country_iso_code",
    "user_agent.original",
    "source.ip",
    "user.email",
];

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<_> = std::env::args().collect();
    let [_, case, repeats] = args.as_slice() else {
        return Err("lens_times CASE REPEATS".into());
    };
    let repeats: usize = repeats.parse()?;
    let setting = Arc::new(Setting {
        now: Box::new(|| Instant(1_800_000_000_000_000_000)),
        random: Box::new(|buffer| buffer.fill(7)),
        who: "bench".into(),
        tool: "bench".into(),
        lists: Box::new(|_| Ok(Vec::new())),
    });
    let begin = Clock::now();
    let case = Case::open(Path::new(case), None, setting)?;
    let zone = Zone::UTC;
    let view = case.view_open("", Sort::Newest, &zone)?;
    case.view_rows(view.view, 0, 100, &[])?;
    let opened = begin.elapsed().as_secs_f64() * 1000.0;
    let mut times = Map::new();
    times.insert(
        "open to first page".into(),
        json!({"p50": opened, "p95": opened}),
    );
    let mut timed = |name: &str,
                     run: &mut dyn FnMut(usize) -> witnessmark_engine::Result<()>|
     -> witnessmark_engine::Result<()> {
        // The first run loads columns from the file and is told apart.
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
            all.get((all.len() * share / 100).min(all.len().saturating_sub(1)))
                .copied()
                .unwrap_or(0.0)
        };
        times.insert(
            name.into(),
            json!({"p50": p(50), "p95": p(95), "first": first}),
        );
        Ok(())
    };
    // A time bound that differs each time and excludes nothing makes each filter a new one.
    let fresh = |filter: &str, i: usize| {
        format!(
            "{filter} after:1990-01-01T00:00:{:02}.{:03}Z",
            i / 1000 % 60,
            i % 1000
        )
    };
    timed("page, three filters", &mut |i| {
        let v = case.view_open(
            &fresh("outcome:failure country:PH action:user.login", i),
            Sort::Newest,
            &zone,
        )?;
        case.view_rows(v.view, 0, 100, &[]).map(|_| ())
    })?;
    for (name, filter) in [
        ("10 %", "country:PH"),
        ("47 %", "action:user.login action:payment.viewed"),
        ("94 %", "outcome:success"),
    ] {
        timed(&format!("six facets, {name}"), &mut |i| {
            let v = case.view_open(&fresh(filter, i), Sort::Newest, &zone)?;
            case.view_facets(v.view, &FACETS.map(str::to_owned), 20)
                .map(|_| ())
        })?;
    }
    timed("facet of sessions (many values)", &mut |i| {
        let v = case.view_open(&fresh("outcome:success", i), Sort::Newest, &zone)?;
        case.view_facets(v.view, &["session.id".to_owned()], 20)
            .map(|_| ())
    })?;
    for (name, filter) in [("all", ""), ("10 %", "country:PH")] {
        timed(&format!("histogram, 200 bins, {name}"), &mut |i| {
            let v = case.view_open(&fresh(filter, i), Sort::Newest, &zone)?;
            case.view_histogram(v.view, 200, None, None, None)
                .map(|_| ())
        })?;
    }
    timed("page in the middle", &mut |i| {
        let v = case.view_open(&fresh("outcome:success", i), Sort::Newest, &zone)?;
        case.view_rows(v.view, v.count / 2, 200, &[]).map(|_| ())
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
