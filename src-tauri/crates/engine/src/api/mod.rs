//! The plain types that cross the facade: what the command prints as JSON and what the window receives.
//!
//! Owns: shapes. Never touches: SQL, files, Tauri. The shapes of architecture's contract keep their keys; others may
//! gain keys. Counts are whole numbers below 2^53. Times travel as RFC 3339 text, or as milliseconds since 1970 UTC
//! where a chart needs a number.

mod actor;
mod agents;
mod case;
mod checklist;
mod context;
mod disclose;
mod errors;
mod event;
mod export;
mod finding_queue;
mod findings;
mod first_seen;
mod import;
mod mapping;
mod notes;
mod package;
mod profile;
mod pull;
mod record;
mod revise;
mod session;
mod signin;
mod sql;
mod view;

pub use actor::*;
pub use agents::*;
pub use case::*;
pub use checklist::*;
pub use context::*;
pub use disclose::*;
pub use errors::*;
pub use event::*;
pub use export::*;
pub use finding_queue::*;
pub use findings::*;
pub use first_seen::*;
pub use import::*;
pub use mapping::*;
pub use notes::*;
pub use package::*;
pub use profile::*;
pub use pull::*;
pub use record::*;
pub use revise::*;
pub use session::*;
pub use signin::*;
pub use sql::*;
pub use view::*;
