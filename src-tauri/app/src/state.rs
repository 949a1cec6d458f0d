//! What is open: one case, the tokens given out, the jobs that run.
//!
//! Owns: the only lock of the shell. Never touches: the window (it is told things through return values).

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use witnessmark_engine::api::CaseSummary;
use witnessmark_engine::{Case, Code, Error, Input, Instant, PullSecret, Result, Setting, Zone};

use crate::launch::Launch;
use crate::places::{Places, Remembered};
use crate::tokens::Tokens;
use crate::wire::{AppInfo, InputFile, RecentCase, Settings};

/// How long closing a case waits for a cancelled import; the engine answers within a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything the shell knows while it runs.
pub(crate) struct Desk {
    pub(crate) setting: Arc<Setting>,
    pub(crate) places: Places,
    inner: Mutex<Inner>,
    job_ended: Condvar,
}

#[derive(Default)]
struct Inner {
    case: Option<(PathBuf, Arc<Case>)>,
    tokens: Tokens,
    jobs: HashMap<String, Arc<AtomicBool>>,
    arrived: Vec<InputFile>,
    /// Secrets by connector and origin, until the program ends.
    secrets: HashMap<(String, String), PullSecret>,
    /// Origins that a person agreed to, until the program ends.
    agreed: HashSet<String>,
}

/// A running job; it is over when this is dropped.
pub(crate) struct Job<'a> {
    desk: &'a Desk,
    name: String,
    cancelled: Arc<AtomicBool>,
}

impl Job<'_> {
    /// Whether the person has asked to stop.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl Drop for Job<'_> {
    fn drop(&mut self) {
        self.desk.lock().jobs.remove(&self.name);
        self.desk.job_ended.notify_all();
    }
}

impl Desk {
    /// A desk with nothing open.
    pub(crate) fn new(places: Places, setting: Arc<Setting>) -> Self {
        Self {
            setting,
            places,
            inner: Mutex::default(),
            job_ended: Condvar::new(),
        }
    }

    /// Does what the command line asks: opens the case, and has its files ready. A case that does not open stands among
    /// the files instead: the window asks for its passphrase, or shows what is wrong.
    pub(crate) fn take(&self, launch: &Launch) -> Result<()> {
        let files: Vec<InputFile> = launch.import.iter().map(|p| self.token(p)).collect();
        self.lock().arrived.extend(files);
        let Some(path) = &launch.case else {
            return Ok(());
        };
        let opened = self.open(path, None);
        if opened.is_err() {
            let file = self.token(path);
            self.lock().arrived.insert(0, file);
        }
        match opened {
            Err(error) if error.code != Code::PassphraseRequired => Err(error),
            _ => Ok(()),
        }
    }

    /// What the window needs to draw itself.
    pub(crate) fn info(&self) -> Result<AppInfo> {
        let recent = self.places.recent().into_iter().map(|kept| {
            let file = self.token(&kept.path);
            RecentCase {
                token: file.token,
                name: kept.name,
                file: file.name,
                systems: kept.systems,
                events: kept.events,
                encrypted: kept.encrypted,
                opened: kept.opened,
            }
        });
        let recent = recent.collect();
        let open = self.lock().case.as_ref().map(|(_, case)| Arc::clone(case));
        Ok(AppInfo {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            settings: self.places.settings(),
            recent,
            local_zone: iana_time_zone::get_timezone().unwrap_or_else(|_| "UTC".to_owned()),
            zones: chrono_tz::TZ_VARIANTS
                .iter()
                .map(|z| z.name().to_owned())
                .collect(),
            case: open.map(|case| case.summary()).transpose()?,
            inputs: std::mem::take(&mut self.lock().arrived),
            case_folder: self.places.cases.display().to_string(),
        })
    }

    /// Keeps the settings of the window.
    pub(crate) fn keep(&self, settings: &Settings) -> Result<()> {
        self.places.keep_settings(settings)
    }

    /// Makes a case and opens it in place of the one that is open.
    pub(crate) fn create(
        &self,
        path: &Path,
        name: &str,
        passphrase: Option<&str>,
        zone: &Zone,
    ) -> Result<CaseSummary> {
        self.close();
        let case = Case::create(path, name, passphrase, zone, Arc::clone(&self.setting))?;
        self.hold(path, case)
    }

    /// Opens a case in place of the one that is open.
    pub(crate) fn open(&self, path: &Path, passphrase: Option<&str>) -> Result<CaseSummary> {
        self.close();
        let case = Case::open(path, passphrase, Arc::clone(&self.setting))?;
        case.note_opened()?;
        self.hold(path, case)
    }

