//! The bag (BagIt 1.0, RFC 8493): every file hashed while it is written, and the manifests that bind them.
//!
//! Owns: names, manifests, tag files, their order. Never touches: what the files say.
//!
//! Order: payload under `data/`, then `manifest-sha256.txt`, the other tag files, `tagmanifest-sha256.txt` (one text that
//! binds everything) and, when there is a key, its signature.

use std::io::{self, Write};

use sha2::{Digest, Sha256};

use crate::error::{PackageError, Result};
use crate::sink::Sink;

/// Bytes that are collected before they are handed to the sink.
const BUFFER: usize = 64 << 10;

/// One file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// Its name in the package.
    pub name: String,
    /// SHA-256, hex.
    pub sha256: String,
    /// Bytes.
    pub bytes: u64,
}

/// The package while it is written.
pub struct Bag<'s> {
    sink: &'s mut dyn Sink,
    payload: Vec<Filed>,
    tags: Vec<Filed>,
    open: Option<(String, Sha256, u64)>,
    buffer: Vec<u8>,
}

impl<'s> Bag<'s> {
    /// An empty package.
    pub fn new(sink: &'s mut dyn Sink) -> Self {
        Self {
            sink,
            payload: Vec::new(),
            tags: Vec::new(),
            open: None,
            buffer: Vec::with_capacity(BUFFER),
        }
    }

    /// Begins a file; the one before is complete.
    ///
    /// # Errors
    /// When the sink refuses, or the name is not one that every system can hold.
    pub fn begin(&mut self, name: &str) -> Result<()> {
        self.close()?;
        if !portable(name) {
            let message = format!("`{name}` is no name for a file of a package");
            return Err(PackageError::Inconsistent(message));
        }
        self.sink.begin(name)?;
        self.open = Some((name.to_owned(), Sha256::new(), 0));
        Ok(())
    }

    /// Writes a whole file.
    ///
    /// # Errors
    /// As [`Bag::begin`].
    pub fn file(&mut self, name: &str, content: &[u8]) -> Result<()> {
        self.begin(name)?;
        self.push(content)?;
        self.close()
    }

    /// Appends to the file that is open.
    ///
    /// # Errors
    /// When the sink refuses.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        if bytes.len() >= BUFFER {
            return self.hand_on(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn hand_on(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some((_, hash, written)) = &mut self.open {
            hash.update(bytes);
            *written += bytes.len() as u64;
        }
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let done = self.hand_on(&buffer);
        buffer.clear();
        self.buffer = buffer;
        done
    }

    fn close(&mut self) -> Result<()> {
        if self.open.is_none() {
            return Ok(());
        }
        self.flush()?;
        if let Some((name, hash, bytes)) = self.open.take() {
            let filed = Filed {
                sha256: hex::encode(hash.finalize()),
                bytes,
                name,
            };
            if filed.name.starts_with("data/") {
                self.payload.push(filed);
            } else {
                self.tags.push(filed);
            }
        }
        Ok(())
    }

    /// A writer into the file that is open.
    pub fn writer<'b>(&'b mut self) -> Filing<'b, 's> {
        Filing {
            bag: self,
            failed: None,
        }
    }

    /// Payload files so far, without the one that is open.
    #[must_use]
    pub fn payload(&self) -> &[Filed] {
        &self.payload
    }

    /// The manifest of the payload, which is complete now.
    ///
    /// # Errors
    /// When the sink refuses.
    pub fn manifest(&mut self) -> Result<Filed> {
        self.close()?;
        let text = manifest(&mut self.payload);
        self.file("manifest-sha256.txt", text.as_bytes())?;
        self.tags
            .last()
            .cloned()
            .ok_or_else(|| PackageError::Inconsistent("the manifest was not written".to_owned()))
    }

    /// Writes the tag manifest over every tag file; gives its text, which is what a signature signs.
    ///
    /// # Errors
    /// When the sink refuses.
    pub fn seal(&mut self) -> Result<String> {
        self.close()?;
        let text = manifest(&mut self.tags);
        self.file("tagmanifest-sha256.txt", text.as_bytes())?;
        Ok(text)
    }

    /// Every file, payload first.
    #[must_use]
    pub fn files(&self) -> Vec<Filed> {
        self.payload.iter().chain(&self.tags).cloned().collect()
    }
}

/// A writer into the file that is open in a bag; keeps the bag's own error.
pub struct Filing<'b, 's> {
    bag: &'b mut Bag<'s>,
    failed: Option<PackageError>,
}

impl Filing<'_, '_> {
    /// The outcome of writing: the bag's own error before the one that it led to.
    ///
    /// # Errors
    /// When the bag refused, or `done` is an error.
    pub fn end<T>(self, done: Result<T>) -> Result<T> {
        match self.failed {
            Some(failed) => Err(failed),
            None => done,
        }
    }
}

impl Write for Filing<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.bag.push(bytes) {
            Ok(()) => Ok(bytes.len()),
            Err(error) => {
                let told = io::Error::other(error.to_string());
                self.failed = Some(error);
                Err(told)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Lines as `sha256sum` writes and reads them, in order of names.
fn manifest(files: &mut [Filed]) -> String {
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
        .iter()
        .map(|f| format!("{}  {}\n", f.sha256, f.name))
        .collect()
}

/// Whether every file system can hold the name, and no tool reads it otherwise than it stands.
fn portable(name: &str) -> bool {
    let part = |p: &str| {
        !p.is_empty()
            && !p.starts_with('.')
            && p.len() <= 100
            && p.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    name.split('/').all(part)
}
