//! `witnessmark package`: writes an audit package.
//!
//! Owns: its arguments and its words. Never touches: the layout of a package.

use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

use witnessmark_engine::Case;
use witnessmark_engine::api::{PackageChoices, PackageProgress, PackageReport, SampleChoice};

use crate::{Exit, Failure, host, key, print};

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The case file.
    case: PathBuf,
    /// Where to write: a folder, or an archive when the name ends in .zip. Nothing is overwritten.
    out: PathBuf,
    /// The scope: a filter in one argument; everything if not given.
    #[arg(long, allow_hyphen_values = true, default_value = "")]
    query: String,
    /// Zone of dates in the filter and of times in the report.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// Sign with this key: a name from `key list`, or a minisign secret key file.
    #[arg(long)]
    sign: Option<String>,
    /// What the package is called; the name of the case if not given.
    #[arg(long)]
    title: Option<String>,
    /// Draw a sample of so many events.
    #[arg(long, value_name = "N")]
    sample: Option<u64>,
    /// Seed of the sample; anybody can draw it again with it.
    #[arg(long, requires = "sample", default_value = "1")]
    seed: String,
    /// Hide what this policy says: a file, or the name of a built-in one (external-audit, no-persons).
    #[arg(long, value_name = "POLICY")]
    redact: Option<String>,
    /// Write the events in these shapes too.
    #[arg(long, value_delimiter = ',', value_parser = ["ecs", "ocsf"])]
    also: Vec<String>,
    /// Bytes behind the events: the entries in scope, also whole sources, or none.
    #[arg(long, value_parser = ["excerpts", "originals", "none"], default_value = "excerpts")]
    evidence: String,
}

/// Writes it.
pub(crate) fn run(args: &Args, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let key = args.sign.as_deref().map(key::open).transpose()?;
    let case = Case::open(&args.case, host::passphrase().as_deref(), host::setting())?;
    let choices = PackageChoices {
        title: args.title.clone(),
        query: args.query.clone(),
        zone: Some(args.zone.clone()),
        sample: args.sample.map(|size| SampleChoice {
            size,
            seed: args.seed.clone(),
        }),
        evidence: Some(args.evidence.clone()),
        also: args.also.clone(),
        // A file that can be read is the policy; anything else is taken for the name of a built-in one.
        redact: args
            .redact
            .as_ref()
            .map(|policy| std::fs::read_to_string(policy).unwrap_or_else(|_| policy.clone())),
    };
    let show = std::io::stderr().is_terminal() && !json;
    let mut tell = |p: &PackageProgress| {
        if show {
            progress(p);
        }
        ControlFlow::Continue(())
    };
    let written = case.package(&args.out, &choices, key.as_ref(), &mut tell);
    if show {
        print::progress_end();
    }
    let report = written?;
    if json {
        print::json(&report, out)?;
    } else {
        words(&report, args, out)?;
    }
    Ok(Exit::Done)
}

fn progress(p: &PackageProgress) {
    let share = match p.done.saturating_mul(100).checked_div(p.of) {
        Some(share) => format!("{share:3} %"),
        None => p.done.to_string(),
    };
    // A closed terminal is no reason to stop.
    let _ = write!(std::io::stderr(), "\r{:<12} {share:>10}  ", p.step);
}

fn words(report: &PackageReport, args: &Args, out: &mut dyn Write) -> std::io::Result<()> {
    let bytes: u64 = report.files.iter().map(|f| f.bytes).sum();
    writeln!(
        out,
        "{}: {} events, {} undated, {} files, {bytes} bytes",
        args.out.display(),
        report.events,
        report.undated,
        report.files.len()
    )?;
    writeln!(out, "package    {}", report.package)?;
    writeln!(out, "binds      tagmanifest {}", report.binds)?;
    match &report.signed_by {
        Some(key) => writeln!(out, "signed by  {key}")?,
        None => writeln!(
            out,
            "signature  absent: whoever changes files and manifests together is not found out"
        )?,
    }
    writeln!(
        out,
        "custody    {} entries, head {}; recorded as entry {}",
        report.custody_size, report.custody_head, report.recorded
    )?;
    writeln!(
        out,
        "tell the receiver, by another way than the package: --head {}:{}",
        report.custody_size, report.custody_root
    )
}
