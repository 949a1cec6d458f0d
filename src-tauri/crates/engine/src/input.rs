//! What can be imported: files, folders, standard input, pasted text.
//!
//! Owns: which things on disk are readable evidence, and that they are only ever opened for reading.
//! Never touches: what is inside them.

use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use witnessmark_ingest::pipeline::InputReader;

use crate::error::{Code, Error, Result};

/// Something to import.
pub enum Input {
    /// A regular file.
    File(PathBuf),
    /// A folder; every regular file below it is a source, in the order of their names.
    Folder(PathBuf),
    /// A package that somebody sent, as a folder or an archive; its events are the source.
    Package {
        /// Where it is.
        path: PathBuf,
        /// The signer's public key from another way than the package, where the person has it.
        key: Option<String>,
    },
    /// Bytes that come from elsewhere, such as standard input; they can be read once.
    Stream {
        /// What it is called in the case.
        name: String,
        /// Where the bytes come from.
        reader: Box<dyn Read + Send>,
    },
    /// Text that a person pasted.
    Paste {
        /// What it is called in the case.
        name: String,
        /// The text.
        text: String,
    },
}

/// One file below an input, opened, with what must still be true of it at the end.
pub struct Opened {
    /// Name in the case: the file name, or the path below the folder with `/`.
    pub name: String,
    /// Path for messages; absent for streams and pastes.
    pub path: Option<PathBuf>,
    /// Bytes, when they are known beforehand.
    pub size: Option<u64>,
    /// Last change of the file, when there is one.
    pub modified: Option<SystemTime>,
    /// The bytes.
    pub reader: InputReader,
}

impl std::fmt::Debug for Input {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Input").field(&self.name()).finish()
    }
}

/// How deep folders are walked; deeper ones are a loop or an attack.
const DEEPEST: usize = 64;

impl Input {
    /// The input at a path: a regular file or a folder.
    pub fn at(path: &Path) -> Result<Self> {
        let meta = metadata(path)?;
        if meta.is_dir() {
            return Ok(if witnessmark_verify::is_package(path) {
                Self::Package {
                    path: path.to_owned(),
                    key: None,
                }
            } else {
                Self::Folder(path.to_owned())
            });
        }
        regular(path, &meta)?;
        if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("zip"))
            && witnessmark_verify::is_package(path)
        {
            return Ok(Self::Package {
                path: path.to_owned(),
                key: None,
            });
        }
        Ok(Self::File(path.to_owned()))
    }

    /// The same, where a package must be signed by this key; a key means nothing for other inputs, and that is an error.
    pub fn signed_by(self, key: &str) -> Result<Self> {
        match self {
            Self::Package { path, .. } => Ok(Self::Package {
                path,
                key: Some(key.to_owned()),
            }),
            other => Err(Error::new(
                Code::InvalidOption,
                format!("`{}` is no package, so no key has signed it", other.name()),
                "Leave the key out, or import packages by themselves.",
            )),
        }
    }

    /// What the input is called.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Folder(path) | Self::Package { path, .. } => file_name(path),
            Self::Stream { name, .. } | Self::Paste { name, .. } => name.clone(),
        }
    }

    /// Opens everything below the input, one after the other. Files are opened only when their turn comes.
    pub fn open(self) -> Result<Vec<Source>> {
        Ok(match self {
            Self::File(path) => vec![Source::File {
                name: file_name(&path),
                path,
            }],
            Self::Folder(path) => walk(&path)?,
            Self::Package { path, key } => vec![package(&path, key.as_deref())?],
            Self::Stream { name, reader } => vec![Source::Ready(Opened {
                name,
                path: None,
                size: None,
                modified: None,
                reader: InputReader::Stream(reader),
            })],
            Self::Paste { name, text } => {
                let size = Some(text.len() as u64);
                let reader =
                    InputReader::Seekable(Box::new(std::io::Cursor::new(text.into_bytes())));
                vec![Source::Ready(Opened {
                    name,
                    path: None,
                    size,
                    modified: None,
                    reader,
                })]
            }
        })
    }
}

/// Events of a package in an archive that are read into memory; a longer package is unpacked first.
const PACKED_EVENTS: u64 = 512 << 20;

/// The events of a package, after it was checked: what does not hold together is no evidence. What the check says of the
/// package becomes part of the source's name, and so of the receipt and the custody log. Anybody can sign a package with a key
/// of their own; so the key is named, and whether it was compared with one that came by another way.
fn package(path: &Path, key: Option<&str>) -> Result<Source> {
    let options = crate::verify::VerifyOptions {
        key,
        ..crate::verify::VerifyOptions::default()
    };
    let report = crate::verify::verify(path, &options)?;
    if let Some(failed) = report.layers.iter().find(|l| !l.ok) {
        let message = format!(
            "the package `{}` does not hold, `{}`: {}",
            path.display(),
            failed.layer,
            failed.detail
        );
        let hint = "Ask whoever sent it for another copy. `witnessmark verify` tells everything that does not hold.";
        return Err(Error::new(Code::NotReadable, message, hint).at(path.to_string_lossy()));
    }
    let binds = report.binds.unwrap_or_default();
    let signature = match (&report.signed_by, key) {
        (Some(signer), Some(_)) => format!("signed by {signer}, as compared"),
        (Some(signer), None) => format!("signed by {signer}, a key from the package, not compared"),
        (None, _) => "not signed".to_owned(),
    };
    let name = format!(
        "{} (package {}, {signature})/events.ndjson",
        file_name(path),
        &binds[..binds.len().min(16)]
    );
    if path.is_dir() {
        return Ok(Source::File {
            name,
            path: path.join("data").join("events").join("events.ndjson"),
        });
    }
    let bytes = witnessmark_verify::events_of(path, PACKED_EVENTS)
        .map_err(|error| crate::verify::told(path, &error))?;
    Ok(Source::Ready(Opened {
        name,
        path: None,
        size: Some(bytes.len() as u64),
        modified: None,
        reader: InputReader::Seekable(Box::new(std::io::Cursor::new(bytes))),
    }))
}

