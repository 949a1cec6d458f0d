//! One writer for each case: a lock file beside it, held as long as the case is open.
//!
//! Owns: the lock and the words that tell who has it. Never touches: the case file itself, because closing a second
//! handle on it would drop SQLite's own locks.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{ErrorKind, Read, Seek, Write},
    path::{Path, PathBuf},
};

use crate::error::{Result, StoreError};

/// The held lock; released when dropped.
#[derive(Debug)]
pub(crate) struct CaseLock {
    file: File,
}

/// The lock file of a case.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}

/// Removes the lock file of a case that is there no more. Of one that is, it stays: see [`CaseLock`].
pub(crate) fn forget(path: &Path) {
    let _ = std::fs::remove_file(beside(path));
}

impl CaseLock {
    /// Takes the lock and writes who has it.
    pub(crate) fn take(path: &Path, holder: &str) -> Result<Self> {
        let beside = beside(path);
        let failed = |error| StoreError::Io {
            what: format!("locking {}", beside.display()),
            error,
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&beside)
            .map_err(|error| match error.kind() {
                // The lock is made if it is not there, so what is missing is the folder.
                ErrorKind::NotFound => StoreError::Io {
                    what: format!("finding the folder of {}", path.display()),
                    error,
                },
                _ => failed(error),
            })?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // Who holds it is a courtesy: that it is held is what matters.
                let _ = (&mut file).take(500).read_to_string(&mut holder);
                return Err(StoreError::Locked {
                    path: path.to_owned(),
                    holder,
                });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        file.set_len(0).map_err(failed)?;
        file.write_all(holder.as_bytes()).map_err(failed)?;
        Ok(Self { file })
    }
}

impl Drop for CaseLock {
    fn drop(&mut self) {
        // The file stays: removing it would let two processes lock two files of one name.
        let _ = self.file.set_len(0);
        let _ = self.file.rewind();
        let _ = self.file.unlock();
    }
}

/// Refuses a path that is a link or has a second name.
pub(crate) fn plain_file(path: &Path) -> Result<()> {
    let refuse = |what| {
        Err(StoreError::NotPlainFile {
            path: path.to_owned(),
            what,
        })
    };
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(StoreError::NotFound {
            path: path.to_owned(),
        }),
        Err(error) => Err(StoreError::Io {
            what: format!("looking at {}", path.display()),
            error,
        }),
        Ok(meta) if meta.is_symlink() => refuse("a link"),
        Ok(meta) if !meta.is_file() => refuse("not a file"),
        #[cfg(unix)]
        Ok(meta) if std::os::unix::fs::MetadataExt::nlink(&meta) > 1 => {
            refuse("a file with more than one name (hard link)")
        }
        Ok(_) => Ok(()),
    }
}
