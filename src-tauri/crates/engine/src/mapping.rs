//! How a log would be read by a profile that a person is writing: its text, changed part by part, and what becomes of the
//! first entries. For a file that waits to be imported, and for a source of the case.
//!
//! Owns: where such a profile begins, and the answer to every change. Never touches: evidence, the case file (keeping a
//! profile is in `profiles`, reading anew in `revise`), what a profile means (`ingest`).

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;

use witnessmark_ingest::mapping::{IdentityKey, Mapper};
use witnessmark_ingest::options::Options;
use witnessmark_ingest::profile::{
    Library, Profile, ProfileError,
    edit::{self, Meaning},
};
use witnessmark_ingest::{Entry, Limits, recognise};
use witnessmark_model::{
    Batch, Field, Instant, Zone,
    verbs::{CATEGORIES, OPERATIONS, OUTCOMES, SENSITIVITIES},
};

use crate::api::{
    EventJson, ImportChoices, InspectionReport, MappingEdits, MappingField, MappingProblem,
    MappingReport, MappingSlot, MappingWord, RefusedProfile, SlotValue,
};
use crate::case::Case;
use crate::choices::options;
use crate::error::{Code, Error, Result};
use crate::input::Input;
use crate::inspect;
use crate::members::{self, Looking};
use crate::profiles::{FILE, GUESS, is_builtin, looked_into};
use crate::trial::trial;

/// Words that are listed, and bytes that one of them may have.
const WORDS: usize = 500;
const LONGEST: usize = 300;
/// Bytes of an entry that are shown beside a problem.
const RAW: usize = 600;
/// How sure a recognition must be for its profile to be the beginning.
const SURE: f64 = 0.5;

/// What a person asks of a mapping.
#[derive(Clone, Copy, Debug)]
pub struct MappingWanted<'w> {
    /// The profile as it stands; absent at the beginning: the one that reads the log now, or a guess.
    pub text: Option<&'w str>,
    /// Changes to it.
    pub edits: &'w MappingEdits,
    /// Of an archive or a workbook, the member or sheet; absent: the first that is a log.
    pub member: Option<&'w str>,
}

impl Case {
    /// What a profile makes of an input that was not imported yet; nothing is stored.
    ///
    /// # Errors
    /// When the input cannot be read, or holds nothing to look at.
    pub fn mapping_of_input(
        &self,
        input: Input,
        choices: &ImportChoices,
        wanted: MappingWanted<'_>,
    ) -> Result<MappingReport> {
        let name = input.name();
        let library = self.library_with(choices)?;
        let options = options(choices)?;
        let from = choices.profile.as_deref();
        let how = Looking {
            member: wanted.member,
            options: &options,
            library: &library,
            setting: &self.setting,
        };
        let now = (self.setting.now)();
        let called = wanted.member.unwrap_or(&name).to_owned();
        let look = |sample: &[Entry<'_>], shape: String| {
            looked(
                sample,
                shape,
                &options,
                &library,
                (&called, from),
                wanted,
                now,
            )
        };
        let (report, members) = members::looked_at(input, how, look)?;
        Ok(MappingReport {
            name,
            member: members.member,
            members: members.all,
            ..report?
        })
    }

    /// What a profile would make of a source of the case; nothing is changed. Words are counted over the whole source.
    ///
    /// # Errors
    /// When there is no such source, or it was taken out.
    pub fn mapping_of_source(
        &self,
        source: u32,
        choices: &ImportChoices,
        wanted: MappingWanted<'_>,
    ) -> Result<MappingReport> {
        let (info, choices) = self.chosen_anew(source, choices)?;
        let most = Limits::default().head as u64;
        let mut head = Vec::new();
        let mut kept = self.kept_reader(&info).take(most);
        kept.read_to_end(&mut head)
            .map_err(|e| crate::failures::internal(e.to_string()))?;
        let library = self.library_with(&choices)?;
        let reads = info.receipt.profiles.first().map(String::as_str);
        let from = choices.profile.as_deref().or(reads);
        let name = crate::case::shown_name(&info);
        let opened = Opened {
            name: &name,
            head: &head,
            whole: (head.len() as u64) < most,
        };
        let options = crate::revise::read_as(&info, &choices)?;
        let mut report = self.mapped(opened, &options, &library, from, wanted)?;
        self.words_of_all(source, &mut report)?;
        Ok(report)
    }

