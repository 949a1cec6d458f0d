//! Profiles at hand: those of the program, of the person, and those that a case keeps.
//!
//! Owns: which of them speak, what one would make of a file, and a first draft of one. Never touches: how a profile is
//! read (`ingest`), where a person's files stand (front ends pass their texts in).

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use witnessmark_ingest::mapping::{IdentityKey, Mapper};
use witnessmark_ingest::options::Options;
use witnessmark_ingest::pipeline::{self, Profiles, Setup};
use witnessmark_ingest::profile::{Library, LibraryError, Profile, ProfileError, edit};
use witnessmark_ingest::{Entry, Limits, recognise};
use witnessmark_model::Batch;
use witnessmark_store as store;

use crate::api::{
    ImportChoices, KeptProfile, ProfilePart, ProfileTestReport, ProfileText, ProfilesReport,
    RefusedProfile, UnmappedPart, WarningPart,
};
use crate::case::Case;
use crate::choices::options;
use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::input::Input;
use crate::inspect;
use crate::setting::Setting;
use crate::trial::trial;

/// Kind of the statement by which a case keeps a profile of a person's own that nothing may have been read by yet.
const OWN: &str = "profile_own";
/// Id of a guessed mapping.
pub(crate) const GUESS: &str = "guess";
/// What a text without a file is called in messages.
pub(crate) const FILE: &str = "profile";
/// Words without a meaning that are listed.
const UNMAPPED: usize = 50;

/// The profiles that come with the program.
pub(crate) fn builtin() -> Result<Library> {
    Library::builtin().map_err(|e| internal(e.to_string()))
}

/// The profiles of the program with those that a case keeps. What a person brought into the case goes on to recognise, in
/// its newest version; an older version, or one of ours, only goes on to speak for the events that it has read.
pub(crate) fn of_case(store: &store::Case) -> Result<Library> {
    let mut library = builtin()?;
    let mut own: Vec<Arc<Profile>> = Vec::new();
    let saved = store.statements(Some(OWN), None)?;
    let saved = saved.into_iter().map(|s| (s.subject, s.value));
    for (name, text) in store.profiles()?.into_iter().chain(saved) {
        let known = library.find(&name).is_some_and(|p| p.text == text);
        if known {
            continue;
        }
        // A text that this version cannot read any more is still in the case; its events only lose their sentences.
        let Ok(profile) = Profile::parse(&name, &text).map(Arc::new) else {
            continue;
        };
        library.keep(&profile);
        if profile.id != GUESS && !is_builtin(&profile.id)? {
            own.push(profile);
        }
    }
    own.sort_by_key(|profile| profile.version);
    for profile in own {
        // The text of a profile that was read once is read again; the newest of an id takes the place of the others.
        let _ = library.add(&profile.id, &profile.text);
    }
    Ok(library)
}

pub(crate) fn is_builtin(id: &str) -> Result<bool> {
    Ok(builtin()?.profiles().iter().any(|p| p.id == id))
}

/// A library with further profiles; one with the same id takes the place of the one that was there.
pub(crate) fn with(mut library: Library, texts: &[ProfileText]) -> Result<Library> {
    for one in texts {
        let profile = library.add(&one.file, &one.text).map_err(refused)?;
        library.keep(&profile);
    }
    Ok(library)
}

fn refused(error: LibraryError) -> Error {
    match error {
        LibraryError::Profile(error) => wrong(&error),
        LibraryError::TooMany => Error::new(
            Code::LimitExceeded,
            error.to_string(),
            "Give fewer profiles.",
        ),
    }
}

pub(crate) fn wrong(error: &ProfileError) -> Error {
    let mut out = Error::new(
        Code::InvalidOption,
        format!("the profile cannot be used: {error}"),
        "Mend the file; docs/profiles.md describes the language.",
    );
    out.place.path = Some(error.file.clone());
    out.place.line = error.line.map(|line| line as u64);
    out
}

impl Case {
    /// The profiles of this case with those of these choices, which the case keeps from now on.
    pub(crate) fn library_with(&self, choices: &ImportChoices) -> Result<Library> {
        let own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        with(with(self.library.clone(), &own)?, &choices.profiles)
    }

