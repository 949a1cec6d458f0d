//! A package on its way to the disk: under another name until it is complete.
//!
//! Owns: files below one folder, or one archive, and that nothing is left of a package that was not finished. Never
//! touches: what is in them.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use witnessmark_package::{PackageError, Sink, ZipSink};

use crate::error::{Code, Error, Result};

/// A folder, or an archive when the name ends in `.zip`.
pub(crate) enum Target {
    Folder {
        part: PathBuf,
        open: Option<BufWriter<File>>,
    },
    Archive {
        part: PathBuf,
        zip: Box<ZipSink<BufWriter<File>>>,
    },
}

/// The name until it is complete.
fn part(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".part");
    name.into()
}

fn failed(path: &Path, what: &str, error: &std::io::Error) -> Error {
    let code = match error.kind() {
        std::io::ErrorKind::StorageFull => Code::DiskFull,
        _ => Code::Io,
    };
    Error::new(
        code,
        format!("`{}` cannot be {what}: {error}", path.display()),
        "Check the folder, its rights and the free space, and write the package again.",
    )
    .at(path.to_string_lossy())
}

impl Target {
    /// Begins at a path where nothing is.
    pub(crate) fn begin(out: &Path) -> Result<Self> {
        if fs::symlink_metadata(out).is_ok() {
            return Err(Error::new(
                Code::Io,
                format!("`{}` is there already", out.display()),
                "Choose a name that is not taken; nothing is overwritten.",
            )
            .at(out.to_string_lossy()));
        }
        let part = part(out);
        // What is left of a package that was not finished is no package; it is written anew.
        let _ = fs::remove_dir_all(&part);
        let _ = fs::remove_file(&part);
        if out
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("zip"))
        {
            let file = File::create_new(&part).map_err(|e| failed(&part, "made", &e))?;
            return Ok(Self::Archive {
                zip: Box::new(ZipSink::new(BufWriter::new(file))),
                part,
            });
        }
        fs::create_dir(&part).map_err(|e| failed(&part, "made", &e))?;
        Ok(Self::Folder { part, open: None })
    }

    /// Where the files go.
    pub(crate) fn sink(&mut self) -> &mut dyn Sink {
        self
    }

    /// Gives the package its name.
    pub(crate) fn finish(self, out: &Path) -> Result<()> {
        let part = match self {
            Self::Folder { part, open } => {
                end_file(open).map_err(|e| failed(&part, "written", &e))?;
                part
            }
            Self::Archive { part, zip } => {
                let file = zip
                    .finish()
                    .map_err(|e| failed(&part, "written", &std::io::Error::other(e.to_string())))?;
                end_file(Some(file)).map_err(|e| failed(&part, "written", &e))?;
                part
            }
        };
        fs::rename(&part, out).map_err(|e| failed(out, "given its name", &e))
    }

    /// Removes what was written.
    pub(crate) fn discard(self) {
        // What cannot be removed is named `.part`, which nobody takes for a package.
        match self {
            Self::Folder { part, open } => {
                drop(open);
                let _ = fs::remove_dir_all(part);
            }
            Self::Archive { part, zip } => {
                drop(zip);
                let _ = fs::remove_file(part);
            }
        }
    }
}

fn end_file(file: Option<BufWriter<File>>) -> std::io::Result<()> {
    match file {
        None => Ok(()),
        Some(mut file) => {
            file.flush()?;
            file.get_ref().sync_all()
        }
    }
}

impl Sink for Target {
    fn begin(&mut self, name: &str) -> std::result::Result<(), PackageError> {
        match self {
            Self::Archive { zip, .. } => zip.begin(name),
            Self::Folder { part, open } => {
                end_file(open.take())?;
                let path = part.join(name);
                if let Some(folder) = path.parent() {
                    fs::create_dir_all(folder)?;
                }
                *open = Some(BufWriter::new(File::create_new(path)?));
                Ok(())
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> std::result::Result<(), PackageError> {
        match self {
            Self::Archive { zip, .. } => zip.write(bytes),
            Self::Folder { open, .. } => match open {
                Some(file) => Ok(file.write_all(bytes)?),
                None => Err(PackageError::Inconsistent(
                    "bytes without a file".to_owned(),
                )),
            },
        }
    }
}