    /// What an input looks like by the profiles that this case knows; nothing is stored.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub fn inspect_input(&self, input: Input, choices: &ImportChoices) -> Result<InspectionReport> {
        let library = self.library_with(choices)?;
        inspect::inspect_with(input, choices, &library, &self.setting)
    }

    fn mapped(
        &self,
        opened: Opened<'_>,
        options: &Options,
        library: &Library,
        from: Option<&str>,
        wanted: MappingWanted<'_>,
    ) -> Result<MappingReport> {
        let Opened { name, head, whole } = opened;
        let now = (self.setting.now)();
        let look = |sample: &[Entry<'_>], shape: String, _: &Library, _: &Options| {
            looked(sample, shape, options, library, (name, from), wanted, now)
        };
        looked_into(name, head, whole, options, library, &self.setting, look)?
    }

    /// Counts the words of a source over all its events, where its actions still stand in the same place.
    fn words_of_all(&self, source: u32, report: &mut MappingReport) -> Result<()> {
        let Ok(profile) = Profile::parse(FILE, &report.text) else {
            return Ok(());
        };
        let answer = self.answer(&format!("in:{source}"), &Zone::UTC)?;
        let found = self.facets_of(&answer, &[Field::EventAction], WORDS)?;
        let mut counts: BTreeMap<String, u64> = found
            .fields
            .into_iter()
            .flat_map(|f| f.values)
            .map(|v| (v.value, v.count))
            .collect();
        if !report.words.iter().any(|w| counts.contains_key(&w.word)) {
            return Ok(());
        }
        for word in &mut report.words {
            word.count = counts.remove(&word.word).unwrap_or(word.count);
        }
        let more = counts
            .into_iter()
            .map(|(w, count)| word(&profile, w, count));
        report.words.extend(more);
        report.words_of_all = true;
        sort(&mut report.words);
        Ok(())
    }
}

/// The first bytes of something.
struct Opened<'o> {
    name: &'o str,
    head: &'o [u8],
    whole: bool,
}

