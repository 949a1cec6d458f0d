//! Pulls audit logs from remote systems: one engine, driven by data files. The only crate that can open a socket.
//!
//! Owns: connectors, requests, credentials on their way into a request, paging, back-off, the position up to which a log
//! has been read. Never touches: what entries mean, the case file, the clock (it is passed in), the disk.
//!
//! A [`connector::Connector`] says where a log is and how it is paged. [`sync::run`] walks it from a [`cursor::Cursor`]
//! and hands pages to a [`sync::Sink`] together with the position after them, so that both are kept or neither.
//! Read next: [`sync`] for the algorithm, [`origin`] for where a request may go, [`client`] for what an answer may cost.

pub mod auth;
pub mod backoff;
pub mod client;
pub mod connector;
pub mod cursor;
mod error;
pub mod origin;
pub mod pace;
pub mod page;
mod request;
mod sigv4;
pub mod sync;
mod walk;
mod written;

pub use error::{Fault, PullError, Result};
