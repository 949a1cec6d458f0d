//! Times the interactions of the timeline on a case, for the benchmarks: `lens_times CASE REPEATS`, prints JSON.
//!
//! Each interaction goes through the facade as the window does, with a filter text that was not asked before where the
//! name says so; nothing is answered from a kept result.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant as Clock;

use serde_json::{Map, Value, json};
use witnessmark_engine::{Case, FacetPick, Instant, Reach, Setting, Sort, SqlLimits, Zone};

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
    timed("list column: record by type and id", &mut |i| {
        let v = case.view_open(
            &fresh(&format!("target:payment/pay_{i:08x}"), i),
            Sort::Newest,
            &zone,
        )?;
        case.view_rows(v.view, 0, 100, &[]).map(|_| ())
    })?;
    timed("list column: facet of 200 k targets, 94 %", &mut |i| {
        let v = case.view_open(&fresh("outcome:success", i), Sort::Newest, &zone)?;
        case.view_facets(v.view, &["target.id".to_owned()], 20)
            .map(|_| ())
    })?;
    timed("rare addresses, with first and last seen", &mut |i| {
        let pick = FacetPick {
            limit: 20,
            rare: true,
            seen: true,
            ..FacetPick::default()
        };
        case.facets_picked(
            &fresh("country:PH", i),
            &zone,
            &["source.ip".to_owned()],
            &pick,
        )
        .map(|_| ())
    })?;
    timed("histogram, 200 bins, split by outcome", &mut |i| {
        let v = case.view_open(&fresh("country:PH", i), Sort::Newest, &zone)?;
        case.view_histogram(v.view, 200, Some("event.outcome"), None, None)
            .map(|_| ())
    })?;
    timed("context, ten minutes around an event", &mut |i| {
        case.context(
            1 + i as u64 * 97,
            "outcome:failure",
            &zone,
            Reach::Span(600_000_000_000),
        )
        .map(|_| ())
    })?;
    // Each text is a new one, so that no answer is remembered; few repeats, because each goes through all originals.
    let texts = [
        (
            "text in 2 % of the originals",
            "reason given: \\\"quarterly review",
        ),
        ("text in one session", "sess_"),
        ("text that is nowhere", "no such text in here"),
    ];
    for (name, text) in texts {
        let (mut all, mut first_hit) = (Vec::new(), Vec::new());
        for i in 0..5 {
            let text = match name {
                "text in one session" => format!("{text}{:x}", 0x9e37_79b9_7f4a_u64 + i),
                _ => text
                    .get(..text.len() - i as usize)
                    .unwrap_or(text)
                    .to_owned(),
            };
            let begin = Clock::now();
            let mut hit = None;
            case.search(&format!("\"{text}\""), &zone, &mut |p| {
                if hit.is_none() && p.found > 0 {
                    hit = Some(begin.elapsed().as_secs_f64() * 1000.0);
                }
                ControlFlow::Continue(())
            })?;
            all.push(begin.elapsed().as_secs_f64() * 1000.0);
            first_hit.extend(hit);
        }
        all.sort_by(f64::total_cmp);
        first_hit.sort_by(f64::total_cmp);
        times.insert(
            name.into(),
            json!({"p50": all[all.len() / 2], "p95": all[all.len() - 1], "first": first_hit.first()}),
        );
    }
    let begin = Clock::now();
    let path = case.facets("", &zone, &["raw.details".to_owned()], 20)?;
    let built = begin.elapsed().as_secs_f64() * 1000.0;
    let begin = Clock::now();
    case.facets("outcome:failure", &zone, &["raw.details".to_owned()], 20)?;
    let kept = begin.elapsed().as_secs_f64() * 1000.0;
    times.insert(
        "facet at a path of the raw entry, kept".into(),
        json!({"p50": kept, "p95": kept, "first": built, "values": path.fields.len()}),
    );
    let statement = "SELECT event_action, count(*) FROM events WHERE source_geo_country_iso_code = 'PH' GROUP BY 1";
    let begin = Clock::now();
    case.sql_report(statement, 100, SqlLimits::default())?;
    let sql = begin.elapsed().as_secs_f64() * 1000.0;
    times.insert(
        "SQL, group by over 10 %".into(),
        json!({"p50": sql, "p95": sql}),
    );
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
