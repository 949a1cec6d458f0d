//! What a check says: layer by layer, what holds, what that proves, and what it does not.
//!
//! Owns: the shape. Never touches: files.

use std::path::PathBuf;

use serde::Serialize;

/// What a check goes by besides the thing itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'o> {
    /// The signer's public key from another way: its word (`RW…`) or the text of its file.
    pub key: Option<&'o str>,
    /// A head of the custody log that left the machine earlier: number of entries and the root of their checkpoint, or number
    /// and hash of the last one, `62:4c19…`, which is no proof where an entry before it is withheld.
    pub head: Option<&'o str>,
    /// Passphrase of an encrypted case.
    pub passphrase: Option<&'o str>,
    /// The text of an openings file: values and entries that the holder of the case opened.
    pub openings: Option<&'o str>,
}

/// One layer of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Its name.
    pub layer: String,
    /// Whether it holds.
    pub ok: bool,
    /// What that proves; of a layer that fails, nothing.
    pub proves: String,
    /// What it does not prove even when it holds.
    pub does_not_prove: String,
    /// Figures, or the first things that do not hold.
    pub detail: String,
}

impl Layer {
    pub(crate) fn held(
        layer: &str,
        detail: impl Into<String>,
        proves: &str,
        does_not_prove: &str,
    ) -> Self {
        Self {
            layer: layer.to_owned(),
            ok: true,
            proves: proves.to_owned(),
            does_not_prove: does_not_prove.to_owned(),
            detail: detail.into(),
        }
    }

    pub(crate) fn failed(layer: &str, detail: impl Into<String>) -> Self {
        Self {
            layer: layer.to_owned(),
            ok: false,
            proves: "nothing: this layer does not hold".to_owned(),
            does_not_prove: String::new(),
            detail: detail.into(),
        }
    }
}

/// The outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether every layer holds.
    pub ok: bool,
    /// `package` or `case`.
    pub kind: String,
    /// `valid`, `absent` or `wrong`.
    pub signature: String,
    /// Public key whose signature is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// What the signer wrote beside it, signed too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trusted_comment: Option<String>,
    /// SHA-256 of the tag manifest, hex: one value that binds every byte of a package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binds: Option<String>,
    /// Events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Entries of the custody log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody_size: Option<u64>,
    /// Hash of its last entry, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody_head: Option<String>,
    /// The layers, in the order in which they should be believed.
    pub layers: Vec<Layer>,
}

/// Why nothing could be checked.
#[derive(Debug)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is nothing at the path, or it cannot be read.
    Missing {
        /// The path.
        path: PathBuf,
        /// What the system said.
        why: String,
    },
    /// It is neither a package nor a case.
    Unknown {
        /// The path.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// A passphrase was given, and the case is not encrypted.
    NotEncrypted {
        /// The path.
        path: PathBuf,
    },
    /// The case is encrypted and the passphrase does not open it.
    Passphrase {
        /// The path.
        path: PathBuf,
    },
}

impl std::fmt::Display for VerifyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { path, why } => {
                write!(f, "`{}` cannot be read: {why}", path.display())
            }
            Self::Unknown { path, why } => write!(
                f,
                "`{}` is neither a package nor a case: {why}",
                path.display()
            ),
            Self::NotEncrypted { path } => write!(
                f,
                "`{}` is not encrypted, and a passphrase was given for it",
                path.display()
            ),
            Self::Passphrase { path } => write!(
                f,
                "`{}` cannot be opened with this passphrase (or is not a case)",
                path.display()
            ),
        }
    }
}

impl std::error::Error for VerifyError {}
