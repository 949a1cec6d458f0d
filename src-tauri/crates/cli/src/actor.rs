//! `actors`, `actor` and `merge`: who there is, all about one, who is one person.
//!
//! Owns: their arguments and their text. Never touches: how actors are found.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use witnessmark_engine::api::{
    ActorReport, ActorsReport, CompareReport, IdentityPart, MergePart, ProposalPart, SpanValue,
};
use witnessmark_engine::{ActorSort, ActorsWanted, Case, visible};

use crate::args::Lens;
use crate::commands::{open, zone_named};
use crate::print::number;
use crate::{Exit, Failure, host, print};

/// List the actors of the events that match.
#[derive(Debug, Args)]
pub(crate) struct Actors {
    #[command(flatten)]
    lens: Lens,
    /// Only actors whose name, e-mail or id holds this text.
    #[arg(long, default_value = "")]
    search: String,
    /// The order.
    #[arg(long, value_enum, default_value = "events")]
    sort: Sort,
    /// The most actors.
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
}

/// Order of actors.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Sort {
    /// Most events first.
    Events,
    /// By name.
    Name,
    /// Last seen first.
    Last,
    /// Those first seen latest come first.
    First,
    /// Most failures first.
    Failures,
}

/// Everything about one actor: identities, hours, addresses, devices, sessions, verbs, records, failures.
#[derive(Debug, Args)]
pub(crate) struct Actor {
    /// The case file.
    case: PathBuf,
    /// Id, e-mail or name, in any case; stars stand for any text.
    who: String,
    /// Only within this filter.
    #[arg(long, allow_hyphen_values = true, default_value = "")]
    query: String,
    /// Zone of the heat map and of dates in the filter; UTC if not given.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// Minutes without an event that end a session where the vendor names none.
    #[arg(long, default_value_t = 30)]
    idle: u32,
    /// The most sessions, newest first.
    #[arg(long, default_value_t = 100)]
    sessions: usize,
    /// Compare with this actor instead.
    #[arg(long, value_name = "WHO")]
    compare: Option<String>,
    /// Give the filter of the events of an hour of the week instead, such as `thu-02`, in the zone.
    #[arg(long, value_name = "DAY-HOUR", value_parser = hour_of_week, conflicts_with = "compare")]
    hour: Option<(usize, usize)>,
}

fn hour_of_week(text: &str) -> Result<(usize, usize), String> {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let (day, hour) = text.split_once('-').unwrap_or((text, ""));
    let day = DAYS.iter().position(|d| *d == day.to_lowercase());
    match (day, hour.parse::<usize>()) {
        (Some(day), Ok(hour)) if hour < 24 => Ok((day, hour)),
        _ => Err("write a day and an hour, such as thu-02".to_owned()),
    }
}

/// Say that identities are one actor, or take that back. Without identities: list what is joined and what may be.
#[derive(Debug, Args)]
pub(crate) struct Merge {
    /// The case file.
    case: PathBuf,
    /// Keys of identities (from `actors --json`), or names that only one identity has.
    identities: Vec<String>,
    /// Take back the joining with this number.
    #[arg(long, value_name = "N", conflicts_with = "identities")]
    undo: Option<u64>,
}

/// Runs `actors`.
pub(crate) fn run_list(args: &Actors, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let wanted = ActorsWanted {
        search: args.search.clone(),
        sort: match args.sort {
            Sort::Events => ActorSort::Events,
            Sort::Name => ActorSort::Name,
            Sort::Last => ActorSort::Last,
            Sort::First => ActorSort::First,
            Sort::Failures => ActorSort::Failures,
        },
        first: 0,
        limit: args.limit,
    };
    let zone = zone_named(&args.lens.zone)?;
    let report = open(&args.lens.case)?.actors(&args.lens.query, &zone, &wanted)?;
    if json {
        print::json(&report, out)?;
    } else {
        list(&report, out)?;
    }
    Ok(Exit::Done)
}

/// Runs `actor`.
pub(crate) fn run(args: &Actor, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let zone = zone_named(&args.zone)?;
    let case = open(&args.case)?;
    let who = case.actor_filter(&args.who, &zone)?;
    if let Some(other) = &args.compare {
        let other = case.actor_filter(other, &zone)?;
        let report = case.compare([&who, &other], &args.query, &zone)?;
        if json {
            print::json(&report, out)?;
        } else {
            compared(&report, out)?;
        }
        return Ok(Exit::Done);
    }
    if let Some(hour) = args.hour {
        let filter = case.hour_filter(&who, &args.query, &zone, hour)?;
        if json {
            print::json(&serde_json::json!({ "filter": filter }), out)?;
        } else {
            writeln!(out, "{}", visible(&filter))?;
        }
        return Ok(Exit::Done);
    }
    let report = case.actor(&who, &args.query, &zone, args.idle, args.sessions)?;
    if json {
        print::json(&report, out)?;
    } else {
        page(&report, out)?;
    }
    Ok(Exit::Done)
}

