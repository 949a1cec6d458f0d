//! Sigma rules that a person brings: read from a folder, a zip or a file, and put to raw entries.
//!
//! Owns: finding rule files within bounds, and what an entry is to a rule. Never touches: the language of rules.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};
use witnessmark_detect::feed::Feed;
use witnessmark_detect::finding::Finding;
use witnessmark_detect::sigma::{self, NotRun, Program, Rules, Seen};
use witnessmark_ingest::Leaves;
use witnessmark_model::{LeafReader, SourceShape, Zone};
use witnessmark_store::query::RawEntry;

use crate::api::RuleNotRun;
use crate::case::Case;
use crate::error::{Code, Error, Result};

/// Bytes of one rule file that are read: one more than may be used, so that a larger one is told.
const FILE: u64 = (1 << 20) + 1;
/// Rule files that are read from all places together.
const MOST_FILES: usize = 20_000;
/// Bytes of all rule files together.
const ALL: u64 = 256 << 20;
/// Folders in folders that are gone into.
const DEEPEST: usize = 32;

/// Rule files with their names and texts.
#[derive(Clone, Debug, Default)]
pub struct RuleFiles {
    pub(crate) files: Vec<(String, String)>,
    bytes: u64,
}

impl RuleFiles {
    /// How many files there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Adds the rules of a folder (with what is below it), a zip or a file. Only names that end in `.yml` or `.yaml`
    /// count; links are not followed.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or holds too much.
    pub fn add(&mut self, path: &Path) -> Result<()> {
        let kind = std::fs::metadata(path).map_err(|e| unreadable(path, &e.to_string()))?;
        let before = self.files.len();
        if kind.is_dir() {
            self.folder(path, path, 0)?;
        } else if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("zip"))
        {
            self.zip(path)?;
        } else if kind.is_file() {
            let file = File::open(path).map_err(|e| unreadable(path, &e.to_string()))?;
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            self.take(name, file, path)?;
        } else {
            return Err(unreadable(path, "it is neither a file nor a folder"));
        }
        if self.files.len() == before {
            return Err(Error::new(
                Code::NotFound,
                format!("there is no rule in `{}`", path.display()),
                "Rules are files that end in .yml or .yaml.",
            )
            .at(path.to_string_lossy()));
        }
        Ok(())
    }

    fn folder(&mut self, root: &Path, folder: &Path, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Ok(());
        }
        let read = std::fs::read_dir(folder).map_err(|e| unreadable(folder, &e.to_string()))?;
        let mut entries: Vec<PathBuf> = read.filter_map(|e| e.ok().map(|e| e.path())).collect();
        entries.sort();
        for path in entries {
            let Ok(kind) = std::fs::symlink_metadata(&path) else {
                continue;
            };
            if kind.is_dir() {
                self.folder(root, &path, depth + 1)?;
            } else if kind.is_file() && is_rule(&path) {
                let file = File::open(&path).map_err(|e| unreadable(&path, &e.to_string()))?;
                let name = path
                    .strip_prefix(root)
                    .unwrap_or(&path)
                    .to_string_lossy()
                    .into_owned();
                self.take(name, file, &path)?;
            }
        }
        Ok(())
    }

    fn zip(&mut self, path: &Path) -> Result<()> {
        let file = File::open(path).map_err(|e| unreadable(path, &e.to_string()))?;
        let mut archive =
            zip::ZipArchive::new(file).map_err(|e| unreadable(path, &e.to_string()))?;
        for at in 0..archive.len() {
            let entry = archive
                .by_index(at)
                .map_err(|e| unreadable(path, &e.to_string()))?;
            let name = entry
                .name()
                .map_err(|e| unreadable(path, &e.to_string()))?
                .into_owned();
            if entry.is_file() && is_rule(Path::new(&name)) {
                self.take(name, entry, path)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, name: String, from: impl Read, path: &Path) -> Result<()> {
        let mut bytes = Vec::new();
        // Bytes that come out are counted, whatever a header promises.
        from.take(FILE)
            .read_to_end(&mut bytes)
            .map_err(|e| unreadable(path, &e.to_string()))?;
        self.bytes += bytes.len() as u64;
        if self.files.len() >= MOST_FILES || self.bytes > ALL {
            let message = format!(
                "`{}` holds more rules than are taken: {MOST_FILES} files of 256 MiB together",
                path.display()
            );
            return Err(Error::new(
                Code::LimitExceeded,
                message,
                "Give the folders of rules that are for these logs.",
            ));
        }
        self.files
            .push((name, String::from_utf8_lossy(&bytes).into_owned()));
        Ok(())
    }
}

fn is_rule(path: &Path) -> bool {
    path.extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("yml") || e.eq_ignore_ascii_case("yaml"))
}

fn unreadable(path: &Path, why: &str) -> Error {
    Error::new(
        Code::Io,
        format!("rules cannot be read from `{}`: {why}", path.display()),
        "Give a folder, a zip or a file of Sigma rules.",
    )
    .at(path.to_string_lossy())
}

/// The profile of entries whose system was not recognised.
const GUESS: &str = "guess";

/// The rules for the entries of each profile, and which profile an entry of no known system belongs to.
struct Programs<'r> {
    by_profile: HashMap<&'r str, Program<'r>>,
    by_source: HashMap<u32, String>,
}

/// What rules found.
#[derive(Default)]
pub(crate) struct Ruled {
    pub(crate) findings: Vec<Finding>,
    pub(crate) not_run: Vec<RuleNotRun>,
    pub(crate) run: u64,
}

