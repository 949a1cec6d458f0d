//! `errors`: the errors of threat logs as trends.
//!
//! Owns: its arguments and its text. Never touches: how messages are folded.

use std::io::{self, Write};

use clap::Args;
use witnessmark_engine::api::{ErrorsReport, SpanValue};
use witnessmark_engine::visible;

use crate::actor::moment;
use crate::args::Lens;
use crate::commands::{open, zone_named};
use crate::print::number;
use crate::{Exit, Failure, print};

/// Errors by type, message (variable parts folded) and origin: since when, rising or gone, in which versions.
#[derive(Debug, Args)]
pub(crate) struct Errors {
    #[command(flatten)]
    lens: Lens,
    /// The most trends.
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
}

/// Runs it.
pub(crate) fn run(args: &Errors, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let zone = zone_named(&args.lens.zone)?;
    let report = open(&args.lens.case)?.errors(&args.lens.query, &zone, (0, args.limit))?;
    if json {
        print::json(&report, out)?;
    } else {
        page(&report, out)?;
    }
    Ok(Exit::Done)
}

fn page(r: &ErrorsReport, out: &mut dyn Write) -> io::Result<()> {
    for t in &r.trends {
        writeln!(
            out,
            "{:>10}  {:<8} {}  {}  {}",
            number(t.span.events),
            t.trend,
            visible(t.origin.as_deref().unwrap_or("-")),
            visible(t.kind.as_deref().unwrap_or("-")),
            visible(t.template.as_deref().unwrap_or("(no message)")),
        )?;
        let list = |values: &[SpanValue]| -> String {
            let each: Vec<String> = values
                .iter()
                .map(|v| format!("{} ({})", v.value, v.events))
                .collect();
            each.join(", ")
        };
        writeln!(
            out,
            "            {} to {}; versions {}; environments {}; {}{}",
            t.span
                .first
                .as_deref()
                .map_or_else(|| "undated".to_owned(), moment),
            t.span
                .last
                .as_deref()
                .map_or_else(|| "undated".to_owned(), moment),
            visible(&list(&t.versions)),
            visible(&list(&t.environments)),
            match &t.fixed_in {
                Some(version) =>
                    format!("fixed in {}: {}", visible(version), visible(&t.fixed_why)),
                None => visible(&t.fixed_why).into_owned(),
            },
            if t.wider {
                "; its filter may find other messages with the same words"
            } else {
                ""
            }
        )?;
    }
    writeln!(
        out,
        "{} errors in {} trends, {} undated",
        number(r.events),
        number(r.total),
        number(r.undated)
    )
}
