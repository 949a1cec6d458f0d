//! `agents`: the user agents among events, in words.
//!
//! Owns: its arguments and its text. Never touches: how a user agent is read.

use std::io::Write;

use clap::Args;
use witnessmark_engine::visible;

use crate::args::Lens;
use crate::commands::{open, zone_named};
use crate::print::number;
use crate::{Exit, Failure, print};

/// The user agents among the events that match: client and system with versions, and the device.
#[derive(Debug, Args)]
pub(crate) struct Agents {
    #[command(flatten)]
    lens: Lens,
    /// The most user agents.
    #[arg(long, default_value_t = 100)]
    limit: usize,
}

/// Runs it.
pub(crate) fn run(args: &Agents, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let zone = zone_named(&args.lens.zone)?;
    let report = open(&args.lens.case)?.agents(&args.lens.query, &zone, args.limit)?;
    if json {
        print::json(&report, out)?;
        return Ok(Exit::Done);
    }
    for agent in &report.agents {
        let text = agent.text.as_deref().unwrap_or("not known");
        let original = visible(&agent.original);
        let events = number(agent.events);
        writeln!(out, "{events:>10}  {}  |  {original}", visible(text))?;
    }
    writeln!(
        out,
        "{} user agents; {} events name none",
        number(report.distinct),
        number(report.absent)
    )?;
    Ok(Exit::Done)
}
