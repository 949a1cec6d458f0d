//! `note`, `tag`, `bookmark`, `entry`, `notes` and `copy`: a person's words, and taking them along.
//!
//! Owns: the arguments and what is printed. Never touches: how they are kept.

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use witnessmark_engine::api::NotesReport;
use witnessmark_engine::{Case, Zone, visible};

use crate::commands::{open, zone_named};
use crate::{Exit, Failure, host, print};

/// Write a note on an event (17 or event:17), actor:…, record:type/id or finding:F-….
#[derive(Debug, Args)]
pub(crate) struct Note {
    /// The case file.
    case: PathBuf,
    /// What it is on.
    subject: String,
    /// What it says, as plain text.
    text: String,
    /// Take it away again.
    #[arg(long)]
    take_back: bool,
}

/// Bookmark an event, actor, record or finding.
#[derive(Debug, Args)]
pub(crate) struct Bookmark {
    /// The case file.
    case: PathBuf,
    /// What it is on.
    subject: String,
    /// Take it away again.
    #[arg(long)]
    take_back: bool,
}

/// Add a dated entry of your own: a call, a visit, what somebody said.
#[derive(Debug, Args)]
pub(crate) struct Entry {
    /// The case file.
    case: PathBuf,
    /// When it happened, such as '2024-04-22 21:04'.
    #[arg(required_unless_present = "take_back")]
    time: Option<String>,
    /// What happened.
    #[arg(required_unless_present = "take_back")]
    text: Option<String>,
    /// Zone of the time.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// Take the entry, or the mark on an actor, record or finding, with this number back.
    #[arg(long, value_name = "N", conflicts_with_all = ["time", "text"])]
    take_back: Option<u64>,
}

/// Which notes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// Notes.
    Note,
    /// Tags.
    Tag,
    /// Bookmarks.
    Bookmark,
    /// The examiner's own entries.
    Entry,
}

/// List notes, tags, bookmarks and entries; with a text, those that contain it.
#[derive(Debug, Args)]
pub(crate) struct Notes {
    /// The case file.
    case: PathBuf,
    /// Only those that contain this text; upper and lower case do not count.
    #[arg(default_value = "", hide_default_value = true)]
    contains: String,
    /// Only of this kind; may be given several times.
    #[arg(long, value_enum)]
    kind: Vec<Kind>,
}

/// Copy sources of another case into this one, with the notes, tags and bookmarks on their events.
#[derive(Debug, Args)]
pub(crate) struct Copy {
    /// The case that they are copied to; it is made if it is not there.
    case: PathBuf,
    /// The case that they are copied from; its passphrase must be the same.
    from: PathBuf,
    /// Number of a source there; may be given several times.
    #[arg(long, required = true, value_name = "N")]
    source: Vec<u32>,
}

/// Runs `note` and `tag`.
pub(crate) fn text(
    args: &Note,
    kind: &str,
    json: bool,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    put(
        &args.case,
        &args.subject,
        kind,
        &args.text,
        !args.take_back,
        json,
        out,
    )
}

/// Runs `bookmark`.
pub(crate) fn bookmark(args: &Bookmark, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    put(
        &args.case,
        &args.subject,
        "bookmark",
        "",
        !args.take_back,
        json,
        out,
    )
}

fn put(
    case: &Path,
    subject: &str,
    kind: &str,
    text: &str,
    on: bool,
    json: bool,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let subject = if subject.parse::<u64>().is_ok() {
        format!("event:{subject}")
    } else {
        subject.to_owned()
    };
    write(case)?.mark_on(&subject, kind, text, on)?;
    if json {
        let said = serde_json::json!({"subject": subject, "kind": kind, "text": text, "on": on});
        print::json(&said, out)?;
    } else {
        let how = if on { "put on" } else { "taken off" };
        writeln!(out, "{kind} {how} {}", visible(&subject))?;
    }
    Ok(Exit::Done)
}

/// Runs `entry`.
pub(crate) fn entry(args: &Entry, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let case = write(&args.case)?;
    let id = match (args.take_back, &args.time, &args.text) {
        (Some(id), _, _) => {
            case.take_note_back(id)?;
            id
        }
        (None, Some(time), Some(text)) => case.add_entry(time, text, &zone_named(&args.zone)?)?,
        _ => 0,
    };
    if json {
        let said = serde_json::json!({"entry": id, "on": args.take_back.is_none()});
        print::json(&said, out)?;
    } else {
        let how = if args.take_back.is_some() {
            "taken back"
        } else {
            "added"
        };
        writeln!(out, "entry {id} {how}")?;
    }
    Ok(Exit::Done)
}

/// Runs `notes`.
pub(crate) fn list(args: &Notes, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let kinds: Vec<String> = args
        .kind
        .iter()
        .map(|k| match k {
            Kind::Note => "note",
            Kind::Tag => "tag",
            Kind::Bookmark => "bookmark",
            Kind::Entry => "entry",
        })
        .map(str::to_owned)
        .collect();
    let report = open(&args.case)?.notes(&args.contains, &kinds)?;
    if json {
        print::json(&report, out)?;
    } else {
        lines(&report, out)?;
    }
    Ok(Exit::Done)
}

fn lines(report: &NotesReport, out: &mut dyn Write) -> io::Result<()> {
    for note in &report.notes {
        let time = note.time.as_deref().unwrap_or("undated");
        let gone = if note.gone { "  (no longer seen)" } else { "" };
        let carried = note.carried.as_ref().map_or_else(String::new, |c| {
            format!(
                ", first by {} at {} on event {}",
                visible(&c.who),
                c.at,
                c.event
            )
        });
        writeln!(
            out,
            "{}  {}  {}  {}{gone}  ({}, {}{carried})",
            time,
            note.kind,
            visible(&note.subject),
            visible(&note.text),
            visible(&note.who),
            note.at
        )?;
    }
    writeln!(out, "{} of {}", report.notes.len(), report.total)
}

/// Runs `copy`.
pub(crate) fn copy(args: &Copy, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    // Its log tells what left it, unless it can only be read.
    let from = write(&args.from).or_else(|_| open(&args.from))?;
    let to = if args.case.exists() {
        write(&args.case)?
    } else {
        let name = args.case.file_stem().unwrap_or_default();
        Case::create(
            &args.case,
            &name.to_string_lossy(),
            host::passphrase().as_deref(),
            &Zone::UTC,
            host::setting(),
        )?
    };
    let report = to.copy_from(&from, &args.source, &mut |_| ControlFlow::Continue(()))?;
    let rejected = report.sources.iter().any(|s| s.rejected > 0);
    if json {
        print::json(&report, out)?;
    } else {
        for source in &report.sources {
            writeln!(
                out,
                "source {}  {}  {} events",
                source.id,
                visible(&source.name),
                source.events
            )?;
        }
        writeln!(
            out,
            "{} marks copied, {} were there, {} have no entry here",
            report.marks, report.known, report.left
        )?;
    }
    Ok(if rejected { Exit::Rejected } else { Exit::Done })
}

fn write(path: &Path) -> Result<Case, Failure> {
    Ok(Case::open(
        path,
        host::passphrase().as_deref(),
        host::setting(),
    )?)
}
