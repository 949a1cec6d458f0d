//! Findings from events: habits, sequences, credential attacks, the money path, rules.
//!
//! Owns: what is looked for and how it is explained. Never touches: SQL, the case file, the window, the network, the clock.
//! Read next: [`feed`] for what is looked at, [`about`] for what a detection is, [`detections`] for the list,
//! [`review`] for how they are run.

pub mod about;
pub mod detections;
pub mod feed;
pub mod finding;
pub mod history;
pub mod kinds;
pub mod place;
pub mod reference;
pub mod review;
pub mod sigma;
pub mod window;
