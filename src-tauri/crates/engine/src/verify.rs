//! Checking a package or a case that somebody gave us.
//!
//! Owns: the outcome in the facade's types. Never touches: the checks (the verify crate shares no code with the writers).

use std::path::Path;

use witnessmark_verify::{self as checking, VerifyError};

use crate::api::{VerifyLayer, VerifyReport};
use crate::error::{Code, Error, Result};
use crate::visible::visible;

/// What a check goes by besides the thing itself.
pub use witnessmark_verify::Options as VerifyOptions;

/// Checks a package (folder or archive) or a case file. One that fails is no error but a report that says so.
pub fn verify(path: &Path, options: &VerifyOptions<'_>) -> Result<VerifyReport> {
    let report = checking::verify(path, options).map_err(|error| told(path, &error))?;
    Ok(shown(report))
}

/// The outcome in the facade's types.
pub(crate) fn shown(report: checking::Report) -> VerifyReport {
    // Names and lines of a stranger's package are hostile text; what is shown of them must not be obeyed.
    let shown = |text: String| visible(&text).into_owned();
    VerifyReport {
        ok: report.ok,
        kind: report.kind,
        signature: report.signature,
        signed_by: report.signed_by.map(shown),
        trusted_comment: report.trusted_comment.map(shown),
        binds: report.binds,
        events: report.events,
        custody_size: report.custody_size,
        custody_head: report.custody_head,
        layers: report
            .layers
            .into_iter()
            .map(|l| VerifyLayer {
                layer: l.layer,
                ok: l.ok,
                proves: l.proves,
                does_not_prove: l.does_not_prove,
                detail: shown(l.detail),
            })
            .collect(),
    }
}

pub(crate) fn told(path: &Path, error: &VerifyError) -> Error {
    let (code, hint) = match error {
        VerifyError::Missing { .. } => (Code::NotFound, "Check the name and the rights on it."),
        VerifyError::NotEncrypted { .. } => (
            Code::PassphraseRequired,
            "Leave the passphrase out; where the case was encrypted before, this file is not that case.",
        ),
        VerifyError::Passphrase { .. } => (
            Code::PassphraseRequired,
            "Give the passphrase that the case was made with; nobody can recover it.",
        ),
        _ => (
            Code::NotACase,
            "Give the folder or the .zip of a package, or a case file (.wmcase).",
        ),
    };
    Error::new(code, error.to_string(), hint).at(path.to_string_lossy())
}
