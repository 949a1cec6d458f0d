//! Where the shell keeps its own things: settings, the list of recent cases, which folder holds own profiles, the folder of new cases.
//!
//! Owns: those three small JSON files and the names of new case files. Never touches: what is inside a case.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use witnessmark_engine::{Code, Error, KeyRing, Result};

use crate::tokens::CASE_ENDING;
use crate::wire::Settings;

/// How many recent cases are remembered.
const RECENT: usize = 12;
/// Longest file name made from a case name, in characters, so that every file system takes it.
const LONGEST_NAME: usize = 80;

/// The folders of the shell.
#[derive(Clone, Debug)]
pub(crate) struct Places {
    config: PathBuf,
    /// Where new cases are made.
    pub(crate) cases: PathBuf,
    /// Where this person's signing keys lie; the command `witnessmark` looks there too.
    keys: PathBuf,
    /// Where the web view keeps its own files; nothing of a case is among them.
    pub(crate) web_view: PathBuf,
}

/// A case opened before, with the path that the window never sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Remembered {
    /// Where it lies.
    pub(crate) path: PathBuf,
    /// Its name.
    pub(crate) name: String,
    /// Systems in it.
    pub(crate) systems: Vec<String>,
    /// Events in it.
    pub(crate) events: u64,
    /// Whether it needs a passphrase.
    pub(crate) encrypted: bool,
    /// When it was last opened, RFC 3339.
    pub(crate) opened: String,
}

impl Places {
    /// The folders of this person, or those below `WITNESSMARK_HOME` when it is set.
    pub(crate) fn find<R: tauri::Runtime>(paths: &tauri::path::PathResolver<R>) -> Result<Self> {
        if let Some(home) = std::env::var_os("WITNESSMARK_HOME").filter(|h| !h.is_empty()) {
            return Ok(Self::below(Path::new(&home)));
        }
        let nowhere = |_| {
            Error::new(
                Code::Io,
                "the system names no home folder to keep cases in",
                "Set WITNESSMARK_HOME to a folder of yours.",
            )
        };
        let config = paths.app_config_dir().map_err(nowhere)?;
        let documents = paths.document_dir().or_else(|_| paths.home_dir());
        let keys = paths.config_dir().map_err(nowhere)?;
        Ok(Self {
            config,
            keys: keys.join("witnessmark").join("keys"),
            cases: documents.map_err(nowhere)?.join("Witnessmark"),
            web_view: paths.app_local_data_dir().map_err(nowhere)?,
        })
    }

    /// Everything below one folder.
    pub(crate) fn below(home: &Path) -> Self {
        Self {
            config: home.join("config"),
            keys: home.join("config").join("keys"),
            cases: home.join("cases"),
            web_view: home.join("web-view"),
        }
    }

    /// The signing keys of this person.
    pub(crate) fn keys(&self) -> KeyRing {
        KeyRing::new(self.keys.clone())
    }

    /// The settings as kept, or the defaults.
    pub(crate) fn settings(&self) -> Settings {
        self.read("settings.json").unwrap_or_default()
    }

    /// Keeps the settings.
    pub(crate) fn keep_settings(&self, settings: &Settings) -> Result<()> {
        self.write("settings.json", settings)
    }

    /// The folder with this person's own profiles, where one was chosen.
    pub(crate) fn profile_folder(&self) -> Option<PathBuf> {
        self.read("profiles.json")
    }

    /// Remembers it; or forgets it.
    pub(crate) fn keep_profile_folder(&self, folder: Option<&Path>) -> Result<()> {
        if folder.is_some_and(|f| f.to_str().is_none()) {
            return Err(Error::new(
                Code::InvalidOption,
                "the path of this folder holds signs that cannot be remembered",
                "Choose a folder whose path is plain text.",
            ));
        }
        self.write("profiles.json", &folder)
    }

    /// Cases opened before, newest first.
    pub(crate) fn recent(&self) -> Vec<Remembered> {
        self.read("recent.json").unwrap_or_default()
    }

    /// Puts a case at the head of the recent ones.
    pub(crate) fn remember(&self, case: Remembered) -> Result<()> {
        // A path that is no UTF-8 cannot stand in JSON; such a case is opened by choosing it.
        if case.path.to_str().is_none() {
            return Ok(());
        }
        let mut recent = self.recent();
        recent.retain(|other| other.path != case.path);
        recent.insert(0, case);
        recent.truncate(RECENT);
        self.write("recent.json", &recent)
    }

    /// A path for a new case in the case folder, free at this moment.
    pub(crate) fn new_case(&self, name: &str) -> Result<PathBuf> {
        std::fs::create_dir_all(&self.cases).map_err(|e| refused(&self.cases, &e))?;
        let stem = file_stem(name);
        let free = (1_u32..)
            .map(|n| match n {
                1 => self.cases.join(format!("{stem}.{CASE_ENDING}")),
                n => self.cases.join(format!("{stem} {n}.{CASE_ENDING}")),
            })
            .find(|path| !path.exists());
        Ok(free.unwrap_or_else(|| self.cases.join(format!("{stem}.{CASE_ENDING}"))))
    }

