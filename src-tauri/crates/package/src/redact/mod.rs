//! Redaction: what another party need not see is replaced everywhere, in the same way, and recorded.
//!
//! Owns: the policy, the survey that finds every value, the replacement. Never touches: the layout. A value that a rule
//! catches in one field is replaced wherever it stands, in every text of the package and however it is written there. The key of pseudonyms and salts stays in the case.

mod find;
mod open;
mod people;
mod policy;
mod survey;
mod veil;
mod view;

pub use open::{OpenedEntry, OpenedValue, commitment_of, open_entry, open_values};
pub use policy::{Act, Policy, builtin_policies};
pub use veil::{Effect, Pair, preview};
pub(crate) use veil::{Veil, Veiled};
