//! The plain types that cross the facade: what the command prints as JSON and what the window receives.
//!
//! Owns: shapes. Never touches: SQL, files, Tauri. The shapes of architecture's contract keep their keys; others may
//! gain keys. Counts are whole numbers below 2^53. Times travel as RFC 3339 text, or as milliseconds since 1970 UTC
//! where a chart needs a number.

mod case;
mod context;
mod event;
mod export;
mod findings;
mod import;
mod package;
mod pull;
mod revise;
mod view;

pub use case::*;
pub use context::*;
pub use event::*;
pub use export::*;
pub use findings::*;
pub use import::*;
pub use package::*;
pub use pull::*;
pub use revise::*;
pub use view::*;
