//! One import: inputs read on one thread, written on another, made visible at the end or not at all.
//!
//! Owns: the way between readers and the case file, progress and cancelling. Never touches: formats, SQL.

use std::ops::ControlFlow;
use std::path::Path;

use serde_json::json;
use witnessmark_ingest::Limits;
use witnessmark_ingest::mapping::IdentityKey;
use witnessmark_ingest::pipeline::{self, Control, Profiles, Progress, Refused, RunError, Setup};
use witnessmark_model::Instant;
use witnessmark_store::case::PullPart;

use crate::api::{ImportChoices, ImportProgress, RefusedPart, SourcesReport};
use crate::case::Case;
use crate::choices::options;
use crate::error::{Code, Error, Result};
use crate::input::{Input, Opened, Source, check_unchanged};
use crate::writer::{Channel, Closed, Writer};

/// Nanoseconds between two reports of progress: at most ten a second.
const REPORT_EVERY: i64 = 100_000_000;
/// Free space that must be left over beside what the import may need.
const SPARE: u64 = 64 << 20;

/// What the person is told, and whether they want to go on.
pub(crate) type Tell<'a> = dyn FnMut(&ImportProgress) -> ControlFlow<()> + 'a;

/// The folder that a file is in, by its one true name; absent when it cannot be told.
fn folder_of(path: &Path) -> Option<std::path::PathBuf> {
    let folder = path.parent()?;
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    folder.canonicalize().ok()
}

impl Case {
    /// Whether a file of a folder is this case, its journal or its lock: what the program writes there is no log.
    fn is_own(&self, source: &Source) -> bool {
        let Source::File { path, .. } = source else {
            return false;
        };
        let own = self.store.path();
        let rest = path
            .file_name()
            .zip(own.file_name())
            .and_then(|(name, own)| name.to_str()?.strip_prefix(own.to_str()?));
        matches!(rest, Some("" | "-wal" | "-shm" | "-journal" | ".lock"))
            && folder_of(path) == folder_of(own)
    }

    /// Imports inputs. Everything becomes visible together, or nothing does.
    ///
    /// `tell` is called at most ten times a second; when it breaks, the import ends within a second, and what is left of
    /// it is an entry in the custody log.
    pub fn import(
        &self,
        inputs: Vec<Input>,
        choices: &ImportChoices,
        tell: &mut Tell<'_>,
    ) -> Result<SourcesReport> {
        self.import_with(inputs, choices, tell, None)
    }

    /// The same, with the pages of a remote log and the position after them, which become visible together with it.
    pub(crate) fn import_with(
        &self,
        inputs: Vec<Input>,
        choices: &ImportChoices,
        tell: &mut Tell<'_>,
        pulled: Option<PullPart>,
    ) -> Result<SourcesReport> {
        let options = options(choices)?;
        let library = self.library_with(choices)?;
        let names: Vec<String> = inputs.iter().map(Input::name).collect();
        let folder = inputs.iter().any(|i| matches!(i, Input::Folder(_)));
        let mut sources = Vec::new();
        for input in inputs {
            sources.extend(input.open()?);
        }
        if folder {
            sources.retain(|source| !self.is_own(source));
        }
        let total = sources.iter().map(Source::size).sum::<Option<u64>>();
        self.check_space(total)?;
        let detail = json!({"inputs": names, "choices": choices});
        let mut importer = self.store.begin_import(&self.stamp(), &detail)?;
        let promised = pulled
            .as_ref()
            .map(|part| part.pages.iter().map(|page| page.items).sum::<u64>());
        if let Some(part) = pulled {
            importer.with_pull(part);
        }
        let profiles = Profiles {
            options: &options,
            library: &library,
            keys: IdentityKey(self.store.meta().identity_key),
            now: (self.setting.now)(),
        };
        let setup = Setup {
            options: &options,
            limits: Limits::default(),
            planner: &profiles,
        };
        let imported = (self.setting.now)().rfc3339();
        let mut reporter = Reporter::new(&self.setting, total, tell);
        let (read, written) = std::thread::scope(|scope| {
            let (channel, writer) = Writer::new(importer, imported, json!(choices));
            let thread = scope.spawn(move || writer.run());
            let read = read_all(sources, &setup, channel, &mut reporter, folder);
            (read, thread.join())
        });
        let (importer, failure) = written
            .map_err(|_| crate::failures::internal("the thread that writes the case failed"))?;
        let refused = match (read, failure) {
            (Ok(refused), None) => refused,
            // A failed write stops the reader too, so the writer's reason is the true one.
            (_, Some(error)) => {
                importer.cancel(&error.to_string())?;
                return Err(error.into());
            }
            (Err(error), None) => {
                importer.cancel(error.code.as_str())?;
                return Err(error);
            }
        };
        let entries = importer.entries_read();
        if let Some(promised) = promised.filter(|promised| *promised != entries) {
            let error = Error::new(
                Code::UnexpectedAnswer,
                format!(
                    "the pages hold {promised} entries, and {entries} were read from them; nothing of them is kept"
                ),
                "Check `items.path` of the connector.",
            );
            importer.cancel(&error.message)?;
            return Err(error);
        }
        let receipt = importer.finish()?;
        self.know_profiles()?;
        let mut report = self.sources()?;
        report
            .sources
            .retain(|s| receipt.sources.iter().any(|r| r.id == s.id));
        report.refused = refused;
        let brought: Vec<u32> = report.sources.iter().map(|s| s.id).collect();
        self.find_again(&brought)?;
        Ok(report)
    }

