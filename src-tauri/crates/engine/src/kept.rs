//! The profiles of a person's own that a case keeps: brought in, replaced, taken out.
//!
//! Owns: which of them go on to recognise exports. Never touches: how a profile is read (`ingest`), the texts of those that
//! have read a source (they stay as long as the case), events.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use witnessmark_ingest::profile::{Library, Profile, ProfileError, edit};
use witnessmark_store as store;

use crate::api::{
    ImportChoices, KeptProfile, KeptProfiles, OwnProfile, ProfileText, ProfilesReport,
};
use crate::case::Case;
use crate::error::{Code, Error, Result};
use crate::profiles::{FILE, GUESS, builtin, is_builtin, report, with, wrong};

/// Kind of the statement by which a case keeps a profile of a person's own that nothing may have been read by yet.
const OWN: &str = "profile_own";
/// Kind of the statement by which a profile was taken out that has read a source; its value is the newest version of which
/// that is said.
const GONE: &str = "profile_gone";

/// The profiles of the program with those that a case keeps. What a person brought into the case goes on to recognise, in
/// its newest version, until it is taken out; an older version, or one of ours, only goes on to speak for the events that it
/// has read.
pub(crate) fn of_case(store: &store::Case) -> Result<Library> {
    let mut library = builtin()?;
    let gone = gone(store)?;
    let saved = store.statements(Some(OWN), None)?;
    let saved = saved.into_iter().map(|s| (s.subject, s.value));
    let mut read: Vec<Arc<Profile>> = Vec::new();
    for (name, text) in store.profiles()?.into_iter().chain(saved) {
        if library.find(&name).is_some_and(|p| p.text == text) {
            continue;
        }
        // A text that this version cannot read any more is still in the case; its events only lose their sentences.
        read.extend(Profile::parse(&name, &text).map(Arc::new));
    }
    read.sort_by_key(|profile| profile.version);
    for profile in &read {
        library.keep(profile);
    }
    for profile in read {
        let speaks = profile.id != GUESS
            && !is_builtin(&profile.id)?
            && gone.get(&profile.id).is_none_or(|to| profile.version > *to);
        if speaks {
            // The text of a profile that was read once is read again; the newest of an id takes the place of the others.
            let _ = library.add(&profile.id, &profile.text);
        }
    }
    Ok(library)
}

/// Ids that were taken out, each with its newest version of then.
fn gone(store: &store::Case) -> Result<BTreeMap<String, u32>> {
    let said = store.statements(Some(GONE), None)?;
    let versions = said.into_iter();
    Ok(versions
        .filter_map(|s| Some((s.subject, s.value.parse().ok()?)))
        .collect())
}

impl Case {
    /// The profiles that the case knows now.
    pub(crate) fn library(&self) -> Arc<Library> {
        let library = self.library.read();
        Arc::clone(&library.unwrap_or_else(PoisonError::into_inner))
    }

    /// Learns what the case keeps since something was kept or taken out, or a source was read.
    pub(crate) fn know_profiles(&self) -> Result<()> {
        let now = Arc::new(of_case(&self.store)?);
        let mut library = self.library.write().unwrap_or_else(PoisonError::into_inner);
        *library = now;
        Ok(())
    }

    /// The profiles of this case with those of these choices, which the case keeps from now on.
    pub(crate) fn library_with(&self, choices: &ImportChoices) -> Result<Library> {
        with(Library::clone(&self.library()), &choices.profiles)
    }

    /// Keeps a profile of a person's own in the case, in the place of an earlier one of its id. The version is raised where
    /// the case holds another text of this id and version, so that a version always is one text. It speaks at once.
    ///
    /// # Errors
    /// With line and key when the text is no profile; when its id is that of one of the program.
    pub fn keep_profile(&self, text: &str) -> Result<KeptProfile> {
        let mut profile = Profile::parse(FILE, text).map_err(|e| wrong(&e))?;
        if profile.id == GUESS || is_builtin(&profile.id)? {
            let starts = |line: &str| line.trim_start().starts_with("id");
            return Err(wrong(&ProfileError {
                file: FILE.to_owned(),
                line: text.lines().position(starts).map(|at| at + 1),
                key: "profile.id".to_owned(),
                message: format!(
                    "`{}` is a profile of the program; give yours an id of its own",
                    profile.id
                ),
            }));
        }
        let before = self.store.statements(Some(OWN), Some(&profile.id))?;
        let used = self.used(&profile.id)?;
        let kept = before.iter();
        let kept = kept.filter_map(|s| Profile::parse(FILE, &s.value).ok());
        let newest = kept.chain(used).max_by_key(|p| p.version);
        if let Some(newest) = newest
            && newest.text != profile.text
            && newest.version >= profile.version
        {
            let next = newest.version.saturating_add(1).to_string();
            let raised = edit::set(text, "version", &[next]).map_err(|e| wrong(&e))?;
            profile = Profile::parse(FILE, &raised).map_err(|e| wrong(&e))?;
        }
        let stamp = self.stamp();
        if !before.iter().any(|s| s.value == profile.text) {
            self.store.state(&stamp, OWN, &profile.id, &profile.text)?;
            for old in before {
                self.store.take_back(&stamp, old.id)?;
            }
        }
        for said in self.store.statements(Some(GONE), Some(&profile.id))? {
            self.store.take_back(&stamp, said.id)?;
        }
        self.know_profiles()?;
        Ok(KeptProfile {
            id: profile.id.clone(),
            version: profile.version,
            title: profile.title.clone(),
            text: profile.text.clone(),
        })
    }

