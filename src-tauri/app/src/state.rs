//! What is open: one case, the tokens given out, the jobs that run.
//!
//! Owns: the only lock of the shell. Never touches: the window (it is told things through return values).

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use witnessmark_engine::api::{CaseSummary, ImportChoices, PullRequest};
use witnessmark_engine::{
    Case, Code, Error, FileNames, Input, Instant, ProfileFolder, PullSecret, PullTarget, Result,
    RuleFiles, Setting, Zone,
};
use witnessmark_keyring::{Keyring, Look, Purpose, Refusal};

use crate::launch::Launch;
use crate::places::{Places, Remembered};
use crate::plans::Plans;
use crate::tokens::Tokens;
use crate::wire::{AppInfo, InputFile, RecentCase, RulesChosen, SecretState, Settings};

/// How long closing a case waits for a cancelled import; the engine answers within a second.
const PATIENCE: Duration = Duration::from_secs(5);

/// Everything the shell knows while it runs.
pub(crate) struct Desk {
    pub(crate) setting: Arc<Setting>,
    pub(crate) places: Places,
    /// Where secrets can be kept; it is asked on worker threads only, and never under the lock.
    pub(crate) keyring: Keyring,
    inner: Mutex<Inner>,
    job_ended: Condvar,
}

#[derive(Default)]
struct Inner {
    case: Option<(PathBuf, Arc<Case>)>,
    tokens: Tokens,
    jobs: HashMap<String, Arc<AtomicBool>>,
    arrived: Vec<InputFile>,
    /// Secrets by all that they are bound to, until the program ends.
    secrets: HashMap<PullTarget, PullSecret>,
    /// Pulls that repeat themselves until the case is closed.
    plans: Plans,
    /// Why a secret that should have been kept was not.
    unkept: HashMap<PullTarget, Refusal>,
    /// Origins that a person agreed to, until the program ends.
    agreed: HashSet<String>,
    /// Sigma rules as they were when they were chosen; none of them when they were put away; absent when nobody chose.
    rules: Option<(RulesChosen, Arc<RuleFiles>)>,
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
    pub(crate) fn new(places: Places, setting: Arc<Setting>, keyring: Keyring) -> Self {
        Self {
            setting,
            places,
            keyring,
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
        inner.rules = None;
        inner.plans.clear();
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

    /// A request of the window with the texts of the files that it names by their tokens.
    pub(crate) fn filled(&self, mut request: PullRequest) -> Result<PullRequest> {
        let inner = self.lock();
        let named = [&mut request.text, &mut request.authorities];
        for token in named.into_iter().flatten() {
            *token = inner.tokens.text_of(token)?;
        }
        Ok(request)
    }

    /// A token for the text of a chosen file.
    pub(crate) fn chosen(&self, name: &str, text: String) -> String {
        self.lock().tokens.text(name.to_owned(), text)
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

    /// Holds a secret for a target, in memory only.
    pub(crate) fn hold_secret(&self, target: &PullTarget, secret: &str) {
        let secret = PullSecret::new(secret);
        self.lock().secrets.insert(target.clone(), secret);
    }

    /// The secret for this very target: the one that is held, else the one that the keyring keeps.
    pub(crate) fn secret(&self, target: &PullTarget) -> Result<Option<PullSecret>> {
        let held = self.lock().secrets.get(target).cloned();
        if held.is_some() || !target.needs_secret {
            return Ok(held);
        }
        match self.keyring.get(&purpose(target)) {
            Ok(kept) => {
                if let Some(text) = &kept {
                    self.hold_secret(target, text);
                }
                Ok(kept.map(|text| PullSecret::new(&text)))
            }
            Err(Refusal::Off | Refusal::Absent) => Ok(None),
            Err(why) => Err(keyring_refused(&why)),
        }
    }

    /// Keeps a secret that a server took in the keyring. Where that cannot be, it stays held until the program ends, and
    /// the reason is told with the state.
    pub(crate) fn keep_secret(&self, target: &PullTarget, secret: &str) {
        let refused = self.keyring.keep(&purpose(target), secret.trim()).err();
        let mut inner = self.lock();
        match refused {
            Some(why) => inner.unkept.insert(target.clone(), why),
            None => inner.unkept.remove(target),
        };
    }

    /// Forgets the secret of a target, in memory and in the keyring.
    pub(crate) fn forget_secret(&self, target: &PullTarget) -> Result<()> {
        let mut inner = self.lock();
        inner.secrets.remove(target);
        inner.unkept.remove(target);
        drop(inner);
        match self.keyring.forget(&purpose(target)) {
            Ok(_) | Err(Refusal::Off | Refusal::Absent) => Ok(()),
            Err(why) => Err(keyring_refused(&why)),
        }
    }

    /// Whether there is a secret for a target, and where. Nothing of it is told.
    pub(crate) fn secret_state(&self, target: &PullTarget) -> SecretState {
        let look = self.keyring.look(&purpose(target));
        let inner = self.lock();
        let refused = inner.unkept.get(target).or(look.as_ref().err());
        SecretState {
            origin: target.origin.clone(),
            held: inner.secrets.contains_key(target),
            kept: look == Ok(Look::Kept),
            keyring: look.is_ok(),
            refused: refused.map(ToString::to_string),
        }
    }

    /// Whether a person agreed to an origin.
    pub(crate) fn agreed(&self, origin: &str) -> bool {
        self.lock().agreed.contains(origin)
    }

    /// A person agreed to an origin.
    pub(crate) fn agree(&self, origin: &str) {
        self.lock().agreed.insert(origin.to_owned());
    }

    /// The profiles of this person's folder as they stand there now, with what in it is none; absent where no folder was
    /// chosen. Its name stands before what was read, which fails when the folder is gone.
    pub(crate) fn profile_folder(&self) -> Option<(String, Result<ProfileFolder>)> {
        let folder = self.places.profile_folder()?;
        let name = folder.file_name().unwrap_or(folder.as_os_str());
        let name = name.to_string_lossy().into_owned();
        Some((name, ProfileFolder::read(&folder, FileNames::Short)))
    }

    /// Choices with the profiles of this person's folder. A folder that is gone leaves them as they are: the list of profiles
    /// tells of it.
    pub(crate) fn with_own(&self, mut choices: ImportChoices) -> ImportChoices {
        if let Some((_, Ok(found))) = self.profile_folder() {
            choices.profiles = found.profiles;
        }
        choices
    }

    /// Reads Sigma rules from where they lie; they stay in memory as they were then.
    pub(crate) fn take_rules(&self, path: &Path) -> Result<RulesChosen> {
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        let mut files = RuleFiles::default();
        files.add(path).map_err(|mut error| {
            // What is wrong is told by the name; the folders above it are not for the window.
            let folder = path.parent().unwrap_or(path).display().to_string();
            let folder = format!("{}{}", folder, std::path::MAIN_SEPARATOR);
            error.message = error.message.replace(&folder, "");
            error.place.path = None;
            error
        })?;
        let chosen = RulesChosen {
            name,
            files: u32::try_from(files.len()).unwrap_or(u32::MAX),
        };
        self.lock().rules = Some((chosen.clone(), Arc::new(files)));
        Ok(chosen)
    }

    /// The rules that were chosen.
    pub(crate) fn rules(&self) -> Option<(RulesChosen, Arc<RuleFiles>)> {
        self.lock().rules.clone()
    }

    /// Puts rules away: from now on none are run, not even those of the last review.
    pub(crate) fn put_rules_away(&self) {
        let none = RulesChosen {
            name: String::new(),
            files: 0,
        };
        self.lock().rules = Some((none, Arc::default()));
    }

    /// Looks at or changes what is repeated; under the lock, so nothing in it may take its time.
    pub(crate) fn plans<T>(&self, work: impl FnOnce(&mut Plans) -> T) -> T {
        work(&mut self.lock().plans)
    }

    /// Whether a job runs.
    pub(crate) fn at_work(&self) -> bool {
        !self.lock().jobs.is_empty()
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

/// What the keyring knows a secret by: everything that it is bound to.
fn purpose(target: &PullTarget) -> Purpose {
    Purpose::remote_log(
        &target.connector,
        &target.origin,
        target.token_origin.as_deref(),
        &target.settings,
    )
}

/// A refusal of the keyring where the keyring itself was asked for.
pub(crate) fn keyring_refused(why: &Refusal) -> Error {
    Error::new(
        Code::KeyringRefused,
        why.to_string(),
        "Unlock it with the program of your system, or type the credentials.",
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn desk(folder: &Path) -> Desk {
        let (places, setting) = (Places::below(folder), crate::setting::real());
        Desk::new(places, setting, Keyring::off())
    }

    #[test]
    fn without_a_keyring_a_secret_is_held_for_its_one_target_and_that_is_said() {
        let home = tempfile::tempdir().unwrap();
        let desk = desk(home.path());
        let target = |origin: &str, token: Option<&str>| PullTarget {
            connector: "okta".into(),
            origin: origin.into(),
            token_origin: token.map(Into::into),
            settings: BTreeMap::new(),
            needs_secret: true,
        };
        let ours = target("https://a.example", None);
        assert!(desk.secret(&ours).unwrap().is_none());
        desk.hold_secret(&ours, "tok_CANARY_1");
        desk.keep_secret(&ours, "tok_CANARY_1");
        assert!(desk.secret(&ours).unwrap().is_some());
        let state = desk.secret_state(&ours);
        assert!(state.held && !state.kept && !state.keyring, "{state:?}");
        assert_eq!(
            state.refused.as_deref(),
            Some("the keyring of the system is switched off here")
        );
        let told = serde_json::to_string(&state).unwrap();
        assert!(!told.contains("CANARY"), "a secret crossed: {told}");
        let tenant = PullTarget {
            settings: BTreeMap::from([("tenant".into(), "other".into())]),
            ..ours.clone()
        };
        for other in [
            tenant,
            target("https://a.example:8443", None),
            target("http://a.example", None),
            target("https://b.example", None),
            target("https://a.example", Some("https://b.example")),
        ] {
            assert!(desk.secret(&other).unwrap().is_none(), "{other:?}");
            assert!(!desk.secret_state(&other).held, "{other:?}");
        }
        desk.forget_secret(&ours).unwrap();
        assert!(desk.secret(&ours).unwrap().is_none());
        assert!(!desk.secret_state(&ours).held);
    }

    #[test]
    fn rules_are_known_by_their_name_and_stay_as_they_were_chosen() {
        let home = tempfile::tempdir().unwrap();
        let secret = home.path().join("secret");
        let folder = secret.join("my rules");
        std::fs::create_dir_all(&folder).unwrap();
        let desk = desk(home.path());
        let error = desk.take_rules(&folder).unwrap_err();
        let told = serde_json::to_string(&error).unwrap();
        assert!(told.contains("my rules"), "{told}");
        assert!(!told.contains("secret"), "a folder crossed: {told}");
        assert!(desk.rules().is_none(), "what cannot be read is not chosen");

        std::fs::write(folder.join("one.yml"), "title: x").unwrap();
        let chosen = desk.take_rules(&folder).unwrap();
        assert_eq!((chosen.name.as_str(), chosen.files), ("my rules", 1));
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(desk.rules().unwrap().1.len(), 1, "as they were then");
        desk.put_rules_away();
        assert!(desk.rules().unwrap().1.is_empty());
    }
}
