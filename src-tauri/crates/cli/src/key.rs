//! `witnessmark key`: signing keys in minisign's format.
//!
//! Owns: its arguments, where the keys of a person lie, passphrases at the terminal. Never touches: the files.

use std::io::{self, IsTerminal, Write};

use witnessmark_engine::api::KeyPart;
use witnessmark_engine::{Code, Error, KeyRing, SigningKey};

use crate::{Exit, Failure, host, print};

/// The environment variable that gives the passphrase of a key.
const PASSPHRASE: &str = "WITNESSMARK_KEY_PASSPHRASE";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Make a key. Its passphrase is asked for, or read from the environment variable WITNESSMARK_KEY_PASSPHRASE.
    Make {
        /// What it is called: letters, digits, `-`, `_`.
        name: String,
        /// Keep the secret key without a passphrase. Whoever can read the file can sign as you.
        #[arg(long)]
        unprotected: bool,
    },
    /// List the keys of this person on this machine.
    List,
    /// Show the public key of a key: what an auditor compares by telephone.
    Fingerprint {
        /// Its name, or a minisign public key file.
        name: String,
    },
}

/// Runs one of them.
pub(crate) fn run(args: &Args, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let ring = ring()?;
    match &args.what {
        What::Make { name, unprotected } => {
            let passphrase = if *unprotected {
                None
            } else {
                Some(new_passphrase()?)
            };
            show(&ring.make(name, passphrase.as_deref())?, json, out)
        }
        What::Fingerprint { name } => show(&ring.find(name)?, json, out),
        What::List => {
            let keys = ring.list()?;
            if json {
                print::json(&serde_json::json!({ "keys": keys }), out)?;
            } else if keys.is_empty() {
                writeln!(
                    out,
                    "There is no key yet; make one with `witnessmark key make NAME`."
                )?;
            } else {
                for key in &keys {
                    writeln!(out, "{:<24} {}", key.name, key.public)?;
                }
            }
            Ok(Exit::Done)
        }
    }
}

fn show(key: &KeyPart, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    if json {
        print::json(key, out)?;
    } else {
        // In groups of four, as it is read aloud.
        let chars: Vec<char> = key.public.chars().collect();
        let groups: Vec<String> = chars.chunks(4).map(|c| c.iter().collect()).collect();
        writeln!(
            out,
            "{}\n  public key  {}\n  in groups   {}",
            key.name,
            key.public,
            groups.join(" ")
        )?;
    }
    Ok(Exit::Done)
}

fn ring() -> Result<KeyRing, Failure> {
    let folder = host::settings_folder().ok_or_else(|| {
        wrong(
            "there is no folder for settings on this machine",
            "Set HOME, or give the file of a minisign key.",
        )
    })?;
    Ok(KeyRing::new(folder.join("keys")))
}

fn wrong(message: &str, hint: &str) -> Failure {
    Error::new(Code::InvalidOption, message, hint).into()
}

/// Opens a key by name or file.
pub(crate) fn open(name: &str) -> Result<SigningKey, Failure> {
    let ring = ring()?;
    let given = std::env::var(PASSPHRASE).ok();
    match ring.open(name, given.as_deref()) {
        Err(error)
            if error.code == Code::PassphraseRequired
                && given.is_none()
                && io::stdin().is_terminal() =>
        {
            let word = rpassword::prompt_password(format!("Passphrase of the key `{name}`: "))?;
            Ok(ring.open(name, Some(&word))?)
        }
        other => Ok(other?),
    }
}

fn new_passphrase() -> Result<String, Failure> {
    if let Ok(word) = std::env::var(PASSPHRASE) {
        return Ok(word);
    }
    if !io::stdin().is_terminal() {
        return Err(wrong(
            "a new key needs a passphrase",
            "Set the environment variable WITNESSMARK_KEY_PASSPHRASE, run at a terminal, or say --unprotected.",
        ));
    }
    let word = rpassword::prompt_password("Passphrase for the new key: ")?;
    let again = rpassword::prompt_password("Once more: ")?;
    if word == again && !word.is_empty() {
        return Ok(word);
    }
    Err(wrong(
        "the two passphrases differ, or are empty",
        "Type the same twice.",
    ))
}
