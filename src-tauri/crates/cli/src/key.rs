//! `witnessmark key`: signing keys in minisign's format.
//!
//! Owns: where keys lie, their names, their passphrases at the terminal. Never touches: signing itself.

use std::fs;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use witnessmark_engine::{KeyError, SigningKey, make_key};

use crate::package::bad_key;
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

/// A key as it is listed.
#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    public: String,
    file: String,
}

/// Runs one of them.
pub(crate) fn run(args: &Args, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    match &args.what {
        What::Make { name, unprotected } => make(name, *unprotected, json, out),
        What::List => list(json, out),
        What::Fingerprint { name } => {
            let (_, public) = places(name)?;
            let file = if public.is_file() {
                public
            } else {
                PathBuf::from(name)
            };
            let listed = Listed {
                public: word(&file)?,
                name: name.clone(),
                file: file.to_string_lossy().into_owned(),
            };
            show(&listed, json, out)
        }
    }
}

fn show(listed: &Listed, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    if json {
        print::json(listed, out)?;
    } else {
        writeln!(
            out,
            "{}\n  public key  {}\n  in groups   {}\n  file        {}",
            listed.name,
            listed.public,
            grouped(&listed.public),
            listed.file
        )?;
    }
    Ok(Exit::Done)
}

/// The key in groups of four, as it is read aloud.
fn grouped(word: &str) -> String {
    let chars: Vec<char> = word.chars().collect();
    let groups: Vec<String> = chars.chunks(4).map(|c| c.iter().collect()).collect();
    groups.join(" ")
}

fn folder() -> Result<PathBuf, Failure> {
    host::settings_folder()
        .map(|f| f.join("keys"))
        .ok_or_else(|| {
            bad_key(
                "there is no folder for settings on this machine".to_owned(),
                "Set HOME, or give the file of a minisign key.",
            )
        })
}

/// Files of the secret and the public key of a name.
fn places(name: &str) -> Result<(PathBuf, PathBuf), Failure> {
    let folder = folder()?;
    Ok((
        folder.join(format!("{name}.key")),
        folder.join(format!("{name}.pub")),
    ))
}

fn make(name: &str, unprotected: bool, json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let plain = !name.is_empty()
        && name.len() <= 60
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    if !plain {
        return Err(bad_key(
            format!("`{name}` cannot name a key"),
            "Use letters, digits, - and _.",
        ));
    }
    let (secret, public) = places(name)?;
    if secret.exists() || public.exists() {
        return Err(bad_key(
            format!("there is a key `{name}` already"),
            "Choose another name; a key is never overwritten.",
        ));
    }
    let passphrase = if unprotected {
        None
    } else {
        Some(new_passphrase()?)
    };
    let (secret_text, public_text) = make_key(
        passphrase.as_deref(),
        &format!("Witnessmark signing key {name}"),
    )
    .map_err(told)?;
    if let Some(folder) = secret.parent() {
        fs::create_dir_all(folder)?;
    }
    write_new(&secret, &secret_text, true)?;
    write_new(&public, &public_text, false)?;
    let listed = Listed {
        name: name.to_owned(),
        public: word(&public)?,
        file: secret.to_string_lossy().into_owned(),
    };
    show(&listed, json, out)
}

/// Writes a file that only its owner can read when it is secret.
fn write_new(path: &Path, text: &str, secret: bool) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if secret {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    #[cfg(not(unix))]
    let _ = secret;
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn list(json: bool, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut keys = Vec::new();
    // No folder means that no key was made yet.
    for entry in fs::read_dir(folder()?).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.extension().is_some_and(|e| e == "pub") {
            keys.push(Listed {
                name,
                public: word(&path)?,
                file: path.with_extension("key").to_string_lossy().into_owned(),
            });
        }
    }
    keys.sort_by(|a, b| a.name.cmp(&b.name));
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

/// The word of a public key file: its last line.
fn word(path: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(path).map_err(|e| {
        bad_key(
            format!("`{}` cannot be read as a public key: {e}", path.display()),
            "List the keys with `witnessmark key list`.",
        )
    })?;
    let last = text.lines().map(str::trim).rfind(|l| !l.is_empty());
    Ok(last.unwrap_or_default().to_owned())
}

/// Opens a key by name or file.
pub(crate) fn open(name: &str) -> Result<SigningKey, Failure> {
    let by_name = places(name).ok().map(|p| p.0).filter(|p| p.is_file());
    let path = by_name.unwrap_or_else(|| PathBuf::from(name));
    let text = fs::read_to_string(&path).map_err(|e| {
        bad_key(
            format!("the key `{name}` cannot be read: {e}"),
            "List the keys with `witnessmark key list`, or give the file of a minisign secret key.",
        )
    })?;
    match SigningKey::open(&text, None) {
        Ok(key) => return Ok(key),
        Err(KeyError::WrongPassphrase) => {}
        Err(error) => return Err(told(error)),
    }
    let passphrase = match std::env::var(PASSPHRASE) {
        Ok(word) => word,
        Err(_) if io::stdin().is_terminal() => {
            rpassword::prompt_password(format!("Passphrase of the key `{name}`: "))?
        }
        Err(_) => {
            return Err(bad_key(
                format!("the key `{name}` is protected and no passphrase was given"),
                "Set the environment variable WITNESSMARK_KEY_PASSPHRASE, or run at a terminal.",
            ));
        }
    };
    SigningKey::open(&text, Some(&passphrase)).map_err(told)
}

fn new_passphrase() -> Result<String, Failure> {
    if let Ok(word) = std::env::var(PASSPHRASE) {
        return Ok(word);
    }
    if !io::stdin().is_terminal() {
        return Err(bad_key(
            "a new key needs a passphrase".to_owned(),
            "Set the environment variable WITNESSMARK_KEY_PASSPHRASE, run at a terminal, or say --unprotected.",
        ));
    }
    let word = rpassword::prompt_password("Passphrase for the new key: ")?;
    let again = rpassword::prompt_password("Once more: ")?;
    if word == again && !word.is_empty() {
        return Ok(word);
    }
    Err(bad_key(
        "the two passphrases differ, or are empty".to_owned(),
        "Type the same twice.",
    ))
}

fn told(error: KeyError) -> Failure {
    let hint = match error {
        KeyError::WrongPassphrase => "Give the passphrase that the key was made with.",
        _ => {
            "Give the file of a minisign secret key, or make one with `witnessmark key make NAME`."
        }
    };
    bad_key(error.to_string(), hint)
}
