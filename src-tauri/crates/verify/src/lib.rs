//! Checks packages and case files with its own reading: what it says does not depend on the code that wrote them.
//!
//! Owns: what is checked, and for each layer what that proves and what it does not. Never touches: any other crate of
//! ours, the network; nothing is written. The formats are those of docs/package-format.md and docs/case-format.md.

mod bag;
mod case;
mod columns;
mod content;
mod custody;
mod figures;
mod files;
mod names;
mod openings;
mod proofs;
mod report;
mod rows;
mod sheet;
mod signature;
mod tree;

use std::path::Path;

pub use openings::{Commitments, CommittedEvent, Redaction, commitments};
pub use report::{Layer, Options, Report, VerifyError};

/// The events of a package.
const EVENTS: &str = "data/events/events.ndjson";

/// Checks a package (folder or `.zip`) or a case file.
///
/// # Errors
/// When there is nothing to check: no such path, no package and no case. A package or case that fails a check is no
/// error but a report that says so.
pub fn verify(path: &Path, options: &Options<'_>) -> Result<Report, VerifyError> {
    let meta = std::fs::symlink_metadata(path).map_err(|e| VerifyError::Missing {
        path: path.to_owned(),
        why: e.to_string(),
    })?;
    if meta.is_symlink() {
        return Err(VerifyError::Unknown {
            path: path.to_owned(),
            why: "it is a link; give the thing itself".to_owned(),
        });
    }
    if meta.is_dir() {
        return package(path, options);
    }
    if !meta.is_file() {
        return Err(VerifyError::Unknown {
            path: path.to_owned(),
            why: "it is neither a file nor a folder".to_owned(),
        });
    }
    match files::begins_with(path)? {
        head if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") => {
            package(path, options)
        }
        // A ZIP with something before it is still one to many programs, so it is told as a bad package, not as unknown.
        _ if path
            .extension()
            .is_some_and(|e| e.eq_ignore_ascii_case("zip")) =>
        {
            package(path, options)
        }
        _ => Ok(without_openings(case::check(path, options)?, options)),
    }
}

/// Openings are of a package; that they were given for a case must not be passed over.
fn without_openings(mut report: Report, options: &Options<'_>) -> Report {
    if options.openings.is_some() {
        report.ok = false;
        report.layers.push(Layer::failed(
            "openings",
            "a case holds no commitments; give the redacted package",
        ));
    }
    report
}

/// Whether a path is a package: a folder or an archive with a bag's declaration and events in it.
#[must_use]
pub fn is_package(path: &Path) -> bool {
    files::Files::open(path).is_ok_and(|f| f.has("bagit.txt") && f.has(EVENTS))
}

/// The events of a package in an archive, whole, when they take at most `most` bytes; of a folder the file can be read.
///
/// # Errors
/// When they cannot be read, or are longer.
pub fn events_of(path: &Path, most: u64) -> Result<Vec<u8>, VerifyError> {
    let unknown = |why: String| VerifyError::Unknown {
        path: path.to_owned(),
        why,
    };
    let read = files::Files::open(path)?.with(EVENTS, |bytes| {
        let mut out = Vec::new();
        std::io::Read::read_to_end(&mut std::io::Read::take(bytes, most + 1), &mut out)?;
        Ok(out)
    });
    let out = read.map_err(|e| unknown(e.to_string()))?;
    if out.len() as u64 > most {
        return Err(unknown(format!(
            "its events are longer than {most} bytes; unpack it"
        )));
    }
    Ok(out)
}

/// Checks a case that this very process has open. Only SQLite looks at the file: closing another handle on it would drop
/// SQLite's own locks.
///
/// # Errors
/// When the file is no case, or the passphrase does not open it.
pub fn verify_open_case(path: &Path, options: &Options<'_>) -> Result<Report, VerifyError> {
    case::check_database(path, options, options.passphrase.is_none())
}

fn package(path: &Path, options: &Options<'_>) -> Result<Report, VerifyError> {
    let files = files::Files::open(path)?;
    let mut layers = Vec::new();
    let signature = signature::check(&files, options.key);
    let bag = bag::check(&files);
    // Bytes are hashed beside the reading of what they say; each has its own handle.
    let (hashed, content) = std::thread::scope(|scope| {
        let hashing = scope.spawn(|| bag::hashes(&files, &bag));
        let content = content::check(&files, &bag, options);
        (hashing.join(), content)
    });
    let hashed = hashed
        .unwrap_or_else(|_| Layer::failed("files", "the files could not be hashed".to_owned()));
    layers.push(signature.layer);
    layers.push(bag.layer);
    layers.push(hashed);
    layers.extend(content.layers);
    Ok(Report {
        ok: layers.iter().all(|l| l.ok),
        kind: "package".to_owned(),
        signature: signature.state.to_owned(),
        signed_by: signature.signed_by,
        trusted_comment: signature.comment,
        binds: bag.binds,
        events: content.events,
        custody_size: content.custody.as_ref().map(|c| c.size),
        custody_head: content.custody.as_ref().map(|c| c.head.clone()),
        layers,
    })
}
