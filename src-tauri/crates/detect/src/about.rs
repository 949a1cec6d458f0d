//! What a detection is: its names, its parameters, what it needs, and the function that runs it.
//!
//! Owns: the description from which help, the window and docs/detections.md are made. Never touches: rows.

use std::collections::BTreeMap;

use crate::{
    feed::{Feed, Need},
    finding::Out,
};

/// How much a finding matters when nobody has looked at it yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A fact worth knowing; alone it says little.
    Informational,
    /// A weak sign.
    Low,
    /// Should be looked at.
    Medium,
    /// Should be looked at today.
    High,
    /// Should be looked at now.
    Critical,
}

impl Severity {
    /// Every severity, least first.
    pub const ALL: [Severity; 5] = [
        Self::Informational,
        Self::Low,
        Self::Medium,
        Self::High,
        Self::Critical,
    ];

    /// The word in JSON; Sigma's levels have the same words.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// The severity of a word.
    #[must_use]
    pub fn by_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.word() == word)
    }
}

/// One number that decides.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parameter {
    /// Name within its detection.
    pub name: &'static str,
    /// What it says.
    pub says: &'static str,
    /// Unit; empty for a count.
    pub unit: &'static str,
    /// Value if nobody says another.
    pub default: f64,
    /// Least value that makes sense.
    pub least: f64,
    /// Greatest value that makes sense.
    pub most: f64,
}

/// A short way to write one.
pub(crate) const fn parameter(
    name: &'static str,
    default: f64,
    unit: &'static str,
    least: f64,
    most: f64,
    says: &'static str,
) -> Parameter {
    Parameter {
        name,
        says,
        unit,
        default,
        least,
        most,
    }
}

/// A detection.
#[derive(Clone, Copy, Debug)]
pub struct Detection {
    /// Name in JSON, such as `impossible_travel`.
    pub id: &'static str,
    /// For people.
    pub title: &'static str,
    /// What it looks for, and what it does not take for it.
    pub what: &'static str,
    /// The numbers that decide.
    pub parameters: &'static [Parameter],
    /// What a log must show; where it does not, the answer for that log is "cannot tell".
    pub needs: &'static [Need],
    /// Innocent reasons that are known to look the same.
    pub benign: &'static [&'static str],
    /// Where the defaults come from.
    pub after: &'static str,
    /// Runs it.
    pub run: fn(&Feed, &Settings<'_>, &mut Out<'_>),
}

impl Detection {
    /// A parameter by name.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&'static Parameter> {
        self.parameters.iter().find(|p| p.name == name)
    }
}

/// Values of parameters that differ from the defaults: `detection.parameter` to value.
pub type Overrides = BTreeMap<String, f64>;

/// The parameters of one run of one detection.
#[derive(Clone, Copy)]
pub struct Settings<'s> {
    detection: &'s Detection,
    overrides: &'s Overrides,
}

impl<'s> Settings<'s> {
    /// The settings of a detection.
    #[must_use]
    pub fn new(detection: &'s Detection, overrides: &'s Overrides) -> Self {
        Self {
            detection,
            overrides,
        }
    }

    /// The value of a parameter; 0 for a name that the detection does not have.
    #[must_use]
    pub fn get(&self, name: &str) -> f64 {
        let key = format!("{}.{name}", self.detection.id);
        let default = self.detection.parameter(name).map_or(0.0, |p| p.default);
        self.overrides.get(&key).copied().unwrap_or(default)
    }

    /// The value of a parameter that is a time, in nanoseconds.
    #[must_use]
    pub fn nanos(&self, name: &str) -> i64 {
        let unit = self.detection.parameter(name).map_or("", |p| p.unit);
        let seconds = match unit {
            "min" => 60.0,
            "h" => 3_600.0,
            "d" => 86_400.0,
            _ => 1.0,
        };
        (self.get(name) * seconds * 1e9) as i64
    }
}
