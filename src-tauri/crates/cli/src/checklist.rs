//! `checklist`: lists, asks, shows and answers checklists.
//!
//! Owns: the arguments, how a run looks on a terminal, exit code 1 when an answer is worrying. Never touches: how steps are
//! answered.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use witnessmark_engine::api::{ChecklistReport, ChecklistStep, ChecklistText, ChecklistsReport};
use witnessmark_engine::{Case, Code, Error, SubjectChoice, checklist_text, visible};

use crate::commands::{open, zone_named};
use crate::print::number;
use crate::{Exit, Failure, host, print};

/// Checklists: without NAME, list them and what was asked; with a name, ask one; with the number of a run, show it.
#[derive(Debug, Args)]
pub(crate) struct Checklist {
    /// The case file.
    case: PathBuf,
    /// A checklist by name or file (`*.toml`), or a run by number.
    name: Option<String>,
    /// Whom or what it is about: actor:alice@example.com or address:203.0.113.5; everyone if not given.
    #[arg(long, default_value = "", hide_default_value = true)]
    subject: String,
    /// Start of the span; the start of the log if not given.
    #[arg(long, value_name = "T")]
    from: Option<String>,
    /// End of the span, exclusive; the end of the log if not given.
    #[arg(long, value_name = "T")]
    to: Option<String>,
    /// Zone of these times, and of times in sentences.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// A folder with checklists of your own (`*.toml`).
    #[arg(long, value_name = "DIR")]
    checklists: Option<PathBuf>,
    /// A database of addresses (`.mmdb`) for places and networks; may be given several times. The case keeps nothing of it.
    #[arg(long, value_name = "FILE")]
    geo: Vec<PathBuf>,
    /// Only look: keep nothing in the case.
    #[arg(long)]
    look: bool,
    /// Print the text of the checklist, to begin one of your own with.
    #[arg(long)]
    text: bool,
    /// Keep the file NAME (`*.toml`) in the case as a checklist of your own, which is asked by its id from now on.
    #[arg(long, conflicts_with_all = ["text", "again", "step", "look"])]
    save: bool,
    /// Take the checklist NAME of your own out of the case; its runs stay.
    #[arg(long, conflicts_with_all = ["save", "text", "again", "step", "look"])]
    forget: bool,
    /// Ask a run again, with the text that it used.
    #[arg(long)]
    again: bool,
    /// The step that --answer, --take-back, --pin and --unpin speak of.
    #[arg(long, value_name = "ID")]
    step: Option<String>,
    /// Answer the step: yes, no or cannot_tell.
    #[arg(long, requires = "step", value_name = "ANSWER")]
    answer: Option<String>,
    /// Why, in your words.
    #[arg(
        long,
        requires = "answer",
        default_value = "",
        hide_default_value = true
    )]
    note: String,
    /// Take the answer back.
    #[arg(long, requires = "step", conflicts_with = "answer")]
    take_back: bool,
    /// Pin an event to the step.
    #[arg(long, requires = "step", value_name = "EVENT")]
    pin: Vec<u64>,
    /// Take an event off the step.
    #[arg(long, requires = "step", value_name = "EVENT")]
    unpin: Vec<u64>,
    /// Write the run as a page to print.
    #[arg(long, value_name = "FILE")]
    page: Option<PathBuf>,
    /// Take the run back; it stays in the case file and its custody log.
    #[arg(long)]
    withdraw: bool,
}

impl Checklist {
    /// Whether it speaks of a run that is there.
    fn is_of_run(&self) -> bool {
        self.again
            || self.step.is_some()
            || self.withdraw
            || self.page.is_some()
                && self
                    .name
                    .as_deref()
                    .is_some_and(|n| n.parse::<u64>().is_ok())
    }
}