    /// Keeps a profile of a person's own in the case, in the place of an earlier one of its id. The version is raised where
    /// the case holds another text of this id and version, so that a version always is one text.
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
        let used = self.store.profiles()?;
        let texts = before.iter().map(|s| s.value.clone());
        let known: Vec<Profile> = texts
            .chain(used.into_iter().map(|(_, text)| text))
            .filter_map(|text| Profile::parse(FILE, &text).ok())
            .filter(|p| p.id == profile.id)
            .collect();
        let newest = known.iter().max_by_key(|p| p.version);
        if let Some(newest) = newest
            && newest.text != profile.text
            && newest.version >= profile.version
        {
            let next = newest.version.saturating_add(1).to_string();
            let raised = edit::set(text, "version", &[next]).map_err(|e| wrong(&e))?;
            profile = Profile::parse(FILE, &raised).map_err(|e| wrong(&e))?;
        }
        if !before.iter().any(|s| s.value == profile.text) {
            let stamp = self.stamp();
            self.store.state(&stamp, OWN, &profile.id, &profile.text)?;
            for old in before {
                self.store.take_back(&stamp, old.id)?;
            }
        }
        let profile = Arc::new(profile);
        self.library.keep(&profile);
        let mut own = self.own.lock().unwrap_or_else(PoisonError::into_inner);
        own.retain(|p| p.file != profile.id);
        own.push(ProfileText {
            file: profile.id.clone(),
            text: profile.text.clone(),
        });
        Ok(KeptProfile {
            id: profile.id.clone(),
            version: profile.version,
            title: profile.title.clone(),
            text: profile.text.clone(),
        })
    }

    /// The texts of profiles of a person's own among some that read a source.
    pub(crate) fn own_profiles(&self, names: &[String]) -> Vec<ProfileText> {
        let known = names.iter().filter_map(|name| self.library.find(name));
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
        let library = self.library_with(&ImportChoices::default())?;
        Ok(report(&library, &[]))
    }
}

/// The id of a profile in a file.
///
/// # Errors
/// With file, line and key when the text is no profile.
pub fn profile_id(one: &ProfileText) -> Result<String> {
    Profile::parse(&one.file, &one.text)
        .map(|profile| profile.id)
        .map_err(|e| wrong(&e))
}

/// Every profile at hand; a file that is none is told with its place and spoils nothing else.
pub fn profiles(texts: &[ProfileText]) -> Result<ProfilesReport> {
    let mut library = builtin()?;
    let mut refused = Vec::new();
    for one in texts {
        match library.add(&one.file, &one.text) {
            Ok(_) => {}
            Err(LibraryError::Profile(error)) => refused.push(RefusedProfile {
                line: error.line.and_then(|line| u32::try_from(line).ok()),
                file: error.file,
                key: error.key,
                message: error.message,
            }),
            Err(error @ LibraryError::TooMany) => refused.push(RefusedProfile {
                file: one.file.clone(),
                line: None,
                key: String::new(),
                message: error.to_string(),
            }),
        }
    }
    Ok(report(&library, &refused))
}

fn report(library: &Library, refused: &[RefusedProfile]) -> ProfilesReport {
    let ours = builtin().unwrap_or_default();
    let mut profiles: Vec<ProfilePart> = library
        .profiles()
        .iter()
        .map(|p| ProfilePart {
            id: p.id.clone(),
            version: p.version,
            title: p.title.clone(),
            vendor_page: p.vendor_page.clone(),
            provider: p.provider.clone(),
            verbs: u32::try_from(p.verbs().count()).unwrap_or(u32::MAX),
            blind_spots: p.blind_spots.clone(),
            builtin: ours.profiles().iter().any(|o| o.text == p.text),
        })
        .collect();
    profiles.sort_by(|a, b| a.id.cmp(&b.id));
    ProfilesReport {
        profiles,
        refused: refused.to_vec(),
    }
}

