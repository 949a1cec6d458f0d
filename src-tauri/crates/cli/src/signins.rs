//! `signins`: every sign-in against the baseline of its actor.
//!
//! Owns: its arguments and its text. Never touches: the rules.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use witnessmark_engine::api::SigninsReport;
use witnessmark_engine::{SigninShow, Signins, visible};

use crate::actor::{blind, moment};
use crate::args::{Lens, Sort};
use crate::commands::{open, zone_named};
use crate::print::number;
use crate::{Exit, Failure, print};

/// Review sign-ins: new address, network, device, country against the actor's earlier ones, and travel.
#[derive(Debug, Args)]
pub(crate) struct SignIns {
    #[command(flatten)]
    lens: Lens,
    /// Which sign-ins to list.
    #[arg(long, value_enum, default_value = "all")]
    show: Show,
    /// A database of addresses in the MMDB format (country, city or ASN); may be given several times.
    #[arg(long, value_name = "FILE")]
    geo: Vec<PathBuf>,
    /// Order by time.
    #[arg(long, value_enum, default_value = "newest")]
    sort: Sort,
    /// The most sign-ins.
    #[arg(long, default_value_t = 1_000)]
    limit: usize,
}

/// Which sign-ins.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Show {
    /// All.
    All,
    /// Those that do not look like the account's.
    Unfamiliar,
    /// Those of which it cannot be told.
    CannotTell,
    /// Those that failed.
    Failed,
    /// Those with a new address, network, device or country.
    New,
    /// Those that came too fast from the place before.
    TooFast,
}

/// Runs it.
pub(crate) fn run(args: &SignIns, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let case = open(&args.lens.case)?;
    for path in &args.geo {
        case.use_addresses(path)?;
    }
    let wanted = Signins {
        show: match args.show {
            Show::All => SigninShow::All,
            Show::Unfamiliar => SigninShow::Unfamiliar,
            Show::CannotTell => SigninShow::CannotTell,
            Show::Failed => SigninShow::Failed,
            Show::New => SigninShow::New,
            Show::TooFast => SigninShow::TooFast,
        },
        oldest_first: matches!(args.sort, Sort::Oldest),
        first: 0,
        limit: args.limit,
    };
    let zone = zone_named(&args.lens.zone)?;
    let report = case.signins(&args.lens.query, &zone, &wanted)?;
    if json {
        print::json(&report, out)?;
    } else {
        page(&report, out)?;
    }
    Ok(Exit::Done)
}

fn page(r: &SigninsReport, out: &mut dyn Write) -> io::Result<()> {
    for s in &r.rows {
        let state = |p: &witnessmark_engine::api::AgainstPart| p.state.clone();
        writeln!(
            out,
            "{:>8}  {}  {:<28} {:<8} {:<16} {:<3} {:<20}  address {:<6} device {:<6} country {:<6} n {:>4}  {}{}",
            s.event,
            s.time
                .as_deref()
                .map_or_else(|| format!("{:<20}", "undated"), moment),
            visible(s.actor.as_deref().unwrap_or("-")),
            visible(&s.outcome),
            visible(s.address.value.as_deref().unwrap_or("-")),
            visible(s.country.value.as_deref().unwrap_or("-")),
            visible(s.device.value.as_deref().unwrap_or("-")),
            state(&s.address),
            state(&s.device),
            state(&s.country),
            s.earlier,
            s.answer.replace('_', " "),
            if s.why.is_empty() {
                String::new()
            } else {
                format!(": {}", visible(&s.why.join("; ")))
            }
        )?;
    }
    writeln!(
        out,
        "{} sign-ins: {} succeeded, {} failed, {} without outcome",
        number(r.counts.total),
        number(r.counts.success),
        number(r.counts.failure),
        number(r.counts.unknown)
    )?;
    writeln!(
        out,
        "{} unfamiliar, {} cannot tell, {} familiar; new: {} addresses, {} networks, {} devices, {} countries; {} too fast",
        number(r.unfamiliar),
        number(r.cannot_tell),
        number(r.familiar),
        number(r.new_address),
        number(r.new_network),
        number(r.new_device),
        number(r.new_country),
        number(r.too_fast)
    )?;
    writeln!(
        out,
        "a baseline needs {} sign-ins over {} days; a sign-in joins it {} hours later; travel above {} km/h is too fast; an address from which {} persons had signed in is shared",
        r.rules.enough_sign_ins,
        r.rules.enough_days,
        r.rules.settle_hours,
        r.rules.speed_limit,
        r.rules.shared_by
    )?;
    for d in &r.databases {
        writeln!(out, "places from {} of {}", visible(&d.name), d.built)?;
    }
    blind(&r.blind_spots, out)
}
