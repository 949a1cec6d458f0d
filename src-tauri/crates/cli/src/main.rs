//! The command `witnessmark`: every operation of the facade, as text for people and JSON for programs.
//!
//! Owns: arguments, wording on the terminal, exit codes. Never touches: SQL, formats of logs, Tauri.

mod actor;
mod agents;
mod args;
mod checklist;
mod commands;
mod context;
mod detect;
mod disclose;
mod errors;
mod export;
mod first_seen;
mod host;
mod key;
mod notes;
mod package;
mod passphrase;
mod print;
mod profile;
mod pull;
mod record;
mod revise;
mod secret;
mod session;
mod signins;
mod sql;
mod terminal;
mod verdict;
mod verify;
mod with_entries;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use witnessmark_engine::{Code, Error};

/// Exit codes of the contract; 2 before 3 before 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Done.
    Done = 0,
    /// Done, and the answer is worrying: findings, or a failed verification.
    Worrying = 1,
    /// Error.
    Failed = 2,
    /// Done, but entries were rejected.
    Rejected = 3,
}

/// What can end a command early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The engine could not do it.
    Engine(Error),
    /// Our own output could not be written.
    Output(std::io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

fn main() -> ExitCode {
    let cli = match args::Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    let json = cli.json;
    let mut out = std::io::BufWriter::new(terminal::out());
    let result = commands::run(cli, &mut out).and_then(|exit| Ok(out.flush().map(|()| exit)?));
    let exit = match result {
        Ok(exit) => exit,
        // The reader of our output went away (`| head`): nothing is wrong.
        Err(Failure::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Exit::Done,
        Err(Failure::Output(error)) => {
            let hint = "Check the disk or the program that reads it.";
            print::error(
                &Error::new(
                    Code::Io,
                    format!("the output cannot be written: {error}"),
                    hint,
                ),
                json,
            );
            Exit::Failed
        }
        Err(Failure::Engine(error)) => {
            print::error(&error, json);
            Exit::Failed
        }
    };
    ExitCode::from(exit as u8)
}

/// Wrong arguments: clap's own words, or one JSON line when `--json` is among them. Help and version are no error.
fn usage(error: &clap::Error) -> ExitCode {
    use clap::error::ErrorKind as K;
    if matches!(error.kind(), K::DisplayHelp | K::DisplayVersion) {
        // Nothing can be told to anybody when the terminal itself is gone.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    if std::env::args().any(|a| a == "--json") {
        print::error(
            &Error::new(Code::InvalidOption, first_words(error), hint(error)),
            true,
        );
    } else {
        let _ = error.print();
        if error.kind() == K::UnknownArgument {
            // Nobody is left to tell when stderr is gone.
            let _ = writeln!(std::io::stderr(), "hint: {}", hint(error));
        }
    }
    ExitCode::from(Exit::Failed as u8)
}

/// What clap says before it explains the usage, in one line: also the missing arguments, which it lists below.
fn first_words(error: &clap::Error) -> String {
    let text = error.to_string();
    let said = text.split("\n\n").next().unwrap_or_default();
    let words = said.split_whitespace().collect::<Vec<_>>().join(" ");
    words.trim_start_matches("error: ").to_owned()
}

/// What to do. The commonest superfluous argument is the second term of a filter that was not put in quotes.
fn hint(error: &clap::Error) -> &'static str {
    if error.kind() == clap::error::ErrorKind::UnknownArgument {
        "A filter is one argument: put the whole of it in quotes, such as 'actor:alice action:login'. See `witnessmark --help`."
    } else {
        "See `witnessmark --help`."
    }
}
