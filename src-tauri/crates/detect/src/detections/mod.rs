//! The detections that come with the program.
//!
//! Owns: the list. Never touches: how each works. docs/detections.md is made from it.

mod credentials;
mod factors;
mod hours;
mod lifecycle;
mod logging;
pub(crate) mod newness;
mod path;
mod session;
mod signs;
mod volume;

use crate::about::Detection;

pub(crate) use signs::several;

/// Every detection, in the order of the documentation. The last one looks at what the others found.
pub static ALL: &[Detection] = &[
    newness::TRAVEL,
    newness::COUNTRY,
    newness::NETWORK,
    newness::DEVICE,
    session::SESSION,
    credentials::USER,
    credentials::ADDRESS,
    credentials::SPRAY,
    credentials::STUFFING,
    credentials::SUCCESS,
    factors::FATIGUE,
    factors::OFF,
    factors::RESET,
    lifecycle::DORMANT,
    lifecycle::SHORT,
    lifecycle::REVERTED,
    hours::HOURS,
    volume::READ,
    volume::EXPORT,
    path::KEYS,
    path::MONEY,
    logging::SETTINGS,
    logging::RHYTHM,
    signs::SEVERAL,
];

/// The detection with this id.
#[must_use]
pub fn by_id(id: &str) -> Option<&'static Detection> {
    ALL.iter().find(|d| d.id == id)
}
