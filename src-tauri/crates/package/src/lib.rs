//! Audit packages: what another party gets, and can check without trusting us.
//!
//! Owns: the layout and every byte of a package (docs/package-format.md), redaction and its record, the report as HTML
//! and PDF, the signature. Never touches: the network, the file system (a sink is given), the clock, SQL: what goes in is
//! asked of a [`Material`]. Read next: [`write()`] for the order of things, [`bag`] for what binds them.

pub mod bag;
pub mod custody;
mod error;
mod evidence;
mod json;
mod keys;
mod material;
mod pieces;
mod population;
pub mod redact;
mod report;
mod reviewed;
mod sample;
pub mod sink;
mod table;
pub mod tree;
mod words;
mod write;

pub use error::{PackageError, Result};
pub use keys::{KeyError, SigningKey, make_key, public_key_text};
pub use material::{
    CaseFacts, ChecklistFacts, Control, CustodyLine, DayCount, Material, NoteFacts, Progress,
    Reject, SourceFacts, StepFacts, Warning,
};
pub use redact::{
    Effect, OpenedEntry, OpenedValue, Policy, commitment_of, open_entry, open_values, preview,
};
pub use reviewed::{
    DetectionFacts, FindingFacts, NotRunFacts, ReviewFacts, SuppressedFacts, UntoldFacts,
    VerdictFacts,
};
pub use sink::{Sink, ZipSink};
pub use write::{Also, Evidence, Options, Sampling, Written, write};
