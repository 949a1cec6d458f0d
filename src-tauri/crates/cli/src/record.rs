//! `records` and `record`: audited objects, and the biography of one.
//!
//! Owns: their arguments and their text. Never touches: how a biography is put together.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use witnessmark_engine::api::{FieldChange, RecordReport, RecordsReport, ScopePart};
use witnessmark_engine::{RecordOf, RecordsWanted, visible};

use crate::actor::{blind, spans};
use crate::args::Lens;
use crate::commands::{open, zone_named};
use crate::print::number;
use crate::{Exit, Failure, print};

/// List the audited objects of the events that match.
#[derive(Debug, Args)]
pub(crate) struct Records {
    #[command(flatten)]
    lens: Lens,
    /// Only this kind of object.
    #[arg(long = "type", default_value = "")]
    kind: String,
    /// Only ids and names that hold this text.
    #[arg(long, default_value = "")]
    search: String,
    /// The most records.
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
}

/// The biography of one audited object: every change, its state at a time, who set what, what came back.
#[derive(Debug, Args)]
pub(crate) struct Record {
    /// The case file.
    case: PathBuf,
    /// Kind of object, as the log has it.
    kind: String,
    /// Its id, or its name.
    id: String,
    /// Only the events of this filter, such as the organization where several have the id.
    #[arg(default_value = "")]
    query: String,
    /// What is given is a name, of a record that has no id in the log.
    #[arg(long)]
    named: bool,
    /// The state at this time, such as 2024-04-22T06:32:15Z; at the end of the log if not given.
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Zone of --at; UTC if not given.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// The most steps, earliest first.
    #[arg(long, default_value_t = 10_000)]
    limit: usize,
}

/// Runs `records`.
pub(crate) fn run_list(args: &Records, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let wanted = RecordsWanted {
        kind: args.kind.clone(),
        search: args.search.clone(),
        first: 0,
        limit: args.limit,
    };
    let zone = zone_named(&args.lens.zone)?;
    let report = open(&args.lens.case)?.records(&args.lens.query, &zone, &wanted)?;
    if json {
        print::json(&report, out)?;
    } else {
        list(&report, out)?;
    }
    Ok(Exit::Done)
}

/// Runs `record`.
pub(crate) fn run(args: &Record, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let zone = zone_named(&args.zone)?;
    let of = RecordOf {
        kind: args.kind.clone(),
        id: args.id.clone(),
        named: args.named,
        query: args.query.clone(),
    };
    let report = open(&args.case)?.record(&of, args.at.as_deref(), &zone, (0, args.limit))?;
    if json {
        print::json(&report, out)?;
    } else {
        page(&report, out)?;
    }
    Ok(Exit::Done)
}

fn list(report: &RecordsReport, out: &mut dyn Write) -> io::Result<()> {
    for r in &report.records {
        writeln!(
            out,
            "{:>10} events {:>8} writes {:>5} actors  {} {}",
            number(r.span.events),
            number(r.writes),
            number(r.actors),
            visible(&r.kind),
            visible(&r.id)
        )?;
    }
    writeln!(
        out,
        "{} records; {} events name none",
        number(report.total),
        number(report.without)
    )
}

fn change(c: &FieldChange) -> String {
    let old = match (&c.old, &c.inferred_old) {
        (Some(old), _) => old.clone(),
        (None, Some(old)) => format!("{old} (inferred)"),
        (None, None) => "?".to_owned(),
    };
    let new = match (&c.new, c.kind.as_deref()) {
        (Some(new), _) => new.clone(),
        (None, Some("deleted")) => "nothing".to_owned(),
        (None, _) => "?".to_owned(),
    };
    match c.kind.as_deref() {
        Some("added") => format!("+ {}: {new}", c.field),
        Some("deleted") => format!("- {}: {old}", c.field),
        _ => format!("~ {}: {old} -> {new}", c.field),
    }
}

