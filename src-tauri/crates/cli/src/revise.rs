//! `reread`, `withdraw` and `missing`: what is done with a source that is in the case already.
//!
//! Owns: their arguments, how they run, their words. Never touches: how a source is read.

use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use witnessmark_engine::api::{ImportProgress, MissingReport, WithdrawalReport};
use witnessmark_engine::{Case, visible};

use crate::args::Choices;
use crate::print::{self, number};
use crate::{Exit, Failure, host};

type Done = Result<Exit, Failure>;

#[derive(Debug, Args)]
pub(crate) struct Reread {
    /// The case file.
    case: PathBuf,
    /// Source number.
    source: u32,
    #[command(flatten)]
    choices: Choices,
}

#[derive(Debug, Args)]
pub(crate) struct Withdraw {
    /// The case file.
    case: PathBuf,
    /// Source number.
    source: u32,
    /// The reason, for those who read the custody log.
    #[arg(long)]
    why: String,
}

#[derive(Debug, Args)]
pub(crate) struct Missing {
    /// The case file.
    case: PathBuf,
    /// Number of the later export.
    source: u32,
}

fn open(path: &Path) -> Result<Case, Failure> {
    Ok(Case::open(
        path,
        host::passphrase().as_deref(),
        host::setting(),
    )?)
}

/// Runs work that tells how far it is, on a terminal.
fn watched<T>(
    json: bool,
    work: impl FnOnce(&mut dyn FnMut(&ImportProgress) -> ControlFlow<()>) -> T,
) -> T {
    let show = io::stderr().is_terminal() && !json;
    let done = work(&mut |p| {
        if show {
            print::progress(p);
        }
        ControlFlow::Continue(())
    });
    if show {
        print::progress_end();
    }
    done
}

/// Reads a source anew.
pub(crate) fn reread(args: Reread, json: bool, out: &mut dyn Write) -> Done {
    let case = open(&args.case)?;
    let choices = args.choices.into_api()?;
    let report = watched(json, |tell| case.reread(args.source, &choices, tell))?;
    if json {
        print::json(&report, out)?;
    } else {
        print::receipt(&report, out)?;
    }
    let rejected = report
        .sources
        .iter()
        .any(|s| s.id == args.source && s.rejected > 0);
    Ok(if rejected { Exit::Rejected } else { Exit::Done })
}

/// Takes a source out.
pub(crate) fn withdraw(args: &Withdraw, json: bool, out: &mut dyn Write) -> Done {
    let case = open(&args.case)?;
    let report = watched(json, |tell| case.withdraw(args.source, &args.why, tell))?;
    if json {
        print::json(&report, out)?;
    } else {
        withdrawal(&report, out)?;
    }
    Ok(Exit::Done)
}

/// Tells what a later export lacks.
pub(crate) fn missing(args: &Missing, json: bool, out: &mut dyn Write) -> Done {
    let case = Case::open_to_read(&args.case, host::passphrase().as_deref(), host::setting())?;
    let report = case.missing(args.source)?;
    if json {
        print::json(&report, out)?;
    } else {
        lacking(&report, out)?;
    }
    Ok(Exit::Done)
}

fn withdrawal(report: &WithdrawalReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "source {} was taken out: {} of its events are not seen any more, {} stay because another source attests them",
        report.source,
        number(report.gone),
        number(report.kept)
    )?;
    for source in report.sources.iter().filter(|s| s.id != report.source) {
        writeln!(
            out,
            "   {}. {} holds {} events now",
            source.id,
            visible(&source.name),
            number(source.events)
        )?;
    }
    writeln!(out, "its bytes are kept; `extract` gives them back")
}

fn lacking(report: &MissingReport, out: &mut dyn Write) -> io::Result<()> {
    let (Some(from), Some(to)) = (&report.from, &report.to) else {
        return writeln!(
            out,
            "{} has no dated event, so it covers no time that others could be held against",
            visible(&report.name)
        );
    };
    if report.compared.is_empty() {
        return writeln!(
            out,
            "no earlier source holds events of the same system between {from} and {to}"
        );
    }
    let compared: Vec<String> = report.compared.iter().map(u32::to_string).collect();
    writeln!(
        out,
        "{} covers {from} to {to}; held against source {}",
        visible(&report.name),
        compared.join(", ")
    )?;
    if report.count == 0 {
        writeln!(out, "nothing is missing")?;
    } else {
        writeln!(out, "{} events are missing from it:", number(report.count))?;
    }
    for event in &report.missing {
        let text = |text: &Option<String>| visible(text.as_deref().unwrap_or("-")).into_owned();
        writeln!(
            out,
            "{}  event {}  source {} entry {} line {}  {}  {}",
            text(&event.timestamp),
            event.event,
            event.source,
            event.entry,
            event.line,
            text(&event.action),
            text(&event.user)
        )?;
    }
    if report.undated > 0 {
        writeln!(
            out,
            "{} undated events of earlier sources are not in it; whether they should be cannot be told",
            number(report.undated)
        )?;
    }
    Ok(())
}
