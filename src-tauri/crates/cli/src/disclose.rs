//! `witnessmark disclose`: opens what a redacted package hides, value by value.
//!
//! Owns: its arguments and its words. Never touches: commitments.

use std::io::Write;
use std::path::PathBuf;

use witnessmark_engine::api::{DiscloseChoices, DiscloseReport};
use witnessmark_engine::{Case, Code, Error, visible};

use crate::{Exit, Failure, export, host, print};

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true))]
pub(crate) struct Args {
    /// The case that wrote the package.
    case: PathBuf,
    /// The redacted package (folder or .zip), as it was written.
    package: PathBuf,
    /// A pseudonym, such as actor-7Q2MX-9K4TD: every value behind it.
    #[arg(long, group = "what")]
    token: Vec<String>,
    /// One value, by its commitment in data/redaction/redactions.ndjson.
    #[arg(long, group = "what", value_name = "HEX")]
    commitment: Vec<String>,
    /// One value that you know, to the letter.
    #[arg(long, group = "what")]
    value: Vec<String>,
    /// The whole entry behind an event of the package, with everything in it.
    #[arg(long, group = "what", value_name = "N")]
    event: Vec<u64>,
    /// Write the openings to this file, for `verify PACKAGE --openings FILE` at the other side.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Opens them.
pub(crate) fn run(args: &Args, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let case = Case::open(&args.case, host::passphrase().as_deref(), host::setting())?;
    // The file is made first: what was opened stands in the custody log, whether it could be written or not.
    let file = args.out.as_deref().map(export::create).transpose()?;
    let choices = DiscloseChoices {
        tokens: args.token.clone(),
        commitments: args.commitment.clone(),
        values: args.value.clone(),
        events: args.event.clone(),
    };
    let opened = case.disclose(&args.package, &choices);
    if let (Err(_), Some(path)) = (&opened, &args.out) {
        // An empty file under that name would pass for one without openings; the first error is the one that is told.
        let _ = std::fs::remove_file(path);
    }
    let report = opened?;
    if let (Some(mut file), Some(path)) = (file, &args.out) {
        let written = file.write_all(report.lines()?.as_bytes());
        written.and_then(|()| file.sync_all()).map_err(|e| {
            let message = format!("`{}` cannot be written: {e}", path.display());
            Error::new(Code::Io, message, "Check the disk.").at(path.to_string_lossy())
        })?;
    }
    if json {
        print::json(&report, out)?;
    } else {
        words(&report, out)?;
    }
    Ok(if report.unopened.is_empty() {
        Exit::Done
    } else {
        Exit::Worrying
    })
}

fn words(report: &DiscloseReport, out: &mut dyn Write) -> std::io::Result<()> {
    for value in &report.values {
        writeln!(
            out,
            "{}  {}\n  salt       {}\n  commitment {}",
            visible(&value.replacement),
            visible(&value.value),
            value.salt,
            value.commitment
        )?;
    }
    for entry in &report.entries {
        let bytes = entry.text.as_ref().or(entry.base64.as_ref());
        writeln!(
            out,
            "event {}  {}\n  salt       {}\n  commitment {}",
            entry.event,
            visible(bytes.map_or("", String::as_str)),
            entry.salt,
            entry.commitment
        )?;
    }
    for commitment in &report.unopened {
        writeln!(
            out,
            "not opened {commitment}: no value of the case gives it; it stood in the title of the package, or in what is no longer there"
        )?;
    }
    writeln!(out, "recorded as custody entry {}", report.recorded)
}