/// One file to read, not opened yet.
pub enum Source {
    /// On disk.
    File {
        /// Name in the case.
        name: String,
        /// Where it is.
        path: PathBuf,
    },
    /// In hand.
    Ready(Opened),
    /// A link, device or pipe inside a folder, which is told but never opened.
    Skipped {
        /// Name below the folder.
        name: String,
        /// Where it is.
        path: PathBuf,
    },
}

impl Source {
    /// Bytes, when they are known.
    #[must_use]
    pub fn size(&self) -> Option<u64> {
        match self {
            Self::File { path, .. } => std::fs::metadata(path).ok().map(|m| m.len()),
            Self::Ready(opened) => opened.size,
            Self::Skipped { .. } => Some(0),
        }
    }

    /// Opens it for reading.
    pub fn open(self) -> Result<Opened> {
        match self {
            Self::Ready(opened) => Ok(opened),
            Self::Skipped { name, path } => Err(Error::new(
                Code::NotReadable,
                format!("{name}: is a link or no regular file"),
                "Inside a folder these are not followed; import what it points to by its own path.",
            )
            .at(path.to_string_lossy())),
            Self::File { name, path } => {
                // The kind is asked before opening, because opening a FIFO without a writer would wait for ever.
                regular(&path, &metadata(&path)?)?;
                let file = File::open(&path).map_err(|e| unreadable(&path, &e))?;
                let meta = file.metadata().map_err(|e| unreadable(&path, &e))?;
                regular(&path, &meta)?;
                Ok(Opened {
                    name,
                    size: Some(meta.len()),
                    modified: meta.modified().ok(),
                    path: Some(path),
                    reader: InputReader::Seekable(Box::new(file)),
                })
            }
        }
    }
}

/// Fails when a file is no longer what it was when it was opened.
pub(crate) fn check_unchanged(
    path: &Path,
    size: Option<u64>,
    modified: Option<SystemTime>,
) -> Result<()> {
    let meta = metadata(path)?;
    if size.is_some_and(|s| s != meta.len()) || modified != meta.modified().ok() {
        return Err(Error::new(
            Code::ChangedWhileReading,
            format!("`{}` changed while it was read", file_name(path)),
            "Wait until the program that writes it is done, or import a copy. Nothing of it was kept.",
        )
        .at(path.to_string_lossy()));
    }
    Ok(())
}

fn metadata(path: &Path) -> Result<Metadata> {
    std::fs::metadata(path).map_err(|e| unreadable(path, &e))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    let (code, hint) = match error.kind() {
        std::io::ErrorKind::NotFound => (Code::NotFound, "Check the spelling of the path."),
        std::io::ErrorKind::PermissionDenied => (
            Code::NotReadable,
            "Ask for the right to read it, or import a copy that you own.",
        ),
        _ => (
            Code::NotReadable,
            "Check that the disk is there and readable.",
        ),
    };
    Error::new(
        code,
        format!("`{}` cannot be read: {error}", path.display()),
        hint,
    )
    .at(path.to_string_lossy())
}

fn regular(path: &Path, meta: &Metadata) -> Result<()> {
    if meta.is_file() {
        return Ok(());
    }
    Err(Error::new(
        Code::NotReadable,
        format!("`{}` is no regular file", path.display()),
        "Import a file or a folder; for a pipe write `-` and feed it to standard input.",
    )
    .at(path.to_string_lossy()))
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}

fn walk(root: &Path) -> Result<Vec<Source>> {
    let mut found = Vec::new();
    collect(root, "", 0, &mut found)?;
    if found.is_empty() {
        return Err(Error::new(
            Code::Empty,
            format!("the folder `{}` holds no file", root.display()),
            "Choose the folder that holds the exports.",
        )
        .at(root.to_string_lossy()));
    }
    Ok(found)
}

fn collect(folder: &Path, prefix: &str, depth: usize, found: &mut Vec<Source>) -> Result<()> {
    if depth > DEEPEST {
        return Err(Error::new(
            Code::LimitExceeded,
            format!(
                "`{}` is nested deeper than {DEEPEST} folders",
                folder.display()
            ),
            "Import the inner folder.",
        )
        .at(folder.to_string_lossy()));
    }
    let mut entries = std::fs::read_dir(folder)
        .and_then(Iterator::collect::<std::io::Result<Vec<_>>>)
        .map_err(|e| unreadable(folder, &e))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        // Links inside a folder are not followed: they could lead out of it, or round in a circle. The receipt names them.
        let kind = entry
            .file_type()
            .map_err(|e| unreadable(&entry.path(), &e))?;
        if kind.is_dir() {
            collect(&entry.path(), &format!("{name}/"), depth + 1, found)?;
        } else if !entry.file_name().to_string_lossy().starts_with('.') {
            let path = entry.path();
            found.push(if kind.is_file() {
                Source::File { name, path }
            } else {
                Source::Skipped { name, path }
            });
        }
    }
    Ok(())
}