    fn read<T: DeserializeOwned>(&self, file: &str) -> Option<T> {
        // A file of these that is missing or damaged costs a preference, no evidence, so it is not an error.
        serde_json::from_slice(&std::fs::read(self.config.join(file)).ok()?).ok()
    }

    fn write<T: Serialize>(&self, file: &str, value: &T) -> Result<()> {
        let path = self.config.join(file);
        let fresh = self.config.join(format!("{file}.new"));
        let text = serde_json::to_vec_pretty(value)
            .map_err(|e| Error::new(Code::Internal, e.to_string(), "Please report this."))?;
        // Written beside and renamed, so that a full disk leaves the old file whole.
        std::fs::create_dir_all(&self.config)
            .and_then(|()| std::fs::File::create(&fresh))
            .and_then(|mut out| out.write_all(&text))
            .and_then(|()| std::fs::rename(&fresh, &path))
            .map_err(|e| refused(&path, &e))
    }
}

fn refused(path: &Path, error: &std::io::Error) -> Error {
    Error::new(
        Code::Io,
        format!("`{}` cannot be written: {error}", path.display()),
        "Check the rights and the free space of that folder.",
    )
    .at(path.to_string_lossy())
}

/// A file name that every system takes, as close to the case name as can be.
fn file_stem(name: &str) -> String {
    let plain: String = name
        .trim()
        .chars()
        .take(LONGEST_NAME)
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.') {
                c
            } else {
                '-'
            }
        })
        .collect();
    let plain = plain.trim_matches(|c: char| c == '.' || c.is_whitespace());
    // Windows keeps these names for devices, with any ending.
    let first = plain
        .split('.')
        .next()
        .unwrap_or_default()
        .to_ascii_uppercase();
    let device = matches!(first.as_str(), "CON" | "PRN" | "AUX" | "NUL")
        || (first.len() == 4
            && (first.starts_with("COM") || first.starts_with("LPT"))
            && first.ends_with(|c: char| c.is_ascii_digit()));
    match plain {
        "" => "Case".to_owned(),
        _ if device => format!("Case {plain}"),
        _ => plain.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_name_cannot_leave_the_case_folder() {
        for (name, stem) in [
            ("Payout change, 12 Nov", "Payout change- 12 Nov"),
            ("../../etc/passwd", "-..-etc-passwd"),
            ("a/b\\c:d", "a-b-c-d"),
            ("  ", "Case"),
            ("...", "Case"),
            ("con", "Case con"),
            ("LPT1.old", "Case LPT1.old"),
            ("Überweisung 支払い", "Überweisung 支払い"),
            ("a\u{202e}b\0c\nd", "a-b-c-d"),
        ] {
            assert_eq!(file_stem(name), stem, "file name of the case {name:?}");
        }
        assert_eq!(file_stem(&"x".repeat(500)).len(), LONGEST_NAME);
    }

    #[test]
    fn a_second_case_of_the_same_name_gets_a_file_of_its_own() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        let first = places.new_case("Review").unwrap();
        std::fs::write(&first, "").unwrap();
        let second = places.new_case("Review").unwrap();
        assert_eq!(second, places.cases.join("Review 2.wmcase"));
    }

    #[test]
    fn the_newest_case_comes_first_and_stands_once() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        let case = |n: u32| Remembered {
            path: PathBuf::from(format!("/cases/{n}.wmcase")),
            name: n.to_string(),
            systems: Vec::new(),
            events: 0,
            encrypted: false,
            opened: "2026-11-12T00:00:00Z".into(),
        };
        for n in (0..20).chain([15]) {
            places.remember(case(n)).unwrap();
        }
        let names: Vec<String> = places.recent().into_iter().map(|c| c.name).collect();
        assert_eq!(names.len(), RECENT);
        assert_eq!(&names[..3], ["15", "19", "18"]);
    }

    #[test]
    fn damaged_settings_are_the_defaults() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        let dark = Settings {
            theme: "dark".into(),
            ..Settings::default()
        };
        places.keep_settings(&dark).unwrap();
        assert_eq!(places.settings(), dark);
        std::fs::write(places.config.join("settings.json"), "{").unwrap();
        assert_eq!(places.settings(), Settings::default());
    }

    #[test]
    fn the_folder_of_profiles_is_remembered_until_it_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let places = Places::below(home.path());
        assert_eq!(places.profile_folder(), None);
        let folder = home.path().join("my profiles");
        places.keep_profile_folder(Some(&folder)).unwrap();
        assert_eq!(Places::below(home.path()).profile_folder(), Some(folder));
        places.keep_profile_folder(None).unwrap();
        assert_eq!(places.profile_folder(), None);
    }
}
