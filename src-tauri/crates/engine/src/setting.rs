//! What the engine needs from the outside world, passed in so that every output can be reproduced.
//!
//! Owns: the port. Never touches: the clock, randomness or the environment itself.

use witnessmark_model::Instant;

/// Reads a list of values for `@name` in a filter, or says why there is none.
pub type ReadList = dyn Fn(&str) -> Result<Vec<String>, String> + Send + Sync;

/// Fills a buffer with random bytes.
pub type Randomness = dyn Fn(&mut [u8]) + Send + Sync;

/// Clock, randomness and identity, given by the program that uses the engine.
pub struct Setting {
    /// The present moment.
    pub now: Box<dyn Fn() -> Instant + Send + Sync>,
    /// Fills a buffer with random bytes (case ids, identity keys).
    pub random: Box<Randomness>,
    /// Who works, as the operating system names them (`user@host`).
    pub who: String,
    /// Program and version, for the custody log.
    pub tool: String,
    /// Lists for filters.
    pub lists: Box<ReadList>,
}

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setting")
            .field("who", &self.who)
            .field("tool", &self.tool)
            .finish_non_exhaustive()
    }
}
