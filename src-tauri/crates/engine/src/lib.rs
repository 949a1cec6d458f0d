//! The facade that every front end uses: cases, imports, views, and what they tell.
//!
//! Owns: the order of work between readers and the case file, and the plain types in [`api`].
//! Never touches: Tauri, stdout, the environment, the clock or randomness (they are passed in).
//! Read next: [`api`] for what comes out, [`error`] for what can go wrong.

pub mod api;
mod error;

pub use error::{Code, Error, Result, Where};