/// Runs it.
pub(crate) fn run(args: &Checklist, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut own = match &args.checklists {
        Some(folder) => texts(folder)?,
        None => Vec::new(),
    };
    let zone = zone_named(&args.zone)?;
    let Some(name) = &args.name else {
        let report = open(&args.case)?.checklists(&own)?;
        if json {
            print::json(&report, out)?;
        } else {
            list(&report, out)?;
        }
        return Ok(Exit::Done);
    };
    if name.ends_with(".toml") {
        own.insert(0, one(Path::new(name))?);
    }
    if args.text {
        let text = if args.case.exists() {
            open(&args.case)?.checklist_source(name, &own)?
        } else {
            checklist_text(name, &own)?
        };
        out.write_all(text.as_bytes())?;
        return Ok(Exit::Done);
    }
    if args.save || args.forget {
        return keep(args, name, json, out);
    }
    let by_number = name.parse::<u64>().ok();
    let report = if by_number.is_some() || args.is_of_run() {
        let looks_only = !args.is_of_run();
        let case = if looks_only {
            open(&args.case)?
        } else {
            write(&args.case)?
        };
        let run = match by_number {
            Some(run) => run,
            None => latest(&case, name)?,
        };
        use_addresses(&case, args)?;
        if args.withdraw {
            case.withdraw_checklist(run)?;
            if json {
                print::json(&serde_json::json!({ "withdrawn": run }), out)?;
            } else {
                writeln!(out, "run {run} taken back")?;
            }
            return Ok(Exit::Done);
        }
        if args.again {
            case.ask_again(run, &zone)?;
        }
        change(&case, run, args)?;
        save_page(&case, run, args)?;
        case.checklist(run, &zone)?
    } else {
        let choice = SubjectChoice {
            subject: args.subject.clone(),
            from: args.from.clone(),
            to: args.to.clone(),
        };
        let case = if args.look {
            open(&args.case)?
        } else {
            write(&args.case)?
        };
        use_addresses(&case, args)?;
        let report = case.ask_checklist(name, &own, &choice, &zone, !args.look)?;
        if let Some(run) = report.run {
            save_page(&case, run, args)?;
        }
        report
    };
    if json {
        print::json(&report, out)?;
    } else {
        text(&report, out)?;
    }
    Ok(if report.worrying > 0 {
        Exit::Worrying
    } else {
        Exit::Done
    })
}

/// Keeps a checklist of a person's own, or takes it out.
fn keep(args: &Checklist, name: &str, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let case = write(&args.case)?;
    if args.forget {
        case.forget_checklist(name)?;
        if json {
            print::json(&serde_json::json!({ "forgotten": name }), out)?;
        } else {
            writeln!(out, "{} taken out", visible(name))?;
        }
        return Ok(Exit::Done);
    }
    let kept = case.save_checklist(&one(Path::new(name))?.text)?;
    if json {
        print::json(&kept, out)?;
    } else {
        writeln!(out, "{}@{} kept", kept.id, kept.version)?;
    }
    Ok(Exit::Done)
}

fn use_addresses(case: &Case, args: &Checklist) -> Result<(), Failure> {
    for path in &args.geo {
        case.use_addresses(path)?;
    }
    Ok(())
}

fn change(case: &Case, run: u64, args: &Checklist) -> Result<(), Failure> {
    let Some(step) = &args.step else {
        return Ok(());
    };
    if args.answer.is_some() || args.take_back {
        case.answer_step(run, step, args.answer.as_deref(), &args.note)?;
    }
    for event in &args.pin {
        case.pin_event(run, step, *event, true)?;
    }
    for event in &args.unpin {
        case.pin_event(run, step, *event, false)?;
    }
    Ok(())
}

fn save_page(case: &Case, run: u64, args: &Checklist) -> Result<(), Failure> {
    let Some(path) = &args.page else {
        return Ok(());
    };
    let page = case.checklist_page(run, &zone_named(&args.zone)?)?;
    std::fs::write(path, page).map_err(|e| {
        Error::new(
            Code::Io,
            format!("`{}` cannot be written: {e}", path.display()),
            "Name a file in a folder that is there.",
        )
    })?;
    Ok(())
}

/// The latest run of a checklist.
fn latest(case: &Case, name: &str) -> Result<u64, Failure> {
    let runs = case.checklists(&[])?.runs;
    let found = runs.iter().find(|r| r.checklist == name);
    found.map(|r| r.run).ok_or_else(|| {
        Error::new(
            Code::NoSuchItem,
            format!("the checklist `{name}` was not asked in this case"),
            "Ask it first, or give the number of a run.",
        )
        .into()
    })
}

fn write(path: &Path) -> Result<Case, Failure> {
    Ok(Case::open(
        path,
        host::passphrase().as_deref(),
        host::setting(),
    )?)
}

fn one(path: &Path) -> Result<ChecklistText, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        Error::new(
            Code::NotReadable,
            format!("`{}` cannot be read: {e}", path.display()),
            "Name a file in UTF-8.",
        )
    })?;
    Ok(ChecklistText {
        file: path.to_string_lossy().into_owned(),
        text,
    })
}

