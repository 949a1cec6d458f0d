//! A package on its way to the disk: under another name until it is complete.
//!
//! Owns: files below one folder, or one archive, and that nothing is left of a package that was not finished. Never
//! touches: what is in them, nor anything that it did not make itself, whatever its name is.

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

/// A new file for what will be `out` when it is complete, and where it is: whoever asked gives it its name or removes it.
///
/// # Errors
/// When no such file can be made.
pub fn part_file(out: &Path) -> Result<(PathBuf, File)> {
    made(out, |part| File::create_new(part))
}

/// Names that are tried for the part; each that is taken belongs to somebody.
const PARTS: u32 = 1_000;

/// The names until it is complete: `q.part`, or with a number when that is taken. What has the name may be a person's own,
/// another run that still writes, or what a killed run left; from outside they look alike, so none of them is touched.
fn parts(out: &Path) -> impl Iterator<Item = PathBuf> {
    (1..=PARTS).map(|n| {
        let mut name = out.as_os_str().to_owned();
        name.push(".part");
        if n > 1 {
            name.push(format!("-{n}"));
        }
        name.into()
    })
}

/// Makes the first part whose name is free; `make` fails on a name that is taken.
fn made<T>(out: &Path, make: impl Fn(&Path) -> std::io::Result<T>) -> Result<(PathBuf, T)> {
    for part in parts(out) {
        match make(&part) {
            Ok(made) => return Ok((part, made)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&part, "made", &error)),
        }
    }
    Err(Error::new(
        Code::Io,
        format!(
            "`{}.part` is taken, with every number after it",
            out.display()
        ),
        "Choose another name, or remove parts that you know to be left of what was not finished.",
    )
    .at(out.to_string_lossy()))
}

fn taken(out: &Path) -> Error {
    Error::new(
        Code::Io,
        format!("`{}` is there already", out.display()),
        "Choose a name that is not taken; nothing is overwritten.",
    )
    .at(out.to_string_lossy())
}

/// Gives a part its name, unless something has got that name meanwhile.
fn named(part: &Path, out: &Path, archive: bool) -> std::io::Result<()> {
    if archive {
        // A file is not renamed over another one by this; where the disk knows no second names, the look before must do.
        match fs::hard_link(part, out) {
            Ok(()) => {
                // Its second name is in nobody's way for longer than until somebody looks.
                let _ = fs::remove_file(part);
                return Ok(());
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(error),
            Err(_) => {}
        }
    }
    if fs::symlink_metadata(out).is_ok() {
        return Err(std::io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(part, out)
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
            return Err(taken(out));
        }
        if out
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("zip"))
        {
            let (part, file) = part_file(out)?;
            return Ok(Self::Archive {
                zip: Box::new(ZipSink::new(BufWriter::new(file))),
                part,
            });
        }
        let (part, ()) = made(out, |part| fs::create_dir(part))?;
        Ok(Self::Folder { part, open: None })
    }

    /// Where the files go.
    pub(crate) fn sink(&mut self) -> &mut dyn Sink {
        self
    }

    /// Gives the package its name; when that is not possible, nothing is left.
    pub(crate) fn finish(self, out: &Path) -> Result<()> {
        let (part, archive, written) = match self {
            Self::Folder { part, open } => {
                let written = end_file(open);
                (part, false, written)
            }
            Self::Archive { part, zip } => {
                let file = zip
                    .finish()
                    .map_err(|e| std::io::Error::other(e.to_string()));
                let written = file.and_then(|file| end_file(Some(file)));
                (part, true, written)
            }
        };
        let done = match written {
            Err(error) => Err(failed(&part, "written", &error)),
            Ok(()) => named(&part, out, archive).map_err(|error| match error.kind() {
                std::io::ErrorKind::AlreadyExists | std::io::ErrorKind::DirectoryNotEmpty => {
                    taken(out)
                }
                _ => failed(out, "given its name", &error),
            }),
        };
        if done.is_err() {
            removed(&part, archive);
        }
        done
    }

    /// Removes what was written.
    pub(crate) fn discard(self) {
        match self {
            Self::Folder { part, open } => {
                drop(open);
                removed(&part, false);
            }
            Self::Archive { part, zip } => {
                drop(zip);
                removed(&part, true);
            }
        }
    }
}

/// Removes a part that this run made. What cannot be removed is named `.part`, which nobody takes for a package.
fn removed(part: &Path, archive: bool) {
    let _ = if archive {
        fs::remove_file(part)
    } else {
        fs::remove_dir_all(part)
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_the_name_of_a_part_is_left_alone() {
        let place = tempfile::tempdir().unwrap();
        for name in ["q", "q.zip"] {
            let out = place.path().join(name);
            let other = place.path().join(format!("{name}.part"));
            fs::create_dir(&other).unwrap();
            fs::write(other.join("thesis.txt"), "gold").unwrap();
            let mut target = Target::begin(&out).unwrap();
            target.sink().begin("data/a.txt").unwrap();
            target.sink().write(b"a").unwrap();
            target.finish(&out).unwrap();
            let mut target = Target::begin(&place.path().join(format!("more-{name}"))).unwrap();
            target.sink().begin("data/a.txt").unwrap();
            target.discard();
            assert_eq!(fs::read(other.join("thesis.txt")).unwrap(), b"gold");
            assert!(out.exists() && !place.path().join(format!("{name}.part-2")).exists());
        }
    }

    #[test]
    fn of_two_runs_to_one_name_the_second_to_end_is_refused() {
        let place = tempfile::tempdir().unwrap();
        for name in ["q", "q.zip"] {
            let out = place.path().join(name);
            let mut first = Target::begin(&out).unwrap();
            let mut second = Target::begin(&out).unwrap();
            for target in [&mut first, &mut second] {
                target.sink().begin("data/a.txt").unwrap();
                target.sink().write(b"a").unwrap();
            }
            first.finish(&out).unwrap();
            let bytes = |path: &Path| fs::metadata(path).unwrap().len();
            let before = bytes(&out);
            assert_eq!(second.finish(&out).unwrap_err().code, Code::Io);
            assert_eq!(bytes(&out), before);
            let left = fs::read_dir(place.path()).unwrap().flatten();
            let parts = left.filter(|e| e.file_name().to_string_lossy().contains(".part"));
            assert_eq!(parts.count(), 0, "the refused part is gone");
        }
    }
}