/// What a profile makes of the first entries of something called so, where a person begins from the profile of a name.
fn looked(
    sample: &[Entry<'_>],
    shape: String,
    options: &Options,
    library: &Library,
    (name, from): (&str, Option<&str>),
    wanted: MappingWanted<'_>,
    now: Instant,
) -> Result<MappingReport> {
    let text = match wanted.text {
        Some(text) => text.to_owned(),
        None => begun(sample, library, from, name)?,
    };
    let (text, refused) = edited(text, wanted.edits);
    let mut report = MappingReport {
        name: name.to_owned(),
        shape,
        ..bare(text, sample.len(), refused)
    };
    match Profile::parse(FILE, &report.text) {
        Ok(profile) => {
            let mut of = library.clone();
            // The text was read a moment ago; that there are too many profiles is told by the import.
            let _ = of.add(FILE, &report.text);
            let options = Options {
                profile: Some(profile.id.clone()),
                ..options.clone()
            };
            tried(sample, &of, &options, &profile, now, &mut report);
        }
        Err(error) => {
            report.fields = fields(sample, None, &report.slots);
            report.refused.get_or_insert_with(|| refusal(error));
        }
    }
    Ok(report)
}

/// Where a person begins: the profile that reads the log, with an id of its own where it is one of the program, or a guess.
fn begun(
    sample: &[Entry<'_>],
    library: &Library,
    from: Option<&str>,
    name: &str,
) -> Result<String> {
    let from = from.filter(|name| *name != "auto");
    let known = match from {
        Some(name) => library.find(name),
        None => recognise::candidates(sample, library)
            .into_iter()
            .find(|c| c.confidence >= SURE)
            .and_then(|c| library.find(&c.profile)),
    };
    if let Some(profile) = known.filter(|profile| profile.id != GUESS) {
        if !is_builtin(&profile.id)? {
            return Ok(profile.text.clone());
        }
        let id = [format!("my-{}", profile.id)];
        let own = edit::set(&profile.text, "id", &id);
        let own = own.and_then(|text| edit::set(&text, "version", &["1".to_owned()]));
        return own.map_err(|e| crate::profiles::wrong(&e));
    }
    let (id, title) = called(name)?;
    recognise::draft(sample, &id, &title)
        .or_else(|| recognise::blank(sample, &id, &title))
        .ok_or_else(|| {
            let message = format!("no entry was found in the first part of `{name}`");
            Error::new(Code::NotALog, message, "Choose another file.")
        })
}

/// An id and a title after the name of a file.
fn called(name: &str) -> Result<(String, String)> {
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let stem = file.split('.').next().unwrap_or(file);
    let mut id = String::new();
    for c in stem.chars().take(48) {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => id.push(c),
            _ if !id.is_empty() && !id.ends_with('-') => id.push('-'),
            _ => {}
        }
    }
    let id = id.trim_end_matches('-');
    let id = match id {
        "" => "my-log".to_owned(),
        id if id == GUESS || is_builtin(id)? => format!("my-{id}"),
        id => id.to_owned(),
    };
    let title: String = stem.chars().filter(|c| !c.is_control()).take(80).collect();
    Ok((id, title))
}

/// The text after changes. One that cannot be made, or after which the text would be no profile any more, is told, and the
/// text stands as it was.
fn edited(before: String, edits: &MappingEdits) -> (String, Option<RefusedProfile>) {
    let changed = || -> std::result::Result<String, ProfileError> {
        let mut text = before.clone();
        for slot in &edits.slots {
            let old = edit::slots(&text)?;
            text = edit::set(&text, &slot.slot, &slot.values)?;
            // A provider that was only the id under another name goes with it.
            let said = |name: &str| {
                let slot = old.iter().find(|s| s.name == name)?;
                Some(slot.taken.first()?.text.clone())
            };
            if slot.slot == "id" && said("provider") == said("id") && said("id").is_some() {
                text = edit::set(&text, "provider", &slot.values)?;
            }
        }
        for verb in &edits.verbs {
            let meaning = verb.operation.as_deref().map(|operation| Meaning {
                category: verb.category.as_deref().unwrap_or("other"),
                operation,
                outcome: verb.outcome.as_deref(),
                sensitivity: verb.sensitivity.as_deref(),
            });
            text = edit::set_verb(&text, &verb.word, meaning)?;
        }
        Ok(text)
    };
    if edits.slots.is_empty() && edits.verbs.is_empty() {
        return (before, None);
    }
    match changed() {
        Err(error) => (before, Some(refusal(error))),
        Ok(text) => match Profile::parse(FILE, &text) {
            Err(error) if Profile::parse(FILE, &before).is_ok() => (before, Some(refusal(error))),
            _ => (text, None),
        },
    }
}

fn refusal(error: ProfileError) -> RefusedProfile {
    RefusedProfile {
        file: error.file,
        line: error.line.and_then(|line| u32::try_from(line).ok()),
        key: error.key,
        message: error.message,
    }
}

fn bare(text: String, entries: usize, refused: Option<RefusedProfile>) -> MappingReport {
    let list = |words: &[&str]| words.iter().map(|w| (*w).to_owned()).collect();
    let slots = edit::slots(&text).unwrap_or_default();
    let slots = slots.into_iter().map(|slot| MappingSlot {
        slot: slot.name,
        values: slot
            .taken
            .into_iter()
            .map(|taken| SlotValue {
                expression: taken.expression,
                text: taken.text,
            })
            .collect(),
    });
    MappingReport {
        name: String::new(),
        member: None,
        members: Vec::new(),
        shape: String::new(),
        entries: u32::try_from(entries).unwrap_or(u32::MAX),
        events: 0,
        slots: slots.collect(),
        text,
        refused,
        fields: Vec::new(),
        question: None,
        preview: Vec::new(),
        filled: Vec::new(),
        problems: Vec::new(),
        words: Vec::new(),
        words_of_all: false,
        operations: list(OPERATIONS),
        categories: list(CATEGORIES),
        outcomes: list(OUTCOMES),
        sensitivities: list(SENSITIVITIES),
    }
}

fn fields(
    sample: &[Entry<'_>],
    plan: Option<&witnessmark_ingest::mapping::Plan>,
    slots: &[MappingSlot],
) -> Vec<MappingField> {
    let each = slots.iter().find(|s| s.slot == "target.each");
    let each = each.and_then(|s| Some(s.values.first()?.text.as_str()));
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    recognise::fields(sample, plan)
        .into_iter()
        .map(|found| MappingField {
            inside: found
                .list
                .filter(|(list, _)| each == Some(list.as_str()))
                .map(|(_, inside)| inside),
            name: found.name,
            expression: found.expression,
            examples: found.examples,
            filled: number(found.filled),
            distinct: number(found.distinct),
        })
        .collect()
}

/// Reads the sample by the profile, and says what came of it.
fn tried(
    sample: &[Entry<'_>],
    library: &Library,
    options: &Options,
    profile: &Profile,
    now: witnessmark_model::Instant,
    report: &mut MappingReport,
) {
    let plan = recognise::plan(sample, options, library);
    report.fields = fields(sample, plan.as_ref().ok(), &report.slots);
    let plan = match plan {
        Ok(plan) => plan,
        Err(asked) => {
            report.question = Some(inspect::question(&asked));
            return;
        }
    };
    let mut mapper = Mapper::new(plan, IdentityKey([0; 16]), now);
    let mut batch = Batch::default();
    let (mut rejected, mut first) = (0_u64, None);
    for entry in sample {
        if mapper.map(entry, &mut batch).is_err() {
            rejected += 1;
            first.get_or_insert(entry);
        }
    }
    let by_number: HashMap<u64, &Entry<'_>> = sample.iter().map(|e| (e.number, e)).collect();
    let trial = trial(&batch);
    report.events = trial.events;
    report.preview = trial.shown;
    report.filled = trial.filled;
    report.problems = trial
        .problems
        .into_iter()
        .map(|problem| {
            let row = &batch.rows[problem.row];
            let entry = by_number.get(&row.locator.entry);
            MappingProblem {
                code: problem.code,
                message: problem.message,
                count: problem.count,
                line: row.locator.line,
                raw: entry.map_or_else(String::new, |entry| raw(entry)),
                event: Some(EventJson::from(&inspect::event(&batch, problem.row, row))),
            }
        })
        .collect();
    if let Some(entry) = first {
        report.problems.push(MappingProblem {
            code: "rejected".to_owned(),
            message: "no event in the entry".to_owned(),
            count: rejected,
            line: entry.line,
            raw: raw(entry),
            event: None,
        });
    }
    report.words = trial
        .words
        .into_iter()
        .map(|(w, (count, _))| word(profile, w, u64::from(count)))
        .collect();
    sort(&mut report.words);
}

/// The beginning of an entry as text.
fn raw(entry: &Entry<'_>) -> String {
    let head = &entry.raw[..entry.raw.len().min(RAW)];
    String::from_utf8_lossy(head).into_owned()
}

fn word(profile: &Profile, word: String, count: u64) -> MappingWord {
    let verb = profile.meaning(&word);
    let text = |word: &str| word.to_owned();
    MappingWord {
        exact: profile.names(&word),
        word,
        count,
        operation: verb.map(|v| text(v.operation)),
        category: verb.map(|v| text(v.category)),
        outcome: verb.and_then(|v| v.outcome).map(text),
        sensitivity: verb.and_then(|v| v.sensitivity).map(text),
    }
}

/// Those without a meaning first, the most frequent first. What is too long for a word is no word.
fn sort(words: &mut Vec<MappingWord>) {
    words.retain(|w| w.word.len() <= LONGEST);
    words.sort_by(|a, b| {
        let means = |w: &MappingWord| w.operation.is_some();
        means(a)
            .cmp(&means(b))
            .then_with(|| b.count.cmp(&a.count))
            .then_with(|| a.word.cmp(&b.word))
    });
    words.truncate(WORDS);
}