    fn hold(&self, path: &Path, case: Case) -> Result<CaseSummary> {
        let case = Arc::new(case);
        let summary = case.summary()?;
        self.lock().case = Some((path.to_owned(), case));
        self.remember(path, &summary)?;
        Ok(summary)
    }

    /// Brings the list of recent cases up to date with the open one.
    pub(crate) fn refresh(&self, summary: &CaseSummary) -> Result<()> {
        let path = self.lock().case.as_ref().map(|(path, _)| path.clone());
        path.map_or(Ok(()), |path| self.remember(&path, summary))
    }

    fn remember(&self, path: &Path, summary: &CaseSummary) -> Result<()> {
        let mut systems: Vec<String> = summary.sources.iter().map(|s| s.title.clone()).collect();
        systems.sort();
        systems.dedup();
        let now: Instant = (self.setting.now)();
        self.places.remember(Remembered {
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            name: summary.name.clone(),
            systems,
            events: summary.events,
            encrypted: summary.encrypted,
            opened: now.rfc3339(),
        })
    }

    /// Stops what runs, then closes the case, so that another program can open it at once.
    pub(crate) fn close(&self) {
        let mut inner = self.lock();
        for cancelled in inner.jobs.values() {
            cancelled.store(true, Ordering::Relaxed);
        }
        let waited = self
            .job_ended
            .wait_timeout_while(inner, PATIENCE, |i| !i.jobs.is_empty());
        inner = waited.unwrap_or_else(PoisonError::into_inner).0;
        let case = inner.case.take();
        drop(inner);
        // Closing writes to the disk, which must not happen under the lock.
        drop(case);
    }

    /// The open case.
    pub(crate) fn case(&self) -> Result<Arc<Case>> {
        let open = self.lock().case.as_ref().map(|(_, case)| Arc::clone(case));
        open.ok_or_else(|| {
            Error::new(
                Code::NoSuchItem,
                "no case is open",
                "Open or make a case first.",
            )
        })
    }

    /// A token for a path.
    pub(crate) fn token(&self, path: &Path) -> InputFile {
        self.lock().tokens.path(path)
    }

    /// A token for pasted text.
    pub(crate) fn paste(&self, text: String) -> InputFile {
        self.lock().tokens.paste(text)
    }

    /// The path of the case behind a token.
    pub(crate) fn case_path(&self, token: &str) -> Result<PathBuf> {
        self.lock().tokens.case(token)
    }

    /// The inputs behind tokens.
    pub(crate) fn inputs(&self, tokens: &[String]) -> Result<Vec<Input>> {
        let inner = self.lock();
        tokens
            .iter()
            .map(|token| inner.tokens.input(token))
            .collect()
    }

    /// Holds a secret for a connector at an origin, in memory only.
    pub(crate) fn hold_secret(&self, target: &(String, String), secret: &str) {
        let secret = PullSecret::new(secret);
        self.lock().secrets.insert(target.clone(), secret);
    }

    /// The secret for a connector at this very origin.
    pub(crate) fn secret(&self, target: &(String, String)) -> Option<PullSecret> {
        self.lock().secrets.get(target).cloned()
    }

    /// Whether a person agreed to an origin.
    pub(crate) fn agreed(&self, origin: &str) -> bool {
        self.lock().agreed.contains(origin)
    }

    /// A person agreed to an origin.
    pub(crate) fn agree(&self, origin: &str) {
        self.lock().agreed.insert(origin.to_owned());
    }

    /// Begins a job that can be cancelled by its name.
    pub(crate) fn begin(&self, name: String) -> Result<Job<'_>> {
        let mut inner = self.lock();
        if inner.jobs.contains_key(&name) {
            return Err(Error::new(
                Code::CaseBusy,
                "this import is running already",
                "Wait until it is done, or cancel it.",
            ));
        }
        let cancelled = Arc::new(AtomicBool::new(false));
        inner.jobs.insert(name.clone(), Arc::clone(&cancelled));
        drop(inner);
        Ok(Job {
            desk: self,
            name,
            cancelled,
        })
    }

    /// Asks a job to stop; one that is over already has nothing to stop.
    pub(crate) fn cancel(&self, name: &str) {
        if let Some(cancelled) = self.lock().jobs.get(name) {
            cancelled.store(true, Ordering::Relaxed);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A thread that died here left plain maps, each of them whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
