//! What was decided about a source before its first entry is mapped.
//!
//! Owns: the decision as data. Never touches: how it was reached (`recognise`).

use crate::{
    profile::{Library, LineCut, Profile, ShapeZone, path::Path},
    times::{DateOrder, ZoneBasis},
};
use std::sync::Arc;
use witnessmark_model::{Field, Zone};

/// One profile with what it needs to know to read this source.
#[derive(Clone, Debug)]
pub struct Planned {
    pub(crate) profile: Arc<Profile>,
    pub(crate) zone: Option<(Zone, ZoneBasis)>,
    pub(crate) order: Option<DateOrder>,
    pub(crate) guessed: bool,
}

impl Planned {
    /// A profile with the choices of a person; what the vendor fixes stands before them.
    pub(crate) fn of(
        profile: Arc<Profile>,
        of_shape: Option<ShapeZone>,
        zone: Option<Zone>,
        order: Option<DateOrder>,
    ) -> Self {
        let vendor = match of_shape {
            Some(ShapeZone::Fixed(zone)) => Some(zone),
            Some(ShapeZone::Ask) => None,
            None => profile.time.zone,
        };
        let vendor = vendor.map(|zone| (zone, ZoneBasis::Vendor));
        Self {
            zone: vendor.or(zone.map(|zone| (zone, ZoneBasis::Chosen))),
            order: profile.time.order.or(order),
            guessed: profile.id == "guess",
            profile,
        }
    }
}

/// How a source is read.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) planned: Vec<Planned>,
    pub(crate) labels: Vec<(Field, String)>,
    pub(crate) library: Library,
    pub(crate) zone: Option<Zone>,
    pub(crate) order: Option<DateOrder>,
    /// Keys of entries hold dots, as in flattened exports.
    pub(crate) flat: bool,
    /// A person chose the profile, so every entry is read by it.
    pub(crate) fixed: bool,
    /// The key in which a collector wrapped each entry; absent where entries stand on their own.
    pub(crate) inner: Option<Path>,
    pub(crate) confidence: f64,
    pub(crate) reasons: Vec<String>,
}

impl Plan {
    /// The profiles, such as `paymongo@1`; empty when nothing is known and every entry is kept as it is.
    #[must_use]
    pub fn profiles(&self) -> Vec<String> {
        self.planned.iter().map(|p| p.profile.name()).collect()
    }

    /// The very texts of the profiles: name, text.
    #[must_use]
    pub fn texts(&self) -> Vec<(String, String)> {
        self.planned
            .iter()
            .map(|p| (p.profile.name(), p.profile.text.clone()))
            .collect()
    }

    /// How sure the recognition is, from 0 to 1; 1 when a person chose.
    #[must_use]
    pub const fn confidence(&self) -> f64 {
        self.confidence
    }

    /// Why, one sentence each; for a guess, the reason of each guessed field.
    #[must_use]
    pub fn reasons(&self) -> &[String] {
        &self.reasons
    }

    /// The zone for texts that name none; absent when no such text was met.
    #[must_use]
    pub fn zone(&self) -> Option<String> {
        self.planned
            .iter()
            .find_map(|p| p.zone)
            .map(|(zone, _)| zone.name())
    }

    /// The order of all-numeric dates; absent when none was met.
    #[must_use]
    pub fn date_order(&self) -> Option<&'static str> {
        self.planned
            .iter()
            .find_map(|p| p.order)
            .map(DateOrder::as_str)
    }

    /// The names of the parts of a line, for the shape of a `line` source.
    #[must_use]
    pub fn line_header(&self) -> Vec<String> {
        match self.planned.first().and_then(|p| p.profile.line.as_ref()) {
            Some(rule) => match &rule.cut {
                LineCut::Split { parts, .. } => parts.clone(),
                LineCut::Pattern(pattern) => pattern
                    .capture_names()
                    .flatten()
                    .map(str::to_owned)
                    .collect(),
            },
            None => Vec::new(),
        }
    }
}
