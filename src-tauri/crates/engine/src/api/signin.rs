//! What is told of sign-ins: each against the baseline of its actor, on a map, with travel.
//!
//! Owns: shapes. Never touches: the rules of the baseline.

use serde::Serialize;

use super::{BlindPart, OutcomeCounts};

/// The rules by which sign-ins are judged.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SigninRules {
    /// Sign-ins that a baseline needs.
    pub enough_sign_ins: u32,
    /// Days that it must span.
    pub enough_days: u32,
    /// Hours before a successful sign-in joins the baseline.
    pub settle_hours: u32,
    /// Speed above which travel is too fast, km/h.
    pub speed_limit: u32,
    /// Persons who signed in from it, counted within one system, with whom an address is a shared one.
    pub shared_by: u32,
}

/// One value of a sign-in against the baseline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct AgainstPart {
    /// The value; absent when the log does not give it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// `new`, `seen`, `shared` (not seen, but an address of many), `first` (there is no baseline) or `none` (not
    /// logged, or a word such as `unknown` in its place).
    pub state: String,
    /// Earlier sign-ins with the value.
    pub times: u32,
    /// Distinct values of the baseline.
    pub distinct: u32,
    /// The comparison as words: `3rd country in 14 months, 812 earlier sign-ins`.
    pub text: String,
}

/// Where a place is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct GeoValue {
    /// The value.
    pub value: String,
    /// `log`, or the name of the database.
    pub source: String,
    /// Day of the database, or of the event for the log, `2026-11-01`; empty when not known.
    pub date: String,
}

/// The way from the sign-in before.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct TravelPart {
    /// The sign-in before.
    pub from_event: u64,
    /// Its place.
    pub from: String,
    /// Kilometres between the places at the least: what is left when the size of each country, or the radius in which the
    /// database places the address of each city, is taken off.
    pub km: f64,
    /// Seconds between the sign-ins.
    pub seconds: f64,
    /// Kilometres an hour; absent when both have the same instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub km_h: Option<f64>,
    /// `city` or `country`: how exactly both places are known.
    pub precision: String,
    /// `too_fast`, `possible` or `not_judged`.
    pub judged: String,
    /// Why it was not judged; empty when it was.
    pub reason: String,
}

/// One sign-in.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct SigninRow {
    /// Event number.
    pub event: u64,
    /// RFC 3339; absent when undated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Who; absent when the log names nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// A filter that finds the actor's events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_filter: Option<String>,
    /// The vendor's verb.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// The system.
    pub system: String,
    /// `success`, `failure`, `unknown`.
    pub outcome: String,
    /// The vendor's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Sign-ins in the baseline.
    pub earlier: u32,
    /// Days that the baseline spans.
    pub days: u32,
    /// Whether it is large and long enough to judge.
    pub enough: bool,
    /// Address.
    pub address: AgainstPart,
    /// Network: number and name of the operator where a database is given, else the block of the address.
    pub network: AgainstPart,
    /// Device.
    pub device: AgainstPart,
    /// Client and system with versions, and the device, as its user agent says; absent when nothing in it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Country.
    pub country: AgainstPart,
    /// Persons who had signed in from the address a day before this sign-in or earlier, at least: counted within one
    /// system, the one with most.
    pub shared_by: u32,
    /// Accounts of which a sign-in from the address failed, at any time in the case.
    pub failed_from: u32,
    /// City, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Every place that the log and the databases give.
    pub places: Vec<GeoValue>,
    /// Whether they disagree about the country.
    pub disagree: bool,
    /// The way from the sign-in before; absent when one of the places is not known or this one failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub travel: Option<TravelPart>,
    /// `familiar`, `unfamiliar` or `cannot_tell`.
    pub answer: String,
    /// Why, as words.
    pub why: Vec<String>,
}

/// A place on the map.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct MapPlace {
    /// City, or country.
    pub name: String,
    /// ISO code of the country; empty when it has none.
    pub country: String,
    /// Degrees.
    pub latitude: f64,
    /// Degrees.
    pub longitude: f64,
    /// Sign-ins.
    pub sign_ins: u64,
    /// Failed ones.
    pub failed: u64,
    /// Unfamiliar ones.
    pub unfamiliar: u64,
    /// A filter that finds them; empty where only a database knows the place.
    pub filter: String,
}

/// A way on the map.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct MapArc {
    /// The later sign-in.
    pub event: u64,
    /// Who.
    pub actor: String,
    /// Latitude and longitude of the earlier.
    pub from: [f64; 2],
    /// Latitude and longitude of the later.
    pub to: [f64; 2],
    /// The way.
    pub travel: TravelPart,
}

/// A database of addresses that was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct GeoDatabase {
    /// Its own name for its type, such as `GeoLite2-City`.
    pub name: String,
    /// Day on which it was built, `2026-11-01`.
    pub built: String,
}

/// `signins`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct SigninsReport {
    /// The filter of all sign-ins that are counted.
    pub filter: String,
    /// Outcomes.
    pub counts: OutcomeCounts,
    /// Those without a time; they cannot be compared.
    pub undated: u64,
    /// Answers: sign-ins that look like the account's.
    pub familiar: u64,
    /// Those that do not.
    pub unfamiliar: u64,
    /// Those of which it cannot be told.
    pub cannot_tell: u64,
    /// Those with a new address, network, device, country.
    pub new_address: u64,
    /// New network.
    pub new_network: u64,
    /// New device.
    pub new_device: u64,
    /// New country.
    pub new_country: u64,
    /// Those that came too fast from the place before.
    pub too_fast: u64,
    /// Those with a place on the map.
    pub located: u64,
    /// Places, most sign-ins first.
    pub places: Vec<MapPlace>,
    /// Ways between places: too fast ones first, then those that could not be judged; at most forty.
    pub arcs: Vec<MapArc>,
    /// Sign-ins asked for, a page of them.
    pub rows: Vec<SigninRow>,
    /// All sign-ins that the page is of.
    pub rows_total: u64,
    /// The rules.
    pub rules: SigninRules,
    /// Databases that were asked.
    pub databases: Vec<GeoDatabase>,
    /// What the systems behind these sign-ins do not log.
    pub blind_spots: Vec<BlindPart>,
}
