//! `profile list`, `show`, `test` and `new`: the descriptions of logs, and how a person makes one.
//!
//! Owns: their arguments, the files of a person's own profiles, their words. Never touches: what a profile means.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use witnessmark_engine::api::{ImportChoices, ProfileTestReport, ProfileText, ProfilesReport};
use witnessmark_engine::{
    Code, Error, Input, profile_draft, profile_id, profile_test, profile_text, profiles, visible,
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
    choices: Choices,
}

/// Where a person's own profiles are.
#[derive(Debug, Default, Args)]
pub(crate) struct Own {
    /// A folder with profiles of your own (`*.toml`); else the one in the environment variable WITNESSMARK_PROFILES.
    #[arg(long, value_name = "DIR")]
    profiles: Option<PathBuf>,
}

impl Own {
    /// The texts of the files in the folder, in the order of their names.
    pub(crate) fn texts(&self) -> Result<Vec<ProfileText>, Failure> {
        let Some(folder) = self.profiles.clone().or_else(host::profiles) else {
            return Ok(Vec::new());
        };
        let wrong = |e: io::Error| {
            let message = format!("the folder `{}` cannot be read: {e}", folder.display());
            Error::new(Code::NotReadable, message, "Name a folder with profiles.")
        };
        let mut files: Vec<PathBuf> = Vec::new();
        for file in std::fs::read_dir(&folder).map_err(wrong)? {
            let path = file.map_err(wrong)?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                files.push(path);
            }
        }
        files.sort();
        files.iter().map(|path| one(path)).collect()
    }

    /// The texts that are profiles. One that is none is told on stderr and spoils nothing else.
    pub(crate) fn usable(&self) -> Result<Vec<ProfileText>, Failure> {
        let mut texts = self.texts()?;
        texts.retain(|text| match profile_id(text) {
            Ok(_) => true,
            Err(error) => {
                print::aside(&error.message);
                false
            }
        });
        Ok(texts)
    }
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
            let report = profiles(&args.own.texts()?)?;
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
            let report = profile_test(input(&args.file)?, &choices, &host::setting())?;
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
        let line = r.line.map_or(String::new(), |line| format!(":{line}"));
        let key = if r.key.is_empty() {
            String::new()
        } else {
            format!(" {}:", r.key)
        };
        writeln!(
            out,
            "refused: {}{line}:{key} {}",
            visible(&r.file),
            visible(&r.message)
        )?;
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
