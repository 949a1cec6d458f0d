//! Secrets in the keyring of the system: the Secret Service on Linux, the keychain of macOS, Windows' credentials.
//!
//! Owns: under what name a secret is kept, and what is said where there is no keyring or it stays locked. Never touches:
//! files, the network (the keyring is a service of this machine), what a secret is used for. Nothing here is asked before a
//! person has asked for something that needs a secret, and none of it may run on the thread of the window: a keyring may
//! take its time, and may ask the person to unlock it.

use std::collections::BTreeMap;

#[cfg(any(windows, target_os = "macos"))]
mod native;
#[cfg(not(any(windows, target_os = "macos")))]
mod secret_service;

#[cfg(any(windows, target_os = "macos"))]
use native as system;
#[cfg(not(any(windows, target_os = "macos")))]
use secret_service as system;

/// Under this name everything of ours stands in the keyring.
const SERVICE: &str = "witnessmark";

/// Why a keyring did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The person wants none to be used.
    #[error("the keyring of the system is switched off here")]
    Off,
    /// There is none on this machine, or none in this session.
    #[error("there is no keyring of the system in this session")]
    Absent,
    /// It is locked, and nobody unlocked it.
    #[error("the keyring of the system is locked and was not unlocked")]
    Locked,
    /// It answered with an error, or with something that is no text.
    #[error("the keyring of the system refused ({0})")]
    Refused(String),
}

/// What a keyring gives back.
pub type Result<T> = std::result::Result<T, Refusal>;

/// The one thing that a secret is for. Another thing has another name, so a secret is never found for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purpose {
    account: String,
    /// What a person reads in the program that shows the keyring.
    #[cfg_attr(
        any(windows, target_os = "macos"),
        allow(dead_code, reason = "these make a label of the name themselves")
    )]
    label: String,
}

impl Purpose {
    /// The secret of a connector at an origin (scheme, host and port), at the one where it asks for a token when that is
    /// another, for its settings: wherever the secret would be sent, and whose log is asked for there, is part of its name.
    #[must_use]
    pub fn remote_log(
        connector: &str,
        origin: &str,
        token_origin: Option<&str>,
        settings: &BTreeMap<String, String>,
    ) -> Self {
        let token = token_origin.map_or(String::new(), |origin| format!(" token {origin}"));
        // Each value in quotes, so that none can look like the beginning of the next setting.
        let of: String = settings
            .iter()
            .map(|(name, value)| format!(" {name}={value:?}"))
            .collect();
        let values: Vec<&str> = settings.values().map(String::as_str).collect();
        let whose = if values.is_empty() {
            String::new()
        } else {
            format!(", {}", values.join(", "))
        };
        Self {
            account: format!("remote {connector} {origin}{token}{of}"),
            label: format!("Witnessmark: {connector} at {origin}{whose}"),
        }
    }

    /// The passphrase of a signing key, by its public key.
    #[must_use]
    pub fn signing_key(public: &str) -> Self {
        Self {
            account: format!("signing-key {public}"),
            label: "Witnessmark: passphrase of a signing key".to_owned(),
        }
    }
}

/// Whether something is kept, as can be told without unlocking anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A secret is kept.
    Kept,
    /// None is kept.
    Free,
}

/// The keyring of the system.
#[derive(Clone, Copy, Debug)]
pub struct Keyring {
    /// Seconds that a person has to unlock it; absent when none may be used.
    patience: Option<u64>,
}

impl Keyring {
    /// The keyring of the system. A person has so many seconds to unlock it; with none it is never asked to be unlocked.
    #[must_use]
    pub const fn of_the_system(patience: u64) -> Self {
        Self {
            patience: Some(patience),
        }
    }

    /// No keyring: everything is refused.
    #[must_use]
    pub const fn off() -> Self {
        Self { patience: None }
    }

    fn patience(self) -> Result<u64> {
        self.patience.ok_or(Refusal::Off)
    }

    /// Whether a secret is kept. Unlocks nothing and reads no secret.
    ///
    /// # Errors
    /// When there is no keyring.
    pub fn look(self, purpose: &Purpose) -> Result<Look> {
        self.patience()?;
        system::look(purpose)
    }

    /// The secret that is kept, if one is.
    ///
    /// # Errors
    /// When there is no keyring, or it stays locked.
    pub fn get(self, purpose: &Purpose) -> Result<Option<String>> {
        let bytes = system::get(purpose, self.patience()?)?;
        bytes
            .map(|bytes| {
                // What is no text was not put there by us; its bytes are not for a message.
                String::from_utf8(bytes)
                    .map_err(|_| Refusal::Refused("what it holds is no text".into()))
            })
            .transpose()
    }

    /// Keeps a secret, in place of the one that was kept.
    ///
    /// # Errors
    /// When there is no keyring, or it stays locked.
    pub fn keep(self, purpose: &Purpose, secret: &str) -> Result<()> {
        system::keep(purpose, secret.as_bytes(), self.patience()?)
    }

    /// Takes a secret away; false when none was kept.
    ///
    /// # Errors
    /// When there is no keyring, or it stays locked.
    pub fn forget(self, purpose: &Purpose) -> Result<bool> {
        system::forget(purpose, self.patience()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_connector_origin_port_place_of_tokens_or_setting_is_another_name() {
        let of = |connector: &str, origin: &str, token| {
            Purpose::remote_log(connector, origin, token, &BTreeMap::new()).account
        };
        let with = |settings: &[(&str, &str)]| {
            let settings = settings
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            Purpose::remote_log("okta", "https://a.example", None, &settings).account
        };
        let all = [
            with(&[("tenant", "one")]),
            with(&[("tenant", "two")]),
            with(&[("tenant", "one"), ("region", "eu")]),
            with(&[("tenant", "one\" region=\"eu")]),
            with(&[("region", "one")]),
            of("okta", "https://a.example", None),
            of("okta", "https://a.example:8443", None),
            of("okta", "http://a.example", None),
            of("okta", "https://b.example", None),
            of("okta2", "https://a.example", None),
            of("okta", "https://a.example", Some("https://b.example")),
            of("okta", "https://a.example", Some("https://c.example")),
        ];
        let mut different = all.to_vec();
        different.sort();
        different.dedup();
        assert_eq!(different.len(), all.len());
    }

    #[test]
    fn a_keyring_that_is_off_keeps_and_gives_nothing() {
        let purpose = Purpose::remote_log("okta", "https://a.example", None, &BTreeMap::new());
        let off = Keyring::off();
        assert_eq!(off.look(&purpose), Err(Refusal::Off));
        assert_eq!(off.get(&purpose), Err(Refusal::Off));
        assert_eq!(off.keep(&purpose, "x"), Err(Refusal::Off));
        assert_eq!(off.forget(&purpose), Err(Refusal::Off));
    }
}
