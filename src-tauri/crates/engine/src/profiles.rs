//! Profiles at hand: those of the program, of the person, and those that a case keeps.
//!
//! Owns: which of them speak, what one would make of a file, and a first draft of one. Never touches: how a profile is
//! read (`ingest`), where a person's files stand (front ends pass their texts in).

use std::collections::BTreeMap;
use std::sync::Arc;

use witnessmark_ingest::mapping::{IdentityKey, Mapper};
use witnessmark_ingest::pipeline::{self, Profiles, Setup};
use witnessmark_ingest::profile::{Library, LibraryError, Profile, ProfileError};
use witnessmark_ingest::{Entry, Limits, recognise};
use witnessmark_model::{Batch, Field, Flag};
use witnessmark_store as store;

use crate::api::{
    EventJson, FilledPart, ImportChoices, ProfilePart, ProfileTestReport, ProfileText,
    ProfilesReport, RefusedProfile, UnmappedPart, WarningPart,
};
use crate::case::Case;
use crate::choices::options;
use crate::error::{Code, Error, Result};
use crate::failures::internal;
use crate::input::Input;
use crate::inspect;
use crate::setting::Setting;

/// Events shown.
const PREVIEW: usize = 10;
/// Words without a meaning that are listed.
const UNMAPPED: usize = 50;

/// The profiles that come with the program.
pub(crate) fn builtin() -> Result<Library> {
    Library::builtin().map_err(|e| internal(e.to_string()))
}

/// The profiles of the program with those that a case keeps. What a person brought into the case goes on to recognise;
/// an older version of one of ours only goes on to speak for the events that it has read.
pub(crate) fn of_case(store: &store::Case) -> Result<Library> {
    let mut library = builtin()?;
    for (name, text) in store.profiles()? {
        let known = library.find(&name).is_some_and(|p| p.text == text);
        if known {
            continue;
        }
        // A text that this version cannot read any more is still in the case; its events only lose their sentences.
        let Ok(profile) = Profile::parse(&name, &text).map(Arc::new) else {
            continue;
        };
        library.keep(&profile);
        if profile.id != "guess" && !is_builtin(&profile.id)? {
            // The file of a profile that was read once is read again.
            let _ = library.add(&name, &text);
        }
    }
    Ok(library)
}

fn is_builtin(id: &str) -> Result<bool> {
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

fn wrong(error: &ProfileError) -> Error {
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
        with(self.library.clone(), &choices.profiles)
    }

    /// Every profile that this case knows.
    #[must_use]
    pub fn profiles(&self) -> ProfilesReport {
        report(&self.library, &[])
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
            count(&batch, &mut out);
            if rejected > 0 {
                out.problems.push(WarningPart {
                    code: "rejected".to_owned(),
                    count: rejected,
                    message: "entries hold no event".to_owned(),
                });
            }
            out
        },
    )
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

/// Counts what became of the rows.
fn count(batch: &Batch, out: &mut ProfileTestReport) {
    let mut filled: BTreeMap<Field, u32> = BTreeMap::new();
    let mut problems: BTreeMap<String, u64> = BTreeMap::new();
    let mut unmapped: BTreeMap<String, u32> = BTreeMap::new();
    for (n, row) in batch.rows.iter().enumerate() {
        let (mut action, mut mapped) = (None, false);
        let mut seen = Vec::new();
        for (field, _, text) in batch.row_cells(n) {
            if !seen.contains(&field) {
                seen.push(field);
                *filled.entry(field).or_default() += 1;
            }
            match field {
                Field::EventAction => action = Some(text.to_owned()),
                Field::EventOperation => mapped = true,
                Field::Problems => *problems.entry(text.to_owned()).or_default() += 1,
                _ => {}
            }
        }
        if let Some(action) = action.filter(|_| !mapped) {
            *unmapped.entry(action).or_default() += 1;
        }
        if n < PREVIEW {
            out.preview
                .push(EventJson::from(&inspect::event(batch, n, row)));
        }
    }
    out.events = u32::try_from(batch.rows.len()).unwrap_or(u32::MAX);
    out.filled = filled
        .into_iter()
        .map(|(field, count)| FilledPart {
            field: field.name().to_owned(),
            count,
        })
        .collect();
    out.problems = problems
        .into_iter()
        .map(|(code, count)| WarningPart {
            message: Flag::ALL
                .iter()
                .find(|flag| flag.code() == code)
                .map_or_else(String::new, |flag| flag.text().to_owned()),
            code,
            count,
        })
        .collect();
    let mut words: Vec<UnmappedPart> = unmapped
        .into_iter()
        .map(|(value, count)| UnmappedPart { value, count })
        .collect();
    words.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.value.cmp(&b.value)));
    words.truncate(UNMAPPED);
    out.unmapped = words;
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
    look: impl FnOnce(&[Entry<'_>], String, &Library, &witnessmark_ingest::options::Options) -> T,
) -> Result<T> {
    let library = with(builtin()?, &choices.profiles)?;
    let options = options(choices)?;
    let limits = Limits::default();
    let (name, head, whole) = inspect::head(input, limits.head as u64)?;
    let profiles = Profiles {
        options: &options,
        library: &library,
        keys: IdentityKey([0; 16]),
        now: (setting.now)(),
    };
    let setup = Setup {
        options: &options,
        limits,
        planner: &profiles,
    };
    let mut look = Some(look);
    let (_, seen) = pipeline::inspect(&head, whole, &name, &setup, |sample, source| {
        let look = look.take()?;
        Some(look(sample, source.shape.clone(), &library, &options))
    })?;
    seen.ok_or_else(|| internal("a sample was looked at twice"))
}
