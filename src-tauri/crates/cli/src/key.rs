//! `witnessmark key`: signing keys in minisign's format.
//!
//! Owns: its arguments, where the keys of a person lie, passphrases at the terminal. Never touches: the files.

use std::io::{self, IsTerminal, Write};

use witnessmark_engine::api::KeyPart;
use witnessmark_engine::{Code, Error, KeyRing, SigningKey};
use witnessmark_keyring::{Look, Purpose, Refusal};

use crate::secret::refused;
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
        /// Keep its passphrase in the keyring of the system.
        #[arg(long, conflicts_with = "unprotected")]
        keep_passphrase: bool,
    },
    /// List the keys of this person on this machine.
    List,
    /// Show the public key of a key: what an auditor compares by telephone.
    Fingerprint {
        /// Its name, or a minisign public key file.
        name: String,
    },
    /// Keep the passphrase of a key in the keyring of the system; signing then asks for none. It is asked for, or read from
    /// the environment variable WITNESSMARK_KEY_PASSPHRASE, and tried first.
    Keep {
        /// Name of the key.
        name: String,
    },
    /// Take the passphrase of a key out of the keyring of the system. The key stays.
    Forget {
        /// Name of the key.
        name: String,
    },
}

/// Runs one of them.
pub(crate) fn run(args: &Args, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let ring = ring()?;
    match &args.what {
        What::Make {
            name,
            unprotected,
            keep_passphrase,
        } => {
            let passphrase = if *unprotected {
                None
            } else {
                Some(new_passphrase()?)
            };
            let key = ring.make(name, passphrase.as_deref())?;
            let kept = passphrase.filter(|_| *keep_passphrase).map(|word| {
                let purpose = Purpose::signing_key(&key.public);
                host::keyring().keep(&purpose, &word)
            });
            show(&key, kept, json, out)
        }
        What::Keep { name } => {
            let key = ring.find(name)?;
            if !key.protected {
                return Err(wrong(
                    &format!("the key `{name}` has no passphrase"),
                    "There is nothing to keep.",
                ));
            }
            let word = given_passphrase(name)?;
            ring.open(name, Some(&word))?;
            let purpose = Purpose::signing_key(&key.public);
            host::keyring().keep(&purpose, &word).map_err(refused)?;
            show(&key, Some(Ok(())), json, out)
        }
        What::Forget { name } => {
            let key = ring.find(name)?;
            let purpose = Purpose::signing_key(&key.public);
            let forgotten = host::keyring().forget(&purpose).map_err(refused)?;
            if json {
                print::json(
                    &serde_json::json!({ "name": key.name, "forgotten": forgotten }),
                    out,
                )?;
            } else if forgotten {
                writeln!(
                    out,
                    "The passphrase of `{name}` is out of the keyring of the system."
                )?;
            } else {
                writeln!(
                    out,
                    "The keyring of the system keeps no passphrase of `{name}`."
                )?;
            }
            Ok(Exit::Done)
        }
        What::Fingerprint { name } => show(&ring.find(name)?, None, json, out),
        What::List => {
            let keys = ring.list()?;
            let keys: Vec<Listed> = keys.into_iter().map(Listed::look).collect();
            if json {
                print::json(&serde_json::json!({ "keys": keys }), out)?;
            } else if keys.is_empty() {
                writeln!(
                    out,
                    "There is no key yet; make one with `witnessmark key make NAME`."
                )?;
            } else {
                for Listed { key, kept } in &keys {
                    let kept = if *kept {
                        "  passphrase in the keyring"
                    } else {
                        ""
                    };
                    writeln!(out, "{:<24} {}{kept}", key.name, key.public)?;
                }
            }
            Ok(Exit::Done)
        }
    }
}

/// A key, and whether the keyring keeps its passphrase.
#[derive(serde::Serialize)]
struct Listed {
    #[serde(flatten)]
    key: KeyPart,
    kept: bool,
}

impl Listed {
    fn look(key: KeyPart) -> Self {
        // Where there is no keyring, nothing is kept.
        let kept = key.protected
            && host::keyring().look(&Purpose::signing_key(&key.public)) == Ok(Look::Kept);
        Self { key, kept }
    }
}

/// A key that was made or looked up, and whether its passphrase was kept, where that was asked for.
#[derive(serde::Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    key: &'a KeyPart,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_kept: Option<String>,
}

/// The key is what was asked for first; that its passphrase is not kept is said beside it and fails nothing.
fn show(
    key: &KeyPart,
    kept: Option<Result<(), Refusal>>,
    json: bool,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let shown = Shown {
        key,
        kept: kept.as_ref().map(Result::is_ok),
        not_kept: kept.and_then(Result::err).map(|why| why.to_string()),
    };
    if json {
        print::json(&shown, out)?;
        return Ok(Exit::Done);
    }
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
    match (shown.kept, shown.not_kept) {
        (_, Some(why)) => writeln!(out, "  passphrase  not kept, because {why}")?,
        (Some(_), None) => writeln!(out, "  passphrase  kept in the keyring of the system")?,
        (None, None) => {}
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

/// Opens a key by name or file. Its passphrase comes from the environment, else from the keyring, else from the terminal.
pub(crate) fn open(name: &str) -> Result<SigningKey, Failure> {
    let ring = ring()?;
    let given = std::env::var(PASSPHRASE).ok();
    let missing = match ring.open(name, given.as_deref()) {
        Err(error) if error.code == Code::PassphraseRequired && given.is_none() => error,
        other => return Ok(other?),
    };
    // Only a key of ours has a public key beside it, by which its passphrase is known.
    let kept = ring.find(name).ok().and_then(|key| {
        host::keyring()
            .get(&Purpose::signing_key(&key.public))
            .ok()
            .flatten()
    });
    if let Some(word) = kept
        && let Ok(key) = ring.open(name, Some(&word))
    {
        return Ok(key);
    }
    if !io::stdin().is_terminal() {
        return Err(missing.into());
    }
    Ok(ring.open(name, Some(&asked(name)?))?)
}

fn asked(name: &str) -> io::Result<String> {
    rpassword::prompt_password(format!("Passphrase of the key `{name}`: "))
}

fn given_passphrase(name: &str) -> Result<String, Failure> {
    match std::env::var(PASSPHRASE) {
        Ok(word) => Ok(word),
        Err(_) if io::stdin().is_terminal() => Ok(asked(name)?),
        Err(_) => Err(Error::new(
            Code::PassphraseRequired,
            format!("the passphrase of the key `{name}` is needed"),
            "Set the environment variable WITNESSMARK_KEY_PASSPHRASE, or run at a terminal.",
        )
        .into()),
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