    /// Takes a profile of a person's own out: from now on it recognises nothing in this case. What it has read stays as it was
    /// read, with its text; `keep_profile` brings it back.
    ///
    /// # Errors
    /// When the case keeps none of this id.
    pub fn forget_profile(&self, id: &str) -> Result<()> {
        let kept = self.store.statements(Some(OWN), Some(id))?;
        let newest = self.used(id)?.into_iter().map(|p| p.version).max();
        let still = newest.filter(|version| {
            let known = gone(&self.store).ok();
            known.is_none_or(|gone| gone.get(id).is_none_or(|to| version > to))
        });
        if kept.is_empty() && still.is_none() {
            return Err(Error::new(
                Code::NoSuchItem,
                format!("the case keeps no profile `{id}` of your own"),
                "`profile kept CASE` lists those that it keeps.",
            ));
        }
        let stamp = self.stamp();
        for one in kept {
            self.store.take_back(&stamp, one.id)?;
        }
        if let Some(version) = still {
            let before = self.store.statements(Some(GONE), Some(id))?;
            self.store.state(&stamp, GONE, id, &version.to_string())?;
            for old in before {
                self.store.take_back(&stamp, old.id)?;
            }
        }
        self.know_profiles()
    }

    /// The profiles of an id that have read a source, where no profile of the program has it.
    fn used(&self, id: &str) -> Result<Vec<Profile>> {
        if id == GUESS || is_builtin(id)? {
            return Ok(Vec::new());
        }
        let texts = self.store.profiles()?.into_iter();
        let read = texts.filter_map(|(name, text)| Profile::parse(&name, &text).ok());
        Ok(read.filter(|p| p.id == id).collect())
    }

    /// The profiles of a person's own that the case has: those that recognise exports, and those that only speak for what they
    /// have read. Newest version first.
    pub fn kept_profiles(&self) -> Result<KeptProfiles> {
        let library = self.library();
        let sources = self.store.sources()?;
        let saved = self.store.statements(Some(OWN), None)?;
        let saved = saved.into_iter().map(|s| (s.subject, s.value));
        let mut profiles: Vec<OwnProfile> = Vec::new();
        for (name, text) in self.store.profiles()?.into_iter().chain(saved) {
            let Ok(profile) = Profile::parse(&name, &text) else {
                continue;
            };
            let known = profiles.iter().any(|p| p.text == text);
            if known || profile.id == GUESS || is_builtin(&profile.id)? {
                continue;
            }
            let named = profile.name();
            let read = sources
                .iter()
                .filter(|s| s.state != "withdrawn" && s.receipt.profiles.contains(&named));
            profiles.push(OwnProfile {
                recognises: library.own().iter().any(|p| p.text == text),
                sources: read.map(|s| s.id).collect(),
                id: profile.id,
                version: profile.version,
                title: profile.title,
                text,
            });
        }
        profiles.sort_by(|a, b| a.id.cmp(&b.id).then(b.version.cmp(&a.version)));
        Ok(KeptProfiles { profiles })
    }

    /// The texts of profiles of a person's own among some that read a source.
    pub(crate) fn own_profiles(&self, names: &[String]) -> Vec<ProfileText> {
        let library = self.library();
        let known = names.iter().filter_map(|name| library.find(name));
        known
            .filter(|p| p.id != GUESS && !is_builtin(&p.id).unwrap_or(true))
            .map(|p| ProfileText {
                file: p.id.clone(),
                text: p.text.clone(),
            })
            .collect()
    }

    /// Every profile that this case knows.
    pub fn profiles(&self) -> Result<ProfilesReport> {
        Ok(report(&self.library(), &[]))
    }
}
