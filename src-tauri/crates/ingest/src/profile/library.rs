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

/// A profile that comes with the program, read when it is first asked for: most questions need one or two of them.
fn shipped(at: usize) -> Result<Arc<Profile>, ProfileError> {
    static READ: [OnceLock<Result<Arc<Profile>, ProfileError>>; BUILTIN.len()] =
        [const { OnceLock::new() }; BUILTIN.len()];
    let (file, text) = BUILTIN[at];
    READ[at]
        .get_or_init(|| Profile::parse(file, text).map(Arc::new))
        .clone()
}

/// The id of a profile that comes with the program: its file is named after it.
fn shipped_id(at: usize) -> &'static str {
    BUILTIN[at].0.trim_end_matches(".toml")
}

/// Ids under which events stand that no profile read.
const RESERVED: [&str; 2] = ["guess", "opaque"];

/// A set of profiles.
#[derive(Clone, Debug, Default)]
pub struct Library {
    /// Whether those of the program are in it.
    with_shipped: bool,
    /// Those that were added, which stand in the place of shipped ones of the same id.
    added: Vec<Arc<Profile>>,
    /// All of them in order, once somebody asked.
    all: OnceLock<Vec<Arc<Profile>>>,
    /// Profiles that read events which are there already, beside the newer ones of the same id. Clones share them.
    kept: Arc<RwLock<Vec<Arc<Profile>>>>,
}

impl Library {
    /// The profiles that come with the program. Each is read once, when it is needed.
    ///
    /// # Errors
    /// None since they are read one by one; that each is a profile is held by the tests of this crate.
    pub fn builtin() -> Result<Self, LibraryError> {
        Ok(Self {
            with_shipped: true,
            ..Self::default()
        })
    }

    /// A library of one profile.
    #[must_use]
    pub fn of(profile: &Arc<Profile>) -> Self {
        Self {
            added: vec![Arc::clone(profile)],
            ..Self::default()
        }
    }

    /// Whether a profile of this id comes with the program.
    fn is_builtin(id: &str) -> bool {
        (0..BUILTIN.len()).any(|at| shipped_id(at) == id)
    }

    /// Adds a profile; one with the same id takes the place of the one that was there.
    ///
    /// # Errors
    /// With file, line and key when the text is no profile.
    pub fn add(&mut self, file: &str, text: &str) -> Result<Arc<Profile>, LibraryError> {
        let profile = Arc::new(Profile::parse(file, text)?);
        if RESERVED.contains(&profile.id.as_str()) {
            let is_id = |line: &str| line.trim_start().starts_with("id");
            return Err(LibraryError::Profile(ProfileError {
                file: file.to_owned(),
                line: text.lines().position(is_id).map(|at| at + 1),
                key: "profile.id".to_owned(),
                message: format!(
                    "`{}` is how this program names what no profile reads; give it another id",
                    profile.id
                ),
            }));
        }
        match self.added.iter().position(|p| p.id == profile.id) {
            Some(place) => self.added[place] = Arc::clone(&profile),
            None if self.added.len() + BUILTIN.len() >= MOST => {
                return Err(LibraryError::TooMany);
            }
            None => self.added.push(Arc::clone(&profile)),
        }
        self.all = OnceLock::new();
        Ok(profile)
    }

    /// Those that were added to the ones of the program.
    #[must_use]
    pub fn own(&self) -> &[Arc<Profile>] {
        &self.added
    }

    /// Whether a profile was added to those of the program.
    pub(crate) fn is_own(&self, profile: &Arc<Profile>) -> bool {
        self.added.iter().any(|p| Arc::ptr_eq(p, profile))
    }

    /// Every profile.
    #[must_use]
    pub fn profiles(&self) -> &[Arc<Profile>] {
        self.all.get_or_init(|| {
            let mut all = Vec::new();
            if self.with_shipped {
                // A shipped file that is none cannot be: the tests of this crate read each.
                all.extend((0..BUILTIN.len()).filter_map(|at| {
                    let id = shipped_id(at);
                    let instead = self.added.iter().find(|p| p.id == id).map(Arc::clone);
                    instead.or_else(|| shipped(at).ok())
                }));
            }
            let is_new = |p: &&Arc<Profile>| !self.with_shipped || !Self::is_builtin(&p.id);
            all.extend(self.added.iter().filter(is_new).map(Arc::clone));
            all
        })
    }

    /// The profiles that read logs of one system, in order. Only these are read.
    #[must_use]
    pub fn of_provider(&self, provider: &str) -> Vec<Arc<Profile>> {
        let mut found = Vec::new();
        if self.with_shipped {
            let line = format!("provider = \"{provider}\"");
            for (at, (_, text)) in BUILTIN.iter().enumerate() {
                let id = shipped_id(at);
                match self.added.iter().find(|p| p.id == id) {
                    Some(instead) => found.push(Arc::clone(instead)),
                    None if text.lines().any(|l| l == line) => found.extend(shipped(at)),
                    None => {}
                }
            }
        }
        let is_new = |p: &&Arc<Profile>| !self.with_shipped || !Self::is_builtin(&p.id);
        found.extend(self.added.iter().filter(is_new).map(Arc::clone));
        found.retain(|p| p.provider == provider);
        found
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
        let is = |p: &&Arc<Profile>| p.is_called(name);
        let found = self.added.iter().find(is).map(Arc::clone);
        let found = found.or_else(|| {
            let id = name.split_once('@').map_or(name, |(id, _)| id);
            let replaced = self.added.iter().any(|p| p.id == id);
            let at = (0..BUILTIN.len()).find(|at| shipped_id(*at) == id)?;
            let known = self.with_shipped && !replaced;
            known
                .then(|| shipped(at).ok())
                .flatten()
                .filter(|p| p.is_called(name))
        });
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
        for at in 0..BUILTIN.len() {
            let profile = shipped(at).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(
                profile.id,
                shipped_id(at),
                "a file is named after its profile"
            );
        }
        let library = Library::builtin().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(library.profiles().len(), BUILTIN.len());
        for profile in library.profiles() {
            let of_system = library.of_provider(&profile.provider);
            let by_reading: Vec<&Arc<Profile>> = library
                .profiles()
                .iter()
                .filter(|p| p.provider == profile.provider)
                .collect();
            assert_eq!(
                of_system.iter().map(|p| &p.id).collect::<Vec<_>>(),
                by_reading.iter().map(|p| &p.id).collect::<Vec<_>>()
            );
            for name in [profile.id.clone(), profile.name()] {
                assert_eq!(library.find(&name).map(|p| p.name()), Some(profile.name()));
            }
        }
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
