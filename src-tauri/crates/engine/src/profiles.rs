//! Profiles at hand: those of the program and of the person.
//!
//! Owns: what they are, what one would make of a file, and a first draft of one. Never touches: how a profile is read
//! (`ingest`), those that a case keeps (`kept`), where a person's files stand (`profile_folder`).

use std::collections::BTreeMap;

use witnessmark_ingest::mapping::{IdentityKey, Mapper};
use witnessmark_ingest::options::Options;
use witnessmark_ingest::pipeline::{self, Profiles, Setup};
use witnessmark_ingest::profile::{Library, LibraryError, Profile, ProfileError};
use witnessmark_ingest::{Entry, Limits, recognise};
use witnessmark_model::Batch;

use crate::api::{
    ImportChoices, ProfilePart, ProfileTestReport, ProfileText, ProfilesReport, RefusedProfile,
    UnmappedPart, WarningPart,
};
use crate::choices::options;
use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::input::Input;
use crate::inspect;
use crate::members::{self, Looking};
use crate::setting::Setting;
use crate::trial::trial;

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

pub(crate) fn report(library: &Library, refused: &[RefusedProfile]) -> ProfilesReport {
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

/// What a profile makes of the first part of an input, or of a member or sheet of it; nothing is stored. Without a profile: what would be recognised.
pub fn profile_test(
    input: Input,
    member: Option<&str>,
    choices: &ImportChoices,
    setting: &Setting,
) -> Result<ProfileTestReport> {
    looked_at(
        input,
        member,
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
    member: Option<&str>,
    id: &str,
    title: &str,
    choices: &ImportChoices,
    setting: &Setting,
) -> Result<String> {
    let name = input.name();
    let text = looked_at(input, member, choices, setting, |sample, _, _, _| {
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

/// Opens the first part of an input, or of one member of it, and hands its first entries to `look`.
fn looked_at<T>(
    input: Input,
    member: Option<&str>,
    choices: &ImportChoices,
    setting: &Setting,
    look: impl FnOnce(&[Entry<'_>], String, &Library, &Options) -> T,
) -> Result<T> {
    let library = with(builtin()?, &choices.profiles)?;
    let options = options(choices)?;
    let how = Looking {
        member,
        options: &options,
        library: &library,
        setting,
    };
    let look = |sample: &[Entry<'_>], shape: String| look(sample, shape, &library, &options);
    Ok(members::looked_at(input, how, look)?.0)
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