/// Runs `merge`.
pub(crate) fn run_merge(args: &Merge, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    if args.identities.is_empty() && args.undo.is_none() {
        let case = open(&args.case)?;
        let zone = zone_named("UTC")?;
        let report = case.actors("", &zone, &ActorsWanted::default())?;
        if json {
            let both =
                serde_json::json!({ "merges": report.merges, "proposals": report.proposals });
            print::json(&both, out)?;
        } else {
            joined(&report.merges, out)?;
            proposed(&report.proposals, out)?;
        }
        return Ok(Exit::Done);
    }
    let passphrase = host::passphrase();
    let case = Case::open(&args.case, passphrase.as_deref(), host::setting())?;
    if let Some(id) = args.undo {
        case.unmerge(id)?;
        if json {
            print::json(&serde_json::json!({ "undone": id }), out)?;
        } else {
            writeln!(
                out,
                "joining {id} taken back; both statements stay in the case"
            )?;
        }
        return Ok(Exit::Done);
    }
    let merge = case.merge(&args.identities)?;
    if json {
        print::json(&merge, out)?;
    } else {
        joined(std::slice::from_ref(&merge), out)?;
    }
    Ok(Exit::Done)
}

/// A moment to the second, in UTC.
pub(crate) fn moment(at: &str) -> String {
    format!("{}Z", at.get(..19).unwrap_or(at))
}

fn moments(first: Option<&str>, last: Option<&str>) -> String {
    match (first, last) {
        (Some(first), Some(last)) => format!("{}  {}", moment(first), moment(last)),
        _ => format!("{:<42}", "undated"),
    }
}

fn list(report: &ActorsReport, out: &mut dyn Write) -> io::Result<()> {
    for a in &report.actors {
        let several = match a.identities {
            0 | 1 => String::new(),
            n => format!(" ({n} identities)"),
        };
        writeln!(
            out,
            "{:>10}  {}  {:>6} sign-ins {:>6} failures {:>4} addresses {:>3} devices {:>3} countries  {}{several}  {}",
            number(a.events),
            moments(a.first.as_deref(), a.last.as_deref()),
            number(a.sign_ins),
            number(a.failures),
            a.addresses,
            a.devices,
            a.countries,
            visible(&a.name),
            visible(&a.providers.join(", ")),
        )?;
    }
    writeln!(
        out,
        "{} actors; {} events name nobody",
        number(report.total),
        number(report.without)
    )?;
    joined(&report.merges, out)?;
    proposed(&report.proposals, out)
}

fn joined(merges: &[MergePart], out: &mut dyn Write) -> io::Result<()> {
    for m in merges {
        writeln!(
            out,
            "joining {}: {} by {} at {}",
            m.id,
            visible(&m.names.join(" = ")),
            visible(&m.who),
            m.at
        )?;
    }
    Ok(())
}

fn identity(i: &IdentityPart) -> String {
    let scope: Vec<&str> = [i.provider.as_str(), i.organization.as_str()]
        .into_iter()
        .filter(|s| !s.is_empty())
        .collect();
    format!("{} {} [{}]", i.kind, i.value, scope.join(", "))
}

fn proposed(proposals: &[ProposalPart], out: &mut dyn Write) -> io::Result<()> {
    for p in proposals {
        let who: Vec<String> = p.identities.iter().map(identity).collect();
        let why: Vec<&str> = p.reasons.iter().map(|r| r.text.as_str()).collect();
        writeln!(
            out,
            "may be one person: {}; {}",
            visible(&who.join(" and ")),
            visible(&why.join("; "))
        )?;
    }
    Ok(())
}

/// A list of values with count and moments.
pub(crate) fn spans(title: &str, values: &[SpanValue], out: &mut dyn Write) -> io::Result<()> {
    if values.is_empty() {
        return Ok(());
    }
    writeln!(out, "{title}")?;
    for v in values {
        writeln!(
            out,
            "{:>10}  {}  {}",
            number(v.events),
            moments(v.first.as_deref(), v.last.as_deref()),
            visible(&v.value)
        )?;
    }
    Ok(())
}

/// What systems do not log.
pub(crate) fn blind(
    parts: &[witnessmark_engine::api::BlindPart],
    out: &mut dyn Write,
) -> io::Result<()> {
    for part in parts {
        for spot in &part.spots {
            writeln!(
                out,
                "not logged by {}: {}",
                visible(&part.system),
                visible(spot)
            )?;
        }
    }
    Ok(())
}

