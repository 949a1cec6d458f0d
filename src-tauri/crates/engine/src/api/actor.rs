//! What is told of actors: the list, one actor's page, two compared, who may be one person.
//!
//! Owns: shapes. Never touches: how they are found. Counts of an actor are those of the filter beside them, so that every
//! number leads to its rows.

use serde::Serialize;

/// One identity: what names an actor in one system and one organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct IdentityPart {
    /// Stable text of the key, for `merge`.
    pub key: String,
    /// The system; empty when it is not known.
    pub provider: String,
    /// Organization, tenant or account; empty when the log names none.
    pub organization: String,
    /// `id`, `email`, `name` or `type`: which value names it.
    pub kind: String,
    /// That value.
    pub value: String,
    /// Every id that stands beside it.
    pub ids: Vec<String>,
    /// Every e-mail.
    pub emails: Vec<String>,
    /// Every name.
    pub names: Vec<String>,
    /// Every kind of actor: `user`, `tenant`, `customer`, `api`, `system`, ...
    pub kinds: Vec<String>,
    /// Events among those that were asked about.
    pub events: u64,
    /// A filter that finds exactly its events.
    pub filter: String,
}

/// One actor of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ActorRow {
    /// How the actor is called: e-mail, else name, else id.
    pub name: String,
    /// A filter that finds exactly the actor's events.
    pub filter: String,
    /// Systems in which the actor is known.
    pub providers: Vec<String>,
    /// Kinds of actor.
    pub kinds: Vec<String>,
    /// Identities; more than one when a person joined them.
    pub identities: u64,
    /// Events.
    pub events: u64,
    /// First dated event, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Last dated event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Sign-ins, failed ones included.
    pub sign_ins: u64,
    /// Events whose outcome is `failure`.
    pub failures: u64,
    /// Distinct addresses.
    pub addresses: u64,
    /// Distinct devices.
    pub devices: u64,
    /// Distinct countries that the log gives.
    pub countries: u64,
}

/// `actors`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ActorsReport {
    /// Actors that match, a page of them.
    pub actors: Vec<ActorRow>,
    /// All actors that match.
    pub total: u64,
    /// Events that name no actor.
    pub without: u64,
    /// Identities that may be one person and that nobody joined yet.
    pub proposals: Vec<ProposalPart>,
    /// Identities that a person joined.
    pub merges: Vec<MergePart>,
}

/// Identities that may be one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ProposalPart {
    /// The identities.
    pub identities: Vec<IdentityPart>,
    /// Why: `same_email`, `same_id`, `name_beside_email`; each with the value that they share.
    pub reasons: Vec<ReasonPart>,
}

/// Why identities may be one person.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ReasonPart {
    /// `same_email`, `same_id`, `name_beside_email`.
    pub code: String,
    /// The value that they share.
    pub value: String,
    /// The reason as a sentence.
    pub text: String,
}

/// Identities that a person joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct MergePart {
    /// Number of the statement, for taking it back.
    pub id: u64,
    /// Keys of the identities.
    pub keys: Vec<String>,
    /// The identities as text.
    pub names: Vec<String>,
    /// When, RFC 3339.
    pub at: String,
    /// By whom.
    pub who: String,
}

/// A value with its count and moments.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct SpanValue {
    /// The value.
    pub value: String,
    /// Events.
    pub events: u64,
    /// First dated event, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Last dated event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Milliseconds since 1970 of `first`, for drawing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_ms: Option<f64>,
    /// Milliseconds since 1970 of `last`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ms: Option<f64>,
    /// A filter that finds its rows.
    pub filter: String,
}

/// An address of an actor.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct AddressPart {
    /// The address with its count and moments.
    #[serde(flatten)]
    #[cfg_attr(feature = "bindings", ts(flatten))]
    pub span: SpanValue,
    /// Countries that the log gives for it, most frequent first; codes where the log has codes.
    pub countries: Vec<String>,
    /// Other persons who used it in the whole case, at least: counted within one system, the one with most.
    pub others: u64,
}

/// A record that an actor touched.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct TouchedPart {
    /// Type and id with count and moments.
    #[serde(flatten)]
    #[cfg_attr(feature = "bindings", ts(flatten))]
    pub span: SpanValue,
    /// Kind of object; empty when the log does not say.
    pub kind: String,
    /// Its id, or its name where it has no id.
    pub id: String,
    /// Whether `id` is a name, because the log gives no id.
    pub named: bool,
    /// Events that changed it (neither read nor list).
    pub writes: u64,
    /// How much a misuse of the gravest act on it would hurt: 0 (low) to 3 (critical).
    pub level: u8,
}

