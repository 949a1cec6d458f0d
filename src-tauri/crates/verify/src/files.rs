//! The files of a package, in a folder or an archive, and nothing that only looks like one.
//!
//! Owns: listing and opening; links, devices, doubled names, bytes around or between the members of an archive are told
//! as faults. Never touches: what the files say.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::report::VerifyError;

/// Bytes of a file that is read into memory; those that are longer are read line by line.
const SMALL: u64 = 64 << 20;
/// Depth of folders; a package has five.
const DEEPEST: usize = 12;

/// The files of one package.
pub(crate) struct Files {
    path: PathBuf,
    archive: bool,
    /// Names, and for an archive the position of the member.
    names: BTreeMap<String, usize>,
    /// What is wrong with the container itself.
    pub(crate) faults: Vec<String>,
}

/// The first bytes of a file.
pub(crate) fn begins_with(path: &Path) -> Result<Vec<u8>, VerifyError> {
    let mut head = Vec::new();
    File::open(path)
        .and_then(|f| f.take(16).read_to_end(&mut head))
        .map_err(|e| VerifyError::Missing {
            path: path.to_owned(),
            why: e.to_string(),
        })?;
    Ok(head)
}

impl Files {
    /// Lists the files of a folder or archive.
    pub(crate) fn open(path: &Path) -> Result<Self, VerifyError> {
        let mut files = Self {
            path: path.to_owned(),
            archive: path.is_file(),
            names: BTreeMap::new(),
            faults: Vec::new(),
        };
        let listed = if files.archive {
            files.list_archive()
        } else {
            files.list_folder(&mut Vec::new(), path)
        };
        if let Err(error) = listed {
            if files.archive {
                files
                    .faults
                    .push(format!("the archive cannot be read: {error}"));
                return Ok(files);
            }
            return Err(VerifyError::Missing {
                path: path.to_owned(),
                why: error.to_string(),
            });
        }
        if !files.archive && !files.has("bagit.txt") && !files.has("manifest-sha256.txt") {
            return Err(VerifyError::Unknown {
                path: path.to_owned(),
                why: "the folder holds neither bagit.txt nor manifest-sha256.txt".to_owned(),
            });
        }
        let mut folded: BTreeMap<String, &str> = BTreeMap::new();
        for name in files.names.keys() {
            if let Some(other) = folded.insert(name.to_lowercase(), name) {
                files
                    .faults
                    .push(format!("`{other}` and `{name}` differ only in case"));
            }
            if !portable(name) {
                files
                    .faults
                    .push(format!("`{}` is no portable name", name.escape_debug()));
            }
        }
        Ok(files)
    }

    fn list_folder(&mut self, parts: &mut Vec<String>, folder: &Path) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let Ok(part) = entry.file_name().into_string() else {
                self.faults.push("a name is not Unicode".to_owned());
                continue;
            };
            parts.push(part);
            let name = parts.join("/");
            if kind.is_dir() && parts.len() < DEEPEST {
                let before = self.names.len() + self.faults.len();
                self.list_folder(parts, &entry.path())?;
                if self.names.len() + self.faults.len() == before {
                    self.faults.push(format!("`{name}` is an empty folder"));
                }
            } else if kind.is_file() {
                self.names.insert(name, 0);
            } else {
                self.faults.push(format!("`{name}` is not a plain file"));
            }
            parts.pop();
        }
        Ok(())
    }

    fn list_archive(&mut self) -> io::Result<()> {
        let mut archive = self.archive()?;
        let length = fs::metadata(&self.path)?.len();
        if !archive.comment().is_empty() {
            self.faults.push("the archive has a comment".to_owned());
        }
        let mut expected = 0;
        for at in 0..archive.len() {
            let member = archive.by_index_raw(at).map_err(io::Error::other)?;
            let name = String::from_utf8_lossy(member.name_raw()).into_owned();
            if member.header_start() != expected {
                self.faults.push(format!(
                    "there are bytes before `{name}` that belong to no file"
                ));
            }
            let start = member
                .data_start()
                .ok_or_else(|| io::Error::other("a member has no data"))?;
            expected = start + member.compressed_size();
            let plain = member
                .unix_mode()
                .is_none_or(|mode| mode & 0o170_000 == 0o100_000 || mode & 0o170_000 == 0);
            if !member.is_file() || !plain {
                self.faults.push(format!("`{name}` is not a plain file"));
            } else if self.names.insert(name.clone(), at).is_some() {
                self.faults.push(format!("`{name}` is there twice"));
            }
        }
        if archive.central_directory_start() != expected {
            self.faults.push(
                "there are bytes between the files and the directory of the archive".to_owned(),
            );
        }
        if !ends_with_directory(&self.path, length)? {
            self.faults
                .push("there are bytes after the end of the archive".to_owned());
        }
        Ok(())
    }

    fn archive(&self) -> io::Result<zip::ZipArchive<BufReader<File>>> {
        let file = BufReader::new(File::open(&self.path)?);
        zip::ZipArchive::new(file).map_err(io::Error::other)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.names.contains_key(name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }

    /// Hands the bytes of a file to `read`.
    pub(crate) fn with<T>(
        &self,
        name: &str,
        read: impl FnOnce(&mut dyn Read) -> io::Result<T>,
    ) -> io::Result<T> {
        let Some(at) = self.names.get(name) else {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                format!("`{name}` is missing"),
            ));
        };
        if self.archive {
            let mut archive = self.archive()?;
            let mut member = archive.by_index(*at).map_err(io::Error::other)?;
            return read(&mut member);
        }
        read(&mut File::open(self.path.join(name))?)
    }

    /// A small file as text.
    pub(crate) fn text(&self, name: &str) -> Result<String, String> {
        let read = self.with(name, |bytes| {
            let mut text = String::new();
            bytes.take(SMALL).read_to_string(&mut text)?;
            Ok(text)
        });
        read.map_err(|e| format!("`{name}`: {e}"))
    }

    /// A small file as JSON.
    pub(crate) fn json(&self, name: &str) -> Result<serde_json::Value, String> {
        serde_json::from_str(&self.text(name)?).map_err(|e| format!("`{name}` is no JSON: {e}"))
    }
}

/// Whether the last bytes are an end-of-directory record without comment (22 bytes, ZIP 6.3, 4.3.16).
fn ends_with_directory(path: &Path, length: u64) -> io::Result<bool> {
    let mut file = File::open(path)?;
    let mut tail = [0; 22];
    if length < tail.len() as u64 {
        return Ok(false);
    }
    file.seek(SeekFrom::End(-22))?;
    file.read_exact(&mut tail)?;
    Ok(tail.starts_with(b"PK\x05\x06") && tail.ends_with(&[0, 0]))
}

fn portable(name: &str) -> bool {
    let part = |p: &str| {
        !p.is_empty()
            && !p.starts_with('.')
            && p.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    name.split('/').all(part)
}
