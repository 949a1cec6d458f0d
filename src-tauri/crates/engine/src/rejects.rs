//! Rejected entries taken out of a case: all of a source as a file, or the bytes of one.
//!
//! Owns: writing them. Never touches: why they were rejected (the readers say), what a list shows ([`Case::rejects`]).

use std::io::Write;
use std::path::Path;

use witnessmark_model::Locator;

use crate::case::Case;
use crate::error::{Code, Error, Result};

/// Bytes read at a time: a rejected entry can be as long as its source.
const PIECE: u64 = 256 << 10;

impl Case {
    /// Writes the rejected entries of a source into a file, a JSON object a line, each with its bytes as text.
    pub fn save_rejects(&self, source: u32, path: &Path) -> Result<()> {
        let cannot = |error: std::io::Error| {
            Error::new(
                Code::Io,
                format!("`{}` cannot be written: {error}", path.display()),
                "Choose another place or name.",
            )
            .at(path.to_string_lossy())
        };
        let report = self.rejects(Some(source))?;
        let file = std::fs::File::create(path).map_err(cannot)?;
        let mut out = std::io::BufWriter::new(file);
        for reject in &report.rejects {
            let line = serde_json::to_string(reject)
                .map_err(|e| crate::failures::internal(e.to_string()))?;
            writeln!(out, "{line}").map_err(cannot)?;
        }
        out.flush().map_err(cannot)
    }

    /// Writes the bytes of one rejected entry as they stand in its source.
    pub fn reject_bytes(&self, source: u32, entry: u64, out: &mut dyn Write) -> Result<()> {
        let rejects = self.store.rejects(Some(self.source_info(source)?.id))?;
        let Some(reject) = rejects.iter().find(|r| r.entry == entry) else {
            return Err(Error::new(
                Code::NoSuchItem,
                format!("entry {entry} of source {source} was not rejected"),
                "List them with `rejects`.",
            ));
        };
        let mut at = 0;
        while at < reject.length {
            let length = (reject.length - at).min(PIECE);
            let offset = reject.offset + at;
            let piece = self.store.raw(&Locator {
                source,
                offset,
                length,
                ..Locator::default()
            })?;
            out.write_all(&piece).map_err(|e| {
                Error::new(
                    Code::Io,
                    format!("the entry cannot be written: {e}"),
                    "Check the disk.",
                )
            })?;
            at += length;
        }
        Ok(())
    }
}
