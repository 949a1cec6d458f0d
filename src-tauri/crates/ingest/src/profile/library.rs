//! The profiles at hand: those compiled in and those a user adds.
//!
//! Owns: the set, and finding one by name. Never touches: the file system (texts are passed in).

use super::{Profile, ProfileError, sentence::SentencePart};
use std::{
    fmt,
    sync::{Arc, OnceLock, PoisonError, RwLock},
};
use witnessmark_model::{Event, Field};

/// More profiles than this are refused.
const MOST: usize = 1_000;

macro_rules! builtin {
    ($($name:literal),* $(,)?) => {
        /// File names and texts of the profiles that come with the program.
        const BUILTIN: &[(&str, &str)] = &[$((concat!($name, ".toml"), include_str!(concat!("../../../../profiles/", $name, ".toml")))),*];
    };
}

builtin!(
    "atlassian-datacenter",
    "atlassian-organization",
    "auth0",
    "aws-cloudtrail",
    "azure-activity",
    "azure-key-vault",
    "bitwarden",
    "box",
    "cloudflare",
    "cloudflare-access",
    "confluence-cloud",
    "corefy",
    "crowdstrike",
    "dropbox",
    "duo-admin",
    "duo-auth",
    "ecs",
    "edfapay",
    "entra-audit",
    "entra-provisioning",
    "entra-risk",
    "entra-signin",
    "gcp-audit",
    "github",
    "gitlab",
    "google-workspace",
    "intune",
    "jira-cloud",
    "jumpcloud",
    "keycloak",
    "kubernetes",
    "lastpass",
    "microsoft-365",
    "mimecast",
    "mongodb-atlas",
    "netskope",
    "ocsf",
    "okta",
    "onelogin",
    "onepassword",
    "payment-nexus",
    "paymongo",
    "pingone",
    "salesforce",
    "salesforce-setup",
    "slack",
    "snowflake",
    "stripe",
    "teleport",
    "tines",
    "twingate",
    "vault",
    "witnessmark-package",
    "zoom",
    "zscaler-zia",
    "zscaler-zpa",
);

/// Why a profile cannot be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LibraryError {
    /// The file is no profile.
    Profile(ProfileError),
    /// There are as many profiles as there may be.
    TooMany,
}

impl fmt::Display for LibraryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile(error) => error.fmt(f),
            Self::TooMany => write!(f, "more than {MOST} profiles"),
        }
    }
}

impl std::error::Error for LibraryError {}

impl From<ProfileError> for LibraryError {
    fn from(error: ProfileError) -> Self {
        Self::Profile(error)
    }
}

/// A set of profiles.
#[derive(Clone, Debug, Default)]
pub struct Library {
    profiles: Vec<Arc<Profile>>,
    /// Profiles that read events which are there already, beside the newer ones of the same id. Clones share them.
    kept: Arc<RwLock<Vec<Arc<Profile>>>>,
}

impl Library {
    /// The profiles that come with the program. They are read once.
    ///
    /// # Errors
    /// When a compiled-in file is no profile, which the tests of this crate rule out.
    pub fn builtin() -> Result<Self, LibraryError> {
        static READ: OnceLock<Result<Library, LibraryError>> = OnceLock::new();
        READ.get_or_init(|| {
            let mut library = Self::default();
            for (file, text) in BUILTIN {
                library.add(file, text)?;
            }
            Ok(library)
        })
        .clone()
        .map(|library| Self {
            profiles: library.profiles,
            kept: Arc::default(),
        })
    }

    /// A library of one profile.
    #[must_use]
    pub fn of(profile: &Arc<Profile>) -> Self {
        Self {
            profiles: vec![Arc::clone(profile)],
            kept: Arc::default(),
        }
    }

    /// Adds a profile; one with the same id takes the place of the one that was there.
    ///
    /// # Errors
    /// With file, line and key when the text is no profile.
    pub fn add(&mut self, file: &str, text: &str) -> Result<Arc<Profile>, LibraryError> {
        let profile = Arc::new(Profile::parse(file, text)?);
        match self.profiles.iter().position(|p| p.id == profile.id) {
            Some(place) => self.profiles[place] = Arc::clone(&profile),
            None if self.profiles.len() >= MOST => return Err(LibraryError::TooMany),
            None => self.profiles.push(Arc::clone(&profile)),
        }
        Ok(profile)
    }

    /// Every profile.
    #[must_use]
    pub fn profiles(&self) -> &[Arc<Profile>] {
        &self.profiles
    }

    /// Keeps a profile for events that it has read: it is found by its name, and recognises nothing.
    pub fn keep(&self, profile: &Arc<Profile>) {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MOST && !kept.iter().any(|p| p.text == profile.text) {
            kept.push(Arc::clone(profile));
        }
    }

    /// The profile of an id, with or without its version (`paymongo`, `paymongo@1`); those that recognise come first.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Arc<Profile>> {
        let is = |p: &&Arc<Profile>| p.id == name || p.name() == name;
        let found = self.profiles.iter().find(is).map(Arc::clone);
        found.or_else(|| {
            let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
            kept.iter().rev().find(is).map(Arc::clone)
        })
    }

    /// What an event says, as a sentence in parts.
    #[must_use]
    pub fn sentence(&self, event: &Event) -> Vec<SentencePart> {
        let profile = event.get(Field::Profile).and_then(|name| self.find(name));
        let verb = profile
            .as_ref()
            .zip(event.get(Field::EventAction))
            .and_then(|(p, word)| {
                p.verbs.find(word, |condition| {
                    event
                        .values(condition.field)
                        .iter()
                        .any(|value| condition.holds(value))
                })
            });
        super::sentence::sentence(verb.and_then(|v| v.say.as_ref()), event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_that_comes_with_the_program_is_read() {
        let library = Library::builtin().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(library.profiles().len(), BUILTIN.len());
        for profile in library.profiles() {
            assert!(
                !profile.blind_spots.is_empty(),
                "{} names no blind spot",
                profile.id
            );
            // What a package holds was given its words when it was first read.
            let has_words = profile.id == "witnessmark-package";
            assert!(
                has_words || profile.verbs().count() > 5,
                "{} has no vocabulary",
                profile.id
            );
        }
    }
}