fn page(r: &RecordReport, out: &mut dyn Write) -> io::Result<()> {
    let names = if r.names.is_empty() {
        String::new()
    } else {
        format!(" ({})", r.names.join(", "))
    };
    writeln!(
        out,
        "{} {}{}",
        visible(&r.kind),
        visible(&r.id),
        visible(&names)
    )?;
    writeln!(
        out,
        "{} events in {}; {}{}",
        number(r.events),
        visible(&r.systems.join(", ")),
        r.condition.replace('_', " "),
        if r.lives > 1 {
            format!(", {} lives", r.lives)
        } else {
            String::new()
        }
    )?;
    scopes("record", &r.scopes, out)?;
    for s in &r.steps {
        writeln!(
            out,
            "{:>8}  {}  {:<7} {}  {}{}{}",
            s.event,
            s.time
                .as_deref()
                .unwrap_or("undated                       "),
            s.step,
            visible(s.action.as_deref().unwrap_or("-")),
            visible(s.actor.as_deref().unwrap_or("-")),
            if s.outcome.as_deref() == Some("failure") {
                " (failure)"
            } else {
                ""
            },
            if s.tie {
                " (same instant as another)"
            } else {
                ""
            },
        )?;
        for c in &s.changes {
            writeln!(out, "              {}", visible(&change(c)))?;
        }
    }
    for reads in &r.reads {
        writeln!(out, "{:>10} {}", number(reads.events), visible(&reads.name))?;
    }
    writeln!(
        out,
        "state at {}",
        r.at.as_deref().unwrap_or("the end of the log")
    )?;
    for f in &r.state {
        let value = match f.certainty.as_str() {
            "removed" => "(removed)",
            "unknown" => "(not known)",
            _ => f.value.as_deref().unwrap_or(""),
        };
        let by = match (&f.event, &f.actor) {
            (Some(event), Some(actor)) => format!("set by {actor} in event {event}"),
            (Some(event), None) => format!("set in event {event}"),
            _ => "before the first logged change".to_owned(),
        };
        writeln!(
            out,
            "  {} = {}  ({}{})",
            visible(&f.field),
            visible(value),
            visible(&by),
            if f.inferred { ", inferred" } else { "" }
        )?;
    }
    for b in &r.reverts {
        writeln!(
            out,
            "came back: {} = {} (left in event {}, back in event {})",
            visible(&b.field),
            visible(&b.value),
            b.left,
            b.back
        )?;
    }
    more(r.reverts.len(), r.reverts_total, "values came back", out)?;
    for g in &r.gaps {
        writeln!(out, "not known: {} [{}]", visible(&g.text), g.code)?;
    }
    more(r.gaps.len(), r.gaps_total, "things are not known", out)?;
    spans("actors", &r.actors, out)?;
    blind(&r.blind_spots, out)
}

/// Says that one id is used several times, and how each is looked at.
pub(crate) fn scopes(what: &str, scopes: &[ScopePart], out: &mut dyn Write) -> io::Result<()> {
    if scopes.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "{} systems or organizations have a {what} of this id; this is the first of them:",
        number(scopes.len() as u64)
    )?;
    for scope in scopes {
        let organization = match (scope.organization.as_str(), scope.name.as_str()) {
            ("", _) => "no organization".to_owned(),
            (id, name) if name.is_empty() || name == id => id.to_owned(),
            (id, name) => format!("{name} ({id})"),
        };
        writeln!(
            out,
            "{:>10} events from {}  {} {}  filter {}",
            number(scope.events),
            scope.event,
            visible(&scope.system),
            visible(&organization),
            visible(&scope.filter)
        )?;
    }
    Ok(())
}

/// Says how many of a list are not told.
fn more(told: usize, total: u64, what: &str, out: &mut dyn Write) -> io::Result<()> {
    match total.saturating_sub(told as u64) {
        0 => Ok(()),
        left => writeln!(out, "{} more {what}", number(left)),
    }
}