/// The texts of the files of a folder, in the order of their names.
fn texts(folder: &Path) -> Result<Vec<ChecklistText>, Failure> {
    let wrong = |e: io::Error| {
        let message = format!("the folder `{}` cannot be read: {e}", folder.display());
        Error::new(Code::NotReadable, message, "Name a folder with checklists.")
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for file in std::fs::read_dir(folder).map_err(wrong)? {
        let path = file.map_err(wrong)?.path();
        if path.extension().is_some_and(|e| e == "toml") {
            files.push(path);
        }
    }
    files.sort();
    files.iter().map(|path| one(path)).collect()
}

fn list(report: &ChecklistsReport, out: &mut dyn Write) -> io::Result<()> {
    for checklist in &report.checklists {
        writeln!(
            out,
            "{}@{}  {}  ({} steps; about {})",
            checklist.id,
            checklist.version,
            visible(&checklist.title),
            checklist.steps.len(),
            checklist.about.join(", ")
        )?;
        writeln!(out, "    {}", visible(&checklist.when))?;
    }
    for refused in &report.refused {
        let line = refused.line.map_or_else(String::new, |l| format!(":{l}"));
        writeln!(
            out,
            "refused  {}{line}: {}: {}",
            visible(&refused.file),
            visible(&refused.key),
            visible(&refused.message)
        )?;
    }
    for run in &report.runs {
        writeln!(
            out,
            "run {}  {}@{}  {}  {} of {} answered, {} open, {} stale",
            run.run,
            run.checklist,
            run.version,
            visible(&run.subject.text),
            run.answered,
            run.answers.len(),
            run.open,
            run.stale
        )?;
    }
    Ok(())
}

fn text(report: &ChecklistReport, out: &mut dyn Write) -> io::Result<()> {
    let run = report
        .run
        .map_or_else(|| "not kept".to_owned(), |run| format!("run {run}"));
    writeln!(
        out,
        "{} ({}@{}, {run})",
        visible(&report.title),
        report.checklist,
        report.version
    )?;
    writeln!(out, "{} [{}]", visible(&report.subject.text), report.zone)?;
    if let Some(newer) = report.newer {
        writeln!(
            out,
            "The program has version {newer} of it; this run goes on with its own."
        )?;
    }
    for (at, step) in report.steps.iter().enumerate() {
        writeln!(out)?;
        one_step(at + 1, step, out)?;
    }
    writeln!(out, "\n{}", visible(&report.supports))?;
    writeln!(out, "{}", visible(&report.rests_on))
}

fn one_step(number_of: usize, step: &ChecklistStep, out: &mut dyn Write) -> io::Result<()> {
    let answer = match step.answer.as_str() {
        "yes" => "YES",
        "no" => "NO",
        _ => "CANNOT TELL",
    };
    let open = if step.needs_person {
        ", needs a person"
    } else {
        ""
    };
    writeln!(
        out,
        "{number_of}. {}  [{}]\n   {answer} ({}{open})  {}",
        visible(&step.title),
        step.id,
        step.sign,
        visible(&step.question)
    )?;
    writeln!(out, "   {}", visible(&step.reason))?;
    writeln!(out, "   {}", visible(&step.means))?;
    if !step.next.is_empty() {
        writeln!(out, "   Next: {}", visible(&step.next))?;
    }
    if let Some(given) = &step.given {
        let how = if given.overrides {
            "overrides the logs"
        } else {
            "answered"
        };
        writeln!(out, "   {how}: {} at {}", visible(&given.who), given.at)?;
    }
    if let Some(changed) = &step.changed {
        writeln!(
            out,
            "   changed: it was {} with {} at {}",
            changed.answer,
            number(changed.count),
            changed.at
        )?;
    }
    if let Some(stale) = &step.stale {
        writeln!(out, "   STALE: {}", visible(&stale.text))?;
    }
    for row in &step.rows {
        let sentence: String = row.sentence.iter().map(|p| p.text.as_str()).collect();
        let pinned = if step.pins.contains(&row.event) {
            " (pinned)"
        } else {
            ""
        };
        let time = row.time.as_ref().map_or_else(
            || "undated".to_owned(),
            |t| format!("{} {}", t.day, t.clock),
        );
        writeln!(
            out,
            "     #{}{pinned}  {time}  {}",
            row.event,
            visible(&sentence)
        )?;
    }
    for line in step.statement.lines() {
        writeln!(out, "   {}", visible(line))?;
    }
    for look in step.looks.iter().filter(|l| !l.query.is_empty()) {
        writeln!(out, "   asked: {}", visible(&look.query))?;
    }
    Ok(())
}