    /// Fails when the disk that holds the case has not even room for the bytes themselves. A case takes far less than
    /// its source as a rule; this is the bound for bytes that cannot be compressed.
    fn check_space(&self, total: Option<u64>) -> Result<()> {
        let folder = self
            .path()
            .parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        // A file system that cannot tell its free space is no reason not to try.
        let Ok(free) = fs4::available_space(folder) else {
            return Ok(());
        };
        let needed = total.unwrap_or(0).saturating_add(SPARE);
        if free >= needed {
            return Ok(());
        }
        Err(Error::new(
            Code::DiskFull,
            format!(
                "{} MB are free beside the case, {} MB may be needed",
                free >> 20,
                needed >> 20
            ),
            "Free space, or make the case on a larger disk. Nothing was changed.",
        )
        .at(folder.to_string_lossy()))
    }
}

/// Reads every source. In a folder, files that are no logs are told and left out; a file that a person named must be
/// readable, or nothing is imported.
fn read_all(
    sources: Vec<Source>,
    setup: &Setup<'_>,
    mut channel: Channel,
    reporter: &mut Reporter<'_, '_>,
    lenient: bool,
) -> Result<Vec<RefusedPart>> {
    let mut refused = Vec::new();
    let mut first_refusal = None;
    let mut imported = 0;
    for source in sources {
        if let Source::Skipped { name, .. } = &source {
            let name = name.clone();
            if let Err(error) = source.open() {
                refused.push(RefusedPart {
                    name,
                    code: error.code,
                    message: error.message.clone(),
                    hint: error.hint.clone(),
                });
                first_refusal.get_or_insert(error);
            }
            continue;
        }
        let opened = source.open()?;
        reporter.name.clone_from(&opened.name);
        let Opened {
            name,
            path,
            size,
            modified,
            reader,
        } = opened;
        let input = pipeline::Input {
            name: name.clone(),
            reader,
        };
        let mut sink = Watched {
            channel: &mut channel,
            reporter: &mut *reporter,
            refused: Vec::new(),
        };
        let result = pipeline::run(input, setup, &mut sink);
        refused.extend(sink.refused);
        match result {
            Ok(()) => imported += 1,
            Err(RunError::Import(error))
                if lenient && ["empty", "not_a_log", "unsafe_name"].contains(&error.code) =>
            {
                let error = Error::from(error);
                refused.push(RefusedPart {
                    name,
                    code: error.code,
                    message: error.message.clone(),
                    hint: error.hint.clone(),
                });
                first_refusal.get_or_insert(error);
            }
            Err(RunError::Import(error)) => {
                let error = Error::from(error);
                return Err(match path {
                    Some(path) => error.at(path.to_string_lossy()),
                    None => error,
                });
            }
            // The writer has ended; why, it tells itself.
            Err(RunError::Sink(Closed)) => return Ok(refused),
        }
        if let Some(path) = path {
            check_unchanged(&path, size, modified)?;
        }
        reporter.end_of_input();
    }
    match first_refusal {
        Some(error) if imported == 0 => Err(error),
        _ => Ok(refused),
    }
}