/// The text of a profile, as it would be read from its file.
pub fn profile_text(name: &str, texts: &[ProfileText]) -> Result<String> {
    let library = with(builtin()?, texts)?;
    library
        .find(name)
        .map(|profile| profile.text.clone())
        .ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Error {
    Error::new(
        Code::UnknownProfile,
        format!("there is no profile `{name}`"),
        "`profile list` names those that there are.",
    )
}

/// What a profile makes of the first part of an input; nothing is stored. Without a profile: what would be recognised.
pub fn profile_test(
    input: Input,
    choices: &ImportChoices,
    setting: &Setting,
) -> Result<ProfileTestReport> {
    looked_at(
        input,
        choices,
        setting,
        |sample, shape, library, options| {
            let plan = match recognise::plan(sample, options, library) {
                Ok(plan) => plan,
                Err(asked) => {
                    return ProfileTestReport {
                        question: Some(inspect::question(&asked)),
                        ..empty(shape, sample.len())
                    };
                }
            };
            let mut out = ProfileTestReport {
                profiles: plan.profiles(),
                reasons: plan.reasons().to_vec(),
                ..empty(shape, sample.len())
            };
            let mut mapper = Mapper::new(plan, IdentityKey([0; 16]), (setting.now)());
            let (mut batch, mut rejected) = (Batch::default(), 0_u64);
            for entry in sample {
                rejected += u64::from(mapper.map(entry, &mut batch).is_err());
            }
            out.profiles = mapper.profiles();
            let trial = trial(&batch);
            out.events = trial.events;
            out.preview = trial.shown;
            out.filled = trial.filled;
            let problems = trial.problems.into_iter();
            out.problems = problems
                .map(|p| problem(p.code, p.count, p.message))
                .collect();
            if rejected > 0 {
                let message = "no event in the entry".to_owned();
                let code = "rejected".to_owned();
                out.problems.push(problem(code, rejected, message));
            }
            out.unmapped = unmapped(trial.words);
            out
        },
    )
}

const fn problem(code: String, count: u64, message: String) -> WarningPart {
    WarningPart {
        code,
        count,
        message,
        filter: None,
    }
}

/// Words without a meaning, most frequent first.
fn unmapped(words: BTreeMap<String, (u32, u32)>) -> Vec<UnmappedPart> {
    let without = words.into_iter().filter(|(_, (_, without))| *without > 0);
    let mut words: Vec<UnmappedPart> = without
        .map(|(value, (_, count))| UnmappedPart { value, count })
        .collect();
    words.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    words.truncate(UNMAPPED);
    words
}

fn empty(shape: String, entries: usize) -> ProfileTestReport {
    ProfileTestReport {
        profiles: Vec::new(),
        shape,
        entries: u32::try_from(entries).unwrap_or(u32::MAX),
        events: 0,
        question: None,
        preview: Vec::new(),
        problems: Vec::new(),
        unmapped: Vec::new(),
        filled: Vec::new(),
        reasons: Vec::new(),
    }
}

/// A first draft of a profile for a log that nobody described: the guess on an input, written down with its reasons.
pub fn profile_draft(
    input: Input,
    id: &str,
    title: &str,
    choices: &ImportChoices,
    setting: &Setting,
) -> Result<String> {
    let name = input.name();
    let text = looked_at(input, choices, setting, |sample, _, _, _| {
        recognise::draft(sample, id, title)
    })?;
    let text = text.ok_or_else(|| {
        Error::new(
            Code::NotALog,
            format!("nothing in `{name}` looks like a time, an action or an actor"),
            "Write the profile by hand; docs/profiles.md describes the language.",
        )
    })?;
    // A draft that could not be read again would be no help; an id or a title can spoil it.
    Profile::parse("draft", &text).map_err(|e| wrong(&e))?;
    Ok(text)
}

/// Opens the first part of an input and hands its first entries to `look`.
fn looked_at<T>(
    input: Input,
    choices: &ImportChoices,
    setting: &Setting,
    look: impl FnOnce(&[Entry<'_>], String, &Library, &Options) -> T,
) -> Result<T> {
    let library = with(builtin()?, &choices.profiles)?;
    let options = options(choices)?;
    let (name, head, whole) = inspect::head(input, Limits::default().head as u64)?;
    looked_into(&name, &head, whole, &options, &library, setting, look)
}

/// Hands the first entries of bytes to `look`.
pub(crate) fn looked_into<T>(
    name: &str,
    head: &[u8],
    whole: bool,
    options: &Options,
    library: &Library,
    setting: &Setting,
    look: impl FnOnce(&[Entry<'_>], String, &Library, &Options) -> T,
) -> Result<T> {
    let profiles = Profiles {
        options,
        library,
        keys: IdentityKey([0; 16]),
        now: (setting.now)(),
    };
    let setup = Setup {
        options,
        limits: Limits::default(),
        planner: &profiles,
    };
    let (_, seen) = pipeline::inspect(head, whole, name, &setup, |sample, source| {
        look(sample, source.shape.clone(), library, options)
    })?;
    Ok(seen)
}
