//! Signing keys of a person: minisign files in one folder that is given.
//!
//! Owns: their names and files. Never touches: where the folder is, the terminal, signing itself. A secret key is a file
//! that only its owner can read, protected by a passphrase unless that was declined.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use witnessmark_package::{KeyError, SigningKey, make_key};

use crate::api::KeyPart;
use crate::error::{Code, Error, Result};

/// The keys in one folder.
#[derive(Clone, Debug)]
pub struct KeyRing {
    folder: PathBuf,
}

fn wrong(message: impl Into<String>, hint: &str) -> Error {
    Error::new(Code::InvalidOption, message, hint)
}

fn failed(path: &Path, error: &std::io::Error) -> Error {
    let hint = "Check the folder of the keys and the rights on it.";
    Error::new(
        Code::Io,
        format!(
            "the key `{}` cannot be written or read: {error}",
            path.display()
        ),
        hint,
    )
}

impl KeyRing {
    /// The keys in a folder, which need not be there yet.
    #[must_use]
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    fn places(&self, name: &str) -> (PathBuf, PathBuf) {
        (
            self.folder.join(format!("{name}.key")),
            self.folder.join(format!("{name}.pub")),
        )
    }

    /// Makes a key and keeps it.
    pub fn make(&self, name: &str, passphrase: Option<&str>) -> Result<KeyPart> {
        let plain = !name.is_empty()
            && name.len() <= 60
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        if !plain {
            let message = format!("`{name}` cannot name a key");
            return Err(wrong(message, "Use letters, digits, - and _."));
        }
        let (secret, public) = self.places(name);
        if secret.exists() || public.exists() {
            let message = format!("there is a key `{name}` already");
            let hint = "Choose another name; a key is never overwritten.";
            return Err(wrong(message, hint));
        }
        let comment = format!("Witnessmark signing key {name}");
        let (secret_text, public_text) = make_key(passphrase, &comment).map_err(told)?;
        fs::create_dir_all(&self.folder).map_err(|e| failed(&self.folder, &e))?;
        write_new(&secret, &secret_text, true).map_err(|e| failed(&secret, &e))?;
        write_new(&public, &public_text, false).map_err(|e| failed(&public, &e))?;
        self.part(name, &public)
    }

    /// Every key, by name.
    pub fn list(&self) -> Result<Vec<KeyPart>> {
        let mut keys = Vec::new();
        // No folder means that no key was made yet.
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|e| e == "pub") {
                let name = path.file_stem().unwrap_or_default().to_string_lossy();
                keys.push(self.part(&name, &path)?);
            }
        }
        keys.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(keys)
    }

    /// One key by its name, or by the file of its public key.
    pub fn find(&self, name: &str) -> Result<KeyPart> {
        let (_, public) = self.places(name);
        let path = if public.is_file() {
            public
        } else {
            PathBuf::from(name)
        };
        self.part(name, &path)
    }

    fn part(&self, name: &str, public: &Path) -> Result<KeyPart> {
        let text = fs::read_to_string(public).map_err(|e| {
            let message = format!("`{}` cannot be read as a public key: {e}", public.display());
            wrong(message, "List the keys with `witnessmark key list`.")
        })?;
        // A file has the word of the key in its last line.
        let word = text.lines().map(str::trim).rfind(|l| !l.is_empty());
        let (secret, _) = self.places(name);
        let protected = fs::read_to_string(secret).is_ok_and(|text| {
            matches!(
                SigningKey::open(&text, None),
                Err(KeyError::WrongPassphrase)
            )
        });
        Ok(KeyPart {
            name: name.to_owned(),
            public: word.unwrap_or_default().to_owned(),
            protected,
        })
    }

    /// Opens a secret key by its name, or by its file. `passphrase_required` tells that the passphrase is missing or wrong.
    pub fn open(&self, name: &str, passphrase: Option<&str>) -> Result<SigningKey> {
        let (secret, _) = self.places(name);
        let path = if secret.is_file() {
            secret
        } else {
            PathBuf::from(name)
        };
        let text = fs::read_to_string(&path).map_err(|e| {
            let hint = "List the keys with `witnessmark key list`, or give the file of a minisign secret key.";
            wrong(format!("the key `{name}` cannot be read: {e}"), hint)
        })?;
        match SigningKey::open(&text, None) {
            Err(KeyError::WrongPassphrase) => {}
            other => return other.map_err(told),
        }
        let Some(passphrase) = passphrase else {
            return Err(Error::new(
                Code::PassphraseRequired,
                format!("the key `{name}` is protected by a passphrase"),
                "Give it in the environment variable WITNESSMARK_KEY_PASSPHRASE, or when you are asked.",
            ));
        };
        SigningKey::open(&text, Some(passphrase)).map_err(told)
    }
}

/// Writes a file that only its owner can read when it is secret.
fn write_new(path: &Path, text: &str, secret: bool) -> std::io::Result<()> {
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

fn told(error: KeyError) -> Error {
    match error {
        KeyError::WrongPassphrase => Error::new(
            Code::PassphraseRequired,
            error.to_string(),
            "Give the passphrase that the key was made with.",
        ),
        _ => wrong(
            error.to_string(),
            "Give the file of a minisign secret key, or make one with `witnessmark key make NAME`.",
        ),
    }
}
