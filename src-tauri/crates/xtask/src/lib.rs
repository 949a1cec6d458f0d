//! The real window, driven from outside: a virtual screen, WebKitWebDriver, and a look at the picture.
//!
//! Owns: what tests and `cargo xtask` need to open, click and photograph the application on Linux.
//! Never touches: the application's inside; it is only reached as a person would reach it.
//! Read next: [`RealWindow`]. The commands of `cargo xtask` are in main.rs and its modules.

mod chooser;
mod dialog;
mod display;
mod drag;
mod driver;
mod picture;

pub use dialog::SystemDialog;
pub use display::Display;
pub use drag::Drag;
pub use driver::{Launch, RealWindow};
pub use picture::Picture;

/// What every step can fail with: a message for the person at the terminal.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;