/// Tells how far it is, at most ten times a second.
pub(crate) struct Reporter<'s, 't> {
    setting: &'s crate::setting::Setting,
    begun: Instant,
    told: Option<Instant>,
    total: Option<u64>,
    /// Bytes and entries of the inputs before this one.
    before: Progress,
    now: Progress,
    name: String,
    tell: &'t mut Tell<'t>,
}

impl<'s, 't> Reporter<'s, 't> {
    pub(crate) fn new<'a: 't>(
        setting: &'s crate::setting::Setting,
        total: Option<u64>,
        tell: &'t mut Tell<'a>,
    ) -> Self
    where
        't: 'a,
    {
        let begun = (setting.now)();
        let (before, now) = (Progress::default(), Progress::default());
        Self {
            setting,
            begun,
            told: None,
            total,
            before,
            now,
            name: String::new(),
            tell,
        }
    }

    fn end_of_input(&mut self) {
        self.before.read += self.now.read;
        self.before.entries += self.now.entries;
        self.now = Progress::default();
    }

    /// What is being read.
    pub(crate) fn name(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    pub(crate) fn progress(&mut self, progress: Progress) -> Control {
        self.now = progress;
        let at = (self.setting.now)();
        if self
            .told
            .is_some_and(|told| at.0.saturating_sub(told.0) < REPORT_EVERY)
        {
            return Control::Go;
        }
        self.told = Some(at);
        let bytes = self.before.read + progress.read;
        let entries = self.before.entries + progress.entries;
        let seconds = (at.0.saturating_sub(self.begun.0).max(1)) as f64 / 1e9;
        let left = self.total.filter(|_| bytes > 0).map(|total| {
            let share = bytes as f64 / total.max(1) as f64;
            (seconds / share.max(1e-9) - seconds).max(0.0)
        });
        let told = ImportProgress {
            name: self.name.clone(),
            bytes,
            total: self.total,
            entries,
            rate: entries as f64 / seconds,
            seconds_left: left,
        };
        if (self.tell)(&told).is_break() {
            Control::Cancel
        } else {
            Control::Go
        }
    }
}

/// The sink that the readers see: everything goes to the writer's thread, progress to the person.
struct Watched<'c, 'r, 's, 't> {
    channel: &'c mut Channel,
    reporter: &'r mut Reporter<'s, 't>,
    refused: Vec<RefusedPart>,
}

impl pipeline::Sink for Watched<'_, '_, '_, '_> {
    type Error = Closed;

    fn begin_container(
        &mut self,
        name: &str,
        kind: &'static str,
    ) -> std::result::Result<(), Closed> {
        self.channel.begin_container(name, kind)
    }

    fn container_bytes(&mut self, chunk: &[u8]) -> std::result::Result<(), Closed> {
        self.channel.container_bytes(chunk)
    }

    fn end_container(&mut self) -> std::result::Result<(), Closed> {
        self.channel.end_container()
    }

    fn begin_source(&mut self, start: pipeline::SourceStart) -> std::result::Result<(), Closed> {
        self.channel.begin_source(start)
    }

    fn bytes(&mut self, chunk: &[u8]) -> std::result::Result<(), Closed> {
        self.channel.bytes(chunk)
    }

    fn entries(&mut self, places: &[(u64, u64)]) -> std::result::Result<(), Closed> {
        self.channel.entries(places)
    }

    fn batch(
        &mut self,
        batch: witnessmark_model::Batch,
    ) -> std::result::Result<witnessmark_model::Batch, Closed> {
        self.channel.batch(batch)
    }

    fn reject(&mut self, reject: pipeline::Reject) -> std::result::Result<(), Closed> {
        self.channel.reject(reject)
    }

    fn end_source(&mut self, end: pipeline::SourceEnd) -> std::result::Result<(), Closed> {
        self.channel.end_source(end)
    }

    fn refused(&mut self, refused: Refused) -> std::result::Result<(), Closed> {
        let error = Error::from(refused.error);
        self.refused.push(RefusedPart {
            name: refused.member,
            code: error.code,
            message: error.message,
            hint: error.hint,
        });
        Ok(())
    }

    fn progress(&mut self, progress: Progress) -> Control {
        self.reporter.progress(progress)
    }
}
