//! `profile list`, `show`, `test`, `new`, `kept`, `keep` and `forget`: the descriptions of logs, how a person makes one, and those
//! that a case keeps.
//!
//! Owns: their arguments, their words. Never touches: what a profile means.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use witnessmark_engine::api::{
    ImportChoices, KeptProfiles, ProfileTestReport, ProfileText, ProfilesReport, RefusedProfile,
};
use witnessmark_engine::{
    Case, Code, Error, FileNames, Input, ProfileFolder, profile_draft, profile_id, profile_test,
    profile_text, profiles, visible,
};

use crate::args::Choices;
use crate::{Exit, Failure, host, print};

type Done = Result<Exit, Failure>;

#[derive(Debug, Subcommand)]
pub(crate) enum Profile {
    /// List the profiles: those of the program, and those of a folder.
    List(List),
    /// Print a profile as it stands in its file.
    Show(Show),
    /// Show what a profile makes of a file, before anything is stored: ten events, problems counted, words without a meaning.
    Test(Test),
    /// Write a first draft of a profile from a file, with the reason of each guess.
    New(New),
    /// List the profiles of your own that a case keeps, and the sources that they read.
    Kept {
        /// The case file.
        case: PathBuf,
    },
    /// Keep a profile in a case, in the place of an earlier one of its id; it recognises further exports there.
    Keep {
        /// The case file.
        case: PathBuf,
        /// The profile's file.
        file: PathBuf,
    },
    /// Take a kept profile out of a case: it recognises nothing any more. What it has read stays as it was read.
    Forget {
        /// The case file.
        case: PathBuf,
        /// Its id.
        id: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    own: Own,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// Its id, such as `paymongo`.
    name: String,
    #[command(flatten)]
    own: Own,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// A file, or `-` for standard input.
    file: PathBuf,
    /// A profile's id or file; without it, the one that is recognised.
    name: Option<String>,
    #[command(flatten)]
    of: Of,
    #[command(flatten)]
    choices: Choices,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// A file, or `-` for standard input.
    file: PathBuf,
    /// Id of the profile: lower-case letters, digits and hyphens.
    #[arg(long, default_value = "my-log")]
    id: String,
    /// What people call the log.
    #[arg(long, default_value = "My log")]
    title: String,
    /// File to write; without it, to standard output.
    #[arg(long)]
    out: Option<PathBuf>,
    #[command(flatten)]
    of: Of,
    #[command(flatten)]
    choices: Choices,
}

/// Which part of a file is looked at.
#[derive(Debug, Args)]
pub(crate) struct Of {
    /// The member of an archive, or the sheet of a workbook; without it, the first that is a log.
    #[arg(long, value_name = "NAME")]
    member: Option<String>,
}

/// Where a person's own profiles are.
#[derive(Debug, Default, Args)]
pub(crate) struct Own {
    /// A folder with profiles of your own (`*.toml`); else the one in the environment variable WITNESSMARK_PROFILES.
    #[arg(long, value_name = "DIR")]
    profiles: Option<PathBuf>,
}

impl Own {
    /// What the folder holds; nothing where none is named.
    pub(crate) fn found(&self) -> Result<ProfileFolder, Failure> {
        let folder = self.profiles.clone().or_else(host::profiles);
        let read = folder.map(|folder| ProfileFolder::read(&folder, FileNames::Whole));
        Ok(read.transpose()?.unwrap_or_default())
    }

    /// The texts that are profiles. One that is none is told on stderr and spoils nothing else.
    pub(crate) fn usable(&self) -> Result<Vec<ProfileText>, Failure> {
        let found = self.found()?;
        for refused in &found.refused {
            print::aside(&refusal(refused));
        }
        Ok(found.profiles)
    }
}

/// Where and why a file is no profile.
fn refusal(r: &RefusedProfile) -> String {
    let line = r.line.map_or(String::new(), |line| format!(":{line}"));
    let key = if r.key.is_empty() {
        String::new()
    } else {
        format!(" {}:", r.key)
    };
    format!(
        "the profile cannot be used: {}{line}:{key} {}",
        r.file, r.message
    )
}

fn one(path: &Path) -> Result<ProfileText, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        let message = format!("the profile `{}` cannot be read: {e}", path.display());
        Error::new(Code::NotReadable, message, "Check the file.")
    })?;
    Ok(ProfileText {
        file: path.to_string_lossy().into_owned(),
        text,
    })
}

/// A profile that is named by its file joins the others, and goes by its id.
pub(crate) fn named(choices: &mut ImportChoices) -> Result<(), Failure> {
    let Some(name) = choices.profile.as_deref().filter(|n| n.ends_with(".toml")) else {
        return Ok(());
    };
    let text = one(Path::new(name))?;
    let id = profile_id(&text)?;
    choices.profiles.push(text);
    choices.profile = Some(id);
    Ok(())
}