/// A verb of the vendor.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct VerbPart {
    /// The verb with its count and moments.
    #[serde(flatten)]
    #[cfg_attr(feature = "bindings", ts(flatten))]
    pub span: SpanValue,
    /// First dated event of anybody with this verb in the case, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_of_all: Option<String>,
}

/// Outcomes of sign-ins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct OutcomeCounts {
    /// All of them.
    pub total: u64,
    /// Said to have succeeded.
    pub success: u64,
    /// Said to have failed.
    pub failure: u64,
    /// The log does not say.
    pub unknown: u64,
}

/// What one system does not log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct BlindPart {
    /// The system.
    pub system: String,
    /// One sentence each.
    pub spots: Vec<String>,
}

/// `actor`: everything about the events that a filter gives to an actor.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ActorReport {
    /// How the actor is called.
    pub name: String,
    /// The filter that all numbers speak of.
    pub filter: String,
    /// Zone of the heat map.
    pub zone: String,
    /// Events, undated ones included.
    pub events: u64,
    /// Those without a time.
    pub undated: u64,
    /// First dated event, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Last dated event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Identities behind the filter, most events first.
    pub identities: Vec<IdentityPart>,
    /// Whether a person said that all of them are one.
    pub confirmed: bool,
    /// The statements that joined them.
    pub merges: Vec<MergePart>,
    /// Identities that may be the same person and that nobody joined yet.
    pub proposals: Vec<ProposalPart>,
    /// Sign-ins.
    pub sign_ins: OutcomeCounts,
    /// Events whose outcome is `failure`.
    pub failures: u64,
    /// Failures by verb.
    pub failed_verbs: Vec<SpanValue>,
    /// Dated events by weekday (Monday first) and hour of the zone.
    pub week: Vec<Vec<u64>>,
    /// Operations, most frequent first.
    pub operations: Vec<SpanValue>,
    /// The vendor's verbs, most frequent first.
    pub verbs: Vec<VerbPart>,
    /// Distinct verbs.
    pub verbs_total: u64,
    /// Addresses, most frequent first.
    pub addresses: Vec<AddressPart>,
    /// Distinct addresses.
    pub addresses_total: u64,
    /// Devices, most frequent first.
    pub devices: Vec<SpanValue>,
    /// Distinct devices.
    pub devices_total: u64,
    /// Countries that the log gives, most frequent first.
    pub countries: Vec<SpanValue>,
    /// Organizations, most frequent first.
    pub organizations: Vec<SpanValue>,
    /// Sessions, newest first.
    pub sessions: Vec<super::SessionRow>,
    /// All sessions.
    pub sessions_total: u64,
    /// Minutes without an event that end a session where the vendor names none.
    pub idle_minutes: u32,
    /// Records touched, gravest acts first.
    pub records: Vec<TouchedPart>,
    /// Distinct records.
    pub records_total: u64,
    /// What the systems behind these events do not log.
    pub blind_spots: Vec<BlindPart>,
    /// Findings that hold events of the filter, gravest first.
    pub findings: Vec<super::FindingRow>,
    /// All of them.
    pub findings_total: u64,
    /// When findings were last looked for, RFC 3339; absent when never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub findings_at: Option<String>,
    /// Whether data came in since.
    pub findings_stale: bool,
}

/// Two actors side by side.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct CompareReport {
    /// Filters of both.
    pub filters: [String; 2],
    /// Events of both.
    pub events: [u64; 2],
    /// Each on its own.
    pub sides: [ComparedSide; 2],
    /// What both share or only one has, by field.
    pub fields: Vec<ComparedField>,
}

/// One of two actors.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export, optional_fields))]
pub struct ComparedSide {
    /// How the actor is called; the filter where it is not of one actor.
    pub name: String,
    /// First dated event, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// Last dated event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// Sign-ins.
    pub sign_ins: OutcomeCounts,
    /// Events whose outcome is `failure`.
    pub failures: u64,
    /// Dated events by weekday (Monday first) and hour of the zone.
    pub week: Vec<Vec<u64>>,
}

/// Values of one field of two actors.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ComparedField {
    /// `address`, `device`, `country`, `verb`, `record`, `session`.
    pub field: String,
    /// Distinct values of the first, of both, of the second.
    pub distinct: [u64; 3],
    /// Values that both have, by the lesser of their counts, greatest first; at most twenty.
    pub shared: Vec<ComparedValue>,
    /// Values that only the first, and only the second has, most events first; at most ten each.
    pub only: [Vec<SpanValue>; 2],
}

/// A value that two actors share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS), ts(export))]
pub struct ComparedValue {
    /// The value.
    pub value: String,
    /// Events of each.
    pub events: [u64; 2],
    /// Filters of these.
    pub filters: [String; 2],
    /// Other actors who have it in the whole case, beside these two.
    pub others: u64,
}
