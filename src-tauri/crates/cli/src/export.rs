//! `export CASE OUT`: a view as a file, which the custody log then names by its hash.
//!
//! Owns: the arguments, the file, progress on a terminal. Never touches: formats.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use witnessmark_engine::{Case, Code, Error, ExportRequest, Format};

use crate::args::Sort;
use crate::{Exit, Failure, commands, host, print};

/// Write every event that matches into a file; the case records query, format, number and hash.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The case file.
    case: PathBuf,
    /// File to write, which must not be there: `.csv`, `.ndjson`, `.json` or `.parquet`, or any name with --format.
    out: PathBuf,
    /// The filter in one argument; every event if not given.
    #[arg(long, allow_hyphen_values = true, default_value = "")]
    query: String,
    /// Zone of dates in the filter; UTC if not given.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// How to write; by the ending of OUT if not given.
    #[arg(long, value_enum)]
    format: Option<Choice>,
    /// Order by time; by event number if not given.
    #[arg(long, value_enum)]
    sort: Option<Sort>,
}

/// A format of a file.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Choice {
    /// For spreadsheets: every cell quoted, formulas made text.
    Csv,
    /// One JSON object a line, lossless.
    Ndjson,
    /// Apache Parquet with typed columns.
    Parquet,
    /// Elastic Common Schema, one JSON object a line.
    Ecs,
    /// Open Cybersecurity Schema Framework, one JSON object a line.
    Ocsf,
}

impl From<Choice> for Format {
    fn from(choice: Choice) -> Self {
        match choice {
            Choice::Csv => Self::Csv,
            Choice::Ndjson => Self::Ndjson,
            Choice::Parquet => Self::Parquet,
            Choice::Ecs => Self::Ecs,
            Choice::Ocsf => Self::Ocsf,
        }
    }
}

/// Runs the command.
pub(crate) fn run(args: &Export, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let format = args
        .format
        .map(Format::from)
        .or_else(|| Format::of_path(&args.out))
        .ok_or_else(|| {
            let message = format!(
                "`{}` does not end in .csv, .ndjson, .json or .parquet",
                args.out.display()
            );
            let hint =
                "Give the file such an ending, or say --format csv, ndjson, parquet, ecs or ocsf.";
            Error::new(Code::InvalidOption, message, hint)
        })?;
    let zone = commands::zone_named(&args.zone)?;
    let case = Case::open(&args.case, host::passphrase().as_deref(), host::setting())?;
    let mut file = create(&args.out)?;
    let name = args.out.file_name().unwrap_or_default().to_string_lossy();
    let request = ExportRequest {
        query: &args.query,
        zone: &zone,
        format,
        order: commands::order(args.sort),
        name: &name,
    };
    let show = io::stderr().is_terminal() && !json;
    let written = case.export(&request, &mut file, &mut |done, of| {
        if show {
            print::export_progress(done, of);
        }
        ControlFlow::Continue(())
    });
    if show {
        print::progress_end();
    }
    let report = match written.and_then(|r| on_disk(&file, &args.out).map(|()| r)) {
        Ok(report) => report,
        Err(error) => {
            drop(file);
            // Half a file would be taken for the whole; that it cannot be removed changes nothing about the first fault.
            let _ = std::fs::remove_file(&args.out);
            return Err(error.into());
        }
    };
    if json {
        print::json(&report, out)?;
    } else {
        writeln!(
            out,
            "{} events, {} bytes of {}, sha256 {}",
            print::number(report.count),
            print::number(report.bytes),
            report.format,
            report.sha256
        )?;
    }
    Ok(Exit::Done)
}

/// A new file; one that is there is never overwritten.
pub(crate) fn create(path: &Path) -> Result<std::fs::File, Error> {
    let made = OpenOptions::new().write(true).create_new(true).open(path);
    made.map_err(|e| {
        let hint = "Choose a name that is not taken; an existing file is never overwritten.";
        let message = format!("`{}` cannot be made: {e}", path.display());
        Error::new(Code::Io, message, hint).at(path.to_string_lossy())
    })
}

fn on_disk(file: &std::fs::File, path: &Path) -> Result<(), Error> {
    file.sync_all().map_err(|e| {
        let message = format!("`{}` cannot be written: {e}", path.display());
        Error::new(Code::Io, message, "Check the disk.").at(path.to_string_lossy())
    })
}