/// Runs one of the commands.
pub(crate) fn run(command: Profile, json: bool, out: &mut dyn Write) -> Done {
    match command {
        Profile::List(args) => {
            let found = args.own.found()?;
            let mut report = profiles(&found.profiles)?;
            report.refused.extend(found.refused);
            if json {
                print::json(&report, out)?;
            } else {
                list(&report, out)?;
            }
        }
        Profile::Show(args) => {
            let text = profile_text(&args.name, &args.own.usable()?)?;
            if json {
                print::json(
                    &serde_json::json!({ "profile": args.name, "text": text }),
                    out,
                )?;
            } else {
                out.write_all(text.as_bytes())?;
            }
        }
        Profile::Test(args) => {
            let mut choices = args.choices.into_api()?;
            if let Some(name) = args.name {
                choices.profile = Some(name);
                named(&mut choices)?;
            }
            let report = profile_test(
                input(&args.file)?,
                args.of.member.as_deref(),
                &choices,
                &host::setting(),
            )?;
            if json {
                print::json(&report, out)?;
            } else {
                tested(&report, out)?;
            }
        }
        Profile::New(args) => {
            let choices = args.choices.into_api()?;
            let text = profile_draft(
                input(&args.file)?,
                args.of.member.as_deref(),
                &args.id,
                &args.title,
                &choices,
                &host::setting(),
            )?;
            match &args.out {
                Some(path) => write_new(path, &text)?,
                None if json => print::json(
                    &serde_json::json!({ "profile": args.id, "text": text }),
                    out,
                )?,
                None => out.write_all(text.as_bytes())?,
            }
        }
        Profile::Kept { case } => {
            let report = crate::commands::open(&case)?.kept_profiles()?;
            if json {
                print::json(&report, out)?;
            } else {
                kept(&report, out)?;
            }
        }
        Profile::Keep { case, file } => {
            let text = one(&file)?;
            profile_id(&text)?;
            let kept = writable(&case)?.keep_profile(&text.text)?;
            if json {
                print::json(&kept, out)?;
            } else {
                let (id, title) = (visible(&kept.id), visible(&kept.title));
                writeln!(out, "kept {id}@{}: {title}", kept.version)?;
            }
        }
        Profile::Forget { case, id } => {
            writable(&case)?.forget_profile(&id)?;
            if json {
                print::json(&serde_json::json!({ "forgotten": id }), out)?;
            } else {
                let id = visible(&id);
                writeln!(out, "took {id} out; what it has read stays as it was read")?;
            }
        }
    }
    Ok(Exit::Done)
}

fn input(path: &Path) -> Result<Input, Failure> {
    if path == Path::new("-") {
        return Ok(Input::Stream {
            name: "standard input".to_owned(),
            reader: Box::new(io::stdin()),
        });
    }
    Ok(Input::at(path)?)
}

/// Nothing is overwritten.
fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let made = std::fs::File::options()
        .write(true)
        .create_new(true)
        .open(path);
    let written = made.and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|e| {
        let message = format!("`{}` cannot be written: {e}", path.display());
        Error::new(
            Code::Io,
            message,
            "Choose another name; nothing is overwritten.",
        )
        .into()
    })
}

fn list(report: &ProfilesReport, out: &mut dyn Write) -> io::Result<()> {
    for p in &report.profiles {
        let name = format!("{}@{}", p.id, p.version);
        let own = if p.builtin { "" } else { "  (your own)" };
        writeln!(out, "{:28} {}{own}", visible(&name), visible(&p.title))?;
    }
    for r in &report.refused {
        writeln!(out, "refused: {}", visible(&refusal(r)))?;
    }
    Ok(())
}

/// A case to write into.
fn writable(path: &Path) -> Result<Case, Failure> {
    let passphrase = host::passphrase();
    Ok(Case::open(path, passphrase.as_deref(), host::setting())?)
}

fn kept(report: &KeptProfiles, out: &mut dyn Write) -> io::Result<()> {
    for p in &report.profiles {
        let name = format!("{}@{}", p.id, p.version);
        let how = if p.recognises {
            "recognises"
        } else {
            "only what it has read"
        };
        let read: Vec<String> = p.sources.iter().map(u32::to_string).collect();
        let read = match read.as_slice() {
            [] => "no source".to_owned(),
            some => format!("sources {}", some.join(", ")),
        };
        let (name, title) = (visible(&name), visible(&p.title));
        writeln!(out, "{name:28} {title}  ({how}; {read})")?;
    }
    Ok(())
}

fn tested(report: &ProfileTestReport, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{}: {} entries looked at, {} events by {}",
        report.shape,
        report.entries,
        report.events,
        visible(&report.profiles.join(", "))
    )?;
    if let Some(question) = &report.question {
        return writeln!(out, "asks: {}", visible(&question.message));
    }
    for reason in &report.reasons {
        writeln!(out, "  {}", visible(reason))?;
    }
    writeln!(out)?;
    for event in &report.preview {
        let text = serde_json::to_string(event).map_err(io::Error::other)?;
        writeln!(out, "{}", visible(&text))?;
    }
    writeln!(out)?;
    for f in &report.filled {
        writeln!(out, "{:32} {}", f.field, f.count)?;
    }
    for p in &report.problems {
        writeln!(
            out,
            "problem {:24} {}  {}",
            p.code,
            p.count,
            visible(&p.message)
        )?;
    }
    for u in &report.unmapped {
        writeln!(out, "no meaning {:21} {}", visible(&u.value), u.count)?;
    }
    Ok(())
}
