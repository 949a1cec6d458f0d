//! `first-seen`: what is new in a span against the time before it.
//!
//! Owns: its arguments and its text. Never touches: counting.

use std::io::{self, Write};

use clap::Args;
use witnessmark_engine::api::FirstSeenReport;
use witnessmark_engine::visible;

use crate::actor::moment;
use crate::args::Lens;
use crate::commands::{open, zone_named};
use crate::print::number;
use crate::{Exit, Failure, print};

/// What is new in a span of time against the ninety days before: verbs, addresses, devices, actors with verbs.
#[derive(Debug, Args)]
pub(crate) struct FirstSeen {
    #[command(flatten)]
    lens: Lens,
    /// Fields or pairs such as actor+action, separated by commas; `actor`, `device`, `record` and every field.
    #[arg(long, value_delimiter = ',')]
    by: Vec<String>,
    /// Start of the span; seven days before the last event if not given.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// End of the span, exclusive; just after the last event if not given.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Days of the time before.
    #[arg(long, default_value_t = 90)]
    days: u32,
    /// The most new values of a field.
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

/// Runs it.
pub(crate) fn run(args: &FirstSeen, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let zone = zone_named(&args.lens.zone)?;
    let wanted = witnessmark_engine::FirstSeen {
        from: args.from.clone(),
        to: args.to.clone(),
        days: args.days,
        by: args.by.clone(),
        limit: args.limit,
    };
    let report = open(&args.lens.case)?.first_seen(&args.lens.query, &zone, &wanted)?;
    if json {
        print::json(&report, out)?;
    } else {
        page(&report, out)?;
    }
    Ok(Exit::Done)
}

fn page(r: &FirstSeenReport, out: &mut dyn Write) -> io::Result<()> {
    if let (Some(from), Some(to), Some(before)) = (&r.from, &r.to, &r.before_from) {
        writeln!(
            out,
            "{} events from {from} to {to}, against {} events since {before}",
            number(r.events),
            number(r.before_events)
        )?;
    }
    writeln!(out, "{}", r.coverage)?;
    for f in &r.fields {
        writeln!(
            out,
            "{}: {} new of {} ({} before)",
            f.fields.join(" + "),
            number(f.total),
            number(f.in_span),
            number(f.before)
        )?;
        for v in &f.new {
            writeln!(
                out,
                "{:>10}  {}  {}{}",
                number(v.events),
                v.first
                    .as_deref()
                    .map_or_else(|| format!("{:<20}", "undated"), moment),
                visible(&v.values.join(" + ")),
                match v.systems.as_slice() {
                    [] => String::new(),
                    systems => format!("  ({})", visible(&systems.join(", "))),
                }
            )?;
        }
    }
    Ok(())
}
