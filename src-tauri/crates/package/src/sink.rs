//! Where the files of a package go.
//!
//! Owns: the port, and the archive. Never touches: the file system; whoever makes a folder implements the port.

use std::io::{Seek, Write};

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::error::Result;

/// Takes files one after the other. Names are those of [`crate::bag`]: relative, `/` between parts, `[A-Za-z0-9._-]`.
pub trait Sink {
    /// Begins a file; what is written until the next call belongs to it.
    ///
    /// # Errors
    /// When it cannot be made.
    fn begin(&mut self, name: &str) -> Result<()>;

    /// Appends to the file that was begun last.
    ///
    /// # Errors
    /// When the disk refuses.
    fn write(&mut self, bytes: &[u8]) -> Result<()>;
}

/// A ZIP archive with nothing in it that differs from run to run: fixed time, fixed rights, the order of writing.
pub struct ZipSink<W: Write + Seek> {
    archive: ZipWriter<W>,
}

impl<W: Write + Seek> ZipSink<W> {
    /// An empty archive.
    pub fn new(out: W) -> Self {
        Self {
            archive: ZipWriter::new(out),
        }
    }

    /// Writes the directory; gives what was written to.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn finish(self) -> Result<W> {
        Ok(self.archive.finish()?)
    }
}

impl<W: Write + Seek> Sink for ZipSink<W> {
    fn begin(&mut self, name: &str) -> Result<()> {
        // Files whose size grows with the events may pass 4 GiB, which the header must provide for beforehand.
        let grows = name.starts_with("data/events/") || name.starts_with("data/evidence/");
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(grows);
        self.archive.start_file(name, options)?;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.archive.write_all(bytes)?;
        Ok(())
    }
}