impl Case {
    /// Puts rules to the raw entries of the events that they are for.
    pub(crate) fn run_rules(&self, files: &RuleFiles, feed: &Feed) -> Result<Ruled> {
        if files.is_empty() {
            return Ok(Ruled::default());
        }
        let known: Vec<(String, String)> = self
            .library()
            .profiles()
            .iter()
            .map(|p| (p.id.clone(), p.provider.clone()))
            .collect();
        let mut rules = Rules::read(&files.files, &known);
        let present = self.profiles_present()?;
        rules.keep_for(&present);
        let mut ruled = Ruled {
            not_run: rules.not_run.iter().map(not_run).collect(),
            run: rules.len() as u64,
            findings: Vec::new(),
        };
        if rules.is_empty() {
            return Ok(ruled);
        }
        let query = match rules.profiles() {
            None => String::new(),
            Some(mut ids) => {
                ids.push(GUESS.to_owned());
                ids.iter()
                    .map(|id| format!("profile:{id}@*"))
                    .collect::<Vec<_>>()
                    .join(" OR ")
            }
        };
        let answer = self.answer(&query, &Zone::UTC)?;
        let entries = answer.mask.len();
        let programs = Programs {
            by_profile: present
                .iter()
                .map(|p| (p.as_str(), rules.program(p, entries)))
                .collect(),
            by_source: self.profile_of_sources()?,
        };
        let seen = self.query(&answer.snapshot).raw_entries(
            &answer.mask,
            Vec::new,
            |seen: &mut Vec<Seen>, entry| judge(&programs, entry, seen),
        )?;
        let mut seen: Vec<Seen> = seen.into_iter().flatten().collect();
        let mut stopped: Vec<usize> = (programs.by_profile.values())
            .flat_map(|p| p.stopped().collect::<Vec<_>>())
            .collect();
        drop(programs);
        stopped.sort_unstable();
        stopped.dedup();
        if !stopped.is_empty() {
            let told = rules.not_run.len();
            rules.stop(&stopped, &mut seen);
            ruled
                .not_run
                .extend(rules.not_run[told..].iter().map(not_run));
            ruled.run -= rules.not_run.len().saturating_sub(told) as u64;
        }
        let matches = rules.finish(seen);
        ruled.findings = sigma::findings(&rules, &matches, feed);
        Ok(ruled)
    }

    /// For each source the first system that was recognised in it.
    fn profile_of_sources(&self) -> Result<HashMap<u32, String>> {
        let sources = self.store.sources()?;
        let known = |s: &witnessmark_store::SourceInfo| {
            let mut ids = s.receipt.profiles.iter().map(|p| id_of(p));
            ids.find(|id| *id != GUESS).map(str::to_owned)
        };
        Ok(sources
            .iter()
            .filter_map(|s| known(s).map(|id| (s.id, id)))
            .collect())
    }

    /// Ids of the profiles that read the events of the case.
    fn profiles_present(&self) -> Result<Vec<String>> {
        let report = self.facets("", &Zone::UTC, &["witnessmark.profile".to_owned()], 10_000)?;
        let mut ids: Vec<String> = (report.fields.iter().flat_map(|f| &f.values))
            .map(|v| id_of(&v.value).to_owned())
            .collect();
        ids.sort();
        ids.dedup();
        Ok(ids)
    }
}

/// `okta@3` without the version.
fn id_of(profile: &str) -> &str {
    profile.split_once('@').map_or(profile, |(id, _)| id)
}

fn not_run(rule: &NotRun) -> RuleNotRun {
    RuleNotRun {
        id: rule.id.clone(),
        title: rule.title.clone(),
        reason: rule.reason.clone(),
    }
}

fn judge(programs: &Programs<'_>, entry: &RawEntry<'_>, seen: &mut Vec<Seen>) {
    // A rule speaks of an entry; of an entry that holds several events the first stands for it.
    if entry.part > 1 {
        return;
    }
    let mut profile = id_of(entry.profile);
    if profile == GUESS {
        // An entry that lacks what its system is recognised by is still one of the log that it stands in.
        profile = programs
            .by_source
            .get(&entry.source)
            .map_or(profile, String::as_str);
    }
    if let Some(program) = programs.by_profile.get(profile)
        && !program.is_empty()
    {
        program.judge(
            entry.number,
            entry.time,
            &value(entry.shape, entry.raw),
            seen,
        );
    }
}

/// An entry as rules see it: its JSON as it stands, or its columns by name; a column that holds JSON is opened.
fn value(shape: &SourceShape, raw: &[u8]) -> Value {
    if shape.shape == "json" && shape.encoding.eq_ignore_ascii_case("utf-8") {
        let trimmed = raw.trim_ascii();
        let trimmed = trimmed.strip_suffix(b",").unwrap_or(trimmed);
        let trimmed = trimmed.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(trimmed);
        if let Ok(value) = serde_json::from_slice(trimmed) {
            return value;
        }
    }
    let mut map = Map::new();
    Leaves.leaves(shape, raw, &mut |path, text| {
        let value = Value::String(text.to_owned());
        match map.entry(path.join(".")) {
            serde_json::map::Entry::Vacant(entry) => drop(entry.insert(value)),
            serde_json::map::Entry::Occupied(mut entry) => match entry.get_mut() {
                Value::Array(list) => list.push(value),
                one => *one = Value::Array(vec![one.take(), value]),
            },
        }
    });
    Value::Object(map)
}
