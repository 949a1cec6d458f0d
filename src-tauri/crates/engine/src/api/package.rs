//! What a package asks, tells while it is written, and states at its end; what a check of one says.

use serde::{Deserialize, Serialize};

/// A seeded sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SampleChoice {
    /// How many events.
    pub size: u64,
    /// Any text; the same seed draws the same sample of the same scope.
    pub seed: String,
}

/// What a person decided about one package.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct PackageChoices {
    /// What it is called; the name of the case if absent.
    pub title: Option<String>,
    /// The filter of the scope.
    pub query: String,
    /// Zone of dates in the filter and of times in the report; UTC if absent.
    pub zone: Option<String>,
    /// A sample to draw.
    pub sample: Option<SampleChoice>,
    /// What to hide: the name of a built-in policy, or the text of one (docs/package-format.md). A redacted package holds
    /// no bytes of entries.
    pub redact: Option<String>,
    /// The events in these shapes too: `ecs`, `ocsf`.
    #[cfg_attr(feature = "bindings", ts(as = "Option<Vec<String>>", optional))]
    pub also: Vec<String>,
    /// `excerpts` (if absent), `originals` or `none`.
    pub evidence: Option<String>,
}

/// How far the writing is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct PackageProgress {
    /// `counting`, `evidence`, `proofs`, `originals`, `events`, `table`, `report`.
    pub step: String,
    /// Done of it.
    pub done: u64,
    /// Of how many; 0 when that is not known.
    pub of: u64,
}

/// One file of a package.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct PackageFile {
    /// Its name.
    pub name: String,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256, hex.
    pub sha256: String,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct PackageReport {
    /// SHA-256 of `manifest-sha256.txt`, hex: the same for the same case and choices.
    pub package: String,
    /// SHA-256 of `tagmanifest-sha256.txt`, hex: binds every byte.
    pub binds: String,
    /// `valid` or `absent`.
    pub signature: String,
    /// Public key of the signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Events in it.
    pub events: u64,
    /// Of these, without a time.
    pub undated: u64,
    /// Entries of the custody log that it holds.
    pub custody_size: u64,
    /// Hash of the last of them, hex.
    pub custody_head: String,
    /// Merkle root of that log, base64: with its size, what the receiver holds the package against (`--head SIZE:ROOT`).
    pub custody_root: String,
    /// Number of the custody entry that records this package.
    pub recorded: u64,
    /// Every file.
    pub files: Vec<PackageFile>,
}

/// One layer of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct VerifyLayer {
    /// Its name.
    pub layer: String,
    /// Whether it holds.
    pub ok: bool,
    /// What that proves.
    pub proves: String,
    /// What it does not prove even when it holds.
    pub does_not_prove: String,
    /// Figures, or the first things that do not hold.
    pub detail: String,
}

/// The outcome of checking a package or a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct VerifyReport {
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
    /// SHA-256 of the tag manifest, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub binds: Option<String>,
    /// Events of a package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events: Option<u64>,
    /// Entries of the custody log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody_size: Option<u64>,
    /// Hash of its last entry, hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody_head: Option<String>,
    /// The layers, in the order in which they should be believed.
    pub layers: Vec<VerifyLayer>,
}

/// A signing key as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct KeyPart {
    /// Its name.
    pub name: String,
    /// The public key as one word: what is compared by telephone.
    pub public: String,
    /// Whether its secret key needs a passphrase.
    pub protected: bool,
}

/// Days without events between days with some.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct CoverageGap {
    /// Source number.
    pub source: u32,
    /// Title of its system.
    pub name: String,
    /// First day (UTC).
    pub from: String,
    /// Last day.
    pub to: String,
    /// How many.
    pub days: u64,
}

/// What one rule of a policy does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct EffectPart {
    /// Fields or pattern.
    pub what: String,
    /// `keep`, `pseudonym`, `mask`, `remove`.
    pub act: String,
    /// Places where a value is replaced.
    pub places: u64,
    /// Different values.
    pub values: u64,
    /// One of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What stands for it in the package.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

/// One event in the case and in the package.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ExamplePart {
    /// In the case.
    pub before: super::RowPart,
    /// In the package.
    pub after: super::RowPart,
}

/// What a package would hold.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct PackagePreview {
    /// Events in scope.
    pub events: u64,
    /// Of these, without a time.
    pub undated: u64,
    /// Events in the case.
    pub total: u64,
    /// Events by system.
    pub systems: Vec<super::FacetValue>,
    /// Days without events, longest first for each source.
    pub gaps: Vec<CoverageGap>,
    /// Notes, tags, bookmarks and entries in scope, which go into the package.
    pub marks: u64,
    /// Notes, tags, bookmarks and entries outside the scope, which stay in the case.
    pub notes: u64,
    /// What each rule of the policy does; empty without a policy.
    pub effects: Vec<EffectPart>,
    /// Events before and after; empty without a policy.
    pub examples: Vec<ExamplePart>,
}
