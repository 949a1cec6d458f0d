//! `witnessmark passphrase`: sets, changes or removes the passphrase of a case.
//!
//! Owns: its arguments, and asking at the terminal. Never touches: encryption.

use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use witnessmark_engine::{Code, Error, change_passphrase};

use crate::{Exit, Failure, host, print};

/// The environment variable that gives the new passphrase.
const NEW: &str = "WITNESSMARK_NEW_PASSPHRASE";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The case file; nobody may have it open.
    case: PathBuf,
    /// Take the passphrase away: whoever has the file can read it then.
    #[arg(long)]
    remove: bool,
}

/// Changes it. The present passphrase is read from WITNESSMARK_PASSPHRASE or asked for, the new one from
/// WITNESSMARK_NEW_PASSPHRASE or asked for.
pub(crate) fn run(args: &Args, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let old = match host::passphrase() {
        Some(word) => Some(word),
        None if std::io::stdin().is_terminal() => Some(rpassword::prompt_password(
            "Present passphrase (empty if there is none): ",
        )?)
        .filter(|word| !word.is_empty()),
        None => None,
    };
    let new = if args.remove { None } else { Some(new()?) };
    change_passphrase(&args.case, old.as_deref(), new.as_deref(), &host::setting())?;
    if json {
        print::json(&serde_json::json!({ "encrypted": new.is_some() }), out)?;
    } else if new.is_some() {
        writeln!(
            out,
            "The case is encrypted with the new passphrase. Nobody can recover it.{}",
            if old.is_none() {
                "\nIt was not encrypted before: copies, backups and freed places of the disk may still hold it."
            } else {
                ""
            }
        )?;
    } else {
        writeln!(out, "The case is not encrypted any more.")?;
    }
    Ok(Exit::Done)
}

fn new() -> Result<String, Failure> {
    let refuse = |message: &str| -> Failure {
        Error::new(
            Code::InvalidOption,
            message,
            "Set the environment variable WITNESSMARK_NEW_PASSPHRASE, run at a terminal, or say --remove.",
        )
        .into()
    };
    if let Ok(word) = std::env::var(NEW) {
        return if word.is_empty() {
            Err(refuse("the new passphrase is empty"))
        } else {
            Ok(word)
        };
    }
    if !std::io::stdin().is_terminal() {
        return Err(refuse("a new passphrase is needed"));
    }
    let word = rpassword::prompt_password("New passphrase: ")?;
    let again = rpassword::prompt_password("Once more: ")?;
    if word.is_empty() || word != again {
        return Err(refuse("the two passphrases differ, or are empty"));
    }
    Ok(word)
}
