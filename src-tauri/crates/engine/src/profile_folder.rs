//! A folder with profiles of a person's own, as the command and the window read it.
//!
//! Owns: which files count, and that one that is none spoils nothing else. Never touches: which folder that is (front ends
//! say so), what a profile means.

use std::io::Read as _;
use std::path::Path;

use crate::api::{ProfileText, RefusedProfile};
use crate::error::{Code, Error, Result};
use crate::profiles::profile_id;

/// Bytes that a profile may have.
const LARGEST: u64 = 1 << 20;
/// Files of a folder that are read; more profiles than these are refused anyway.
const MOST: usize = 1_000;

/// What a folder holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileFolder {
    /// The profiles, in the order of their files' names.
    pub profiles: Vec<ProfileText>,
    /// The files that are none, with place and reason.
    pub refused: Vec<RefusedProfile>,
}

impl ProfileFolder {
    /// Reads the files of a folder that end in `.toml`. What is said of a file names it without its folder where `names` asks
    /// for that.
    ///
    /// # Errors
    /// When the folder itself cannot be read.
    pub fn read(folder: &Path, names: FileNames) -> Result<Self> {
        let wrong = |e: std::io::Error| {
            let message = format!("the folder `{}` cannot be read: {e}", names.of(folder));
            Error::new(Code::NotReadable, message, "Name a folder with profiles.")
        };
        let mut files = Vec::new();
        for file in std::fs::read_dir(folder).map_err(wrong)? {
            let path = file.map_err(wrong)?.path();
            if path.extension().is_some_and(|e| e == "toml") {
                files.push(path);
            }
        }
        files.sort();
        let mut found = Self::default();
        for (n, path) in files.iter().enumerate() {
            let file = names.of(path);
            let text = if n < MOST {
                text(path)
            } else {
                Err(format!("a folder may have {MOST} profiles"))
            };
            match text {
                Ok(text) => found.take(ProfileText { file, text }),
                Err(message) => found.refused.push(RefusedProfile {
                    file,
                    line: None,
                    key: String::new(),
                    message,
                }),
            }
        }
        Ok(found)
    }

    fn take(&mut self, one: ProfileText) {
        let Err(error) = profile_id(&one) else {
            self.profiles.push(one);
            return;
        };
        // The list that a person reads has place, key and reason apart.
        let listed = crate::profiles::profiles(std::slice::from_ref(&one));
        let refused = listed.map(|report| report.refused).unwrap_or_default();
        match refused.into_iter().next() {
            Some(refused) => self.refused.push(refused),
            None => self.refused.push(RefusedProfile {
                file: one.file,
                line: None,
                key: String::new(),
                message: error.message,
            }),
        }
    }
}

/// How files are named in what is said of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileNames {
    /// With their folders, for a terminal.
    Whole,
    /// Without, for the window, which learns no path.
    Short,
}

impl FileNames {
    fn of(self, path: &Path) -> String {
        match self {
            Self::Whole => path.to_string_lossy().into_owned(),
            Self::Short => path
                .file_name()
                .unwrap_or(path.as_os_str())
                .to_string_lossy()
                .into_owned(),
        }
    }
}

/// The text of a file, or why there is none.
fn text(path: &Path) -> std::result::Result<String, String> {
    let cannot = |e: std::io::Error| format!("it cannot be read: {e}");
    let kind = std::fs::metadata(path).map_err(cannot)?;
    if !kind.is_file() {
        return Err("it is no file".to_owned());
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(cannot)?;
    file.take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(cannot)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!("it has more than {LARGEST} bytes"));
    }
    String::from_utf8(bytes).map_err(|_| "it is no text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "language = 1\n[profile]\nid = \"ID\"\nversion = 1\ntitle = \"Mine\"\nvendor_page = \"https://example.com\"\nprovider = \"mine\"\nblind_spots = [\"Nothing is known.\"]\n[[recognise]]\nshape = \"json\"\nrequired = [\"at\"]\n[time]\nvalue = [\"at\"]\n[fields]\n\"event.action\" = \"what\"\n";

    #[test]
    fn a_broken_file_is_told_with_its_place_and_spoils_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
        put("b.toml", GOOD.replace("ID", "b-log").as_bytes());
        put("a.toml", GOOD.replace("ID", "a-log").as_bytes());
        put("broken.toml", b"language = 1\n[profile]\nid = 7\n");
        put("latin.toml", b"title = \"\xff\"");
        put("large.toml", &vec![b'#'; (LARGEST + 1) as usize]);
        put("notes.txt", b"no profile");
        std::fs::create_dir(folder.path().join("folder.toml")).unwrap();
        let found = ProfileFolder::read(folder.path(), FileNames::Short).unwrap();
        let good: Vec<&str> = found.profiles.iter().map(|p| p.file.as_str()).collect();
        assert_eq!(good, ["a.toml", "b.toml"]);
        let told: Vec<(&str, Option<u32>)> = found
            .refused
            .iter()
            .map(|r| (r.file.as_str(), r.line))
            .collect();
        assert_eq!(
            told,
            [
                ("broken.toml", Some(3)),
                ("folder.toml", None),
                ("large.toml", None),
                ("latin.toml", None),
            ],
            "{:?}",
            found.refused
        );
        let said = format!("{found:?}");
        let above = folder.path().to_string_lossy().into_owned();
        assert!(!said.contains(&above), "a folder is told: {said}");
        let whole = ProfileFolder::read(folder.path(), FileNames::Whole).unwrap();
        assert!(whole.refused.iter().all(|r| r.file.starts_with(&above)));
        let nowhere = ProfileFolder::read(&folder.path().join("none"), FileNames::Short);
        assert!(!nowhere.unwrap_err().message.contains(&above));
    }
}
