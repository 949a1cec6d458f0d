//! Which identities a person said are one actor.
//!
//! Owns: the form of a statement of the kind [`MERGE`]. Never touches: why they are one (the person knows), events.

use witnessmark_model::IdentityKey;

use super::Case;
use crate::error::Result;

/// The kind of a statement that joins identities. Its value is a JSON list of identities (`provider`, `organization`,
/// `kind`, `value`); statements that share an identity make one actor.
pub const MERGE: &str = "merge";

impl Case {
    /// The identities that are joined, one list for each statement that stands.
    ///
    /// # Errors
    /// When the file cannot be read, or a statement is no list of identities.
    pub fn merges(&self) -> Result<Vec<Vec<IdentityKey>>> {
        let statements = self.statements(Some(MERGE), None)?;
        statements
            .iter()
            .map(|s| Ok(serde_json::from_str(&s.value)?))
            .collect()
    }
}
