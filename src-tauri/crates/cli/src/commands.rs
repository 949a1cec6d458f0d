//! One function for each command: calls the facade, hands the answer to [`crate::print`].
//!
//! Owns: the way from arguments to the facade. Never touches: formats, SQL.

use std::io::{IsTerminal, Write};
use std::ops::ControlFlow;
use std::path::Path;

use clap::CommandFactory;
use witnessmark_engine::api::ImportProgress;
use witnessmark_engine::{
    Case, Code, Error, EventWriter, FacetPick, Input, Order, TextFormat, Zone,
};

use crate::args::{Cli, Command, Events, Format, Import, Lens, Sort};
use crate::with_entries::WithEntries;
use crate::{Exit, Failure, context, export, host, print, profile, pull, revise, sql};

type Done = Result<Exit, Failure>;

/// Runs one command.
pub(crate) fn run(cli: Cli, out: &mut dyn Write) -> Done {
    let json = cli.json;
    match cli.command {
        Command::Import(import) => run_import(import, json, out),
        Command::Sources { case } => {
            let report = open(&case)?.sources()?;
            if json {
                print::json(&report, out)?
            } else {
                print::sources(&report, out)?
            }
            Ok(Exit::Done)
        }
        Command::Profile(command) => profile::run(command, json, out),
        Command::Reread(args) => revise::reread(args, json, out),
        Command::Withdraw(args) => revise::withdraw(&args, json, out),
        Command::Missing(args) => revise::missing(&args, json, out),
        Command::Rejects {
            case,
            source: Some(source),
            entry: Some(entry),
        } => {
            open(&case)?.reject_bytes(source, entry, out)?;
            Ok(Exit::Done)
        }
        Command::Rejects { case, source, .. } => {
            let report = open(&case)?.rejects(source)?;
            if json {
                print::json(&report, out)?
            } else {
                print::rejects(&report, out)?
            }
            Ok(Exit::Done)
        }
        Command::Raw { case, event } => {
            out.write_all(&open(&case)?.raw(event)?)?;
            Ok(Exit::Done)
        }
        Command::Extract {
            case,
            source,
            out: path,
            container,
            member,
        } => {
            let case = open(&case)?;
            let part: &Extract = match (container, member) {
                (true, _) => &|out| case.extract_container(source, out),
                (_, true) => &|out| case.extract_member(source, out),
                _ => &|out| case.extract(source, out),
            };
            extract(part, source, &path, json, out)
        }
        Command::Events(events) => run_events(&events, json, out),
        Command::Count { lens } => {
            let report = open(&lens.case)?.count(&lens.query, &zone(&lens)?)?;
            if json {
                print::json(&report, out)?
            } else {
                print::count(&report, out)?
            }
            Ok(Exit::Done)
        }
        Command::Facets {
            lens,
            by,
            limit,
            rare,
            contains,
            seen,
        } => {
            let pick = FacetPick {
                limit,
                rare,
                contains: &contains,
                seen,
            };
            let case = open(&lens.case)?;
            let report = case.facets_picked(&lens.query, &zone(&lens)?, &by, &pick)?;
            if json {
                print::json(&report, out)?
            } else {
                print::facets(&report, out)?
            }
            Ok(Exit::Done)
        }
        Command::Histogram { lens, bins, by } => {
            let report =
                open(&lens.case)?.histogram(&lens.query, &zone(&lens)?, bins, by.as_deref())?;
            if json {
                print::json(&report, out)?
            } else {
                print::histogram(&report, out)?
            }
            Ok(Exit::Done)
        }
        Command::Context(args) => context::run(&args, json, out),
        Command::Sql(args) => sql::run(&args, json, out),
        Command::Export(args) => export::run(&args, json, out),
        Command::Detect(args) => crate::detect::run(args, json, out),
        Command::Finding(args) => crate::detect::page(&args, json, out),
        Command::Checklist(args) => crate::checklist::run(&args, json, out),
        Command::Actors(args) => crate::actor::run_list(&args, json, out),
        Command::Actor(args) => crate::actor::run(&args, json, out),
        Command::Merge(args) => crate::actor::run_merge(&args, json, out),
        Command::Records(args) => crate::record::run_list(&args, json, out),
        Command::Record(args) => crate::record::run(&args, json, out),
        Command::Session(args) => crate::session::run(&args, json, out),
        Command::SignIns(args) => crate::signins::run(&args, json, out),
        Command::Errors(args) => crate::errors::run(&args, json, out),
        Command::FirstSeen(args) => crate::first_seen::run(&args, json, out),
        Command::Agents(args) => crate::agents::run(&args, json, out),
        Command::Verdict(args) => crate::verdict::verdict(&args, json, out),
        Command::Suppress(args) => crate::verdict::suppress(&args, json, out),
        Command::Note(args) => crate::notes::text(&args, "note", json, out),
        Command::Tag(args) => crate::notes::text(&args, "tag", json, out),
        Command::Bookmark(args) => crate::notes::bookmark(&args, json, out),
        Command::Entry(args) => crate::notes::entry(&args, json, out),
        Command::Notes(args) => crate::notes::list(&args, json, out),
        Command::Copy(args) => crate::notes::copy(&args, json, out),
        Command::Custody { case } => {
            let report = open(&case)?.custody()?;
            if json {
                print::json(&report, out)?
            } else {
                print::custody(&report, out)?
            }
            Ok(Exit::Done)
        }
        Command::Package(args) => crate::package::run(&args, json, out),
        Command::Disclose(args) => crate::disclose::run(&args, json, out),
        Command::Verify(args) => crate::verify::run(&args, json, out),
        Command::Passphrase(args) => crate::passphrase::run(&args, json, out),
        Command::Key(args) => crate::key::run(&args, json, out),
        Command::Pull(args) => pull::run(&args, json, out),
        Command::Connectors(args) => pull::list(&args, json, out),
        Command::Pulled(args) => pull::pulled(&args, json, out),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "witnessmark", &mut &mut *out);
            Ok(Exit::Done)
        }
    }
}

