//! `context CASE EVENT [QUERY]`: what happened around an event, rows outside of the filter marked.
//!
//! Owns: the arguments and the printing. Never touches: which rows (the engine knows).

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use witnessmark_engine::api::{ContextReport, EventJson};
use witnessmark_engine::{Code, Error, Reach, visible};

use crate::{Exit, Failure, commands, print};

/// What happened around an event; events that the filter does not hold are shown too, and marked.
#[derive(Debug, Args)]
pub(crate) struct Context {
    /// The case file.
    case: PathBuf,
    /// Event number.
    event: u64,
    /// The filter in one argument.
    #[arg(allow_hyphen_values = true, default_value = "")]
    query: String,
    /// Zone of dates in the filter; UTC if not given.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// Events on each side.
    #[arg(long, conflicts_with = "span")]
    rows: Option<u64>,
    /// Time on each side, such as 30s, 10m, 2h or 1d; ten minutes if neither is given.
    #[arg(long)]
    span: Option<String>,
}

/// Runs the command.
pub(crate) fn run(args: &Context, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let reach = match (args.rows, args.span.as_deref()) {
        (Some(rows), _) => Reach::Events(rows),
        (None, span) => Reach::Span(nanoseconds(span.unwrap_or("10m"))?),
    };
    let zone = commands::zone_named(&args.zone)?;
    let report = commands::open(&args.case)?.context(args.event, &args.query, &zone, reach)?;
    if json {
        print::json(&report, out)?;
    } else {
        text(&report, out)?;
    }
    Ok(Exit::Done)
}

/// A length of time: a whole number and its unit.
fn nanoseconds(text: &str) -> Result<i64, Error> {
    let units = [
        ("s", 1),
        ("m", 60),
        ("h", 3_600),
        ("d", 86_400),
        ("w", 604_800),
    ];
    let read = units.iter().find_map(|(unit, seconds)| {
        let count: i64 = text.strip_suffix(unit)?.parse().ok()?;
        count.checked_mul(*seconds)?.checked_mul(1_000_000_000)
    });
    read.filter(|n| *n >= 0).ok_or_else(|| {
        let message = format!("`{text}` is no length of time");
        Error::new(
            Code::InvalidOption,
            message,
            "Write 30s, 10m, 2h, 1d or 1w.",
        )
    })
}

fn text(report: &ContextReport, out: &mut dyn Write) -> std::io::Result<()> {
    for line in &report.events {
        let event: &EventJson = &line.event;
        let mark = if event.witnessmark.event == report.event {
            ">"
        } else if line.matches {
            " "
        } else {
            "-"
        };
        let user = event.user.as_ref();
        let who = user.and_then(|u| {
            [&u.email, &u.name, &u.id]
                .into_iter()
                .find_map(Clone::clone)
        });
        let action = event.event.as_ref().and_then(|e| e.action.clone());
        writeln!(
            out,
            "{mark} {:>8}  {}  {:<28}  {}",
            event.witnessmark.event,
            event
                .timestamp
                .as_deref()
                .unwrap_or("undated                       "),
            visible(&who.unwrap_or_else(|| "-".into())),
            visible(&action.unwrap_or_else(|| "-".into())),
        )?;
    }
    let cut = if report.cut { "; there are more" } else { "" };
    writeln!(
        out,
        "{} before, {} after{cut}; - marks events that the filter does not hold",
        print::number(report.before),
        print::number(report.after)
    )
}
