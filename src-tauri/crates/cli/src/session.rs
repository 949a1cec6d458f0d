//! `session`: everything done in one session, the most sensitive first.
//!
//! Owns: its arguments and its text. Never touches: how a session is cut.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use witnessmark_engine::api::SessionReport;
use witnessmark_engine::{Code, Error, SessionOf, SessionOrder, visible};

use crate::actor::blind;
use crate::commands::{open, zone_named};
use crate::print::number;
use crate::{Exit, Failure, print};

/// Everything done in one session, reads included, most sensitive first.
#[derive(Debug, Args)]
pub(crate) struct Session {
    /// The case file.
    case: PathBuf,
    /// The vendor's id of the session.
    id: Option<String>,
    /// The session that holds this event instead: where the vendor names none, by actor, address, device and idle time.
    #[arg(long, value_name = "N", conflicts_with = "id")]
    event: Option<u64>,
    /// Minutes without an event that end a session where the vendor names none.
    #[arg(long, default_value_t = 30)]
    idle: u32,
    /// The order.
    #[arg(long, value_enum, default_value = "sensitivity")]
    order: Order,
    /// Zone of the times of a table; UTC if not given.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// The most acts.
    #[arg(long, default_value_t = 10_000)]
    limit: usize,
}

/// Order of the acts of a session.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Order {
    /// Earliest first.
    Time,
    /// Money, keys, roles and exports first.
    Sensitivity,
}

/// Runs it.
pub(crate) fn run(args: &Session, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let of = match (&args.id, args.event) {
        (Some(id), _) => SessionOf::Id(id.clone()),
        (None, Some(event)) => SessionOf::Event(event),
        (None, None) => {
            return Err(Error::new(
                Code::InvalidOption,
                "no session is named",
                "Give the vendor's id of a session, or --event with the number of an event in it.",
            )
            .into());
        }
    };
    let order = match args.order {
        Order::Time => SessionOrder::Time,
        Order::Sensitivity => SessionOrder::Sensitivity,
    };
    let zone = zone_named(&args.zone)?;
    let report = open(&args.case)?.session(&of, args.idle, order, (0, args.limit), &zone)?;
    if json {
        print::json(&report, out)?;
    } else {
        page(&report, out)?;
    }
    Ok(Exit::Done)
}

fn page(r: &SessionReport, out: &mut dyn Write) -> io::Result<()> {
    let s = &r.session;
    writeln!(
        out,
        "session {} from {} to {}: {} events, {} sensitive, {} failures",
        visible(s.id.as_deref().unwrap_or("without a name")),
        s.start.as_deref().unwrap_or("?"),
        s.end.as_deref().unwrap_or("?"),
        number(s.events),
        number(s.sensitive),
        number(s.failures)
    )?;
    writeln!(out, "{}", r.rule)?;
    writeln!(out, "filter: {}", visible(&s.filter))?;
    for part in r.actors.iter().chain(&r.kinds).chain(&r.counts) {
        writeln!(out, "{:>10}  {}", number(part.events), visible(&part.name))?;
    }
    crate::record::scopes("session", &r.scopes, out)?;
    for act in &r.acts {
        let sentence: Vec<&str> = act.row.sentence.iter().map(|p| p.text.as_str()).collect();
        let time = act.row.time.as_ref();
        let level = ["low", "medium", "high", "critical"][usize::from(act.level.min(3))];
        writeln!(
            out,
            "{:>8}  {} {}  {level:<8} {:<6} {}{}",
            act.row.event,
            time.map_or("undated", |t| t.day.as_str()),
            time.map_or("", |t| t.clock.as_str()),
            act.kind,
            visible(&sentence.join("")),
            match (act.contested, act.on_trust) {
                (true, _) => "  (may belong to another session)",
                (_, true) => "  (neither address nor device logged)",
                _ => "",
            }
        )?;
    }
    blind(&r.blind_spots, out)
}