/// A case to look at, also while another process imports into it.
pub(crate) fn open(path: &Path) -> Result<Case, Failure> {
    Ok(Case::open_to_read(
        path,
        host::passphrase().as_deref(),
        host::setting(),
    )?)
}

fn zone(lens: &Lens) -> Result<Zone, Failure> {
    zone_named(&lens.zone)
}

/// The zone of an option.
pub(crate) fn zone_named(name: &str) -> Result<Zone, Failure> {
    Zone::parse(name).ok_or_else(|| {
        let message = format!("`{name}` is no time zone");
        Error::new(
            Code::InvalidOption,
            message,
            "Write an IANA name such as Asia/Manila, or an offset such as +08:00.",
        )
        .into()
    })
}

fn run_import(import: Import, json: bool, out: &mut dyn Write) -> Done {
    let choices = import.choices.into_api()?;
    let key = import.key.as_deref().map(crate::verify::key_text);
    // Every input is looked at before the case is made, so that a misspelt path leaves no empty case behind.
    let inputs = import
        .inputs
        .iter()
        .map(|path| match path.to_str() {
            Some("-") => Ok(Input::Stream {
                name: "standard input".into(),
                reader: Box::new(std::io::stdin()),
            }),
            _ => match &key {
                Some(key) => Input::at(path)?.signed_by(key),
                None => Input::at(path),
            },
        })
        .collect::<Result<Vec<_>, _>>()?;
    let made = !import.case.exists();
    let case = if made {
        let name = import
            .case
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        Case::create(
            &import.case,
            &name,
            host::passphrase().as_deref(),
            &Zone::UTC,
            host::setting(),
        )?
    } else {
        Case::open(&import.case, host::passphrase().as_deref(), host::setting())?
    };
    let show = std::io::stderr().is_terminal() && !json;
    let mut progress = |p: &ImportProgress| {
        if show {
            print::progress(p);
        }
        ControlFlow::Continue(())
    };
    let result = case.import(inputs, &choices, &mut progress);
    if show {
        print::progress_end();
    }
    let report = match result {
        Ok(report) => report,
        Err(error) => {
            if made {
                // A case that this very command made and that holds nothing is no evidence; leaving it would only surprise.
                case.discard_new()?;
            }
            return Err(error.into());
        }
    };
    if json {
        print::json(&report, out)?
    } else {
        print::receipt(&report, out)?
    }
    let rejected = report.sources.iter().any(|s| s.rejected > 0);
    Ok(if rejected { Exit::Rejected } else { Exit::Done })
}

/// Writes one of the things that are kept of a source; gives its hash.
type Extract<'c> = dyn Fn(&mut dyn Write) -> Result<String, Error> + 'c;

fn extract(part: &Extract<'_>, source: u32, path: &Path, json: bool, out: &mut dyn Write) -> Done {
    if path.to_str() == Some("-") {
        part(out)?;
        return Ok(Exit::Done);
    }
    let mut file = export::create(path)?;
    let hash = part(&mut file).inspect_err(|_| {
        // A file that is not what was asked for must not lie there under its name. That it cannot be taken away is the
        // lesser of two errors; the first is told.
        let _ = std::fs::remove_file(path);
    })?;
    if json {
        print::json(
            &serde_json::json!({ "source": source, "sha256": hash }),
            out,
        )?;
    } else {
        writeln!(out, "sha256 {hash}")?;
    }
    Ok(Exit::Done)
}

fn run_events(events: &Events, json: bool, out: &mut dyn Write) -> Done {
    let case = open(&events.lens.case)?;
    let zone = zone(&events.lens)?;
    let format = events
        .format
        .unwrap_or(if json { Format::Ndjson } else { Format::Table });
    let text = match format {
        Format::Table => None,
        Format::Csv => Some(TextFormat::Csv),
        Format::Ndjson => Some(TextFormat::Ndjson),
        Format::Ecs => Some(TextFormat::Ecs),
        Format::Ocsf => Some(TextFormat::Ocsf),
    };
    let originals = text.is_some_and(TextFormat::keeps_original);
    let mut writer: Box<dyn EventWriter + '_> = match text {
        _ if events.with_entries => {
            let newest = matches!(events.sort, Some(Sort::Newest));
            let entries = case.entries_of(&events.lens.query, newest, &zone)?;
            Box::new(WithEntries::new(entries, format, zone, out)?)
        }
        Some(format) => format.writer(out),
        None => Box::new(print::Table { zone, out }),
    };
    let mut failed = None;
    case.each_entry(
        &events.lens.query,
        &zone,
        order(events.sort),
        events.limit,
        originals,
        &mut |event, original| match writer.write(event, original) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        },
    )?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    writer.end()?;
    Ok(Exit::Done)
}

/// By event number when nobody asks for an order by time.
pub(crate) fn order(sort: Option<Sort>) -> Order {
    match sort {
        None => Order::Number,
        Some(Sort::Newest) => Order::Newest,
        Some(Sort::Oldest) => Order::Oldest,
    }
}