fn found(r: &ActorReport, out: &mut dyn Write) -> io::Result<()> {
    let Some(at) = &r.findings_at else {
        return writeln!(
            out,
            "nobody has looked for findings in this case yet (`detect`)"
        );
    };
    let stale = if r.findings_stale {
        "; the case has changed since"
    } else {
        ""
    };
    writeln!(
        out,
        "{} findings hold events of these, as of {at}{stale}",
        number(r.findings_total)
    )?;
    for f in &r.findings {
        writeln!(
            out,
            "{:>13}  {}  {}  {}",
            f.severity,
            f.id,
            f.state,
            visible(&f.sentence)
        )?;
    }
    Ok(())
}

fn page(r: &ActorReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}", visible(&r.name))?;
    writeln!(
        out,
        "{} events, {} undated, {}",
        number(r.events),
        number(r.undated),
        moments(r.first.as_deref(), r.last.as_deref())
    )?;
    writeln!(
        out,
        "{} sign-ins: {} succeeded, {} failed, {} without outcome; {} failures in all",
        number(r.sign_ins.total),
        number(r.sign_ins.success),
        number(r.sign_ins.failure),
        number(r.sign_ins.unknown),
        number(r.failures)
    )?;
    for i in &r.identities {
        writeln!(out, "{:>10}  {}", number(i.events), visible(&identity(i)))?;
    }
    if r.identities.len() > 1 && !r.confirmed {
        writeln!(out, "nobody has said that these identities are one person")?;
    }
    joined(&r.merges, out)?;
    proposed(&r.proposals, out)?;
    found(r, out)?;
    week(r, out)?;
    spans("operations", &r.operations, out)?;
    let verbs: Vec<SpanValue> = r.verbs.iter().map(|v| v.span.clone()).collect();
    spans("verbs", &verbs, out)?;
    if !r.addresses.is_empty() {
        writeln!(out, "addresses")?;
    }
    for a in &r.addresses {
        writeln!(
            out,
            "{:>10}  {}  {} {}, {} others",
            number(a.span.events),
            moments(a.span.first.as_deref(), a.span.last.as_deref()),
            visible(&a.span.value),
            visible(&a.countries.join("/")),
            a.others
        )?;
    }
    spans("devices", &r.devices, out)?;
    spans("countries", &r.countries, out)?;
    spans("failures", &r.failed_verbs, out)?;
    writeln!(
        out,
        "sessions ({}, newest first; idle limit {} min)",
        number(r.sessions_total),
        r.idle_minutes
    )?;
    for s in &r.sessions {
        writeln!(
            out,
            "{:>10}  {}  {} {} {}  {} sensitive",
            number(s.events),
            moments(s.start.as_deref(), s.end.as_deref()),
            visible(s.address.as_deref().unwrap_or("-")),
            visible(s.country.as_deref().unwrap_or("-")),
            visible(s.device.as_deref().unwrap_or("-")),
            number(s.sensitive)
        )?;
    }
    let records: Vec<SpanValue> = r.records.iter().map(|t| t.span.clone()).collect();
    spans("records", &records, out)?;
    blind(&r.blind_spots, out)
}

fn week(r: &ActorReport, out: &mut dyn Write) -> io::Result<()> {
    let most = r.week.iter().flatten().max().copied().unwrap_or(0);
    if most == 0 {
        return Ok(());
    }
    writeln!(
        out,
        "hours in {} (00 to 23; most {})",
        visible(&r.zone),
        number(most)
    )?;
    let shades = ['.', '-', '=', '+', '*', '#'];
    for (day, hours) in ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        .iter()
        .zip(&r.week)
    {
        let line: String = (hours.iter())
            .map(|n| match n {
                0 => ' ',
                n => shades[((n * 6).div_ceil(most) - 1) as usize % 6],
            })
            .collect();
        writeln!(out, "  {day} |{line}|")?;
    }
    Ok(())
}

fn compared(r: &CompareReport, out: &mut dyn Write) -> io::Result<()> {
    for ((side, filter), events) in r.sides.iter().zip(&r.filters).zip(r.events) {
        writeln!(
            out,
            "{:>10}  {}: {} sign-ins, {} failures, {} to {}; {}",
            number(events),
            visible(&side.name),
            number(side.sign_ins.total),
            number(side.failures),
            side.first.as_deref().unwrap_or("undated"),
            side.last.as_deref().unwrap_or("undated"),
            visible(filter)
        )?;
    }
    for f in &r.fields {
        let [first, both, second] = f.distinct;
        writeln!(
            out,
            "{}: {first} of the first only, {both} of both, {second} of the second only",
            f.field
        )?;
        for v in &f.shared {
            let [a, b] = v.events;
            writeln!(
                out,
                "{:>10} {:>10}  {}, {} others",
                number(a),
                number(b),
                visible(&v.value),
                v.others
            )?;
        }
        for (at, alone) in f.only.iter().enumerate() {
            for v in alone {
                let counts = [number(v.events), String::new()];
                let [a, b] = [&counts[at], &counts[1 - at]];
                writeln!(out, "{a:>10} {b:>10}  {}", visible(&v.value))?;
            }
        }
    }
    Ok(())
}
