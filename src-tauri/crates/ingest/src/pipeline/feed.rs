//! Brings bytes from the input to the sink while a source is read.
//!
//! Owns: the order of `bytes`, `container_bytes` and `progress`. Never touches: entries.

use super::error::{ImportError, RunError};
use super::sink::{Control, Progress, Sink};
use super::window::Window;
use crate::container::guard::Watch;

/// What a piece of reading came to.
pub(super) enum Filled {
    /// More is there, or the end is.
    Fine,
    /// The container cannot be opened beyond this point; what came before counts.
    Damaged(String),
}

/// Reads on, and gives the sink what was read.
pub(super) fn fill<S: Sink + ?Sized>(
    window: &mut Window<'_>,
    watch: &Watch,
    entries: u64,
    sink: &mut S,
) -> Result<Filled, RunError<S::Error>> {
    let filled = read(window, watch)?;
    give(window, watch, entries, sink)?;
    Ok(filled)
}

/// Reads on without giving anything to the sink.
pub(super) fn read(window: &mut Window<'_>, watch: &Watch) -> Result<Filled, ImportError> {
    let Err(error) = window.fill() else {
        return Ok(Filled::Fine);
    };
    if watch.tripped() {
        return Err(ImportError::new(
            "limit_exceeded",
            format!(
                "expands past the limit ({} bytes so far from {} compressed)",
                watch.produced(),
                watch.read()
            ),
            "if the file is sound, unpack it yourself and import what is inside",
        ));
    }
    if let Some(error) = watch.take_failure() {
        return Err(ImportError::new(
            "io",
            format!("cannot be read further: {error}"),
            "check the disk or network the file is on, and import it again",
        ));
    }
    window.end_here();
    Ok(Filled::Damaged(error.to_string()))
}

/// Gives the sink what was read.
pub(super) fn give<S: Sink + ?Sized>(
    window: &mut Window<'_>,
    watch: &Watch,
    entries: u64,
    sink: &mut S,
) -> Result<(), RunError<S::Error>> {
    let packed = watch.take_pending();
    if !packed.is_empty() {
        sink.container_bytes(&packed).map_err(RunError::Sink)?;
    }
    let at = window.at().offset;
    let bytes = window.take_given();
    let given = at + bytes.len() as u64;
    if !bytes.is_empty() {
        sink.bytes(bytes).map_err(RunError::Sink)?;
    }
    let progress = Progress {
        read: watch.read(),
        bytes: given,
        entries,
    };
    match sink.progress(progress) {
        Control::Go => Ok(()),
        Control::Cancel => Err(ImportError::cancelled().into()),
    }
}
