//! Where the secret of a remote log comes from, and whether it is kept.
//!
//! Owns: the order (environment, keyring, terminal), keeping and forgetting, what is said of it. Never touches: requests. A
//! secret is kept only when that was asked for, and only after a server took it.

use std::io::{self, IsTerminal as _, Write};

use serde::Serialize;
use witnessmark_engine::{Code, Error, PullSecret, PullTarget, visible};
use witnessmark_keyring::{Keyring, Purpose, Refusal};

use crate::{Exit, Failure, host, print};

/// What became of the secret of a pull, for the answer.
#[derive(Debug, Serialize)]
pub(crate) struct Told {
    /// `environment`, `keyring` or `terminal`.
    from: &'static str,
    /// Whether it is in the keyring now.
    kept: bool,
    /// Why it is not, though that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    session_only: Option<String>,
}

/// The secret of one pull, before it is known whether a server takes it.
pub(crate) struct Found {
    text: Option<String>,
    from: &'static str,
    /// Why the keyring gave none.
    refused: Option<Refusal>,
    purpose: Purpose,
    needed: bool,
    keep: bool,
}

fn purpose(target: &PullTarget) -> Purpose {
    Purpose::remote_log(
        &target.connector,
        &target.origin,
        target.token_origin.as_deref(),
        &target.settings,
    )
}

impl Found {
    /// Looks for the secret of a target: environment, then keyring, then the person at the terminal.
    pub(crate) fn look(target: &PullTarget, keyring: Keyring, keep: bool) -> Result<Self, Failure> {
        let mut found = Self {
            text: host::secret(),
            from: "environment",
            refused: None,
            purpose: purpose(target),
            needed: target.needs_secret,
            keep: keep && target.needs_secret,
        };
        if found.text.is_some() || !found.needed {
            return Ok(found);
        }
        match keyring.get(&found.purpose) {
            Ok(text) => (found.text, found.from) = (text, "keyring"),
            Err(refused) => found.refused = Some(refused),
        }
        if found.text.is_none() && io::stdin().is_terminal() {
            let question = format!(
                "Secret for {} at {} (nothing is shown): ",
                visible(&target.connector),
                visible(&target.origin)
            );
            let word = rpassword::prompt_password(question)?;
            found.text = Some(word).filter(|word| !word.trim().is_empty());
            found.from = "terminal";
        }
        Ok(found)
    }

    /// The secret for the engine.
    pub(crate) fn secret(&self) -> Option<PullSecret> {
        self.text.as_deref().map(PullSecret::new)
    }

    /// Keeps the secret when that was asked for; a server has taken it. Absent when there is nothing to tell.
    pub(crate) fn taken(&self, keyring: Keyring) -> Option<Told> {
        let text = self.text.as_deref()?;
        if self.from == "keyring" {
            return Some(Told {
                from: self.from,
                kept: true,
                session_only: None,
            });
        }
        self.keep.then(|| {
            let refused = keyring.keep(&self.purpose, text.trim()).err();
            Told {
                from: self.from,
                kept: refused.is_none(),
                session_only: refused.map(|why| why.to_string()),
            }
        })
    }

    /// The error of a pull, with what the person can do about its secret.
    pub(crate) fn explained(&self, mut error: Error) -> Error {
        if error.code != Code::CredentialsRefused || !self.needed {
            return error;
        }
        match (&self.text, &self.refused) {
            (Some(_), _) if self.from == "keyring" => {
                "The secret came from the keyring of the system. Give another in WITNESSMARK_SECRET with --keep-secret, or take it \
                 away with --forget-secret."
                    .clone_into(&mut error.hint);
            }
            (None, Some(why)) => {
                error.hint = format!(
                    "Give them in the environment variable WITNESSMARK_SECRET; {why}, so none is kept from one pull to the next."
                );
            }
            (None, None) => {
                "Give them in the environment variable WITNESSMARK_SECRET; with --keep-secret the keyring of the system keeps them \
                 for the next pull."
                    .clone_into(&mut error.hint);
            }
            _ => {}
        }
        error
    }
}

impl Told {
    /// Says it in a line.
    pub(crate) fn say(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.session_only {
            None if self.from == "keyring" => {
                writeln!(out, "secret: from the keyring of the system")
            }
            None => writeln!(
                out,
                "secret: kept in the keyring of the system, for this connector, address and settings only"
            ),
            Some(why) => writeln!(
                out,
                "secret: used for this pull only and not kept, because {why}"
            ),
        }
    }
}

/// Takes the secret of a target out of the keyring.
pub(crate) fn forget(
    target: &PullTarget,
    json: bool,
    out: &mut dyn Write,
) -> Result<Exit, Failure> {
    let forgotten = host::keyring().forget(&purpose(target)).map_err(refused)?;
    if json {
        let answer = serde_json::json!({
            "connector": target.connector, "origin": target.origin, "forgotten": forgotten,
        });
        print::json(&answer, out)?;
    } else {
        writeln!(
            out,
            "{} for {} at {}",
            if forgotten {
                "taken out of the keyring of the system: the secret"
            } else {
                "the keyring of the system keeps no secret"
            },
            visible(&target.connector),
            visible(&target.origin)
        )?;
    }
    Ok(Exit::Done)
}

/// A refusal as an error: what was asked for was the keyring itself.
pub(crate) fn refused(why: Refusal) -> Error {
    Error::new(
        Code::KeyringRefused,
        why.to_string(),
        "Secrets can always be given in the environment variables WITNESSMARK_SECRET and WITNESSMARK_KEY_PASSPHRASE.",
    )
}
